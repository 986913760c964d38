"""Whatever stands in the IVR's file: a script or faults with their lines, and nothing else."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.ivr.check import House, check
from callcore.ivr.graph import graph
from callcore.ivr.schema import MODELS, read_script
from callcore.strictyaml.reader import parse

FILE = Path(__file__).parents[3] / "config" / "ivr.yaml"
LINES = FILE.read_text(encoding="utf-8").splitlines(keepends=True)
WORDS = (
    *MODELS,
    "then",
    "otherwise",
    "keys",
    "using",
    "menu",
    "own",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "\n  ",
    "'",
    '"',
    "null",
)
PIECES = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=6).map(" ".join)
HOUSE = House({"expert.diagnosis"}, {"finance"}, {"1", "9"}, {"region"}, has_staff_pin=False)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_spoilt_file_gives_a_script_or_faults(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        column = data.draw(st.integers(0, len(lines[place])))
        cut = data.draw(st.integers(0, 12))
        lines[place] = lines[place][:column] + data.draw(PIECES) + lines[place][column + cut :]
    document = parse("".join(lines).encode("utf-8", "surrogatepass"), "ivr.yaml")
    script = read_script(document, Path())
    if script is None:
        assert any(fault.severity == "fault" for fault in document.sorted_faults())
        assert all(fault.in_("ru").isprintable() for fault in document.sorted_faults())
        return
    for found in check(script, HOUSE):
        assert document.line_of(found.position) >= 1
        assert found.message.ru
        assert found.message.en
    ElementTree.fromstring(graph(script))


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
        ),
    )
)
def test_any_value_in_place_of_a_node(value: object) -> None:
    document = parse(b"start: a\nnodes: {a: x}\n", "ivr.yaml")
    document.value["nodes"]["a"] = value
    script = read_script(document, Path())
    assert (script is None) is bool(document.faults)

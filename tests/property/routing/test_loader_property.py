"""Whatever stands in a settings file: Settings or ConfigFaults, and nothing else."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.config import ConfigFaults, Fault, load
from callcore.domain import Text
from callcore.strictyaml.reader import parse

CONFIG = Path(__file__).parents[3] / "config"
SAMPLES = [*sorted(CONFIG.glob("*.yaml")), *sorted((CONFIG / "topics").glob("*.yaml"))]
MARKS = (
    ": ",
    "- ",
    "\n",
    "\n  ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "'",
    '"',
    "|",
    ">",
    "#",
    "%",
)
WORDS = ("---", "...", "? ", "~", "no", "09:00-18:00", "always", "ru", "en", "hours")
ODDITIES = ("\t", "\\", "\0", "\u2028", "\x85")
PIECES = st.sampled_from([*MARKS, *WORDS, *ODDITIES])
YAMLISH = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join)


@given(st.binary(max_size=200) | YAMLISH.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_the_reader_never_raises(raw: bytes) -> None:
    document = parse(raw, "x.yaml")
    assert document.value is not None or document.faults
    for fault in document.sorted_faults():
        assert 1 <= fault.line <= len(raw) + 2 or fault.line == 0
        assert fault.message.ru
        assert str(fault).isprintable()


def faults_of(file: Path) -> tuple[Fault, ...]:
    """Of a file that is wrong at least one; warnings of one that is right."""
    try:
        return load(file, {"CALLCORE_AMI_SECRET": "x"}).warnings
    except ConfigFaults as faulty:
        return faulty.faults or (Fault("", 0, "", Text("\0", "\0"), Text("", "")),)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_spoilt_sample_gives_settings_or_faults(data: st.DataObject) -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in SAMPLES}
    spoilt = data.draw(st.sampled_from(SAMPLES))
    lines = texts[spoilt].splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        column = data.draw(st.integers(0, len(lines[place])))
        cut = data.draw(st.integers(0, 10))
        lines[place] = lines[place][:column] + data.draw(YAMLISH) + lines[place][column + cut :]
    texts[spoilt] = "".join(lines)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "topics").mkdir()
        for file, text in texts.items():
            target = folder / file.relative_to(CONFIG)
            target.write_bytes(text.encode("utf-8", "surrogatepass"))
        assert all(fault.in_("ru").isprintable() for fault in faults_of(folder / "callcore.yaml"))

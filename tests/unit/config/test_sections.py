"""The settings file cut into its sections: what is joined again is the same file, comments and all."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from callcore.config.changes import SECTIONS
from callcore.config.sections import cut, only, put_back

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"

TEXT = """\
# Settings of the house.

# Who we are.
organisation:
  name: Light
  # not a section: it is indented

# Where the tables are.
topics: topics
http:
  listen: 127.0.0.1:8080
ivr:
  greeting: Hello
"""


def test_a_comment_belongs_to_the_key_below_it() -> None:
    assert [key for key, _ in cut(TEXT)] == ["", "organisation", "topics", "http", "ivr"]
    assert only(TEXT, {"topics", "ivr"}) == (
        "# Where the tables are.\ntopics: topics\nivr:\n  greeting: Hello\n"
    )


def test_only_its_sections_come_back() -> None:
    """Whoever has since changed the ports keeps them; a section that an edition had not goes."""
    kept = only(TEXT, {"topics", "ivr", "macros"})
    now = TEXT.replace("8080", "9090").replace("topics: topics", "topics: other").replace("Hello", "Hi")
    now += "macros: []\n"
    assert put_back(now, kept, {"topics", "ivr", "macros"}) == TEXT.replace("8080", "9090")


def test_a_section_that_is_gone_comes_back_at_the_end() -> None:
    kept = only(TEXT, {"topics"})
    without = TEXT.replace("# Where the tables are.\ntopics: topics\n", "")
    assert put_back(without, kept, {"topics"}) == without + "# Where the tables are.\ntopics: topics\n"


def test_a_last_line_without_an_end_spoils_nothing() -> None:
    assert put_back("http: {}\ntopics: a", "ivr: b", {"topics", "ivr"}) == "http: {}\nivr: b\n"


def test_a_file_in_json_is_kept_whole() -> None:
    text = '{"topics": "topics", "http": {}}'
    assert only(text, {"topics"}) == text
    assert put_back('{"topics": "other"}', text, {"topics"}) == text
    assert put_back(TEXT, text, {"topics"}) == text


@pytest.mark.parametrize("line", ['"topics": x', "'topics' : x", "topics:", "topics:\tx", "topics: x\r"])
def test_ways_to_write_a_key(line: str) -> None:
    assert [key for key, _ in cut(f"http: {{}}\n{line}\n")] == ["", "http", "topics"]


def test_the_sample_is_cut_where_yaml_sees_its_keys() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert [key for key, _ in cut(text)][1:] == list(yaml.safe_load(text))
    assert put_back(text, only(text, SECTIONS), SECTIONS) == text


# --- any file

_KEYS = st.sampled_from(("topics", "ivr", "macros", "http", "logs", "sms"))
_WORDS = st.text("abc яё:#'-", max_size=12).map(str.strip)
_VALUES = st.recursive(
    st.one_of(_WORDS, st.integers(), st.booleans(), st.none(), st.text("ab\n#:", max_size=20)),
    lambda each: st.one_of(st.lists(each, max_size=3), st.dictionaries(_WORDS, each, max_size=3)),
    max_leaves=6,
)


@st.composite
def _files(draw: st.DrawFn) -> str:
    """As people write them: comments and blank lines wherever they like, values in any style."""
    parts = []
    for key, value in draw(st.dictionaries(_KEYS, _VALUES, min_size=1)).items():
        parts += draw(st.lists(st.sampled_from(("\n", "# why\n", "#topics: not\n")), max_size=3))
        parts.append(yaml.safe_dump({key: value}, default_flow_style=False, allow_unicode=True))
    return "".join(parts)


_MINE = frozenset(("topics", "ivr", "macros"))


@given(_files(), _files())
def test_any_file_takes_its_sections_back(old: str, now: str) -> None:
    before, present = yaml.safe_load(old), yaml.safe_load(now)
    back = yaml.safe_load(put_back(now, only(old, _MINE), _MINE)) or {}
    assert {key: back[key] for key in back if key in _MINE} == {
        key: before[key] for key in before if key in _MINE
    }
    assert {key: back[key] for key in back if key not in _MINE} == {
        key: present[key] for key in present if key not in _MINE
    }


@given(_files())
def test_to_put_back_what_is_there_changes_nothing(text: str) -> None:
    whole = text if text.endswith("\n") else text + "\n"
    assert put_back(text, only(text, _MINE), _MINE) == whole

"""The reader guesses nothing and says what is wrong, line by line."""

import pytest

from callcore.strictyaml import reader
from callcore.strictyaml.faults import Fault
from callcore.strictyaml.reader import DEPTH_LIMIT, SIZE_LIMIT_BYTES, parse


def faults(text: str | bytes) -> list[Fault]:
    raw = text.encode() if isinstance(text, str) else text
    return list(parse(raw, "x.yaml").sorted_faults())


@pytest.mark.parametrize(
    "written",
    [
        "10:00",
        "no",
        "off",
        "yes",
        "ON",
        "0101",
        "0o17",
        "0x1F",
        "1_000",
        "1e3",
        ".inf",
        "2026-12-31",
        "true",
        "=",
    ],
)
def test_a_scalar_stays_what_was_written(written: str) -> None:
    document = parse(f"a: {written}\n{written}: b\n".encode(), "x.yaml")
    assert document.value == {"a": written, written: "b"}
    assert document.faults == []


def test_nothing_is_none_but_quoted_nothing_is_text() -> None:
    assert parse(b"a:\nb: ~\nc: null\nd: ''\ne: 'null'\n", "x").value == {
        "a": None,
        "b": None,
        "c": None,
        "d": "",
        "e": "null",
    }


def test_lines_of_values() -> None:
    document = parse(b"a:\n  b:\n    - x\n    -\n      c: 1\n", "x")
    assert document.line_of(("a", "b", 0)) == 3
    assert document.line_of(("a", "b", 1, "c")) == 5
    assert document.line_of(("a", "z")) == 1
    assert document.line_of(()) == 1


@pytest.mark.parametrize(
    ("text", "line", "path", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a", 'The key "a" is already in line 1.'),
        ("x:\n  a: 1\n  a: {b: 1}\n", 3, "x.a", 'The key "a" is already in line 2.'),
        ("a: &x 1\n", 1, "a", "YAML anchors and aliases (&, *, <<) are refused."),
        ("a: 1\nb: *x\n", 2, "b", "YAML anchors and aliases (&, *, <<) are refused."),
        ("a:\n  <<: {b: 1}\n", 2, "a.<<", "YAML anchors and aliases (&, *, <<) are refused."),
        ("a: !!python/object/apply:os.system [x]\n", 1, "a", "Type tags (!…) have no use here."),
        ("!!str a: 1\n", 1, "a", "Type tags (!…) have no use here."),
        ("a:\n\tb: 1\n", 2, "", "The indentation is a tab."),
        ("a: b: c\n", 1, "", "A colon where none can be."),
        ("a: 1\nb\nc: 1\n", 3, "", "A key without a colon."),
        ("a: [1, 2\n", 2, "", "Not valid YAML"),
        ("a: 'x\n", 2, "", "A quote or bracket is not closed."),
        ("a: 1\n---\nb: 2\n", 2, "", "The file holds several documents (---)."),
        ("", 1, "", "The file is empty."),
        ("# nothing\n", 1, "", "The file is empty."),
        ("~\n", 1, "", "The file is empty."),
        ("[a, b]: 1\n", 1, "", "A key must be a plain word."),
        ("{}: 1\n", 1, "", "A key must be a plain word."),
        ("a: 1\n'': 2\n", 2, "", "The key is empty or holds unprintable characters."),
        ('"a\\0b": 2\n', 1, "'a\\x00b'", "The key is empty or holds unprintable characters."),
        ('a: "x\\0y"\n', 1, "a", "The text holds unprintable characters."),
        ('a: "\\ud800"\n', 1, "a", "The text holds unprintable characters."),
        ('a: "\\UFFFFFFFF"\n', 1, "", "This is not YAML"),
        ("a: 1\nb: \x07\n", 2, "", "The file holds the control character U+0007."),
        ("[" * (DEPTH_LIMIT + 1), 1, "[0][0][0][0]", "Nested deeper"),
        ("%YAML 9.9\n---\na: 1\n", 1, "", "Not valid YAML"),
    ],
)
def test_a_fault_has_line_path_and_message(text: str, line: int, path: str, message: str) -> None:
    found = faults(text)
    assert [(fault.line, fault.path) for fault in found] == [(line, path)], found
    assert message in found[0].message.en
    assert found[0].message.ru
    assert found[0].message.ru != found[0].message.en


def test_bytes_that_are_not_utf8() -> None:
    found = faults(b"a: 1\nb: " + "привет".encode("cp1251"))
    assert [(fault.line, fault.message.en) for fault in found] == [(2, "The file is not UTF-8.")]
    assert faults("a: 1".encode("utf-16"))[0].message.en == "The file is not UTF-8."


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse("\ufeffa: 1".encode(), "x").value == {"a": "1"}


def test_a_huge_file_is_not_read() -> None:
    assert "is larger than 256 kB" in faults(b"a" * (SIZE_LIMIT_BYTES + 1))[0].message.en


def test_a_file_of_countless_values_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "VALUES_LIMIT", 9)
    assert parse(b"a: [1, 2, 3, 4, 5, 6]", "x").value == {"a": ["1", "2", "3", "4", "5", "6"]}
    (fault,) = faults("a: [1, 2, 3, 4, 5, 6,\n7]")
    assert (fault.line, fault.message.en) == (2, "It holds more than 9 values.")


def test_refused_parts_are_passed_over_and_the_rest_is_read() -> None:
    document = parse(b"a: {x: 1}\na: {y: [1, *z, {q: &r 1}]}\nb: 2\n<<: [{a: 1}, {a: 1, a: 2}]\nc: 3\n", "x")
    assert document.value == {"a": {"x": "1"}, "b": "2", "c": "3"}
    assert [fault.line for fault in document.sorted_faults()] == [2, 4]


def test_all_faults_but_not_thousands() -> None:
    assert len(faults("a: 1\n" * 5000)) == 200


def test_a_fault_in_both_languages() -> None:
    fault = faults("a: 1\na: 2\n")[0]
    assert str(fault) == 'x.yaml:2: a: The key "a" is already in line 1. Keep one of the two.'
    assert fault.in_("ru") == "x.yaml:2: a: Ключ «a» уже есть в строке 1. Оставьте один из двух."


@pytest.mark.parametrize("text", ["[" * 250_000, "{a: " * 60_000, "- " * 120_000])
def test_brackets_without_end_are_not_read_to_their_end(text: str):
    """Reading them costs the square of their number: minutes, of a processor that calls need."""
    assert len(reader._quick_events(text)) < 4 * DEPTH_LIMIT

"""A sheet of counterparties: however it was saved, whole or not at all, each fault with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.crm import counterparties
from callcore.crm.counterparties import MOST_AT_ONCE, MOST_PHONES, phones_of, read_sheet

HEAD = "Название;Телефоны;Контакт;Комментарий\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_as_spreadsheets_save_it(encoding: str, delimiter: str, newline: str) -> None:
    rows = [
        ["name", "phones", "contact"],
        ["РЭС Северный", "8 (495) 123-45-67", 'Иванов "Дед"'],
        ["", "", ""],
    ]
    lines = [delimiter.join(f'"{field.replace(chr(34), chr(34) * 2)}"' for field in row) for row in rows]
    sheet = read_sheet(newline.join(lines).encode(encoding), "RU")
    assert sheet.faults == ()
    (entry,) = sheet.entries
    assert (entry.name, entry.phones, entry.contact) == ("РЭС Северный", ("+74951234567",), 'Иванов "Дед"')


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "no column name"),
        (HEAD, 0, "no rows"),
        ("Название;Кличка\nА;Б\n", 1, 'The column "Кличка" is not known'),
        ("name;Название\nА;Б\n", 1, "stands twice"),
        ("Телефоны\n1\n", 1, "no column name"),
        (HEAD + "А\n;1;2\n", 3, "no name"),
        (HEAD + "А;" + "+79161234567," * 3 + "," * 9 + ";;\n" + "Б" * 201 + "\n", 3, "name: longer than 200"),
        (HEAD + "А;;;" + "x" * 2001 + "\n", 2, "comment: longer than 2000"),
        (HEAD + "А;" + ";".join(["1"] * 3) + ";лишнее\n", 2, "more fields than columns"),
        (HEAD + 'А;"' + ";".join(str(n) for n in range(MOST_PHONES + 1)) + '"\n', 2, "phones"),
        (HEAD + "А;" + "1" * 140_000 + "\n", 2, "cannot be read"),
        (HEAD + "А\n" * (MOST_AT_ONCE + 1), 0, "More than"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, words: str) -> None:
    sheet = read_sheet(text.encode(), "RU")
    assert sheet.faults
    found = sheet.faults[0]
    assert words in found.message.en
    assert found.message.ru != found.message.en
    assert found.line in (line, 1 if line == 0 else line)


def test_what_is_no_text_at_all() -> None:
    assert read_sheet(b"\x98\xff", "RU").faults
    assert "4 MB" in read_sheet(b"x" * (counterparties.MOST_BYTES + 1), "RU").faults[0].message.en


@given(
    st.binary(max_size=400) | st.text(max_size=400).map(lambda text: (HEAD + text).encode("utf-8", "replace"))
)
def test_nothing_makes_it_fail(raw: bytes) -> None:
    sheet = read_sheet(raw, "RU")
    assert sheet.entries or sheet.faults


def test_phones_are_told_apart_and_kept_as_they_are_where_they_are_none() -> None:
    assert phones_of("8 495 123-45-67; +7 (495) 123 45 67\nдоб. 12, 301", "RU") == (
        "+74951234567",
        "доб. 12",
        "301",
    )

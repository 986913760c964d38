"""CSV as people and their spreadsheets write it: encodings, separators, a header with known columns. Pure.

Fields are separated by semicolons, commas or tabs (whichever the header uses). Encodings: UTF-8 with or
without a byte order mark, UTF-16 with one, else Windows-1251, in which Russian spreadsheets save CSV.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from callcore.domain import Text

FILE_LIMIT_BYTES = 64 << 20
FAULTS_LIMIT = 100
"""More faults than this are counted but not listed."""


_FORMULA = re.compile(r"^(?=[\t\r\n])|(?:^|[,;\t\r\n])(?= *[=+\-@])")


@dataclass(frozen=True, slots=True)
class RowFault:
    """``row`` counts the file's records, the header being 1; 0 is the file as a whole."""

    row: int
    message: Text

    def __str__(self) -> str:
        return f"row {self.row}: {self.message.en}" if self.row else self.message.en


@dataclass(frozen=True, slots=True)
class Record:
    """One row below the header, its cells stripped."""

    row: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """ "" where the file has no such column."""
        return self.cells.get(column, "")


def read_bytes(path: Path, faults: list[RowFault]) -> bytes | None:
    """A file's bytes; None, and a fault, for one that is too large. May raise ``OSError``."""
    with path.open("rb") as file:
        data = file.read(FILE_LIMIT_BYTES + 1)
    if len(data) <= FILE_LIMIT_BYTES:
        return data
    limit = FILE_LIMIT_BYTES >> 20
    faults.append(row_fault(0, f"файл больше {limit} МБ", f"the file is over {limit} MB"))
    return None


def records(
    data: bytes, columns: Mapping[str, Sequence[str]], required: Sequence[str], faults: list[RowFault]
) -> Iterator[Record]:
    """Every row that is not empty, as far as it can be read; what is wrong goes to ``faults``. Never raises.

    ``columns``: each with its spellings, in lower case with е for ё. There are no rows below a faulty header.
    """
    rows, found = csv_rows(data)
    faults += found
    if rows is None:
        return
    yield from table_records(rows, columns, required, faults)


def csv_rows(data: bytes) -> tuple[Iterator[list[str]] | None, list[RowFault]]:
    """The rows of a CSV file, read as they are asked for (which may raise ``csv.Error``), or why not."""
    text = _decoded(data)
    if text is None:
        return None, [
            row_fault(
                0,
                "файл не в UTF-8 и не в Windows-1251: сохраните его в UTF-8",
                "the file is neither UTF-8 nor Windows-1251: save it as UTF-8",
            )
        ]
    return _rows(text), []


def table_records(
    rows: Iterator[list[str]],
    columns: Mapping[str, Sequence[str]],
    required: Sequence[str],
    faults: list[RowFault],
    listed: Text | None = None,
) -> Iterator[Record]:
    """The same for a table that was read already, its header being the first row. ``listed``: where the
    names of its columns stand, if they are too many to be told."""
    number = 1
    try:
        names, found = _header(next(rows, []), columns, required, listed)
        faults += found
        if found:
            return
        for number, cells in enumerate(rows, start=2):
            stripped = [cell.strip() for cell in cells]
            if any(stripped[len(names) :]):
                faults.append(
                    row_fault(
                        number,
                        "полей больше, чем в заголовке: уберите лишние",
                        "more fields than the header has: remove the surplus",
                    )
                )
            if any(stripped):
                yield Record(number, dict(zip(names, stripped, strict=False)))
    except csv.Error as error:
        faults.append(
            row_fault(
                number + 1,
                f"это не CSV ({error}): проверьте кавычки и разделители",
                f"this is not CSV ({error}): look at quotes and separators",
            )
        )


def inert(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, even one that separates cells by another sign than we
    do and so makes two cells of it."""
    text = "" if value is None else str(value)
    return _FORMULA.sub(lambda found: f"{found[0]}'", text)


def row_fault(row: int, ru: str, en: str) -> RowFault:
    return RowFault(row, Text(ru, en))


def _decoded(data: bytes) -> str | None:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded_as(data, encoding)
    text = _decoded_as(data, "utf-8")
    return text if text is not None else _decoded_as(data, "cp1251")


def _decoded_as(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _rows(text: str) -> Iterator[list[str]]:
    head = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=head.count)
    return iter(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def _header(
    header: list[str],
    spellings: Mapping[str, Sequence[str]],
    required: Sequence[str],
    listed: Text | None,
) -> tuple[list[str], list[RowFault]]:
    """Our name of each column, in order; unknown columns are faults, so that no spelling error loses data."""
    by_spelling = {alias: column for column, aliases in spellings.items() for alias in aliases}
    names = [" ".join(cell.lower().replace("ё", "е").split()) for cell in header]
    columns = [by_spelling.get(name, "") for name in names]
    faults = [
        _unknown(cell, name, by_spelling, listed or _all_of(spellings))
        for cell, name, column in zip(header, names, columns, strict=True)
        if not column
    ]
    known = [column for column in columns if column]
    faults += [
        row_fault(
            1, f"столбец повторяется: {column}; оставьте один", f"the column stands twice: {column}; keep one"
        )
        for column in dict.fromkeys(known)
        if known.count(column) > 1
    ]
    faults += [
        row_fault(
            1,
            f"нет столбца {column} ({spellings[column][1]}): добавьте его",
            f"the column {column} is missing: add it",
        )
        for column in required
        if column not in known
    ]
    return columns, faults


def _unknown(cell: str, name: str, by_spelling: Mapping[str, str], listed: Text) -> RowFault:
    near = get_close_matches(name[:40], by_spelling, n=1, cutoff=0.7)
    ru = f"похож на {near[0]}: переименуйте" if near else f"переименуйте или уберите; {listed.ru}"
    en = f"it looks like {near[0]}: rename it" if near else f"rename or remove it; {listed.en}"
    return row_fault(1, f"неизвестный столбец: {cell[:40]!r}; {ru}", f"unknown column: {cell[:40]!r}; {en}")


def _all_of(spellings: Mapping[str, Sequence[str]]) -> Text:
    names = ", ".join(spellings)
    return Text(f"есть: {names}", f"there are: {names}")

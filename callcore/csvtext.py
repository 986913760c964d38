"""CSV as people and their spreadsheets write it: encodings, separators, a header with known columns. Pure.

Fields are separated by semicolons, commas or tabs (whichever the header uses). Encodings: UTF-8 with or
without a byte order mark, UTF-16 with one, else Windows-1251, in which Russian spreadsheets save CSV.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcore.domain import Text

FILE_LIMIT_BYTES = 64 << 20
FAULTS_LIMIT = 100
"""More faults than this are counted but not listed."""


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
    text = _decoded(data)
    if text is None:
        faults.append(
            row_fault(0, "файл не в UTF-8 и не в Windows-1251", "the file is neither UTF-8 nor Windows-1251")
        )
        return
    rows = _rows(text)
    number = 1
    try:
        names, found = _header(next(rows, []), columns, required)
        faults += found
        if found:
            return
        for number, cells in enumerate(rows, start=2):
            stripped = [cell.strip() for cell in cells]
            if any(stripped[len(names) :]):
                faults.append(
                    row_fault(number, "полей больше, чем в заголовке", "more fields than the header has")
                )
            if any(stripped):
                yield Record(number, dict(zip(names, stripped, strict=False)))
    except csv.Error as error:
        faults.append(row_fault(number + 1, f"это не CSV: {error}", f"this is not CSV: {error}"))


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
    header: list[str], spellings: Mapping[str, Sequence[str]], required: Sequence[str]
) -> tuple[list[str], list[RowFault]]:
    """Our name of each column, in order; unknown columns are faults, so that no spelling error loses data."""
    by_spelling = {alias: column for column, aliases in spellings.items() for alias in aliases}
    names = [" ".join(cell.lower().replace("ё", "е").split()) for cell in header]
    columns = [by_spelling.get(name, "") for name in names]
    faults = [
        row_fault(1, f"неизвестный столбец: {cell[:40]!r}", f"unknown column: {cell[:40]!r}")
        for cell, column in zip(header, columns, strict=True)
        if not column
    ]
    known = [column for column in columns if column]
    faults += [
        row_fault(1, f"столбец повторяется: {column}", f"the column stands twice: {column}")
        for column in dict.fromkeys(known)
        if known.count(column) > 1
    ]
    faults += [
        row_fault(1, f"нет столбца {column} ({spellings[column][1]})", f"the column {column} is missing")
        for column in required
        if column not in known
    ]
    return columns, faults

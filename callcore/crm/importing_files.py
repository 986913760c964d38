"""Rows of cells from a file's bytes: CSV as people write it, or the first sheet of an XLSX workbook. Pure.

A formula is nothing but the value that was stored with it; nothing is ever calculated. A workbook that would
unpack to more than ``MOST_UNPACKED`` is refused before it is opened. One that lies about it takes memory
without end, so workbooks of strangers are read where ``importing_aside`` sets bounds.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO

import python_calamine

from callcore import csvtext
from callcore.crm.importing import MOST_COLUMNS, Table, read_table
from callcore.crm.importing_columns import Place
from callcore.csvtext import row_fault

MOST_UNPACKED = 512 << 20
XLSX = b"PK\x03\x04"


def read_file(data: bytes, place: Place) -> Table:
    """What is in a CSV or XLSX file. Never raises: what cannot be read is a fault."""
    if len(data) > csvtext.FILE_LIMIT_BYTES:
        limit = csvtext.FILE_LIMIT_BYTES >> 20
        return _refused(f"файл больше {limit} МБ: разделите его", f"the file is over {limit} MB: split it")
    if data.startswith(XLSX):
        return _workbook(data, place)
    rows, faults = csvtext.csv_rows(data)
    if rows is None:
        return Table(0, faults=tuple(faults))
    return read_table(rows, place)


def _refused(ru: str, en: str) -> Table:
    return Table(0, faults=(row_fault(0, ru, en),))


def _workbook(data: bytes, place: Place) -> Table:
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > MOST_UNPACKED:
            return _refused(
                "книга распаковывается в слишком большой файл: сохраните лист как CSV",
                "the workbook unpacks to too large a file: save the sheet as CSV",
            )
        book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        sheet = book.get_sheet_by_index(0)
        if sheet.total_width > MOST_COLUMNS:
            return _refused(
                f"столбцов больше {MOST_COLUMNS}: оставьте нужные",
                f"more than {MOST_COLUMNS} columns: keep those that are needed",
            )
        return read_table(_cells(sheet), place)
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError, OverflowError) as error:
        why = str(error)[:100]
        return _refused(
            f"книгу Excel не открыть: {why}; сохраните лист как CSV",
            f"the workbook cannot be read: {why}; save the sheet as CSV",
        )


def _cells(sheet: python_calamine.CalamineSheet) -> Iterator[list[str]]:
    """From the first row on, as it is read; the empty columns before the first full one are put back."""
    left = [""] * (sheet.start[1] if sheet.start else 0)
    for row in sheet.iter_rows():
        yield left + [_written(cell) for cell in row]


def _written(cell: object) -> str:
    """The cell as one would type it: 79000000001.0 is a number that a spreadsheet made of digits."""
    match cell:
        case bool():
            return "да" if cell else "нет"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%S") if cell.time() != time() else cell.strftime("%Y-%m-%d")
        case date():
            return cell.isoformat()
        case time() | timedelta():
            return str(cell)
        case _:
            return str(cell)

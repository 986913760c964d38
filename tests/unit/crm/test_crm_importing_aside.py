"""Large and hostile files: read in another process within bounds, which may end as it likes."""

from __future__ import annotations

import io
import zipfile
import zlib
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from callcore.crm import importing, importing_aside
from callcore.crm.importing_aside import PIECE, PIECE_ROWS, SMALL_BYTES, read_aside
from callcore.crm.importing_columns import Place
from callcore.crm.importing_files import read_file
from callcore.store.records_write import RecordDraft

PLACE = Place("RU", ZoneInfo("Europe/Moscow"))
HEAD = "contract;name;numbers\n"
BEYOND = "the file cannot be read within its bounds of memory and time"


def large(rows: int = 3_000, *, of: int = 3_000) -> bytes:
    return (HEAD + "".join(f"A{n % of};Анна {n % of};+7916{n:07}\n" for n in range(rows))).encode()


def workbook(**cells: str) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for cell, value in cells.items():
        book.active[cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def drafts(data: bytes) -> list[RecordDraft]:
    return [draft for piece in (await read_aside(data, PLACE)).pieces() for draft in piece.drafts]


async def told(data: bytes) -> list[str]:
    return [str(fault) for fault in (await read_aside(data, PLACE)).table.faults]


@pytest.mark.parametrize("data", [large(3), large()], ids=["here", "aside"])
async def test_it_says_the_same_as_reading_it_here(data: bytes) -> None:
    here, aside = read_file(data, PLACE), await read_aside(data, PLACE)
    assert (aside.table.rows, aside.table.columns, aside.table.first) == (here.rows, here.columns, here.first)
    assert aside.contracts == len(here.drafts)
    pieces = list(aside.pieces())
    assert tuple(draft for piece in pieces for draft in piece.drafts) == here.drafts
    assert [rows for piece in pieces for rows in piece.places] == list(here.places.values())
    assert max(len(piece.drafts) for piece in pieces) <= PIECE


async def test_heavy_contracts_make_small_pieces() -> None:
    heavy = (await read_aside(large(3_000, of=6), PLACE)).pieces()  # 500 numbers each
    sizes = [sum(draft.size for draft in piece.drafts) for piece in heavy]
    assert (sum(sizes), len(sizes)) == (3_006, 6)
    assert max(sizes) <= PIECE_ROWS


async def test_faults_and_the_nameless_come_back_whole() -> None:
    data = ("contract;name\n" + ";Анна\n" * 2_000 + "".join(f"A{n};\n" for n in range(9_000))).encode()
    reading = await read_aside(data, PLACE)
    assert len(data) > SMALL_BYTES
    assert [fault.row for fault in reading.table.faults] == list(range(2, 2_002))
    assert [row for some in reading.nameless() for _, row in some] == list(range(2_002, 11_002))
    assert reading.packed == ()


async def test_a_contract_of_any_size_is_read_in_its_time() -> None:
    most = importing.MOST_OF_CONTRACT
    (one,) = await drafts(large(most, of=1))
    assert len(one.parts["numbers"]) == most
    first, *_ = await told(large(most + 1, of=1))
    assert first == f"row {most + 2}: numbers: more than {most} of one contract: split it"


# --- hostile


@pytest.mark.parametrize(
    ("cell", "said"),
    [("XFD1048576", BEYOND), ("XFD9", "more than 200 columns: keep those that are needed")],
)
async def test_a_cell_far_away(cell: str, said: str) -> None:
    """The first one makes it a table of some 400 GB."""
    (fault,) = await told(workbook(A1="contract", B1="name", A2="1", B2="Ann", **{cell: "x"}))
    assert said in fault


async def test_no_row_is_lost_for_empty_ones_before_it() -> None:
    data = workbook(A1="contract", B1="name", A2="1", B2="Ann", A200000="2", B200000="Bob")
    assert [draft.contract for draft in await drafts(data)] == ["1", "2"]


async def test_a_workbook_that_lies_about_its_size() -> None:
    """Its sheet is one cell of 64 MiB, and says that it has a hundred bytes."""
    (fault,) = await told(bomb(64 << 20))
    assert fault.startswith("the workbook cannot be read: ")
    assert fault.endswith("; save the sheet as CSV")


def bomb(size: int) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cell = f'<worksheet xmlns="{main}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
    out, name = io.BytesIO(), "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(workbook(A1="contract"))) as sound, zipfile.ZipFile(out, "w") as book:
        for entry in sound.infolist():
            if entry.filename != name:
                book.writestr(entry.filename, sound.read(entry))
        packed = _flushed(cell.encode()) + _flushed(b"x" * (1 << 20)) * (size >> 20) + b"\x03\x00"
        book.writestr(name, packed)
        book.infolist()[-1].compress_type = zipfile.ZIP_DEFLATED
        book.infolist()[-1].file_size = 100
    data = bytearray(out.getvalue())  # the sheet's own header, too
    data[(at := book.infolist()[-1].header_offset) + 8 : at + 10] = b"\x08\x00"
    return bytes(data)


def _flushed(data: bytes) -> bytes:
    """Deflated so that it can stand beside anything."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


async def test_one_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_aside, "MOST_SECONDS", 0.0)
    assert await told(large()) == [f"{BEYOND}: save the sheet as CSV, or split the file"]
    monkeypatch.undo()
    assert len(await drafts(large())) == 3_000


async def test_no_process_is_a_fault_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_aside.sys, "executable", "/nowhere/python")
    assert (await told(large()))[0].startswith(BEYOND)

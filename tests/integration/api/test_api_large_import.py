"""A large file through a running daemon: whole, and in nobody's way.

``CALLCORE_IMPORT_ROWS=100000`` makes it as large as may be, and measures; for a quiet machine.
"""

from __future__ import annotations

import asyncio
import io
import os
import resource
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.commands.run import _spare_collector
from callcore.store.schema.core import customers

from .conftest import Running

ROWS = int(os.environ.get("CALLCORE_IMPORT_ROWS", "3000"))
IS_MEASURED = ROWS >= 20_000
WRITE_SECONDS = 0.3
LOOP_SECONDS = 0.15
LOOP_P99_SECONDS = 0.02
HEAD = ("contract", "name", "numbers", "address", "tariff", "balance", "person", "point")


def rows() -> list[tuple[str, ...]]:
    return [
        (
            f"L-{n}",
            f"Воробьёва Анна {n}",
            f"+7916{n:07d}",
            f"Москва, Садовая ул., д. {n % 200}, кв. {n % 90}",
            "Дом 300",
            str(n % 5000),
            f"Пётр Воробьёв {n}",
            f"P-{n}",
        )
        for n in range(ROWS)
    ]


def as_csv(table: list[tuple[str, ...]]) -> bytes:
    return "\n".join(";".join(row) for row in (HEAD, *table)).encode()


def as_xlsx(table: list[tuple[str, ...]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, text in _PARTS.items():
            book.writestr(name, text)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET.encode())
            for n, row in enumerate((HEAD, *table), 1):
                cells = "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row)
                sheet.write(f'<row r="{n}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
    return out.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACK = "http://schemas.openxmlformats.org/package/2006"
_SHEET = f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACK}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACK}/relationships"><Relationship Id="r1" '
    f'Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>'
    '<sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACK}/relationships"><Relationship Id="r1" '
    f'Type="{_DOC}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


@dataclass
class Probe:
    """What others feel while it goes on, in seconds."""

    writes: list[float]
    lags: list[float]

    async def write(self, running: Running, stop: asyncio.Event) -> None:
        async def op(connection: AsyncConnection) -> None:
            await connection.execute(update(customers).where(customers.c.id == 0).values(address=""))

        while not stop.is_set():
            began = time.perf_counter()
            await running.daemon.database.writer.submit(op)
            self.writes.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)

    async def feel(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            self.lags.append(time.perf_counter() - began - 0.005)

    async def run(self, running: Running, stop: asyncio.Event) -> None:
        await asyncio.gather(self.write(running, stop), self.feel(stop))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_a_large_import_is_in_nobodys_way(
    running: Running, make: Callable[[list[tuple[str, ...]]], bytes]
) -> None:
    if IS_MEASURED:
        _spare_collector()  # as the daemon does when it has started
    body, probe, stop = make(rows()), Probe([], []), asyncio.Event()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    feeling = asyncio.run_coroutine_threadsafe(probe.run(running, stop), running.loop)
    began = time.perf_counter()
    try:
        with running.program() as program:
            answer = program.post(f"{running.url}/api/v1/customers/import", data=body, timeout=800)
        took = time.perf_counter() - began
        asyncio.run_coroutine_threadsafe(running.daemon.office._importer.finish(), running.loop).result(800)
    finally:
        running.loop.call_soon_threadsafe(stop.set)
        feeling.result(60)
    said = answer.json()
    assert (answer.status_code, said["done"], said["rows"]) == (200, True, ROWS)
    assert said["new"] + said["unchanged"] == ROWS
    found = running.do(running.daemon.database.customers.by_contract(f"L-{ROWS - 1}"))
    assert found is not None
    assert running.do(running.daemon.database.customers.count()) >= ROWS
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) >> 10
    lags, writes = sorted(probe.lags), sorted(probe.writes)
    print(
        f"{make.__name__}: {len(body) >> 20} MiB, {took:.1f} s, writes max {writes[-1]:.3f} s, p99 "
        f"{writes[len(writes) * 99 // 100]:.3f}, loop max {lags[-1]:.3f} s, "
        f"p99 {lags[len(lags) * 99 // 100]:.4f}, "
        f"{grown} MiB more"
    )
    assert writes
    if IS_MEASURED:
        assert writes[-1] < WRITE_SECONDS
        assert lags[-1] < LOOP_SECONDS
        assert lags[len(lags) * 99 // 100] < LOOP_P99_SECONDS

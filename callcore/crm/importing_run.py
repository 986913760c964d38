"""An import from end to end: read aside, judged, and taken in as a whole or not at all.

A small one is one transaction. A large one would hold up the writes of calls, so it comes in pieces, which
``ImportJournal`` carries on with to the end even after a restart.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from zoneinfo import ZoneInfo

import structlog

from callcore.crm.importing import Table
from callcore.crm.importing_aside import Reading, read_aside
from callcore.crm.importing_columns import Place
from callcore.csvtext import RowFault, row_fault
from callcore.domain import Login
from callcore.store.errors import StoreError
from callcore.store.import_journal import ImportJournal, Job, Step
from callcore.store.ports import Store
from callcore.store.records_import import RecordImport
from callcore.store.records_write import RecordDraft, Taken, Verdict

log = structlog.get_logger("callcore.crm")
AT_ONCE = 400
"""Rows of the record in one transaction; more come in pieces."""
LOOK_SECONDS = 30.0
"""Between two looks for an import that somebody left undone."""
__all__ = ["ImportReport", "Importer", "Place", "RowReport"]


@dataclass(frozen=True, slots=True)
class RowReport:
    """What a row is, or was, to the base. ``fields``: what changes of its contract."""

    row: int
    contract: str
    verdict: Verdict
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``is_done`` False: nothing was written, because of faults or because that was not asked for."""

    table: Table
    is_done: bool
    counts: dict[Verdict, int] = field(default_factory=dict)
    """In contracts."""
    rows: tuple[RowReport, ...] = ()
    faults: tuple[RowFault, ...] = ()
    """All of them; with any, ``rows`` is empty."""


class Importer:
    """``place``: see ``Place``. One import of a house at a time; further ones wait."""

    def __init__(self, store: Store, place: Place) -> None:
        self._records = RecordImport(store)
        self._journal = ImportJournal(store)
        self._place = place
        self._gate = asyncio.Lock()
        self._reader = asyncio.Lock()
        self._indexing: asyncio.Task[int] | None = None

    async def preview(self, data: bytes) -> ImportReport:
        """What ``run`` would do now. Raises ``StoreError``."""
        reading, faults = await self._read(data)
        if faults:
            return _refused(reading, faults)
        return await _report(reading, await self._judge(reading), is_done=False)

    async def run(self, data: bytes, name: str, login: Login, at: datetime) -> ImportReport:
        """Import a CSV or XLSX file that was called ``name``. Raises ``StoreError``: nothing was written, or,
        of a large one, the rest comes when the database is back (``attend``), or before the next import.

        New customers of a large file are found by words a little later than by number and contract.
        """
        async with self._gate:
            await self._resume(at)
            reading, faults = await self._read(data)
            if faults:
                return _refused(reading, faults)
            judged = await self._judge(reading)
            changing, size = await _changing(reading, judged)
            if size > AT_ONCE:
                judged |= await self._carry_on(await self._begin(data, name, login, at), reading)
            elif changing:
                taken = await self._records.take(changing, login, at, subject=name)
                judged |= {one.contract: one for one in taken}
            self._start_indexing()
        return await _report(reading, judged, is_done=True)

    async def under_way(self) -> tuple[Step, ...]:
        """Large files that are being taken in."""
        return await self._journal.steps()

    async def _begin(self, data: bytes, name: str, login: Login, at: datetime) -> Job:
        body = await asyncio.to_thread(zlib.compress, data, 1)
        country, zone = self._place.country, str(self._place.zone)
        return await self._journal.begin(body, name=name, login=login, at=at, country=country, zone=zone)

    async def _carry_on(self, job: Job, reading: Reading) -> dict[str, Taken]:
        """Take in what the job has not yet; gives what this one took, by contract."""
        done, end, taken = job.done, 0, dict[str, Taken]()
        for piece in reading.pieces():
            begin, end = end, end + len(piece.drafts)
            while done < end:
                drafts = piece.drafts[done - begin :]
                step = await self._journal.advance(job, done, drafts, is_last=end == reading.contracts)
                if step is not None:
                    taken |= {one.contract: one for one in step}
                    done = end
                    continue
                further = await self._journal.done_of(job)  # a command and a daemon share the work
                if further is None:
                    return taken
                done = further
        return taken

    async def resume(self, now: datetime) -> int:
        """Carry on with what an earlier daemon or a command left undone; how many. Raises ``StoreError``."""
        async with self._gate:
            return await self._resume(now)

    async def _resume(self, now: datetime) -> int:
        jobs = await self._journal.unfinished()
        for job in jobs:
            data = await asyncio.to_thread(zlib.decompress, job.body)
            async with self._reader:
                reading = await read_aside(data, Place(job.country, ZoneInfo(job.zone)))
            if reading.table.faults:  # another release reads files by other rules
                why = str(reading.table.faults[0])
                log.error("import_given_up", file=job.name, done=job.done, why=why)
                await self._journal.give_up(job, now)
                continue
            await self._carry_on(job, reading)
            log.info("import_resumed", file=job.name, done=job.done, contracts=reading.contracts)
        return len(jobs)

    async def finish(self) -> None:
        """Return when everybody is found by words, also those whom an earlier daemon left; StoreError."""
        self._start_indexing()
        if self._indexing is not None:
            await self._indexing

    async def catch_up(self, now: datetime) -> None:
        """Both, for a daemon that starts: a database that is away is left for later."""
        try:
            await self.resume(now)
            await self.finish()
        except StoreError as error:
            log.warning("import_not_resumed", why=str(error))

    async def attend(self, now: Callable[[], datetime]) -> None:
        """For ever: whatever was left undone, by a daemon of before, by a command that was killed, by a
        database that was away, comes to its end; at once, and later when nobody is at it any more."""
        before: tuple[Step, ...] = ()
        try:
            await self.catch_up(now())
            while True:
                await asyncio.sleep(LOOK_SECONDS)  # a command that was killed tells nobody
                before = await self.look(now(), before)
        finally:
            if self._indexing is not None:
                self._indexing.cancel()

    async def look(self, now: datetime, before: tuple[Step, ...]) -> tuple[Step, ...]:
        """Carry on if nothing has moved since ``before``, which is what the last look gave."""
        try:
            there = await self.under_way()
        except StoreError as error:
            log.warning("import_not_resumed", why=str(error))
            return before
        if there and there == before and not self._gate.locked():
            await self.catch_up(now)
        return there

    def _start_indexing(self) -> None:
        if self._indexing is None or self._indexing.done():
            self._indexing = asyncio.create_task(self._records.fill_index(), name="import-index")

    async def _read(self, data: bytes) -> tuple[Reading, tuple[RowFault, ...]]:
        """With its faults, also those that only the base knows of."""
        async with self._reader:
            reading = await read_aside(data, self._place)
        faults = list(reading.table.faults)
        for some in reading.nameless():
            known = await self._records.known([contract for contract, _ in some])
            faults += [_nameless(contract, row) for contract, row in some if contract not in known]
        return reading, tuple(sorted(faults, key=lambda fault: fault.row))

    async def _judge(self, reading: Reading) -> dict[str, Taken]:
        """By contract, in the order of the file."""
        judged: dict[str, Taken] = {}
        for piece in reading.pieces():
            judged |= {one.contract: one for one in await self._records.judge(piece.drafts)}
        return judged


def _nameless(contract: str, row: int) -> RowFault:
    return row_fault(
        row,
        f"имя: у нового клиента {contract} нет имени: заполните столбец name",
        f"name: the new customer {contract} has none: fill in the column name",
    )


async def _changing(reading: Reading, judged: Mapping[str, Taken]) -> tuple[list[RecordDraft], int]:
    """Those that add or change something, and their size; not all of them if that is over ``AT_ONCE``."""
    changing: list[RecordDraft] = []
    size = 0
    for piece in reading.pieces():
        wanted = [one for one in piece.drafts if judged[one.contract].verdict is not Verdict.unchanged]
        changing += wanted
        size += sum(one.size for one in wanted)
        if size > AT_ONCE:
            break
        await asyncio.sleep(0)  # calls go on between two pieces
    return changing, size


def _refused(reading: Reading, faults: tuple[RowFault, ...]) -> ImportReport:
    return ImportReport(reading.table, is_done=False, faults=faults)


async def _report(reading: Reading, judged: Mapping[str, Taken], *, is_done: bool) -> ImportReport:
    counts = Counter(one.verdict for one in judged.values())
    rows: list[RowReport] = []
    for piece in reading.pieces():
        for draft, places in zip(piece.drafts, piece.places, strict=True):
            one = judged[draft.contract]
            rows += [RowReport(row, one.contract, one.verdict, one.fields) for row in places]
        await asyncio.sleep(0)  # calls go on between two pieces
    rows.sort(key=attrgetter("row"))
    return ImportReport(
        reading.table, is_done, {verdict: counts[verdict] for verdict in Verdict}, tuple(rows)
    )

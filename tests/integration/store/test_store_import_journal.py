"""A large file comes in to its end, whatever happens between its pieces."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from callcore.crm.importing_aside import PIECE
from callcore.crm.importing_run import Importer, Place
from callcore.domain import Login
from callcore.store.database import Database
from callcore.store.import_journal import EVENT, ImportJournal, Job
from callcore.store.records_write import RecordDraft, Taken, Verdict
from callcore.store.schema.bus import events, imports
from callcore.store.schema.core import customers

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROOT = Login("root")
PLACE = Place("RU", ZoneInfo("Europe/Moscow"))
ROWS = 450
FILE = ("contract;name;numbers\n" + "".join(f"J{n};Анна {n};+7916{n:07d}\n" for n in range(ROWS))).encode()


async def told(db: Database) -> list[dict[str, Any]]:
    async with db.read() as connection:
        return [row.data for row in await connection.execute(select(events).where(events.c.type == EVENT))]


async def under_way(db: Database) -> int:
    async with db.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(imports))).scalar_one())


async def stopped_after(
    db: Database, pieces: int, monkeypatch: pytest.MonkeyPatch, file: bytes = FILE
) -> None:
    """An import whose daemon dies after so many pieces."""

    async def advance(
        self: ImportJournal, job: Job, done: int, drafts: Sequence[RecordDraft], *, is_last: bool
    ) -> list[Taken] | None:
        if done >= pieces * PIECE:
            raise asyncio.CancelledError
        return await whole(self, job, done, drafts, is_last=is_last)

    whole = ImportJournal.advance
    with monkeypatch.context() as patch:
        patch.setattr(ImportJournal, "advance", advance)
        with suppress(asyncio.CancelledError):
            await Importer(db, PLACE).run(file, "base.csv", ROOT, NOW)


async def test_a_large_file_comes_in_pieces(db: Database) -> None:
    importer = Importer(db, PLACE)
    report = await importer.run(FILE, "base.csv", ROOT, NOW)
    await importer.finish()
    assert (report.is_done, report.counts[Verdict.new], len(report.rows)) == (True, ROWS, ROWS)
    assert await db.customers.count() == ROWS
    assert await told(db) == [{"by": ROOT, "file": "base.csv", "new": ROWS, "changed": 0, "unchanged": 0}]
    assert await under_way(db) == 0, "what it held of people is gone"
    (hit,) = await db.customers.search("Анна 449", 5)
    assert hit.customer.contract == "J449"


@pytest.mark.parametrize("pieces", [0, 1, 4])
async def test_it_goes_on_after_a_restart(db: Database, monkeypatch: pytest.MonkeyPatch, pieces: int) -> None:
    await stopped_after(db, pieces, monkeypatch)
    assert await db.customers.count() == pieces * PIECE
    assert (await told(db), await under_way(db)) == ([], 1)
    await Importer(db, PLACE).catch_up(NOW)
    assert await db.customers.count() == ROWS
    assert await told(db) == [{"by": ROOT, "file": "base.csv", "new": ROWS, "changed": 0, "unchanged": 0}]
    assert await under_way(db) == 0


async def test_what_was_changed_by_hand_meanwhile_stays(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stopped_after(db, 2, monkeypatch)
    early = await db.customers.by_contract("J0")
    assert early is not None
    await db.records.correct(early.id, {"address": "Тверь"}, ROOT, NOW)
    await Importer(db, PLACE).catch_up(NOW)
    record = await db.records.get(early.id)
    assert record is not None
    assert record.name == "Анна 0"
    assert "Тверь" in str(record)


async def test_two_who_go_on_share_the_work(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await stopped_after(db, 1, monkeypatch)
    await asyncio.gather(Importer(db, PLACE).catch_up(NOW), Importer(db, PLACE).catch_up(NOW))
    assert await db.customers.count() == ROWS
    assert [each["new"] for each in await told(db)] == [ROWS]


async def test_an_older_one_comes_first(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await stopped_after(db, 1, monkeypatch)
    importer = Importer(db, PLACE)
    report = await importer.run(b"contract;name\nJ449;Newer\n", "new.csv", ROOT, NOW)
    await importer.finish()
    assert report.counts[Verdict.changed] == 1
    found = await db.customers.by_contract("J449")
    assert found is not None
    assert found.name == "Newer"


async def test_who_was_erased_meanwhile_stays_so(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without names brings known contracts up to date; one of them vanishes before its piece comes."""
    importer = Importer(db, PLACE)
    await importer.run(FILE, "base.csv", ROOT, NOW)
    moved = ("contract;tariff\n" + "".join(f"J{n};Дом\n" for n in range(ROWS))).encode()
    await stopped_after(db, 1, monkeypatch, moved)
    gone = await db.customers.by_contract(f"J{ROWS - 1}")
    assert gone is not None
    await db.writer.submit(lambda c: c.execute(customers.delete().where(customers.c.id == gone.id)))
    await importer.catch_up(NOW)
    assert (await db.customers.count(), await under_way(db)) == (ROWS - 1, 0)
    assert (await told(db))[-1] == {
        "by": ROOT, "file": "base.csv", "new": 0, "changed": ROWS - 1, "unchanged": 1
    }  # fmt: skip


async def test_one_that_nobody_is_at_any_more_is_finished(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a daemon that runs beside a command that was killed."""
    importer = Importer(db, PLACE)
    await stopped_after(db, 1, monkeypatch)
    first = await importer.look(NOW, ())
    assert [(step.name, step.done) for step in first] == [("base.csv", PIECE)]
    assert await db.customers.count() == PIECE, "it moved since the last look: somebody is at it"
    await importer.look(NOW, first)
    assert (await db.customers.count(), await importer.under_way()) == (ROWS, ())


async def test_one_that_cannot_be_read_any_more_is_given_up(db: Database) -> None:
    journal = ImportJournal(db)
    body = zlib.compress(b"height\n180\n")
    await journal.begin(body, name="odd.csv", login=ROOT, at=NOW, country="RU", zone="Europe/Moscow")
    await Importer(db, PLACE).catch_up(NOW)
    assert await under_way(db) == 0
    (line,) = (line for line in await db.audit.lines(limit=10) if line.act == "import_given_up")
    assert line.subject == "odd.csv"

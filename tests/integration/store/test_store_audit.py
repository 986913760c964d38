"""Who saw and changed whom: gathered looks, seals that show what was touched, letting go by age."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import NULL_CUSTOMER, CustomerId
from callcore.store.audit import Line
from callcore.store.database import Database
from callcore.store.schema.access import audit, audit_seals
from callcore.store.seals import PURGED

from .store_samples import ANNA, BORIS, T0

ONE, TWO = CustomerId(1), CustomerId(2)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def told(db: Database, **wanted: object) -> list[tuple[str, str, int | None]]:
    lines = await db.audit.lines(**wanted)  # type: ignore[arg-type]
    return [(line.login, line.act, line.customer) for line in lines]


async def test_looks_are_written_together_and_once_in_ten_minutes(db: Database) -> None:
    for minutes, login, customer in (
        (0, ANNA, ONE),
        (1, ANNA, ONE),
        (2, BORIS, ONE),
        (3, ANNA, TWO),
        (9, ANNA, ONE),
        (11, ANNA, ONE),
        (12, ANNA, NULL_CUSTOMER),
    ):
        db.audit.saw(login, customer, T0 + minutes * MINUTE, "page")
    assert await db.audit.lines() == ()
    await db.audit.flush()
    assert await told(db) == [
        ("anna", "seen", 1),
        ("anna", "seen", 2),
        ("boris", "seen", 1),
        ("anna", "seen", 1),
    ]
    (first,) = [line for line in await db.audit.lines(login="boris")]
    assert first == Line(first.id, T0 + 2 * MINUTE, "boris", "seen", 1, "", {"how": "page"})


async def test_a_look_that_another_process_wrote_counts_too(db: Database) -> None:
    await db.audit.note("anna", "seen", ONE, T0)
    db.audit.saw(ANNA, ONE, T0 + MINUTE)
    await db.audit.flush()
    assert len(await db.audit.lines()) == 1


async def test_looks_are_written_by_themselves(db: Database) -> None:
    db.audit.saw(ANNA, ONE, T0)
    task = db.audit._task
    assert task is not None
    db.audit._hurry.set()
    await task
    assert await told(db) == [("anna", "seen", 1)]


async def test_closing_keeps_the_last_looks(url: str) -> None:
    async with await Database.open(url, create=True) as first:
        first.audit.saw(ANNA, ONE, T0)
    async with await Database.open(url) as again:
        assert await told(again) == [("anna", "seen", 1)]


async def test_what_is_looked_for(db: Database) -> None:
    for n in range(5):
        await db.audit.note(("anna", "boris")[n % 2], ("changed", "seen")[n % 2], CustomerId(n), T0 + n * DAY)
    assert [line.customer for line in await db.audit.lines(login="anna")] == [4, 2, 0]
    assert [line.customer for line in await db.audit.lines(act="seen")] == [3, 1]
    assert [line.customer for line in await db.audit.lines(customer=3)] == [3]
    between = await db.audit.lines(since=T0 + DAY, until=T0 + 3 * DAY)
    assert [line.customer for line in between] == [2, 1]
    first = await db.audit.lines(limit=2)
    assert [line.customer for line in await db.audit.lines(below=first[-1].id, limit=2)] == [2, 1]


async def noted(db: Database, count: int) -> None:
    for n in range(count):
        await db.audit.note("anna", "changed", CustomerId(n + 1), T0 + n * MINUTE, detail={"fields": ["имя"]})


async def raw(db: Database, statement: object) -> None:
    async def op(connection: AsyncConnection) -> None:
        await connection.execute(statement)  # type: ignore[call-overload]

    await db.writer.submit(op)


async def test_seals_fit_and_wait_for_what_is_young(db: Database) -> None:
    await noted(db, 5)
    assert await db.seals.seal(T0 + 3 * MINUTE) == 3  # lines of this minute and the last one wait
    verdict = await db.seals.verify()
    assert (verdict.sealed, verdict.unsealed, verdict.fault) == (3, 2, "")
    assert await db.seals.seal(T0 + DAY) == 2
    assert await db.seals.seal(T0 + DAY) == 0
    after = await db.seals.verify()
    assert (after.sealed, after.unsealed, after.fault) == (5, 0, "")
    assert after.hash not in ("", verdict.hash)


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        (update(audit).where(audit.c.id == 2).values(login="boris"), "changed"),
        (update(audit).where(audit.c.id == 2).values(detail={"fields": []}), "changed"),
        (update(audit).where(audit.c.id == 2).values(at=T0 - DAY), "changed"),
        (delete(audit).where(audit.c.id == 2), "gone"),
        (update(audit_seals).where(audit_seals.c.last == 3).values(digest="0" * 64), "seal was changed"),
        (delete(audit_seals).where(audit_seals.c.last == 3), "one before it is gone"),
        (update(audit_seals).where(audit_seals.c.last == 3).values(hash="0" * 64), "seal was changed"),
    ],
)
async def test_whatever_is_touched_is_found(db: Database, touch: object, why: str) -> None:
    await noted(db, 3)
    assert await db.seals.seal(T0 + DAY) == 3
    await noted(db, 2)
    assert await db.seals.seal(T0 + DAY) == 2
    await noted(db, 1)
    assert (await db.seals.verify()).fault == ""
    await raw(db, touch)
    assert why in (await db.seals.verify()).fault


async def test_a_line_slipped_in_between(db: Database) -> None:
    await noted(db, 3)
    await raw(db, delete(audit).where(audit.c.id == 2))
    await db.seals.seal(T0 + DAY)
    assert (await db.seals.verify()).fault == ""
    await raw(db, audit.insert().values(id=2, at=T0, login="eve", act="seen", subject="", detail={}))
    assert "slipped in" in (await db.seals.verify()).fault


async def test_old_lines_go_by_whole_seals_and_the_chain_stays(db: Database) -> None:
    await noted(db, 2)
    await db.seals.seal(T0 + DAY)
    await db.audit.note("anna", "seen", ONE, T0 + 10 * DAY)
    await db.seals.seal(T0 + 11 * DAY)
    assert await db.seals.purge(T0 + 5 * DAY, T0 + 12 * DAY) == 2
    assert await db.seals.purge(T0 + 5 * DAY, T0 + 12 * DAY) == 0
    verdict = await db.seals.verify()
    assert (verdict.sealed, verdict.purged, verdict.unsealed, verdict.fault) == (1, 2, 1, "")
    newest, kept = await db.audit.lines()
    assert (newest.act, newest.detail["lines"]) == (PURGED, 2)
    assert kept.customer == 1


async def test_nothing_young_goes_with_the_old(db: Database) -> None:
    await db.audit.note("anna", "seen", ONE, T0)
    await db.audit.note("anna", "seen", TWO, T0 + 10 * DAY)
    await db.seals.seal(T0 + 11 * DAY)
    assert await db.seals.purge(T0 + 5 * DAY, T0 + 12 * DAY) == 0
    assert len(await db.audit.lines()) == 2

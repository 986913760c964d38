"""The office that the demo and the pictures show: whole, and the same when it is added again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from callcore.config import load
from callcore.crm import seeds_records
from callcore.crm.seeds_work import OFFICE, add_work
from callcore.domain import CustomerId, Login
from callcore.rights import Role
from callcore.store.case_find import Look
from callcore.store.database import Database

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
NOW = datetime(2026, 11, 18, 8, 40, tzinfo=UTC)


async def seen(db: Database) -> tuple[int, ...]:
    cases = await db.cases.find(Look(), NOW)
    late = await db.cases.find(Look(folder="overdue"), NOW)
    notes = await db.flashes.search(NOW)
    waiting = await db.visitors.present(OFFICE, NOW - timedelta(hours=1))
    staff = await db.staff.search("Дежурный")
    return cases.total, late.total, len(notes), len(waiting), len(staff), await db.contacts.count()


async def test_an_office_at_work_is_added_once(db: Database) -> None:
    settings = load(SAMPLE, need_secrets=False)
    await seeds_records.add_records(db, NOW)
    for login in ("anna", "boris", "olga"):
        await db.users.add(login, login.title(), Role.operator, "$argon2id$nobody", at=NOW)
    await add_work(db, settings.cases, settings.case_members, NOW)
    first = await seen(db)
    assert first == (7, 1, 4, 3, 1, 11)
    assert (await db.cases.tally(Login("anna"), (), NOW))["returned"] == 1
    assert await db.cases.of_customer(CustomerId(1))
    await add_work(db, settings.cases, settings.case_members, NOW)
    assert await seen(db) == first

"""Second factors as they are kept: offered, confirmed once, no code taken twice."""

from __future__ import annotations

import asyncio

import pytest

from callcore.domain import Login
from callcore.rights import Role
from callcore.store.database import Database
from callcore.store.errors import NotStored

from .store_samples import ANNA, T0


@pytest.fixture(autouse=True)
async def people(db: Database) -> None:
    await db.users.add("anna", "Анна", Role.supervisor, "hash", at=T0)


async def test_offered_again_until_it_is_confirmed(db: Database) -> None:
    assert await db.second_factors.offer(ANNA, "plain:A", T0)
    assert await db.second_factors.offer(ANNA, "plain:B", T0)
    assert not await db.second_factors.confirm(ANNA, "plain:A", 7, (), T0)
    assert await db.second_factors.confirm(ANNA, "plain:B", 7, ("h1", "h2"), T0)
    assert not await db.second_factors.confirm(ANNA, "plain:B", 8, (), T0)
    assert not await db.second_factors.offer(ANNA, "plain:C", T0)
    kept = await db.second_factors.get("anna")
    assert kept is not None
    assert (kept.secret, kept.confirmed_at, kept.last_counter) == ("plain:B", T0, 7)
    assert "plain:B" not in repr(kept)
    assert await db.second_factors.all() == {"anna"}
    with pytest.raises(NotStored):
        await db.second_factors.offer(Login("nobody"), "plain:A", T0)


async def test_a_time_step_and_a_recovery_code_are_used_once(db: Database) -> None:
    await db.second_factors.offer(ANNA, "plain:A", T0)
    await db.second_factors.confirm(ANNA, "plain:A", 7, ("h1", "h2"), T0)
    taken = await asyncio.gather(*(db.second_factors.take_counter(ANNA, 8) for _ in range(5)))
    assert sorted(taken) == [False] * 4 + [True]
    assert not await db.second_factors.take_counter(ANNA, 7)
    assert await db.second_factors.take_recovery(ANNA, "h1", T0)
    assert not await db.second_factors.take_recovery(ANNA, "h1", T0)
    assert await db.second_factors.codes_left("anna") == 1
    await db.second_factors.renew_codes(ANNA, ("h3",), T0)
    assert not await db.second_factors.take_recovery(ANNA, "h2", T0)
    assert await db.second_factors.take_recovery(ANNA, "h3", T0)


async def test_removed_with_its_codes_and_noted(db: Database) -> None:
    await db.second_factors.offer(ANNA, "plain:A", T0)
    await db.second_factors.confirm(ANNA, "plain:A", 7, ("h1",), T0)
    assert await db.second_factors.remove(ANNA, "admin", T0)
    assert not await db.second_factors.remove(ANNA, "admin", T0)
    assert await db.second_factors.get("anna") is None
    assert await db.second_factors.codes_left("anna") == 0
    told = [(line.login, line.act, line.subject) for line in await db.audit.lines(limit=2)]
    assert told == [("admin", "second_factor_off", "user:anna"), ("anna", "second_factor_on", "user:anna")]

"""Records between a real floor and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.crm.customers import CustomerBaseUnavailable
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    Customer,
    CustomerId,
    Direction,
    EndReason,
    Login,
    Outcome,
    PbxName,
    Source,
)
from callcore.floor.lookups import Found, Lookup
from callcore.floor.records import Records
from callcore.store.database import Database
from callcore.store.errors import StoreUnavailable
from callcore.testing.desk_house import BLACKOUT
from callcore.testing.patience import PATIENCE_SECONDS

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MAIN = PbxName("main")
CALL = CallId("c1")
IVAN = Customer(CustomerId(7), "Ivan", "K-7")


class Desk:
    """Who hears of answers and of stored contacts."""

    def __init__(self) -> None:
        self.facts: list[f.Fact] = []
        self.contacts: list[do.Contact] = []

    async def logged(self, contact: do.Contact) -> None:
        self.contacts.append(contact)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db", create=True) as database:
        yield database


@pytest.fixture
def desk() -> Desk:
    return Desk()


Make = Callable[..., Records]


@pytest.fixture
def make(database: Database, desk: Desk) -> Make:
    async def by_number(number: str) -> Found:
        return Found(await database.customers.find_by_number(number))

    def records(lookup: Lookup | None = None, answer: Callable[[f.Fact], None] | None = None) -> Records:
        return Records(
            database.calls,
            database.contacts,
            lookup or by_number,
            answer or desk.facts.append,
            desk.logged,
        )

    return records


def ref(name: str) -> ChannelRef:
    return ChannelRef(MAIN, ChannelId(name))


def contact(call: CallId = CALL, ended_at: datetime = T0) -> do.Contact:
    values: dict[str, Any] = dict.fromkeys(do.Contact.__dataclass_fields__)
    values |= {"call": call, "pbx": MAIN, "channel": "1.1", "caller_number_raw": "", "operators": ()}
    values |= {"direction": Direction.inbound, "source": Source.live, "started_at": T0, "ended_at": ended_at}
    values |= {"wait_ms": 0, "ring_ms": 0, "talk_ms": 0}
    values |= {"end_reason": EndReason.cancelled, "outcome": Outcome.abandoned_ivr}
    return do.Contact(**values)


def look_up(number: str = "+79161234567") -> do.LookUpCustomers:
    return do.LookUpCustomers("k", CALL, number)


def names(logs: Any) -> list[str]:
    return [entry["event"] for entry in logs]


async def test_a_call_is_remembered_and_found_again(make: Make, database: Database) -> None:
    """Also by its channel in a Snapshot; a leg that inherited the caller's variables is no call."""
    records = make()
    records.carry(do.RememberCall("k", CALL, ref("1.1"), T0))
    await records.drain()
    rows = tuple(
        f.LiveChannel(ref(name), "PJSIP/x-1", "Up", None, None, None, None, 5, CALL, None, None)
        for name in ("1.1", "1.2")
    )
    fact = f.Snapshot(MAIN, 1, rows, (), ())
    enriched = await records.enrich(fact)
    assert isinstance(enriched, f.Snapshot)
    assert [row.call for row in enriched.channels] == [CALL, None]
    other = f.Snapshot(PbxName("second"), 1, rows[:1], (), ())
    enriched = await records.enrich(other)
    assert isinstance(enriched, f.Snapshot)
    assert enriched.epoch == 1
    lost = f.LinkLost(MAIN)
    assert await records.enrich(lost) is lost


async def test_a_contact_is_stored_before_anybody_hears_of_it(
    make: Make, database: Database, desk: Desk
) -> None:
    records = make()
    records.carry(do.RememberCall("k", CALL, ref("1.1"), T0))
    records.carry(do.LogContact("k", contact()))
    assert desk.contacts == []
    with capture_logs() as logs:
        await records.drain()
    assert await database.contacts.get(CALL) == contact()
    assert desk.contacts == [contact()]
    assert [(e["saved"], e["outcome"]) for e in logs] == [("new", "abandoned_ivr")]
    stored = await database.calls.find(ref("1.1"))
    assert stored is not None
    assert stored.ended_at == T0


async def test_the_same_contact_twice(make: Make, database: Database) -> None:
    records = make()
    with capture_logs() as logs:
        records.carry(do.LogContact("k", contact()))
        records.carry(do.LogContact("k", contact()))
        await records.drain()
    assert sorted(e["saved"] for e in logs) == ["new", "repeat"]
    assert await database.contacts.count() == 1


async def test_a_contact_that_the_store_refuses(make: Make, desk: Desk) -> None:
    """A naive moment is a bug of ours: it is told, and nobody is shown what is not stored."""
    records = make()
    with capture_logs() as logs:
        records.carry(do.LogContact("k", contact(ended_at=datetime(2026, 1, 1))))  # noqa: DTZ001
        await records.drain()
    assert names(logs) == ["contact_not_saved"]
    assert desk.contacts == []


async def test_many_at_once(make: Make, database: Database, desk: Desk) -> None:
    records = make()
    for n in range(50):
        records.carry(do.LogContact("k", contact(CallId(f"c{n}"))))
    await records.drain()
    assert len(desk.contacts) == await database.contacts.count() == 50


async def test_other_effects_are_not_for_the_records(make: Make) -> None:
    records = make()
    records.carry(do.CloseCard("k", Login("anna"), CALL))
    await records.drain()


async def test_a_closed_store(make: Make, database: Database) -> None:
    """The end of the daemon: what comes too late is told, nothing hangs."""
    records = make()
    await database.close()
    with capture_logs() as logs:
        records.carry(do.RememberCall("k", CALL, ref("1.1"), T0))
        records.carry(do.LogContact("k", contact()))
        await records.drain()
    assert sorted(names(logs)) == ["call_not_remembered", "contact_not_saved"]


# --- who calls?


async def test_nobody_has_this_number(make: Make, desk: Desk) -> None:
    records = make()
    records.carry(look_up())
    await records.drain()
    assert desk.facts == [f.CustomersFound(CALL, (), False)]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (CustomerBaseUnavailable("no answer within 2 s"), "no answer within 2 s"),
        (TimeoutError(), "TimeoutError"),
        (StoreUnavailable("locked"), "locked"),
        (ValueError("a bug"), "a bug"),
    ],
)
async def test_the_base_fails(make: Make, desk: Desk, error: Exception, why: str) -> None:
    """The card says so; the caller's contact does not wait for an answer that never comes."""

    async def lookup(number: str) -> Found:
        raise error

    records = make(lookup)
    with capture_logs() as logs:
        records.carry(look_up())
        await records.drain()
    assert desk.facts == [f.CustomersFound(CALL, (), True)]
    assert [(e["event"], e["why"]) for e in logs] == [("customer_lookup_failed", why)]
    assert "+79161234567" not in str(logs)


async def test_a_slow_base_holds_up_nobody(make: Make, desk: Desk, database: Database) -> None:
    may_go = asyncio.Event()

    async def lookup(number: str) -> Found:
        if number == "slow":
            await may_go.wait()
        return Found((IVAN,), (BLACKOUT,))

    records = make(lookup)
    records.carry(look_up("slow"))
    records.carry(do.LookUpCustomers("k", CallId("c2"), "quick"))
    records.carry(do.LogContact("k", contact(CallId("c2"))))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (desk.facts and desk.contacts):  # noqa: ASYNC110 - lists have no bell
            await asyncio.sleep(0)
    assert desk.facts == [f.CustomersFound(CallId("c2"), (IVAN,), False, (BLACKOUT,))]
    may_go.set()
    await records.drain()
    assert [fact.call for fact in desk.facts if isinstance(fact, f.CustomersFound)] == ["c2", CALL]


async def test_a_lookup_that_is_cancelled_says_nothing(make: Make, desk: Desk) -> None:
    """The loop ends: no half answer reaches the floor."""

    async def lookup(number: str) -> Found:
        await asyncio.Event().wait()
        return ()

    records = make(lookup)
    records.carry(look_up())
    await asyncio.sleep(0)
    for task in records.lanes[1]._workers:
        task.cancel()
    await records.drain()
    assert desk.facts == []


async def test_an_answer_that_the_floor_does_not_take(make: Make) -> None:
    def answer(_fact: f.Fact) -> None:
        raise ValueError("a bug of the model")

    records = make(answer=answer)
    with capture_logs() as logs:
        records.carry(look_up())
        await records.drain()
    assert names(logs) == ["customers_not_taken"]

"""What the back office asks of a floor where a call waits in the IVR and somebody is on shift."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from callcore.assembly.current import Current
from callcore.assembly.floorfacts import FloorFacts
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules
from callcore.calls.tracker import Tracker
from callcore.config import Settings, load
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    Customer,
    CustomerId,
    Interface,
    Login,
    PauseReason,
    PbxName,
    QueueName,
    TopicCode,
)
from callcore.floor.clock import SteadyClock
from callcore.floor.floor import Floor
from callcore.store.database import Database
from callcore.testing.blank import blank_database

MAIN, ANNA = PbxName("main"), Login("anna")
CHANNEL = ChannelRef(MAIN, ChannelId("1.1"))
IVAN, MARIA = (Customer(CustomerId(n), name, f"К-{n}") for n, name in ((7, "Иван"), (8, "Мария")))


@cache
def settings() -> Settings:
    return load(Path(__file__).parents[3] / "config" / "callcore.yaml", need_secrets=False)


CLOCK = SteadyClock(lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC), lambda: 0.0)
"""It stands still."""


@dataclass
class House:
    floor: Floor
    facts: FloorFacts
    call: CallId


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    ids = (CallId(f"call{n}") for n in count(1))
    floor = Floor(Tracker(mint=lambda _now: next(ids), canonical=lambda n: n, rules=AgentRules()), CLOCK, {})
    blank_database(tmp_path / "callcore.db")
    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db") as database:
        call = floor.entered(f.CallEntered(CHANNEL, "+79161234567", None, "500100"))
        yield House(floor, FloorFacts(Current(settings()), database, floor), call)
    floor.stop()


async def test_who_calls(house: House) -> None:
    assert house.facts.known(house.call) is None
    house.floor.take(f.CustomersFound(house.call, (IVAN, MARIA)))
    assert house.facts.known(house.call) is None  # it may be either
    await house.facts.identified(house.call, MARIA)
    assert house.facts.known(house.call) == MARIA.id
    await house.facts.identified(CallId("over"), IVAN)  # he has hung up meanwhile
    assert house.facts.known(CallId("over")) is None


async def test_what_he_speaks(house: House) -> None:
    assert house.facts.language(house.call) == house.facts.language(CallId("over")) == "ru"
    house.floor.take(f.LanguageChosen(CHANNEL, "en"))
    assert house.facts.language(house.call) == "en"


async def test_who_is_ready_for_him(house: House) -> None:
    assert house.facts.phone(ANNA, MAIN) is None
    phone = Interface("PJSIP/101")
    house.floor.take(f.AgentSignedIn(ANNA, "Анна", MAIN, phone, (QueueName("finance"),)))
    assert house.facts.phone(ANNA, MAIN) is None  # a shift begins with a pause
    house.floor.take(f.DeskOpened(ANNA))
    house.floor.take(f.AgentBecameReady(ANNA))
    assert house.facts.phone(ANNA, MAIN) == phone
    assert house.facts.phone(ANNA, PbxName("other")) is None
    house.floor.take(f.AgentPaused(ANNA, PauseReason("lunch")))
    assert house.facts.phone(ANNA, MAIN) is None


async def test_the_queue_of_a_topic(house: House) -> None:
    assert house.facts.queue_of(TopicCode("finance.claim")) == "finance"
    assert house.facts.queue_of(TopicCode("finance.nothing")) is None

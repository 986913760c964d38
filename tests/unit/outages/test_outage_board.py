"""The register at work, on a real database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcore.crm.seeds import ENGLISH_NUMBER, customers
from callcore.domain import CustomerId, Outage, OutageState
from callcore.outages import board as outages_board
from callcore.outages.board import Board, Published, UnknownOutage
from callcore.outages.network_csv import import_network
from callcore.outages.publication import Draft, read_draft
from callcore.store.database import Database
from callcore.store.errors import StoreUnavailable
from callcore.store.outages import Outages, RevisionTaken
from callcore.strictyaml.faults import ConfigFaults, Fault
from callcore.testing.patience import PATIENCE_SECONDS

from .outage_samples import FILE, NOW, body, entry, planned

NETWORK = Path(__file__).parents[3] / "config" / "network.csv"


class House:
    """A board, its clock, and what the campaigns heard."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = NOW
        self.heard: list[tuple[str, int]] = []
        self.has_heard = asyncio.Event()
        self.deaf: list[str] = []
        """Outages at which the campaigns fail, once each."""
        self.broken: list[str] = []
        """Outages at which they fail in a way that nobody thought of."""
        self.board = self.new_board()

    def new_board(self, outages: Outages | None = None) -> Board:
        return Board(outages or self.db.outages, self.db.network, lambda: self.now, self.hear)

    async def hear(self, outage: Outage) -> None:
        if outage.number in self.deaf:
            self.deaf.remove(outage.number)
            raise StoreUnavailable("full")
        if outage.number in self.broken:
            raise LookupError(outage.number)
        assert await self.db.outages.by_id(outage.id) == outage
        self.heard.append((outage.number, outage.revision))
        self.has_heard.set()

    async def publish(self, *entries: dict[str, Any]) -> list[tuple[str, int, str]]:
        done = await self.board.publish(body(*entries), FILE, "anna")
        return [(each.outage.number, each.outage.revision, each.became) for each in done]

    async def faults(self, *entries: dict[str, Any]) -> tuple[Fault, ...]:
        with pytest.raises(ConfigFaults) as refused:
            await self.publish(*entries)
        return refused.value.faults


@pytest.fixture
async def house(db: Database) -> House:
    await db.customers.add_many(customers())
    await import_network(db.network, NETWORK)
    house = House(db)
    await house.board.start()
    return house


async def test_new_changed_and_the_same(house: House) -> None:
    assert await house.publish(entry()) == [("2026-117", 1, "new")]
    assert await house.publish(entry(), planned(number="B")) == [("2026-117", 1, "same"), ("B", 1, "new")]
    estimated = entry(revision=2, estimated_restoration_at="2026-11-22T20:30:00+03:00")
    assert await house.publish(estimated) == [("2026-117", 2, "changed")]
    assert await house.publish(entry()) == [("2026-117", 2, "same")]
    assert house.heard == [("2026-117", 1), ("B", 1), ("2026-117", 2)]
    stored = await house.db.outages.get("2026-117")
    assert stored is not None
    assert (stored.state, stored.source) == (OutageState.estimated, "anna")
    assert stored.nodes == ("F-12", "H-3")


async def test_check_stores_nothing(house: House) -> None:
    (publication,) = await house.board.check(body(), FILE)
    assert publication.number == "2026-117"
    assert await house.db.outages.recent() == ()
    assert {person.name for person in await house.board.affected(publication)} >= {
        "Лебедев Михаил Андреевич",
        "Воробьёва Анна Сергеевна",
    }


async def test_a_file_with_a_fault_is_refused_whole(house: House) -> None:
    await house.publish(entry(number="OLD"))
    found = await house.faults(
        entry(),
        entry(number="B", nodes=["F-12", "X-1", "H-1", "X-1", "X-2"]),
        entry(number="OLD", nodes=["F-7"]),
        planned(number="C", starts_at="2026-11-20T10:00:00+03:00"),
        entry(number="D", kind="storm"),
    )
    assert [(fault.path, fault.message.en) for fault in found] == [
        ("outages[1].nodes[1]", "The network has no node X-1."),
        ("outages[1].nodes[4]", "The network has no node X-2."),
        (
            "outages[2].nodes",
            "Revision 1 of outage OLD was published before, with something else here.",
        ),
        ("outages[3].starts_at", "The planned start has passed."),
        ("outages[4].kind", '"storm" is not possible here.'),
    ]
    lines = body(entry(), entry(number="B", nodes=["F-12", "X-1"])).decode().split("\n")
    assert found[0].line == next(n for n, line in enumerate(lines, 1) if "X-1" in line)
    assert [outage.number for outage in await house.db.outages.recent()] == ["OLD"]
    assert house.heard == [("OLD", 1)]


async def test_a_repeat_is_no_news_and_may_be_old(house: House) -> None:
    """A feed that tells everything again each hour: times have passed, the network has changed."""
    works = planned(number="W", starts_at="2026-11-22T20:00:00+03:00", nodes=["H-8"])
    await house.publish(works)
    assert (await house.board.close("W", "cancelled", "anna")).became == "changed"
    await house.db.network.replace([])
    house.now += timedelta(days=40)
    assert await house.publish(works) == [("W", 2, "same")]


async def test_the_end_needs_no_network(house: House) -> None:
    await house.publish(entry(nodes=["H-3"]))
    over = entry(nodes=["H-3", "GONE"], revision=2, state="restored")
    assert await house.publish(over) == [("2026-117", 2, "changed")]


async def test_close(house: House) -> None:
    await house.publish(entry(estimated_restoration_at="2026-11-22T20:30:00+03:00"))
    house.now += timedelta(hours=3, microseconds=7)
    closed = await house.board.close("2026-117", "restored", "boris")
    assert closed.became == "changed"
    assert (closed.outage.state, closed.outage.revision) == (OutageState.restored, 2)
    assert (closed.outage.ended_at, closed.outage.source) == (house.now, "boris")
    assert await house.board.close("2026-117", "restored", "boris") == Published(closed.outage, "same")
    with pytest.raises(ConfigFaults, match="restored already"):
        await house.board.close("2026-117", "cancelled", "boris")
    with pytest.raises(UnknownOutage):
        await house.board.close("X", "restored", "boris")
    assert house.heard == [("2026-117", 1), ("2026-117", 2)]


async def test_what_has_not_begun_is_not_restored(house: House) -> None:
    await house.publish(planned())
    with pytest.raises(ConfigFaults, match="before it has started"):
        await house.board.close("2026-117", "restored", "boris")
    assert (await house.board.close("2026-117", "cancelled", "boris")).outage.state == "cancelled"


async def test_two_publish_one_number_at_once(house: House) -> None:
    both = await asyncio.gather(
        house.publish(entry()),
        house.publish(entry(cause={"ru": "Другое", "en": "Other"})),
        house.publish(entry()),
        return_exceptions=True,
    )
    won = [("2026-117", 1, "new")]
    same, other = [both[0], both[2]], [both[1]]
    taken, refused = (other, same) if both[1] == won else (same, other)
    assert won in taken, "whoever comes first"
    assert all(answer in (won, [("2026-117", 1, "same")]) for answer in taken)
    assert all("with something else here" in str(answer) for answer in refused)
    assert house.heard == [("2026-117", 1)]


class Racing(Outages):
    """Another process is a moment quicker."""

    async def publish_all(self, published: Sequence[tuple[Outage, Mapping[str, Any]]]) -> tuple[Outage, ...]:
        await super().publish_all(published[-1:])
        return await super().publish_all(published)


async def test_another_process_was_first(house: House) -> None:
    board = house.new_board(Racing(house.db))
    with pytest.raises(ConfigFaults, match="Somebody published first: revision 1 of outage B"):
        await board.publish(body(entry(number="A"), entry(number="B")), FILE, "anna")
    assert [outage.number for outage in await house.db.outages.recent()] == ["B"]
    assert house.heard == []


async def test_the_store_itself_takes_all_or_nothing(house: House) -> None:
    await house.publish(entry(number="A"))
    a = await house.db.outages.get("A")
    assert a is not None
    with pytest.raises(RevisionTaken):
        await house.db.outages.publish_all([(replace(a, number="N"), {}), (a, {})])
    assert await house.db.outages.get("N") is None


async def test_campaigns_that_fail_hear_of_it_again(house: House) -> None:
    house.deaf = ["A"]
    with pytest.raises(StoreUnavailable):
        await house.publish(entry(number="A"), entry(number="B"))
    assert house.heard == [("B", 1)]
    assert await house.publish(entry(number="A")) == [("A", 1, "same")]
    assert house.heard == [("B", 1), ("A", 1)]
    await house.publish(entry(number="A"))
    assert house.heard == [("B", 1), ("A", 1)]


async def test_they_hear_of_it_again_although_nobody_publishes_it_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages_board, "RETRY_SECONDS", 0.0)
    house.deaf = ["A", "A"]
    running = asyncio.create_task(house.board.run())
    with pytest.raises(StoreUnavailable):
        await house.publish(entry(number="A"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await house.has_heard.wait()
    assert (house.heard, house.deaf) == ([("A", 1)], [])
    running.cancel()


async def test_one_that_cannot_be_taken_keeps_no_other_waiting(house: House) -> None:
    house.broken = ["A"]
    with pytest.raises(LookupError):
        await house.publish(entry(number="A"), entry(number="B"))
    with pytest.raises(LookupError):
        await house.publish(entry(number="C"))
    assert house.heard == [("B", 1), ("C", 1)]


async def test_a_file_that_takes_long_to_read_keeps_nobody_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_read, reading = threading.Event(), threading.Event()

    def slowly(raw: bytes, name: str) -> Draft:
        if name == "slow":
            reading.set()
            assert is_read.wait(20)
        return read_draft(raw, name)

    monkeypatch.setattr(outages_board, "read_draft", slowly)
    slow = asyncio.create_task(house.board.publish(body(entry(number="SLOW")), "slow", "anna"))
    assert await asyncio.to_thread(reading.wait, 20)
    assert await house.publish(entry(number="QUICK")) == [("QUICK", 1, "new")]
    is_read.set()
    assert [each.became for each in await slow] == ["new"]


async def test_after_a_restart_they_hear_of_what_has_no_campaign(house: House) -> None:
    house.deaf = ["A"]
    with pytest.raises(StoreUnavailable):
        await house.publish(entry(number="A"))
    house.heard.clear()
    await house.new_board().start()
    assert house.heard == [("A", 1)]


class Counting(Outages):
    asked = 0

    async def affecting(self, customers: Collection[CustomerId]) -> tuple[Outage, ...]:
        self.asked += 1
        return await super().affecting(customers)


async def test_at(house: House) -> None:
    outages = Counting(house.db)
    house.board = house.new_board(outages)
    (emily,) = await house.db.customers.find_by_number(ENGLISH_NUMBER)
    await house.board.start()
    assert await house.board.at([emily.id]) == ()
    assert outages.asked == 0
    await house.publish(entry(number="ELSEWHERE"), planned(number="WORKS", nodes=["F-7"]))
    assert await house.board.at([]) == ()
    assert await house.board.at([emily.id]) == ()
    house.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert [outage.number for outage in await house.board.at([emily.id])] == ["WORKS"]
    now = house.now.isoformat()
    await house.publish(entry(number="NOW", starts_at=now, nodes=["H-6"]))
    restarted = house.new_board(outages)
    await restarted.start()
    for board in (house.board, restarted):
        assert [outage.number for outage in await board.at([emily.id])] == ["NOW", "WORKS"]
    for number in ("NOW", "ELSEWHERE"):
        await house.board.close(number, "restored", "anna")
    await house.board.close("WORKS", "cancelled", "anna")
    asked = outages.asked
    assert await house.board.at([emily.id]) == ()
    assert outages.asked == asked


async def test_the_largest_file(house: House) -> None:
    many = [entry(number=f"N-{n}") for n in range(500)]
    assert len(await house.publish(*many)) == 500
    assert {became for *_, became in await house.publish(*many)} == {"same"}
    assert len(house.heard) == 500

"""The daemon's inner way in a process of its own: AmiLink, translate, inbox, Floor, Tracker, Records.

With the inbox's size, the lanes and the batches of production. The store and the customer base answer at
once: what leaves the floor is ``operators``' to measure.

    python -m benchmarks.storm_house PORT EVENTS CALLS     prints one JSON object
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.pop_house import QUEUES, number_of
from benchmarks.pop_pbx import SECRET
from benchmarks.storm_stream import FIRST_PHONE, PHONES
from callcore import logs
from callcore.ami.client import AmiLink, AmiSettings
from callcore.ami.protocol import AmiAction, Headers
from callcore.app import INBOX_SIZE
from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules
from callcore.calls.tracker import Tracker
from callcore.commands.run import _spare_collector
from callcore.domain import AgentState, CallId, ChannelRef, Interface, Login, PbxName, QueueName
from callcore.floor.clock import SteadyClock
from callcore.floor.floor import Floor
from callcore.floor.ids import mint_call_id
from callcore.floor.lookups import Found
from callcore.floor.records import Records

MAIN = PbxName("main")
LIMIT_SECONDS = 120.0


class Link(AmiLink):
    """Notes when the bytes of an event were read."""

    def __init__(self, settings: AmiSettings, inbox: Any) -> None:
        super().__init__(settings, inbox)
        self.seen = 0
        self.first_read_at = 0.0
        self.connect_read_at: dict[str, float] = {}
        """AgentConnect, by the caller's number."""

    def _on_event(self, headers: Headers, raw: bytes) -> None:
        self.seen += 1
        if not self.first_read_at and self._session is not None and headers["event"] == "Newchannel":
            self.first_read_at = self._session.last_heard
        if raw.startswith(b"Event: AgentConnect\r\n") and self._session is not None:
            self.connect_read_at[str(headers["calleridnum"])] = self._session.last_heard
        super()._on_event(headers, raw)


class Store:
    """Calls and contacts by id; takes everything at once."""

    def __init__(self) -> None:
        self.contacts: Counter[CallId] = Counter()

    async def remember(self, call: CallId, channel: ChannelRef, at: datetime) -> CallId:
        return call

    async def open_calls(self, pbx: PbxName) -> tuple[Any, ...]:
        return ()

    async def save(self, contact: do.Contact) -> str:
        self.contacts[contact.call] += 1
        return "new"


class House:
    """Everything between the socket and the effects, wired as ``app`` does."""

    def __init__(self, port: int) -> None:
        settings = AmiSettings(name=MAIN, host="127.0.0.1", port=port, username="callcore", secret=SECRET)
        self.inbox: asyncio.Queue[tuple[PbxName, f.Fact]] = asyncio.Queue(INBOX_SIZE)
        self.link = Link(settings, self.inbox)
        self.store = Store()
        self.pops: dict[str, list[float]] = {}
        """Seconds from the read to the card, by the caller's number; two would be one too many."""
        self.taken = 0
        self.taken_at = 0.0
        self.records = Records(self.store, self.store, Nobody(), self._answer, _quiet)
        rules = AgentRules(wrap_up=timedelta(0))
        self.tracker = Tracker(mint=mint_call_id, canonical=_canonical, rules=rules)
        kinds: dict[type, Callable[[do.Effect], None]] = {
            do.PopCard: self._pop,
            do.RememberCall: self.records.carry,
            do.LogContact: self.records.carry,
            do.LookUpCustomers: self.records.carry,
        }
        carriers = {kind: (carry,) for kind, carry in kinds.items()}
        self.floor = Floor(self.tracker, SteadyClock(), carriers, watch=self._watch)

    def _answer(self, fact: f.Fact) -> None:
        self.taken -= 1  # not one of the link's
        self.floor.take(fact)

    def _watch(self, _fact: f.Fact) -> None:
        self.taken += 1
        self.taken_at = time.monotonic()  # the loop's own clock

    def _pop(self, effect: do.Effect) -> None:
        assert isinstance(effect, do.PopCard)
        number = (effect.view.caller_number or "").lstrip("+")
        read_at = self.link.connect_read_at.get(number, 0.0)
        self.pops.setdefault(number, []).append(asyncio.get_running_loop().time() - read_at)

    def sign_in(self) -> None:
        for phone in range(FIRST_PHONE, FIRST_PHONE + PHONES):
            login, queues = Login(f"op{phone}"), tuple(map(QueueName, QUEUES))
            seat = Interface(f"PJSIP/{phone}")
            self.floor.take(f.AgentSignedIn(login, login, MAIN, seat, queues, AgentState.paused, None))
            self.floor.take(f.DeskOpened(login))
            self.floor.take(f.AgentBecameReady(login))
        self.taken = 0


def _canonical(raw: str | None) -> str | None:
    return f"+{raw}" if raw else None


class Nobody:
    """Has this number."""

    async def __call__(self, number: str) -> Found:
        return Found()


async def _quiet(_contact: do.Contact) -> None:
    return


def _rss_mib() -> float:
    """The most that this process ever held. (getrusage's figure begins with what the parent held.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def _burst(port: int, events: int, calls: int) -> dict[str, Any]:
    house = House(port)
    async with asyncio.TaskGroup() as group:
        running = [
            group.create_task(house.link.run()),
            group.create_task(house.floor.consume(house.inbox, house.records.enrich)),
        ]
        await house.link.settled()
        await _until(lambda: house.taken > 0 and house.inbox.empty())
        house.sign_in()
        link, counters, before = house.link, house.link.counters, house.link.counters.events
        seen, cpu = link.seen + counters.dropped, time.process_time()
        rss = _rss_mib()
        asked = group.create_task(link.call(AmiAction("UserEvent", (("UserEvent", "Burst"),)), 30))
        await _until(
            lambda: link.seen + counters.dropped - seen >= events and house.taken >= counters.events - before
        )
        await asked
        seconds, cpu = house.taken_at - link.first_read_at, time.process_time() - cpu
        await house.records.drain()
        house.floor.stop()
        for task in running:
            task.cancel()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "events": link.seen + counters.dropped - seen,
        "facts": counters.events - before,
        "facts_taken": house.taken,
        "odd": sum(link.odd.values()),
        "paused": counters.paused,
        "rss_mib": _rss_mib(),
        "rss_before_mib": rss,
        "faults": _faults(house, calls),
        "pops": sorted(times[0] for times in house.pops.values()),
    }


async def _until(holds: Callable[[], bool]) -> None:
    """Looked at seldom, so that looking costs nothing; the moments that count are noted where they are."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not holds():  # noqa: ASYNC110 - no bell rings in what is measured
            await asyncio.sleep(0.02)


def _faults(house: House, calls: int) -> dict[str, int]:
    """What is missing or double."""
    numbers = {number_of(serial).lstrip("+") for serial in range(1, calls + 1)}
    faults = Counter[str]()
    faults["calls without a card"] = len(numbers - house.pops.keys())
    faults["cards of nobody's call"] = len(house.pops.keys() - numbers)
    faults["calls with two cards"] = sum(len(times) > 1 for times in house.pops.values())
    faults["calls without a contact"] = calls - len(house.store.contacts)
    faults["calls with two contacts"] = sum(times > 1 for times in house.store.contacts.values())
    faults["calls that never end"] = len(house.tracker.calls)
    faults["messages that failed"] = house.link.counters.broken
    faults["refused by a lane"] = sum(lane.refused for lane in house.records.lanes)
    return {name: count for name, count in faults.items() if count}


def main() -> int:
    logs.configure("ERROR", stream=sys.stderr)
    _spare_collector()  # as the daemon does when it has started
    port, events, calls = map(int, sys.argv[1:4])
    print(json.dumps(asyncio.run(_burst(port, events, calls))))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The campaigns with a real database and the real outbound room, before a scripted PBX and gateway.

Every number behaves as the test says; what left is in ``Carrier.calls`` and ``Carrier.texts``.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callcore.calls.attempt import AttemptId, CampaignId
from callcore.calls.campaign import Campaign, News, Target
from callcore.campaigns.desk import CampaignDesk
from callcore.campaigns.plan import Again, Rules
from callcore.campaigns.ports import Setup
from callcore.campaigns.ports import Trunk as TrunkSetup
from callcore.campaigns.recipients import House
from callcore.campaigns.runner import CampaignRunner
from callcore.domain import (
    CustomerId,
    NodeCode,
    NodeKind,
    Outage,
    OutageId,
    OutageKind,
    OutageState,
    Text,
)
from callcore.outbound.gate import Destinations, Permit, Profile
from callcore.outbound.ports import (
    CallAnswered,
    CallDialled,
    CallHungUp,
    CallNews,
    CallOrder,
    CallTold,
    MessageOrder,
    NotSent,
    Receipt,
    ReceiptState,
    RouteGone,
    Trace,
    Traces,
    Unsure,
)
from callcore.outbound.room import CallRoute, MessageRoute, Outbound
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.network import NetworkNode, NewNode
from callcore.testing.patience import PATIENCE_SECONDS

FEEDER = NodeCode("F-1")
HOUSE, ANOTHER = NodeCode("H-1"), NodeCode("H-2")
PROFILE = Profile("emergency", None, None, 10, 10, timedelta(hours=24), Destinations(("+7",)))
RULES = Rules(
    busy=Again(1, timedelta(seconds=0.2)),
    no_answer=Again(1, timedelta(seconds=0.2)),
    network=Again(1, timedelta(seconds=0.2)),
    not_sent=Again(3, timedelta(seconds=0.1)),
)
CAUSES = {"busy": ("BUSY", 17), "no_answer": ("NOANSWER", 19), "rejected": ("NOANSWER", 21)}
CAUSES |= {"unreachable": ("CHANUNAVAIL", 1), "network": ("CONGESTION", 34), "failed": ("NOANSWER", 58)}


def now() -> datetime:
    return datetime.now(UTC)


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition; the time limit only ends a test that has failed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def hurried(seconds: float) -> None:
    """Sweeps and second looks of the room come sooner; its pace asks again until it is time."""
    await asyncio.sleep(min(seconds, 0.02))


def mobile(n: int) -> str:
    return f"+7913{n:07}"


@dataclass
class Carrier:
    """Subscribers. ``behaves``: number and how often it was tried before, to what happens:

    ``told``, ``told:KEY``, ``early``, one of ``CAUSES``, ``not_sent``, ``unsure``, ``held`` (until
    ``let_go``).
    ``receives``: number to ``delivered``, ``failed``, ``silent``, ``not_sent``, ``unsure``.
    """

    behaves: Callable[[str, int], str] = lambda number, nth: "told"
    receives: Callable[[str], str] = lambda number: "delivered"
    call_seconds: float = 0.01
    calls: list[tuple[str, float]] = field(default_factory=list)
    """Number and monotonic moment of each dial that left."""
    texts: list[tuple[str, str]] = field(default_factory=list)
    notices: dict[AttemptId, str] = field(default_factory=dict)
    alive: dict[AttemptId, str] = field(default_factory=dict)
    most_alive: int = 0
    journal: dict[AttemptId, Trace] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)

    def times(self, number: str) -> int:
        return sum(each == number for each, _ in self.calls)


class ScriptedDialer:
    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.trouble: Text | None = None
        self.take: Callable[[CallNews], None] = lambda news: None
        self.started_at = now() - timedelta(days=1)

    async def dial(self, permit: Permit, order: CallOrder) -> None:
        carrier, number, attempt = self.carrier, permit.ask.number, permit.ask.attempt
        if self.trouble is not None:
            raise RouteGone(self.trouble.en)
        behaviour = carrier.behaves(number, carrier.tried[number])
        carrier.tried[number] += 1
        if behaviour == "not_sent":
            raise NotSent("a scripted one")
        assert number not in carrier.alive.values(), "rung while the call lives"
        carrier.calls.append((number, time.monotonic()))
        carrier.notices[attempt] = order.notice
        carrier.alive[attempt] = number
        carrier.most_alive = max(carrier.most_alive, len(carrier.alive))
        carrier.journal[attempt] = Trace(is_alive=True, dialling_at=now())
        if behaviour == "unsure":
            self._later(attempt, "told")
            raise Unsure("a scripted one")
        if behaviour != "held":
            self._later(attempt, behaviour)

    def _later(self, attempt: AttemptId, behaviour: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self.carrier.call_seconds, self.end, attempt, behaviour)

    def let_go(self, number: str, behaviour: str = "told") -> None:
        [attempt] = [id for id, each in self.carrier.alive.items() if each == number]
        self.end(attempt, behaviour)

    def end(self, attempt: AttemptId, behaviour: str) -> None:
        trace = replace(self.carrier.journal[attempt], is_alive=False, ended_at=now())
        del self.carrier.alive[attempt]
        if behaviour in CAUSES:
            status, cause = CAUSES[behaviour]
            self.carrier.journal[attempt] = replace(trace, status=status, cause=cause)
            news: list[CallNews] = [CallDialled(attempt, status, cause), CallHungUp(attempt, cause)]
        else:
            heard = 1.0 if behaviour == "early" else 9.0
            key, enough = behaviour.partition(":")[2] or None, behaviour != "early"
            self.carrier.journal[attempt] = replace(
                trace,
                answered_at=now(),
                status="ANSWER",
                cause=16,
                told_seconds=heard,
                told_key=key,
                told_enough=enough,
            )
            told = CallTold(attempt, heard, key, enough)
            news = [CallAnswered(attempt), CallHungUp(attempt, 16), told]
        for each in news:
            self.take(each)

    async def trace(self, attempts: Collection[AttemptId]) -> Traces:
        if self.trouble is not None:
            raise RouteGone(self.trouble.en)
        known = {id: self.carrier.journal[id] for id in attempts if id in self.carrier.journal}
        return Traces(self.started_at, known)

    async def hang_up(self, attempt: AttemptId) -> None:
        raise AssertionError("nobody hangs up")


class ScriptedMessenger:
    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.trouble: Text | None = None
        self.receipt: Callable[[Receipt], Awaitable[None]]
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, permit: Permit, order: MessageOrder) -> tuple[str, ...]:
        number = permit.ask.number
        if self.trouble is not None:
            raise RouteGone(self.trouble.en)
        behaviour = self.carrier.receives(number)
        if behaviour == "not_sent":
            raise NotSent("a scripted one")
        self.carrier.texts.append((number, order.text))
        if behaviour == "unsure":
            raise Unsure("a scripted one")
        id = f"m{len(self.carrier.texts)}"
        if behaviour in {"delivered", "failed"}:
            state = ReceiptState(behaviour)
            task = asyncio.create_task(self.receipt(Receipt("dry", id, number, state, behaviour)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return (id,)


class Words:
    def notice(self, outage: Outage, news: News) -> tuple[Text, Text]:
        said = f"{news} {outage.number}/{outage.revision}"
        return Text(f"ru {said}", f"en {said}"), Text(f"смс {said}", f"sms {said}")

    def caller(self, outage: Outage) -> Text:
        return Text("у вас отключение", "you have an outage")

    def parts(self, text: str) -> tuple[int, str]:
        return 1, "GSM-7" if text.isascii() else "UCS-2"


class Stage:
    """``async with Stage.open(folder) as stage``; ``stage.start()``, then ``stage.publish(…)``."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.carrier = Carrier()
        self.profiles = {"emergency": PROFILE, "planned": replace(PROFILE, code="planned")}
        self.rules = RULES
        self.routes = {"main": 2000}
        """PBX to calls per second."""
        self.lines = 2000
        self.has_sms = True
        self.dialers: dict[str, ScriptedDialer] = {}
        self.messenger: ScriptedMessenger
        self.prepare: Callable[[str, str, str], Awaitable[str | None]] = self._prepared
        self.halt_after = 1000
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Stage]:
        async with await Database.open(f"sqlite:///{folder}/callcore.db", create=True) as db:
            stage = cls(db)
            try:
                yield stage
            finally:
                await stage.stop()

    async def people(self, numbers: Sequence[Sequence[str]], zone: str | None = None) -> None:
        """Customer n (from 1) with these numbers, all below FEEDER, the first half in HOUSE, the others in
        ANOTHER; every even one speaks English."""
        customers = [
            NewCustomer(f"К-{n}", f"Абонент {n}", language="ru" if n % 2 else "en", numbers=tuple(each))
            for n, each in enumerate(numbers, 1)
        ]
        await self.db.customers.add_many(customers)
        feeder = NetworkNode(FEEDER, None, NodeKind.feeder, "Фидер 1", zone)
        contracts = tuple(each.contract for each in customers)
        half = (len(contracts) + 1) // 2
        houses = [(HOUSE, "Лесная, 1", contracts[:half]), (ANOTHER, "Лесная, 2", contracts[half:])]
        await self.db.network.replace(
            [
                NewNode(feeder, ()),
                *(NewNode(NetworkNode(c, FEEDER, NodeKind.house, n, None), who) for c, n, who in houses),
            ]
        )

    async def start(self) -> None:
        for name in self.routes:
            self.dialers.setdefault(name, ScriptedDialer(self.carrier))
        self.messenger = ScriptedMessenger(self.carrier)
        setup = Setup(
            house=House("RU", "ru", "Europe/Moscow", has_voice=bool(self.routes), has_sms=self.has_sms),
            rules=replace(self.rules, has_sms=self.has_sms),
            trunks={name: TrunkSetup(30, "+74950000000") for name in self.routes},
            gateway="dry" if self.has_sms else None,
            profiles=self.profiles,
            profile_of={kind: kind.value for kind in OutageKind},
        )
        db = self.db
        self.runner = CampaignRunner(
            setup, db.campaigns, db.attempts, db.network, db.outages, Words(), self.prepare, now
        )
        calls = {name: CallRoute(self.dialers[name], rate, self.lines) for name, rate in self.routes.items()}
        self.room = Outbound(
            db.attempts,
            calls,
            {"dry": MessageRoute(self.messenger, 2000)} if self.has_sms else {},
            self.runner,
            now,
            time.monotonic,
            halt_after_failures=self.halt_after,
            receipt_within=timedelta(seconds=1),
            sleep=hurried,
        )
        for dialer in self.dialers.values():
            dialer.take = self.room.take
        self.messenger.receipt = self.room.receipt
        self.runner.bind(self.room)
        self.desk = CampaignDesk(self.runner)
        self._tasks = [asyncio.create_task(self.runner.run()), asyncio.create_task(self.room.run())]

    async def stop(self) -> None:
        """The daemon ends. What lives at the PBX goes on, and its news reach nobody."""
        for dialer in self.dialers.values():
            dialer.take = lambda news: None
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def _prepared(self, pbx: str, text: str, language: str) -> str | None:
        return f"/prompts/{pbx}/{language}/{text}"

    # --- what happens

    async def publish(self, number: str = "2026-1", **changes: Any) -> Campaign:
        """The next revision of this outage."""
        known = await self.db.outages.get(number)
        values: dict[str, Any] = {
            "id": known.id if known else OutageId(0),
            "number": number,
            "revision": known.revision + 1 if known else 1,
            "source": "test",
            "kind": OutageKind.emergency,
            "state": OutageState.changed if known else OutageState.confirmed,
            "cause": Text("авария", "a fault"),
            "starts_at": now(),
            "estimated_restoration_at": None,
            "ended_at": None,
            "nodes": (FEEDER,),
            "published_at": now(),
            "changed_at": now(),
        }
        outage = Outage(**(values | changes))
        stored = await self.db.outages.publish(outage, {"nodes": list(outage.nodes)})
        await self.runner.published(stored)
        return (await self.db.campaigns.of_outage(stored.id))[0]

    async def is_over(self, id: CampaignId) -> bool:
        campaign = await self.db.campaigns.get(id)
        return campaign is not None and campaign.state.is_over

    async def targets(self, id: CampaignId) -> dict[CustomerId | None, Target]:
        lines = await self.db.campaigns.lines(id, limit=100_000)
        return {line.target.customer: line.target for line in lines}

    async def check_the_ledger(self, id: CampaignId) -> None:
        """Every target has ended once, with a reason, and so has every attempt."""
        for target in (await self.targets(id)).values():
            assert target.result is not None, target
            assert target.reason, target
            assert target.attempt is None, target
            tried = await self.db.attempts.of_target(target.id)
            assert all(attempt.outcome is not None for attempt in tried)
            assert len({attempt.id for attempt in tried}) == len(tried)

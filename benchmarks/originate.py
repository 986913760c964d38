"""Placed calls: how fast the whole room dials, and whether its caps hold.

A real PBX dials through a second one that plays the carrier. ``originate``: a campaign out of the database,
with permits, intents and outcomes, keeps its lines busy with phones that ring as short as settings allow and
that nobody picks up. Beside it: the barest loop, which sends the same Originates over the same link and only
counts lines. Both in turns, five rounds. ``originate_caps``: for each cap a campaign of people who are
busy, so that only the cap holds it back; the moments are those at which an Originate is written. What the
carrier saw is told beside it: there the jitter of two PBXs comes on top.

    python -m benchmarks.originate
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from callcore import logs
from callcore.ami.client import AmiLink, AmiSettings, Inbox
from callcore.ami.dialer import AmiDialer
from callcore.calls.attempt import Medium
from callcore.calls.campaign import News
from callcore.calls.number_history import NumberHistory
from callcore.campaigns.plan import Again, Rules
from callcore.campaigns.ports import Setup, Trunk
from callcore.campaigns.recipients import House
from callcore.campaigns.runner import CampaignRunner, mint_attempt_id
from callcore.domain import NodeCode, NodeKind, Outage, OutageId, OutageKind, OutageState, PbxName, Text
from callcore.ivr.dialplan import include_file
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.outbound.ports import CallHungUp, CallNews, CallOrder, NotSent, Unsure
from callcore.outbound.room import CallRoute, Outbound
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.network import NetworkNode, NewNode
from callcore.testing.carrier import TRUNK, Carrier
from callcore.testing.lab import AsteriskLab, OutgoingTrunk
from callcore.testing.lab.errors import LabError
from callcore.testing.lab.process import free_port

ROUNDS = 5
LINES = 20
CALLS = 4 * LINES
"""Of one round. The first fill the lines, and are not counted."""
RING_SECONDS = 5
FAST = 200
"""Calls a second: no cap at all, beside these lines."""
CAPS = (1, 2, 5, 10, 20)
CAP_SECONDS = 20
LIMIT_SECONDS = 600.0
LINK_SECONDS = 20.0
GOAL_RATIO, GOAL_USED = 0.95, 98.0
MAIN = PbxName("main")
RINGS, BUSY = "21", "20"
"""Last digits of a number: who lives there (``testing.carrier``)."""
NOTICE = "demo-congrats"
PROFILE = Profile("bench", None, None, 10_000, 0, timedelta(hours=24), Destinations(("+7",)))
NEVER_AGAIN = Again(0, timedelta(seconds=1))


class Pbx:
    """The link, the dialer, and when it was told to dial."""

    def __init__(self, lab: AsteriskLab) -> None:
        self._inbox: Inbox = asyncio.Queue(10_000)
        settings = AmiSettings(MAIN, "127.0.0.1", lab.username, lab.secret, lab.ami_port)
        self._link = AmiLink(settings, self._inbox)
        self._dialer = AmiDialer(self._link, self._take, now)
        self.trace, self.hang_up = self._dialer.trace, self._dialer.hang_up
        self.listener = _nobody
        self.dialled: list[float] = []
        """Monotonic moments."""

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Pbx]:
        tasks = [asyncio.create_task(self._link.run()), asyncio.create_task(self._pump())]
        try:
            async with asyncio.timeout(LINK_SECONDS):
                if await self._link.settled() != "up":
                    raise LabError(f"no link to the PBX: {self._link.why}")
            yield self
        finally:
            await self._link.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self) -> None:
        while True:
            _, fact = await self._inbox.get()
            self._dialer.take_fact(fact)

    def _take(self, news: CallNews) -> None:
        self.listener(news)

    # --- the Dialer

    @property
    def trouble(self) -> Text | None:
        return self._dialer.trouble

    async def dial(self, permit: Permit, order: CallOrder) -> None:
        self.dialled.append(time.monotonic())
        await self._dialer.dial(permit, order)


def _nobody(news: CallNews) -> None:
    """Nobody listens."""


def now() -> datetime:
    return datetime.now(UTC)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for is not ours to signal
        await asyncio.sleep(0.02)


class Words:
    def notice(self, outage: Outage, news: News) -> tuple[Text, Text]:
        return Text("Проверка.", "A test."), Text("Проверка.", "A test.")

    def caller(self, outage: Outage) -> Text:
        return Text("Проверка.", "A test.")

    def parts(self, text: str) -> tuple[int, str]:
        return 1, "UCS-2"


async def _prepared(pbx: str, text: str, language: str) -> str | None:
    return NOTICE


class Campaigns:
    """The whole room, one campaign after the other."""

    def __init__(self, database: Database, pbx: Pbx) -> None:
        self._database = database
        self._pbx = pbx
        self._numbers = count(1)

    async def fill(self) -> None:
        """People by how they behave, at nodes of that name."""
        sizes = {RINGS: CALLS, BUSY: (CAP_SECONDS + 2) * max(CAPS)}
        people = {
            who: [NewCustomer(f"{who}-{n}", f"{who} {n}", numbers=(number(n, who),)) for n in range(size)]
            for who, size in sizes.items()
        }
        await self._database.customers.add_many(each for group in people.values() for each in group)
        await self._database.network.replace(
            [
                NewNode(
                    NetworkNode(NodeCode(who), None, NodeKind.feeder, who, None),
                    tuple(each.contract for each in group),
                )
                for who, group in people.items()
            ]
        )

    async def run(self, who: str, rate: int, lines: int, calls: int) -> list[float]:
        """When ``calls`` people of this kind were dialled. Returns when all of them are off the line."""
        database, pbx = self._database, self._pbx
        runner = CampaignRunner(
            _setup(),
            database.campaigns,
            database.attempts,
            database.network,
            database.outages,
            Words(),
            _prepared,
            now,
        )
        room = Outbound(
            database.attempts,
            {MAIN: CallRoute(pbx, rate, lines)},
            {},
            runner,
            now,
            time.monotonic,
            halt_after_failures=1_000_000,
        )
        runner.bind(room)
        pbx.listener = room.take
        tasks = [asyncio.create_task(room.run()), asyncio.create_task(runner.run())]
        try:
            pbx.dialled.clear()
            await self._publish(runner, who)
            await until(lambda: len(pbx.dialled) >= calls)
            moments = pbx.dialled[:calls]
            for campaign in await database.campaigns.living():
                await runner.stop(campaign.id, "bench")
            await until(lambda: not runner.work.under_way)
            return moments
        finally:
            pbx.listener = _nobody
            for task in reversed(tasks):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _publish(self, runner: CampaignRunner, who: str) -> None:
        outage = Outage(
            id=OutageId(0),
            number=f"bench-{next(self._numbers)}",
            revision=1,
            source="bench",
            kind=OutageKind.emergency,
            state=OutageState.confirmed,
            cause=Text("проверка", "a test"),
            starts_at=now(),
            estimated_restoration_at=None,
            ended_at=None,
            nodes=(NodeCode(who),),
            published_at=now(),
            changed_at=now(),
        )
        await runner.published(await self._database.outages.publish(outage, {"nodes": [who]}))


def _setup() -> Setup:
    return Setup(
        house=House("RU", "ru", "Europe/Moscow", has_voice=True, has_sms=False),
        rules=Rules(NEVER_AGAIN, NEVER_AGAIN, NEVER_AGAIN, NEVER_AGAIN, has_sms=False),
        trunks={MAIN: Trunk(RING_SECONDS)},
        gateway=None,
        profiles={PROFILE.code: PROFILE},
        profile_of=dict.fromkeys(OutageKind, PROFILE.code),
    )


def number(n: int, who: str) -> str:
    return f"+7916{n:05}{who}"


class Bare:
    """The floor: as many calls at the same time, and nothing else."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._free = asyncio.Semaphore(LINES)
        self._ended = 0

    def _take(self, news: CallNews) -> None:
        if isinstance(news, CallHungUp):
            self._ended += 1
            self._free.release()

    async def run(self) -> list[float]:
        self._pbx.listener = self._take
        self._pbx.dialled.clear()
        self._ended = 0
        order = CallOrder(NOTICE, "ru", RING_SECONDS, "")
        for n in range(CALLS):
            await self._free.acquire()
            with suppress(NotSent, Unsure):
                await self._pbx.dial(_permit(number(n, RINGS)), order)
        await until(lambda: self._ended >= CALLS)
        self._pbx.listener = _nobody
        return list(self._pbx.dialled)


def _permit(called: str) -> Permit:
    ask = Ask(mint_attempt_id(now()), Medium.voice, Purpose.notice, called, "Europe/Moscow", MAIN, PROFILE)
    answer = decide(ask, NumberHistory(), now())
    assert isinstance(answer, Permit)
    return answer


def per_second(moments: Sequence[float]) -> float:
    return (len(moments) - 1) / (moments[-1] - moments[0])


def most_in_a_second(moments: Sequence[float]) -> int:
    """In whichever rolling second holds most."""
    return max(sum(first <= at < first + 1.0 for at in moments[n:]) for n, first in enumerate(moments))


async def _measure() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="callcore-bench-") as name:
        folder = Path(name)
        include = folder / "callcore.conf"
        include.write_text(include_file(), encoding="utf-8")
        async with Carrier(folder / "carrier") as carrier:
            lab = AsteriskLab(
                folder / "pbx",
                includes=[include],
                variables={
                    "CALLCORE_AGI": f"127.0.0.1:{free_port()}",
                    "CALLCORE_PBX": MAIN,
                    "CALLCORE_FALLBACK_QUEUE": "none",
                    **TRUNK,
                },
                carrier=OutgoingTrunk("127.0.0.1", carrier.sip_port),
            )
            await lab.start()
            try:
                async with (
                    Pbx(lab).connected() as pbx,
                    await Database.open(f"sqlite:///{folder}/callcore.db", create=True) as database,
                ):
                    campaigns = Campaigns(database, pbx)
                    await campaigns.fill()
                    return [await _rates(campaigns, Bare(pbx)), await _caps(campaigns, carrier)]
            finally:
                await lab.kill()


async def _rates(campaigns: Campaigns, bare: Bare) -> dict[str, Any]:
    rates, floors = [], []
    for _ in range(ROUNDS):
        floors.append(per_second((await bare.run())[LINES:]))
        rates.append(per_second((await campaigns.run(RINGS, FAST, LINES, CALLS))[LINES:]))
    return rate_line(rates, floors)


def rate_line(rates: Sequence[float], floors: Sequence[float]) -> dict[str, Any]:
    """``rates``, ``floors``: calls a second, round by round."""
    value, floor = median(rates), median(floors)
    return {
        "bench": "originate",
        "value": round(value, 2),
        "unit": "calls/s",
        "floor": round(floor, 2),
        "ratio": round(value / floor, 3),
        "goal": f"at least {GOAL_RATIO:g} of a bare loop with as many lines ({LINES})",
        "met": value / floor >= GOAL_RATIO,
        "n": (CALLS - LINES) * len(rates),
    }


async def _caps(campaigns: Campaigns, carrier: Carrier) -> dict[str, Any]:
    moments: dict[int, list[float]] = {}
    heard: dict[int, list[float]] = {}
    for cap in CAPS:
        before = len(await carrier.invites())
        moments[cap] = await campaigns.run(BUSY, cap, 1000, cap * CAP_SECONDS + 1)
        heard[cap] = [invite.at.timestamp() for invite in (await carrier.invites())[before:]]
    return caps_line(moments, heard)


def caps_line(moments: Mapping[int, Sequence[float]], heard: Mapping[int, Sequence[float]]) -> dict[str, Any]:
    """``moments``: of Originates by cap; ``heard``: when the carrier heard of them, by its clock.

    ``value``: how much of the cap was used, in per cent, of the cap that was used least.
    """
    used = {cap: round(100 * per_second(times) / cap, 1) for cap, times in moments.items()}
    most = {cap: most_in_a_second(times) for cap, times in moments.items()}
    over = [cap for cap in moments if most[cap] > cap]
    return {
        "bench": "originate_caps",
        "value": min(used.values()),
        "unit": "%",
        "floor": 100.0,
        "ratio": round(min(used.values()) / 100, 3),
        "goal": f"{GOAL_USED:g} % of each cap used, none exceeded in any rolling second",
        "met": min(used.values()) >= GOAL_USED and not over,
        "n": sum(map(len, moments.values())),
        "used": used,
        "most_in_a_second": most,
        "most_at_carrier": {cap: most_in_a_second(times) for cap, times in heard.items()},
    }


def run() -> Iterator[dict[str, Any]]:
    """Two lines of results (the format is that of ``make bench``). Raises LabError, TimeoutError."""

    async def within_limit() -> list[dict[str, Any]]:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await _measure()

    yield from asyncio.run(within_limit())


def main() -> int:
    logs.configure("ERROR", stream=sys.stderr)
    try:
        for result in run():
            print(json.dumps(result), flush=True)
    except (LabError, TimeoutError) as fault:
        print(f"originate: {fault or type(fault).__name__}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

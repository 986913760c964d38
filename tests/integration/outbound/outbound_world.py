"""A PBX and a gateway that live in files, so that they outlive whoever uses them, and a daemon around the
room.

What really left is one line in ``left``; the PBX's memory of its calls is ``journal.json``, written by the
test. Time runs ``SPEED`` times as fast as outside.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callcore.calls.attempt import Attempt, AttemptId, CampaignId, Medium, Outcome
from callcore.calls.campaign import Target, TargetChange
from callcore.campaigns.plan import Again, Rules, after
from callcore.domain import Text
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose
from callcore.outbound.ports import CallOrder, MessageOrder, Trace, Traces
from callcore.outbound.room import CallRoute, MessageRoute, Outbound
from callcore.store.database import Database

SPEED = 20
PBX, SMSC = "main", "smsc"
PROFILE = Profile("emergency", None, None, 3, 5, timedelta(hours=24), Destinations(("+7",)))
NO_MORE = Again(0, timedelta(0))
RULES = Rules(NO_MORE, NO_MORE, NO_MORE, has_sms=False)
_STARTED = time.monotonic()
_STARTED_AT = datetime.now(UTC)


def monotonic() -> float:
    return (time.monotonic() - _STARTED) * SPEED


def now() -> datetime:
    return _STARTED_AT + timedelta(seconds=monotonic())


async def sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / SPEED)


Gap = Callable[[str], Awaitable[None]]
"""Called wherever the daemon may die, with the name of the place."""


async def nowhere(place: str) -> None: ...


class World:
    def __init__(self, folder: Path, gap: Gap = nowhere) -> None:
        self._left = folder / "left"
        self._journal = folder / "journal.json"
        self._gap = gap
        self.trouble: Text | None = None
        self.looks = 0
        """How often it was asked for traces."""

    # --- what the test sees and says

    def left(self) -> list[tuple[str, str]]:
        """Attempt and number of all that left, whoever sent it."""
        lines = self._left.read_text().splitlines() if self._left.exists() else []
        return [(attempt, number) for attempt, number in (line.split() for line in lines)]

    def remember(self, attempt: str, **trace: Any) -> None:
        self._journal.write_text(json.dumps({"attempt": attempt, "trace": trace}))

    def restart(self, at: datetime) -> None:
        self._journal.write_text(json.dumps({"started_at": at.isoformat()}))

    # --- Dialer and Messenger

    async def dial(self, permit: Permit, order: CallOrder) -> None:
        self._leave(permit)
        await self._gap("dialled, no answer yet")

    async def send(self, permit: Permit, order: MessageOrder) -> tuple[str, ...]:
        self._leave(permit)
        await self._gap("submitted, no answer yet")
        return (f"m-{permit.ask.attempt}",)

    async def trace(self, attempts: Collection[AttemptId]) -> Traces:
        self.looks += 1
        memory = json.loads(self._journal.read_text()) if self._journal.exists() else {}
        started_at = datetime.fromisoformat(memory.get("started_at", "2026-01-01T00:00:00+00:00"))
        found = {}
        if memory.get("attempt") in attempts:
            trace = {
                name: datetime.fromisoformat(value) if name.endswith("_at") else value
                for name, value in memory["trace"].items()
            }
            found[AttemptId(memory["attempt"])] = Trace(**trace)
        return Traces(started_at, found)

    async def hang_up(self, attempt: AttemptId) -> None: ...

    def _leave(self, permit: Permit) -> None:
        file = os.open(self._left, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, f"{permit.ask.attempt} {permit.ask.number}\n".encode())
        os.close(file)


class Owner:
    """The campaigns' own plan, without repeats of what reached the network."""

    def __init__(self, database: Database, gap: Gap) -> None:
        self._campaigns = database.campaigns
        self._gap = gap

    async def change(self, attempt: Attempt, outcome: Outcome) -> TargetChange:
        await self._gap("an outcome, not stored yet")
        target = await self._campaigns.target(attempt.target)
        assert target is not None
        return after(target, attempt, outcome, RULES, now())

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None: ...

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None: ...


class Daemon:
    """The room over a real database, and a runner of a few lines."""

    def __init__(self, database: Database, world: World, gap: Gap = nowhere, name: str = "a") -> None:
        self.database = database
        self._gap = gap
        self._name = name
        self._n = 0
        attempts = database.attempts
        stored_intend, stored_submitted = attempts.intend, attempts.submitted

        async def intend(attempt: Attempt) -> None:
            await gap("no intent yet")
            await stored_intend(attempt)
            await gap("an intent, nothing left")

        async def submitted(*arguments: Any) -> Any:
            await gap("answered, not stored yet")
            return await stored_submitted(*arguments)

        attempts.intend, attempts.submitted = intend, submitted  # type: ignore[method-assign]
        self.room = Outbound(
            attempts,
            {PBX: CallRoute(world, 20, 10)},
            {SMSC: MessageRoute(world, 20)},
            Owner(database, gap),
            now,
            monotonic,
            sleep=sleep,
        )

    async def place_due(self, campaign: CampaignId, medium: Medium) -> None:
        for target in await self.database.campaigns.due(campaign, medium, now(), 10):
            await self._place(target, medium)

    async def _place(self, target: Target, medium: Medium) -> None:
        self._n += 1
        id = AttemptId(f"{self._name}{self._n}")
        route = PBX if medium is Medium.voice else SMSC
        ask = Ask(id, medium, Purpose.notice, target.number, target.zone, route, PROFILE)
        if medium is Medium.voice:
            await self.room.call_slot(PBX)
        else:
            await self.room.message_slot(SMSC)
        permit = await self.room.permit(ask)
        if not isinstance(permit, Permit):
            self.room.give_back(medium, route)
        elif medium is Medium.voice:
            await self.room.place_call(permit, target, CallOrder("notice", "ru", 30, ""))
        else:
            await self.room.send_message(permit, target, MessageOrder("Света нет"))

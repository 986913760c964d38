"""kill -9 in every gap between intent and outcome: nobody is rung or texted twice, nobody is lost, and
where nothing can tell what became of it, ``unknown`` stands there for all to see."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callcore.calls.attempt import AttemptId, CampaignId, Medium
from callcore.calls.campaign import Campaign, CampaignState, News, NewTarget, Target
from callcore.domain import CustomerId, NodeCode, Outage, OutageId, OutageKind, OutageState, Text
from callcore.outbound.ports import CallHungUp, CallTold, Receipt, ReceiptState
from callcore.store.database import Database
from callcore.testing import forked
from callcore.testing.patience import PATIENCE_SECONDS

from .outbound_world import SMSC, Daemon, World, now

VICTIM = Path(__file__).with_name("outbound_victim.py")
ANNA = "+79000000001"
FIRST = AttemptId("v1")
THEN = "2026-11-21T09:00:00+00:00"
TOLD = {
    "dialling_at": THEN,
    "answered_at": THEN,
    "status": "ANSWER",
    "cause": 16,
    "told_seconds": 9.0,
    "told_key": "1",
    "told_enough": True,
    "ended_at": THEN,
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/callcore.db"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def prepare(url: str, medium: Medium) -> CampaignId:
    """One outage, one person to be told."""
    at = datetime.now(UTC)
    async with await Database.open(url, create=True) as db:
        outage = await db.outages.publish(
            Outage(
                id=OutageId(0),
                number="A-1",
                revision=1,
                source="cli",
                kind=OutageKind.emergency,
                state=OutageState.confirmed,
                cause=Text("Кабель", "Cable"),
                starts_at=at,
                estimated_restoration_at=None,
                ended_at=None,
                nodes=(NodeCode("F-1"),),
                published_at=at,
                changed_at=at,
            ),
            {},
        )
        text = Text("Света нет", "No power")
        campaign = Campaign(
            id=CampaignId(0),
            outage=outage.id,
            number="A-1",
            revision=1,
            news=News.outage,
            profile="emergency",
            voice=text,
            sms=text,
            state=CampaignState.running,
            reason="",
            created_at=at,
            changed_at=at,
        )
        anna = NewTarget(CustomerId(1), "Анна", ANNA, (), "ru", "Europe/Moscow", "", medium)
        return (await db.campaigns.create(campaign, [anna], at)).id


async def kill_at(place: str, url: str, folder: Path, medium: Medium, campaign: CampaignId) -> None:
    arguments = [url, str(folder), medium, str(campaign), place]
    log = folder / "victim.log"
    victim = await forked.start(arguments, log, os.environ, str(VICTIM))
    try:
        await until(lambda: victim.returncode is not None or f"at {place}\n" in log.read_text("utf-8"))
        assert victim.returncode is None, f"it never came to {place!r}: {log.read_text('utf-8')}"
    finally:
        victim.kill()
        await victim.wait()


class Second:
    """The next run of the daemon, over what the first one left."""

    def __init__(self, daemon: Daemon, world: World, campaign: CampaignId, medium: Medium) -> None:
        self.daemon = daemon
        self.world = world
        self._campaign = campaign
        self._medium = medium

    async def target(self) -> Target:
        [line] = await self.daemon.database.campaigns.lines(self._campaign)
        return line.target

    async def place_due(self) -> None:
        await self.daemon.place_due(self._campaign, self._medium)

    async def end(self) -> Target:
        """The target once it has ended; until then whatever is due is placed, as the runner does."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (target := await self.target()).result is None:
                await self.place_due()
                for placed in await self.daemon.database.attempts.open("main", Medium.voice):
                    if placed.id.startswith("w"):
                        self.daemon.room.take(CallHungUp(placed.id, 17))
                await asyncio.sleep(0.01)
            return target


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition; the time limit only ends a test that has failed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def run_again(url: str, world: World, campaign: CampaignId, medium: Medium) -> AsyncIterator[Second]:
    async with await Database.open(url) as db:
        daemon = Daemon(db, world, name="w")
        running = asyncio.create_task(daemon.room.run())
        try:
            yield Second(daemon, world, campaign, medium)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.mark.parametrize(
    ("place", "trace", "result", "reason", "attempts"),
    [
        pytest.param("no intent yet", None, "not_reached", "busy", ["w1"], id="before the intent"),
        pytest.param(
            "an intent, nothing left", None, "not_reached", "busy", ["w1"], id="intent, not dialled"
        ),
        pytest.param("dialled, no answer yet", TOLD, "told", "told", ["v1"], id="dialled, told meanwhile"),
        pytest.param(
            "dialled, no answer yet", "restarted", "unknown", "unknown", ["v1"], id="dialled, PBX restarted"
        ),
        pytest.param(
            "ringing",
            {"dialling_at": THEN, "status": "NOANSWER", "cause": 19, "ended_at": THEN},
            "not_reached",
            "no_answer",
            ["v1"],
            id="ringing, nobody came",
        ),
        pytest.param("ringing", {"dialling_at": THEN}, "unknown", "unknown", ["v1"], id="ringing, vanished"),
        pytest.param(
            "ringing", {"dialling_at": THEN, "is_alive": True}, "told", "told", ["v1"], id="still ringing"
        ),
        pytest.param("talking", TOLD, "told", "told", ["v1"], id="talking, told meanwhile"),
        pytest.param(
            "talking",
            {"dialling_at": THEN, "answered_at": THEN, "is_alive": True},
            "told",
            "told",
            ["v1"],
            id="still talking",
        ),
        pytest.param("an outcome, not stored yet", TOLD, "told", "told", ["v1"], id="hung up, not settled"),
    ],
)
async def test_a_call(
    url: str,
    tmp_path: Path,
    world: World,
    place: str,
    trace: dict[str, Any] | str | None,
    result: str,
    reason: str,
    attempts: list[str],
) -> None:
    campaign = await prepare(url, Medium.voice)
    await kill_at(place, url, tmp_path, Medium.voice, campaign)
    if isinstance(trace, dict):
        world.remember(FIRST, **trace)
    elif trace == "restarted":
        world.restart(now())
    async for second in run_again(url, world, campaign, Medium.voice):
        if isinstance(trace, dict) and trace.get("is_alive"):
            await _still_on_the_line(second)
        target = await second.end()
    assert (target.result, target.reason) == (result, reason)
    assert world.left() == [(attempt, ANNA) for attempt in attempts]


async def _still_on_the_line(second: Second) -> None:
    """It is adopted, nobody is rung meanwhile, and its end counts."""
    await until(lambda: second.world.looks > 0)
    await second.place_due()
    assert (await second.target()).attempt == FIRST
    assert second.daemon.room.figures(Medium.voice, "main").lines_busy == 1
    second.daemon.room.take(CallHungUp(FIRST, 16))
    second.daemon.room.take(CallTold(FIRST, 9.0, "1", True))


@pytest.mark.parametrize(
    ("place", "result", "sent"),
    [
        pytest.param("no intent yet", "texted", ["w1"], id="before the intent"),
        pytest.param("an intent, nothing left", "unknown", [], id="intent, not submitted"),
        pytest.param("submitted, no answer yet", "unknown", ["v1"], id="submitted, not answered"),
        pytest.param("answered, not stored yet", "unknown", ["v1"], id="answered, not stored"),
        pytest.param("submission stored", "texted", ["v1"], id="waiting for the receipt"),
        pytest.param("an outcome, not stored yet", "texted", ["v1"], id="receipt, not settled"),
    ],
)
async def test_a_message(
    url: str, tmp_path: Path, world: World, place: str, result: str, sent: list[str]
) -> None:
    campaign = await prepare(url, Medium.sms)
    await kill_at(place, url, tmp_path, Medium.sms, campaign)
    async for second in run_again(url, world, campaign, Medium.sms):
        ends = asyncio.create_task(second.end())
        if place in ("no intent yet", "submission stored"):
            await _receipt_for(second, sent[0])
        target = await ends
    assert target.result == result
    assert world.left() == [(attempt, ANNA) for attempt in sent]


async def _receipt_for(second: Second, attempt: str) -> None:
    async def is_submitted() -> bool:
        found = await second.daemon.database.attempts.get(AttemptId(attempt))
        return found is not None and bool(found.message_ids)

    await until(is_submitted)
    receipt = Receipt(SMSC, f"m-{attempt}", ANNA, ReceiptState.delivered, "DELIVRD")
    await second.daemon.room.receipt(receipt)


async def test_an_unknown_message_stays_in_sight_and_is_never_repeated(
    url: str, tmp_path: Path, world: World
) -> None:
    """Also not by a third run."""
    campaign = await prepare(url, Medium.sms)
    await kill_at("submitted, no answer yet", url, tmp_path, Medium.sms, campaign)
    for _ in range(2):
        async for second in run_again(url, world, campaign, Medium.sms):
            target = await second.end()
            await second.place_due()
            progress = await second.daemon.database.campaigns.progress(campaign)
    assert target.result == "unknown"
    assert {key.value: n for key, n in progress.by_result.items() if n} == {"unknown": 1}
    assert len(world.left()) == 1

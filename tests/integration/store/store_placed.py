"""Outages, campaigns and attempts for the tests of the store; alone, since the property tests use it too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, CampaignId, Medium, Outcome
from callcore.calls.campaign import (
    Campaign,
    CampaignState,
    News,
    NewTarget,
    Target,
    TargetChange,
    TargetResult,
)
from callcore.domain import CustomerId, NodeCode, Outage, OutageId, OutageKind, OutageState, Text
from callcore.store.database import Database

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def an_outage(number: str = "A-1", **changes: Any) -> Outage:
    values: dict[str, Any] = {
        "id": OutageId(0),
        "number": number,
        "revision": 1,
        "source": "cli",
        "kind": OutageKind.emergency,
        "state": OutageState.estimated,
        "cause": Text("Повреждён кабель", "A cable is damaged"),
        "starts_at": T0,
        "estimated_restoration_at": T0 + timedelta(hours=3),
        "ended_at": None,
        "nodes": (NodeCode("F-2"), NodeCode("F-1")),
        "published_at": T0,
        "changed_at": T0,
    }
    return Outage(**(values | changes))


def a_campaign(outage: OutageId, revision: int = 1, **changes: Any) -> Campaign:
    values: dict[str, Any] = {
        "id": CampaignId(0),
        "outage": outage,
        "number": "A-1",
        "revision": revision,
        "news": News.outage if revision == 1 else News.changed,
        "profile": "ru_notice",
        "voice": Text("Нет света до 15:00.", "No power until 15:00."),
        "sms": Text("Нет света до 15:00", "No power until 15:00"),
        "state": CampaignState.running,
        "reason": "",
        "created_at": T0,
        "changed_at": T0,
    }
    return Campaign(**(values | changes))


def a_recipient(n: int = 1, **changes: Any) -> NewTarget:
    values: dict[str, Any] = {
        "customer": CustomerId(n),
        "name": f"Пётр {n}",
        "number": f"+7900{n:07}",
        "others": (),
        "language": "ru",
        "zone": "Europe/Moscow",
        "address": f"Ёлочная, {n}",
    }
    return NewTarget(**(values | changes))


async def running(db: Database, *recipients: NewTarget, number: str = "A-1") -> Campaign:
    """A campaign of a new outage."""
    outage = await db.outages.publish(an_outage(number), {})
    return await db.campaigns.create(a_campaign(outage.id), recipients or [a_recipient()], T0)


async def targets_of(db: Database, campaign: CampaignId) -> tuple[Target, ...]:
    return tuple(line.target for line in await db.campaigns.lines(campaign, limit=1000))


def an_intent(id: str, target: Target, **changes: Any) -> Attempt:
    values: dict[str, Any] = {
        "id": AttemptId(id),
        "target": target.id,
        "campaign": target.campaign,
        "medium": Medium.voice,
        "number": target.number,
        "route": "main",
        "profile": "ru_notice",
        "intended_at": T0 + SECOND,
    }
    return Attempt(**(values | changes))


def a_message(id: str, target: Target, **changes: Any) -> Attempt:
    return an_intent(id, target, **({"medium": Medium.sms, "route": "dry"} | changes))


def an_outcome(result: AttemptResult = AttemptResult.busy, **changes: Any) -> Outcome:
    return replace(Outcome(result, T0 + timedelta(minutes=1)), **changes)


def again(target: Target, wait: str = "retry_busy", **changes: Any) -> TargetChange:
    """He is to be tried once more."""
    change = TargetChange(
        rings=target.rings + 1,
        troubles=target.troubles,
        texts=target.texts,
        number=target.number,
        others=target.others,
        next_medium=target.next_medium,
        due_at=T0 + timedelta(minutes=20),
        wait=wait,
    )
    return replace(change, **changes)


def ending(target: Target, result: TargetResult, reason: str = "") -> TargetChange:
    return again(target, wait="", result=result, reason=reason)


async def take(db: Database, attempt: Attempt) -> Attempt:
    await db.attempts.intend(attempt)
    return attempt

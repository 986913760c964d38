"""Targets, attempts and affected people as the tests of campaigns need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, CampaignId, Medium, Outcome, TargetId
from callcore.calls.campaign import AffectedPerson, Target
from callcore.campaigns.plan import Again, Rules
from callcore.campaigns.recipients import House
from callcore.domain import CustomerId

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MOBILE, MOBILE_2, MOBILE_3 = "+79131234567", "+79161234567", "+79001234567"
FIXED, FIXED_2 = "+73812123456", "+74951234567"
HOUSE = House("RU", "ru", "Europe/Moscow", has_voice=True, has_sms=True)
RULES = Rules(
    busy=Again(2, timedelta(seconds=300)),
    no_answer=Again(1, timedelta(seconds=900)),
    network=Again(3, timedelta(seconds=120)),
    not_sent=Again(4, timedelta(seconds=5)),
)
NO_SMS = replace(RULES, has_sms=False)


def person(id: int, *numbers: str, **changes: Any) -> AffectedPerson:
    values: dict[str, Any] = {"language": None, "zone": None, "address": "Лесная, 1"}
    return AffectedPerson(CustomerId(id), f"Абонент {id}", numbers, **(values | changes))


def target(number: str = MOBILE, *others: str, **changes: Any) -> Target:
    values: dict[str, Any] = {
        "id": TargetId(1),
        "campaign": CampaignId(1),
        "customer": CustomerId(1),
        "name": "Абонент 1",
        "language": "ru",
        "zone": "Europe/Moscow",
        "address": "Лесная, 1",
        "due_at": NOW,
        "wait": "",
    }
    return Target(number=number, others=others, **(values | changes))


def attempt_of(tried: Target, medium: Medium = Medium.voice, number: str | None = None) -> Attempt:
    return Attempt(
        id=AttemptId("a1"),
        target=tried.id,
        campaign=tried.campaign,
        medium=medium,
        number=number or tried.number,
        route="main" if medium is Medium.voice else "dry",
        profile="emergency",
        intended_at=NOW,
    )


def outcome(result: AttemptResult, key: str | None = None) -> Outcome:
    return Outcome(result, NOW, key=key)

"""Campaigns, targets and attempts as rows, and the statements on targets that several writes share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    CampaignId,
    Medium,
    Outcome,
    Plan,
    Purpose,
    TargetId,
)
from callcore.calls.campaign import Campaign, CampaignState, News, NewTarget, Target, TargetResult
from callcore.domain import CallId, CustomerId, Interface, Language, OutageId, Text
from callcore.store.schema.core import attempts, campaigns, message_parts, outages, targets
from callcore.store.texts import folded

OVER = tuple(state for state in CampaignState if state.is_over)
LIVING = campaigns.c.state.not_in(OVER)
WAITING = and_(targets.c.result.is_(None), targets.c.attempt.is_(None))
"""Open, and nothing of it is under way."""
OPEN_CALL = and_(attempts.c.medium == Medium.voice, attempts.c.result.is_(None))
OWN_CHANNEL = attempts.c.plan != Plan.carried
"""One was made for it: of those a number, and a person, has one at most."""


def select_campaigns() -> Select[Any]:
    return select(campaigns, outages.c.number).join(outages, outages.c.id == campaigns.c.outage)


def campaign_of(row: Row[Any]) -> Campaign:
    return Campaign(
        id=CampaignId(row.id),
        outage=OutageId(row.outage),
        number=row.number,
        revision=row.revision,
        news=News(row.news),
        profile=row.profile,
        voice=Text(row.voice_ru, row.voice_en),
        sms=Text(row.sms_ru, row.sms_en),
        state=CampaignState(row.state),
        reason=row.reason,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def campaign_row(campaign: Campaign) -> dict[str, Any]:
    return {
        "outage": campaign.outage,
        "revision": campaign.revision,
        "news": campaign.news,
        "profile": campaign.profile,
        "voice_ru": campaign.voice.ru,
        "voice_en": campaign.voice.en,
        "sms_ru": campaign.sms.ru,
        "sms_en": campaign.sms.en,
        "state": campaign.state,
        "reason": campaign.reason,
        "created_at": campaign.created_at,
        "changed_at": campaign.changed_at,
    }


def target_of(row: Row[Any]) -> Target:
    return Target(
        id=TargetId(row.id),
        campaign=CampaignId(row.campaign),
        customer=None if row.customer is None else CustomerId(row.customer),
        name=row.name,
        number=row.number,
        others=tuple(row.others),
        language=cast(Language, row.language),
        zone=row.zone,
        address=row.address,
        due_at=row.due_at,
        wait=row.wait,
        rings=row.rings,
        troubles=row.troubles,
        texts=row.texts,
        next_medium=Medium(row.next_medium),
        attempt=None if row.attempt is None else AttemptId(row.attempt),
        result=None if row.result is None else TargetResult(row.result),
        reason=row.reason,
        ended_at=row.ended_at,
    )


def target_row(campaign: CampaignId, target: NewTarget, at: datetime) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "customer": target.customer,
        "name": target.name,
        "number": target.number,
        "others": target.others,
        "language": target.language,
        "zone": target.zone,
        "address": target.address,
        "next_medium": target.next_medium,
        "due_at": at,
        "wait": "",
        "rings": 0,
        "troubles": 0,
        "texts": 0,
        "result": target.result,
        "reason": target.reason,
        "ended_at": None if target.result is None else at,
        "haystack": folded("\n".join((target.name, target.address, target.number, *target.others))),
    }


async def load_attempts(connection: AsyncConnection, condition: Any) -> tuple[Attempt, ...]:
    """With the ids of their message parts; oldest first."""
    query = (
        select(attempts, message_parts.c.message_id)
        .outerjoin_from(attempts, message_parts)
        .where(condition)
        .order_by(attempts.c.intended_at, attempts.c.id, message_parts.c.position)
    )
    rows = (await connection.execute(query)).all()
    return tuple(_attempt(list(parts)) for _, parts in groupby(rows, key=attrgetter("id")))


def _attempt(rows: Sequence[Row[Any]]) -> Attempt:
    row = rows[0]
    outcome = None
    if row.result is not None:
        outcome = Outcome(
            result=AttemptResult(row.result),
            at=row.ended_at,
            cause=row.cause,
            seconds_heard=row.seconds_heard,
            key=row.key,
            detail=row.detail,
        )
    return Attempt(
        id=AttemptId(row.id),
        target=None if row.target is None else TargetId(row.target),
        campaign=None if row.campaign is None else CampaignId(row.campaign),
        medium=Medium(row.medium),
        number=row.number,
        route=row.route,
        profile=row.profile,
        intended_at=row.intended_at,
        submitted_at=row.submitted_at,
        message_ids=tuple(row.message_id for row in rows if row.message_id is not None),
        outcome=outcome,
        purpose=Purpose(row.purpose),
        login=row.login,
        rate_minor=row.rate_minor,
        plan=Plan(row.plan),
        phone=None if row.phone is None else Interface(row.phone),
        call=None if row.call is None else CallId(row.call),
        customer=None if row.customer is None else CustomerId(row.customer),
        follow_up=row.follow_up,
    )


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    return {
        "result": outcome.result,
        "ended_at": outcome.at,
        "cause": outcome.cause,
        "seconds_heard": outcome.seconds_heard,
        "key": outcome.key,
        "detail": outcome.detail,
    }


def end_of(state: CampaignState, reason: str) -> tuple[TargetResult, str]:
    """How a target ends whose campaign is over: a superseded one has the newer news as its reason."""
    if state is not CampaignState.superseded:
        return TargetResult.stopped, reason
    is_over = reason in (News.restored, News.cancelled)
    return (TargetResult.withdrawn if is_over else TargetResult.replaced), reason


async def end_waiting(
    connection: AsyncConnection,
    condition: ColumnElement[bool],
    result: TargetResult,
    reason: str,
    at: datetime,
) -> int:
    """End the open targets without an attempt; how many."""
    statement = update(targets).where(condition, WAITING)
    ended = await connection.execute(statement.values(result=result, reason=reason, ended_at=at))
    return ended.rowcount


def told_already() -> ColumnElement[bool]:
    """Targets that got the news, or may have, or may be getting it now."""
    told = (
        TargetResult.told,
        TargetResult.texted,
        TargetResult.sent,
        TargetResult.opted_out,
        TargetResult.unknown,
    )
    return or_(targets.c.result.in_(told), targets.c.attempt.is_not(None))

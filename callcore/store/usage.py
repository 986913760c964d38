"""What left, summed up by quarters of an hour: written with each intent and each outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import Attempt, AttemptResult, Medium, Purpose
from callcore.calls.number_history import Usage
from callcore.store.engine import insert
from callcore.store.schema.gate import outbound_usage

QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TALKED = frozenset(
    (AttemptResult.answered, AttemptResult.machine, AttemptResult.told, AttemptResult.hung_up_early)
)
_MAY_HAVE = frozenset((None, AttemptResult.unknown))


@dataclass(frozen=True, slots=True)
class Spent:
    attempts: int
    minutes: int
    cost_minor: int


def spent(
    medium: Medium, rate: int, intended_at: datetime, result: AttemptResult | None, ended_at: datetime | None
) -> Spent:
    """What one attempt counts for as it stands; ``result`` None: open.

    A call that is open, or of which nothing is known, counts as a begun minute; one that was answered from
    its intent to its end, ringing included: nobody notes when the carrier's clock began.
    """
    if result is AttemptResult.not_sent:
        return Spent(0, 0, 0)
    if medium is Medium.sms:
        return Spent(1, 0, rate)
    minutes = 1 if result in _MAY_HAVE else 0
    if result in _TALKED and ended_at is not None:
        minutes = max(1, ceil((ended_at - intended_at) / timedelta(minutes=1)))
    return Spent(1, minutes, minutes * rate)


async def note_intent(connection: AsyncConnection, attempt: Attempt) -> None:
    now = spent(attempt.medium, attempt.rate_minor, attempt.intended_at, None, None)
    await _add(
        connection, attempt.intended_at, attempt.medium, attempt.purpose, attempt.route, attempt.login, now
    )


async def note_outcome(
    connection: AsyncConnection, row: Row[Any], result: AttemptResult, ended_at: datetime
) -> None:
    """``row``: the attempt as it stood before."""
    medium, before = Medium(row.medium), None if row.result is None else AttemptResult(row.result)
    was = spent(medium, row.rate_minor, row.intended_at, before, row.ended_at)
    now = spent(medium, row.rate_minor, row.intended_at, result, ended_at)
    more = Spent(now.attempts - was.attempts, now.minutes - was.minutes, now.cost_minor - was.cost_minor)
    if more != Spent(0, 0, 0):
        await _add(connection, row.intended_at, medium, row.purpose, row.route, row.login, more)


async def _add(
    connection: AsyncConnection,
    at: datetime,
    medium: Medium,
    purpose: str,
    route: str,
    login: str,
    more: Spent,
) -> None:
    key = {"at": _quarter(at), "medium": medium, "purpose": purpose, "route": route, "login": login}
    sums = {"attempts": more.attempts, "minutes": more.minutes, "cost_minor": more.cost_minor}
    row = insert(connection, outbound_usage).values(**key, **sums)
    grown = {name: outbound_usage.c[name] + row.excluded[name] for name in sums}
    await connection.execute(
        row.on_conflict_do_update(index_elements=[outbound_usage.c[name] for name in key], set_=grown)
    )


def _quarter(at: datetime) -> datetime:
    return at - (at - _EPOCH) % QUARTER


async def usage_since(connection: AsyncConnection, since: datetime) -> tuple[Usage, ...]:
    """Oldest first."""
    query = select(outbound_usage).where(outbound_usage.c.at >= since).order_by(outbound_usage.c.at)
    return tuple(
        Usage(
            row.at,
            Medium(row.medium),
            Purpose(row.purpose),
            row.route,
            row.login,
            row.attempts,
            row.minutes,
            row.cost_minor,
        )
        for row in await connection.execute(query)
    )


async def forget_usage(connection: AsyncConnection, before: datetime) -> int:
    done = await connection.execute(delete(outbound_usage).where(outbound_usage.c.at < before))
    return done.rowcount

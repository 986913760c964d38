"""What the pages read of a campaign: its figures, and its recipients with what their attempts came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import Attempt, AttemptResult, CampaignId, Medium, TargetId
from callcore.calls.campaign import Target, TargetResult
from callcore.store.campaign_rows import load_attempts, target_of
from callcore.store.engine import chunks
from callcore.store.schema.core import attempts, targets
from callcore.store.texts import folded


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A target as a row of the recipients' table, with what its attempts came to."""

    target: Target
    rings: int
    seconds_heard: float | None
    """The most of all attempts."""
    key: str | None
    """The last one pressed."""
    cause: int | None
    """Of the last call."""
    last_at: datetime | None
    """When something last happened to an attempt of his."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Figures of one campaign."""

    targets: int
    by_result: Mapping[TargetResult, int]
    trying: int
    """With an open attempt."""
    waiting: Mapping[str, int]
    """Open without an attempt, by the code they wait for."""
    next_due_at: datetime | None
    """Of those waiting; in the past: now."""
    answered: int
    """Calls that were told or hung up early."""
    heard_through: int
    """Calls that were told: heard through, or confirmed by a key."""
    keys: Mapping[str, int]


async def read_progress(connection: AsyncConnection, id: CampaignId) -> Progress:
    of_targets = (await connection.execute(_target_counts(id))).all()
    of_calls = (await connection.execute(_call_counts(id))).all()
    by_result: Counter[TargetResult] = Counter()
    waiting: Counter[str] = Counter()
    trying = 0
    for row in of_targets:
        if row.result is not None:
            by_result[TargetResult(row.result)] += row.n
        elif row.is_tried:
            trying += row.n
        else:
            waiting[row.wait] += row.n
    answers: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    for row in of_calls:
        answers[row.result] += row.n
        if row.key is not None:
            keys[row.key] += row.n
    due = [row.due_at for row in of_targets if row.result is None and not row.is_tried]
    return Progress(
        targets=sum(row.n for row in of_targets),
        by_result=dict(by_result),
        trying=trying,
        waiting=dict(waiting),
        next_due_at=min(due, default=None),
        answered=answers[AttemptResult.told] + answers[AttemptResult.hung_up_early],
        heard_through=answers[AttemptResult.told],
        keys=dict(keys),
    )


async def read_lines(
    connection: AsyncConnection,
    id: CampaignId,
    results: Sequence[TargetResult],
    is_open: bool | None,
    text: str,
    limit: int,
    offset: int,
) -> tuple[TargetLine, ...]:
    query = select(targets).where(targets.c.campaign == id)
    if results:
        query = query.where(targets.c.result.in_(results))
    if is_open is not None:
        query = query.where(targets.c.result.is_(None) if is_open else targets.c.result.is_not(None))
    if wanted := folded(text.strip()):
        query = query.where(targets.c.haystack.contains(wanted, autoescape=True))
    rows = await connection.execute(query.order_by(targets.c.id).limit(limit).offset(offset))
    tried: dict[TargetId, list[Attempt]] = {}
    found = tuple(map(target_of, rows.all()))
    for chunk in chunks(target.id for target in found):
        for attempt in await load_attempts(connection, attempts.c.target.in_(chunk)):
            if attempt.target is not None:
                tried.setdefault(attempt.target, []).append(attempt)
    return tuple(_line(target, tried.get(target.id, ())) for target in found)


def _line(target: Target, tried: Iterable[Attempt]) -> TargetLine:
    heard: list[float] = []
    moments: list[datetime] = []
    key: str | None = None
    cause: int | None = None
    for attempt in tried:
        moments += [at for at in (attempt.intended_at, attempt.submitted_at) if at]
        outcome = attempt.outcome
        if outcome is None:
            continue
        moments.append(outcome.at)
        heard += [] if outcome.seconds_heard is None else [outcome.seconds_heard]
        key = outcome.key or key
        cause = outcome.cause if attempt.medium is Medium.voice else cause
    return TargetLine(
        target=target,
        rings=target.rings,
        seconds_heard=max(heard, default=None),
        key=key,
        cause=cause,
        last_at=max(moments, default=None),
    )


def _target_counts(id: CampaignId) -> Select[Any]:
    """One statement, so that its parts add up whatever is written meanwhile."""
    is_tried = targets.c.attempt.is_not(None)
    return (
        select(
            targets.c.result,
            targets.c.wait,
            is_tried.label("is_tried"),
            func.count().label("n"),
            func.min(targets.c.due_at).label("due_at"),
        )
        .where(targets.c.campaign == id)
        .group_by(targets.c.result, targets.c.wait, is_tried)
    )


def _call_counts(id: CampaignId) -> Select[Any]:
    return (
        select(attempts.c.result, attempts.c.key, func.count().label("n"))
        .where(attempts.c.campaign == id, attempts.c.medium == Medium.voice, attempts.c.result.is_not(None))
        .group_by(attempts.c.result, attempts.c.key)
    )

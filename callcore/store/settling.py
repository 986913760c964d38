"""What an outcome makes of the rows of its attempt and target."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, select

from callcore.calls.attempt import AttemptId, AttemptResult, Outcome
from callcore.calls.campaign import CampaignState, TargetChange, TargetResult
from callcore.store.campaign_rows import end_of
from callcore.store.schema.core import attempts, campaigns, targets


def standing(id: AttemptId) -> Select[Any]:
    """What is known of the attempt, its target and its campaign before it is settled."""
    return (
        select(
            attempts.c.result,
            attempts.c.target,
            attempts.c.follow_up,
            attempts.c.medium,
            attempts.c.purpose,
            attempts.c.route,
            attempts.c.login,
            attempts.c.rate_minor,
            attempts.c.intended_at,
            attempts.c.number,
            attempts.c.customer,
            attempts.c.ended_at,
            targets.c.ended_by,
            campaigns.c.state,
            campaigns.c.reason,
        )
        .outerjoin_from(attempts, targets, targets.c.id == attempts.c.target)
        .outerjoin(campaigns, campaigns.c.id == attempts.c.campaign)
        .where(attempts.c.id == id)
    )


def closing(id: AttemptId, outcome: Outcome, change: TargetChange, row: Row[Any]) -> dict[str, Any]:
    """The target after its open attempt."""
    values = {name: getattr(change, name) for name in TargetChange.__slots__}
    values |= {"attempt": None, "ended_at": None, "ended_by": None}
    state = CampaignState(row.state)
    if change.result is not None:
        values |= {"ended_at": outcome.at, "ended_by": id}
    elif state.is_over:
        result, reason = end_of(state, row.reason)
        values |= {"result": result, "reason": reason, "ended_at": outcome.at}
    return values


def gives_way(stored: AttemptResult, new: AttemptResult) -> bool:
    if stored is AttemptResult.unknown:
        return new is not AttemptResult.unknown
    return stored is AttemptResult.sent and new not in (AttemptResult.sent, AttemptResult.unknown)


def too_late(outcome: Outcome) -> tuple[TargetResult, str]:
    """It would be tried again, but has ended already."""
    return TargetResult.not_reached, outcome.result

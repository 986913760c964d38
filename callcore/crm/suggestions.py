"""Which topics are offered before anything is typed, and why. Pure.

What the caller chose in the IVR weighs most, then what he came about before, then what is usual in the queue,
then the operator's own favourites. A topic with several reasons gathers their weights.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from callcore.domain import UNCLASSIFIED, TopicCode

OFFERED = 4
LATELY = timedelta(days=2)
A_WHILE = timedelta(days=30)


class Reason(StrEnum):
    ivr = "ivr"
    """The caller chose it in the IVR."""
    lately = "lately"
    """He called about it within two days: it is probably not settled."""
    before = "before"
    """He came about it before."""
    queue = "queue"
    """Operators of this queue choose it most."""
    favourite = "favourite"


@dataclass(frozen=True, slots=True)
class Suggestion:
    topic: TopicCode
    reasons: tuple[Reason, ...]
    """The heaviest first; never empty."""


def suggest(
    *,
    known: Collection[TopicCode],
    ivr: TopicCode | None = None,
    past: Sequence[tuple[TopicCode, datetime]] = (),
    usual: Sequence[TopicCode] = (),
    favourites: Sequence[TopicCode] = (),
    without: Collection[TopicCode] = (),
    now: datetime,
    limit: int = OFFERED,
) -> tuple[Suggestion, ...]:
    """The best first. ``known``: topics that there are; ``past``: the customer's, newest first; ``usual``: of
    the queue, most often first; ``without``: those that stand on this contact already."""
    weights: dict[TopicCode, dict[Reason, float]] = {}

    def add(topic: TopicCode, reason: Reason, weight: float) -> None:
        if topic in known and topic not in without and topic != UNCLASSIFIED:
            reasons = weights.setdefault(topic, {})
            reasons[reason] = max(reasons.get(reason, 0), weight)

    if ivr is not None:
        add(ivr, Reason.ivr, 100)
    for place, (topic, at) in enumerate(past):
        age = now - at
        if age <= LATELY:
            add(topic, Reason.lately, 60 - place)
        else:
            add(topic, Reason.before, (30 if age <= A_WHILE else 10) - place)
    for place, topic in enumerate(usual):
        add(topic, Reason.queue, max(25 - 4 * place, 1))
    for place, topic in enumerate(favourites):
        add(topic, Reason.favourite, max(20 - place, 1))
    order = {topic: place for place, topic in enumerate(weights)}
    best = sorted(weights, key=lambda topic: (-sum(weights[topic].values()), order[topic]))
    return tuple(
        Suggestion(topic, tuple(sorted(weights[topic], key=lambda reason: -weights[topic][reason])))
        for topic in best[:limit]
    )

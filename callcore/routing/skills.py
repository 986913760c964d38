"""Skills: what calls of a queue may ask for, and what follows from it for its members and for each call.

app_queue knows no skills, but penalties: members with a higher one are rung later, and a call may rule out
those above a limit. So who has every skill that the rows of a queue name stands at 0, all others at
``OTHERS``; a call that asks for a skill begins without the others, until the queue's rule lets them in
(``ivr.dialplan``). Rows that name different skills of one queue therefore need two queues.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from callcore.domain import QueueName
from callcore.routing.legs import ToQueue

OTHERS = 10
"""Penalty of whoever lacks a skill."""

Skills = Mapping[QueueName, frozenset[str]]
"""``TopicTables.skills``."""


def words_of(wanted: Skills) -> tuple[str, ...]:
    """Every skill that is asked for, by name."""
    return tuple(sorted(frozenset[str]().union(*wanted.values())))


def penalties(own: Iterable[str], wanted: Skills) -> dict[QueueName, int]:
    """Of somebody with these skills, in each queue whose calls may ask for any."""
    has = frozenset(own)
    return {queue: 0 if skills <= has else OTHERS for queue, skills in wanted.items()}


def queue_variables(leg: ToQueue, wanted: Skills) -> dict[str, str]:
    """app_queue's own variables for this leg; empty ones undo what an earlier leg has set.

    A call that asks for nothing counts all members alike: who has a skill is not worn out by others' calls.
    """
    if not wanted:
        return {"QUEUE_PRIO": str(leg.priority)}
    is_picky = bool(leg.skills)
    has_skilled = leg.queue is not None and leg.queue in wanted
    return {
        "QUEUE_PRIO": str(leg.priority),
        "QUEUE_MAX_PENALTY": str(OTHERS - 1) if is_picky else "",
        "QUEUE_RAISE_PENALTY": str(OTHERS) if has_skilled and not is_picky else "",
    }

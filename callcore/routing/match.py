"""Does a row hold? One function for deciding and for explaining, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import datetime, timedelta

from callcore.routing.hours import is_open
from callcore.routing.rows import QueueWhen, Rule, When
from callcore.routing.situation import QueueState, Situation
from callcore.routing.timetable import Hours

Opened = Callable[[Hours, datetime], bool]


def fails(when: When, at: Situation, opened: Opened = is_open) -> Rule | None:
    """The first rule that does not hold, in the order of ``Rule``; None: the row holds. ``at`` is folded.

    ``opened``: ``is_open``, or what remembers its answers.
    """
    caller = at.caller
    if when.topics and at.topic not in when.topics:
        return "topic"
    if when.segments and caller.segment not in when.segments:
        return "segment"
    if when.standings and caller.standing not in when.standings:
        return "standing"
    if when.legal_forms and caller.legal_form not in when.legal_forms:
        return "legal_form"
    if when.regions and caller.region not in when.regions:
        return "region"
    if when.languages and at.language not in when.languages:
        return "language"
    if (when.marks or when.without) and not _fits(when.marks, when.without, caller.marks):
        return "marks"
    if when.repeat_within is not None and not _is_within(when.repeat_within, at):
        return "repeat"
    if when.queue is not None and not _is_so(when.queue, at.queues.get(when.queue.queue)):
        return "queue"
    if when.hours is not None and opened(when.hours, at.at) is not when.is_open:
        return "hours"
    return None


def once_each() -> Opened:
    """``is_open`` for one moment: most rows of a table ask for the same few hours."""
    known: dict[int, bool] = {}  # by identity, for they are long to compare; the tables keep them alive

    def opened(hours: Hours, at: datetime) -> bool:
        answer = known.get(id(hours))
        if answer is None:
            answer = known[id(hours)] = is_open(hours, at)
        return answer

    return opened


def _fits(wanted: Set[str], without: Set[str], marks: Set[str]) -> bool:
    return wanted <= marks and not without & marks


def _is_within(time: timedelta, at: Situation) -> bool:
    return at.last_contact_at is not None and at.at - at.last_contact_at <= time


def _is_so(wanted: QueueWhen, state: QueueState | None) -> bool:
    """A queue that is not known is in no state."""
    if state is None:
        return False
    return (
        (not wanted.nobody or state.signed_in == 0)
        and (not wanted.all_paused or (state.signed_in > 0 and state.ready == 0))
        and (wanted.waits_longer_than is None or state.longest_wait > wanted.waits_longer_than)
        and (wanted.waiting_more_than is None or state.waiting > wanted.waiting_more_than)
    )

"""When a wish to be called back is carried out, how, and what an attempt makes of it. Pure.

    wish ──step──► Call (queue_first or customer_first) ──► attempt ──after──► done, later, or a person
             └──► Waits, with the reason that people read (``callbacks.status``)

Who asked is called within the hours of his topic's table and those of the gate, whose word is asked before
anything is placed, and once more before his number is rung. Rung in vain, he is tried again some times; then,
or where ringing again is useless, the wish is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from callcore.calls.attempt import CALLING, FOR_PERSON, AttemptResult, FollowUpChange, Outcome, Plan
from callcore.domain import Login, PbxName, Text
from callcore.routing.hours import next_open_at
from callcore.routing.timetable import Hours

PLACES_EACH = 2
"""So many placeholders stand in a queue for each operator who is ready there: others wait on the list."""
SOON = timedelta(seconds=15)
"""What did not come to ringing the number is tried again after this: never in a loop."""
FIRST_AMONG_ALL = 10
"""QUEUE_PRIO of who has lost the place that he kept, and of who is on the line already."""

AGAIN = "again"
"""He stood in the queue, and lost his place through no fault of his."""
NOT_BEFORE = "not_before"
"""Whoever asked for him named a moment."""
_TRIED = frozenset(
    (
        AttemptResult.busy,
        AttemptResult.no_answer,
        AttemptResult.rejected,
        AttemptResult.network,
        AttemptResult.failed,
        AttemptResult.machine,
    )
)


class First(StrEnum):
    """Who is on the line first; the other is rung then."""

    operator = "operator"
    customer = "customer"


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one queue. ``tries``: so often his number is rung; ``after``: the pause between two of them;
    ``longest``: how long a placeholder may wait in the queue."""

    first: First = First.operator
    keep_place: bool = True
    tries: int = 3
    after: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """One open wish, as far as it matters when it is carried out."""

    id: int
    number: str
    asked_at: datetime
    position: int | None = None
    """Of his place in the queue when he asked."""
    due_at: datetime | None = None
    wait: str = ""
    tries: int = 0
    taken_by: Login | None = None
    postponed_by: Login | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The wish's queue as it is now. ``pbx`` None: no PBX that is linked has it."""

    pbx: PbxName | None
    has_trunk: bool = True
    trouble: Text | None = None
    """Why nothing can be dialled through that PBX."""
    ready: int = 0
    """Operators in the queue who are not paused; some of them may be talking."""
    free: int = 0
    """Those of them who are not."""
    waiting: int = 0
    """Callers who wait in it themselves."""
    under_way: int = 0
    """Call-backs of this queue that are being carried out."""


class Why(StrEnum):
    off = "off"
    """The queue has no call_back in the settings."""
    person = "person"
    taken = "taken"
    postponed = "postponed"
    calling = "calling"
    later = "later"
    """A pause, or a rule of the gate: ``Wish.wait`` says which."""
    closed = "closed"
    on_the_line = "on_the_line"
    """He is calling us himself."""
    no_queue = "no_queue"
    no_trunk = "no_trunk"
    trouble = "trouble"
    no_operator = "no_operator"
    full = "full"
    """Others are before him."""


@dataclass(frozen=True, slots=True)
class Waits:
    why: Why
    until: datetime | None = None
    """When that is over, as far as anybody knows."""


@dataclass(frozen=True, slots=True)
class Call:
    """Now. ``position``: his place among callers of the same priority; None: behind them."""

    plan: Plan
    position: int | None = None
    priority: int = 0


def due(due_at: datetime | None, ours: Hours | None, now: datetime) -> datetime | None:
    """The first moment from ``now`` and ``due_at`` on at which somebody of ours is there (UTC). ``ours``
    None: always; None: not within a year."""
    since = now if due_at is None else max(now, due_at)
    return since.astimezone(UTC) if ours is None else next_open_at(ours, since)


def first(rules: Rules) -> Plan:
    return Plan.queue_first if rules.first is First.operator else Plan.customer_first


def step(
    wish: Wish, rules: Rules | None, ours: Hours | None, desk: Desk, now: datetime, *, is_on_line: bool
) -> Call | Waits:
    """What to do for this wish now. ``is_on_line``: somebody with his number has called us and is there."""
    if (waits := _waits(wish, rules, ours, now)) is not None:
        return waits
    assert rules is not None
    if is_on_line:
        return Waits(Why.on_the_line)
    if desk.pbx is None:
        return Waits(Why.no_queue)
    if not desk.has_trunk:
        return Waits(Why.no_trunk)
    if desk.trouble is not None:
        return Waits(Why.trouble)
    return _place(wish, rules, desk, now)


def _waits(wish: Wish, rules: Rules | None, ours: Hours | None, now: datetime) -> Waits | None:
    """Reasons that lie in the wish, and in the hours."""
    if wish.wait == CALLING:
        return Waits(Why.calling)
    if wish.taken_by is not None:
        return Waits(Why.taken)
    is_due = wish.due_at is None or wish.due_at <= now
    if wish.postponed_by is not None and not is_due:
        return Waits(Why.postponed, wish.due_at)
    if rules is None:
        return Waits(Why.off)
    if wish.wait.startswith(FOR_PERSON):
        return Waits(Why.person)
    if not is_due:
        return Waits(Why.later, due(wish.due_at, ours, now))
    opens = due(None, ours, now)
    return None if opens is not None and opens <= now else Waits(Why.closed, opens)


def _place(wish: Wish, rules: Rules, desk: Desk, now: datetime) -> Call | Waits:
    if desk.ready == 0:
        return Waits(Why.no_operator)
    if rules.first is First.customer:
        # Nobody is rung who would then wait: an operator is there for him, and no caller is before him.
        if desk.waiting or desk.free <= desk.under_way:
            return Waits(Why.full)
        return Call(Plan.customer_first, priority=FIRST_AMONG_ALL)
    if desk.under_way >= PLACES_EACH * desk.ready:
        return Waits(Why.full)
    if not rules.keep_place:
        return Call(Plan.queue_first)
    if wish.wait == AGAIN:
        return Call(Plan.queue_first, priority=FIRST_AMONG_ALL)
    is_fresh = wish.tries == 0 and now - wish.asked_at < rules.longest
    return Call(Plan.queue_first, wish.position if is_fresh else None)


# --- what became of it


def after(outcome: Outcome, plan: Plan, tries: int, rules: Rules, now: datetime) -> FollowUpChange:
    """What the outcome of an attempt makes of its wish; ``tries``: those before."""
    match outcome.result:
        case AttemptResult.answered if plan is Plan.queue_first:
            return FollowUpChange(tries + 1, done=True)
        case AttemptResult.answered | AttemptResult.told | AttemptResult.hung_up_early:
            # He answered: whether an operator has talked with him, his contact will say, and settle the wish.
            return _again(AttemptResult.answered, tries, rules, now)
        case AttemptResult.not_sent:
            return FollowUpChange(tries, now + SOON, AGAIN if _lost_place(outcome) else "")
        case AttemptResult.withdrawn:
            return FollowUpChange(tries, now + SOON)  # he is on the line: his talk settles the wish
        case result if result in _TRIED:
            return _again(result, tries, rules, now)
        case result:  # unreachable: ringing again is useless; unknown: it may have rung
            return FollowUpChange(tries + 1, None, f"{FOR_PERSON}{result}")


def _again(result: AttemptResult, tries: int, rules: Rules, now: datetime) -> FollowUpChange:
    if tries + 1 >= rules.tries:
        return FollowUpChange(tries + 1, None, f"{FOR_PERSON}tries")
    return FollowUpChange(tries + 1, now + rules.after, result)


def _lost_place(outcome: Outcome) -> bool:
    """By the queue's time limit, by a restart of the PBX, or by whatever else went wrong on our side; not
    where it was taken away on purpose."""
    return not outcome.detail.endswith(": withdrawn")

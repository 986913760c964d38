"""Level two, the life of one call, from the first sign of a caller to his contact.

    ivr ──route──> waiting ──an operator answers──> talking ──┐
     │                │  ▲                             │      │
     │                └──┘ rings of operators          └──────┤
     └─closed─> announced                                     ▼
      (the caller may go at any point) ─────────────────────> ended

``step(call, move, now)`` is the whole of it: a pure function from a call and what happened to the call as
it is now and what is to be done. Rings are no phase: a caller waits, and meanwhile phones may ring.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from callcore.calls import effects as do
from callcore.calls.call import (
    Answered,
    Call,
    CallerGone,
    Move,
    Phase,
    RingGivenUp,
    RingLegEnded,
    RingStarted,
    TalkStarted,
    TalkStopped,
    TimeIsUp,
)
from callcore.calls.causes import NORMAL_CLEARING, leg_end_reason
from callcore.calls.contact import contact_of, served, sole_customer
from callcore.calls.effects import Effect, Ring
from callcore.calls.facts import (
    CustomersFound,
    IvrLeft,
    LanguageChosen,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    RouteChosen,
)
from callcore.domain import EndReason, Interface

HANGUP_GRACE = timedelta(seconds=3)
"""How long the PBX has to confirm that a caller who left the IVR is gone, before it is taken as said."""
LOOKUP_GRACE = timedelta(seconds=5)
"""How long an ended call waits for the customer base; longer than the base's own time limit."""

Result = tuple[Call, tuple[Effect, ...]]

_IN_IVR = (Phase.ivr, Phase.announced)


def begin(call: Call) -> Result:
    """The first effects of a new call: remember its id, ask who it is."""
    remember = do.RememberCall(f"{call.id}:remember", call.id, call.channel, call.started_at)
    if call.caller_number is None:
        return replace(call, customers_known=True), (remember,)
    return call, (remember, do.LookUpCustomers(f"{call.id}:lookup", call.id, call.caller_number))


def step(call: Call, move: Move, now: datetime) -> Result:
    """What one move makes of a call. An ended call only waits for its customer, see ``_ended``."""
    if call.phase is Phase.ended:
        return _after_the_end(call, move)
    match move:
        case LanguageChosen():
            return replace(call, language=move.language), ()
        case RouteChosen():
            return _routed(call, move), ()
        case IvrLeft():
            return _left_ivr(call, move, now), ()
        case QueueJoined():
            return _queued(call, move, now), ()
        case QueueLeft():
            return _left_queue(call, now), ()
        case QueueAbandoned():
            # After our own Redirect the queue says the same; the caller's hangup tells the two apart.
            return replace(call, is_abandoned=call.answered_at is None), ()
        case RingStarted():
            return _ring(call, move, now)
        case RingGivenUp():
            return _ring_over(call, call.newest_ring(move.interface), EndReason.no_answer, now)
        case RingLegEnded():
            at = call.newest_ring(move.interface) if move.ring is None else move.ring
            return _ring_over(call, at, leg_end_reason(move.cause, answered=False), now)
        case Answered():
            return _answered(call, move, now)
        case TalkStarted():
            return _talk_started(call, move.interface, now), ()
        case TalkStopped():
            return _talk_stopped(call, move.interface, now), ()
        case CustomersFound():
            return _found(call, move)
        case CallerGone():
            return _ended(call, _cause_of(call, move.cause), now)
        case TimeIsUp():
            return _ended(call, NORMAL_CLEARING, now)
        case _:  # pragma: no cover - no other moves
            assert_never(move)


def _routed(call: Call, move: RouteChosen) -> Call:
    if call.phase not in _IN_IVR:
        # An IVR that hung comes back to life: the dialplan has taken the caller elsewhere meanwhile.
        return replace(call, topic=move.topic)
    phase = Phase.announced if move.queue is None else call.phase
    return replace(
        call, topic=move.topic, route=move.route, route_reason=move.reason, queue=move.queue, phase=phase
    )


def _left_ivr(call: Call, move: IvrLeft, now: datetime) -> Call:
    if call.phase not in _IN_IVR:
        return call
    phase = Phase.announced if move.closed else call.phase
    ends_by = now + HANGUP_GRACE if move.hung_up or move.closed else None
    return replace(call, phase=phase, ends_by=ends_by, outage_heard=move.outage_heard)


def _queued(call: Call, move: QueueJoined, now: datetime) -> Call:
    if call.talking_with:
        return call
    return replace(
        call,
        phase=Phase.waiting,
        queue=move.queue,
        queued_at=call.queued_at or now,
        left_queue_at=None,
        is_abandoned=False,
        ends_by=None,
    )


def _left_queue(call: Call, now: datetime) -> Call:
    """He leaves the queue for an operator, too: what comes next tells."""
    phase = Phase.left_queue if call.phase is Phase.waiting else call.phase
    return replace(call, phase=phase, left_queue_at=call.left_queue_at or now)


def _ring(call: Call, move: RingStarted, now: datetime) -> Result:
    if any(r.interface == move.interface and r.ended_at is None for r in call.rings):
        return call, ()
    call = replace(call, rings=(*call.rings, Ring(move.login, move.interface, now)))
    if move.login is None:
        return call, ()
    return call, (do.ShowRinging(_ring_key(call, len(call.rings) - 1), move.login, call.view),)


def _ring_over(call: Call, at: int | None, reason: EndReason, now: datetime) -> Result:
    """End the ring at this place; of one that is over, a better reason replaces a guess."""
    if at is None:
        return call, ()
    ring = call.rings[at]
    if ring.ended_at is not None:
        better = _better_reason(ring.result, reason)
        return _with_ring(call, at, replace(ring, result=better)), ()
    call = _with_ring(call, at, replace(ring, ended_at=now, result=reason))
    if ring.login is None:
        return call, ()
    return call, (do.HideRinging(_ring_key(call, at) + ":hide", ring.login, call.id, reason),)


def _better_reason(known: EndReason | None, new: EndReason) -> EndReason | None:
    """Queue and leg both report, in any order: busy, rejected and failed come from the phone and win; the
    queue's ``no_answer`` beats ``cancelled``, which a leg says whenever somebody else ended it."""
    if known is EndReason.cancelled and new is EndReason.no_answer:
        return new
    if known is EndReason.no_answer and new in (EndReason.busy, EndReason.rejected, EndReason.failed):
        return new
    return known


def _with_ring(call: Call, at: int, ring: Ring) -> Call:
    return replace(call, rings=(*call.rings[:at], ring, *call.rings[at + 1 :]))


def _ring_key(call: Call, at: int) -> str:
    return f"{call.id}:ring:{call.rings[at].interface}:{at}"


def _answered(call: Call, move: Answered, now: datetime) -> Result:
    call, effects = _rings_answered(call, move, now)
    call = replace(
        call,
        phase=Phase.talking,
        answered_at=call.answered_at or now,
        answered_by=call.answered_by or move.login,
        left_queue_at=call.left_queue_at or now,
        ends_by=None,
    )
    if move.login is None or move.login in call.cards:
        return call, effects
    call = replace(call, cards=(*call.cards, move.login))
    # The pop comes first: whoever waits for it must not wait for the band to be cleared.
    return call, (do.PopCard(f"{call.id}:pop:{move.login}", move.login, call.view), *effects)


def _rings_answered(call: Call, move: Answered, now: datetime) -> Result:
    """His ring is completed, an unseen one is supplied; every other phone stops ringing at this moment."""
    at = call.newest_ring(move.interface)
    effects: tuple[Effect, ...] = ()
    for place, ring in enumerate(call.rings):
        if ring.ended_at is None:
            reason = EndReason.completed if place == at else EndReason.answered_elsewhere
            call, more = _ring_over(call, place, reason, now)
            effects += more
    if at is None or call.rings[at].result is not EndReason.completed:
        ring = Ring(move.login, move.interface, now, now, EndReason.completed)
        return replace(call, rings=(*call.rings, ring)), effects
    # He may have signed in, or changed seats, while the phone rang.
    ring = replace(call.rings[at], login=move.login or call.rings[at].login)
    return _with_ring(call, at, ring), effects


def _talk_started(call: Call, interface: Interface, now: datetime) -> Call:
    if interface in call.talking_with:
        return call
    return replace(call, talking_with=(*call.talking_with, interface), talk_since=call.talk_since or now)


def _talk_stopped(call: Call, interface: Interface, now: datetime) -> Call:
    if interface not in call.talking_with:
        return call
    left = tuple(i for i in call.talking_with if i != interface)
    if left or call.talk_since is None:
        return replace(call, talking_with=left)
    return replace(call, talking_with=(), talk_since=None, talk_ms=call.talk_ms + _ms(now - call.talk_since))


def _found(call: Call, move: CustomersFound) -> Result:
    call = replace(
        call,
        customers=move.customers,
        customers_known=True,
        lookup_failed=move.failed,
        outages=move.outages,
        updates=call.updates + 1,
    )
    ringing = tuple(r.login for r in call.rings if r.ended_at is None and r.login is not None)
    logins = tuple(dict.fromkeys((*call.cards, *ringing)))
    key = f"{call.id}:update:{call.updates}"
    return call, tuple(do.UpdateCard(f"{key}:{login}", login, call.view) for login in logins)


def _ended(call: Call, cause: int | None, now: datetime) -> Result:
    effects: tuple[Effect, ...] = ()
    reason = EndReason.lost if cause is None else EndReason.cancelled
    for place in [place for place, ring in enumerate(call.rings) if ring.ended_at is None]:
        call, more = _ring_over(call, place, reason, now)
        effects += more
    for interface in call.talking_with:
        call = _talk_stopped(call, interface, now)
    contact = contact_of(call, cause, now)
    cards = tuple(do.EndCard(f"{call.id}:end:{login}", login, call.id, call.talk_ms) for login in call.cards)
    if call.customers_known and not _is_ivr_to_say(call):
        ended = replace(call, phase=Phase.ended, ends_by=None)
        return ended, (*effects, *cards, do.LogContact(f"{call.id}:contact", contact))
    # The customer base is still asked who this was, or the IVR whether he heard of his outage: the answer, or
    # its time limit, completes the contact.
    ended = replace(call, phase=Phase.ended, ends_by=now + LOOKUP_GRACE, unlogged=contact)
    return ended, (*effects, *cards)


def _cause_of(call: Call, cause: int | None) -> int | None:
    """A channel that vanished after its caller was heard to leave has not been lost."""
    return NORMAL_CLEARING if cause is None and call.ends_by is not None else cause


def _is_ivr_to_say(call: Call) -> bool:
    """His Hangup was quicker than the IVR's word on how much of the outage he heard."""
    return bool(call.outages) and call.phase is Phase.ivr and call.route is None and call.ends_by is None


def _after_the_end(call: Call, move: Move) -> Result:
    contact = call.unlogged
    if contact is None:
        return call, ()
    updates: tuple[Effect, ...] = ()
    match move:
        case CustomersFound():
            call, updates = _found(call, move)
            contact = replace(contact, customer=sole_customer(call))
        case IvrLeft():
            contact = served(contact) if move.outage_heard else contact
            if not call.customers_known:
                return replace(call, unlogged=contact), ()
        case TimeIsUp():
            pass
        case _:
            return call, ()
    call = replace(call, unlogged=None, ends_by=None)
    return call, (*updates, do.LogContact(f"{call.id}:contact", contact))


def _ms(span: timedelta) -> int:
    return max(0, round(span / timedelta(milliseconds=1)))

"""Level two, the life of one call, from the first sign of a caller to his contact.

    ivr ──route──> waiting ──an operator answers──> talking ──┐
     │                │  ▲                             │      │
     │                └──┘ rings of operators          └──────┤
     ├─closed─> announced                                     │
     └─a phone is dialled─> dialling ──somebody answers───────┤
                                                              ▼
      (the caller may go at any point) ─────────────────────> ended

``step(call, move, now)`` is the whole of it: a pure function from a call and what happened to the call as
it is now and what is to be done. Rings are no phase: a caller waits, and meanwhile phones may ring
(see ``rings``).
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import assert_never

from callcore.calls import effects as do
from callcore.calls import handed
from callcore.calls.attempt import AttemptResult
from callcore.calls.call import (
    Answered,
    Call,
    CallerGone,
    CardAsked,
    EndTold,
    Move,
    Phase,
    PickedUp,
    RingGivenUp,
    RingLegEnded,
    RingStarted,
    TalkStarted,
    TalkStopped,
    TimeIsUp,
)
from callcore.calls.causes import NORMAL_CLEARING
from callcore.calls.contact import contact_of, served, sole_customer, with_word
from callcore.calls.effects import Contact, Effect, Ring
from callcore.calls.facts import (
    CustomersFound,
    Handed,
    HandingFailed,
    IvrLeft,
    LanguageChosen,
    MessageBegun,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    RouteChosen,
    WordToCome,
)
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.calls.rings import leg_over, part_done, ring_key, ring_over, rings_answered, taken
from callcore.calls.values import replace
from callcore.domain import Direction, EndReason, Interface, Login

HANGUP_GRACE = timedelta(seconds=3)
"""How long the PBX has to confirm that a caller who left the IVR is gone, before it is taken as said."""
LOOKUP_GRACE = timedelta(seconds=5)
"""How long an ended call waits for the customer base; longer than the base's own time limit."""

Result = tuple[Call, tuple[Effect, ...]]
EVERY_ANSWER = PopPolicy()

_IN_IVR = (Phase.ivr, Phase.announced)


def begin(call: Call) -> Result:
    """The first effects of a new call: remember its id, ask who it is."""
    remember = do.RememberCall(f"{call.id}:remember", call.id, call.channel, call.started_at)
    if call.caller_number is None:
        return replace(call, customers_known=True), (remember,)
    return call, (remember, do.LookUpCustomers(f"{call.id}:lookup", call.id, call.caller_number))


def step(call: Call, move: Move, now: datetime, policy: PopPolicy = EVERY_ANSWER) -> Result:
    """What one move makes of a call; ``policy`` says when cards open. An ended call only waits for its
    customer, see ``_ended``."""
    if call.phase is Phase.ended:
        return _after_the_end(call, move)
    match move:
        case LanguageChosen():
            return replace(call, language=move.language), ()
        case RouteChosen():
            return _routed(call, move), ()
        case MessageBegun() | WordToCome():
            return replace(call, is_leaving_word=True), ()
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
            return _ring(call, move, now, policy)
        case RingGivenUp():
            return ring_over(call, call.newest_ring(move.interface), EndReason.no_answer, now)
        case RingLegEnded():
            at = call.newest_ring(move.interface) if move.ring is None else move.ring
            return leg_over(call, at, move.reason, now)
        case PickedUp():
            return _picked_up(call, move, now, policy)
        case Answered():
            return _answered(call, move, now, policy)
        case CardAsked():
            return _card_asked(call, move.login)
        case TalkStarted():
            return handed.heard(_talk_started(call, move.interface, now), move.interface)
        case TalkStopped():
            return _talk_stopped(call, move.interface, now), ()
        case CustomersFound():
            return _found(call, move)
        case Handed():
            return _handed(call, move)
        case HandingFailed():
            return handed.failed(call, move)
        case CallerGone():
            return _ended(call, _cause_of(call, move.cause), now, move.last_ring)
        case TimeIsUp():
            return _ended(call, NORMAL_CLEARING, now, None)
        case EndTold():
            talked = replace(call, talking_with=(), talk_since=None, talk_ms=move.contact.talk_ms)
            return _over(_all_over(talked, EndReason.lost, now), move.contact, now)
        case _:  # pragma: no cover - no other moves
            assert_never(move)


def _routed(call: Call, move: RouteChosen) -> Call:
    if call.phase not in _IN_IVR:
        # An IVR that hung comes back to life: the dialplan has taken the caller elsewhere meanwhile.
        return replace(call, topic=move.topic)
    phase = Phase.announced if move.queue is None else call.phase
    return replace(
        call,
        topic=move.topic,
        route=move.route,
        route_reason=move.reason,
        queue=move.queue,
        phase=phase,
        edition=move.edition,
    )


def _left_ivr(call: Call, move: IvrLeft, now: datetime) -> Call:
    call = replace(call, is_leaving_word=False, word=move.word or call.word, node=move.node or call.node)
    if call.phase not in (*_IN_IVR, Phase.left_queue):
        return call
    phase = Phase.announced if move.closed and call.phase in _IN_IVR else call.phase
    ends_by = now + HANGUP_GRACE if move.hung_up or move.closed else None
    return replace(call, phase=phase, ends_by=ends_by, outage_heard=move.outage_heard or call.outage_heard)


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
        is_leaving_word=False,
        ends_by=None,
    )


def _left_queue(call: Call, now: datetime) -> Call:
    """He leaves the queue for an operator, too: what comes next tells."""
    phase = Phase.left_queue if call.phase is Phase.waiting else call.phase
    return replace(call, phase=phase, left_queue_at=call.left_queue_at or now)


def _ring(call: Call, move: RingStarted, now: datetime, policy: PopPolicy) -> Result:
    if any(r.interface == move.interface and r.ended_at is None for r in call.rings):
        return call, ()
    call = replace(call, rings=(*call.rings, Ring(move.login, move.interface, now)))
    if call.phase in _IN_IVR:
        call = replace(call, phase=Phase.dialling, ends_by=None)
    if move.login is None:
        return call, ()
    moment = policy.moment(call.direction, call.queue)
    key = ring_key(call, len(call.rings) - 1)
    can_take = moment is PopMoment.button
    show: Effect = do.ShowRinging(key, move.login, call.view, can_take)
    if call.is_own_ring(move.interface):
        show = _dialling(call, move.login, can_take=can_take)
    if moment is not PopMoment.ringing and not handed.opens_card(call, move.login):
        return call, (show,)
    if handed.comes_back(call, move.login):
        call = replace(call, cards=tuple(other for other in call.cards if other != move.login))
    call, pop = _pop(call, move.login)
    return call, (show, *pop)


def _handed(call: Call, move: Handed) -> Result:
    """Of an earlier life of ours: the telephone may ring already that shall have the card."""
    call, effects = handed.begin(call, move)
    ringing = dict.fromkeys(ring.login for ring in call.rings if ring.ended_at is None)
    for login in ringing:
        if login is not None and handed.opens_card(call, login):
            call, pop = _pop(call, login)
            effects += pop
    return call, effects


def _pop(call: Call, login: Login) -> Result:
    """The card, once for each operator; once more only after it was taken away, or if his part was over."""
    if login in call.cards:
        return call, ()
    call = replace(call, cards=(*call.cards, login), pops=call.pops + 1)
    return call, (do.PopCard(f"{call.id}:pop:{login}:{call.pops}", login, call.view),)


def _card_asked(call: Call, login: Login) -> Result:
    """Only somebody whose phone rings with this call, or who talks, may ask."""
    rings = any(r.login == login and r.ended_at is None for r in call.rings)
    talks = login in call.takers and login not in call.done
    if call.direction is Direction.internal or not (rings or talks):
        return call, ()
    return _pop(call, login)


def _dialling(call: Call, login: Login, *, can_take: bool) -> Effect:
    key = f"{call.id}:dial:{call.dial_stage}"
    return do.ShowDialling(key, login, call.view, call.dial_stage or "over", can_take=can_take)


def _picked_up(call: Call, move: PickedUp, now: datetime, policy: PopPolicy) -> Result:
    """He waits for the number with his phone in his hand: the card is there before it answers."""
    call, effects = rings_answered(call, Answered(move.login, move.interface), now)
    call = replace(call, dial_stage="number", answered_by=move.login)
    call, _is_new = taken(call, move.login)
    moment = policy.moment(call.direction, call.queue)
    show = _dialling(call, move.login, can_take=moment is PopMoment.button)
    if moment not in (PopMoment.dialling, PopMoment.ringing):
        return call, (*effects, show)
    call, pop = _pop(call, move.login)
    return call, (*pop, *effects, show)


def _number_answered(call: Call, moment: PopMoment) -> Result:
    """The wait of him who had it placed is over."""
    if call.own_phone is None or call.dial_stage == "over":
        return call, ()
    login = call.own_phone.login
    call = replace(call, dial_stage="over", updates=call.updates + 1)
    over = do.ShowDialling(f"{call.id}:dial:over", login, call.view, "over", AttemptResult.answered)
    if login in call.cards:
        return call, (over, do.UpdateCard(f"{call.id}:update:{call.updates}:{login}", login, call.view))
    if moment is not PopMoment.button:
        return call, (over,)
    offer = do.ShowRinging(f"{call.id}:offer:{login}:{call.parts}", login, call.view, can_take=True)
    return call, (over, offer)


def _answered(call: Call, move: Answered, now: datetime, policy: PopPolicy) -> Result:
    rang = any(ring.login == move.login and ring.ended_at is None for ring in call.rings)
    call, effects = rings_answered(call, move, now)
    call = replace(
        call,
        phase=Phase.talking,
        answered_at=call.answered_at or now,
        answered_by=call.answered_by or move.login,
        left_queue_at=call.left_queue_at or now,
        ends_by=None,
    )
    login, moment = move.login, policy.moment(call.direction, call.queue)
    call, told = _number_answered(call, moment)
    effects += told
    if login is None:
        return call, effects
    call, is_new = taken(call, login, has_card=rang and handed.comes_back(call, login))
    if moment in (PopMoment.answer, PopMoment.ringing, PopMoment.dialling):
        call, pop = _pop(call, login)
        # The pop comes first: whoever waits for it must not wait for the band to be cleared.
        return call, (*pop, *effects)
    if moment is PopMoment.button and is_new and login not in call.cards:
        key = f"{call.id}:offer:{login}:{call.parts}"
        return call, (*effects, do.ShowRinging(key, login, call.view, can_take=True))
    return call, effects


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
        silent=move.silent,
        updates=call.updates + 1,
    )
    ringing = tuple(r.login for r in call.rings if r.ended_at is None and r.login is not None)
    logins = tuple(dict.fromkeys((*call.cards, *ringing)))
    key = f"{call.id}:update:{call.updates}"
    return call, tuple(do.UpdateCard(f"{key}:{login}", login, call.view) for login in logins)


def _ended(call: Call, cause: int | None, now: datetime, last_ring: EndReason | None) -> Result:
    call, effects = _all_over(call, EndReason.lost if cause is None else EndReason.cancelled, now)
    if not call.is_ours or call.dial_stage == "phone":  # the number was not rung: nobody was visited
        return replace(call, phase=Phase.ended, ends_by=None), effects
    return _over((call, effects), contact_of(call, cause, now, last_ring), now)


def _all_over(call: Call, reason: EndReason, now: datetime) -> Result:
    """Nobody rings, talks or has a card of a living call any more."""
    effects: tuple[Effect, ...] = ()
    for place in [place for place, ring in enumerate(call.rings) if ring.ended_at is None]:
        call, more = ring_over(call, place, reason, now)
        effects += more
    for interface in call.talking_with:
        call = _talk_stopped(call, interface, now)
    for login in call.takers:
        call, effects = part_done(call, login, effects)
    call, told = handed.ended(call)
    return call, (*effects, *told)


def _over(result: Result, contact: Contact, now: datetime) -> Result:
    """Log the contact, at once or when all is known that belongs to it."""
    call, effects = result
    if call.customers_known and not _is_ivr_to_say(call):
        ended = replace(call, phase=Phase.ended, ends_by=None)
        return ended, (*effects, do.LogContact(f"{call.id}:contact", contact))
    # The customer base is still asked who this was, or the IVR whether he heard of his outage: the answer, or
    # its time limit, completes the contact.
    return replace(call, phase=Phase.ended, ends_by=now + LOOKUP_GRACE, unlogged=contact), effects


def _cause_of(call: Call, cause: int | None) -> int | None:
    """A channel that vanished after its caller was heard to leave has not been lost."""
    return NORMAL_CLEARING if cause is None and call.ends_by is not None else cause


def _is_ivr_to_say(call: Call) -> bool:
    """His Hangup was quicker than the IVR's word on how much of the outage he heard, or what he left."""
    if call.is_leaving_word:
        return True
    return bool(call.outages) and call.phase is Phase.ivr and call.route is None and call.ends_by is None


def _after_the_end(call: Call, move: Move) -> Result:
    contact = call.unlogged
    if contact is None:
        return call, ()
    updates: tuple[Effect, ...] = ()
    match move:
        case CustomersFound():
            call, updates = _found(call, move)
            contact = dataclasses.replace(contact, customer=sole_customer(call))
        case IvrLeft():
            contact = served(contact) if move.outage_heard else contact
            contact = dataclasses.replace(contact, node=move.node or contact.node)
            contact = with_word(contact, move.word) if move.word else contact
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

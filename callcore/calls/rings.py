"""Phones that ring for a call, and the part that each operator has in it, until both are over."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from callcore.calls import effects as do
from callcore.calls import handed
from callcore.calls.call import Answered, Call
from callcore.calls.effects import Effect, Ring
from callcore.calls.handed import Result
from callcore.calls.values import replace
from callcore.domain import EndReason, Login


def leg_over(call: Call, at: int | None, reason: EndReason, now: datetime) -> Result:
    """The leg of this ring is gone. Was it the one he talked over, his part in the call is done."""
    call, effects = ring_over(call, at, reason, now)
    login = call.rings[at].login if at is not None else None
    if at is None or login is None or call.rings[at].result is not EndReason.completed:
        return call, effects
    if any(r.login == login and r.interface in call.talking_with for r in call.rings):
        return call, effects  # he talks on over his other phone
    return part_done(call, login, effects)


def part_done(call: Call, login: Login, effects: tuple[Effect, ...]) -> Result:
    if login in call.done or login not in call.takers:
        return call, effects
    call = replace(call, done=(*call.done, login), parts=call.parts + 1)
    key = f"{call.id}:end:{login}:{call.parts}"
    if login in call.cards:
        return call, (*effects, do.EndCard(key, login, call.id, call.talk_ms))
    return call, (*effects, do.HideRinging(key, login, call.id, EndReason.completed))


def ring_over(call: Call, at: int | None, reason: EndReason, now: datetime) -> Result:
    """End the ring at this place; of one that is over, a better reason replaces a guess."""
    if at is None:
        return call, ()
    ring = call.rings[at]
    if ring.ended_at is not None:
        better = _better_reason(ring.result, reason)
        return _with_ring(call, at, dataclasses.replace(ring, result=better)), ()
    call = _with_ring(call, at, dataclasses.replace(ring, ended_at=now, result=reason))
    login = ring.login
    if login is None or any(r.login == login and r.ended_at is None for r in call.rings):
        return call, ()  # his other phone still rings
    key = ring_key(call, at)
    hide: tuple[Effect, ...] = (do.HideRinging(f"{key}:hide", login, call.id, reason),)
    if reason is not EndReason.completed and login in call.cards and handed.comes_back(call, login):
        return call, (*hide, do.EndCard(f"{key}:end", login, call.id, call.talk_ms))
    if call.is_own_ring(ring.interface):
        hide = ()  # the ledger tells how it ended
    if reason is EndReason.completed or login not in call.cards or login in call.takers:
        return call, hide
    call = replace(call, cards=tuple(other for other in call.cards if other != login))
    return call, (*hide, do.DropCard(f"{key}:drop", login, call.id, reason))


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


def ring_key(call: Call, at: int) -> str:
    return f"{call.id}:ring:{call.rings[at].interface}:{at}"


def taken(call: Call, login: Login, *, has_card: bool = False) -> tuple[Call, bool]:
    """He has a part in the call; True if it begins now. A card that he had in an earlier one is over;
    ``has_card``: that of this part came while it rang."""
    if login not in call.takers:
        return replace(call, takers=(*call.takers, login)), True
    if login not in call.done:
        return call, False
    done = tuple(other for other in call.done if other != login)
    if has_card:
        return replace(call, done=done), True
    cards = tuple(other for other in call.cards if other != login)
    return replace(call, done=done, cards=cards), True


def rings_answered(call: Call, move: Answered, now: datetime) -> Result:
    """His ring is completed, an unseen one is supplied; every other phone stops ringing at this moment."""
    at = call.newest_ring(move.interface)
    effects: tuple[Effect, ...] = ()
    for place, ring in enumerate(call.rings):
        if ring.ended_at is None:
            reason = EndReason.completed if place == at else EndReason.answered_elsewhere
            call, more = ring_over(call, place, reason, now)
            effects += more
    if at is None or call.rings[at].result is not EndReason.completed:
        ring = Ring(move.login, move.interface, now, now, EndReason.completed)
        return replace(call, rings=(*call.rings, ring)), effects
    if move.login in (None, call.rings[at].login):
        return call, effects
    # He has signed in, or changed seats, while the phone rang.
    return _with_ring(call, at, dataclasses.replace(call.rings[at], login=move.login)), effects

"""A call that one operator hands to another: whose card opens while it rings, and how that ends."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from callcore.calls import effects as do
from callcore.calls.call import Call
from callcore.calls.effects import Effect, HandedWords, HandingState
from callcore.calls.facts import Found, Handed, HandingFailed
from callcore.calls.line import LATE, Do
from callcore.calls.values import replace
from callcore.domain import CallId, EndReason, Interface, Login

Result = tuple[Call, tuple[Effect, ...]]
_WHYS = {
    "": "no_answer",
    "NOANSWER": "no_answer",
    "TIMEOUT": "no_answer",
    "CANCEL": "no_answer",
    "BUSY": "busy",
    "REJECTED": "rejected",
    "CLOSED": "closed",
}
"""By DIALSTATUS, QUEUESTATUS, or the dialplan's own word; any other says that nobody was there."""


_RETURN = "callcore-return"
_GONE_ON = "RETURN"
"""The word of a caller whose sender did not answer either."""
_OURS = frozenset({"callcore-join", "callcore-room", "callcore-take"})
"""Where a caller talks with whom callcore brought him together."""


def begin(call: Call, move: Handed) -> Result:
    """He is about to ask the telephone system; or it is seen what came of it while nobody looked."""
    call, shown = _shown(replace(call, handed=move.words))
    if move.found is None or move.words.state is not HandingState.asked:
        return call, shown
    call, told = _came_of_it(call, move.words.by, move.found)
    return call, (*shown, *told)


def _came_of_it(call: Call, by: Login, found: Found) -> Result:
    """Nothing, so far: it goes on being asked."""
    if call.returned is not None:
        return returned(call, call.returned)
    if found.context == _RETURN or found.word == _GONE_ON:
        return returned(call, found.word)
    with_him = [login_on(call, interface) for interface in call.talking_with]
    takers = [login for login in with_him if login != by]
    if takers:
        return settled(call, HandingState.taken, "", takers[0])
    if with_him:
        return settled(call, HandingState.withdrawn, "back" if found.context in _OURS else "failed")
    return call, ()


def login_on(call: Call, interface: Interface) -> Login | None:
    at = call.newest_ring(interface)
    return call.rings[at].login if at is not None else None


def is_under_way(call: Call, now: datetime) -> bool:
    """It has been ordered, and no news yet tell whether it was done."""
    line = call.line
    if call.handed is None or call.handed.state is not HandingState.asked or line is None:
        return False
    is_new = now - line.since <= LATE
    return is_new and (line.order is Do.blind or (line.order is Do.consult and not line.is_apart))


def opens_card(call: Call, login: Login) -> bool:
    """Whether the card is there while his telephone rings: of whoever is asked to take the call over, and of
    whoever gets it back."""
    handed = call.handed
    if handed is None:
        return False
    if handed.state is HandingState.asked:
        return login != handed.by
    return handed.state is HandingState.returned and login == handed.by


def comes_back(call: Call, login: Login) -> bool:
    """His own part was over; it begins anew, with the card that he had."""
    return call.handed is not None and call.handed.state is HandingState.returned and login == call.handed.by


def heard(call: Call, interface: Interface) -> Result:
    """Somebody talks with the caller himself: whoever is not the sender has taken him over. A consultation
    alone is no talk of the caller's; in a room the sender is there with the other."""
    handed = call.handed
    if handed is None or handed.state is not HandingState.asked:
        return call, ()
    login = login_on(call, interface)
    if login != handed.by:
        return settled(call, HandingState.taken, "", login)
    if call.line is not None and call.line.order is Do.three_way:
        return call, ()
    if call.line is None and not _has_answered(call, handed):
        return settled(call, HandingState.returned, "no_answer")  # Asterisk has waited long enough (*2)
    return settled(call, HandingState.withdrawn, "back")


def _has_answered(call: Call, words: HandedWords) -> bool:
    """Has anybody else picked up since?"""
    others = (ring for ring in call.rings if ring.login != words.by and ring.result is EndReason.completed)
    return any(ring.ended_at is not None and ring.ended_at >= words.at for ring in others)


def returned(call: Call, word: str) -> Result:
    """Nobody took it: the sender is rung, or has him on hold. ``word``: Asterisk's."""
    if call.handed is None or call.handed.state is not HandingState.asked:
        return call, ()
    return settled(call, HandingState.returned, _WHYS.get(word, "nobody"))


def ended(call: Call) -> Result:
    """The caller is gone."""
    if call.handed is None or call.handed.state is not HandingState.asked:
        return call, ()
    return settled(call, HandingState.withdrawn, "caller_gone")


def too_late(move: Handed | HandingFailed) -> tuple[Effect, ...]:
    """The caller hung up before it was even asked for."""
    if isinstance(move, HandingFailed) or move.words.state is not HandingState.asked:
        return ()
    return (_settle(move.call, move.words.handover, HandingState.withdrawn, "caller_gone", None),)


def failed(call: Call, move: HandingFailed) -> Result:
    if call.handed is None or call.handed.handover != move.handover:
        return call, ()
    if call.handed.state is not HandingState.asked:
        return call, ()
    return settled(call, HandingState.withdrawn, "failed")


def settled(call: Call, state: HandingState, why: str, login: Login | None = None) -> Result:
    handed = call.handed
    assert handed is not None
    call, shown = _shown(replace(call, handed=dataclasses.replace(handed, state=state, why=why)))
    return call, (*shown, _settle(call.id, handed.handover, state, why, login))


def _settle(call: CallId, handover: int, state: HandingState, why: str, login: Login | None) -> Effect:
    return do.SettleHandover(f"{call}:handed:{handover}", handover, state, login, why)


def _shown(call: Call) -> Result:
    """Whoever has the card, or hears it ring, sees how it stands."""
    call = replace(call, updates=call.updates + 1)
    ringing = (ring.login for ring in call.rings if ring.ended_at is None and ring.login is not None)
    key, view = f"{call.id}:update:{call.updates}", call.view
    logins = dict.fromkeys((*call.cards, *ringing))
    return call, tuple(do.UpdateCard(f"{key}:{login}", login, view) for login in logins)

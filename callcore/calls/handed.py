"""A call that one operator hands to another: whose card opens while it rings, and how that ends."""

from __future__ import annotations

import dataclasses

from callcore.calls import effects as do
from callcore.calls.call import Call
from callcore.calls.effects import Effect, HandingState
from callcore.calls.facts import Handed, HandingFailed
from callcore.calls.line import Do
from callcore.calls.values import replace
from callcore.domain import Interface, Login

Result = tuple[Call, tuple[Effect, ...]]
_WHYS = {
    "": "no_answer",
    "NOANSWER": "no_answer",
    "TIMEOUT": "no_answer",
    "CANCEL": "no_answer",
    "BUSY": "busy",
    "CLOSED": "closed",
}
"""By DIALSTATUS or QUEUESTATUS; any other says that nobody was there."""


def begin(call: Call, move: Handed) -> Result:
    """He is about to ask the telephone system; or, of an earlier life, he has."""
    return _shown(replace(call, handed=move.words))


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
    at = call.newest_ring(interface)
    login = call.rings[at].login if at is not None else None
    if login != handed.by:
        return settled(call, HandingState.taken, "", login)
    if call.line is not None and call.line.order is Do.three_way:
        return call, ()
    return settled(call, HandingState.withdrawn, "back")


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
    key = f"{call.id}:handed:{handed.handover}"
    return call, (*shown, do.SettleHandover(key, handed.handover, state, login, why))


def _shown(call: Call) -> Result:
    """Whoever has the card, or hears it ring, sees how it stands."""
    call = replace(call, updates=call.updates + 1)
    ringing = (ring.login for ring in call.rings if ring.ended_at is None and ring.login is not None)
    key, view = f"{call.id}:update:{call.updates}", call.view
    logins = dict.fromkeys((*call.cards, *ringing))
    return call, tuple(do.UpdateCard(f"{key}:{login}", login, view) for login in logins)

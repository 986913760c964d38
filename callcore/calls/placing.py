"""Calls that callcore places for people: the operator's phone is rung first, then the number.
Where somebody has asked to be called back, ``;2`` waits in a queue, and rings whoever's turn it is.

;1 ── ;2 ── the operator's phone        (a Local channel: both halves are ours, ;1 has the attempt's id)
└── the number's leg, once he has picked up
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls.attempt import AttemptResult, Plan
from callcore.calls.call import Call, OwnPhone, Phase, PickedUp
from callcore.calls.effects import CallView, Effect, ShowDialling
from callcore.calls.values import replace
from callcore.domain import CallId, ChannelId, ChannelRef, Direction, Interface, Login, Source

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def placed(floor: Tracker, fact: f.CallPlaced, _now: datetime) -> Iterator[Effect]:
    """Kept until the ledger says that it is over."""
    floor.placed[fact.channel] = fact
    return iter(())


def over(floor: Tracker, fact: f.PlacedOver, _now: datetime) -> Iterator[Effect]:
    """Nobody was reached: he is told why. That somebody was, the call itself has told."""
    wish = floor.placed.pop(fact.channel, None)
    if wish is None or wish.login is None or fact.result is AttemptResult.answered:
        return
    call = floor.calls.get(wish.call)
    view = _view(wish) if call is None else call.view
    key = f"{wish.call}:dial:{fact.result}"
    yield ShowDialling(key, wish.login, view, "over", fact.result, fact.why)


def begin(
    floor: Tracker,
    channel: ChannelRef,
    now: datetime,
    *,
    source: Source = Source.live,
    started_at: datetime | None = None,
) -> Iterator[Effect]:
    """The channel of such a call is there, for the first time or again after a restart."""
    wish = floor.placed[channel]
    agent = floor.agents.get(wish.login) if wish.login is not None else None
    is_inside = _is_inside(wish)
    yield from floor.begin(
        channel,
        None if is_inside else wish.number,
        agent.name if is_inside and agent is not None else None,
        wish.number if is_inside else None,
        now,
        source=source,
        started_at=started_at,
        call_id=wish.call,
        direction=Direction.internal if is_inside else Direction.outbound,
        phase=Phase.dialling,
        is_ours=not is_inside,
    )
    if wish.plan is Plan.queue_first:
        floor.calls[wish.call] = replace(floor.calls[wish.call], queue=wish.queue, dial_stage="phone")
    if wish.plan is Plan.phone_first and wish.login is not None and wish.interface is not None:
        own = OwnPhone(wish.login, wish.interface)
        floor.calls[wish.call] = replace(floor.calls[wish.call], own_phone=own, dial_stage="phone")


def stands(
    floor: Tracker, placeholder: ChannelRef, now: datetime, source: Source = Source.live
) -> Iterator[Effect]:
    """It waits in a queue: whose phone rings for it rings for the call that is placed."""
    first = ChannelRef(placeholder.pbx, ChannelId(placeholder.id.removesuffix("-b")))
    if first in floor.placed and first not in floor.by_channel:
        yield from begin(floor, first, now, source=source)
    if (call := floor.by_channel.get(first)) is not None:
        floor.by_channel[placeholder] = call


def has_no_phone(call: Call) -> bool:
    """Does a placeholder wait in a queue for whoever takes it?"""
    return call.dial_stage == "phone" and call.own_phone is None


def taken(floor: Tracker, call: Call, login: Login, interface: Interface, now: datetime) -> Iterator[Effect]:
    """An operator has taken the placeholder: from now on it is as if he had wanted the call. Until then his
    phone was one that a queue rings, and is shown to ring no more as such."""
    if (wish := floor.placed.get(call.channel)) is not None:
        floor.placed[call.channel] = dataclasses.replace(wish, login=login, interface=interface)
    yield from floor.move(call.id, PickedUp(login, interface), now)
    floor.calls[call.id] = replace(floor.calls[call.id], own_phone=OwnPhone(login, interface))


def taken_unseen(floor: Tracker, call: Call, people: list[ChannelRef], now: datetime) -> Iterator[Effect]:
    """Likewise, where we did not see it: whoever of ours is on the line has."""
    for ref in people:
        login = floor.login_of(ref)
        if login is not None:
            yield from taken(floor, call, login, floor.seat(login, floor.mirror.channels[ref]), now)
            return


def own_phone(call: Call, by: ChannelRef) -> Interface | None:
    """The phone that ``by`` has rung for this call, if that is its operator's own: ``;2`` rings it, the
    number is rung by ``;1``."""
    if call.own_phone is None or call.dial_stage != "phone" or by == call.channel:
        return None
    return call.own_phone.interface


def is_alone(floor: Tracker, call: Call, own: OwnPhone, people: list[ChannelRef]) -> bool:
    """He has his phone in his hand at most, and waits for the other one."""
    return call.dial_stage in ("phone", "number") and all(_is_his(floor, call, own, ref) for ref in people)


def is_caller(call: Call, interface: Interface) -> bool:
    """Within the house: this phone is that of him who had it placed."""
    is_his = call.own_phone is not None and call.own_phone.interface == interface
    return is_his and call.direction is Direction.internal


def colleague_answered(floor: Tracker, call: Call) -> Iterator[Effect]:
    """Of a call within the house: he who had it placed is its caller, and takes nothing."""
    if call.own_phone is None or call.dial_stage == "over":
        return
    floor.calls[call.id] = replace(call, dial_stage="over")
    key, login = f"{call.id}:dial:over", call.own_phone.login
    yield ShowDialling(key, login, call.view, "over", AttemptResult.answered)


def reached(floor: Tracker, call: Call, own: OwnPhone, people: list[ChannelRef]) -> Call:
    """Whoever is there beside the operator is the one who was called: from now on it is his call, and the
    channels that led to him may go."""
    others = [ref for ref in people if not _is_his(floor, call, own, ref)]
    if call.direction is Direction.internal or call.party is not None or not others:
        return call
    party = others[0]
    floor.legs.pop(party, None)
    floor.by_channel[party] = call.id
    call = floor.calls[call.id] = replace(call, party=party)
    return call


def _is_his(floor: Tracker, call: Call, own: OwnPhone, ref: ChannelRef) -> bool:
    leg = floor.legs.get(ref)
    is_rung = leg is not None and leg.call == call.id and leg.interface == own.interface
    return is_rung or floor.login_of(ref) == own.login


def _view(wish: f.CallPlaced) -> CallView:
    """Of a call that has no channel any more, or never had one."""
    return CallView(
        call=CallId(wish.call),
        caller_number=None if _is_inside(wish) else wish.number,
        caller_name=None,
        dialed_number=wish.number if _is_inside(wish) else None,
        language=None,
        queue=wish.queue,
        topic=None,
        customers=(),
        customers_known=True,
        lookup_failed=False,
        waiting_since=None,
        answered_at=None,
        direction=Direction.internal if _is_inside(wish) else Direction.outbound,
    )


def _is_inside(wish: f.CallPlaced) -> bool:
    """A canonical number begins with ``+``."""
    return not wish.number.startswith("+")

"""Calls that callcore places for people: the operator's phone is rung first, then the number.

;1 ── ;2 ── the operator's phone        (a Local channel: both halves are ours, ;1 has the attempt's id)
└── the number's leg, once he has picked up
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls.attempt import AttemptResult, Plan
from callcore.calls.call import Call, OwnPhone, Phase
from callcore.calls.effects import CallView, Effect, ShowDialling
from callcore.calls.values import replace
from callcore.domain import CallId, ChannelRef, Direction, Interface, Source

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
    yield from floor.begin(
        channel,
        wish.number,
        None,
        None,
        now,
        source=source,
        started_at=started_at,
        call_id=wish.call,
        direction=Direction.outbound,
        phase=Phase.dialling,
    )
    if wish.plan is Plan.phone_first and wish.login is not None and wish.interface is not None:
        own = OwnPhone(wish.login, wish.interface)
        floor.calls[wish.call] = replace(floor.calls[wish.call], own_phone=own, dial_stage="phone")


def own_phone(call: Call, by: ChannelRef) -> Interface | None:
    """The phone that ``by`` has rung for this call, if that is its operator's own: ``;2`` rings it, the
    number is rung by ``;1``."""
    if call.own_phone is None or call.dial_stage != "phone" or by == call.channel:
        return None
    return call.own_phone.interface


def reached(floor: Tracker, call: Call, people: list[ChannelRef]) -> Call:
    """Whoever is there beside the operator is the one who was called: from now on it is his call, and the
    channels that led to him may go."""
    others = [ref for ref in people if not _is_his(floor, call, ref)]
    if call.own_phone is None or call.party is not None or not others:
        return call
    party = others[0]
    floor.legs.pop(party, None)
    floor.by_channel[party] = call.id
    call = floor.calls[call.id] = replace(call, party=party)
    return call


def _is_his(floor: Tracker, call: Call, ref: ChannelRef) -> bool:
    own, leg = call.own_phone, floor.legs.get(ref)
    if own is None:
        return False
    is_rung = leg is not None and leg.call == call.id and leg.interface == own.interface
    return is_rung or floor.login_of(ref) == own.login


def _view(wish: f.CallPlaced) -> CallView:
    """Of a call that has no channel any more, or never had one."""
    return CallView(
        call=CallId(wish.call),
        caller_number=wish.number,
        caller_name=None,
        dialed_number=None,
        language=None,
        queue=wish.queue,
        topic=None,
        customers=(),
        customers_known=True,
        lookup_failed=False,
        waiting_since=None,
        answered_at=None,
        direction=Direction.outbound,
    )

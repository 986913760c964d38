"""What people do with a call they have: hold it, park it, send it on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls import lines
from callcore.calls.call import Call, CallerGone, Leg, RingStarted
from callcore.calls.effects import Effect, Party, TransferKind
from callcore.calls.values import replace
from callcore.domain import CallId, ChannelRef, Direction, EndReason

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def put_on_hold(floor: Tracker, fact: f.PutOnHold, now: datetime) -> Iterator[Effect]:
    call_id = lines.call_of(floor, fact.channel)
    if call_id is not None:
        yield from floor.teller.held(call_id, fact.channel, now, on=True)


def taken_off_hold(floor: Tracker, fact: f.TakenOffHold, now: datetime) -> Iterator[Effect]:
    call_id = lines.call_of(floor, fact.channel)
    if call_id is not None:
        yield from floor.teller.held(call_id, fact.channel, now, on=False)


def parked(floor: Tracker, fact: f.Parked, _now: datetime) -> Iterator[Effect]:
    call_id = lines.call_of(floor, fact.channel)
    if call_id is not None:
        floor.teller.parked(call_id)
    return iter(())


def blind(floor: Tracker, fact: f.BlindTransferred, now: datetime) -> Iterator[Effect]:
    transferee = _person(floor, fact.transferee)
    call = _call(floor, transferee, fact.by)
    if call is None:
        return
    _live_on(floor, call, transferee)
    target = Party(None, fact.extension or None)
    yield from floor.teller.transferred(call.id, TransferKind.blind, fact.by, (target,), now)


def attended(floor: Tracker, fact: f.AttendedTransferred, now: datetime) -> Iterator[Effect]:
    """Who was consulted belongs to the first call from now on; the consultation, if it was a call of its
    own, is over."""
    yield from _brought_together(floor, fact, now)
    transferee = _person(floor, fact.transferee)
    call = _call(floor, transferee, fact.by)
    if call is None:
        return
    _live_on(floor, call, transferee)
    consultation = lines.call_of(floor, fact.by_second)
    there = _there(floor, call, fact, consultation)
    ringing = [ref for ref, leg in floor.legs.items() if leg.call == consultation and ref != fact.by_second]
    kind = TransferKind.attended if there else TransferKind.blonde
    parties = tuple(party for ref in there or ringing if (party := floor.teller.party(ref)) is not None)
    yield from floor.teller.transferred(call.id, kind, fact.by, parties, now)
    if consultation is not None and consultation != call.id:
        yield from _merge(floor, consultation, call.id, kind, now)


def _brought_together(floor: Tracker, fact: f.AttendedTransferred, now: datetime) -> Iterator[Effect]:
    """A REFER in the moment of the answer lets the customer slip into the other bridge without a
    BridgeEnter: then this is the only word of it."""
    channel = floor.mirror.channels.get(fact.transferee) if fact.transferee is not None else None
    if channel is not None and fact.bridge is not None and channel.bridge != fact.bridge:
        yield from floor.handle(f.BridgeEntered(channel.ref, fact.bridge), now)


def _there(
    floor: Tracker, call: Call, fact: f.AttendedTransferred, consultation: CallId | None
) -> list[ChannelRef]:
    """Who took the consultation; nobody yet, if it still rings. Not every transfer names him, and those that
    do name a half of a Local channel: it is whoever answered, or whom the customer hears by now."""
    if fact.to_application:
        return []
    channels = floor.mirror.channels
    asked = [ref for ref, leg in floor.legs.items() if leg.call in (call.id, consultation)]
    heard = lines.people_of(floor, floor.mirror.company(call.anchor))
    named = [_person(floor, fact.target)]
    out = {call.anchor, fact.by, fact.by_second, None}
    there = [ref for ref in (*asked, *heard, *named) if ref not in out and ref in channels]
    up = [ref for ref in there if channels[ref].is_up and not channels[ref].is_local]
    return list(dict.fromkeys(up))


def _merge(
    floor: Tracker, consultation: CallId, into: CallId, kind: TransferKind, now: datetime
) -> Iterator[Effect]:
    """A consultation within the house ends in the call that it was about; with somebody outside it is a
    call of its own."""
    if floor.calls[consultation].direction is not Direction.internal:
        return
    moved = [(ref, leg) for ref, leg in floor.legs.items() if leg.call == consultation]
    reason = EndReason.completed if kind is TransferKind.attended else EndReason.cancelled
    yield from floor.teller.ended(consultation, reason, now)
    yield from floor.move(consultation, CallerGone(16), now)
    for ref, leg in moved:
        channel = floor.mirror.channels.get(ref)
        if channel is None:
            continue
        ring = None
        if not channel.is_up:
            login = floor.login_at(ref.pbx, leg.interface)
            yield from floor.move(into, RingStarted(login, leg.interface), now)
            ring = floor.calls[into].newest_ring(leg.interface)
            yield from floor.teller.rang(into, ref, now)
        floor.legs[ref] = Leg(into, leg.interface, ring)
    yield from lines.look(floor, into, now)


def _call(floor: Tracker, transferee: ChannelRef | None, by: ChannelRef) -> Call | None:
    call_id = lines.call_of(floor, transferee) if transferee is not None else None
    if call_id is None:
        call_id = lines.call_of(floor, by)
    return floor.calls.get(call_id) if call_id is not None else None


def _live_on(floor: Tracker, call: Call, transferee: ChannelRef | None) -> None:
    """The one who began the call hands the other one on: the call goes on with that one."""
    leg = floor.legs.get(transferee) if transferee is not None else None
    if transferee is None or leg is None or leg.call != call.id or call.direction is Direction.inbound:
        return
    del floor.legs[transferee]
    floor.by_channel[transferee] = call.id
    floor.calls[call.id] = replace(call, party=transferee)


def _person(floor: Tracker, ref: ChannelRef | None) -> ChannelRef | None:
    """Who is behind a half of a Local channel: whom the other half called, or is in a bridge with."""
    channel = floor.mirror.channels.get(ref) if ref is not None else None
    half = floor.mirror.other_half(channel) if channel else None
    if half is None:
        return ref
    channels = floor.mirror.channels
    called = [leg for leg in floor.legs if leg in channels and channels[leg].dialled_by == half]
    beyond = [other for other in sorted(floor.mirror.behind(half), key=str) if lines.call_of(floor, other)]
    return next(iter([*called, *beyond]), ref)

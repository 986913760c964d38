"""Between channels and calls: to which call a channel belongs, what kind of call it is, and who talks.

Devices are told apart by technology-neutral rules: a phone of the house is one that some operator may take,
or one that calls by its own short number (``PJSIP/250`` as 250); everything else is the world outside.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls import lining, placing
from callcore.calls.call import Answered, Call, Leg, Phase, PickedUp, RingStarted, TalkStarted, TalkStopped
from callcore.calls.effects import Effect
from callcore.calls.mirror import Channel, device_of, placed_number
from callcore.calls.values import replace
from callcore.domain import CallId, ChannelId, ChannelRef, Direction, Interface, PbxName, Source

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker

SHORT = 5
"""Longest number of a phone within the house."""


def is_house(floor: Tracker, ref: ChannelRef) -> bool:
    """Is it a phone of ours?"""
    channel = floor.mirror.channels.get(ref)
    if channel is None:
        return False
    return is_house_phone(floor, ref.pbx, channel.name, channel.own_number or channel.caller_number)


def is_house_phone(floor: Tracker, pbx: PbxName, name: str, number: str | None) -> bool:
    """As ``is_house``, of a channel called ``name`` that calls as ``number``."""
    if not name:
        return False
    device = device_of(name)
    if floor.is_phone(pbx, device) or floor.is_internal(pbx, device):
        return True
    _tech, _slash, endpoint = device.partition("/")
    return number == endpoint and number.isdigit() and len(number) <= SHORT


def caller_of(floor: Tracker, ref: ChannelRef) -> ChannelRef:
    """Who is at the far end of the Local channels that led here; ``ref`` itself if there are none."""
    above = _above(floor, ref)
    return ref if isinstance(above, Leg) else above


def call_of(floor: Tracker, ref: ChannelRef) -> CallId | None:
    """The call in which this channel is a party, whichever."""
    if ref in floor.by_channel:
        return floor.by_channel[ref]
    leg = floor.legs.get(ref)
    return leg.call if leg is not None and leg.call in floor.calls else None


# --- somebody is rung


def dialled(floor: Tracker, fact: f.DialBegan, now: datetime) -> Iterator[Effect]:
    floor.mirror.dialled(fact, now)
    target = floor.mirror.channels.get(fact.target)
    if target is None:
        return
    if fact.target in floor.legs:  # the queue was quicker
        if not target.is_local:
            yield from floor.teller.rang(floor.legs[fact.target].call, fact.target, now)
        return
    if fact.channel is None:
        yield from _originated(floor, target, now)
    elif not target.is_local:
        yield from _rings(floor, fact.channel, target, now)


def _originated(floor: Tracker, target: Channel, now: datetime) -> Iterator[Effect]:
    """Somebody is called so that he can be put through: he becomes the caller."""
    if target.ref in floor.placed and target.ref not in floor.by_channel:
        yield from placing.begin(floor, target.ref, now)
        return
    if (
        target.ref in floor.by_channel
        or placed_number(target.name)
        or target.linked not in ("", target.ref.id)
    ):
        return
    direction = Direction.internal if is_house(floor, target.ref) else Direction.outbound
    number = target.caller_number if direction is Direction.outbound else target.own_number
    yield from floor.begin(
        target.ref, number, None, None, now, direction=direction, phase=Phase.dialling, is_ours=False
    )
    target.dial_status = "NOANSWER"  # nobody waits who could give up: its end is that of the time to ring
    if not target.is_local:
        yield from floor.teller.rang(floor.by_channel[target.ref], target.ref, now)


def _rings(floor: Tracker, by: ChannelRef, target: Channel, now: datetime) -> Iterator[Effect]:
    above = _above(floor, by)
    if isinstance(above, Leg):  # behind a Local member: the same ring, at the phone itself
        floor.legs[target.ref] = above
        yield from floor.teller.rang(above.call, target.ref, now)
        return
    if above not in floor.by_channel and not _may_call(floor, above):
        above = ChannelRef(target.ref.pbx, ChannelId(target.linked))  # in whose name the leg was made
    asker = lining.asker(floor, above)
    call_id = asker.id if asker is not None else None
    call_id = call_id or floor.by_channel.get(above) or floor.by_linked.get((target.ref.pbx, target.linked))
    if call_id is None:
        if above not in floor.mirror.channels or not _may_call(floor, above):
            return
        call_id = yield from _begin(floor, above, target, now)
    call = yield from _retold(floor, floor.calls[call_id], target, now)
    if call.parked is not None:
        yield from lining.taken(floor, call, floor.login_of(target.ref))
        call = floor.calls[call_id]
    if call.phase is Phase.ended or target.is_up:  # whoever picks a call up does not ring
        return
    if (own := placing.own_phone(call, by)) is not None:
        yield from floor.move(call_id, RingStarted(floor.login_at(by.pbx, own), own), now)
        floor.legs[target.ref] = Leg(call_id, own, floor.calls[call_id].newest_ring(own))
        yield from floor.teller.rang(call_id, target.ref, now)
        return
    is_phone = floor.is_phone(target.ref.pbx, target.device)
    if is_phone and call.direction is not Direction.internal:
        yield from floor.own(call_id, now)
    ring = None
    if call.direction is not Direction.outbound or is_house(floor, target.ref):
        yield from floor.move(
            call_id, RingStarted(floor.login_at(target.ref.pbx, target.device), target.device), now
        )
        ring = floor.calls[call_id].newest_ring(target.device)
    floor.legs[target.ref] = Leg(call_id, target.device, ring)
    yield from floor.teller.rang(call_id, target.ref, now)


def _above(floor: Tracker, ref: ChannelRef) -> ChannelRef | Leg:
    """Who had this channel dial: up through Local channels to the caller, or to the member rung."""
    while ref not in floor.by_channel:
        channel = floor.mirror.channels.get(ref)
        half = floor.mirror.other_half(channel) if channel and channel.name.endswith(";2") else None
        if half is None:
            return ref
        if half in floor.legs:
            return floor.legs[half]
        above = floor.mirror.channels[half].dialled_by
        if above is None or above == ref:
            return half
        ref = above
    return ref


def _may_call(floor: Tracker, ref: ChannelRef) -> bool:
    """Not what callcore places itself, and no Local channel that somebody we do not know has called."""
    channel = floor.mirror.channels.get(ref)
    if channel is None or placed_number(channel.name) is not None:
        return channel is None
    return not channel.is_local or (channel.is_wire and channel.linked == ref.id)


def _begin(
    floor: Tracker, caller: ChannelRef, target: Channel, now: datetime
) -> Generator[Effect, None, CallId]:
    """A call that neither our IVR nor a queue has told of."""
    channel = floor.mirror.channels.get(caller)
    direction = Direction.inbound
    number = (channel.own_number or channel.caller_number) if channel else None
    name = channel.caller_name if channel else None
    dialed = channel.dialed_number if channel else None
    if is_house(floor, caller):
        direction = Direction.internal if is_house(floor, target.ref) else Direction.outbound
    if direction is Direction.outbound:
        number, name = dialed or target.caller_number, None
    yield from floor.begin(
        caller,
        number,
        name,
        dialed,
        now,
        direction=direction,
        phase=Phase.dialling,
        is_ours=direction is Direction.outbound
        and channel is not None
        and floor.is_phone(caller.pbx, channel.device),
    )
    return floor.by_channel[caller]


def _retold(floor: Tracker, call: Call, target: Channel, now: datetime) -> Generator[Effect, None, Call]:
    """An operator whose phone was called first now has the customer called: it was no internal call."""
    channel = floor.mirror.channels.get(call.channel)
    is_his = call.direction is Direction.internal and call.answered_at is None and not call.rings
    if channel is None or not is_his or is_house(floor, target.ref):
        return call
    raw = channel.dialed_number or target.caller_number or ""
    call = replace(
        call,
        direction=Direction.outbound,
        caller_number=floor.canonical(raw),
        caller_number_raw=raw,
        caller_name=None,
    )
    floor.calls[call.id] = call
    if floor.is_phone(channel.ref.pbx, channel.device):
        yield from floor.own(call.id, now)
    return floor.calls[call.id]


# --- who talks


def look_around(
    floor: Tracker, channel: ChannelRef, before: frozenset[ChannelRef], now: datetime
) -> Iterator[Effect]:
    """A channel came into a bridge or left one: whose talk has that changed?"""
    after = floor.mirror.company(channel)
    around = before | after | {channel}
    found = {floor.by_channel[ref] for ref in around if ref in floor.by_channel}
    worked_on = {leg.call for ref in around if (leg := floor.legs.get(ref)) is not None} - found
    found |= {call for call in worked_on if call in floor.calls and floor.calls[call].line is not None}
    if not found and len(after) > 1:
        yield from met(floor, after, now)
        return
    is_alone = len(before) <= 1 and len(after) <= 1
    for call_id in sorted(found):
        call = floor.calls.get(call_id)
        # Who was alone, and still is, talks with nobody: half of all that comes here.
        if call is not None and (call.talking_with or call.line or not is_alone):
            yield from look(floor, call_id, now)


def met(
    floor: Tracker, around: frozenset[ChannelRef], now: datetime, source: Source = Source.live
) -> Iterator[Effect]:
    """An operator and somebody from outside hear each other, and nothing was told of how they met."""
    channels = floor.mirror.channels
    people = people_of(floor, around)
    phones = [ref for ref in people if not channels[ref].is_local]
    wires = [ref for ref in around if ref in channels and channels[ref].is_wire]
    seats = [ref for ref in wires if channels[ref].name.endswith(";1")]  # a member's stands for him
    operators = [ref for ref in [*phones, *seats] if floor.login_of(ref) is not None]
    if len(people) < 2 or not operators:
        return
    placed = [ref for ref in around if ref in channels and placed_number(channels[ref].name)]
    callers = [ref for ref in placed if channels[ref].name.endswith(";1")]
    if not placed:
        own = _at_seats(floor, operators)
        callers = [ref for ref in phones if ref not in floor.legs and not is_house(floor, ref)]
        callers = [ref for ref in callers if channels[ref].name and ref not in own]
    if len(callers) == 1:
        yield from _begin_talk(floor, channels[callers[0]], operators, now, source)


def _at_seats(floor: Tracker, operators: list[ChannelRef]) -> set[ChannelRef]:
    """The phones behind members' Local channels: whatever their numbers, they are operators' own."""
    halves = [floor.mirror.other_half(floor.mirror.channels[ref]) for ref in operators]
    return {ref for half in halves if half is not None for ref in floor.mirror.behind(half)}


def _begin_talk(
    floor: Tracker, other: Channel, operators: list[ChannelRef], now: datetime, source: Source
) -> Iterator[Effect]:
    """Who called whom tells the Linkedid: it is the channel that was there first."""
    by = next((ref for ref in operators if ref.id == other.linked), None)
    yield from floor.begin(
        by or other.ref,
        other.caller_number,
        other.caller_name,
        other.dialed_number,
        now,
        source=source,
        started_at=other.created_at,
        direction=Direction.outbound if by else Direction.inbound,
        phase=Phase.dialling,
    )
    call_id = floor.by_channel[by or other.ref]
    if by is not None:
        floor.legs[other.ref] = Leg(call_id, other.device)
    yield from look(floor, call_id, now)


def people_of(floor: Tracker, refs: Iterable[ChannelRef]) -> list[ChannelRef]:
    """Those of these channels that somebody talks on."""
    channels = floor.mirror.channels
    return [ref for ref in sorted(refs, key=str) if ref in channels and not channels[ref].is_wire]


def look(floor: Tracker, call_id: CallId, now: datetime) -> Iterator[Effect]:
    """Operators who hear the caller talk with him, and nobody else does."""
    _reached(floor, floor.calls[call_id])
    call = floor.calls[call_id]
    company = floor.mirror.company(call.anchor)
    people = [ref for ref in people_of(floor, company) if ref != call.anchor]
    if placing.has_no_phone(call):
        yield from placing.taken_unseen(floor, call, people, now)
        call = floor.calls[call_id]
    own = call.own_phone
    is_alone = own is not None and placing.is_alone(floor, call, own, people)
    if own is not None:
        call = placing.reached(floor, call, own, people)
        people = [ref for ref in people if ref != call.party]
    here: dict[Interface, ChannelRef] = {}
    wires = [ref for ref in sorted(company, key=str) if ref not in people and ref != call.anchor]
    # A member's Local channel stands for him as soon as somebody is at its other end.
    for ref in [*people, *wires] if people else ():
        interface = _operators_phone(floor, ref, call, company)
        if interface is not None:
            here[interface] = ref
    for interface in call.talking_with:
        if interface not in here:
            yield from floor.move(call_id, TalkStopped(interface), now)
    for interface, ref in sorted(here.items()):
        if own is not None and is_alone:
            if call.is_own_ring(interface):
                yield from floor.move(call_id, PickedUp(own.login, interface), now)
        elif placing.is_caller(call, interface):
            yield from placing.colleague_answered(floor, call)
        elif interface not in call.talking_with:
            login = floor.login_of(ref)
            if login is not None and call.direction is not Direction.internal:
                yield from floor.own(call_id, now)
            yield from floor.move(call_id, Answered(login, interface), now)
            yield from floor.move(call_id, TalkStarted(interface), now)
    if (line := floor.calls[call_id].line) is not None:
        yield from lining.settle(floor, call_id, line, now)
    # Told last: who waits for the card must not wait for the story.
    joined = [ref for ref in people if ref != call.channel and not _is_caller(floor, ref)]
    for ref in joined if call.party is None else [call.party, *joined]:
        yield from floor.teller.joined(call_id, ref, now)


def _is_caller(floor: Tracker, ref: ChannelRef) -> bool:
    """In a call of his own, from or to somebody outside: he has not come to answer another one."""
    call_id = floor.by_channel.get(ref)
    return call_id is not None and floor.calls[call_id].direction is not Direction.internal


def _reached(floor: Tracker, call: Call) -> None:
    """The one whom an operator has called is there: from now on it is his call."""
    if call.direction is not Direction.outbound or call.party is not None or call.phase is Phase.ended:
        return
    if not is_house(floor, call.channel):
        return
    for ref in sorted(floor.mirror.company(call.channel), key=str):
        if _is_called(floor, call, ref):
            _is_reached(floor, call, ref)
            return


def reached_before(floor: Tracker, call: Call) -> bool:
    """The same after a restart, while they are apart: exactly one whom he has called is there."""
    channels = floor.mirror.channels
    called = [ref for ref in floor.legs.of(call.id) if _is_called(floor, call, ref) and channels[ref].is_up]
    if len(called) == 1:
        _is_reached(floor, call, called[0])
    return len(called) == 1


def _is_called(floor: Tracker, call: Call, ref: ChannelRef) -> bool:
    leg = floor.legs.get(ref)
    return ref != call.channel and leg is not None and leg.call == call.id and not is_house(floor, ref)


def _is_reached(floor: Tracker, call: Call, ref: ChannelRef) -> None:
    del floor.legs[ref]
    floor.by_channel[ref] = call.id
    floor.legs[call.channel] = Leg(call.id, floor.mirror.channels[call.channel].device)
    floor.calls[call.id] = replace(call, party=ref)


def _operators_phone(
    floor: Tracker, ref: ChannelRef, call: Call, company: frozenset[ChannelRef]
) -> Interface | None:
    """The phone by which this channel takes part in the call as an operator's; None: it is none."""
    leg = floor.legs.get(ref)
    if leg is None:
        channel = floor.mirror.channels[ref]
        login = floor.login_of(ref)
        if login is None:
            return None
        if ref not in floor.by_channel:
            floor.legs[ref] = Leg(call.id, floor.seat(login, channel))
        return floor.seat(login, channel)
    if leg.call == call.id:
        return leg.interface
    other = floor.calls.get(leg.call)
    if other is not None and other.anchor in company and other.direction is not Direction.internal:
        return None  # in a conference of several callers he belongs to the one who rang him
    if other is None or other.anchor not in company:  # he came here from a call of his own, a consultation
        floor.legs[ref] = Leg(call.id, leg.interface)
    return leg.interface

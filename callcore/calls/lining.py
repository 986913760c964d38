"""Work on living calls as the model follows it: what was ordered explains why channels part and meet.

Facts decide: an order only says what the next moves mean. ``settle`` is asked whenever somebody of such a
call comes into a bridge or leaves one; what follows for customers and operators who are left alone are
effects (``SendOn``, ``EndChannel``), since no news of the PBX would end their waiting.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls import handed, left_alone, lines
from callcore.calls.call import Answered, Call, Phase
from callcore.calls.effects import (
    CallParked,
    CallUnparked,
    Effect,
    Party,
    ShowLine,
    TransferKind,
    UnparkedWhy,
)
from callcore.calls.handset import Parts, Waiting
from callcore.calls.line import (
    LATE,
    PLAIN,
    Do,
    Line,
    LineState,
    LineView,
    ParkedCall,
    ToOutside,
    name_of,
)
from callcore.calls.values import replace
from callcore.domain import CallId, ChannelRef, Direction, Login

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker

ASKING = frozenset({Do.consult, Do.three_way})
TRANSFER = "@callcore-transfer-"
"""In the name of the Local channel that Asterisk makes for an operator who asks by *2."""
_TALKED = frozenset({"ANSWER", "CONTINUE"})


# --- what there is


def state_of(floor: Tracker, call: Call, login: Login) -> LineState | None:
    """How this operator and the call stand; None: he has no leg in it that we could work with."""
    line, here = call.line, floor.mirror.company(call.anchor)
    mine = channel_of(floor, call, login)
    if mine is None:
        return None
    if mine in here:
        return LineState.room if floor.mirror.is_room(call.anchor) else LineState.talks
    if line is None or not line.is_apart:
        return None
    if line.mine != mine:
        return LineState.consulted if mine in floor.mirror.company(line.mine) else None
    if asked_here(floor, call, line):
        return LineState.consulting
    if line.is_asking:
        return LineState.calling
    return LineState.failed if line.failed else LineState.held


def view_of(floor: Tracker, call: Call, login: Login) -> LineView | None:
    """What his call bar shows; None: he is not in this call."""
    state = state_of(floor, call, login)
    if state is None:
        return None
    line = call.line
    mine = channel_of(floor, call, login)
    is_muted = mine in call.muted
    if state is LineState.talks or line is None:
        return LineView(state, is_muted=is_muted)
    with_ = line.by if state is LineState.consulted else name_of(line.target)
    failed = line.failed if state is LineState.failed else ""
    return LineView(state, line.since, with_, is_muted, failed, isinstance(line.target, ToOutside))


def parts(floor: Tracker, login: Login, call_id: CallId) -> Parts | None:
    """The channels of this operator's call; None: it is not his, or nothing can be done with it."""
    call, agent = floor.calls.get(call_id), floor.agents.get(login)
    if call is None or agent is None or call.phase is Phase.ended:
        return None
    state, mine = state_of(floor, call, login), channel_of(floor, call, login)
    customer = floor.mirror.channels.get(call.anchor)
    if state is None or mine is None or customer is None or customer.is_wire or not customer.name:
        return None
    return Parts(
        call=call.id,
        pbx=call.anchor.pbx,
        customer=customer.name,
        mine=floor.mirror.channels[mine].name,
        state=state,
        sender=agent.interface,
        others=tuple(floor.mirror.channels[ref].name for ref in _others(floor, call, state)),
        who=(call.caller_number or "") if call.direction is Direction.outbound else "",
        target=call.line.target if call.line is not None else None,
        is_muted=mine in call.muted,
    )


def waiting(floor: Tracker, call_id: CallId) -> Waiting | None:
    """A parked customer; None: nobody is parked under this id."""
    call = floor.calls.get(call_id)
    if call is None or call.parked is None or call.phase is Phase.ended:
        return None
    customer = floor.mirror.channels.get(call.anchor)
    return None if customer is None else Waiting(call.id, call.anchor.pbx, customer.name)


def channel_of(floor: Tracker, call: Call, login: Login) -> ChannelRef | None:
    """The channel of his phone in this call; the newest, if there are several."""
    channels = floor.mirror.channels
    for ref in reversed(floor.legs.of(call.id)):
        channel = channels.get(ref)
        if channel is None or channel.is_local or not channel.is_up or ref == call.anchor:
            continue
        if floor.login_of(ref) == login:
            return ref
    return None


def asker(floor: Tracker, ref: ChannelRef) -> Call | None:
    """The call for which this operator's channel asks somebody: whom it dials, and where it waits, is part of
    that call and no call of its own. Also the channel that asks in his name, if he does by *2."""
    channel = floor.mirror.channels.get(ref)
    if channel is not None and TRANSFER in channel.name and channel.is_local:
        return floor.calls.get(floor.by_linked.get((ref.pbx, channel.linked)) or CallId(""))
    leg = floor.legs.get(ref)
    call = floor.calls.get(leg.call) if leg is not None else None
    is_asking = call is not None and call.line is not None and call.line.mine == ref
    return call if is_asking and call is not None and call.line and call.line.is_asking else None


def _others(floor: Tracker, call: Call, state: LineState) -> list[ChannelRef]:
    """Whom the operator asks: who talks with him, or all that ring."""
    if call.line is None or state not in (LineState.calling, LineState.consulting):
        return []
    asked = asked_here(floor, call, call.line)
    channels = floor.mirror.channels
    return asked or [ref for ref in channels if channels[ref].dialled_by == call.line.mine]


def asked_here(floor: Tracker, call: Call, line: Line) -> list[ChannelRef]:
    """Who is in a bridge with the operator, while the customer is not."""
    beside = floor.mirror.beside(line.mine)
    return [] if call.anchor in beside else sorted(beside - {line.mine}, key=str)


# --- orders


def ordered(floor: Tracker, fact: f.LineOrdered, now: datetime) -> Iterator[Effect]:
    call = floor.calls.get(fact.call)
    if call is None or call.phase is Phase.ended:
        return
    if fact.do is Do.take:
        floor.calls[call.id] = replace(call, was_ordered=True)
        return
    mine = channel_of(floor, call, fact.login)
    if mine is None or fact.do in (Do.hang_up, Do.end):
        return
    if fact.do in (Do.mute, Do.unmute):
        others = tuple(ref for ref in call.muted if ref != mine)
        floor.calls[call.id] = replace(call, muted=(*others, mine) if fact.do is Do.mute else others)
        yield from show(floor, call.id)
        return
    line = Line(
        fact.login,
        mine,
        fact.do,
        now,
        fact.target or (call.line.target if call.line is not None else None),
        is_apart=call.line is not None and call.line.is_apart,
        is_asking=_is_asking(call.line, fact.do),
        before=call.line and dataclasses.replace(call.line, before=None),
    )
    floor.calls[call.id] = replace(call, line=line, was_ordered=True, returned=None)
    yield from show(floor, call.id)


def _is_asking(before: Line | None, do: Do) -> bool:
    return do in ASKING or (before is not None and before.is_asking and do in (Do.complete, Do.blind))


def refused(floor: Tracker, fact: f.LineRefused, _now: datetime) -> Iterator[Effect]:
    """Nothing was done: what held before holds again."""
    call = floor.calls.get(fact.call)
    if call is None or call.line is None or call.line.by != fact.login:
        return
    before = call.line.before
    if before is not None:
        before = dataclasses.replace(before, is_apart=call.line.is_apart)
    floor.calls[call.id] = replace(call, line=before)
    yield from show(floor, call.id)


# --- what comes of them


def settle(floor: Tracker, call_id: CallId, line: Line, now: datetime) -> Iterator[Effect]:
    """Somebody of this call, on which an operator works, came into a bridge or left one."""
    call = floor.calls[call_id]
    here = floor.mirror.company(call.anchor)
    is_room = line.order is Do.three_way and not line.is_apart
    if not line.is_apart and not is_room and now - line.since > LATE:
        floor.calls[call_id] = replace(call, line=None)
        return
    if line.mine in here:
        yield from _together(floor, call, line, now) if line.is_apart else show(floor, call_id)
        return
    got = [ref for ref in lines.people_of(floor, here) if ref != call.anchor]
    if not line.is_apart and not (is_room and got):
        yield from _parted(floor, call, line, now)
    call = floor.calls[call_id]
    if call.line is None:
        return
    yield from _asked_answers(floor, call, line, now)
    if got and not _comes(floor, line):
        yield from given(floor, floor.calls[call_id], line, got, now)
    yield from show(floor, call_id)


def _comes(floor: Tracker, line: Line) -> bool:
    """He is on his way into the room, where the others are before him."""
    return line.order is Do.three_way and line.is_apart and line.mine in floor.mirror.channels


def _together(floor: Tracker, call: Call, line: Line, now: datetime) -> Iterator[Effect]:
    yield from floor.teller.held(call.id, line.mine, now, on=False)
    is_room = floor.mirror.is_room(call.anchor)
    room = dataclasses.replace(
        line, order=Do.three_way, is_apart=False, is_asking=False, since=now, before=None
    )
    floor.calls[call.id] = replace(call, line=room if is_room else None, parked=None)
    yield from show(floor, call.id)


def _parted(floor: Tracker, call: Call, line: Line, now: datetime) -> Iterator[Effect]:
    floor.calls[call.id] = replace(
        call, line=dataclasses.replace(line, is_apart=True, since=now, before=None)
    )
    match line.order:
        case Do.blind:
            target = Party(None, name_of(line.target) or None)
            yield from floor.teller.transferred(call.id, TransferKind.blind, line.mine, (target,), now)
            floor.calls[call.id] = replace(floor.calls[call.id], line=None)
        case Do.park:
            yield from park(floor, floor.calls[call.id], line, now)
        case Do.three_way:  # he was the last of ours in the room
            floor.calls[call.id] = replace(floor.calls[call.id], line=None)
        case _:
            yield from floor.teller.held(call.id, line.mine, now, on=True)


def park(floor: Tracker, call: Call, line: Line, now: datetime) -> Iterator[Effect]:
    floor.teller.parked(call.id)
    floor.calls[call.id] = replace(call, line=None, parked=ParkedCall(call.id, line.by, now))
    yield CallParked(f"{call.id}:parked:{line.by}:{now.timestamp()}", line.by, call.view)
    yield from show(floor, call.id)


def taken(floor: Tracker, call: Call, login: Login | None) -> Iterator[Effect]:
    """He waits without anybody no longer: this one's telephone rings; None: a telephone of nobody."""
    floor.calls[call.id] = replace(call, parked=None)
    yield from _unparked(call, login, "taken")


def _unparked(call: Call, login: Login | None, why: UnparkedWhy) -> Iterator[Effect]:
    if call.parked is not None:
        key = f"{call.id}:unparked:{call.parked.since.timestamp()}"
        yield CallUnparked(key, login, call.view, why)


def _asked_answers(floor: Tracker, call: Call, line: Line, now: datetime) -> Iterator[Effect]:
    """Whoever is asked has a part in the call from his answer on."""
    for ref in sorted(floor.mirror.company(line.mine) - {line.mine, call.anchor}, key=str):
        leg = floor.legs.get(ref)
        at = call.newest_ring(leg.interface) if leg is not None and leg.call == call.id else None
        if leg is not None and at is not None and call.rings[at].ended_at is None:
            yield from floor.move(call.id, Answered(floor.login_of(ref), leg.interface), now)


def given(floor: Tracker, call: Call, line: Line, got: list[ChannelRef], now: datetime) -> Iterator[Effect]:
    """He has the customer now, whether the operator gave him or hung up."""
    parties = tuple(party for ref in got if (party := floor.teller.party(ref)) is not None)
    yield from floor.teller.transferred(call.id, TransferKind.attended, line.mine, parties, now)
    floor.calls[call.id] = replace(floor.calls[call.id], line=None, parked=None)


def consulted(floor: Tracker, fact: f.Consulted, now: datetime) -> Iterator[Effect]:
    """The consultation is over, and not by our order."""
    if fact.channel in floor.bereaved:
        yield from left_alone.end(floor, None, fact.channel, "held_gone", now)
    if fact.channel not in floor.legs and (about := asker(floor, fact.channel)) is not None:
        yield from _asked_by_phone(floor, about, fact)
        return
    leg = floor.legs.get(fact.channel)
    call = floor.calls.get(leg.call) if leg is not None else None
    line = call.line if call is not None else None
    if call is None or line is None or line.mine != fact.channel or line.order not in ASKING:
        return
    failed = "" if fact.status in _TALKED else fact.status or "FAILED"
    line = dataclasses.replace(line, is_asking=False, failed=failed, since=now)
    call, told = handed.returned(call, failed) if failed else (call, ())
    floor.calls[call.id] = replace(call, line=line)
    yield from told
    yield from show(floor, call.id)


def _asked_by_phone(floor: Tracker, call: Call, fact: f.Consulted) -> Iterator[Effect]:
    """He asked by *2; Asterisk gives the customer back to him."""
    if fact.status in _TALKED:
        return
    floor.calls[call.id], told = handed.returned(call, fact.status)
    yield from told


def returned(floor: Tracker, fact: f.Returned, _now: datetime) -> Iterator[Effect]:
    call_id = floor.by_channel.get(fact.channel)
    if call_id is None:
        floor.odd["returned_without_call"] += 1
        return
    before = floor.calls[call_id]
    call = replace(before, returned=fact.why, line=None, parked=None)
    call, told = handed.returned(call, fact.why)
    floor.calls[call_id] = call
    yield from _unparked(before, None, "returned")
    yield from told
    yield from show(floor, call_id)


def handed_on(floor: Tracker, fact: f.Handed | f.HandingFailed, now: datetime) -> Iterator[Effect]:
    call = floor.calls.get(fact.call)
    if call is None or call.phase is Phase.ended:
        yield from handed.too_late(fact)
        return
    yield from floor.move(fact.call, fact, now)
    if isinstance(fact, f.Handed) and fact.found is not None:
        yield from left_alone.found_waiting(floor, floor.calls[fact.call], fact.found)


# --- telling the desks


def show(floor: Tracker, call_id: CallId) -> Iterator[Effect]:
    """What has changed for the operators of this call; an ordinary talk is not told of."""
    call = floor.calls[call_id]
    for login in call.takers:
        view = None if call.phase is Phase.ended or login in call.done else view_of(floor, call, login)
        if view is not None and view == PLAIN:
            view = None
        shown = floor.shown_lines.get((call_id, login))
        if _without_time(view) == _without_time(shown):
            continue
        if view is None:
            del floor.shown_lines[call_id, login]
        else:
            floor.shown_lines[call_id, login] = view
        floor.lines_told += 1
        yield ShowLine(f"{call_id}:line:{login}:{floor.lines_told}", login, call_id, view)


def _without_time(view: LineView | None) -> LineView | None:
    return view and LineView(view.state, None, view.with_, view.is_muted, view.failed)


def end_shown(floor: Tracker, call_id: CallId) -> Iterator[Effect]:
    """The call is over."""
    for call, login in [key for key in floor.shown_lines if key[0] == call_id]:
        del floor.shown_lines[call, login]
        floor.lines_told += 1
        yield ShowLine(f"{call}:line:{login}:{floor.lines_told}", login, call, None)

"""Orders of operators to living calls, carried out over AMI: one at a time for each call, and none twice.

What an answer of the PBX leaves unsure is not tried again: the facts tell what has come of it. What the model
finds for customers and operators who are left alone (``SendOn``, ``EndChannel``) is done here as well.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

import structlog

from callcore.ami import actions
from callcore.ami.client import ActionRefused, ActionTimeout, AmiError, LinkDown, Reply
from callcore.ami.line_actions import LINE_CONTEXTS, for_order
from callcore.ami.protocol import AmiAction, BadAction
from callcore.ami.session import AnswerLost
from callcore.calls import lining
from callcore.calls.effects import Effect, EndChannel, SendOn
from callcore.calls.facts import Fact, LineOrdered, LineRefused, LinkUp, Snapshot
from callcore.calls.handset import (
    HangUp,
    Impossible,
    Mute,
    Order,
    Orders,
    Parts,
    Seconds,
    SetVar,
    Waiting,
    orders,
    sent_on,
    taken,
)
from callcore.calls.line import (
    MAY,
    Do,
    LineState,
    ParkedCall,
    Target,
    ToInside,
    ToOutside,
    ToPerson,
    ToQueue,
)
from callcore.calls.tracker import Tracker
from callcore.domain import AgentState, CallId, CustomerId, Login, PbxName, QueueName
from callcore.screenpop.background import Background
from callcore.screenpop.ports import DeskRefused

log = structlog.get_logger("callcore.handset")

FETCHED_KEPT: Final = 100
SECONDS: Final = 5.0
"""How long the PBX may take for one action."""
_MOVING: Final = "not up"
"""What Asterisk says of a channel that is on its way from one place of the dialplan to another: nothing was
done, and a moment later it could be."""
CHANGES: Final = 5
"""So often the call may change under an order that means the customer alone."""
MOVING_TRIES: Final = 10
MOVING_SECONDS: Final = 0.1
_MUTES: Final = (Do.mute, Do.unmute)
_CODES: Final = {"no_target": "no_target", "odd_channel": "not_possible_here"}
_OUTSIDE_CONTEXT: Final = "callcore-asked"
"""The newest of those that a number outside needs."""
_PROBE: Final = ToOutside("10000000", "probe")
"""To see whether an order to a number outside is possible before anything is stored about it."""


@dataclass(frozen=True, slots=True)
class LineTo:
    """Whom an operator asks, or gives his call to: a queue, a colleague's login, an internal number, a
    canonical number outside."""

    kind: Literal["queue", "colleague", "number", "outside"]
    name: str
    customer: CustomerId | None = None
    """Who is given to a number outside."""


class Outward(Protocol):
    """The way out of the house: the gate's word and the ledger."""

    async def leave(
        self, login: Login, pbx: PbxName, call: CallId, number: str, customer: CustomerId | None
    ) -> ToOutside:
        """The intent is stored: the number may be dialled once, at once. Raises ``DeskRefused``."""

    def withdraw(self, target: ToOutside) -> None:
        """It was certainly not dialled."""

    def unsure(self, target: ToOutside) -> None:
        """Nobody knows whether it was: the PBX is asked."""

    def over(self, target: ToOutside, *, was_answered: bool) -> None:
        """It was let go of by our order, and the PBX will not tell before the operator's call is over."""


class Link(Protocol):
    async def call(self, action: AmiAction, timeout: float = ...) -> Reply: ...  # noqa: ASYNC109


class _ChangedError(DeskRefused):
    """The PBX was told nothing yet, and the call is another one."""

    def __init__(self) -> None:
        super().__init__("call_changed")


class _NothingDoneError(Exception):
    """The PBX was told nothing that changes anything; ``code`` of the refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Handset:
    """The ``LineControl`` of the desks. Give it each fact, and ``carry`` its effects."""

    def __init__(
        self,
        links: Mapping[PbxName, Link],
        tracker: Tracker,
        take: Callable[[Fact], None],
        inside: Callable[[], frozenset[str]] = frozenset,
        seconds: Callable[[], Seconds] = Seconds,
    ) -> None:
        """``inside``: internal numbers that calls may be given to; any other might lead out of the house, and
        goes by ``outward``, which is set before anything may come in."""
        self.outward: Outward | None = None
        self._seconds = seconds
        self._links = links
        self._tracker = tracker
        self._take = take
        self._inside = inside
        self._locks: defaultdict[CallId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._users: defaultdict[CallId, int] = defaultdict(int)
        self._has_contexts: set[tuple[PbxName, str]] = set()
        """By PBX: those of ours that its dialplan is known to have."""
        self._bare: set[PbxName] = set()
        """PBXs whose dialplan is known to lack ours."""
        self._beside = Background()
        self._fetched: deque[ParkedCall | None] = deque(maxlen=FETCHED_KEPT)
        """Those whom somebody takes: until his phone rings they still look parked."""

    # --- orders

    async def check(self, login: Login, call: CallId, do: Do) -> None:
        """Of what belongs to the call alone and not to its target, nothing is in the way of this order now.

        Raises ``DeskRefused`` as ``do`` does.
        """
        if login not in self._tracker.agents:
            raise DeskRefused("not_signed_in")
        parts = self._parts(login, call)
        if do not in MAY[parts.state]:
            raise DeskRefused("call_changed")
        await self._check_dialplan(parts.pbx)

    async def do(self, login: Login, call: CallId, do: Do, to: LineTo | None = None) -> None:
        """Carry out one order; ``to``: of ``consult`` and ``blind``.

        Raises ``DeskRefused``: ``not_signed_in``, ``call_gone`` (not his, or over),
        ``call_changed`` (not as the call stands now), ``no_target``, ``no_outside``, ``busy_with_call``,
        ``not_possible_here`` (no dialplan of ours), of numbers outside what ``outbound.wanted.PlaceRefused``
        names, ``pbx_down``, ``pbx_refused``; ``line_unsure``: nobody
        knows whether it was done, and it is not tried again.
        """
        if login not in self._tracker.agents:
            raise DeskRefused("not_signed_in")
        self._users[call] += 1
        try:
            async with self._locks[call]:
                if do is Do.take:
                    await self._do_take(login, call)
                else:
                    await self._do(login, call, do, to)
        finally:
            self._users[call] -= 1
            if not self._users[call]:
                del self._users[call]
                self._locks.pop(call, None)

    async def _do(self, login: Login, call: CallId, do: Do, to: LineTo | None) -> None:
        """Who takes the customer back means him and nobody else: that somebody who was asked answers, or
        rejects, in this moment, is no reason to refuse."""
        for _ in range(CHANGES if do in (Do.back, Do.resume) else 0):
            with suppress(_ChangedError):
                return await self._try(login, call, do, to)
        return await self._try(login, call, do, to)

    async def _try(self, login: Login, call: CallId, do: Do, to: LineTo | None) -> None:
        parts = self._parts(login, call)
        if to is not None and to.kind == "outside":
            await self._do_outside(login, parts, do, to)
            return
        target = None if to is None else self._target(parts.pbx, login, to)
        told = _possible(orders(replace(parts, seconds=self._seconds()), do, target))
        if do not in (Do.hang_up, Do.end, *_MUTES):
            await self._check_dialplan(parts.pbx)
        fact = LineOrdered(call, login, do, target)
        await self._send(parts.pbx, told, fact, lambda: self._is_as_it_was(parts, login))
        if do is Do.back and isinstance(parts.target, ToOutside) and self.outward is not None:
            self.outward.over(parts.target, was_answered=parts.state is LineState.consulting)

    async def _do_outside(self, login: Login, parts: Parts, do: Do, to: LineTo) -> None:
        """Gate and ledger come first; what was stored then ends in one outcome, whatever becomes of the
        order."""
        pbx, outward = parts.pbx, self.outward
        if outward is None:
            raise DeskRefused("no_outside")
        timed = replace(parts, seconds=self._seconds())
        _possible(orders(timed, do, _PROBE))
        await self._check_dialplan(pbx, _OUTSIDE_CONTEXT)
        target = await outward.leave(login, pbx, parts.call, to.name, to.customer)
        try:
            told = _possible(orders(timed, do, target))
            fact = LineOrdered(parts.call, login, do, target)
            await self._send(pbx, told, fact, lambda: self._is_as_it_was(parts, login))
        except DeskRefused as refused:
            (outward.unsure if refused.code == "line_unsure" else outward.withdraw)(target)
            raise
        except BaseException:
            outward.unsure(target)
            raise

    async def _do_take(self, login: Login, call: CallId) -> None:
        agent = self._tracker.agents[login]
        waiting, parked = lining.waiting(self._tracker, call), self._parked(call)
        if waiting is None or waiting.pbx != agent.pbx or parked in self._fetched:
            raise DeskRefused("call_gone")
        if agent.state in (AgentState.talking, AgentState.ringing):
            raise DeskRefused("busy_with_call")
        await self._check_dialplan(waiting.pbx)
        fact = LineOrdered(call, login, Do.take)
        told = taken(waiting, agent.interface)
        await self._send(waiting.pbx, told, fact, lambda: self._still_waits(waiting))
        self._fetched.append(parked)

    def _parked(self, call: CallId) -> ParkedCall | None:
        known = self._tracker.calls.get(call)
        return known.parked if known is not None else None

    def parked(self, login: Login) -> tuple[ParkedCall, ...]:
        """Customers whom he may take, the longest wait first."""
        agent = self._tracker.agents.get(login)
        if agent is None:
            return ()
        waiting = [c.parked for c in self._tracker.calls.values() if c.parked and c.channel.pbx == agent.pbx]
        return tuple(sorted(waiting, key=lambda each: each.since))

    def _parts(self, login: Login, call: CallId) -> Parts:
        parts = lining.parts(self._tracker, login, call)
        if parts is None:
            raise DeskRefused("call_gone")
        return parts

    def _is_as_it_was(self, parts: Parts, login: Login) -> bool:
        return lining.parts(self._tracker, login, parts.call) == parts

    def _still_waits(self, waiting: Waiting) -> bool:
        return lining.waiting(self._tracker, waiting.call) == waiting

    def _target(self, pbx: PbxName, login: Login, to: LineTo) -> Target:
        """Only whom we know: any other number of the dialplan might lead out of the house, past the gate."""
        match to.kind:
            case "queue" if any(queue == to.name for queue, _line in self._tracker.queue_book.lines(pbx)):
                return ToQueue(QueueName(to.name))
            case "colleague":
                agent = self._tracker.agents.get(Login(to.name))
                if agent is not None and agent.pbx == pbx and agent.login != login:
                    return ToPerson(agent.login, agent.interface)
            case "number" if to.name in self._inside():
                return ToInside(to.name)
            case _:
                pass
        raise DeskRefused("no_outside" if to.kind == "number" else "no_target")

    # --- the PBX

    async def _check_dialplan(self, pbx: PbxName, context: str = LINE_CONTEXTS[0]) -> None:
        """A channel that is sent to a context that is not there is lost."""
        if (pbx, context) in self._has_contexts:
            return
        try:
            await self._call(pbx, actions.show_dialplan(context))
        except ActionRefused:
            if context == LINE_CONTEXTS[0]:
                self._bare.add(pbx)
            raise DeskRefused("not_possible_here") from None
        except AmiError:
            raise DeskRefused("pbx_down") from None
        self._has_contexts.add((pbx, context))
        self._bare.discard(pbx)

    def is_bare(self, login: Login) -> bool:
        """The PBX of his phone is known to have no dialplan of ours: only what needs none can be ordered."""
        agent = self._tracker.agents.get(login)
        return agent is not None and agent.pbx in self._bare

    async def _look(self, pbx: PbxName) -> None:
        with suppress(DeskRefused):
            await self._check_dialplan(pbx)

    async def _send(
        self, pbx: PbxName, told: Orders, fact: LineOrdered, is_as_it_was: Callable[[], bool]
    ) -> None:
        """First the variables, which change nothing by themselves; then the model learns what is to come."""
        moves = [order for order in told if not isinstance(order, SetVar)]
        is_mute, is_told = isinstance(moves[0], Mute), False
        try:
            for order in told:
                if isinstance(order, SetVar):
                    await self._tell(pbx, order)
            if not is_as_it_was():
                raise _ChangedError
            if not is_mute:
                self._take(fact)
                is_told = True
            await self._move(pbx, moves)
        except _NothingDoneError as nothing:
            if is_told:
                self._take(LineRefused(fact.call, fact.login))
            log.info("line_order_refused", call_id=fact.call, do=fact.do.value, why=nothing.code)
            raise DeskRefused(nothing.code) from None
        if is_mute:
            self._take(fact)  # nothing else will ever tell
        log.info("line_order_done", call_id=fact.call, login=fact.login, do=fact.do.value)

    async def _move(self, pbx: PbxName, moves: Sequence[Order]) -> None:
        """Once the first has been done, what fails is unsure."""
        for place, order in enumerate(moves):
            try:
                await self._tell(pbx, order)
            except _NothingDoneError:
                if place == 0:
                    raise
                raise DeskRefused("line_unsure") from None

    async def _tell(self, pbx: PbxName, order: Order) -> None:
        may_miss = isinstance(order, SetVar | HangUp) and order.may_miss
        try:
            await self._patiently(pbx, for_order(order))
        except ActionRefused as error:
            if not may_miss:
                log.warning("line_action_refused", pbx=pbx, action=type(order).__name__, why=str(error))
                raise _NothingDoneError("pbx_refused") from None
        except BadAction as error:
            log.error("line_action_bad", pbx=pbx, action=type(order).__name__, why=str(error))
            raise _NothingDoneError("not_possible_here") from None
        except (AnswerLost, ActionTimeout):
            if isinstance(order, SetVar):
                raise _NothingDoneError("pbx_down") from None
            raise DeskRefused("line_unsure") from None
        except LinkDown:
            raise _NothingDoneError("pbx_down") from None

    async def _patiently(self, pbx: PbxName, action: AmiAction) -> None:
        for _ in range(MOVING_TRIES):
            try:
                return await self._call(pbx, action)
            except ActionRefused as error:
                if action.name != "Redirect" or _MOVING not in str(error):
                    raise
                await asyncio.sleep(MOVING_SECONDS)
        return await self._call(pbx, action)

    async def _call(self, pbx: PbxName, action: AmiAction) -> None:
        link = self._links.get(pbx)
        if link is None:
            raise LinkDown(f"{pbx} is not known")
        await link.call(action, SECONDS)

    # --- what the model asks for

    def take_fact(self, fact: Fact) -> None:
        if isinstance(fact, Snapshot):
            self._beside.start(self._look(fact.pbx))
        if isinstance(fact, LinkUp):
            # its dialplan may be another one by now
            self._has_contexts = {each for each in self._has_contexts if each[0] != fact.pbx}

    def carry(self, effect: Effect) -> None:
        match effect:
            case SendOn():
                waiting = Waiting(effect.call, effect.channel.pbx, effect.name, self._seconds())
                self._beside.start(self._carry_out(effect.channel.pbx, sent_on(waiting, effect.target)))
            case EndChannel():
                log.info("channel_ended", call_id=effect.call, channel=effect.name, why=effect.why)
                hangup = HangUp(effect.name, may_miss=True)
                self._beside.start(self._carry_out(effect.channel.pbx, (hangup,)))
            case _:
                return

    async def _carry_out(self, pbx: PbxName, told: Orders) -> None:
        """Should it fail, the dialplan's own limits end the wait."""
        try:
            for order in told:
                await self._tell(pbx, order)
        except (_NothingDoneError, DeskRefused) as failed:
            log.warning("left_waiting", pbx=pbx, why=str(failed))

    async def idle(self) -> None:
        """Until all that the model asked for has been tried."""
        await self._beside.idle()


def _possible(told: Orders | Impossible) -> Orders:
    if isinstance(told, Impossible):
        raise DeskRefused(_CODES.get(told.code, "call_changed"))
    return told

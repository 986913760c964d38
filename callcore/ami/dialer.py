"""Places calls through one PBX and tells what becomes of them (``outbound.ports.Dialer``).

An attempt's id is its channel's id, so the events of the channel are the news of the attempt, also of calls
that an earlier run of callcore placed. The result is the cause in its Hangup (telephony rule 2); Originate's
own answer matters only where no channel was made. What happened without a link is in the dialplan's journal.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from callcore.ami import actions
from callcore.ami.client import ActionRefused, ActionTimeout, AmiError, AmiLink, AnswerLost, LinkDown, Reply
from callcore.ami.dial_journal import read_journal
from callcore.ami.originate import (
    originate,
    originate_by_phone,
    originate_in_queue,
    originate_to_queue,
)
from callcore.ami.protocol import AmiAction, BadAction
from callcore.ami.snapshot import channel_variables
from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.facts import (
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    DialledOut,
    Fact,
    LinkLost,
    OriginateFailed,
    Snapshot,
)
from callcore.domain import ChannelRef, Text
from callcore.outbound.gate import Permit
from callcore.outbound.ports import (
    AnyOrder,
    CallAnswered,
    CallDialled,
    CallHungUp,
    CallNotMade,
    CallOrder,
    CustomerOrder,
    NotSent,
    PhoneOrder,
    QueueOrder,
    Refused,
    RouteBack,
    RouteGone,
    RouteLost,
    TakeCallNews,
    Trace,
    Traces,
    Unsure,
    check_permit,
)

log = structlog.get_logger("callcore.ami")

DOUBT_SECONDS = 1.0
"""A channel that an Originate made shows up within this, whatever the order of events (telephony rule 2)."""
DIAL_LIMIT_SECONDS = 5.0
TRACE_LIMIT_SECONDS = 30.0
"""Longest waits for Asterisk's answers."""

_OURS = re.compile(r"[a-z0-9]{1,40}")
"""An attempt's id; Asterisk's own ids have a dot in them."""


class AmiDialer:
    """The Dialer of the PBX behind ``link``. Its facts, all of them and in order, go to ``take_fact``."""

    def __init__(self, link: AmiLink, take: TakeCallNews, now: Callable[[], datetime]) -> None:
        self._link = link
        self._take = take
        self._now = now
        self._unseen: set[AttemptId] = set()
        """Dialled over this link, and no channel of theirs was seen yet."""
        self._living: set[AttemptId] = set()
        """Their channels were seen to begin over this link, and not to end."""
        self._doubts: dict[AttemptId, asyncio.TimerHandle] = {}

    @property
    def trouble(self) -> Text | None:
        if self._link.state == "up":
            return None
        if self._link.trouble is not None:
            return self._link.trouble.why
        return Text("связи с АТС ещё нет", "not connected to the PBX yet")

    # --- orders

    async def dial(self, permit: Permit, order: AnyOrder) -> None:
        """See ``Dialer``. Raises Refused, RouteGone, NotSent (the permit is too old), Unsure."""
        attempt = permit.ask.attempt
        asterisk = await self._major() if isinstance(order, QueueOrder) else 0
        action = self._originate(permit, order, asterisk)
        if attempt not in self._living:
            self._unseen.add(attempt)
        try:
            await self._link.call(action, DIAL_LIMIT_SECONDS)
        except (AnswerLost, ActionTimeout) as error:
            raise Unsure(str(error)) from error
        except LinkDown as error:
            self._unseen.discard(attempt)
            raise RouteGone(str(error)) from error
        except ActionRefused as error:
            self._unseen.discard(attempt)
            raise self._refused(error, order) from error
        except BadAction as error:
            self._unseen.discard(attempt)
            raise Refused(str(error)) from error

    async def trace(self, attempts: Collection[AttemptId]) -> Traces:
        """See ``Dialer``. As of now: what a lost link carried to Asterisk may still come to life."""
        epoch = self._link.epoch
        # Living channels first: one that ends between the two answers is then in the journal.
        rows = (await self._ask(actions.status())).rows
        living = {str(row.get("uniqueid")) for row in rows}
        marked = {channel_variables(row).get("CALLCORE_ATTEMPT"): str(row.get("context")) for row in rows}
        journal = read_journal((await self._ask(actions.dial_journal())).rows)
        if self._link.epoch != epoch:
            raise RouteGone(f"{self._link.pbx}: the link was lost meanwhile")
        found = {
            attempt: replace(
                journal.get(attempt, Trace()),
                is_alive=attempt in living,
                is_marked=attempt in marked,
                is_carrying=marked.get(attempt) == actions.CARRY_CONTEXT,
            )
            for attempt in attempts
        }
        uptime = self._link.pbx_uptime_seconds()
        # Without the class system to read nobody says when it started: then no missing trace proves anything.
        return Traces(self._now() - timedelta(seconds=uptime or 0.0), found)

    async def hang_up(self, attempt: AttemptId) -> None:
        """See ``Dialer``. Without a link the call goes on; that is logged, a trace will find its end."""
        try:
            await self._link.call(actions.hangup(attempt))
        except ActionRefused:
            pass  # there is no such channel any more
        except AmiError as error:
            log.warning("call_not_hung_up", pbx=self._link.pbx, attempt=attempt, why=str(error))

    # --- news

    def take_fact(self, fact: Fact) -> None:
        """News, if this fact of this PBX is any."""
        match fact:
            case ChannelCreated(channel=channel):
                if (attempt := _attempt(channel)) is not None:
                    self._living.add(attempt)
                    self._seen(attempt)
            case ChannelAnswered(channel=channel):
                if (attempt := _attempt(channel)) is not None:
                    self._take(CallAnswered(attempt))
            case ChannelHungUp(channel=channel, cause=cause):
                if (attempt := _attempt(channel)) is not None:
                    self._living.discard(attempt)
                    self._seen(attempt)
                    self._take(CallHungUp(attempt, cause))
            case OriginateFailed(channel=channel):
                if (attempt := _attempt(channel)) in self._unseen and attempt is not None:
                    self._doubt(attempt)
            case DialledOut(channel=channel, status=status, cause=cause):
                if (attempt := _attempt(channel)) is not None:
                    self._take(CallDialled(attempt, status, cause))
            case LinkLost():
                self._living.clear()
                for attempt in tuple(self._unseen):
                    self._seen(attempt)
                self._take(RouteLost(self._link.pbx))
            case Snapshot():
                self._take(RouteBack(self._link.pbx))
            case _:
                pass

    def _seen(self, attempt: AttemptId) -> None:
        self._unseen.discard(attempt)
        if (doubt := self._doubts.pop(attempt, None)) is not None:
            doubt.cancel()

    def _doubt(self, attempt: AttemptId) -> None:
        if attempt not in self._doubts:
            loop = asyncio.get_running_loop()
            self._doubts[attempt] = loop.call_later(DOUBT_SECONDS, self._not_made, attempt)

    def _not_made(self, attempt: AttemptId) -> None:
        self._seen(attempt)
        self._take(CallNotMade(attempt))

    # --- parts

    async def _major(self) -> int:
        """Of the Asterisk at the other end. Raises NotSent."""
        try:
            reply = await self._link.call(actions.core_settings(), DIAL_LIMIT_SECONDS)
        except LinkDown as error:
            raise RouteGone(str(error)) from error
        except AmiError as error:
            raise NotSent(str(error)) from error
        return major_version(str(reply.headers.get("asteriskversion", "")))

    def _originate(self, permit: Permit, order: AnyOrder, asterisk: int) -> AmiAction:
        ask = permit.ask
        self._check(permit)
        digits = ask.number.removeprefix("+")
        try:
            match order:
                case PhoneOrder():
                    return originate_by_phone(ask.attempt, digits, **_words(order))
                case QueueOrder():
                    return originate_in_queue(ask.attempt, digits, asterisk=asterisk, **_words(order))
                case CustomerOrder():
                    return originate_to_queue(ask.attempt, digits, **_words(order))
                case CallOrder():
                    return originate(ask.attempt, digits, **_words(order))
        except BadAction as error:
            raise (Refused if isinstance(order, CallOrder) else NotSent)(str(error)) from error

    def _check(self, permit: Permit) -> None:
        check_permit(permit, Medium.voice, self._link.pbx)
        if not permit.holds_at(self._now()):
            raise NotSent("the permit is too old")

    def _refused(self, error: ActionRefused, order: AnyOrder) -> NotSent:
        """A phone that cannot be rung, or an include of an older callcore, is no trouble of the trunk's."""
        pbx, is_by_phone = self._link.pbx, not isinstance(order, CallOrder)
        if "does not exist" in error.text:
            context = _CONTEXTS[type(order)]
            return (NotSent if is_by_phone else RouteGone)(
                f"{pbx} has no context {context}: include callcore.conf into its "
                "extensions.conf (callcore dialplan --part include), then: dialplan reload"
            )
        if "ermission denied" in error.text:
            account = self._link.settings.username
            return RouteGone(f"add originate to write = of manager.conf [{account}] on {pbx}")
        return NotSent(str(error)) if is_by_phone else Refused(str(error))

    async def _ask(self, action: AmiAction) -> Reply:
        try:
            return await self._link.call(action, TRACE_LIMIT_SECONDS)
        except ActionRefused as error:
            if "not found" in error.text:
                return Reply({})
            raise RouteGone(str(error)) from error
        except AmiError as error:
            raise RouteGone(str(error)) from error


def _words(order: AnyOrder) -> dict[str, Any]:
    """An order's fields are called as what the action wants to be told."""
    return {each.name: getattr(order, each.name) for each in fields(order)}


def major_version(version: str) -> int:
    """Of ``22.10.0``, ``certified/18.9``, ``GIT-16-abc``; 0 where it cannot be told."""
    found = re.match(r"(?:certified/|GIT-)?(?:certified-)?(\d{1,3})", version)
    return int(found[1]) if found else 0


_CONTEXTS: dict[type, str] = {
    CallOrder: actions.ANSWERED_CONTEXT,
    PhoneOrder: actions.PLACED_CONTEXT,
    QueueOrder: actions.PLACED_CONTEXT,
    CustomerOrder: actions.CALLED_CONTEXT,
}


def _attempt(channel: ChannelRef) -> AttemptId | None:
    return AttemptId(channel.id) if _OURS.fullmatch(channel.id) else None

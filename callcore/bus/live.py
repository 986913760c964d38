"""What calls tell other programs while they are on: events, pop by pull, push of newCall, answer and hangup.

``CallTeller.carry`` hears the floor's effects. It only notes and hands over: nothing here waits, and every
line is bounded, since a slow CRM may not hold up a call. Pure but for the lines themselves.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import structlog

from callcore.bus.outward import Refused, Reply, checked_url
from callcore.calls.effects import (
    CallParked,
    CallUnparked,
    CallView,
    Contact,
    Effect,
    LogContact,
    ShowAgent,
    ShowRinging,
)
from callcore.domain import AgentState, CallId, Direction, Login, Outcome
from callcore.store.contact_codec import said
from callcore.store.texts import machine_text

log = structlog.get_logger("callcore.bus")

CALLS_ROOM = 5000
LINE_ROOM = 1000
TITLE_CHARACTERS = 80
PUSH_TRIES = 3
_CAUSES = {
    Outcome.answered: "normalClearing",
    Outcome.abandoned_queue: "cancel",
    Outcome.abandoned_ringing: "cancel",
    Outcome.abandoned_ivr: "cancel",
    Outcome.timeout: "noAnswer",
    Outcome.closed: "notFound",
    Outcome.failed: "notFound",
}


@dataclass(frozen=True, slots=True)
class CardLink:
    """What another program wants opened beside the card."""

    url: str
    title: str


class Tell(Protocol):
    def __call__(self, type: str, data: Mapping[str, object], at: datetime) -> None: ...


Moment = Literal["ringing", "answer"]


@dataclass(slots=True)
class _Known:
    view: CallView
    logins: list[Login] = field(default_factory=list)
    answered: set[Login] = field(default_factory=set)


class CallTeller:
    """``tell`` takes events for the outbox; ``push`` and ``pull`` are there if configured."""

    def __init__(
        self,
        tell: Tell,
        now: Callable[[], datetime],
        push: tuple[Pusher, ...] = (),
        pull: Puller | None = None,
    ) -> None:
        self._tell = tell
        self._now = now
        self._push = push
        self._pull = pull
        self._calls: OrderedDict[CallId, _Known] = OrderedDict()

    def carry(self, effect: Effect) -> None:
        """Never raises for what a call may be."""
        match effect:
            case ShowRinging():
                self._ringing(effect.login, effect.view)
            case ShowAgent(state=AgentState.talking) if effect.call is not None:
                self._answered(effect.login, effect.call)
            case CallParked():
                self._tell("call.parked", {**call_json(effect.view), "login": effect.login}, self._now())
            case CallUnparked():
                whom = {"login": effect.login, "why": effect.why}
                self._tell("call.unparked", {**call_json(effect.view), **whom}, self._now())
            case LogContact():
                self._ended(effect.contact)
            case _:
                return

    def _ringing(self, login: Login, view: CallView) -> None:
        known = self._calls.get(view.call)
        is_new = known is None
        if known is None:
            known = self._calls[view.call] = _Known(view)
            while len(self._calls) > CALLS_ROOM:
                self._calls.popitem(last=False)
        known.view = view
        if login not in known.logins:
            known.logins.append(login)
        self._tell("call.ringing", {**call_json(view), "login": login}, self._now())
        if is_new:
            for push in self._push:
                push.offer(new_call(view, known.logins))
        if self._pull is not None and self._pull.on == "ringing":
            self._pull.offer(login, view)

    def _answered(self, login: Login, call: CallId) -> None:
        known = self._calls.get(call)
        if known is None or login in known.answered:
            return
        known.answered.add(login)
        self._tell("call.answered", {**call_json(known.view), "login": login}, self._now())
        for push in self._push:
            push.offer(answered(known.view, login))
        if self._pull is not None and self._pull.on == "answer":
            self._pull.offer(login, known.view)

    def _ended(self, contact: Contact) -> None:
        known = self._calls.pop(contact.call, None)
        self._tell("call.ended", said(contact), contact.ended_at)
        if known is not None:
            for push in self._push:
                push.offer(hangup(known.view, contact))


# --- what is said. Pure


def call_json(view: CallView) -> dict[str, Any]:
    return {
        "call": view.call,
        "direction": view.direction.value,
        "number": view.caller_number,
        "name": view.caller_name,
        "dialled": view.dialed_number,
        "queue": view.queue,
        "topic": view.topic,
        "customers": [customer.id for customer in view.customers],
    }


def _common(event: str, view: CallView) -> dict[str, str]:
    """Zammad's words: ``in`` is a call that came in; numbers without a plus; ``anonymous`` for none."""
    ours = (view.dialed_number or "").removeprefix("+")
    theirs = (view.caller_number or "anonymous").removeprefix("+")
    is_out = view.direction is Direction.outbound
    return {
        "event": event,
        "from": ours if is_out else theirs,
        "to": theirs if is_out else ours,
        "direction": "out" if is_out else "in",
        "callId": view.call,
    }


def new_call(view: CallView, logins: list[Login]) -> list[tuple[str, str]]:
    fields = list(_common("newCall", view).items())
    fields += [("user[]", login) for login in logins]
    return [*fields, ("queue", view.queue)] if view.queue else fields


def answered(view: CallView, login: Login) -> list[tuple[str, str]]:
    fields = list(_common("answer", view).items())
    return [*fields, ("user", login), ("answeringNumber", login)]


def hangup(view: CallView, contact: Contact) -> list[tuple[str, str]]:
    cause = _CAUSES.get(contact.outcome, "normalClearing")
    fields = [*_common("hangup", view).items(), ("cause", cause)]
    return [*fields, ("answeringNumber", contact.answered_by)] if contact.answered_by else fields


def link_of(body: bytes) -> CardLink | None:
    """What the answer of a pull says to open; None: nothing, or nothing that we would show."""
    try:
        answer = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("url"), str):
        return None
    try:
        url = str(checked_url(answer["url"].strip()))
    except Refused:
        return None
    title = answer.get("title")
    text = machine_text(title.strip(), TITLE_CHARACTERS) if isinstance(title, str) else ""
    return CardLink(url, text or checked_url(url).host or url)


# --- the lines


class Ask(Protocol):
    async def __call__(
        self,
        method: str,
        address: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Raises OSError."""


class Pusher:
    """One program that is told of calls, in their order. What it cannot take in three tries is left out."""

    def __init__(self, ask: Ask, url: str, seconds: float, token: str = "", pause: float = 1.0) -> None:
        self._ask = ask
        self._url = url
        self._seconds = seconds
        self._headers = {"Content-Type": "application/x-www-form-urlencoded", **_bearer(token)}
        self._pause = pause
        self._line: asyncio.Queue[list[tuple[str, str]]] = asyncio.Queue(LINE_ROOM)
        self.lost = 0

    def offer(self, fields: list[tuple[str, str]]) -> None:
        if self._line.full():
            self._line.get_nowait()
            self.lost += 1
        self._line.put_nowait(fields)

    async def run(self) -> None:
        """For ever."""
        while True:
            body = urlencode(await self._line.get(), errors="replace").encode()
            if not await self._pushed(body):
                self.lost += 1

    async def _pushed(self, body: bytes) -> bool:
        for left in reversed(range(PUSH_TRIES)):
            try:
                reply = await self._ask(
                    "POST", self._url, seconds=self._seconds, headers=self._headers, body=body
                )
                if reply.status < 500:
                    return 200 <= reply.status < 300
                why = f"HTTP {reply.status}"
            except OSError as error:
                why = str(error) or type(error).__name__
            except Exception:
                log.exception("push_failed")
                return False
            if left:
                await asyncio.sleep(self._pause)  # a receiver that is just restarting
        log.warning("push_left_out", why=why)
        return False


class Puller:
    """Asks a program what to open beside the card of a call; ``shown`` takes the answer."""

    def __init__(
        self,
        ask: Ask,
        url: str,
        on: Moment,
        seconds: float,
        shown: Callable[[Login, CallId, CardLink], None],
        token: str = "",
        at_once: int = 32,
    ) -> None:
        self._ask = ask
        self._url = url
        self.on = on
        self._seconds = seconds
        self._shown = shown
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", **_bearer(token)}
        self._at_once = at_once
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed = 0

    def offer(self, login: Login, view: CallView) -> None:
        """Beyond ``at_once`` questions the call goes without: a link is not worth a queue."""
        if len(self._tasks) >= self._at_once:
            self.failed += 1
            return
        task = asyncio.get_running_loop().create_task(self._pull(login, view))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pull(self, login: Login, view: CallView) -> None:
        call = {"event": self.on, **call_json(view), "login": login}
        body = json.dumps(call, ensure_ascii=False).encode("utf-8", "replace")
        try:
            reply = await self._ask(
                "POST", self._url, seconds=self._seconds, headers=self._headers, body=body
            )
        except OSError as error:
            self.failed += 1
            log.warning("pull_failed", call_id=view.call, why=str(error) or type(error).__name__)
            return
        except Exception:
            self.failed += 1
            log.exception("pull_failed", call_id=view.call)
            return
        link = link_of(reply.body) if reply.status == 200 else None
        if link is not None:
            self._shown(login, view.call, link)
        elif reply.status not in (200, 204):
            self.failed += 1
            log.warning("pull_failed", call_id=view.call, why=f"HTTP {reply.status}")

    async def idle(self) -> None:
        """Return when nothing is under way. For tests."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}

"""Runs the IVR's machine over one FastAGI session: plays, listens, asks the topic tables, hands over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from callcore.calls.facts import CallEntered, IvrLeft, LanguageChosen, RouteChosen
from callcore.domain import CallId, ChannelId, ChannelRef, Customer, PbxName, TopicCode
from callcore.ivr.agi_session import Session
from callcore.ivr.flow import Flow, Phrase
from callcore.ivr.machine import Ask, begin, last_words, press
from callcore.routing.decide import Route, ToQueue

log = structlog.get_logger("callcore.ivr")

QUEUE_CONTEXT = "callcore-queue"
ANY_KEY = "0123456789*#"
JOURNAL_ROWS = 5
"""Deleted while one call is handed over; each costs about a millisecond."""


class Prompt(Protocol):
    """A prompt as the PBX finds it."""

    @property
    def path(self) -> str: ...

    @property
    def seconds(self) -> float: ...


class Speech(Protocol):
    async def prompt(self, pbx: PbxName, text: str, language: str) -> Prompt | None:
        """The prompt that says ``text``; None (logged) if it cannot be made."""


class Calls(Protocol):
    """The floor, as far as the IVR knows it."""

    def entered(self, fact: CallEntered) -> CallId: ...

    def report(self, fact: LanguageChosen | RouteChosen | IvrLeft) -> None: ...

    def customer(self, call: CallId) -> Customer | None:
        """Who calls, if that is known without doubt."""

    def take_settled(self, pbx: PbxName, limit: int) -> list[ChannelId]:
        """Channels of ended calls whose contacts are stored: their journal rows have served. Each once."""


@dataclass(frozen=True, slots=True)
class Book:
    """What callers hear and where topics lead, in one version: a call keeps the one it began with."""

    flow: Flow
    decide: Callable[[TopicCode, datetime, Customer | None], Route]


class Inbound:
    """The route ``inbound/PBX``."""

    def __init__(
        self, book: Callable[[], Book], calls: Calls, speech: Speech, now: Callable[[], datetime]
    ) -> None:
        self._book = book
        self._calls = calls
        self._speech = speech
        self._now = now
        self._missing: set[tuple[PbxName, str]] = set()
        """Prompts that a PBX could not open when they were last wanted."""

    async def __call__(self, session: Session) -> None:
        visit = _Visit(session, self._book(), self._calls, self._speech, self._now, self._missing)
        with structlog.contextvars.bound_contextvars(call_id=visit.call):
            await visit.run()


class _Visit:
    """One caller in the IVR."""

    def __init__(
        self,
        session: Session,
        book: Book,
        calls: Calls,
        speech: Speech,
        now: Callable[[], datetime],
        missing: set[tuple[PbxName, str]],
    ) -> None:
        env = session.environment
        self._session, self._book, self._calls = session, book, calls
        self._speech, self._now, self._missing = speech, now, missing
        self._pbx = PbxName(env.pbx)
        self._channel = ChannelRef(self._pbx, ChannelId(env.uniqueid))
        self._has_left = False
        self.call = calls.entered(
            CallEntered(self._channel, env.caller_number, env.caller_name, env.dialed_number)
        )

    async def run(self) -> None:
        try:
            await self._session.answer()
            await self._serve()
        finally:
            # Also when cancelled because the caller hung up: the call must not stay in the IVR for ever.
            if not self._has_left and self._session.verdict == "hung_up":
                self._calls.report(IvrLeft(self._channel, hung_up=True))

    async def _serve(self) -> None:
        flow = self._book.flow
        state, action = begin(flow)
        while isinstance(action, Ask):
            key = await self._ask(action)
            before = state.language
            state, action = press(flow, state, key)
            if state.language != before:
                self._calls.report(LanguageChosen(self._channel, state.language))
        self._calls.report(LanguageChosen(self._channel, state.language))
        await self._say(action.phrases)
        route = self._book.decide(action.topic, self._now(), self._calls.customer(self.call))
        await self._leave(route, last_words(flow, state.language, route.target).phrases)

    async def _ask(self, ask: Ask) -> str | None:
        key, was_heard = await self._play(ask.phrases, ANY_KEY)
        if key is not None or not was_heard:
            return key
        return await self._session.wait_for_digit(ask.wait_seconds * 1000)

    async def _say(self, phrases: tuple[Phrase, ...]) -> None:
        await self._play(phrases, "")

    async def _play(self, phrases: tuple[Phrase, ...], keys: str) -> tuple[str | None, bool]:
        """The key that stopped it, and whether anything could be played at all."""
        was_heard = False
        for phrase in phrases:
            prompt = await self._speech.prompt(self._pbx, phrase.text, phrase.language)
            if prompt is None:
                continue
            played = await self._session.stream_file(prompt.path, seconds=prompt.seconds, escape_digits=keys)
            if played.hung_up:
                break
            self._note(prompt.path, is_missing=played.missing)
            was_heard = was_heard or not played.missing
            if played.digit is not None:
                return played.digit, True
        return None, was_heard

    def _note(self, path: str, *, is_missing: bool) -> None:
        """One line for each prompt until it is heard again: a folder that is not mounted breaks them all."""
        place = (self._pbx, path)
        if not is_missing:
            self._missing.discard(place)
        elif place not in self._missing:
            self._missing.add(place)
            log.error("prompt_missing_on_pbx", pbx=self._pbx, path=path)

    async def _leave(self, route: Route, phrases: tuple[Phrase, ...]) -> None:
        queue = route.target.queue if isinstance(route.target, ToQueue) else None
        self._calls.report(
            RouteChosen(self._channel, route.topic, route.table, queue, route.name, route.reason.en)
        )
        log.info("routed", topic=route.topic, route=route.name, queue=queue)
        await self._say(phrases)
        if queue is None:
            self._left(closed=True)
            await self._session.hangup()
            return
        await self._set_variables(route)
        await self._tidy_journal()
        await self._session.hand_over(QUEUE_CONTEXT, queue)
        self._left(closed=False)

    async def _set_variables(self, route: Route) -> None:
        """Two underscores: every later leg of this call inherits them."""
        customer = self._calls.customer(self.call)
        values = {
            "CALL": self.call,
            "TOPIC": route.topic,
            "CUSTOMER": str(customer.id) if customer else "",
            "ROUTE": route.name,
        }
        for name, value in values.items():
            await self._session.set_variable(f"__CALLCORE_{name}", value)

    async def _tidy_journal(self) -> None:
        """The dialplan writes a row for each call, and nobody else may delete it: AMI needs too many rights
        for that. More rows than one call adds, so that a backlog shrinks."""
        for channel in self._calls.take_settled(self._pbx, JOURNAL_ROWS):
            await self._session.forget_journal(channel)

    def _left(self, *, closed: bool) -> None:
        self._has_left = True
        self._calls.report(IvrLeft(self._channel, hung_up=False, closed=closed))

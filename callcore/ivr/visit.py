"""A call in one of our scripts: it is told something, presses keys, and may be handed to a topic's queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from callcore.calls.facts import CallEntered, IvrLeft, LanguageChosen, RouteChosen
from callcore.domain import CallId, ChannelId, ChannelRef, Customer, Language, PbxName, TopicCode
from callcore.ivr.agi_session import Played, Session
from callcore.ivr.flow import Flow, Phrase
from callcore.ivr.machine import last_words
from callcore.routing.decide import Route, ToQueue

log = structlog.get_logger("callcore.ivr")

QUEUE_CONTEXT = "callcore-queue"
OLD_ROWS = 5
"""Of each family, deleted in one call; each costs about a millisecond. More than one call adds, so that a
backlog shrinks."""
PROMPT_SECONDS = 3.0
"""How long a caller may wait in silence for a text that was not spoken beforehand."""


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


TakeDials = Callable[[PbxName, int], list[str]]
"""Attempts (of this PBX, at most so many) whose outcome is stored: their rows have served. Each once."""


@dataclass(frozen=True, slots=True)
class Book:
    """What callers hear and where topics lead, in one version: a call keeps the one it began with."""

    flow: Flow
    decide: Callable[[TopicCode, datetime, Customer | None], Route]


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of some phrases. ``seconds`` were sent of those that count, which last ``length``."""

    key: str | None = None
    anything: bool = False
    """False: not one of them could be played."""
    lacks: bool = False
    """One that counts could not be played; those behind it were left out."""
    seconds: float = 0.0
    length: float = 0.0


class Script:
    """What all visits of one script share."""

    def __init__(
        self,
        book: Callable[[], Book],
        calls: Calls,
        speech: Speech,
        now: Callable[[], datetime],
        take_dials: TakeDials,
    ) -> None:
        self.book = book
        self.calls = calls
        self.speech = speech
        self.now = now
        self.take_dials = take_dials
        self._missing: set[tuple[PbxName, str]] = set()
        """Prompts that a PBX could not open when they were last wanted."""

    def note(self, pbx: PbxName, path: str, *, is_missing: bool) -> None:
        """One line for each prompt until it is heard again: a folder that is not mounted breaks them all."""
        place = (pbx, path)
        if not is_missing:
            self._missing.discard(place)
        elif place not in self._missing:
            self._missing.add(place)
            log.error("prompt_missing_on_pbx", pbx=pbx, path=path)


class Visit:
    """One call in one script."""

    def __init__(self, script: Script, session: Session) -> None:
        self._script, self.session = script, session
        self.book = script.book()
        self.pbx = PbxName(session.environment.pbx)
        self.channel = ChannelRef(self.pbx, ChannelId(session.environment.uniqueid))
        self._call: CallId | None = None
        self._has_left = False

    # --- on the floor

    def enter(self, fact: CallEntered) -> CallId:
        self._call = self._script.calls.entered(fact)
        return self._call

    def speaks(self, language: Language) -> None:
        self._script.calls.report(LanguageChosen(self.channel, language))

    def end(self, *, outage_heard: bool = False) -> None:
        """The script has ended, perhaps because it was cancelled: a caller who hung up must not stay in the
        IVR for ever."""
        if self._call is not None and not self._has_left and self.session.verdict == "hung_up":
            self._left(hung_up=True, outage_heard=outage_heard)

    def _left(self, *, hung_up: bool = False, closed: bool = False, outage_heard: bool = False) -> None:
        self._has_left = True
        self._script.calls.report(IvrLeft(self.channel, hung_up, closed, outage_heard))

    # --- saying and listening

    async def prompt(self, phrase: Phrase) -> Prompt | None:
        try:
            async with asyncio.timeout(PROMPT_SECONDS):
                return await self._script.speech.prompt(self.pbx, phrase.text, phrase.language)
        except TimeoutError:
            log.warning("prompt_too_slow", characters=len(phrase.text), language=phrase.language)
            return None

    async def play(
        self, phrases: tuple[Phrase, ...], keys: str = "", counting: tuple[Phrase, ...] = ()
    ) -> Heard:
        """One after another, until a key of ``keys`` or a hang-up. ``counting`` are those that matter: their
        seconds are counted, and where one of them cannot be played the rest is not said."""
        counted = {phrase: await self.prompt(phrase) for phrase in counting}
        heard = Heard(length=sum(prompt.seconds for prompt in counted.values() if prompt))
        for phrase in phrases:
            prompt = counted[phrase] if phrase in counted else await self.prompt(phrase)
            played = await self._stream(prompt, keys) if prompt else None
            if played is None or played.missing:
                if phrase in counted:
                    return replace(heard, lacks=True)
                continue
            more = played.heard_seconds if phrase in counted else 0.0
            heard = replace(heard, key=played.digit, anything=True, seconds=heard.seconds + more)
            if played.hung_up or played.digit is not None:
                break
        return heard

    async def _stream(self, prompt: Prompt, keys: str) -> Played:
        played = await self.session.stream_file(prompt.path, seconds=prompt.seconds, escape_digits=keys)
        if not played.hung_up:
            self._script.note(self.pbx, prompt.path, is_missing=played.missing)
        return played

    # --- handing on

    async def leave(self, topic: TopicCode, language: Language) -> None:
        """To the topic's queue, or, where that is closed, to the end after its announcement."""
        route = self.book.decide(topic, self._script.now(), self._customer)
        queue = route.target.queue if isinstance(route.target, ToQueue) else None
        self._script.calls.report(
            RouteChosen(self.channel, route.topic, route.table, queue, route.name, route.reason.en)
        )
        log.info("routed", topic=route.topic, route=route.name, queue=queue)
        await self.play(last_words(self.book.flow, language, route.target).phrases)
        if queue is None:
            self._left(closed=True)
            await self.session.hangup()
            return
        await self._set_variables(route)
        await self.tidy()
        await self.session.hand_over(QUEUE_CONTEXT, queue)
        self._left()

    @property
    def _customer(self) -> Customer | None:
        return self._script.calls.customer(self._call) if self._call else None

    async def _set_variables(self, route: Route) -> None:
        """Two underscores: every later leg of this call inherits them."""
        customer = self._customer
        values = {
            "CALL": self._call or "",
            "TOPIC": route.topic,
            "CUSTOMER": str(customer.id) if customer else "",
            "ROUTE": route.name,
        }
        for name, value in values.items():
            await self.session.set_variable(f"__CALLCORE_{name}", value)

    async def tidy(self) -> None:
        """The dialplan writes rows for each call, and nobody else may delete them: AMI needs too many rights
        for that. One is taken at a time: should he hang up now, the others stay for the next call."""
        for _ in range(OLD_ROWS):
            for channel in self._script.calls.take_settled(self.pbx, 1):
                await self.session.forget_journal(channel)
            for attempt in self._script.take_dials(self.pbx, 1):
                await self.session.forget_dial(attempt)

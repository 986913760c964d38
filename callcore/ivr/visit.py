"""A call in one of our scripts: it is told something, presses keys, says something, and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from callcore.calls.facts import CallEntered, IvrLeft, LanguageChosen, MessageBegun, RouteChosen, WordToCome
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    Customer,
    Language,
    Outcome,
    PbxName,
    Text,
    TopicCode,
)
from callcore.ivr.agi import CallerHungUp
from callcore.ivr.agi_answers import Played, Taped
from callcore.ivr.agi_session import Session
from callcore.ivr.flow import Phrase
from callcore.ivr.ports import BACKOFFICE_SECONDS, Caller
from callcore.ivr.reception import Book, Prompt, Reception
from callcore.ivr.script import NodeName

__all__ = ["Book", "Heard", "Visit"]

log = structlog.get_logger("callcore.ivr")

T = TypeVar("T")

ANY_KEY = "0123456789*#"
LEFT_FOR_GOOD = (Outcome.voicemail, Outcome.callback_requested)
"""Words that hold even if he goes on to somebody."""
OLD_ROWS = 5
"""Of each family, deleted in one call; each costs about a millisecond. More than one call adds, so that a
backlog shrinks."""
PROMPT_SECONDS = 3.0
"""How long a caller may wait in silence for a text that was not spoken beforehand."""
SILENCE_SECONDS = 5
"""So much silence ends a recording."""
VALUE_SHARE = 0.8
"""Of a phrase with a value in it: whoever heard so much of it has heard the value."""
MOST_KEYS = 60
"""Pressed where digits are asked for; a telephone that presses for ever gets no further."""


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
    own_value: bool = False
    """A phrase with a value of his was heard, as good as whole."""


class Visit:
    """One call, as long as it is in our hands."""

    def __init__(self, reception: Reception, session: Session) -> None:
        self.reception, self.session = reception, session
        self.book = reception.books.newest
        self.pbx = PbxName(session.environment.pbx)
        self.channel = ChannelRef(self.pbx, ChannelId(session.environment.uniqueid))
        self.call: CallId | None = None
        self.language: Language = self.book.flow.language
        self.word: Outcome | None = None
        """What he left or got so far without an operator."""
        self._has_left = False

    # --- on the floor

    def enter(self, fact: CallEntered) -> CallId:
        self.call = self.reception.calls.entered(fact)
        return self.call

    def speaks(self, language: Language) -> None:
        """From now on; told to the floor."""
        self.language = language
        self.reception.calls.report(LanguageChosen(self.channel, language))

    def is_at(self, node: NodeName) -> None:
        """His place in the IVR's file."""
        if self.call is not None:
            self.reception.places[self.call] = node

    def has_word_to_come(self) -> None:
        """From now on ``word`` may be told after his Hangup."""
        self.reception.calls.report(WordToCome(self.channel))

    def routed(self, fact: RouteChosen) -> None:
        self.reception.calls.report(fact)

    def end(self, *, outage_heard: bool = False) -> None:
        """The script has ended, perhaps because it was cancelled: a caller who hung up must not stay in the
        IVR for ever."""
        if self.call is not None and not self._has_left and self.session.verdict == "hung_up":
            self.left(hung_up=True, outage_heard=outage_heard)
        if self.call is not None:
            self.reception.places.pop(self.call, None)

    def left(self, *, hung_up: bool = False, closed: bool = False, outage_heard: bool = False) -> None:
        """He is no longer with us; ``closed``: his way ends here."""
        self._has_left = True
        node = self.reception.places.get(self.call) if self.call else None
        fact = IvrLeft(self.channel, hung_up, closed, outage_heard, self.word, node)
        self.reception.calls.report(fact)

    def stop_if_gone(self) -> None:
        """For work that makes no sense without him. Raises CallerHungUp."""
        if self.session.gone.is_set():
            raise CallerHungUp("the channel is gone")

    # --- who he is

    @property
    def call_id(self) -> CallId:
        return self.call or CallId("")

    @property
    def customer(self) -> Customer | None:
        return self.reception.calls.customer(self.call) if self.call else None

    @property
    def number(self) -> str | None:
        """Canonical."""
        return self.reception.calls.number(self.call) if self.call else None

    def caller(self, topic: TopicCode) -> Caller:
        customer = self.customer
        return Caller(
            self.call_id,
            self.pbx,
            self.number,
            self.language,
            topic,
            customer.id if customer else None,
        )

    async def ask_house(self, what: str, answer: Awaitable[T]) -> T | None:
        """The back office's answer; None (logged) if there is none in time."""
        try:
            async with asyncio.timeout(BACKOFFICE_SECONDS):
                return await answer
        except Exception as error:
            log.warning("house_did_not_answer", asked=what, why=str(error) or type(error).__name__)
            return None

    # --- saying and listening

    async def prompt(self, phrase: Phrase) -> Prompt | None:
        try:
            async with asyncio.timeout(PROMPT_SECONDS):
                return await self.reception.speech.prompt(
                    self.pbx, phrase.text, phrase.language, is_personal=phrase.is_personal
                )
        except TimeoutError:
            log.warning("prompt_too_slow", characters=len(phrase.text), language=phrase.language)
            return None

    async def say(self, text: Text, keys: str = "") -> Heard:
        """In his language, until a key of ``keys``."""
        return await self.play((Phrase(text.in_(self.language), self.language),), keys)

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
            heard = replace(heard, key=played.digit, anything=True)
            if phrase in counted:
                heard = replace(heard, seconds=heard.seconds + played.heard_seconds)
            if phrase.is_personal and prompt and played.heard_seconds >= VALUE_SHARE * prompt.seconds:
                heard = replace(heard, own_value=True)
            if played.hung_up or played.digit is not None:
                break
        return heard

    async def _stream(self, prompt: Prompt, keys: str) -> Played:
        played = await self.session.stream_file(prompt.path, seconds=prompt.seconds, escape_digits=keys)
        if not played.hung_up:
            self.reception.note_prompt(self.pbx, prompt.path, is_missing=played.missing)
        return played

    async def digits(self, phrases: tuple[Phrase, ...], most: int, wait_seconds: int) -> str:
        """Say all, then take digits until ``#``, ``most`` of them, or ``wait_seconds`` without a key."""
        taken = ""
        key = (await self.play(phrases, ANY_KEY)).key
        for _ in range(MOST_KEYS):
            key = key or await self.session.wait_for_digit(wait_seconds * 1000)
            if key is None or key == "#":
                break
            if key != "*":
                taken += key
            if len(taken) >= most:
                break
            key = None
        return taken

    async def record(self, name: str, most_seconds: int) -> Taped:
        """After a tone, into the folder of recordings."""
        self.reception.calls.report(MessageBegun(self.channel))
        path = self.reception.recording_path(self.pbx, name)
        taped = await self.session.record(path, most_seconds=most_seconds, silence_seconds=SILENCE_SECONDS)
        if taped.failed:
            log.error("recording_not_written", pbx=self.pbx, path=path)
        return taped

    # --- handing on

    async def hand_over(self, context: str, extension: str = "s") -> None:
        """To a context of our dialplan, where somebody is rung."""
        if self.word not in LEFT_FOR_GOOD:
            self.word = None
        await self.tidy()
        await self.session.hand_over(context, extension)
        self.left()

    async def tidy(self) -> None:
        """The dialplan writes rows for each call, and nobody else may delete them: AMI needs too many rights
        for that. One is taken at a time: should he hang up now, the others stay for the next call."""
        for _ in range(OLD_ROWS):
            for channel in self.reception.calls.take_settled(self.pbx, 1):
                await self.session.forget_journal(channel)
            for attempt in self.reception.take_dials(self.pbx, 1):
                await self.session.forget_dial(attempt)

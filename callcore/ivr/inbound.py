"""Runs the IVR's machine over one FastAGI session: plays, listens, asks the topic tables, hands over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from callcore.calls.facts import CallEntered
from callcore.domain import Language, Text
from callcore.ivr.agi_session import Session
from callcore.ivr.flow import Phrase
from callcore.ivr.machine import Ask, begin, press
from callcore.ivr.visit import Book, Calls, Script, Speech, TakeDials, Visit

log = structlog.get_logger("callcore.ivr")

ANY_KEY = "0123456789*#"
OUTAGE_SECONDS = 1.0
"""How long a caller waits for the question whether his address is affected."""
MOST_OUTAGES = 2
HEARD_SHARE = 0.8
"""Of the outage's text: whoever hangs up then has heard what he called for."""


@dataclass(frozen=True, slots=True)
class OutageWords:
    """An outage as its caller hears it; ``language``: his own, if it is known."""

    text: Text
    language: Language | None


FindOutages = Callable[[str | None], Awaitable[Sequence[OutageWords]]]
"""What is out at the addresses of a number (as the PBX gave it; None: withheld), the most urgent first."""


class Inbound:
    """The route ``inbound/PBX``."""

    def __init__(
        self,
        book: Callable[[], Book],
        calls: Calls,
        speech: Speech,
        now: Callable[[], datetime],
        outages: FindOutages,
        take_dials: TakeDials = lambda _pbx, _limit: [],
    ) -> None:
        self._script = Script(book, calls, speech, now, take_dials)
        self._outages = outages

    async def __call__(self, session: Session) -> None:
        visit = Visit(self._script, session)
        env = session.environment
        entered = CallEntered(
            visit.channel,
            env.caller_number,
            env.caller_name,
            env.dialed_number,
            channel_name=env.channel,
        )
        with structlog.contextvars.bound_contextvars(call_id=visit.enter(entered)):
            await _Caller(visit, self._outages).run()


class _Caller:
    """One caller in the menus."""

    def __init__(self, visit: Visit, outages: FindOutages) -> None:
        self._visit = visit
        self._outages = outages
        self._has_heard = False
        """Of the outage, as much as counts."""

    async def run(self) -> None:
        try:
            await self._visit.session.answer()
            await self._serve()
        finally:
            self._visit.end(outage_heard=self._has_heard)

    async def _serve(self) -> None:
        flow = self._visit.book.flow
        texts, own = await self._affected(flow.language)
        state, action = begin(flow, texts, own)
        if own is not None:
            self._visit.speaks(own)
        while isinstance(action, Ask):
            key = await self._ask(action)
            before = state.language
            state, action = press(flow, state, key)
            if state.language != before:
                self._visit.speaks(state.language)
        self._visit.speaks(state.language)
        await self._visit.play(action.phrases)
        await self._visit.leave(action.topic, state.language)

    async def _affected(self, language: Language) -> tuple[tuple[Text, ...], Language | None]:
        """What he is told before any menu, and in which language of his own. Whatever goes wrong here leaves
        him with the usual menu."""
        try:
            async with asyncio.timeout(OUTAGE_SECONDS):
                found = await self._outages(self._visit.session.environment.caller_number)
        except Exception as error:
            log.warning("outages_unknown", why=str(error) or type(error).__name__)
            return (), None
        found = found[:MOST_OUTAGES]
        own = next((words.language for words in found if words.language), None)
        spoken = own or language
        ready = [w.text for w in found if await self._visit.prompt(Phrase(w.text.in_(spoken), spoken))]
        return tuple(ready), own

    async def _ask(self, ask: Ask) -> str | None:
        heard = await self._visit.play(ask.phrases, ANY_KEY, ask.outages)
        if ask.outages and heard.seconds >= HEARD_SHARE * heard.length > 0:
            self._has_heard = True
        if heard.key is not None or heard.lacks or not heard.anything:
            return heard.key
        return await self._visit.session.wait_for_digit(ask.wait_seconds * 1000)

"""The route ``inbound/PBX``: a caller comes in, goes through the script, and on the way that follows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from callcore.calls.facts import CallEntered
from callcore.domain import Language, Outcome, Text
from callcore.ivr.actions import Leave
from callcore.ivr.agi_session import Session
from callcore.ivr.flow import Phrase
from callcore.ivr.leaving_word import LeavingWord
from callcore.ivr.legs_run import LegsRun
from callcore.ivr.reception import Reception
from callcore.ivr.script_run import ScriptRun
from callcore.ivr.visit import Visit
from callcore.ivr.way import way_by_script, way_by_tables
from callcore.ivr.who import Who

log = structlog.get_logger("callcore.ivr")

OUTAGE_SECONDS = 1.0
"""How long a caller waits for the question whether his address is affected."""
MOST_OUTAGES = 2
BEGINNING_SECONDS = 15
"""How long Asterisk lets us think before the first word: house and voice may both be slow."""
UP = "Up"
"""The channel's state, as our dialplan hands it over: it has answered. An older one says nothing."""


@dataclass(frozen=True, slots=True)
class OutageWords:
    """An outage as its caller hears it; ``language``: his own, if it is known."""

    text: Text
    language: Language | None


FindOutages = Callable[[str | None], Awaitable[Sequence[OutageWords]]]
"""What is out at the addresses of a number (as the PBX gave it; None: withheld), the most urgent first."""


class Inbound:
    """The route ``inbound/PBX``."""

    def __init__(self, reception: Reception, outages: FindOutages) -> None:
        self._reception = reception
        self._outages = outages

    async def __call__(self, session: Session) -> None:
        visit = Visit(self._reception, session)
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
    """One caller in the script."""

    def __init__(self, visit: Visit, outages: FindOutages) -> None:
        self._visit = visit
        self._outages = outages
        self._who = Who(visit)
        self._word = LeavingWord(visit)
        self._script = ScriptRun(visit, self._word)

    async def run(self) -> None:
        self._visit.has_word_to_come()  # where he was last, at least
        try:
            if self._visit.session.environment.raw.get("agi_arg_2") != UP:
                await self._visit.session.answer()
            await self._serve()
        finally:
            self._visit.end(outage_heard=self._script.has_heard_outage)
            self._word.close()

    async def _serve(self) -> None:
        visit, flow = self._visit, self._visit.book.flow
        visit.session.renew_unless_quick(BEGINNING_SECONDS)
        (outages, own), emergencies, _ = await asyncio.gather(
            self._affected(flow.language), self._emergencies(), self._who.profile()
        )
        known = await self._who.known(own, outages, emergencies)
        visit.speaks(known.language or flow.language)
        node, end = await self._script.run(known)
        if visit.word is Outcome.self_served:
            visit.word = None  # he wants more
        await visit.play(end.phrases)
        visit.stop_if_gone()
        await self._word.about(end.topic)
        legs = LegsRun(visit, self._word, self._who)
        if isinstance(end, Leave):
            await legs.go(await way_by_tables(visit, end.topic, self._who))
        else:
            await legs.go(way_by_script(visit, node, end.topic, end.legs))

    async def _emergencies(self) -> tuple[Text, ...]:
        answer = self._visit.reception.backoffice.announcements()
        return await self._visit.ask_house("announcements", answer) or ()

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

"""Carries out what the script's machine asks for, until the caller has come to its end."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Final

import structlog

from callcore.domain import Outcome
from callcore.ivr.actions import (
    Action,
    Answer,
    Ask,
    AskDigits,
    Digits,
    Event,
    Find,
    Finish,
    Key,
    Known,
    Leave,
    Recorded,
    SwitchNote,
    TakeMessage,
)
from callcore.ivr.leaving_word import LeavingWord
from callcore.ivr.machine import begin, step
from callcore.ivr.script import (
    Branch,
    Collect,
    Emergency,
    NodeName,
    Outages,
    Play,
    Question,
    Script,
    Set,
    Speak,
)
from callcore.ivr.visit import ANY_KEY, Visit
from callcore.ivr.ways import ways

log = structlog.get_logger("callcore.ivr")

HEARD_SHARE: Final = 0.8
"""Of the outage's text: whoever hangs up then has heard what he called for."""
SELF_SERVICE: Final[frozenset[Question]] = frozenset(("balance", "tariff", "request"))
"""Whoever hears the answer has got what others ask an operator for."""


class ScriptRun:
    """Of one visit."""

    def __init__(self, visit: Visit, word: LeavingWord) -> None:
        self._visit = visit
        self._word = word
        self.has_heard_outage = False
        """As much of it as counts."""
        self._has_answer = False

    async def run(self, known: Known) -> tuple[NodeName, Leave | Finish]:
        """The caller's way through the script: in which node it ends, and how."""
        visit, flow = self._visit, self._visit.book.flow
        place, action = begin(flow, known)
        while True:
            visit.is_at(place.node)
            if place.language != visit.language:
                visit.speaks(place.language)
            if isinstance(action, Leave | Finish):
                return place.node, action
            event = await self._do(action, place.node)
            visit.stop_if_gone()
            place, action = step(flow, place, event)

    async def _do(self, action: Action, node: NodeName) -> Event:
        visit = self._visit
        match action:
            case Ask():
                is_secret = leads_to_secret(visit.book.flow.script, node)
                with visit.session.secretly() if is_secret else nullcontext():
                    return Key(await self._ask(action))
            case AskDigits(phrases, most, wait_seconds, is_secret):
                with visit.session.secretly() if is_secret else nullcontext():
                    return Digits(await visit.digits(phrases, most, wait_seconds))
            case TakeMessage():
                return await self._record(action)
            case Find(what, arguments):
                answer = visit.reception.backoffice.find(visit.call_id, what, arguments)
                values = await visit.ask_house(what, answer)
                self._has_answer = values is not None and what in SELF_SERVICE
                if self._has_answer:
                    visit.has_word_to_come()
                return Answer(values)
            case SwitchNote(note, is_on):
                switched = visit.reception.backoffice.switch(note, is_on, visit.call_id)
                is_done = await visit.ask_house("switching an announcement", switched)
                log.info("announcement_switched", note=note, is_on=is_on, is_done=bool(is_done))
                return Answer({} if is_done else None)
            case Leave() | Finish():  # pragma: no cover - the run has ended
                raise AssertionError(action)

    async def _ask(self, ask: Ask) -> str | None:
        visit = self._visit
        heard = await visit.play(ask.phrases, ANY_KEY, ask.outages)
        if ask.outages and heard.seconds >= HEARD_SHARE * heard.length > 0:
            self.has_heard_outage = True
        if heard.own_value and self._has_answer:
            visit.word = Outcome.self_served
        is_mute = heard.lacks or (ask.phrases and not heard.anything)
        if heard.key is not None or is_mute or ask.wait_seconds == 0:
            return heard.key
        return await visit.session.wait_for_digit(ask.wait_seconds * 1000)

    async def _record(self, action: TakeMessage) -> Recorded:
        """What it is about turns out later: see ``LeavingWord.about``."""
        topic = self._visit.book.flow.default_topic
        try:
            message = await self._word.message(action.phrases, topic, action.most_seconds)
        except OSError as error:
            log.error("message_not_taken", why=str(error))
            message = None
        return Recorded(message.file, message.seconds) if message else Recorded(None)


def leads_to_secret(script: Script, name: NodeName) -> bool:
    """Whether a key pressed while this node speaks may be the first digit of a secret."""
    seen: set[NodeName] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        node = script.nodes.get(name)
        if name in seen or node is None:
            continue
        seen.add(name)
        if isinstance(node, Collect) and node.is_secret:
            return True
        if isinstance(node, Play | Emergency | Outages | Set | Speak | Branch):
            waiting += [way.to for way in ways(node)]
    return False

"""What a caller leaves behind: he is recorded, or asks to be called back. It is on disk before he is told."""

from __future__ import annotations

from dataclasses import replace

import structlog

from callcore.domain import Outcome, QueueName, Text, TopicCode
from callcore.ivr.flow import Phrase
from callcore.ivr.ports import Message
from callcore.ivr.slips import Slip, with_topic
from callcore.ivr.visit import Visit

log = structlog.get_logger("callcore.ivr")

MESSAGE_SECONDS = 180


class LeavingWord:
    """Of one caller. ``close`` it, whatever happens."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._slips = visit.reception.slips
        self._kept: Slip | None = None
        """A message that is kept, and that a case may still take along."""

    async def message(
        self, phrases: tuple[Phrase, ...], topic: TopicCode, most_seconds: int = MESSAGE_SECONDS
    ) -> Message | None:
        """Say all, a tone, record. It becomes an appeal. None: he said nothing. Raises OSError where it
        cannot be recorded."""
        visit = self._visit
        await visit.play(phrases)
        visit.stop_if_gone()
        slip = await self._slips.begin("message", visit.caller(topic), has_sound=True)
        self._let_go()
        self._kept = slip
        taped = await visit.record(slip.name, most_seconds)
        message = None if taped.failed else await self._slips.message(slip, taped.seconds)
        if message is None:
            self._kept = None
            await self._slips.discard(slip)
            if taped.failed:
                raise OSError(f"{visit.pbx} could not write {slip.recording}")
            return None
        visit.word = Outcome.voicemail
        return message

    async def about(self, topic: TopicCode) -> None:
        """By now it is known what a message is about that he left before."""
        if self._kept is not None and self._kept.caller.topic != topic:
            self._kept = with_topic(self._kept, topic)
            try:
                await self._slips.change(self._kept)
            except OSError as error:
                log.error("slip_not_changed", slip=self._kept.name, why=str(error))

    async def case(self, type_: str, ask: Text | None, topic: TopicCode, *, even_without_sound: bool) -> bool:
        """A case, with what he says after ``ask``, or said before. False: he was asked and said nothing, or
        there is nobody whom anybody could contact. Raises OSError where neither can be noted."""
        visit = self._visit
        if ask is not None:
            said = await self._asked(ask, topic)
            if not said and self._kept is None and not even_without_sound:
                return False
        if self._kept is not None:
            self._kept = replace(with_topic(self._kept, topic), kind="case", what=type_)
            await self._slips.change(self._kept)
        elif visit.number is None:
            return False
        else:
            visit.has_word_to_come()
            self._kept = await self._slips.begin("case", visit.caller(topic), what=type_)
            visit.word = Outcome.callback_requested
        self._let_go()
        return True

    async def _asked(self, ask: Text, topic: TopicCode) -> bool:
        """Whether he said anything. A recording that cannot be made is no reason to note nothing."""
        language = self._visit.language
        try:
            return await self.message((Phrase(ask.in_(language), language),), topic) is not None
        except OSError as error:
            log.error("message_not_taken", why=str(error))
            return False

    async def call_back(
        self, queue: QueueName, topic: TopicCode, place: int | None = None, *, is_closed: bool = False
    ) -> None:
        """``place``: where he stood in the queue; ``is_closed``: nobody was there for him. Raises OSError."""
        visit = self._visit
        visit.has_word_to_come()
        caller = visit.caller(topic)
        slip = await self._slips.begin("call_back", caller, what=queue, place=place, is_closed=is_closed)
        visit.word = Outcome.callback_requested
        self._slips.let_go(slip)

    def close(self) -> None:
        """He has gone: what he left may be taken."""
        self._let_go()

    def _let_go(self) -> None:
        if self._kept is not None:
            self._slips.let_go(self._kept)
            self._kept = None

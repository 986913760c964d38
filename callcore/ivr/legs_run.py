"""Goes the way of one call: its legs, one after another, until somebody has taken it or he has left word.

A leg that rings somebody leaves the AGI; the dialplan comes back to the route ``overflow`` if nobody takes
the call, and that goes on with the next leg. Which one that is stands on the channel (``ivr.state``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from callcore.domain import Interface, QueueName, Text, TopicCode
from callcore.ivr import state
from callcore.ivr.flow import Phrase
from callcore.ivr.leaving_word import LeavingWord
from callcore.ivr.talk_recording import NOT_RECORDED, TalkRecording
from callcore.ivr.visit import Visit
from callcore.ivr.way import Way, way_by_tables
from callcore.ivr.who import Who
from callcore.routing.hours import is_open
from callcore.routing.legs import (
    Announce,
    HangUp,
    Leg,
    OfferCallBack,
    OpenCase,
    ToDepartment,
    ToExternal,
    ToNumber,
    ToPersonal,
    ToQueue,
    ToTopic,
    Voicemail,
    kind_of,
)
from callcore.routing.skills import queue_variables

log = structlog.get_logger("callcore.ivr")

QUEUE_CONTEXT = "callcore-queue"
PEOPLE_CONTEXT = "callcore-people"
NUMBER_CONTEXT = "callcore-number"
OUTSIDE_CONTEXT = "callcore-outside"
CALL_BACK_KEY = "1"
NOTHING = ("", "0")
"""Values that say the same as no value."""


@dataclass(slots=True)
class LegsRun:
    """Of one visit."""

    visit: Visit
    word: LeavingWord
    who: Who
    talk: TalkRecording = field(init=False)
    comes_back: bool = False
    """He was sent somewhere before: what that left on his channel is undone."""
    place: int | None = None
    """Where he stood in the queue that he left by a key."""
    _has_hopped: bool = False
    _has_offered: bool = False

    def __post_init__(self) -> None:
        self.talk = TalkRecording(self.visit)

    async def go(self, way: Way, first: int = 0) -> None:
        """From leg ``first`` on. A way that ends without an end of its own ends with an offer to leave word.
        Gives the call back where not even that can be done."""
        for place in range(first, len(way.legs)):
            if await self._do(way.legs[place], way, place + 1):
                return
        if not await self._leave_word(way):
            log.error("nothing_left_to_do", route=way.name)
            self.visit.session.give_back()
            self.visit.left()

    async def _do(self, leg: Leg, way: Way, following: int) -> bool:
        """Whether the call's way here has ended."""
        match leg:
            case Announce(text):
                await self.visit.say(text)
                return False
            case ToQueue():
                return await self._queue(leg, way, following)
            case ToPersonal(rings):
                return await self._personal(way, following, round(rings.total_seconds()))
            case ToNumber(number, rings):
                values = {"CALLCORE_TO": number}
                return await self._ring(NUMBER_CONTEXT, way, following, round(rings.total_seconds()), values)
            case ToExternal():
                return await self._outside(leg, way, following)
            case ToTopic(topic):
                return await self._topic(topic)
            case Voicemail(greeting):
                texts = self.visit.book.flow.texts
                return await self._message(way, greeting or texts.leave_message)
            case OpenCase():
                return await self._case(leg, way, following)
            case OfferCallBack(queue):
                return await self._offer(queue or way.queue, way.topic)
            case HangUp():
                await self._end()
                return True
            case ToDepartment():
                log.error("leg_not_resolved", leg=kind_of(leg), route=way.name)
                return False

    # --- somebody is rung

    async def _queue(self, leg: ToQueue, way: Way, following: int) -> bool:
        if leg.queue is None:
            log.error("leg_not_resolved", leg=kind_of(leg), route=way.name)
            return False
        record = await self.talk.before(leg.queue, comes_back=self.comes_back)
        limit = "" if leg.max_wait is None else str(max(1, round(leg.max_wait.total_seconds())))
        values = {"CALLCORE_LIMIT": limit, **record, **queue_variables(leg, self.visit.book.tables.skills)}
        await self._set(way, following, values)
        await self.visit.hand_over(QUEUE_CONTEXT, leg.queue)
        return True

    async def _personal(self, way: Way, following: int, seconds: int) -> bool:
        visit = self.visit
        customer = visit.customer
        phones: tuple[Interface, ...] | None = None
        if customer is not None:
            answer = visit.reception.backoffice.personal(customer.id, visit.pbx)
            phones = await visit.ask_house("personal operators", answer)
        if not phones:
            return False
        values = {"CALLCORE_PEOPLE": "&".join(phones)}
        return await self._ring(PEOPLE_CONTEXT, way, following, seconds, values)

    async def _outside(self, leg: ToExternal, way: Way, following: int) -> bool:
        """The intent is stored after the words and right before he is sent there: till then he may have
        hung up."""
        visit, forwards = self.visit, self.visit.reception.forwards
        permit = await forwards.forward(visit.pbx, leg.number) if forwards else None
        if forwards is None or permit is None:
            log.warning("number_not_permitted", route=way.name)
            return False
        await visit.say(visit.book.flow.texts.connecting)
        visit.stop_if_gone()
        if not await forwards.leaves(permit, visit.call_id):
            return False
        ask = permit.ask
        values = {
            "CALLCORE_TO": ask.number.removeprefix("+"),
            "CALLCORE_ATTEMPT": ask.attempt,
            "CALLCORE_SHOWN": forwards.shown(visit.pbx),
        }
        try:
            return await self._send(OUTSIDE_CONTEXT, way, following, round(leg.rings.total_seconds()), values)
        except BaseException:
            forwards.unsure(permit)
            raise

    async def _ring(
        self, context: str, way: Way, following: int, seconds: int, values: dict[str, str]
    ) -> bool:
        await self.visit.say(self.visit.book.flow.texts.connecting)
        return await self._send(context, way, following, seconds, values)

    async def _send(
        self, context: str, way: Way, following: int, seconds: int, values: dict[str, str]
    ) -> bool:
        values = {**values, **NOT_RECORDED, "CALLCORE_RINGS": str(max(1, seconds))}
        await self._set(way, following, values)
        await self.visit.hand_over(context)
        return True

    async def _topic(self, topic: TopicCode) -> bool:
        """Only the IVR's file says so; a table's own are followed when it decides."""
        if self._has_hopped:
            return False
        self._has_hopped = True
        await self.go(await way_by_tables(self.visit, topic, self.who))
        return True

    async def _set(self, way: Way, following: int, values: Mapping[str, str]) -> None:
        """What ``overflow`` must know stands on the channel."""
        told = {**state.of(self.visit, way, following), **values}
        for name, value in told.items():
            if self.comes_back or value not in NOTHING:
                await self.visit.session.set_variable(name, value)

    # --- he leaves word

    async def _message(self, way: Way, greeting: Text) -> bool:
        visit = self.visit
        spoken = Phrase(greeting.in_(visit.language), visit.language)
        try:
            message = await self.word.message((spoken,), way.topic)
        except OSError as error:
            log.error("message_not_taken", why=str(error))
            return False
        if message is not None:
            await visit.say(visit.book.flow.texts.message_kept)
        await self._end()
        return True

    async def _case(self, leg: OpenCase, way: Way, following: int) -> bool:
        """Whoever is asked and says nothing is asked by the next leg, if there is one (D-26)."""
        is_final = following >= len(way.legs)
        try:
            is_open = await self.word.case(leg.type, leg.ask, way.topic, even_without_sound=is_final)
        except OSError as error:
            log.error("case_not_opened", why=str(error))
            return False
        if not is_open and not is_final:
            return False
        if is_open:
            await self.visit.say(leg.words or self.visit.book.flow.texts.case_kept)
        await self._end()
        return True

    async def _offer(self, queue: QueueName | None, topic: TopicCode) -> bool:
        visit, texts = self.visit, self.visit.book.flow.texts
        self._has_offered = True
        if visit.number is None or queue is None:
            return False
        key = (await visit.say(texts.call_back_offer, CALL_BACK_KEY)).key
        if key is None:
            key = await visit.session.wait_for_digit(visit.book.flow.silence_seconds * 1000)
        if key != CALL_BACK_KEY:
            return False
        try:
            await self.word.call_back(queue, topic, self.place, is_closed=self._is_closed(topic))
        except OSError as error:
            log.error("call_back_not_noted", why=str(error))
            return False
        await visit.say(texts.call_back_kept)
        await self._end()
        return True

    def _is_closed(self, topic: TopicCode) -> bool:
        """Nobody is there for this topic. Who leaves a queue by its key is no case of that."""
        hours = self.visit.book.tables.find(topic)[0].hours
        return self.place is None and not is_open(hours, self.visit.reception.now())

    async def _leave_word(self, way: Way) -> bool:
        """What the house offers to everybody whom nobody has taken."""
        own = self.visit.book.tables.find(way.topic)[1].queue
        if not self._has_offered and await self._offer(way.queue or own, way.topic):
            return True
        return await self._message(way, self.visit.book.flow.texts.leave_message)

    # --- the end

    async def _end(self) -> None:
        visit = self.visit
        await visit.say(visit.book.flow.texts.goodbye)
        visit.left(closed=True)
        await visit.session.hangup()

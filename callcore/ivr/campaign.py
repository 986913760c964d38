"""Runs the notice's machine over an answered call of ours: the route ``campaign/PBX``.

Whatever goes wrong here, the dialplan plays the notice by itself, because ``CALLCORE_RC=OK`` is missing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, assert_never

import structlog

from callcore.calls.facts import CallEntered
from callcore.domain import Direction, Language
from callcore.ivr.agi_session import Session
from callcore.ivr.flow import Phrase
from callcore.ivr.leaving_word import LeavingWord
from callcore.ivr.legs_run import LegsRun
from callcore.ivr.notice import KEYS, WAIT_SECONDS, End, Say, ToOperator, begin, count, press
from callcore.ivr.reception import Reception
from callcore.ivr.visit import Heard, Visit
from callcore.ivr.way import way_by_tables
from callcore.ivr.who import Who

log = structlog.get_logger("callcore.ivr")

NOTICE_SECONDS = 1.0
"""How long somebody who picked up waits for his notice to be looked up."""
OPT_OUT_SECONDS = 3.0
TOLD = "CALLCORE_TOLD"
"""Channel variable that the dialplan's journal reads."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told in one attempt. ``number``: whom we rang; ``outage``: the outage's number, for people."""

    text: str
    language: Language
    number: str
    outage: str


class Notices(Protocol):
    """The campaigns, as far as the script of a placed call knows them."""

    async def notice(self, attempt: str) -> Notice | None:
        """None: nobody knows this attempt."""

    def told(self, attempt: str, seconds: float, key: str | None, enough: bool) -> None:
        """What he heard so far, whenever that changes: the most of one playing, the last key that counted."""

    async def opt_out(self, attempt: str, number: str) -> None:
        """He wants no such calls any more; returns when that is stored."""


class CampaignCalls:
    """The route ``campaign/PBX``."""

    def __init__(self, reception: Reception, notices: Notices) -> None:
        self._reception = reception
        self._notices = notices

    async def __call__(self, session: Session) -> None:
        attempt = session.environment.raw.get("agi_arg_1", "")
        with structlog.contextvars.bound_contextvars(attempt=attempt):
            notice = await self._notice(attempt)
            if notice is None:
                session.give_back()
                return
            await _Recipient(Visit(self._reception, session), self._notices, attempt, notice).run()

    async def _notice(self, attempt: str) -> Notice | None:
        try:
            async with asyncio.timeout(NOTICE_SECONDS):
                notice = await self._notices.notice(attempt)
        except Exception as error:
            log.warning("notice_not_found", why=str(error) or type(error).__name__)
            return None
        if notice is None:
            log.warning("attempt_unknown")
        return notice


class _Recipient:
    """Somebody who picked up."""

    def __init__(self, visit: Visit, notices: Notices, attempt: str, notice: Notice) -> None:
        self._visit = visit
        self._notices = notices
        self._attempt = attempt
        self._notice = notice
        self._texts = visit.book.flow.texts
        self._state, self._first = begin(self._texts, Phrase(notice.text, notice.language))

    async def run(self) -> None:
        try:
            await self._tell()
        finally:
            self._visit.end()

    async def _tell(self) -> None:
        action: Say | ToOperator | End = self._first
        while isinstance(action, Say):
            heard = await self._visit.play(action.phrases, KEYS, action.notice)
            if heard.lacks:
                self._visit.session.give_back()
                return
            await self._count(heard)
            key = heard.key
            if key is None:
                await self._visit.tidy()
                key = await self._visit.session.wait_for_digit(WAIT_SECONDS * 1000)
                await self._count(Heard(key if key and key in KEYS else None))
            self._state, action = press(self._texts, self._state, key)
        match action:
            case ToOperator():
                await self._to_operator()
            case End():
                await self._end(action)
            case _:  # pragma: no cover - no other ends
                assert_never(action)

    async def _count(self, heard: Heard) -> None:
        """The campaigns hear it first: there may be no channel any more to note it on."""
        before = self._state.told
        self._state = count(self._state, heard.seconds, heard.length, heard.key)
        told = self._state.told
        if told != before or heard.length:
            self._notices.told(self._attempt, told.seconds, told.key, told.enough)
            await self._visit.session.set_variable(TOLD, told.variable)

    async def _to_operator(self) -> None:
        notice = self._notice
        number = notice.number
        self._visit.enter(CallEntered(self._visit.channel, number, None, None, Direction.outbound))
        self._visit.speaks(notice.language)
        log.info("recipient_to_operator", outage=notice.outage)
        word = LeavingWord(self._visit)
        try:
            who = Who(self._visit)
            way = await way_by_tables(self._visit, self._visit.book.flow.default_topic, who)
            await LegsRun(self._visit, word, who).go(way)
        finally:
            word.close()

    async def _end(self, end: End) -> None:
        is_noted = not end.opts_out or await self._opt_out()
        await self._visit.play(end.phrases if is_noted else end.otherwise)
        await self._visit.tidy()

    async def _opt_out(self) -> bool:
        try:
            async with asyncio.timeout(OPT_OUT_SECONDS):
                await self._notices.opt_out(self._attempt, self._notice.number)
        except Exception as error:
            log.error("opt_out_not_stored", why=str(error) or type(error).__name__)
            return False
        return True

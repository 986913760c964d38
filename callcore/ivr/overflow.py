"""The route ``overflow/PBX``: nobody took the call in the queue or at the phone that it was sent to.

It goes on with the next leg. What it was on stands on its channel, so that this daemon need not be the one
that sent it there.
"""

from __future__ import annotations

import re

import structlog

from callcore.calls.facts import CallEntered
from callcore.domain import Outcome
from callcore.ivr import state as channel
from callcore.ivr.agi_session import Session
from callcore.ivr.leaving_word import LeavingWord
from callcore.ivr.legs_run import LegsRun
from callcore.ivr.reception import Reception
from callcore.ivr.state import State
from callcore.ivr.visit import Visit
from callcore.ivr.way import Way, resumed_at, way_again, way_by_tables
from callcore.ivr.who import Who
from callcore.routing.legs import leaves_word
from callcore.routing.tables import UnknownTopic

log = structlog.get_logger("callcore.ivr")

WAITED = "TIMEOUT"
KEY = "key"
"""Words of the dialplan: his time in the queue was over; he pressed the key to leave it. Any other one is
Asterisk's for why nobody took him."""
STATIC = "fallback"
"""Route of a call that the dialplan itself put into a queue."""
_WORD = re.compile(r"[A-Za-z]{1,30}")


class Overflow:
    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def __call__(self, session: Session) -> None:
        visit = Visit(self._reception, session)
        env = session.environment
        fact = CallEntered(
            visit.channel, env.caller_number, env.caller_name, env.dialed_number, channel_name=env.channel
        )
        with structlog.contextvars.bound_contextvars(call_id=visit.enter(fact)):
            if _word(session) == KEY:
                visit.has_word_to_come()
            self._reception.recorder.left(visit.call_id)
            word = LeavingWord(visit)
            try:
                legs = LegsRun(visit, word, Who(visit), comes_back=True, place=_place(session))
                await self._go_on(legs, _word(session))
            finally:
                visit.end()
                word.close()

    async def _go_on(self, legs: LegsRun, why: str) -> None:
        visit = legs.visit
        state = await channel.read(visit)
        visit.language = state.language or visit.language
        visit.word = Outcome.left_by_key if why == KEY else None
        way = self._known_way(visit, state)
        first = state.leg if way is not None else None
        if way is None or first is None:
            way = await self._new_way(visit, state, legs.who)
            first = resumed_at(way)
        is_static = state.route == STATIC
        if is_static and not leaves_word(way.legs[first]):
            first = len(way.legs)
        log.info("nobody_took_it", why=why, route=way.name, leg=first)
        if first >= len(way.legs) and why not in (WAITED, KEY) and not is_static:
            # No queue or phone of his way could have him: the dialplan's own queue is for that.
            visit.session.give_back()
            visit.left()
            return
        await legs.go(way, first)

    def _known_way(self, visit: Visit, state: State) -> Way | None:
        """By the edition that sent him there; the newest where none was kept."""
        books = self._reception.books
        book = books.newest if state.edition is None else books.book(state.edition)
        if book is None or state.topic is None or state.leg is None:
            return None
        visit.book = book
        return way_again(book, state.topic, state.route, state.source)

    async def _new_way(self, visit: Visit, state: State, who: Who) -> Way:
        visit.book = self._reception.books.newest
        default = visit.book.flow.default_topic
        try:
            return await way_by_tables(visit, state.topic or default, who)
        except UnknownTopic:
            return await way_by_tables(visit, default, who)


def _place(session: Session) -> int | None:
    """Where he stood in the queue when he left it by a key."""
    said = session.environment.raw.get("agi_arg_3", "")
    is_one = _word(session) == KEY and re.fullmatch(r"[1-9][0-9]{0,3}", said)
    return int(said) if is_one else None


def _word(session: Session) -> str:
    word = session.environment.raw.get("agi_arg_2", "")
    return word if _WORD.fullmatch(word) else "unknown"

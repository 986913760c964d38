"""Calls that operators have placed from their desks (``screenpop.ports.DialControl``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog

from callcore import numbers
from callcore.assembly.colleagues import inside_numbers
from callcore.assembly.current import Current
from callcore.assembly.placing import Placing
from callcore.calls.attempt import AttemptId
from callcore.calls.call import Call
from callcore.domain import CallId, CustomerId, Login
from callcore.floor.floor import Floor
from callcore.floor.ids import call_of_attempt
from callcore.floor.people import People
from callcore.outbound.wanted import PlaceRefused, Wanted
from callcore.screenpop.cardnews import CallsChanged, CardNews
from callcore.screenpop.hub import Hub
from callcore.screenpop.ports import DeskRefused
from callcore.store.attempts import Attempts
from callcore.store.cases import Cases
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.follow_rows import FollowUpState
from callcore.store.follow_ups import FollowUps

log = structlog.get_logger("callcore.placing")

Names = Callable[[], Awaitable[Mapping[Login, str]]]


class DeskCalls:
    def __init__(
        self,
        placing: Placing,
        attempts: Attempts,
        follow_ups: FollowUps,
        cases: Cases,
        names: Names,
        country: str,
        now: Callable[[], datetime],
        living: Callable[[CallId], Call | None],
    ) -> None:
        self._living = living
        self._placing = placing
        self._attempts = attempts
        self._follow_ups = follow_ups
        self._cases = cases
        self._names = names
        self._country = country
        self._now = now

    async def dial(
        self,
        login: Login,
        number: str,
        customer: CustomerId | None,
        follow_up: int | None,
        case: int | None,
    ) -> CallId:
        try:
            if case is not None and await self._cases.get(case) is None:
                raise DeskRefused("no_such_case")
            if follow_up is not None:
                await self._is_his(login, number, follow_up)
            placed = await self._placing.place(Wanted(number, login, customer, follow_up))
        except PlaceRefused as refused:
            raise await self.refused(refused) from None
        except StoreError:
            raise DeskRefused("store_down") from None
        call = call_of_attempt(placed.id)
        if follow_up is not None:
            await _noted(call, "follow_up", self._follow_ups.take(follow_up, login, self._now()))
        if case is not None:
            await _noted(call, "case", self._cases.called(case, call, login, self._now()))
        return call

    async def cancel(self, login: Login) -> None:
        try:
            for call in await self._attempts.of_login(login):
                await self._placing.hang_up(call)
        except StoreError:
            raise DeskRefused("store_down") from None

    async def machine(self, call: CallId) -> None:
        try:
            living = self._living(call)
            if living is None or living.answered_at is None:
                raise DeskRefused("call_changed")
            # our channel's id is the attempt's
            placed = await self._attempts.get(AttemptId(living.channel.id))
            is_ended = placed is not None and await self._placing.machine(placed, call)
        except StoreError:
            raise DeskRefused("store_down") from None
        if not is_ended:
            raise DeskRefused("not_placed")

    async def _is_his(self, login: Login, number: str, id: int) -> None:
        """What a colleague has taken on is his to call; and a number of another entry is another call."""
        one = await self._follow_ups.get(id)
        known = numbers.normalise(number, self._country)
        if one is None or one.state is not FollowUpState.open or known is None:
            raise DeskRefused("follow_up_settled")
        if one.number != known.canonical:
            raise DeskRefused("not_a_number")
        if one.taken_by not in (None, login):
            raise DeskRefused("follow_up_taken", by=await self._name(one.taken_by))

    async def refused(self, refused: PlaceRefused) -> DeskRefused:
        """As a desk says it."""
        code = "not_signed_in" if refused.code == "not_on_shift" else refused.code
        code = "dial_busy" if code == "busy_with_call" else code
        by = await self._name(Login(refused.by)) if refused.by else ""
        return DeskRefused(code, refused.why, by=by, until=refused.until)

    async def _name(self, login: Login) -> str:
        return (await self._names()).get(login, login)


async def _noted(call: CallId, what: str, writing: Awaitable[object]) -> None:
    """His telephone rings by now: what cannot be written any more does not take the call from him."""
    try:
        await writing
    except StoreError as fault:
        log.warning("dial_not_noted", call=call, what=what, why=str(fault))


def connect_calls(
    placing: Placing,
    current: Current,
    database: Database,
    floor: Floor,
    people: People,
    hub: Hub,
    news: CardNews,
    now: Callable[[], datetime],
) -> DeskCalls:
    """Placed calls learn who is on shift and tell what became of them; the desks get their control."""
    placing.seats = floor.tracker.agents.get
    placing.publish = hub.publish
    placing.take = floor.take
    placing.inside = inside_numbers(current, database)
    placing.changed = lambda: news.tell(CallsChanged())
    return DeskCalls(
        placing,
        database.attempts,
        database.follow_ups,
        database.cases,
        lambda: people.names(now()),
        current.settings.organisation.country,
        now,
        floor.tracker.calls.get,
    )

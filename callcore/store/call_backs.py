"""Who wants to be called back: of the list of people to call (``follow_ups``), the wishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from callcore.domain import CallId, CustomerId, Language, Login, QueueName, TopicCode
from callcore.store.errors import NotStored
from callcore.store.follow_rows import (
    AskedBy,
    FollowUp,
    FollowUpKind,
    FollowUpLook,
    FollowUpState,
    NewFollowUp,
)
from callcore.store.follow_ups import FollowUps

CallBackState = FollowUpState
_WISHES = frozenset({FollowUpKind.wish})


@dataclass(frozen=True, slots=True)
class NewCallBack:
    """``number``: canonical, the one that is called."""

    number: str
    topic: TopicCode
    queue: QueueName
    language: Language
    call: CallId | None = None
    customer: CustomerId | None = None
    source: AskedBy = AskedBy.key
    asked_by: Login | None = None
    position: int | None = None
    """Of his place in the queue."""
    due_at: datetime | None = None
    """Not before."""


@dataclass(frozen=True, slots=True)
class CallBack:
    id: int
    number: str
    topic: TopicCode
    queue: QueueName
    language: Language
    asked_at: datetime
    state: CallBackState = CallBackState.open
    call: CallId | None = None
    """In which he asked first."""
    customer: CustomerId | None = None
    customer_name: str = ""
    """Read with the wish, not stored with it; empty if unknown."""
    settled_at: datetime | None = None
    settled_by: Login | None = None
    note: str = ""
    """What came of it."""
    taken_at: datetime | None = None
    taken_by: Login | None = None
    """Who calls; nobody else need then."""
    times: int = 1
    """How often he has asked."""
    due_at: datetime | None = None
    tries: int = 0
    wait: str = ""
    """See ``callbacks.plan``."""
    source: AskedBy = AskedBy.key
    asked_by: Login | None = None


@dataclass(frozen=True, slots=True)
class CallBackLook:
    """What a list shows; everything that is set must fit. ``state`` None: any."""

    state: CallBackState | None = CallBackState.open
    queues: Collection[QueueName] | None = None
    customer: CustomerId | None = None
    number: str = ""
    is_taken: bool | None = None
    taken_by: Login | None = None
    limit: int = 50
    offset: int = 0


class CallBacks:
    def __init__(self, follow_ups: FollowUps) -> None:
        self._follow_ups = follow_ups
        self.asked_by: Counter[str] = Counter()
        """How often somebody asked since the start, by source."""

    async def ask(self, new: NewCallBack, at: datetime) -> bool:
        """Whether it is new: a number for which a wish is open keeps that one, with its place in the list."""
        return (await self.asked(new, at))[1]

    async def asked(self, new: NewCallBack, at: datetime) -> tuple[int, bool]:
        """As ``ask``; with its id."""
        values = {each.name: getattr(new, each.name) for each in fields(new)}
        asked = await self._follow_ups.ask(NewFollowUp(FollowUpKind.wish, **values), at)
        self.asked_by[new.source] += 1
        return asked

    async def settle(self, id: int, state: CallBackState, note: str, login: Login, at: datetime) -> CallBack:
        """See ``FollowUps.settle``."""
        await self._known(id)
        return _call_back(await self._follow_ups.settle(id, state, note, login, at))

    async def take(self, id: int, login: Login, at: datetime, *, is_over: bool = False) -> CallBack:
        """See ``FollowUps.take``."""
        await self._known(id)
        return _call_back(await self._follow_ups.take(id, login, at, is_over=is_over))

    async def hand_back(self, id: int, login: Login, at: datetime, *, is_anybodys: bool = False) -> CallBack:
        """See ``FollowUps.hand_back``."""
        await self._known(id)
        return _call_back(await self._follow_ups.hand_back(id, login, at, is_anybodys=is_anybodys))

    async def _known(self, id: int) -> None:
        if await self.get(id) is None:
            raise NotStored(f"there is no call-back {id}", f"запроса {id} нет")

    async def get(self, id: int) -> CallBack | None:
        found = await self._follow_ups.get(id)
        return _call_back(found) if found is not None and found.kind is FollowUpKind.wish else None

    async def find(self, look: CallBackLook) -> tuple[CallBack, ...]:
        """Open ones: who waits longest first; settled ones: the newest first."""
        return tuple(map(_call_back, await self._follow_ups.find(_wishes(look))))

    async def count(self, look: CallBackLook) -> int:
        return await self._follow_ups.count(_wishes(look))


def _wishes(look: CallBackLook) -> FollowUpLook:
    return FollowUpLook(
        state=look.state,
        kinds=_WISHES,
        queues=look.queues,
        customer=look.customer,
        number=look.number,
        is_taken=look.is_taken,
        taken_by=look.taken_by,
        limit=look.limit,
        offset=look.offset,
    )


def _call_back(one: FollowUp) -> CallBack:
    return CallBack(
        id=one.id,
        number=one.number,
        topic=one.topic,
        queue=one.queue,
        language=one.language or "ru",
        asked_at=one.asked_at,
        state=one.state,
        call=one.call,
        customer=one.customer,
        customer_name=one.customer_name,
        settled_at=one.settled_at,
        settled_by=one.settled_by,
        note=one.note,
        taken_at=one.taken_at,
        taken_by=one.taken_by,
        times=one.times,
        due_at=one.due_at,
        tries=one.tries,
        wait=one.wait,
        source=one.source,
        asked_by=one.asked_by,
    )

"""Call-backs for programs: who waits, who calls, what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from callcore.domain import CustomerId, Language, Login, QueueName, Text
from callcore.numbers import written
from callcore.rights import Permission
from callcore.routing.tables import UnknownTopic
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.call_backs import CallBack, CallBackLook, CallBackState, NewCallBack
from callcore.store.errors import NotStored
from callcore.store.follow_rows import AskedBy
from callcore.store.texts import COMMENT_LIMIT
from callcore.web.context import allowed, demand
from callcore.web.live_news import NEWS
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id, Limit, Offset
from callcore.web.starting import starts_call
from callcore.web.voice.ports import ROOM
from callcore.web.voice.voicemails_api import WISHED, Either, canonical, masks, next_of

WORK = Permission.callbacks_work
OTHERS = Permission.contacts_others
"""To take one over from somebody else, or hand his back."""


class CallBackModel(ApiModel):
    id: int
    number: str
    topic: str
    queue: str
    language: Language
    asked_at: datetime
    state: CallBackState
    call: str | None
    """In which it was asked for first."""
    customer: int | None
    customer_name: str
    taken_at: datetime | None
    taken_by: str | None
    """Who calls; null: anybody may."""
    settled_at: datetime | None
    settled_by: str | None
    note: str
    source: AskedBy = AskedBy.key
    """How he asked first: by a ``key`` in the queue or the menu, on the announcement that we are ``closed``;
    an ``operator`` (``asked_by``), or a program (``api``) has put him there."""
    asked_by: str | None = None
    times: int = 1
    """How often he has asked."""
    due_at: datetime | None = None
    """Not called before; null: now."""
    tries: int = 0
    """How often callcore has had his number rung."""
    wait: str = ""
    """Why callcore does not call now: ``calling``, a result such as ``busy``, a rule of the gate; what begins
    with ``person_`` it leaves to people."""


class CallBackAsked(ApiModel):
    call_back: CallBackModel
    is_new: bool
    """False: he had asked before; his place stays as it was."""


class AskModel(ApiModel):
    number: Annotated[str, Field(min_length=1, max_length=64)]
    topic: Annotated[str, Field(min_length=1, max_length=128)]
    queue: Annotated[str, Field(max_length=128)] | None = None
    """Null: the topic's own."""
    language: Language | None = None
    customer: Id | None = None
    not_before: datetime | None = None


class CallBackList(ApiModel):
    call_backs: list[CallBackModel]
    total: int
    next_offset: int | None


class CallBackQuery(ApiModel):
    state: Literal["open", "done", "withdrawn", "all"] = "open"
    queue: Annotated[str, Field(max_length=128)] = ""
    customer: Id | None = None
    number: Annotated[str, Field(max_length=64)] = ""
    taken: Either = ""
    taken_by: Annotated[str, Field(max_length=64)] = ""
    limit: Limit = 50
    offset: Offset = 0


class TakeModel(ApiModel):
    over: bool = False
    """From whoever has it: needs ``contacts.others``."""


class SettleModel(ApiModel):
    note: Annotated[str, Field(max_length=COMMENT_LIMIT)] = ""
    """What came of it."""


@operation("call-backs", needs=WORK)
async def call_backs(ask: Ask, query: CallBackQuery) -> CallBackList:
    """Who wants to be called back: open ones with the longest wait first, others with the newest first."""
    room = ask.request.app[ROOM]
    look = CallBackLook(
        state=None if query.state == "all" else CallBackState(query.state),
        queues=(QueueName(query.queue),) if query.queue else None,
        customer=CustomerId(query.customer) if query.customer else None,
        number=canonical(room, query.number),
        is_taken=WISHED[query.taken],
        taken_by=Login(query.taken_by) if query.taken_by else None,
        limit=query.limit,
        offset=query.offset,
    )
    wishes, total = await room.call_backs.find(look), await room.call_backs.count(look)
    return CallBackList(
        call_backs=[_model(ask, wish) for wish in wishes],
        total=total,
        next_offset=next_of(query.offset, len(wishes), total),
    )


@starts_call("number")
@operation(
    "call-backs",
    needs=WORK,
    status=201,
    repeats=True,
    problems=("not_a_number", "unknown_topic", "unknown_queue"),
)
async def ask_call_back(ask: Ask, body: AskModel) -> CallBackAsked:
    """Somebody wants to be called: within our hours and his, once, however often it is asked for."""
    room = ask.request.app[ROOM]
    number = written(body.number, room.country)
    if number is None:
        raise Problem("not_a_number")
    try:
        _table, topic = room.book().tables.find(body.topic)
    except UnknownTopic:
        raise Problem("unknown_topic") from None
    queue = QueueName(body.queue) if body.queue else topic.queue
    if queue not in room.queue_titles():
        raise Problem("unknown_queue")
    wish = NewCallBack(
        number.canonical,
        topic.code,
        queue,
        body.language or room.book().flow.language,
        customer=CustomerId(body.customer) if body.customer else None,
        source=AskedBy.api,
        asked_by=ask.identity.login,
        due_at=body.not_before,
    )
    id, is_new = await room.call_backs.asked(wish, ask.now)
    stored = await room.call_backs.get(id)
    if stored is None:  # pragma: no cover - it was committed a moment ago
        raise Problem("not_found")
    return CallBackAsked(call_back=_told(ask, stored), is_new=is_new)


@operation("call-backs", needs=WORK, problems=("not_found",))
async def call_back(ask: Ask, id: Id) -> CallBackModel:
    """One of them."""
    wish = await ask.request.app[ROOM].call_backs.get(id)
    if wish is None:
        raise Problem("not_found")
    return _model(ask, wish)


@operation("call-backs", needs=WORK, problems=("not_found", "call_back_taken", "call_back_settled"))
async def take_call_back(ask: Ask, id: Id, body: TakeModel) -> CallBackModel:
    """Say that you call, so that nobody else does; a repeat changes nothing."""
    if body.over:
        demand(ask.identity, OTHERS)
    try:
        wish = await ask.request.app[ROOM].call_backs.take(id, ask.identity.login, ask.now, is_over=body.over)
    except NotStored:
        raise Problem("not_found") from None
    _open_and(ask, wish, (ask.identity.login,))
    return _told(ask, wish)


@operation("call-backs", needs=WORK, problems=("not_found", "call_back_taken", "call_back_settled"))
async def hand_back_call_back(ask: Ask, id: Id) -> CallBackModel:
    """You do not call after all: it waits for anybody, in its old place. That of another with
    ``contacts.others``."""
    try:
        wish = await ask.request.app[ROOM].call_backs.hand_back(
            id, ask.identity.login, ask.now, is_anybodys=allowed(ask.identity, OTHERS)
        )
    except NotStored:
        raise Problem("not_found") from None
    _open_and(ask, wish, (None,))
    return _told(ask, wish)


@operation("call-backs", needs=WORK, problems=("not_found", "call_back_settled"))
async def call_back_done(ask: Ask, id: Id, body: SettleModel) -> CallBackModel:
    """He was called back. Whoever has taken it; a repeat by the same person changes nothing."""
    return await _settle(ask, id, CallBackState.done, body.note)


@operation("call-backs", needs=WORK, problems=("not_found", "call_back_settled"))
async def withdraw_call_back(ask: Ask, id: Id, body: SettleModel) -> CallBackModel:
    """It is no longer needed: he called again, or a mistake."""
    return await _settle(ask, id, CallBackState.withdrawn, body.note)


async def _settle(ask: Ask, id: int, state: CallBackState, note: str) -> CallBackModel:
    login = ask.identity.login
    try:
        wish = await ask.request.app[ROOM].call_backs.settle(id, state, note, login, ask.now)
    except NotStored:
        raise Problem("not_found") from None
    if (wish.state, wish.settled_by) != (state, login):
        raise Problem("call_back_settled", detail=_by(wish.settled_by))
    return _told(ask, wish)


def _open_and(ask: Ask, wish: CallBack, holders: tuple[Login | None]) -> None:
    """Raises ``Problem`` unless it is open, and with one of these."""
    if wish.state is not CallBackState.open:
        raise Problem("call_back_settled", detail=_by(wish.settled_by))
    if wish.taken_by not in holders:
        raise Problem("call_back_taken", detail=_by(wish.taken_by))


def _by(login: Login | None) -> Text | None:
    return Text(f"Кто: {login}.", f"By {login}.") if login else None


def _told(ask: Ask, wish: CallBack) -> CallBackModel:
    ask.request.app[NEWS].tell(WorkChanged())
    return _model(ask, wish)


def _model(ask: Ask, wish: CallBack) -> CallBackModel:
    number, name = masks(ask.identity)
    return CallBackModel(
        id=wish.id,
        number=number(wish.number),
        topic=wish.topic,
        queue=wish.queue,
        language=wish.language,
        asked_at=wish.asked_at,
        state=wish.state,
        call=wish.call,
        customer=wish.customer,
        customer_name=name(wish.customer_name),
        taken_at=wish.taken_at,
        taken_by=wish.taken_by,
        source=wish.source,
        asked_by=wish.asked_by,
        settled_at=wish.settled_at,
        settled_by=wish.settled_by,
        note=name(wish.note),
        times=wish.times,
        due_at=wish.due_at,
        tries=wish.tries,
        wait=wish.wait,
    )


ROUTES = (
    web.get("/api/v1/call-backs", call_backs),
    web.post("/api/v1/call-backs", ask_call_back),
    web.get("/api/v1/call-backs/{id}", call_back),
    web.post("/api/v1/call-backs/{id}/take", take_call_back),
    web.post("/api/v1/call-backs/{id}/hand-back", hand_back_call_back),
    web.post("/api/v1/call-backs/{id}/done", call_back_done),
    web.post("/api/v1/call-backs/{id}/withdraw", withdraw_call_back),
)

"""People to call, for programs: who waits, who answers for it, who calls, what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcore.domain import CustomerId, Language, Login, QueueName, Text
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.follow_rows import AskedBy, FollowUp, FollowUpKind, FollowUpLook, FollowUpState
from callcore.store.follow_ups import Given
from callcore.store.texts import COMMENT_LIMIT
from callcore.web.context import demand
from callcore.web.live_news import NEWS
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id
from callcore.web.voice import work_room
from callcore.web.voice.call_backs_api import CallBackQuery
from callcore.web.voice.ports import ROOM
from callcore.web.voice.voicemails_api import WISHED, Either, canonical, masks, next_of
from callcore.web.voice.work_room import NEEDS, NO_REASON, OTHERS, PAST, WORK, Moved, Refused

_REFUSALS = ("not_found", "follow_up_taken", "follow_up_settled")
_NOBODY = Text("Назовите одно из двух: login или department.", "Name one of them: login or department.")
_UNKNOWN = Text("Такого здесь нет.", "There is no such one here.")
Reason = Annotated[str, Field(max_length=COMMENT_LIMIT)]


class FollowUpModel(ApiModel):
    id: int
    kind: FollowUpKind
    number: str | None
    """null: withheld."""
    topic: str
    queue: str
    language: Language | None
    asked_at: datetime
    """The first time."""
    last_at: datetime
    times: int
    state: FollowUpState
    source: AskedBy
    asked_by: str | None
    call: str | None
    """The first in which he asked, and the last."""
    last_call: str | None
    customer: int | None
    customer_name: str
    position: int | None
    """Of his place in the queue when he asked."""
    due_at: datetime | None
    """Not before."""
    postponed_by: str | None
    responsible_login: str | None
    responsible_department: str
    why_responsible: str
    """``personal_operator``, ``last_spoke``, ``department``, ``default``, ``given``, ``postponed``."""
    taken_at: datetime | None
    taken_by: str | None
    """Who calls; null: anybody may."""
    settled_at: datetime | None
    settled_by: str | None
    settled_call: str | None
    """In which he was reached."""
    note: str
    reason: str
    """Why it was put off or given on last."""


class FollowUpList(ApiModel):
    follow_ups: list[FollowUpModel]
    total: int
    next_offset: int | None


class FollowUpQuery(CallBackQuery):
    kind: Literal["", "wish", "missed", "voicemail"] = ""
    whose: Literal["", "mine", "department"] = ""
    """Of whoever asks."""
    postponed: Either = ""


class TakeFollowUp(ApiModel):
    over: bool = False
    """From whoever has it: needs ``contacts.others``."""


class PostponeModel(ApiModel):
    until: AwareDatetime
    reason: Reason


class GiveModel(ApiModel):
    login: Annotated[str, Field(max_length=64)] | None = None
    department: Annotated[str, Field(max_length=128)] | None = None
    reason: Reason


class SettleFollowUp(ApiModel):
    note: Reason = ""
    """What came of it."""


@operation("follow-ups", needs=NEEDS)
async def follow_ups(ask: Ask, query: FollowUpQuery) -> FollowUpList:
    """People to call: open ones with the longest wait first, others with the newest first."""
    room, work = ask.request.app[ROOM], ask.request.app[WORK]
    look = FollowUpLook(
        state=None if query.state == "all" else FollowUpState(query.state),
        kinds=(FollowUpKind(query.kind),) if query.kind else None,
        queues=(QueueName(query.queue),) if query.queue else None,
        customer=CustomerId(query.customer) if query.customer else None,
        number=canonical(room, query.number),
        is_taken=WISHED[query.taken],
        taken_by=Login(query.taken_by) if query.taken_by else None,
        whose=await work.whose(ask.identity, query.whose),
        postponed=WISHED[query.postponed],
        now=ask.now,
        limit=query.limit,
        offset=query.offset,
    )
    found, total = await work.follow_ups.find(look), await work.follow_ups.count(look)
    return FollowUpList(
        follow_ups=[_model(ask, one) for one in found],
        total=total,
        next_offset=next_of(query.offset, len(found), total),
    )


@operation("follow-ups", needs=NEEDS, problems=("not_found",))
async def follow_up(ask: Ask, id: Id) -> FollowUpModel:
    """One of them."""
    one = await ask.request.app[WORK].follow_ups.get(id)
    if one is None:
        raise Problem("not_found")
    return _model(ask, one)


@operation("follow-ups", needs=NEEDS, problems=_REFUSALS)
async def take_follow_up(ask: Ask, id: Id, body: TakeFollowUp) -> FollowUpModel:
    """Say that you call. Everything open of this number is yours then; a repeat changes nothing."""
    if body.over:
        demand(ask.identity, OTHERS)
    room = ask.request.app[WORK]
    return _answer(ask, await work_room.take(room, id, ask.identity, ask.now, is_over=body.over))


@operation("follow-ups", needs=NEEDS, problems=_REFUSALS)
async def hand_back_follow_up(ask: Ask, id: Id) -> FollowUpModel:
    """You do not call after all: it waits for anybody, in its old place. That of another with
    ``contacts.others``."""
    return _answer(ask, await work_room.hand_back(ask.request.app[WORK], id, ask.identity, ask.now))


@operation("follow-ups", needs=NEEDS, problems=(*_REFUSALS, "invalid"))
async def postpone_follow_up(ask: Ask, id: Id, body: PostponeModel) -> FollowUpModel:
    """Not before ``until``: then it comes back by itself, and is yours. A reason is needed."""
    if body.until <= ask.now:
        raise Problem("invalid", detail=PAST)
    room, reason = ask.request.app[WORK], _reason(body.reason)
    return _answer(ask, await work_room.postpone(room, id, body.until, reason, ask.identity, ask.now))


@operation("follow-ups", needs=NEEDS, problems=(*_REFUSALS, "invalid"))
async def give_follow_up(ask: Ask, id: Id, body: GiveModel) -> FollowUpModel:
    """Somebody else, or a department, answers for it from now on. What another has taken, or answers for by
    name, with ``contacts.others``. A reason is needed."""
    room, reason = ask.request.app[WORK], _reason(body.reason)
    if (body.login is None) == (body.department is None):
        raise Problem("invalid", detail=_NOBODY)
    if body.login is not None and body.login not in await room.workers():
        raise Problem("invalid", detail=_UNKNOWN)
    if body.department is not None and body.department not in room.departments():
        raise Problem("invalid", detail=_UNKNOWN)
    to = Given("given", Login(body.login) if body.login else None, body.department or "")
    return _answer(ask, await work_room.give(room, id, to, reason, ask.identity, ask.now))


@operation("follow-ups", needs=NEEDS, problems=("not_found", "follow_up_settled"))
async def follow_up_done(ask: Ask, id: Id, body: SettleFollowUp) -> FollowUpModel:
    """Somebody has talked with him: everything open of this number is settled. A repeat by the same person
    changes nothing."""
    return await _settle(ask, id, FollowUpState.done, body.note)


@operation("follow-ups", needs=NEEDS, problems=("not_found", "follow_up_settled"))
async def withdraw_follow_up(ask: Ask, id: Id, body: SettleFollowUp) -> FollowUpModel:
    """Nobody need call: a mistake, or it was settled some other way. Only this one goes."""
    return await _settle(ask, id, FollowUpState.withdrawn, body.note)


async def _settle(ask: Ask, id: int, state: FollowUpState, note: str) -> FollowUpModel:
    return _answer(ask, await work_room.settle(ask.request.app[WORK], id, state, note, ask.identity, ask.now))


def _reason(text: str) -> str:
    if not text.strip():
        raise Problem("invalid", detail=NO_REASON)
    return text


def _answer(ask: Ask, moved: Moved) -> FollowUpModel:
    if moved.refused is not None:
        by = Text(f"Кто: {moved.by}.", f"By {moved.by}.") if moved.by else None
        is_settled = moved.refused is Refused.settled
        raise Problem("follow_up_settled" if is_settled else "follow_up_taken", detail=by)
    ask.request.app[NEWS].tell(WorkChanged())
    return _model(ask, moved.one)


def _model(ask: Ask, one: FollowUp) -> FollowUpModel:
    number, name = masks(ask.identity)
    values = {field: getattr(one, field) for field in FollowUpModel.model_fields}
    shown = {"customer_name": name(one.customer_name), "note": name(one.note), "reason": name(one.reason)}
    return FollowUpModel(**values | shown | {"number": number(one.number) if one.number else None})


ROUTES = (
    web.get("/api/v1/follow-ups", follow_ups),
    web.get("/api/v1/follow-ups/{id}", follow_up),
    web.post("/api/v1/follow-ups/{id}/take", take_follow_up),
    web.post("/api/v1/follow-ups/{id}/hand-back", hand_back_follow_up),
    web.post("/api/v1/follow-ups/{id}/postpone", postpone_follow_up),
    web.post("/api/v1/follow-ups/{id}/give", give_follow_up),
    web.post("/api/v1/follow-ups/{id}/done", follow_up_done),
    web.post("/api/v1/follow-ups/{id}/withdraw", withdraw_follow_up),
)

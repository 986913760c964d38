"""All events that other programs may be told of: what each means, and what its data hold. Pure.

The page, ``docs/api.md`` and the OpenAPI document show this list; tests hold the code to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from callcore.domain import Text

TEST_EVENT = "webhook.test"
NEAR_ONES = 3


@dataclass(frozen=True, slots=True)
class Event:
    type: str
    title: Text
    data: Mapping[str, Any]
    """Names to types of JSON; moments are texts in ISO 8601. ``?`` after a name: it may be missing."""


Data = Mapping[str, Any]
_NUMBER = int | None
_WORD = str | None
_CALL: Data = {
    "call": str,
    "direction": str,
    "number": _WORD,
    "name": _WORD,
    "dialled": _WORD,
    "queue": _WORD,
    "topic": _WORD,
    "customers": list[int],
    "login": str,
}
_ENDED: Data = {
    "call": str,
    "direction": str,
    "number": _WORD,
    "dialled": _WORD,
    "queue": _WORD,
    "topic": _WORD,
    "customer": _NUMBER,
    "outcome": str,
    "reason": str,
    "login": _WORD,
    "started_at": datetime,
    "ended_at": datetime,
    "wait_ms": _NUMBER,
    "talk_ms": _NUMBER,
}
_ALWAYS = ("call", "direction", "customer", "login")
_KEPT: Data = {
    **{name: _ENDED[name] for name in _ALWAYS},
    **{f"{name}?": kind for name, kind in _ENDED.items() if name not in _ALWAYS},
    "medium?": str,
    "office?": str,
}
_CASE: Data = {"case": str, "customer": int}
_ALARM: Data = {"case": str, "stage": str, "due_at": datetime | None, "to": str, "told": list[str]}
_TASK: Data = {"task": int, "customer": _NUMBER}
_RECORD: Data = {"record": int, "call": str, "customer": _NUMBER, "login": str}
_FOLLOW: Data = {"follow_up": int, "kind": str, "customer": _NUMBER, "login": str}
_FLASH: Data = {
    "id": int,
    "scope": str,
    "target": str,
    "must_read": bool,
    "begins_at": datetime,
    "ends_at": datetime,
}


def _event(type: str, ru: str, en: str, /, **data: Any) -> Event:
    return Event(type, Text(ru, en), data)


_ALL = (
    Event("call.ringing", Text("у оператора звонит телефон", "an operator's telephone rings"), _CALL),
    Event("call.answered", Text("оператор ответил", "an operator answered"), _CALL),
    _event(
        "call.handed",
        "звонок передают другому",
        "a call is being handed on",
        handover=int,
        call=str,
        from_topic=str,
        topic=str,
        number=str,
        customer=_NUMBER,
        mode=str,
        means=str,
        to_kind=str,
        to_name=str,
        queue=_WORD,
        login=str,
    ),
    _event(
        "call.returned",
        "переданный звонок никто не взял: он возвращается",
        "nobody took a call that was handed on: it comes back",
        handover=int,
        call=str,
        login=str,
        to_name=str,
        why=str,
    ),
    Event(
        "call.parked",
        Text("клиент ждёт на парковке, с ним никого", "a customer is parked: he waits without anybody"),
        _CALL,
    ),
    Event(
        "call.unparked",
        Text(
            "клиента взяли с парковки, или он ждал слишком долго и возвращается",
            "a parked customer is taken, or has waited too long and comes back",
        ),
        {**_CALL, "login": _WORD, "why": str},
    ),
    Event("call.ended", Text("звонок закончился", "a call is over"), _ENDED),
    _event(
        "call.placed",
        "callcore набирает номер или закончил: по просьбе человека, при переводе, обратный звонок",
        "callcore calls a number, or has: for a person, by a transfer, as a call-back",
        attempt=str,
        number=str,
        purpose=str,
        login=str,
        customer=_NUMBER,
        state=str,
        result=_WORD,
        cause=_NUMBER,
        why=str,
    ),
    Event(
        "contact.saved",
        Text("контакт записан: звонок, визит, письмо", "a contact is kept: a call, a visit, a letter"),
        _KEPT,
    ),
    _event(
        "interaction.saved",
        "обращение записано или исправлено",
        "an interaction was written or corrected",
        **_RECORD,
        topic=str,
    ),
    Event(
        "interaction.moved",
        Text("обращение перенесено на другого клиента", "an interaction went to another customer"),
        {**_RECORD, "from": _NUMBER},
    ),
    _event("case.created", "кейс создан", "a case was made", **_CASE, type=str, queue=str, initiator=str),
    _event(
        "case.changed",
        "кейс изменён",
        "a case was changed",
        **_CASE,
        status=str,
        department=str,
        owner=_WORD,
        changed=list[str],
        by=str,
    ),
    Event(
        "case.stage_changed",
        Text("кейс перешёл на другой этап", "a case went to another stage"),
        {
            **_CASE,
            "type": str,
            "from": str,
            "to": str,
            "result": str,
            "department": str,
            "due_at": datetime | None,
            "number": str,
        },
    ),
    _event("case.discarded", "неотправленный кейс удалён", "a case that was never sent is gone", case=str),
    Event("case.reminder", Text("срок этапа близок", "a stage's time is nearly up"), _ALARM),
    Event("case.overdue", Text("срок этапа прошёл", "a stage's time is up"), _ALARM),
    _event("task.created", "задача поставлена", "a task was given", **_TASK, responsible=str),
    _event("task.done", "задача сделана", "a task is done", **_TASK, is_done=bool),
    _event("task.reopened", "задача снова открыта", "a task is open again", **_TASK, is_done=bool),
    _event("task.overdue", "срок задачи прошёл", "a task's time is up", **_TASK, responsible=str),
    _event(
        "customer.changed",
        "данные клиента изменены",
        "a customer's data were changed",
        customer=int,
        fields=list[str],
        by=str,
        why=str,
    ),
    _event("customer.erased", "данные клиента стёрты", "a customer's data were erased", customer=int),
    _event(
        "customers.imported",
        "база клиентов загружена",
        "a file of customers was taken in",
        by=str,
        file=str,
        new=int,
        changed=int,
        unchanged=int,
    ),
    _event(
        "payment.reversed",
        "платёж сторнирован",
        "a payment was reversed",
        call=str,
        payment=int,
        customer=_NUMBER,
        login=str,
    ),
    Event("flash.created", Text("заметка повешена", "a flash note was put up"), _FLASH),
    Event("flash.withdrawn", Text("заметка снята", "a flash note was taken down"), _FLASH),
    _event(
        "flash.switched",
        "объявление для звонящих включено или выключено",
        "an announcement to callers was switched on or off",
        id=int,
        is_on=bool,
        login=str,
    ),
    _event("flash.read", "заметку прочитали", "somebody has read a flash note", id=int, login=str),
    _event(
        "voicemail.left",
        "оставили голосовое сообщение",
        "a voicemail was left",
        voicemail=int,
        call=str,
        topic=str,
        number=_WORD,
        customer=_NUMBER,
        ms=int,
    ),
    Event(
        "follow_up.asked",
        Text("кому-то надо позвонить", "there is somebody to call"),
        {
            "follow_up": int,
            "kind": str,
            **dict.fromkeys(("number", "call", "topic", "queue"), _WORD),
            "customer": _NUMBER,
        },
    ),
    Event("follow_up.taken", Text("звонок взяли на себя", "somebody has taken a call on"), _FOLLOW),
    Event(
        "follow_up.handed_back", Text("звонок снова ждёт любого", "a call waits for anybody again"), _FOLLOW
    ),
    Event(
        "follow_up.postponed",
        Text("звонок отложили", "a call was put off"),
        {**_FOLLOW, "until": datetime},
    ),
    Event(
        "follow_up.given",
        Text("звонок передали другим", "a call was given to somebody else"),
        {**_FOLLOW, "to_login": _WORD, "to_department": str},
    ),
    Event(
        "follow_up.settled",
        Text("звонить больше не надо", "nobody need call any more"),
        {**_FOLLOW, "state": str},
    ),
    _event(
        "recording.kept",
        "разговор записан",
        "a talk was recorded",
        recording=int,
        call=str,
        queue=str,
        ms=int,
    ),
    _event(
        "call_back.asked",
        "просят перезвонить",
        "somebody wants to be called back",
        call_back=int,
        number=str,
        call=_WORD,
        customer=_NUMBER,
        topic=str,
        queue=str,
    ),
    _event(
        "call_back.taken",
        "просьбу перезвонить взяли",
        "somebody has taken a call-back on",
        call_back=int,
        customer=_NUMBER,
        login=str,
    ),
    _event(
        "call_back.handed_back",
        "просьбу перезвонить вернули",
        "a call-back waits for anybody again",
        call_back=int,
        customer=_NUMBER,
        login=str,
    ),
    _event(
        "call_back.settled",
        "просьба перезвонить выполнена или снята",
        "a call-back is done or no longer wanted",
        call_back=int,
        customer=_NUMBER,
        state=str,
        login=str,
    ),
    _event("article.saved", "статья записана", "an article was saved", slug=str, revision=int, login=str),
    _event("article.archived", "статья убрана в архив", "an article was archived", slug=str, login=str),
    _event(
        "article.restored",
        "статья возвращена из архива",
        "an article is back from the archive",
        slug=str,
        login=str,
    ),
    _event(
        "counterparty.added",
        "в справочник добавлено",
        "entries were added to the directory",
        group=int,
        ids=list[int],
        count=int,
        login=str,
    ),
    _event(
        "counterparty.changed",
        "запись справочника изменена",
        "an entry of the directory was changed",
        id=int,
        login=str,
    ),
    _event(
        "counterparty.removed",
        "запись справочника убрана",
        "an entry of the directory was removed",
        id=int,
        login=str,
    ),
    _event(
        "counterparty.restored",
        "запись справочника возвращена",
        "an entry of the directory is back",
        id=int,
        login=str,
    ),
    _event(
        "webhook.disabled",
        "подписка выключена: не отвечала",
        "a subscription was switched off: it did not answer",
        webhook=int,
        why=str,
    ),
    _event(
        TEST_EVENT,
        "проба по кнопке, только этой подписке",
        "a test by hand, to this subscription alone",
        webhook=int,
        by=str,
    ),
)
EVENTS: Mapping[str, Event] = {each.type: each for each in _ALL}


def is_known(pattern: str) -> bool:
    """Whether ``*``, ``case.*`` or ``case.created`` means an event that there is."""
    if pattern.endswith(".*"):
        return any(type.startswith(pattern[:-1]) for type in EVENTS)
    return pattern == "*" or pattern in EVENTS


def near(pattern: str) -> tuple[str, ...]:
    """What was probably meant; the kinds of events if nothing looks like it."""
    kinds = list(dict.fromkeys(f"{type.partition('.')[0]}.*" for type in EVENTS))
    close = get_close_matches(pattern.lower(), [*kinds, *EVENTS], NEAR_ONES, 0.6)
    return tuple(close or kinds)

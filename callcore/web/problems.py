"""Everything that can be refused: RFC 9457 problem documents for programs, a page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from callcore.domain import Language, Text
from callcore.screenpop.hub import encode
from callcore.strictyaml.faults import Fault

_KNOWN: Mapping[str, tuple[int, Text]] = {
    "bad_request": (400, Text("Запрос не разобрать", "The request cannot be read")),
    "invalid": (422, Text("Данные не подходят", "The data do not fit")),
    "incomplete": (400, Text("Не всё заполнено", "Something is missing")),
    "not_signed_in": (401, Text("Нужно войти", "Sign in first")),
    "wrong_password": (401, Text("Логин или пароль неверны", "Login or password is wrong")),
    "second_factor_needed": (401, Text("Нужен код из телефона", "A code from the telephone is needed")),
    "wrong_code": (401, Text("Код не подходит", "The code is not right")),
    "owes_password": (403, Text("Сначала смените пароль", "Choose a new password first")),
    "owes_factor": (403, Text("Сначала включите вход по коду", "Set up the second factor first")),
    "forbidden": (403, Text("Нет доступа", "No access")),
    "csrf": (403, Text("Страница устарела, обновите её", "The page is out of date, reload it")),
    "origin": (403, Text("Запрос пришёл с чужой страницы", "The request comes from a foreign page")),
    "not_found": (404, Text("Здесь ничего нет", "There is nothing here")),
    "method_not_allowed": (405, Text("Здесь так нельзя", "This method is not allowed here")),
    "conflict": (409, Text("Сейчас этого сделать нельзя", "This cannot be done now")),
    "too_large": (413, Text("Запрос слишком большой", "The request is too large")),
    "unsupported_media_type": (
        415,
        Text("Такой вид данных не принимается", "This type of content is refused"),
    ),
    "upgrade_required": (426, Text("Здесь отвечает только WebSocket", "Only a WebSocket is answered here")),
    "throttled": (429, Text("Слишком много попыток, подождите", "Too many tries, please wait")),
    "internal": (500, Text("Ошибка у нас; она записана", "A fault on our side; it has been logged")),
    "store_down": (503, Text("База данных не отвечает", "The database does not answer")),
    # What the outages' pages and API refuse.
    "outage_refused": (422, Text("Опубликовать это нельзя", "This cannot be published")),
    "campaign_refused": (409, Text("Оповещение так изменить нельзя", "The campaign cannot be changed so")),
    "not_a_number": (422, Text("Это не номер телефона", "This is no phone number")),
    # What a desk may refuse.
    "not_on_shift": (409, Text("Сначала займите телефон", "Choose a phone first")),
    "phone_not_allowed": (403, Text("Этот телефон вам не разрешён", "This phone is not allowed to you")),
    "phone_taken": (409, Text("Этот телефон занят другим", "Somebody else has this phone")),
    "already_on_shift": (409, Text("Вы уже на смене", "You are on shift already")),
    "busy_with_call": (409, Text("Сначала закончите разговор", "Finish the call first")),
    "call_gone": (409, Text("Этот звонок уже не у вас", "This call is no longer yours")),
    "no_such_contact": (404, Text("Такого обращения нет", "There is no such contact")),
    "unknown_topic": (422, Text("Такой темы нет", "There is no such topic")),
    "unknown_queue": (422, Text("Такой очереди нет", "There is no such queue")),
    "unknown_number": (422, Text("У клиента нет такого номера", "The customer has no such number")),
    "unknown_customer": (422, Text("Такого клиента нет", "There is no such customer")),
    "too_long": (422, Text("Текст слишком длинный", "The text is too long")),
    "no_such_topic": (404, Text("Такой темы у обращения нет", "The contact has no such topic")),
    "no_such_case": (404, Text("Такого кейса нет", "There is no such case")),
    "too_many_topics": (409, Text("Тем уже слишком много", "There are too many topics already")),
    "topic_not_empty": (409, Text("В теме есть текст, её не убрать", "The topic holds text and stays")),
    "topic_missing": (409, Text("Сначала выберите тему", "Choose a topic first")),
    "not_recording": (409, Text("Этот разговор не записывается", "This call is not being recorded")),
    "not_announced": (
        409,
        Text("Сначала предупредите абонента о записи", "Tell the caller first that he is recorded"),
    ),
    "call_changed": (409, Text("Со звонком уже что-то другое", "The call stands differently now")),
    "no_target": (422, Text("Этого адресата сейчас нет", "This target is not there now")),
    "no_outside": (422, Text("На этот номер перевести нельзя", "Calls cannot be given to this number")),
    "not_possible_here": (
        409,
        Text("Эта АТС такого не умеет", "This PBX cannot do that: callcore's dialplan is missing"),
    ),
    "not_placed": (
        409,
        Text("Этот звонок начал не callcore", "callcore has not placed this call"),
    ),
    "pbx_refused": (409, Text("АТС отказала", "The PBX has refused")),
    "line_unsure": (409, Text("Неизвестно, выполнено ли это", "Whether it was done is not known")),
    "no_right": (403, Text("На это у вас нет права", "You have no right to do that")),
    "not_handed": (409, Text("Передать туда нельзя", "The call cannot be handed on to there")),
    "too_many_favourites": (409, Text("Избранных тем уже 50", "There are 50 favourite topics already")),
    # What a case refuses.
    "case_refused": (422, Text("С кейсом так нельзя", "The case does not take this")),
    "case_taken": (409, Text("Кейс у другого или уже изменился", "Somebody else has or changed the case")),
    # What a call-back refuses.
    "call_back_taken": (409, Text("Перезванивает уже другой", "Somebody else calls back already")),
    "call_back_settled": (409, Text("Перезванивать уже не нужно", "The call-back is settled already")),
    # What a call that is to be placed refuses.
    "refused_by_gate": (
        403,
        Text("По этому номеру сейчас звонить нельзя", "This number may not be called now"),
    ),
    "being_called": (409, Text("С этим номером уже идёт звонок", "This number is being called already")),
    "dial_busy": (409, Text("Сначала закончите разговор", "Finish your call first")),
    "no_dialling": (409, Text("callcore здесь не звонит", "callcore places no calls here")),
    "no_trunk": (
        409,
        Text("Через АТС этого телефона звонить нельзя", "The PBX of this phone has no way to call through"),
    ),
    "no_line": (503, Text("Нет свободной линии, попробуйте ещё раз", "No line is free, please try again")),
    # What the list of people to call refuses.
    "follow_up_taken": (409, Text("Этим занят уже другой", "Somebody else has it already")),
    "follow_up_settled": (409, Text("Звонить уже не нужно", "Nobody need call any more")),
    "pbx_down": (503, Text("АТС не отвечает", "The PBX does not answer")),
}
_BY_STATUS = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    426: "upgrade_required",
    429: "throttled",
    503: "store_down",
}


def type_of(code: str) -> str:
    """The stable ``type`` of a problem document."""
    return f"urn:callcore:problem:{code.replace('_', '-')}"


def status_of(code: str) -> int:
    """HTTP's number; an unknown code is an ``internal`` fault."""
    return _KNOWN.get(code, _KNOWN["internal"])[0]


def title_of(code: str) -> Text:
    """The problem in a few words."""
    return _KNOWN.get(code, _KNOWN["internal"])[1]


class Problem(Exception):
    """A refusal, by its code; an unknown code is an ``internal`` fault.

    ``detail``: why in this case; ``faults``: everything that is wrong in what was sent; ``more``: members
    of the document that this kind of problem has besides.
    """

    def __init__(
        self,
        code: str,
        headers: Mapping[str, str] | None = None,
        *,
        detail: Text | None = None,
        faults: Sequence[Fault] = (),
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code if code in _KNOWN else "internal"
        self.headers = dict(headers or {})
        self.detail = detail
        self.faults = tuple(faults)
        self.more = dict(more or {})

    @property
    def status(self) -> int:
        return _KNOWN[self.code][0]

    @classmethod
    def refused(cls, code: str, why: Text | None = None) -> Problem:
        """The problem for a ``DeskRefused``; its ``not_signed_in`` means that no phone was chosen."""
        code = "not_on_shift" if code == "not_signed_in" else code
        return cls(code if code in _KNOWN else "conflict", detail=why)

    @classmethod
    def of_status(cls, status: int, headers: Mapping[str, str] | None = None) -> Problem:
        """The nearest problem for a status that aiohttp itself answered with."""
        return cls(_BY_STATUS.get(status, "bad_request" if 400 <= status < 500 else "internal"), headers)

    def document(self, language: Language) -> web.Response:
        """The problem as ``application/problem+json``."""
        status, title = _KNOWN[self.code]
        body: dict[str, object] = {
            **self.more,
            "type": type_of(self.code),
            "title": title.in_(language),
            "status": status,
        }
        if self.detail is not None:
            body["detail"] = self.detail.in_(language)
        if self.faults:
            body["faults"] = [_fault(fault, language) for fault in self.faults]
        return web.Response(
            status=status,
            text=encode(body),
            content_type="application/problem+json",
            headers={**self.headers, "Content-Language": language},
        )


def _fault(fault: Fault, language: Language) -> dict[str, object]:
    return {
        "file": fault.file,
        "line": fault.line,
        "field": fault.path,
        "message": fault.message.in_(language),
        "remedy": fault.remedy.in_(language),
    }

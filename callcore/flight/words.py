"""Each entry of a story as a sentence in both languages, and its lane in the timeline. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from callcore.domain import Text
from callcore.flight.entries import Entry, What


class Lane(StrEnum):
    """Who acts."""

    pbx = "pbx"
    callcore = "callcore"
    screen = "screen"


class Tone(StrEnum):
    plain = "plain"
    good = "good"
    bad = "bad"
    quiet = "quiet"


@dataclass(frozen=True, slots=True)
class Line:
    lane: Lane
    tone: Tone
    text: Text


_HUNG_UP = Text("трубку положили", "hung up")
REASONS: dict[str, Text] = {
    "completed": Text("разговор состоялся", "it was answered"),
    "no_answer": Text("не ответили", "no answer"),
    "busy": Text("занято", "busy"),
    "rejected": Text("отклонили", "rejected"),
    "cancelled": Text("звонивший не дождался", "the caller gave up"),
    "answered_elsewhere": Text("ответил другой", "somebody else answered"),
    "failed": Text("не удалось соединить", "it could not be put through"),
    "lost": Text("чем кончилось, неизвестно", "how it ended is not known"),
}
DIRECTIONS: dict[str, Text] = {
    "inbound": Text("входящий", "inbound"),
    "outbound": Text("исходящий", "outbound"),
    "internal": Text("внутренний", "internal"),
    "": Text("направление неизвестно", "direction unknown"),
}
OUTCOMES: dict[str, Text] = {
    "answered": Text("отвечен", "answered"),
    "abandoned_ivr": Text("бросил трубку в меню", "hung up in the menu"),
    "abandoned_queue": Text("не дождался в очереди", "gave up in the queue"),
    "abandoned_ringing": Text("не дождался, пока телефон звонил", "gave up while a phone rang"),
    "left_by_key": Text("вышел из очереди по клавише", "left the queue by a key"),
    "timeout": Text("время ожидания вышло", "waited too long"),
    "closed": Text("нерабочее время", "closed"),
    "voicemail": Text("голосовая почта", "voicemail"),
    "callback_requested": Text("заказал обратный звонок", "asked to be called back"),
    "self_served": Text("узнал всё сам", "served himself"),
    "failed": Text("не удалось", "failed"),
}
SOURCES: dict[str, Text] = {
    "live": Text("по событиям", "from live events"),
    "snapshot": Text("по снимку после переподключения", "from a snapshot after a reconnect"),
    "journal": Text("по журналу АТС", "from the PBX's journal"),
    "cdr": Text("по записям CDR", "from call records"),
}
MOMENTS: dict[str, Text] = {
    "never": Text("не открывать карточку", "never open a card"),
    "ringing": Text("открывать карточку на звонке", "open the card when the phone rings"),
    "answer": Text("открывать карточку при ответе", "open the card on answer"),
    "button": Text("открывать карточку по кнопке", "open the card by a button"),
}
KINDS: dict[str, Text] = {
    "blind": Text("слепой перевод", "a blind transfer"),
    "attended": Text("перевод с консультацией", "an attended transfer"),
    "blonde": Text("перевод без ожидания ответа", "a blonde transfer (let go before the answer)"),
    "redirect": Text("перенаправление", "a redirect"),
}
WHY_UNPAINTED: dict[str, Text] = {
    "no_page": Text("не открыта ни одна страница callcore", "no callcore page was open"),
    "hidden": Text(
        "страница открыта, но не на экране: другая вкладка, другое окно или экран заблокирован",
        "the page was open but not on the screen: another tab, another window, or a locked screen",
    ),
    "unconfirmed": Text(
        "страница открыта, но не подтвердила показ вовремя",
        "the page was open but did not confirm in time that it showed the card",
    ),
    "off_shift": Text("смена не начата: телефон не выбран", "not on shift: no phone was chosen"),
}
_BEGUN: dict[str, Text] = {
    "CallEntered": Text("вошёл в меню (IVR)", "entered the menu (IVR)"),
    "QueueJoined": Text("встал в очередь", "joined a queue"),
    "Snapshot": Text("найден на АТС живым", "was found alive on the PBX"),
}
_NOTHING = Text("", "")


def both(make: Callable[[str], str]) -> Text:
    return Text(make("ru"), make("en"))


def in_words(words: dict[str, Text], code: str) -> Text:
    return words.get(code, Text(code, code))


def line(entry: Entry) -> Line:
    """What a person reads of this entry."""
    return _LINES[entry.what](entry)


def whom(entry: Entry) -> str:
    return entry.who or "?"


# --- the PBX


def _pbx(make: Callable[[Entry], Text], tone: Tone = Tone.plain) -> Callable[[Entry], Line]:
    return lambda entry: Line(Lane.pbx, tone, make(entry))


def _core(make: Callable[[Entry], Text], tone: Tone = Tone.plain) -> Callable[[Entry], Line]:
    return lambda entry: Line(Lane.callcore, tone, make(entry))


def _screen(make: Callable[[Entry], Text], tone: Tone = Tone.plain) -> Callable[[Entry], Line]:
    return lambda entry: Line(Lane.screen, tone, make(entry))


def _begun(entry: Entry) -> Text:
    how = _BEGUN.get(entry.text("fact"), Text("замечен на АТС", "was seen on the PBX"))
    number = entry.text("number")
    who = (
        Text(f" с номера {number}", f" from {number}") if number else Text(" без номера", " without a number")
    )
    dialed = entry.text("dialed")
    to = Text(f" на {dialed}", f" to {dialed}") if dialed else _NOTHING
    return Text(f"Звонок{who.ru}{to.ru} {how.ru}", f"A call{who.en}{to.en} {how.en}")


def _adopted(entry: Entry) -> Text:
    return Text(
        "Звонок уже шёл, когда callcore подключился к АТС: принят под прежним номером"
        if entry.number("known")
        else "Звонок уже шёл, когда callcore подключился к АТС: раньше о нём не знали",
        "The call was under way when callcore connected to the PBX: adopted under its old id"
        if entry.number("known")
        else "The call was under way when callcore connected to the PBX: unknown until then",
    )


def _routed(entry: Entry) -> Text:
    topic, queue, why = entry.text("topic"), entry.text("queue"), entry.text("reason").replace("\n", "; ")
    # stories told before there were two languages have only the English one
    reason = entry.text("reason_ru").replace("\n", "; ") or why
    because = Text(f". Почему: {reason}", f". Because: {why}") if why else _NOTHING
    by = entry.number("edition")
    of = Text(f", по редакции {by}", f", by edition {by}") if by is not None else _NOTHING
    if not queue:
        return Text(
            f"Тема {topic}: ни одной очереди на пути{of.ru}{because.ru}",
            f"Topic {topic}: no queue on the way{of.en}{because.en}",
        )
    return Text(
        f"Тема {topic} → очередь {queue}{of.ru}{because.ru}",
        f"Topic {topic} → queue {queue}{of.en}{because.en}",
    )


_LEFT = {
    "voicemail": Text("Оставил голосовое сообщение", "Left a voicemail"),
    "callback_requested": Text("Попросил перезвонить", "Asked to be called back"),
    "self_served": Text("Узнал сам, что хотел", "Got by himself what he wanted"),
}


def _ivr_left(entry: Entry) -> Text:
    if left := _LEFT.get(entry.text("word")):
        return left
    if entry.number("hung_up"):
        return Text("Положил трубку в меню", "Hung up in the menu")
    if entry.number("closed"):
        return Text("Услышал, что закрыто", "Heard that we are closed")
    return Text("Меню пройдено", "The menu is done")


def _found(entry: Entry) -> Text:
    if entry.number("failed"):
        return Text("База клиентов не ответила", "The customer base did not answer")
    count, names, silent = entry.number("count") or 0, entry.text("names"), entry.text("silent")
    more = Text(f"; нет ответа: {silent}", f"; no answer from {silent}") if silent else _NOTHING
    if not count:
        return Text(f"Клиента с таким номером нет{more.ru}", f"No customer has this number{more.en}")
    if entry.number("outages"):
        more = Text(f"; по адресу отключение{more.ru}", f"; an outage at the address{more.en}")
    if count == 1:
        return Text(f"Найден один клиент: {names}{more.ru}", f"One customer found: {names}{more.en}")
    return Text(
        f"Номер у нескольких клиентов ({count}): {names}{more.ru}",
        f"Several customers ({count}) have this number: {names}{more.en}",
    )


def _found_line(entry: Entry) -> Line:
    return Line(Lane.callcore, Tone.bad if entry.number("failed") else Tone.plain, _found(entry))


def _step_targets(entry: Entry) -> str:
    return entry.text("targets") or "?"


def _dial_ended(entry: Entry) -> Text:
    if entry.text("reason") == "completed":
        return Text(f"{_step_targets(entry)}: трубка снята", f"{_step_targets(entry)}: picked up")
    why = in_words(REASONS, entry.text("reason"))
    return both(lambda tongue: f"{_step_targets(entry)}: {why.in_(tongue)}")


def _transferred(entry: Entry) -> Text:
    kind, by, to = in_words(KINDS, entry.text("kind")), entry.text("by") or "?", _step_targets(entry)
    return Text(f"Понято как {kind.ru}: {by} → {to}", f"Understood as {kind.en}: {by} → {to}")


def _ended(entry: Entry) -> Text:
    reason = entry.text("reason")
    why = _HUNG_UP if reason == "completed" else in_words(REASONS, reason)
    return Text(f"Звонок окончен: {why.ru}", f"The call ended: {why.en}")


def _policy(entry: Entry) -> Text:
    moment = in_words(MOMENTS, entry.text("moment"))
    direction = in_words(DIRECTIONS, entry.text("direction"))
    queue = entry.text("queue")
    of = Text(f", очередь {queue}", f", queue {queue}") if queue else _NOTHING
    return Text(
        f"Правило ({direction.ru}{of.ru}): {moment.ru}", f"The rule ({direction.en}{of.en}): {moment.en}"
    )


def _ring_shown(entry: Entry) -> Text:
    button = entry.number("can_take")
    take = Text(", с кнопкой «открыть»", ", with the button to open") if button else _NOTHING
    return Text(
        f"{whom(entry)}: телефон звонит, показана полоса звонка{take.ru}",
        f"{whom(entry)}: the phone rings, the call's band is shown{take.en}",
    )


def _ring_hidden(entry: Entry) -> Text:
    if entry.text("reason") == "completed":
        return Text(f"{whom(entry)}: трубка снята", f"{whom(entry)}: picked up")
    why = in_words(REASONS, entry.text("reason"))
    return both(lambda tongue: f"{whom(entry)}: {why.in_(tongue)}")


ORDERS: dict[str, Text] = {
    "hang_up": Text("положить трубку", "hang up"),
    "end": Text("завершить звонок", "end the call"),
    "hold": Text("удержание", "hold"),
    "resume": Text("снять с удержания", "resume"),
    "mute": Text("микрофон выключен", "microphone off"),
    "unmute": Text("микрофон включён", "microphone on"),
    "consult": Text("спросить", "ask"),
    "complete": Text("передать спрошенному", "give to the one asked"),
    "back": Text("вернуться к клиенту", "back to the customer"),
    "three_way": Text("разговор втроём", "three-way"),
    "blind": Text("передать", "give away"),
    "park": Text("на парковку", "park"),
    "take": Text("снять с парковки", "take from the park"),
}


def _ordered(entry: Entry) -> Text:
    what, to = in_words(ORDERS, entry.text("do")), entry.text("to")
    return both(lambda tongue: f"{whom(entry)}: {what.in_(tongue)}{' → ' + to if to else ''}")


def _sent_on(entry: Entry) -> Text:
    to = entry.text("to")
    if not to:
        return Text("Оператор ушёл: клиент возвращается", "The operator has gone: the customer comes back")
    return Text(f"Оператор ушёл: клиент идёт к {to}", f"The operator has gone: the customer goes on to {to}")


def _painted(entry: Entry) -> Text:
    ms = entry.number("ms") or 0
    return Text(
        f"{whom(entry)}: карточка показана, браузер подтвердил через {ms} мс",
        f"{whom(entry)}: the card is painted, the browser confirmed after {ms} ms",
    )


def _unpainted(entry: Entry) -> Text:
    why = in_words(WHY_UNPAINTED, entry.text("why"))
    return Text(
        f"{whom(entry)}: показ карточки не подтверждён: {why.ru}",
        f"{whom(entry)}: nobody confirmed that the card was painted: {why.en}",
    )


def _logged(entry: Entry) -> Text:
    outcome, source = in_words(OUTCOMES, entry.text("outcome")), in_words(SOURCES, entry.text("source"))
    talk = (entry.number("talk_ms") or 0) // 1000
    return Text(
        f"Записан контакт: {outcome.ru}, разговор {talk} с, {source.ru}",
        f"The contact is written: {outcome.en}, talk {talk} s, {source.en}",
    )


def _plain(ru: str, en: str) -> Callable[[Entry], Text]:
    """Sentences with ``{who}`` and the entry's data put in."""

    def make(entry: Entry) -> Text:
        values = _Values({**entry.data, "who": whom(entry)})
        return Text(ru.format_map(values), en.format_map(values))

    return make


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


_LINES: dict[What, Callable[[Entry], Line]] = {
    What.begun: _pbx(_begun),
    What.adopted: _core(_adopted),
    What.language: _core(_plain("Язык: {language}", "Language: {language}")),
    What.routed: _core(_routed),
    What.message: _core(lambda _entry: Text("Говорит после сигнала", "Speaks after the tone")),
    What.ivr_left: _core(_ivr_left),
    What.lookup: _core(
        _plain(
            "Кто звонит с {number}? — вопрос базе клиентов", "Who has {number}? — asked of the customer base"
        ),
        Tone.quiet,
    ),
    What.found: _found_line,
    What.queued: _pbx(
        _plain("В очереди {queue}, место {position}", "In the queue {queue}, position {position}")
    ),
    What.left_queue: _pbx(_plain("Вышел из очереди {queue}", "Left the queue {queue}"), Tone.quiet),
    What.abandoned: _pbx(_plain("Не дождался в очереди {queue}", "Gave up in the queue {queue}")),
    What.rang: _pbx(_plain("Очередь {queue} звонит на {who}", "The queue {queue} rings {who}")),
    What.missed: _pbx(_plain("{who} не ответил", "{who} did not answer")),
    What.connected: _pbx(_plain("Очередь {queue} соединила с {who}", "The queue {queue} connected {who}")),
    What.blind: _pbx(_plain("Слепой перевод на {to}", "A blind transfer to {to}")),
    What.attended: _pbx(_plain("Перевод с консультацией", "An attended transfer")),
    What.parked: _pbx(_plain("Поставлен на парковку", "Parked")),
    What.ordered: _screen(_ordered),
    What.refused: _pbx(
        _plain("АТС отказала, ничего не сделано", "The PBX refused, nothing was done"), Tone.bad
    ),
    What.asked_in_vain: _pbx(_plain("Консультация окончена: {status}", "The consultation is over: {status}")),
    What.returned: _pbx(_plain("Возвращается к отправителю", "Comes back to the sender")),
    What.sent_on: _core(_sent_on),
    What.dialing: _core(_plain("Звонит: {targets}", "Rings: {targets}")),
    What.dial_ended: _core(_dial_ended, Tone.quiet),
    What.answered: _core(_plain("Ответил: {targets}", "Answered: {targets}"), Tone.good),
    What.held: _core(_plain("На удержании", "On hold"), Tone.quiet),
    What.resumed: _core(_plain("Снят с удержания", "Off hold"), Tone.quiet),
    What.transferred: _core(_transferred),
    What.ended: _core(_ended),
    What.policy: _core(_policy, Tone.quiet),
    What.ring_shown: _screen(_ring_shown),
    What.ring_hidden: _screen(_ring_hidden, Tone.quiet),
    What.popped: _core(_plain("{who}: открыть карточку", "{who}: open the card"), Tone.good),
    What.asked: _screen(_plain("{who} попросил карточку", "{who} asked for the card")),
    What.card_updated: _core(_plain("{who}: карточка дополнена", "{who}: the card is filled in"), Tone.quiet),
    What.card_ended: _core(
        _plain("{who}: разговор окончен, идёт оформление", "{who}: the talk is over, wrap-up"), Tone.quiet
    ),
    What.card_closed: _core(_plain("{who}: оформление окончено", "{who}: the wrap-up is over"), Tone.quiet),
    What.card_dropped: _core(_plain("{who}: карточка убрана", "{who}: the card is taken away")),
    What.saved: _screen(_plain("{who} закрыл контакт", "{who} closed the contact"), Tone.quiet),
    What.published: _screen(
        _plain("{who}: карточка отправлена на страницы", "{who}: the card was sent to the pages"), Tone.quiet
    ),
    What.painted: _screen(_painted, Tone.good),
    What.unpainted: _screen(_unpainted, Tone.bad),
    What.logged: _core(_logged),
    What.link_lost: _pbx(_plain("Связь с АТС потеряна", "The link to the PBX was lost"), Tone.bad),
    What.link_back: _pbx(_plain("Связь с АТС вернулась", "The link to the PBX came back"), Tone.good),
}

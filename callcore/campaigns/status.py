"""One line of words: what a campaign does now and, where nothing is dialled, why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import assert_never
from zoneinfo import ZoneInfo

from babel import Locale

from callcore.calls.campaign import Campaign, CampaignState, TargetResult
from callcore.domain import LANGUAGES, Text
from callcore.store.campaigns import Progress

BY = "by:"
"""Begins the reason of a state that a person chose; his login follows."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the words are made of. ``why``: what was said when it was halted, if this daemon saw it.
    ``zone``: of the recipient who is due next, or else whose times the reader knows."""

    campaign: Campaign
    progress: Progress
    now: datetime
    zone: str
    why: Text | None = None
    voice_trouble: Text | None = None
    sms_trouble: Text | None = None
    has_ledger: bool = True
    """Intents can be stored: without that nothing leaves."""
    is_preparing: bool = False
    ahead: str = ""
    """Number of an outage whose campaign goes first."""
    lines_busy: int = 0
    lines: int = 0
    calls: int = 0
    """Of this campaign, being made now."""
    messages: int = 0
    """Of this campaign, on the way."""


_NO_LEDGER = Text("база данных не принимает записи", "the database takes no writes")


def words(situation: Situation) -> Text:
    """E.g. ``waits until 09:00 (Asia/Omsk) for 412 recipients: quiet hours; 10 of 10 lines busy``."""
    state = situation.campaign.state
    match state:
        case CampaignState.running:
            return _running(situation)
        case CampaignState.paused:
            return _by(situation, Text("приостановил", "paused by"), Text("приостановлено", "paused"))
        case CampaignState.stopped:
            return _by(situation, Text("остановил", "stopped by"), Text("остановлено", "stopped"))
        case CampaignState.halted:
            return _joined((Text("остановлено автоматически", "halted"), _why(situation)), ": ")
        case CampaignState.superseded:
            return _SUPERSEDED.get(situation.campaign.reason, _SUPERSEDED["changed"])
        case CampaignState.done:
            return _done(situation.progress)
        case _:  # pragma: no cover - there are no others
            assert_never(state)


def _by(situation: Situation, act: Text, plain: Text) -> Text:
    reason = situation.campaign.reason
    if not reason.startswith(BY):
        return plain
    who = reason.removeprefix(BY)
    left = _left(situation.progress)
    said = Text(f"{act.ru} {who}", f"{act.en} {who}")
    if not left or situation.campaign.state is not CampaignState.paused:
        return said
    return _joined((said, counted("left", left)), "; ")


def _why(situation: Situation) -> Text:
    reason = situation.campaign.reason
    return situation.why or _HALTED.get(reason, Text(reason, reason))


def _done(progress: Progress) -> Text:
    if not progress.targets:
        return Text("сообщать некому", "there is nobody to tell")
    missed = sum(progress.by_result.get(result, 0) for result in _MISSED)
    if not missed:
        return Text("все оповещены", "everybody told")
    return _joined((Text("закончено", "finished"), counted("missed", missed)), "; ")


def _running(situation: Situation) -> Text:
    parts = list(_activity(situation))
    if situation.is_preparing:
        parts.append(Text("готовит текст для звонков", "prepares what will be spoken"))
    ledger_trouble = None if situation.has_ledger else _NO_LEDGER
    for trouble in (ledger_trouble, situation.voice_trouble, situation.sms_trouble):
        if trouble is not None:
            parts.append(Text(f"ждёт: {trouble.ru}", f"waits: {trouble.en}"))
    if situation.ahead:
        parts.append(Text(f"пропускает вперёд {situation.ahead}", f"lets {situation.ahead} go first"))
    parts += _waiting(situation)
    if not parts:
        parts.append(Text("подводит итог", "is about to finish"))
    return _joined(parts, "; ")


def _activity(situation: Situation) -> list[Text]:
    parts = []
    if situation.calls:
        parts.append(counted("calls", situation.calls))
    if situation.messages:
        parts.append(counted("messages", situation.messages))
    if situation.lines and situation.lines_busy >= situation.lines:
        parts.append(counted("lines", situation.lines))
    return parts


def _waiting(situation: Situation) -> list[Text]:
    waiting = {code: count for code, count in situation.progress.waiting.items() if count}
    parts = []
    at = situation.progress.next_due_at
    if at is not None and at > situation.now and waiting:
        most = max(waiting, key=lambda code: waiting[code])
        clock = _clock(at, situation.now, situation.zone)
        count = counted("waiting", sum(waiting.values()), at=clock)
        parts.append(_joined((count, _WAITS.get(most, Text(most, most))), ": "))
    elif waiting:
        parts.append(counted("next", sum(waiting.values())))
    return parts


def _left(progress: Progress) -> int:
    return progress.trying + sum(progress.waiting.values())


def _clock(at: datetime, now: datetime, zone: str) -> str:
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    pattern = "%H:%M" if local.date() == today.date() else "%d.%m %H:%M"
    return f"{local.strftime(pattern)} ({zone})"


def counted(key: str, n: int, **values: str) -> Text:
    """A text that depends on a count, in the right plural form of each language (CLDR)."""
    ru, en = (_FORMS[key][language][_plural(language, n)].format(n=n, **values) for language in LANGUAGES)
    return Text(ru, en)


def _plural(language: str, n: int) -> str:
    form = _locale(language).plural_form(n)
    return "many" if form == "other" and language == "ru" else form


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def _joined(parts: list[Text] | tuple[Text, ...], between: str) -> Text:
    return Text(between.join(part.ru for part in parts), between.join(part.en for part in parts))


def _forms(ru: tuple[str, str, str], en: tuple[str, str]) -> Mapping[str, Mapping[str, str]]:
    return {
        "ru": dict(zip(("one", "few", "many"), ru, strict=True)),
        "en": dict(zip(("one", "other"), en, strict=True)),
    }


_MISSED = (TargetResult.not_reached, TargetResult.skipped, TargetResult.unknown)
_FORMS = {
    "calls": _forms(
        ("звонит {n} абоненту", "звонит {n} абонентам", "звонит {n} абонентам"),
        ("calls {n} recipient", "calls {n} recipients"),
    ),
    "messages": _forms(
        ("отправляет {n} SMS", "отправляет {n} SMS", "отправляет {n} SMS"), ("sends {n} SMS", "sends {n} SMS")
    ),
    "lines": _forms(
        ("занята вся {n} линия", "заняты все {n} линии", "заняты все {n} линий"),
        ("the only line is busy", "all {n} lines are busy"),
    ),
    "waiting": _forms(
        ("{n} получатель ждёт до {at}", "{n} получателя ждут до {at}", "{n} получателей ждут до {at}"),
        ("{n} recipient waits until {at}", "{n} recipients wait until {at}"),
    ),
    "next": _forms(
        ("{n} получатель на очереди", "{n} получателя на очереди", "{n} получателей на очереди"),
        ("{n} recipient to go", "{n} recipients to go"),
    ),
    "left": _forms(
        ("остался {n} получатель", "осталось {n} получателя", "осталось {n} получателей"),
        ("{n} recipient left", "{n} recipients left"),
    ),
    "missed": _forms(
        ("не оповещён {n} получатель", "не оповещены {n} получателя", "не оповещены {n} получателей"),
        ("{n} recipient not told", "{n} recipients not told"),
    ),
}
_WAITS = {
    "quiet_hours": Text("тихие часы", "quiet hours"),
    "attempt_cap": Text("исчерпаны попытки за сутки", "the day's attempts are used up"),
    "pause": Text("пауза между попытками", "the pause between attempts"),
    "budget": Text("исчерпан лимит дня", "the day's limit is used up"),
    "open_call": Text("с номером уже идёт звонок", "a call to the number is under way"),
    "retry_busy": Text("было занято", "the line was busy"),
    "retry_no_answer": Text("не ответили", "nobody answered"),
    "retry_network": Text("сеть не приняла вызов", "the network did not take the call"),
    "retry_not_sent": Text("не удалось отправить", "it could not be sent"),
    "next_number": Text("следующий номер", "the next number"),
    "text": Text("будет SMS", "an SMS follows"),
    "": Text("ещё не пробовали", "not tried yet"),
}
_HALTED = {
    "trunk_gone": Text("звонки не проходят через транк АТС", "the PBX or its trunk does not take calls"),
    "gateway_gone": Text("SMS-шлюз не отвечает", "the SMS gateway does not answer"),
    "no_prompt": Text("не удалось озвучить текст", "the text could not be spoken"),
    "no_profile": Text("её правового профиля нет в настройках", "its legal profile is not in the settings"),
}
_SUPERSEDED = {
    "changed": Text("заменено более новым сообщением", "newer news is told instead"),
    "restored": Text("снята: отключение закончилось", "withdrawn: the outage is over"),
    "cancelled": Text("снята: отключение отменено", "withdrawn: the outage was cancelled"),
}

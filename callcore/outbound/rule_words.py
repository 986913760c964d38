"""What the gate says: the evidence of a Refusal, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from callcore.calls.attempt import Medium, Purpose
from callcore.calls.number_history import Consent, OptOut
from callcore.domain import Text
from callcore.outbound.profile import Budget, Cap, Meter, Rule

RULE_TITLES: Mapping[Rule, Text] = {
    Rule.destination: Text("направление", "destination"),
    Rule.dnc: Text("список «не звонить»", "do-not-call list"),
    Rule.opt_out: Text("отказы", "opt-outs"),
    Rule.consent: Text("согласие", "consent"),
    Rule.open_call: Text("уже на линии", "on the line already"),
    Rule.quiet_hours: Text("тихие часы", "quiet hours"),
    Rule.pause: Text("пауза между попытками", "pause between attempts"),
    Rule.attempt_cap: Text("число попыток", "number of attempts"),
    Rule.budget: Text("лимиты дня", "limits of the day"),
}
PURPOSE_TITLES: Mapping[Purpose, Text] = {
    Purpose.notice: Text("оповещение", "notice"),
    Purpose.survey: Text("опрос", "survey"),
    Purpose.reminder: Text("напоминание", "reminder"),
    Purpose.call_back: Text("обратный звонок по просьбе", "call-back asked for"),
    Purpose.own_call: Text("звонок сотрудника", "call by a member of staff"),
    Purpose.transfer: Text("перевод наружу", "transfer to outside"),
    Purpose.forward: Text("переадресация наружу", "forward to outside"),
    Purpose.test: Text("проверка", "test"),
}
NO_NUMBER = Text("это не телефонный номер", "this is not a phone number")
NOT_ALLOWED = Text(
    "номер не входит в разрешённые направления", "the number is not among the destinations allowed"
)
COSTS_EXTRA = Text("номер с повышенной оплатой", "a premium-rate number")
_CALLS, _MESSAGES = Text("звонков", "calls"), Text("сообщений", "messages")
_METERS: Mapping[Meter, Text] = {
    Meter.calls: _CALLS,
    Meter.messages: _MESSAGES,
    Meter.minutes: Text("минут", "minutes"),
    Meter.money: Text("расход", "spent"),
}
_SHORT = 80


def denied(prefix: str) -> Text:
    return Text(f"номера на {prefix} запрещены", f"numbers with {prefix} are denied")


def _days(moment: datetime) -> tuple[str, str]:
    day = moment.astimezone(UTC).date()
    return f"{day:%d.%m.%Y}", day.isoformat()


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"


def listed(since: datetime) -> Text:
    ru, en = _days(since)
    return Text(f"в списке «не звонить» с {ru}", f"on the do-not-call list since {en}")


def opted_out(said: OptOut) -> Text:
    ru, en = _days(said.since)
    of = _of_what(said)
    proof = Text(f": {_cut(said.evidence)}", f": {_cut(said.evidence)}") if said.evidence else Text("", "")
    return Text(f"отказ{of.ru} с {ru}{proof.ru}", f"opted out{of.en} since {en}{proof.en}")


def _of_what(said: OptOut) -> Text:
    kind = f" «{said.message_class}»", f' of "{said.message_class}"'
    of = Text(kind[0], kind[1]) if said.message_class else Text("", "")
    match said.medium:
        case Medium.voice:
            return Text(f"{of.ru} от звонков", f"{of.en} by phone")
        case Medium.sms:
            return Text(f"{of.ru} от SMS", f"{of.en} by SMS")
        case None:
            return of


def no_consent(wanted: Sequence[str], known: Sequence[Consent], now: datetime) -> Text:
    """``known``: consents to what is wanted, none of which holds."""
    clause = _cut(wanted[0])
    plain = Text(f"нет согласия «{clause}»", f'no consent to "{clause}"')
    last = max(known, key=lambda each: each.granted_at, default=None)
    if last is None:
        return plain
    if last.withdrawn_at is not None and last.withdrawn_at <= now:
        ru, en = _days(last.withdrawn_at)
        return Text(
            f"согласие «{_cut(last.clause)}» отозвано {ru}",
            f'consent to "{_cut(last.clause)}" withdrawn {en}',
        )
    if not last.evidence.strip():
        return Text(f"{plain.ru}: оно ничем не подтверждено", f"{plain.en}: nothing shows it")
    return plain


def consent_given(one: Consent) -> Text:
    """Evidence of a Permit."""
    ru, en = _days(one.granted_at)
    clause, proof = _cut(one.clause), _cut(one.evidence)
    return Text(
        f"согласие «{clause}» от {ru}, записал {one.granted_by}: {proof}",
        f'consent to "{clause}" of {en}, noted by {one.granted_by}: {proof}',
    )


def busy_with(medium: Medium) -> Text:
    """Evidence of ``open_call``."""
    if medium is Medium.voice:
        return Text("с этим номером уже идёт звонок", "a call to this number is under way")
    return Text("на этот номер уже уходит сообщение", "a message to this number is just leaving")


def unknown_zone(zone: str) -> Text:
    return Text(f"часовой пояс неизвестен: {zone[:60]!r}", f"the time zone is not known: {zone[:60]!r}")


def quiet(span: str, zone: str) -> Text:
    return Text(f"тихие часы {span} ({zone})", f"quiet hours {span} ({zone})")


def too_soon(medium: Medium, last: datetime, pause: timedelta) -> Text:
    what = Text("звонка", "call") if medium is Medium.voice else Text("сообщения", "message")
    minutes = f"{pause.total_seconds() / 60:g}"
    at = last.astimezone(UTC)
    return Text(
        f"после {what.ru} {at:%d.%m.%Y %H:%M} UTC не прошло {minutes} мин",
        f"less than {minutes} min since the {what.en} of {at:%Y-%m-%d %H:%M} UTC",
    )


def capped(cap: Cap, done: int) -> Text:
    what = _what(cap)
    hours = cap.within.total_seconds() / 3600
    whole_days = hours > 24 and hours % 24 == 0
    ru, en = (
        (f"{hours / 24:g} сут", f"{hours / 24:g} days") if whole_days else (f"{hours:g} ч", f"{hours:g} h")
    )
    who = Text(" одному человеку", " to one person") if cap.per_person else Text("", "")
    return Text(
        f"{what.ru}{who.ru} за {ru}: {done} из {cap.most} возможных",
        f"{what.en}{who.en} within {en}: {done} of {cap.most} allowed",
    )


def _what(cap: Cap) -> Text:
    if len(cap.media) > 1:
        return Text("звонков и сообщений", "calls and messages")
    return _CALLS if Medium.voice in cap.media else _MESSAGES


def spent(each: Budget, used: int) -> Text:
    what = _METERS[each.meter]
    said = (f"{used / 100:.2f}", f"{each.most / 100:.2f}") if each.meter is Meter.money else (used, each.most)
    of = Text("", "")
    if each.purpose is not None:
        title = PURPOSE_TITLES[each.purpose]
        of = Text(f", {title.ru}", f", {title.en}")
    if each.route:
        of = Text(f"{of.ru}, {each.route}", f"{of.en}, {each.route}")
    if each.each_login:
        of = Text(f"{of.ru}, один сотрудник", f"{of.en}, one member of staff")
    return Text(
        f"за день{of.ru}: {what.ru} {said[0]} из {said[1]}",
        f"of the day{of.en}: {what.en} {said[0]} of {said[1]}",
    )

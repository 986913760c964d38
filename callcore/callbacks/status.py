"""One line of words for each wish that waits: why nobody is calling him now, and when somebody will. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from callcore.callbacks.plan import AGAIN, NOT_BEFORE, Call, Rules, Waits, Why, Wish
from callcore.calls.attempt import FOR_PERSON, AttemptResult
from callcore.domain import Text
from callcore.outbound.profile import Rule


@dataclass(frozen=True, slots=True)
class Standing:
    """What the words are made of. ``zone``: whose times the reader knows; ``theirs``: of the number, "" where
    nobody knows; ``taken_by``: a name; ``is_ringing``: an operator has taken it, the number is rung;
    ``trouble``: of the link to the PBX."""

    wish: Wish
    step: Call | Waits
    rules: Rules | None
    queue: Text
    now: datetime
    zone: str
    theirs: str = ""
    taken_by: str = ""
    is_ringing: bool = False
    trouble: Text | None = None


def words(standing: Standing) -> Text:
    """E.g. ``the number was busy; try 2 of 3 at 14:30``."""
    if isinstance(standing.step, Call):
        return Text("сейчас будет вызов", "is about to be called")
    return _WORDS[standing.step.why](standing)


def _off(_: Standing) -> Text:
    return Text(
        "callcore в этой очереди сам не перезванивает: это делают люди",
        "callcore does not call back by itself for this queue: people do",
    )


def _person(standing: Standing) -> Text:
    code = standing.wish.wait.removeprefix(FOR_PERSON)
    if code == "tries":
        tries = standing.wish.tries
        return Text(
            f"дозвониться не удалось, попыток: {tries}; теперь звонит человек",
            f"not reached, tries: {tries}; now a person calls",
        )
    why = _FOR_PERSON.get(code) or _rule(code) or Text(code, code)
    return Text(f"{why.ru}; решает человек", f"{why.en}; a person decides")


def _taken(standing: Standing) -> Text:
    who = standing.taken_by or standing.wish.taken_by or ""
    return Text(f"перезванивает {who}", f"{who} calls")


def _postponed(standing: Standing) -> Text:
    at = _clock(standing.wish.due_at, standing)
    return Text(f"отложено до {at}", f"put off until {at}")


def _calling(standing: Standing) -> Text:
    if standing.is_ringing:
        return Text("оператор на линии, номер вызывается", "an operator is on the line, the number is rung")
    return Text(
        "callcore звонит: ждёт оператора в очереди", "callcore calls: waits for an operator in the queue"
    )


def _later(standing: Standing) -> Text:
    wish, until = standing.wish, standing.step.until if isinstance(standing.step, Waits) else None
    at = _clock(until, standing)
    if wish.wait in _RESULTS:
        most = standing.rules.tries if standing.rules else wish.tries
        said, nth = _RESULTS[AttemptResult(wish.wait)], wish.tries + 1
        return Text(f"{said.ru}; попытка {nth} из {most} в {at}", f"{said.en}; try {nth} of {most} at {at}")
    if wish.wait == NOT_BEFORE:
        return Text(f"просили не раньше {at}", f"asked for not before {at}")
    if wish.wait in ("", AGAIN):
        return Text(f"снова в {at}", f"again at {at}")
    why = _rule(wish.wait) or Text(wish.wait, wish.wait)
    theirs = f" ({standing.theirs})" if wish.wait == Rule.quiet_hours and standing.theirs else ""
    return Text(f"{why.ru}{theirs}, до {at}", f"{why.en}{theirs}, until {at}")


def _closed(standing: Standing) -> Text:
    assert isinstance(standing.step, Waits)
    if standing.step.until is None:
        return Text("в таблице темы нет рабочих часов", "the topic's table is never open")
    at = _clock(standing.step.until, standing)
    return Text(f"закрыто до {at}", f"closed until {at}")


def _on_the_line(_: Standing) -> Text:
    return Text("он сам на линии", "he is calling us himself")


def _no_queue(standing: Standing) -> Text:
    title = standing.queue
    return Text(f"очереди «{title.ru}» нет ни на одной АТС на связи", f'no linked PBX has queue "{title.en}"')


def _no_trunk(_: Standing) -> Text:
    return Text("у АТС нет линии в город (outbound.trunks)", "the PBX has no trunk (outbound.trunks)")


def _trouble(standing: Standing) -> Text:
    why = standing.trouble or Text("АТС не на связи", "the PBX is not linked")
    return Text(f"ждёт: {why.ru}", f"waits: {why.en}")


def _no_operator(standing: Standing) -> Text:
    title = standing.queue
    return Text(f"в очереди «{title.ru}» нет готовых операторов", f'nobody is ready in queue "{title.en}"')


def _full(_: Standing) -> Text:
    return Text("ждёт своей очереди: перед ним другие", "waits for his turn: others are before him")


_WORDS = {
    Why.off: _off,
    Why.person: _person,
    Why.taken: _taken,
    Why.postponed: _postponed,
    Why.calling: _calling,
    Why.later: _later,
    Why.closed: _closed,
    Why.on_the_line: _on_the_line,
    Why.no_queue: _no_queue,
    Why.no_trunk: _no_trunk,
    Why.trouble: _trouble,
    Why.no_operator: _no_operator,
    Why.full: _full,
}
_RESULTS = {
    AttemptResult.answered: Text(
        "ответил, но поговорить не успели", "he answered, but nobody talked with him"
    ),
    AttemptResult.machine: Text("ответил автоответчик", "an answering machine answered"),
    AttemptResult.busy: Text("номер был занят", "the number was busy"),
    AttemptResult.no_answer: Text("не ответил", "no answer"),
    AttemptResult.rejected: Text("отклонил вызов", "he rejected the call"),
    AttemptResult.network: Text("сеть не пропустила вызов", "the network did not carry the call"),
    AttemptResult.failed: Text("вызов не удался", "the call failed"),
}
_FOR_PERSON = {
    "unreachable": Text("такого номера нет", "there is no such number"),
    "unknown": Text(
        "неизвестно, дозвонились ли: сначала посмотрите", "nobody knows whether he was reached: look first"
    ),
}
_RULES = {
    Rule.destination: Text("на такие номера звонить нельзя", "such numbers may not be called"),
    Rule.dnc: Text("номер в списке «не звонить»", "the number is on the do-not-call list"),
    Rule.opt_out: Text("он отказался от звонков", "he wants no calls"),
    Rule.consent: Text("нет согласия", "there is no consent"),
    Rule.open_call: Text("с ним уже говорят", "he is being called already"),
    Rule.quiet_hours: Text("у него тихие часы", "quiet hours where he is"),
    Rule.pause: Text("пауза после последнего звонка", "too soon after the last call"),
    Rule.attempt_cap: Text("ему уже звонили столько, сколько можно", "he was called as often as allowed"),
    Rule.budget: Text("исчерпан лимит дня", "the limit of the day is spent"),
}


def _rule(code: str) -> Text | None:
    return _RULES[Rule(code)] if code in set(Rule) else None


def _clock(at: datetime | None, standing: Standing) -> str:
    if at is None:
        return "—"
    zone = ZoneInfo(standing.zone)
    local, today = at.astimezone(zone), standing.now.astimezone(zone)
    return local.strftime("%H:%M" if local.date() == today.date() else "%d.%m %H:%M")

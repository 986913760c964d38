"""Rules and legs in words: what a row asked for, what this call had instead, what is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import assert_never

from callcore.domain import LANGUAGES, QueueName, Text
from callcore.routing.hours import day_of, open_day
from callcore.routing.hours_words import hours_words
from callcore.routing.legs import (
    Announce,
    HangUp,
    Leg,
    OfferCallBack,
    OpenCase,
    ToDepartment,
    ToExternal,
    ToNumber,
    ToPersonal,
    ToQueue,
    ToTopic,
    Voicemail,
)
from callcore.routing.rows import QueueWhen, Rule, When
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing

STANDINGS = {
    Standing.existing: Text("действующий клиент", "an existing customer"),
    Standing.prospective: Text("будущий клиент", "a prospective customer"),
    Standing.unknown: Text("неизвестный", "unknown"),
}
MARKS = {
    Mark.debt: Text("долг", "debt"),
    Mark.personal_operator: Text("персональный оператор", "a personal operator"),
    Mark.blocked: Text("заблокирован", "blocked"),
}
SPOKEN = {"ru": Text("русский", "Russian"), "en": Text("английский", "English")}
NOTHING = Text("нет", "none")
Titles = Mapping[str, Text]
"""What people call queues and topics, by code."""
UNTITLED: Titles = {}


def rule_words(rule: Rule, when: When, at: Situation) -> Text:
    """What there is, and what ``rule`` of a row asks for: ``segment: mass; holds only for: vip-0``."""
    caller = at.caller
    match rule:
        case "topic":
            return _asked(Text("тема", "topic"), sorted(when.topics), at.topic)
        case "segment":
            return _asked(Text("сегмент", "segment"), sorted(when.segments), caller.segment)
        case "standing":
            return _asked_texts(
                Text("кто звонит", "who calls"),
                map(STANDINGS.__getitem__, sorted(when.standings)),
                STANDINGS[caller.standing],
            )
        case "legal_form":
            return _asked(Text("правовая форма", "legal form"), sorted(when.legal_forms), caller.legal_form)
        case "region":
            return _asked(Text("регион", "region"), sorted(when.regions), caller.region)
        case "language":
            return _asked_texts(
                Text("язык", "language"), map(SPOKEN.__getitem__, sorted(when.languages)), SPOKEN[at.language]
            )
        case "marks":
            return _marks(when, at)
        case "repeat":
            return _repeat(when, at)
        case "queue":
            assert when.queue is not None
            return _queue(when.queue, at.queues.get(when.queue.queue))
        case "hours":
            return _hours(when, at)
        case _:  # pragma: no cover
            assert_never(rule)


def caller_words(caller: CallerFacts) -> Text:
    """Who he is to the house, in one line: ``an existing customer, VIP-0, debt``."""
    words = ", ".join(filter(None, (caller.segment, caller.legal_form, caller.region)))
    known = [Text(words, words)] if words else []
    return _joined(
        [STANDINGS[caller.standing], *known, *(MARKS[mark] for mark in sorted(caller.marks))], ", "
    )


def leg_words(leg: Leg, titles: Titles = UNTITLED) -> Text:
    """``titles``: for whoever does not have the file before him; without them the codes."""
    match leg:
        case ToQueue(queue, priority, skills, max_wait, department):
            name, more = _queue_name(queue, titles), _details(priority, skills, max_wait)
            whose = _whose(department)
            return Text(f"В очередь{name.ru}{whose.ru}{more.ru}.", f"To queue{name.en}{whose.en}{more.en}.")
        case ToDepartment(department):
            return Text(f"В отдел {department}.", f"To department {department}.")
        case ToPersonal(rings):
            return Text(
                f"Персональному оператору, {length(rings).ru}.",
                f"To the customer's personal operator, {length(rings).en}.",
            )
        case ToNumber(number, rings, department):
            whose = _whose(department)
            return Text(
                f"На внутренний номер {number}{whose.ru}, {length(rings).ru}.",
                f"To internal number {number}{whose.en}, {length(rings).en}.",
            )
        case ToExternal(number, rings):
            return Text(
                f"На внешний номер {number}, {length(rings).ru}.",
                f"To external number {number}, {length(rings).en}.",
            )
        case ToTopic(topic):
            name = _name(topic, titles)
            return Text(f"Решает тема{name.ru}.", f"Decided by topic{name.en}.")
        case Announce(text):
            return Text(f"Объявление: «{text.ru}»", f'Announcement: "{text.en}"')
        case Voicemail():
            return Text(
                "Голосовое сообщение: из него выйдет обращение.", "Voicemail, which becomes an appeal."
            )
        case OpenCase(type_):
            return Text(f"Кейс типа {type_}.", f"A case of type {type_}.")
        case OfferCallBack(queue):
            name = _queue_name(queue, titles)
            return Text(
                f"Предложение перезвонить (очередь{name.ru}).", f"A call-back is offered (queue{name.en})."
            )
        case HangUp():
            return Text("Конец звонка.", "The call ends.")
        case _:  # pragma: no cover
            assert_never(leg)


def length(time: timedelta) -> Text:
    """``90 s``; whole minutes from two on: ``3 min``."""
    seconds = int(time.total_seconds())
    if seconds >= 120 and seconds % 60 == 0:
        return Text(f"{seconds // 60} мин", f"{seconds // 60} min")
    return Text(f"{seconds} с", f"{seconds} s")


# --- parts


def _queue_name(queue: QueueName | None, titles: Titles) -> Text:
    return _name(queue, titles) if queue else Text(" темы", " of the topic")


def _name(code: str, titles: Titles) -> Text:
    title = titles.get(code)
    return Text(f": {title.ru}", f": {title.en}") if title else Text(f" {code}", f" {code}")


def _asked(name: Text, wanted: Iterable[str], there: str) -> Text:
    words = " / ".join(wanted)
    return _sentence(name, Text(words, words), Text(there, there) if there else NOTHING)


def _asked_texts(name: Text, wanted: Iterable[Text], there: Text) -> Text:
    return _sentence(name, _joined(wanted, " / "), there)


def _sentence(name: Text, wanted: Text, there: Text) -> Text:
    return Text(
        f"{name.ru}: {there.ru}; подходит только: {wanted.ru}",
        f"{name.en}: {there.en}; holds only for: {wanted.en}",
    )


def _joined(texts: Iterable[Text], by: str) -> Text:
    parts = list(texts)
    ru, en = (by.join(part.in_(language) for part in parts) for language in LANGUAGES)
    return Text(ru, en)


def _marks(when: When, at: Situation) -> Text:
    wanted = [MARKS[mark] for mark in sorted(when.marks)]
    wanted += [Text(f"без «{MARKS[m].ru}»", f'without "{MARKS[m].en}"') for m in sorted(when.without)]
    there = [MARKS[mark] for mark in sorted(at.caller.marks)]
    return _sentence(
        Text("отметки", "marks"), _joined(wanted, ", "), _joined(there, ", ") if there else NOTHING
    )


def _repeat(when: When, at: Situation) -> Text:
    assert when.repeat_within is not None
    within = length(when.repeat_within)
    there = Text("он ещё не обращался", "he was not in contact before")
    if at.last_contact_at is not None:
        ago = length(at.at - at.last_contact_at)
        there = Text(f"прошлый раз {ago.ru} назад", f"the last time {ago.en} ago")
    return Text(
        f"{there.ru}; подходит только: повторный звонок за {within.ru}",
        f"{there.en}; holds only for: a repeated call within {within.en}",
    )


def _queue(wanted: QueueWhen, state: QueueState | None) -> Text:
    asked = []
    if wanted.nobody:
        asked.append(Text("никто не вошёл", "nobody signed in"))
    if wanted.all_paused:
        asked.append(Text("все на паузе", "all paused"))
    if wanted.waits_longer_than is not None:
        wait = length(wanted.waits_longer_than)
        asked.append(Text(f"ждут дольше {wait.ru}", f"a wait longer than {wait.en}"))
    if wanted.waiting_more_than is not None:
        asked.append(
            Text(f"ждут больше {wanted.waiting_more_than}", f"more than {wanted.waiting_more_than} waiting")
        )
    return _sentence(
        Text(f"очередь {wanted.queue}", f"queue {wanted.queue}"), _joined(asked, ", "), _state(state)
    )


def _state(state: QueueState | None) -> Text:
    if state is None:
        return Text("её состояние неизвестно", "its state is not known")
    wait = length(state.longest_wait)
    return Text(
        f"операторов {state.signed_in}, готовы {state.ready}, ждут {state.waiting}, дольше {wait.ru}",
        f"{state.signed_in} signed in, {state.ready} ready, {state.waiting} waiting, longest {wait.en}",
    )


def _hours(when: When, at: Situation) -> Text:
    assert when.hours is not None
    today = day_of(when.hours, at.at.astimezone(when.hours.zone).date())
    sentence = hours_words(when.hours, at.at, today, open_day(when.hours, at.at))
    words = Text(sentence.ru.rstrip("."), sentence.en.rstrip("."))  # whoever says it puts the full stop
    wanted = Text("открыто", "open") if when.is_open else Text("закрыто", "closed")
    return Text(f"она действует, только когда {wanted.ru}. {words.ru}", f"only when {wanted.en}. {words.en}")


def _whose(department: str | None) -> Text:
    return Text(f" (отдел {department})", f" (department {department})") if department else Text("", "")


def _details(priority: int, skills: tuple[str, ...], max_wait: timedelta | None) -> Text:
    parts = []
    if priority:
        parts.append(Text(f"приоритет {priority}", f"priority {priority}"))
    if skills:
        names = ", ".join(skills)
        parts.append(Text(f"сначала кто умеет {names}", f"first who can do {names}"))
    if max_wait is not None:
        wait = length(max_wait)
        parts.append(Text(f"не дольше {wait.ru}", f"at most {wait.en}"))
    return Text("".join(f", {part.ru}" for part in parts), "".join(f", {part.en}" for part in parts))

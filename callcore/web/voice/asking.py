"""The question of the explaining page: a caller, a moment, a topic, how busy the queues are. Pure.

What is left empty is taken from the record of whoever has the number, the moment from the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcore.domain import QueueName, Text, TopicCode
from callcore.ivr.ports import Profile
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.tables import TopicTables

WORD = 100
"""The longest word of the base that is looked at."""
STATE_FIELDS = ("signed", "ready", "waiting", "seconds")
MOST = 99_999
"""Of people, callers, seconds; minutes since the last contact have no more than ten years."""
MOST_MINUTES = 10 * 366 * 24 * 60


@dataclass(frozen=True, slots=True)
class Question:
    """As it was typed."""

    topic: str = ""
    on: str = ""
    clock: str = ""
    number: str = ""
    standing: str = ""
    segment: str = ""
    legal_form: str = ""
    region: str = ""
    language: str = ""
    ago: str = ""
    """Minutes since he was last in contact."""
    pbx: str = ""
    edition: str = ""
    marks: tuple[str, ...] = ()
    queues: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By queue, then by ``STATE_FIELDS``."""


_PLAIN = frozenset(each.name for each in fields(Question)) - {"marks", "queues"}


def read_question(query: Iterable[tuple[str, str]]) -> Question:
    """Of an address's query; queues are ``queue.NAME.ready`` and the like. What is unknown is left out."""
    plain: dict[str, Any] = {}
    marks: list[str] = []
    queues: dict[str, dict[str, str]] = {}
    for name, value in query:
        value = value.strip()[:WORD]
        head, _, rest = name.partition(".")
        queue, _, part = rest.rpartition(".")
        if name in _PLAIN:
            plain[name] = value
        elif name == "mark":
            marks.append(value)
        elif head == "queue" and queue and part in STATE_FIELDS:
            queues.setdefault(queue[:WORD], {})[part] = value
    return Question(**plain, marks=tuple(marks), queues=queues)


def situation_of(
    question: Question,
    tables: TopicTables,
    profile: Profile,
    live: Mapping[QueueName, QueueState],
    now: datetime,
    zone: ZoneInfo,
) -> tuple[Situation | None, dict[str, Text]]:
    """The situation, or what is wrong by field. ``live``: states of queues about which nothing was typed."""
    faults: dict[str, Text] = {}
    known = {str(topic.code) for topic in tables.topics}
    if question.topic not in known:
        faults["topic"] = Text("Такой темы нет: выберите из списка.", "No such topic: choose from the list.")
    at = moment_of(question, now, zone)
    if at is None:
        faults["on"] = Text("Нет такого дня или часа.", "There is no such day or hour.")
    ago = _whole(question.ago, MOST_MINUTES)
    if question.ago and ago is None:
        faults["ago"] = Text("Сколько минут назад: целое число.", "How many minutes ago: a whole number.")
    states = {
        QueueName(name): _state(typed) for name, typed in question.queues.items() if any(typed.values())
    }
    for name, state in states.items():
        if state is None:
            faults[f"queue.{name}"] = Text(
                f"Очередь {name}: нужны целые числа, готовых не больше, чем вошло.",
                f"Queue {name}: whole numbers are wanted, and no more ready than signed in.",
            )
    if faults or at is None:
        return None, faults
    there = {name: state for name, state in states.items() if state is not None}
    return Situation(
        topic=TopicCode(question.topic),
        at=at,
        language="en" if question.language == "en" else "ru",
        caller=_facts(question, profile.facts),
        last_contact_at=profile.last_contact_at if ago is None else at - timedelta(minutes=ago),
        queues={**live, **there},
    ), {}


def moment_of(question: Question, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC, on the wall clock of ``zone``; None: there is no such one."""
    if not question.on and not question.clock:
        return now
    day = question.on or now.astimezone(zone).date().isoformat()
    try:
        at = datetime.fromisoformat(f"{day}T{question.clock or '12:00'}")
        if at.tzinfo is not None or not 2000 <= at.year <= 2200:
            return None
        return at.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _facts(question: Question, facts: CallerFacts) -> CallerFacts:
    words = {name: getattr(question, name) for name in ("segment", "legal_form", "region")}
    facts = replace(facts, **{name: word for name, word in words.items() if word})
    if question.standing in Standing.__members__:
        facts = replace(facts, standing=Standing(question.standing))
    marks = frozenset(Mark(each) for each in question.marks if each in Mark.__members__)
    return replace(facts, marks=facts.marks | marks)


def _state(typed: Mapping[str, str]) -> QueueState | None:
    numbers = [_whole(typed.get(name, "") or "0", MOST) for name in STATE_FIELDS]
    if any(number is None for number in numbers):
        return None
    signed, ready, waiting, seconds = (number or 0 for number in numbers)
    if ready > signed:
        return None
    return QueueState(signed, ready, waiting, timedelta(seconds=seconds))


def _whole(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return int(text) if int(text) <= most else None

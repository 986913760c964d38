"""To whom a caller may be handed on, and how: by topic (the tables decide, so his segment does, D-29) or by
name (departments, colleagues on shift). Pure.

Each offer is one place. Where a department's way or its hours forbid a transfer, the offer says so and names
the ways that are open (D-14): an appeal, a request, a visit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from callcore.crm.departments import Department, Departments, Refusal, Way
from callcore.domain import AgentState, Login, QueueName, Text, TopicCode
from callcore.numbers import format_national, written
from callcore.routing.decide import decide
from callcore.routing.hours import day_of, is_open, next_open_at
from callcore.routing.hours_words import reopening_words, spans_words
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
from callcore.routing.situation import QueueState, Situation
from callcore.routing.tables import Topic, TopicTables, UnknownTopic

MOST = 8
"""Offers of one answer, and topics that one word finds."""
_TALKING = frozenset((AgentState.talking, AgentState.ringing))
_NOTHING = Text("", "")


class Kind(StrEnum):
    department = "department"
    queue = "queue"
    person = "person"
    number = "number"
    outside = "outside"
    topic = "topic"
    """The topic leads to nobody: nothing but its ways, or the refusal."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transfer goes: exactly one is set."""

    queue: QueueName | None = None
    login: Login | None = None
    number: str | None = None
    """Internal."""
    outside: str | None = None
    """Canonical; the gate has the last word."""


class Code(StrEnum):
    """Why nobody can be put through."""

    way_closed = "way_closed"
    closed = "closed"
    busy = "busy"
    nowhere = "nowhere"


@dataclass(frozen=True, slots=True)
class Refused:
    code: Code
    message: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Offer:
    kind: Kind
    name: str
    """By ``kind``: code, queue, login, number (internal, or canonical outside), topic."""
    title: Text
    place: Place | None
    """None: nobody can be put through; ``refused`` says why."""
    refused: Refused | None = None
    ways: tuple[Way, ...] = ()
    """Besides a transfer; of a refused one: what to do instead."""
    about: Text = _NOTHING
    """What it does, or by which topic it is offered."""
    hours: Text = _NOTHING
    """Of today; empty for whoever tells none."""
    ready: int | None = None
    """How many can answer at once; None: nobody knows."""
    waiting: int = 0
    state: AgentState | None = None
    """Of a person."""
    topic: TopicCode | None = None
    """By which it is offered, if by one."""
    case_type: str | None = None
    """Of the appeal that the tables ask for."""

    @property
    def ref(self) -> str:
        """Finds it again: ``person:boris``."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Colleague:
    """On shift at the caller's PBX."""

    login: Login
    name: str
    state: AgentState


@dataclass(frozen=True, slots=True)
class House:
    """``titles``: of queues."""

    tables: TopicTables
    departments: Departments
    titles: Mapping[QueueName, Text]
    country: str = "RU"
    """Of numbers that are typed without one."""


@dataclass(frozen=True, slots=True)
class Now:
    """``queues``: one that is missing is not known. ``colleagues``: without whoever asks. ``personal``: the
    customer's own operators, in the record's order."""

    at: datetime
    """Aware."""
    queues: Mapping[QueueName, QueueState]
    colleagues: tuple[Colleague, ...] = ()
    personal: tuple[Login, ...] = ()


def offers(query: str, at: Situation | None, house: House, now: Now) -> tuple[Offer, ...]:
    """What the words find: topics, departments, colleagues. Nothing typed: by the topic of ``at``, then every
    department that takes calls. ``at``: the caller with the topic chosen so far; its topic may be unknown."""
    words = query.split()
    if not words:
        by_topic = _of_topic(at.topic, at, house, now) if at else ()
        taking = (each for each in house.departments if Way.transfer in each.ways)
        return _once((*by_topic, *(_of_department(each, now, house) for each in taking)))
    found: list[Offer] = [_of_outside(each, house) for each in _typed(query, house)]
    found += [_of_person(each) for each in now.colleagues if _fits(words, each.name, each.login)]
    for each in house.departments:
        if _fits(words, *_names(each)):
            found.append(_of_department(each, now, house))
    for topic in _topics(words, house.tables) if at else ():
        found += _of_topic(topic.code, at, house, now) if at else ()
    for each in house.departments:
        if _fits(words, each.functions.ru, each.functions.en):
            found.append(_of_department(each, now, house))
    return _once(found)[:MOST]


def find(ref: str, at: Situation | None, house: House, now: Now) -> Offer | None:
    """One offer, as it stands now; None: there is no such place. Also of queues and numbers of no department,
    if the tables lead there."""
    kind, _, name = ref.partition(":")
    match kind:
        case Kind.person:
            return next((_of_person(each) for each in now.colleagues if each.login == name), None)
        case Kind.department:
            return next(
                (_of_department(each, now, house) for each in house.departments if each.code == name), None
            )
        case Kind.queue if name in house.tables.queues:
            return _of_queue(QueueName(name), now, house)
        case Kind.number if name in numbers_of(house.tables):
            return _of_number(name, None, now, house)
        case Kind.outside if name in _typed(name, house):
            return _of_outside(name, house)
        case Kind.topic if at is not None:
            return next(
                (each for each in _of_topic(TopicCode(name), at, house, now) if each.ref == ref), None
            )
        case _:
            return None


# --- by name


def _names(one: Department) -> tuple[str, ...]:
    return (one.title.ru, one.title.en, one.code, one.number or "", one.queue or "")


def _fits(words: list[str], *names: str) -> bool:
    """Each typed word begins a word of one of the names."""
    known = [part for name in names for part in _parts(name)]
    return all(any(part.startswith(word) for part in known) for typed in words for word in _parts(typed))


def _parts(text: str) -> list[str]:
    folded = text.casefold().replace("ё", "е")
    return "".join(c if c.isalnum() else " " for c in folded).split()


def _topics(words: list[str], tables: TopicTables) -> Iterator[Topic]:
    found = (each for each in tables.topics if _fits(words, each.title.ru, each.title.en, each.code))
    yield from list(found)[:MOST]


def _once(found: tuple[Offer, ...] | list[Offer]) -> tuple[Offer, ...]:
    """One for each place; the first stays, with the topic by which another found it."""
    kept: dict[str, Offer] = {}
    for each in found:
        first = kept.setdefault(each.ref, each)
        if first.topic is None and each.topic is not None:
            kept[each.ref] = replace(first, topic=each.topic)
    return tuple(kept.values())


def _of_person(one: Colleague) -> Offer:
    title = Text(one.name, one.name)
    if one.state in _TALKING:
        refused = Refused(
            Code.busy,
            Text(f"{one.name}: занят разговором.", f"{one.name} is on another call."),
            Text("Передайте в его отдел или подождите.", "Hand it to the department, or wait."),
        )
        return Offer(Kind.person, one.login, title, None, refused, state=one.state, ready=0)
    ready = int(one.state is AgentState.ready)
    return Offer(Kind.person, one.login, title, Place(login=one.login), state=one.state, ready=ready)


def _of_department(one: Department, now: Now, house: House) -> Offer:
    """With its way and its hours respected."""
    written = tuple(way for way in one.open_ways if way is not Way.transfer)
    hours = (
        spans_words(day_of(one.hours, now.at.astimezone(one.hours.zone).date())) if one.hours else _NOTHING
    )
    offer = Offer(Kind.department, one.code, one.title, None, None, written, one.functions, hours)
    if (wrong := one.accepts(Way.transfer)) is not None:
        return replace(offer, refused=_wrong_way(wrong))
    if one.hours is not None and not is_open(one.hours, now.at):
        again = reopening_words(one.hours, next_open_at(one.hours, now.at))
        message = Text(
            f"{one.title.ru}: сейчас закрыто. {again.ru}", f"{one.title.en}: closed now. {again.en}"
        )
        return replace(offer, refused=Refused(Code.closed, message, _remedy(written)))
    if one.queue is not None:
        state = now.queues.get(one.queue)
        return _with_queue(replace(offer, place=Place(queue=one.queue)), state)
    if one.number is not None:
        return replace(offer, place=Place(number=one.number))
    message = Text(f"{one.title.ru}: ни очереди, ни номера.", f"{one.title.en} has neither queue nor number.")
    return replace(offer, refused=Refused(Code.nowhere, message, _remedy(written)))


def _wrong_way(wrong: Refusal) -> Refused:
    return Refused(Code.way_closed, wrong.message, wrong.remedy)


def _remedy(written: tuple[Way, ...]) -> Text:
    if not written:
        return Text("Предложите перезвонить.", "Offer a call-back.")
    ru = {Way.appeal: "примите обращение", Way.request: "оформите заявку", Way.walk_in: "пригласите прийти"}
    en = {Way.appeal: "take an appeal", Way.request: "enter a request", Way.walk_in: "invite him to come"}
    said = Text(" или ".join(ru[way] for way in written), " or ".join(en[way] for way in written))
    return Text(f"{said.ru[0].upper()}{said.ru[1:]}.", f"{said.en[0].upper()}{said.en[1:]}.")


def _with_queue(offer: Offer, state: QueueState | None) -> Offer:
    if state is None:
        return offer
    return replace(offer, ready=state.ready, waiting=state.waiting)


def _of_queue(queue: QueueName, now: Now, house: House) -> Offer:
    """Its department's rules hold for it."""
    owner = house.departments.of_queue(queue)
    if owner is not None:
        return _of_department(owner, now, house)
    offer = Offer(Kind.queue, queue, house.titles.get(queue, Text(queue, queue)), Place(queue=queue))
    return _with_queue(offer, now.queues.get(queue))


def _of_number(number: str, code: str | None, now: Now, house: House) -> Offer:
    owners = (each for each in house.departments if each.code == code or each.number == number)
    owner = next(owners, None)
    if owner is not None:
        return _of_department(owner, now, house)
    return Offer(Kind.number, number, Text(number, number), Place(number=number))


def _typed(text: str, house: House) -> list[str]:
    """The canonical number outside that was typed, if one was."""
    known = written(text.strip(), house.country)
    return [known.canonical] if known is not None and not known.is_short else []


def _of_outside(number: str, house: House) -> Offer:
    shown = format_national(number, house.country)
    about = Text("Номер вне компании, через телефонную сеть", "A number outside, by the telephone network")
    return Offer(Kind.outside, number, Text(shown, shown), Place(outside=number), about=about)


def numbers_of(tables: TopicTables) -> frozenset[str]:
    """Internal ones to which rows lead."""
    legs = (leg for table in tables for row in table.all_rows for leg in row.legs)
    return frozenset(leg.number for leg in legs if isinstance(leg, ToNumber))


# --- by topic


def _of_topic(topic: TopicCode, at: Situation, house: House, now: Now) -> tuple[Offer, ...]:
    """What the tables say of this caller with that topic, now: their legs up to the first that leaves him."""
    try:
        route = decide(house.tables, replace(at, topic=topic))
        table, asked = house.tables.find(topic)
    except UnknownTopic:
        return ()
    found = [offer for leg in route.legs for offer in _of_leg(leg, asked, now, house)]
    if not found:
        again = reopening_words(table.hours, next_open_at(table.hours, now.at)) if route.is_closed else None
        found = [_of_nobody(asked, again, house)]
    return tuple(replace(each, topic=topic) for each in found)


def _of_nobody(topic: Topic, again: Text | None, house: House) -> Offer:
    """The tables lead to no person. ``again``: when they will, if it is the hour that forbids it."""
    owner = house.departments.of_queue(topic.queue)
    written = tuple(way for way in owner.open_ways if way is not Way.transfer) if owner else ()
    title, code = topic.title, Code.nowhere if again is None else Code.closed
    message = Text(f"{title.ru}: сейчас ни к кому не ведёт.", f"{title.en} leads to nobody now.")
    if again is not None:
        message = Text(f"{title.ru}: сейчас закрыто. {again.ru}", f"{title.en}: closed now. {again.en}")
    return Offer(Kind.topic, topic.code, title, None, Refused(code, message, _remedy(written)), written)


def _of_leg(leg: Leg, topic: Topic, now: Now, house: House) -> list[Offer]:
    match leg:
        case ToQueue():
            return [_of_queue(leg.queue or topic.queue, now, house)]
        case ToNumber():
            return [_of_number(leg.number, leg.department, now, house)]
        case ToDepartment():
            return [
                _of_department(each, now, house) for each in house.departments if each.code == leg.department
            ]
        case ToPersonal():
            there = {each.login: each for each in now.colleagues}
            return [_of_person(there[login]) for login in now.personal if login in there]
        case ToExternal():
            return [_of_outside(each, house) for each in _typed(leg.number, house)]
        case OpenCase():
            message = Text(
                "По этой теме переводят не звонок, а обращение.", "This topic takes an appeal, no call."
            )
            refused = Refused(Code.way_closed, message, _remedy((Way.appeal,)))
            ways = (Way.appeal,)
            return [Offer(Kind.topic, topic.code, topic.title, None, refused, ways, case_type=leg.type)]
        case Announce() | Voicemail() | OfferCallBack() | HangUp() | ToTopic():
            return []
        case _:  # pragma: no cover
            assert_never(leg)

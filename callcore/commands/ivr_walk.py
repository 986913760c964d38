"""A walk through the IVR: a person at the terminal plays the caller, and the record that is asked."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TextIO

from callcore.assembly.wiring import make_book
from callcore.commands.frame import DONE, Output
from callcore.config import Settings
from callcore.domain import LANGUAGES, Language, Outage, OutageId, OutageKind, OutageState, Text
from callcore.ivr.actions import (
    Action,
    Answer,
    Ask,
    AskDigits,
    Digits,
    Event,
    Find,
    Finish,
    Key,
    Known,
    Leave,
    Recorded,
    SwitchNote,
    TakeMessage,
)
from callcore.ivr.check_values import FROM_THE_START
from callcore.ivr.flow import Phrase
from callcore.ivr.machine import Place, begin, step
from callcore.ivr.reception import Book
from callcore.ivr.script import ANSWERS, LookUp, Script
from callcore.ivr.who import with_hints
from callcore.outages.words import caller_words, templates
from callcore.routing.decide import decide, named
from callcore.routing.explain import explain
from callcore.routing.hours import is_open
from callcore.routing.legs import Announce, Leg, ToQueue
from callcore.routing.situation import CallerFacts, Situation, Standing
from callcore.routing.words import leg_words

KEYS: Final = frozenset("0123456789*#")
STAFF_PIN: Final = "000000"
"""The house's own is a secret, and no business of a walk."""

EXAMPLES: Final = {
    "balance": "123456",
    "balance.currency": "RUB",
    "tariff.since": "2026-11-01",
    "request.due": "2026-11-30",
}
"""Of answers whose shape nobody would guess: amounts are in the smallest coin."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who walks, and when. ``values``: what is known of him, by the names of a script."""

    at: datetime
    language: Language | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    has_outage: bool = False
    emergencies: tuple[Text, ...] = ()


class _HungUp(Exception):
    """Nothing more is typed."""


def walk(settings: Settings, caller: Caller, keys: TextIO, output: Output) -> int:
    """Plays the caller's part from ``keys``: a line is what he presses, an empty one silence, the end a
    hang-up."""
    book = make_book(settings)
    flow = book.flow
    person = _Person(keys, output)
    person.told_how(flow.script)
    place, action = begin(flow, _known(settings, book, caller))
    try:
        while not isinstance(action, Leave | Finish):
            event = person.does(place, action)
            place, action = step(flow, place, event)
    except _HungUp:
        output.say(Text("Абонент повесил трубку.", "The caller hung up."), "dim")
        return DONE
    person.hears(place, action.phrases)
    legs = _legs(book, caller, place, action, output)
    for leg in legs:
        if isinstance(leg, Announce):
            person.hears(place, (Phrase(leg.text.in_(place.language), place.language),))
        else:
            output.say(Text(f"  → {leg_words(leg).ru}", f"  → {leg_words(leg).en}"), "dim")
    queue = next((leg.queue for leg in legs if isinstance(leg, ToQueue)), None)
    end = Text("Конец звонка.", "The call ends.")
    output.say(Text(f"Очередь {queue}.", f"Queue {queue}.") if queue else end, "bold")
    return DONE


# --- what is known of him


def _known(settings: Settings, book: Book, caller: Caller) -> Known:
    hours = {
        f"hours.{table.code}": "open" if is_open(table.hours, caller.at) else "closed"
        for table in book.tables
    }
    nothing = {**dict.fromkeys(FROM_THE_START, ""), "caller.standing": Standing.unknown.value}
    return Known(
        {**nothing, "caller.language": caller.language or "", **hours, **caller.values},
        caller.language,
        (_outage(settings, caller.at),) if caller.has_outage else (),
        caller.emergencies,
    )


def _outage(settings: Settings, at: datetime) -> Text:
    """An invented one, in this organisation's words."""
    outage = Outage(
        id=OutageId(0),
        number="1",
        revision=1,
        source="",
        kind=OutageKind.emergency,
        state=OutageState.estimated,
        cause=Text("обрыв кабеля", "a torn cable"),
        starts_at=at - timedelta(hours=1),
        estimated_restoration_at=at + timedelta(hours=2),
        ended_at=None,
        nodes=(),
        published_at=at,
        changed_at=at,
    )
    texts = settings.outages.texts
    words, zone = templates(texts.voice, texts.sms, texts.caller), settings.organisation.zone
    ru, en = (caller_words(outage, language, words, zone, at) for language in LANGUAGES)
    return Text(ru, en)


def _legs(
    book: Book, caller: Caller, place: Place, action: Leave | Finish, output: Output
) -> tuple[Leg, ...]:
    """What becomes of him, and why the tables say so."""
    if isinstance(action, Finish):
        return named(book.tables, action.topic, action.legs)
    facts = CallerFacts(
        Standing(caller.values.get("caller.standing", Standing.unknown)),
        caller.values.get("caller.segment", ""),
    )
    hints = {
        name.removeprefix("hint."): value for name, value in caller.values.items() if name.startswith("hint.")
    }
    here = Situation(action.topic, caller.at, place.language, with_hints(facts, hints))
    route = decide(book.tables, here)
    for each in explain(book.tables, here, route):
        output.say(f"  {output.words(each.text)}", "dim")
    return route.legs


# --- the person at the terminal


class _Person:
    def __init__(self, keys: TextIO, output: Output) -> None:
        self._keys = keys
        self._output = output

    def told_how(self, script: Script) -> None:
        say = self._output.say
        say(
            Text(
                "Цифра и Enter — клавиша, просто Enter — молчание, Ctrl-D — повесить трубку.",
                "A digit and Enter: a key; Enter alone: silence; Ctrl-D: hang up.",
            ),
            "dim",
        )
        if any(isinstance(node, LookUp) and node.what == "staff_pin" for node in script.nodes.values()):
            say(Text(f"PIN-код сотрудников здесь {STAFF_PIN}.", f"The staff PIN is {STAFF_PIN} here."), "dim")

    def hears(self, place: Place, phrases: tuple[Phrase, ...]) -> None:
        paint = self._output.paint
        for phrase in phrases:
            self._output.say(f"{paint(phrase.language, 'dim')}  {phrase.text}")

    def does(self, place: Place, action: Action) -> Event:
        """What comes of an action. Raises _HungUp."""
        self._output.say(f"[{place.node}]", "dim")
        match action:
            case Ask():
                self.hears(place, action.phrases)
                return Key(self._key() or None)
            case AskDigits():
                self.hears(place, action.phrases)
                return Digits(self._digits(action.most))
            case TakeMessage():
                self.hears(place, action.phrases)
                return self._message(action.most_seconds)
            case Find():
                return self._found(action)
            case SwitchNote():
                return self._switched(action)
            case _:
                raise AssertionError(f"no walk goes on after {action}")

    def _line(self) -> str:
        line = self._keys.readline()
        if not line:
            raise _HungUp
        return line.strip()

    def _key(self) -> str:
        while True:
            key = self._line()
            if key == "" or key in KEYS:
                return key
            self._complain("Одна клавиша: 0–9, * или #.", "One key: 0-9, * or #.")

    def _digits(self, most: int) -> str:
        while True:
            line = self._line()
            if set(line) <= KEYS:
                return line.partition("#")[0][:most]
            self._complain("Клавиши подряд: 0–9, * или #.", "Keys in a row: 0-9, * or #.")

    def _message(self, most_seconds: int) -> Recorded:
        self._ask(
            "Сколько секунд он говорил? Enter — молчал.", "How many seconds did he speak? Enter: not at all."
        )
        while True:
            line = self._line()
            if line == "":
                return Recorded(None)
            if line.isascii() and line.isdigit():
                return Recorded("walk.wav", float(min(int(line), most_seconds)))
            self._complain("Целое число секунд.", "A whole number of seconds.")

    def _found(self, action: Find) -> Answer:
        if action.what == "staff_pin":
            return Answer({} if action.arguments["pin"] == STAFF_PIN else None)
        names = ANSWERS[action.what]
        example = " ".join(f"{name}={EXAMPLES.get(name, '…')}" for name in names) or "+"
        self._ask(
            f"Базу спрашивают: {action.what}. Ответ: {example}; Enter — не найдено.",
            f"The record is asked: {action.what}. Answer: {example}; Enter: not found.",
        )
        while True:
            line = self._line()
            if line == "":
                return Answer(None)
            if not names:
                return Answer({})
            values = _pairs(line)
            if values is not None and values.keys() <= set(names):
                return Answer(values)
            self._complain(f"Нужно так: {example}", f"It is written like this: {example}")

    def _switched(self, action: SwitchNote) -> Answer:
        verb = ("включают", "switched on") if action.is_on else ("выключают", "switched off")
        self._ask(
            f"Объявление {action.note} {verb[0]}. + — есть такое, Enter — нет.",
            f"Announcement {action.note} is {verb[1]}. +: there is one, Enter: there is none.",
        )
        return Answer({} if self._line() else None)

    def _ask(self, ru: str, en: str) -> None:
        self._output.say(Text(ru, en), "yellow")

    def _complain(self, ru: str, en: str) -> None:
        self._output.complain(Text(ru, en), "yellow")


def _pairs(line: str) -> dict[str, str] | None:
    """``NAME=VALUE`` by spaces, quoted as in a shell; None if it is none."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    if not all("=" in word for word in words):
        return None
    return {name: value for name, _, value in (word.partition("=") for word in words)}

"""``callcore ivr walk``: the menu in a terminal, as a caller would go through it; no PBX, no sound."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from callcore.commands.frame import DONE, Command, CommandFailed, Output, add_config
from callcore.config import Settings, load
from callcore.domain import LANGUAGES, Outage, OutageId, OutageKind, OutageState, Text
from callcore.ivr.flow import Phrase
from callcore.ivr.machine import Ask, begin, last_words, press
from callcore.outages.words import caller_words, templates
from callcore.wiring import make_book

KEYS = frozenset("0123456789*#")


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    parser.add_argument("action", choices=("walk",))
    parser.add_argument(
        "--at",
        metavar="TIME",
        help=output.words(
            Text("момент ISO 8601 с зоной; иначе сейчас", "moment in ISO 8601 with a zone; now if not given")
        ),
    )
    parser.add_argument(
        "--outage",
        action="store_true",
        help=output.words(
            Text("абонент, по адресу которого отключение", "a caller at whose address there is an outage")
        ),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    return walk(settings, _moment(options.at), sys.stdin, output, has_outage=options.outage)


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CommandFailed(
            Text(
                f"--at {text}: нужен момент с зоной, например 2026-12-31T20:00+03:00.",
                f"--at {text}: a moment with its zone is wanted, e.g. 2026-12-31T20:00+03:00.",
            )
        )
    return at


def walk(settings: Settings, at: datetime, keys: TextIO, output: Output, *, has_outage: bool = False) -> int:
    """Plays the caller's part from ``keys``: a line is a key, an empty one silence, the end a hang-up."""
    book = make_book(settings)
    output.say(
        Text(
            "Цифра и Enter — клавиша, просто Enter — молчание, Ctrl-D — повесить трубку.",
            "A digit and Enter: a key; Enter alone: silence; Ctrl-D: hang up.",
        ),
        "dim",
    )
    state, action = begin(book.flow, (_outage(settings, at),) if has_outage else ())
    while isinstance(action, Ask):
        _say(action.phrases, output)
        key = _key(keys, output)
        if key is None:
            output.say(Text("Абонент повесил трубку.", "The caller hung up."), "dim")
            return DONE
        state, action = press(book.flow, state, key or None)
    _say(action.phrases, output)
    route = book.decide(action.topic, at, None)
    words = last_words(book.flow, state.language, route.target)
    _say(words.phrases, output)
    for step in route.steps:
        output.say(f"  {output.words(step.text)}", "dim")
    end = Text("Конец звонка.", "The call ends.")
    output.say(Text(f"Очередь {words.queue}.", f"Queue {words.queue}.") if words.queue else end, "bold")
    return DONE


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


def _say(phrases: tuple[Phrase, ...], output: Output) -> None:
    for phrase in phrases:
        output.say(f"{output.paint(phrase.language, 'dim')}  {phrase.text}")


def _key(keys: TextIO, output: Output) -> str | None:
    """A key, "" for silence, None for a hang-up."""
    while line := keys.readline():
        key = line.strip()
        if key == "" or key in KEYS:
            return key
        output.complain(Text("Одна клавиша: 0–9, * или #.", "One key: 0-9, * or #."), "yellow")
    return None


IVR = Command(
    "ivr",
    Text("пройти голосовое меню в терминале", "walk through the IVR in a terminal"),
    _configure,
    _run,
)

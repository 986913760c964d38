"""What ``callcore route`` is told about a call: the moment, who calls, how busy the queues are."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from callcore.assembly.backoffice import facts_of
from callcore.commands.frame import Output, WrongUse
from callcore.config import Settings
from callcore.domain import LANGUAGES, QueueName, Text, TopicCode
from callcore.ivr.ports import Profile
from callcore.numbers import Number
from callcore.routing.fields import read_length
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.trials_schema import read_moment
from callcore.store.database import Database
from callcore.store.errors import DatabaseMissing


def add_facts(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    for name, metavar, words in (
        ("--segment", "S", Text("сегмент, например VIP-0", "the segment, e.g. VIP-0")),
        ("--legal-form", "F", Text("правовая форма, например ООО", "the legal form, e.g. LLC")),
        ("--region", "R", Text("регион", "the region")),
        ("--marks", "M,M", Text(f"отметки: {_of(Mark)}; '' — никаких", f"marks: {_of(Mark)}; '' for none")),
        ("--last-contact", "TIME", Text("сколько назад он звонил: 3 h", "how long ago he called: 3 h")),
    ):
        parser.add_argument(name, metavar=metavar, help=say(words))
    parser.add_argument(
        "--standing",
        choices=[each.value for each in Standing],
        help=say(Text("кто он: клиент, будущий клиент или неизвестный", "what he is to the house")),
    )
    parser.add_argument(
        "--language", choices=LANGUAGES, help=say(Text("язык звонящего", "the caller's language"))
    )
    parser.add_argument(
        "--queue",
        action="append",
        default=[],
        metavar="NAME=N,N,N,N",
        help=say(
            Text(
                "очередь: вошло, готовы, ждут, дольше всех секунд; можно несколько; без неё неизвестна",
                "a queue: signed in, ready, waiting, longest wait in seconds; may be given again; "
                "unknown without it",
            )
        ),
    )


async def look_up(settings: Settings, number: Number, at: datetime) -> Profile | None:
    """Whose number it is in the base, as the IVR would see it at that moment; None: there is no base yet.
    Raises StoreError where there is one that cannot be asked."""
    try:
        async with await Database.open(settings.database.address) as database:
            found = await database.customers.callers(number.canonical, None, at)
    except DatabaseMissing:
        return None
    return Profile(facts_of(found), found.last_contact_at)


def situation_of(options: argparse.Namespace, settings: Settings, at: datetime, known: Profile) -> Situation:
    """What was said, and for the rest what is known. Raises WrongUse."""
    return Situation(
        topic=TopicCode(options.topic),
        at=at,
        language=options.language or settings.organisation.language,
        caller=_facts(options, known.facts),
        last_contact_at=_last_contact(options.last_contact, at) or known.last_contact_at,
        queues=dict(_queue(text, settings.all_queues) for text in options.queue),
    )


def moment(text: str, zone: ZoneInfo) -> datetime:
    """The moment that ``--at`` names, in UTC; without a zone it is meant in this one. Raises WrongUse."""
    at = datetime.now(UTC) if text == "now" else read_moment(text, zone)
    if at is not None:
        return at
    raise WrongUse(
        Text(
            f"--at {text[:40]!a}: это не момент. Напишите, например, 2026-12-31T09:00 или now.",
            f"--at {text[:40]!a} is no moment. Write for example 2026-12-31T09:00, or now.",
        )
    )


def _facts(options: argparse.Namespace, facts: CallerFacts) -> CallerFacts:
    marks = facts.marks if options.marks is None else frozenset(_marks(options.marks))
    return CallerFacts(
        standing=Standing(options.standing or facts.standing),
        segment=_word(options.segment, facts.segment),
        legal_form=_word(options.legal_form, facts.legal_form),
        region=_word(options.region, facts.region),
        marks=marks,
    )


def _word(text: str | None, known: str) -> str:
    """As the base has words: without characters that nobody sees."""
    return known if text is None else "".join(filter(str.isprintable, text)).strip()


def _marks(text: str) -> Iterable[Mark]:
    for word in filter(None, (each.strip() for each in text.split(","))):
        if word not in Mark.__members__:
            raise WrongUse(
                Text(
                    f"--marks: отметки {word[:40]!a} нет. Есть: {_of(Mark)}.",
                    f"--marks: there is no mark {word[:40]!a}. There are {_of(Mark)}.",
                )
            )
        yield Mark(word)


def _last_contact(text: str | None, at: datetime) -> datetime | None:
    if text is None:
        return None
    ago = read_length(text)
    if ago is None:
        raise WrongUse(
            Text(
                f"--last-contact {text[:40]!a}: не длительность. Напишите, например, 20 min, 3 h или 1 d.",
                f"--last-contact {text[:40]!a} is no length of time. Write for example 20 min, 3 h, or 1 d.",
            )
        )
    return at - ago


def _queue(text: str, queues: Sequence[str]) -> tuple[QueueName, QueueState]:
    name, _, counts = text.partition("=")
    parts = [part.strip() for part in counts.split(",")]
    if name not in queues:
        names = ", ".join(queues)
        raise WrongUse(
            Text(
                f"--queue: очереди {name[:40]!a} нет. Есть: {names}.",
                f"--queue: there is no queue {name[:40]!a}. There are {names}.",
            )
        )
    if 1 <= len(parts) <= 4 and all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        signed_in, ready, waiting, seconds = [*map(int, parts), 0, 0, 0][:4]
        if ready <= signed_in:
            return QueueName(name), QueueState(signed_in, ready, waiting, timedelta(seconds=seconds))
    raise WrongUse(
        Text(
            f"--queue {text[:60]!a}: нужно ИМЯ=вошло,готовы,ждут,секунды, "
            "готовых не больше, чем вошло; например sales=3,1,5,40.",
            f"--queue {text[:60]!a}: NAME=signed_in,ready,waiting,seconds is needed, "
            "no more ready than signed in; such as sales=3,1,5,40.",
        )
    )


def _of(words: type[StrEnum]) -> str:
    return ", ".join(each.value for each in words)

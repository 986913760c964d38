"""What a sender publishes of an outage: by file, by the JSON API, on the page. One shape for all three. Pure.

Shape of a file (YAML or JSON; ``outages:`` is a list of one or many), and of the API's body::

    outages:
      - number: "2026-117"            # the sender's own; 1 to 40 of A-Z a-z 0-9 . _ / -
        revision: 1                   # 1 may be left out; a change is the next one
        kind: emergency               # or planned
        state: open                   # may be left out; or restored, cancelled
        cause: {ru: "…", en: "…"}     # 1 to 200 characters each, one line
        starts_at: 2026-11-22T18:00:00+03:00
        estimated_restoration_at: 2026-11-22T20:30:00+03:00   # may be left out
        ended_at: …                   # of restored and cancelled only; without it: now
        nodes: [F-12, H-3]

What is right or wrong by itself is found by ``read_draft``; what depends on the present moment by
``blame_moments``, which a repeat of something long accepted need not pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from callcore.domain import NodeCode, OutageKind, Text
from callcore.outages.fields import Cause, Moment, NodeCodeField, OutageNumber
from callcore.strictyaml.faults import Document
from callcore.strictyaml.fields import Model, Whole, raise_faults, shown, validate, wrong
from callcore.strictyaml.reader import parse

OUTAGES_LIMIT = 500
NODES_LIMIT = 500
SIZE_LIMIT_BYTES = 1 << 20

OLDEST_EMERGENCY = timedelta(days=30)
FARTHEST = timedelta(days=366)
"""Nothing is planned or estimated farther ahead: it is a slip of the pen."""
LATENESS = timedelta(minutes=5)
"""How far two clocks may differ, and how long a publication may be on its way."""


@dataclass(frozen=True, slots=True)
class Publication:
    number: str
    revision: int
    kind: OutageKind
    state: Literal["open", "restored", "cancelled"]
    cause: Text
    starts_at: datetime
    estimated_restoration_at: datetime | None
    ended_at: datetime | None
    nodes: tuple[NodeCode, ...]
    """Each once."""

    def content(self) -> dict[str, Any]:
        """As JSON, for the record and for holding a repeat against it. Moments are in UTC; the nodes'
        order means nothing."""
        return {
            "number": self.number,
            "revision": self.revision,
            "kind": self.kind.value,
            "state": self.state,
            "cause": {"ru": self.cause.ru, "en": self.cause.en},
            "starts_at": self.starts_at.isoformat(),
            "estimated_restoration_at": _iso(self.estimated_restoration_at),
            "ended_at": _iso(self.ended_at),
            "nodes": sorted(self.nodes),
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as read: ``publications`` holds those without a fault, by their place in the file."""

    document: Document
    publications: dict[int, Publication]

    def blame(self, index: int, field: str, message: Text, remedy: Text) -> None:
        """Add a fault of one field of one outage; "" for the outage as a whole."""
        self.document.blame(("outages", index, *filter(None, [field])), message, remedy)

    def blame_node(self, index: int, code: NodeCode, message: Text, remedy: Text) -> None:
        place = self.document.value["outages"][index]["nodes"].index(code)
        self.document.blame(("outages", index, "nodes", place), message, remedy)


def read_publications(raw: bytes, name: str, now: datetime) -> tuple[Publication, ...]:
    """All outages of one file or body, or ``ConfigFaults`` with every fault: file, line, field, remedy.

    ``name``: what the faults call the file. Refused are wrong or unknown fields, times without a zone, an
    estimate in the past or before the start, a planned start in the past, an emergency that began in the
    future or more than 30 days ago, anything more than a year ahead, a number twice, no nodes, control and
    other invisible characters, markup, more than 500 outages, more than 1 MB.
    Whether the nodes exist is asked by the board, which names the line too.
    """
    draft = read_draft(raw, name)
    for index in draft.publications:
        blame_moments(draft, index, now)
    raise_faults(draft.document)
    return tuple(draft.publications.values())


def read_draft(raw: bytes, name: str) -> Draft:
    """Never raises: what is wrong is in the document."""
    document = parse(raw, name, SIZE_LIMIT_BYTES)
    file = validate(document, _File, Path())
    draft = Draft(document, {})
    numbers: dict[str, int] = {}
    for index in range(len(file.outages)) if file else ():
        model = validate(document, _Outage, Path(), ("outages", index))
        if model is None:
            continue
        publication = model.publication()
        draft.publications[index] = publication
        _blame_order(draft, index, publication)
        first = numbers.setdefault(publication.number, index)
        if first != index:
            line = document.line_of(("outages", first, "number"))
            draft.blame(
                index,
                "number",
                Text(
                    f"Номер {publication.number} уже был в строке {line}.",
                    f"The number {publication.number} is already in line {line}.",
                ),
                Text(
                    "В одном файле — одна редакция каждого отключения.",
                    "One file holds one revision of each outage.",
                ),
            )
    return draft


# --- the shape


def _list_of(what: Text, limit: int) -> BeforeValidator:
    def check(value: object) -> object:
        if not isinstance(value, list) or not value:
            raise wrong(
                Text(
                    f"Нужен список, а здесь {shown(value or None, 'ru')}.",
                    f"A list is needed, not {shown(value or None)}.",
                ),
                what,
            )
        if len(value) > limit:
            raise wrong(
                Text(f"Их {len(value)}, это больше {limit}.", f"There are {len(value)}, over {limit}."),
                Text("Разделите на несколько.", "Divide them."),
            )
        return value

    return BeforeValidator(check)


class _File(Model):
    outages: Annotated[
        list[Any],
        _list_of(
            Text("Каждое отключение начинается с «- number: …».", 'Each outage begins with "- number: …".'),
            OUTAGES_LIMIT,
        ),
    ]


class _Outage(Model):
    number: OutageNumber
    revision: Annotated[Whole, Field(ge=1, le=100_000)] = 1
    kind: OutageKind
    state: Literal["open", "restored", "cancelled"] = "open"
    cause: Cause
    starts_at: Moment
    estimated_restoration_at: Moment | None = None
    ended_at: Moment | None = None
    nodes: Annotated[
        list[NodeCodeField],
        _list_of(
            Text(
                "Назовите хотя бы один узел сети: [F-12].", "Name at least one node of the network: [F-12]."
            ),
            NODES_LIMIT,
        ),
    ]

    def publication(self) -> Publication:
        return Publication(
            number=self.number,
            revision=self.revision,
            kind=self.kind,
            state=self.state,
            cause=Text(self.cause.ru, self.cause.en),
            starts_at=self.starts_at,
            estimated_restoration_at=self.estimated_restoration_at,
            ended_at=self.ended_at,
            nodes=tuple(dict.fromkeys(map(NodeCode, self.nodes))),
        )


# --- moments


def _blame_order(draft: Draft, index: int, publication: Publication) -> None:
    """Moments that contradict each other whatever the time is now."""
    starts, estimated, ended = (
        publication.starts_at,
        publication.estimated_restoration_at,
        publication.ended_at,
    )
    if estimated is not None and estimated <= starts:
        draft.blame(
            index,
            "estimated_restoration_at",
            Text("Восстановление раньше начала.", "It would be restored before it starts."),
            Text(f"Должно быть позже {starts.isoformat()}.", f"It must be after {starts.isoformat()}."),
        )
    if ended is None:
        return
    if publication.state == "open":
        draft.blame(
            index,
            "ended_at",
            Text("Отключение ещё не кончилось, а конец указан.", "It is still open, yet has an end."),
            Text("Уберите ended_at или напишите state: restored.", "Leave it out, or write state: restored."),
        )
    elif publication.state == "restored" and ended < starts:
        draft.blame(
            index,
            "ended_at",
            Text("Конец раньше начала.", "It would have ended before it started."),
            Text(
                "Если оно не начиналось, напишите state: cancelled.",
                "If it never started, write state: cancelled.",
            ),
        )


def blame_moments(draft: Draft, index: int, now: datetime) -> None:
    """Moments that cannot be right for something that is news at ``now``."""
    publication = draft.publications[index]
    for field, at in (
        ("starts_at", publication.starts_at),
        ("estimated_restoration_at", publication.estimated_restoration_at),
    ):
        if at is not None and at > now + FARTHEST:
            draft.blame(
                index,
                field,
                Text("Это больше чем через год.", "This is more than a year ahead."),
                Text("Проверьте год.", "Check the year."),
            )
    if publication.state == "open":
        _blame_open(draft, index, publication, now)
    elif publication.ended_at is not None and publication.ended_at > now + LATENESS:
        draft.blame(
            index,
            "ended_at",
            Text("Этот момент ещё не наступил.", "This moment has not come yet."),
            Text("Опубликуйте, когда наступит.", "Publish it when it has."),
        )
    elif publication.state == "restored" and publication.starts_at > now + LATENESS:
        draft.blame(
            index,
            "state",
            Text("Восстановлено то, что ещё не началось.", "It is restored before it has started."),
            Text(
                "Если его не будет, напишите state: cancelled.",
                "If it will not take place: state: cancelled.",
            ),
        )


def _blame_open(draft: Draft, index: int, publication: Publication, now: datetime) -> None:
    starts, estimated = publication.starts_at, publication.estimated_restoration_at
    if estimated is not None and starts < estimated <= now:
        draft.blame(
            index,
            "estimated_restoration_at",
            Text("Это время уже прошло.", "This time has passed."),
            Text(
                "Назовите новое, уберите его или напишите state: restored.",
                "Name a new one, leave it out, or write state: restored.",
            ),
        )
    if publication.kind is OutageKind.emergency and starts > now + LATENESS:
        draft.blame(
            index,
            "starts_at",
            Text("Авария из будущего.", "An emergency in the future."),
            Text(
                "Проверьте время и пояс; о предстоящих работах — kind: planned.",
                "Check time and zone; works to come are kind: planned.",
            ),
        )
    if publication.revision > 1:
        return  # it may last long, and be changed while it does
    if publication.kind is OutageKind.planned and starts < now - LATENESS:
        draft.blame(
            index,
            "starts_at",
            Text("Плановое начало уже прошло.", "The planned start has passed."),
            Text(
                "Назовите будущее время; о том, что уже случилось, — kind: emergency.",
                "Name a future time; what has happened already is kind: emergency.",
            ),
        )
    elif publication.kind is OutageKind.emergency and starts < now - OLDEST_EMERGENCY:
        draft.blame(
            index,
            "starts_at",
            Text(
                f"Это больше {OLDEST_EMERGENCY.days} дней назад.",
                f"This is more than {OLDEST_EMERGENCY.days} days ago.",
            ),
            Text("Проверьте дату.", "Check the date."),
        )


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()

"""What a publication makes of the outage that is known under its number. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from callcore.domain import Outage, OutageId, OutageState, Text
from callcore.outages.publication import Publication


@dataclass(frozen=True, slots=True)
class Accepted:
    """The outage as it stands now; its ``id`` is 0 if it is new."""

    outage: Outage


@dataclass(frozen=True, slots=True)
class Repeated:
    """The very same was published before: nothing happens, the sender gets the same answer."""

    outage: Outage


@dataclass(frozen=True, slots=True)
class Refused:
    """``field``: which one, for the fault's position; "" for the whole."""

    field: str
    message: Text
    remedy: Text


def accept(
    known: Outage | None,
    published: Mapping[str, Any] | None,
    publication: Publication,
    source: str,
    now: datetime,
) -> Accepted | Repeated | Refused:
    """``published``: content of this revision as it was published before, None if it never was.

    confirmed (no estimate) → estimated (the first estimate) → changed (anything else that differs) →
    restored or cancelled, from which nothing leads on. The same revision with other content is refused and
    names the field; so is a revision that leaves one out or is older, one that says nothing new, and the end
    of an outage that nobody knows.
    """
    if known is None:
        return _first(publication, source, now)
    if published is not None:
        return _again(known, published, publication)
    if publication.revision != known.revision + 1:
        return _out_of_turn(known, publication)
    if not known.is_open:
        return _over(known)
    state = _next_state(known, publication)
    if state is None:
        return Refused(
            "revision",
            Text(
                f"Редакция {publication.revision} не отличается от {known.revision}.",
                f"Revision {publication.revision} does not differ from {known.revision}.",
            ),
            Text(
                "Новую редакцию публикуют, когда что-то изменилось: о ней сообщат всем.",
                "Publish a new one when something has changed: everybody is told of it.",
            ),
        )
    return Accepted(
        replace(_outage(publication, state, source, now), id=known.id, published_at=known.published_at)
    )


def _first(publication: Publication, source: str, now: datetime) -> Accepted | Refused:
    if publication.revision != 1:
        return Refused(
            "revision",
            Text(
                f"Отключение {publication.number} неизвестно, а редакция уже {publication.revision}.",
                f"The outage {publication.number} is unknown, yet this is revision {publication.revision}.",
            ),
            Text("Первая публикация — редакция 1.", "The first publication is revision 1."),
        )
    if publication.state != "open":
        return Refused(
            "state",
            Text(
                f"Отключение {publication.number} неизвестно: кончаться нечему.",
                f"The outage {publication.number} is unknown: there is nothing to end.",
            ),
            Text("Проверьте номер или уберите его из файла.", "Check the number, or leave it out."),
        )
    has_estimate = publication.estimated_restoration_at is not None
    state = OutageState.estimated if has_estimate else OutageState.confirmed
    return Accepted(_outage(publication, state, source, now))


def _again(known: Outage, published: Mapping[str, Any], publication: Publication) -> Repeated | Refused:
    content = publication.content()
    field = next((name for name, value in content.items() if published.get(name) != value), None)
    if field is None:
        return Repeated(known)
    return Refused(
        field,
        Text(
            f"Редакция {publication.revision} отключения {publication.number} уже опубликована, "
            "и там другое.",
            f"Revision {publication.revision} of outage {publication.number} was published before, "
            "with something else here.",
        ),
        _publish_next(known),
    )


def _out_of_turn(known: Outage, publication: Publication) -> Refused:
    return Refused(
        "revision",
        Text(
            f"У отключения {publication.number} сейчас редакция {known.revision}, "
            f"а эта — {publication.revision}.",
            f"Outage {publication.number} is at revision {known.revision}, and this is "
            f"{publication.revision}.",
        ),
        _publish_next(known),
    )


def _over(known: Outage) -> Refused:
    ended = known.state is OutageState.restored
    return Refused(
        "state",
        Text(
            f"Отключение {known.number} уже {'устранено' if ended else 'отменено'}.",
            f"Outage {known.number} is {'restored' if ended else 'cancelled'} already.",
        ),
        Text("Новое отключение публикуют под новым номером.", "Publish a new outage under a new number."),
    )


def _publish_next(known: Outage) -> Text:
    if not known.is_open:
        return _over(known).remedy
    return Text(
        f"Изменение — это редакция {known.revision + 1}.", f"A change is revision {known.revision + 1}."
    )


def _next_state(known: Outage, publication: Publication) -> OutageState | None:
    """None: nothing differs."""
    if publication.state != "open":
        return OutageState(publication.state)
    is_same_else = (
        publication.kind is known.kind
        and publication.cause == known.cause
        and publication.starts_at == known.starts_at
        and set(publication.nodes) == set(known.nodes)
    )
    if is_same_else and publication.estimated_restoration_at == known.estimated_restoration_at:
        return None
    return (
        OutageState.estimated
        if is_same_else and known.state is OutageState.confirmed
        else OutageState.changed
    )


def _outage(publication: Publication, state: OutageState, source: str, now: datetime) -> Outage:
    """As if it were new."""
    return Outage(
        id=OutageId(0),
        number=publication.number,
        revision=publication.revision,
        source=source,
        kind=publication.kind,
        state=state,
        cause=publication.cause,
        starts_at=publication.starts_at,
        estimated_restoration_at=publication.estimated_restoration_at,
        ended_at=None if publication.state == "open" else publication.ended_at or now,
        nodes=publication.nodes,
        published_at=now,
        changed_at=now,
    )

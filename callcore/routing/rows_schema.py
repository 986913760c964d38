"""A row of a topic table's file: its shape, and how it becomes a ``Row``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from callcore.domain import Language, QueueName, Text, TopicCode
from callcore.routing.fields import CODE, Code, Length, OneOrMore, QueueField, Words
from callcore.routing.legs_schema import LegsField, to_legs
from callcore.routing.rows import QueueWhen, Row, When
from callcore.routing.situation import Mark, Standing
from callcore.routing.tables import OWN_ROWS
from callcore.routing.timetable import Hours
from callcore.strictyaml.fields import Bilingual, Flag, Model, Whole, shown, wrong


@dataclass(frozen=True, slots=True)
class HoursWhen:
    """``is_open`` None: at any hour. ``of``: whose hours; None: those of the row's own table."""

    is_open: bool | None
    of: str | None = None


_HOURS: Mapping[object, HoursWhen] = {
    "open": HoursWhen(True),
    "closed": HoursWhen(False),
    "any": HoursWhen(None),
}


def _hours(value: object) -> object:
    if isinstance(value, str) and value in _HOURS:
        return _HOURS[value]
    if isinstance(value, dict) and set(value) == {"of", "is"} and value["is"] in ("open", "closed"):
        of = value["of"]
        if isinstance(of, str) and CODE.fullmatch(of):
            return HoursWhen(value["is"] == "open", of)
    raise wrong(
        Text(f"{shown(value, 'ru')} — не условие о часах.", f"{shown(value)} is no condition on hours."),
        Text(
            "Напишите open, closed, any или, о часах другой таблицы, {of: finance, is: open}.",
            "Write open, closed, any, or of another table's hours {of: finance, is: open}.",
        ),
    )


class QueueWhenModel(Model):
    of: QueueField
    nobody: Flag = False
    all_paused: Flag = False
    waits_longer_than: Length | None = None
    waiting_more_than: Annotated[Whole, Field(ge=0, le=10_000)] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.nobody or self.all_paused or self.waits_longer_than is not None:
            return self
        if self.waiting_more_than is not None:
            return self
        raise wrong(
            Text("Не сказано, что с очередью.", "It does not say what is with the queue."),
            Text(
                "Добавьте nobody: true, all_paused: true, waits_longer_than или waiting_more_than.",
                "Add nobody: true, all_paused: true, waits_longer_than, or waiting_more_than.",
            ),
        )

    def to_when(self) -> QueueWhen:
        return QueueWhen(
            QueueName(self.of), self.nobody, self.all_paused, self.waits_longer_than, self.waiting_more_than
        )


class WhenModel(Model):
    """All that is set must hold; within one setting any of its words."""

    topic: Words | None = None
    segment: Words | None = None
    standing: Annotated[tuple[Standing, ...], OneOrMore] | None = None
    legal_form: Words | None = None
    region: Words | None = None
    language: Annotated[tuple[Language, ...], OneOrMore] | None = None
    hours: Annotated[Any, BeforeValidator(_hours)] | None = None
    """Makes a ``HoursWhen``."""
    marks: Annotated[tuple[Mark, ...], OneOrMore] | None = None
    without: Annotated[tuple[Mark, ...], OneOrMore] | None = None
    repeat_within: Length | None = None
    queue: QueueWhenModel | None = None

    def to_when(self, topics: Collection[str], own: str, hours: Mapping[str, Hours]) -> When:
        """``topics``: all of the row's table ``own``; ``hours``: those of each table."""
        wanted = self.hours if self.hours is not None and self.hours.is_open is not None else None
        return When(
            topics=frozenset(code for name in self.topic or () for code in below(name, topics)),
            segments=_folded(self.segment),
            standings=frozenset(self.standing or ()),
            legal_forms=_folded(self.legal_form),
            regions=_folded(self.region),
            languages=frozenset(self.language or ()),
            hours=hours.get(wanted.of or own) if wanted else None,
            is_open=wanted.is_open if wanted else True,
            marks=frozenset(self.marks or ()),
            without=frozenset(self.without or ()),
            repeat_within=self.repeat_within,
            queue=self.queue.to_when() if self.queue else None,
        )


def below(name: str, topics: Iterable[str]) -> tuple[TopicCode, ...]:
    """A topic and all below it; the name itself if there is no such topic, so that a check can blame it."""
    found = tuple(TopicCode(code) for code in topics if code == name or code.startswith(f"{name}."))
    return found or (TopicCode(name),)


def _folded(words: Iterable[str] | None) -> frozenset[str]:
    return frozenset(word.casefold() for word in words or ())


def _row_code(value: object) -> object:
    if value not in OWN_ROWS:
        return value
    raise wrong(
        Text(f"Строка {value} есть у каждой таблицы.", f"Every table has a row {value} of its own."),
        Text("Назовите свою иначе.", "Call yours something else."),
    )


RowCode = Annotated[Code, BeforeValidator(_row_code)]


class RowModel(Model):
    when: WhenModel = WhenModel()
    to: LegsField
    why: Bilingual | None = None

    def to_row(self, code: str, topics: Collection[str], own: str, hours: Mapping[str, Hours]) -> Row:
        """As ``WhenModel.to_when``."""
        return Row(
            code=code,
            when=self.when.to_when(topics, own, hours),
            legs=to_legs(self.to),
            why=self.why,
            at_any_hour=self.when.hours is not None and self.when.hours.is_open is None,
        )

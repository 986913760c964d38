"""A topic table's file: its shape, and how it becomes a ``TopicTable``. Reads no files itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from callcore.domain import LANGUAGES, QueueName, Text, TopicCode
from callcore.routing.fields import Code, Digit, QueueField
from callcore.routing.hours_schema import HolidaysModel, WeekField, hours_of
from callcore.routing.legs import Voicemail
from callcore.routing.legs_schema import LegsField, to_legs
from callcore.routing.rows_schema import RowCode, RowModel
from callcore.routing.tables import PLACEHOLDERS, Macro, Topic, TopicTable
from callcore.routing.timetable import Hours
from callcore.routing.trials_schema import TrialModel
from callcore.strictyaml.fields import Bilingual, Model, Zone, shown, wrong


def _macro(value: Text) -> Text:
    """Only known words between braces."""
    for language in LANGUAGES:
        text = value.in_(language)
        if text.count("{") != text.count("}") or set(_BRACES.findall(text)) - set(PLACEHOLDERS):
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise wrong(
                Text(
                    f"Неизвестная подстановка: {shown(text, 'ru')}.",
                    f"There is an unknown placeholder: {shown(text)}.",
                ),
                Text(f"Есть: {known}.", f"There are {known}."),
            )
    return value


_BRACES = re.compile(r"\{([^{}]*)\}")


def _slug(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", value, re.ASCII):
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не адрес статьи.", f"{shown(value)} is no address of an article."),
        Text(
            "Строчные латинские буквы, цифры и -, например sim-swap.",
            "Lower-case Latin letters, digits and -, such as sim-swap.",
        ),
    )


class MacroModel(Model):
    """A ready text for the comment."""

    title: Bilingual
    text: Annotated[Bilingual, AfterValidator(_macro)]

    def to_macro(self) -> Macro:
        return Macro(self.title, self.text)


class ChildModel(Model):
    """A topic below another: operators choose it, callers do not hear of it."""

    title: Bilingual
    queue: QueueField | None = None
    script: Bilingual | None = None
    article: Annotated[str, BeforeValidator(_slug)] | None = None
    macros: tuple[MacroModel, ...] = ()
    children: dict[Code, ChildModel] = Field(default_factory=dict)

    def to_topic(self, code: str, queue: str) -> Topic:
        queue = self.queue or queue
        return Topic(
            code=TopicCode(code),
            title=self.title,
            queue=QueueName(queue),
            script=self.script,
            article=self.article,
            macros=tuple(macro.to_macro() for macro in self.macros),
            children=tuple(child.to_topic(f"{code}.{name}", queue) for name, child in self.children.items()),
        )


class TopicModel(ChildModel):
    key: Digit | None = None
    say: Bilingual | None = None


class TableModel(Model):
    """One file of ``config/topics``; its name is the table's code."""

    title: Bilingual
    key: Digit | None = None
    say: Bilingual | None = None
    zone: Zone
    hours: WeekField
    holidays: HolidaysModel = HolidaysModel()
    closed: Bilingual
    closed_then: LegsField | None = None
    queue: QueueField
    topics: Annotated[dict[Code, TopicModel], Field(min_length=1)]
    rows: dict[RowCode, RowModel] = Field(default_factory=dict)
    tests: tuple[TrialModel, ...] = ()

    @property
    def opening(self) -> Hours:
        return hours_of(self.zone, self.hours, self.holidays)

    def to_table(self, code: str, hours: Mapping[str, Hours]) -> TopicTable:
        """The table that the file describes; ``hours``: those of each table, for rows that ask for them."""
        topics = tuple(
            replace(topic.to_topic(f"{code}.{name}", self.queue), key=topic.key, say=topic.say)
            for name, topic in self.topics.items()
        )
        codes = tuple(below.code for topic in topics for below in topic.walk())
        return TopicTable(
            code=code,
            title=self.title,
            hours=hours[code],
            closed=self.closed,
            topics=topics,
            key=self.key,
            say=self.say,
            rows=tuple(row.to_row(name, codes, code, hours) for name, row in self.rows.items()),
            closed_then=(Voicemail(),) if self.closed_then is None else to_legs(self.closed_then),
            trials=tuple(trial.to_trial(self.zone, place) for place, trial in enumerate(self.tests)),
        )

"""The trials of a topic table's file: their shape, and how they become ``Trial`` values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from callcore.domain import Language, QueueName, Text, TopicCode
from callcore.routing.fields import Length, OneOrMore, QueueField
from callcore.routing.legs import KINDS
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.trial import Expectation, Trial
from callcore.strictyaml.fields import Line, Model, Whole, shown, wrong

_Count = Annotated[Whole, Field(ge=0, le=10_000)]


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """``2026-12-31T09:00`` in ``zone``, or with an offset of its own, as UTC; None if it is no moment."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=zone) if at.tzinfo is None else at
        return at.astimezone(UTC) if 1970 <= at.year <= 9000 else None
    except (ValueError, OverflowError):
        return None


def _moment(value: object) -> object:
    if isinstance(value, str) and read_moment(value, ZoneInfo("UTC")) is not None:
        return value
    raise wrong(
        Text(f"{shown(value, 'ru')} — не момент.", f"{shown(value)} is no moment."),
        Text("Напишите, например, 2026-12-31T09:00.", "Write for example 2026-12-31T09:00."),
    )


def _kind(value: object) -> object:
    if value in KINDS.values():
        return value
    raise wrong(
        Text(f"Шага {shown(value, 'ru')} нет.", f"There is no leg {shown(value)}."),
        Text(f"Есть: {', '.join(KINDS.values())}.", f"Known: {', '.join(KINDS.values())}."),
    )


class QueueStateModel(Model):
    """Left out: nobody, nothing."""

    signed_in: _Count = 0
    ready: _Count = 0
    waiting: _Count = 0
    longest_wait: Length = timedelta()

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.ready <= self.signed_in:
            return self
        raise wrong(
            Text("Готовых больше, чем вошедших.", "More are ready than signed in."),
            Text("signed_in не меньше ready.", "signed_in is at least ready."),
        )

    def to_state(self) -> QueueState:
        return QueueState(self.signed_in, self.ready, self.waiting, self.longest_wait)


class GivenModel(Model):
    topic: Line
    at: Annotated[str, BeforeValidator(_moment)]
    language: Language = "ru"
    standing: Standing = Standing.unknown
    segment: Line = ""
    legal_form: Line = ""
    region: Line = ""
    marks: Annotated[tuple[Mark, ...], OneOrMore] | None = None
    last_contact: Length | None = None
    """So long before."""
    queues: dict[QueueField, QueueStateModel] = Field(default_factory=dict)

    def to_situation(self, zone: ZoneInfo) -> Situation:
        at = read_moment(self.at, zone)
        assert at is not None, "it was validated"
        return Situation(
            topic=TopicCode(self.topic),
            at=at,
            language=self.language,
            caller=CallerFacts(
                self.standing, self.segment, self.legal_form, self.region, frozenset(self.marks or ())
            ),
            last_contact_at=at - self.last_contact if self.last_contact is not None else None,
            queues={QueueName(name): state.to_state() for name, state in self.queues.items()},
        )


class ExpectModel(Model):
    row: Line | None = None
    queue: QueueField | None = None
    legs: tuple[Annotated[Any, BeforeValidator(_kind)], ...] = ()

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if self.row or self.queue or self.legs:
            return self
        raise wrong(
            Text("Проба ничего не ждёт.", "The test expects nothing."),
            Text("Добавьте row, queue или legs.", "Add row, queue, or legs."),
        )


class TrialModel(Model):
    """One entry of ``tests``."""

    given: GivenModel
    expect: ExpectModel

    def to_trial(self, zone: ZoneInfo, place: int) -> Trial:
        expect = self.expect
        queue = QueueName(expect.queue) if expect.queue else None
        return Trial(self.given.to_situation(zone), Expectation(expect.row, queue, expect.legs), place)

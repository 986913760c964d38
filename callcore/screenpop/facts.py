"""What a card shows beyond who calls: parts that are asked for beside the pop and fill in as they come. Pure.

Each part is pending, known or failed on its own. A refresh leaves what is known in its place until the newer
answer comes, and a failed refresh says so beside it. Answers about somebody else are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, assert_never

from callcore.domain import CustomerId, Text, TopicCode
from callcore.store.record import CustomerRecord

T = TypeVar("T")


class Progress(StrEnum):
    pending = "pending"
    known = "known"
    failed = "failed"


class Why(StrEnum):
    """Why a part failed, as the card says it."""

    slow = "slow"
    """Nobody answered in time."""
    away = "away"
    """The base does not answer at all."""


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """``value``: the newest answer, kept through a refresh; None until there was one."""

    progress: Progress = Progress.pending
    value: T | None = None
    why: Why | None = None

    @property
    def is_stale(self) -> bool:
        """Something is shown that could not be brought up to date."""
        return self.progress is Progress.failed and self.value is not None

    def answered(self, value: T) -> Part[T]:
        return Part(Progress.known, value)

    def failed(self, why: Why) -> Part[T]:
        return Part(Progress.failed, self.value, why)


@dataclass(frozen=True, slots=True)
class FlashNote:
    """An urgent note that concerns this customer, number, topic, district or outage (D-40, D-45)."""

    id: int
    text: str
    author: str
    until: datetime
    must_read: bool
    is_read: bool
    """By the operator whose card it is."""

    @property
    def waits(self) -> bool:
        """He has to say that he read it."""
        return self.must_read and not self.is_read


@dataclass(frozen=True, slots=True)
class OpenCase:
    number: str
    title: Text
    stage: Text
    """Where it stands; its status where its type has no stages."""
    due_at: datetime | None
    is_rejected: bool = False


@dataclass(frozen=True, slots=True)
class OpenWish:
    """He has asked to be called back, and was not reached yet. ``source``: see ``store.follow_rows.AskedBy``;
    ``by``: who put him there, "" for himself; ``waits``: why nobody calls him now, and when somebody will."""

    id: int
    number: str
    asked_at: datetime
    times: int
    source: str
    by: str
    waits: Text | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a card is about. Without a customer the number alone tells something."""

    customer: CustomerId | None
    number: str | None
    topic: TopicCode | None = None


class PartName(StrEnum):
    record = "record"
    flashes = "flashes"
    cases = "cases"
    wishes = "wishes"


Value = CustomerRecord | tuple[FlashNote, ...] | tuple[OpenCase, ...] | tuple[OpenWish, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """To one question. ``why`` set: there was none."""

    part: PartName
    value: Value = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """``subject`` None: nothing was asked yet."""

    subject: Subject | None = None
    record: Part[CustomerRecord | None] = Part()
    flashes: Part[tuple[FlashNote, ...]] = Part()
    cases: Part[tuple[OpenCase, ...]] = Part()
    wishes: Part[tuple[OpenWish, ...]] = Part()

    @property
    def slow_parts(self) -> tuple[PartName, ...]:
        """Parts that could not be had, in the order of the card."""
        return tuple(name for name in PartName if getattr(self, name).progress is Progress.failed)


NO_FACTS = CardFacts()


def asked(facts: CardFacts, subject: Subject) -> CardFacts:
    """The facts once these questions are on their way: of somebody else, nothing is left."""
    return facts if facts.subject == subject else CardFacts(subject=subject)


def questions(subject: Subject) -> tuple[PartName, ...]:
    """What is worth asking: a stranger has neither record nor cases."""
    if subject.customer is not None:
        return tuple(PartName)
    return (PartName.flashes, PartName.wishes)


def filled(facts: CardFacts, subject: Subject, answers: tuple[Answer, ...]) -> CardFacts:
    """The facts with these answers in their places; as they were if the card is somebody else's by now."""
    if facts.subject != subject:
        return facts
    for answer in answers:
        part: Part[Any] = getattr(facts, answer.part)
        fresh = part.answered(answer.value) if answer.why is None else part.failed(answer.why)
        facts = _with(facts, answer.part, fresh)
    return facts


def _with(facts: CardFacts, name: PartName, part: Part[Any]) -> CardFacts:
    match name:
        case PartName.record:
            return replace(facts, record=part)
        case PartName.flashes:
            return replace(facts, flashes=part)
        case PartName.cases:
            return replace(facts, cases=part)
        case PartName.wishes:
            return replace(facts, wishes=part)
        case _:
            assert_never(name)


def read(facts: CardFacts, flash: int) -> CardFacts:
    """The facts after the operator said that he read a note."""
    notes = facts.flashes.value
    if notes is None:
        return facts
    seen = tuple(replace(note, is_read=True) if note.id == flash else note for note in notes)
    return replace(facts, flashes=replace(facts.flashes, value=seen))

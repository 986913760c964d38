"""The parts of a card: pending, known, failed; of whom they are; what survives a refresh."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from callcore.domain import CustomerId, Text, TopicCode
from callcore.screenpop.facts import (
    NO_FACTS,
    Answer,
    CardFacts,
    FlashNote,
    OpenCase,
    PartName,
    Progress,
    Subject,
    Why,
    asked,
    filled,
    questions,
    read,
)
from callcore.store.record import CustomerRecord

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA = Subject(CustomerId(1), "+79161234567", TopicCode("finance.claim"))
OTHER = Subject(CustomerId(2), "+79161234567")
RECORD = CustomerRecord(CustomerId(1), "К-1", "Анна")
NOTE = FlashNote(5, "Обещали перезвонить", "Пётр", NOW + timedelta(days=1), must_read=True, is_read=False)
CASE = OpenCase("C-2026-000001", Text("Перерасчёт", "Recalculation"), Text("очередь", "queue"), NOW)


def known() -> CardFacts:
    answers = (
        Answer(PartName.record, RECORD),
        Answer(PartName.flashes, (NOTE,)),
        Answer(PartName.cases, (CASE,)),
    )
    return filled(asked(NO_FACTS, ANNA), ANNA, answers)


def test_before_anybody_is_asked_nothing_is_known() -> None:
    assert NO_FACTS.subject is None
    assert NO_FACTS.record.progress is Progress.pending
    assert NO_FACTS.slow_parts == ()


def test_each_part_comes_on_its_own() -> None:
    facts = filled(asked(NO_FACTS, ANNA), ANNA, (Answer(PartName.flashes, (NOTE,)),))
    assert facts.flashes.value == (NOTE,)
    assert facts.flashes.progress is Progress.known
    assert facts.record.progress is Progress.pending
    assert facts.cases.progress is Progress.pending


def test_an_empty_answer_is_known_and_not_pending() -> None:
    facts = filled(asked(NO_FACTS, ANNA), ANNA, (Answer(PartName.cases, ()), Answer(PartName.record, None)))
    assert (facts.cases.progress, facts.cases.value) == (Progress.known, ())
    assert (facts.record.progress, facts.record.value) == (Progress.known, None)


def test_a_part_that_failed_leaves_the_others() -> None:
    answers = (Answer(PartName.record, RECORD), Answer(PartName.cases, why=Why.slow))
    facts = filled(asked(NO_FACTS, ANNA), ANNA, answers)
    assert facts.record.value == RECORD
    assert facts.slow_parts == (PartName.cases,)
    assert facts.cases.why is Why.slow
    assert not facts.cases.is_stale


def test_what_was_known_stays_while_it_is_asked_again_and_when_that_fails() -> None:
    facts = known()
    assert asked(facts, ANNA) == facts
    failed = filled(facts, ANNA, (Answer(PartName.flashes, why=Why.away),))
    assert failed.flashes.value == (NOTE,)
    assert failed.flashes.is_stale
    mended = filled(failed, ANNA, (Answer(PartName.flashes, ()),))
    assert (mended.flashes.value, mended.slow_parts) == ((), ())


def test_nothing_of_one_customer_is_left_on_the_card_of_another() -> None:
    assert asked(known(), OTHER) == CardFacts(subject=OTHER)


def test_an_answer_that_comes_too_late_is_dropped() -> None:
    facts = asked(known(), OTHER)
    assert filled(facts, ANNA, (Answer(PartName.record, RECORD),)) is facts


def test_of_a_stranger_only_notes_and_wishes_are_asked() -> None:
    assert questions(ANNA) == tuple(PartName)
    assert questions(Subject(None, "+79161234567")) == (PartName.flashes, PartName.wishes)


def test_a_note_waits_until_it_is_read() -> None:
    assert NOTE.waits
    facts = read(known(), 5)
    assert facts.flashes.value is not None
    assert not facts.flashes.value[0].waits
    assert read(known(), 6) == known()
    assert read(NO_FACTS, 5) is NO_FACTS

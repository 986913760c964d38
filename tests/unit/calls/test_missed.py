"""Which contacts put a number on the list of people to call, and which take it off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stories import NUMBER, Story

from callcore.calls.effects import Contact
from callcore.calls.missed import AFTER, is_missed, is_talk
from callcore.domain import Direction, Outcome


@pytest.fixture
def contact() -> Contact:
    story = Story()
    story.arrives("c")
    story.found(1)
    story.at(30).hangs_up("c")
    assert story.contact.outcome is Outcome.abandoned_ivr
    return story.contact


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.abandoned_ivr, True),
        (Outcome.abandoned_queue, True),
        (Outcome.abandoned_ringing, True),
        (Outcome.left_by_key, True),
        (Outcome.timeout, True),
        (Outcome.failed, True),
        (Outcome.closed, True),
        (Outcome.answered, False),
        (Outcome.voicemail, False),
        (Outcome.callback_requested, False),
        (Outcome.self_served, False),
    ],
)
def test_who_got_nobody_is_missed(contact: Contact, outcome: Outcome, expected: bool) -> None:
    """The night's callers, too; who left a message or a wish stands on the list by that."""
    assert is_missed(replace(contact, outcome=outcome)) is expected


@pytest.mark.parametrize("direction", [Direction.outbound, Direction.internal])
def test_whom_we_called_has_missed_us(contact: Contact, direction: Direction) -> None:
    assert not is_missed(replace(contact, direction=direction, outcome=Outcome.failed))


def stayed(contact: Contact, time: timedelta) -> Contact:
    return replace(contact, ended_at=contact.started_at + time)


def test_who_hangs_up_in_the_menu_at_once_has_dialled_wrongly(contact: Contact) -> None:
    short = AFTER - timedelta(milliseconds=1)
    assert not is_missed(stayed(contact, short))
    assert is_missed(stayed(contact, AFTER))
    assert not is_missed(stayed(contact, AFTER), timedelta(minutes=1)), "the house has its own bound"
    waited = replace(stayed(contact, short), outcome=Outcome.abandoned_queue)
    assert is_missed(waited), "he had chosen whom he wants"


def test_who_hid_his_number_cannot_be_called(contact: Contact) -> None:
    assert contact.caller_number == NUMBER
    hidden = replace(contact, caller_number=None)
    assert not is_missed(hidden)
    assert is_missed(replace(hidden, outcome=Outcome.abandoned_queue)), "he is counted all the same"


@pytest.mark.parametrize(
    ("direction", "outcome", "expected"),
    [
        (Direction.inbound, Outcome.answered, True),
        (Direction.outbound, Outcome.answered, True),
        (Direction.internal, Outcome.answered, False),
        (Direction.outbound, Outcome.failed, False),
        (Direction.inbound, Outcome.voicemail, False),
    ],
)
def test_a_talk_is_a_talk_whoever_called(
    contact: Contact, direction: Direction, outcome: Outcome, expected: bool
) -> None:
    assert is_talk(replace(contact, direction=direction, outcome=outcome)) is expected

"""Who may hang which note, who may take it down, and what a note must be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcore.crm.flash import LONGEST, may_withdraw, may_write, span_fault, text_fault
from callcore.domain import Login
from callcore.rights import TABLE, Role
from callcore.store.flashes import TEXT_LIMIT, Flash, FlashScope, FlashState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WRITERS = {
    FlashScope.contract: {Role.operator, Role.senior, Role.supervisor, Role.administrator},
    FlashScope.topic: {Role.senior, Role.supervisor, Role.administrator},
}


def flash(scope: FlashScope = FlashScope.contract, author: str = "anna") -> Flash:
    return Flash(1, scope, "7", "40-118", "x", Login(author), False, NOW, NOW + HOUR, NOW)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(FlashScope))
def test_what_concerns_everybody_is_not_for_every_hand(scope: FlashScope, role: Role) -> None:
    same = FlashScope.contract if scope in (FlashScope.contract, FlashScope.number) else FlashScope.topic
    assert may_write(scope, TABLE[role]) == (role in WRITERS[same])


@pytest.mark.parametrize("role", list(Role))
def test_ones_own_note_may_be_taken_down_and_a_strangers_by_seniors(role: Role) -> None:
    writes, is_senior = role in WRITERS[FlashScope.contract], role in WRITERS[FlashScope.topic]
    assert may_withdraw(flash(), Login("anna"), TABLE[role]) == writes
    assert may_withdraw(flash(), Login("boris"), TABLE[role]) == is_senior
    # Whoever wrote a wide note and is a senior no longer has no say in it any more.
    assert may_withdraw(flash(FlashScope.topic), Login("anna"), TABLE[role]) == is_senior


@pytest.mark.parametrize(
    ("length", "is_fine"), [(0, False), (1, True), (TEXT_LIMIT, True), (TEXT_LIMIT + 1, False)]
)
def test_a_text_must_fit(length: int, is_fine: bool) -> None:
    fault = text_fault(" " + "я" * length + "\n")
    assert (fault is None) == is_fine
    assert fault is None or fault.ru != fault.en


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (NOW, NOW + HOUR, None),
        (NOW - HOUR, NOW + timedelta(seconds=1), None),
        (NOW, NOW + LONGEST, None),
        (NOW, NOW, "past already"),
        (NOW + 2 * HOUR, NOW + HOUR, "before the beginning"),
        (NOW - 2 * HOUR, NOW, "past already"),
        (NOW, NOW + LONGEST + HOUR, "a year at most"),
    ],
)
def test_a_note_hangs_for_a_time_that_can_be(begins: datetime, ends: datetime, words: str | None) -> None:
    fault = span_fault(begins, ends, NOW)
    assert (fault is None) == (words is None)
    assert fault is None or (words is not None and words in fault.en)


def test_a_note_comes_holds_and_ends() -> None:
    states = [flash().state(NOW + n * HOUR / 2) for n in (-1, 0, 1, 2)]
    assert states == [FlashState.coming, FlashState.current, FlashState.current, FlashState.ended]

"""The notice of a placed call, one key at a time."""

from __future__ import annotations

import pytest

from callcore.domain import Text
from callcore.ivr.flow import FlowTexts, Phrase
from callcore.ivr.notice import KEYS, End, Say, Telling, ToOperator, begin, count, press

NAMES = "wrong_key silence to_default connecting goodbye other_language outage_keys notice_keys thanks opted"
TEXTS = FlowTexts(*(Text(f"{name} ru", f"{name} en") for name in NAMES.split()))
NOTICE = Phrase("No power until 20:30.", "en")


def told(*keys: str | None) -> tuple[Telling, Say | ToOperator | End]:
    state, action = begin(TEXTS, NOTICE)
    after: Say | ToOperator | End = action
    for key in keys:
        assert isinstance(after, Say), "he pressed on after the end"
        state, after = press(TEXTS, state, key)
    return state, after


def words(action: Say | ToOperator | End) -> list[str]:
    return [] if isinstance(action, ToOperator) else [phrase.text for phrase in action.phrases]


def test_the_notice_and_its_keys() -> None:
    _state, action = told()
    assert action == Say((NOTICE, Phrase("notice_keys en", "en")), (NOTICE,))


@pytest.mark.parametrize("key", [None, "5", "*"])
def test_nothing_pressed(key: str | None) -> None:
    """The keys once more, then goodbye."""
    assert told(key)[1] == Say((Phrase("notice_keys en", "en"),))
    assert told(key, key)[1] == End((Phrase("goodbye en", "en"),))


def test_confirmed() -> None:
    assert words(told("1")[1]) == ["thanks en", "goodbye en"]
    assert words(told(None, "1")[1]) == ["thanks en", "goodbye en"]


def test_again_three_times() -> None:
    """And the fourth 2 ends it: nobody keeps a line for ever."""
    assert told("2")[1] == told()[1]
    assert told("2", "2", "2")[1] == told()[1]
    assert told("2", "2", "2", "2")[1] == End((Phrase("goodbye en", "en"),))


def test_after_a_repeat_the_keys_come_twice_again() -> None:
    assert words(told(None, "2", None)[1]) == ["notice_keys en"]


def test_an_operator() -> None:
    assert told(None, "0")[1] == ToOperator()


def test_never_again() -> None:
    """Where it cannot be stored nothing is promised."""
    action = told("9")[1]
    assert isinstance(action, End)
    assert (words(action), action.opts_out) == (["opted en", "goodbye en"], True)
    assert action.otherwise == (Phrase("goodbye en", "en"),)


@pytest.mark.parametrize(
    ("seconds", "enough"), [(7.9, False), (8.0, True), (10.0, True)], ids=["less", "just", "all"]
)
def test_enough_is_four_fifths(seconds: float, enough: bool) -> None:
    told_ = count(told()[0], seconds, 10.0, None).told
    assert (told_.seconds, told_.key, told_.enough) == (seconds, None, enough)


def test_two_halves_are_enough() -> None:
    """Seconds are the most of one playing."""
    state = count(count(told()[0], 3.0, 10.0, "2"), 5.0, 10.0, None)
    assert (state.told.seconds, state.told.key, state.told.enough) == (5.0, "2", True)
    assert count(state, 1.0, 10.0, None).told == state.told


@pytest.mark.parametrize("key", KEYS)
def test_a_key_says_that_he_knows_but_for_the_wish_to_hear_it_again(key: str) -> None:
    state = count(told()[0], 0.5, 10.0, key)
    assert (state.told.key, state.told.enough) == (key, key != "2")
    assert count(state, 0.0, 0.0, None).told == state.told, "it stays"


def test_a_call_in_which_nothing_was_heard() -> None:
    assert not count(told()[0], 0.0, 0.0, None).told.enough


def test_as_the_journal_reads_it() -> None:
    state = told()[0]
    assert state.told.variable == "0.0||0"
    assert count(state, 8.04, 10.0, "1").told.variable == "8.0|1|1"

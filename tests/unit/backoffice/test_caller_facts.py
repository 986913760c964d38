"""What routing learns of a number that one or several customers have. Everything else about the back office
is tested on databases, in ``tests/integration/store/test_backoffice.py``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.assembly.backoffice import facts_of
from callcore.domain import CustomerId
from callcore.routing.situation import CallerFacts, Mark, Standing
from callcore.store.callers import CallerRow, Callers

ONE = CallerRow(
    id=CustomerId(1),
    is_prospective=False,
    status="active",
    segment="VIP-0",
    legal_form="ООО",
    region="Тверь",
    balance_minor=None,
    has_operators=False,
)


def facts(*rows: CallerRow) -> CallerFacts:
    return facts_of(Callers(rows))


@pytest.mark.parametrize(
    ("change", "marks"),
    [
        ({}, set()),
        ({"balance_minor": 0}, set()),
        ({"balance_minor": -1}, {Mark.debt}),
        ({"has_operators": True}, {Mark.personal_operator}),
        ({"status": "отключён"}, {Mark.blocked}),
        ({"status": "suspended", "balance_minor": -5}, {Mark.blocked, Mark.debt}),
        ({"status": "расторгнут"}, set()),
    ],
)
def test_marks(change: dict[str, Any], marks: set[Mark]) -> None:
    assert facts(replace(ONE, **change)).marks == marks


def test_nobody() -> None:
    assert facts() == CallerFacts()


def test_the_same_word_in_other_letters_is_the_same() -> None:
    both = facts(ONE, replace(ONE, segment="vip-0", legal_form="ЗАО"))
    assert both.segment.casefold() == "vip-0"
    assert both.legal_form == ""


ROWS = st.builds(
    CallerRow,
    id=st.builds(CustomerId, st.integers(1, 9)),
    is_prospective=st.booleans(),
    status=st.sampled_from(["", "active", "blocked", "terminated", "что-то"]),
    segment=st.sampled_from(["", "KEY", "key"]),
    legal_form=st.sampled_from(["", "ООО"]),
    region=st.sampled_from(["", "Тверь", "Москва"]),
    balance_minor=st.none() | st.integers(-2, 2),
    has_operators=st.booleans(),
)


@given(st.lists(ROWS, min_size=1, max_size=4), ROWS)
def test_somebody_more_never_adds_a_word_or_a_mark(rows: list[CallerRow], another: CallerRow) -> None:
    before, after = facts(*rows), facts(*rows, another)
    assert after.marks <= before.marks
    for word in ("segment", "legal_form", "region"):
        assert getattr(after, word).casefold() in ("", getattr(before, word).casefold())
    assert not (before.standing is Standing.existing and after.standing is not Standing.existing)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_the_order_does_not_matter(rows: list[CallerRow]) -> None:
    there, back = facts(*rows), facts(*reversed(rows))
    assert (there.standing, there.marks) == (back.standing, back.marks)
    assert there.segment.casefold() == back.segment.casefold()

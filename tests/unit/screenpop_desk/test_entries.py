"""The topics of one contact, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcore.domain import UNCLASSIFIED, CallId, Customer, CustomerId, TopicCode
from callcore.screenpop import entries
from callcore.screenpop.card import Draft, Entry, Stage, Tab
from callcore.screenpop.ports import DeskRefused
from callcore.store.record import CustomerRecord, Loyalty, NumberRecord
from callcore.testing.desks import some_view

A, B = TopicCode("finance.a"), TopicCode("finance.b")
NUMBER, SECOND = "+79161234567", "+79167654321"
TOPICS = frozenset({A, B})
ANNA = Customer(CustomerId(7), "Anna", "K-7", tariff="Home", numbers=("+79161234567",))
IVAN = Customer(CustomerId(8), "Ivan", "K-8")


def tab(*given: Entry, **more: object) -> Tab:
    view = some_view("c1", "+79161234567", ANNA)
    return Tab(view, Stage.talking, entries=given or (Entry(),), **more)  # type: ignore[arg-type]


def test_one_topic_more() -> None:
    assert entries.added(tab()) == tab(), "the empty one is enough"
    two = entries.added(tab(Entry(1, Draft(A))))
    assert [entry.n for entry in two.entries] == [1, 2]
    assert entries.removed(two, 2) == tab(Entry(1, Draft(A)))
    full = tab(*(Entry(n, Draft(A)) for n in range(1, entries.MOST_TOPICS + 1)))
    with pytest.raises(DeskRefused, match="too_many_topics"):
        entries.added(full)


@pytest.mark.parametrize(
    "kept",
    [
        tab(Entry(1, Draft(A)), Entry(2, Draft("", "words"))),
        tab(Entry(1, Draft(A)), Entry(2, record=9)),
    ],
)
def test_words_are_never_thrown_away(kept: Tab) -> None:
    with pytest.raises(DeskRefused, match="topic_not_empty"):
        entries.removed(kept, 2)


def test_the_only_topic_stays() -> None:
    with pytest.raises(DeskRefused, match="topic_not_empty"):
        entries.removed(tab(), 1)
    with pytest.raises(DeskRefused, match="no_such_topic"):
        entries.removed(tab(), 5)


def test_words_of_a_topic_that_the_desk_has_lost_add_it_again() -> None:
    words = Draft("", "words")
    assert entries.typed(tab(), 2, words) == tab(Entry(), Entry(2, words))
    assert entries.typed(tab(Entry(), Entry(3)), 2, words) == tab(Entry(), Entry(2, words), Entry(3))


@pytest.mark.parametrize(
    ("n", "draft"), [(2, Draft(" ", "")), (0, Draft(A)), (-1, Draft(A)), (entries.MOST_TOPICS + 1, Draft(A))]
)
def test_no_other_topic_is_added_by_words(n: int, draft: Draft) -> None:
    with pytest.raises(DeskRefused, match="no_such_topic"):
        entries.typed(tab(), n, draft)


def test_words_do_not_add_more_than_the_most() -> None:
    full = tab(*(Entry(n) for n in range(3, entries.MOST_TOPICS + 3)))
    with pytest.raises(DeskRefused, match="no_such_topic"):
        entries.typed(full, 2, Draft(A))


def test_what_has_to_be_saved_before_it_closes() -> None:
    saved = Entry(1, Draft(A), Draft(A), 3)
    assert entries.unsaved(tab(saved), TOPICS) == ()
    waiting = Entry(2, Draft(B, "words"))
    assert entries.unsaved(tab(saved, waiting, Entry(3)), TOPICS) == (waiting,)
    for refused in (tab(), tab(Entry(1, Draft("typed half", ""))), tab(saved, Entry(2, Draft("", "words")))):
        with pytest.raises(DeskRefused, match="topic_missing"):
            entries.unsaved(refused, TOPICS)


def test_saved_while_he_types_on() -> None:
    before, now = Draft(A, "one"), Draft(A, "one and two")
    after = entries.saved(tab(Entry(1, now)), 1, before, before, 5, entries.Registration(ANNA.id))
    assert after.entries == (Entry(1, now, before, 5, ANNA.id),)
    after = entries.saved(tab(Entry(1, before)), 1, before, before, None, entries.Registration(None))
    assert after.entries == (Entry(1, before, before),)
    assert entries.saved(tab(), 4, None, before, 5, entries.Registration(None)) == tab()


def test_on_another_contract() -> None:
    saved = Entry(1, Draft(A), Draft(A), 3, ANNA.id, NUMBER)
    other = entries.on_another(tab(saved, Entry(2)), IVAN)
    assert other.matched == IVAN
    assert other.entries == (replace(saved, is_pinned=True), Entry(2))
    assert entries.astray(other) == ()
    known = entries.Registration(ANNA.id, NUMBER, opened_ms=10, stood_on=ANNA.id)
    assert entries.registration(other, 1, 10) == known
    assert entries.registration(other, 2).customer == IVAN.id


def test_what_was_saved_goes_with_the_card() -> None:
    saved = Entry(1, Draft(A), Draft(A), 3, ANNA.id, NUMBER)
    assert entries.astray(tab(saved)) == ()
    assert entries.astray(tab(saved, picked=IVAN)) == (saved,)
    assert entries.astray(tab(saved, is_cleared=True)) == ()


def test_the_number_that_is_open() -> None:
    anna = replace(ANNA, numbers=(SECOND, NUMBER))
    assert tab(picked=anna).number == NUMBER, "the caller's, if it is one of his"
    assert tab(picked=replace(ANNA, numbers=(SECOND,))).number == SECOND, "else his first"
    assert tab(picked=IVAN).number is None
    assert entries.on_number(tab(picked=anna), SECOND).number == SECOND
    assert replace(entries.on_number(tab(picked=anna), SECOND), picked=ANNA).number == NUMBER
    for refused in (tab(picked=anna), tab(is_cleared=True)):
        with pytest.raises(DeskRefused, match="unknown_number"):
            entries.on_number(refused, "+79990000000")


def test_a_saved_topic_goes_with_the_number() -> None:
    """The one in work; those saved before are about theirs."""
    anna = replace(ANNA, numbers=(NUMBER, SECOND))
    first, second = (Entry(n, Draft(A), Draft(A), n, ANNA.id, NUMBER) for n in (1, 2))
    moved = entries.on_number(tab(first, second, picked=anna), SECOND)
    assert entries.astray(moved) == (second,)
    assert entries.registration(moved, 1).number == NUMBER
    assert entries.registration(moved, 2).number == SECOND
    assert entries.astray(entries.on_number(tab(first, Entry(2), picked=anna), SECOND)) == ()


def test_the_card_as_it_stands() -> None:
    about = entries.registration(tab(), 1, 61_000)
    assert (about.customer, about.number, about.opened_ms) == (ANNA.id, "+79161234567", 61_000)
    assert about.card == {"name": "Anna", "contract": "K-7", "tariff": "Home", "number": "+79161234567"}
    record = CustomerRecord(
        ANNA.id,
        "K-7",
        "Anna",
        loyalty=Loyalty(club="Gold"),
        numbers=(NumberRecord("+79161234567", tariff="Mobile", sim="8970"),),
    )
    card = entries.as_they_stand(ANNA, record, "+79161234567")
    assert (card["tariff"], card["sim"], card["loyalty"]) == ("Mobile", "8970", "Gold")
    assert entries.registration(tab(is_cleared=True), 1) == entries.Registration(None)


def test_words_of_the_daemon_before() -> None:
    kept = {1: Draft("", "half a sen"), 2: Draft(B)}
    assert entries.restored(tab(), kept).entries == (Entry(1, Draft("", "half a sen")), Entry(2, Draft(B)))
    newer = tab(Entry(1, Draft("", "newer")))
    assert entries.restored(newer, kept).draft == Draft("", "newer")


def test_from_the_database() -> None:
    rows = [(2, B, "two", 6, None, None, True), (1, UNCLASSIFIED, "", 5, ANNA.id, None, False)]
    first, second = entries.entries_of(rows)
    assert (first.saved, first.record, first.is_saved) == (Draft(), 5, False)
    assert (second.saved, second.record, second.is_saved) == (Draft(B, "two"), 6, True)
    assert entries.entries_of([]) == (Entry(),)


def test_the_calls_number() -> None:
    assert tab(Entry(1), Entry(2, record=4)).record == 4
    assert tab().view.call == CallId("c1")

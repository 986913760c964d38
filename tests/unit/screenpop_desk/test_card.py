"""Every effect on every kind of desk: what the page is to show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args

import pytest

from callcore.calls.effects import (
    CallView,
    CloseCard,
    DropCard,
    EndCard,
    HideRinging,
    LogContact,
    PopCard,
    ShowAgent,
    ShowDialling,
    ShowLine,
    ShowRinging,
    UpdateCard,
)
from callcore.calls.line import LineState, LineView
from callcore.domain import (
    UNCLASSIFIED,
    AgentState,
    CallId,
    Customer,
    CustomerId,
    EndReason,
    Interface,
    Login,
    PauseReason,
    QueueName,
    TopicCode,
)
from callcore.screenpop.card import (
    Desk,
    Draft,
    Entry,
    MissedCard,
    Stage,
    Tab,
    TodayContact,
    Unpainted,
)
from callcore.screenpop.changes import DeskEffect, apply, miss, see

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(seconds=30)
ANNA = Login("anna")
IVAN = Customer(CustomerId(7), "Ivan", "K-7")
MARIA = Customer(CustomerId(8), "Maria", "K-8")
ONE, TWO, THREE = CallId("c1"), CallId("c2"), CallId("c3")
TYPED = Draft("", "half a sen")


def view(call: CallId = ONE, *customers: Customer) -> CallView:
    return CallView(
        call,
        "+79161234567",
        None,
        None,
        None,
        QueueName("finance"),
        None,
        customers,
        bool(customers),
        False,
        None,
        None,
    )


def tab(call: CallId = ONE, stage: Stage = Stage.talking, **changes: Any) -> Tab:
    return replace(Tab(view(call), stage), **changes)


def desk(*tabs: Tab, active: CallId | None = None, ringing: CallView | None = None) -> Desk:
    bare = Desk(ANNA, "Anna", Interface("PJSIP/101"), (), AgentState.ready, NOW)
    front = active or (tabs[-1].view.call if tabs else None)
    return replace(bare, tabs=tabs, active=front, ringing=ringing)


RINGS = ShowRinging("k", ANNA, view(TWO))
TALKED_ON = replace(view(TWO), answered_at=NOW)
POPS = PopCard("k", ANNA, TALKED_ON)
ASKED = replace(RINGS, can_take=True)
TAKEN = HideRinging("k", ANNA, TWO, EndReason.completed)
LOST = HideRinging("k", ANNA, TWO, EndReason.answered_elsewhere)
DROPS = DropCard("k", ANNA, TWO, EndReason.answered_elsewhere)
TALKS = ShowAgent("k", ANNA, AgentState.talking, None, NOW)
READY = ShowAgent("k", ANNA, AgentState.ready, None, NOW)
WAITING = replace(desk(), ringing=view(TWO))
WRAPPING = tab(ONE, Stage.wrap_up, ended_at=NOW, wrap_up_until=UNTIL)
HELD = LineView(LineState.held, NOW)
DIRTY = tab(ONE, Stage.wrap_up, entries=(Entry(1, TYPED),), wrap_up_until=UNTIL)
SAVED = tab(ONE, Stage.wrap_up, entries=(Entry(1, TYPED, TYPED),), wrap_up_until=UNTIL)
NEW = replace(tab(TWO), view=TALKED_ON)
EARLY = tab(TWO, Stage.ringing)
KNOWN = replace(view(TWO, IVAN), answered_at=NOW)
STILL_RINGS = desk(replace(EARLY, view=KNOWN), ringing=KNOWN)
TALKING = replace(desk(), state=AgentState.talking)
OFFERED = ShowRinging("k", ANNA, TALKED_ON, can_take=True)


@pytest.mark.parametrize(
    ("before", "effect", "after"),
    [
        # the phone rings
        (desk(), RINGS, WAITING),
        (desk(DIRTY), RINGS, desk(DIRTY, ringing=view(TWO))),
        (WAITING, ShowRinging("k", ANNA, view(THREE)), desk(ringing=view(THREE))),
        # and stops to
        (WAITING, HideRinging("k", ANNA, TWO, EndReason.no_answer), desk()),
        (WAITING, HideRinging("k", ANNA, THREE, EndReason.no_answer), WAITING),
        (desk(), HideRinging("k", ANNA, TWO, EndReason.no_answer), desk()),
        (
            desk(WRAPPING, ringing=view(TWO)),
            HideRinging("k", ANNA, TWO, EndReason.answered_elsewhere),
            desk(WRAPPING),
        ),
        # the card comes
        (desk(), POPS, desk(NEW)),
        (desk(ringing=view(THREE)), POPS, desk(NEW, ringing=view(THREE))),
        (desk(WRAPPING), POPS, desk(WRAPPING, NEW)),
        (desk(SAVED), POPS, desk(SAVED, NEW)),
        # but covers nothing that is being typed
        (desk(DIRTY), POPS, desk(DIRTY, NEW, active=ONE)),
        (
            desk(replace(DIRTY, stage=Stage.talking)),
            POPS,
            desk(replace(DIRTY, stage=Stage.talking), NEW, active=ONE),
        ),
        (
            desk(replace(DIRTY, entries=(Entry(1, TYPED, Draft("", "half")),))),
            POPS,
            desk(replace(DIRTY, entries=(Entry(1, TYPED, Draft("", "half")),)), NEW, active=ONE),
        ),
        (
            desk(tab(ONE, entries=(Entry(1, Draft(TopicCode("a.b"))),))),
            POPS,
            desk(tab(ONE, entries=(Entry(1, Draft(TopicCode("a.b"))),)), NEW, active=ONE),
        ),
        # a draft behind the front is covered already
        (desk(DIRTY, tab(THREE)), POPS, desk(DIRTY, tab(THREE), NEW)),
        # it comes twice
        (
            desk(DIRTY, NEW, active=ONE),
            PopCard("k", ANNA, KNOWN),
            desk(DIRTY, replace(NEW, view=KNOWN), active=ONE),
        ),
        # or before anybody answered: the band stays
        (WAITING, PopCard("k", ANNA, view(TWO)), desk(EARLY, ringing=view(TWO))),
        (
            desk(DIRTY, ringing=view(TWO)),
            PopCard("k", ANNA, view(TWO)),
            desk(DIRTY, EARLY, active=ONE, ringing=view(TWO)),
        ),
        (desk(EARLY, ringing=view(TWO)), TAKEN, desk(tab(TWO))),
        (desk(EARLY), UpdateCard("k", ANNA, KNOWN), desk(replace(NEW, view=KNOWN))),
        (desk(EARLY, ringing=view(TWO)), PopCard("k", ANNA, KNOWN), STILL_RINGS),
        (STILL_RINGS, TAKEN, desk(replace(NEW, view=KNOWN))),
        (desk(EARLY, ringing=view(TWO)), LOST, desk(EARLY)),
        # and goes again when somebody else took the call, or nobody
        (desk(EARLY), DROPS, desk()),
        (desk(DIRTY, EARLY, active=ONE), DROPS, desk(DIRTY)),
        (
            desk(replace(EARLY, entries=(Entry(1, TYPED),))),
            DROPS,
            desk(
                tab(TWO, Stage.unfinished, entries=(Entry(1, TYPED),), dropped=EndReason.answered_elsewhere)
            ),
        ),
        # or when he asks for it
        (desk(), ASKED, replace(WAITING, can_take=True)),
        (desk(EARLY), ASKED, desk(EARLY, ringing=view(TWO))),
        (replace(WAITING, can_take=True), RINGS, WAITING),
        (replace(WAITING, can_take=True), PopCard("k", ANNA, view(TWO)), desk(EARLY, ringing=view(TWO))),
        (replace(WAITING, can_take=True), LOST, desk()),
        (replace(WAITING, can_take=True), TAKEN, replace(desk(), untaken=view(TWO))),
        (replace(desk(), untaken=view(TWO)), UpdateCard("k", ANNA, KNOWN), replace(desk(), untaken=KNOWN)),
        (replace(desk(), untaken=view(TWO)), POPS, desk(NEW)),
        (replace(desk(), untaken=view(TWO)), EndCard("k", ANNA, TWO, 1), desk()),
        (replace(desk(), untaken=view(TWO)), DROPS, desk()),
        (replace(desk(), untaken=view(TWO)), CloseCard("k", ANNA, ONE), replace(desk(), untaken=view(TWO))),
        (
            replace(desk(), untaken=view(TWO)),
            TALKS,
            replace(desk(), untaken=view(TWO), state=AgentState.talking),
        ),
        (replace(desk(), untaken=view(TWO)), READY, desk()),
        # also while he talks: a bar, no ring
        (replace(desk(), untaken=view(TWO)), OFFERED, replace(desk(), untaken=TALKED_ON)),
        (TALKING, OFFERED, replace(TALKING, untaken=TALKED_ON)),
        (TALKING, ASKED, replace(TALKING, ringing=view(TWO), can_take=True)),
        (desk(), OFFERED, replace(desk(), ringing=TALKED_ON, can_take=True)),
        (desk(NEW), OFFERED, desk(NEW, ringing=TALKED_ON)),
        (replace(TALKING, untaken=TALKED_ON), TAKEN, TALKING),
        # he gave the call to somebody else, and gets it back while he wraps up
        (
            desk(
                tab(TWO, Stage.wrap_up, entries=(Entry(1, TYPED),), ended_at=NOW, wrap_up_until=UNTIL),
                tab(THREE),
            ),
            POPS,
            desk(replace(NEW, entries=(Entry(1, TYPED),)), tab(THREE), active=TWO),
        ),
        # more is known of the caller
        (WAITING, UpdateCard("k", ANNA, KNOWN), desk(ringing=KNOWN)),
        (desk(DIRTY, NEW), UpdateCard("k", ANNA, KNOWN), desk(DIRTY, replace(NEW, view=KNOWN))),
        (
            desk(NEW, ringing=view(TWO)),
            UpdateCard("k", ANNA, KNOWN),
            desk(replace(NEW, view=KNOWN), ringing=KNOWN),
        ),
        (desk(DIRTY), UpdateCard("k", ANNA, KNOWN), desk(DIRTY)),
        # the caller is gone
        (
            desk(tab(ONE, entries=(Entry(1, TYPED),))),
            EndCard("k", ANNA, ONE, 7000),
            desk(replace(DIRTY, ended_at=NOW, talk_ms=7000)),
        ),
        (desk(NEW), EndCard("k", ANNA, ONE, 7000), desk(NEW)),
        (
            desk(tab(ONE, Stage.unfinished, entries=(Entry(1, TYPED),))),
            EndCard("k", ANNA, ONE, 7000),
            desk(tab(ONE, Stage.unfinished, entries=(Entry(1, TYPED),), ended_at=NOW, talk_ms=7000)),
        ),
        # his part was over before the call is: the wrap-up that runs is left alone
        (desk(WRAPPING), EndCard("k", ANNA, ONE, 7000), desk(WRAPPING)),
        # and the wrap-up is over
        (desk(WRAPPING), CloseCard("k", ANNA, ONE), desk()),
        (desk(SAVED), CloseCard("k", ANNA, ONE), desk()),
        (desk(tab(ONE)), CloseCard("k", ANNA, ONE), desk()),
        (
            desk(DIRTY),
            CloseCard("k", ANNA, ONE),
            desk(tab(ONE, Stage.unfinished, entries=(Entry(1, TYPED),))),
        ),
        (desk(WRAPPING, NEW), CloseCard("k", ANNA, ONE), desk(NEW)),
        (
            desk(WRAPPING, NEW, tab(THREE), active=ONE),
            CloseCard("k", ANNA, ONE),
            desk(NEW, tab(THREE), active=THREE),
        ),
        (
            desk(WRAPPING, NEW, tab(THREE), active=TWO),
            CloseCard("k", ANNA, ONE),
            desk(NEW, tab(THREE), active=TWO),
        ),
        (desk(NEW), CloseCard("k", ANNA, ONE), desk(NEW)),
        (desk(), CloseCard("k", ANNA, CallId("")), desk()),
        # his own state
        (
            desk(DIRTY),
            ShowAgent("k", ANNA, AgentState.paused, PauseReason.lunch, UNTIL),
            replace(desk(DIRTY), state=AgentState.paused, pause_reason=PauseReason.lunch, since=UNTIL),
        ),
        (
            replace(desk(), pause_reason=PauseReason.lunch),
            ShowAgent("k", ANNA, AgentState.talking, None, NOW, ONE, PauseReason.rest),
            replace(desk(), state=AgentState.talking, pause_next=PauseReason.rest),
        ),
    ],
)
def test_apply(before: Desk, effect: DeskEffect, after: Desk) -> None:
    assert apply(before, effect, NOW, UNTIL) == after
    assert all(one.login == ANNA for one in (before, after))


def test_the_end_without_a_wrap_up() -> None:
    after = apply(desk(tab(ONE)), EndCard("k", ANNA, ONE, 1), NOW)
    assert after == desk(tab(ONE, Stage.unfinished, ended_at=NOW, talk_ms=1))


@pytest.mark.parametrize("kind", get_args(DeskEffect))
def test_no_effect_needs_anything_on_the_desk(kind: type) -> None:
    """Calls that this desk never saw: nothing breaks, no tab appears but by its card."""
    effect = {
        ShowRinging: RINGS,
        ShowDialling: ShowDialling("k", ANNA, view(TWO), "phone"),
        ShowLine: ShowLine("k", ANNA, TWO, None),
        HideRinging: HideRinging("k", ANNA, TWO, EndReason.cancelled),
        PopCard: POPS,
        UpdateCard: UpdateCard("k", ANNA, KNOWN),
        EndCard: EndCard("k", ANNA, TWO, 1),
        CloseCard: CloseCard("k", ANNA, TWO),
        DropCard: DROPS,
        ShowAgent: ShowAgent("k", ANNA, AgentState.ready, None, NOW),
    }[kind]
    after = apply(desk(), cast(DeskEffect, effect), NOW, UNTIL)
    assert bool(after.tabs) is (kind is PopCard)


def test_the_line_of_a_call_stands_until_it_is_an_ordinary_talk_again() -> None:
    on_hold = apply(desk(tab(ONE)), ShowLine("k", ANNA, ONE, HELD), NOW)
    assert on_hold.lines == {ONE: HELD}
    both = apply(on_hold, ShowLine("k", ANNA, TWO, HELD), NOW)
    assert apply(both, ShowLine("k", ANNA, ONE, None), NOW).lines == {TWO: HELD}
    assert apply(on_hold, ShowLine("k", ANNA, ONE, None), NOW) == desk(tab(ONE))


def test_an_effect_of_another_room() -> None:
    with pytest.raises(AssertionError):
        apply(desk(), cast(DeskEffect, LogContact("k", cast(Any, None))), NOW)


@pytest.mark.parametrize(
    ("customers", "chosen", "matched"),
    [
        ((), None, None),
        ((), IVAN.id, None),
        ((IVAN,), None, IVAN),
        ((IVAN,), MARIA.id, IVAN),
        ((IVAN, MARIA), None, None),
        ((IVAN, MARIA), MARIA.id, MARIA),
        ((IVAN, MARIA), CustomerId(9), None),
    ],
)
def test_whose_card_it_is(
    customers: tuple[Customer, ...], chosen: CustomerId | None, matched: Customer | None
) -> None:
    assert replace(tab(customer=chosen), view=view(ONE, *customers)).matched == matched


def test_a_line_of_today() -> None:
    line = TodayContact(ONE, 1, NOW, None, "", UNCLASSIFIED, 0)
    assert line.is_unclassified
    assert not replace(line, topic=TopicCode("a.b")).is_unclassified


@pytest.mark.parametrize(
    ("shown", "may"),
    [
        (replace(WAITING, can_take=True), True),
        (replace(desk(), untaken=view(TWO)), True),
        (WAITING, False),
        (desk(ringing=view(ONE)), False),
        (replace(desk(ringing=view(ONE)), can_take=True), False),
        (desk(), False),
    ],
)
def test_who_may_ask_for_a_card(shown: Desk, may: bool) -> None:
    assert shown.takes(TWO) is may


def test_a_card_that_nobody_saw_is_noted_once_and_known_of_later() -> None:
    known = desk(replace(NEW, view=KNOWN))
    missed = miss(known, TWO, Unpainted.hidden, NOW)
    card = MissedCard(
        TWO, NOW, Unpainted.hidden, "+79161234567", IVAN.id, "Ivan", QueueName("finance"), seen_at=None
    )
    assert missed.missed == (card,)
    assert miss(missed, TWO, Unpainted.no_page, UNTIL).missed == (
        replace(card, why=Unpainted.no_page, at=UNTIL),
    )
    assert miss(known, ONE, Unpainted.hidden, NOW) == known
    assert see(missed, ONE, UNTIL) == missed
    for which in (TWO, None):
        seen = see(missed, which, UNTIL)
        assert seen.missed == (replace(card, seen_at=UNTIL),)
        assert see(seen, which, NOW) == seen


def test_a_card_of_somebody_unknown_is_missed_by_its_number() -> None:
    [card] = miss(desk(NEW), TWO, Unpainted.unconfirmed, NOW).missed
    assert (card.customer, card.customer_name, card.number) == (None, "", "+79161234567")

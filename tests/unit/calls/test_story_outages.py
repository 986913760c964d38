"""Callers at an affected address: what the card shows, and what their contact is called."""

from __future__ import annotations

import pytest
from stories import ANNA, BLACKOUT, IVAN, Story, ref, routed, second

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import EndReason, Outcome

HEARD = f.IvrLeft(ref("c"), hung_up=True, outage_heard=True)


def affected() -> Story:
    story = Story()
    story.arrives("c")
    story.found(1, IVAN, outages=(BLACKOUT,))
    return story.at(10)


def test_he_heard_what_he_called_for() -> None:
    story = affected()
    story.tell(HEARD)
    story.hangs_up("c")
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.self_served, EndReason.completed)


def test_the_pbx_was_quicker_than_the_ivr() -> None:
    """His Hangup comes first: the contact waits a moment for the IVR's word."""
    story = affected()
    story.hangs_up("c")
    assert story.contacts == []
    story.at(10.2).tell(HEARD)
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.self_served, EndReason.completed)
    assert story.contact.ended_at == second(10)
    story.at(60)
    assert len(story.contacts) == 1


def test_the_ivr_says_nothing_after_the_hangup() -> None:
    """A daemon at its end, a call that fell back to the dialplan: the contact is there all the same."""
    story = affected()
    story.hangs_up("c")
    story.at(20)
    assert story.contact.outcome is Outcome.abandoned_ivr


@pytest.mark.parametrize("ivr_first", [True, False])
def test_he_did_not_stay_to_hear_it(ivr_first: bool) -> None:
    story = affected()
    left = f.IvrLeft(ref("c"), hung_up=True)
    hung_up = f.ChannelHungUp(ref("c"), 16)
    story.tell(*((left, hung_up) if ivr_first else (hung_up, left)))
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.abandoned_ivr, EndReason.cancelled)


def test_the_customer_base_is_slower_than_all() -> None:
    """The IVR had its answer before the card had."""
    story = Story()
    story.arrives("c")
    story.at(10).hangs_up("c")
    story.tell(HEARD)
    assert story.contacts == []
    story.at(11).found(1, IVAN, outages=(BLACKOUT,))
    assert (story.contact.outcome, story.contact.customer) == (Outcome.self_served, IVAN.id)


def test_he_wanted_more_than_to_hear_it() -> None:
    """He pressed on to a queue, and hung up before he was in it."""
    story = affected()
    story.tell(routed("c"), HEARD)
    story.hangs_up("c")
    assert story.contact.outcome is Outcome.abandoned_ivr


def test_he_heard_it_and_waited_for_an_operator() -> None:
    story = affected()
    story.chooses("c")
    story.waits("c")
    story.at(60).abandons("c")
    story.hangs_up("c", 0)
    assert story.contact.outcome is Outcome.abandoned_queue


def test_a_caller_who_is_not_affected_is_not_waited_for() -> None:
    story = Story()
    story.arrives("c")
    story.found(1, IVAN)
    story.at(10).hangs_up("c")
    assert story.contact.outcome is Outcome.abandoned_ivr


def test_band_and_card_show_the_outage() -> None:
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1, IVAN, outages=(BLACKOUT,))
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    assert [e.view.outages for e in story.all(do.ShowRinging)] == [(BLACKOUT,)]
    assert [e.view.outages for e in story.all(do.PopCard)] == [(BLACKOUT,)]


def test_the_outage_comes_after_the_card() -> None:
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    (update,) = story.found(1, IVAN, outages=(BLACKOUT,))
    assert isinstance(update, do.UpdateCard)
    assert update.view.outages == (BLACKOUT,)

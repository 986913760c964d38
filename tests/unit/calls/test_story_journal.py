"""Calls that ended while the link was away, whose end the dialplan wrote down: its word beats ``lost``."""

from __future__ import annotations

from typing import Any

import pytest
from stories import (
    ANNA,
    BORIS,
    FINANCE,
    IVAN,
    NUMBER,
    PBX,
    PHONES,
    Story,
    call_id,
    ref,
    row,
    second,
    snapshot,
    talking,
)
from traffic import Traffic, talking_directly

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import AgentState, EndReason, Interface, Outcome, Source


def written(seconds: int, caller: str = "c", **changes: Any) -> f.JournalRow:
    """He came at second 0 and was gone after ``seconds``."""
    values: dict[str, Any] = {
        "channel": ref(caller),
        "started_at": second(0),
        "number": NUMBER,
        "dialed_number": "500100",
        "queue": FINANCE,
        "queued_at": second(0),
        "member": None,
        "hold_seconds": None,
        "seconds": seconds,
        "cause": 16,
        "call": None,
    }
    return f.JournalRow(**(values | changes))


BY_ANNA: dict[str, Any] = {"member": PHONES[ANNA], "hold_seconds": 5}


def test_a_talk_that_ended_unseen() -> None:
    """Until second 31, says the journal; the link was back at second 60. She writes up from then on."""
    story = talking()
    effects = story.at(60).reconnects(journal=(written(31, **BY_ANNA),))
    contact = story.contact
    assert (contact.call, contact.source, contact.end_reason) == (
        call_id(1),
        Source.journal,
        EndReason.completed,
    )
    assert (contact.ended_at, contact.talk_ms, contact.answered_by) == (second(31), 26_000, ANNA)
    assert (contact.outcome, contact.hangup_cause) == (Outcome.answered, 16)
    assert [(end.login, end.talk_ms) for end in story.all(do.EndCard)] == [(ANNA, 26_000)]
    assert story.state(ANNA) is AgentState.wrap_up
    assert len([e for e in effects if isinstance(e, do.LogContact)]) == 1
    assert story.all(do.TellStep)[-1].reason is EndReason.completed
    assert not story.tracker.calls
    assert not story.tracker.mirror.channels


def test_the_journal_is_read_again() -> None:
    """Its row was not deleted yet when the link broke once more: nothing comes of it twice."""
    story = talking()
    story.at(60).reconnects(journal=(written(31, **BY_ANNA),))
    again = story.at(70).reconnects(epoch=3, journal=(written(31, **BY_ANNA),))
    assert not [e for e in again if isinstance(e, do.LogContact | do.EndCard | do.PopCard)]
    assert (len(story.contacts), len(story.all(do.EndCard))) == (1, 1)
    assert [told.event for told in story.tellings].count(do.StepEvent.ended) == 1


def test_he_gave_up_unseen() -> None:
    """Anna's phone rang when the link broke: neither she nor he is there any more."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1, IVAN)
    story.rings("c", ANNA, "a")
    story.at(60).reconnects(journal=(written(31),))
    contact = story.contact
    assert (contact.outcome, contact.end_reason) == (Outcome.abandoned_queue, EndReason.cancelled)
    assert (contact.wait_ms, contact.source, contact.customer) == (31_000, Source.journal, IVAN.id)
    assert (story.state(ANNA), story.agent(ANNA).missed) == (AgentState.ready, 0)


def test_somebody_else_took_him_unseen() -> None:
    """Two phones rang; Boris answered, talked and was done before the link was back."""
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.rings("c", BORIS, "b")
    story.at(60).reconnects(journal=(written(31, member=PHONES[BORIS], hold_seconds=5),))
    assert (story.contact.answered_by, story.contact.talk_ms) == (BORIS, 26_000)
    assert [ring.result for ring in story.contact.operators] == [
        EndReason.answered_elsewhere,
        EndReason.completed,
    ]
    assert story.pops == []
    assert {story.state(ANNA), story.state(BORIS)} == {AgentState.ready}


def test_a_card_that_came_with_the_ring_goes_with_the_call() -> None:
    story = Story(policy=PopPolicy(inbound=PopMoment.ringing)).on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.at(60).reconnects(journal=(written(31),))
    assert [drop.login for drop in story.all(do.DropCard)] == [ANNA]
    assert story.all(do.EndCard) == []


def test_the_base_is_still_asked_who_he_was() -> None:
    """The journal tells his end, and the contact waits for his name."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.at(60).reconnects(journal=(written(31),))
    assert story.contacts == []
    story.reconnects(epoch=3, journal=(written(31),))
    story.found(1, IVAN)
    assert (story.contact.customer, story.contact.source) == (IVAN.id, Source.journal)


def test_the_link_comes_back_too_late_for_the_customer_base() -> None:
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.at(60).reconnects(journal=(written(31),))
    story.at(90)
    assert (story.contact.customer, story.contact.source) == (None, Source.journal)


def test_a_direct_call_that_ended_unseen() -> None:
    """No queue was in it, and the row does not say who answered: what was seen before the gap stays."""
    story = talking_directly()
    story.at(60).reconnects(journal=(written(31, queue=None, queued_at=None),))
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, 26_000)
    assert (story.contact.queue, story.contact.outcome) == (None, Outcome.answered)
    assert story.steps()[-1] == "ended completed"


def test_two_operators_talked_with_him() -> None:
    """A conference of three ended unseen: each card ends once."""
    story = talking_directly()
    story.at(15).lifts("b", "102", dials="900")
    story.meet("bridge-c", "b")
    story.at(60).reconnects(journal=(written(31, queue=None, queued_at=None),))
    assert story.contact.talk_ms == 26_000
    assert [end.login for end in story.all(do.EndCard)] == [ANNA, BORIS]
    assert {story.state(ANNA), story.state(BORIS)} == {AgentState.wrap_up}


# --- rows that do not count


def test_a_row_of_somebody_who_lives() -> None:
    """Asterisk was restarted, and a new channel has the name of one in the journal: he talks on."""
    story = talking()
    living = (row("c", "PJSIP/trunk-c", bridge="bridge-c"), row("a", "PJSIP/101-a", bridge="bridge-c"))
    story.at(30).reconnects(channels=living, journal=(written(3, **BY_ANNA),))
    assert (story.contacts, story.state(ANNA)) == ([], AgentState.talking)
    story.at(35).talk_ends("c", "a")
    assert (story.contact.source, story.contact.talk_ms) == (Source.live, 30_000)


def test_a_row_of_nobody_we_know() -> None:
    """Such calls are recovered elsewhere; the floor has nothing to say of them."""
    story = Story().on_shift(ANNA)
    effects = story.reconnects(journal=(written(31, caller="stranger"),))
    assert not [e for e in effects if isinstance(e, do.LogContact | do.RememberCall)]


def test_a_row_of_an_operators_own_leg() -> None:
    """The handler runs on legs that the dialplan made, too: none of them ends the call."""
    story = talking()
    living = (row("c", "PJSIP/trunk-c", bridge="bridge-c"), row("a", "PJSIP/101-a", bridge="bridge-c"))
    story.at(30).reconnects(channels=living, journal=(written(3, caller="a"), written(3, caller="x")))
    assert (story.contacts, story.state(ANNA)) == ([], AgentState.talking)


@pytest.mark.parametrize("seconds", [0, 9999])
def test_a_clock_that_goes_wrong(seconds: int) -> None:
    """No call ends before what was seen of it, nor in times to come."""
    story = talking()
    story.at(60).reconnects(journal=(written(seconds, **BY_ANNA),))
    contact = story.contact
    assert second(5) <= contact.ended_at <= second(60)
    assert contact.talk_ms == (contact.ended_at - second(5)).total_seconds() * 1000


def test_a_phone_that_nobody_sits_at_answered() -> None:
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(60).reconnects(journal=(written(31, member=Interface("PJSIP/999"), hold_seconds=5),))
    assert (story.contact.outcome, story.contact.answered_by) == (Outcome.answered, None)
    assert story.contact.talk_ms == 26_000


def test_of_two_calls_only_one_is_in_the_journal() -> None:
    """The other one, which did not pass our dialplan to its end, is lost."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.talks()
    story.calls_in("d")
    story.rings_phone("d", "b", "102")
    story.at(10).takes("b", "d")
    story.at(60).tell(f.LinkUp(PBX, 2), snapshot(journal=(written(31, queue=None, queued_at=None),)))
    told = {contact.channel: (contact.source, contact.end_reason) for contact in story.contacts}
    assert told == {
        "c": (Source.journal, EndReason.completed),
        "d": (Source.live, EndReason.lost),
    }
    assert len(story.all(do.EndCard)) == 2

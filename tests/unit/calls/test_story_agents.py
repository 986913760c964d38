"""The working day of operators: states, pauses, wrap-up, and what the queues are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    PBX,
    PHONES,
    Story,
    call_id,
    connected,
    sign_in,
    talking,
    wrapping_up,
)

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules, WrongState
from callcore.calls.tracker import UnknownAgent
from callcore.domain import AgentState, Interface, PauseReason


def test_a_shift_begins_paused_and_ends_without_a_trace() -> None:
    """Her phone comes into her queues paused, is unpaused when she is ready, and goes at the end."""
    story = Story()
    story.tell(f.DeskOpened(ANNA))
    added = story.tell(sign_in(ANNA))
    assert [(type(e), getattr(e, "queue", "")) for e in added] == [
        (do.AddMember, FINANCE),
        (do.AddMember, EXPERT),
        (do.ShowAgent, ""),
    ]
    first = added[0]
    assert isinstance(first, do.AddMember)
    assert (first.paused, first.reason, first.name) == (True, "not_ready", "Anna")
    unpaused = story.at(1).tell(f.AgentBecameReady(ANNA))[0]
    assert isinstance(unpaused, do.PauseMember)
    assert (unpaused.queues, unpaused.paused, unpaused.reason) == ((FINANCE, EXPERT), False, "")
    assert story.tell(f.AgentBecameReady(ANNA)) == []
    removed = story.at(2).tell(f.AgentSignedOut(ANNA))
    assert [type(e) for e in removed] == [do.RemoveMember, do.RemoveMember, do.ShowAgent]
    assert story.all(do.ShowAgent)[-1].state is AgentState.offline
    assert story.tracker.agents == {}
    assert story.tracker.login_at(PBX, PHONES[ANNA]) is None


def test_the_same_day_twice_has_no_key_twice() -> None:
    """Executors drop a key that they have seen: the second shift's removal must not be dropped."""
    story = Story()
    for at in (0, 100):
        story.at(at).tell(sign_in(ANNA))
        story.at(at + 1).tell(f.AgentBecameReady(ANNA))
        story.at(at + 2).tell(f.AgentSignedOut(ANNA))
    keys = [e.key for e in story.effects]
    assert len(keys) == len(set(keys))


def test_a_shift_that_goes_on_after_a_restart() -> None:
    """She was ready when the daemon went down: her phone comes back unpaused."""
    story = Story()
    first = story.tell(sign_in(ANNA, state=AgentState.ready))[0]
    assert isinstance(first, do.AddMember)
    assert (first.paused, first.reason) == (False, "")


def test_who_is_not_on_shift_commands_nothing() -> None:
    """Commands of somebody unknown are refused by name, his pages are noted only."""
    story = Story()
    for command in (
        f.AgentBecameReady(ANNA),
        f.AgentPaused(ANNA, PauseReason.lunch),
        f.WrapUpDone(ANNA, call_id(1)),
        f.AgentSignedOut(ANNA),
    ):
        with pytest.raises(UnknownAgent):
            story.tell(command)
    assert story.tell(f.DeskOpened(ANNA), f.DeskClosed(ANNA)) == []


def test_a_phone_that_is_taken() -> None:
    """Neither a second shift nor somebody else's phone; also where a Local member is spelled with options."""
    story = Story().on_shift(ANNA)
    with pytest.raises(WrongState):
        story.tell(sign_in(ANNA))
    with pytest.raises(WrongState):
        story.tell(replace(sign_in(BORIS), interface=PHONES[ANNA]))
    story.tell(replace(sign_in(BORIS), interface=Interface("Local/102@agents/n")))
    assert story.tracker.login_at(PBX, Interface("Local/102@agents")) == BORIS


def test_nobody_leaves_while_a_call_rings_or_is_talked() -> None:
    """Signing out is refused during the ring and the talk; from the wrap-up it closes the card."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    with pytest.raises(WrongState):
        story.tell(f.AgentSignedOut(ANNA))
    story.answers("c", ANNA, "a")
    with pytest.raises(WrongState):
        story.tell(f.AgentSignedOut(ANNA))
    story.talk_ends("c", "a")
    story.found(1)
    assert type(story.tell(f.AgentSignedOut(ANNA))[0]) is do.CloseCard
    assert story.tracker.next_deadline() is None


# --- wrap-up


def test_wrap_up_ends_by_itself() -> None:
    """She does nothing: after thirty seconds her card is closed and her phone unpaused."""
    story = wrapping_up()
    assert story.is_paused_in_queue(ANNA) is True
    story.at(49.9)
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(50)
    assert story.state(ANNA) is AgentState.ready
    assert story.is_paused_in_queue(ANNA) is False
    assert [e.call for e in story.all(do.CloseCard)] == [call_id(1)]


def test_saved_while_still_talking() -> None:
    """She saves and closes before the caller hangs up: no wrap-up, she is ready at once."""
    story = talking()
    assert story.tell(f.WrapUpDone(ANNA, call_id(1))) == []
    story.at(20).talk_ends("c", "a")
    assert story.state(ANNA) is AgentState.ready
    assert len(story.all(do.CloseCard)) == 1
    story.comes_to_queue("d")
    story.rings("d", ANNA, "a2")
    story.answers("d", ANNA, "a2")
    story.talk_ends("d", "a2")
    assert story.state(ANNA) is AgentState.wrap_up


def test_without_a_wrap_up() -> None:
    """The setting is 0: ready as soon as the talk is over."""
    story = wrapping_up(AgentRules(wrap_up=timedelta()))
    assert story.state(ANNA) is AgentState.ready


def test_saved_what_is_not_on_the_desk() -> None:
    """Done with a call that is not hers, or long closed: nothing happens."""
    story = wrapping_up()
    assert story.tell(f.WrapUpDone(ANNA, call_id(9))) == []
    story.tell(f.WrapUpDone(ANNA, call_id(1)))
    assert story.tell(f.WrapUpDone(ANNA, call_id(1))) == []
    story.comes_to_queue("d")
    story.rings("d", ANNA, "a2")
    assert story.tell(f.WrapUpDone(ANNA, call_id(2))) == []


def test_ready_asked_in_wrap_up() -> None:
    """She has nothing more to do: the card closes and she is ready."""
    story = wrapping_up()
    assert [type(e) for e in story.tell(f.AgentBecameReady(ANNA))] == [
        do.CloseCard,
        do.PauseMember,
        do.ShowAgent,
    ]
    assert story.tracker.next_deadline() is None


def test_pause_asked_in_wrap_up() -> None:
    """She goes to lunch straight from the wrap-up: the member stays paused, with the new reason."""
    story = wrapping_up()
    effects = story.tell(f.AgentPaused(ANNA, PauseReason.lunch))
    assert [type(e) for e in effects] == [do.CloseCard, do.PauseMember, do.ShowAgent]
    pause = effects[1]
    assert isinstance(pause, do.PauseMember)
    assert (pause.paused, pause.reason) == (True, "lunch")


def test_pause_asked_while_talking() -> None:
    """It takes effect after the wrap-up; in between she may change her mind by being ready."""
    story = talking()
    [shown] = story.tell(f.AgentPaused(ANNA, PauseReason.lunch))
    assert isinstance(shown, do.ShowAgent)
    assert (shown.state, shown.pause_next) == (AgentState.talking, PauseReason.lunch)
    story.at(20).talk_ends("c", "a")
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(60)
    assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, PauseReason.lunch)
    assert story.is_paused_in_queue(ANNA) is True

    other = talking()
    other.tell(f.AgentPaused(ANNA, PauseReason.lunch))
    [shown] = other.tell(f.AgentBecameReady(ANNA))
    assert isinstance(shown, do.ShowAgent)
    assert shown.pause_next is None
    other.talk_ends("c", "a")
    other.at(60)
    assert other.state(ANNA) is AgentState.ready


def test_a_pause_that_was_overtaken_is_forgotten() -> None:
    """She asked for a pause while talking, then pressed ready in the wrap-up: the next call ends normally."""
    story = talking()
    story.tell(f.AgentPaused(ANNA, PauseReason.lunch))
    story.talk_ends("c", "a")
    story.tell(f.AgentBecameReady(ANNA))
    story.comes_to_queue("d")
    story.rings("d", ANNA, "a2")
    story.answers("d", ANNA, "a2")
    story.talk_ends("d", "a2")
    story.at(90)
    assert story.state(ANNA) is AgentState.ready


def test_pause_asked_while_the_phone_rings() -> None:
    """The ring goes on; if she lets it pass, she is paused."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    assert [type(e) for e in story.tell(f.AgentPaused(ANNA, PauseReason.rest))] == [do.ShowAgent]
    story.at(15).misses("c", ANNA)
    assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, PauseReason.rest)
    assert story.is_paused_in_queue(ANNA) is True


# --- rings at odd moments


def test_a_ring_in_wrap_up_does_not_take_the_card_away() -> None:
    """The queue was quicker than the pause: her phone rings, she writes on; missed, the wrap-up goes on."""
    story = wrapping_up()
    story.comes_to_queue("d")
    effects = story.at(25).rings("d", ANNA, "a2")
    assert [type(e) for e in effects] == [do.ShowRinging]
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(40).misses("d", ANNA)
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(50)
    assert story.state(ANNA) is AgentState.ready


def test_a_call_taken_in_wrap_up() -> None:
    """She picks up while writing: the new card is first, then the old one closes; its wrap-up is over."""
    story = wrapping_up()
    story.comes_to_queue("d")
    story.at(25).rings("d", ANNA, "a2")
    told = story.answers("d", ANNA, "a2")
    assert [type(e) for e in told] == [
        do.PopCard,
        do.HideRinging,
        do.CloseCard,
        do.PauseMember,
        do.ShowAgent,
    ]
    assert story.all(do.CloseCard)[-1].call == call_id(1)
    story.at(120)
    assert story.state(ANNA) is AgentState.talking


def test_a_ring_during_a_pause() -> None:
    """A queue that is not ours rings her phone at lunch: missed or taken, lunch goes on after it."""
    story = Story().on_shift(ANNA)
    story.tell(f.AgentPaused(ANNA, PauseReason.lunch))
    for nth in range(4):
        story.comes_to_queue(f"c{nth}")
        story.rings(f"c{nth}", ANNA, f"a{nth}")
        assert story.state(ANNA) is AgentState.ringing
        assert (story.agent(ANNA).is_available, story.agent(ANNA).queue_reason) == (False, "lunch")
        story.misses(f"c{nth}", ANNA)
        assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, PauseReason.lunch)
    story.comes_to_queue("d")
    story.rings("d", ANNA, "b")
    story.answers("d", ANNA, "b")
    story.at(10).talk_ends("d", "b")
    story.at(60)
    assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, PauseReason.lunch)
    assert story.is_paused_in_queue(ANNA) is True


def test_taken_during_a_pause_without_a_ring() -> None:
    """AgentCalled was lost, and she never was ready: after the call she is where she was."""
    story = Story()
    story.tell(sign_in(ANNA))
    story.comes_to_queue("c")
    story.tell(connected("c", ANNA, None))
    assert story.agent(ANNA).queue_reason == "call"
    story.hangs_up("c")
    story.at(60)
    assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, None)


def test_ready_asked_while_the_phone_rings_in_a_pause() -> None:
    """She ends her pause while the phone rings: the member is unpaused now, and stays so after a miss."""
    story = Story().on_shift(ANNA)
    story.tell(f.AgentPaused(ANNA, PauseReason.lunch))
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    assert [type(e) for e in story.tell(f.AgentBecameReady(ANNA))] == [do.PauseMember, do.ShowAgent]
    assert story.is_paused_in_queue(ANNA) is False
    assert story.tell(f.AgentBecameReady(ANNA)) == []
    story.misses("c", ANNA)
    assert story.state(ANNA) is AgentState.ready


def test_two_queues_ring_one_phone_at_once() -> None:
    """She takes the second; the first is withdrawn, and nothing of it sticks."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.comes_to_queue("d", EXPERT)
    story.rings("c", ANNA, "a1")
    story.rings("d", ANNA, "a2", EXPERT)
    story.at(3).answers("d", ANNA, "a2", EXPERT)
    story.hangs_up("a1", 0)
    story.misses("c", ANNA)
    assert (story.state(ANNA), story.agent(ANNA).call) == (AgentState.talking, call_id(2))
    story.talk_ends("d", "a2")
    assert story.agent(ANNA).call == call_id(2)
    story.at(60)
    assert story.state(ANNA) is AgentState.ready


@pytest.mark.parametrize("first_ends", ["c", "d"])
def test_two_calls_on_one_phone(first_ends: str) -> None:
    """She puts the first on hold and takes the second; whichever ends first, the wrap-up is for the last."""
    story = talking()
    story.comes_to_queue("d")
    story.rings("d", ANNA, "a2")
    effects = story.at(8).answers("d", ANNA, "a2")
    assert [type(e) for e in effects] == [do.PopCard, do.HideRinging, do.ShowAgent]
    assert story.tell(connected("c", ANNA, "a")) == []
    story.at(20).hangs_up(first_ends)
    assert story.state(ANNA) is AgentState.talking
    assert story.agent(ANNA).call == call_id(2 if first_ends == "c" else 1)
    assert [e.call for e in story.all(do.CloseCard)] == [call_id(1 if first_ends == "c" else 2)]
    story.at(30).hangs_up("d" if first_ends == "c" else "c")
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(90)
    assert story.state(ANNA) is AgentState.ready

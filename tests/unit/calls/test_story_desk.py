"""Missed rings, pages that close, and operators who are not there."""

from __future__ import annotations

from stories import (
    ANNA,
    Story,
    created,
    ref,
    second,
    sign_in,
    talking,
)

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules, CallReleased, RingMissed
from callcore.domain import AgentState, CallId, PauseReason

# --- missed rings


def miss(story: Story, nth: int) -> None:
    story.rings("c", ANNA, f"a{nth}")
    story.hangs_up(f"a{nth}", 21)
    story.misses("c", ANNA)


def test_three_missed_in_a_row() -> None:
    """Her phone rejects three times: she is paused with that reason, or it would be rung for ever."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    miss(story, 1)
    miss(story, 2)
    assert story.state(ANNA) is AgentState.ready
    miss(story, 3)
    assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, PauseReason.no_answer)
    assert story.is_paused_in_queue(ANNA) is True
    assert story.all(do.PauseMember)[-1].reason == "no_answer"
    story.tell(f.AgentBecameReady(ANNA))
    miss(story, 4)
    assert story.state(ANNA) is AgentState.ready


def test_answered_in_between_counts_anew() -> None:
    """Two missed, one taken, two missed: no pause."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    miss(story, 1)
    miss(story, 2)
    story.comes_to_queue("d")
    story.rings("d", ANNA, "b")
    story.answers("d", ANNA, "b")
    story.talk_ends("d", "b")
    story.at(60)
    miss(story, 3)
    miss(story, 4)
    assert story.state(ANNA) is AgentState.ready


def test_no_limit_for_missed_rings() -> None:
    """The setting is 0: never paused for it."""
    story = Story(AgentRules(missed_limit=0)).on_shift(ANNA)
    story.comes_to_queue("c")
    for nth in range(5):
        miss(story, nth)
    assert story.state(ANNA) is AgentState.ready


def test_the_third_miss_is_told_while_another_call_rings() -> None:
    """The queue's word for an old ring comes late: the phone that rings now is not interrupted."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.comes_to_queue("d")
    miss(story, 1)
    miss(story, 2)
    story.rings("c", ANNA, "a")
    story.hangs_up("a", 0)
    story.rings("d", ANNA, "b")
    story.misses("c", ANNA)
    assert story.state(ANNA) is AgentState.ringing
    story.hangs_up("b", 0)
    assert story.state(ANNA) is AgentState.paused


# --- the desk


def test_the_last_page_closes() -> None:
    """Thirty seconds without a page: paused as no_desk; a page that comes back does not make him ready."""
    story = Story().on_shift(ANNA)
    story.at(10).tell(f.DeskClosed(ANNA))
    story.at(20).tell(f.DeskClosed(ANNA))
    story.at(39.9)
    assert story.state(ANNA) is AgentState.ready
    story.at(40)
    assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, PauseReason.no_desk)
    story.tell(f.DeskOpened(ANNA))
    assert story.state(ANNA) is AgentState.paused
    story.tell(f.AgentBecameReady(ANNA))
    story.at(600)
    assert story.state(ANNA) is AgentState.ready


def test_a_reload_of_the_page() -> None:
    """The page is away for five seconds: nothing happens."""
    story = Story().on_shift(ANNA)
    story.at(10).tell(f.DeskClosed(ANNA))
    story.at(15).tell(f.DeskOpened(ANNA))
    story.at(600)
    assert story.state(ANNA) is AgentState.ready


def test_the_page_closes_while_talking() -> None:
    """The talk goes on, the wrap-up too; then she is not made ready for even a moment."""
    story = talking()
    story.tell(f.DeskClosed(ANNA))
    story.at(100)
    assert story.state(ANNA) is AgentState.talking
    story.talk_ends("c", "a")
    story.at(130)
    assert (story.state(ANNA), story.agent(ANNA).pause_reason) == (AgentState.paused, PauseReason.no_desk)
    assert all(e.paused for e in story.all(do.PauseMember)[1:])


def test_ready_by_a_program_without_a_page() -> None:
    """Nobody has a page open, but a command came: thirty seconds count from it."""
    story = Story()
    story.tell(sign_in(ANNA))
    story.at(100).tell(f.AgentBecameReady(ANNA))
    story.at(129)
    assert story.state(ANNA) is AgentState.ready
    story.at(130)
    assert story.agent(ANNA).pause_reason is PauseReason.no_desk


def test_a_page_that_was_open_before_the_shift() -> None:
    """She signs in on a page that is open already: she has a desk from the first moment."""
    story = Story().on_shift(ANNA)
    story.at(600)
    assert story.state(ANNA) is AgentState.ready


def test_what_is_told_of_agents_that_are_not_there() -> None:
    """News of a call for somebody who signed out meanwhile, or who is elsewhere, changes nothing."""
    story = Story()
    assert story.tracker.move_agent(ANNA, CallReleased(CallId("x")), second(0)) == []
    story.on_shift(ANNA)
    assert story.tracker.move_agent(ANNA, CallReleased(CallId("x")), second(0)) == []
    assert story.tracker.move_agent(ANNA, RingMissed(CallId("x"), is_his=False), second(0)) == []


def test_the_operator_signs_out_and_the_leg_goes_later() -> None:
    """In her wrap-up she signs out; the caller, still on the line, hangs up after that."""
    story = talking()
    story.at(10).hangs_up("a")
    story.tell(f.AgentSignedOut(ANNA))
    story.at(12).hangs_up("c")
    assert story.contact.answered_by == ANNA
    story.tell(created("z", "PJSIP/101-z"), f.ChannelHungUp(ref("z"), 16))
    assert story.tracker.agents == {}

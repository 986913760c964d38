"""Operators' legs in odd company: several at once, late, early, unknown."""

from __future__ import annotations

from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    PHONES,
    VERA,
    Story,
    call_id,
    connected,
    created,
    ref,
    second,
)
from tales import told

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import AgentState, EndReason, Outcome


def kinds(effects: list[do.Effect]) -> list[str]:
    shown = []
    for effect in effects:
        extra = ""
        if isinstance(effect, do.PauseMember):
            extra = f":{effect.paused}"
        elif isinstance(effect, do.ShowAgent):
            extra = f":{effect.state}"
        shown.append(type(effect).__name__ + extra)
    return shown


def test_talk_time_leaves_out_what_was_not_talk() -> None:
    """The operator's leg leaves the bridge for ten seconds (a consultation) and comes back."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(20).leaves_bridge("a", "c")
    story.at(30).tell(f.BridgeEntered(ref("a"), "bridge-c"))
    story.at(35).tell(f.BridgeEntered(ref("c"), "elsewhere"))  # taken out without a BridgeLeave
    story.at(50).talk_ends("c", "a")
    assert story.contact.talk_ms == 25_000
    assert story.pops == [(ANNA, call_id(1))]


def test_a_second_operator_joins() -> None:
    """Boris comes into the bridge over a leg of his own: he gets the card as well; talk is counted once."""
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(10).tell(created("b", "PJSIP/102-b"), f.BridgeEntered(ref("b"), "bridge-c"))
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(20).leaves_bridge("a", "c")
    story.hangs_up("a")
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.wrap_up, AgentState.talking)
    story.at(40).talk_ends("c", "b")
    assert story.state(BORIS) is AgentState.wrap_up
    assert (story.contact.talk_ms, story.contact.answered_by) == (40_000, ANNA)
    assert {e.login for e in story.all(do.EndCard)} == {ANNA, BORIS}


def test_one_queue_after_another() -> None:
    """Nobody answers in the first queue, the dialplan sends him to the second, which gives up, too."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(60).tell(f.QueueLeft(ref("c"), FINANCE))
    story.at(61).waits("c", EXPERT)
    assert story.tracker.calls[call_id(1)].queue == EXPERT
    story.at(70).rings("c", ANNA, "a", EXPERT)
    assert story.all(do.ShowRinging)[0].view.queue == EXPERT
    story.at(80).hangs_up("a", 0)
    story.misses("c", ANNA, EXPERT)
    story.at(100).tell(f.QueueLeft(ref("c"), EXPERT))
    story.at(101).hangs_up("c")
    contact = story.contact
    assert (contact.outcome, contact.end_reason) == (Outcome.timeout, EndReason.no_answer)
    assert (contact.queue, contact.wait_ms) == (EXPERT, 100_000)


def test_back_into_a_queue_after_our_own_redirect() -> None:
    """A redirect looks like an abandoned wait; he waits anew, and the second queue gives up."""
    story = Story()
    story.comes_to_queue("c")
    story.found(1)
    story.at(5).abandons("c")
    story.waits("c", EXPERT)
    story.at(65).tell(f.QueueLeft(ref("c"), EXPERT))
    story.hangs_up("c")
    assert story.contact.outcome is Outcome.timeout


def test_an_answered_caller_waits_again() -> None:
    """Anna sends him on into another queue; Boris' phone shows that queue, and both have the card."""
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(10).leaves_bridge("c", "c")
    story.leaves_bridge("a", "c")
    story.hangs_up("a")
    story.waits("c", EXPERT)
    story.at(20).rings("c", BORIS, "b", EXPERT)
    assert story.all(do.ShowRinging)[-1].view.queue == EXPERT
    story.at(21).answers("c", BORIS, "b", EXPERT)
    story.at(31).talk_ends("c", "b")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    assert (story.contact.talk_ms, story.contact.outcome) == (20_000, Outcome.answered)


def test_a_queue_that_announces_itself_in_the_middle_of_a_talk_is_not_believed() -> None:
    """QueueCallerJoin is repeated while they talk: he still talks."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.waits("c", EXPERT)
    assert story.tracker.calls[call_id(1)].queue == FINANCE


def test_through_a_local_member() -> None:
    """The leg that the queue knows is one half of a Local channel; the phone behind it is another channel."""
    story = told("through_local")
    assert story.pops == [(VERA, call_id(1))]
    assert story.state(VERA) is AgentState.wrap_up
    story.at(50)
    assert (story.contact.talk_ms, story.contact.outcome) == (30_000, Outcome.answered)


def test_connected_without_having_been_called() -> None:
    """AgentCalled was never heard: the ring is supplied, the card pops, the call ends as usual."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(5).tell(created("a", "PJSIP/101-a"))
    story.answers("c", ANNA, "a")
    story.at(15).talk_ends("c", "a")
    ring = do.Ring(ANNA, PHONES[ANNA], second(5), second(5), EndReason.completed)
    assert story.contact.operators == (ring,)
    assert story.pops == [(ANNA, call_id(1))]
    assert story.state(ANNA) is AgentState.wrap_up


def test_the_card_pops_at_the_bridge_when_the_queue_says_nothing() -> None:
    """AgentConnect is lost: the common bridge says the same; a late AgentConnect pops no more."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.tell(f.BridgeEntered(ref("c"), "x"))
    assert story.pops == []
    assert kinds(story.tell(f.BridgeEntered(ref("a"), "x")))[0] == "PopCard"
    story.tell(connected("c", ANNA, "a"))
    assert story.pops == [(ANNA, call_id(1))]


def test_a_phone_that_fails_before_the_queue_tells_of_it() -> None:
    """The leg's Hangup overtakes AgentCalled: the ring counts, is over at once, and is missed once."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(3).tell(created("a", "PJSIP/101-a"))
    story.hangs_up("a", 21)
    story.tell(f.AgentCalled(ref("c"), FINANCE, PHONES[ANNA], ref("a")))
    assert (story.state(ANNA), story.agent(ANNA).missed) == (AgentState.ready, 1)
    story.misses("c", ANNA)
    assert story.agent(ANNA).missed == 1
    story.abandons("c")
    story.hangs_up("c")
    assert [r.result for r in story.contact.operators] == [EndReason.rejected]
    assert not story.tracker.legs


def test_a_leg_that_ended_before_the_queue_says_connected() -> None:
    """Anna answers and hangs up at once, her Hangup overtakes AgentConnect: her wrap-up begins at once."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.hangs_up("a")
    story.tell(connected("c", ANNA, "a"))
    assert story.state(ANNA) is AgentState.wrap_up
    assert story.pops == [(ANNA, call_id(1))]


def test_agent_called_twice() -> None:
    """The same event twice is one ring."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    assert story.tell(f.AgentCalled(ref("c"), FINANCE, PHONES[ANNA], ref("a"))) == []
    assert story.tell(f.AgentCalled(ref("c"), FINANCE, PHONES[ANNA], ref("a-other"))) == []
    assert story.tracker.odd["agent_called_again"] == 1
    assert len(story.tracker.calls[call_id(1)].rings) == 1


def test_a_device_of_nobody() -> None:
    """A static member without an operator takes the call: no card, but the contact was answered."""
    story = Story()
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(9).talk_ends("c", "a")
    assert (story.pops, story.contact.answered_by) == ([], None)
    assert (story.contact.outcome, story.contact.talk_ms) == (Outcome.answered, 9000)
    assert story.contact.operators[0].interface == PHONES[ANNA]


def test_an_operator_who_signs_in_while_the_phone_rings() -> None:
    """The ring began without a name; who answers is who sits there now."""
    story = Story()
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.on_shift(ANNA)
    story.answers("c", ANNA, "a")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(5).leaves_bridge("a", "c")
    story.hangs_up("a")
    assert story.state(ANNA) is AgentState.wrap_up
    story.hangs_up("c")
    assert story.contact.operators[0].login == ANNA


def test_one_after_another() -> None:
    """Two calls in a row for one operator: two cards, two contacts, each with its own times."""
    story = told("one_after_another")
    assert story.pops == [(ANNA, call_id(1)), (ANNA, call_id(2))]
    assert [c.talk_ms for c in story.contacts] == [16_000, 23_000]

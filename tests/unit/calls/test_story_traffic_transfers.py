"""Calls that change hands by a transfer: blind, attended, blonde, redirect.

The orders of events are those that a real Asterisk sent.
"""

from __future__ import annotations

import pytest
from stories import ANNA, BORIS, EXPERT, FINANCE, NUMBER, PHONES, call_id, ref
from traffic import Traffic, assert_one_visit, talking_directly

from callcore.calls import facts as f
from callcore.domain import AgentState, Direction

TALK = ["dialing 101-a", "dial_ended 101-a completed", "answered 101-a"]
"""How Anna's talk with the customer began."""


@pytest.fixture
def story() -> Traffic:
    return talking_directly()


# --- blind


@pytest.mark.parametrize("refer", [False, True])
def test_blind_transfer(story: Traffic, refer: bool) -> None:
    """By AMI or by the phone's REFER: Anna is out at once, Boris' card opens when he is heard."""
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    if refer:
        story.over("a")
        story.part("bridge-c", "c")
    else:
        story.part("bridge-c", "c", "a")
        story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    assert story.pops == [(ANNA, call_id(1))]
    assert story.rung == {ANNA, BORIS}
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(20).takes("b", "c", bridge="second")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(40).over("c", "b", bridge="second")
    assert_one_visit(story, 30_000)
    assert story.steps() == [
        *TALK,
        "transferred blind by 101-a (102)",
        "dialing 102-b",
        "dial_ended 102-b completed",
        "answered 102-b",
        "ended completed",
    ]


def test_blind_transfer_that_nobody_takes(story: Traffic) -> None:
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    story.at(30).gives_up("b", 17, "BUSY")
    story.hangs_up("c", 17)
    assert story.pops == [(ANNA, call_id(1))]
    assert_one_visit(story, 10_000)
    assert story.steps()[3:] == [
        "transferred blind by 101-a (102)",
        "dialing 102-b",
        "dial_ended 102-b busy",
        "ended completed",
    ]


def test_blind_transfer_into_a_queue(story: Traffic) -> None:
    """The queue finds Boris; the contact keeps both."""
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "800"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.waits("c", EXPERT)
    story.rings("c", BORIS, "b", EXPERT)
    story.at(20).answers("c", BORIS, "b", EXPERT)
    story.at(40).talk_ends("c", "b")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    assert_one_visit(story, 30_000)


def test_blind_transfer_outwards_stays_the_same_call(story: Traffic) -> None:
    """Anna sends him to a mobile phone: nobody's card, still one contact."""
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "+79000000005"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_trunk("c", "t", "+79000000005")
    story.at(20).takes("t", "c", bridge="second")
    story.at(40).over("c", "t", bridge="second")
    story.at(200)
    assert story.pops == [(ANNA, call_id(1))]
    assert len(story.contacts) == 1
    assert (story.contact.answered_by, story.contact.direction) == (ANNA, Direction.inbound)
    assert "answered trunk-t" in story.steps()


# --- attended


def consult(story: Traffic) -> None:
    """Anna dials the feature code: the customer hears music, she waits for Boris in a bridge with one half of
    a Local channel, the other half rings him."""
    story.at(15).tell(f.PutOnHold(ref("a")))
    story.halves("l", "102@house", by="c")
    story.meet("asking", "l1")
    story.part("bridge-c", "a")
    story.meet("asking", "a")
    story.rings_phone("l2", "b", "102")


def agrees(story: Traffic) -> None:
    """Boris takes the consultation."""
    story.tell(f.ChannelAnswered(ref("b")), f.DialEnded(ref("b"), "ANSWER"))
    story.tell(f.ChannelAnswered(ref("l2")), f.ChannelAnswered(ref("l1")), f.DialEnded(ref("l1"), "ANSWER"))
    story.meet("inner", "b", "l2")


def lets_go(story: Traffic, target: str | None) -> None:
    """Anna hangs up: the half of the Local channel comes to the customer, then the transfer is told."""
    story.part("asking", "a")
    story.part("asking", "l1")
    story.meet("bridge-c", "l1")
    story.tell(f.AttendedTransferred(ref("a"), ref("a"), ref("c"), ref(target) if target else None))


@pytest.mark.parametrize("target", ["l1", None])
def test_attended_transfer_by_feature_code(story: Traffic, target: str | None) -> None:
    """While she asks Boris there is no card for him; there is when he hears the customer. Asterisk 16 names
    the target, 22 does not."""
    consult(story)
    story.at(18)
    agrees(story)
    assert story.pops == [(ANNA, call_id(1))]
    story.at(25)
    lets_go(story, target)
    story.hangs_up("a")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(55).over("c", "l1")
    story.over("l2", "b", bridge="inner")
    assert_one_visit(story, 40_000)
    steps = story.steps()
    assert [step for step in steps if step.startswith("transferred")] == [
        "transferred attended by 101-a 102-b"
    ]
    assert steps.count("answered 102-b") == 1
    assert steps[-1] == "ended completed"


def test_attended_transfer_called_off(story: Traffic) -> None:
    """Boris does not want him; Anna comes back and ends the talk herself."""
    consult(story)
    story.at(20).gives_up("b", 21, "BUSY")
    story.hangs_up("l2")
    story.hangs_up("l1")
    story.meet("bridge-c", "a")
    story.tell(f.TakenOffHold(ref("a")))
    story.at(40).over("c", "a")
    assert story.pops == [(ANNA, call_id(1))]
    assert_one_visit(story, 30_000)
    assert not any(step.startswith("transferred") for step in story.steps())


def ask_on_second_line(story: Traffic) -> None:
    """Anna's phone holds the customer and calls Boris on its second line."""
    story.at(15).tell(f.PutOnHold(ref("a")))
    story.lifts("a2", "101", dials="102")
    story.rings_phone("a2", "b", "102")


def test_attended_transfer_by_two_lines(story: Traffic) -> None:
    """The phone joins its two calls: from then on Boris' talk with Anna is part of the customer's call."""
    ask_on_second_line(story)
    story.at(18).takes("b", "a2", bridge="asking")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(25).tell(f.AttendedTransferred(ref("a"), ref("a2"), ref("c"), ref("b")))
    story.part("bridge-c", "c", "a")
    story.meet("asking", "c")
    story.part("asking", "a2")
    story.hangs_up("a")
    story.hangs_up("a2")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(55).over("c", "b", bridge="asking")
    story.at(200)
    assert_one_visit(story, 50_000)
    steps = story.steps()
    assert [step for step in steps if step.startswith("transferred")] == [
        "transferred attended by 101-a 102-b"
    ]
    assert steps[-2:] == ["answered 102-b", "ended completed"]


def test_a_question_to_a_colleague_alone_pops_nothing(story: Traffic) -> None:
    """She asks Boris and comes back: his phone rang for her, not for the customer."""
    ask_on_second_line(story)
    story.at(18).takes("b", "a2", bridge="asking")
    story.at(25).over("b", "a2", bridge="asking")
    story.tell(f.TakenOffHold(ref("a")))
    story.at(45).over("c", "a")
    story.at(200)
    assert story.pops == [(ANNA, call_id(1))]
    assert_one_visit(story, 40_000)


def test_blonde_transfer(story: Traffic) -> None:
    """Anna hangs up while Boris' phone still rings: the word of the transfer comes before his answer, and it
    names neither the target nor the application; her own Hangup comes last."""
    consult(story)
    story.at(18)
    lets_go(story, None)
    assert story.pops == [(ANNA, call_id(1))]
    story.at(22)
    agrees(story)
    story.hangs_up("a")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(52).over("c", "l1")
    story.over("l2", "b", bridge="inner")
    assert_one_visit(story, 40_000)
    steps = story.steps()
    assert [step for step in steps if step.startswith("transferred")] == ["transferred blonde by 101-a 102-b"]
    assert steps[-3:] == ["dial_ended 102-b completed", "answered 102-b", "ended completed"]


def test_attended_transfer_by_refer(story: Traffic) -> None:
    """The phone joins its two calls by REFER with Replaces: the customer takes her place in the other bridge
    before the word of the transfer comes, and that names neither him nor Boris."""
    ask_on_second_line(story)
    story.at(18).takes("b", "a2", bridge="asking")
    story.at(25).part("bridge-c", "c")
    story.part("asking", "a2")
    story.meet("asking", "c")
    story.tell(f.AttendedTransferred(ref("a"), ref("a2"), None, None))
    story.part("bridge-c", "a")
    story.hangs_up("a2")
    story.hangs_up("a")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(55).over("b", "c", bridge="asking")
    story.at(200)
    assert_one_visit(story, 50_000)
    steps = story.steps()
    assert [step for step in steps if step.startswith("transferred")] == [
        "transferred attended by 101-a 102-b"
    ]
    assert steps[-1] == "ended completed"
    assert steps.count("answered 102-b") == 1
    assert story.is_at_rest()


def test_attended_transfer_by_refer_in_the_moment_of_the_answer(story: Traffic) -> None:
    """The customer slips into the other bridge unseen: the word of the transfer alone names it."""
    ask_on_second_line(story)
    story.at(18).tell(
        f.ChannelAnswered(ref("b")), f.DialEnded(ref("b"), "ANSWER"), f.ChannelAnswered(ref("a2"))
    )
    story.meet("asking", "b")
    told = f.AttendedTransferred(ref("a"), ref("a2"), ref("c"), ref("b"), bridge="asking")
    story.tell(told)
    story.part("bridge-c", "a", "c")
    story.hangs_up("a2")
    story.hangs_up("a")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(48).over("b", "c", bridge="asking")
    story.at(200)
    assert_one_visit(story, 43_000)
    assert [step for step in story.steps() if step.startswith("transferred")] == [
        "transferred attended by 101-a 102-b"
    ]
    assert story.is_at_rest()


def let_go_while_it_rings(story: Traffic, customer: str, rung: str) -> None:
    """REFER with Replaces to a leg that still rings: the Dial goes over to the customer's channel."""
    story.tell(f.AttendedTransferred(ref("a"), ref("a2"), ref(customer), None, to_application=True))
    story.part(f"bridge-{'c' if customer == 'c' else 'a'}", "a", customer)
    story.tell(f.DialEnded(ref(rung), "NOANSWER"))
    story.dial(customer, rung, "102")
    story.hangs_up("a2")
    story.hangs_up("a")


@pytest.mark.parametrize("local", [False, True])
def test_blonde_transfer_by_refer(story: Traffic, local: bool) -> None:
    story.at(15).lifts("a2", "101", dials="102")
    if local:
        story.halves("l", "102@house", by="a2")
        story.dial("a2", "l1", "102")
        story.rings_phone("l2", "b", "102")
    else:
        story.rings_phone("a2", "b", "102")
    story.at(18)
    let_go_while_it_rings(story, "c", "l1" if local else "b")
    assert story.pops == [(ANNA, call_id(1))]
    assert story.state(ANNA) is AgentState.wrap_up
    if local:
        story.at(22).takes("b", "l2", bridge="inner")
        story.takes("l1", "c", bridge="second")
        story.over("l1", bridge="second")
        story.part("inner", "l2")
        story.meet("inner", "c")
        story.hangs_up("l2")
    else:
        story.at(22).takes("b", "c", bridge="inner")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(52).over("c", "b", bridge="inner")
    story.at(200)
    assert_one_visit(story, 43_000)
    steps = story.steps()
    assert [step for step in steps if step.startswith("transferred")] == ["transferred blonde by 101-a 102-b"]
    assert steps[-3:] == ["dial_ended 102-b completed", "answered 102-b", "ended completed"]
    assert story.is_at_rest()


def test_blonde_transfer_that_is_rejected(story: Traffic) -> None:
    story.at(15).lifts("a2", "101", dials="102")
    story.rings_phone("a2", "b", "102")
    story.at(18)
    let_go_while_it_rings(story, "c", "b")
    story.at(20).gives_up("b", 17, "BUSY")
    story.hangs_up("c", 17)
    story.at(200)
    assert story.pops == [(ANNA, call_id(1))]
    assert_one_visit(story, 13_000)
    assert story.steps()[-2:] == ["dial_ended 102-b busy", "ended completed"]
    assert story.is_at_rest()


def test_a_customer_whom_she_called_is_transferred_blonde() -> None:
    """Anna called him; when she is gone, the call goes on with him, and Boris gets the card."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.lifts("a", "101", dials=NUMBER)
    story.rings_trunk("a", "t", NUMBER)
    story.at(5).takes("t", "a")
    story.at(15).lifts("a2", "101", dials="102")
    story.rings_phone("a2", "b", "102")
    story.at(18)
    let_go_while_it_rings(story, "t", "b")
    assert story.contacts == []
    story.at(22).takes("b", "t", bridge="second")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(52).over("t", "b", bridge="second")
    story.at(200)
    assert len(story.contacts) == 1
    assert (story.contact.direction, story.contact.caller_number) == (Direction.outbound, NUMBER)
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, 43_000)
    steps = story.steps()
    assert [step for step in steps if step.startswith("transferred")] == ["transferred blonde by 101-a 102-b"]
    assert steps[-1] == "ended completed"
    assert story.is_at_rest()


def test_redirect(story: Traffic) -> None:
    """Somebody redirects the customer by AMI: he leaves the bridge, and Boris is rung from his channel."""
    story.at(15).part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    story.at(20).takes("b", "c", bridge="second")
    story.at(40).over("c", "b", bridge="second")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    assert_one_visit(story, 30_000)
    assert [step for step in story.steps() if step.startswith("transferred")] == [
        "transferred redirect 102-b"
    ]


def test_a_queue_call_transferred_to_a_direct_phone() -> None:
    """From queue to Anna, blindly on to Boris: the contact keeps the queue and both operators."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    story.names["c"], story.numbers["c"], story.linked["c"] = "PJSIP/trunk-c", NUMBER, "c"
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    story.at(20).takes("b", "c", bridge="second")
    story.at(40).over("c", "b", bridge="second")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    assert (story.contact.queue, story.contact.answered_by, story.contact.talk_ms) == (FINANCE, ANNA, 30_000)


# --- further away


def test_a_colleague_is_handed_on() -> None:
    """Boris called Anna, and she sends him to Vera's place: still within the house, still no card."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.lifts("b", "102", dials="101")
    story.rings_phone("b", "a", "101")
    story.at(3).takes("a", "b")
    story.at(9).tell(f.BlindTransferred(ref("b"), ref("a"), "105"))
    story.part("bridge-b", "a", "b")
    story.hangs_up("b")
    assert set(story.tracker.by_channel) == {ref("a")}
    story.rings_phone("a", "x", "105")
    story.at(12).takes("x", "a", bridge="second")
    story.at(30).over("a", "x", bridge="second")
    story.at(200)
    assert (story.pops, story.contacts) == ([], [])
    assert story.steps()[-3:] == ["dial_ended 105-x completed", "answered 105-x", "ended completed"]
    assert story.is_at_rest()


def test_attended_transfer_outwards(story: Traffic) -> None:
    """She asks somebody by a mobile phone, and joins the two: each of her calls keeps its own contact."""
    story.at(15).tell(f.PutOnHold(ref("a")))
    story.lifts("a2", "101", dials="+79000000005")
    story.rings_trunk("a2", "t", "+79000000005")
    story.at(20).takes("t", "a2", bridge="asking")
    story.at(25).tell(f.AttendedTransferred(ref("a"), ref("a2"), ref("c"), ref("t")))
    story.part("bridge-c", "c", "a")
    story.meet("asking", "c")
    story.part("asking", "a2")
    story.hangs_up("a")
    story.hangs_up("a2")
    story.at(55).over("c", "t", bridge="asking")
    story.at(200)
    told = {
        contact.caller_number: (contact.direction, contact.answered_by, contact.talk_ms)
        for contact in story.contacts
    }
    assert told == {
        NUMBER: (Direction.inbound, ANNA, 20_000),
        "+79000000005": (Direction.outbound, ANNA, 5_000),
    }
    assert story.pops == [(ANNA, call_id(1)), (ANNA, call_id(2))]
    assert story.is_at_rest()


def test_a_colleague_is_asked_through_a_queue(story: Traffic) -> None:
    """She calls the experts on her second line and lets go while they ring; the queue named a channel of
    which nothing was seen. The customer's call goes on, with what is there."""
    story.at(15).lifts("a2", "101", dials="800")
    story.tell(f.QueueJoined(ref("a2"), EXPERT, 1, "101", None))
    story.tell(f.AgentCalled(ref("a2"), EXPERT, PHONES[BORIS], ref("ghost")))
    story.at(18).tell(f.AttendedTransferred(ref("a"), ref("a2"), ref("c"), None, to_application=True))
    story.part("bridge-c", "a", "c")
    story.hangs_up("a2")
    story.hangs_up("a")
    assert [call.channel for call in story.tracker.calls.values()] == [ref("c")]
    assert "transferred blonde by 101-a" in story.steps()
    assert story.state(BORIS) is AgentState.ready
    story.at(30).hangs_up("c")
    story.at(200)
    assert {contact.direction for contact in story.contacts} == {Direction.inbound, Direction.internal}
    assert story.is_at_rest()

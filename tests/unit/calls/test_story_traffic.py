"""Calls of any kind: direct, by groups, from phone to phone, outwards; whose card opens, and when."""

from __future__ import annotations

import pytest
from stories import ANNA, BORIS, FINANCE, NUMBER, call_id, connected, joined, ref, second
from traffic import Traffic

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import Direction, EndReason, Interface, Outcome

OTHER = "+79007654321"


def on_shift() -> Traffic:
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    return story


def test_direct_dial() -> None:
    """The card opens when the two hear each other, not when the phone is lifted."""
    story = on_shift()
    story.calls_in("c")
    story.at(1).rings_phone("c", "a", "101")
    assert (story.rung, story.pops) == ({ANNA}, [])
    story.at(6).tell(
        f.ChannelAnswered(ref("a")), f.DialEnded(ref("a"), "ANSWER"), f.ChannelAnswered(ref("c"))
    )
    assert story.pops == []
    story.meet("b", "a", "c")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(66).over("c", "a", bridge="b")
    contact = story.contact
    assert (contact.direction, contact.caller_number) == (Direction.inbound, NUMBER)
    assert (contact.answered_by, contact.talk_ms, contact.answered_at) == (ANNA, 60_000, second(6))
    assert contact.end_reason is EndReason.completed
    assert story.steps() == [
        "dialing 101-a",
        "dial_ended 101-a completed",
        "answered 101-a",
        "ended completed",
    ]
    assert story.all(do.TellStep)[0].caller == do.Party("PJSIP/trunk-c", NUMBER)


@pytest.mark.parametrize(
    ("cause", "status", "reason"),
    [
        (17, "BUSY", EndReason.busy),
        (21, "BUSY", EndReason.rejected),
        (0, "NOANSWER", EndReason.no_answer),
        (19, "NOANSWER", EndReason.no_answer),
        (1, "CONGESTION", EndReason.failed),
    ],
)
def test_nobody_takes_a_direct_call(cause: int, status: str, reason: EndReason) -> None:
    """A missed call is written down, with the reason of its only ring."""
    story = on_shift()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.at(20).gives_up("a", cause, status)
    story.hangs_up("c", 16)
    assert story.pops == []
    assert story.contact.operators[0].result is reason
    assert story.steps() == ["dialing 101-a", f"dial_ended 101-a {reason}", f"ended {reason}"]


def test_the_caller_hangs_up_while_it_rings() -> None:
    story = on_shift()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.at(9).gives_up("a", 16, "CANCEL")
    story.hangs_up("c", 0)
    assert story.pops == []
    assert story.contact.operators[0].result is EndReason.cancelled
    assert story.steps() == ["dialing 101-a", "dial_ended 101-a cancelled", "ended cancelled"]


@pytest.mark.parametrize("loser_first", [True, False])
def test_ring_group(loser_first: bool) -> None:
    """Both phones ring, Boris is quicker; the losers' end comes before or after the winner's talk."""
    story = on_shift()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.rings_phone("c", "b", "102")
    assert story.rung == {ANNA, BORIS}
    story.at(4)
    if loser_first:
        story.gives_up("a", 26, "CANCEL")
    story.takes("b", "c")
    if not loser_first:
        story.gives_up("a", 26, "CANCEL")
    assert story.pops == [(BORIS, call_id(1))]
    story.at(34).over("c", "b")
    assert (story.contact.answered_by, story.contact.talk_ms) == (BORIS, 30_000)
    assert sorted(story.steps()) == [
        "answered 102-b",
        "dial_ended 101-a answered_elsewhere",
        "dial_ended 102-b completed",
        "dialing 101-a 102-b",
        "ended completed",
    ]


def test_hunting_one_after_the_other() -> None:
    story = on_shift()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.at(15).gives_up("a", 0, "NOANSWER")
    story.rings_phone("c", "b", "102")
    story.at(18).takes("b", "c")
    story.at(28).over("c", "b")
    assert story.pops == [(BORIS, call_id(1))]
    assert story.steps() == [
        "dialing 101-a",
        "dial_ended 101-a no_answer",
        "dialing 102-b",
        "dial_ended 102-b completed",
        "answered 102-b",
        "ended completed",
    ]


def test_operator_to_operator() -> None:
    """Colleagues talk: no card, no contact, but the story is told."""
    story = on_shift()
    story.lifts("a", "101", dials="102")
    story.rings_phone("a", "b", "102")
    story.at(3).takes("b", "a")
    story.at(60).over("a", "b", bridge="bridge-a")
    story.at(200)
    assert (story.pops, story.contacts, story.all(do.LookUpCustomers)) == ([], [], [])
    assert story.steps() == [
        "dialing 102-b",
        "dial_ended 102-b completed",
        "answered 102-b",
        "ended completed",
    ]


def test_a_phone_of_nobody_on_shift_is_a_phone_of_the_house() -> None:
    """105 and 106 belong to nobody here, but each shows its own short number: no card, no contact."""
    story = on_shift()
    story.lifts("x", "105", dials="106")
    story.rings_phone("x", "y", "106")
    story.at(3).takes("y", "x")
    story.at(60).over("x", "y", bridge="bridge-x")
    story.at(200)
    assert (story.pops, story.contacts) == ([], [])


def test_outbound_by_an_operator() -> None:
    """Anna calls a customer: his card opens for her when he answers; the contact says whom she called."""
    story = on_shift()
    story.lifts("a", "101", dials=NUMBER)
    story.rings_trunk("a", "t", NUMBER)
    assert story.pops == []
    story.at(8).takes("t", "a")
    assert story.pops == [(ANNA, call_id(1))]
    assert story.all(do.PopCard)[0].view.caller_number == NUMBER
    story.at(38).over("a", "t", bridge="bridge-a")
    story.at(200)
    contact = story.contact
    assert (contact.direction, contact.caller_number) == (Direction.outbound, NUMBER)
    assert (contact.talk_ms, contact.answered_by) == (30_000, ANNA)
    assert story.steps() == [
        "dialing trunk-t",
        "dial_ended trunk-t completed",
        "answered trunk-t",
        "ended completed",
    ]


def test_outbound_that_nobody_answers() -> None:
    story = on_shift()
    story.lifts("a", "101", dials=NUMBER)
    story.rings_trunk("a", "t", NUMBER)
    story.at(30).gives_up("t", 17, "BUSY")
    story.hangs_up("a", 17)
    story.at(200)
    assert story.pops == []
    assert (story.contact.direction, story.contact.talk_ms) == (Direction.outbound, 0)
    assert story.steps() == ["dialing trunk-t", "dial_ended trunk-t busy", "ended busy"]


def test_originate_rings_both_legs() -> None:
    """An AMI client rings Anna's phone; once she has lifted it, the dialplan rings the customer."""
    story = on_shift()
    story.rings_phone(None, "a", "101")
    story.at(3).tell(f.ChannelAnswered(ref("a")), f.DialEnded(ref("a"), "ANSWER"))
    story.rings_trunk("a", "t", NUMBER)
    assert story.pops == []
    story.at(9).takes("t", "a")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(19).over("t", "a", bridge="bridge-a")
    story.at(200)
    assert (story.contact.direction, story.contact.talk_ms) == (Direction.outbound, 10_000)


def test_originate_through_a_local_channel() -> None:
    """An AMI client has the dialplan ring Anna; the wire itself is nobody whom a phone rings for."""
    story = on_shift()
    story.appears("l1", "Local/101@house", half=";1")
    story.appears("l2", "Local/101@house", by="l1", half=";2")
    story.dial(None, "l1", None)
    assert story.steps() == []
    story.rings_phone("l2", "a", "101")
    assert story.steps() == []
    story.at(1).gives_up("a", 17, "BUSY")
    story.hangs_up("l2")
    story.hangs_up("l1", 17)
    story.at(200)
    assert story.pops == []
    assert story.is_at_rest()


def test_local_channel_that_stays() -> None:
    """Dial(Local/101@agents/n): a wire between the caller and Anna's phone, and nobody's leg."""
    story = on_shift()
    story.calls_in("c")
    story.halves("l", "101@agents", by="c")
    story.dial("c", "l1", None)
    story.rings_phone("l2", "a", "101")
    assert story.rung == {ANNA}
    story.at(5).takes("a", "l2", bridge="inner")
    assert story.pops == []
    story.takes("l1", "c")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(35).over("c", "l1")
    story.over("l2", "a", bridge="inner")
    assert (story.contact.talk_ms, story.contact.answered_by) == (30_000, ANNA)
    assert story.steps() == [
        "dialing 101-a",
        "dial_ended 101-a completed",
        "answered 101-a",
        "ended completed",
    ]


def test_local_channel_that_optimises_itself_away() -> None:
    """Without /n the wire goes as soon as both ends talk, and the phone comes into the caller's bridge."""
    story = on_shift()
    story.calls_in("c")
    story.halves("l", "101@agents", by="c")
    story.dial("c", "l1", None)
    story.rings_phone("l2", "a", "101")
    story.at(5).takes("a", "l2", bridge="inner")
    story.takes("l1", "c")
    story.part("inner", "a")
    story.meet("bridge-c", "a")
    story.over("l1")
    story.over("l2", bridge="inner")
    story.at(35).over("c", "a")
    assert story.pops == [(ANNA, call_id(1))]
    assert (story.contact.talk_ms, story.contact.answered_by) == (30_000, ANNA)
    assert story.steps() == [
        "dialing 101-a",
        "dial_ended 101-a completed",
        "answered 101-a",
        "ended completed",
    ]


def test_hold_and_resume() -> None:
    story = on_shift().talks()
    story.at(10).tell(f.PutOnHold(ref("a")))
    story.at(20).tell(f.TakenOffHold(ref("a")))
    story.at(30).over("c", "a")
    assert story.pops == [(ANNA, call_id(1))]
    assert len(story.contacts) == 1
    assert story.steps()[3:] == ["held by 101-a", "resumed by 101-a", "ended completed"]


def test_an_operator_with_two_phones() -> None:
    """Both of Anna's phones ring, she takes the other one: it is hers as well, and one card opens."""
    story = Traffic().has_two_phones()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.rings_phone("c", "d", "201")
    assert story.rung == {ANNA}
    story.at(4).takes("d", "c")
    story.gives_up("a", 26, "CANCEL")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(34).over("c", "d")
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, 30_000)
    assert story.agent(ANNA).missed == 0


def test_two_calls_of_one_number_in_the_same_second() -> None:
    story = on_shift()
    for caller, leg, extension in (("c", "a", "101"), ("d", "b", "102")):
        story.calls_in(caller)
        story.rings_phone(caller, leg, extension)
    story.at(3).takes("b", "d")
    story.takes("a", "c")
    assert story.pops == [(BORIS, call_id(2)), (ANNA, call_id(1))]
    story.at(10).over("c", "a")
    story.at(20).over("d", "b", bridge="bridge-d")
    told = {contact.channel: (contact.answered_by, contact.talk_ms) for contact in story.contacts}
    assert told == {"c": (ANNA, 7_000), "d": (BORIS, 17_000)}


@pytest.mark.parametrize("number", [None, "anonymous", "8 (916) 123-45-67", "79161234567/1", "112", "+" * 60])
def test_numbers_in_any_dress(number: str | None) -> None:
    """Whatever stands in the caller's number, he comes over the trunk, and his card opens."""
    story = on_shift()
    story.calls_in("c", number)
    story.rings_phone("c", "a", "101")
    story.at(5).takes("a", "c")
    story.at(10).over("c", "a")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(200)
    assert story.contact.caller_number_raw == (number or "")


def test_a_queue_call_is_told_like_any_other() -> None:
    """The events of queue and dial tell one call: one card, one contact, one line of steps."""
    story = on_shift()
    story.calls_in("c")
    story.tell(joined("c"))
    story.at(2).appears("a", "PJSIP/101", by="c")
    story.tell(f.AgentCalled(ref("c"), FINANCE, Interface("PJSIP/101"), ref("a")))
    story.dial("c", "a", "101")
    story.at(6).tell(
        f.ChannelAnswered(ref("a")), f.DialEnded(ref("a"), "ANSWER"), f.QueueLeft(ref("c"), FINANCE)
    )
    story.tell(connected("c", ANNA, "a"))
    story.meet("bridge-c", "a", "c")
    story.at(36).over("c", "a")
    assert story.pops == [(ANNA, call_id(1))]
    assert (story.contact.queue, story.contact.answered_by, story.contact.talk_ms) == (FINANCE, ANNA, 30_000)
    assert story.steps() == [
        "dialing 101-a",
        "dial_ended 101-a completed",
        "answered 101-a",
        "ended completed",
    ]


def test_a_queue_gives_up_a_phone_and_says_so_twice() -> None:
    """It tells NOANSWER, and CANCEL right after it: the operator did not answer, nobody cancelled."""
    story = on_shift()
    story.calls_in("c")
    story.tell(joined("c"))
    story.at(2).appears("a", "PJSIP/101", by="c")
    story.tell(f.AgentCalled(ref("c"), FINANCE, Interface("PJSIP/101"), ref("a")))
    story.dial("c", "a", "101")
    story.at(17).misses("c", ANNA)
    story.tell(f.DialEnded(ref("a"), "NOANSWER"))
    story.gives_up("a", 0, "CANCEL")
    story.at(20).abandons("c")
    story.hangs_up("c", 0)
    assert story.contact.operators[0].result is EndReason.no_answer
    assert story.steps() == ["dialing 101-a", "dial_ended 101-a no_answer", "ended cancelled"]


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        ("NOANSWER", Outcome.timeout, EndReason.no_answer),
        ("BUSY", Outcome.failed, EndReason.busy),
        ("CANCEL", Outcome.abandoned_ringing, EndReason.cancelled),
    ],
)
def test_the_caller_s_hangup_overtakes_that_of_the_phone(
    status: str, outcome: Outcome, reason: EndReason
) -> None:
    """Dial is over: whose Hangup comes first says nothing of who gave up."""
    story = Traffic()
    story.on_shift(ANNA)
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.found(1)
    story.at(15).tell(f.DialEnded(ref("a"), status))
    story.hangs_up("c", 16)
    story.hangs_up("a", 0)
    assert (story.contact.outcome, story.contact.end_reason) == (outcome, reason)
    assert story.steps() == ["dialing 101-a", f"dial_ended 101-a {reason}", f"ended {reason}"]
    assert story.is_at_rest()

"""Calls that change hands without a transfer: pickup, forward, parking, conference."""

from __future__ import annotations

import pytest
from stories import ANNA, BORIS, call_id, ref
from traffic import Traffic, assert_one_visit, talking_directly

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import AgentState

TALK = ["dialing 101-a", "dial_ended 101-a completed", "answered 101-a"]
"""How Anna's talk with the customer began."""


@pytest.fixture
def story() -> Traffic:
    return talking_directly()


# --- pickup and forward


def test_pickup() -> None:
    """The call rings at Boris' phone, Anna takes it at hers by *8: it is hers, and no miss of his."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.calls_in("c")
    story.rings_phone("c", "b", "102")
    story.at(4).lifts("p", "101", dials="*8")
    story.tell(f.ChannelAnswered(ref("p")), f.DialEnded(ref("p"), "ANSWER"))
    story.hangs_up("b", 26)
    story.tell(f.ChannelAnswered(ref("c")))
    story.meet("bridge-c", "p", "c")
    assert story.pops == [(ANNA, call_id(1))]
    story.at(34).over("c", "p")
    story.at(200)
    assert len(story.contacts) == 1
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, 30_000)
    assert story.agent(BORIS).missed == 0
    assert story.steps() == [
        "dialing 102-b",
        "dial_ended 102-b answered_elsewhere",
        "answered 101-p",
        "ended completed",
    ]


def test_pickup_that_is_told_as_a_dial() -> None:
    """Asterisk 13 tells a DialBegin to the one who picks up; he does not ring, he talks already."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.calls_in("c")
    story.rings_phone("c", "b", "102")
    story.at(4).lifts("p", "101", dials="*8")
    story.tell(f.ChannelAnswered(ref("p")), f.DialEnded(ref("b"), "CANCEL"))
    story.dial("c", "p", "101")
    story.tell(f.DialEnded(ref("p"), "ANSWER"))
    story.hangs_up("b", 26)
    story.tell(f.ChannelAnswered(ref("c")))
    story.meet("bridge-c", "p", "c")
    story.at(34).over("c", "p")
    story.at(200)
    assert story.pops == [(ANNA, call_id(1))]
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, 30_000)
    assert story.steps() == [
        "dialing 102-b",
        "dial_ended 102-b answered_elsewhere",
        "answered 101-p",
        "ended completed",
    ]


def test_pickup_of_a_colleague_who_is_no_operator() -> None:
    """It rings at the store room; Anna takes it: her card opens, and the call has its contact."""
    story = Traffic()
    story.on_shift(ANNA)
    story.calls_in("c")
    story.rings_phone("c", "x", "105")
    story.at(4).lifts("p", "101", dials="*8")
    story.tell(f.ChannelAnswered(ref("p")))
    story.hangs_up("x", 26)
    story.meet("bridge-c", "p", "c")
    assert story.pops == [(ANNA, call_id(1))]
    assert len(story.all(do.RememberCall)) == 1
    story.at(34).over("c", "p")
    story.at(200)
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, 30_000)


def test_forward() -> None:
    """Anna's phone sends its calls on to Boris': his card opens, not hers."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.halves("l", "102@house", by="c")
    story.gives_up("a", 23)
    story.dial("c", "l1", "102")
    story.at(1).rings_phone("l2", "b", "102")
    story.at(5).takes("b", "l2", bridge="inner")
    story.takes("l1", "c")
    story.at(35).over("c", "l1")
    story.over("l2", "b", bridge="inner")
    story.at(200)
    assert story.pops == [(BORIS, call_id(1))]
    assert (story.contact.answered_by, story.contact.talk_ms) == (BORIS, 30_000)
    assert "answered 102-b" in story.steps()
    assert "answered 101-a" not in story.steps()


# --- parking and conference


def test_parked_and_taken_back_by_a_colleague(story: Traffic) -> None:
    """In the parking lot he talks with nobody; Boris takes him out, and gets the card."""
    story.at(15).part("bridge-c", "c", "a")
    story.tell(f.BridgeEntered(ref("c"), "lot", is_holding=True), f.Parked(ref("c")))
    story.hangs_up("a")
    assert story.state(ANNA) is AgentState.wrap_up
    story.at(30).lifts("b", "102", dials="701")
    story.tell(f.ChannelAnswered(ref("b")), f.BridgeLeft(ref("c"), "lot"))
    story.meet("second", "b", "c")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(50).over("c", "b", bridge="second")
    story.at(200)
    assert_one_visit(story, 30_000)
    assert story.steps() == [*TALK, "answered 102-b", "ended completed"]


def test_two_in_one_parking_lot_do_not_talk(story: Traffic) -> None:
    """The lot is one bridge for everybody in it."""
    story.at(15).part("bridge-c", "c", "a")
    story.tell(f.BridgeEntered(ref("c"), "lot", is_holding=True), f.Parked(ref("c")))
    story.hangs_up("a")
    story.lifts("b", "102", dials="700")
    story.tell(f.BridgeEntered(ref("b"), "lot", is_holding=True), f.Parked(ref("b")))
    story.at(40).over("c", bridge="lot")
    story.over("b", bridge="lot")
    story.at(200)
    assert story.pops == [(ANNA, call_id(1))]
    assert_one_visit(story, 10_000)


def test_conference(story: Traffic) -> None:
    """Anna takes the customer and Boris into a room: both have the card, talk counts once."""
    story.at(15).part("bridge-c", "c", "a")
    story.meet("room", "c", "a")
    story.lifts("b", "102", dials="900")
    story.at(20).meet("room", "b")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(30).over("a", bridge="room")
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.wrap_up, AgentState.talking)
    story.at(45).over("c", "b", bridge="room")
    story.at(200)
    assert_one_visit(story, 40_000)
    assert story.steps() == [*TALK, "answered 102-b", "ended completed"]


def test_two_customers_in_one_room(story: Traffic) -> None:
    """A second customer joins: each keeps his own contact; nobody mixes them up."""
    story.calls_in("d", "+79000000007")
    story.at(15).part("bridge-c", "c", "a")
    story.meet("room", "c", "a", "d")
    story.at(30).over("d", bridge="room")
    story.at(40).over("c", "a", bridge="room")
    story.at(200)
    talk = {contact.channel: contact.talk_ms for contact in story.contacts}
    assert talk["c"] == 35_000
    assert talk.get("d", 15_000) == 15_000


@pytest.mark.parametrize("leaving_is_told", [True, False])
def test_two_operators_with_a_customer_each_in_one_room(story: Traffic, leaving_is_told: bool) -> None:
    """Anna leaves first: her part is over in both calls, Boris talks on with both customers."""
    story.calls_in("d", "+79000000007")
    story.rings_phone("d", "b", "102")
    story.at(8).takes("b", "d")
    story.at(15).part("bridge-c", "c", "a")
    story.part("bridge-d", "d", "b")
    story.meet("room", "c", "a", "d", "b")
    story.at(30)
    if leaving_is_told:
        story.part("room", "a")
    story.hangs_up("a")
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.wrap_up, AgentState.talking)
    story.at(45).over("c", "d", "b", bridge="room")
    story.at(200)
    told = {contact.channel: contact.answered_by for contact in story.contacts}
    assert told == {"c": ANNA, "d": BORIS}
    assert story.is_at_rest()


def test_a_colleague_whose_own_call_ends_in_the_room(story: Traffic) -> None:
    """Boris calls the store room, nobody is there, and the dialplan brings him to Anna and her customer."""
    story.at(15).part("bridge-c", "c", "a")
    story.meet("room", "c", "a")
    story.lifts("b", "102", dials="105")
    story.rings_phone("b", "x", "105")
    story.at(20).gives_up("x", 0, "NOANSWER")
    story.meet("room", "b")
    assert story.pops == [(ANNA, call_id(1)), (BORIS, call_id(1))]
    story.at(45).over("c", "a", "b", bridge="room")
    story.at(200)
    assert_one_visit(story, 40_000)
    assert story.is_at_rest()


# --- at the end nothing is left


@pytest.mark.parametrize("ending", ["customer first", "operator first"])
def test_nothing_is_left_of_it(story: Traffic, ending: str) -> None:
    story.at(15)
    story.over(*(("c", "a") if ending == "customer first" else ("a", "c")))
    story.at(200)
    assert story.is_at_rest()
    assert story.state(ANNA) is AgentState.ready
    assert [type(effect) for effect in story.effects].count(do.LogContact) == 1

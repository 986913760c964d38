"""The daemon is killed in the middle of calls of any kind, and comes back: what it makes of them.

``Traffic.restarted`` lists what the PBX would list; everything else is forgotten.
"""

from __future__ import annotations

import pytest
from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    NUMBER,
    PBX,
    PHONES,
    VERA,
    call_id,
    ref,
    row,
    snapshot,
)
from traffic import Traffic, talking_directly

from callcore.calls import facts as f
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import AgentState, CallId, Direction, Login, Outcome, Source

NEW = call_id(101)
"""Id of the first call that the second life begins; the first life's is ``call1``."""


@pytest.fixture(params=[True, False], ids=["ids", "no_ids"])
def with_ids(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def id_of(with_ids: bool) -> CallId:
    return call_id(1) if with_ids else NEW


def on_shift() -> Traffic:
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    return story


def assert_adopted(lives: Traffic, call: CallId, answered_by: Login, talk_ms: int) -> None:
    """One contact came of it, of an inbound call under this id, and nothing is left."""
    lives.at(300)
    contact = lives.contact
    assert (contact.call, contact.direction) == (call, Direction.inbound)
    assert (contact.caller_number, contact.answered_by, contact.talk_ms) == (NUMBER, answered_by, talk_ms)
    assert lives.is_at_rest()
    assert {agent.state for agent in lives.tracker.agents.values()} == {AgentState.ready}


# --- phones that ring


def test_a_phone_rings_directly(with_ids: bool) -> None:
    """Anna's band shows the call again, and her card opens when she answers."""
    story = on_shift()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    lives = story.at(5).restarted(with_ids=with_ids)
    assert (lives.rung, lives.pops, lives.state(ANNA)) == ({ANNA}, [], AgentState.ringing)
    lives.at(8).takes("a", "c")
    assert lives.pops == [(ANNA, id_of(with_ids))]
    lives.at(18).over("c", "a")
    assert_adopted(lives, id_of(with_ids), ANNA, 10_000)


def test_nobody_takes_it_after_all(with_ids: bool) -> None:
    story = on_shift()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    lives = story.at(5).restarted(with_ids=with_ids)
    lives.at(20).gives_up("a", 16, "CANCEL")
    lives.hangs_up("c", 0)
    lives.at(200)
    assert (lives.pops, lives.state(ANNA)) == ([], AgentState.ready)
    assert (lives.contact.answered_by, lives.contact.caller_number) == (None, NUMBER)
    assert lives.contact.outcome is Outcome.abandoned_ringing
    assert lives.is_at_rest()


def test_a_card_that_came_with_the_ring_comes_back_with_it(with_ids: bool) -> None:
    story = Traffic(policy=PopPolicy(inbound=PopMoment.ringing))
    story.on_shift(ANNA)
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    lives = story.at(5).restarted(with_ids=with_ids)
    lives.at(8).takes("a", "c")
    assert lives.pops == [(ANNA, id_of(with_ids))]


def test_a_ring_group(with_ids: bool) -> None:
    """Two phones ring for one caller: one call, and Boris takes it."""
    story = on_shift()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.rings_phone("c", "b", "102")
    lives = story.at(5).restarted(with_ids=with_ids)
    assert (lives.rung, len(lives.tracker.calls)) == ({ANNA, BORIS}, 1)
    lives.at(8).takes("b", "c")
    lives.gives_up("a", 26, "CANCEL")
    assert lives.pops == [(BORIS, id_of(with_ids))]
    assert lives.agent(ANNA).missed == 0
    lives.at(18).over("c", "b")
    assert_adopted(lives, id_of(with_ids), BORIS, 10_000)


def test_a_queue_rings_a_member(with_ids: bool) -> None:
    """The entry and the phone tell the same call."""
    story = on_shift()
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    lives = story.at(5).restarted(with_ids=with_ids)
    assert (lives.rung, len(lives.tracker.calls)) == ({ANNA}, 1)
    lives.at(8).answers("c", ANNA, "a")
    lives.at(18).talk_ends("c", "a")
    assert lives.pops == [(ANNA, id_of(with_ids))]
    assert lives.contact.queue == FINANCE
    assert_adopted(lives, id_of(with_ids), ANNA, 10_000)


def test_colleagues_ring_each_other(with_ids: bool) -> None:
    """Anna calls Boris: no card, no contact, neither before nor after."""
    story = on_shift()
    story.lifts("a", "101", dials="102")
    story.rings_phone("a", "b", "102")
    lives = story.at(5).restarted(with_ids=with_ids)
    lives.at(8).takes("b", "a")
    lives.at(18).over("a", "b", bridge="bridge-a")
    lives.at(200)
    assert (lives.pops, lives.contacts) == ([], [])
    assert lives.is_at_rest()


@pytest.mark.parametrize("stage", ["waits", "rings", "talks"])
def test_a_colleague_in_a_queue(with_ids: bool, stage: str) -> None:
    """Boris asks the experts, and Anna's phone rings: whenever the daemon comes back, no card opens."""
    story = on_shift()
    story.lifts("b", "102", dials="800")
    story.tell(f.QueueJoined(ref("b"), EXPERT, 1, "102", None))
    lives = story.at(2).restarted(with_ids=with_ids) if stage == "waits" else story
    lives.rings("b", ANNA, "a", EXPERT)
    lives = lives.at(4).restarted(with_ids=with_ids) if stage == "rings" else lives
    lives.at(5).answers("b", ANNA, "a", EXPERT)
    lives = lives.at(6).restarted(with_ids=with_ids) if stage == "talks" else lives
    lives.at(20).talk_ends("b", "a")
    lives.at(200)
    assert lives.pops == []
    assert {contact.direction for contact in lives.contacts} <= {Direction.internal}
    assert lives.is_at_rest()


# --- people who talk


def test_a_direct_talk(with_ids: bool) -> None:
    lives = talking_directly().at(15).restarted(with_ids=with_ids)
    assert (lives.pops, lives.state(ANNA)) == ([(ANNA, id_of(with_ids))], AgentState.talking)
    lives.at(35).over("c", "a")
    assert lives.pops == [(ANNA, id_of(with_ids))]
    assert_adopted(lives, id_of(with_ids), ANNA, 20_000)
    assert lives.contact.source is Source.snapshot


def test_restarted_once_more(with_ids: bool) -> None:
    """Each life gives the card back once."""
    lives = talking_directly().at(15).restarted(with_ids=with_ids)
    again = lives.at(25).restarted(with_ids=with_ids)
    assert again.pops == [(ANNA, id_of(with_ids))]
    again.at(35).over("c", "a")
    assert_adopted(again, id_of(with_ids), ANNA, 10_000)


def test_colleagues_talk(with_ids: bool) -> None:
    story = on_shift()
    story.lifts("a", "101", dials="102")
    story.rings_phone("a", "b", "102")
    story.at(3).takes("b", "a")
    lives = story.at(10).restarted(with_ids=with_ids)
    lives.at(18).over("a", "b", bridge="bridge-a")
    lives.at(200)
    assert (lives.pops, lives.contacts) == ([], [])


def test_a_conference(with_ids: bool) -> None:
    """Anna, Boris and the customer: both get the card back."""
    story = talking_directly()
    story.at(10).part("bridge-c", "c", "a")
    story.meet("room", "c", "a")
    story.lifts("b", "102", dials="900")
    story.meet("room", "b")
    lives = story.at(15).restarted(with_ids=with_ids)
    assert sorted(lives.pops) == [(ANNA, id_of(with_ids)), (BORIS, id_of(with_ids))]
    lives.at(25).over("a", bridge="room")
    lives.at(35).over("c", "b", bridge="room")
    assert_adopted(lives, id_of(with_ids), ANNA, 20_000)


# --- an operator's own call


def calls_out(story: Traffic) -> None:
    story.lifts("a", "101", dials=NUMBER)
    story.rings_trunk("a", "t", NUMBER)


def assert_outbound(lives: Traffic, call: CallId, talk_ms: int) -> None:
    """The contact says whom she called, not from where."""
    lives.at(300)
    contact = lives.contact
    assert (contact.call, contact.direction, contact.caller_number) == (call, Direction.outbound, NUMBER)
    assert (contact.answered_by, contact.talk_ms) == (ANNA, talk_ms)
    assert lives.is_at_rest()


def test_a_customer_s_phone_rings(with_ids: bool) -> None:
    """Anna called him, and he has not answered yet: her card opens when he does."""
    story = on_shift()
    calls_out(story)
    lives = story.at(5).restarted(with_ids=with_ids)
    assert lives.pops == []
    lives.at(8).takes("t", "a")
    assert lives.pops == [(ANNA, id_of(with_ids))]
    lives.at(18).over("a", "t", bridge="bridge-a")
    assert_outbound(lives, id_of(with_ids), 10_000)


@pytest.mark.parametrize("first", ["a", "t"])
def test_an_outbound_talk(with_ids: bool, first: str) -> None:
    """Her own call is adopted as what it is, with the customer's number; whoever hangs up first."""
    story = on_shift()
    calls_out(story)
    story.at(8).takes("t", "a")
    lives = story.at(15).restarted(with_ids=with_ids)
    assert (lives.pops, lives.state(ANNA)) == ([(ANNA, id_of(with_ids))], AgentState.talking)
    lives.at(25).over(*(("a", "t") if first == "a" else ("t", "a")), bridge="bridge-a")
    assert_outbound(lives, id_of(with_ids), 10_000)


# --- in the middle of a transfer


def test_a_blind_transfer_rings(with_ids: bool) -> None:
    """Anna let go of him, Boris' phone rings."""
    story = talking_directly()
    story.at(10).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    lives = story.at(12).restarted(with_ids=with_ids)
    assert (lives.rung, lives.pops) == ({BORIS}, [])
    lives.at(15).takes("b", "c", bridge="second")
    assert lives.pops == [(BORIS, id_of(with_ids))]
    lives.at(35).over("c", "b", bridge="second")
    assert_adopted(lives, id_of(with_ids), BORIS, 20_000)


def test_a_blind_transfer_is_done(with_ids: bool) -> None:
    story = talking_directly()
    story.at(10).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    story.at(12).takes("b", "c", bridge="second")
    lives = story.at(15).restarted(with_ids=with_ids)
    assert lives.pops == [(BORIS, id_of(with_ids))]
    lives.at(35).over("c", "b", bridge="second")
    assert_adopted(lives, id_of(with_ids), BORIS, 20_000)


def consult(story: Traffic) -> None:
    """By feature code: the customer hears music alone, she waits with one half of a Local channel."""
    story.at(10).tell(f.PutOnHold(ref("a")))
    story.halves("l", "102@house", by="c")
    story.meet("asking", "l1")
    story.part("bridge-c", "a")
    story.meet("asking", "a")
    story.rings_phone("l2", "b", "102")


def agrees(story: Traffic) -> None:
    story.tell(*(f.ChannelAnswered(ref(name)) for name in ("b", "l2", "l1")))
    story.meet("inner", "b", "l2")


@pytest.mark.parametrize("agreed", [False, True])
def test_a_consultation_by_feature_code(with_ids: bool, agreed: bool) -> None:
    """The customer is on hold and heard by nobody; his card comes to Anna when she is back, to Boris when he
    is given to him, and to neither while they talk about him."""
    story = talking_directly()
    consult(story)
    if agreed:
        story.at(12)
        agrees(story)
    lives = story.at(15).restarted(with_ids=with_ids)
    assert lives.pops == []
    lives.at(20)
    if not agreed:
        agrees(lives)
    lives.part("asking", "a", "l1")
    lives.hangs_up("l1")
    lives.part("inner", "b", "l2")
    lives.hangs_up("l2")
    lives.hangs_up("b")
    lives.meet("bridge-c", "a")
    lives.at(35).over("c", "a")
    assert lives.pops == [(ANNA, id_of(with_ids))]
    assert_adopted(lives, id_of(with_ids), ANNA, 15_000)


def test_a_consultation_on_the_second_line(with_ids: bool) -> None:
    """The customer is held in her first call; she asks Boris in the second."""
    story = talking_directly()
    story.at(10).tell(f.PutOnHold(ref("a")))
    story.lifts("a2", "101", dials="102")
    story.rings_phone("a2", "b", "102")
    story.at(12).takes("b", "a2", bridge="asking")
    lives = story.at(15).restarted(with_ids=with_ids)
    assert lives.pops == [(ANNA, id_of(with_ids))]
    lives.at(20).tell(f.AttendedTransferred(ref("a"), ref("a2"), ref("c"), ref("b")))
    lives.part("bridge-c", "c", "a")
    lives.meet("asking", "c")
    lives.part("asking", "a2")
    lives.hangs_up("a")
    lives.hangs_up("a2")
    lives.at(35).over("c", "b", bridge="asking")
    assert lives.pops == [(ANNA, id_of(with_ids)), (BORIS, id_of(with_ids))]
    assert_adopted(lives, id_of(with_ids), ANNA, 20_000)


def test_parked(with_ids: bool) -> None:
    """He waits alone; who takes him out gets the card."""
    story = talking_directly()
    story.at(10).part("bridge-c", "c", "a")
    story.tell(f.BridgeEntered(ref("c"), "lot", is_holding=True), f.Parked(ref("c")))
    story.hangs_up("a")
    lives = story.at(15).restarted(with_ids=with_ids)
    assert lives.pops == []
    lives.at(20).lifts("b", "102", dials="701")
    lives.tell(f.ChannelAnswered(ref("b")), f.BridgeLeft(ref("c"), "lot"))
    lives.meet("second", "b", "c")
    assert lives.pops == [(BORIS, id_of(with_ids))]
    lives.at(35).over("c", "b", bridge="second")
    lives.at(300)
    assert (lives.contact.call, lives.contact.answered_by) == (id_of(with_ids), BORIS)
    assert lives.contact.talk_ms == 15_000
    assert lives.is_at_rest()


# --- members behind Local channels


def at_local_phone() -> Traffic:
    """Vera's member is Local/103@agents/n; behind it rings a phone of which only the dialplan knows."""
    story = Traffic()
    story.on_shift(VERA)
    story.calls_in("c")
    story.waits("c")
    story.halves("l", "103@agents", by="c")
    story.tell(f.AgentCalled(ref("c"), FINANCE, PHONES[VERA], ref("l1")))
    story.dial("c", "l1", None)
    story.rings_phone("l2", "v", "901")
    return story


def answers_there(story: Traffic) -> None:
    story.takes("v", "l2", bridge="inner")
    story.tell(f.ChannelAnswered(ref("l1")), f.QueueLeft(ref("c"), FINANCE))
    story.tell(f.AgentConnected(ref("c"), FINANCE, PHONES[VERA], ref("l1"), 5, 3))
    story.meet("bridge-c", "l1", "c")


def hangs_up_there(story: Traffic) -> None:
    story.over("c", "l1")
    story.over("l2", "v", bridge="inner")


def test_a_local_member_rings(with_ids: bool) -> None:
    story = at_local_phone()
    lives = story.at(5).restarted(with_ids=with_ids)
    assert (lives.pops, len(lives.tracker.calls)) == ([], 1)
    answers_there(lives.at(8))
    assert lives.pops == [(VERA, id_of(with_ids))]
    hangs_up_there(lives.at(18))
    assert_adopted(lives, id_of(with_ids), VERA, 10_000)


def test_a_local_member_talks(with_ids: bool) -> None:
    story = at_local_phone()
    answers_there(story.at(5))
    lives = story.at(8).restarted(with_ids=with_ids)
    assert (lives.pops, lives.state(VERA)) == ([(VERA, id_of(with_ids))], AgentState.talking)
    hangs_up_there(lives.at(18))
    assert lives.pops == [(VERA, id_of(with_ids))]
    assert_adopted(lives, id_of(with_ids), VERA, 10_000)


def test_a_direct_call_over_a_local_channel(with_ids: bool) -> None:
    """Dial(Local/101@agents/n): the wire between them is nobody's leg after the restart, too."""
    story = on_shift()
    story.calls_in("c")
    story.halves("l", "101@agents", by="c")
    story.dial("c", "l1", None)
    story.rings_phone("l2", "a", "101")
    story.at(5).takes("a", "l2", bridge="inner")
    story.takes("l1", "c")
    lives = story.at(8).restarted(with_ids=with_ids)
    assert lives.pops == [(ANNA, id_of(with_ids))]
    lives.at(18).over("c", "l1")
    lives.over("l2", "a", bridge="inner")
    assert_adopted(lives, id_of(with_ids), ANNA, 10_000)


# --- rows that tell of nobody


def test_two_at_once_keep_their_own_cards(with_ids: bool) -> None:
    """Anna and Boris talk with one customer each, a third one waits."""
    story = on_shift()
    for caller, leg, extension in (("c", "a", "101"), ("d", "b", "102")):
        story.calls_in(caller)
        story.rings_phone(caller, leg, extension)
        story.takes(leg, caller)
    story.calls_in("e")
    story.waits("e", EXPERT)
    lives = story.at(15).restarted(with_ids=with_ids)
    first, second_ = (call_id(1), call_id(2)) if with_ids else (call_id(102), call_id(103))
    assert sorted(lives.pops) == [(ANNA, first), (BORIS, second_)]
    lives.at(20).over("c", "a")
    lives.over("d", "b", bridge="bridge-d")
    lives.abandons("e", EXPERT)
    lives.hangs_up("e")
    lives.at(300)
    told = {contact.channel: contact.answered_by for contact in lives.contacts}
    assert told == {"c": ANNA, "d": BORIS, "e": None}
    assert lives.is_at_rest()


def test_a_phone_that_rings_for_nobody_we_see() -> None:
    """Its caller's row could not be read: the ring is not guessed at."""
    story = on_shift()
    story.tell(f.LinkUp(PBX, 1))
    ringing = row("a", "PJSIP/101-a", state="Ringing", linked="unread")
    story.tell(snapshot(1, (ringing,)))
    assert (story.rung, story.tracker.calls) == (set(), {})


def test_one_whom_callcore_rang_is_with_an_operator() -> None:
    """The daemon was away when he asked for her: the call is ours, outwards, with his number."""
    story = on_shift()
    local = f"Local/{NUMBER[1:]}@callcore-dial-0000001a"
    rows = (
        row("p", f"{local};1", bridge="b", linked="p", number=None, seconds=9),
        row("p2", f"{local};2", bridge="out", linked="p", number=None, seconds=9),
        row("p3", "PJSIP/carrier-1", bridge="out", linked="p", number=None, seconds=8),
        row("a", "PJSIP/101-a", bridge="b", linked="p", number="101", seconds=5),
    )
    story.at(60).reconnects(epoch=1, channels=rows)
    assert story.pops == [(ANNA, call_id(1))]
    story.at(70).over("p", "a", bridge="b")
    story.over("p2", "p3", bridge="out")
    story.at(300)
    assert (story.contact.direction, story.contact.caller_number) == (Direction.outbound, NUMBER)

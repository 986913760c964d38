"""Stories of calls on which operators work: held, asked about, given away, joined, parked, brought back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

import pytest
from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    NUMBER,
    PHONES,
    VERA,
    Story,
    call_id,
    connected,
    created,
    entered,
    joined,
    ref,
    sign_in,
    snapshot_of,
    talking,
)

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls import lining
from callcore.calls.effects import StepEvent, TransferKind
from callcore.calls.line import Do, LineState, ToPerson, ToQueue
from callcore.domain import AgentState, Direction, Outcome

CALL = call_id(1)
TO_BORIS = ToPerson(BORIS, PHONES[BORIS])
TO_EXPERT = ToQueue(EXPERT)


def two() -> Story:
    """Anna talks with the caller since second 5, Boris is ready."""
    return talking().on_shift(BORIS)


def parted(story: Story, order: f.LineOrdered) -> Story:
    """Ordered, and done: customer and operator have left their bridge."""
    story.tell(order, f.BridgeLeft(ref("a"), "bridge-c"), f.BridgeLeft(ref("c"), "bridge-c"))
    return story


def held() -> Story:
    """Since second 10."""
    return parted(two().at(10), f.LineOrdered(CALL, ANNA, Do.hold))


def asks(to: ToPerson | ToQueue = TO_BORIS) -> Story:
    """Boris is asked at second 10, and rings since second 11."""
    story = parted(two().at(10), f.LineOrdered(CALL, ANNA, Do.consult, to))
    phone = f"{PHONES[BORIS]}-b"
    story.at(11)
    if isinstance(to, ToQueue):
        story.tell(joined("a", EXPERT))
        story.tell(created("b", phone, linked="c"), f.AgentCalled(ref("a"), EXPERT, PHONES[BORIS], ref("b")))
    else:
        story.tell(created("b", phone, linked="c"))
    story.tell(f.DialBegan(ref("a"), ref("b"), phone))
    return story


def consults(to: ToPerson | ToQueue = TO_BORIS) -> Story:
    """They talk about him since second 15."""
    story = asks(to)
    story.at(15).tell(f.ChannelAnswered(ref("b")))
    if isinstance(to, ToQueue):
        story.tell(f.QueueLeft(ref("a"), EXPERT))
        story.tell(f.AgentConnected(ref("a"), EXPERT, PHONES[BORIS], ref("b"), 1, 1))
    story.tell(f.BridgeEntered(ref("b"), "asked"), f.BridgeEntered(ref("a"), "asked"))
    return story


def joins(story: Story, who: str, bridge: str = "again") -> None:
    """The customer's channel takes this one out of its bridge and into its own."""
    old = story.tracker.mirror.channels[ref(who)].bridge
    if old is not None:
        story.tell(f.BridgeLeft(ref(who), old))
    story.tell(f.BridgeEntered(ref(who), bridge), f.BridgeEntered(ref("c"), bridge))


def state(story: Story, login: str = ANNA) -> LineState | None:
    return lining.state_of(story.tracker, story.tracker.calls[CALL], login)  # type: ignore[arg-type]


def steps(story: Story) -> list[StepEvent]:
    story.at((story.now - story.facts[0][0]).total_seconds() + 1)
    return [each.event for each in story.tellings][2:]  # after dialing and its end


# --- hold


def test_on_hold_the_operator_goes_on_talking_and_the_talk_does_not() -> None:
    story = held()
    assert (story.state(ANNA), state(story)) == (AgentState.talking, LineState.held)
    shown = story.all(do.ShowLine)[-1]
    assert (shown.login, shown.call) == (ANNA, CALL)
    assert shown.line is not None
    assert (shown.line.state, shown.line.since) == (LineState.held, story.now)
    story.at(30).tell(f.LineOrdered(CALL, ANNA, Do.resume))
    joins(story, "a")
    assert state(story) is LineState.talks
    assert story.all(do.ShowLine)[-1].line is None
    story.at(40).talk_ends("c", "a")
    assert (story.contact.talk_ms, story.contact.outcome) == (15_000, Outcome.answered)
    assert len(story.all(do.PopCard)) == len(story.all(do.EndCard)) == 1
    assert story.state(ANNA) is AgentState.wrap_up


def test_hold_is_told_as_hold() -> None:
    story = held()
    story.at(30).tell(f.LineOrdered(CALL, ANNA, Do.resume))
    joins(story, "a")
    story.at(40).talk_ends("c", "a")
    assert steps(story) == [StepEvent.answered, StepEvent.held, StepEvent.resumed, StepEvent.ended]


def test_the_customer_hangs_up_on_hold_and_his_operator_is_not_left_in_silence() -> None:
    story = held()
    effects = story.at(20).hangs_up("c")
    (end,) = [each for each in effects if isinstance(each, do.EndChannel)]
    assert (end.channel, end.name, end.why) == (ref("a"), "PJSIP/101-a", "held_gone")
    assert story.state(ANNA) is AgentState.wrap_up
    assert story.contact.outcome is Outcome.answered
    assert story.all(do.ShowLine)[-1].line is None


def test_an_ordinary_hangup_ends_no_channel_of_ours() -> None:
    story = two()
    story.at(20).talk_ends("c", "a")
    assert not story.all(do.EndChannel)
    assert not story.all(do.ShowLine)


def test_the_operator_hangs_up_and_the_customer_is_parked() -> None:
    story = held()
    story.at(20).hangs_up("a")
    parked = story.tracker.calls[CALL].parked
    assert parked is not None
    assert (parked.by, parked.since) == (ANNA, story.now)
    assert story.state(ANNA) is AgentState.wrap_up
    assert not story.all(do.SendOn)
    assert lining.waiting(story.tracker, CALL) is not None


def test_what_the_pbx_refuses_has_not_been() -> None:
    story = two().at(10)
    story.tell(f.LineOrdered(CALL, ANNA, Do.hold), f.LineRefused(CALL, ANNA))
    assert state(story) is LineState.talks
    story.at(20).talk_ends("c", "a")
    assert steps(story) == [StepEvent.answered, StepEvent.ended]
    story = held()
    story.tell(f.LineOrdered(CALL, ANNA, Do.resume), f.LineRefused(CALL, ANNA))
    assert state(story) is LineState.held


# --- asking somebody


def test_who_is_asked_rings_for_the_same_call() -> None:
    for to in (TO_BORIS, TO_EXPERT):
        story = asks(to)
        assert list(story.tracker.calls) == [CALL]
        assert (state(story), story.state(BORIS)) == (LineState.calling, AgentState.ringing)
        assert story.all(do.ShowRinging)[-1].login == BORIS
        shown = story.all(do.ShowLine)[-1].line
        assert shown is not None
        assert shown.with_ in (BORIS, EXPERT)


def test_an_operator_who_asks_a_queue_is_no_waiting_caller() -> None:
    story = asks(TO_EXPERT)
    lines = dict(story.tracker.queue_book.lines(ref("c").pbx))
    assert EXPERT not in lines or not lines[EXPERT].waiting
    assert story.tracker.calls[CALL].queue == FINANCE
    story.at(13).tell(f.QueueAbandoned(ref("a"), EXPERT), f.QueueLeft(ref("a"), EXPERT))
    assert not story.tracker.calls[CALL].is_abandoned


def test_who_is_asked_has_a_part_from_his_answer_on() -> None:
    for to in (TO_BORIS, TO_EXPERT):
        story = consults(to)
        assert (state(story), state(story, BORIS)) == (LineState.consulting, LineState.consulted)
        assert (story.state(ANNA), story.state(BORIS)) == (AgentState.talking, AgentState.talking)
        assert story.pops == [(ANNA, CALL), (BORIS, CALL)]
        assert story.tracker.calls[CALL].answered_by == ANNA


def test_complete_gives_him_the_customer_and_one_contact() -> None:
    for to in (TO_BORIS, TO_EXPERT):
        story = consults(to)
        story.at(20).tell(f.LineOrdered(CALL, ANNA, Do.complete))
        joins(story, "b")
        story.tell(f.BridgeLeft(ref("a"), "asked"))
        story.hangs_up("a")
        assert (story.state(ANNA), story.state(BORIS)) == (AgentState.wrap_up, AgentState.talking)
        assert state(story, BORIS) is LineState.talks
        assert not story.all(do.SendOn)
        story.at(30).tell(f.BridgeLeft(ref("c"), "again"), f.BridgeLeft(ref("b"), "again"))
        story.hangs_up("b")
        story.hangs_up("c")
        assert story.contact.talk_ms == 15_000
        assert [ring.login for ring in story.contact.operators] == [ANNA, BORIS]
        assert (story.contact.answered_by, story.contact.queue) == (ANNA, FINANCE)
        assert len(story.pops) == 2
        told = [each for each in story.tellings if each.event is StepEvent.transferred]
        assert [each.kind for each in told] == [TransferKind.attended]


def test_the_operator_hangs_up_after_the_answer_and_has_given_him_by_that() -> None:
    story = consults()
    story.at(20).tell(f.BridgeLeft(ref("a"), "asked"), f.BridgeLeft(ref("b"), "asked"))
    story.hangs_up("a")
    assert not story.all(do.SendOn)
    joins(story, "b")
    assert (state(story, BORIS), story.state(ANNA)) == (LineState.talks, AgentState.wrap_up)


def test_back_lets_the_other_go() -> None:
    for to in (TO_BORIS, TO_EXPERT):
        story = consults(to)
        story.at(20).tell(f.LineOrdered(CALL, ANNA, Do.back))
        joins(story, "a")
        story.tell(f.BridgeLeft(ref("b"), "asked"))
        story.hangs_up("b")
        assert (state(story), story.state(ANNA)) == (LineState.talks, AgentState.talking)
        assert story.state(BORIS) is AgentState.wrap_up
        story.at(30).tell(f.BridgeLeft(ref("c"), "again"), f.BridgeLeft(ref("a"), "again"))
        story.hangs_up("a")
        story.hangs_up("c")
        assert story.contact.talk_ms == 15_000
        assert all(each.event is not StepEvent.transferred for each in story.tellings)


def test_back_while_it_rings() -> None:
    story = asks(TO_EXPERT)
    story.at(13).tell(f.LineOrdered(CALL, ANNA, Do.back))
    joins(story, "a")
    story.hangs_up("b", 0)
    assert (state(story), story.state(BORIS)) == (LineState.talks, AgentState.ready)
    assert story.pops == [(ANNA, CALL)]


def test_nobody_answers() -> None:
    story = asks()
    story.at(31).tell(f.DialEnded(ref("b"), "NOANSWER"))
    story.hangs_up("b", 0)
    story.tell(f.Consulted(ref("a"), "NOANSWER"))
    assert state(story) is LineState.failed
    view = story.all(do.ShowLine)[-1].line
    assert view is not None
    assert view.failed == "NOANSWER"
    story.at(32).tell(f.LineOrdered(CALL, ANNA, Do.back))
    joins(story, "a")
    assert state(story) is LineState.talks


def test_the_one_asked_hangs_up_after_the_talk() -> None:
    story = consults()
    story.at(20).tell(f.BridgeLeft(ref("b"), "asked"), f.BridgeLeft(ref("a"), "asked"))
    story.hangs_up("b")
    story.tell(f.Consulted(ref("a"), "ANSWER"))
    assert (state(story), story.state(BORIS)) == (LineState.held, AgentState.wrap_up)


def test_the_operator_goes_while_it_rings_and_the_customer_is_sent_on_at_once() -> None:
    story = asks()
    effects = story.at(13).hangs_up("a")
    (on,) = [each for each in effects if isinstance(each, do.SendOn)]
    assert (on.channel, on.name, on.target) == (ref("c"), "PJSIP/trunk-c", TO_BORIS)
    story.hangs_up("b", 0)
    assert len(story.all(do.SendOn)) == 1
    assert [e.kind for e in story.tellings if e.event is StepEvent.transferred] == [TransferKind.blonde]


def test_the_operator_goes_after_nobody_answered_and_the_customer_comes_back() -> None:
    story = asks()
    story.at(31).hangs_up("b", 0)
    story.tell(f.Consulted(ref("a"), "BUSY"))
    effects = story.at(32).hangs_up("a")
    assert [each.target for each in effects if isinstance(each, do.SendOn)] == [None]


def test_both_go_at_once() -> None:
    story = consults()
    story.at(20).hangs_up("b")
    effects = story.hangs_up("a")
    assert len([each for each in effects if isinstance(each, do.SendOn)]) == 1


def test_the_customer_goes_while_they_talk_about_him() -> None:
    story = consults()
    story.at(20).hangs_up("c")
    assert not story.all(do.EndChannel)
    story.at(25).hangs_up("b")
    effects = story.tell(f.Consulted(ref("a"), "ANSWER"))
    assert [each.name for each in effects if isinstance(each, do.EndChannel)] == ["PJSIP/101-a"]
    story.hangs_up("a")
    assert not story.tracker.bereaved


def test_a_consultation_of_which_nothing_is_known_is_nobodys_end() -> None:
    """After a restart, say: the customer may well be on hold."""
    story = two().at(10)
    story.tell(created("z", "PJSIP/103-z"))
    assert story.tell(f.Consulted(ref("z"), "ANSWER")) == []


# --- giving away, parking, coming back


def test_blind_is_no_hangup_of_the_customer() -> None:
    story = two().at(10)
    parted(story, f.LineOrdered(CALL, ANNA, Do.blind, TO_EXPERT))
    story.hangs_up("a")
    assert story.state(ANNA) is AgentState.wrap_up
    story.tell(joined("c", EXPERT))
    story.at(12).rings("c", BORIS, "b", EXPERT)
    story.at(15).answers("c", BORIS, "b", EXPERT)
    assert story.state(BORIS) is AgentState.talking
    story.at(20).talk_ends("c", "b")
    assert story.contact.talk_ms == 10_000
    told = [each for each in story.tellings if each.event is StepEvent.transferred]
    assert [(each.kind, each.by is not None) for each in told] == [(TransferKind.blind, True)]
    assert not story.all(do.SendOn)


def test_let_go_of_while_it_rings() -> None:
    story = asks()
    story.at(13).tell(f.LineOrdered(CALL, ANNA, Do.blind))
    story.hangs_up("a")
    story.hangs_up("b", 0)
    assert not story.all(do.SendOn)
    phone = f"{PHONES[BORIS]}-b2"
    story.tell(created("b2", phone, linked="c"), f.DialBegan(ref("c"), ref("b2"), phone))
    assert story.state(BORIS) is AgentState.ringing


def test_parked_and_taken() -> None:
    story = parted(two().at(10), f.LineOrdered(CALL, ANNA, Do.park))
    story.hangs_up("a")
    assert story.state(ANNA) is AgentState.wrap_up
    assert story.tracker.calls[CALL].parked is not None
    phone = f"{PHONES[BORIS]}-b"
    story.at(20).tell(f.LineOrdered(CALL, BORIS, Do.take), created("b", phone, linked="c"))
    story.tell(f.DialBegan(ref("c"), ref("b"), phone))
    assert story.tracker.calls[CALL].parked is None
    story.at(22).tell(f.ChannelAnswered(ref("b")))
    joins(story, "b")
    assert story.pops == [(ANNA, CALL), (BORIS, CALL)]
    assert state(story, BORIS) is LineState.talks


def parked_and_then(story: Story) -> list[tuple[str, str | None, str]]:
    """What others are told of the parking."""
    parked = [("parked", each.login, "") for each in story.all(do.CallParked)]
    return [*parked, *(("unparked", each.login, each.why) for each in story.all(do.CallUnparked))]


def test_others_are_told_who_has_parked_him_and_who_takes_him() -> None:
    story = parted(two().at(10), f.LineOrdered(CALL, ANNA, Do.park))
    story.hangs_up("a")
    assert parked_and_then(story) == [("parked", ANNA, "")]
    phone = f"{PHONES[BORIS]}-b"
    story.at(20).tell(f.LineOrdered(CALL, BORIS, Do.take), created("b", phone, linked="c"))
    story.tell(f.DialBegan(ref("c"), ref("b"), phone))
    assert parked_and_then(story) == [("parked", ANNA, ""), ("unparked", BORIS, "taken")]
    story.tell(f.Returned(ref("c"), "NOANSWER"))
    assert len(parked_and_then(story)) == 2, "he is parked no longer"


def test_others_are_told_that_he_has_waited_too_long() -> None:
    story = parted(two().at(10), f.LineOrdered(CALL, ANNA, Do.park))
    story.hangs_up("a")
    story.at(70).tell(f.Returned(ref("c"), ""))
    phone = f"{PHONES[ANNA]}-a2"
    story.tell(created("a2", phone, linked="c"), f.DialBegan(ref("c"), ref("a2"), phone))
    assert parked_and_then(story) == [("parked", ANNA, ""), ("unparked", None, "returned")]


def test_who_hangs_up_while_he_is_parked_is_not_taken() -> None:
    story = parted(two().at(10), f.LineOrdered(CALL, ANNA, Do.park))
    story.hangs_up("a")
    story.at(20).hangs_up("c")
    assert parked_and_then(story) == [("parked", ANNA, "")]


def test_who_comes_back_says_why_and_has_his_card_again() -> None:
    story = parted(two().at(10), f.LineOrdered(CALL, ANNA, Do.blind, TO_BORIS))
    story.hangs_up("a")
    story.at(35).tell(f.Returned(ref("c"), "NOANSWER"))
    phone = f"{PHONES[ANNA]}-a2"
    story.tell(created("a2", phone, linked="c"), f.DialBegan(ref("c"), ref("a2"), phone))
    assert story.all(do.ShowRinging)[-1].view.returned == "NOANSWER"
    story.at(37).tell(f.ChannelAnswered(ref("a2")))
    joins(story, "a2")
    assert story.state(ANNA) is AgentState.talking
    story.at(40).tell(f.BridgeLeft(ref("c"), "again"))
    story.hangs_up("a2")
    story.hangs_up("c")
    assert len(story.contacts) == 1


def test_the_halves_of_a_members_local_channel_go_and_he_stays() -> None:
    story = Story().on_shift(VERA)
    story.comes_to_queue("c")
    story.found(1)
    local, phone = "Local/103@agents-01", "PJSIP/103-1"
    story.at(3).tell(
        *(created(f"l{half}", f"{local};{half}", linked="c") for half in (1, 2)),
        f.AgentCalled(ref("c"), FINANCE, PHONES[VERA], ref("l1")),
        f.DialBegan(ref("c"), ref("l1"), f"{local};1"),
        created("p", phone, linked="c"),
        f.DialBegan(ref("l2"), ref("p"), phone),
    )
    story.at(5).tell(
        f.ChannelAnswered(ref("p")),
        f.BridgeEntered(ref("p"), "far"),
        f.ChannelAnswered(ref("l1")),
        f.BridgeEntered(ref("l2"), "far"),
        f.QueueLeft(ref("c"), FINANCE),
        f.AgentConnected(ref("c"), FINANCE, PHONES[VERA], ref("l1"), 1, 1),
        f.BridgeEntered(ref("l1"), "near"),
        f.BridgeEntered(ref("c"), "near"),
    )
    story.at(10).tell(f.LineOrdered(CALL, VERA, Do.hold))
    for channel, bridge in (("p", "far"), ("c", "near"), ("l1", "near"), ("l2", "far")):
        story.tell(f.BridgeLeft(ref(channel), bridge))
    story.hangs_up("l2")
    story.hangs_up("l1")
    assert (story.state(VERA), state(story, VERA)) == (AgentState.talking, LineState.held)
    story.at(20).tell(f.LineOrdered(CALL, VERA, Do.resume))
    joins(story, "p")
    story.at(25).tell(f.BridgeLeft(ref("c"), "again"), f.BridgeLeft(ref("p"), "again"))
    story.hangs_up("p")
    story.hangs_up("c")
    assert story.state(VERA) is AgentState.wrap_up
    assert story.contact.talk_ms == 10_000


def test_a_recording_that_begins_changes_nothing_of_the_call() -> None:
    """Who keeps the recordings hears of it; to the call it is no news."""
    story = two()
    before = story.tracker.calls[CALL]
    assert story.tell(f.RecordingBegan(ref("c"))) == []
    assert story.tracker.calls[CALL] == before


# --- the room


def room(order: Iterable[str] = "abc") -> Story:
    """All three since second 20, in this order."""
    story = consults()
    story.at(20).tell(f.LineOrdered(CALL, ANNA, Do.three_way))
    for each in ("a", "b"):
        story.tell(f.BridgeLeft(ref(each), "asked"))
    for each in order:
        story.tell(f.BridgeEntered(ref(each), "conference", is_room=True))
    return story


@pytest.mark.parametrize("order", list(permutations("abc")))
def test_all_three_talk(order: tuple[str, ...]) -> None:
    story = room(order)
    assert state(story) is state(story, BORIS) is LineState.room
    assert len(story.pops) == 2
    views = {each.login: each.line for each in story.all(do.ShowLine)}
    assert [view.state for view in views.values() if view] == [LineState.room, LineState.room]


def test_the_first_one_leaves_and_the_other_goes_on() -> None:
    story = room()
    story.at(30).tell(f.BridgeLeft(ref("a"), "conference"))
    story.hangs_up("a")
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.wrap_up, AgentState.talking)
    assert not story.all(do.EndChannel)
    story.at(40).tell(f.BridgeLeft(ref("b"), "conference"), f.BridgeLeft(ref("c"), "conference"))
    story.hangs_up("b")
    story.hangs_up("c")
    assert story.contact.talk_ms == 25_000
    assert not story.all(do.SendOn)


def test_the_one_who_asked_for_the_room_does_not_come() -> None:
    """He hangs up on his way, while the others are there: it is theirs."""
    story = room("bc")
    assert state(story) is not LineState.room
    story.at(22).hangs_up("a")
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.wrap_up, AgentState.talking)
    assert not story.all(do.SendOn)
    assert story.tracker.calls[CALL].line is None
    story.at(40).tell(f.BridgeLeft(ref("b"), "conference"), f.BridgeLeft(ref("c"), "conference"))
    story.hangs_up("b")
    story.hangs_up("c")
    assert len(story.contacts) == 1


def test_nobody_stays_alone_in_the_room() -> None:
    story = room()
    story.at(30).tell(f.BridgeLeft(ref("c"), "conference"))
    story.hangs_up("c")
    assert not story.all(do.EndChannel)
    story.at(32).tell(f.BridgeLeft(ref("b"), "conference"))
    (end,) = story.all(do.EndChannel)
    assert (end.channel, end.why) == (ref("a"), "alone_in_room")


# --- mute, ghosts


def test_mute_is_shown_until_the_leg_is_over() -> None:
    story = two().at(10)
    story.tell(f.LineOrdered(CALL, ANNA, Do.mute))
    view = story.all(do.ShowLine)[-1].line
    assert view is not None
    assert view.is_muted
    story.at(20).talk_ends("c", "a")
    assert story.all(do.ShowLine)[-1].line is None
    story = two().at(10)
    story.tell(f.LineOrdered(CALL, ANNA, Do.mute), f.LineOrdered(CALL, ANNA, Do.unmute))
    assert story.all(do.ShowLine)[-1].line is None


def test_a_channel_that_does_not_die_is_hung_up() -> None:
    story = consults()
    story.at(20).tell(f.HangupAsked(ref("c")))
    story.at(23)
    (end,) = story.all(do.EndChannel)
    assert (end.channel, end.why) == (ref("c"), "ghost")


def test_a_channel_that_dies_is_no_ghost() -> None:
    story = held()
    story.at(20).tell(f.HangupAsked(ref("a")))
    story.hangs_up("a")
    story.at(30)
    assert not story.all(do.EndChannel)
    story = two()
    story.at(20).tell(f.HangupAsked(ref("a")))
    story.at(30)
    assert not story.all(do.EndChannel)  # nobody has worked on it: it is the PBX's affair


def test_an_order_that_nobody_carried_out_explains_nothing_later() -> None:
    """Its answer was lost, and so was the order."""
    story = two().at(10)
    story.tell(f.LineOrdered(CALL, ANNA, Do.hold))
    story.at(40).talk_ends("c", "a")
    assert steps(story) == [StepEvent.answered, StepEvent.ended]
    assert not story.all(do.EndChannel)


def test_a_link_that_was_lost_meanwhile_changes_nothing_of_a_hold() -> None:
    story = held()
    story.at(20).tell(f.LinkLost(ref("c").pbx), f.LinkUp(ref("c").pbx, 2))
    story.tell(snapshot_of(story.tracker, story.now, 2))
    assert (state(story), story.state(ANNA)) == (LineState.held, AgentState.talking)
    story.at(30).tell(f.LineOrdered(CALL, ANNA, Do.resume))
    joins(story, "a")
    story.at(35).talk_ends("c", "a")
    assert len(story.contacts) == 1


@pytest.mark.parametrize(
    ("context", "wanted"),
    [("callcore-alone", LineState.held), ("callcore-consult", LineState.calling), ("phones", None)],
)
def test_a_restarted_callcore_finds_who_is_on_hold_and_for_whom(
    context: str, wanted: LineState | None
) -> None:
    before = held()
    story = Story()
    story.at(20).tell(f.DeskOpened(ANNA), sign_in(ANNA, state=AgentState.ready), f.LinkUp(ref("c").pbx, 1))
    told = snapshot_of(before.tracker, story.now)
    rows = [replace(r, mark=CALL, context=context if r.channel == ref("a") else "") for r in told.channels]
    story.tell(replace(told, channels=tuple(rows)))
    assert state(story) is wanted
    assert story.pops == ([(ANNA, CALL)] if wanted else [])
    if wanted is None:
        return
    assert story.state(ANNA) is AgentState.talking
    story.tell(f.LineOrdered(CALL, ANNA, Do.resume))
    joins(story, "a")
    assert state(story) is LineState.talks
    story.at(30).talk_ends("c", "a")
    assert story.state(ANNA) is AgentState.wrap_up


@pytest.mark.parametrize("oldest_first", [True, False])
@pytest.mark.parametrize(
    ("context", "wanted"), [("callcore-alone", LineState.held), ("callcore-consult", LineState.calling)]
)
def test_a_restarted_callcore_finds_whom_an_operator_has_called_and_holds(
    context: str, wanted: LineState, oldest_first: bool
) -> None:
    """Her own channel began the call, in the same second as his: it is outbound, and she gets him back."""
    before = Story().on_shift(ANNA)
    before.tell(
        f.ChannelCreated(ref("a"), f"{PHONES[ANNA]}-a", "a", "101", None, "89161234567", "phones"),
        f.ChannelCreated(ref("c"), "PJSIP/carrier-c", "a", NUMBER, None, None, "from-trunk"),
        f.DialBegan(ref("a"), ref("c"), "PJSIP/carrier-c"),
        f.ChannelAnswered(ref("a")),
        f.ChannelAnswered(ref("c")),
        f.BridgeEntered(ref("c"), "bridge-c"),
        f.BridgeEntered(ref("a"), "bridge-c"),
    )
    assert state(parted(before.at(10), f.LineOrdered(CALL, ANNA, Do.hold))) is LineState.held
    story = Story()
    story.at(20).tell(f.DeskOpened(ANNA), sign_in(ANNA, state=AgentState.ready), f.LinkUp(ref("c").pbx, 1))
    told = snapshot_of(before.tracker, story.now)
    where = {ref("a"): context, ref("c"): "callcore-hold"}
    rows = [replace(r, mark=CALL, call=CALL, context=where[r.channel]) for r in told.channels]
    rows.sort(key=lambda r: str(r.channel), reverse=not oldest_first)
    story.tell(replace(told, channels=tuple(rows)))
    call = story.tracker.calls[CALL]
    assert (call.direction, call.party, state(story)) == (Direction.outbound, ref("c"), wanted)
    assert story.pops == [(ANNA, CALL)]
    assert story.state(ANNA) is AgentState.talking
    story.tell(f.LineOrdered(CALL, ANNA, Do.resume))
    joins(story, "a")
    assert state(story) is LineState.talks
    story.at(30).talk_ends("c", "a")
    assert story.state(ANNA) is AgentState.wrap_up
    assert (story.contact.direction, story.contact.outcome) == (Direction.outbound, Outcome.answered)


def test_whom_an_operator_was_only_calling_he_does_not_hold_after_a_restart() -> None:
    """The number rings still."""
    before = Story().on_shift(ANNA)
    before.tell(
        f.ChannelCreated(ref("a"), f"{PHONES[ANNA]}-a", "a", "101", None, "89161234567", "phones"),
        f.ChannelCreated(ref("c"), "PJSIP/carrier-c", "a", NUMBER, None, None, "from-trunk"),
        f.DialBegan(ref("a"), ref("c"), "PJSIP/carrier-c"),
    )
    story = Story()
    story.at(20).tell(f.DeskOpened(ANNA), sign_in(ANNA, state=AgentState.ready), f.LinkUp(ref("c").pbx, 1))
    told = snapshot_of(before.tracker, story.now)
    rows = [
        replace(r, mark=CALL, call=CALL, context="callcore-alone" if r.channel == ref("a") else "")
        for r in told.channels
    ]
    story.tell(replace(told, channels=tuple(rows)))
    assert state(story) is None
    assert story.tracker.calls[CALL].party is None


def test_orders_of_strangers_and_of_calls_that_are_over_mean_nothing() -> None:
    story = two().at(10)
    before = story.tracker.calls[CALL]
    story.tell(f.LineOrdered(CALL, BORIS, Do.hold), f.LineRefused(CALL, BORIS))
    assert story.tracker.calls[CALL] == before
    story.at(20).talk_ends("c", "a")
    assert story.tell(f.LineOrdered(CALL, ANNA, Do.hold), f.LineRefused(CALL, ANNA)) == []
    assert story.tell(f.Returned(ref("c"), "BUSY")) == []
    assert lining.parts(story.tracker, ANNA, CALL) is None
    assert lining.waiting(story.tracker, CALL) is None


def test_who_has_parted_by_his_phone_gets_no_orders_through() -> None:
    story = two()
    story.at(10).tell(f.BridgeLeft(ref("a"), "bridge-c"), f.BridgeLeft(ref("c"), "bridge-c"))
    assert lining.parts(story.tracker, ANNA, CALL) is None
    story.tell(f.LineOrdered(CALL, ANNA, Do.hold), f.Consulted(ref("a"), "BUSY"))
    story.hangs_up("a")
    assert story.tracker.calls[CALL].line is None
    assert not [*story.all(do.SendOn), *story.all(do.EndChannel)]


def test_somebody_else_comes_in_while_an_order_is_on_its_way() -> None:
    story = two().at(10)
    story.tell(f.LineOrdered(CALL, ANNA, Do.hold), created("x", "PJSIP/250-x"))
    story.tell(f.BridgeEntered(ref("x"), "bridge-c"))
    assert state(story) is LineState.talks


def test_a_consultation_of_nobody_is_no_news() -> None:
    story = two().at(10)
    assert story.tell(f.Consulted(ref("a"), "BUSY")) == []
    assert story.tracker.calls[CALL].line is None


def test_a_customer_of_whom_no_channel_is_known_cannot_be_sent_on() -> None:
    story = Story().on_shift(ANNA)
    story.tell(entered("c"), joined("c"))
    story.at(3).rings("c", ANNA, "a")
    story.at(5).tell(f.ChannelAnswered(ref("a")), connected("c", ANNA, "a"))
    story.tell(f.BridgeEntered(ref("a"), "b"), f.LineOrdered(CALL, ANNA, Do.consult, TO_BORIS))
    story.tell(f.BridgeLeft(ref("a"), "b"))
    story.hangs_up("a")
    assert not story.all(do.SendOn)


def test_the_parts_of_a_call() -> None:
    story = consults()
    anna, boris = (lining.parts(story.tracker, who, CALL) for who in (ANNA, BORIS))
    assert anna is not None
    assert (anna.customer, anna.mine, anna.others) == ("PJSIP/trunk-c", "PJSIP/101-a", ("PJSIP/102-b",))
    assert (anna.state, anna.sender, anna.target) == (LineState.consulting, "PJSIP/101", TO_BORIS)
    assert boris is not None
    assert (boris.mine, boris.state) == ("PJSIP/102-b", LineState.consulted)

"""The link breaks and comes back, or the daemon itself: what a Snapshot puts right."""

from __future__ import annotations

from dataclasses import replace

from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    IVAN,
    PBX,
    PHONES,
    VERA,
    Story,
    call_id,
    created,
    member,
    ref,
    row,
    second,
    sign_in,
    snapshot,
)
from tales import told

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.call import Phase
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import (
    AgentState,
    CallId,
    ChannelId,
    ChannelRef,
    EndReason,
    Interface,
    Outcome,
    PbxName,
    Source,
)

OLD = CallId("old1")
PRESENT = (member(ANNA), member(ANNA, EXPERT))
PRESENT_PAUSED = (member(ANNA, paused=True), member(ANNA, EXPERT, paused=True))


def test_a_flap_in_the_middle_of_a_talk() -> None:
    """Both channels are there as before: nothing pops, nothing ends, the talk is counted through."""
    story = told("through_a_flap")
    story.at(100)
    assert story.pops == [(ANNA, call_id(1))]
    assert (story.contact.talk_ms, story.contact.source) == (45_000, Source.live)
    assert len(story.all(do.AddMember)) == 2


def test_a_caller_who_vanished_while_nobody_looked() -> None:
    """He and Anna's leg are not in the list: the call is lost, and she writes up."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1, IVAN)
    story.rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    story.at(30).reconnects(members=PRESENT_PAUSED)
    contact = story.contact
    assert (contact.end_reason, contact.outcome, contact.hangup_cause) == (
        EndReason.lost,
        Outcome.answered,
        None,
    )
    assert (contact.talk_ms, contact.ended_at) == (25_000, second(30))
    assert story.state(ANNA) is AgentState.wrap_up
    assert not story.tracker.mirror.channels


def test_a_waiting_caller_who_vanished() -> None:
    """Anna's phone rang when the link broke: her ring is over, and what became of the caller is not known."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.at(30).reconnects(members=PRESENT)
    assert (story.contact.end_reason, story.contact.outcome) == (EndReason.lost, Outcome.failed)
    assert story.contact.operators[0].result is EndReason.lost
    assert (story.state(ANNA), story.agent(ANNA).missed) == (AgentState.ready, 0)


def test_a_leg_that_was_never_seen_to_begin_is_a_ghost() -> None:
    """AgentCalled named a channel that never came and is not listed: the ring ends, the caller waits on."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.tell(f.AgentCalled(ref("c"), FINANCE, PHONES[ANNA], ref("ghost")))
    story.at(5).reconnects(channels=(row("c", "PJSIP/trunk-c"),), members=PRESENT)
    assert story.state(ANNA) is AgentState.ready
    assert story.tracker.calls[call_id(1)].phase is Phase.waiting
    assert not story.tracker.legs


def test_a_call_that_only_the_ivr_knew() -> None:
    """He came and went while the link was down; the IVR handed him over, so only the Snapshot ends him."""
    story = Story()
    story.tell(f.CallEntered(ref("c"), None, None, None), f.IvrLeft(ref("c"), hung_up=False))
    story.at(9).reconnects()
    assert (story.contact.end_reason, story.contact.ended_at) == (EndReason.lost, second(9))


def test_a_call_that_the_ivr_saw_leave() -> None:
    """He hung up in the menu just before the Snapshot: he is not lost, he gave up."""
    story = Story()
    story.tell(f.CallEntered(ref("c"), None, None, None))
    story.at(5).tell(f.IvrLeft(ref("c"), hung_up=True))
    story.at(6).reconnects()
    assert (story.contact.end_reason, story.contact.outcome) == (EndReason.cancelled, Outcome.abandoned_ivr)


def test_who_comes_while_the_lists_are_read() -> None:
    """His channel began, or his IVR did, after the lists were made: not being in them does not end him."""
    story = Story()
    story.tell(f.LinkUp(PBX, 2))
    story.at(0.1).tell(created("c", "PJSIP/trunk-c"), f.CallEntered(ref("d"), None, None, None))
    story.waits("c")
    story.tell(snapshot())
    assert set(story.tracker.calls) == {call_id(1), call_id(2)}


def test_who_goes_while_the_lists_are_read() -> None:
    """His row is older than his Hangup: he is neither adopted nor begun anew."""
    story = Story()
    story.comes_to_queue("c")
    story.found(1)
    story.at(5).tell(f.LinkUp(PBX, 2))
    story.hangs_up("c", 0)
    story.tell(
        snapshot(2, (row("c", "PJSIP/trunk-c", call=call_id(1)),), (f.LiveEntry(FINANCE, ref("c"), 5),))
    )
    assert len(story.contacts) == 1
    assert (story.tracker.calls, story.tracker.mirror.channels) == ({}, {})


def test_moved_to_another_queue_while_nobody_looked() -> None:
    """The entry names another queue than we believe."""
    story = Story()
    story.comes_to_queue("c")
    entry = f.LiveEntry(EXPERT, ref("c"), 3)
    story.at(30).reconnects(channels=(row("c", "PJSIP/trunk-c"),), entries=(entry,))
    call = story.tracker.calls[call_id(1)]
    assert (call.phase, call.queue, call.queued_at) == (Phase.waiting, EXPERT, second(0))


def test_an_entry_that_is_older_than_his_leaving() -> None:
    """He left the queue after the login; the entry that follows is an old story."""
    story = Story()
    story.comes_to_queue("c")
    story.at(9).tell(f.LinkUp(PBX, 2), f.QueueLeft(ref("c"), FINANCE))
    story.tell(snapshot(2, (row("c", "PJSIP/trunk-c"),), (f.LiveEntry(FINANCE, ref("c"), 9),)))
    assert story.tracker.calls[call_id(1)].phase is Phase.left_queue


def test_an_entry_of_somebody_who_talks() -> None:
    """He was answered after the login; the entry is older."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.at(9).tell(f.LinkUp(PBX, 2))
    story.answers("c", ANNA, "a")
    story.tell(
        snapshot(
            2,
            (row("c", "PJSIP/trunk-c"), row("a", "PJSIP/101-a")),
            (f.LiveEntry(FINANCE, ref("c"), 9),),
            PRESENT_PAUSED,
        )
    )
    assert story.tracker.calls[call_id(1)].phase is Phase.talking


def test_members_that_a_restart_of_the_pbx_forgot() -> None:
    """Her phone is in one queue of two, and unpaused there although she is at lunch."""
    story = Story().on_shift(ANNA)
    story.tell(f.AgentPaused(ANNA, f.PauseReason.lunch))
    effects = story.at(30).reconnects(members=(member(ANNA), member(BORIS)))
    added, paused = effects
    assert isinstance(added, do.AddMember)
    assert (added.queue, added.paused, added.reason) == (EXPERT, True, "lunch")
    assert isinstance(paused, do.PauseMember)
    assert (paused.queues, paused.paused, paused.reason) == ((FINANCE,), True, "lunch")
    again = story.at(60).reconnects(epoch=3, members=(member(ANNA),))
    assert not {e.key for e in effects} & {e.key for e in again}


def test_members_that_are_as_they_should_be() -> None:
    """Nothing to put right, nothing is done."""
    story = Story().on_shift(ANNA)
    assert story.reconnects(members=PRESENT) == []


def test_a_phone_that_rings_in_a_pause_is_not_unpaused() -> None:
    """The Snapshot finds her ringing, but she is at lunch."""
    story = Story().on_shift(ANNA)
    story.tell(f.AgentPaused(ANNA, f.PauseReason.lunch))
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    effects = story.reconnects(
        channels=(row("c", "PJSIP/trunk-c"), row("a", "PJSIP/101-a")), members=PRESENT_PAUSED
    )
    assert effects == []


def test_a_local_member_is_found_again_after_a_restart() -> None:
    """His interface is spelled with options, his channel is not: he is found all the same."""
    story = Story()
    seat = Interface("Local/102@agents/n")
    story.tell(f.DeskOpened(BORIS), replace(sign_in(BORIS, state=AgentState.ready), interface=seat))
    story.reconnects(
        epoch=1,
        channels=(
            row("c", "PJSIP/trunk-c", bridge="b", seconds=50, call=OLD),
            row("l", "Local/102@agents-0001;1", bridge="b", seconds=30, call=OLD),
        ),
    )
    assert story.pops == [(BORIS, OLD)]


def test_another_pbx_is_left_alone() -> None:
    """A Snapshot of one PBX says nothing about the calls, phones and members of another."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    other = PbxName("second")
    there = f.LiveChannel(
        ChannelRef(other, ChannelId("c")), "PJSIP/101-9", "Up", None, None, None, None, 5, None, None, None
    )
    gone = ChannelRef(other, ChannelId("gone"))
    story.tell(f.ChannelHungUp(gone, 16))
    story.at(5).tell(f.LinkUp(other, 1), f.Snapshot(other, 1, (there,), (), ()))
    assert story.tracker.calls[call_id(1)].phase is Phase.waiting
    assert story.state(ANNA) is AgentState.ringing
    assert len(story.all(do.AddMember)) == 2


def test_a_call_that_waits_for_its_customer_is_not_lost() -> None:
    """It is over already; a Snapshot has nothing to add."""
    story = Story()
    story.comes_to_queue("c")
    story.hangs_up("c")
    story.reconnects()
    story.found(1, IVAN)
    assert story.contact.end_reason is EndReason.cancelled


def test_the_ivr_and_the_link_break_together() -> None:
    """A tunnel fails: the IVR hears a hang-up, but Asterisk takes the caller on to a queue: one visit."""
    story = Story()
    story.arrives("c")
    story.found(1)
    story.at(10).tell(f.LinkLost(PBX), f.IvrLeft(ref("c"), hung_up=True))
    story.at(40)
    assert not story.contacts
    story.reconnects(
        channels=(row("c", "PJSIP/trunk-c", seconds=40),), entries=(f.LiveEntry(EXPERT, ref("c"), 30),)
    )
    story.at(60).abandons("c", EXPERT)
    story.hangs_up("c")
    contact = story.contact
    assert (contact.call, contact.queue, contact.wait_ms) == (call_id(1), EXPERT, 50_000)


def test_a_caller_who_left_the_ivr_while_the_link_was_away() -> None:
    story = Story()
    story.arrives("c")
    story.found(1)
    story.at(10).tell(f.LinkLost(PBX), f.IvrLeft(ref("c"), hung_up=True))
    story.at(30).reconnects()
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.abandoned_ivr, EndReason.cancelled)


def test_a_pbx_that_died_under_a_menu() -> None:
    """The IVR hears the same as of a caller who hangs up. But his end would stand in the journal."""
    story = Story()
    story.arrives("c")
    story.found(1)
    story.at(10).tell(f.LinkLost(PBX), f.IvrLeft(ref("c"), hung_up=True))
    story.at(12).tell(f.LinkUp(PBX, 2), snapshot(2, has_journal=True))
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.failed, EndReason.lost)
    story.at(200)
    assert len(story.contacts) == 1
    assert not story.tracker.calls


def test_a_caller_of_elsewhere_is_not_doubted() -> None:
    """He left the menu a moment ago, and his channel still lives when the PBX lists it."""
    story = Story()
    story.arrives("c")
    story.found(1)
    story.at(10).tell(f.LinkLost(PBX), f.IvrLeft(ref("c"), hung_up=True))
    story.tell(f.LinkUp(PBX, 2), snapshot(2, (row("c", "PJSIP/trunk-c"),), has_journal=True))
    story.at(11).hangs_up("c")
    assert story.contact.outcome is Outcome.abandoned_ivr


def test_a_link_that_stays_away() -> None:
    """For a minute the end may wait, not for ever."""
    story = Story()
    story.arrives("c")
    story.found(1)
    story.at(10).tell(f.LinkLost(PBX), f.IvrLeft(ref("c"), hung_up=True))
    story.at(200)
    assert story.contact.outcome is Outcome.abandoned_ivr
    assert not story.tracker.calls


def test_a_talk_at_the_phone_of_one_who_signed_in_meanwhile() -> None:
    """Nobody sat at 101 when it was listed first; Anna does now: the next Snapshot gives her the caller."""
    talk = (row("d", "PJSIP/trunk-d", bridge="b"), row("a", "PJSIP/101-1", bridge="b"))
    story = Story()
    story.reconnects(channels=talk)
    assert story.tracker.calls == {}
    story.at(5).on_shift(ANNA)
    story.at(30).reconnects(epoch=3, channels=talk, members=PRESENT)
    assert [login for login, _ in story.pops] == [ANNA]
    assert story.state(ANNA) is AgentState.talking


def test_a_local_member_whose_connection_nobody_told() -> None:
    """Whatever event is missing, the two names of Vera's seat (with and without options) are one phone: her
    card stays as it came when her phone rang."""
    story = Story(policy=PopPolicy(PopMoment.ringing, PopMoment.ringing))
    for at, fact in told("through_local").facts:
        if not isinstance(fact, f.AgentConnected):
            story.at((at - second(0)).total_seconds()).tell(fact)
    story.at(100)
    assert [login for login, _ in story.pops] == [VERA]
    assert not story.all(do.DropCard)
    assert [ring.result for ring in story.contact.operators] == [EndReason.completed]

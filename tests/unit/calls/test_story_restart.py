"""The daemon comes to a PBX that is at work, or comes back to it: what it adopts."""

from __future__ import annotations

from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    IVAN,
    PBX,
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

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.call import Phase
from callcore.domain import (
    AgentState,
    CallId,
    Outcome,
    Source,
    TopicCode,
)

OLD = CallId("old1")
PRESENT = (member(ANNA), member(ANNA, EXPERT))
PRESENT_PAUSED = (member(ANNA, paused=True), member(ANNA, EXPERT, paused=True))


def test_a_waiting_caller_is_adopted() -> None:
    """The daemon comes to a PBX at work: who waits gets a call that began when he joined."""
    story = Story().on_shift(ANNA)
    story.at(60).reconnects(
        epoch=1,
        channels=(row("c", "PJSIP/trunk-c", seconds=50),),
        entries=(f.LiveEntry(FINANCE, ref("c"), 40), f.LiveEntry(FINANCE, ref("gone"), 9)),
        members=PRESENT,
    )
    story.found(1, IVAN)
    story.rings("c", ANNA, "a")
    story.at(65).answers("c", ANNA, "a")
    story.at(70).talk_ends("c", "a")
    contact = story.contact
    assert (contact.source, contact.outcome, contact.queue) == (Source.snapshot, Outcome.answered, FINANCE)
    assert (contact.started_at, contact.queued_at, contact.wait_ms) == (second(20), second(20), 45_000)
    assert story.pops == [(ANNA, call_id(1))]


def test_a_restarted_daemon_adopts_a_talk_under_its_old_id() -> None:
    """The caller talks with Anna: the same id, the card again, no second call for her leg with that id."""
    story = Story()
    story.tell(f.DeskOpened(ANNA), sign_in(ANNA, state=AgentState.ready))
    topic = TopicCode("finance.balance")
    story.at(100).reconnects(
        epoch=1,
        channels=(
            row("a", "PJSIP/101-a", bridge="b", seconds=30, call=OLD),
            row("l", "Local/900@x-1;1", bridge="b", seconds=20, call=OLD),
            row("c", "PJSIP/trunk-c", bridge="b", seconds=50, call=OLD, topic=topic),
            row("r", "PJSIP/recorder-r", seconds=10, call=OLD),
        ),
        members=PRESENT,
    )
    assert story.pops == [(ANNA, OLD)]
    assert set(story.tracker.calls) == {OLD}
    assert story.state(ANNA) is AgentState.talking
    assert {e.paused for e in story.all(do.PauseMember)} == {True}
    story.tell(f.CustomersFound(OLD, (IVAN,)))
    story.at(110).tell(f.BridgeLeft(ref("c"), "b"), f.ChannelHungUp(ref("a"), 16))
    story.hangs_up("c")
    contact = story.contact
    assert (contact.call, contact.source, contact.topic) == (OLD, Source.snapshot, topic)
    assert (contact.started_at, contact.talk_ms) == (second(50), 10_000)
    assert (contact.answered_by, story.state(ANNA)) == (ANNA, AgentState.wrap_up)


def test_a_restarted_daemon_adopts_a_waiting_call_under_its_old_id() -> None:
    """He waits: his one call has the old id and the queue of the entry."""
    story = Story()
    story.at(100).reconnects(
        epoch=1,
        channels=(row("c", "PJSIP/trunk-c", seconds=50, call=OLD),),
        entries=(f.LiveEntry(FINANCE, ref("c"), 40),),
    )
    call = story.tracker.calls[OLD]
    assert (call.phase, call.queue, call.queued_at) == (Phase.waiting, FINANCE, second(60))
    assert len(story.all(do.RememberCall)) == 1


def test_an_id_of_a_call_that_is_over_is_not_used_again() -> None:
    """The caller is gone, a third party's leg that inherited the id lives on: it is nobody's call."""
    story = Story()
    story.comes_to_queue("c")
    story.found(1)
    story.hangs_up("c")
    story.at(5).reconnects(channels=(row("x", "PJSIP/trunk-x", call=call_id(1)),))
    assert story.tracker.calls == {}
    assert len(story.contacts) == 1


def test_the_caller_with_an_id_has_gone_but_his_row_comes() -> None:
    """After a restart: the rows still list him, his Hangup was seen since the login."""
    story = Story()
    story.tell(f.LinkUp(PBX, 1))
    story.hangs_up("c")
    story.tell(snapshot(1, (row("c", "PJSIP/trunk-c", call=OLD),)))
    assert story.tracker.calls == {}


def test_a_channel_that_has_a_newer_call() -> None:
    """The IVR was quicker than the Snapshot: the call that it began stays the one of this channel."""
    story = Story()
    story.tell(f.LinkUp(PBX, 1))
    story.arrives("c")
    story.tell(snapshot(1, (row("c", "PJSIP/trunk-c", call=OLD),)))
    assert set(story.tracker.calls) == {call_id(1)}


def test_answered_while_nobody_looked() -> None:
    """The link broke while he waited; when it is back, he talks with Boris: the card pops now."""
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.at(30).reconnects(
        channels=(
            row("c", "PJSIP/trunk-c", bridge="b"),
            row("b", "PJSIP/102-b", bridge="b"),
        ),
        members=(*PRESENT, member(BORIS), member(BORIS, EXPERT)),
    )
    assert story.pops == [(BORIS, call_id(1))]
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.ready, AgentState.talking)
    story.at(40).hangs_up("b")
    assert story.state(BORIS) is AgentState.wrap_up
    story.hangs_up("c")
    assert story.contact.talk_ms == 10_000


def test_the_talk_ended_while_nobody_looked() -> None:
    """Both channels live, but no longer in one bridge: their talk is over, the caller's call is not."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    story.at(30).reconnects(
        channels=(row("c", "PJSIP/trunk-c"), row("a", "PJSIP/101-a", bridge="elsewhere")),
        members=PRESENT_PAUSED,
    )
    assert story.tracker.calls[call_id(1)].talking_with == ()
    story.at(60).hangs_up("c")
    assert story.contact.talk_ms == 25_000


def test_a_bridge_of_which_we_heard_before_the_row() -> None:
    """He joins the bridge between login and Snapshot; his row is older and says that he is in none."""
    story = Story().on_shift(ANNA)
    story.tell(f.LinkUp(PBX, 1))
    story.tell(f.BridgeEntered(ref("a"), "b"), f.BridgeEntered(ref("c"), "b"))
    story.tell(
        snapshot(
            1,
            (row("a", "PJSIP/101-a", seconds=9), row("c", "PJSIP/trunk-c", seconds=20, call=OLD)),
            members=PRESENT,
        )
    )
    assert story.pops == [(ANNA, OLD)]
    assert story.tracker.mirror.channels[ref("c")].name == "PJSIP/trunk-c"
    assert story.tracker.calls[OLD].started_at == second(-20)


def test_a_channel_that_speaks_before_its_row() -> None:
    """It is renamed after the login: it lives, its new name stays; its bridge is the row's."""
    story = Story().on_shift(ANNA)
    story.arrives("c")
    story.tell(created("a", "PJSIP/999-a"), f.LinkUp(PBX, 2), f.ChannelRenamed(ref("a"), "PJSIP/101-a"))
    story.tell(f.ChannelAnswered(ref("c")))
    story.tell(
        snapshot(
            2,
            (row("a", "PJSIP/999-a", bridge="b"), row("c", "PJSIP/trunk-c", bridge="b")),
            members=PRESENT,
        )
    )
    assert story.pops == [(ANNA, call_id(1))]


def test_news_since_the_login_beat_the_row() -> None:
    """He left the bridge after the login: an older row does not put him back."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(9).tell(f.LinkUp(PBX, 2))
    story.leaves_bridge("c", "c")
    story.tell(
        snapshot(
            2, (row("c", "PJSIP/trunk-c", bridge="bridge-c"), row("a", "PJSIP/101-a", bridge="bridge-c"))
        )
    )
    assert story.tracker.calls[call_id(1)].talking_with == ()


def test_a_channel_that_is_seen_to_begin_after_its_bridge() -> None:
    """Newchannel comes after BridgeEnter: name and bridge are both kept."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.tell(f.BridgeEntered(ref("a"), "b"), created("a", "PJSIP/101-a"), f.BridgeEntered(ref("c"), "b"))
    assert story.pops == [(ANNA, call_id(1))]

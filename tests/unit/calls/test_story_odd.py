"""What comes late, twice, in an odd order, or not at all."""

from __future__ import annotations

from stories import (
    ANNA,
    BLACKOUT,
    BORIS,
    EXPERT,
    FINANCE,
    IVAN,
    NUMBER,
    PBX,
    PHONES,
    Story,
    call_id,
    created,
    entered,
    joined,
    ref,
    routed,
    second,
)
from tales import told
from traffic import Traffic

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.call import Phase
from callcore.calls.mirror import TOMBSTONE
from callcore.domain import EndReason, Outcome, TopicCode


def test_the_caller_is_gone_before_the_ivr_tells_of_him() -> None:
    """FastAGI is slower than AMI: CallEntered comes after the Hangup; one contact, ended as it was."""
    story = Story()
    story.tell(created("c", "PJSIP/trunk-c"))
    story.hangs_up("c", 0)
    story.at(0.1).tell(entered("c"))
    story.found(1, IVAN)
    assert (story.contact.outcome, story.contact.customer) == (Outcome.abandoned_ivr, IVAN.id)
    assert story.contact.hangup_cause == 0
    assert story.tell(entered("c"), joined("c")) == []
    assert story.tracker.odd["call_entered_again"] == 1
    assert story.tracker.odd["queue_join_after_hangup"] == 1


def test_the_ivr_tells_of_him_before_the_pbx() -> None:
    """CallEntered overtakes Newchannel: everything goes its way."""
    story = Story()
    story.tell(entered("c"), created("c", "PJSIP/trunk-c"))
    assert story.tell(entered("c")) == []
    story.chooses("c")
    story.waits("c")
    story.found(1)
    story.at(9).abandons("c")
    story.hangs_up("c")
    assert story.contact.outcome is Outcome.abandoned_queue


def test_the_customer_base_answers_after_the_end() -> None:
    """The call was short: the contact waits for the customer, and is written once, with him."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(2).talk_ends("c", "a")
    assert story.contacts == []
    assert [type(e) for e in story.at(4).found(1, IVAN)] == [do.UpdateCard, do.LogContact]
    assert (story.contact.customer, story.contact.ended_at) == (IVAN.id, second(2))
    story.found(1, IVAN)
    story.at(60)
    assert len(story.contacts) == 1


def test_the_customer_base_never_answers() -> None:
    """The contact is written without a customer when its time is up."""
    story = Story()
    story.arrives("c")
    story.at(3).hangs_up("c")
    story.tell(f.QueueLeft(ref("c"), FINANCE), f.LanguageChosen(ref("c"), "en"))
    story.at(7.9)
    assert story.contacts == []
    story.at(8)
    assert (story.contact.customer, story.contact.ended_at) == (None, second(3))
    assert story.found(1, IVAN) == []


def test_news_of_a_call_that_waits_for_its_customer() -> None:
    """The contact is made: what comes after the hang-up cannot change it, nor begin the call anew."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.hangs_up("c")
    for fact in (entered("c"), joined("c"), f.AgentCalled(ref("c"), FINANCE, PHONES[ANNA], ref("a"))):
        assert story.tell(fact) == []
    assert story.tell(f.AgentConnected(ref("c"), FINANCE, PHONES[ANNA], ref("a"), 1, 1)) == []
    assert story.misses("c", ANNA) == []
    assert not story.tracker.legs
    story.at(10)
    assert len(story.contacts) == 1


def test_the_ivr_alone_knows_that_he_is_gone() -> None:
    """AMI is down: the IVR's word ends the call after a moment, as given up in the menu."""
    story = Story()
    story.tell(entered("c", None))
    story.at(5).tell(f.IvrLeft(ref("c"), hung_up=True))
    assert story.contacts == []
    story.at(8)
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.abandoned_ivr, EndReason.cancelled)
    assert story.hangs_up("c") == []
    story.at(9)
    assert story.tell(entered("c", None)) == []
    assert len(story.contacts) == 1


def test_a_closed_route() -> None:
    """He hears that nobody is there, and is hung up; that is no abandoned call."""
    story = told("closed")
    contact = story.contact
    assert (contact.outcome, contact.end_reason) == (Outcome.closed, EndReason.completed)
    assert (contact.language, contact.queue, contact.wait_ms) == ("en", None, 0)


def test_a_closed_route_of_which_the_pbx_tells_no_end() -> None:
    """The announcement is over, AMI is down: the call ends by itself."""
    story = Story()
    story.tell(entered("c", None), routed("c", None))
    story.at(10).tell(f.IvrLeft(ref("c"), hung_up=False, closed=True))
    story.at(20)
    assert (story.contact.outcome, story.contact.ended_at) == (Outcome.closed, second(13))


def test_he_hangs_up_in_the_announcement() -> None:
    """Closed, and he does not hear it out: closed all the same."""
    story = Story()
    story.arrives("c", None)
    story.tell(routed("c", None))
    story.at(3).hangs_up("c")
    assert story.contact.outcome is Outcome.closed


def test_the_queue_gives_up() -> None:
    """The longest wait is over: QueueCallerLeave without an abandon, then the dialplan hangs up."""
    story = Story()
    story.comes_to_queue("c")
    story.found(1)
    story.at(600).tell(f.QueueLeft(ref("c"), FINANCE))
    story.at(605).hangs_up("c")
    contact = story.contact
    assert (contact.outcome, contact.end_reason) == (Outcome.timeout, EndReason.no_answer)
    assert contact.wait_ms == 600_000


def test_a_static_queue_without_our_ivr() -> None:
    """An existing PBX whose calls never meet our IVR: the call begins when it joins its queue."""
    story = Story().on_shift(ANNA)
    story.tell(created("c", "PJSIP/trunk-c", "+79160000001"))
    effects = story.at(4).waits("c")
    assert [type(e) for e in effects] == [do.RememberCall, do.LookUpCustomers]
    story.rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    story.found(1, IVAN)
    story.at(9).talk_ends("c", "a")
    contact = story.contact
    assert (contact.outcome, contact.topic, contact.queue) == (Outcome.answered, None, FINANCE)
    assert (contact.dialed_number, contact.wait_ms) == ("500100", 1000)
    assert story.pops == [(ANNA, call_id(1))]


def test_a_queue_joined_by_a_channel_that_we_never_saw() -> None:
    """We came to a PBX that is at work: no Newchannel was heard."""
    story = Story()
    story.waits("c")
    assert story.tracker.calls[call_id(1)].dialed_number is None


def test_fallback_after_our_ivr_died() -> None:
    """No route was chosen: the dialplan took him to the static queue; his one call goes on there."""
    story = Story().on_shift(ANNA)
    story.arrives("c")
    story.found(1)
    story.at(6).waits("c", EXPERT)
    story.rings("c", ANNA, "a", EXPERT)
    story.at(8).answers("c", ANNA, "a", EXPERT)
    story.at(20).talk_ends("c", "a")
    assert (story.contact.queue, story.contact.topic, story.contact.route) == (EXPERT, None, None)
    assert story.contact.outcome is Outcome.answered


def test_an_ivr_that_comes_back_to_life() -> None:
    """It hung, the dialplan went on without it; what it says then cannot take the caller out of his queue."""
    story = Story()
    story.arrives("c")
    story.found(1)
    story.waits("c", EXPERT)
    story.tell(
        f.LanguageChosen(ref("c"), "en"),
        routed("c", None),
        f.IvrLeft(ref("c"), hung_up=False, closed=True),
    )
    story.at(60)
    call = story.tracker.calls[call_id(1)]
    assert (call.phase, call.queue, call.topic) == (Phase.waiting, EXPERT, TopicCode("finance.balance"))
    assert (call.ends_by, call.route) == (None, None)


def test_he_left_the_ivr_and_is_in_a_queue() -> None:
    """The IVR took a broken connection for a hang-up; the queue proves that he is there."""
    story = Story()
    story.arrives("c")
    story.tell(f.IvrLeft(ref("c"), hung_up=True))
    story.at(1).waits("c")
    story.at(60)
    assert story.tracker.calls[call_id(1)].phase is Phase.waiting


def test_news_of_nobody() -> None:
    """Facts of channels and calls that are not known give nothing and are counted."""
    story = Story().on_shift(ANNA)
    before = len(story.effects)
    story.tell(
        f.ChannelRenamed(ref("x"), "PJSIP/9-1"),
        f.ChannelAnswered(ref("x")),
        f.BridgeLeft(ref("x"), "b"),
        f.QueueLeft(ref("x"), FINANCE),
        f.QueueAbandoned(ref("x"), FINANCE),
        f.LanguageChosen(ref("x"), "ru"),
        routed("x"),
        f.IvrLeft(ref("x"), hung_up=True),
        f.AgentCalled(ref("x"), FINANCE, PHONES[ANNA], ref("y")),
        f.AgentDidNotAnswer(ref("x"), FINANCE, PHONES[ANNA], 1),
        f.AgentConnected(ref("x"), FINANCE, PHONES[ANNA], ref("y"), 1, 1),
        f.CustomersFound(call_id(9), ()),
        f.LinkLost(PBX),
        f.MemberStatus(PBX, FINANCE, PHONES[ANNA], paused=True, paused_reason="", in_call=False),
        f.MemberRemoved(PBX, FINANCE, PHONES[ANNA]),
        f.ChannelHungUp(ref("x"), 16),
        f.ChannelHungUp(ref("x"), 16),
        created("x", "PJSIP/9-1"),
        f.BridgeEntered(ref("x"), "b"),
    )
    assert len(story.effects) == before
    assert story.tracker.odd == {
        "unknown_channel": 4,
        "no_call_on_channel": 5,
        "agent_called_for_nobody": 1,
        "agent_connected_to_nobody": 1,
        "unknown_call": 1,
        "hangup_again": 1,
        "channel_created_again": 1,
    }
    assert not story.tracker.mirror.channels


def test_no_answer_without_a_ring() -> None:
    """AgentCalled was lost: the queue's AgentRingNoAnswer alone is no ring."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    assert story.misses("c", ANNA) == []
    assert story.agent(ANNA).missed == 0


def test_a_renamed_phone_is_found_by_its_new_name() -> None:
    """A masquerade gives the channel another name: whose phone it is follows the name."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.tell(created("p", "PJSIP/999-1"), f.ChannelRenamed(ref("p"), "PJSIP/101-7"))
    story.tell(f.BridgeEntered(ref("p"), "b"), f.BridgeEntered(ref("c"), "b"))
    assert story.pops == [(ANNA, call_id(1))]


def test_a_bridge_that_is_left_by_another_name() -> None:
    """BridgeLeave of a bridge in which the channel no longer is changes nothing."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.tell(f.BridgeLeft(ref("c"), "another"))
    assert story.tracker.calls[call_id(1)].talking_with == (PHONES[ANNA],)


def test_two_callers_in_one_bridge() -> None:
    """A conference of two callers pops nothing; an operator who joins belongs to the call that rang him."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.comes_to_queue("d")
    story.rings("c", ANNA, "a")
    story.tell(f.BridgeEntered(ref("c"), "b"), f.BridgeEntered(ref("d"), "b"))
    assert story.pops == []
    story.tell(f.BridgeEntered(ref("a"), "b"))
    assert story.pops == [(ANNA, call_id(1))]


def test_tombstones_go_after_a_while() -> None:
    """On a PBX whose calls are none of ours, ended channels are not kept for ever."""
    story = Story()
    for nth in range(100):
        story.at(nth * 10).tell(created(f"x{nth}", f"PJSIP/9-{nth}"), f.ChannelHungUp(ref(f"x{nth}"), 16))
    assert len(story.tracker.mirror.ended) <= TOMBSTONE.total_seconds() / 10 + 1
    assert not story.tracker.mirror.channels


def test_a_local_channel_that_is_half_of_nothing() -> None:
    """Its name has no half in it: it is nobody's wire, and nobody who talks."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.tell(created("l", "Local/101@agents-0001"))
    story.tell(f.BridgeEntered(ref("l"), "b"), f.BridgeEntered(ref("c"), "b"))
    assert story.pops == []
    story.hangs_up("l")
    story.hangs_up("c")
    assert not story.tracker.mirror.channels


def test_asterisk_crashed_while_he_heard_of_his_outage() -> None:
    """He was lost, whatever the IVR says of him afterwards."""
    story = Story()
    story.arrives("c")
    story.found(1, IVAN, outages=(BLACKOUT,))
    story.at(5).reconnects()
    assert story.contacts == []
    story.tell(f.IvrLeft(ref("c"), hung_up=True, outage_heard=True))
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.failed, EndReason.lost)


def test_rings_that_a_busy_daemon_hears_of_late() -> None:
    """The clock had no time to strike between the two rings: they are told apart all the same."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.now = second(4)
    story.rings_phone("c", "b", "102")
    story.at(6).takes("b", "c")
    assert story.steps()[:2] == ["dialing 101-a", "dialing 102-b"]


def test_a_transfer_of_somebody_who_only_rings() -> None:
    """Boris' phone rings for Anna, and she hands him on before he answered; then it stops ringing."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.lifts("a", "101", dials="102")
    story.rings_phone("a", "b", "102")
    story.at(3).tell(f.BlindTransferred(ref("a"), ref("b"), "105"))
    story.hangs_up("b", 26)
    story.hangs_up("a")
    assert not any(step.startswith("answered") for step in story.steps())
    assert story.is_at_rest()


def test_news_of_nobody_from_any_kind_of_call() -> None:
    """Hold, parking, transfers and dials of channels that are not known: nothing, and nothing is kept."""
    story = Story().on_shift(ANNA)
    before = len(story.effects)
    story.tell(
        f.PutOnHold(ref("x")),
        f.TakenOffHold(ref("x")),
        f.Parked(ref("x")),
        f.BlindTransferred(ref("x"), ref("y"), "102"),
        f.AttendedTransferred(ref("x"), ref("x2"), None, None),
        f.CallerIdChanged(ref("x"), NUMBER, None),
        f.DialEnded(ref("y"), "CANCEL"),
        f.ChannelHungUp(ref("y"), 16),
        f.DialBegan(ref("x"), ref("y"), "PJSIP/101-y"),
    )
    assert len(story.effects) == before
    assert story.tellings == []


def test_told_twice() -> None:
    """The same hold and the same transfer are told once; the phone itself leaves, and comes back."""
    story = Traffic()
    story.on_shift(ANNA, BORIS)
    story.talks()
    for fact in (f.PutOnHold(ref("a")), f.BlindTransferred(ref("a"), ref("c"), "102")):
        story.tell(fact, fact)
    assert story.steps()[3:] == ["held by 101-a", "transferred blind by 101-a (102)"]

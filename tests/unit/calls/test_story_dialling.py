"""Calls that callcore places for an operator: her own phone rings first, then the number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import (
    ANNA,
    BORIS,
    FINANCE,
    IVAN,
    NUMBER,
    PHONES,
    Story,
    make_tracker,
    member,
    ref,
    row,
)

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.attempt import AttemptResult, Plan
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import AgentState, CallId, Direction, EndReason, Outcome, Source

CALL = CallId("p1")
LOCAL = "Local/s@callcore-phone-0000001c"
PLACED = f.CallPlaced(ref("p"), CALL, ANNA, PHONES[ANNA], NUMBER, Plan.phone_first)
DIALLING = PopPolicy(outbound=PopMoment.dialling)


def shift(policy: PopPolicy = DIALLING) -> Story:
    return Story(policy=policy).on_shift(ANNA).on_shift(BORIS)


def rings(story: Story, phone: str = "PJSIP/101") -> list[do.Effect]:
    """Her phone, with the number on it."""
    return story.tell(
        PLACED,
        f.ChannelCreated(ref("p"), f"{LOCAL};1", "p", NUMBER[1:], None, None, "callcore-placed"),
        f.ChannelCreated(ref("p2"), f"{LOCAL};2", "p", NUMBER[1:], None, None, "callcore-phone"),
        f.DialBegan(None, ref("p"), f"{LOCAL};1"),
        f.ChannelCreated(ref("p3"), f"{phone}-0000001d", "p", None, None, None, "phones"),
        f.DialBegan(ref("p2"), ref("p3"), f"{phone}-0000001d"),
    )


def picks_up(story: Story) -> list[do.Effect]:
    return story.tell(
        f.ChannelAnswered(ref("p3")),
        f.ChannelAnswered(ref("p2")),
        f.ChannelAnswered(ref("p")),
        f.BridgeEntered(ref("p3"), "b-own"),
        f.BridgeEntered(ref("p2"), "b-own"),
    )


def number_rings(story: Story) -> list[do.Effect]:
    return story.tell(
        f.ChannelCreated(ref("n"), "PJSIP/carrier-0000001e", "p", None, None, None, "from-trunk"),
        f.DialBegan(ref("p"), ref("n"), "PJSIP/carrier-0000001e"),
    )


def answers(story: Story) -> list[do.Effect]:
    return story.tell(
        f.ChannelAnswered(ref("n")),
        f.BridgeEntered(ref("n"), "b-out"),
        f.BridgeEntered(ref("p"), "b-out"),
    )


def over(story: Story, result: AttemptResult, why: str = "") -> list[do.Effect]:
    return story.tell(f.PlacedOver(ref("p"), result, why))


def gone(story: Story, *names: str) -> list[do.Effect]:
    return [effect for name in names or ("n", "p", "p2", "p3") for effect in story.hangs_up(name)]


def stages(story: Story) -> list[tuple[str, AttemptResult | None]]:
    return [(each.stage, each.result) for each in story.all(do.ShowDialling)]


def test_her_card_is_open_before_he_answers() -> None:
    story = shift()
    rings(story)
    assert story.all(do.ShowRinging) == [], "nobody calls her"
    assert (stages(story), story.pops) == ([("phone", None)], [])
    assert story.state(ANNA) is AgentState.ringing
    story.at(3)
    picks_up(story)
    assert (stages(story)[-1], story.pops) == (("number", None), [(ANNA, CALL)])
    assert story.state(ANNA) is AgentState.talking
    number_rings(story)
    story.at(8)
    answers(story)
    assert stages(story)[-1] == ("over", AttemptResult.answered)
    assert story.pops == [(ANNA, CALL)], "once"
    (update,) = [each for each in story.all(do.UpdateCard) if each.view.answered_at]
    assert update.login == ANNA
    story.tell(f.CustomersFound(CALL, (IVAN,)))
    gone(story.at(38))
    contact = story.contact
    assert (contact.call, contact.direction, contact.outcome) == (CALL, Direction.outbound, Outcome.answered)
    assert (contact.caller_number, contact.answered_by, contact.talk_ms) == (NUMBER, ANNA, 30_000)
    over(story, AttemptResult.answered)
    assert stages(story)[-1] == ("over", AttemptResult.answered)
    assert dict(story.tracker.odd) == {}


@pytest.mark.parametrize(
    ("moment", "when"),
    [
        (PopMoment.never, []),
        (PopMoment.button, []),
        (PopMoment.ringing, ["rings"]),
        (PopMoment.dialling, ["picks_up"]),
        (PopMoment.answer, ["answers"]),
    ],
)
def test_when_the_card_opens_is_a_setting(moment: PopMoment, when: list[str]) -> None:
    story = shift(PopPolicy(outbound=moment))
    seen = []
    for step in (rings, picks_up, number_rings, answers):
        if any(isinstance(each, do.PopCard) for each in step(story)):
            seen.append(step.__name__)
    assert seen == when


def test_she_may_ask_for_it_herself() -> None:
    """From her pickup on, and after the number has answered, too."""
    story = shift(PopPolicy(outbound=PopMoment.button))
    rings(story)
    picks_up(story)
    assert story.all(do.ShowDialling)[-1].can_take
    story.tell(f.CardTaken(ANNA, CALL))
    assert story.pops == [(ANNA, CALL)]
    again = shift(PopPolicy(outbound=PopMoment.button))
    for step in (rings, picks_up, number_rings, answers):
        step(again)
    (offer,) = again.all(do.ShowRinging)
    assert (offer.login, offer.can_take) == (ANNA, True)


@pytest.mark.parametrize(
    ("status", "cause", "result", "reason"),
    [
        ("BUSY", 17, AttemptResult.busy, "busy"),
        ("NOANSWER", 16, AttemptResult.no_answer, "no_answer"),
        ("CHANUNAVAIL", 21, AttemptResult.rejected, "rejected"),
        ("CONGESTION", 34, AttemptResult.network, "failed"),
    ],
)
def test_a_number_that_does_not_answer_was_not_talked_to(
    status: str, cause: int, result: AttemptResult, reason: str
) -> None:
    """Her own time on the line is no talk with the customer; the contact stays hers, the band says why."""
    story = shift()
    rings(story)
    picks_up(story)
    number_rings(story)
    story.tell(f.CustomersFound(CALL, ()))
    story.tell(f.DialledOut(ref("p"), status, cause))
    gone(story.at(20))
    contact = story.contact
    assert (contact.outcome, contact.end_reason, contact.answered_at) == (Outcome.failed, reason, None)
    assert (contact.answered_by, contact.talk_ms) == (ANNA, 0)
    (told,) = over(story, result, status)
    assert isinstance(told, do.ShowDialling)
    assert (told.stage, told.result, told.view.caller_number) == ("over", result, NUMBER)
    assert story.state(ANNA) is AgentState.wrap_up


def test_a_machine_that_she_hears_is_nobody_reached() -> None:
    story = shift()
    rings(story)
    picks_up(story.at(3))
    number_rings(story)
    answers(story.at(8))
    story.tell(f.CustomersFound(CALL, (IVAN,)), f.MachineHeard(CALL), f.MachineHeard(CallId("gone")))
    gone(story.at(12))
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.failed, EndReason.no_answer)


def test_a_phone_that_nobody_picks_up_makes_no_contact() -> None:
    """The number was not rung, and it is not held against her that she did not answer herself."""
    story = Story(policy=DIALLING, rules=replace(Story().rules, missed_limit=1)).on_shift(ANNA)
    rings(story)
    story.tell(f.CustomersFound(CALL, ()))
    gone(story.at(20), "p3", "p2", "p")
    over(story, AttemptResult.not_sent, "operator: no_answer")
    assert (story.contacts, story.pops) == ([], [])
    assert stages(story)[-1] == ("over", AttemptResult.not_sent)
    assert story.state(ANNA) is AgentState.ready
    assert story.tracker.placed == {}


def test_a_card_that_opened_too_early_is_taken_away() -> None:
    story = shift(PopPolicy(outbound=PopMoment.ringing))
    rings(story)
    gone(story.at(20), "p3", "p2", "p")
    assert [each.call for each in story.all(do.DropCard)] == [CALL]


def test_the_talk_goes_on_without_the_channels_that_led_to_it() -> None:
    """Put on hold by callcore both talk on other ways, and the halves of the Local channel hang up."""
    story = shift()
    for step in (rings, picks_up, number_rings, answers):
        step(story)
    story.at(10).tell(
        f.BridgeLeft(ref("n"), "b-out"),
        f.BridgeLeft(ref("p3"), "b-own"),
        f.DialledOut(ref("p"), "ANSWER", 16),
    )
    gone(story, "p", "p2")
    over(story, AttemptResult.answered)
    assert story.contacts == []
    story.at(15).tell(f.BridgeEntered(ref("n"), "b-new"), f.BridgeEntered(ref("p3"), "b-new"))
    story.tell(f.CustomersFound(CALL, (IVAN,)))
    gone(story.at(25), "n", "p3")
    contact = story.contact
    assert (contact.call, contact.outcome) == (CALL, Outcome.answered)
    assert contact.talk_ms == 20_000


def test_a_phone_behind_a_local_channel() -> None:
    """As FreePBX makes them: what rings in the end is hers, whatever it is called."""
    story = shift()
    rings(story, "PJSIP/555")
    assert stages(story) == [("phone", None)]
    picks_up(story)
    assert story.pops == [(ANNA, CALL)]


def test_a_restart_while_the_number_rings() -> None:
    """The ledger tells anew what is open; the call is the same one, and the card comes again."""
    story = shift()
    rings(story)
    picks_up(story)
    story.tracker = make_tracker(first=5, policy=DIALLING)
    story.on_shift(ANNA)
    story.tell(PLACED)
    story.at(10).reconnects(
        epoch=1,
        members=(member(ANNA),),
        channels=(
            replace(row("p2", f"{LOCAL};2", bridge="b-own", call=CALL), linked="p"),
            row("p", f"{LOCAL};1", call=CALL),
            replace(row("p3", "PJSIP/101-0000001d", bridge="b-own", call=CALL), linked="p"),
        ),
    )
    assert story.pops[-1] == (ANNA, CALL)
    assert stages(story)[-1] == ("number", None)
    number_rings(story)
    answers(story)
    story.tell(f.CustomersFound(CALL, (IVAN,)))
    gone(story.at(30))
    contact = story.contact
    assert (contact.call, contact.source, contact.direction) == (CALL, Source.snapshot, Direction.outbound)
    assert (contact.caller_number, contact.outcome) == (NUMBER, Outcome.answered)


def test_a_call_that_never_came_to_be() -> None:
    """The PBX made no channel: the desk hears of it, and nothing stays behind."""
    story = shift()
    story.tell(PLACED)
    (told,) = over(story, AttemptResult.not_sent, "operator: unreachable")
    assert isinstance(told, do.ShowDialling)
    assert (told.login, told.view.call, told.why) == (ANNA, CALL, "operator: unreachable")
    assert over(story, AttemptResult.not_sent) == [], "once"
    assert story.tracker.placed == {}


def test_whom_she_gives_him_to_is_rung_as_for_any_call() -> None:
    story = shift()
    for step in (rings, picks_up, number_rings, answers):
        step(story)
    story.tell(
        f.ChannelCreated(ref("b"), "PJSIP/102-0000001f", "p", None, None, None, "phones"),
        f.DialBegan(ref("n"), ref("b"), "PJSIP/102-0000001f"),
    )
    assert [each.login for each in story.all(do.ShowRinging)] == [BORIS]


def test_an_operators_own_dialling_is_as_it_was() -> None:
    """He dials on the phone: the card comes when the number answers, whatever ``dialling`` means."""
    story = shift()
    story.tell(
        f.ChannelCreated(ref("a"), "PJSIP/101-00000001", "a", "101", None, NUMBER[1:], "phones"),
        f.ChannelCreated(ref("n"), "PJSIP/carrier-00000002", "a", None, None, None, "from-trunk"),
        f.DialBegan(ref("a"), ref("n"), "PJSIP/carrier-00000002"),
    )
    assert (story.pops, stages(story)) == ([], [])
    story.tell(
        f.ChannelAnswered(ref("n")),
        f.BridgeEntered(ref("n"), "b"),
        f.BridgeEntered(ref("a"), "b"),
    )
    assert [login for login, _call in story.pops] == [ANNA]
    assert FINANCE not in {each.view.queue for each in story.all(do.PopCard)}


def inside() -> Story:
    """Anna has Boris's desk called; his phone rings."""
    story = shift()
    wish = replace(PLACED, number="102")
    story.tell(
        wish,
        f.ChannelCreated(ref("p"), f"{LOCAL};1", "p", "102", None, None, "callcore-placed"),
        f.ChannelCreated(ref("p2"), f"{LOCAL};2", "p", "102", None, None, "callcore-phone"),
        f.DialBegan(None, ref("p"), f"{LOCAL};1"),
        f.ChannelCreated(ref("p3"), "PJSIP/101-0000001d", "p", None, None, None, "phones"),
        f.DialBegan(ref("p2"), ref("p3"), "PJSIP/101-0000001d"),
    )
    picks_up(story)
    story.tell(
        f.ChannelCreated(ref("n"), "PJSIP/102-0000001e", "p", None, None, None, "phones"),
        f.DialBegan(ref("p"), ref("n"), "PJSIP/102-0000001e"),
    )
    return story


def test_a_colleague_is_rung_by_her_and_has_no_card() -> None:
    story = inside()
    (ring,) = story.all(do.ShowRinging)
    assert (ring.login, ring.view.caller_name, ring.view.direction) == (BORIS, "Anna", Direction.internal)
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.talking, AgentState.ringing)
    assert stages(story)[-1] == ("number", None)
    answers(story)
    assert stages(story)[-1] == ("over", AttemptResult.answered)
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.talking, AgentState.talking)
    gone(story.at(30))
    assert (story.pops, story.contacts) == ([], [])
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.ready, AgentState.ready)


def test_a_colleague_who_does_not_answer() -> None:
    story = inside()
    story.tell(f.DialledOut(ref("p"), "NOANSWER", 16))
    gone(story.at(20))
    (told,) = over(story, AttemptResult.no_answer, "NOANSWER")
    assert isinstance(told, do.ShowDialling)
    assert (told.view.dialed_number, told.view.direction) == ("102", Direction.internal)
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.ready, AgentState.ready)
    assert story.contacts == []


def test_she_moves_between_bridges_while_the_number_rings() -> None:
    """She is picked up once, however often the PBX moves her."""
    story = shift()
    rings(story)
    picks_up(story)
    number_rings(story)
    moved = story.tell(f.BridgeLeft(ref("p3"), "b-own"), f.BridgeEntered(ref("p3"), "b-own"))
    assert [each for each in moved if isinstance(each, do.PopCard | do.ShowDialling)] == []
    assert story.pops == [(ANNA, CALL)]


def test_colleagues_who_come_together_again() -> None:
    story = inside()
    answers(story)
    seen = stages(story)
    story.tell(f.BridgeLeft(ref("n"), "b-out"), f.BridgeEntered(ref("n"), "b-out"))
    assert stages(story) == seen
    assert (story.state(ANNA), story.state(BORIS)) == (AgentState.talking, AgentState.talking)


def test_a_call_that_nobodys_phone_begins() -> None:
    """callcore places it for itself: it has its id and number, and no desk hears of it."""
    story = shift()
    story.tell(
        replace(PLACED, login=None, interface=None),
        f.ChannelCreated(ref("p"), f"{LOCAL};1", "p", NUMBER[1:], None, None, "callcore-placed"),
        f.DialBegan(None, ref("p"), f"{LOCAL};1"),
    )
    assert story.tracker.calls[CALL].caller_number == NUMBER
    assert (stages(story), over(story, AttemptResult.busy)) == ([], [])

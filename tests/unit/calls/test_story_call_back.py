"""A placeholder waits in a queue for somebody who asked for a call; whoever takes it has the number rung."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import (
    ANNA,
    BORIS,
    FINANCE,
    IVAN,
    NUMBER,
    PBX,
    PHONES,
    START,
    Story,
    make_tracker,
    member,
    ref,
    row,
)

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, Medium, Plan
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import AgentState, CallId, Direction, EndReason, Outcome
from callcore.screenpop.card import Desk, Stage
from callcore.screenpop.changes import apply

CALL = CallId("b1")
LOCAL = "Local/wait@callcore-cbq-0000001c"
FIRST, SECOND = "c1", "c1-b"
"""The half that has the attempt's id, and the one that waits."""
PLACED = f.CallPlaced(ref(FIRST), CALL, None, None, NUMBER, Plan.queue_first, FINANCE)
DIALLING = PopPolicy(outbound=PopMoment.dialling)


def shift() -> Story:
    return Story(policy=DIALLING).on_shift(ANNA).on_shift(BORIS)


def waits(story: Story) -> list[do.Effect]:
    return story.tell(
        PLACED,
        f.ChannelCreated(ref(FIRST), f"{LOCAL};1", FIRST, NUMBER, None, None, "callcore-placed"),
        f.ChannelCreated(ref(SECOND), f"{LOCAL};2", FIRST, NUMBER, None, None, "callcore-cbq"),
        f.DialBegan(None, ref(FIRST), f"{LOCAL};1"),
        f.QueueJoined(ref(SECOND), FINANCE, 2, NUMBER, None),
    )


def rings(story: Story, name: str = "p3") -> list[do.Effect]:
    return story.tell(
        f.ChannelCreated(ref(name), f"PJSIP/101-{name}", FIRST, None, None, None, "phones"),
        f.AgentCalled(ref(SECOND), FINANCE, PHONES[ANNA], ref(name)),
        f.DialBegan(ref(SECOND), ref(name), f"PJSIP/101-{name}"),
    )


def takes(story: Story) -> list[do.Effect]:
    return story.tell(
        f.ChannelAnswered(ref("p3")),
        f.QueueLeft(ref(SECOND), FINANCE),
        f.AgentConnected(ref(SECOND), FINANCE, PHONES[ANNA], ref("p3"), 3, 1),
        f.ChannelAnswered(ref(SECOND)),
        f.ChannelAnswered(ref(FIRST)),
        f.BridgeEntered(ref("p3"), "b-own"),
        f.BridgeEntered(ref(SECOND), "b-own"),
    )


def number_rings(story: Story) -> list[do.Effect]:
    return story.tell(
        f.ChannelCreated(ref("n"), "PJSIP/carrier-0000001e", FIRST, None, None, None, "from-trunk"),
        f.DialBegan(ref(FIRST), ref("n"), "PJSIP/carrier-0000001e"),
    )


def answers(story: Story) -> list[do.Effect]:
    return story.tell(
        f.ChannelAnswered(ref("n")),
        f.BridgeEntered(ref("n"), "b-out"),
        f.BridgeEntered(ref(FIRST), "b-out"),
    )


def gone(story: Story, *names: str) -> None:
    for name in names or ("n", FIRST, SECOND, "p3"):
        story.hangs_up(name)


def waiting(story: Story) -> int:
    return sum(len(line.waiting) for _queue, line in story.tracker.queue_book.lines(PBX))


def linked(story: Story) -> Story:
    story.reconnects(members=(member(ANNA), member(BORIS)))
    return story


def test_he_waits_in_no_queue_and_calls_nobody() -> None:
    story = linked(shift())
    waits(story)
    assert waiting(story) == 0
    assert story.state(ANNA) is AgentState.ready
    story.tell(f.QueueAbandoned(ref(SECOND), FINANCE), f.QueueLeft(ref(SECOND), FINANCE))
    gone(story, SECOND, FIRST)
    story.tell(f.PlacedOver(ref(FIRST), AttemptResult.not_sent, "operator: withdrawn"))
    assert story.contacts == []
    assert story.all(do.ShowDialling) == []
    assert story.tracker.calls == {}


def test_she_takes_him_and_he_answers() -> None:
    story = shift()
    waits(story)
    rings(story)
    (band,) = story.all(do.ShowRinging)
    assert (band.login, band.view.caller_number, band.view.queue) == (ANNA, NUMBER, FINANCE)
    assert story.pops == []
    story.at(4)
    takes(story)
    assert story.pops == [(ANNA, CALL)], "before his number is rung"
    assert story.state(ANNA) is AgentState.talking
    assert [each.stage for each in story.all(do.ShowDialling)] == ["number"]
    (hidden,) = story.all(do.HideRinging)
    assert (hidden.login, hidden.reason) == (ANNA, EndReason.completed), "her phone rings no more"
    number_rings(story)
    story.at(9)
    answers(story)
    story.tell(f.CustomersFound(CALL, (IVAN,)))
    gone(story.at(29))
    contact = story.contact
    assert (contact.direction, contact.outcome, contact.queue) == (
        Direction.outbound,
        Outcome.answered,
        FINANCE,
    )
    assert (contact.caller_number, contact.answered_by, contact.talk_ms) == (NUMBER, ANNA, 20_000)


@pytest.mark.parametrize("moment", [PopMoment.ringing, PopMoment.dialling, PopMoment.answer])
def test_her_card_is_that_of_a_talk(moment: PopMoment) -> None:
    story = Story(policy=PopPolicy(outbound=moment)).on_shift(ANNA)
    waits(story)
    rings(story)
    takes(story)
    number_rings(story)
    answers(story)
    desk = Desk(ANNA, "Anna", PHONES[ANNA], (FINANCE,), AgentState.ready, START)
    for effect in story.effects:
        if isinstance(effect, do.ShowRinging | do.ShowDialling | do.HideRinging | do.PopCard | do.UpdateCard):
            desk = apply(desk, effect, START)
    assert [(tab.view.call, tab.stage) for tab in desk.tabs] == [(CALL, Stage.talking)]
    assert desk.ringing is None


def test_she_does_not_take_it_and_nobody_was_visited() -> None:
    story = shift()
    waits(story)
    rings(story)
    story.tell(f.AgentDidNotAnswer(ref(SECOND), FINANCE, PHONES[ANNA], 15_000))
    story.hangs_up("p3", 0)
    assert story.state(ANNA) is AgentState.ready
    gone(story, SECOND, FIRST)
    assert story.contacts == []


def test_his_number_is_busy_and_she_is_told_so() -> None:
    story = shift()
    for act in (waits, rings, takes, number_rings):
        act(story)
    story.hangs_up("n", 17)
    gone(story, FIRST, SECOND, "p3")
    story.tell(f.PlacedOver(ref(FIRST), AttemptResult.busy, "BUSY"))
    last = story.all(do.ShowDialling)[-1]
    assert (last.login, last.stage, last.result) == (ANNA, "over", AttemptResult.busy)


def test_the_gate_says_no_at_the_last_moment() -> None:
    story = shift()
    for act in (waits, rings, takes):
        act(story)
    gone(story, FIRST, SECOND, "p3")
    story.tell(f.PlacedOver(ref(FIRST), AttemptResult.not_sent, "gate: on_the_line"))
    last = story.all(do.ShowDialling)[-1]
    assert (last.login, last.stage, last.why) == (ANNA, "over", "gate: on_the_line")


def entry() -> f.LiveEntry:
    return f.LiveEntry(FINANCE, ref(SECOND), 60)


def second_life(story: Story, *, phone: bool = False) -> None:
    story.tracker = make_tracker(first=5, policy=DIALLING)
    story.on_shift(ANNA)
    story.tell(PLACED)
    bridge = "b-own" if phone else None
    channels = [
        row(FIRST, f"{LOCAL};1", call=CALL, linked=FIRST),
        replace(row(SECOND, f"{LOCAL};2", bridge=bridge, call=CALL), linked=FIRST),
    ]
    if phone:
        channels.append(replace(row("p3", "PJSIP/101-p3", bridge=bridge, call=CALL), linked=FIRST))
    entries = () if phone else (entry(),)
    story.at(10).reconnects(epoch=1, members=(member(ANNA),), channels=tuple(channels), entries=entries)


def test_a_placeholder_that_outlived_us_is_nobody_who_waits() -> None:
    story = shift()
    waits(story)
    second_life(story)
    assert waiting(story) == 0
    assert all(call.direction is Direction.outbound for call in story.tracker.calls.values())
    for act in (rings, takes, number_rings, answers):
        act(story)
    assert story.pops[-1] == (ANNA, CALL)
    story.tell(f.CustomersFound(CALL, (IVAN,)))
    gone(story.at(30))
    assert [contact.outcome for contact in story.contacts] == [Outcome.answered]


def test_one_of_which_nobody_was_told_is_nobody_either() -> None:
    """Its row in the ledger is over: it is somebody else's matter."""
    story = shift()
    story.at(10).reconnects(epoch=1, channels=(row(SECOND, f"{LOCAL};2"),), entries=(entry(),))
    assert waiting(story) == 0


def test_she_has_taken_it_while_we_were_away() -> None:
    story = shift()
    for act in (waits, rings):
        act(story)
    second_life(story, phone=True)
    assert story.pops[-1] == (ANNA, CALL)
    number_rings(story)
    answers(story)
    story.tell(f.CustomersFound(CALL, (IVAN,)))
    gone(story.at(30))
    assert [contact.answered_by for contact in story.contacts] == [ANNA]


def test_its_first_half_is_seen_late() -> None:
    """The queue tells of it before the dial does."""
    story = shift()
    story.tell(
        PLACED,
        f.ChannelCreated(ref(FIRST), f"{LOCAL};1", FIRST, NUMBER, None, None, "callcore-placed"),
        f.ChannelCreated(ref(SECOND), f"{LOCAL};2", FIRST, NUMBER, None, None, "callcore-cbq"),
        f.QueueJoined(ref(SECOND), FINANCE, 1, NUMBER, None),
        f.DialBegan(None, ref(FIRST), f"{LOCAL};1"),
    )
    rings(story)
    assert [band.login for band in story.all(do.ShowRinging)] == [ANNA]


def test_a_member_who_is_nobody_of_ours() -> None:
    """Somebody without a desk takes it: no card, and a contact all the same once he has talked."""
    story = Story(policy=DIALLING)
    for act in (waits, rings, takes, number_rings, answers):
        act(story)
    gone(story.at(30))
    assert story.pops == []


def test_the_ledger_is_quicker() -> None:
    """It has given the call up: she is told what happens all the same."""
    story = shift()
    for act in (waits, rings):
        act(story)
    story.tell(f.PlacedOver(ref(FIRST), AttemptResult.not_sent, "operator: withdrawn"))
    takes(story)
    assert story.pops == [(ANNA, CALL)]


def test_plans() -> None:
    assert [plan for plan in Plan if plan.asks_again] == [Plan.phone_first, Plan.queue_first]
    assert [plan for plan in Plan if not plan.is_talk] == [Plan.number_first]


def test_an_attempt_is_confirmed_by_the_gates_second_yes() -> None:
    """Until it is stored the number has certainly not been rung."""
    asked = Attempt(
        AttemptId("a1"), None, None, Medium.voice, NUMBER, "main", "ru", START, plan=Plan.queue_first
    )
    assert not asked.is_confirmed
    assert replace(asked, submitted_at=START).is_confirmed

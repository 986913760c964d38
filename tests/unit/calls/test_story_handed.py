"""An operator hands a call on: the second line's card with his words while it rings, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from stories import ANNA, BORIS, EXPERT, NUMBER, PHONES, Story, call_id, created, ref, talking

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls import handed as handing
from callcore.calls.effects import HandedWords, HandingState
from callcore.calls.line import Do, ToPerson
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import AgentState, EndReason, Text, TopicCode

WORDS = HandedWords(
    handover=17,
    by=ANNA,
    name="Анна",
    to=Text("Экспертная группа", "Expert group"),
    topic=TopicCode("expert.diagnosis"),
    number=NUMBER,
    comment="Нет связи с утра.",
    at=Story().now,
)


def handed(nth: int = 1) -> f.Handed:
    return f.Handed(call_id(nth), WORDS)


def hands_on(story: Story) -> Story:
    """Blind: the caller leaves Anna for the queue of the experts."""
    story.tell(handed())
    story.leaves_bridge("c", "c")
    story.leaves_bridge("a", "c")
    story.hangs_up("a")
    story.waits("c", EXPERT)
    return story


@pytest.fixture
def story() -> Story:
    made = talking().on_shift(BORIS)
    made.at(20)
    return made


def settled(story: Story) -> list[tuple[HandingState, str | None, str]]:
    return [(each.state, each.login, each.why) for each in story.all(do.SettleHandover)]


def test_the_card_is_there_while_it_rings_with_the_words_of_the_first_line(story: Story) -> None:
    hands_on(story)
    told = story.rings("c", BORIS, "b", EXPERT)
    (pop,) = [each for each in told if isinstance(each, do.PopCard)]
    assert (pop.login, pop.view.handed) == (BORIS, WORDS)
    assert [each.view.handed for each in told if isinstance(each, do.ShowRinging)] == [WORDS]
    assert settled(story) == []


def test_whoever_answers_has_taken_it(story: Story) -> None:
    hands_on(story).rings("c", BORIS, "b", EXPERT)
    told = story.at(25).answers("c", BORIS, "b", EXPERT)
    assert settled(story) == [(HandingState.taken, BORIS, "")]
    updates = [each for each in told if isinstance(each, do.UpdateCard)]
    assert {(each.login, each.view.handed.state) for each in updates if each.view.handed} >= {
        (BORIS, HandingState.taken)
    }
    assert story.pops.count((BORIS, call_id(1))) == 1
    story.at(60).talk_ends("c", "b")
    assert len(settled(story)) == 1
    assert len(story.contacts) == 1


@pytest.mark.parametrize("policy", [PopPolicy(inbound=moment) for moment in PopMoment])
def test_the_policy_of_the_house_does_not_keep_the_words_back(policy: PopPolicy) -> None:
    story = Story(policy=policy).on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.at(3).rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    hands_on(story).rings("c", BORIS, "b", EXPERT)
    assert (BORIS, call_id(1)) in story.pops


def test_where_he_does_not_take_it_the_card_goes(story: Story) -> None:
    hands_on(story).rings("c", BORIS, "b", EXPERT)
    story.at(40).misses("c", BORIS, EXPERT)
    assert [(each.login, each.reason) for each in story.all(do.DropCard)] == [(BORIS, EndReason.no_answer)]
    assert settled(story) == [], "the queue rings on"


def test_a_caller_who_hangs_up_ends_it(story: Story) -> None:
    hands_on(story)
    story.at(30).abandons("c", EXPERT)
    story.hangs_up("c")
    assert settled(story) == [(HandingState.withdrawn, None, "caller_gone")]


def test_who_was_never_let_go_of_is_taken_back(story: Story) -> None:
    """A consultation: he waits aside, and is back in Anna's ear."""
    story.tell(handed(), f.LineOrdered(call_id(1), ANNA, Do.consult, ToPerson(BORIS, PHONES[BORIS])))
    story.leaves_bridge("c", "c")
    story.leaves_bridge("a", "c")
    story.at(30).tell(f.LineOrdered(call_id(1), ANNA, Do.back))
    story.tell(f.BridgeEntered(ref("a"), "again"), f.BridgeEntered(ref("c"), "again"))
    assert settled(story) == [(HandingState.withdrawn, None, "back")]


def test_what_the_telephone_system_refused_is_over(story: Story) -> None:
    story.tell(handed(), f.HandingFailed(call_id(1), 3))
    assert settled(story) == []
    story.tell(f.HandingFailed(call_id(1), 17), f.HandingFailed(call_id(1), 17))
    assert settled(story) == [(HandingState.withdrawn, None, "failed")]
    assert story.state(ANNA) is AgentState.talking


def test_a_telephone_of_nobody_takes_it_without_a_name(story: Story) -> None:
    hands_on(story)
    story.tell(
        created("d", "PJSIP/301-d", "301", linked="c"),
        f.DialBegan(ref("c"), ref("d"), "PJSIP/301-d"),
        f.ChannelAnswered(ref("d")),
        f.BridgeEntered(ref("d"), "far"),
        f.BridgeEntered(ref("c"), "far"),
    )
    assert settled(story) == [(HandingState.taken, None, "")]


def test_a_call_that_is_not_handed_rings_without_a_card(story: Story) -> None:
    story.leaves_bridge("c", "c")
    story.hangs_up("a")
    story.waits("c", EXPERT)
    story.rings("c", BORIS, "b", EXPERT)
    assert (BORIS, call_id(1)) not in story.pops


def test_of_a_call_that_is_over_nobody_waits_for_the_end(story: Story) -> None:
    """The caller hung up while the words were being kept."""
    story.at(30).talk_ends("c", "a")
    story.tell(handed(), f.HandingFailed(call_id(1), 17))
    assert settled(story) == [(HandingState.withdrawn, None, "caller_gone")]
    assert story.tell(f.HandingFailed(call_id(9), 17)) == []


# --- it comes back to the sender


def rings_anna_again(story: Story) -> list[do.Effect]:
    """Nobody took it; the dialplan rings her."""
    story.tell(f.QueueLeft(ref("c"), EXPERT), f.Returned(ref("c"), "TIMEOUT"))
    phone = f"{PHONES[ANNA]}-a2"
    return story.tell(created("a2", phone, linked="c"), f.DialBegan(ref("c"), ref("a2"), phone))


def answers_again(story: Story, leg: str = "a2") -> None:
    story.tell(
        f.ChannelAnswered(ref(leg)),
        f.BridgeEntered(ref(leg), "again"),
        f.BridgeEntered(ref("c"), "again"),
    )


@pytest.mark.parametrize("policy", [PopPolicy(inbound=moment) for moment in PopMoment])
def test_who_gets_it_back_has_her_card_once_as_it_rings(policy: PopPolicy) -> None:
    story = Story(policy=policy).on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.at(3).rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    hands_on(story.at(20))
    before = story.pops.count((ANNA, call_id(1)))
    told = rings_anna_again(story.at(50))
    (pop,) = [each for each in told if isinstance(each, do.PopCard)]
    assert pop.view.handed is not None
    assert (pop.login, pop.view.handed.state, pop.view.handed.why) == (
        ANNA,
        HandingState.returned,
        "no_answer",
    )
    answers_again(story.at(53))
    assert story.pops.count((ANNA, call_id(1))) == before + 1
    assert story.state(ANNA) is AgentState.talking
    story.at(60).tell(f.BridgeLeft(ref("c"), "again"), f.BridgeLeft(ref("a2"), "again"))
    story.hangs_up("a2")
    story.hangs_up("c")
    assert story.state(ANNA) is AgentState.wrap_up
    assert settled(story) == [(HandingState.returned, None, "no_answer")]


def test_who_does_not_answer_it_has_her_card_anew_when_it_rings_again(story: Story) -> None:
    hands_on(story)
    rings_anna_again(story.at(50))
    story.at(65).hangs_up("a2", cause=0)
    story.waits("c")
    story.at(70).rings("c", ANNA, "a3")
    story.answers("c", ANNA, "a3")
    assert story.pops.count((ANNA, call_id(1))) == 3


def test_who_picks_it_up_without_a_ring_has_her_card_too(story: Story) -> None:
    hands_on(story)
    story.tell(f.QueueLeft(ref("c"), EXPERT), f.Returned(ref("c"), "BUSY"))
    story.tell(created("a2", f"{PHONES[ANNA]}-a2", linked="c"))
    answers_again(story)
    assert story.pops.count((ANNA, call_id(1))) == 2


# --- all three


@pytest.mark.parametrize("order", list(permutations("abc")))
def test_in_the_room_the_other_one_takes_it_and_she_has_not_taken_it_back(
    story: Story, order: tuple[str, ...]
) -> None:
    """Whoever comes in first: Boris hears the caller himself from then on."""
    story.tell(handed(), f.LineOrdered(call_id(1), ANNA, Do.consult, ToPerson(BORIS, PHONES[BORIS])))
    story.leaves_bridge("c", "c")
    story.leaves_bridge("a", "c")
    phone = f"{PHONES[BORIS]}-b"
    story.tell(created("b", phone, linked="c"), f.DialBegan(ref("a"), ref("b"), phone))
    story.at(25).tell(
        f.ChannelAnswered(ref("b")), f.BridgeEntered(ref("b"), "asked"), f.BridgeEntered(ref("a"), "asked")
    )
    assert settled(story) == [], "they only talk about him"
    story.at(30).tell(f.LineOrdered(call_id(1), ANNA, Do.three_way))
    story.tell(*(f.BridgeLeft(ref(each), "asked") for each in ("a", "b")))
    story.tell(*(f.BridgeEntered(ref(each), "room", is_room=True) for each in order))
    assert settled(story) == [(HandingState.taken, BORIS, "")]
    story.at(40).tell(f.BridgeLeft(ref("b"), "room"))
    story.hangs_up("b")
    assert len(settled(story)) == 1


# --- what came of it while nobody looked


def looked_at(
    story: Story, context: str = "callcore-queue", word: str = "", **words: object
) -> list[do.Effect]:
    """The words of an earlier life, and where in the dialplan the caller is."""
    return story.tell(replace(handed(), words=replace(WORDS, **words), found=f.Found(context, word)))  # type: ignore[arg-type]


def test_whoever_talks_with_him_has_taken_it(story: Story) -> None:
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.at(3).rings("c", BORIS, "b")
    story.answers("c", BORIS, "b")
    told = looked_at(story, "callcore-handover", "NOQUEUE")
    assert settled(story) == [(HandingState.taken, BORIS, "")]
    (update, *_rest) = [each for each in told if isinstance(each, do.UpdateCard)]
    assert update.login == BORIS
    assert update.view.handed is not None
    assert update.view.handed.comment == WORDS.comment


@pytest.mark.parametrize(
    ("context", "word", "state", "why"),
    [
        ("callcore-queue", "", HandingState.withdrawn, "failed"),
        ("callcore-join", "", HandingState.withdrawn, "back"),
        ("callcore-return", "BUSY", HandingState.returned, "busy"),
        ("callcore-return", "REJECTED", HandingState.returned, "rejected"),
        ("callcore-return", "", HandingState.returned, "no_answer"),
        ("callcore-fallback", "RETURN", HandingState.returned, "nobody"),
    ],
)
def test_where_the_sender_has_him(
    story: Story, context: str, word: str, state: HandingState, why: str
) -> None:
    looked_at(story, context, word)
    assert settled(story) == [(state, None, why)]
    assert story.tracker.calls[call_id(1)].handed is not None


def test_he_is_on_his_way_back(story: Story) -> None:
    """Nobody talks with him yet."""
    story.leaves_bridge("c", "c")
    story.hangs_up("a")
    looked_at(story, "callcore-return", "NOANSWER")
    assert settled(story) == [(HandingState.returned, None, "no_answer")]


def test_that_he_comes_back_is_told_while_the_words_are_looked_for(story: Story) -> None:
    """The Snapshot had him with the one who was rung; by now he is on his way back."""
    story.leaves_bridge("c", "c")
    story.hangs_up("a")
    story.tell(f.Returned(ref("c"), "BUSY"))
    looked_at(story, "callcore-handover", "NOWHERE")
    assert settled(story) == [(HandingState.returned, None, "busy")]


def test_a_phone_of_nobody_rings_without_a_card(story: Story) -> None:
    story.leaves_bridge("c", "c")
    story.hangs_up("a")
    story.tell(created("d", "PJSIP/301-d", "301", linked="c"), f.DialBegan(ref("c"), ref("d"), "PJSIP/301-d"))
    told = looked_at(story, "callcore-handover", "NOWHERE")
    assert not [each for each in told if isinstance(each, do.PopCard)]
    assert settled(story) == []


def test_while_it_rings_the_card_is_there_again(story: Story) -> None:
    story.leaves_bridge("c", "c")
    story.hangs_up("a")
    story.waits("c", EXPERT)
    story.rings("c", BORIS, "b", EXPERT)
    assert (BORIS, call_id(1)) not in story.pops
    told = looked_at(story, "callcore-handover", "NOQUEUE")
    assert [
        (each.login, each.view.handed and each.view.handed.comment)
        for each in told
        if isinstance(each, do.PopCard)
    ] == [(BORIS, WORDS.comment)]
    assert settled(story) == []
    story.answers("c", BORIS, "b", EXPERT)
    assert settled(story) == [(HandingState.taken, BORIS, "")]
    assert story.pops.count((BORIS, call_id(1))) == 1


def test_what_was_settled_before_is_only_shown(story: Story) -> None:
    told = looked_at(story, state=HandingState.returned, why="busy")
    assert [
        each.view.handed.why for each in told if isinstance(each, do.UpdateCard) and each.view.handed
    ] == ["busy"]
    assert settled(story) == []


def test_whose_operator_has_gone_while_he_was_on_hold_is_brought_back(story: Story) -> None:
    """She hung up, or her telephone did, as somebody was being asked: nobody would fetch him."""
    story.tell(f.LineOrdered(call_id(1), ANNA, Do.consult, ToPerson(BORIS, PHONES[BORIS])))
    story.leaves_bridge("c", "c")
    story.leaves_bridge("a", "c")
    told = looked_at(story, "callcore-hold")
    assert not [each for each in told if isinstance(each, do.SendOn)], "she is still there"
    story.at(21)
    alone = Story().on_shift(BORIS)
    alone.arrives("c")
    told = looked_at(alone, "callcore-hold")
    assert [(each.channel, each.target) for each in told if isinstance(each, do.SendOn)] == [(ref("c"), None)]
    assert settled(alone) == []


# --- asked by the telephone's own code: *2


def asks_by_phone(story: Story) -> Story:
    """Her channel leaves the caller for a Local channel, which looks for somebody in the experts' queue."""
    local = "Local/*55@callcore-transfer-00000001"
    story.tell(created("q1", f"{local};1", linked="c"), created("q2", f"{local};2", linked="c"))
    story.tell(f.BridgeEntered(ref("q1"), "bridge-q"))
    story.leaves_bridge("a", "c")
    story.tell(f.BridgeEntered(ref("a"), "bridge-q"), handed())
    story.waits("q2", EXPERT, "101")
    return story


def test_whoever_is_asked_by_a_code_has_the_callers_card(story: Story) -> None:
    asks_by_phone(story)
    told = story.rings("q2", BORIS, "b", EXPERT)
    assert [(e.login, e.view.call, e.view.handed) for e in told if isinstance(e, do.PopCard)] == [
        (BORIS, call_id(1), WORDS)
    ]
    assert len(story.tracker.calls) == 1, "who looks for somebody is no caller"
    about = [story.tracker.call_about(ref(each)) for each in ("c", "q2", "elsewhere")]
    assert [each and each.id for each in about] == [call_id(1), call_id(1), None]


def test_nobody_is_found_by_the_code_and_she_is_told_why(story: Story) -> None:
    asks_by_phone(story).rings("q2", BORIS, "b", EXPERT)
    story.hangs_up("b")
    told = story.tell(f.Consulted(ref("q2"), "TIMEOUT"))
    assert settled(story) == [(HandingState.returned, None, "no_answer")]
    assert ANNA in {each.login for each in told if isinstance(each, do.UpdateCard)}
    story.tell(f.BridgeLeft(ref("a"), "bridge-q"), f.BridgeEntered(ref("a"), "bridge-c"))
    assert len(settled(story)) == 1
    assert story.contacts == []


@pytest.mark.parametrize("answers", [True, False])
def test_she_has_him_back_before_the_code_has_given_up(story: Story, answers: bool) -> None:
    """Asterisk waits as its own settings have it; or she has talked with Boris, and takes the caller back."""
    asks_by_phone(story.at(20)).rings("q2", BORIS, "b", EXPERT)
    if answers:
        story.at(25).answers("q2", BORIS, "b", EXPERT)
        story.tell(f.BridgeLeft(ref("b"), "bridge-q2"), f.BridgeLeft(ref("q2"), "bridge-q2"))
    story.hangs_up("b")
    story.at(35).tell(f.BridgeLeft(ref("a"), "bridge-q"), f.BridgeEntered(ref("a"), "bridge-c"))
    wanted = (HandingState.withdrawn, "back") if answers else (HandingState.returned, "no_answer")
    assert settled(story) == [(wanted[0], None, wanted[1])]


def test_who_was_asked_by_the_code_hangs_up_and_nothing_is_settled(story: Story) -> None:
    asks_by_phone(story).rings("q2", BORIS, "b", EXPERT)
    story.tell(f.Consulted(ref("q2"), "ANSWER"))
    assert settled(story) == []


def test_a_channel_of_the_code_that_asks_about_no_call_of_ours_is_nobody(story: Story) -> None:
    story.tell(created("x2", "Local/*55@callcore-transfer-00000002;2", linked="gone"))
    story.tell(f.Consulted(ref("x2"), "BUSY"))
    assert settled(story) == []


# --- while an order is carried out


def test_an_order_is_under_way_until_news_of_it_come_or_too_much_time_has_passed(story: Story) -> None:
    def is_under_way(seconds: int = 0) -> bool:
        return handing.is_under_way(story.tracker.calls[call_id(1)], story.now + timedelta(seconds=seconds))

    assert not is_under_way(), "nobody hands it on"
    story.tell(handed())
    assert not is_under_way(), "nothing is ordered"
    story.tell(f.LineOrdered(call_id(1), ANNA, Do.hold))
    assert not is_under_way(), "that is no hand-over"
    story.tell(f.LineOrdered(call_id(1), ANNA, Do.consult, ToPerson(BORIS, PHONES[BORIS])))
    assert is_under_way()
    assert not is_under_way(11)
    story.leaves_bridge("c", "c")
    story.leaves_bridge("a", "c")
    assert not is_under_way(), "it rings: she may let go of him"
    story.tell(f.LineOrdered(call_id(1), ANNA, Do.blind, ToPerson(BORIS, PHONES[BORIS])))
    assert is_under_way()
    story.tell(f.HandingFailed(call_id(1), 17))
    assert not is_under_way()

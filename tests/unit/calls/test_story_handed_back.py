"""A call that was handed on and that nobody took: it comes back to the operator who sent it."""

from __future__ import annotations

import pytest
from stories import ANNA, BORIS, PHONES, Story, call_id, created, ref, talking
from test_story_handed import handed, hands_on, settled

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.effects import HandingState
from callcore.calls.line import Do, ToPerson
from callcore.domain import EndReason

CALL = call_id(1)


def comes_back(word: str = "BUSY") -> Story:
    """Nobody has taken it: Anna's telephone rings again."""
    story = talking().on_shift(BORIS).at(20)
    hands_on(story)
    phone = f"{PHONES[ANNA]}-a2"
    story.at(35).tell(
        f.Returned(ref("c"), word),
        created("a2", phone, linked="c"),
        f.DialBegan(ref("c"), ref("a2"), phone),
    )
    return story


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("", "no_answer"),
        ("TIMEOUT", "no_answer"),
        ("BUSY", "busy"),
        ("CLOSED", "closed"),
        ("CHANUNAVAIL", "nobody"),
    ],
)
def test_it_is_settled_with_the_reason_and_the_card_says_so_while_it_rings(word: str, why: str) -> None:
    story = comes_back(word)
    assert settled(story) == [(HandingState.returned, None, why)]
    handed_back = story.all(do.PopCard)[-1]
    assert handed_back.login == ANNA
    assert handed_back.view.handed is not None
    assert (handed_back.view.handed.state, handed_back.view.handed.why) == (HandingState.returned, why)


def test_it_is_settled_once() -> None:
    """The telephone system tells of its way back twice; taken by its sender, it is nobody else's."""
    story = comes_back()
    story.tell(f.Returned(ref("c"), "NOANSWER"), f.HandingFailed(CALL, 17))
    story.at(37).tell(f.ChannelAnswered(ref("a2")))
    story.tell(f.BridgeEntered(ref("a2"), "again"), f.BridgeEntered(ref("c"), "again"))
    assert settled(story) == [(HandingState.returned, None, "busy")]


def test_who_misses_his_own_call_keeps_the_card_that_he_had() -> None:
    """What he wrote in it belongs to the talk that he had: it is over, and not taken away."""
    story = comes_back()
    story.at(50).hangs_up("a2", 19)
    assert [(each.login, each.call) for each in story.all(do.EndCard)][-1] == (ANNA, CALL)
    assert story.all(do.DropCard) == []
    assert story.all(do.HideRinging)[-1].reason is EndReason.no_answer


def test_in_a_room_of_three_the_other_one_has_taken_part() -> None:
    """That the sender is back in the caller's ear ends nothing: the other one is about to come."""
    story = talking().on_shift(BORIS).at(20)
    story.tell(handed(), f.LineOrdered(CALL, ANNA, Do.consult, ToPerson(BORIS, PHONES[BORIS])))
    story.tell(f.BridgeLeft(ref("a"), "bridge-c"), f.BridgeLeft(ref("c"), "bridge-c"))
    phone = f"{PHONES[BORIS]}-b"
    story.tell(created("b", phone, linked="c"), f.DialBegan(ref("a"), ref("b"), phone))
    story.tell(f.ChannelAnswered(ref("b")), f.BridgeEntered(ref("b"), "asked"))
    story.tell(f.BridgeEntered(ref("a"), "asked"), f.LineOrdered(CALL, ANNA, Do.three_way))
    story.tell(f.BridgeLeft(ref("a"), "asked"), f.BridgeLeft(ref("b"), "asked"))
    story.tell(*(f.BridgeEntered(ref(name), "room", is_room=True) for name in ("a", "c")))
    assert settled(story) == []
    story.tell(f.BridgeEntered(ref("b"), "room", is_room=True))
    assert settled(story) == [(HandingState.taken, BORIS, "")]

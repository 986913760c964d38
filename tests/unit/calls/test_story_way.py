"""Calls whose way has several legs: what their one contact is called, however it ends."""

from __future__ import annotations

import pytest
from stories import ANNA, BORIS, EXPERT, FINANCE, PHONES, Story, created, entered, ref, second

from callcore.calls import facts as f
from callcore.domain import AgentState, EndReason, Login, Outcome


def dials(story: Story, login: Login, leg: str) -> None:
    """The dialplan rings one of his own operators."""
    story.tell(
        created(leg, f"{PHONES[login]}-{leg}", linked="c"),
        f.DialBegan(ref("c"), ref(leg), f"{PHONES[login]}-{leg}"),
    )


def gives_up(story: Story, leg: str) -> None:
    story.tell(f.DialEnded(ref(leg), "NOANSWER"), f.ChannelHungUp(ref(leg), 0))


def comes_back(story: Story) -> None:
    """The dialplan's route ``overflow``."""
    story.tell(entered("c"))


def routed_to_people(queue=FINANCE) -> Story:
    story = Story().on_shift(ANNA)
    story.arrives("c")
    story.chooses("c", queue)
    return story


def waited_in_vain() -> Story:
    """Ten seconds in a queue; nobody took him, and he is back in the IVR."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(10).tell(f.QueueLeft(ref("c"), FINANCE))
    comes_back(story)
    return story


def left(**more) -> f.IvrLeft:
    return f.IvrLeft(ref("c"), **{"hung_up": False, **more})


@pytest.mark.parametrize("word", [Outcome.voicemail, Outcome.callback_requested, Outcome.left_by_key])
def test_out_of_the_queue_he_leaves_word(word: Outcome) -> None:
    story = waited_in_vain()
    story.at(30).tell(left(closed=True, word=word))
    story.hangs_up("c")
    contact = story.contact
    assert (contact.outcome, contact.queue, contact.wait_ms) == (word, FINANCE, 10_000)


def test_out_of_the_queue_he_leaves_nothing() -> None:
    story = waited_in_vain()
    story.at(30).tell(left(closed=True))
    story.hangs_up("c")
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.timeout, EndReason.no_answer)


def test_he_hangs_up_while_he_is_recorded() -> None:
    """The PBX is quicker than our own word of it."""
    story = waited_in_vain()
    story.tell(f.MessageBegun(ref("c")))
    story.at(20).hangs_up("c")
    assert story.contacts == []
    story.at(20.3).tell(left(hung_up=True, word=Outcome.voicemail))
    assert story.contact.outcome is Outcome.voicemail
    assert story.contact.ended_at == second(20)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (Outcome.callback_requested, EndReason.completed),
        (Outcome.left_by_key, EndReason.cancelled),
    ],
)
def test_his_hangup_is_quicker_than_our_word(word: Outcome, reason: EndReason) -> None:
    """The same contact as if it were not."""
    story = waited_in_vain()
    story.tell(f.WordToCome(ref("c")))
    story.at(20).hangs_up("c")
    assert story.contacts == []
    story.at(20.3).tell(left(hung_up=True, word=word))
    assert (story.contact.outcome, story.contact.end_reason) == (word, reason)
    other = waited_in_vain()
    other.at(20).tell(left(hung_up=True, word=word))
    other.hangs_up("c")
    assert (other.contact.outcome, other.contact.end_reason) == (word, reason)


def test_who_was_answered_and_leaves_word_besides_was_answered() -> None:
    """He talked, came back to the IVR, and hung up quicker than our word of the message."""
    story = waited_in_vain()
    story.tell(left())
    story.at(11).waits("c", EXPERT)
    story.at(15).rings("c", ANNA, "a", EXPERT)
    story.at(17).answers("c", ANNA, "a", EXPERT)
    story.tell(f.WordToCome(ref("c")))
    story.at(40).talk_ends("c", "a")
    assert story.contacts == []
    story.at(40.3).tell(left(hung_up=True, word=Outcome.voicemail))
    assert (story.contact.outcome, story.contact.answered_by) == (Outcome.answered, ANNA)


def test_where_he_was_in_the_menu_is_known_though_his_hangup_was_quicker() -> None:
    """Who left where is counted by it."""
    story = Story()
    story.arrives("c")
    story.found(1)
    story.tell(f.WordToCome(ref("c")))
    story.at(20).hangs_up("c")
    assert story.contacts == []
    story.at(20.3).tell(left(hung_up=True, node="balance"))
    contact = story.contact
    assert (contact.node, contact.outcome) == ("balance", Outcome.abandoned_ivr)
    assert contact.ended_at == second(20)


def test_whom_the_static_queue_has_nobody_tells_of_any_more() -> None:
    """callcore died, or was too slow: his contact does not wait for its word."""
    story = Story().on_shift(ANNA)
    story.arrives("c")
    story.found(1)
    story.tell(f.WordToCome(ref("c")))
    story.at(10).waits("c", EXPERT)
    story.at(20).abandons("c", EXPERT)
    story.hangs_up("c")
    assert (story.contact.outcome, story.contact.queue) == (Outcome.abandoned_queue, EXPERT)


def test_out_of_the_queue_by_its_key_and_into_another() -> None:
    """What might have come did not: the second queue's end is his."""
    story = waited_in_vain()
    story.tell(f.WordToCome(ref("c")), left())
    story.at(11).waits("c", EXPERT)
    story.at(20).abandons("c", EXPERT)
    story.hangs_up("c")
    assert (story.contact.outcome, story.contact.queue) == (Outcome.abandoned_queue, EXPERT)


def test_from_one_queue_into_another_where_he_is_answered() -> None:
    story = waited_in_vain()
    story.tell(left())
    story.at(11).waits("c", EXPERT)
    story.at(15).rings("c", ANNA, "a", EXPERT)
    story.at(17).answers("c", ANNA, "a", EXPERT)
    story.at(40).talk_ends("c", "a")
    contact = story.contact
    assert (contact.outcome, contact.queue, contact.answered_by) == (Outcome.answered, EXPERT, ANNA)
    assert contact.wait_ms == 17_000, "since he joined the first"


def test_from_one_queue_into_another_that_he_leaves() -> None:
    story = waited_in_vain()
    story.tell(left())
    story.at(11).waits("c", EXPERT)
    story.at(20).abandons("c", EXPERT)
    story.hangs_up("c")
    assert (story.contact.outcome, story.contact.queue) == (Outcome.abandoned_queue, EXPERT)


def test_his_own_operator_answers() -> None:
    """No queue is asked: the card opens, and the operator is busy."""
    story = routed_to_people()
    story.found(1)
    dials(story.at(3), ANNA, "a")
    assert story.state(ANNA) is AgentState.ringing
    story.at(5).tell(
        f.ChannelAnswered(ref("a")),
        f.BridgeEntered(ref("a"), "bridge-c"),
        f.BridgeEntered(ref("c"), "bridge-c"),
    )
    assert [login for login, _ in story.pops] == [ANNA]
    assert story.state(ANNA) is AgentState.talking
    story.at(20).talk_ends("c", "a")
    assert (story.contact.outcome, story.contact.answered_by) == (Outcome.answered, ANNA)


def test_his_own_operator_does_not_answer_and_the_queue_has_him() -> None:
    story = routed_to_people().on_shift(BORIS)
    story.found(1)
    dials(story.at(3), ANNA, "a")
    gives_up(story.at(8), "a")
    comes_back(story)
    story.tell(left())
    story.at(9).waits("c")
    story.at(10).rings("c", BORIS, "b")
    story.at(12).answers("c", BORIS, "b")
    story.at(20).talk_ends("c", "b")
    contact = story.contact
    assert (contact.outcome, contact.answered_by) == (Outcome.answered, BORIS)
    assert [(ring.login, ring.result) for ring in contact.operators] == [
        (ANNA, EndReason.no_answer),
        (BORIS, EndReason.completed),
    ]
    assert contact.wait_ms == 3_000, "the queue's; his own operator's ringing is none"


def test_his_own_operator_does_not_answer_and_he_leaves_word() -> None:
    story = routed_to_people(queue=None)
    story.found(1)
    dials(story.at(3), ANNA, "a")
    gives_up(story.at(8), "a")
    comes_back(story)
    story.tell(f.MessageBegun(ref("c")))
    story.at(20).tell(left(closed=True, word=Outcome.voicemail))
    story.hangs_up("c")
    assert story.contact.outcome is Outcome.voicemail


def test_he_hangs_up_while_his_own_operator_is_rung() -> None:
    story = routed_to_people()
    story.found(1)
    dials(story.at(3), ANNA, "a")
    story.at(8).tell(f.DialEnded(ref("a"), "CANCEL"), f.ChannelHungUp(ref("a"), 0))
    story.hangs_up("c")
    assert story.contact.outcome is Outcome.abandoned_ringing
    assert story.state(ANNA) is AgentState.ready


def test_a_number_that_is_nobodys_phone_answers() -> None:
    """An office, or a number outside: answered, by nobody of ours."""
    story = Story()
    story.arrives("c")
    story.chooses("c")
    story.found(1)
    story.at(3).tell(
        created("l1", "Local/204@internal-0001;1", linked="c"),
        created("l2", "Local/204@internal-0001;2", linked="c"),
        f.DialBegan(ref("c"), ref("l1"), "Local/204@internal-0001;1"),
        created("o", "PJSIP/204-1", linked="c"),
        f.DialBegan(ref("l2"), ref("o"), "PJSIP/204-1"),
    )
    story.at(6).tell(
        f.ChannelAnswered(ref("o")),
        f.BridgeEntered(ref("o"), "b1"),
        f.BridgeEntered(ref("l2"), "b1"),
        f.ChannelAnswered(ref("l1")),
        f.BridgeEntered(ref("l1"), "b2"),
        f.BridgeEntered(ref("c"), "b2"),
    )
    story.at(20).hangs_up("o")
    story.hangs_up("l2")
    story.hangs_up("l1")
    story.hangs_up("c")
    assert (story.contact.outcome, story.contact.answered_by) == (Outcome.answered, None)

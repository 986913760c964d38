"""When a card opens: never, at the ring, at the answer, or when he asks; by queue and direction."""

from __future__ import annotations

import pytest
from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    IVAN,
    NUMBER,
    PHONES,
    VERA,
    Story,
    call_id,
    joined,
    placed,
    ref,
    wants_operator,
)
from traffic import Traffic

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.domain import AgentState, Direction, EndReason, Login

ANNAS_CARD = (ANNA, call_id(1))
BORISS_CARD = (BORIS, call_id(1))
WHEN_IT_RINGS = PopPolicy(inbound=PopMoment.ringing, outbound=PopMoment.ringing)
WHEN_ASKED = PopPolicy(inbound=PopMoment.button, outbound=PopMoment.button)
NEVER = PopPolicy(inbound=PopMoment.never, outbound=PopMoment.never)
EVERY = [WHEN_IT_RINGS, PopPolicy(), WHEN_ASKED]


def waiting(policy: PopPolicy, *logins: Login) -> Story:
    """A caller waits in finance; Ivan, as the customer base says."""
    story = Story(policy=policy).on_shift(*(logins or (ANNA, BORIS)))
    story.comes_to_queue("c")
    story.found(1, IVAN)
    return story


def asks(story: Story, login: Login, nth: int = 1) -> list[do.Effect]:
    return story.tell(f.CardTaken(login, call_id(nth)))


def offers(story: Story) -> list[tuple[Login, bool]]:
    """Whose band showed the call, and whether with a button."""
    return [(shown.login, shown.can_take) for shown in story.all(do.ShowRinging)]


def dropped(story: Story) -> list[tuple[Login, EndReason]]:
    return [(drop.login, drop.reason) for drop in story.all(do.DropCard)]


def ended(story: Story) -> list[Login]:
    return [end.login for end in story.all(do.EndCard)]


def keys(story: Story, *kinds: type[do.Effect]) -> list[str]:
    return [effect.key for effect in story.effects if isinstance(effect, kinds)]


# --- never


def test_never() -> None:
    """Anna sees that it rings, talks, and is free at once: there is nothing to write up."""
    story = waiting(NEVER, ANNA)
    story.at(3).rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    assert offers(story) == [(ANNA, False)]
    story.at(25).talk_ends("c", "a")
    assert (story.pops, ended(story), dropped(story)) == ([], [], [])
    assert story.state(ANNA) is AgentState.ready
    assert (story.contact.answered_by, story.contact.talk_ms) == (ANNA, 20_000)


def test_never_in_one_queue_only() -> None:
    """Expert pops nothing; Boris, who gets him from there over finance, has a card."""
    story = Story(policy=PopPolicy(queues={EXPERT: PopMoment.never})).on_shift(ANNA, BORIS)
    story.comes_to_queue("c", EXPERT)
    story.rings("c", ANNA, "a", EXPERT)
    story.at(5).answers("c", ANNA, "a", EXPERT)
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "801"))
    story.leaves_bridge("c", "c")
    story.hangs_up("a")
    assert (story.pops, story.state(ANNA)) == ([], AgentState.ready)
    story.waits("c")
    story.rings("c", BORIS, "b")
    story.at(20).answers("c", BORIS, "b")
    story.at(30).talk_ends("c", "b")
    assert story.pops == [BORISS_CARD]
    assert ended(story) == [BORIS]


# --- at the first ring


def test_at_the_first_ring() -> None:
    """The card is there before the phone is lifted, comes once, and fills in when the base answers."""
    story = Story(policy=WHEN_IT_RINGS).on_shift(ANNA)
    story.comes_to_queue("c")
    story.at(3).rings("c", ANNA, "a")
    assert story.pops == [ANNAS_CARD]
    updates = [effect for effect in story.found(1, IVAN) if isinstance(effect, do.UpdateCard)]
    assert [(update.login, update.view.customers) for update in updates] == [(ANNA, (IVAN,))]
    story.at(5).answers("c", ANNA, "a")
    story.at(25).talk_ends("c", "a")
    assert story.pops == [ANNAS_CARD]
    assert (dropped(story), ended(story)) == ([], [ANNA])
    assert story.state(ANNA) is AgentState.wrap_up


def test_nobody_takes_it_and_it_rings_again() -> None:
    """The card goes away with the ring, and comes back with the next one."""
    story = waiting(WHEN_IT_RINGS)
    story.rings("c", ANNA, "a1")
    story.at(15).hangs_up("a1", 0)
    story.misses("c", ANNA)
    assert dropped(story) == [(ANNA, EndReason.cancelled)]
    assert story.state(ANNA) is AgentState.ready
    story.at(20).rings("c", ANNA, "a2")
    story.at(22).answers("c", ANNA, "a2")
    story.at(40).talk_ends("c", "a2")
    assert story.pops == [ANNAS_CARD, ANNAS_CARD]
    assert (len(dropped(story)), ended(story)) == (1, [ANNA])
    told = keys(story, do.PopCard, do.DropCard, do.EndCard)
    assert len(set(told)) == len(told)


def test_somebody_else_is_quicker() -> None:
    """Both see the card while it rings; Anna loses hers as soon as Boris answers, and misses nothing."""
    story = waiting(WHEN_IT_RINGS)
    story.rings("c", ANNA, "a")
    story.rings("c", BORIS, "b")
    assert story.pops == [ANNAS_CARD, BORISS_CARD]
    story.at(4).answers("c", BORIS, "b")
    assert dropped(story) == [(ANNA, EndReason.answered_elsewhere)]
    story.hangs_up("a", 26)
    story.at(30).talk_ends("c", "b")
    assert (len(dropped(story)), ended(story)) == (1, [BORIS])
    assert (story.agent(ANNA).missed, story.state(ANNA)) == (0, AgentState.ready)


def test_the_caller_gives_up_while_it_rings() -> None:
    story = waiting(WHEN_IT_RINGS, ANNA)
    story.rings("c", ANNA, "a")
    story.at(6).hangs_up("a", 0)
    story.abandons("c")
    story.hangs_up("c", 0)
    assert dropped(story) == [(ANNA, EndReason.cancelled)]
    assert ended(story) == []
    assert len(story.contacts) == 1


def test_one_of_her_two_phones_is_busy() -> None:
    """The other one still rings: the card stays, and it is no miss."""
    story = Traffic(policy=WHEN_IT_RINGS).has_two_phones()
    story.calls_in("c")
    story.rings_phone("c", "a", "101")
    story.rings_phone("c", "d", "201")
    story.at(1).gives_up("a", 17, "BUSY")
    assert (story.pops, dropped(story), story.all(do.HideRinging)) == ([ANNAS_CARD], [], [])
    assert (story.agent(ANNA).missed, story.state(ANNA)) == (0, AgentState.ringing)
    story.at(4).takes("d", "c")
    story.at(14).over("c", "d")
    assert (story.pops, dropped(story), ended(story)) == ([ANNAS_CARD], [], [ANNA])


def test_rung_by_a_colleague_s_transfer() -> None:
    """She has her card since it rang; Boris' comes when his phone does."""
    story = Traffic(policy=WHEN_IT_RINGS)
    story.on_shift(ANNA, BORIS)
    story.talks()
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    assert story.pops == [ANNAS_CARD, BORISS_CARD]
    story.at(30).gives_up("b", 0, "NOANSWER")
    story.hangs_up("c")
    assert dropped(story) == [(BORIS, EndReason.no_answer)]
    assert ended(story) == [ANNA]


# --- by the button


def test_asked_for_while_it_rings() -> None:
    story = waiting(WHEN_ASKED, ANNA)
    story.rings("c", ANNA, "a")
    assert (offers(story), story.pops) == ([(ANNA, True)], [])
    asks(story, ANNA)
    assert story.pops == [ANNAS_CARD]
    assert asks(story, ANNA) == []
    story.at(5).answers("c", ANNA, "a")
    assert offers(story) == [(ANNA, True)]
    story.at(25).talk_ends("c", "a")
    assert (story.pops, ended(story)) == ([ANNAS_CARD], [ANNA])
    assert story.state(ANNA) is AgentState.wrap_up


def test_asked_for_while_they_talk() -> None:
    """The button stays during the talk; from then on it is a card like any other, with a wrap-up."""
    story = waiting(WHEN_ASKED, ANNA)
    story.rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    assert (offers(story), story.pops) == ([(ANNA, True), (ANNA, True)], [])
    assert story.all(do.HideRinging)[0].reason is EndReason.completed
    story.at(9)
    asks(story, ANNA)
    assert story.pops == [ANNAS_CARD]
    story.at(25).talk_ends("c", "a")
    assert ended(story) == [ANNA]
    assert story.state(ANNA) is AgentState.wrap_up
    told = keys(story, do.ShowRinging, do.HideRinging)
    assert len(set(told)) == len(told)


def test_never_asked_for() -> None:
    """The button goes away with the talk, and there is no wrap-up."""
    story = waiting(WHEN_ASKED, ANNA)
    story.rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    effects = story.at(25).talk_ends("c", "a")
    assert [type(e) for e in effects if isinstance(e, do.HideRinging | do.EndCard)] == [do.HideRinging]
    assert (story.pops, story.state(ANNA)) == ([], AgentState.ready)


def test_taken_by_the_button_and_lost_to_a_colleague() -> None:
    story = waiting(WHEN_ASKED)
    story.rings("c", ANNA, "a")
    story.rings("c", BORIS, "b")
    asks(story, ANNA)
    story.at(4).answers("c", BORIS, "b")
    assert dropped(story) == [(ANNA, EndReason.answered_elsewhere)]
    assert story.pops == [ANNAS_CARD]
    asks(story, BORIS)
    assert story.pops == [ANNAS_CARD, BORISS_CARD]


def test_a_stranger_asks() -> None:
    """Neither rings it at his phone, nor did he take it; nor has anybody such a call."""
    story = waiting(WHEN_ASKED)
    story.rings("c", ANNA, "a")
    assert asks(story, BORIS) == []
    assert asks(story, VERA) == []
    assert asks(story, ANNA, nth=9) == []
    story.answers("c", ANNA, "a")
    assert asks(story, BORIS) == []
    assert story.pops == []


def test_asked_for_too_late() -> None:
    """Her ring is over; then her talk is, while he talks on with Boris; then all of it is."""
    story = waiting(WHEN_ASKED)
    story.rings("c", ANNA, "a1")
    story.at(9).hangs_up("a1", 0)
    assert asks(story, ANNA) == []
    story.at(10).rings("c", ANNA, "a2")
    story.at(12).answers("c", ANNA, "a2")
    story.at(20).tell(f.BlindTransferred(ref("a2"), ref("c"), "801"))
    story.leaves_bridge("c", "c")
    story.hangs_up("a2")
    assert asks(story, ANNA) == []
    story.waits("c", EXPERT)
    story.rings("c", BORIS, "b", EXPERT)
    story.at(30).answers("c", BORIS, "b", EXPERT)
    assert asks(story, ANNA) == []
    story.at(40).talk_ends("c", "b")
    assert asks(story, BORIS) == []
    assert story.pops == []


def test_asked_for_while_the_base_is_still_asked_who_it_was() -> None:
    """The call is over and only waits for its customer: no card opens any more."""
    story = Story(policy=WHEN_ASKED).on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    story.at(9).talk_ends("c", "a")
    assert asks(story, ANNA) == []
    story.found(1, IVAN)
    assert (story.pops, story.contact.customer) == ([], IVAN.id)


# --- the same call once more


@pytest.mark.parametrize("back_at", [20, 100])
@pytest.mark.parametrize("policy", [PopPolicy(), WHEN_IT_RINGS])
def test_a_call_that_comes_back(policy: PopPolicy, back_at: int) -> None:
    """Nobody fetches him from the parking lot, and he rings at Anna's phone again; she still writes up, or
    her wrap-up, and with it her card, is over: when she answers, his card is there."""
    story = Traffic(policy=policy)
    story.on_shift(ANNA)
    story.talks()
    story.at(15).part("bridge-c", "c", "a")
    story.tell(f.BridgeEntered(ref("c"), "lot", is_holding=True), f.Parked(ref("c")))
    story.hangs_up("a")
    story.at(back_at).tell(f.BridgeLeft(ref("c"), "lot"))
    story.rings_phone("c", "a9", "101")
    effects = story.takes("a9", "c", bridge="back")
    assert [type(e) for e in effects if isinstance(e, do.PopCard | do.CloseCard)] == [do.PopCard]
    story.at(back_at + 20).over("c", "a9", bridge="back")
    assert (story.pops, ended(story)) == ([ANNAS_CARD, ANNAS_CARD], [ANNA, ANNA])
    assert [end.talk_ms for end in story.all(do.EndCard)] == [10_000, 30_000]
    story.at(back_at + 100)
    told = keys(story, do.PopCard, do.EndCard, do.CloseCard)
    assert len(set(told)) == len(told)
    assert (len(story.contacts), story.state(ANNA)) == (1, AgentState.ready)


def test_a_call_that_comes_back_to_the_button() -> None:
    """She did not ask for the card the first time; now she does."""
    story = Traffic(policy=WHEN_ASKED)
    story.on_shift(ANNA, BORIS)
    story.talks()
    story.at(15).tell(f.BlindTransferred(ref("a"), ref("c"), "102"))
    story.part("bridge-c", "c", "a")
    story.hangs_up("a")
    story.rings_phone("c", "b", "102")
    story.at(20).takes("b", "c", bridge="second")
    story.at(25).tell(f.BlindTransferred(ref("b"), ref("c"), "101"))
    story.part("second", "c", "b")
    story.hangs_up("b")
    story.rings_phone("c", "a9", "101")
    story.at(30).takes("a9", "c", bridge="third")
    asks(story, ANNA)
    story.at(40).over("c", "a9", bridge="third")
    assert (story.pops, ended(story)) == ([ANNAS_CARD], [ANNA])
    told = keys(story, do.ShowRinging, do.HideRinging)
    assert len(set(told)) == len(told)


def test_from_one_of_her_phones_to_the_other() -> None:
    """She talks at her desk, and takes him over with the other phone: it is one talk, and one card."""
    story = Traffic().has_two_phones()
    story.talks()
    story.at(15).lifts("d", "201", dials="*8")
    story.meet("bridge-c", "d")
    story.at(16).over("a")
    assert story.state(ANNA) is AgentState.talking
    story.at(35).over("c", "d")
    assert (story.pops, ended(story), story.contact.talk_ms) == ([ANNAS_CARD], [ANNA], 30_000)


# --- a queue has its own way; calls outwards, too


def test_each_queue_its_own_way() -> None:
    """Finance pops at the ring, expert by the button, what was dialled directly at the answer."""
    policy = PopPolicy(queues={FINANCE: PopMoment.ringing, EXPERT: PopMoment.button})
    story = Traffic(policy=policy)
    story.on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.comes_to_queue("d", EXPERT)
    story.rings("c", ANNA, "a")
    story.rings("d", BORIS, "b", EXPERT)
    assert (story.pops, offers(story)) == ([ANNAS_CARD], [(ANNA, False), (BORIS, True)])
    story.at(9).gives_up("a", 21)
    story.gives_up("b", 21)
    assert dropped(story) == [(ANNA, EndReason.rejected)]
    story.calls_in("e")
    story.rings_phone("e", "a9", "101")
    assert len(story.pops) == 1
    story.takes("a9", "e")
    assert story.pops == [ANNAS_CARD, (ANNA, call_id(3))]


@pytest.mark.parametrize(
    ("moment", "pops", "offered"),
    [
        (PopMoment.never, 0, []),
        (PopMoment.ringing, 1, []),
        (PopMoment.answer, 1, []),
        (PopMoment.button, 0, [(ANNA, True)]),
    ],
)
def test_outbound(moment: PopMoment, pops: int, offered: list[tuple[Login, bool]]) -> None:
    """She calls a customer: nothing rings at her phone, so a card by the ring comes when he is there."""
    story = Traffic(policy=PopPolicy(outbound=moment))
    story.on_shift(ANNA)
    story.lifts("a", "101", dials=NUMBER)
    story.rings_trunk("a", "t", NUMBER)
    assert story.pops == []
    story.at(8).takes("t", "a")
    assert (story.pops, offers(story)) == ([ANNAS_CARD] * pops, offered)
    asks(story, ANNA)
    assert story.pops == [ANNAS_CARD]
    story.at(18).over("a", "t", bridge="bridge-a")
    assert (ended(story), story.contact.direction) == ([ANNA], Direction.outbound)


def test_who_was_rung_by_callcore_and_wants_an_operator() -> None:
    """He comes over finance, but the call went outwards: that direction's way holds."""
    story = Story(policy=PopPolicy(outbound=PopMoment.never, queues={FINANCE: PopMoment.ringing}))
    story.on_shift(ANNA)
    placed(story, "p")
    story.at(5).tell(wants_operator("p"))
    story.waits("p", number=None)
    story.rings("p", ANNA, "a")
    story.at(9).answers("p", ANNA, "a")
    assert story.pops == []


# --- within the house


@pytest.mark.parametrize("policy", EVERY)
def test_colleagues(policy: PopPolicy) -> None:
    """Phone to phone: no card, no button, and none for the asking."""
    story = Traffic(policy=policy)
    story.on_shift(ANNA, BORIS)
    story.lifts("a", "101", dials="102")
    story.rings_phone("a", "b", "102")
    asks(story, BORIS)
    story.at(3).takes("b", "a")
    asks(story, BORIS)
    asks(story, ANNA)
    story.at(60).over("a", "b", bridge="bridge-a")
    assert (story.pops, story.contacts) == ([], [])
    assert not any(can_take for _login, can_take in offers(story))


@pytest.mark.parametrize("policy", EVERY)
@pytest.mark.parametrize("through_ivr", [False, True])
def test_a_colleague_comes_through_a_queue(policy: PopPolicy, through_ivr: bool) -> None:
    """Boris tries the company's own number, or asks an expert: Anna's phone rings, and no card opens."""
    story = Traffic(policy=policy)
    story.on_shift(ANNA, BORIS)
    story.lifts("b", "102", dials="500100")
    if through_ivr:
        story.tell(f.CallEntered(ref("b"), "102", None, "500100", channel_name="PJSIP/102-b"))
        story.chooses("b", EXPERT)
    story.tell(joined("b", EXPERT, "102"))
    story.rings("b", ANNA, "a", EXPERT)
    asks(story, ANNA)
    story.at(5).answers("b", ANNA, "a", EXPERT)
    asks(story, ANNA)
    assert story.state(ANNA) is AgentState.talking
    story.at(20).talk_ends("b", "a")
    assert (story.pops, offers(story)) == ([], [(ANNA, False)])
    assert (story.contact.direction, story.contact.answered_by) == (Direction.internal, ANNA)
    assert story.agent(ANNA).interface == PHONES[ANNA]

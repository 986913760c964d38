"""Calls to a queue, told in the order in which a real Asterisk tells them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    IVAN,
    MARIA,
    NUMBER,
    PHONES,
    Story,
    call_id,
    ref,
    second,
)
from tales import TALES, told

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import AgentState, Direction, EndReason, Outcome, Source, Text


def test_happy_path() -> None:
    """A customer chooses his topic, waits, Anna answers, they talk a minute, he hangs up, she saves."""
    story = told("happy")
    contact = story.contact
    assert (contact.outcome, contact.end_reason) == (Outcome.answered, EndReason.completed)
    assert (contact.direction, contact.source) == (Direction.inbound, Source.live)
    assert (contact.caller_number, contact.dialed_number) == (NUMBER, "500100")
    assert (contact.customer, contact.topic, contact.queue) == (IVAN.id, "finance.balance", FINANCE)
    assert (contact.route, contact.route_reason) == ("finance.balance/queue", Text("потому", "because"))
    assert (contact.started_at, contact.queued_at) == (second(10), second(20.1))
    assert (contact.answered_at, contact.ended_at) == (second(27), second(87))
    assert (contact.wait_ms, contact.ring_ms, contact.talk_ms) == (6900, 5000, 60_000)
    ring = do.Ring(ANNA, PHONES[ANNA], second(22), second(27), EndReason.completed)
    assert contact.operators == (ring,)
    assert (contact.answered_by, contact.hangup_cause, contact.language) == (ANNA, 16, "ru")
    assert story.pops == [(ANNA, call_id(1))]
    assert story.state(ANNA) is AgentState.ready


def test_happy_path_gives_these_effects_in_this_order() -> None:
    """Phone rings, card pops first of all, the member is paused then and not before; the end mirrors it."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1, IVAN)
    assert kinds(story.rings("c", ANNA, "a")) == ["ShowRinging", "ShowAgent:ringing"]
    assert kinds(story.answers("c", ANNA, "a")) == [
        "PopCard",
        "HideRinging",
        "PauseMember:True",
        "ShowAgent:talking",
    ]
    assert kinds(story.talk_ends("c", "a")) == ["EndCard", "ShowAgent:wrap_up", "LogContact"]
    assert kinds(story.tell(f.WrapUpDone(ANNA, call_id(1)))) == [
        "CloseCard",
        "PauseMember:False",
        "ShowAgent:ready",
    ]


def kinds(effects: list[do.Effect]) -> list[str]:
    shown = []
    for effect in effects:
        extra = ""
        if isinstance(effect, do.PauseMember):
            extra = f":{effect.paused}"
        elif isinstance(effect, do.ShowAgent):
            extra = f":{effect.state}"
        shown.append(type(effect).__name__ + extra)
    return shown


def test_a_new_call_is_remembered_first_and_its_caller_looked_up() -> None:
    """The id is stored at first sight; a number that means nothing is not looked up."""
    story = Story()
    assert kinds(story.arrives("c")) == ["RememberCall", "LookUpCustomers"]
    assert kinds(story.arrives("d", number="anonymous")) == ["RememberCall"]
    story.hangs_up("d")
    assert story.contact.caller_number is None
    assert story.contact.caller_number_raw == "anonymous"


def test_the_card_is_first_in_its_list_in_every_tale() -> None:
    """Whoever waits for the card must wait for nothing else."""
    for name in TALES:
        for effects in told(name).lists:
            pops = [at for at, effect in enumerate(effects) if isinstance(effect, do.PopCard)]
            assert pops in ([], [0]), name


def test_answer_of_the_customer_base_fills_a_card_that_has_popped_already() -> None:
    """The base is slow: the card pops with the number, then shows two customers, the contact names none."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    (pop,) = story.all(do.PopCard)
    assert (pop.view.customers_known, pop.view.caller_number) == (False, NUMBER)
    (update,) = story.found(1, IVAN, MARIA)
    assert isinstance(update, do.UpdateCard)
    assert (update.login, update.view.customers, update.view.customers_known) == (ANNA, (IVAN, MARIA), True)
    story.talk_ends("c", "a")
    assert story.contact.customer is None


def test_answer_of_the_customer_base_reaches_a_phone_that_rings() -> None:
    """The band of the ringing phone gets the name, too."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a")
    assert [(type(e), getattr(e, "login", None)) for e in story.found(1, IVAN)] == [(do.UpdateCard, ANNA)]


def test_abandoned_in_the_ivr() -> None:
    """He hangs up in the middle of the menu: both the IVR and the PBX say so, one contact comes of it."""
    story = Story()
    story.arrives("c")
    story.found(1, IVAN)
    story.at(5).tell(f.IvrLeft(ref("c"), hung_up=True))
    story.hangs_up("c")
    story.at(60)
    assert (story.contact.outcome, story.contact.end_reason) == (Outcome.abandoned_ivr, EndReason.cancelled)
    assert (story.contact.ended_at, story.contact.wait_ms) == (second(5), 0)


def test_abandoned_in_the_queue_with_nobody_free() -> None:
    """Nobody is rung; he waits a minute and hangs up."""
    story = Story()
    story.comes_to_queue("c")
    story.found(1)
    story.at(60).abandons("c")
    story.hangs_up("c", 0)
    assert (story.contact.outcome, story.contact.wait_ms) == (Outcome.abandoned_queue, 60_000)
    assert story.contact.operators == ()


@pytest.mark.parametrize("phone_first", [True, False])
def test_abandoned_while_a_phone_rings(phone_first: bool) -> None:
    """The phone's hang-up and the queue's word permute; the operator has missed nothing."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(5).rings("c", ANNA, "a")
    story.at(8)
    steps = [lambda: story.hangs_up("a", 0), lambda: story.abandons("c")]
    for tell in steps if phone_first else reversed(steps):
        tell()
    story.hangs_up("c", 0)
    assert story.contact.outcome is Outcome.abandoned_ringing
    assert story.contact.operators[0].result is EndReason.cancelled
    assert (story.contact.ring_ms, story.contact.wait_ms) == (3000, 8000)
    assert (story.state(ANNA), story.agent(ANNA).missed) == (AgentState.ready, 0)
    assert kinds(story.all(do.HideRinging)) == ["HideRinging"]  # type: ignore[arg-type]


def test_abandoned_after_a_ring_that_was_over() -> None:
    """Anna's ring was taken back half a minute before he hung up: nothing rang then."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(5).rings("c", ANNA, "a")
    story.at(20).hangs_up("a", 0)
    story.at(50).abandons("c")
    story.hangs_up("c", 0)
    assert story.contact.outcome is Outcome.abandoned_queue


def test_abandoned_while_one_rings_and_another_has_rejected() -> None:
    """Both phones ring; Boris rejects, Anna's still rings when the caller gives up."""
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.at(5).rings("c", ANNA, "a")
    story.rings("c", BORIS, "b")
    story.at(6).hangs_up("b", 21)
    story.at(9).abandons("c")
    story.hangs_up("a", 0)
    story.hangs_up("c", 0)
    assert story.contact.outcome is Outcome.abandoned_ringing
    assert [r.result for r in story.contact.operators] == [EndReason.cancelled, EndReason.rejected]


@pytest.mark.parametrize("leg_first", [True, False])
@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (0, EndReason.no_answer),
        (16, EndReason.no_answer),
        (19, EndReason.no_answer),
        (17, EndReason.busy),
        (21, EndReason.rejected),
        (20, EndReason.failed),
    ],
)
def test_first_operator_does_not_take_it_second_does(leg_first: bool, cause: int, result: EndReason) -> None:
    """The leg's Hangup and the queue's AgentRingNoAnswer come in either order and mean the same: one miss."""
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.found(1)
    story.at(2).rings("c", ANNA, "a")
    story.at(17)
    steps = [lambda: story.hangs_up("a", cause), lambda: story.misses("c", ANNA)]
    for tell in steps if leg_first else reversed(steps):
        tell()
    assert (story.state(ANNA), story.agent(ANNA).missed) == (AgentState.ready, 1)
    story.at(22).rings("c", BORIS, "b")
    story.at(25).answers("c", BORIS, "b")
    story.at(40).talk_ends("c", "b")
    rings = story.contact.operators
    assert [(r.login, r.result) for r in rings] == [(ANNA, result), (BORIS, EndReason.completed)]
    assert story.contact.ring_ms == 18_000
    assert story.contact.wait_ms == 25_000
    assert story.pops == [(BORIS, call_id(1))]


def test_the_same_operator_is_rung_again_by_the_same_call() -> None:
    """Anna rejects, the queue tries her again; each ring has its own band, and the card pops once."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a1")
    story.at(2).hangs_up("a1", 21)
    story.misses("c", ANNA)
    story.at(7).rings("c", ANNA, "a2")
    story.at(9).answers("c", ANNA, "a2")
    story.talk_ends("c", "a2")
    assert len({e.key for e in story.all(do.ShowRinging)}) == 2
    assert len({e.key for e in story.all(do.HideRinging)}) == 2
    assert story.pops == [(ANNA, call_id(1))]


def test_a_late_hangup_of_her_first_leg_does_not_end_her_second_ring() -> None:
    """Events of different channels permute: the first leg's Hangup comes after the second AgentCalled."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a1")
    story.at(15).misses("c", ANNA)
    story.rings("c", ANNA, "a2")
    story.hangs_up("a1", 0)
    assert story.state(ANNA) is AgentState.ringing
    story.at(17).answers("c", ANNA, "a2")
    assert story.state(ANNA) is AgentState.talking
    story.found(1)
    story.at(30).talk_ends("c", "a2")
    assert [r.result for r in story.contact.operators] == [EndReason.no_answer, EndReason.completed]
    assert story.contact.talk_ms == 13_000


def test_a_hangup_of_her_first_leg_that_is_later_still() -> None:
    """It comes when she talks already, over the second leg: her talk goes on."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.rings("c", ANNA, "a1")
    story.at(15).misses("c", ANNA)
    story.rings("c", ANNA, "a2")
    story.at(17).answers("c", ANNA, "a2")
    story.hangs_up("a1", 0)
    assert story.state(ANNA) is AgentState.talking
    assert story.tracker.calls[call_id(1)].talking_with == (PHONES[ANNA],)


def test_ring_all() -> None:
    """Both phones ring, Boris is quicker; Anna's phone says so with cause 26, and she has missed nothing."""
    story = told("ringall")
    assert story.pops == [(BORIS, call_id(1))]
    results = {r.login: r.result for r in story.contact.operators}
    assert results == {ANNA: EndReason.answered_elsewhere, BORIS: EndReason.completed}
    assert (story.state(ANNA), story.agent(ANNA).missed) == (AgentState.ready, 0)
    assert story.contact.ring_ms == 3000


def test_ring_all_with_losers_that_nobody_hears_of() -> None:
    """The loser's leg is unknown to us: it stops to ring all the same when the other one answers."""
    story = Story().on_shift(ANNA, BORIS)
    story.comes_to_queue("c")
    story.tell(f.AgentCalled(ref("c"), FINANCE, PHONES[ANNA], None))
    story.rings("c", BORIS, "b")
    effects = story.answers("c", BORIS, "b")
    assert kinds(effects)[0] == "PopCard"
    assert story.state(ANNA) is AgentState.ready


def test_two_calls_of_one_number_at_once() -> None:
    """Interleaved, each to its own operator; neither takes anything of the other."""
    story = told("two_calls")
    assert sorted(story.pops) == [(ANNA, call_id(2)), (BORIS, call_id(1))]
    by_id = {c.call: c for c in story.contacts}
    assert (by_id[call_id(1)].answered_by, by_id[call_id(2)].answered_by) == (BORIS, ANNA)
    assert (by_id[call_id(1)].talk_ms, by_id[call_id(2)].talk_ms) == (29_999, 50_000)
    assert (by_id[call_id(1)].queue, by_id[call_id(2)].queue) == (FINANCE, EXPERT)


def test_operator_hangs_up_first() -> None:
    """Anna hangs up, the queue lets the caller go a moment later: card and wrap-up know it at once."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(30).leaves_bridge("a", "c")
    story.hangs_up("a")
    assert story.state(ANNA) is AgentState.wrap_up
    assert [e.talk_ms for e in story.all(do.EndCard)] == [30_000]
    story.leaves_bridge("c", "c")
    story.at(30.2).hangs_up("c")
    assert len(story.all(do.EndCard)) == 1
    assert story.contact.outcome is Outcome.answered
    assert story.agent(ANNA).wrap_up_until == second(30) + story.rules.wrap_up


def test_hangup_without_any_bridge_leave() -> None:
    """The PBX tells only that the channels ended: the talk has ended with them."""
    story = Story().on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.rings("c", ANNA, "a")
    story.answers("c", ANNA, "a")
    story.at(20).hangs_up("c")
    assert not story.tracker.legs
    story.hangs_up("a")
    assert story.contact.talk_ms == 20_000
    assert story.state(ANNA) is AgentState.wrap_up


def test_nothing_is_left_of_any_tale() -> None:
    """A while after the end, no memory of calls, legs, channels or deadlines is held."""
    for name in TALES:
        story = told(name)
        story.at(600)
        story.now += timedelta(hours=1)
        story.tracker.handle_timeout(story.now)
        floor = story.tracker
        assert (floor.calls, floor.by_channel, floor.legs, floor.finished) == ({}, {}, {}, {}), name
        assert (floor.mirror.channels, floor.mirror.ended, floor.mirror._bridges) == ({}, {}, {}), name
        assert floor.next_deadline() is None, name

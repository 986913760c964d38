"""The small pure parts: names of devices, spans of time, causes, deadlines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stories import ANNA, BORIS, PBX, PHONES, RULES, call_id, ref, second

from callcore.calls.agent import Agent, ClockStruck
from callcore.calls.agent import step as agent_step
from callcore.calls.call import (
    Answered,
    Call,
    CallerGone,
    RingLegEnded,
    TalkStarted,
    TalkStopped,
    TimeIsUp,
)
from callcore.calls.campaign import CampaignState
from callcore.calls.causes import leg_end_reason
from callcore.calls.contact import union_ms
from callcore.calls.deadlines import Deadlines
from callcore.calls.effects import LogContact
from callcore.calls.follow import agent_moves
from callcore.calls.mirror import device_of, seat_of
from callcore.calls.step import begin, step
from callcore.domain import AgentState, EndReason, Interface, Source


@pytest.mark.parametrize(
    ("channel", "device"),
    [
        ("PJSIP/101-00000002", "PJSIP/101"),
        ("PJSIP/trunk-msk-0000001a", "PJSIP/trunk-msk"),
        ("SIP/101-00000a1f", "SIP/101"),
        ("Local/101@agents-00000004;1", "Local/101@agents"),
        ("Local/101@from-queue-00000004;2", "Local/101@from-queue"),
        ("DAHDI/i1/79161234567-1", "DAHDI/i1/79161234567"),
        ("DAHDI/1-1", "DAHDI/1"),
        ("PJSIP/101", "PJSIP/101"),
        ("", ""),
    ],
)
def test_device_of_a_channel(channel: str, device: str) -> None:
    """The device is what stands before the last dash, without a Local channel's half."""
    assert device_of(channel) == device


@pytest.mark.parametrize(
    ("interface", "seat"),
    [
        ("PJSIP/101", "PJSIP/101"),
        ("Local/101@agents", "Local/101@agents"),
        ("Local/101@from-queue/n", "Local/101@from-queue"),
        ("DAHDI/i1/79161234567", "DAHDI/i1/79161234567"),
    ],
)
def test_seat_of_an_interface(interface: str, seat: str) -> None:
    """A Local member's options are not part of its channels' names."""
    assert seat_of(Interface(interface)) == seat


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (17, EndReason.busy),
        (21, EndReason.rejected),
        (26, EndReason.answered_elsewhere),
        (0, EndReason.cancelled),
        (16, EndReason.cancelled),
        (18, EndReason.no_answer),
        (19, EndReason.no_answer),
        (34, EndReason.failed),
        (999, EndReason.failed),
        (None, EndReason.lost),
    ],
)
def test_why_a_leg_ended(cause: int | None, reason: EndReason) -> None:
    """Before the answer the cause tells; an unknown one is a failure, none means that nobody looked."""
    assert leg_end_reason(cause, answered=False) is reason


def test_why_an_answered_leg_ended() -> None:
    """After the answer every seen end is a completed talk."""
    assert leg_end_reason(127, answered=True) is EndReason.completed
    assert leg_end_reason(None, answered=True) is EndReason.lost


def test_union_of_spans() -> None:
    """Phones that ring together count once; gaps and empty spans not at all."""
    spans = [(20, 25), (0, 10), (5, 12), (6, 7), (30, 30)]
    assert union_ms((second(a), second(b)) for a, b in spans) == 17_000
    assert union_ms([]) == 0


def test_deadlines_know_one_moment_per_key() -> None:
    """A moment set anew replaces the old one; None forgets it; what is due comes in order, once."""
    due = Deadlines()
    a, b = ("call", "a"), ("call", "b")
    assert due.next() is None
    due.set(a, second(9))
    due.set(b, second(5))
    due.set(a, second(3))
    due.set(a, second(3))
    assert due.next() == second(3)
    due.set(a, second(7))
    assert due.next() == second(5)
    assert due.pop(second(4)) is None
    assert [due.pop(second(8)), due.pop(second(8)), due.pop(second(8))] == [b, a, None]
    due.set(b, second(1))
    due.set(b, None)
    due.set(b, None)
    assert (due.next(), due.pop(second(99))) == (None, None)


def test_deadlines_do_not_grow() -> None:
    """A page that comes and goes a hundred thousand times leaves no heap of old moments behind."""
    due = Deadlines()
    due.set(("agent", "b"), second(50))
    for nth in range(100_000):
        due.set(("agent", "a"), second(100) + timedelta(milliseconds=nth))
        due.set(("agent", "a"), None)
    assert len(due) < 200
    assert due.next() == second(50)


def talking_call() -> Call:
    """A call in which a phone talks since second 10."""
    call, _effects = begin(
        Call(call_id(1), ref("c"), Source.live, second(0), None, "", None, None, customers_known=True)
    )
    call, _effects = step(call, Answered(ANNA, PHONES[ANNA]), second(10))
    call, _effects = step(call, TalkStarted(PHONES[ANNA]), second(10))
    return call


def test_step_takes_repeated_moves() -> None:
    """A talk that has begun begins no second time, one that never was does not end."""
    call = talking_call()
    assert step(call, TalkStarted(PHONES[ANNA]), second(11)) == (call, ())
    assert step(call, TalkStopped(PHONES[BORIS]), second(11)) == (call, ())
    assert step(call, RingLegEnded(PHONES[BORIS], 16), second(11)) == (call, ())
    assert list(agent_moves(call, call, RingLegEnded(PHONES[BORIS], 16))) == []


def test_step_ends_a_talk_with_the_call() -> None:
    """Whoever ends a call need not tell first that its talk is over; an ended call takes nothing more."""
    call, effects = step(talking_call(), CallerGone(16), second(30))
    (contact,) = [e.contact for e in effects if isinstance(e, LogContact)]
    assert contact.talk_ms == 20_000
    assert step(call, TimeIsUp(), second(40)) == (call, ())


def test_an_agent_has_no_deadline_that_has_not_come() -> None:
    """A stroke of the clock that comes too early changes nothing."""
    agent = Agent(ANNA, "Anna", PBX, PHONES[ANNA], (), AgentState.ready, second(0), desk_gone_at=second(0))
    assert agent_step(agent, ClockStruck(), second(29), RULES) == (agent, ())


def test_a_campaign_is_over_for_good() -> None:
    """A pause and a halt end; what is stopped, replaced by a newer one, or done, does not begin again."""
    over = {state for state in CampaignState if state.is_over}
    assert over == {CampaignState.stopped, CampaignState.superseded, CampaignState.done}

"""Calls that callcore places itself: nobody's calls, unless whom we rang wants an operator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import (
    ANNA,
    FINANCE,
    IVAN,
    NUMBER,
    PHONES,
    Story,
    call_id,
    connected,
    joined,
    member,
    placed,
    ref,
    row,
    wants_operator,
)
from tales import told

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.mirror import placed_number
from callcore.domain import AgentState, CallId, Direction, Outcome, Source

LOCAL = f"Local/{NUMBER[1:]}@callcore-dial-0000001a"
ROWS = (
    replace(row("p", f"{LOCAL};1"), caller_number=None),
    row("p2", f"{LOCAL};2", bridge="b-out"),
    row("p3", "PJSIP/carrier-0000001b", bridge="b-out"),
)


def answered(story: Story, carrier: str = "PJSIP/carrier") -> list[do.Effect]:
    return [
        *placed(story, "p", carrier),
        *story.tell(
            f.ChannelAnswered(ref("p3")),
            f.ChannelAnswered(ref("p2")),
            f.ChannelAnswered(ref("p")),
            f.BridgeEntered(ref("p3"), "b-out"),
            f.BridgeEntered(ref("p2"), "b-out"),
        ),
    ]


def over(story: Story) -> list[do.Effect]:
    return [effect for name in ("p", "p2", "p3") for effect in story.hangs_up(name)]


@pytest.mark.parametrize("carrier", ["PJSIP/carrier", PHONES[ANNA]])
def test_a_notice_is_nobodys_call(carrier: str) -> None:
    """Told and gone: no call, no contact, nothing odd; also if it is an operator's own phone that we rang."""
    story = Story().on_shift(ANNA)
    assert answered(story, carrier) == []
    assert story.tracker.calls == {}
    assert over(story.at(30)) == []
    assert (story.contacts, story.state(ANNA), dict(story.tracker.odd)) == ([], AgentState.ready, {})


def test_a_call_that_nobody_answers() -> None:
    story = Story()
    assert placed(story, "p") == []
    assert over(story.at(30)) == []


def test_a_snapshot_in_the_middle_adopts_nothing() -> None:
    """A daemon that comes back while it rings and tells: the ledger reconciles these, not the floor."""
    story = Story().on_shift(ANNA)
    effects = story.reconnects(epoch=1, channels=ROWS, members=(member(ANNA),))
    assert not [e for e in effects if isinstance(e, do.RememberCall | do.LookUpCustomers | do.PopCard)]
    assert story.tracker.calls == {}
    assert over(story.at(30)) == []


def test_a_flap_in_the_middle() -> None:
    story = Story()
    answered(story)
    assert story.at(5).reconnects(channels=ROWS) == []
    assert over(story.at(30)) == []


def test_he_wants_an_operator() -> None:
    """The card pops with whom we rang; the contact says that we called him."""
    story = told("placed_to_operator")
    (pop,) = story.all(do.PopCard)
    assert (pop.login, pop.view.caller_number, pop.view.customers) == (ANNA, NUMBER, (IVAN,))
    contact = story.contact
    assert (contact.direction, contact.outcome) == (Direction.outbound, Outcome.answered)
    assert (contact.caller_number, contact.channel, contact.answered_by) == (NUMBER, "p", ANNA)
    assert (contact.queue, contact.talk_ms) == (FINANCE, 25_000)
    assert dict(story.tracker.odd) == {}


def test_an_inbound_caller_stays_one() -> None:
    assert told("happy").contact.direction is Direction.inbound


def test_a_restarted_daemon_knows_whom_it_rang() -> None:
    """It comes back while Anna talks with him; his channel carries no number of his."""
    story = Story().on_shift(ANNA)
    story.at(60).reconnects(
        epoch=1,
        channels=(
            replace(ROWS[0], bridge="b-main", call=CallId("old1")),
            *ROWS[1:],
            row("a", "PJSIP/101-a", bridge="b-main"),
        ),
    )
    assert story.pops == [(ANNA, "old1")]
    assert [e.number for e in story.all(do.LookUpCustomers)] == [NUMBER]
    story.found(1, IVAN)
    story.tell(f.CustomersFound(CallId("old1"), (IVAN,)))
    over(story.at(70))
    contact = story.contact
    assert (contact.direction, contact.source) == (Direction.outbound, Source.snapshot)
    assert contact.caller_number == NUMBER


def test_one_who_waits_for_an_operator_is_adopted_as_whom_we_rang() -> None:
    story = Story()
    story.at(60).reconnects(epoch=1, channels=ROWS, entries=(f.LiveEntry(FINANCE, ref("p"), 40),))
    story.found(1, IVAN)
    over(story.at(70))
    assert (story.contact.direction, story.contact.caller_number) == (Direction.outbound, NUMBER)


def test_the_queue_tells_of_him_first() -> None:
    """The link to the IVR was slower: the queue's word begins the call, and the IVR's is no second one."""
    story = Story().on_shift(ANNA)
    answered(story)
    story.tell(joined("p", number=None), wants_operator("p"), connected("p", ANNA, "a"))
    assert story.pops == [(ANNA, call_id(1))]
    story.found(1, IVAN)
    over(story.at(30))
    assert (story.contact.direction, story.contact.caller_number) == (Direction.outbound, NUMBER)


@pytest.mark.parametrize(
    "name",
    [
        "PJSIP/79161234567-0000001a",
        "Local/103@agents-0001;1",
        "Local/79161234567@callcore-dial",
        "Local/12a@callcore-dial-0000001a;1",
        "Local/79161234567@callcore-dial-x-0000001a;1",
    ],
)
def test_names_of_others(name: str) -> None:
    assert placed_number(name) is None

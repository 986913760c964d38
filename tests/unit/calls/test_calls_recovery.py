"""Calls whose end callcore did not see: what their row tells, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcore.calls.call import Call, Phase
from callcore.calls.effects import Contact, Ring
from callcore.calls.facts import JournalRow
from callcore.calls.recovery import PastCall, call_id_of, contact_of_row, lost_contact, merged
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    EndReason,
    Interface,
    Login,
    Outcome,
    PbxName,
    QueueName,
    Source,
    TopicCode,
)

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PBX = PbxName("main")
CHANNEL = ChannelRef(PBX, ChannelId("1795.1"))
FINANCE = QueueName("finance")
ANNAS = Interface("PJSIP/101")
BORISS = Interface("PJSIP/102")
NOW = T0 + timedelta(hours=1)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def row(**changes: Any) -> JournalRow:
    """He waited in finance from the 10th second, and was gone after 60."""
    values: dict[str, Any] = {
        "channel": CHANNEL,
        "started_at": T0,
        "number": "89000000001",
        "dialed_number": "74950000000",
        "queue": FINANCE,
        "queued_at": after(10),
        "member": None,
        "hold_seconds": None,
        "seconds": 60,
        "cause": 16,
        "call": None,
    }
    return JournalRow(**(values | changes))


ANSWERED = row(member=ANNAS, hold_seconds=5)


def call(**changes: Any) -> Call:
    values: dict[str, Any] = {
        "id": CallId("c1"),
        "channel": CHANNEL,
        "source": Source.live,
        "started_at": T0,
        "caller_number": "+79000000001",
        "caller_number_raw": "89000000001",
        "caller_name": "Пётр",
        "dialed_number": "74950000000",
        "topic": TopicCode("finance.payment"),
    }
    return Call(**(values | changes))


def waiting(**changes: Any) -> Call:
    values: dict[str, Any] = {"phase": Phase.waiting, "queue": FINANCE, "queued_at": after(10.4)}
    return call(**(values | changes))


def login_at(pbx: PbxName, interface: Interface) -> Login | None:
    return Login("anna") if (pbx, interface) == (PBX, ANNAS) else None


def canonical(number: str | None) -> str | None:
    return "+7" + number[1:] if number else None


def told(row: JournalRow, call: Call | None = None, **options: Any) -> Contact:
    return contact_of_row(row, call, NOW, canonical, login_at=login_at, **options)


# --- calls that nobody saw begin


def test_answered_in_the_queue() -> None:
    contact = told(ANSWERED)
    assert (contact.source, contact.outcome) == (Source.journal, Outcome.answered)
    assert (contact.end_reason, contact.hangup_cause) == (EndReason.completed, 16)
    assert (contact.caller_number, contact.caller_number_raw) == ("+79000000001", "89000000001")
    assert (contact.caller_name, contact.topic, contact.route, contact.customer) == (None, None, None, None)
    assert (contact.started_at, contact.queued_at) == (T0, after(10))
    assert (contact.answered_at, contact.ended_at) == (after(15), after(60))
    assert (contact.wait_ms, contact.talk_ms, contact.ring_ms) == (5_000, 45_000, 0)
    assert contact.answered_by == "anna"
    assert contact.operators == (Ring(Login("anna"), ANNAS, after(15), after(15), EndReason.completed),)


def test_answered_nobody_knows_when() -> None:
    contact = told(row(member=ANNAS))
    assert (contact.outcome, contact.end_reason) == (Outcome.answered, EndReason.completed)
    assert (contact.answered_at, contact.wait_ms, contact.talk_ms) == (None, 0, 0)
    assert (contact.answered_by, contact.operators) == ("anna", ())


def test_answered_at_a_phone_where_nobody_sits() -> None:
    contact = told(row(member=BORISS, hold_seconds=5))
    assert (contact.outcome, contact.answered_by) == (Outcome.answered, None)
    assert [ring.interface for ring in contact.operators] == [BORISS]


def test_given_up_in_the_queue() -> None:
    contact = told(row())
    assert (contact.outcome, contact.end_reason) == (Outcome.abandoned_queue, EndReason.cancelled)
    assert (contact.wait_ms, contact.talk_ms, contact.operators) == (50_000, 0, ())


def test_given_up_in_the_menu() -> None:
    contact = told(row(queue=None, queued_at=None, number=None, cause=None))
    assert (contact.outcome, contact.end_reason) == (Outcome.abandoned_ivr, EndReason.cancelled)
    assert (contact.wait_ms, contact.hangup_cause) == (0, None)
    assert (contact.caller_number, contact.caller_number_raw) == (None, "")


@pytest.mark.parametrize(
    ("max_wait", "outcome"),
    [(50, Outcome.timeout), (51, Outcome.abandoned_queue), (None, Outcome.abandoned_queue)],
)
def test_waited_as_long_as_the_queue_lets(max_wait: int | None, outcome: Outcome) -> None:
    limit = None if max_wait is None else timedelta(seconds=max_wait)
    assert told(row(), max_wait=limit).outcome is outcome


def test_who_never_waited_did_not_time_out() -> None:
    assert (
        told(row(queue=None, queued_at=None), max_wait=timedelta(seconds=1)).outcome is Outcome.abandoned_ivr
    )


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(Outcome.timeout, EndReason.no_answer), (Outcome.left_by_key, EndReason.cancelled)],
)
def test_the_sources_own_word(outcome: Outcome, reason: EndReason) -> None:
    contact = told(row(), source=Source.cdr, outcome=outcome)
    assert (contact.source, contact.outcome, contact.end_reason) == (Source.cdr, outcome, reason)


def test_no_moment_lies_in_times_to_come() -> None:
    """The PBX's clock is an hour ahead."""
    contact = told(row(started_at=NOW - timedelta(seconds=5), queued_at=NOW + timedelta(seconds=5)))
    assert contact.ended_at == NOW
    assert contact.queued_at == NOW


# --- whose call it was


def test_the_id_is_the_calls_own_where_it_is_known() -> None:
    assert told(row(call=CallId("c7"))).call == "c7"


def test_the_same_row_always_gets_the_same_id() -> None:
    one, same = call_id_of(row()), call_id_of(row(seconds=61))
    others = {
        call_id_of(row(channel=ChannelRef(PBX, ChannelId("1795.2")))),
        call_id_of(row(channel=ChannelRef(PbxName("branch"), CHANNEL.id))),
        call_id_of(row(started_at=after(1))),
    }
    assert one == same
    assert len(others | {one}) == 4
    assert call_id_of(row(started_at=after(-1))) < one < call_id_of(row(started_at=after(1)))
    assert len(one) == 18


# --- calls known before the gap


def test_he_talked_on_to_the_end() -> None:
    talking = waiting(
        phase=Phase.talking,
        answered_at=after(14),
        answered_by=Login("anna"),
        talking_with=(ANNAS,),
        talk_since=after(30),
        talk_ms=9_000,
        rings=(Ring(Login("anna"), ANNAS, after(11), after(14), EndReason.completed),),
    )
    for known in (ANSWERED, row()):
        contact = told(known, talking)
        assert (contact.call, contact.source) == ("c1", Source.journal)
        assert (contact.outcome, contact.end_reason) == (Outcome.answered, EndReason.completed)
        assert (contact.answered_at, contact.talk_ms) == (after(14), 39_000)
        assert (contact.ring_ms, contact.operators) == (3_000, talking.rings)
        assert (contact.caller_name, contact.topic) == ("Пётр", "finance.payment")


def test_he_had_hung_up_on_one_operator_and_waited_for_nobody() -> None:
    between = waiting(answered_at=after(14), answered_by=Login("anna"), talk_ms=9_000)
    assert told(row(), between).talk_ms == 9_000


def test_he_waited_and_was_answered_meanwhile() -> None:
    """Two phones rang when the link was lost."""
    rings = (
        Ring(Login("dora"), Interface("PJSIP/103"), after(10), after(11), EndReason.busy),
        Ring(Login("anna"), ANNAS, after(12)),
        Ring(Login("boris"), BORISS, after(12)),
    )
    contact = told(ANSWERED, waiting(rings=rings))
    assert contact.outcome is Outcome.answered
    assert contact.answered_at == after(15)
    assert [(ring.result, ring.ended_at) for ring in contact.operators] == [
        (EndReason.busy, after(11)),
        (EndReason.completed, after(15)),
        (EndReason.answered_elsewhere, after(15)),
    ]
    assert contact.ring_ms == 4_000
    unknown_when = told(row(member=ANNAS), waiting(rings=rings))
    assert [ring.ended_at for ring in unknown_when.operators] == [after(11), None, None]
    assert unknown_when.ring_ms == 1_000


def test_he_waited_and_gave_up_while_a_phone_rang() -> None:
    """Nobody knows for how long it did."""
    contact = told(row(), waiting(rings=(Ring(Login("anna"), ANNAS, after(12)),)))
    assert contact.outcome is Outcome.abandoned_queue
    assert [(ring.result, ring.ended_at) for ring in contact.operators] == [(EndReason.lost, None)]
    assert contact.ring_ms == 0
    assert contact.wait_ms == 49_600


def test_he_heard_that_it_is_closed() -> None:
    contact = told(row(queue=None, queued_at=None), call(phase=Phase.announced))
    assert (contact.outcome, contact.end_reason) == (Outcome.closed, EndReason.completed)


def test_nothing_ends_before_what_was_seen() -> None:
    """The PBX's clock goes after."""
    late = row(started_at=after(-600), queued_at=after(-590), hold_seconds=5, member=ANNAS)
    contact = told(late, waiting())
    assert (
        contact.started_at <= (contact.queued_at or NOW) <= (contact.answered_at or NOW) <= contact.ended_at
    )


# --- nobody told anything


def test_lost() -> None:
    contact = lost_contact(CallId("c9"), CHANNEL, T0, after(60))
    assert (contact.call, contact.channel, contact.started_at) == ("c9", CHANNEL.id, T0)
    assert (contact.outcome, contact.end_reason) == (Outcome.failed, EndReason.lost)
    assert (contact.caller_number, contact.queue, contact.answered_at) == (None, None, None)
    assert lost_contact(CallId("c9"), CHANNEL, after(60), T0).ended_at == after(60)


# --- two sources


def test_each_call_once_and_what_one_source_does_not_know_the_other_may() -> None:
    other = replace(ANSWERED, channel=ChannelRef(PBX, ChannelId("1795.2")), started_at=after(-5))
    table = [PastCall(row(queue=None, queued_at=None, member=ANNAS))]
    queue_log = [
        PastCall(replace(ANSWERED, number=None, member=Interface("Анна")), Outcome.answered),
        PastCall(other),
    ]
    assert merged(table, queue_log) == (PastCall(other), PastCall(ANSWERED, Outcome.answered))

"""The recorded call that the pop benchmark tells: complete, of other people, understood by callcore."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.pop_call import POP_EVENT, READ, Cast, NoSuchCall, cut, load
from callcore.ami.protocol import parse
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.calls import effects as do
from callcore.calls.agent import AgentRules
from callcore.calls.facts import AgentBecameReady, AgentSignedIn, CustomersFound, DeskOpened
from callcore.calls.tracker import Tracker
from callcore.domain import AgentState, CallId, Interface, Login, PbxName, QueueName

CAST = Cast(7, "79000000007", "1006", ("finance", "expert"))


def _texts(cast: Cast) -> list[str]:
    return [message.wire.decode() for message in load().tell(cast)]


def test_is_a_whole_queue_call_of_an_account_without_more_rights() -> None:
    told = load().tell(CAST)
    events = [message.event for message in told]
    assert events[0] == "Newchannel"
    needed = {"QueueCallerJoin", "AgentCalled", "QueueCallerLeave", "BridgeEnter", "BridgeLeave", "Cdr"}
    assert needed < set(events)
    assert events.count(POP_EVENT) == 1
    assert events.count("Hangup") == 2
    classes = {re.search(r"Privilege: (\w+)", text)[1] for text in _texts(CAST)}  # type: ignore[index]
    assert classes <= READ
    assert all(message.wire.endswith(b"\r\n\r\n") for message in told)


def test_moments_never_go_back_and_the_talk_is_in_them() -> None:
    moments = [message.after for message in load().tell(CAST)]
    assert moments == sorted(moments)
    assert load().seconds - load().pop_after >= 1.5


def test_nothing_of_the_recorded_people_is_left() -> None:
    recorded = "\n".join(_texts(Cast(1, "1", "1", ("q",))))
    told = "\n".join(_texts(CAST))
    assert not re.search(r"lab-\d|sales|\b101\b|790000000(?!07)", told)
    assert told != recorded
    assert not set(re.findall(r"(?:bench-|trunk-)[\w.]+", told)) & set(
        re.findall(r"(?:bench-|trunk-)[\w.]+", recorded)
    )


def test_a_member_has_a_status_in_each_of_his_queues() -> None:
    statuses = [text for text in _texts(CAST) if "Event: QueueMemberStatus" in text]
    queues = Counter(re.search(r"Queue: (\w+)", text)[1] for text in statuses)  # type: ignore[index]
    assert queues["finance"] == queues["expert"] > 0


def test_callcore_pops_once_and_logs_once() -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    rules = AgentRules(timedelta(seconds=1), timedelta(seconds=30), 3)
    tracker = Tracker(mint=lambda _now: CallId("c1"), canonical=lambda raw: raw and f"+{raw}", rules=rules)
    login, main = Login("op"), PbxName("main")
    seat = (Interface("PJSIP/1006"), (QueueName("finance"),))
    tracker.handle(AgentSignedIn(login, "Op", main, *seat, AgentState.paused, None), now)
    tracker.handle(DeskOpened(login), now)
    tracker.handle(AgentBecameReady(login), now)
    translator, effects = Translator(main), []
    for message in load().tell(CAST):
        if message.event not in WANTED_EVENTS:
            continue
        fact = translator.translate(parse(message.wire))
        at = now + timedelta(seconds=message.after)
        for effect in tracker.handle(fact, at) if fact else []:
            effects.append(effect)
            if isinstance(effect, do.LookUpCustomers):
                effects += tracker.handle(CustomersFound(effect.call, (), False), at)
    assert not translator.odd
    assert not tracker.odd
    assert [e.login for e in effects if isinstance(e, do.PopCard)] == ["op"]
    contacts = [e.contact for e in effects if isinstance(e, do.LogContact)]
    assert [(c.caller_number, c.answered_by, c.talk_ms) for c in contacts] == [("+79000000007", "op", 1500)]


@pytest.mark.parametrize(
    "recording", ["", "\r\n\r\n", "Event: AgentConnect\r\nPrivilege: agent,all", "x" * 99]
)
def test_a_recording_without_a_call_is_refused(recording: str) -> None:
    with pytest.raises(NoSuchCall):
        cut(recording)


def test_a_call_that_did_not_end_is_no_call() -> None:
    whole = "\r\n\r\n".join(_texts(CAST)).replace("Event: Hangup\r\n", "Event: Other\r\n")
    with pytest.raises(NoSuchCall):
        cut(whole)

"""From the shipped settings to what each room is made with."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from callcore.ami.client import AmiLink
from callcore.assembly import counting, wiring
from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.config import Settings, load
from callcore.domain import (
    AgentState,
    CallId,
    ChannelId,
    ChannelRef,
    Interface,
    Login,
    PauseReason,
    PbxName,
    QueueName,
    TopicCode,
)
from callcore.routing.decide import decide
from callcore.routing.situation import Situation
from callcore.store.database import Database
from callcore.web.metrics import Metrics

from .conftest import Write

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, 12:00 in Moscow."""
MAIN = PbxName("main")
ANNA = Login("anna")
SECRET = {"CALLCORE_AMI_SECRET": "s3cret"}


@pytest.fixture
def settings(write: Write) -> Settings:
    return load(write(), SECRET)


def test_each_effect_has_one_room() -> None:
    carriers = wiring.carriers(_desks, _members, _records, handset=_handset, second_line=_second_line)
    told = {do.TellStep, do.CallParked, do.CallUnparked}
    assert set(carriers) == set(get_args(do.Effect)) - told, "these are only told of"
    rooms = {carry for room in carriers.values() for carry in room}
    assert rooms == {_desks, _members, _records, _handset, _second_line}
    assert all(len(room) == 1 for room in carriers.values())
    assert carriers[do.PopCard] == (_desks,)
    assert carriers[do.PauseMember] == (_members,)
    assert carriers[do.LogContact] == (_records,)
    assert carriers[do.SettleHandover] == (_second_line,)
    assert carriers[do.EndChannel] == carriers[do.SendOn] == (_handset,)


def test_others_hear_what_is_told_of_calls_while_they_are_on() -> None:
    carriers = wiring.carriers(_desks, _members, _records, _others)
    heard = {kind: rooms for kind, rooms in carriers.items() if _others in rooms}
    assert heard == {
        do.ShowRinging: (_desks, _others),
        do.ShowAgent: (_desks, _others),
        do.LogContact: (_records, _others),
        do.CallParked: (_others,),
        do.CallUnparked: (_others,),
    }


def _others(_effect: do.Effect) -> None: ...


def _desks(_effect: do.Effect) -> None: ...


def _members(_effect: do.Effect) -> None: ...


def _handset(_effect: do.Effect) -> None: ...


def _second_line(_effect: do.Effect) -> None: ...


def _records(_effect: do.Effect) -> None: ...


def test_the_tracker_goes_by_the_settings(write: Write) -> None:
    desk = {"wrap_up_seconds": 7, "no_desk_seconds": 11, "reject_pause_after": 1}
    tracker = wiring.make_tracker(load(write(desk=desk), SECRET))
    seat = f.AgentSignedIn(ANNA, "Anna", MAIN, Interface("PJSIP/101"), (), AgentState.ready)
    tracker.handle(seat, T0)
    assert tracker.next_deadline() == T0 + timedelta(seconds=11)
    channel = ChannelRef(MAIN, ChannelId("1.1"))
    told = tracker.handle(f.CallEntered(channel, "8 (916) 123-45-67", None, None), T0)
    assert [e.number for e in told if isinstance(e, do.LookUpCustomers)] == ["+79161234567"]
    hidden = tracker.handle(f.CallEntered(ChannelRef(MAIN, ChannelId("1.2")), "anonymous", None, None), T0)
    assert [e for e in hidden if isinstance(e, do.LookUpCustomers)] == []
    tracker.handle(f.AgentCalled(channel, QueueName("finance"), Interface("PJSIP/101"), None), T0)
    tracker.handle(f.AgentDidNotAnswer(channel, QueueName("finance"), Interface("PJSIP/101"), 1), T0)
    assert tracker.agents[ANNA].pause_reason is PauseReason.no_answer, "after one missed call"


def test_a_wrap_up_of_its_length(write: Write) -> None:
    tracker = wiring.make_tracker(load(write(desk={"wrap_up_seconds": 7}), SECRET))
    channel, leg = (ChannelRef(MAIN, ChannelId(name)) for name in ("1.1", "1.2"))
    tracker.handle(f.DeskOpened(ANNA), T0)
    tracker.handle(f.AgentSignedIn(ANNA, "Anna", MAIN, Interface("PJSIP/101"), (), AgentState.ready), T0)
    for fact in (
        f.CallEntered(channel, None, None, None),
        f.AgentConnected(channel, QueueName("finance"), Interface("PJSIP/101"), leg, 1, 1),
        f.ChannelHungUp(channel, 16),
    ):
        tracker.handle(fact, T0)
    assert tracker.agents[ANNA].wrap_up_until == T0 + timedelta(seconds=7)


def test_what_callers_hear(settings: Settings) -> None:
    book = wiring.make_book(settings)
    flow, ivr = book.flow, settings.ivr
    assert flow.greeting == ivr.greeting
    assert (flow.language, flow.language_key, flow.silence_seconds, flow.wrong_keys) == ("ru", "9", 5, 3)
    for name in ("wrong_key", "silence", "to_default", "connecting", "goodbye", "other_language"):
        assert getattr(flow.texts, name) == getattr(ivr.texts, name)
    assert flow.default_topic == "expert.diagnosis"
    route = decide(book.tables, Situation(flow.default_topic, T0))
    assert route.queue == QueueName("expert")


def test_the_way_to_a_pbx(write: Write, tmp_path: Path) -> None:
    plain = wiring.ami_settings(load(write(), SECRET), MAIN)
    assert (plain.name, plain.host, plain.port, plain.username) == ("main", "127.0.0.1", 5038, "callcore")
    assert (plain.secret, plain.tls, plain.ca_file, plain.verify) == ("s3cret", False, None, True)
    assert "s3cret" not in repr(plain)
    (tmp_path / "config" / "ca.pem").write_text("-", encoding="utf-8")
    pbx: dict[str, Any] = {
        "host": "192.0.2.1",
        "port": 5039,
        "username": "callcore",
        "secret_env": "CALLCORE_AMI_SECRET",
        "fallback_queue": "expert",
        "tls": {"ca_file": "ca.pem", "server_name": "pbx.example.org"},
    }
    tls = wiring.ami_settings(load(write(pbx={"main": pbx}), SECRET), MAIN)
    assert (tls.tls, tls.verify, tls.server_name) == (True, True, "pbx.example.org")
    assert tls.ca_file == str(tmp_path / "config" / "ca.pem")


def test_the_pages(write: Write) -> None:
    http = {
        "public_origins": ["https://callcore.example.org"],
        "secure_cookies": True,
        "trusted_proxies": ["192.0.2.0/24"],
    }
    web = wiring.web_settings(load(write(http=http, desk={"session_hours": 3}), SECRET))
    assert (web.public_origins, web.secure_cookies) == (("https://callcore.example.org",), True)
    assert (web.trusted_proxies, web.session_lifetime) == (("192.0.2.0/24",), timedelta(hours=3))
    assert (web.language, web.zone, web.country) == ("ru", "Europe/Moscow", "RU")
    assert web.static_dir is not None
    assert web.static_dir.is_dir()


def test_topics_to_choose_from(settings: Settings) -> None:
    choices = wiring.topic_choices(settings)
    assert [choice.code for choice in choices] == [topic.code for topic in settings.tables.topics]
    groups = {choice.code: choice.group for choice in choices}
    expert = next(table for table in settings.tables if table.code == "expert")
    assert groups[TopicCode(settings.ivr.default_topic)] == expert.title


# --- numbers for whoever watches


def lines(metrics: Metrics, name: str) -> list[str]:
    """The samples of one metric, without its explanations."""
    text = metrics.render().decode()
    return [line for line in text.splitlines() if name in line and not line.startswith("#")]


def test_links_are_counted(settings: Settings) -> None:
    metrics = Metrics()
    link = AmiLink(wiring.ami_settings(settings, MAIN), asyncio.Queue())
    counting.watch_links(metrics, {MAIN: link})
    link.counters.events = 7
    (facts,) = lines(metrics, "ami_facts")
    assert 'pbx="main"' in facts
    assert facts.endswith(" 7.0")
    (up,) = lines(metrics, "ami_up")
    assert up.endswith(" 0.0")
    for name in ("ami_dropped", "ami_odd", "ami_logins", "ami_paused"):
        assert len(lines(metrics, name)) == 1


def test_the_floor_is_counted(settings: Settings) -> None:
    metrics, tracker = Metrics(), wiring.make_tracker(settings)
    counting.watch_floor(metrics, tracker)
    assert lines(metrics, "callcore_agents") == []
    for n, state in enumerate((AgentState.ready, AgentState.paused, AgentState.ready)):
        phone = Interface(f"PJSIP/{n}")
        tracker.handle(f.AgentSignedIn(Login(f"l{n}"), "N", MAIN, phone, (), state), T0)
    tracker.handle(f.CallEntered(ChannelRef(MAIN, ChannelId("1")), None, None, None), T0)
    tracker.handle(f.CustomersFound(CallId("none"), ()), T0)
    assert sorted(line.split("{")[1] for line in lines(metrics, "callcore_agents")) == [
        'state="paused"} 1.0',
        'state="ready"} 2.0',
    ]
    assert [line.split()[-1] for line in lines(metrics, "callcore_calls")] == ["1.0"]
    assert any('kind="unknown_call"' in line for line in lines(metrics, "odd_facts"))


async def test_the_store_is_counted(tmp_path: Path) -> None:
    metrics = Metrics()
    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db", create=True) as database:
        counting.watch_store(metrics, database.writer)
        await database.calls.remember(CallId("c"), ChannelRef(MAIN, ChannelId("1")), T0)
        (written,) = lines(metrics, "store_written")
        assert written.endswith(" 1.0")
        (available,) = lines(metrics, "store_available")
        assert available.endswith(" 1.0")
        for name in ("store_queue", "store_failures", "store_spool"):
            (line,) = lines(metrics, name)
            assert line.endswith(" 0.0")


def test_agi_sessions_are_counted() -> None:
    metrics = Metrics()
    counters = counting.AgiCounters(metrics)
    counters.session_started()
    counters.session_ended("done")
    counters.refused("full")
    counters.timed_out("STREAM FILE")
    text = metrics.render().decode()
    assert 'result="done",script="inbound"' in text
    assert 'result="full",script="refused"' in text

"""What calls tell other programs: push as a form, pull for a link, events; by effects of a made-up call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from callcore.bus.live import CallTeller, CardLink, Puller, Pusher, link_of
from callcore.bus.outward import Reply
from callcore.calls.effects import (
    CallParked,
    CallUnparked,
    CallView,
    Contact,
    Effect,
    LogContact,
    ShowAgent,
    ShowRinging,
)
from callcore.domain import (
    AgentState,
    CallId,
    Direction,
    EndReason,
    Login,
    Outcome,
    PbxName,
    QueueName,
    Source,
    TopicCode,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, CALL = Login("anna"), CallId("c1")
VIEW = CallView(
    call=CALL,
    caller_number="+79161234567",
    caller_name="Пётр",
    dialed_number="+74950000000",
    language="ru",
    queue=QueueName("finance"),
    topic=TopicCode("finance.recalculation"),
    customers=(),
    customers_known=False,
    lookup_failed=False,
    waiting_since=NOW,
    answered_at=None,
)
CONTACT = Contact(
    call=CALL,
    pbx=PbxName("main"),
    channel="1.1",
    direction=Direction.inbound,
    source=Source.live,
    caller_number="+79161234567",
    caller_number_raw="89161234567",
    caller_name=None,
    dialed_number="+74950000000",
    language="ru",
    customer=None,
    topic=None,
    route=None,
    route_reason=None,
    queue=QueueName("finance"),
    started_at=NOW,
    queued_at=NOW,
    answered_at=NOW,
    ended_at=NOW + timedelta(minutes=1),
    wait_ms=1,
    ring_ms=1,
    talk_ms=1,
    operators=(),
    answered_by=ANNA,
    end_reason=EndReason.completed,
    hangup_cause=16,
    outcome=Outcome.answered,
)
LIFE: tuple[Effect, ...] = (
    ShowRinging("k1", ANNA, VIEW),
    ShowAgent("k2", ANNA, AgentState.talking, None, NOW, CALL),
    ShowAgent("k3", ANNA, AgentState.talking, None, NOW, CALL),
    LogContact("k4", CONTACT),
)


@dataclass
class Program:
    """Another program: what it answers, what it heard."""

    status: int = 200
    body: bytes = b""
    fault: Exception | None = None
    heard: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def ask(
        self,
        method: str,
        address: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        async with self.news:
            self.heard.append(body or b"")
            self.headers.append(headers or {})
            self.news.notify_all()
        if self.fault is not None:
            raise self.fault
        return Reply(self.status, self.body, False, {})

    async def has_heard(self, count: int) -> list[dict[str, str]]:
        async with self.news:
            await self.news.wait_for(lambda: len(self.heard) >= count)
        return [dict(parse_qsl(each.decode())) for each in self.heard]


def live(teller: CallTeller) -> None:
    for effect in LIFE:
        teller.carry(effect)


def test_who_is_parked_and_taken() -> None:
    """Others are told at once; as a program of Zammad's kind has no word for it, nothing is pushed."""
    told: list[tuple[str, Mapping[str, object]]] = []
    teller = CallTeller(lambda type, data, _at: told.append((type, data)), lambda: NOW)
    teller.carry(CallParked("k1", ANNA, VIEW))
    teller.carry(CallUnparked("k2", Login("boris"), VIEW, "taken"))
    teller.carry(CallUnparked("k3", None, VIEW, "returned"))
    assert [(type, data["call"], data["login"], data.get("why")) for type, data in told] == [
        ("call.parked", CALL, "anna", None),
        ("call.unparked", CALL, "boris", "taken"),
        ("call.unparked", CALL, None, "returned"),
    ]
    assert dict(told[0][1])["number"] == "+79161234567"


async def test_push_as_zammad_takes_it() -> None:
    program = Program()
    pusher = Pusher(program.ask, "https://z.example/cti", 5.0, "t0ken")
    running = asyncio.create_task(pusher.run())
    live(CallTeller(lambda *_: None, lambda: NOW, (pusher,)))
    call = {"from": "79161234567", "to": "74950000000", "direction": "in", "callId": "c1"}
    assert await program.has_heard(3) == [
        {"event": "newCall", **call, "user[]": "anna", "queue": "finance"},
        {"event": "answer", **call, "user": "anna", "answeringNumber": "anna"},
        {"event": "hangup", **call, "cause": "normalClearing", "answeringNumber": "anna"},
    ]
    assert program.headers[0]["Authorization"] == "Bearer t0ken"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_program_that_is_down_is_tried_thrice_and_left_out() -> None:
    program = Program(fault=OSError("down"))
    pusher = Pusher(program.ask, "https://z.example/cti", 5.0, pause=0.0)
    running = asyncio.create_task(pusher.run())
    pusher.offer([("event", "newCall")])
    await program.has_heard(3)
    program.fault = None
    pusher.offer([("event", "answer")])
    heard = await program.has_heard(4)
    assert [each["event"] for each in heard] == ["newCall"] * 3 + ["answer"]
    assert pusher.lost == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_long_line_loses_its_oldest_and_holds_up_nobody() -> None:
    pusher = Pusher(Program().ask, "https://z.example/", 5.0)
    for _ in range(1005):
        pusher.offer([])
    assert pusher.lost == 5


@pytest.mark.parametrize("moment", ["ringing", "answer"])
async def test_pull_asks_once_and_shows_the_link(moment: str) -> None:
    program = Program(body=b'{"url": "https://crm.example/7", "title": " <b>Card</b> "}')
    shown: list[tuple[Login, CallId, CardLink]] = []
    puller = Puller(program.ask, "https://crm.example/pop", moment, 1.0, lambda *each: shown.append(each))  # type: ignore[arg-type]
    live(CallTeller(lambda *_: None, lambda: NOW, (), puller))
    await puller.idle()
    assert shown == [(ANNA, CALL, CardLink("https://crm.example/7", "<b>Card</b>"))]
    (asked,) = map(json.loads, program.heard)
    assert (asked["event"], asked["login"], asked["number"]) == (moment, "anna", "+79161234567")
    await puller.close()


@pytest.mark.parametrize(
    "program", [Program(fault=TimeoutError()), Program(status=500), Program(body=b"<html>"), Program(204)]
)
async def test_pull_without_an_answer_shows_nothing(program: Program) -> None:
    shown: list[object] = []
    puller = Puller(program.ask, "https://crm.example/", "answer", 1.0, lambda *each: shown.append(each))
    live(CallTeller(lambda *_: None, lambda: NOW, (), puller))
    await puller.idle()
    assert shown == []


async def test_too_many_questions_at_once_go_without() -> None:
    program = Program()
    puller = Puller(program.ask, "https://crm.example/", "ringing", 1.0, lambda *_: None, at_once=2)
    teller = CallTeller(lambda *_: None, lambda: NOW, (), puller)
    for n in range(5):
        teller.carry(ShowRinging(f"k{n}", ANNA, replace(VIEW, call=CallId(f"c{n}"))))
    await puller.idle()
    assert (len(program.heard), puller.failed) == (2, 3)


def test_events_of_a_call() -> None:
    told: list[str] = []
    live(CallTeller(lambda type, _data, _at: told.append(type), lambda: NOW))
    assert told == ["call.ringing", "call.answered", "call.ended"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"url": 7}',
        b'{"url": "javascript:alert(1)"}',
        b'{"url": "data:text/html,x"}',
        b'{"url": "//evil"}',
        b'{"url": "https://user:pw@host/"}',
        b"[" * 100_000,
        b'{"url": "\\ud800"}',
    ],
)
def test_links_that_are_not_shown(body: bytes) -> None:
    assert link_of(body) is None


def test_a_link_without_a_title_bears_its_host() -> None:
    assert link_of(b'{"url": "https://crm.example/x"}') == CardLink("https://crm.example/x", "crm.example")
    long = link_of(b'{"url": "https://crm.example/x", "title": "' + b"x" * 500 + b'\\u0000"}')
    assert long is not None
    assert len(long.title) == 80

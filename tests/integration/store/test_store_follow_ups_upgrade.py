"""The list of people to call, made of what an older callcore kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, QueueName, TopicCode
from callcore.store import migrate
from callcore.store.call_backs import NewCallBack
from callcore.store.database import Database
from callcore.store.follow_rows import AskedBy, FollowUpKind, FollowUpLook, FollowUpState
from callcore.store.types import to_microseconds

from .store_older import as_of, on_database
from .store_samples import ANNA, T0

MINUTE = timedelta(minutes=1)
AWAY = "abandoned_queue"


def _us(minutes: float) -> int:
    return to_microseconds(T0 + minutes * MINUTE)


def _call_back(id: int, number: str, state: str, **changes: Any) -> dict[str, Any]:
    values = {"topic": "finance", "queue": "finance", "language": "ru", "asked_at": _us(id), "note": ""}
    return {"id": id, "number": number, "state": state, "call": f"w{id}"} | values | changes


def _contact(call: str, number: str | None, outcome: str, minute: float, **changes: Any) -> dict[str, Any]:
    values = {
        "pbx": "main",
        "channel": call,
        "direction": "inbound",
        "source": "live",
        "caller_number_raw": "",
        "started_at": _us(minute),
        "ended_at": _us(minute + 1),
        "answered_at": _us(minute) if outcome == "answered" else None,
        "end_reason": "cancelled",
        **dict.fromkeys(("wait_ms", "ring_ms", "talk_ms"), 0),
    }
    return {"call": call, "caller_number": number, "outcome": outcome} | values | changes


def _message(id: int, number: str | None, minute: float, **changes: Any) -> dict[str, Any]:
    values = {"topic": "finance.claim", "language": "en", "file": f"{id}.wav", "ms": 1}
    return {"id": id, "call": f"v{id}", "number": number, "made_at": _us(minute)} | values | changes


_ROWS = {
    "call_backs": [
        _call_back(3, "+71", "open", customer=7, taken_by="anna", taken_at=_us(9)),
        _call_back(8, "+72", "done", settled_by="anna", settled_at=_us(50), note="ок"),
        _call_back(9, "+72", "withdrawn", settled_by="anna", settled_at=_us(50)),
    ],
    "contacts": [
        _contact("a1", "+7900", AWAY, 1, topic="finance", queue="finance", language="ru", customer=7),
        _contact("a2", "+7900", "closed", 30),
        _contact("a3", "+7900", "left_by_key", 10),
        _contact("b1", "+7901", AWAY, 1),
        _contact("b2", "+7901", "answered", 20),
        _contact("cc1", "+7902", "answered", 1),
        _contact("cc2", "+7902", "failed", 20),
        _contact("d1", "+7903", AWAY, 1),
        _contact("d2", "+7903", "answered", 20, direction="outbound"),
        _contact("e1", "+7904", "voicemail", 1),
        _contact("f1", "+7905", AWAY, 1, direction="outbound"),
        _contact("g1", "+7906", "abandoned_ivr", 1, ended_at=_us(1) + 4_999_999),
        _contact("h1", "+7907", "abandoned_ivr", 1, ended_at=_us(1) + 5_000_000),
        _contact("i1", None, AWAY, 1),
        _contact("j1", "+7908", AWAY, 1, medium="visit"),
        _contact("k1", "+72", "timeout", 40),
        _contact("k2", "+72", "timeout", 60),
        _contact("l1", "+7909", AWAY, 1),
        _contact("l2", "+7909", "answered", 5, direction="internal"),
    ],
    "voicemails": [
        _message(1, "+7904", 2),
        _message(2, "+7904", 4),
        _message(3, "+7904", 3, heard_at=_us(4)),
        _message(4, "+7901", 5),
        _message(5, None, 5),
        _message(6, "+7906", 5, deleted_at=_us(9)),
    ],
}


async def test_what_an_older_callcore_kept_is_worked_on(empty: str) -> None:
    await as_of(empty, "0013")

    def fill(connection: Connection) -> None:
        old = MetaData()
        for name, rows in _ROWS.items():
            table = Table(name, old, autoload_with=connection)
            for row in rows:
                connection.execute(table.insert().values(**row))

    async def work(connection: AsyncConnection) -> None:
        await connection.run_sync(fill)

    await on_database(empty, work)
    await migrate.upgrade(empty)
    async with await Database.open(empty) as db:
        everything = await db.follow_ups.find(FollowUpLook(state=None, limit=500))
        wishes = {each.id: each for each in everything if each.kind is FollowUpKind.wish}
        assert set(wishes) == {3, 8, 9}
        first = wishes[3]
        assert (first.customer, first.taken_by, first.asked_at, first.last_at, first.times) == (
            7,
            ANNA,
            T0 + 3 * MINUTE,
            T0 + 3 * MINUTE,
            1,
        )
        assert (first.call, first.last_call, first.source) == ("w3", "w3", AskedBy.key)
        assert (wishes[8].state, wishes[8].note) == (FollowUpState.done, "ок")
        missed = {each.number: each for each in everything if each.kind is FollowUpKind.missed}
        assert set(missed) == {"+7900", "+7902", "+7907", "+72", "+7909"}
        often = missed["+7900"]
        assert (often.times, often.call, often.last_call, often.source) == (3, "a1", "a2", AskedBy.contact)
        assert (often.asked_at, often.last_at) == (T0 + 2 * MINUTE, T0 + 31 * MINUTE)
        assert (missed["+72"].times, missed["+72"].call) == (1, "k2")
        assert {each.state for each in missed.values()} == {FollowUpState.open}
        (message,) = [each for each in everything if each.kind is FollowUpKind.voicemail]
        assert (message.number, message.times, message.last_call, message.language) == (
            "+7904",
            2,
            "v2",
            "en",
        )
        new = NewCallBack("+73", TopicCode("finance"), QueueName("finance"), "ru", CallId("w9"))
        assert await db.call_backs.ask(new, T0)
        newest = max(each.id for each in await db.follow_ups.find(FollowUpLook()))
        assert newest > max(each.id for each in everything)
        assert not await db.call_backs.ask(new, T0)

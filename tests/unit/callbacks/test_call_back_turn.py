"""Who is called in one look at the list, where many have asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from callcore.callbacks import runner as module
from callcore.callbacks.plan import Desk, First, Rules
from callcore.callbacks.ports import House
from callcore.callbacks.runner import LIMIT, CallBacks
from callcore.calls.attempt import Attempt, Purpose, WishedCall
from callcore.calls.number_history import NumberHistory
from callcore.domain import Language, PbxName, QueueName, Text, TopicCode
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, decide
from callcore.outbound.ports import Way
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours
from callcore.store.attempts import Attempts
from callcore.store.wishing import Wishes

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PBX = PbxName("main")
FINANCE, SALES = QueueName("finance"), QueueName("sales")
DAY, NEVER = TopicCode("finance.day"), TopicCode("night.never")
WORDS = Text("Деньги", "Money")
ZONE = ZoneInfo("Europe/Moscow")


def wish(id: int, topic: TopicCode, queue: QueueName) -> Any:
    asked = NOW - timedelta(hours=1) + timedelta(milliseconds=id)
    empty = dict.fromkeys(("position", "due_at", "taken_by", "postponed_by", "customer", "language"))
    more = {"asked_at": asked, "wait": "", "tries": 0, "number": f"+7916{id:07}"}
    return SimpleNamespace(id=id, topic=topic, queue=queue, **empty, **more)


class List:
    """The list of wishes, as ``Wishes`` gives it out."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = list(rows)

    async def due(
        self, queue: QueueName, _now: datetime, limit: int, without: Collection[TopicCode] = ()
    ) -> Sequence[Any]:
        return [row for row in self.rows if row.queue == queue and row.topic not in without][:limit]

    async def of(self, _ids: Sequence[int]) -> Sequence[Any]:
        return ()

    async def waiting(self) -> dict[str, tuple[int, datetime]]:
        return {}


class Room:
    """Takes every call that the gate lets through."""

    def __init__(self) -> None:
        self.called: list[int] = []
        self.lines = 1_000
        self.asked = 0

    async def of_purpose(self, _purpose: Purpose) -> tuple[Attempt, ...]:
        return ()

    def trouble(self, _medium: object, _route: str) -> None:
        return None

    async def call_slot(self, _route: str) -> None:
        self.asked += 1
        if len(self.called) >= self.lines:
            await asyncio.get_running_loop().create_future()

    def give_back(self, _medium: object, _route: str) -> None:
        return None

    async def permit(self, ask: Ask) -> Permit:
        answer = decide(ask, NumberHistory(), NOW)
        assert isinstance(answer, Permit)
        return answer

    async def place_call(self, _permit: Permit, whom: WishedCall, _order: object) -> bool:
        self.called.append(whom.follow_up)
        return True


class Floor:
    def __init__(self, ready: dict[QueueName, int]) -> None:
        self.ready = ready

    def desk(self, queue: QueueName) -> Desk:
        return Desk(PBX, ready=self.ready[queue], free=self.ready[queue])

    def on_line(self) -> dict[str, bool]:
        return {}


async def no_zones(_number: str) -> tuple[str, ...]:
    return ()


async def prepared(_pbx: str, _text: str, _language: Language) -> str:
    return "callcore/words"


def office(rows: Sequence[Any], *, first: First = First.operator, **ready: int) -> tuple[CallBacks, Room]:
    tables = TopicTables(
        (
            TopicTable("finance", WORDS, Hours(ZONE, (ALL_DAY,) * 7), WORDS, (Topic(DAY, WORDS, FINANCE),)),
            TopicTable("night", WORDS, Hours(ZONE, ((),) * 7), WORDS, (Topic(NEVER, WORDS, FINANCE),)),
        ),
        DAY,
    )
    profile = Profile("call_back", None, None, 9, 9, timedelta(hours=24), Destinations(("+7",)))
    rules = {queue: Rules(first) for queue in (FINANCE, SALES)}
    house = House("RU", ZONE.key, "ru", profile, {PBX: Way(20, "")}, rules, tables, WORDS)
    room = Room()
    attempts = cast(Attempts, room)
    calls = CallBacks(cast(Wishes, List(rows)), attempts, lambda: house, no_zones, prepared, lambda: NOW)
    calls.floor = cast(Any, Floor({FINANCE: ready.get("finance", 1), SALES: ready.get("sales", 1)}))
    calls.bind(cast(Any, room))
    return calls, room


async def test_those_of_a_closed_topic_do_not_keep_others_from_being_called() -> None:
    """However many they are: anybody can ask, with any number."""
    rows = [wish(n, NEVER, FINANCE) for n in range(3 * LIMIT)] + [wish(9_000, DAY, FINANCE)]
    calls, room = office(rows)
    await calls.turn()
    assert room.called == [9_000]


async def test_those_of_a_queue_without_operators_do_not_keep_other_queues_waiting() -> None:
    rows = [wish(n, DAY, FINANCE) for n in range(2 * LIMIT)] + [wish(9_000, DAY, SALES)]
    calls, room = office(rows, finance=0)
    await calls.turn()
    assert room.called == [9_000]


async def test_no_more_stand_in_a_queue_than_it_has_room_for() -> None:
    calls, room = office([wish(n, DAY, FINANCE) for n in range(2 * LIMIT)], finance=2)
    await calls.turn()
    assert room.called == [0, 1, 2, 3]


async def test_where_no_line_is_free_nobody_waits_for_one_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look at the list would take minutes, and nobody be withdrawn meanwhile."""
    monkeypatch.setattr(module, "LINE_SECONDS", 0.0)
    calls, room = office([wish(n, DAY, FINANCE) for n in range(LIMIT)], first=First.customer, finance=LIMIT)
    room.lines = 2
    await calls.turn()
    assert (room.called, room.asked) == ([0, 1], 3)

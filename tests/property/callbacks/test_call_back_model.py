"""Whatever people ask, call, answer and take, however often callcore dies: nobody is rung twice at a time,
nobody outside his hours or ours, one wish stands for a number, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.callbacks.plan import Desk, First, Rules
from callcore.callbacks.ports import House
from callcore.callbacks.runner import CallBacks
from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    Medium,
    Outcome,
    Plan,
    Purpose,
    WishedCall,
)
from callcore.domain import Language, Login, PbxName, QueueName, Text, TopicCode
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Refusal, decide, look
from callcore.outbound.ports import CustomerOrder, QueueOrder, Way
from callcore.outbound.room import Outbound
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import Hours, Span
from callcore.store.call_backs import NewCallBack
from callcore.store.database import Database
from callcore.store.follow_rows import FollowUpKind, FollowUpLook, FollowUpState
from callcore.store.schema.core import attempts
from callcore.store.schema.work import follow_ups

R = AttemptResult
BEGIN = datetime(2026, 3, 28, 15, 0, tzinfo=UTC)
"""A Saturday afternoon; in the night the clocks change in Europe."""
PBX, QUEUE, TOPIC, ANNA = PbxName("main"), QueueName("finance"), TopicCode("finance.money"), Login("anna")
ENDS = (R.answered, R.busy, R.no_answer, R.rejected, R.network, R.unreachable, R.unknown, R.failed)
DAY = (Span(8 * 60, 21 * 60),)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def database(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/callcore.db"
    opened = runner.run(Database.open(url, create=True))
    yield opened
    runner.run(opened.close())


class World:
    """Asterisk, the operators and the people outside; it is the room and the floor of ``CallBacks``."""

    def __init__(self, database: Database, data: st.DataObject, first: First, zone: str) -> None:
        self.database = database
        self.data = data
        self.now = BEGIN
        self.numbers = ["+79161234561", "+79161234562", "+79161234563"]
        self.ready = 1
        self.here: dict[str, bool] = {}
        self.answered: set[str] = set()
        """Of the numbers that are rung."""
        self.rung: dict[str, int] = dict.fromkeys(self.numbers, 0)
        """Since he asked last."""
        self.hours = Hours(ZoneInfo(zone), (DAY,) * 7)
        self.rules = Rules(first, tries=2)
        self.profile = Profile(
            "call_back", time(22), time(7), 9, 9, timedelta(hours=24), Destinations(("+7",))
        )
        topic = Topic(TOPIC, Text("Деньги", "Money"), QUEUE)
        table = TopicTable("finance", topic.title, self.hours, topic.title, (topic,))
        tables, words = TopicTables((table,), TOPIC), Text("Вы просили", "You asked")
        self.house = House(
            "RU", "Europe/Moscow", "ru", self.profile, {PBX: Way(20, "")}, {QUEUE: self.rules}, tables, words
        )
        self.records = {
            self.numbers[1]: ("Asia/Omsk",),
            self.numbers[2]: ("Europe/Kaliningrad", "Asia/Tomsk"),
        }
        self.life()

    def life(self) -> None:
        """callcore begins anew and remembers nothing."""
        store = self.database
        self.runner = CallBacks(
            store.wishes, store.attempts, lambda: self.house, self.zones, prepared, self.clock
        )
        self.runner.floor = self
        self.runner.bind(cast("Outbound", self))

    async def zones(self, number: str) -> tuple[str, ...]:
        """Of one of them no record says where he is: his number does not, either."""
        return self.records.get(number, ())

    def clock(self) -> datetime:
        return self.now

    # --- the floor

    def desk(self, _queue: QueueName) -> Desk:
        return Desk(PBX, ready=self.ready, free=self.ready)

    def on_line(self) -> dict[str, bool]:
        return dict(self.here)

    # --- the room

    def trouble(self, _medium: Medium, _route: str) -> None:
        return None

    async def call_slot(self, _route: str) -> None:
        return None

    def give_back(self, _medium: Medium, _route: str) -> None:
        return None

    async def permit(self, ask: Ask) -> Permit | Refusal:
        return await self._decide(ask, None)

    async def confirm(self, ask: Ask) -> Permit | Refusal:
        return await self._decide(ask, ask.attempt)

    async def _decide(self, ask: Ask, without: AttemptId | None) -> Permit | Refusal:
        needed = look([ask], self.now)
        known = await self.database.attempts.history([ask.number], needed.since, without=without)
        return decide(ask, known[ask.number], self.now)

    async def place_call(self, permit: Permit, whom: WishedCall, order: QueueOrder | CustomerOrder) -> bool:
        ask = permit.ask
        attempt = Attempt(
            ask.attempt, None, None, Medium.voice, ask.number, PBX, "call_back", self.now,
            purpose=Purpose.call_back, plan=whom.plan, follow_up=whom.follow_up,
        )  # fmt: skip
        await self.database.attempts.intend(attempt)
        if isinstance(order, CustomerOrder):
            self.rings(ask.number)
        return True

    async def ring_now(self, attempt: AttemptId) -> bool:
        return await self.database.attempts.confirmed(attempt, self.now)

    async def hang_up(self, _route: str, attempt: AttemptId) -> None:
        one = await self.database.attempts.get(attempt)
        assert one is not None
        assert one.plan is Plan.queue_first
        assert not one.is_confirmed
        await self.ends(one, R.not_sent, "operator: withdrawn")

    def has_answered(self, attempt: Attempt) -> bool:
        return attempt.number in self.answered

    async def stop_ringing(self, _route: str, attempt: AttemptId) -> None:
        one = await self.database.attempts.get(attempt)
        assert one is not None
        assert one.number in self.here
        assert one.number not in self.answered
        self.rung[one.number] -= 1
        await self.ends(one, R.withdrawn, "CANCEL")

    # --- what happens

    def rings(self, number: str) -> None:
        """The rules once more, in other words."""
        local = self.now.astimezone(self.hours.zone)
        assert 8 <= local.hour < 21
        for zone in self.records.get(number, ("Europe/Moscow",)):
            theirs = self.now.astimezone(ZoneInfo(zone)).time()
            assert time(7) <= theirs < time(22)
        assert number not in self.here
        self.rung[number] += 1
        assert self.rung[number] <= self.rules.tries

    async def ends(self, attempt: Attempt, result: R, detail: str = "") -> None:
        outcome = Outcome(result, self.now, detail=detail)
        self.answered.discard(attempt.number)
        change = await self.runner.change(attempt, outcome)
        await self.database.attempts.settle(attempt.id, outcome, change)
        await self.runner.settled(attempt, outcome)

    async def open_calls(self) -> tuple[Attempt, ...]:
        found = await self.database.attempts.of_purpose(Purpose.call_back)
        return tuple(sorted(found, key=lambda one: (one.intended_at, one.number)))

    async def asks(self, number: str) -> None:
        """Beside an open attempt his tries are counted on, else anew."""
        if not any(row.number == number and row.wait == "calling" for row in await self.rows()):
            self.rung[number] = 0
        new = NewCallBack(number, TOPIC, QUEUE, "ru", position=1)
        await self.database.call_backs.ask(new, self.now)

    async def crosses(self) -> None:
        """He calls us as an operator answers his placeholder."""
        for one in await self.open_calls():
            if one.plan is Plan.queue_first and not one.is_confirmed:
                self.here[one.number] = False
                await self.taken()
                return

    async def rung_ones(self) -> list[Attempt]:
        calls = await self.open_calls()
        return [one for one in calls if one.is_confirmed or one.plan is Plan.customer_first]

    async def calls_as_he_is_rung(self) -> None:
        """Then nobody rings him any more, if he has not answered; whoever has stays on the line."""
        for one in await self.rung_ones():
            if self.data.draw(st.booleans()):
                self.answered.add(one.number)
            self.here[one.number] = False
            await self.runner.turn()
            is_rung = one.id in {each.id for each in await self.rung_ones()}
            assert is_rung == (one.number in self.answered)
            return

    async def taken(self) -> None:
        """An operator answers the placeholder that waits longest."""
        waiting = [one for one in await self.open_calls() if one.plan is Plan.queue_first]
        waiting = [one for one in waiting if not one.is_confirmed]
        if not waiting:
            return
        why = await self.runner.confirm(PBX, waiting[0])
        if why:
            await self.ends(waiting[0], R.not_sent, f"gate: {why}")
        else:
            self.rings(waiting[0].number)

    async def over(self) -> None:
        """Somebody's number has rung, or they have talked."""
        for one in await self.open_calls():
            if one.is_confirmed or one.plan is Plan.customer_first:
                await self.ends(one, self.data.draw(st.sampled_from(ENDS)))
                return

    async def dies(self) -> None:
        """What was open is reconciled: who was never told to be rung was not."""
        self.life()
        for one in await self.open_calls():
            if one.is_confirmed or one.plan is Plan.customer_first:
                await self.ends(one, self.data.draw(st.sampled_from((R.unknown, R.busy, R.answered))))
            elif self.data.draw(st.booleans()):
                await self.ends(one, R.not_sent, "journal: PBX restarted since")

    async def people(self) -> None:
        """Somebody takes a wish on, hands it back, or has settled it."""
        rows = await self.rows()
        if not rows:
            return
        row, moves = self.data.draw(st.sampled_from(rows)), self.database.follow_ups
        match self.data.draw(st.sampled_from(("take", "back", "done", "postpone"))):
            case "take":
                await moves.take(row.id, ANNA, self.now)
            case "back":
                await moves.hand_back(row.id, ANNA, self.now)
            case "done":
                await moves.settle(row.id, FollowUpState.done, "", ANNA, self.now)
            case _:
                until = self.now + timedelta(hours=1)
                await moves.postpone(row.id, until, "потом", ANNA, self.now)

    async def rows(self) -> list[Any]:
        look_ = FollowUpLook(kinds={FollowUpKind.wish}, limit=1000)
        return list(await self.database.follow_ups.find(look_))

    async def goes_on(self) -> None:
        match self.data.draw(st.sampled_from(MOVES)):
            case "ask":
                await self.asks(self.data.draw(st.sampled_from(self.numbers)))
            case "turn":
                await self.runner.turn()
            case "taken":
                await self.taken()
            case "over":
                await self.over()
            case "dies":
                await self.dies()
            case "people":
                await self.people()
            case "crosses":
                await self.crosses()
            case "both":
                await self.calls_as_he_is_rung()
            case "comes":
                self.here[self.data.draw(st.sampled_from(self.numbers))] = False
            case "leaves":
                self.here.clear()
            case "ready":
                self.ready = self.data.draw(st.integers(0, 2))
            case _:
                self.now += timedelta(seconds=self.data.draw(st.sampled_from((1, 20, 900, 7200, 30_000))))
        await self.check()

    async def check(self) -> None:
        rows, calls = await self.rows(), await self.open_calls()
        assert len({row.number for row in rows}) == len(rows)
        assert len({one.number for one in calls}) == len(calls)
        assert {row.id for row in rows if row.wait == "calling"} == {
            one.follow_up for one in calls if one.follow_up in {row.id for row in rows}
        }


MOVES = ("ask", "turn", "turn", "turn", "taken", "taken", "over", "over", "dies", "people", "comes", "leaves")
MOVES = (*MOVES, "ready", "time", "time", "crosses", "crosses", "both")


async def prepared(_pbx: str, _text: str, _language: Language) -> str:
    return "callcore/words"


async def emptied(connection: AsyncConnection) -> None:
    await connection.execute(attempts.delete())
    await connection.execute(follow_ups.delete())


async def walk(world: World, steps: int) -> None:
    await world.database.writer.submit(emptied)
    for _ in range(steps):
        await world.goes_on()
    # left to itself, whatever is still open is carried out, or is a person's
    world.here.clear()
    world.ready = 2
    for row in await world.rows():
        if row.taken_by is not None:
            await world.database.follow_ups.hand_back(row.id, ANNA, world.now)
    for _ in range(20):
        world.now += timedelta(hours=2)
        await world.runner.turn()
        await world.taken()
        await world.over()
        await world.check()
    assert all(row.wait.startswith("person_") or row.wait == "calling" for row in await world.rows())


@given(
    data=st.data(),
    first=st.sampled_from(First),
    zone=st.sampled_from(("Europe/Moscow", "Europe/London", "Asia/Omsk")),
    steps=st.integers(1, 30),
)
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
def test_nobody_is_rung_twice_and_no_wish_is_lost(
    data: st.DataObject,
    first: First,
    zone: str,
    steps: int,
    runner: asyncio.Runner,
    database: Database,
) -> None:
    runner.run(walk(World(database, data, first, zone), steps))

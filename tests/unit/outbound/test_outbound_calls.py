"""Every way that a placed call can go, with a PBX that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.calls.attempt import AttemptId, Medium
from callcore.outbound.gate import Permit, Refusal, Rule, decide
from callcore.outbound.ports import (
    CallAnswered,
    CallDialled,
    CallHungUp,
    CallNews,
    CallNotMade,
    CallTold,
    NotSent,
    Refused,
    RouteBack,
    RouteGone,
    RouteLost,
    Trace,
    Unsure,
)
from callcore.store.attempts import NotClaimed
from callcore.store.errors import StoreUnavailable

from .outbound_house import GONE, ORDER, PBX, T0, House, target

Story = Callable[[AttemptId], list[CallNews]]


@pytest.fixture
async def house() -> House:
    return House()


async def test_the_intent_is_stored_before_anything_is_dialled(house: House) -> None:
    async with house.running():
        id = await house.call()
    assert house.log == [f"intend {id}", f"dial {id}"]


@pytest.mark.parametrize(
    ("story", "result"),
    [
        (lambda a: [CallAnswered(a), CallTold(a, 9.5, None, True), CallHungUp(a, 16)], "told"),
        (lambda a: [CallAnswered(a), CallHungUp(a, 16), CallTold(a, 9.5, None, True)], "told"),
        (lambda a: [CallAnswered(a), CallHungUp(a, 16), CallTold(a, 3.0, "1", False)], "told"),
        (lambda a: [CallAnswered(a), CallHungUp(a, 16), CallTold(a, 3.0, None, False)], "hung_up_early"),
        (lambda a: [CallDialled(a, "BUSY", 17), CallHungUp(a, 17)], "busy"),
        (lambda a: [CallHungUp(a, 17), CallDialled(a, "BUSY", 17)], "busy"),
        (lambda a: [CallHungUp(a, 17)], "busy"),
        (lambda a: [CallDialled(a, "CHANUNAVAIL", 1), CallHungUp(a, 1)], "unreachable"),
        (lambda a: [CallDialled(a, "CHANUNAVAIL", 38), CallHungUp(a, 38)], "network"),
        (lambda a: [CallDialled(a, "CHANUNAVAIL", None), CallHungUp(a, 0)], "network"),
        (lambda a: [CallDialled(a, "BUSY", None), CallHungUp(a, 16)], "busy"),
        (lambda a: [CallDialled(a, "CONGESTION", 34), CallHungUp(a, 34)], "network"),
        (lambda a: [CallHungUp(a, 21)], "rejected"),
        (lambda a: [CallHungUp(a, 19)], "no_answer"),
        (lambda a: [CallNotMade(a)], "network"),
    ],
)
async def test_the_news_make_the_outcome_whatever_their_order(
    house: House, story: Story, result: str
) -> None:
    async with house.running() as room:
        id = await house.call()
        for news in story(id):
            room.take(news)
            await house.clock.settle()
        await house.clock.advance(2.5)
        assert house.result(id) == result
        assert [told for told, _ in house.owner.told] == [id]
        assert room.figures(Medium.voice, PBX).lines_busy == 0


async def test_nobody_told_so_the_journal_is_asked(house: House) -> None:
    """The dialplan may have played the notice by itself."""
    async with house.running() as room:
        id = await house.call()
        house.dialer.traces[id] = Trace(
            dialling_at=T0, answered_at=T0, status="ANSWER", told_seconds=12.0, told_enough=True, ended_at=T0
        )
        room.take(CallAnswered(id))
        room.take(CallHungUp(id, 16))
        await house.clock.advance(1.5)
        assert house.result(id) is None
        await house.clock.advance(1.5)
        outcome = house.outcome(id)
        assert outcome is not None
        assert (outcome.result, outcome.seconds_heard, outcome.detail) == ("told", 12.0, "journal")


async def test_the_route_is_told_to_be_gone_once_its_people_are_due_again(house: House) -> None:
    """Else nobody seems to need it while all who do are being dialled."""
    async with house.running() as room:
        house.owner.trouble = StoreUnavailable("locked")
        for _ in range(3):
            room.take(CallHungUp(await house.call(), 38))
        await house.clock.advance(0.1)
        assert house.owner.gone == []
        house.owner.trouble = None
        await house.clock.advance(120)
        assert [(medium, route) for medium, route, _ in house.owner.gone] == [(Medium.voice, PBX)]
        assert len(house.owner.told) == 3


async def test_people_who_answer_and_hear_nothing_stop_the_route(house: House) -> None:
    async with house.running() as room:
        for _ in range(3):
            assert house.owner.gone == []
            id = await house.call()
            room.take(CallAnswered(id))
            await house.clock.advance(4)
            room.take(CallHungUp(id, 16))
            await house.clock.advance(6)
            assert house.result(id) == "hung_up_early"
    [(medium, route, why)] = house.owner.gone
    assert (medium, route) == (Medium.voice, PBX)
    assert "heard nothing" in why.en


async def test_what_was_not_sent_is_settled_at_once(house: House) -> None:
    house.dialer.answers = [NotSent("too long"), Refused("no such context")]
    async with house.running() as room:
        first, second = await house.call(), await house.call()
        await house.clock.settle()
        assert (house.result(first), house.result(second)) == ("not_sent", "failed")
        assert room.figures(Medium.voice, PBX).lines_busy == 0


async def test_a_route_that_takes_nothing_stops_at_once_a_link_that_is_away_later(house: House) -> None:
    house.dialer.answers = [RouteGone("no trunk")]
    async with house.running():
        await house.call()
        await house.clock.settle()
        assert len(house.owner.gone) == 1
        house.dialer.trouble = GONE
        ask = house.ask()
        assert await house.in_time(house._call(ask)) is False
        assert ask.attempt not in house.attempts.rows
        await house.clock.advance(29)
        assert len(house.owner.gone) == 1
        await house.clock.advance(3)
        assert house.owner.gone[1] == (Medium.voice, PBX, GONE)


async def test_a_link_that_comes_back_soon_stops_nobody(house: House) -> None:
    async with house.running():
        house.dialer.trouble = GONE
        assert await house.in_time(house._call(house.ask())) is False
        await house.clock.advance(10)
        house.dialer.trouble = None
        await house.clock.advance(60)
    assert house.owner.gone == []


@pytest.mark.parametrize("between", [17, 19, 21])
async def test_calls_in_a_row_that_the_trunk_did_not_take_stop_the_route(house: House, between: int) -> None:
    async with house.running() as room:
        for cause in (34, 34, between, 34, 34):
            room.take(CallHungUp(await house.call(), cause))
            await house.clock.advance(3)
        assert house.owner.gone == []
        room.take(CallNotMade(await house.call()))
        await house.clock.settle()
        assert [(medium, route) for medium, route, _ in house.owner.gone] == [(Medium.voice, PBX)]


# --- the unsure


async def test_unsure_asks_the_pbx_and_what_lives_goes_on(house: House) -> None:
    house.dialer.answers = [Unsure("no answer in time")]
    async with house.running() as room:
        id = await house.call()
        house.dialer.traces[id] = Trace(is_alive=True, dialling_at=T0)
        await house.clock.advance(20)
        assert house.dialer.traced == [{id}] * 2
        room.take(CallDialled(id, "BUSY", 17))
        room.take(CallHungUp(id, 17))
        await house.clock.settle()
        assert house.result(id) == "busy"


async def test_never_seen_twice_and_old_enough_was_not_sent(house: House) -> None:
    house.dialer.answers = [Unsure("link lost")]
    async with house.running():
        id = await house.call()
        await house.clock.advance(4)
        assert house.result(id) is None
        await house.clock.advance(4)
        assert house.result(id) == "not_sent"
        assert len(house.dialer.dialled) == 1


async def test_a_pbx_that_restarted_leaves_unknown(house: House) -> None:
    house.dialer.answers = [Unsure("link lost")]
    async with house.running():
        id = await house.call()
        house.dialer.started_at = house.clock.now()
        await house.clock.advance(10)
    assert house.result(id) == "unknown"


async def test_while_the_link_is_away_calls_wait_then_the_journal_tells(house: House) -> None:
    async with house.running() as room:
        ended, living, vanished = [await house.call() for _ in range(3)]
        house.dialer.is_away = True
        room.take(RouteLost(PBX))
        await house.clock.advance(60)
        assert {house.result(id) for id in (ended, living, vanished)} == {None}
        assert room.figures(Medium.voice, PBX).lines_busy == 3
        house.dialer.is_away = False
        house.dialer.traces = {
            ended: Trace(dialling_at=T0, status="NOANSWER", cause=19, ended_at=T0 + timedelta(seconds=30)),
            living: Trace(is_alive=True, dialling_at=T0),
            vanished: Trace(dialling_at=T0),
        }
        room.take(RouteBack(PBX))
        await house.clock.advance(5)
        assert (house.result(ended), house.result(living)) == ("no_answer", None)
        outcome = house.outcome(ended)
        assert outcome is not None
        assert (outcome.at, outcome.detail) == (T0 + timedelta(seconds=30), "journal: NOANSWER")
        assert house.result(vanished) == "unknown"
        assert room.figures(Medium.voice, PBX).lines_busy == 1
        room.take(CallHungUp(living, 17))
        await house.clock.advance(3)
        assert house.result(living) == "busy"


async def test_nobody_judges_a_call_whose_dial_has_not_returned(house: House) -> None:
    async with house.running() as room:
        house.dialer.gate.clear()
        ask = house.ask()
        task = asyncio.create_task(house._call(ask))
        await house.clock.advance(1)
        room.take(RouteLost(PBX))
        room.take(RouteBack(PBX))
        await house.clock.advance(60)
        assert house.dialer.traced == []
        house.dialer.traces[ask.attempt] = Trace(is_alive=True, dialling_at=T0)
        house.dialer.gate.set()
        await task
        await house.clock.advance(1)
        assert house.dialer.traced == [{ask.attempt}]


async def test_a_call_of_which_nothing_is_heard_is_asked_about(house: House) -> None:
    """Its Hangup was lost."""
    async with house.running():
        id = await house.call()
        house.dialer.traces[id] = Trace(dialling_at=T0, status="BUSY", cause=17, ended_at=T0)
        await house.clock.advance(100)
        assert house.dialer.traced == []
        await house.clock.advance(100)
        assert house.result(id) == "busy"


# --- the store


async def test_without_the_store_nothing_is_dialled(house: House) -> None:
    async with house.running() as room:
        ask = house.ask()
        await house.in_time(room.call_slot(PBX))
        permit = await room.permit(ask)
        assert isinstance(permit, Permit)
        house.attempts.trouble = StoreUnavailable("down")
        with pytest.raises(StoreUnavailable):
            await house.in_time(room.place_call(permit, target(ask), ORDER))
        with pytest.raises(StoreUnavailable):
            await room.permit(house.ask())
        assert house.dialer.dialled == []
        assert room.figures(Medium.voice, PBX).lines_busy == 0


async def test_an_intent_that_was_stored_without_an_answer_is_taken_back(house: House) -> None:
    async with house.running() as room:
        ask = house.ask()
        await house.in_time(room.call_slot(PBX))
        permit = await room.permit(ask)
        assert isinstance(permit, Permit)
        house.attempts.trouble, house.attempts.stores_unanswered = StoreUnavailable("lost at COMMIT"), True
        with pytest.raises(StoreUnavailable):
            await house.in_time(room.place_call(permit, target(ask), ORDER))
        assert house.result(ask.attempt) is None
        house.attempts.trouble = None
        await house.clock.advance(30)
        assert house.result(ask.attempt) == "not_sent"
        assert house.dialer.dialled == []


async def test_an_outcome_is_kept_until_it_is_stored(house: House) -> None:
    async with house.running() as room:
        id = await house.call()
        house.attempts.trouble = StoreUnavailable("down")
        room.take(CallHungUp(id, 17))
        await house.clock.advance(30)
        assert room.unsettled == 1
        house.attempts.trouble = None
        house.owner.trouble = RuntimeError("a bug")
        await house.clock.advance(30)
        assert house.result(id) is None
        house.owner.trouble = None
        await house.clock.advance(30)
        assert house.result(id) == "busy"
        assert room.unsettled == 0


async def test_a_target_that_somebody_took_gives_the_slot_back(house: House) -> None:
    async with house.running() as room:
        await house.call("+79000000001")
        ask = house.ask(number="+79000000001")
        await house.in_time(room.call_slot(PBX))
        permit = await room.permit(ask)
        assert isinstance(permit, Refusal)
        assert permit.rule is Rule.open_call
        room.give_back(Medium.voice, PBX)
        other = house.ask()
        await house.in_time(room.call_slot(PBX))
        permit = await room.permit(other)
        assert isinstance(permit, Permit)
        house.attempts.rows[AttemptId("x")] = house.attempts.rows[AttemptId("a1")]
        house.attempts.trouble = NotClaimed("taken")
        with pytest.raises(NotClaimed):
            await house.in_time(room.place_call(permit, target(other), ORDER))
        assert room.figures(Medium.voice, PBX).lines_busy == 1


# --- permits


async def test_one_permit_for_one_number_at_a_time(house: House) -> None:
    """Two outages at one house: the second question comes before the first intent is stored."""
    async with house.running() as room:
        first, second = house.ask(number="+79000000001"), house.ask(number="+79000000001")
        answers = await asyncio.gather(room.permit(first), room.permit(second))
        assert [type(answer) for answer in answers] == [Permit, Refusal]
        refusal = answers[1]
        assert isinstance(refusal, Refusal)
        assert refusal.until is not None
        await house.clock.advance((refusal.until - house.clock.now()).total_seconds())
        assert isinstance(await room.permit(second), Permit)


async def test_a_permit_is_used_once_and_only_one_that_the_room_gave(house: House) -> None:
    async with house.running() as room:
        ask = house.ask()
        own = decide(ask, (await house.attempts.history([ask.number], T0))[ask.number], house.clock.now())
        assert isinstance(own, Permit)
        await house.in_time(room.call_slot(PBX))
        assert await house.in_time(room.place_call(own, target(ask), ORDER)) is False
        permit = await room.permit(ask)
        assert isinstance(permit, Permit)
        for expected in (True, False):
            await house.in_time(room.call_slot(PBX))
            assert await house.in_time(room.place_call(permit, target(ask), ORDER)) is expected
        assert len(house.dialer.dialled) == 1
        assert room.figures(Medium.voice, PBX).lines_busy == 1


async def test_a_permit_that_is_over_dials_nothing(house: House) -> None:
    async with house.running() as room:
        ask = house.ask()
        await house.in_time(room.call_slot(PBX))
        permit = await room.permit(ask)
        assert isinstance(permit, Permit)
        await house.clock.advance(31)
        assert await house.in_time(room.place_call(permit, target(ask), ORDER)) is False
        assert house.attempts.rows == {}
        assert room.figures(Medium.voice, PBX).lines_busy == 0


async def test_a_permit_given_back_frees_the_number(house: House) -> None:
    async with house.running() as room:
        await house.in_time(room.call_slot(PBX))
        permit = await room.permit(house.ask(number="+79000000001"))
        assert isinstance(permit, Permit)
        room.give_back(Medium.voice, PBX, permit)
        assert isinstance(await room.permit(house.ask(number="+79000000001")), Permit)
        assert room.figures(Medium.voice, PBX).lines_busy == 0


# --- lines, pace, the end


async def test_no_more_calls_than_lines(house: House) -> None:
    async with house.running() as room:
        ids = [await house.call() for _ in range(5)]
        waiting = asyncio.create_task(room.call_slot(PBX))
        await house.clock.advance(10)
        assert not waiting.done()
        room.take(CallHungUp(ids[0], 17))
        await house.clock.advance(1)
        assert waiting.done()


async def test_who_stops_waiting_for_a_slot_leaves_it_to_the_next(house: House) -> None:
    async with house.running() as room:
        ids = [await house.call() for _ in range(5)]
        gone, next_ = asyncio.create_task(room.call_slot(PBX)), asyncio.create_task(room.call_slot(PBX))
        await house.clock.advance(1)
        gone.cancel()
        room.take(CallHungUp(ids[0], 17))
        await house.clock.advance(1)
        assert next_.done()
        assert room.figures(Medium.voice, PBX).lines_busy == 5


async def test_the_cap_holds_where_calls_really_leave() -> None:
    house = House(per_second=5, lines=100)
    async with house.running():
        tasks = [asyncio.create_task(house._call(house.ask())) for _ in range(60)]
        await house.clock.advance(14)
        assert all(task.done() for task in tasks)
    moments = [at for _, at in house.dialer.dialled]
    assert min(b - a for a, b in zip(moments, moments[5:], strict=False)) >= 1.0
    assert (len(moments) - 1) / (moments[-1] - moments[0]) >= 0.98 * 5


async def test_the_first_second_belongs_to_the_process_before() -> None:
    house = House(per_second=20)
    task = asyncio.create_task(house.room.run())
    call = asyncio.create_task(house._call(house.ask()))
    await house.clock.advance(1.0)
    assert house.dialer.dialled == []
    await house.clock.advance(0.1)
    assert len(house.dialer.dialled) == 1
    await call
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_call_outlives_whoever_waits_for_it(house: House) -> None:
    async with house.running() as room:
        house.dialer.gate.clear()
        ask = house.ask()
        task = asyncio.create_task(house._call(ask))
        await house.clock.advance(1)
        task.cancel()
        await house.clock.settle()
        house.dialer.gate.set()
        room.take(CallHungUp(ask.attempt, 17))
        await house.clock.advance(3)
        assert house.result(ask.attempt) == "busy"


async def test_the_next_run_finds_what_this_one_left(house: House) -> None:
    async with house.running():
        talking, lost = await house.call(), await house.call()
    assert (house.result(talking), house.result(lost)) == (None, None)
    house.dialer.traces[talking] = Trace(is_alive=True, dialling_at=T0, answered_at=T0)
    await house.clock.advance(10)
    house.dialer.is_away = True
    async with house.running() as room:
        assert room.figures(Medium.voice, PBX).lines_busy == 2
        house.dialer.is_away = False
        room.take(RouteBack(PBX))
        await house.clock.advance(5)
        assert (house.result(talking), house.result(lost)) == (None, "not_sent")
        room.take(CallHungUp(talking, 16))
        room.take(CallTold(talking, 8.0, "1", True))
        await house.clock.advance(3)
        assert house.result(talking) == "told"
    assert len(house.dialer.dialled) == 2


async def test_calls_of_a_pbx_that_left_the_settings_are_unknown(house: House) -> None:
    async with house.running():
        id = await house.call()
    house.attempts.rows[id] = replace(house.attempts.rows[id], route="old")
    async with house.running() as room:
        outcome = house.outcome(id)
        assert outcome is not None
        assert (outcome.result, outcome.detail) == ("unknown", "old is not in the settings any more")
        assert room.figures(Medium.voice, PBX).lines_busy == 0


async def test_once_it_stops_no_intent_is_stored(house: House) -> None:
    async with house.running() as room:
        ask = house.ask()
        await house.in_time(room.call_slot(PBX))
        permit = await room.permit(ask)
        assert isinstance(permit, Permit)
    assert await room.place_call(permit, target(ask), ORDER) is False
    assert house.attempts.rows == {}

"""Every way that a message can go, with a gateway that does as it is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from callcore.calls.attempt import AttemptId, Medium
from callcore.outbound.gate import Permit
from callcore.outbound.ports import NotSent, Receipt, ReceiptState, Refused, RouteGone, Throttled, Unsure
from callcore.store.attempts import StoredReceipt
from callcore.store.errors import StoreUnavailable

from .outbound_house import GONE, SMSC, House, target


@pytest.fixture
async def house() -> House:
    return House()


def receipt(message_id: str, state: str = "delivered", code: str = "DELIVRD 000") -> Receipt:
    return Receipt(SMSC, message_id, "+79000000001", ReceiptState(state), code)


async def test_the_intent_is_stored_before_anything_is_sent(house: House) -> None:
    async with house.running() as room:
        id = await house.text()
        assert house.log == [f"intend {id}", f"send {id}"]
        assert house.attempts.rows[id].message_ids == (f"m-{id}",)
        assert house.result(id) is None
        await room.receipt(receipt(f"m-{id}"))
        await house.clock.settle()
        outcome = house.outcome(id)
        assert outcome is not None
        assert (outcome.result, outcome.detail) == ("delivered", "DELIVRD 000")


@pytest.mark.parametrize(
    ("receipts", "result"),
    [
        (["m1 delivered"], None),
        (["m1 delivered", "m1 delivered"], None),
        (["m1 delivered", "m2 delivered"], "delivered"),
        (["m2 delivered", "m1 delivered", "m1 failed"], "delivered"),
        (["m1 underway", "m2 underway"], None),
        (["m2 failed"], "undelivered"),
        (["m1 delivered", "m2 failed"], "undelivered"),
        (["other delivered"], None),
    ],
)
@pytest.mark.parametrize("is_early", [False, True])
async def test_receipts_of_parts_in_any_order_also_before_the_answer(
    house: House, receipts: list[str], result: str | None, is_early: bool
) -> None:
    house.messenger.answers = [("m1", "m2")]
    async with house.running() as room:
        if is_early:
            house.messenger.gate.clear()
        ask = house.ask(Medium.sms)
        task = asyncio.create_task(house._text(ask))
        await house.clock.advance(1)
        for word in receipts:
            await room.receipt(receipt(*word.split()))
        assert house.result(ask.attempt) in (None, result)
        house.messenger.gate.set()
        await task
        await house.clock.settle()
        assert house.result(ask.attempt) == result
        assert len(house.messenger.sent) == 1


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (NotSent("window closed"), "not_sent"),
        (Refused("invalid destination"), "failed"),
        (Unsure("link lost"), "unknown"),
        (RuntimeError("a bug"), "unknown"),
    ],
)
async def test_what_the_gateway_answers(house: House, answer: Exception, result: str) -> None:
    house.messenger.answers = [answer]
    async with house.running() as room:
        id = await house.text()
        await house.clock.advance(5)
        assert house.result(id) == result
        assert len(house.messenger.sent) == 1
        assert room.figures(Medium.sms, SMSC).lines_busy == 0


async def test_throttled_goes_again_and_holds_the_others(house: House) -> None:
    house.messenger.answers = [Throttled("too fast", 3.0), ("m1",)]
    async with house.running():
        first = await house.text()
        second = await house.text()
    assert [id for id, _ in house.messenger.sent] == [first, first, second]
    moments = [at for _, at in house.messenger.sent]
    assert moments[1] >= moments[0] + 3
    assert house.attempts.rows[first].message_ids == ("m1",)


async def test_throttled_for_longer_than_the_permit_was_not_sent(house: House) -> None:
    house.messenger.answers = [Throttled("too fast", 20.0)] * 3
    async with house.running():
        task = asyncio.create_task(house._text(house.ask(Medium.sms)))
        await house.clock.advance(60)
        assert await task
    assert {row.outcome.result for row in house.attempts.rows.values() if row.outcome} == {"not_sent"}
    assert len(house.messenger.sent) == 2


async def test_a_gateway_that_is_gone_or_refuses_all_stops_the_route(house: House) -> None:
    house.messenger.answers = [RouteGone("no bind")]
    async with house.running():
        await house.text()
        await house.clock.settle()
        assert len(house.owner.gone) == 1
        house.messenger.answers = [Refused("account blocked")] * 3
        for _ in range(3):
            assert len(house.owner.gone) == 1
            await house.text()
        assert [route for _, route, _ in house.owner.gone] == [SMSC, SMSC]
        house.messenger.trouble = GONE
        ask = house.ask(Medium.sms)
        assert await house.in_time(house._text(ask)) is False
        assert ask.attempt not in house.attempts.rows


async def test_without_a_receipt_it_counts_as_sent_and_a_late_one_still_tells(house: House) -> None:
    async with house.running() as room:
        id = await house.text()
        await house.clock.advance(timedelta(hours=23, minutes=59).total_seconds())
        assert house.result(id) is None
        await house.clock.advance(180)
        assert house.result(id) == "sent"
        await room.receipt(receipt(f"m-{id}", "failed", "UNDELIV 001"))
        await house.clock.settle()
        assert house.result(id) == "undelivered"


async def test_an_answer_that_cannot_be_stored_is_kept(house: House) -> None:
    async with house.running() as room:
        house.messenger.gate.clear()
        ask = house.ask(Medium.sms)
        task = asyncio.create_task(house._text(ask))
        await house.clock.advance(1)
        house.attempts.trouble = StoreUnavailable("down")
        house.messenger.gate.set()
        with pytest.raises(StoreUnavailable):
            await room.receipt(receipt(f"m-{ask.attempt}"))
        await house.clock.advance(30)
        house.attempts.trouble = None
        await house.clock.advance(30)
        assert await task
        assert house.attempts.rows[ask.attempt].message_ids == (f"m-{ask.attempt}",)
        await room.receipt(receipt(f"m-{ask.attempt}"))
        await house.clock.settle()
        assert house.result(ask.attempt) == "delivered"
        assert len(house.messenger.sent) == 1


async def test_the_next_run_finds_what_this_one_left(house: House) -> None:
    """Not answered: unknown at once. Answered: its receipts, whenever they came, or those to come."""
    async with house.running():
        waiting = await house.text()
        arrived = await house.text()
    unanswered = await _leave_unanswered(house)
    await house.attempts.receipt(
        StoredReceipt(SMSC, f"m-{arrived}", "", "delivered", "DELIVRD", house.clock.now())
    )
    async with house.running() as room:
        assert house.result(unanswered) == "unknown"
        assert house.result(arrived) == "delivered"
        assert house.result(waiting) is None
        await room.receipt(receipt(f"m-{waiting}"))
        await house.clock.settle()
        assert house.result(waiting) == "delivered"
    assert len(house.messenger.sent) == 2


async def _leave_unanswered(house: House) -> AttemptId:
    async with house.running() as room:
        ask = house.ask(Medium.sms)
        permit = await room.permit(ask)
        assert isinstance(permit, Permit)
        attempt = await room._ledger.intend(permit, target(ask))
        assert attempt is not None
    return ask.attempt


async def test_once_it_stops_receipts_must_come_again(house: House) -> None:
    async with house.running() as room:
        id = await house.text()
    with pytest.raises(StoreUnavailable):
        await room.receipt(receipt(f"m-{id}"))


async def test_messages_keep_their_pace() -> None:
    house = House(per_second=10)
    async with house.running() as room:
        tasks = [asyncio.create_task(house._text(house.ask(Medium.sms))) for _ in range(60)]
        await house.clock.advance(8)
        assert all(task.done() for task in tasks)
        assert 5.5 <= room.figures(Medium.sms, SMSC).per_second <= 6.5
    moments = [at for _, at in house.messenger.sent]
    assert min(b - a for a, b in zip(moments, moments[10:], strict=False)) >= 1.0

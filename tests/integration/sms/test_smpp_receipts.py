"""Receipts in: early, twice, in other words; and none is acknowledged before it is safe."""

from __future__ import annotations

import asyncio

import pytest

from callcore.messaging.answers import IdForm
from callcore.outbound.ports import Receipt, ReceiptState
from callcore.testing.sms import Smsc

from .conftest import ANNA, BORIS, Open
from .test_smpp_messages import happens


async def test_receipt_before_the_answer(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(receipts="before")
    desk = await open_desk()
    (id,) = await desk.send(ANNA)
    assert [receipt.message_id for receipt in await desk.received(1)] == [id]


async def test_receipts_twice_are_both_told_and_acknowledged(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(receipts="twice")
    desk = await open_desk()
    (id,) = await desk.send(ANNA)
    assert [receipt.message_id for receipt in await desk.received(2)] == [id, id]
    await happens(smsc, acknowledged=2, unacknowledged=0)


async def test_no_receipt_and_a_late_one(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    await smsc.configure(receipts="never")
    await desk.send(ANNA)
    await smsc.configure(receipts="after", receipt_ms=300)
    (id,) = await desk.send(BORIS)
    assert [receipt.message_id for receipt in await desk.received(1)] == [id]


@pytest.mark.parametrize("by", ["both", "tlv", "text"])
@pytest.mark.parametrize("failing", [True, False])
async def test_wherever_the_receipt_says_it(smsc: Smsc, open_desk: Open, by: str, failing: bool) -> None:
    await smsc.configure(receipt_by=by, failing=["79160000001"] if failing else [])
    desk = await open_desk()
    (id,) = await desk.send(ANNA)
    (receipt,) = await desk.received(1)
    assert (receipt.message_id, receipt.number) == (id, ANNA)
    assert receipt.state is (ReceiptState.failed if failing else ReceiptState.delivered)


@pytest.mark.parametrize("form", [IdForm.hex_answers, IdForm.hex_receipts])
@pytest.mark.parametrize("is_told", [True, False])
async def test_ids_in_the_other_base(smsc: Smsc, open_desk: Open, form: IdForm, is_told: bool) -> None:
    """Set, or found out by itself for what was sent lately."""
    await smsc.configure(ids=form.value, receipt_ms=200)
    desk = await open_desk(message_ids=form if is_told else IdForm.same)
    ids = [(await desk.send(number))[0] for number in (ANNA, BORIS, ANNA)]
    assert sorted(receipt.message_id for receipt in await desk.received(3)) == sorted(ids)


async def test_a_receipt_is_acknowledged_only_when_it_is_stored(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    stored, at_work = asyncio.Event(), asyncio.Event()

    async def slowly(_receipt: Receipt) -> None:
        at_work.set()
        await stored.wait()

    desk.store = slowly
    await desk.send(ANNA)
    await at_work.wait()
    await desk.send(BORIS)  # meanwhile messages and their answers go on
    assert (await smsc.report()).acknowledged == 0
    stored.set()
    await happens(smsc, acknowledged=2, unacknowledged=0)


async def test_a_receipt_that_was_in_hand_when_we_went_comes_again(smsc: Smsc, open_desk: Open) -> None:
    gone = await open_desk()
    at_work = asyncio.Event()

    async def never(_receipt: Receipt) -> None:
        at_work.set()
        await asyncio.Event().wait()

    gone.store = never
    (id,) = await gone.send(ANNA)
    await at_work.wait()
    await gone.stop()
    assert (await smsc.report()).unacknowledged == 1
    back = await open_desk()
    assert [receipt.message_id for receipt in await back.received(1)] == [id]
    await happens(smsc, acknowledged=1, unacknowledged=0)


async def test_a_receipt_that_could_not_be_stored_comes_again(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    faults = [OSError("disk full"), OSError("disk full")]

    async def at_last(_receipt: Receipt) -> None:
        if faults:
            raise faults.pop()

    desk.store = at_last
    (id,) = await desk.send(ANNA)
    assert [receipt.message_id for receipt in await desk.received(1)] == [id]
    await happens(smsc, acknowledged=1, put_off=2, unacknowledged=0)

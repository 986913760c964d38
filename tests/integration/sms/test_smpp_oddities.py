"""What gateways do that the standard does not foresee; the link lives on, and nothing comes for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcore.messaging import smpp
from callcore.outbound.ports import Receipt, ReceiptState, Refused, RouteGone

from .conftest import ANNA, Desk, smpp_settings
from .odd_centre import ANSWER, DELIVER, ENQUIRE, SUBMIT, UNBIND, OddCentre, odd_centre, pdu

NACK, RINVCMDID, RX_T_APPN, RINVBNDSTS = 0x80000000, 0x03, 0x64, 0x04
HEAD = b"\0\1\0016916\0\0\0Energosbyt\0"


def delivery(kind: int, text: bytes) -> bytes:
    return HEAD + bytes((kind, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, len(text))) + text


@pytest.fixture
async def centre() -> AsyncIterator[OddCentre]:
    async with odd_centre() as running:
        yield running


@pytest.fixture
async def desk(centre: OddCentre) -> AsyncIterator[Desk]:
    desk = Desk(smpp_settings(centre.port))
    assert await desk.settled() == "up"
    yield desk
    await desk.stop()


async def test_requests_of_every_kind(centre: OddCentre, desk: Desk) -> None:
    centre.say(
        pdu(ENQUIRE, sequence=11)
        + pdu(0x0103, sequence=12)  # data_sm
        + pdu(0x00010200, sequence=13)  # a vendor's own
        + pdu(0x0102, sequence=14)  # alert_notification, which nobody answers
        + pdu(DELIVER, sequence=15, body=delivery(0, "Спасибо".encode("utf-16-be")))
        + pdu(DELIVER, sequence=16, body=delivery(4, b"no id in it"))
        + pdu(DELIVER, sequence=17, body=b"\0\1")
        + pdu(NACK, RINVCMDID, sequence=0)
        + pdu(SUBMIT | ANSWER, sequence=999, body=b"late\0")
        + pdu(DELIVER, sequence=18, body=delivery(4, b"id:1 stat:DELIVRD err:0A1 text:"))
    )
    taken = [(DELIVER | ANSWER, 0, sequence) for sequence in (15, 16, 17, 18)]
    nacks = [(NACK, RINVCMDID, sequence) for sequence in (12, 13)]
    await centre.hears((ENQUIRE | ANSWER, 0, 11), *nacks, *taken)
    assert 14 not in {sequence for _, _, sequence in centre.heard}
    assert [(one.message_id, one.state, one.code) for one in desk.receipts] == [
        ("1", ReceiptState.delivered, "DELIVRD 0A1")
    ]
    assert centre.binds == 1


async def test_goodbye_from_the_gateway(centre: OddCentre, desk: Desk) -> None:
    centre.say(pdu(UNBIND, sequence=7))
    await centre.hears((UNBIND | ANSWER, 0, 7))
    await centre.bound(2)


async def test_an_answer_without_an_id_and_one_that_is_none(centre: OddCentre, desk: Desk) -> None:
    centre.answers = [(SUBMIT | ANSWER, 0, b""), (NACK, RINVCMDID, b""), (SUBMIT | ANSWER, 0x451, b"")]
    (id,) = await desk.send(ANNA)
    assert id.startswith("none-")
    with pytest.raises(Refused, match="ESME_RINVCMDID"):
        await desk.send(ANNA)
    with pytest.raises(Refused, match="0x00000451"):
        await desk.send(ANNA)
    assert centre.binds == 1


async def test_a_gateway_that_forgot_the_bind(centre: OddCentre, desk: Desk) -> None:
    centre.answers = [(SUBMIT | ANSWER, RINVBNDSTS, b""), (SUBMIT | ANSWER, 0, b"1\0")]
    with pytest.raises(RouteGone):
        await desk.send(ANNA)
    await centre.bound(2)
    assert await desk.settled() == "up"
    assert await desk.send(ANNA) == ("1",)


async def test_a_bind_refused_with_a_vendors_status(centre: OddCentre) -> None:
    centre.bind_status = 0x400
    desk = Desk(smpp_settings(centre.port))
    assert await desk.settled() == "refused"
    assert desk.messenger.trouble is not None
    assert "0x00000400" in desk.messenger.trouble.en
    await desk.stop()


async def test_more_receipts_than_can_be_in_hand(
    centre: OddCentre, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp, "_MOST_RECEIPTS", 2)
    free = asyncio.Event()

    async def slowly(_receipt: Receipt) -> None:
        await free.wait()

    desk.store = slowly
    for sequence in (1, 2, 3):
        centre.say(pdu(DELIVER, sequence=sequence, body=delivery(4, b"id:1 stat:DELIVRD")))
    await centre.hears((DELIVER | ANSWER, RX_T_APPN, 3))
    free.set()
    await centre.hears((DELIVER | ANSWER, 0, 1), (DELIVER | ANSWER, 0, 2))

"""Messages out: what a handset shows, what the gateway refuses, and that nothing leaves twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callcore.outbound.ports import ReceiptState, Refused, RouteGone, Throttled, Unsure
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.sms import Smsc

from .conftest import ANNA, BORIS, Open

RINVDSTADR, RTHROTTLED, RMSGQFUL, RSYSERR, RINVSRCADR, OF_A_VENDOR = 0x0B, 0x58, 0x14, 0x08, 0x0A, 0x0451


async def happens(smsc: Smsc, **wanted: Any) -> None:
    """Waits until the centre's counts are so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            report = await smsc.report(with_messages=False)
            if all(getattr(report, name) == value for name, value in wanted.items()):
                return


async def test_delivered(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    assert desk.messenger.trouble is None
    (id,) = await desk.send(ANNA)
    (receipt,) = await desk.received(1)
    assert receipt == type(receipt)("sms", id, ANNA, ReceiptState.delivered, "DELIVRD 000")
    (message,) = (await smsc.report()).messages
    assert (message.to, message.to_ton, message.text) == ("79160000001", 1, "Свет дадут в 18:00")
    assert (message.sender, message.sender_ton, message.coding, message.registered) == ("Energosbyt", 5, 8, 1)


async def test_failed(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(failing=["79160000002"])
    desk = await open_desk(sender="+74951234567")
    (id,) = await desk.send(BORIS)
    (receipt,) = await desk.received(1)
    assert (receipt.message_id, receipt.state, receipt.code) == (id, ReceiptState.failed, "UNDELIV 001")
    (message,) = (await smsc.report()).messages
    assert (message.sender, message.sender_ton) == ("74951234567", 1)


@pytest.mark.parametrize(
    ("text", "parts", "coding"),
    [
        ("Света нет. " * 60, 10, 8),
        ("№ 1 😀" * 40, 4, 8),
        ("The power is back [at 6 pm] {€ ^ ~ | \\}\n" * 20, 7, 0),
        ("x" * 160, 1, 0),
        ("я" * 70, 1, 8),
        ("я" * 71, 2, 8),
    ],
)
async def test_a_long_text_arrives_whole(
    smsc: Smsc, open_desk: Open, text: str, parts: int, coding: int
) -> None:
    desk = await open_desk()
    ids = await desk.send(ANNA, text)
    assert len(set(ids)) == len(ids) == parts
    await desk.received(parts)
    (message,) = (await smsc.report()).messages
    assert (message.text, message.parts, message.coding) == (text, parts, coding)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (RINVDSTADR, Refused),
        (OF_A_VENDOR, Refused),
        (RTHROTTLED, Throttled),
        (RMSGQFUL, Throttled),
        (RSYSERR, Throttled),
        (RINVSRCADR, RouteGone),
    ],
)
async def test_what_is_refused_did_not_leave(
    smsc: Smsc, open_desk: Open, status: int, expected: type[Exception]
) -> None:
    desk = await open_desk()
    await smsc.configure(statuses=[status])
    with pytest.raises(expected) as raised:
        await desk.send(ANNA)
    assert ANNA[1:] not in str(raised.value)
    await desk.send(BORIS)
    report = await smsc.report()
    assert (report.binds, report.submits) == (1, 2)
    assert [message.to for message in report.messages] == ["79160000002"]


async def test_a_later_part_that_is_throttled_goes_again(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    await smsc.configure(statuses=[0, 0, RTHROTTLED, RTHROTTLED])
    text = "Света нет. " * 20
    await desk.send(ANNA, text)
    report = await smsc.report()
    assert [message.text for message in report.messages] == [text]
    assert (report.submits, report.throttled, report.halves) == (6, 2, 0)


@pytest.mark.parametrize("status", [RINVDSTADR, RTHROTTLED, RINVSRCADR])
async def test_half_a_message_is_unsure(smsc: Smsc, open_desk: Open, status: int) -> None:
    desk = await open_desk(parts_seconds=0.1)
    await smsc.configure(statuses=[0, status])
    with pytest.raises(Unsure, match="part 2 of 4"):
        await desk.send(ANNA, "Света нет. " * 20)
    assert (await smsc.report()).halves == 1


async def test_throttled_beyond_a_rate(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(per_second=5)
    desk = await open_desk(window=20)
    answers = await asyncio.gather(*(desk.send(ANNA) for _ in range(20)), return_exceptions=True)
    throttled = [answer for answer in answers if isinstance(answer, Throttled)]
    taken = [answer for answer in answers if isinstance(answer, tuple)]
    assert len(throttled) + len(taken) == 20
    assert throttled
    assert {answer.seconds for answer in throttled} == {0.2}
    report = await smsc.report()
    assert (report.throttled, report.accepted) == (len(throttled), len(taken))
    assert len(report.messages) == len(taken)


async def test_the_window_holds(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(silent=True)
    desk = await open_desk(window=3)
    sending = [asyncio.create_task(desk.send(ANNA)) for _ in range(5)]
    await happens(smsc, submits=3)
    await smsc.configure(hang_up=True)
    answers = await asyncio.gather(*sending, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["RouteGone"] * 2 + ["Unsure"] * 3
    assert (await smsc.report()).submits == 3


async def test_no_answer_in_time_is_unsure(smsc: Smsc, open_desk: Open) -> None:
    await smsc.configure(silent=True)
    desk = await open_desk(answer_seconds=0.2)
    with pytest.raises(Unsure, match="no answer"):
        await desk.send(ANNA)
    assert desk.messenger.trouble is None
    assert (await smsc.report()).submits == 1


async def test_link_cut_between_submit_and_answer(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    await desk.send(BORIS)
    await smsc.configure(drop_after=1)
    with pytest.raises(Unsure, match="the link was lost"):
        await desk.send(ANNA, "Света нет")
    await happens(smsc, binds=2)
    assert await desk.settled() == "up"
    await desk.send(BORIS, "после")
    await desk.received(2)
    report = await smsc.report()
    assert report.submits == 3
    assert [message.text for message in report.messages].count("Света нет") == 1


async def test_link_cut_with_a_full_window(smsc: Smsc, open_desk: Open) -> None:
    """Each of many ends once: taken, unsure, or certainly not sent; and none is sent again after the cut."""
    desk = await open_desk(window=10)
    await smsc.configure(drop_after=25)
    texts = [f"Сообщение {count}" for count in range(60)]
    answers = await asyncio.gather(*(desk.send(ANNA, text) for text in texts), return_exceptions=True)
    await happens(smsc, binds=2)
    outcomes = dict(zip(texts, answers, strict=True))
    arrived = [message.text for message in (await smsc.report()).messages]
    assert len(set(arrived)) == len(arrived)
    assert {type(answer) for answer in answers} <= {tuple, Unsure, RouteGone}
    for text, answer in outcomes.items():
        if isinstance(answer, tuple):
            assert text in arrived
        if isinstance(answer, RouteGone):
            assert text not in arrived
    assert any(isinstance(answer, Unsure) for answer in answers)


async def test_no_link_sends_nothing_and_keeps_nothing(smsc: Smsc, open_desk: Open) -> None:
    desk = await open_desk()
    await smsc.kill()
    await desk.lost()
    with pytest.raises(RouteGone):
        await desk.send(ANNA, "не ушло")
    await smsc.start()
    assert await desk.settled() == "up"
    await desk.send(BORIS, "ушло")
    report = await smsc.report()
    assert [message.text for message in report.messages] == ["ушло"]


@pytest.mark.parametrize("text", ["", "x\x1b[31m", "я" * 671])
async def test_a_text_that_cannot_be_sent_is_refused(smsc: Smsc, open_desk: Open, text: str) -> None:
    desk = await open_desk()
    with pytest.raises(Refused):
        await desk.send(ANNA, text)
    assert (await smsc.report()).submits == 0

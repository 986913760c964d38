"""The gateway that sends nothing."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.number_history import NumberHistory
from callcore.messaging.dry import DryMessenger
from callcore.messaging.settings import SmppSettings
from callcore.messaging.smpp import SmppMessenger
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.outbound.ports import MessageOrder, Receipt, ReceiptState, Refused, RouteGone

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NUMBER = "+79160000001"


def permit(medium: Medium = Medium.sms, route: str = "sms") -> Permit:
    profile = Profile("emergency", None, None, 3, 3, timedelta(days=1), Destinations(("+7",)))
    ask = Ask(AttemptId("a1"), medium, Purpose.notice, NUMBER, "Europe/Moscow", route, profile)
    answer = decide(ask, NumberHistory(), NOW)
    assert isinstance(answer, Permit)
    return answer


class Receipts(list[Receipt]):
    async def take(self, receipt: Receipt) -> None:
        self.append(receipt)


async def test_a_line_for_each_message_and_a_receipt(tmp_path: Path) -> None:
    receipts, file = Receipts(), tmp_path / "sms.jsonl"
    messenger = DryMessenger("sms", file, receipts.take, lambda: NOW)
    assert messenger.trouble is None
    text = "Свет дадут\nв 18:00 " * 5
    (first,) = await messenger.send(permit(), MessageOrder("Света нет"))
    (second,) = await messenger.send(permit(), MessageOrder(text))
    await messenger.stop()
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    about = {"at": "2026-11-20T12:00:00+00:00", "number": NUMBER}
    assert lines == [
        {**about, "text": "Света нет", "parts": 1, "id": first},
        {**about, "text": text, "parts": 2, "id": second},
    ]
    assert receipts == [Receipt("sms", id, NUMBER, ReceiptState.delivered, "DRY") for id in (first, second)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("other", [permit(Medium.voice), permit(route="main")])
async def test_a_permit_for_another_way_out_sends_nothing(tmp_path: Path, other: Permit) -> None:
    file = tmp_path / "sms.jsonl"
    with pytest.raises(Refused, match="is none for sms"):
        await DryMessenger("sms", file, Receipts().take, lambda: NOW).send(other, MessageOrder("Света нет"))
    assert not file.exists()
    smpp = SmppMessenger(SmppSettings("sms", "127.0.0.1", "callcore", "secret"), Receipts().take)
    with pytest.raises(Refused, match="is none for sms"):
        await smpp.send(other, MessageOrder("Света нет"))


async def test_a_text_that_cannot_be_sent_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "sms.jsonl"
    with pytest.raises(Refused, match="control"):
        await DryMessenger("sms", file, Receipts().take, lambda: NOW).send(permit(), MessageOrder("x\0"))
    assert not file.exists()


@pytest.mark.parametrize("place", ["no/such/folder/sms.jsonl", "."])
async def test_a_file_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    messenger = DryMessenger("sms", tmp_path / place, Receipts().take, lambda: NOW)
    assert messenger.trouble is not None
    assert "sms.file" in messenger.trouble.ru
    assert "sms.file" in messenger.trouble.en
    with pytest.raises(RouteGone, match=os.strerror(21 if place == "." else 2)):
        await messenger.send(permit(), MessageOrder("x"))


async def test_a_full_disk(tmp_path: Path) -> None:
    receipts = Receipts()
    messenger = DryMessenger("sms", Path("/dev/full"), receipts.take, lambda: NOW)
    with pytest.raises(RouteGone, match="No space left"):
        await messenger.send(permit(), MessageOrder("x"))
    await messenger.stop()
    assert receipts == []


async def test_a_receipt_that_is_not_stored_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_receipt: Receipt) -> None:
        raise OSError("disk full")

    messenger = DryMessenger("sms", tmp_path / "sms.jsonl", fail, lambda: NOW)
    assert await messenger.send(permit(), MessageOrder("x"))
    await messenger.stop()

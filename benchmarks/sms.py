"""SMS: 10,000 messages through an independent SMS centre, counted at both ends.

Each has a recipient and a text of its own; one in a hundred recipients cannot be reached, so that a receipt
which says so is expected of these and of nobody else. Lost: it was taken, and the centre has it not, or no
receipt came. Twice: the centre has it more than once. Falsely failed: it was told as failed, and was not.
Beside it: the barest sender with the same window, which writes ready-made messages and only counts answers
and receipts. Both in turns, against the same centre, five rounds.

    python -m benchmarks.sms
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.pop import percentile
from callcore import logs
from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.number_history import NumberHistory
from callcore.messaging.settings import SmppSettings
from callcore.messaging.smpp import SmppMessenger
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.outbound.ports import MessageOrder, NotSent, Receipt, ReceiptState, Unsure
from callcore.testing.lab.errors import LabError
from callcore.testing.sms import PASSWORD, Report, Smsc

MESSAGES = 10_000
ROUNDS = 5
WINDOW = 50
FAILING_EVERY = 100
RECEIPT_SECONDS = 10.0
"""Whatever has not come so long after the last one is lost."""
LIMIT_SECONDS = 300.0
_PROFILE = Profile("bench", None, None, 1, 1, timedelta(days=1), Destinations(("+7",)))
_HEADER = struct.Struct("!IIII")
_SUBMIT, _SUBMIT_RESP, _DELIVER, _DELIVER_RESP = 0x04, 0x80000004, 0x05, 0x80000005
_BIND, _BIND_RESP = 0x09, 0x80000009


def number(place: int) -> str:
    return f"+7916{place:07}"


def text(place: int) -> str:
    return f"Отключение {place}: свет дадут в 18:00"


class Campaign:
    """The messenger's side: what became of each message, by its place."""

    def __init__(self, port: int) -> None:
        self.taken: dict[str, int] = {}
        self.not_taken: dict[int, str] = {}
        self.receipts: list[Receipt] = []
        self.seconds: list[float] = []
        self._came = asyncio.Event()
        settings = SmppSettings("sms", "127.0.0.1", "callcore", PASSWORD, port, "Energosbyt", WINDOW)
        self.messenger = SmppMessenger(settings, self._take)

    async def _take(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self._came.set()

    async def round(self, places: range) -> float:
        """Messages a second, until the last receipt."""
        due = len(self.receipts) + len(places)
        began = time.perf_counter()
        turns = iter(places)
        await asyncio.gather(*(self._send_all(turns) for _ in range(WINDOW)))
        with contextlib.suppress(TimeoutError):
            while len(self.receipts) < due - len(self.not_taken):
                self._came.clear()
                await asyncio.wait_for(self._came.wait(), RECEIPT_SECONDS)
        return len(places) / (time.perf_counter() - began)

    async def _send_all(self, places: Iterator[int]) -> None:
        for place in places:
            began = time.perf_counter()
            try:
                (id,) = await self.messenger.send(_permit(place), MessageOrder(text(place)))
            except (NotSent, Unsure) as fault:
                self.not_taken[place] = type(fault).__name__
            else:
                self.taken[id] = place
                self.seconds.append(time.perf_counter() - began)

    def faults(self, report: Report) -> Counter[str]:
        """What was lost, sent twice or falsely told as failed, by the centre's own count."""
        arrived = Counter((message.to, message.text) for message in report.messages)
        receipts = Counter(receipt.message_id for receipt in self.receipts)
        states = {receipt.message_id: receipt.state for receipt in self.receipts}
        faults: Counter[str] = Counter()
        for id, place in self.taken.items():
            expected = ReceiptState.failed if place % FAILING_EVERY == 0 else ReceiptState.delivered
            faults["lost"] += not arrived[number(place)[1:], text(place)] or id not in receipts
            faults["falsely failed"] += states.get(id, expected) is not expected
        faults["falsely failed"] += len(self.not_taken)
        faults["lost"] += MESSAGES - len(self.taken) - len(self.not_taken)
        faults["twice"] += sum(
            times - 1 for (_, what), times in arrived.items() if what.startswith("Отключение")
        )
        return +faults


def _permit(place: int) -> Permit:
    attempt = AttemptId(f"bench{place}")
    ask = Ask(attempt, Medium.sms, Purpose.notice, number(place), "Europe/Moscow", "sms", _PROFILE)
    answer = decide(ask, NumberHistory(), datetime.now(UTC))
    assert isinstance(answer, Permit)
    return answer


class Bare(asyncio.Protocol):
    """The floor: keeps ``WINDOW`` ready-made messages unanswered, counts answers, acknowledges receipts."""

    def __init__(self) -> None:
        self._bound = asyncio.Event()
        self._done = asyncio.Event()
        self._rest = bytearray()
        self._sequence = self._unsent = self._unanswered = self._unreported = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._write(_BIND, b"bare\0" + PASSWORD.encode() + b"\0\0\x34\0\0\0")

    async def round(self, count: int) -> float:
        """Messages a second, until the last receipt."""
        await self._bound.wait()
        self._done.clear()
        self._unsent = self._unanswered = self._unreported = count
        began = time.perf_counter()
        for _ in range(min(WINDOW, count)):
            self._send_one()
        await self._done.wait()
        return count / (time.perf_counter() - began)

    def close(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._rest += data
        place = 0
        while len(self._rest) - place >= _HEADER.size:
            length, command, _status, sequence = _HEADER.unpack_from(self._rest, place)
            if len(self._rest) - place < length:
                break
            place += length
            self._take(command, sequence)
        del self._rest[:place]

    def _take(self, command: int, sequence: int) -> None:
        if command == _SUBMIT_RESP:
            self._unanswered -= 1
            self._send_one()
        elif command == _DELIVER:
            self._unreported -= 1
            self._transport.write(_HEADER.pack(17, _DELIVER_RESP, 0, sequence) + b"\0")
        elif command == _BIND_RESP:
            self._bound.set()
        if self._unanswered == self._unreported == 0:
            self._done.set()

    def _send_one(self) -> None:
        if self._unsent:
            self._unsent -= 1
            self._write(_SUBMIT, _READY)

    def _write(self, command: int, body: bytes) -> None:
        self._sequence += 1
        self._transport.write(_HEADER.pack(16 + len(body), command, 0, self._sequence) + body)


_WORDS = "Для сравнения: свет дадут в 18:00".encode("utf-16-be")
_READY = b"\0\5\0Bare\0\1\1" + b"79990000000\0" + bytes((0, 0, 0, 0, 0, 1, 0, 8, 0, len(_WORDS))) + _WORDS


async def _measure() -> dict[str, Any]:
    async with Smsc() as smsc:
        await smsc.configure(failing=[number(place)[1:] for place in range(0, MESSAGES, FAILING_EVERY)])
        campaign = Campaign(smsc.port)
        running = asyncio.create_task(campaign.messenger.run())
        await campaign.messenger.becomes("up")
        loop = asyncio.get_running_loop()
        _, bare = await loop.create_connection(Bare, "127.0.0.1", smsc.port)
        rates, floors = [], []
        size = MESSAGES // ROUNDS
        try:
            for round_ in range(ROUNDS):
                floors.append(await bare.round(size))
                rates.append(await campaign.round(range(round_ * size, (round_ + 1) * size)))
        finally:
            bare.close()
            await campaign.messenger.stop()
            await running
        return line(rates, floors, campaign.seconds, campaign.faults(await smsc.report()))


def line(
    rates: Sequence[float], floors: Sequence[float], seconds: Sequence[float], faults: Counter[str]
) -> dict[str, Any]:
    """The result; ``rates``, ``floors``: messages a second, round by round; ``seconds`` until each answer."""
    value, floor, ordered = median(rates), median(floors), sorted(seconds)
    return {
        "bench": "sms",
        "value": round(value),
        "unit": "messages/s",
        "floor": round(floor),
        "ratio": round(value / floor, 2),
        "goal": f"{MESSAGES} messages, 0 lost, 0 twice, 0 falsely failed",
        "met": not faults,
        "n": len(seconds),
        "p50": round(percentile(ordered, 0.5) * 1000, 2),
        "p99": round(percentile(ordered, 0.99) * 1000, 2),
        **{name.replace(" ", "_"): faults[name] for name in ("lost", "twice", "falsely failed")},
    }


def run() -> Iterator[dict[str, Any]]:
    """One line of results (the format is that of ``make bench``). Raises LabError, TimeoutError."""

    async def within_limit() -> dict[str, Any]:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await _measure()

    yield asyncio.run(within_limit())


def main() -> int:
    logs.configure("ERROR", stream=sys.stderr)
    try:
        for result in run():
            print(json.dumps(result), flush=True)
    except (LabError, TimeoutError) as fault:
        print(f"sms: {fault or 'not done in time'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

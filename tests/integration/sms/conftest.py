"""An independent SMS centre, a messenger bound to it, and what either was told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.number_history import NumberHistory
from callcore.messaging.settings import SmppSettings
from callcore.messaging.smpp import SmppMessenger
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.outbound.ports import MessageOrder, Receipt
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.sms import PASSWORD, Smsc

ANNA, BORIS = "+79160000001", "+79160000002"
_PROFILE = Profile("emergency", None, None, 100, 100, timedelta(days=1), Destinations(("+7",)))
_attempts = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None) -> None:
    """Every test here."""


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc() as running:
        yield running


def permit(number: str) -> Permit:
    """As the real gate issues it."""
    attempt = AttemptId(f"a{next(_attempts)}")
    ask = Ask(attempt, Medium.sms, Purpose.notice, number, "Europe/Moscow", "sms", _PROFILE)
    answer = decide(ask, NumberHistory(), datetime.now(UTC))
    assert isinstance(answer, Permit)
    return answer


class Desk:
    """A messenger and the receipts it brought. ``store``, if set, runs before each receipt is taken."""

    def __init__(self, settings: SmppSettings) -> None:
        self.receipts: list[Receipt] = []
        self.store: Callable[[Receipt], Any] | None = None
        self._came = asyncio.Event()
        self.messenger = SmppMessenger(settings, self._take)
        self.running = asyncio.create_task(self.messenger.run())

    async def _take(self, receipt: Receipt) -> None:
        if self.store is not None:
            await self.store(receipt)
        self.receipts.append(receipt)
        self._came.set()

    async def send(self, number: str, text: str = "Свет дадут в 18:00") -> tuple[str, ...]:
        return await self.messenger.send(permit(number), MessageOrder(text))

    async def received(self, count: int) -> list[Receipt]:
        """Waits for so many receipts."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.receipts) < count:
                self._came.clear()
                await self._came.wait()
        return self.receipts

    async def settled(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.messenger.becomes("up", "refused")

    async def lost(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.messenger.becomes("down", "connecting")

    async def stop(self) -> None:
        await self.messenger.stop()
        await self.running


def smpp_settings(port: int, **changes: Any) -> SmppSettings:
    usual = {
        "name": "sms",
        "host": "127.0.0.1",
        "port": port,
        "system_id": "callcore",
        "password": PASSWORD,
        "sender": "Energosbyt",
        "first_retry_seconds": 0.05,
        "longest_retry_seconds": 0.2,
        "throttled_seconds": 0.2,
    }
    return SmppSettings(**{**usual, **changes})


Open = Callable[..., Any]


@pytest.fixture
async def open_desk(smsc: Smsc) -> AsyncIterator[Open]:
    """``await open_desk(window=1, …)``: a messenger that has settled, by default bound."""
    desks: list[Desk] = []

    async def open_(**changes: Any) -> Desk:
        desk = Desk(smpp_settings(**{"port": smsc.port, **changes}))
        desks.append(desk)
        await desk.settled()
        return desk

    yield open_
    for desk in desks:
        await desk.stop()

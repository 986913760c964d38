"""A house at which one feeder is out, and an ear on everything that Asterisk plays to callers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcore.app import Daemon
from callcore.domain import NodeCode, NodeKind
from callcore.store.network import NetworkNode, NewNode
from callcore.testing.carrier import Carrier
from callcore.testing.house import PEOPLE, House
from callcore.testing.overheard import Overheard
from callcore.testing.stage import Stage

FEEDER = NodeCode("F-12")
OUTAGE = "2026-117"
RUSSIAN, ENGLISH, ELSEWHERE = "79000000110", "79000000120", "79000000140"
"""Customers: the first two live on the feeder that is out."""
GREETING = {"ru": "Здравствуйте.", "en": "Hello."}
KEYS = {"ru": "Ваше слово.", "en": "Your word."}
CALLER = {"ru": "Света нет: {cause}, {until}.", "en": "The power is out: {cause}, {until}."}


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@dataclass
class Street:
    """The house, what is heard there, and the carrier behind it (for those who ask for one)."""

    house: House
    ear: Overheard
    carrier: Carrier | None = None

    @property
    def daemon(self) -> Daemon:
        assert self.house.stage.daemon is not None
        return self.house.stage.daemon

    async def goes_dark(self) -> None:
        database, now = self.daemon.database, datetime.now(UTC)
        found = [await database.customers.find_by_number(f"+{number}") for number in (RUSSIAN, ENGLISH)]
        node = NetworkNode(FEEDER, None, NodeKind.feeder, "Feeder 12", None)
        await database.network.replace([NewNode(node, tuple(who.contract for [who] in found))])
        outage = {
            "number": OUTAGE,
            "kind": "emergency",
            "cause": {"ru": "обрыв кабеля", "en": "a torn cable"},
            "starts_at": (now - timedelta(hours=1)).isoformat(),
            "estimated_restoration_at": (now + timedelta(hours=3)).isoformat(),
            "nodes": [FEEDER],
        }
        raw = yaml.safe_dump({"outages": [outage]}, allow_unicode=True).encode()
        await self.daemon.outgoing.board.publish(raw, "test.yaml", "anna")


Open = Callable[..., Any]


@pytest.fixture
async def open_street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """``await open_street(carrier=True)``: with a trunk over which callcore may call."""
    async with AsyncExitStack() as stack:

        async def open_it(*, carrier: bool = False, closed: tuple[str, ...] = ()) -> Street:
            behind = await stack.enter_async_context(Carrier(tmp_path / "carrier")) if carrier else None
            port = behind.sip_port if behind else None
            stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3, carrier_port=port))
            stage.write_config(
                {
                    "desk": {"wrap_up_seconds": 2},
                    "ivr": {"greeting": GREETING, "silence_seconds": 2, "texts": {"notice_keys": KEYS}},
                    "outages": {"texts": {"caller": {"emergency": CALLER}}},
                    **({"outbound": {"trunks": {"main": {}}}} if carrier else {}),
                },
                closed=closed,
                is_terse=True,
            )
            await stage.add_people(PEOPLE)
            await stage.start()
            street = Street(House(stage, tmp_path, stack), Overheard(), behind)
            street.ear.listen(street.daemon, monkeypatch)
            return street

        yield open_it


@pytest.fixture
async def street(open_street: Open) -> Street:
    """Its feeder is out; nobody is rung because of it."""
    street: Street = await open_street()
    await street.goes_dark()
    return street

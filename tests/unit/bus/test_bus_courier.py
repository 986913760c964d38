"""The courier on a real SQLite database, a receiver in memory and a clock that is driven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcore.bus.courier import Courier, CourierSettings, LateNews
from callcore.bus.plan import Answer, new_secret
from callcore.store import outbox
from callcore.store.database import Database
from callcore.store.webhooks import Webhook

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Receiver:
    """What every address answers, and what came."""

    says: dict[str, int | None] = field(default_factory=dict)
    came: list[tuple[str, str, bytes]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    has_come: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, address: str) -> None:
        """Return when something has come to this address."""
        async with self.has_come:
            await self.has_come.wait_for(lambda: self.ids(address))

    async def __call__(self, address: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
        self.came.append((address, headers["webhook-id"], body))
        async with self.has_come:
            self.has_come.notify_all()
        if self.hold is not None:
            await self.hold.wait()
        status = self.says.get(address, 200)
        return Answer(status, "", 1)

    def ids(self, address: str) -> list[str]:
        return [id for to, id, _ in self.came if to == address]


@dataclass
class Post:
    db: Database
    receiver: Receiver
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def courier(self) -> Courier:
        return Courier(self.db.webhooks, self.receiver, self.now, CourierSettings(disable_after_days=5))

    async def hook(self, name: str, *patterns: str) -> Webhook:
        secret = new_secret(b"k" * 32)
        url = f"https://{name}.example/"
        return await self.db.webhooks.add(name, url, patterns or ("*",), secret, "root", self.at)

    async def tell(self, type: str = "case.created", **data: Any) -> None:
        async def op(connection: Any) -> None:
            await outbox.tell(connection, type, data, self.at)

        await self.db.writer.submit(op)


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with await Database.open(f"sqlite:///{tmp_path}/c.db", create=True) as db:
        yield Post(db, Receiver())


async def look(courier: Courier) -> None:
    await courier.look()
    await courier.idle()


async def test_everybody_gets_what_he_wants_in_order(post: Post) -> None:
    await post.hook("a", "case.*")
    await post.hook("b", "interaction.saved")
    courier = post.courier()
    for type in ("case.created", "interaction.saved", "case.closed"):
        await post.tell(type)
    await look(courier)
    assert post.receiver.ids("https://a.example/") == ["evt_1", "evt_3"]
    assert post.receiver.ids("https://b.example/") == ["evt_2"]
    await look(courier)
    assert len(post.receiver.came) == 3
    assert courier.sent["delivered"] == 3


async def test_a_failure_is_tried_again_and_holds_up_only_its_own(post: Post) -> None:
    await post.hook("a")
    await post.hook("b")
    post.receiver.says["https://a.example/"] = 500
    courier = post.courier()
    await post.tell()
    await post.tell()
    await look(courier)
    assert post.receiver.ids("https://a.example/") == ["evt_1"], "the second waits for the first"
    assert post.receiver.ids("https://b.example/") == ["evt_1", "evt_2"]
    await look(courier)
    assert len(post.receiver.ids("https://a.example/")) == 1, "not before its time"
    post.at += timedelta(seconds=5)
    post.receiver.says.clear()
    await look(courier)
    assert post.receiver.ids("https://a.example/") == ["evt_1", "evt_1", "evt_2"], "the same id again"


async def test_a_slow_receiver_holds_up_nobody(post: Post) -> None:
    await post.hook("slow")
    post.receiver.hold = asyncio.Event()
    courier = post.courier()
    await post.tell()
    await courier.look()
    await post.receiver.until("https://slow.example/")
    held, post.receiver.hold = post.receiver.hold, None
    await post.hook("quick")
    await post.tell()
    await courier.look()
    await post.receiver.until("https://quick.example/")
    assert post.receiver.ids("https://slow.example/") == ["evt_1"], "one at a time"
    held.set()
    await courier.idle()
    assert post.receiver.ids("https://slow.example/") == ["evt_1", "evt_2"]


async def test_what_was_sent_and_not_noted_is_sent_again_by_the_next_process(post: Post) -> None:
    await post.hook("a")
    post.receiver.hold = asyncio.Event()
    first = post.courier()
    running = asyncio.create_task(first.run())
    await post.tell()
    first.nudge()
    await post.receiver.until("https://a.example/")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    post.receiver.hold = None
    await look(post.courier())
    assert post.receiver.ids("https://a.example/") == ["evt_1", "evt_1"]
    await look(post.courier())
    assert len(post.receiver.came) == 2


async def test_one_that_fails_for_days_is_switched_off_and_said_so(post: Post) -> None:
    failing = await post.hook("a", "case.*")
    await post.hook("watcher", "webhook.*")
    post.receiver.says["https://a.example/"] = None
    courier = post.courier()
    for _ in range(200):
        if not courier.wants("case.created") and post.receiver.came:
            break
        await post.tell()
        await look(courier)
        await courier.refresh()
        post.at += timedelta(hours=3)
    off = await post.db.webhooks.get(failing.id)
    assert off is not None
    assert off.disabled_why == "failing"
    assert timedelta(days=5) <= off.disabled_at - NOW < timedelta(days=7)  # type: ignore[operator]
    await look(courier)
    assert len(post.receiver.ids("https://watcher.example/")) == 1
    before = len(post.receiver.ids("https://a.example/"))
    await post.tell()
    await look(courier)
    assert len(post.receiver.ids("https://a.example/")) == before


async def test_gone_is_gone(post: Post) -> None:
    gone = await post.hook("a")
    post.receiver.says["https://a.example/"] = 410
    await post.tell()
    await look(post.courier())
    off = await post.db.webhooks.get(gone.id)
    assert off is not None
    assert off.disabled_why == "gone"


async def test_events_of_calls_cost_nothing_while_nobody_wants_them(post: Post) -> None:
    courier = post.courier()
    kept: list[str] = []

    async def keep(type: str, _data: Mapping[str, object], _at: datetime) -> None:
        kept.append(type)

    news = LateNews(courier.wants, keep, size=2)
    running = asyncio.create_task(news.run())
    news.tell("call.ringing", {}, NOW)
    await asyncio.sleep(0)
    assert kept == []
    await post.hook("a", "call.*")
    await courier.refresh()
    for type in ("call.ringing", "call.answered", "call.ended"):
        news.tell(type, {}, NOW)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert kept == ["call.answered", "call.ended"], "the oldest gave way"
    assert news.lost == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

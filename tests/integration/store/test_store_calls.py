"""Which call a channel belongs to, kept through an outage of the database, and before the call's contact."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from callcore.calls.effects import Contact
from callcore.domain import CallId, ChannelId, ChannelRef, PbxName
from callcore.store import engine
from callcore.store.contacts import Saved
from callcore.store.database import Database
from callcore.store.writer import WriterLimits

from .store_samples import T0, locked, until

Make = Callable[..., Contact]
MAIN = PbxName("main")
HASTY = WriterLimits(
    patience_seconds=0.3, spool_after_seconds=0.05, first_pause_seconds=0.01, longest_pause_seconds=0.05
)


def channel(n: int) -> ChannelRef:
    return ChannelRef(MAIN, ChannelId(f"1700000000.{n}"))


async def opened(url: str, spool: Path) -> Database:
    return await Database.open(url, create=True, spool=spool, limits=HASTY)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)


async def test_remembered_while_the_database_is_away(url: str, spool: Path, contact: Make) -> None:
    """A call that ended meanwhile is not taken for one that goes on; one that goes on is adopted."""
    async with await opened(url, spool) as db:
        assert await db.calls.remember(CallId("old"), channel(0), T0) == "old"
        with locked(url):
            assert await db.calls.remember(CallId("c1"), channel(1), T0) == "c1"
            assert await db.calls.remember(CallId("c2"), channel(2), T0) == "c2"
            assert await db.calls.remember(CallId("new"), channel(0), T0) == "new", "nobody can say better"
            assert await db.contacts.save(contact("c1")) is Saved.spooled
        await until(lambda: db.writer.spool_length == 0)
        assert [call.call for call in await db.calls.open_calls(MAIN)] == ["c2", "old"]
        ended = await db.calls.find(channel(1))
        assert ended is not None
        assert ended.ended_at == contact().ended_at
        assert await db.calls.remember(CallId("new"), channel(0), T0) == "old"


async def test_remembered_by_the_next_daemon_and_never_twice(
    url: str, spool: Path, tmp_path: Path, contact: Make
) -> None:
    kept = tmp_path / "kept"
    first = await opened(url, spool)
    with locked(url):
        await first.calls.remember(CallId("c1"), channel(1), T0)
        await first.calls.remember(CallId("c2"), channel(2), T0)
        await first.contacts.save(contact("c1"))
        await first.close()
    shutil.copy(spool, kept)
    for _ in range(2):  # the second time as if killed between the commit and the emptying of the spool
        async with await opened(url, spool) as db:
            await until(lambda db=db: db.writer.spool_length == 0)  # type: ignore[misc]
            assert db.writer.replayed == 3
            assert [call.call for call in await db.calls.open_calls(MAIN)] == ["c2"]
            adopted = await db.calls.find(channel(2))
            assert adopted is not None
            assert (adopted.call, adopted.first_seen_at) == ("c2", T0)
        shutil.copy(kept, spool)


async def test_a_naive_moment_is_refused_at_once(url: str, spool: Path) -> None:
    async with await opened(url, spool) as db:
        with locked(url), pytest.raises(TypeError, match="naive"):
            await db.calls.remember(CallId("c1"), channel(1), datetime(2026, 1, 1))  # noqa: DTZ001
        assert db.writer.spooled == 0

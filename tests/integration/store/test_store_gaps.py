"""Gaps: recorded once, and counted by the contacts that come out of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from callcore.calls.effects import Contact
from callcore.domain import CallId, ChannelId, ChannelRef, EndReason, PbxName, Source
from callcore.store.database import Database
from callcore.store.errors import StoreUnavailable
from callcore.store.gaps import Gap
from callcore.store.writer import WriterLimits

from .store_samples import T0, locked, until

MAIN, BRANCH = PbxName("main"), PbxName("branch")
GAP = Gap(MAIN, T0, T0 + timedelta(minutes=5))


def channel(ident: str, pbx: PbxName = MAIN) -> ChannelRef:
    return ChannelRef(pbx, ChannelId(ident))


async def test_newest_first_and_each_once(db: Database) -> None:
    later = Gap(BRANCH, T0, T0 + timedelta(minutes=9))
    for gap in (GAP, later, GAP):
        await db.gaps.add(gap)
    assert await db.gaps.latest() == (later, GAP)
    assert await db.gaps.latest(1) == (later,)
    assert await db.gaps.latest(pbx=MAIN) == (GAP,)
    assert GAP.seconds == 300


async def test_contacts_count_in_the_newest_gap_of_their_pbx(
    db: Database, contact: Callable[..., Contact]
) -> None:
    newest = Gap(MAIN, T0 + timedelta(minutes=8), T0 + timedelta(minutes=10))
    await db.gaps.add(GAP)
    await db.gaps.add(newest)
    await db.gaps.add(Gap(BRANCH, T0, T0 + timedelta(minutes=20)))
    for call, changes in {
        "j1": {"source": Source.journal},
        "j2": {"source": Source.journal},
        "c1": {"source": Source.cdr},
        "lost": {"end_reason": EndReason.lost, "ended_at": newest.ended_at + timedelta(seconds=1)},
        "lost later": {"end_reason": EndReason.lost, "ended_at": newest.ended_at + timedelta(hours=1)},
        "live": {},
    }.items():
        for _ in range(2):  # a repeat counts no more than it is stored
            await db.contacts.save(contact(call, channel=call, **changes))
    branch, main, first = await db.gaps.latest()
    assert (main.from_journal, main.from_cdr, main.lost) == (2, 1, 1)
    assert (branch.from_journal, branch.from_cdr, branch.lost) == (0, 0, 0)
    assert first == GAP


async def test_without_a_gap_there_is_nothing_to_count(db: Database, contact: Callable[..., Contact]) -> None:
    await db.contacts.save(contact(source=Source.journal))
    assert await db.gaps.latest() == ()
    assert await db.contacts.count() == 1


async def test_the_beat_never_goes_back(db: Database) -> None:
    assert await db.gaps.last_up(MAIN) is None
    await db.gaps.beat([MAIN, BRANCH], T0)
    await db.gaps.beat([MAIN], T0 + timedelta(seconds=10))
    await db.gaps.beat([MAIN], T0 + timedelta(seconds=5))
    await db.gaps.beat([], T0 + timedelta(seconds=20))
    assert await db.gaps.last_up(MAIN) == T0 + timedelta(seconds=10)
    assert await db.gaps.last_up(BRANCH) == T0


async def test_which_channels_and_calls_have_a_contact(db: Database, contact: Callable[..., Contact]) -> None:
    await db.contacts.save(contact("c1", channel="1.1"))
    await db.contacts.save(contact("c2", channel="1.2", pbx=BRANCH))
    many = [ChannelId(f"9.{n}") for n in range(1000)]
    channels, calls = await db.gaps.told(MAIN, [*many, ChannelId("1.1"), ChannelId("1.2")], [CallId("c2")])
    assert (channels, calls) == ({"1.1"}, {"c2"})
    await db.calls.remember(CallId("c3"), channel("1.3"), T0)
    await db.calls.remember(CallId("c4"), channel("1.4", BRANCH), T0)
    assert await db.gaps.known(MAIN, [ChannelId("1.3"), ChannelId("1.4"), *many]) == {"1.3": "c3"}


async def test_while_contacts_wait_in_the_spool_nobody_can_say(
    url: str, spool: Path, contact: Callable[..., Contact]
) -> None:
    """And the gap waits there with them, before them."""
    limits = WriterLimits(spool_after_seconds=0.05)
    async with await Database.open(url, create=True, spool=spool, limits=limits) as db:
        with locked(url):
            await asyncio.gather(
                db.gaps.add(GAP), db.contacts.save(contact(channel="1.1", source=Source.journal))
            )
            with pytest.raises(StoreUnavailable, match="spool"):
                await db.gaps.told(MAIN, [ChannelId("1.1")])
        await until(lambda: db.writer.spool_length == 0)
        assert await db.gaps.told(MAIN, [ChannelId("1.1")]) == ({"1.1"}, set())
        [gap] = await db.gaps.latest()
        assert gap.from_journal == 1

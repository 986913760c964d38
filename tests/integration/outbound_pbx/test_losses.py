"""Links, PBXs and trunks go away in the middle: nobody is rung twice, what became of each call is found."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from callcore.outbound.ports import (
    CallAnswered,
    CallDialled,
    CallHungUp,
    NotSent,
    RouteGone,
    RouteLost,
    Trace,
    Unsure,
)
from callcore.testing.carrier import Carrier
from callcore.testing.lab import AsteriskLab
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.wire import Wire

from .conftest import MAIN, Connect, Dialling, MakePbx, now, order, permit

ORIGINATE = b"Action: Originate"


def is_over(trace: Trace) -> bool:
    return trace.ended_at is not None and not trace.is_alive


async def test_link_cut_right_after_the_originates(
    pbx: AsteriskLab, carrier: Carrier, connect: Connect
) -> None:
    """Nothing of how the calls went was heard; the journal tells all of it, and the last one still lives."""
    endings = ("20", "22", "23", "24", "10", "00")
    async with Wire(pbx.ami_port) as wire:
        line = await connect(pbx, port=wire.port)
        for ending in endings:
            await line.dial(f"attempt{ending}", f"+791600003{ending}")
        wire.cut()
        await line.told(RouteLost)
        with pytest.raises(RouteGone):
            await line.dial("later", "+79160000399")
        assert line.dialer.trouble is not None
        await carrier.gone("79160000310")
        await carrier.answered("79160000300")
        wire.mend()
        await line.back(2)
        assert line.dialer.trouble is None
        found = {ending: await line.trace(f"attempt{ending}", is_over) for ending in endings[:-1]}
        living = await line.trace("attempt00")
    assert {e: (trace.status, trace.cause) for e, trace in found.items()} == {
        "20": ("BUSY", 17),
        "22": ("CHANUNAVAIL", 21),
        "23": ("CHANUNAVAIL", 1),
        "24": ("CONGESTION", 34),
        "10": ("ANSWER", 16),
    }
    assert found["10"].answered_at
    assert found["10"].told_seconds is not None
    assert living.answered_at
    assert (living.is_alive, living.ended_at) == (True, None)
    assert sorted(invite.number for invite in await carrier.invites()) == sorted(
        f"791600003{e}" for e in endings
    )


async def test_link_cut_between_the_write_and_the_answer(
    pbx: AsteriskLab, carrier: Carrier, connect: Connect
) -> None:
    async with Wire(pbx.ami_port) as wire:
        line = await connect(pbx, port=wire.port)
        wire.cut_at(ORIGINATE)
        with pytest.raises(Unsure):
            await line.dial("reached", "+79160000120")
        await line.back(2)
        assert (await line.trace("reached", is_over)).status == "BUSY"
        wire.cut_before(ORIGINATE)
        with pytest.raises(Unsure):
            await line.dial("swallowed", "+79160000220")
        await line.back(3)
        await line.dial("after", "+79160000320")
        await line.cause("after")
        traces = await line.dialer.trace([permit("swallowed", "+79160000220").ask.attempt])
    assert not traces.by_attempt[permit("swallowed", "+79160000220").ask.attempt].is_known
    assert traces.pbx_started_at < now()
    assert sorted(invite.number for invite in await carrier.invites()) == ["79160000120", "79160000320"]


async def test_a_pbx_that_hangs_leaves_it_unsure_and_rings_later(
    pbx: AsteriskLab, carrier: Carrier, connect: Connect
) -> None:
    """The order lies in the socket of a stopped Asterisk: nothing else may be concluded from the silence."""
    line = await connect(pbx, dead_after_seconds=60.0)
    pbx.signal(19)
    try:
        with pytest.raises(Unsure):
            await line.dial("asleep", "+79160000120")
    finally:
        pbx.signal(18)
    assert await line.cause("asleep") == 17
    assert await carrier.invites_of("79160000120") == 1


async def test_pbx_killed_in_the_middle_of_calls(
    pbx: AsteriskLab, carrier: Carrier, connect: Connect
) -> None:
    """The journal says that they began and no more, and Traces when the PBX began anew: what is missing there
    may have been forgotten, since Asterisk writes AstDB only once a second."""
    line = await connect(pbx)
    await line.dial("talking", "+79160000100")
    await line.dial("ringing", "+79160000121")
    await line.told(CallAnswered, "talking")
    await carrier.rung("79160000121")
    before = (await line.dialer.trace([])).pbx_started_at
    await written(pbx, "talking/told", "ringing/dial")
    await pbx.kill()
    await line.told(RouteLost)
    await pbx.start()
    await line.back(2)
    talking, ringing = await line.trace("talking"), await line.trace("ringing")
    for trace in (talking, ringing):
        assert trace.dialling_at
        assert (trace.is_alive, trace.ended_at, trace.status) == (False, None, None)
    assert talking.answered_at
    assert not ringing.answered_at
    assert (await line.dialer.trace([])).pbx_started_at > before
    assert await carrier.invites_of("79160000100") == await carrier.invites_of("79160000121") == 1


async def written(pbx: AsteriskLab, *keys: str) -> None:
    """Waits until these rows of our journal are in the database's file."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with closing(sqlite3.connect(f"file:{pbx.folder}/var/astdb.sqlite3?mode=ro", uri=True)) as db:
                rows = {row[0] for row in db.execute("select key from astdb")}
            if all(f"/callcore-dial/{key}" in rows for key in keys):
                return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("qualify_seconds", [0, 1])
async def test_trunk_gone(
    carrier: Carrier, make_pbx: MakePbx, connect: Connect, qualify_seconds: int
) -> None:
    """What Asterisk 22.10 says when the carrier's host is dead, before our dialplan makes 38 of it:

    - with qualify: at once CHANUNAVAIL, cause 3, as if the number did not exist;
    - without: nothing until the limit for the ringing, then NOANSWER, cause 16, as if nobody were at home.

    In both cases HANGUPCAUSE_KEYS, RINGTIME_MS and PROGRESSTIME_MS are empty, and no leg's Ringing is seen.
    """
    pbx = await make_pbx(qualify_seconds=qualify_seconds)
    line = await connect(pbx)
    await carrier.stop()
    if qualify_seconds:
        await unreachable(pbx)
    await line.dial("attempt", "+79160000100", ring_seconds=3)
    assert await line.cause("attempt") == 38
    assert await line.told(CallDialled, "attempt") == CallDialled("attempt", "CHANUNAVAIL", 38)
    await carrier.start()
    if qualify_seconds:
        await unreachable(pbx, is_back=True)
    await line.dial("again", "+79160000120")
    assert await line.cause("again") == 17


async def unreachable(pbx: AsteriskLab, *, is_back: bool = False) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while ("Unavail" in await pbx.console("pjsip show contacts")) == is_back:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_host_that_says_nothing(line: Dialling, carrier: Carrier) -> None:
    carrier.freeze()
    await line.dial("attempt", "+79160000100", ring_seconds=2)
    assert await line.cause("attempt") == 38
    carrier.thaw()


@pytest.mark.parametrize(
    "changes",
    [{"CALLCORE_DIAL_AFTER": "@nowhere"}, {"CALLCORE_DIAL_BEFORE": "SIP/"}, {"CALLCORE_DIAL_BEFORE": ""}],
)
async def test_trunk_that_was_set_wrongly(
    carrier: Carrier, make_pbx: MakePbx, connect: Connect, changes: dict[str, str]
) -> None:
    line = await connect(await make_pbx(**changes))
    await line.dial("attempt", "+79160000100")
    assert await line.cause("attempt") == 38
    assert not await carrier.invites()


async def test_dialplan_that_is_not_included(pbx: AsteriskLab, carrier: Carrier, connect: Connect) -> None:
    line = await connect(pbx)
    pbx.includes = ()
    await pbx.reload("pbx_config.so")
    with pytest.raises(RouteGone, match=r"callcore\.conf"):
        await line.dial("attempt", "+79160000100")
    assert not await carrier.invites()


async def test_a_permit_that_is_too_old_or_for_another_pbx(line: Dialling) -> None:
    old = permit("old", "+79160000100", at=now().replace(year=2020))
    with pytest.raises(NotSent, match="too old"):
        await line.dialer.dial(old, order())
    with pytest.raises(NotSent, match=MAIN):
        await line.dialer.dial(permit("other", "+79160000100", route="other"), order())
    assert not any(isinstance(news, CallHungUp) for news in line.news)

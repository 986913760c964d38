"""The script of a placed call against a scripted Asterisk: what is heard, and what the campaigns are told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from callcore.calls import facts as f
from callcore.domain import ChannelId, ChannelRef, Direction, PbxName
from callcore.ivr import campaign
from callcore.ivr.campaign import CampaignCalls, Notice

from .floor_stub import OPERATOR, Ear, Floor, Voice, book, reception

RC = 'SET VARIABLE "CALLCORE_RC" "OK"'
NOTICE = Notice("Blackout", "en", "+79161234567", "2026-117")
Told = tuple[str, float, str | None, bool]


@dataclass
class Campaigns:
    known: Notice | None = NOTICE
    fault: Exception | None = None
    hangs: bool = False
    opted_out: list[tuple[str, str]] = field(default_factory=list)
    tells: list[Told] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)

    async def notice(self, attempt: str) -> Notice | None:
        assert attempt == "at1"
        return await self._answer(self.known)

    def told(self, attempt: str, seconds: float, key: str | None, enough: bool) -> None:
        self.tells.append((attempt, seconds, key, enough))

    async def opt_out(self, attempt: str, number: str) -> None:
        if self.opted_out:
            raise ConnectionError("the database is gone")
        self.opted_out.append((attempt, number))

    def take_settled(self, pbx: PbxName, limit: int) -> list[str]:
        taken, self.settled = self.settled[:limit], self.settled[limit:]
        return taken

    async def _answer(self, value: Any) -> Any:
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return value


@pytest.fixture
def call(bench, tmp_path):
    """``async with call(campaigns, keys=…, hangs_up=…) as (heard, commands, floor)``: one whole call."""

    @asynccontextmanager
    async def answered(
        campaigns: Campaigns, *, closed: bool = False, mute: tuple[str, ...] = (), settled=(), **ear: Any
    ):
        floor = Floor(settled=list(settled))
        it = reception(
            tmp_path,
            book(closed=closed),
            floor,
            speech=Voice(*mute),
            take_dials=campaigns.take_settled,
        )
        route = CampaignCalls(it, campaigns)
        async with bench(route) as b:
            pbx = await b.call(agi_arg_1="at1", agi_channel="Local/79161234567@callcore-dial-1;1")
            hears = Ear(pbx, **ear)
            commands = await pbx.run()
            await b.until(lambda: b.counters.results)
            yield hears.heard, commands, floor

    return answered


def noted(commands: list[str]) -> list[str]:
    """What the dialplan's journal can read."""
    return [c.split('"')[3] for c in commands if c.startswith('SET VARIABLE "CALLCORE_TOLD"')]


async def test_heard_without_a_key(call):
    """Notice, keys, a wait, keys, a wait, goodbye; the rows of settled attempts go meanwhile."""
    campaigns = Campaigns(settled=["a1", "a2"])
    async with call(campaigns) as (heard, commands, floor):
        pass
    assert heard == ["Blackout", "noticekeys-en", "noticekeys-en", "goodbye-en"]
    assert [c for c in commands if c.startswith("WAIT")] == ["WAIT FOR DIGIT 5000"] * 2
    assert campaigns.tells == [("at1", 1.0, None, True)]
    assert noted(commands) == ["1.0||1"]
    assert [c for c in commands if c.startswith("DATABASE")] == [
        'DATABASE DELTREE "callcore-dial" "a1"',
        'DATABASE DELTREE "callcore-dial" "a2"',
    ]
    assert commands[-1] == RC
    assert floor.facts == [], "nobody's call"


async def test_confirmed_in_the_middle(call):
    campaigns = Campaigns()
    async with call(campaigns, keys={"Blackout": ["1"]}) as (heard, commands, _floor):
        pass
    assert heard == ["Blackout", "thanks-en", "goodbye-en"]
    assert campaigns.tells == [("at1", 0.5, "1", True)]
    assert noted(commands) == ["0.5|1|1"]
    assert commands[-1] == RC


@pytest.mark.parametrize("moment", ["noticekeys-en", "wait"])
async def test_confirmed_later(call, moment):
    campaigns = Campaigns()
    async with call(campaigns, keys={moment: ["1"]}) as (heard, commands, _floor):
        pass
    assert heard[-2:] == ["thanks-en", "goodbye-en"]
    assert campaigns.tells[-1] == ("at1", 1.0, "1", True)
    assert noted(commands)[-1] == "1.0|1|1"


async def test_a_key_of_no_meaning(call):
    """Nothing but the four keys stops him, and another one only brings the reminder sooner."""
    campaigns = Campaigns()
    keys = {"Blackout": ["5"], "noticekeys-en": ["7", ""], "wait": ["8", ""]}
    async with call(campaigns, keys=keys) as (heard, _commands, _floor):
        pass
    assert heard == ["Blackout", "noticekeys-en", "noticekeys-en", "goodbye-en"]
    assert campaigns.tells == [("at1", 1.0, None, True)]


async def test_again(call):
    """Twice half of it is enough; seconds are the most of one playing."""
    campaigns = Campaigns()
    async with call(campaigns, keys={"Blackout": ["2", "2"]}) as (heard, commands, _floor):
        pass
    assert heard.count("Blackout") == 3
    assert campaigns.tells == [
        ("at1", 0.5, "2", False),
        ("at1", 0.5, "2", True),
        ("at1", 1.0, "2", True),
    ]
    assert noted(commands) == ["0.5|2|0", "0.5|2|1", "1.0|2|1"]


async def test_hung_up_in_the_middle(call):
    """Exactly what was sent of it; there is no channel to note it on."""
    campaigns = Campaigns(settled=["a1"])
    async with call(campaigns, hangs_up={"Blackout": 2120}) as (heard, commands, floor):
        pass
    assert heard == ["Blackout"]
    assert campaigns.tells == [("at1", 0.265, None, False)]
    assert RC not in commands
    assert (floor.facts, campaigns.settled) == ([], ["a1"])


async def test_hung_up_at_once(call):
    campaigns = Campaigns()
    async with call(campaigns, hangs_up={"Blackout": 0}):
        pass
    assert campaigns.tells == [("at1", 0.0, None, False)]


@pytest.mark.parametrize("moment", ["noticekeys-en", "wait"])
async def test_hung_up_afterwards(call, moment):
    campaigns = Campaigns()
    async with call(campaigns, hangs_up={moment: 100}) as (_heard, commands, _floor):
        pass
    assert campaigns.tells == [("at1", 1.0, None, True)]
    assert noted(commands) == (["1.0||1"] if moment == "wait" else [])


async def test_never_again(call):
    campaigns = Campaigns()
    async with call(campaigns, keys={"wait": ["9"]}) as (heard, commands, _floor):
        pass
    assert heard[-2:] == ["optedout-en", "goodbye-en"]
    assert campaigns.opted_out == [("at1", "+79161234567")]
    assert campaigns.tells[-1] == ("at1", 1.0, "9", True)
    assert commands[-1] == RC


async def test_never_again_cannot_be_stored(call):
    """Nothing is promised; the key is in the outcome all the same."""
    campaigns = Campaigns(opted_out=[("x", "y")])
    async with call(campaigns, keys={"wait": ["9"]}) as (heard, _commands, _floor):
        pass
    assert heard[-1] == "goodbye-en"
    assert "optedout-en" not in heard
    assert campaigns.tells[-1][2] == "9"


async def test_an_operator(call):
    """From here it is a call of the floor, outbound, with the number that we rang; it goes to the queue."""
    campaigns = Campaigns(settled=["a1"])
    settled = [ChannelId("1.1")]
    async with call(campaigns, keys={"Blackout": ["0"]}, settled=settled) as (heard, commands, floor):
        pass
    channel = ChannelRef(PbxName("main"), ChannelId("lab-1795.1"))
    assert heard == ["Blackout", "connecting-en"]
    [route] = floor.routes()
    assert (route.topic, route.queue, route.route) == (OPERATOR, "expert", f"{OPERATOR}/queue")
    assert floor.facts == [
        f.CallEntered(channel, "+79161234567", None, None, Direction.outbound),
        f.LanguageChosen(channel, "en"),
        route,
        f.IvrLeft(channel, hung_up=False),
    ]
    assert noted(commands) == ["0.5|0|1"]
    assert 'SET VARIABLE "__CALLCORE_CALL" "c1"' in commands
    assert 'DATABASE DELTREE "callcore-dial" "a1"' in commands
    assert commands[-3:] == ['SET EXTENSION "expert"', 'SET CONTEXT "callcore-queue"', RC]


async def test_an_operator_out_of_hours(call):
    campaigns = Campaigns()
    async with call(campaigns, closed=True, keys={"wait": ["0"]}) as (heard, commands, floor):
        pass
    assert heard[-4:] == ["closed-en", "leavemessage-en", "*record*", "goodbye-en"]
    assert floor.left().closed
    assert RC not in commands


async def test_gone_on_the_way_to_the_operator(call):
    campaigns = Campaigns()
    hangs_up = {"connecting-en": 100}
    async with call(campaigns, keys={"wait": ["0"]}, hangs_up=hangs_up) as (_heard, _commands, floor):
        pass
    assert floor.left().hung_up


# --- the dialplan's own playing is the fallback


@pytest.mark.parametrize(
    "campaigns", [Campaigns(known=None), Campaigns(fault=ValueError("a bug")), Campaigns(hangs=True)]
)
async def test_left_to_the_dialplan(call, monkeypatch, campaigns):
    """An attempt that nobody knows, a database that fails or hangs: not a word, and no OK."""
    monkeypatch.setattr(campaign, "NOTICE_SECONDS", 0.05)
    async with call(campaigns) as (heard, commands, _floor):
        pass
    assert (heard, commands, campaigns.tells) == ([], [], [])


async def test_a_notice_that_cannot_be_spoken(call):
    campaigns = Campaigns()
    async with call(campaigns, mute=("Blackout",)) as (heard, commands, _floor):
        pass
    assert (heard, commands, campaigns.tells) == ([], [], [])

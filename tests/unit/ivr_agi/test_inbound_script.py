"""The IVR's script against a scripted Asterisk: what a caller hears first, and what the floor is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callcore.calls import facts as f
from callcore.domain import ChannelId, Language
from callcore.ivr import inbound
from callcore.ivr.inbound import Inbound, OutageWords

from .floor_stub import OPERATOR, Ear, Floor, House, Voice, book, reception, text

RC = 'SET VARIABLE "CALLCORE_RC" "OK"'


def affected(*words: str, own: Language | None = None) -> Any:
    async def find(number: str | None) -> Sequence[OutageWords]:
        return [OutageWords(text(word), own) for word in words]

    return find


@pytest.fixture
def caller(bench, tmp_path):
    """``async with caller(find, ear=…) as (commands, floor)``: one whole call."""

    @asynccontextmanager
    async def call(
        find: Any, *, closed: bool = False, mute: tuple[str, ...] = (), settled=(), knows=None, **ear: Any
    ):
        floor, dials = Floor(settled=list(settled)), ["a1", "a2"]

        def take_dials(_pbx: str, limit: int) -> list[str]:
            return [dials.pop(0) for _ in range(min(limit, len(dials)))]

        house = House(knows or {})
        it = reception(
            tmp_path, book(closed=closed), floor, speech=Voice(*mute), house=house, take_dials=take_dials
        )
        route = Inbound(it, find)
        async with bench(route) as b:
            pbx = await b.call()
            hears = Ear(pbx, **ear)
            commands = await pbx.run()
            await b.until(lambda: b.counters.results)
            yield hears.heard, commands, floor

    return call


async def test_the_outage_before_the_menu(caller):
    """Greeting, outage, keys; silence brings the usual menu, in which he goes on."""
    async with caller(affected("out"), keys={"finance-ru": ["4"]}) as (heard, commands, floor):
        pass
    assert heard == [
        "greeting-ru",
        "other-en",
        "out-ru",
        "outagekeys-ru",
        "other-en",
        "finance-ru",
        "connecting-ru",
    ]
    assert commands[-1] == RC
    assert not floor.left().hung_up


async def test_the_most_urgent_two(caller):
    async with caller(affected("a", "b", "c"), hangs_up={"wait": 0}) as (heard, _commands, floor):
        pass
    assert [name for name in heard if name in ("a-ru", "b-ru", "c-ru")] == ["a-ru", "b-ru"]
    assert floor.left() == f.IvrLeft(floor.left().channel, hung_up=True, outage_heard=True, node="outages")


async def test_an_operator(caller):
    """0 during the text: the default topic, and rows of the past are deleted."""
    settled = [ChannelId("1.1"), ChannelId("1.2")]
    async with caller(affected("out"), keys={"out-ru": ["0"]}, settled=settled) as (heard, commands, floor):
        pass
    assert heard[-2:] == ["out-ru", "connecting-ru"]
    (route,) = [fact for fact in floor.facts if isinstance(fact, f.RouteChosen)]
    assert (route.topic, route.queue) == (OPERATOR, "expert")
    assert [c for c in commands if c.startswith("DATABASE")] == [
        'DATABASE DEL "callcore-journal" "1.1"',
        'DATABASE DELTREE "callcore-dial" "a1"',
        'DATABASE DEL "callcore-journal" "1.2"',
        'DATABASE DELTREE "callcore-dial" "a2"',
    ]
    assert 'SET EXTENSION "expert"' in commands


async def test_an_operator_out_of_hours(caller):
    async with caller(affected("out"), closed=True, keys={"out-ru": ["0"]}) as (heard, commands, floor):
        pass
    assert heard[-4:] == ["closed-ru", "leavemessage-ru", "*record*", "goodbye-ru"]
    assert floor.left().closed
    assert RC not in commands


async def test_his_own_language(caller):
    """It is known: he hears it at once, and it is told to the floor even if he says nothing."""
    async with caller(affected("out", own="en"), hangs_up={"out-en": 100}) as (heard, _commands, floor):
        pass
    assert heard == ["greeting-en", "out-en"]
    assert floor.languages() == ["en"]
    assert floor.left() == f.IvrLeft(floor.left().channel, hung_up=True, node="outages")


@pytest.mark.parametrize(("samples", "is_heard"), [(6399, False), (6400, True)])
async def test_four_fifths_are_enough(caller, samples: int, is_heard: bool):
    async with caller(affected("out"), hangs_up={"out-ru": samples}) as (_heard, _commands, floor):
        pass
    assert floor.left().outage_heard is is_heard


async def test_two_outages_count_together(caller):
    """The first whole, the second hardly: 55 % of both."""
    async with caller(affected("a", "b"), hangs_up={"b-ru": 800}) as (_heard, _commands, floor):
        pass
    assert not floor.left().outage_heard


async def test_heard_in_the_second_language(caller):
    """He changes the language half-way and hears it out."""
    keys = {"out-ru": ["9"]}
    async with caller(affected("out"), keys=keys, hangs_up={"wait": 0}) as (heard, _commands, floor):
        pass
    assert heard[2:] == ["out-ru", "out-en", "outagekeys-en"]
    assert floor.languages() == ["ru", "en"]
    assert floor.left().outage_heard


async def test_heard_and_then_gone_in_the_menu(caller):
    async with caller(affected("out"), hangs_up={"finance-ru": 100}) as (_heard, _commands, floor):
        pass
    assert floor.left().outage_heard


# --- the caller comes first


async def slow(number: str | None) -> Sequence[OutageWords]:
    await asyncio.Event().wait()
    raise AssertionError


async def broken(number: str | None) -> Sequence[OutageWords]:
    raise ValueError("a bug")


@pytest.mark.parametrize("find", [slow, broken, affected()])
async def test_the_usual_menu_where_nothing_is_known(caller, monkeypatch, find):
    monkeypatch.setattr(inbound, "OUTAGE_SECONDS", 0.05)
    async with caller(find, keys={"wait": ["4"]}) as (heard, commands, floor):
        pass
    assert heard == ["greeting-ru", "other-en", "finance-ru", "connecting-ru"]
    assert commands[-1] == RC
    assert not floor.left().outage_heard


async def test_an_outage_that_cannot_be_spoken(caller):
    async with caller(affected("out"), mute=("out-ru",), keys={"wait": ["4"]}) as (heard, _commands, _floor):
        pass
    assert heard == ["greeting-ru", "other-en", "finance-ru", "connecting-ru"]


async def test_an_outage_that_the_pbx_cannot_open(bench, tmp_path):
    """No sentence about keys without the outage: the menu follows."""
    route = Inbound(reception(tmp_path, book(), Floor()), affected("out"))
    async with bench(route) as b:
        pbx = await b.call()
        ear = Ear(pbx, keys={"wait": ["4"]})
        pbx.replies = {'STREAM FILE "/p/out-ru"': b"200 result=-1 endpos=0\n", **pbx.replies}
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert ear.heard == ["greeting-ru", "other-en", "other-en", "finance-ru", "connecting-ru"]


async def test_a_voice_that_takes_too_long(monkeypatch, bench, tmp_path):
    """A text that nobody prepared, on a machine that is overloaded."""
    monkeypatch.setattr("callcore.ivr.visit.PROMPT_SECONDS", 0.05)

    class Slow(Voice):
        async def prompt(self, pbx, text, language, *, is_personal=False):
            if text == "out-ru":
                await asyncio.Event().wait()
            return await super().prompt(pbx, text, language, is_personal=is_personal)

    route = Inbound(reception(tmp_path, book(), Floor(), speech=Slow()), affected("out"))
    async with bench(route) as b:
        pbx = await b.call()
        ear = Ear(pbx, keys={"wait": ["4"]})
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert ear.heard == ["greeting-ru", "other-en", "finance-ru", "connecting-ru"]


async def test_the_number_as_the_pbx_gave_it(caller):
    asked: list[str | None] = []

    async def find(number: str | None) -> Sequence[OutageWords]:
        asked.append(number)
        return []

    async with caller(find, hangs_up={"wait": 0}):
        pass
    assert asked == ["79161234567"]

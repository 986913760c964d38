"""The AMI link is cut in the middle of a call that a person has placed: what happened unseen is found out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from callcore.testing.carrier import Carrier
from callcore.testing.stage import Stage
from callcore.testing.wire import Wire

from .conftest import TRUNK, Lives

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGINATE = b"Action: Originate"


@pytest_asyncio.fixture(loop_scope="module")
async def wire(stage: Stage) -> AsyncIterator[Wire]:
    """callcore's AMI link to the PBX."""
    async with Wire(stage.lab.ami_port) as wire:
        main = {
            "host": "127.0.0.1",
            "port": wire.port,
            "username": stage.lab.username,
            "secret_file": "ami.secret",
            "fallback_queue": "expert",
        }
        changes = {"pbx": {"main": main}, "outbound": {"trunks": {"main": TRUNK}}}
        stage.write_config(changes, is_terse=True)
        yield wire


@pytest_asyncio.fixture(loop_scope="module")
async def lives(wire: Wire, stage: Stage, carrier: Carrier) -> AsyncIterator[Lives]:
    async with AsyncExitStack() as stack:
        one = Lives(stage, carrier, stack)
        await one.begin()
        yield one
        await stage.stop()


async def test_the_originate_is_lost(lives: Lives, wire: Wire) -> None:
    wire.cut_before(ORIGINATE)
    number = lives.number("00")
    await lives.calls(number)
    assert await lives.over(number) == ("not_sent", "journal: never seen")
    assert lives.phone.calls == ()
    assert await lives.carrier.invites_of(number) == 0


async def test_only_its_answer_is_lost(lives: Lives, wire: Wire) -> None:
    """Her phone rings, once."""
    wire.cut_at(ORIGINATE)
    number = lives.number("00")
    await lives.calls(number)
    call = await lives.phone.incoming()
    await call.answer()
    await lives.carrier.answered(number)
    await call.hang_up()
    assert (await lives.over(number))[0] == "answered"
    assert await lives.carrier.invites_of(number) == 1


@pytest.mark.parametrize("ending", ["00", "20"])
async def test_all_of_it_happens_unseen(lives: Lives, wire: Wire, ending: str) -> None:
    """The gate's second word needs no AMI; what became of the number tells the journal."""
    number = lives.number(ending)
    await lives.calls(number)
    call = await lives.phone.incoming()
    wire.cut()
    await call.answer()
    if ending == "00":
        await lives.carrier.answered(number)
        await call.hang_up()
    else:
        await call.ended()
    await lives.carrier.gone(number)
    wire.mend()
    expected = ("answered", "journal") if ending == "00" else ("busy", "journal: BUSY")
    assert await lives.over(number) == expected
    assert await lives.carrier.invites_of(number) == 1


async def test_she_does_not_pick_up_unseen(lives: Lives, wire: Wire) -> None:
    number = lives.number("00")
    await lives.calls(number)
    call = await lives.phone.incoming()
    wire.cut()
    await call.reject()
    wire.mend()
    result, why = await lives.over(number)
    assert (result, why.partition(":")[0]) == ("not_sent", "operator")
    assert await lives.carrier.invites_of(number) == 0

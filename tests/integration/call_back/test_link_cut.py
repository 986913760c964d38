"""The AMI link is cut in the middle of a call-back: nobody is rung twice, no wish is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callcore.outbound.placed import CLOCKS_APART
from callcore.testing.carrier import Carrier
from callcore.testing.house import PEOPLE
from callcore.testing.stage import Stage
from callcore.testing.wire import Wire

from .conftest import DIALPLAN, QUEUE, TABLE, Desk, Town, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGINATE = b"Action: Originate"


@pytest.fixture(scope="module", params=("operator", "customer"))
def first(request: pytest.FixtureRequest) -> str:
    """Who is on the line first."""
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wired(
    version: int, first: str, carrier: Carrier, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stage, Wire]]:
    folder: Path = tmp_path_factory.mktemp(f"cut{version}{first}")
    async with (
        Stage(folder, carrier_port=carrier.sip_port, version=version, dialplan=DIALPLAN) as stage,
        Wire(stage.lab.ami_port) as wire,
    ):
        main: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": wire.port,
            "username": stage.lab.username,
            "secret_file": "ami.secret",
            "fallback_queue": QUEUE,
        }
        changes = {**settings(first=first), "pbx": {"main": main}}
        stage.write_config(changes, is_terse=True, tables={QUEUE: TABLE})
        await stage.add_people(PEOPLE, queues=(QUEUE,))
        await stage.start()
        # A PBX that started less than this before a call might have forgotten it, the ledger would say.
        await asyncio.sleep(CLOCKS_APART.total_seconds())
        yield stage, wire


@pytest.fixture
def stage(wired: tuple[Stage, Wire]) -> Stage:
    return wired[0]


@pytest.fixture
def wire(wired: tuple[Stage, Wire]) -> Wire:
    return wired[1]


async def talks(town: Town, desk: Desk, number: str) -> None:
    """She picks up, he is on the line, and she hangs up."""
    call = await desk.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()


async def test_the_originate_is_lost(town: Town, wire: Wire) -> None:
    """He is called anew, for the first time."""
    anna = await town.sits()
    number = town.number("00")
    wire.cut_before(ORIGINATE)
    await town.wishes(number)
    assert (await town.over(number))[0] == "not_sent journal: never seen"
    assert await town.carrier.invites_of(number) == 0
    await talks(town, anna, number)
    await town.is_so(number, state="done")
    assert await town.carrier.invites_of(number) == 1


async def test_only_its_answer_is_lost(town: Town, wire: Wire) -> None:
    anna = await town.sits()
    number = town.number("00")
    wire.cut_at(ORIGINATE)
    await town.wishes(number)
    await talks(town, anna, number)
    await town.is_so(number, state="done")
    assert len(await town.over(number)) == 1
    assert await town.carrier.invites_of(number) == 1


async def test_the_talk_happens_unseen(town: Town, wire: Wire) -> None:
    """What became of the number tells the journal."""
    anna = await town.sits()
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    wire.cut()
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    await town.carrier.gone(number)
    wire.mend()
    assert (await town.over(number))[0].split()[0] == "answered"
    await town.is_so(number, state="done")
    assert await town.carrier.invites_of(number) == 1


async def test_he_does_not_answer_unseen(town: Town, wire: Wire, first: str) -> None:
    """That was a try; he is called again after the pause."""
    anna = await town.sits()
    number = town.number("21")
    await town.wishes(number)
    if first == "operator":
        call = await anna.phone.incoming()
        await call.answer()
    await town.carrier.rung(number)
    wire.cut()
    await town.carrier.gone(number)
    wire.mend()
    await town.is_so(number, wait="no_answer", tries=1)
    assert await town.carrier.invites_of(number) == 1

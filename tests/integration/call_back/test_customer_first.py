"""The customer is rung first, and put into the queue before all others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from callcore.domain import Direction, Outcome
from callcore.testing.carrier import Carrier
from callcore.testing.house import PEOPLE
from callcore.testing.stage import Stage

from .conftest import DIALPLAN, QUEUE, TABLE, Town, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    version: int, carrier: Carrier, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp(f"first{version}")
    async with Stage(folder, carrier_port=carrier.sip_port, version=version, dialplan=DIALPLAN) as stage:
        stage.write_config(settings(first="customer"), is_terse=True, tables={QUEUE: TABLE})
        await stage.add_people(PEOPLE, queues=(QUEUE,))
        await stage.start()
        yield stage


async def test_they_talk(town: Town) -> None:
    anna = await town.sits()
    number = town.number("00")
    await town.wishes(number)
    await town.carrier.answered(number)
    call = await anna.phone.incoming()
    assert call.number.endswith(number)
    await call.answer()
    await town.talks(number)
    await call.hang_up()
    row = await town.is_so(number, state="done")
    assert row.settled_by == "anna"
    [contact] = await town.contacts(number)
    assert (contact.direction, contact.outcome) == (Direction.outbound, Outcome.answered)
    assert await town.carrier.invites_of(number) == 1


async def test_nobody_is_rung_while_no_operator_is_free(town: Town) -> None:
    number = town.number("00")
    await town.wishes(number)
    assert await town.why(number) == "no_operator"
    anna = await town.sits()
    await town.carrier.answered(number)
    call = await anna.phone.incoming()
    await call.answer()
    await call.hang_up()
    await town.is_so(number, state="done")


async def test_he_hangs_up_before_she_answers(town: Town) -> None:
    """He was rung, and nobody has talked with him: he is tried again, and is nobody who was missed."""
    anna = await town.sits()
    number = town.number("10")
    await town.wishes(number)
    await anna.phone.incoming()
    row = await town.is_so(number, wait="answered", tries=1)
    assert row.state.value == "open"
    look = await town.database.follow_ups.find(town.missed(number))
    assert look == ()
    assert await town.carrier.invites_of(number) == 1


@pytest.mark.parametrize(("ending", "wait"), [("20", "busy"), ("23", "person_unreachable")])
async def test_not_reached(town: Town, ending: str, wait: str) -> None:
    anna = await town.sits()
    number = town.number(ending)
    await town.wishes(number)
    await town.is_so(number, wait=wait, tries=1)
    assert anna.phone.calls == ()
    assert await town.carrier.invites_of(number) == 1


async def test_he_calls_while_he_is_rung(town: Town) -> None:
    """His telephone stops ringing, that was no try; his own call is the one that she takes."""
    anna = await town.sits()
    number = town.number("21")
    await town.wishes(number)
    await town.carrier.rung(number)
    caller = await town.comes(number)
    assert await town.over(number) == ["withdrawn CANCEL"]
    assert (await town.row(number)).tries == 0
    call = await anna.phone.incoming()
    await call.answer()
    await town.talks(number)
    await caller.hang_up()
    await town.is_so(number, state="done", settled_by="anna")
    assert await town.carrier.invites_of(number) == 1


async def test_a_machine_answers(town: Town) -> None:
    """She has it on the line, and says so: he is called again after the pause."""
    anna = await town.sits()
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    await town.talks(number)
    await town.hears_machine(anna, number)
    await call.ended()
    assert await town.over(number) == ["machine"]
    row = await town.row(number)
    assert (row.state.value, row.wait, row.tries) == ("open", "machine", 1)
    [contact] = await town.contacts_written(number)
    assert contact.outcome is Outcome.failed

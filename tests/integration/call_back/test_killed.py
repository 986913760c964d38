"""kill -9 of callcore in every gap of a call-back: his number is rung once at most, his wish is not lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callcore import config
from callcore.domain import Login
from callcore.store.database import Database
from callcore.store.follow_rows import FollowUpLook, FollowUpState
from callcore.testing.carrier import Carrier
from callcore.testing.house import PASSWORD, PEOPLE
from callcore.testing.lab import Softphone
from callcore.testing.operator import ApiOperator
from callcore.testing.stage import Stage

from .conftest import DIALPLAN, QUEUE, TABLE, Desk, Town, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORTAL = Path(__file__).with_name("mortal.py")
VERSION = 22


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(needs: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path_factory.mktemp("carrier")) as carrier:
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(carrier: Carrier, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    async with Stage(
        folder, carrier_port=carrier.sip_port, version=VERSION, exit_by_key=True, dialplan=DIALPLAN
    ) as stage:
        stage.write_config(settings(), is_terse=True, tables={QUEUE: TABLE})
        await stage.add_people(PEOPLE, queues=(QUEUE,), seeds=False)
        yield stage


class Lives(Town):
    """``begin`` it, wish, let it die, ``begin`` again."""

    desk: Desk | None = None

    async def begin(self, place: str | None = None, **call_back: Any) -> Desk:
        """Start callcore; ``place``: it dies there. Anna is on shift when this returns."""
        self.stage.write_config(settings(**call_back), is_terse=True, tables={QUEUE: TABLE})
        await self.stage.begin(script=(str(MORTAL), place) if place else ())
        if self.desk is None:
            lab = self.stage.lab
            phone = Softphone("101", lab.phone_port("101"), lab.sip_port)
            api = ApiOperator(self.stage.url, "anna", PASSWORD)
            self.desk = Desk(
                await self.stack.enter_async_context(api), await self.stack.enter_async_context(phone)
            )
            if await api.desk() is None:
                await api.open("PJSIP/101")
            await api.ready()
        return self.desk

    async def is_called_once(self, number: str, desk: Desk) -> None:
        """The second life calls him, for the first time."""
        call = await desk.phone.incoming()
        await call.answer()
        await self.carrier.answered(number)
        await call.hang_up()
        await self.is_so(number, state="done")
        assert await self.carrier.invites_of(number) == 1


@pytest_asyncio.fixture(loop_scope="module")
async def lives(stage: Stage, carrier: Carrier) -> AsyncIterator[Lives]:
    url = config.load(stage.config_file).database.url
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(await Database.open(url))
        yield Lives(stage, carrier, stack, database)
        await stage.stop()
        for row in await database.follow_ups.find(FollowUpLook()):  # of nobody's concern in the next test
            at = datetime.now(UTC)
            await database.follow_ups.settle(row.id, FollowUpState.withdrawn, "", Login("anna"), at)


# --- an operator first


async def test_before_the_intents_commit(lives: Lives) -> None:
    await lives.begin("before the intent's commit")
    number = lives.number()
    await lives.wishes(number)
    await lives.stage.killed()
    assert (await lives.row(number)).wait == ""
    desk = await lives.begin()
    await lives.is_called_once(number, desk)
    assert len(await lives.attempts(number)) == 1


async def test_after_the_intent_before_the_originate(lives: Lives) -> None:
    await lives.begin("after the intent's commit, before the Originate")
    number = lives.number()
    await lives.wishes(number)
    await lives.stage.killed()
    assert (await lives.row(number)).wait == "calling"
    desk = await lives.begin()
    await lives.is_called_once(number, desk)
    assert await lives.over(number, 2) == ["not_sent journal: never seen", "answered"]


async def test_the_placeholder_outlives_callcore(lives: Lives) -> None:
    """It waits on, once; the second life lets the operator through."""
    await lives.begin("after the Originate, before its answer")
    number = lives.number()
    await lives.wishes(number)
    await lives.stage.killed()
    assert await lives.stands() == [1]
    desk = await lives.begin()
    await lives.is_called_once(number, desk)
    assert len(await lives.attempts(number)) == 1


@pytest.mark.parametrize(
    "place",
    [
        "taken, before the gate's second word",
        "the gate said yes, before that is stored",
        "the gate said yes, before the digits are named",
    ],
)
async def test_while_the_gate_is_asked_again(lives: Lives, place: str) -> None:
    """The dialplan alone dials nobody; the wish is carried out by the second life."""
    desk = await lives.begin(place)
    number = lives.number()
    await lives.wishes(number)
    call = await desk.phone.incoming()
    await call.answer()
    await lives.stage.killed()
    await call.ended()
    assert await lives.carrier.invites_of(number) == 0
    await lives.begin()
    await lives.is_called_once(number, desk)
    assert (await lives.over(number, 2))[0] == "not_sent gate: nobody to ask"


async def test_before_dial(lives: Lives) -> None:
    """The dialplan goes on alone, as it was told: he is rung once, and again after the pause."""
    desk = await lives.begin("the script ended well, before Dial")
    number = lives.number("20")
    await lives.wishes(number)
    call = await desk.phone.incoming()
    await call.answer()
    await lives.stage.killed()
    await call.ended()
    await lives.begin()
    await lives.is_so(number, wait="busy", tries=1)
    assert await lives.carrier.invites_of(number) == 1


async def test_while_the_number_rings(lives: Lives) -> None:
    desk = await lives.begin()
    number = lives.number("11")
    await lives.wishes(number)
    call = await desk.phone.incoming()
    await call.answer()
    await lives.carrier.rung(number)
    await lives.stage.kill()
    await lives.begin()
    await lives.carrier.answered(number)
    await call.hang_up()
    await lives.is_so(number, state="done")
    assert await lives.carrier.invites_of(number) == 1


async def test_while_they_talk(lives: Lives) -> None:
    """They have hung up before the second life begins: the journal tells."""
    desk = await lives.begin()
    number = lives.number()
    await lives.wishes(number)
    call = await desk.phone.incoming()
    await call.answer()
    await lives.carrier.answered(number)
    await lives.stage.kill()
    await call.hang_up()
    await lives.carrier.gone(number)
    await lives.begin()
    await lives.is_so(number, state="done")
    assert await lives.over(number) == ["answered journal"]
    assert await lives.carrier.invites_of(number) == 1


@pytest.mark.parametrize("place", ["hung up, before the outcome's commit", "after the outcome's commit"])
async def test_hung_up(lives: Lives, place: str) -> None:
    desk = await lives.begin(place)
    number = lives.number()
    await lives.wishes(number)
    call = await desk.phone.incoming()
    await call.answer()
    await lives.carrier.answered(number)
    await call.hang_up()
    await lives.stage.killed()
    await lives.begin()
    await lives.is_so(number, state="done")
    assert await lives.over(number) != []
    assert await lives.carrier.invites_of(number) == 1


async def test_the_pbx_dies_while_the_placeholder_waits(lives: Lives) -> None:
    """Nobody was told to ring him: his turn comes anew, before all others."""
    desk = await lives.begin()
    number = lives.number()
    await lives.wishes(number)
    await desk.phone.incoming()
    await lives.stage.lab.kill()
    await lives.stage.lab.start()
    assert await lives.over(number) == ["not_sent journal: PBX restarted since"]
    await lives.is_called_once(number, desk)


# --- the customer first


async def test_the_customer_is_rung_once(lives: Lives) -> None:
    """Killed before the Originate: the second life rings him, and puts him through."""
    await lives.begin("after the intent's commit, before the Originate", first="customer")
    number = lives.number()
    await lives.wishes(number)
    await lives.stage.killed()
    desk = await lives.begin(first="customer")
    call = await desk.phone.incoming()
    await call.answer()
    await lives.is_so(number, wait="calling")
    await call.hang_up()
    await lives.is_so(number, state="done")
    assert await lives.carrier.invites_of(number) == 1


async def test_killed_while_the_customer_waits_for_her(lives: Lives) -> None:
    """Asterisk puts them through; the talk settles the wish, as the journal has it."""
    desk = await lives.begin(first="customer")
    number = lives.number()
    await lives.wishes(number)
    call = await desk.phone.incoming()
    await lives.carrier.answered(number)
    await lives.stage.kill()
    await call.answer()
    await call.hang_up()
    await lives.carrier.gone(number)
    await lives.begin(first="customer")
    await lives.is_so(number, state="done")
    assert await lives.carrier.invites_of(number) == 1


async def test_before_the_intents_commit_of_his_call(lives: Lives) -> None:
    await lives.begin("before the intent's commit", first="customer")
    number = lives.number()
    await lives.wishes(number)
    await lives.stage.killed()
    assert (await lives.row(number)).wait == ""
    assert await lives.carrier.invites_of(number) == 0
    desk = await lives.begin(first="customer")
    await lives.is_called_once(number, desk)


async def test_killed_before_the_answer_to_the_originate(lives: Lives) -> None:
    """Asterisk rings him and puts him through by itself; no second life rings him again."""
    desk = await lives.begin("after the Originate, before its answer", first="customer")
    number = lives.number()
    await lives.wishes(number)
    await lives.stage.killed()
    call = await desk.phone.incoming()
    await lives.begin(first="customer")
    await call.answer()
    await call.hang_up()
    await lives.is_so(number, state="done")
    assert len(await lives.over(number)) == 1
    assert await lives.carrier.invites_of(number) == 1


async def test_killed_while_his_number_rings(lives: Lives) -> None:
    desk = await lives.begin(first="customer")
    number = lives.number("11")
    await lives.wishes(number)
    await lives.carrier.rung(number)
    await lives.stage.kill()
    await lives.begin(first="customer")
    call = await desk.phone.incoming()
    await call.answer()
    await call.hang_up()
    await lives.is_so(number, state="done")
    assert await lives.carrier.invites_of(number) == 1


async def test_killed_while_nobody_answers(lives: Lives) -> None:
    """It was a try, as the journal has it."""
    await lives.begin(first="customer")
    number = lives.number("21")
    await lives.wishes(number)
    await lives.carrier.rung(number)
    await lives.stage.kill()
    await lives.carrier.gone(number)
    await lives.begin(first="customer")
    await lives.is_so(number, wait="no_answer", tries=1)
    assert await lives.carrier.invites_of(number) == 1


@pytest.mark.parametrize("place", ["hung up, before the outcome's commit", "after the outcome's commit"])
async def test_killed_as_they_have_hung_up(lives: Lives, place: str) -> None:
    desk = await lives.begin(place, first="customer")
    number = lives.number()
    await lives.wishes(number)
    call = await desk.phone.incoming()
    await call.answer()
    await lives.carrier.answered(number)
    await call.hang_up()
    await lives.stage.killed()
    await lives.begin(first="customer")
    await lives.is_so(number, state="done")
    assert [one.partition(" ")[0] for one in await lives.over(number)] == ["answered"]
    assert await lives.carrier.invites_of(number) == 1


async def test_the_pbx_dies_while_his_number_rings(lives: Lives) -> None:
    """Nobody knows whether he was reached: a person looks first, he is not rung again."""
    await lives.begin(first="customer")
    number = lives.number("21")
    await lives.wishes(number)
    await lives.carrier.rung(number)
    await lives.stage.lab.kill()
    await lives.stage.lab.start()
    await lives.is_so(number, wait="person_unknown")
    assert await lives.carrier.invites_of(number) == 1

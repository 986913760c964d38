"""A caller whose own way leads outside: his channel rings the number, the ledger knows it, also where
callcore dies on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from callcore import config
from callcore.ami.line_actions import for_order
from callcore.calls.attempt import Attempt, Plan, Purpose
from callcore.calls.handset import Impossible, Parts, orders
from callcore.calls.line import Do, LineState
from callcore.domain import Interface, Login, PbxName
from callcore.store.database import Database
from callcore.testing.carrier import Carrier
from callcore.testing.house import DIALLED, PEOPLE
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS, until
from callcore.testing.stage import Stage

from .conftest import MORTAL, TRUNK

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAIN = PbxName("main")
CALLER = "79160009901"
TABLE = "expert"
SCRIPT = "greeting: false\nstart: out\nnodes:\n  out: {transfer: expert.diagnosis}\n"
"""No menu: every call goes by that topic's table."""
HUSH = {"ru": "Да.", "en": "Yes."}
IVR = {
    "greeting": HUSH,
    "file": "out.yaml",
    "texts": {
        name: HUSH for name in ("connecting", "goodbye", "leave_message", "message_kept", "call_back_offer")
    },
}


class Hall:
    def __init__(self, stage: Stage, carrier: Carrier, stack: AsyncExitStack) -> None:
        self.stage = stage
        self.carrier = carrier
        self._stack = stack
        self._database: Database | None = None

    def lead(self, *numbers: str) -> None:
        """Callers are sent to these, one after another, and leave word at last."""
        legs: list[dict[str, Any]] = [{"external": f"+{number}", "rings": "5 s"} for number in numbers]
        row = {"out": {"when": {"hours": "any"}, "to": [*legs, {"voicemail": True}]}}
        settings: dict[str, Any] = {"outbound": {"trunks": {"main": TRUNK}}, "ivr": IVR}
        self.stage.config_file.parent.mkdir(exist_ok=True)
        self.stage.config_file.with_name("out.yaml").write_text(SCRIPT, "utf-8")
        self.stage.write_config(settings, tables={TABLE: {"rows": row}})

    async def opened(self) -> None:
        """People who may work here, and a look into the base."""
        await self.stage.add_people(PEOPLE, queues=(), seeds=False)
        url = config.load(self.stage.config_file).database.url
        self._database = await self._stack.enter_async_context(await Database.open(url))

    async def begin(self, place: str | None = None) -> None:
        """callcore as a process; ``place``: it dies there."""
        await self.stage.begin(script=(str(MORTAL), place) if place else ())
        if self._database is None:
            await self.opened()

    async def calls(self) -> SoftCall:
        """Somebody calls, and presses nothing."""
        phone = Softphone(CALLER, free_port(), self.stage.lab.sip_port)
        await self._stack.enter_async_context(phone)
        call = await phone.dial(DIALLED)
        await call.answered()
        return call

    async def row(self, number: str) -> Attempt | None:
        assert self._database is not None
        found = await self._database.attempts.placed(limit=50)
        return next((one for one in found if one.number == f"+{number}"), None)

    async def over(self, number: str) -> tuple[str, str]:
        async def is_over() -> bool:
            row = await self.row(number)
            return row is not None and row.outcome is not None

        await until(is_over)
        row = await self.row(number)
        assert row is not None
        assert row.outcome is not None
        return row.outcome.result.value, row.outcome.detail

    async def journal(self) -> str:
        return await self.stage.lab.console("database show callcore-dial")

    async def carrying(self) -> str:
        """Name of the channel that rings a number outside, or has rung one with which it talks."""
        [name] = [name for name, context in await self._channels() if context == "callcore-carry"]
        return name

    async def is_himself(self) -> bool:
        """Does the only channel bear the caller's own number?"""
        shown = await self.stage.lab.console("core show channels concise")
        rows = [line.split("!") for line in shown.splitlines() if line.startswith("PJSIP/")]
        return [row[7] for row in rows] == [CALLER]

    async def taken_to(self, context: str) -> None:
        """That channel is taken there; by somebody who knows nothing of callcore."""
        await self.stage.lab.console(f"channel redirect {await self.carrying()} {context},s,1")

    async def given_to(self, number: str, earlier: str) -> None:
        """The channel that rings ``earlier`` is sent to this one, by the gate's word and as an operator's
        order has it."""
        daemon, row = self.stage.daemon, await self.row(earlier)
        assert daemon is not None
        assert daemon.handset.outward is not None
        assert row is not None
        assert row.call is not None
        target = await daemon.handset.outward.leave(Login("anna"), MAIN, row.call, f"+{number}", None)
        phone = Interface("PJSIP/101")
        parts = Parts(row.call, MAIN, await self.carrying(), f"{phone}-00000001", LineState.talks, phone)
        told = orders(parts, Do.blind, target)
        assert not isinstance(told, Impossible)
        for order in told:
            await daemon.links[MAIN].call(for_order(order))

    async def _channels(self) -> list[tuple[str, str]]:
        shown = await self.stage.lab.console("core show channels concise")
        lines = [line.split("!") for line in shown.splitlines() if line.startswith("PJSIP/")]
        return [(line[0], line[1]) for line in lines]


@pytest.fixture(scope="module", params=[22, 16], ids=["asterisk22", "asterisk16"])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest_asyncio.fixture(loop_scope="module")
async def hall(stage: Stage, carrier: Carrier) -> AsyncIterator[Hall]:
    async with AsyncExitStack() as stack:
        yield Hall(stage, carrier, stack)
        await stage.stop()


_endings = iter(range(100, 1000))


def number(ending: str) -> str:
    """Of somebody whom nobody has called yet; the ending says who lives there."""
    return f"749520{next(_endings):03}{ending}"


async def test_he_talks_to_an_office_outside(hall: Hall) -> None:
    office = number("00")
    hall.lead(office)
    await hall.stage.start()
    await hall.opened()
    call = await hall.calls()
    await hall.carrier.answered(office)
    row = await hall.row(office)
    assert row is not None
    assert (row.purpose, row.plan, row.outcome) == (Purpose.forward, Plan.carried, None)
    assert row.call is not None
    [invite] = [one for one in await hall.carrier.invites() if one.number == office]
    assert invite.caller.endswith(TRUNK["caller_number"].removeprefix("+"))
    await call.hang_up()
    assert await hall.over(office) == ("answered", "")


@pytest.mark.parametrize(
    ("ending", "result"), [("20", "busy"), ("21", "no_answer"), ("23", "unreachable"), ("24", "network")]
)
async def test_nobody_takes_him_there_and_the_next_leg_does(hall: Hall, ending: str, result: str) -> None:
    """The outcome is told while he is still on the line."""
    first, second = number(ending), number("00")
    hall.lead(first, second)
    await hall.stage.start()
    await hall.opened()
    call = await hall.calls()
    await hall.carrier.answered(second)
    assert (await hall.over(first))[0] == result
    await call.hang_up()
    assert (await hall.over(second))[0] == "answered"
    assert await hall.carrier.invites_of(first) == 1


async def test_the_office_hangs_up(hall: Hall) -> None:
    office = number("10")
    hall.lead(office)
    await hall.stage.start()
    await hall.opened()
    call = await hall.calls()
    await call.ended(PATIENCE_SECONDS)
    assert await hall.over(office) == ("answered", "")


async def test_he_hangs_up_while_it_rings(hall: Hall) -> None:
    office = number("21")
    hall.lead(office)
    await hall.stage.start()
    await hall.opened()
    call = await hall.calls()
    await hall.carrier.rung(office)
    await call.hang_up()
    assert (await hall.over(office))[0] == "no_answer"


async def test_where_the_gate_says_no(hall: Hall) -> None:
    """Premium and foreign numbers: nothing is dialled, the next leg has him."""
    office = number("00")
    hall.lead("78095550000", "12025550100", office)
    await hall.stage.start()
    await hall.opened()
    call = await hall.calls()
    await hall.carrier.answered(office)
    await call.hang_up()
    await hall.over(office)
    assert await hall.row("78095550000") is None
    assert await hall.carrier.invites_of("78095550000") == 0
    assert await hall.carrier.invites_of("12025550100") == 0


# --- callcore dies on the way


@pytest.mark.parametrize(
    "place",
    [
        "before the intent's commit",
        "after the intent's commit, before the channel is marked",
        "channel marked, before it is sent on its way",
    ],
)
async def test_killed_before_he_is_sent_there(hall: Hall, place: str) -> None:
    """The static way has him; the second life knows that nothing was dialled."""
    office = number("00")
    hall.lead(office)
    await hall.begin(place)
    call = await hall.calls()
    await hall.stage.killed()
    await hall.begin()
    if place == "before the intent's commit":
        assert await hall.row(office) is None
    else:
        assert await hall.over(office) == ("not_sent", "journal: never seen")
    assert await hall.carrier.invites_of(office) == 0
    await call.hang_up()


async def test_killed_when_he_is_sent_there(hall: Hall) -> None:
    """The dialplan goes on alone."""
    office = number("20")
    hall.lead(office)
    await hall.begin("the script ended well, before Dial")
    call = await hall.calls()
    await hall.stage.killed()
    await hall.begin()
    assert await hall.over(office) == ("busy", "journal: BUSY")
    assert await hall.carrier.invites_of(office) == 1
    await call.hang_up()


async def test_killed_while_they_talk(hall: Hall) -> None:
    """The second life finds them talking, and hears the end."""
    office = number("00")
    hall.lead(office)
    await hall.begin()
    call = await hall.calls()
    await hall.carrier.answered(office)
    await hall.stage.kill()
    await hall.begin()
    row = await hall.row(office)
    assert row is not None
    assert row.outcome is None
    await call.hang_up()
    assert (await hall.over(office))[0] == "answered"
    assert await hall.carrier.invites_of(office) == 1


async def test_killed_before_the_outcomes_commit(hall: Hall) -> None:
    office = number("00")
    hall.lead(office)
    await hall.begin("hung up, before the outcome's commit")
    call = await hall.calls()
    await hall.carrier.answered(office)
    await call.hang_up()
    await hall.stage.killed()
    await hall.begin()
    assert await hall.over(office) == ("answered", "journal")
    assert await hall.carrier.invites_of(office) == 1


# --- somebody takes the channel out of the dialling


@pytest.mark.parametrize(("ending", "result"), [("00", "answered"), ("21", "no_answer")])
@pytest.mark.parametrize("context", ["callcore-hold", "elsewhere"])
async def test_taken_elsewhere(hall: Hall, ending: str, result: str, context: str) -> None:
    """By the administrator, or his own dialplan. What the channel does then, and whom it rings, does not
    concern the number that it rang. In our contexts he bears his own number again, not the one that the trunk
    was shown."""
    office = number(ending)
    hall.lead(office)
    await hall.stage.start()
    await hall.opened()
    call = await hall.calls()
    await (hall.carrier.answered(office) if result == "answered" else hall.carrier.rung(office))
    await hall.taken_to(context)
    await hall.carrier.gone(office)
    if context == "callcore-hold":
        await until(hall.is_himself)
    await call.hang_up()
    assert await hall.over(office) == (result, "" if result == "answered" else "CANCEL")


@pytest.mark.parametrize(("ending", "result"), [("00", "answered"), ("21", "no_answer")])
async def test_taken_to_another_number(hall: Hall, ending: str, result: str) -> None:
    """What became of the first one is told as soon as the second one is rung. Our number is not
    taken for his."""
    first, second = number(ending), number("00")
    hall.lead(first)
    await hall.stage.start()
    await hall.opened()
    call = await hall.calls()
    await (hall.carrier.answered(first) if result == "answered" else hall.carrier.rung(first))
    await hall.given_to(second, first)
    await hall.carrier.answered(second)
    assert (await hall.over(first))[0] == result
    await hall.taken_to("callcore-hold")
    await until(hall.is_himself)
    await call.hang_up()
    assert await hall.over(second) == ("answered", "")


async def test_killed_and_taken_elsewhere_meanwhile(hall: Hall) -> None:
    """The caller lives on, and callcore's second life knows that he has talked, though nobody told it."""
    office = number("00")
    hall.lead(office)
    await hall.begin()
    call = await hall.calls()
    await hall.carrier.answered(office)
    await hall.stage.kill()
    await hall.taken_to("callcore-hold")
    await hall.carrier.gone(office)
    await hall.begin()
    assert await hall.over(office) == ("answered", "journal: no end")
    assert not call.is_over
    await call.hang_up()

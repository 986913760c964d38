"""A house that calls back: a PBX, a carrier with subscribers, an operator with a phone, callers who ask."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from callcore.callbacks.plan import Waits
from callcore.calls.attempt import Attempt, Purpose
from callcore.calls.effects import Contact
from callcore.domain import CallId, Login, PbxName, QueueName, TopicCode
from callcore.store.call_backs import NewCallBack
from callcore.store.database import Database
from callcore.store.follow_rows import FollowUp, FollowUpKind, FollowUpLook, FollowUpState
from callcore.store.schema.core import contacts
from callcore.testing.carrier import Carrier
from callcore.testing.house import PASSWORD, PEOPLE
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.lab.process import free_port
from callcore.testing.operator import ApiOperator
from callcore.testing.patience import until
from callcore.testing.stage import DIALPLAN as STAGE_DIALPLAN
from callcore.testing.stage import Stage

VERSIONS = (22, 16)
SHOWN = "+74951112233"
QUEUE = "finance"
TO_QUEUE = "74950000099"
DIALPLAN = (
    STAGE_DIALPLAN
    + f"""
exten => {TO_QUEUE},1,Answer()
 same => n,Set(__CALLCORE_TOPIC=finance.recalculation)
 same => n,Goto(callcore-queue,{QUEUE},1)
"""
)
"""A number of its own leads straight into the queue."""
WORDS = {"ru": "Да.", "en": "Yes."}
IVR = {
    "greeting": WORDS,
    "silence_seconds": 1,
    "file": None,
    "texts": dict.fromkeys(
        ("connecting", "goodbye", "call_back_offer", "call_back_kept", "leave_message", "called_back"), WORDS
    ),
}
TABLE = {
    "rows": {
        "everybody": {
            "when": {"hours": "open"},
            "to": [{"queue": "own", "max_wait": "10 min"}, {"call_back": True}, {"voicemail": True}],
        }
    }
}
AT_ANY_HOUR = ["dnc", "opt_out", "consent", "quiet_hours", "pause", "attempt_cap"]
"""These tests are run at night, too."""
_people = itertools.count(1)


def settings(**call_back: Any) -> dict[str, Any]:
    """Of a house whose queue calls back so."""
    trunk = {"calls_per_second": 20, "lines": 10, "ring_seconds": 5, "caller_number": SHOWN}
    queue = {
        "title": {"ru": "Финансы", "en": "Finance"},
        "timeout_seconds": 20,
        "exit_by_key": True,
        "record": "auto",
        "call_back": {"after_seconds": 30, "tries": 2, **call_back},
    }
    return {
        "outbound": {"trunks": {"main": trunk}, "purposes": {"call_back": {"skips": AT_ANY_HOUR}}},
        "queues": {QUEUE: queue},
        "desk": {"wrap_up_seconds": 0},
        "ivr": IVR,
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" in metafunc.fixturenames:
        name = metafunc.module.__name__.rpartition(".")[2]
        groups = [pytest.param(one, marks=pytest.mark.xdist_group(f"{name}-{one}")) for one in VERSIONS]
        metafunc.parametrize("version", groups, scope="module", ids=lambda version: f"asterisk{version}")


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@dataclass
class Desk:
    """An operator on shift with his phone in his hand."""

    api: ApiOperator
    phone: Softphone


@dataclass
class Held:
    """Something waits for the test."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Town:
    """The house, and the people outside."""

    stage: Stage
    carrier: Carrier
    stack: AsyncExitStack
    database: Database

    def number(self, ending: str = "00") -> str:
        """Of somebody whom nobody has called yet; the ending says who lives there."""
        return f"791600{next(_people):03}{ending}"

    async def wishes(self, number: str, **more: Any) -> int:
        """Wants to be called, as if by key."""
        new = NewCallBack(f"+{number}", TopicCode("finance.recalculation"), QueueName(QUEUE), "ru", **more)
        return (await self.database.call_backs.asked(new, datetime.now(UTC)))[0]

    async def rows(self, number: str) -> tuple[FollowUp, ...]:
        look = FollowUpLook(state=None, kinds={FollowUpKind.wish}, number=f"+{number}")
        return await self.database.follow_ups.find(look)

    async def row(self, number: str) -> FollowUp:
        [row] = await self.rows(number)
        return row

    async def is_so(self, number: str, **values: Any) -> FollowUp:
        """Waits until the wish of this number has these values."""

        async def has() -> bool:
            found = await self.rows(number)
            return any(all(getattr(row, name) == value for name, value in values.items()) for row in found)

        try:
            await until(has)
        except TimeoutError:
            raise AssertionError(f"{values} expected: {await self.rows(number)}") from None
        return await self.row(number)

    @staticmethod
    def missed(number: str) -> FollowUpLook:
        return FollowUpLook(state=None, kinds={FollowUpKind.missed}, number=f"+{number}")

    async def talks(self, number: str) -> None:
        """Somebody talks with him."""
        assert self.stage.daemon is not None
        tracker = self.stage.daemon.floor.tracker

        async def is_so() -> bool:
            calls = [call for call in tracker.calls.values() if call.caller_number == f"+{number}"]
            return any(call.talking_with for call in calls)

        await until(is_so)

    async def hears_machine(self, desk: Desk, number: str) -> None:
        """She presses the button on her talk with him."""
        await desk.api.order("machine", call=await self.talk(number))

    async def announces_recording(self, desk: Desk, number: str) -> None:
        """She tells him that he is recorded from now on; till then nothing of it is kept."""
        call = await self.talk(number)

        async def is_ready() -> bool:
            tabs = (await desk.api.desk())["tabs"]
            return any(tab["view"]["call"] == call and tab["recording"] == "ready" for tab in tabs)

        await until(is_ready)
        await desk.api.order("record", call=call, announced="1")

    async def talk(self, number: str) -> CallId:
        """His call, once he has answered."""
        assert self.stage.daemon is not None
        calls = self.stage.daemon.floor.tracker.calls

        async def has_answered() -> bool:
            of_him = [call for call in calls.values() if call.caller_number == f"+{number}"]
            return any(call.answered_at is not None for call in of_him)

        await until(has_answered)
        [call] = [call.id for call in calls.values() if call.caller_number == f"+{number}"]
        return call

    async def contacts_written(self, number: str) -> list[Contact]:
        async def is_written() -> bool:
            return bool(await self.contacts(number))

        await until(is_written)
        return await self.contacts(number)

    async def figures(self) -> tuple[float, ...]:
        """How many asked by key, how many calls were made, and how many reached somebody."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.stage.url}/metrics") as answer:
            lines = dict(
                line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if line[:1] != "#"
            )
        names = ('asked_total{source="key"}', "made_total", 'over_total{became="reached"}')
        return tuple(float(lines.get(f"callcore_call_backs_{name}", 0)) for name in names)

    async def looked_again(self) -> None:
        """callcore has looked at its list twice since."""
        assert self.stage.daemon is not None
        runner = self.stage.daemon.outgoing.call_backs
        await runner.turn()
        await runner.turn()

    async def is_due(self, number: str) -> None:
        """Its pause is over."""
        row = await self.row(number)
        await self.database.wishes.wait(row.id, None, "")

    async def why(self, number: str) -> str:
        """Why nobody is calling him now."""
        assert self.stage.daemon is not None
        row = await self.row(number)
        step = (await self.stage.daemon.outgoing.call_backs.waits([row]))[row.id].step
        return step.why.value if isinstance(step, Waits) else step.plan.value

    async def contacts(self, number: str) -> list[Contact]:
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(contacts.c.call).where(contacts.c.caller_number == f"+{number}")
            )
            calls = [row.call for row in rows]
        found = [await self.database.contacts.get(call) for call in calls]
        return [one for one in found if one is not None]

    def gate(self, patch: pytest.MonkeyPatch) -> Held:
        """The gate's second word waits to be let go."""
        assert self.stage.daemon is not None
        placing, held = self.stage.daemon.outgoing.placing, Held()
        wished = placing.wished

        async def wait(pbx: PbxName, call: Attempt) -> str:
            held.asked.set()
            await held.go_on.wait()
            return await wished(pbx, call)

        patch.setattr(placing, "wished", wait)
        return held

    async def attempts(self, number: str) -> list[Attempt]:
        """Of call-backs to this number, newest first."""
        found = await self.database.attempts.placed(limit=200)
        return [one for one in found if one.purpose is Purpose.call_back and one.number == f"+{number}"]

    async def over(self, number: str, count: int = 1) -> list[str]:
        """Results and details of its attempts, oldest first, once there are so many and all are over."""

        async def are_over() -> bool:
            found = await self.attempts(number)
            return len(found) >= count and all(one.outcome is not None for one in found)

        try:
            await until(are_over)
        except TimeoutError:
            raise AssertionError(f"not over: {await self.attempts(number)}") from None
        told = [one.outcome for one in reversed(await self.attempts(number)) if one.outcome is not None]
        return [f"{one.result} {one.detail}".strip() for one in told]

    async def queue(self) -> list[tuple[int, str]]:
        """Place and channel of everybody in the queue."""
        shown = await self.stage.lab.console(f"queue show {QUEUE}")
        lines = (line.strip().split(maxsplit=2) for line in shown.partition("Callers:")[2].splitlines())
        return [(int(line[0].rstrip(".")), line[1]) for line in lines if len(line) > 1]

    async def placeholders(self) -> list[int]:
        """Places that are held for somebody."""
        return [place for place, name in await self.queue() if name.startswith("Local/wait@")]

    async def stands(self, count: int = 1) -> list[int]:
        """Waits for so many placeholders; their places."""

        async def are_there() -> bool:
            return len(await self.placeholders()) == count

        try:
            await until(are_there)
        except TimeoutError:
            rows = await self.database.follow_ups.find(FollowUpLook(kinds={FollowUpKind.wish}))
            raise AssertionError(f"{count} expected: {await self.queue()}; {rows}") from None
        return await self.placeholders()

    async def waits(self, callers: int) -> None:
        async def wait() -> bool:
            return len(await self.queue()) == callers

        await until(wait)

    async def clear(self) -> None:
        """Nothing of this test is left to the next one, whatever became of it: no wish, no call."""
        for row in await self.database.follow_ups.find(FollowUpLook()):
            at = datetime.now(UTC)
            await self.database.follow_ups.settle(row.id, FollowUpState.withdrawn, "", Login("anna"), at)
        await self.stage.lab.console("channel request hangup all")
        await until(self._is_quiet)

    async def _is_quiet(self) -> bool:
        shown = await self.stage.lab.console("core show channels count")
        return shown.startswith("0 active channels") and not await self.database.attempts.of_purpose(
            Purpose.call_back
        )

    async def sits(self, login: str = "anna", number: str = "101", *, is_ready: bool = True) -> Desk:
        lab = self.stage.lab
        phone = await self.stack.enter_async_context(Softphone(number, lab.phone_port(number), lab.sip_port))
        api = await self.stack.enter_async_context(ApiOperator(self.stage.url, login, PASSWORD))
        await api.open(f"PJSIP/{number}")
        if is_ready:
            await api.ready()
        self.stack.push_async_callback(api.sign_out)
        return Desk(api, phone)

    async def dials(self, number: str) -> SoftCall:
        """This number calls us; he waits in the queue when this returns."""
        before = len(await self.queue())
        call = await self.comes(number)
        await self.waits(before + 1)
        return call

    async def comes(self, number: str) -> SoftCall:
        """This number calls us and is sent to the queue."""
        phone = Softphone(number, free_port(), self.stage.lab.sip_port)
        await self.stack.enter_async_context(phone)
        call = await phone.dial(TO_QUEUE)
        await call.answered()
        return call

    async def asks(self, call: SoftCall) -> None:
        """Whoever waits in the queue leaves it by its key, and asks to be called back."""
        before = self._played()
        await call.key("1")
        await until(lambda: self._plays_more_than(before))
        await call.key("1")
        await call.ended()

    def _played(self) -> int:
        return self.stage.lab.log.read_text("utf-8", "replace").count("Playing '")

    async def _plays_more_than(self, before: int) -> bool:
        return self._played() > before


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(
    version: int, needs: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path_factory.mktemp("carrier")) as carrier:
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    version: int, carrier: Carrier, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp(f"stage{version}")
    async with Stage(
        folder, carrier_port=carrier.sip_port, version=version, exit_by_key=True, dialplan=DIALPLAN
    ) as stage:
        stage.write_config(settings(), is_terse=True, tables={QUEUE: TABLE})
        await stage.add_people(PEOPLE, queues=(QUEUE,))
        await stage.start()
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def town(stage: Stage, carrier: Carrier) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        assert stage.daemon is not None
        town = Town(stage, carrier, stack, stage.daemon.database)
        yield town
        await town.clear()

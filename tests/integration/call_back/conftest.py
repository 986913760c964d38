"""A house that calls back: a PBX, a carrier with subscribers, an operator with a phone, callers who ask."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callcore.calls.attempt import Attempt, Purpose
from callcore.domain import QueueName, TopicCode
from callcore.store.call_backs import NewCallBack
from callcore.store.database import Database
from callcore.store.follow_rows import FollowUp, FollowUpKind, FollowUpLook
from callcore.testing.carrier import Carrier
from callcore.testing.house import DIALLED, PASSWORD, PEOPLE
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.lab.process import free_port
from callcore.testing.operator import ApiOperator
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

VERSIONS = (22, 16)
SHOWN = "+74951112233"
QUEUE = "finance"
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
_people = itertools.count(1)


def settings(**call_back: Any) -> dict[str, Any]:
    """Of a house whose queue calls back so."""
    trunk = {"calls_per_second": 20, "lines": 10, "ring_seconds": 5, "caller_number": SHOWN}
    queue = {
        "title": {"ru": "Финансы", "en": "Finance"},
        "timeout_seconds": 20,
        "exit_by_key": True,
        "call_back": {"after_seconds": 30, **call_back},
    }
    return {
        "outbound": {"trunks": {"main": trunk}},
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


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - Asterisk and the database are asked
            await asyncio.sleep(0.05)


@dataclass
class Desk:
    """An operator on shift with his phone in his hand."""

    api: ApiOperator
    phone: Softphone


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
            raise AssertionError(f"{count} expected: {await self.queue()}") from None
        return await self.placeholders()

    async def waits(self, callers: int) -> None:
        async def wait() -> bool:
            return len(await self.queue()) == callers

        await until(wait)

    async def sits(self, login: str = "anna", number: str = "101") -> Desk:
        lab = self.stage.lab
        phone = await self.stack.enter_async_context(Softphone(number, lab.phone_port(number), lab.sip_port))
        api = await self.stack.enter_async_context(ApiOperator(self.stage.url, login, PASSWORD))
        await api.open(f"PJSIP/{number}")
        await api.ready()
        self.stack.push_async_callback(api.sign_out)
        return Desk(api, phone)

    async def dials(self, number: str) -> SoftCall:
        """This number calls us and goes to the queue."""
        phone = Softphone(number, free_port(), self.stage.lab.sip_port)
        await self.stack.enter_async_context(phone)
        call = await phone.dial(DIALLED)
        await call.answered()
        before = len(await self.queue())
        for key in "41":
            await asyncio.sleep(1.0)
            await call.key(key)
        await self.waits(before + 1)
        return call


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
    async with Stage(folder, carrier_port=carrier.sip_port, version=version, exit_by_key=True) as stage:
        stage.write_config(settings(), is_terse=True, tables={QUEUE: TABLE})
        await stage.add_people(PEOPLE, queues=(QUEUE,))
        await stage.start()
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def town(stage: Stage, carrier: Carrier) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        assert stage.daemon is not None
        yield Town(stage, carrier, stack, stage.daemon.database)

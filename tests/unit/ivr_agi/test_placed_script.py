"""The script of an operator who picked up his phone: what is dialled is named here, or nobody is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from callcore.domain import PbxName, QueueName, RecordMode
from callcore.ivr import placed
from callcore.ivr.placed import Go, PlacedCalls, Stop
from callcore.ivr.ports import NoTalkRecorder, TalkToRecord

from .floor_stub import variables

RC = 'SET VARIABLE "CALLCORE_RC" "OK"'


@pytest.fixture
def call(bench):
    """``async with call(confirm, settled=…, attempt=…) as commands``."""

    @asynccontextmanager
    async def picked_up(
        confirm: Callable[[PbxName, str], Awaitable[Go | Stop]],
        *,
        settled=(),
        attempt: str = "p1",
        recorder=None,
    ):
        left = list(settled)

        def take(pbx: PbxName, limit: int) -> list[str]:
            assert pbx == "main"
            return [left.pop(0) for _ in range(min(limit, len(left)))]

        async with bench(PlacedCalls(confirm, take, recorder, lambda _pbx: "/var/spool")) as b:
            pbx = await b.call(agi_arg_1=attempt, agi_channel="Local/s@callcore-phone-1;1")
            pbx.replies["GET VARIABLE"] = b"200 result=1 (call1)\n"
            commands = await pbx.run()
            await b.until(lambda: b.counters.results)
            yield commands

    return picked_up


async def test_the_gates_yes_names_the_digits(call):
    asked: list[tuple[str, str]] = []

    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        asked.append((pbx, attempt))
        return Go("79160000001")

    async with call(confirm) as commands:
        assert asked == [("main", "p1")]
        assert variables(commands)["CALLCORE_TO"] == "79160000001"
        assert commands[-1] == RC, "the dialplan believes nothing before this"


@pytest.mark.parametrize(("is_inside", "house"), [(True, "1"), (False, None)])
async def test_a_colleague_is_told_apart_from_the_world(call, is_inside: bool, house: str | None):
    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        return Go("102", is_inside=is_inside)

    async with call(confirm) as commands:
        assert variables(commands).get("CALLCORE_HOUSE") == house
        assert commands[-1] == RC


async def test_the_gates_no_names_the_rule(call):
    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        return Stop("quiet_hours")

    async with call(confirm) as commands:
        assert variables(commands)["CALLCORE_WHY"] == "quiet_hours"
        assert "CALLCORE_TO" not in variables(commands)


async def test_who_cannot_ask_the_gate_dials_nobody(call):
    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        raise ConnectionError("the database is gone")

    async with call(confirm) as commands:
        assert variables(commands)["CALLCORE_WHY"] == "unavailable"
        assert "CALLCORE_TO" not in variables(commands)


async def test_a_gate_that_hangs_is_not_waited_for(call, monkeypatch):
    monkeypatch.setattr(placed, "CONFIRM_SECONDS", 0.01)

    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        await asyncio.Event().wait()
        raise AssertionError

    async with call(confirm) as commands:
        assert variables(commands)["CALLCORE_WHY"] == "unavailable"


@pytest.mark.parametrize("attempt", ["", "A1", "a/b", "a" * 41])
async def test_what_is_no_attempt_is_not_asked_about(call, attempt: str):
    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        raise AssertionError("asked")

    async with call(confirm, attempt=attempt) as commands:
        assert variables(commands)["CALLCORE_WHY"] == "unknown"


async def test_rows_that_have_served_go_by_the_way(call):
    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        return Go("79160000001")

    async with call(confirm, settled=["p7", "p8"]) as commands:
        deleted = [command for command in commands if command.startswith("DATABASE DELTREE")]
        assert [command.split('"')[3] for command in deleted] == ["p7", "p8"]


class Recorder(NoTalkRecorder):
    """Whatever is of the queue ``finance`` is recorded."""

    def __init__(self) -> None:
        self.begun: list[TalkToRecord] = []

    def mode(self, queue: QueueName) -> RecordMode:
        return RecordMode.auto if queue == "finance" else RecordMode.never

    async def begin(self, talk: TalkToRecord) -> str | None:
        self.begun.append(talk)
        return "ab12"


@pytest.mark.parametrize(("queue", "token"), [("finance", "ab12"), ("expert", None), (None, None)])
async def test_a_call_back_is_recorded_where_its_queue_is(call, queue, token):
    """Silent till the operator has announced it: nobody else has."""
    recorder = Recorder()

    async def confirm(pbx: PbxName, attempt: str) -> Go | Stop:
        return Go("79160000001", queue=queue)

    async with call(confirm, recorder=recorder) as commands:
        assert variables(commands).get("CALLCORE_RECORD") == token
    assert [(talk.queue, talk.mode, talk.is_placed) for talk in recorder.begun] == (
        [("finance", RecordMode.demand, True)] if token else []
    )

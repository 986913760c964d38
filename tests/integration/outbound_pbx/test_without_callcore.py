"""Somebody answers, and callcore is gone: the dialplan says the notice by itself, once, and notes how far."""

from __future__ import annotations

import asyncio

import pytest

from callcore.outbound.ports import CallAnswered, Trace
from callcore.testing.carrier import Carrier

from .conftest import SHORT_NOTICE, Connect, MakePbx, Script, ServeScript, step


def is_written(trace: Trace) -> bool:
    """Each half of the Local channel writes its own row."""
    return trace.status is not None and trace.told_seconds is not None


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await step(reader, writer, "SET AUTOHANGUP 30")
    await step(reader, writer, 'SET VARIABLE CALLCORE_TOLD "0.5||0"')


async def dies_after_it_was_heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await step(reader, writer, 'SET VARIABLE CALLCORE_TOLD "6.5|1|1"')


async def says_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await step(reader, writer, 'SET VARIABLE CALLCORE_TOLD "7|9|1"')
    await step(reader, writer, "SET VARIABLE CALLCORE_RC OK")


@pytest.mark.parametrize("script", [None, says_nothing, dies])
async def test_the_notice_is_played_without_callcore(
    make_pbx: MakePbx, connect: Connect, serve: ServeScript, carrier: Carrier, script: Script | None
) -> None:
    pbx = await make_pbx(agi_port=None if script is None else await serve(script))
    line = await connect(pbx)
    await line.dial("attempt", "+79160000100", notice=SHORT_NOTICE)
    await line.told(CallAnswered, "attempt")
    assert await line.cause("attempt") == 16
    trace = await line.trace("attempt", is_written)
    assert (trace.told_enough, trace.told_key, trace.status) == (True, None, "ANSWER")
    assert trace.told_seconds is not None
    log = pbx.log.read_text()
    assert log.count(f"Playing '{SHORT_NOTICE}") == 1
    assert "played|" in await pbx.console("database show callcore-dial")


@pytest.mark.parametrize(
    ("script", "told"), [(dies_after_it_was_heard, (6.5, "1", True)), (says_all, (7.0, "9", True))]
)
async def test_who_has_heard_it_does_not_hear_it_again(
    make_pbx: MakePbx,
    connect: Connect,
    serve: ServeScript,
    script: Script,
    told: tuple[float, str, bool],
) -> None:
    pbx = await make_pbx(agi_port=await serve(script))
    line = await connect(pbx)
    await line.dial("attempt", "+79160000100", notice=SHORT_NOTICE)
    assert await line.cause("attempt") == 16
    trace = await line.trace("attempt", is_written)
    assert (trace.told_seconds, trace.told_key, trace.told_enough) == told
    assert "Playing" not in pbx.log.read_text()


async def test_a_notice_that_is_not_there_counts_as_not_heard(make_pbx: MakePbx, connect: Connect) -> None:
    line = await connect(await make_pbx())
    await line.dial("attempt", "+79160000100", notice="/no/such/prompt")
    assert await line.cause("attempt") == 16
    trace = await line.trace("attempt", is_written)
    assert (trace.told_seconds, trace.told_enough) == (0.0, False)

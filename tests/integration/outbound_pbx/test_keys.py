"""Subscribers who press keys: each key comes through, in order."""

from __future__ import annotations

import asyncio

import pytest

from callcore.testing.carrier import SUBSCRIBERS, Carrier

from .conftest import Connect, MakePbx, ServeScript, step


@pytest.mark.parametrize(
    ("ending", "keys"), [("01", "1"), ("02", "21"), ("03", "0"), ("04", "5"), ("09", "9")]
)
async def test_keys(make_pbx: MakePbx, connect: Connect, serve: ServeScript, ending: str, keys: str) -> None:
    pressed: list[str] = []

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await step(reader, writer, "SET AUTOHANGUP 60")
        await step(reader, writer, "EXEC Playtones 425")  # they press when they hear something
        while len(pressed) < len(keys):
            result = await step(reader, writer, "WAIT FOR DIGIT 20000")
            pressed.append(chr(int(result.rpartition("=")[2])))
        await step(reader, writer, f'SET VARIABLE CALLCORE_TOLD "4.5|{pressed[-1]}|1"')
        await step(reader, writer, "SET VARIABLE CALLCORE_RC OK")

    line = await connect(await make_pbx(agi_port=await serve(listens)))
    await line.dial("attempt", f"+791600001{ending}")
    assert await line.cause("attempt") == 16
    assert "".join(pressed) == keys
    trace = await line.trace("attempt", lambda trace: trace.told_seconds is not None)
    assert (trace.told_key, trace.told_enough) == (keys[-1], True)


async def test_every_subscriber_of_the_table_lives_there(carrier: Carrier) -> None:
    shown = await carrier.lab.console("dialplan show subscriber")
    assert {ending for ending in SUBSCRIBERS if f"'{ending}' =>" in shown} == set(SUBSCRIBERS)

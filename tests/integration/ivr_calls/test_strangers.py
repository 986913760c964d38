"""FastAGI from an address that no PBX of ours has (on a real Asterisk)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import yaml

from callcore.testing.house import TO_FINANCE

STRANGER = ("127.0.0.9", 0)


async def refusals(hall) -> float:
    """Connections from foreign addresses, as the metrics count them."""
    async with aiohttp.ClientSession() as http, http.get(hall.stage.url + "/metrics") as answer:
        text = await answer.text()
    wanted = 'callcore_agi_sessions_total{result="stranger",script="refused"}'
    lines = [line for line in text.splitlines() if line.startswith(wanted)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


async def test_a_pbx_from_elsewhere(open_hall, monkeypatch):
    """The settings say where it must come from; it comes from elsewhere. Its caller has the static queue."""
    hall = await open_hall(runs=False)
    file = hall.stage.config_file
    settings = yaml.safe_load(file.read_text("utf-8"))
    settings["pbx"]["main"]["agi_peers"] = ["192.0.2.7"]
    file.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    await hall.start(monkeypatch)
    call = await hall.dial()
    await hall.waits_in("expert")
    await call.hang_up()
    assert await refusals(hall) == 1
    assert hall.ear.begun == []


async def test_a_stranger_on_the_port_of_fastagi(open_hall):
    """He hears nothing, and no call begins; the PBX's own calls are served."""
    hall = await open_hall()
    reader, writer = await asyncio.open_connection("127.0.0.1", hall.stage.agi_port, local_addr=STRANGER)
    writer.write(b"agi_network: yes\nagi_network_script: inbound/main\nagi_request: agi://x/inbound/main\n")
    writer.write(b"agi_channel: PJSIP/trunk-1\nagi_uniqueid: 1.1\nagi_callerid: 79000000001\n\n")
    with suppress(OSError):
        assert await reader.read() == b""
    writer.close()
    assert await refusals(hall) == 1
    caller = await hall.house.call(*TO_FINANCE)
    await hall.waits_in("finance")
    await caller.hang_up()
    assert len(await hall.house.contacts()) == 1

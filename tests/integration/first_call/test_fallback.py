"""callcore fails in each way a process can: the caller reaches the static queue, where a phone rings.

How soon is told by the PBX: by the time after which it takes the call back, and by its own stamps.
"""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from callcore.testing.house import House
from callcore.testing.lab import Answer, Caller, HangUp, Phone, Until
from callcore.testing.recording.capture import Link
from callcore.testing.stage import FALLBACK, Stage

SECONDS = 8.0
"""The dialplan's own time limit is 5 s; a hung callcore is noticed by it."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Phone 103 is a static member of the fallback queue; callcore is not started."""
    async with AsyncExitStack() as stack:
        stage = Stage(tmp_path, static_members={FALLBACK: ("PJSIP/103",)}, observer=True)
        await stack.enter_async_context(stage)
        stage.write_config()
        yield House(stage, tmp_path, stack)


@pytest.fixture
async def ami(house: House) -> AsyncIterator[Link]:
    async with Link(house.stage.lab.ami_port, "observer", house.stage.lab.secret) as link:
        yield link


async def running(house: House) -> None:
    """callcore as a process of its own, ready for calls."""
    await house.stage.start_process()

    async def is_ready() -> bool:
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.get(house.stage.url + "/readyz") as answer,
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await house.until(is_ready)


async def in_the_menu(house: House) -> tuple[Phone, Caller]:
    phone = await house.phone("103", Answer(after_seconds=0.2))
    caller = await house.call(Until(), HangUp())
    await caller.answered()

    async def hears() -> bool:
        return "> Playing '" in house.stage.lab.log.read_text("utf-8", "replace")

    await house.until(hears)
    return phone, caller


async def in_seconds(ami: Link) -> None:
    """Whatever callcore does, the PBX takes the caller back by then."""
    channel = ami.find("Newchannel", 0, {"Channel": "PJSIP/trunk-*"})[0]["channel"]
    left = await ami.act("Getvar", Channel=str(channel), Variable="TIMEOUT(absolute)")
    assert 0 < float(str(left["value"])) < SECONDS + 5, "seconds, not minutes"


async def test_nobody_listens(house: House, ami: Link) -> None:
    phone = await house.phone("103", Answer(after_seconds=0.2))
    caller = await house.call(Until(), HangUp())
    await phone.happened("answered")
    came, rang = ami.find("Newchannel", 0, {})[:2]
    assert str(rang["channel"]).startswith("PJSIP/103-")
    assert float(str(rang["timestamp"])) - float(str(came["timestamp"])) < SECONDS + 5, "seconds, not minutes"
    await caller.hang_up()


async def test_killed_in_the_menu(house: House, ami: Link) -> None:
    await running(house)
    phone, caller = await in_the_menu(house)
    house.stage.signal(signal.SIGKILL)
    await in_seconds(ami)
    await phone.happened("answered")
    await caller.hang_up()


async def test_stopped_in_the_menu(house: House, ami: Link) -> None:
    """SIGSTOP: the socket stays open and says nothing; the prompt plays on, then the watchdog strikes."""
    await running(house)
    phone, caller = await in_the_menu(house)
    house.stage.signal(signal.SIGSTOP)
    await in_seconds(ami)
    await phone.happened("answered")
    await caller.hang_up()


async def test_told_to_stop_in_the_menu(house: House) -> None:
    """SIGTERM drains: who hears the menu may finish it, new callers go to the static queue at once."""
    await running(house)
    phone, caller = await in_the_menu(house)
    house.stage.signal(signal.SIGTERM)
    second = await house.call(Until(), HangUp())
    await phone.happened("answered")
    await second.hang_up()
    process = house.stage.process
    assert process is not None
    assert await process.wait() == 0
    await caller.hang_up()

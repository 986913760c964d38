"""What is recorded of a call that operators work on: their talk with him, and nothing of his wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callcore.testing.lab import SoftCall, Softphone
from tests.integration.recording.test_talks import Talk, heard, queue, talk


async def speak(*calls: SoftCall, is_loud: bool) -> None:
    await asyncio.gather(*(call.speak(2.0, is_loud=is_loud) for call in calls))


async def stands(hall: Any, talking: Talk, state: str | None) -> None:
    async def does() -> bool:
        line = (await talking.anna.desk())["lines"].get(talking.call) or {}
        return line.get("state") == state

    await hall.house.until(does)


@pytest.mark.parametrize("version", [22, 16])
async def test_what_the_customer_says_on_hold_is_not_recorded(open_hall: Any, version: int) -> None:
    """The recording goes on by itself when they talk again."""
    hall = await open_hall(settings=queue("auto"), version=version)
    talking = await talk(hall)
    await speak(talking.caller, talking.leg, is_loud=False)
    await talking.order("hold")
    await stands(hall, talking, "held")
    await speak(talking.caller, is_loud=True)
    await talking.order("resume")
    await stands(hall, talking, None)
    await speak(talking.caller, talking.leg, is_loud=False)
    await speak(talking.caller, talking.leg, is_loud=True)
    row = await talking.row()
    assert row["spans"] == [(True, "words")]
    assert heard(hall.recordings / row["file"]) == [False, True]


@pytest.mark.parametrize("version", [22, 16])
async def test_who_is_asked_and_gets_the_customer_is_recorded_too(open_hall: Any, version: int) -> None:
    hall = await open_hall(settings=queue("auto"), version=version)
    talking = await talk(hall)
    lab = hall.stage.lab
    boris = await hall.house.operator("boris")
    await boris.open("PJSIP/102")
    phone = await hall.stack.enter_async_context(_soft("102", lab))
    await speak(talking.caller, talking.leg, is_loud=False)
    await talking.anna.hand_on(talking.call, "person:boris")
    asked = await phone.incoming()
    await asked.answer()
    await stands(hall, talking, "consulting")
    await speak(talking.leg, asked, is_loud=True)
    await talking.order("complete")
    await talking.leg.ended()
    await speak(talking.caller, asked, is_loud=False)
    await speak(talking.caller, asked, is_loud=True)
    row = await talking.row()
    assert heard(hall.recordings / row["file"]) == [False, True], "what they said about him is not there"


def _soft(number: str, lab: Any) -> Any:
    return Softphone(number, lab.phone_port(number), lab.sip_port)

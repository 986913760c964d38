"""The talk of a call that an operator has placed: recorded once she says that she has announced it."""

from __future__ import annotations

import asyncio
import itertools
from array import array
from pathlib import Path

import pytest

from callcore.domain import CallId, RecordMode
from callcore.store.recordings import Recording
from callcore.testing.carrier import Carrier
from callcore.testing.operator import Refused
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

WINDOW, LOUD = 4000, 330
"""Half a second of samples; louder is somebody who speaks."""


def heard(file: Path) -> list[bool]:
    """Sound and silence in turn, each for a second at least."""
    samples = array("h", file.read_bytes()[44:][: (file.stat().st_size - 44) // 2 * 2])
    windows = [max(map(abs, samples[at : at + WINDOW])) > LOUD for at in range(0, len(samples), WINDOW)]
    runs = [(is_loud, len([*run])) for is_loud, run in itertools.groupby(windows)]
    return [is_loud for is_loud, _ in itertools.groupby(is_loud for is_loud, count in runs if count >= 2)]


async def row_of(stage: Stage, call: str) -> Recording:
    """Once it is over."""
    assert stage.daemon is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            rows = await stage.daemon.database.recordings.of_call(CallId(call))
            if rows and rows[-1].ended_at is not None:
                return rows[-1]
            await asyncio.sleep(0.05)


async def test_silent_till_she_has_announced_it(stage: Stage, anna: Desk, carrier: Carrier) -> None:
    number = "79160004700"
    attempt = await anna.calls(f"+{number}")
    phone = await anna.phone.incoming()
    await phone.answer()
    call = (await anna.api.hears("card"))["data"]["call"]["call"]
    await carrier.answered(number)
    await phone.speak(2.5)
    with pytest.raises(Refused) as refused:
        await anna.api.order("record", call=call)
    assert refused.value.problem["type"].endswith("not-announced")
    await anna.api.order("record", call=call, announced="1")
    await phone.speak(2.5)
    await anna.api.order("record_pause", call=call)
    await phone.speak(2.5)
    await phone.hang_up()
    assert (await anna.over(attempt))["result"] == "answered"
    row = await row_of(stage, call)
    assert (row.mode, row.queue, row.consent_how, row.consent_by) == (
        RecordMode.demand,
        "",
        "operator",
        "anna",
    )
    assert row.consent_at is not None
    assert heard(stage.folder / "recordings" / row.file) == [False, True, False]


async def test_never_announced_nothing_is_kept(stage: Stage, anna: Desk, carrier: Carrier) -> None:
    number = "79160004800"
    attempt = await anna.calls(f"+{number}")
    phone = await anna.phone.incoming()
    await phone.answer()
    call = (await anna.api.hears("card"))["data"]["call"]["call"]
    await carrier.answered(number)
    await phone.speak(1.5)
    await phone.hang_up()
    assert (await anna.over(attempt))["result"] == "answered"
    row = await row_of(stage, call)
    assert row.deleted_at is not None
    assert row.consent_at is None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (stage.folder / "recordings" / f"{row.token}.wav").exists():  # noqa: ASYNC110 - callcore deletes it
            await asyncio.sleep(0.05)


async def test_a_number_that_is_busy_leaves_nothing(stage: Stage, anna: Desk) -> None:
    attempt = await anna.calls("+79160004920")
    phone = await anna.phone.incoming()
    await phone.answer()
    call = (await anna.api.hears("card"))["data"]["call"]["call"]
    assert (await anna.over(attempt))["result"] == "busy"
    row = await row_of(stage, call)
    assert row.deleted_at is not None

"""What a caller says after the tone, on a real Asterisk."""

import asyncio
from pathlib import Path

import pytest

from callcore.ivr.agi_answers import Taped
from callcore.ivr.agi_session import Session
from callcore.ivr.recorded import message_seconds
from callcore.testing.patience import PATIENCE_SECONDS

CALLER = "79161234567"


class Tape:
    """Records every call."""

    def __init__(self, folder: Path, most_seconds: int = 60) -> None:
        self.file = folder / "said.wav"
        self._most_seconds = most_seconds
        self.taped: asyncio.Future[Taped] = asyncio.get_running_loop().create_future()

    async def __call__(self, session: Session) -> None:
        await session.answer()
        path = str(self.file.with_suffix(""))
        self.taped.set_result(await session.record(path, most_seconds=self._most_seconds, silence_seconds=2))
        await session.hangup()

    async def runs(self) -> None:
        """The tone is over."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.file.exists():  # noqa: ASYNC110 - Asterisk cannot set our Event
                await asyncio.sleep(0.02)


@pytest.fixture
async def tape(tmp_path) -> Tape:
    return Tape(tmp_path)


async def test_until_the_hash(world, serving, tape):
    async with serving(tape) as server, world(server.port) as w:
        call = await (await w.softphone(CALLER)).dial("100")
        await call.answered()
        await tape.runs()
        await call.speak(2.0)
        await call.key("#")
        taped = await asyncio.wait_for(tape.taped, PATIENCE_SECONDS)
        await call.ended()
    assert (taped.hung_up, taped.failed) == (False, False)
    assert message_seconds(tape.file) == pytest.approx(taped.seconds, abs=0.1)
    assert 1.5 < taped.seconds < 6


async def test_until_he_is_silent(world, serving, tape):
    async with serving(tape) as server, world(server.port) as w:
        call = await (await w.softphone(CALLER)).dial("100")
        await call.answered()
        await tape.runs()
        await call.speak(2.0)
        await call.speak(20.0, is_loud=False)
        taped = await asyncio.wait_for(tape.taped, PATIENCE_SECONDS)
    assert not taped.hung_up
    assert message_seconds(tape.file) is not None


async def test_until_he_hangs_up(world, serving, tape):
    """What he said stays."""
    async with serving(tape) as server, world(server.port) as w:
        call = await (await w.softphone(CALLER)).dial("100")
        await call.answered()
        await tape.runs()
        await call.speak(2.0)
        await call.hang_up()
        taped = await asyncio.wait_for(tape.taped, PATIENCE_SECONDS)
    assert taped.hung_up
    assert message_seconds(tape.file) == pytest.approx(2.0, abs=1.0)


async def test_he_says_nothing(world, serving, tape):
    async with serving(tape) as server, world(server.port) as w:
        call = await (await w.softphone(CALLER)).dial("100")
        await call.answered()
        await tape.runs()
        await call.speak(20.0, is_loud=False)
        taped = await asyncio.wait_for(tape.taped, PATIENCE_SECONDS)
    assert not taped.hung_up
    assert message_seconds(tape.file) is None


async def test_no_longer_than_he_may(world, serving, tmp_path):
    tape = Tape(tmp_path, most_seconds=2)
    async with serving(tape) as server, world(server.port) as w:
        call = await (await w.softphone(CALLER)).dial("100")
        await call.answered()
        await tape.runs()
        await call.speak(20.0)
        taped = await asyncio.wait_for(tape.taped, PATIENCE_SECONDS)
    assert taped.seconds == pytest.approx(2.0, abs=0.5)


async def test_a_folder_that_asterisk_cannot_write_to(world, serving, tmp_path):
    tape = Tape(tmp_path / "nowhere")
    (tmp_path / "nowhere").write_text("a file")
    async with serving(tape) as server, world(server.port) as w:
        call = await (await w.softphone(CALLER)).dial("100")
        await call.answered()
        taped = await asyncio.wait_for(tape.taped, PATIENCE_SECONDS)
        await call.ended()
    assert taped.failed

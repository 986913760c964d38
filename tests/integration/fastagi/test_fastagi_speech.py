"""The real espeak-ng and sox, and their prompts played by a real Asterisk."""

import shutil
import stat
import wave
from pathlib import Path

import pytest

from callcore.ivr.agi_session import Session
from callcore.speech import Prompts, SpeechSettings
from callcore.testing.lab import NotFetched, program


def engine(name: str) -> str:
    """The laboratory's program, else the system's."""
    try:
        return str(program(name))
    except NotFetched:
        found = shutil.which(name)
        if found is None:
            raise
        return found


def shape(path: str) -> tuple[int, int, int, int, int]:
    """Rate, channels, bytes a sample, samples, and the loudest of them."""
    with wave.open(path + ".wav") as sound:
        data = sound.readframes(-1)
        loudest = max(abs(sample) for sample in memoryview(data).cast("h"))
        return sound.getframerate(), sound.getnchannels(), sound.getsampwidth(), sound.getnframes(), loudest


@pytest.mark.parametrize(
    ("text", "language"),
    [("Здравствуйте! Чтобы узнать баланс, нажмите 1.", "ru"), ("Welcome! For your balance, press 1.", "en")],
)
async def test_a_spoken_prompt_is_heard_to_its_end(world, serving, tmp_path: Path, text: str, language: str):
    prompts = Prompts(
        SpeechSettings(tmp_path / "prompts", engine="espeak", espeak=engine("espeak-ng"), sox=engine("sox"))
    )
    prompt = await prompts.render(text, language)
    rate, channels, width, samples, loudest = shape(prompt.path)
    assert (rate, channels, width) == (8000, 1, 2)
    assert samples / rate == prompt.seconds
    assert 1 < prompt.seconds < 10
    assert loudest > 8000
    files = list((tmp_path / "prompts" / language).iterdir())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o644]

    heard: list[float] = []

    async def route(session: Session) -> None:
        played = await session.stream_file(prompt.path, seconds=prompt.seconds, escape_digits="1")
        heard.append(played.heard_seconds)

    async with serving(route) as server, world(server.port) as w:
        caller = await w.call()
        await caller.wait()
    assert heard == [pytest.approx(prompt.seconds, abs=0.05)]

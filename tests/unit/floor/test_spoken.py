"""Prompts as each PBX sees them. The voices are small programs of our own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcore.domain import PbxName
from callcore.floor.spoken import FRESH_SECONDS, SpokenPrompts
from callcore.ivr.flow import Phrase
from callcore.speech.prompts import Prompts, SpeechSettings

MAIN, REMOTE, SLASH = PbxName("main"), PbxName("remote"), PbxName("slash")

ENGINE = """\
#!{python}
import pathlib, sys, wave
with open(__file__ + ".log", "a") as log:
    log.write("called\\n")
args = sys.argv
name = args[args.index("-w") + 1] if "-w" in args else args[args.index("norm") - 1]
with wave.open(name, "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(8000)
    file.writeframes(bytes([0, 0, 0, 64]) * 4000)
"""

Make = Callable[..., SpokenPrompts]


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """Speaks a second of a tone; stands for espeak-ng and for sox."""
    program = tmp_path / "engine"
    program.write_text(ENGINE.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prompts"


@pytest.fixture
def make(folder: Path, engine: Path) -> Make:
    def spoken(espeak: str = str(engine), monotonic: Callable[[], float] = time.monotonic) -> SpokenPrompts:
        prompts = Prompts(SpeechSettings(folder, engine="espeak", espeak=espeak, sox=str(engine)))
        folders = {MAIN: None, REMOTE: "/srv/callcore", SLASH: "/srv/callcore/"}
        return SpokenPrompts(prompts, folder, folders, monotonic)

    return spoken


def calls(engine: Path) -> int:
    return len(Path(f"{engine}.log").read_text(encoding="utf-8").splitlines())


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


async def test_each_pbx_has_its_own_path(make: Make, folder: Path) -> None:
    spoken = make()
    paths = {}
    for pbx in (MAIN, REMOTE, SLASH, PbxName("unknown")):
        prompt = await spoken.prompt(pbx, "Hello", "en")
        assert prompt is not None
        assert prompt.seconds == 1.0
        paths[pbx] = prompt.path
    own = paths[MAIN].removeprefix(str(folder))
    assert own.startswith("/en/")
    assert (folder / own.lstrip("/")).with_suffix(".wav").is_file()
    assert paths[REMOTE] == paths[SLASH] == f"/srv/callcore{own}"
    assert paths[PbxName("unknown")] == paths[MAIN]


async def test_what_cannot_be_spoken_is_told_once(make: Make, tmp_path: Path) -> None:
    spoken = make(espeak=str(tmp_path / "nothing"))
    with capture_logs() as logs:
        for text in ("Hello", "Hello", "Goodbye"):
            assert await spoken.prompt(MAIN, text, "en") is None
    assert [entry["event"] for entry in logs] == ["prompt_not_made"]
    assert "apt install espeak-ng" in logs[0]["remedy"]


@pytest.mark.parametrize(
    ("text", "language"), [("", "en"), ("a\0b", "en"), ("Hello", "de"), ("x" * 3000, "ru")]
)
async def test_texts_that_nobody_can_say(make: Make, text: str, language: str) -> None:
    """The IVR goes on without them."""
    spoken = make()
    with capture_logs() as logs:
        assert await spoken.prompt(MAIN, text, language) is None
        assert await spoken.prompt(MAIN, "Hello", "en") is not None
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["prompt_not_made"]


async def test_everything_is_prepared_once(make: Make, engine: Path) -> None:
    """Also where one of the texts cannot be spoken."""
    spoken = make()
    phrases = [Phrase("One", "en"), Phrase("One", "en"), Phrase("Один", "ru"), Phrase("", "ru")]
    with capture_logs() as logs:
        assert await spoken.prepare(phrases) == 1
        assert await spoken.prepare(phrases) == 1
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["prompt_not_made"]
    assert calls(engine) == 4, "two texts, two programs each"


async def test_a_prompt_is_looked_for_once_a_second(
    make: Make, engine: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcore.floor.spoken.MOST_FRESH", 2)
    seconds = 100.0
    spoken = make(monotonic=lambda: seconds)
    first = await spoken.prompt(MAIN, "Hello", "en")
    gone = only(folder, "en/*.wav")
    gone.unlink()
    assert await spoken.prompt(MAIN, "Hello", "en") == first
    assert calls(engine) == 2
    seconds += FRESH_SECONDS + 0.1
    assert await spoken.prompt(MAIN, "Hello", "en") == first
    assert (gone.is_file(), calls(engine)) == (True, 4)
    for text in ("One", "Two"):
        assert await spoken.prompt(MAIN, text, "en") is not None
    gone.unlink()
    await spoken.prompt(MAIN, "Hello", "en")
    assert gone.is_file(), "only so many are kept in mind"


async def test_what_tells_of_one_person_is_never_fresh(make: Make, folder: Path) -> None:
    spoken = make()
    for _ in range(2):
        assert await spoken.prompt(MAIN, "Your balance is one rouble.", "en", is_personal=True) is not None
        only(folder, "personal/en/*.wav").unlink()

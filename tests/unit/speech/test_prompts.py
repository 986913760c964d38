"""Prompts, with stand-ins for espeak-ng and sox; the real ones speak in the integration tests."""

import asyncio
import wave
from pathlib import Path

import pytest

from callcore.speech import (
    EngineFailed,
    EngineMissing,
    EngineTimeout,
    Prompt,
    PromptFolderError,
    Prompts,
    SpeechError,
    SpeechSettings,
    TextRefused,
)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


ESPEAK = 'echo "$@" >>"$0.log"; cat >>"$0.log"; echo spoken >"$8"'
"""Stand-in: keeps its arguments and its text, and writes the file that ``-w`` names."""
SOX = 'cp "$(dirname "$0")/second.wav" "${11}"'


@pytest.fixture
def stand_ins(tmp_path: Path) -> SpeechSettings:
    with wave.open(str(tmp_path / "second.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    return SpeechSettings(
        folder=tmp_path / "prompts",
        espeak=script(tmp_path / "espeak", ESPEAK),
        sox=script(tmp_path / "sox", SOX),
    )


def calls(settings: SpeechSettings) -> str:
    log = Path(settings.espeak + ".log")
    return log.read_text() if log.exists() else ""


def content(file: str) -> bytes:
    return Path(file).read_bytes()


def spoil(file: str, data: bytes) -> None:
    Path(file).write_bytes(data)


async def begun(prompts: Prompts) -> None:
    while not prompts._running:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_a_text_is_spoken_once(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    together = await asyncio.gather(*(prompts.render("hello", "en") for _ in range(20)))
    again = await Prompts(stand_ins).render(" hello ", "en")
    assert {*together, again} == {Prompt(again.path, 1.0)}
    assert calls(stand_ins).count("hello") == 1


async def test_language_and_text_make_different_files(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    made = {(await prompts.render(*what)).path for what in [("a", "en"), ("b", "en"), ("a", "ru")]}
    assert len(made) == 3


async def test_the_path_is_the_one_that_the_pbx_sees(stand_ins: SpeechSettings, tmp_path: Path):
    seen = SpeechSettings(
        tmp_path / "prompts", pbx_folder="/mnt/prompts/", espeak=stand_ins.espeak, sox=stand_ins.sox
    )
    prompt = await Prompts(seen).render("hello", "en")
    assert prompt.path.startswith("/mnt/prompts/en/")
    assert not prompt.path.endswith(".wav")


async def test_no_text_is_an_option_or_a_command(stand_ins: SpeechSettings):
    await Prompts(stand_ins).render("-f /etc/passwd; $(id) `id` [[x]]", "en")
    arguments, text = calls(stand_ins).split("\n", 1)
    assert "passwd" not in arguments
    assert text == "-f /etc/passwd; $(id) `id` [ [x]]"


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not a sound at all"])
async def test_a_spoilt_file_is_made_anew(stand_ins: SpeechSettings, data: bytes):
    prompts = Prompts(stand_ins)
    file = (await prompts.render("hello", "en")).path + ".wav"
    whole = content(file)
    for spoilt in (data, whole[:5000]):
        spoil(file, spoilt)
        assert (await prompts.render("hello", "en")).seconds == 1.0
        assert content(file) == whole


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\0b", "a\x1bb", "\ud800", "я" * 2001])
async def test_texts_that_cannot_be_said(stand_ins: SpeechSettings, text: str):
    with pytest.raises(TextRefused):
        await Prompts(stand_ins).render(text, "en")
    assert calls(stand_ins) == ""


async def test_a_language_without_a_voice(stand_ins: SpeechSettings):
    with pytest.raises(TextRefused, match="en, ru"):
        await Prompts(stand_ins).render("hello", "../x")


async def test_a_missing_program_names_its_remedy(tmp_path: Path, stand_ins: SpeechSettings):
    for changed, word in (
        ({"espeak": "/no/espeak-ng", "sox": stand_ins.sox}, "apt install espeak-ng, or set speech.espeak"),
        ({"espeak": stand_ins.espeak, "sox": "no-such-sox"}, "apt install sox, or set speech.sox"),
    ):
        with pytest.raises(EngineMissing, match=word) as caught:
            await Prompts(SpeechSettings(tmp_path / "p", **changed)).render("hello", "en")
        assert isinstance(caught.value, SpeechError)
        assert word in caught.value.remedy


@pytest.mark.parametrize(
    ("sox", "word"),
    [("echo broken >&2; exit 2", "broken"), ("true", "cannot play"), (': >"${11}"', "cannot play")],
)
async def test_a_program_that_fails_or_makes_nothing(
    tmp_path: Path, stand_ins: SpeechSettings, sox: str, word: str
):
    settings = SpeechSettings(tmp_path / "p", espeak=stand_ins.espeak, sox=script(tmp_path / "bad", sox))
    with pytest.raises(EngineFailed, match=word):
        await Prompts(settings).render("hello", "en")
    assert list((tmp_path / "p" / "en").iterdir()) == []


async def test_a_program_that_hangs_is_ended(tmp_path: Path, stand_ins: SpeechSettings):
    hanging = script(tmp_path / "hang", "exec sleep 1000")
    settings = SpeechSettings(tmp_path / "p", espeak=hanging, sox=stand_ins.sox, time_limit_seconds=0.2)
    prompts = Prompts(settings)
    results = await asyncio.gather(*(prompts.render("x", "en") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [EngineTimeout] * 3
    assert list((tmp_path / "p" / "en").iterdir()) == []


async def test_a_folder_that_cannot_be_written(tmp_path: Path, stand_ins: SpeechSettings):
    (tmp_path / "file").write_text("")
    settings = SpeechSettings(tmp_path / "file", espeak=stand_ins.espeak, sox=stand_ins.sox)
    with pytest.raises(PromptFolderError, match=r"speech\.folder"):
        await Prompts(settings).render("hello", "en")


async def test_who_leaves_does_not_spoil_it_for_the_others(tmp_path: Path, stand_ins: SpeechSettings):
    gate = tmp_path / "gate"
    slow = script(tmp_path / "slow", f"while [ ! -e {gate} ]; do sleep 0.01; done; {ESPEAK}")
    prompts = Prompts(SpeechSettings(tmp_path / "p", espeak=slow, sox=stand_ins.sox))
    leaving = asyncio.create_task(prompts.render("hello", "en"))
    staying = asyncio.create_task(prompts.render("hello", "en"))
    await begun(prompts)
    leaving.cancel()
    gate.touch()
    assert (await staying).seconds == 1.0
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_close_ends_what_runs(tmp_path: Path, stand_ins: SpeechSettings):
    hanging = script(tmp_path / "hang", "exec sleep 1000")
    prompts = Prompts(SpeechSettings(tmp_path / "p", espeak=hanging, sox=stand_ins.sox))
    waiting = asyncio.create_task(prompts.render("hello", "en"))
    await begun(prompts)
    await prompts.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await prompts.close()

"""Who says a text: a recording, RHVoice, espeak-ng."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcore.speech import EngineFailed, Prompts, SpeechSettings
from callcore.speech.recorded import MOST_BYTES, Recorded

from .sounds import RHVOICE, SOX, log_of, script, tone, write_wave

CATALOGUE = "en: {hello: Hello!}\nru: {hello: Здравствуйте!}\n"


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    """A folder with one recording."""
    folder = tmp_path / "studio"
    write_wave(folder / "en" / "hello.wav", tone(1.0, rate=44_100), rate=44_100)
    (folder / "catalogue.yaml").write_text(CATALOGUE, encoding="utf-8")
    return folder


@pytest.fixture
def all_three(stand_ins: SpeechSettings, studio: Path, tmp_path: Path) -> SpeechSettings:
    rhvoice = script(tmp_path / "RHVoice-test", RHVOICE)
    return replace(stand_ins, engine="auto", rhvoice=rhvoice, recorded=studio)


async def said_by(settings: SpeechSettings, text: str = "Hello!", language: str = "en") -> str:
    return (await Prompts(settings).render(text, language)).source


async def test_a_recording_comes_first_then_rhvoice_then_espeak(all_three: SpeechSettings):
    assert await said_by(all_three) == "recorded"
    assert await said_by(all_three, "Hello?") == "rhvoice"
    assert await said_by(all_three, "Здравствуйте!", "ru") == "rhvoice", "named, but not delivered yet"
    assert await said_by(replace(all_three, engine="espeak"), "Hello?") == "espeak"
    assert await said_by(replace(all_three, rhvoice="no-such-program"), "Hello?") == "espeak"


async def test_rhvoice_gets_voice_and_text(all_three: SpeechSettings):
    await Prompts(all_three).render("-o /etc/passwd", "ru")
    arguments, text = log_of(all_three.rhvoice).split("\n", 1)
    assert arguments.startswith("-p anna -o ")
    assert "passwd" not in arguments
    assert text == "-o /etc/passwd"


async def test_a_recording_is_brought_to_the_telephones_shape(all_three: SpeechSettings, studio: Path):
    """By sox, from the very file that the studio delivered."""
    await Prompts(all_three).render("Hello!", "en")
    assert Path(f"{all_three.sox}.log").read_bytes() == (studio / "en" / "hello.wav").read_bytes()  # noqa: ASYNC240


async def test_what_the_studio_delivers_is_heard_by_the_next_caller(all_three: SpeechSettings, studio: Path):
    prompts = Prompts(all_three)
    first = await prompts.render("Hello!", "en")
    write_wave(studio / "en" / "hello.wav", tone(2.0))
    second = await prompts.render("Hello!", "en")
    assert (second.source, second.path != first.path) == ("recorded", True)
    assert (await prompts.render("Здравствуйте!", "ru")).source == "rhvoice"
    write_wave(studio / "ru" / "hello.wav", tone(1.0))
    assert (await prompts.render("Здравствуйте!", "ru")).source == "recorded"
    (studio / "ru" / "hello.wav").unlink()
    assert (await prompts.render("Здравствуйте!", "ru")).source == "rhvoice"


async def test_a_changed_catalogue_is_read_and_a_faulty_one_is_not(all_three: SpeechSettings, studio: Path):
    prompts = Prompts(all_three)
    assert (await prompts.render("Good day!", "en")).source == "rhvoice"
    catalogue = studio / "catalogue.yaml"
    catalogue.write_text("en: {hello: Good day!}\n", encoding="utf-8")
    assert (await prompts.render("Good day!", "en")).source == "recorded"
    catalogue.write_text("en: {hello: [Good, night]}\n", encoding="utf-8")
    with capture_logs() as logs:
        for _ in range(2):
            assert (await prompts.render("Good day!", "en")).source == "recorded"
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["catalogue_refused"]


async def test_a_recording_that_is_no_sound_is_passed_over(all_three: SpeechSettings, tmp_path: Path):
    """Whoever calls hears the text all the same, and the log says why once."""
    picky = script(tmp_path / "picky", f'grep -q spoken "$2" || exit 2\n{SOX}')
    prompts = Prompts(replace(all_three, sox=picky))
    with capture_logs() as logs:
        assert (await prompts.render("Hello!", "en")).source == "rhvoice"
        assert (await prompts.render("Hello!", "en")).source == "rhvoice"
    passed = [entry for entry in logs if entry["event"] == "speech_passed_over"]
    assert [entry["source"] for entry in passed] == ["recorded"]
    assert "ended with 2" in passed[0]["why"]


@pytest.mark.parametrize("kind", ["huge", "pipe", "folder", "link to nowhere"])
async def test_a_recording_that_is_no_file_to_be_read(studio: Path, kind: str):
    """Nothing of it is read: a pipe would keep all callers waiting, and gigabytes all memory."""
    recorded = Recorded(studio)
    path = recorded.file("Hello!", "en")
    assert path is not None
    assert recorded.key("Hello!", "en")
    path.unlink()
    match kind:
        case "huge":
            with path.open("wb") as file:
                file.truncate(MOST_BYTES + 1)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to("nowhere")
    assert recorded.key("Hello!", "en") is None


async def test_what_rhvoice_cannot_say(all_three: SpeechSettings, tmp_path: Path):
    """It says nothing about it: it ends well, and writes nothing. It is not asked again at once."""
    mute = script(tmp_path / "mute", 'echo asked >>"$0.log"')
    prompts = Prompts(replace(all_three, rhvoice=mute))
    with capture_logs() as logs:
        for _ in range(3):
            assert (await prompts.render("Hello?", "en")).source == "espeak"
    assert log_of(mute).count("asked") == 1
    passed = [entry for entry in logs if entry["event"] == "speech_passed_over"]
    assert "wrote no sound" in passed[0]["why"]
    assert "speech.rhvoice_voices: anna, slt" in passed[0]["remedy"]


@pytest.mark.parametrize(("is_personal", "by_rhvoice"), [(True, 3), (False, 10)])
async def test_in_a_crowd_each_caller_gets_a_quick_voice(
    all_three: SpeechSettings, tmp_path: Path, is_personal: bool, by_rhvoice: int
):
    """What everybody hears is worth the time that the better voice takes."""
    gate = tmp_path / "gate"
    slow = script(tmp_path / "slow", f"while [ ! -e {gate} ]; do sleep 0.01; done; {RHVOICE}")
    prompts = Prompts(replace(all_three, rhvoice=slow, parallel=1))
    texts = [f"{number} euros" for number in range(10)]
    asked = [asyncio.create_task(prompts.render(text, "en", is_personal=is_personal)) for text in texts]
    while len(prompts._running) < len(texts):  # noqa: ASYNC110
        await asyncio.sleep(0)
    gate.touch()
    sources = [prompt.source for prompt in await asyncio.gather(*asked)]
    assert sources.count("rhvoice") == by_rhvoice
    assert sources.count("espeak") == len(texts) - by_rhvoice
    assert (await prompts.render("the next", "en", is_personal=is_personal)).source == "rhvoice"


async def test_the_last_source_is_always_asked(stand_ins: SpeechSettings, tmp_path: Path):
    mute = script(tmp_path / "mute", 'echo asked >>"$0.log"')
    prompts = Prompts(replace(stand_ins, espeak=mute))
    for _ in range(2):
        with pytest.raises(EngineFailed, match="wrote no sound"):
            await prompts.render("Hello?", "en")
    assert log_of(mute).count("asked") == 2


async def test_each_voice_has_its_own_files(all_three: SpeechSettings):
    paths = set()
    for changed in ({}, {"rhvoice_voices": {"ru": "elena", "en": "bdl"}}, {"engine": "espeak"}):
        prompts = Prompts(replace(all_three, **changed))
        paths |= {(await prompts.render("Hello?", "en")).path, (await prompts.render("Привет", "ru")).path}
    assert len(paths) == 6

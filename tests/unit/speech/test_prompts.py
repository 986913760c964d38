"""Prompts, with stand-ins for espeak-ng and sox; the real ones speak in the integration tests."""

import asyncio
import os
import time
from dataclasses import replace
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

from .sounds import ESPEAK, log_of, quiet, script, tone, write_wave


def content(file: str) -> bytes:
    return Path(file).read_bytes()


def spoil(file: str, data: bytes) -> None:
    Path(file).write_bytes(data)


def block(file: str) -> None:
    Path(file).unlink()
    (Path(file) / "in the way").mkdir(parents=True)


async def begun(prompts: Prompts) -> None:
    while not prompts._running:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_a_text_is_spoken_once(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    together = await asyncio.gather(*(prompts.render("hello", "en") for _ in range(20)))
    again = await Prompts(stand_ins).render(" hello ", "en")
    assert {*together, again} == {Prompt(again.path, 1.0, "espeak")}
    assert log_of(stand_ins.espeak).count("hello") == 1


async def test_language_and_text_make_different_files(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    made = {(await prompts.render(*what)).path for what in [("a", "en"), ("b", "en"), ("a", "ru")]}
    assert len(made) == 3


async def test_the_path_is_the_one_that_the_pbx_sees(stand_ins: SpeechSettings):
    seen = replace(stand_ins, pbx_folder="/mnt/prompts/")
    prompt = await Prompts(seen).render("hello", "en")
    assert prompt.path.startswith("/mnt/prompts/en/")
    assert not prompt.path.endswith(".wav")


async def test_no_text_is_an_option_or_a_command(stand_ins: SpeechSettings):
    await Prompts(stand_ins).render("-f /etc/passwd; $(id) `id` [[x]]", "en")
    arguments, text = log_of(stand_ins.espeak).split("\n", 1)
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


@pytest.mark.parametrize("text", ["", "  ", "…", "?!", "a\nb", "a\0b", "a\x1bb", "\ud800", "я" * 2001])
async def test_texts_that_cannot_be_said(stand_ins: SpeechSettings, text: str):
    with pytest.raises(TextRefused):
        await Prompts(stand_ins).render(text, "en")
    assert log_of(stand_ins.espeak) == ""


async def test_a_language_without_a_voice(stand_ins: SpeechSettings):
    with pytest.raises(TextRefused, match="en, ru"):
        await Prompts(stand_ins).render("hello", "../x")


async def test_a_missing_program_names_its_remedy(stand_ins: SpeechSettings):
    for changed, word in (
        ({"espeak": "/no/espeak-ng"}, "apt install espeak-ng, or set speech.espeak"),
        ({"sox": "no-such-sox"}, "apt install sox, or set speech.sox"),
    ):
        with pytest.raises(EngineMissing, match=word) as caught:
            await Prompts(replace(stand_ins, **changed)).render("hello", "en")
        assert isinstance(caught.value, SpeechError)
        assert word in caught.value.remedy


@pytest.mark.parametrize(
    ("sox", "word"),
    [
        ("echo broken >&2; exit 2", "broken"),
        ("true", r"cannot be played .*\(empty\)"),
        (': >"${11}"', r"\(empty\)"),
        ('cp "$(dirname "$0")/silence.wav" "${11}"', r"\(silent\)"),
        ('cp "$(dirname "$0")/minute.wav" "${11}"', r"\(too_long\)"),
        ("true", "try by hand: .*espeak -v en-us -w test.wav hello"),
    ],
)
async def test_a_program_that_fails_or_makes_nothing(
    tmp_path: Path, stand_ins: SpeechSettings, sox: str, word: str
):
    write_wave(tmp_path / "silence.wav", quiet(1.0))
    write_wave(tmp_path / "minute.wav", tone(60.0))
    settings = replace(stand_ins, sox=script(tmp_path / "bad", sox))
    with pytest.raises(EngineFailed, match=word):
        await Prompts(settings).render("hello", "en")
    assert list((stand_ins.folder / "en").iterdir()) == []


@pytest.mark.parametrize("hang", ["exec sleep 1000", "sleep 1000; true", "sleep 1000 & sleep 1000; true"])
async def test_a_program_that_hangs_is_ended(tmp_path: Path, stand_ins: SpeechSettings, hang: str):
    """A wrapper script with what it has started, too: that would hold the pipes for as long as it hangs."""
    hanging = script(tmp_path / "hang", hang)
    settings = replace(stand_ins, espeak=hanging, time_limit_seconds=0.2)
    prompts = Prompts(settings)
    results = await asyncio.gather(*(prompts.render("x", "en") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [EngineTimeout] * 3
    assert list((stand_ins.folder / "en").iterdir()) == []


async def test_a_folder_that_cannot_be_written(tmp_path: Path, stand_ins: SpeechSettings):
    (tmp_path / "file").write_text("")
    settings = replace(stand_ins, folder=tmp_path / "file")
    with pytest.raises(PromptFolderError, match=r"speech\.folder"):
        await Prompts(settings).render("hello", "en")


async def test_a_sound_that_cannot_be_put_in_its_place(stand_ins: SpeechSettings):
    block((await Prompts(stand_ins).render("hello", "en")).path + ".wav")
    with pytest.raises(PromptFolderError, match=r"speech\.folder"):
        await Prompts(stand_ins).render("hello", "en")


async def test_on_a_full_disk_no_sound_is_kept(stand_ins: SpeechSettings, monkeypatch: pytest.MonkeyPatch):
    """It may be half a sound: neither espeak-ng nor sox fails there."""
    monkeypatch.setattr("callcore.speech.prompts.LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(PromptFolderError, match="No space left"):
        await Prompts(stand_ins).render("hello", "en")
    assert list((stand_ins.folder / "en").iterdir()) == []


async def test_who_leaves_does_not_spoil_it_for_the_others(tmp_path: Path, stand_ins: SpeechSettings):
    gate = tmp_path / "gate"
    slow = script(tmp_path / "slow", f"while [ ! -e {gate} ]; do sleep 0.01; done; {ESPEAK}")
    prompts = Prompts(replace(stand_ins, espeak=slow))
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
    prompts = Prompts(replace(stand_ins, espeak=hanging))
    waiting = asyncio.create_task(prompts.render("hello", "en"))
    await begun(prompts)
    await prompts.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await prompts.close()


# --- many texts


async def test_of_many_texts_each_failure_is_told(stand_ins: SpeechSettings):
    texts = [("one", "en"), ("?", "en"), ("one", "en"), ("один", "ru"), ("eins", "de")]
    failed = await Prompts(stand_ins).render_all(texts)
    assert failed.keys() == {("?", "en"), ("eins", "de")}
    assert failed["?", "en"].words.ru == "нечего сказать: дайте текст"
    assert log_of(stand_ins.espeak).count("one") == 1
    assert log_of(stand_ins.espeak).count("один") == 1


async def test_a_caller_does_not_wait_until_many_texts_are_made(tmp_path: Path, stand_ins: SpeechSettings):
    gate = tmp_path / "gate"
    slow = script(tmp_path / "slow", f"while [ ! -e {gate} ]; do sleep 0.01; done; {ESPEAK}")
    prompts = Prompts(replace(stand_ins, espeak=slow, parallel=1))
    names = [f"text{number}" for number in range(5)]
    many = asyncio.create_task(prompts.render_all((name, "en") for name in names))
    await begun(prompts)
    wanted = asyncio.create_task(prompts.render("wanted", "en"))
    while len(prompts._running) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    gate.touch()
    await wanted
    assert await many == {}
    order = sorted([*names, "wanted"], key=log_of(slow).index)
    assert order == ["text0", "wanted", "text1", "text2", "text3", "text4"]


# --- what is said to one person


def age(path: str, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(f"{path}.wav", (moment, moment))


def written_at(path: str) -> int:
    return Path(f"{path}.wav").stat().st_mtime_ns


def is_there(path: str) -> bool:
    return Path(f"{path}.wav").exists()


async def test_personal_texts_lie_apart_and_are_deleted_after_an_hour(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    general = await prompts.render("Your balance is", "en")
    old, fresh = [await prompts.render(text, "en", is_personal=True) for text in ("five euros", "six euros")]
    assert Path(old.path).parent == stand_ins.folder / "personal" / "en"
    assert await prompts.render("Your balance is", "en", is_personal=True) != general
    for prompt in (general, old):
        age(prompt.path, 3601)
    age(fresh.path, 3590)
    assert prompts.forget() == 1
    assert [is_there(prompt.path) for prompt in (old, fresh)] == [False, True]
    assert is_there(general.path), "what everybody hears is kept"
    assert (await prompts.render("five euros", "en", is_personal=True)).seconds == 1.0, "made again"


async def test_a_personal_text_that_is_wanted_again_stays_another_hour(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    prompt = await prompts.render("five euros", "en", is_personal=True)
    age(prompt.path, 4000)
    await prompts.render("five euros", "en", is_personal=True)
    assert prompts.forget() == 0
    assert log_of(stand_ins.espeak).count("five euros") == 1


async def test_what_nobody_says_and_nobody_wanted_for_long_goes(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    said, silent, fresh = [await prompts.render(text, "en") for text in ("said", "silent", "fresh")]
    personal = await prompts.render("five euros", "en", is_personal=True)
    before = time.time() - 1000
    for prompt in (said, silent, personal):
        age(prompt.path, 2000)
    ours = stand_ins.folder / "en"
    foreign = [ours / "welcome.wav", ours / f"{'a' * 40}.gsm", stand_ins.folder / f"{'b' * 40}.wav"]
    for file in foreign:
        file.write_bytes(b"somebody else's")
        os.utime(file, (0, 0))
    assert prompts.prune([("said", "en"), ("never spoken", "en"), ("", "en"), ("x", "de")], before) == 1
    assert [is_there(each.path) for each in (said, silent, fresh, personal)] == [True, False, True, True]
    assert all(file.exists() for file in foreign)
    assert await prompts.render("silent", "en") == silent, "made again when it is wanted"


async def test_what_everybody_hears_is_marked_as_wanted_once_a_day(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    prompt = await prompts.render("hello", "en")
    age(prompt.path, 80_000)
    written = written_at(prompt.path)
    await prompts.render("hello", "en")
    assert written_at(prompt.path) == written
    age(prompt.path, 90_000)
    await prompts.render("hello", "en")
    assert prompts.prune([], time.time() - 80_000) == 0
    assert is_there(prompt.path)


async def test_what_a_killed_daemon_left_half_made_is_deleted(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    work = stand_ins.folder / "personal" / "en" / ".making-abc"
    write_wave(work / "spoken.wav", tone(1.0))
    assert prompts.forget() == 0, "it may be in the making"
    os.utime(work, (0, 0))
    assert prompts.forget() == 1
    assert not work.exists()


async def test_the_house_is_kept_from_the_start_on(stand_ins: SpeechSettings):
    prompts = Prompts(stand_ins)
    prompt = await prompts.render("five euros", "en", is_personal=True)
    age(prompt.path, 4000)
    keeping = asyncio.create_task(prompts.keep_house())
    while is_there(prompt.path):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    keeping.cancel()

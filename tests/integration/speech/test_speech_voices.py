"""What the real voices and sox make of texts and recordings."""

from __future__ import annotations

import math
import shutil
import stat
import wave
from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcore.speech import Prompt, Prompts, SpeechSettings
from callcore.speech.sound import Sound, flaws, measure

TEXTS = [
    ("Здравствуйте! Вы позвонили в «Связь и Свет». Чтобы узнать баланс, нажмите 1.", "ru"),
    ("тысяча двести тридцать четыре рубля пятьдесят шесть копеек", "ru"),
    ("ФСБ, ЖКХ, VPN, ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ru"),
    ("8 800 555-35-35, с 9:00 до 21:00, № 5, 40 %", "ru"),
    ("12345678901234567890", "ru"),
    ("Да", "ru"),
    ("Welcome to Light and Connection! For your balance, press 1.", "en"),
    ("one thousand two hundred and thirty-four roubles fifty-six kopecks", "en"),
    ("WWWWWWWWWW", "en"),
    ("$1,234.56", "en"),
    ("Yes", "en"),
]


def sound_of(prompt: Prompt) -> Sound:
    sound = measure(Path(f"{prompt.path}.wav"))
    assert sound is not None
    return sound


async def test_what_espeak_says_is_loud_whole_and_of_a_plausible_length(real: SpeechSettings) -> None:
    prompts = Prompts(real)
    for text, language in TEXTS:
        prompt = await prompts.render(text, language)
        sound = sound_of(prompt)
        assert flaws(sound, text) == (), text
        assert sound.peak_dbfs == pytest.approx(-3.0, abs=0.5), text
        assert (prompt.source, prompt.seconds) == ("espeak", sound.seconds)
        assert stat.S_IMODE(Path(f"{prompt.path}.wav").stat().st_mode) == 0o644  # noqa: ASYNC240


async def test_the_same_text_gives_the_same_bytes(real: SpeechSettings, tmp_path: Path) -> None:
    once, again = [
        await Prompts(replace(real, folder=folder)).render("Спасибо.", "ru")
        for folder in (tmp_path / "once", tmp_path / "again")
    ]
    assert Path(f"{once.path}.wav").read_bytes() == Path(f"{again.path}.wav").read_bytes()  # noqa: ASYNC240


# --- recordings


def delivered(folder: Path, name: str, seconds: float, *, rate: int, channels: int, peak: int) -> Path:
    """As a studio would: any rate, mono or stereo, any level."""
    path = folder / "en" / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    one = [
        round(peak * math.sin(2 * math.pi * 300 * n / rate) * abs(math.sin(3 * math.pi * n / rate)))
        for n in range(round(seconds * rate))
    ]
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(array("h", [sample for sample in one for _ in range(channels)]).tobytes())
    return path


@pytest.fixture
def studio(real: SpeechSettings, tmp_path: Path) -> SpeechSettings:
    folder = tmp_path / "studio"
    folder.mkdir()
    (folder / "catalogue.yaml").write_text("en: {hello: Hello!, wait: Please wait.}\n", encoding="utf-8")
    return replace(real, recorded=folder)


@pytest.mark.parametrize(
    ("rate", "channels", "peak"), [(44_100, 2, 2_000), (8_000, 1, 32_000), (48_000, 1, 9)]
)
async def test_a_recording_gets_the_telephones_shape_and_level(
    studio: SpeechSettings, rate: int, channels: int, peak: int
) -> None:
    assert studio.recorded is not None
    delivered(studio.recorded, "hello", 1.5, rate=rate, channels=channels, peak=peak)
    prompt = await Prompts(studio).render("Hello!", "en")
    sound = sound_of(prompt)
    assert prompt.source == "recorded"
    assert sound.seconds == pytest.approx(1.7, abs=0.01), "a tenth of a second is put before and behind"
    assert sound.peak_dbfs == pytest.approx(-3.0, abs=0.5)


@pytest.mark.parametrize("content", [b"", b"ID3 this is something else", None])
async def test_a_file_that_is_no_recording_of_it_is_passed_over(
    studio: SpeechSettings, content: bytes | None
) -> None:
    """The caller hears the text all the same."""
    assert studio.recorded is not None
    path = delivered(studio.recorded, "wait", 40.0, rate=8000, channels=1, peak=20_000)
    if content is not None:
        path.write_bytes(content)
    with capture_logs() as logs:
        prompt = await Prompts(studio).render("Please wait.", "en")
    assert prompt.source == "espeak"
    assert flaws(sound_of(prompt), "Please wait.") == ()
    assert [entry["source"] for entry in logs if entry["event"] == "speech_passed_over"] == ["recorded"]


# --- RHVoice, which Debian's main does not have


@pytest.mark.skipif(shutil.which("RHVoice-test") is None, reason="RHVoice is not installed")
async def test_what_rhvoice_says(real: SpeechSettings) -> None:
    prompts = Prompts(replace(real, engine="rhvoice"))
    for text, language in TEXTS:
        prompt = await prompts.render(text, language)
        assert flaws(sound_of(prompt), text) == (), text
        assert prompt.source == "rhvoice"
    unknown = Prompts(replace(real, engine="rhvoice", rhvoice_voices={"ru": "nobody", "en": "nobody"}))
    assert (await unknown.render("Здравствуйте!", "ru")).source == "espeak", (
        "it has an English one in its place"
    )

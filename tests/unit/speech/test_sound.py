"""Which sounds a caller can hear and understand."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import pytest

from callcore.speech.sound import Flaw, Sound, flaws, length, measure, plausible_seconds
from callcore.speech.texts import has_words

from .sounds import quiet, tone, write_wave

TEXT = "Please hold the line, somebody will answer soon."


def found(path: Path, samples: array[int], text: str = TEXT) -> tuple[Flaw, ...]:
    return flaws(measure(write_wave(path / "sound.wav", samples)), text)


def measured(path: Path, samples: array[int]) -> Sound:
    sound = measure(write_wave(path / "sound.wav", samples))
    assert sound is not None
    return sound


def test_a_good_sound(tmp_path: Path):
    assert found(tmp_path, tone(4.0)) == ()


def test_what_is_measured(tmp_path: Path):
    sound = measured(tmp_path, quiet(1.0) + tone(4.0, peak=16_384) + quiet(0.5))
    assert sound.seconds == 5.5
    assert sound.peak_dbfs == pytest.approx(-6.0, abs=0.1)
    assert sound.level_dbfs == pytest.approx(-12.0, abs=0.5), (
        "a swelling tone has half its peak's power twice"
    )
    assert sound.longest_pause_seconds == pytest.approx(1.0, abs=0.05)
    assert sound.clipped_share < 0.01


@pytest.mark.parametrize("hertz", [250, 400, 500, 800, 1000, 1600, 2000, 3200])
def test_no_tone_hides_between_the_samples_that_are_looked_at(tmp_path: Path, hertz: int):
    beep = array("h", (round(16_384 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(8000)))
    assert measured(tmp_path, beep).level_dbfs == pytest.approx(-9.0, abs=0.3)


def test_the_level_leaves_pauses_out(tmp_path: Path):
    alone, between = measured(tmp_path, tone(2.0)), measured(tmp_path, tone(1.0) + quiet(5.0) + tone(1.0))
    assert between.level_dbfs == pytest.approx(alone.level_dbfs, abs=0.2)


@pytest.mark.parametrize(
    ("samples", "flaw"),
    [
        (quiet(4.0), Flaw.silent),
        (tone(4.0, peak=150), Flaw.silent),
        (tone(0.5), Flaw.too_short),
        (tone(120.0), Flaw.too_long),
        (tone(4.0, peak=400) + tone(0.005, peak=0) + array("h", [29_000]), Flaw.quiet),
        (array("h", [max(-9000, min(9000, each)) for each in tone(4.0)]), Flaw.clipped),
        (tone(2.0) + quiet(2.5) + tone(2.0), Flaw.pause),
    ],
)
def test_each_flaw(tmp_path: Path, samples: array[int], flaw: Flaw):
    assert found(tmp_path, samples) == (flaw,)


def test_what_asterisk_cannot_play(tmp_path: Path):
    path = tmp_path / "sound.wav"
    assert flaws(measure(path), TEXT) == (Flaw.empty,)
    whole = write_wave(path, tone(1.0)).read_bytes()
    for content in (b"", b"RIFF", whole[: len(whole) // 2]):
        path.write_bytes(content)
        assert length(path) is None
        assert measure(path) is None
    assert length(write_wave(path, tone(1.0, rate=44_100), rate=44_100)) is None
    assert length(write_wave(path, array("h"))) is None
    assert length(write_wave(path, tone(1.0))) == 1.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Спасибо.", 0.8),
        ("Да", 0.4),
        ("1234567890", 7.0),  # one and a quarter of a milliard, in Russian
        ("Тел. 8 800 555-35-35, с 9:00 до 21:00", 9.0),
        ("тысяча двести тридцать четыре рубля пятьдесят шесть копеек", 4.6),
        ("WWWWWWWWWW", 5.0),  # spelled, in English
        ("…", 0.3),
    ],
)
def test_people_say_it_in_a_plausible_time(text: str, seconds: float):
    least, most = plausible_seconds(text)
    assert least <= seconds <= most


@pytest.mark.parametrize(
    ("text", "has"), [("Да", True), ("5", True), ("№", True), ("…", False), (" ?!", False)]
)
def test_what_can_be_said(text: str, has: bool):
    assert has_words(text) is has


def test_half_a_recording_is_too_short_and_another_text_too_long():
    least, most = plausible_seconds("Сейчас мы не можем ответить. Пожалуйста, перезвоните позже.")
    assert least > 1.0
    assert most < 20.0
    assert not math.isinf(most)

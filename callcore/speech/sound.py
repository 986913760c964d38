"""Is a prompt one that a caller can hear and understand? Its length, level and pauses.

Sounds are of 8 kHz, one channel, 16 bits. Bounds are wide: they find a file cut off, an empty one, a
microphone that was off, not a slow speaker.
"""

from __future__ import annotations

import math
import sys
import wave
from array import array
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import mul
from pathlib import Path
from typing import Final

from callcore.speech.settings import SAMPLE_RATE
from callcore.speech.texts import is_said

FULL_SCALE: Final = 32768
FRAME_SAMPLES: Final = SAMPLE_RATE // 50
"""20 ms."""
EVERY: Final = 7
"""The level is that of every seventh sample: the same to a tenth of a dB, in a fraction of the time. Seven
does not divide the rate, so that no tone hides between them."""
SILENT_PEAK: Final = 184
"""-45 dBFS: quieter than this is a pause."""
QUIET_DBFS: Final = -35.0
"""Of what is not a pause. A prompt's peak is at -3 dBFS: with speech so far below, it is that of a click."""
CLIPPED_SHARE: Final = 0.01
"""Of samples at the very top: a flat top, where speech only touches it."""
LONGEST_PAUSE_SECONDS: Final = 2.0
FASTEST, SLOWEST = 35.0, 4.0
"""Letters a second; people say 12 to 18."""
SPARE_SECONDS: Final = 2.5
"""Pauses at the ends and between sentences."""
LETTERS_OF_A_SIGN: Final = 12
"""What a digit or a sign may take to be said, at most; at least a digit takes one, a sign none."""
LETTERS_OF_A_CAPITAL: Final = 4
"""At most: it may be spelled."""


class Flaw(StrEnum):
    """What may be wrong with a sound."""

    empty = "empty"
    silent = "silent"
    too_short = "too_short"
    too_long = "too_long"
    quiet = "quiet"
    clipped = "clipped"
    pause = "pause"


USELESS: Final = frozenset({Flaw.empty, Flaw.silent, Flaw.too_short, Flaw.too_long})
"""Nobody would understand it: not played."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What was measured. ``peak_dbfs`` and ``level_dbfs``: -inf of silence; the level leaves pauses out."""

    seconds: float
    peak_dbfs: float
    level_dbfs: float
    clipped_share: float
    longest_pause_seconds: float


def length(path: Path) -> float | None:
    """Seconds of a file that Asterisk can play, else None."""
    try:
        with wave.open(str(path), "rb") as sound:
            shape = (sound.getframerate(), sound.getnchannels(), sound.getsampwidth())
            frames = sound.getnframes()
            is_whole = path.stat().st_size >= frames * 2
    except (OSError, EOFError, wave.Error):
        return None
    return frames / SAMPLE_RATE if shape == (SAMPLE_RATE, 1, 2) and frames and is_whole else None


def measure(path: Path) -> Sound | None:
    """None where Asterisk cannot play it."""
    if length(path) is None:
        return None
    with wave.open(str(path), "rb") as sound:
        samples = array("h", sound.readframes(-1))
    if sys.byteorder == "big":
        samples.byteswap()
    frames = [samples[at : at + FRAME_SAMPLES] for at in range(0, len(samples), FRAME_SAMPLES)]
    peaks = [_peak(frame) for frame in frames]
    loud = [peak > SILENT_PEAK for peak in peaks]
    spoken = [frame for frame, is_loud in zip(frames, loud, strict=True) if is_loud]
    count = sum(map(len, spoken))
    thinned = [frame[::EVERY] for frame in spoken]
    energy = sum(sum(map(mul, frame, frame)) for frame in thinned)
    top = max(peaks) * 0.995
    flat = [frame for frame, peak in zip(frames, peaks, strict=True) if peak >= top]
    clipped = sum(abs(sample) >= top for frame in flat for sample in frame)
    pauses = [len(list(run)) for is_loud, run in groupby(loud) if not is_loud]
    return Sound(
        seconds=len(samples) / SAMPLE_RATE,
        peak_dbfs=_dbfs(max(peaks)),
        level_dbfs=_dbfs(math.sqrt(energy / sum(map(len, thinned)))) if count else -math.inf,
        clipped_share=clipped / count if count else 0.0,
        longest_pause_seconds=max(pauses, default=0) * FRAME_SAMPLES / SAMPLE_RATE,
    )


def flaws(sound: Sound | None, text: str) -> tuple[Flaw, ...]:
    """What is wrong with the sound that is to say ``text``; the worst first."""
    if sound is None:
        return (Flaw.empty,)
    if sound.level_dbfs == -math.inf:
        return (Flaw.silent,)
    least, most = plausible_seconds(text)
    found = {
        Flaw.too_short: sound.seconds < least,
        Flaw.too_long: sound.seconds > most,
        Flaw.quiet: sound.level_dbfs < QUIET_DBFS,
        Flaw.clipped: sound.clipped_share > CLIPPED_SHARE,
        Flaw.pause: sound.longest_pause_seconds > LONGEST_PAUSE_SECONDS,
    }
    return tuple(flaw for flaw, is_there in found.items() if is_there)


def plausible_seconds(text: str) -> tuple[float, float]:
    """How long the text may take, at least and at most."""
    letters = sum(map(str.isalpha, text))
    capitals = sum(map(str.isupper, text))
    digits = sum(map(str.isdigit, text))
    signs = sum(map(is_said, text)) - letters - digits
    longest = (letters - capitals) + capitals * LETTERS_OF_A_CAPITAL + (digits + signs) * LETTERS_OF_A_SIGN
    return (letters + digits) / FASTEST, SPARE_SECONDS + longest / SLOWEST


def _peak(samples: array[int]) -> int:
    return max(max(samples), -min(samples))


def _dbfs(value: float) -> float:
    return 20 * math.log10(value / FULL_SCALE) if value else -math.inf

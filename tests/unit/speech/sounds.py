"""Sounds and programs that stand in for voices."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

RATE = 8000


def tone(seconds: float, peak: int = 20_000, rate: int = RATE) -> array[int]:
    """Something like speech: a tone that swells and fades three times a second."""
    return array(
        "h",
        (
            round(peak * math.sin(2 * math.pi * 300 * n / rate) * abs(math.sin(3 * math.pi * n / rate)))
            for n in range(round(seconds * rate))
        ),
    )


def quiet(seconds: float) -> array[int]:
    return array("h", bytes(2 * round(seconds * RATE)))


def write_wave(path: Path, samples: array[int], rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())
    return path


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def log_of(program: str) -> str:
    """What a stand-in was started with."""
    log = Path(program + ".log")
    return log.read_text() if log.exists() else ""


ESPEAK = 'echo "$@" >>"$0.log"; cat >>"$0.log"; echo spoken >"$8"'
"""Keeps its arguments and its text, and writes the file that ``-w`` names."""
RHVOICE = 'echo "$@" >>"$0.log"; cat >>"$0.log"; echo spoken >"$4"'
"""The same for ``-p VOICE -o FILE``."""
SOX = 'cat "$2" >>"$0.log"; cp "$(dirname "$0")/second.wav" "${11}"'
"""Keeps what it was given; all sounds are one second."""

"""The real programs: the machine's, else the laboratory's."""

from __future__ import annotations

import math
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.speech import SpeechSettings
from callcore.testing.lab import program


@pytest.fixture
def real(laboratory: None, tmp_path: Path) -> SpeechSettings:
    """espeak-ng and sox, with a folder of their own."""
    return SpeechSettings(
        tmp_path / "prompts", engine="espeak", espeak=str(program("espeak-ng")), sox=str(program("sox"))
    )


@pytest.fixture
def deliver() -> Callable[[Path], Path]:
    """Puts a recording of one second where it is told, as a studio would."""

    def put(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(44_100)
            swelling = (
                round(20_000 * math.sin(n / 23) * abs(math.sin(3 * math.pi * n / 44_100)))
                for n in range(44_100)
            )
            sound.writeframes(array("h", swelling).tobytes())
        return path

    return put

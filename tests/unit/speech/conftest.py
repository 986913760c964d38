"""Voices that cost nothing; the real ones speak in the integration tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcore.speech import SpeechSettings

from .sounds import ESPEAK, SOX, script, tone, write_wave


@pytest.fixture
def stand_ins(tmp_path: Path) -> SpeechSettings:
    write_wave(tmp_path / "second.wav", tone(1.0))
    return SpeechSettings(
        folder=tmp_path / "prompts",
        engine="espeak",
        espeak=script(tmp_path / "espeak", ESPEAK),
        sox=script(tmp_path / "sox", SOX),
    )

"""Where prompts lie and what makes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

SAMPLE_RATE: Final = 8000
"""Asterisk's; one channel, 16 bits."""
FORMAT_VERSION: Final = 1
"""Goes into the names of the files: raise it when the sound of the same text changes."""
VOICES: Final[Mapping[str, str]] = {"ru": "ru", "en": "en-us"}
RHVOICE_VOICES: Final[Mapping[str, str]] = {"ru": "anna", "en": "slt"}

EngineChoice = Literal["auto", "rhvoice", "espeak"]
"""``auto``: RHVoice where it is installed; ``rhvoice``: it ought to be there; ``espeak``: never RHVoice. What
RHVoice cannot say, espeak-ng says."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """``folder``: written by us. ``pbx_folder``: the same folder as the PBX sees it; None where that is the
    same path. ``recorded``: texts that a person has spoken (see ``recorded``). ``espeak``, ``rhvoice``,
    ``sox``: a name on the PATH or a path, of a wrapper script too; ``environment`` is added to theirs.
    """

    folder: Path
    pbx_folder: str | None = None
    recorded: Path | None = None
    engine: EngineChoice = "auto"
    espeak: str = "espeak-ng"
    rhvoice: str = "RHVoice-test"
    sox: str = "sox"
    environment: Mapping[str, str] = field(default_factory=dict)
    voices: Mapping[str, str] = field(default_factory=lambda: dict(VOICES))
    """espeak-ng's, by language."""
    rhvoice_voices: Mapping[str, str] = field(default_factory=lambda: dict(RHVOICE_VOICES))
    time_limit_seconds: float = 20.0
    parallel: int = max(2, os.cpu_count() or 2)

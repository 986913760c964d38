"""Where the sound of a text comes from: a recording, RHVoice, espeak-ng; the better one first."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, Protocol

from callcore.domain import Text
from callcore.speech import programs
from callcore.speech.recorded import Recorded
from callcore.speech.settings import FORMAT_VERSION, SpeechSettings

WORDS_PER_MINUTE: Final = 150


class Source(Protocol):
    """One of them."""

    @property
    def name(self) -> str: ...

    @property
    def remedy(self) -> Text:
        """What helps if its sound is no good."""

    @property
    def is_quick(self) -> bool:
        """It costs no more than a caller may wait for, however many call."""

    def key(self, text: str, language: str) -> str | None:
        """Names the sound: equal as long as it would sound the same. None: it has nothing for this text."""

    async def write(self, text: str, language: str, into: Path) -> None:
        """Write it as a WAV file of any shape. Raises SpeechError."""


class Espeak:
    name = "espeak"
    is_quick = True

    def __init__(self, settings: SpeechSettings) -> None:
        self._voices = settings.voices
        self._program = programs.espeak(settings)
        trial = f"{settings.espeak} -v {settings.voices['en']} -w test.wav hello"
        self.remedy = Text(f"попробуйте сами: {trial}", f"try by hand: {trial}")

    def key(self, text: str, language: str) -> str | None:
        return digest("espeak-ng", self._voices[language], str(WORDS_PER_MINUTE), _harmless(text))

    async def write(self, text: str, language: str, into: Path) -> None:
        # -b 1: the text is UTF-8; it comes by standard input, so that no text is ever an option
        options = ("-b", "1", "-v", self._voices[language], "-s", str(WORDS_PER_MINUTE))
        await self._program.run((*options, "-w", str(into), "--stdin"), _harmless(text))


class Rhvoice:
    name = "rhvoice"
    is_quick = False

    def __init__(self, settings: SpeechSettings) -> None:
        self._voices = settings.rhvoice_voices
        self._program = programs.rhvoice(settings)
        voices = ", ".join(self._voices.values())
        self.remedy = Text(
            f"стоят ли его голоса? speech.rhvoice_voices: {voices}",
            f"are its voices installed? speech.rhvoice_voices: {voices}",
        )

    def key(self, text: str, language: str) -> str | None:
        return digest("rhvoice", self._voices[language], text)

    async def write(self, text: str, language: str, into: Path) -> None:
        # what its voice cannot say is no failure for it: it writes nothing, as whoever reads it will see
        await self._program.run(("-p", self._voices[language], "-o", str(into)), text)


def make_sources(settings: SpeechSettings) -> tuple[Source, ...]:
    """Those that this machine has, the best first."""
    sources: list[Source] = []
    if settings.recorded is not None:
        sources.append(Recorded(settings.recorded))
    is_there = programs.rhvoice(settings).is_there
    if settings.engine == "rhvoice" or (settings.engine == "auto" and is_there):
        sources.append(Rhvoice(settings))
    return (*sources, Espeak(settings))


def digest(engine: str, voice: str, *parts: str) -> str:
    *manner, text = parts
    whole = "\0".join((engine, voice, *manner, str(FORMAT_VERSION), text))
    return hashlib.sha256(whole.encode()).hexdigest()[:40]


def _harmless(text: str) -> str:
    """espeak reads [[…]] as sounds of its own alphabet."""
    return text.replace("[[", "[ [")

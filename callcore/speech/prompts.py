"""From a text to a file that Asterisk plays: 8,000 Hz, one channel, 16 bits, named after what is said.

espeak-ng speaks at 22,050 Hz, sox brings that to the telephone's rate. A text is spoken once: its file's name
is a hash of text, voice and format, so that ten thousand calls with two hundred texts are two hundred files.

Errors are all SpeechError, and each tells what helps::

    EngineMissing      espeak-ng or sox is not there
    EngineFailed       one of them failed, or its file is not what Asterisk can play
    EngineTimeout      one of them took too long
    TextRefused        nothing to say, too long, or control characters in it
    PromptFolderError  the folder cannot be written
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger("callcore.speech")

FORMAT_VERSION: Final = 1
"""Goes into the hash: raise it when the sound of the same text changes."""
SAMPLE_RATE: Final = 8000
TEXT_CHARACTERS: Final = 2000
VOICES: Final[Mapping[str, str]] = {"ru": "ru", "en": "en-us"}
WORDS_PER_MINUTE: Final = 150

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class SpeechError(Exception):
    """No prompt. ``remedy`` says what a person can do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}: {remedy}")
        self.remedy = remedy


class EngineMissing(SpeechError):
    """A program is not there."""


class EngineFailed(SpeechError):
    """A program failed, or made no sound."""


class EngineTimeout(SpeechError):
    """A program took too long."""


class TextRefused(SpeechError):
    """A text that cannot be said."""


class PromptFolderError(SpeechError):
    """The folder cannot be written."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """Where prompts lie and what makes them.

    ``folder``: written by us. ``pbx_folder``: the same folder as the PBX sees it; None where that is the same
    path. ``espeak``, ``sox``: a name on the PATH or a path, of a wrapper script too; ``environment`` is added
    to theirs.
    """

    folder: Path
    pbx_folder: str | None = None
    espeak: str = "espeak-ng"
    sox: str = "sox"
    environment: Mapping[str, str] = field(default_factory=dict)
    voices: Mapping[str, str] = field(default_factory=lambda: dict(VOICES))
    time_limit_seconds: float = 20.0
    parallel: int = 2


@dataclass(frozen=True, slots=True)
class Prompt:
    """A file to play: its path without suffix, as the PBX sees it, and its length."""

    path: str
    seconds: float


class Prompts:
    """Speaks texts. One for the daemon; use it in one event loop."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._running: dict[Path, asyncio.Task[Prompt]] = {}
        self._slots = asyncio.Semaphore(settings.parallel)

    async def render(self, text: str, language: str) -> Prompt:
        """The prompt that says ``text``; made now if it is not there yet. ``language``: ``ru`` or ``en``.

        Who asks for the same text at the same time waits for the same work. Raises SpeechError.
        """
        text = _speakable(text)
        voice = self._settings.voices.get(language)
        if voice is None:
            known = ", ".join(sorted(self._settings.voices))
            raise TextRefused(f"no voice for the language {language!r}", f"use one of {known}")
        target = self._settings.folder / language / f"{_digest(voice, text)}.wav"
        seconds = await asyncio.to_thread(_seconds, target)
        if seconds is not None:
            return self._prompt(target, seconds)
        task = self._running.get(target)
        if task is None:
            task = asyncio.create_task(self._make(text, voice, target))
            self._running[target] = task
            task.add_done_callback(lambda done: self._forget(target, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ends what is being spoken."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _forget(self, target: Path, task: asyncio.Task[Prompt]) -> None:
        self._running.pop(target, None)
        if not task.cancelled():
            task.exception()  # who asked has it; a caller who left before is no reason for a warning

    async def _make(self, text: str, voice: str, target: Path) -> Prompt:
        settings = self._settings
        async with self._slots:
            try:
                work = await asyncio.to_thread(_work_folder, target.parent)
            except OSError as error:
                raise PromptFolderError(
                    f"cannot write prompts into {target.parent}: {error.strerror or error}",
                    "give callcore the right to write there, or set speech.folder",
                ) from error
            with work:
                spoken, ready = Path(work.name) / "spoken.wav", Path(work.name) / "ready.wav"
                # -b 1: the text is UTF-8; it comes by standard input, so that no text is ever an option
                speak = ("-b", "1", "-v", voice, "-s", str(WORDS_PER_MINUTE), "-w", str(spoken), "--stdin")
                await self._run("espeak", settings.espeak, speak, text.encode())
                # -D: no dither, the same text gives the same bytes
                shape = ("-r", str(SAMPLE_RATE), "-c", "1", "-b", "16", "-e", "signed-integer", str(ready))
                effects = ("norm", "-3", "pad", "0.1", "0.1")
                await self._run("sox", settings.sox, ("-D", str(spoken), *shape, *effects))
                seconds = await asyncio.to_thread(_publish, ready, target)
        if seconds is None:
            raise EngineFailed(
                "the synthesiser made a file that Asterisk cannot play",
                f"try `{settings.espeak} -v {voice} -w test.wav hello` by hand",
            )
        log.debug("prompt_made", file=target.name, seconds=round(seconds, 1), characters=len(text))
        return self._prompt(target, seconds)

    async def _run(self, option: str, program: str, arguments: Sequence[str], text: bytes = b"") -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **self._settings.environment},
            )
        except OSError as error:
            raise EngineMissing(
                f"{program} cannot be started ({error.strerror or error})",
                f"apt install {'espeak-ng' if option == 'espeak' else 'sox'}, or set speech.{option}",
            ) from error
        try:
            async with asyncio.timeout(self._settings.time_limit_seconds):
                _, errors = await process.communicate(text)
        except TimeoutError:
            limit = self._settings.time_limit_seconds
            raise EngineTimeout(
                f"{program} did not end within {limit:g} s", "is the machine overloaded?"
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            words = errors.decode("utf-8", "replace").strip()[-300:]
            raise EngineFailed(f"{program} ended with {process.returncode}", words or "it said nothing")

    def _prompt(self, target: Path, seconds: float) -> Prompt:
        folder = self._settings.pbx_folder
        if folder is None:
            return Prompt(str(target.with_suffix("")), seconds)
        return Prompt(f"{folder.rstrip('/')}/{target.parent.name}/{target.stem}", seconds)


def _speakable(text: str) -> str:
    if not text.strip():
        raise TextRefused("nothing to say", "give a text")
    if len(text) > TEXT_CHARACTERS:
        raise TextRefused(f"{len(text)} characters", f"a prompt may have {TEXT_CHARACTERS}")
    if _CONTROL.search(text):
        raise TextRefused("a control character or newline in a text to be spoken", "write it in one line")
    # espeak reads [[…]] as sounds of its own alphabet
    return text.strip().replace("[[", "[ [")


def _digest(voice: str, text: str) -> str:
    parts = ("espeak-ng", voice, str(WORDS_PER_MINUTE), str(FORMAT_VERSION), text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _seconds(path: Path) -> float | None:
    """The length of a file that Asterisk can play, else None."""
    try:
        with wave.open(str(path), "rb") as sound:
            shape = (sound.getframerate(), sound.getnchannels(), sound.getsampwidth())
            frames = sound.getnframes()
            whole = path.stat().st_size >= frames * 2
    except (OSError, EOFError, wave.Error):
        return None
    return frames / SAMPLE_RATE if shape == (SAMPLE_RATE, 1, 2) and frames and whole else None


def _work_folder(folder: Path) -> tempfile.TemporaryDirectory[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".making-", dir=folder)


def _publish(ready: Path, target: Path) -> float | None:
    """Puts the file in its place at once, so that Asterisk never sees half of one."""
    seconds = _seconds(ready)
    if seconds is not None:
        ready.chmod(0o644)  # Asterisk is another user
        ready.replace(target)
    return seconds

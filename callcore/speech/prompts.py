"""From a text to a file that Asterisk plays: 8,000 Hz, one channel, 16 bits, named after what is said.

The sources are asked in their order; the first that has a sound for the text is heard (``sources``). sox
brings the sound to the telephone's shape and level. A text is made once: its file's name is a hash of what
makes it sound so, and ten thousand calls with two hundred texts are two hundred files. Texts about one person
lie apart, and are deleted an hour after they were last wanted; where many are wanted at once, a quick voice
says them: each caller waits for his.

Errors are all SpeechError, and each tells what helps (see ``errors``).
"""

from __future__ import annotations

import asyncio
import errno
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from callcore.domain import Text
from callcore.speech import programs
from callcore.speech.errors import EngineFailed, PromptFolderError, SpeechError, TextRefused
from callcore.speech.settings import SAMPLE_RATE, SpeechSettings
from callcore.speech.sound import USELESS, flaws, length, measure
from callcore.speech.sources import Source, make_sources
from callcore.speech.texts import speakable

log = structlog.get_logger("callcore.speech")

PERSONAL: Final = "personal"
"""Folder of what is said to one person."""
PERSONAL_SECONDS: Final = 3600.0
HOUSEKEEPING_SECONDS: Final = 300.0
TOUCH_SECONDS: Final = 86_400.0
"""What is said to everybody is marked as wanted once a day at most."""
AGAIN_SECONDS: Final = 600.0
"""How long a source that failed to say a text is passed over for it."""
CROWD: Final = 2
"""Texts at work or waiting for each slot from which on a quick source says what one caller waits for."""
LEAST_FREE_BYTES: Final = 1_000_000
_MAKING: Final = ".making-"
_OURS: Final = re.compile(r"[0-9a-f]{40}\.wav")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A file to play: its path without suffix, as the PBX sees it, its length, and who says it."""

    path: str
    seconds: float
    source: str


@dataclass(frozen=True, slots=True)
class Way:
    """One source that can say a text, and where its sound goes; ``seconds`` if it is there already."""

    source: Source
    target: Path
    seconds: float | None


@dataclass(frozen=True, slots=True)
class _Failure:
    """``until``: of the monotonic clock, when it may be tried again."""

    until: float
    error: SpeechError


class Prompts:
    """Speaks texts. One for the daemon; use it in one event loop."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._sources = make_sources(settings)
        self._sox = programs.sox(settings)
        self._running: dict[Path, asyncio.Task[Prompt]] = {}
        self._slots = asyncio.Semaphore(settings.parallel)
        self._failed: dict[Path, _Failure] = {}
        self._complained: set[tuple[str, type[SpeechError]]] = set()

    async def render(self, text: str, language: str, *, is_personal: bool = False) -> Prompt:
        """The prompt that says ``text``; made now if it is not there yet. ``language``: ``ru`` or ``en``.
        ``is_personal``: it tells of one person, and is not kept.

        Who asks for the same text at the same time waits for the same work. Raises SpeechError.
        """
        text = speakable(text)
        ways = await asyncio.to_thread(self.ways, text, language, is_personal=is_personal)
        for way in ways:
            if way.seconds is not None:
                return self._prompt(way, way.seconds)
            is_last = way is ways[-1]
            is_too_slow = is_personal and self._is_crowded and not way.source.is_quick
            if not is_last and (is_too_slow or self._has_failed(way)):
                continue
            try:
                return await self._made(way, text, language)
            except SpeechError as error:
                if is_last or isinstance(error, PromptFolderError):
                    raise
                self._pass_over(way, error)
        raise AssertionError("espeak-ng has a sound for every text")

    async def render_all(self, texts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], SpeechError]:
        """Make the prompts of these (text, language); gives those that could not be made, and why.

        Never more of them at a time than there are slots: what a caller wants meanwhile waits for one of them
        at most.
        """
        waiting = iter(dict.fromkeys(texts))
        failed: dict[tuple[str, str], SpeechError] = {}

        async def work() -> None:
            for text in waiting:
                try:
                    await self.render(*text)
                except SpeechError as error:
                    failed[text] = error

        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.parallel):
                group.create_task(work())
        return failed

    def ways(self, text: str, language: str, *, is_personal: bool = False) -> list[Way]:
        """The sources that have something for this text, the best first, up to one whose sound is there.
        Raises TextRefused."""
        text = speakable(text)
        if language not in self._settings.voices:
            known = ", ".join(sorted(self._settings.voices))
            raise TextRefused(
                Text(f"для языка {language!r} нет голоса", f"no voice for the language {language!r}"),
                Text(f"есть {known}", f"use one of {known}"),
            )
        folder = self._settings.folder / PERSONAL if is_personal else self._settings.folder
        found: list[Way] = []
        for source in self._sources:
            key = source.key(text, language)
            if key is None:
                continue
            target = folder / language / f"{key}.wav"
            seconds = length(target)
            found.append(Way(source, target, seconds))
            if seconds is not None:
                if is_personal or _written(target) < time.time() - TOUCH_SECONDS:
                    with suppress(OSError):  # deleted just now, or another user's
                        os.utime(target)
                break
        return found

    def passed_over(self, text: str, language: str) -> SpeechError | None:
        """Why the source that ought to say it did not, when it was last tried; None if it did. Raises
        TextRefused."""
        failure = self._failed.get(self.ways(text, language)[0].target)
        return failure.error if failure else None

    async def keep_house(self) -> None:
        """Deletes what is no longer to be kept, for ever."""
        while True:
            try:
                await asyncio.to_thread(self.forget)
            except OSError as error:
                log.warning("prompts_not_deleted", why=str(error))
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    def forget(self) -> int:
        """Delete personal texts that nobody wanted for an hour, and what an earlier life left half made; how
        many there were. May raise OSError."""
        folder, before = self._settings.folder, time.time() - PERSONAL_SECONDS
        texts = [path for path in folder.glob(f"{PERSONAL}/*/*.wav") if _written(path) < before]
        works = [path for path in folder.glob(f"**/{_MAKING}*") if _written(path) < before]
        for path in texts:
            path.unlink(missing_ok=True)
        for path in works:
            shutil.rmtree(path, ignore_errors=True)
        return len(texts) + len(works)

    def prune(self, texts: Iterable[tuple[str, str]], before: float) -> int:
        """Delete what is said to everybody and was last wanted before that moment, by the system's clock, but
        not what says one of these (text, language); how many there were. May raise OSError."""
        kept: set[Path] = set()
        for text, language in texts:
            with suppress(TextRefused):
                kept |= {way.target for way in self.ways(text, language)}
        count = 0
        for language in self._settings.voices:
            for path in (self._settings.folder / language).glob("*.wav"):
                if path not in kept and _OURS.fullmatch(path.name) and _written(path) < before:
                    path.unlink(missing_ok=True)
                    count += 1
        return count

    async def close(self) -> None:
        """Ends what is being spoken."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # --- making

    @property
    def _is_crowded(self) -> bool:
        return len(self._running) > CROWD * self._settings.parallel

    def _has_failed(self, way: Way) -> bool:
        return way.target in self._failed and self._failed[way.target].until > time.monotonic()

    def _pass_over(self, way: Way, error: SpeechError) -> None:
        now = time.monotonic()
        self._failed = {target: each for target, each in self._failed.items() if each.until > now}
        self._failed[way.target] = _Failure(now + AGAIN_SECONDS, error)
        complaint = (way.source.name, type(error))
        if complaint not in self._complained:
            self._complained.add(complaint)
            log.warning("speech_passed_over", source=way.source.name, why=str(error), remedy=error.remedy)

    async def _made(self, way: Way, text: str, language: str) -> Prompt:
        task = self._running.get(way.target)
        if task is None:
            task = asyncio.create_task(self._make(way, text, language))
            self._running[way.target] = task
            task.add_done_callback(lambda done: self._done(way.target, done))
        return await asyncio.shield(task)

    def _done(self, target: Path, task: asyncio.Task[Prompt]) -> None:
        self._running.pop(target, None)
        if not task.cancelled():
            task.exception()  # who asked has it; a caller who left before is no reason for a warning

    async def _make(self, way: Way, text: str, language: str) -> Prompt:
        async with self._slots:
            try:
                # not in a thread: cancelled then, it would stay
                with _work_folder(way.target.parent) as work:
                    seconds = await self._write(way, text, language, Path(work))
            except OSError as error:
                where = f"{way.target.parent} ({error.strerror or error})"
                raise PromptFolderError(
                    Text(f"звуки не записать в {where}", f"cannot write prompts into {where}"),
                    Text(
                        "дайте callcore право писать туда или укажите speech.folder",
                        "give callcore the right to write there, or set speech.folder",
                    ),
                ) from error
        log.debug("prompt_made", file=way.target.name, seconds=round(seconds, 1), characters=len(text))
        return self._prompt(way, seconds)

    async def _write(self, way: Way, text: str, language: str, work: Path) -> float:
        """Its sound in its place; how long it is. May raise OSError."""
        spoken, ready = work / "spoken.wav", work / "ready.wav"
        await way.source.write(text, language, spoken)
        if not spoken.exists():
            name = way.source.name
            raise EngineFailed(Text(f"{name} не дал звука", f"{name} wrote no sound"), way.source.remedy)
        # -D: no dither, the same text gives the same bytes
        shape = ("-r", str(SAMPLE_RATE), "-c", "1", "-b", "16", "-e", "signed-integer", str(ready))
        await self._sox.run(("-D", str(spoken), *shape, "norm", "-3", "pad", "0.1", "0.1"))
        _look_at_disk(work)
        return await asyncio.to_thread(_publish, ready, way, text)

    def _prompt(self, way: Way, seconds: float) -> Prompt:
        settings, path = self._settings, way.target.with_suffix("")
        if settings.pbx_folder is not None:
            path = Path(settings.pbx_folder) / path.relative_to(settings.folder)
        return Prompt(str(path), seconds, way.source.name)


def _work_folder(folder: Path) -> tempfile.TemporaryDirectory[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=_MAKING, dir=folder)


def _written(path: Path) -> float:
    """When, by the system's clock; never, if it is gone by now."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _look_at_disk(work: Path) -> None:
    """On a full disk espeak-ng and sox cut a sound off, say nothing, and callers would hear half of it for
    ever. Raises OSError."""
    disk = os.statvfs(work)
    if disk.f_bavail * disk.f_frsize < LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _publish(ready: Path, way: Way, text: str) -> float:
    """Puts the file in its place at once, so that Asterisk never sees half of one. Raises EngineFailed."""
    sound = measure(ready)
    useless = [flaw for flaw in flaws(sound, text) if flaw in USELESS]
    if sound is None or useless:
        name, why = way.source.name, ", ".join(useless)
        raise EngineFailed(
            Text(
                f"звук, который сделал {name}, не сыграть или не понять ({why})",
                f"{name} made a sound that cannot be played or understood ({why})",
            ),
            way.source.remedy,
        )
    ready.chmod(0o644)  # Asterisk is another user
    ready.replace(way.target)
    return sound.seconds

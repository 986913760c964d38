"""Starting the programs that make sound."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from callcore.domain import Text
from callcore.speech.errors import EngineFailed, EngineMissing, EngineTimeout
from callcore.speech.settings import SpeechSettings

END_SECONDS: Final = 5.0
"""How long a killed program may take to be gone."""


@dataclass(frozen=True, slots=True)
class Program:
    """``setting``: what of ``speech`` names it. ``package``: where people get it from."""

    name: str
    setting: str
    package: str
    environment: Mapping[str, str]
    time_limit_seconds: float

    @property
    def is_there(self) -> bool:
        return shutil.which(self.name) is not None

    @property
    def remedy(self) -> Text:
        """Where it is missing."""
        return Text(
            f"apt install {self.package} или укажите speech.{self.setting}",
            f"apt install {self.package}, or set speech.{self.setting}",
        )

    async def run(self, arguments: Sequence[str], text: str = "") -> None:
        """Run it to its end, ``text`` on its standard input. Raises SpeechError."""
        try:
            process = await asyncio.create_subprocess_exec(
                self.name,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        except OSError as error:
            why = error.strerror or error
            raise EngineMissing(
                Text(f"{self.name} не запускается ({why})", f"{self.name} cannot be started ({why})"),
                self.remedy,
            ) from error
        try:
            async with asyncio.timeout(self.time_limit_seconds):
                _, errors = await process.communicate(text.encode())
        except TimeoutError:
            limit = f"{self.time_limit_seconds:g}"
            raise EngineTimeout(
                Text(f"{self.name} не успевает за {limit} с", f"{self.name} did not end within {limit} s"),
                Text("не перегружена ли машина?", "is the machine overloaded?"),
            ) from None
        finally:
            if process.returncode is None:
                await _end(process)
        if process.returncode != 0:
            words = errors.decode("utf-8", "replace").strip()[-300:]
            code = process.returncode
            raise EngineFailed(
                Text(f"{self.name}: код завершения {code}", f"{self.name} ended with {code}"),
                Text(words, words) if words else Text("причина не названа", "it said nothing"),
            )


async def _end(process: asyncio.subprocess.Process) -> None:
    """With all that it has started: a wrapper script leaves its program behind, which holds the pipes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):  # whoever escaped by a session of his own is not waited for
        async with asyncio.timeout(END_SECONDS):
            await process.wait()


def espeak(settings: SpeechSettings) -> Program:
    return _program(settings, settings.espeak, "espeak", "espeak-ng")


def rhvoice(settings: SpeechSettings) -> Program:
    return _program(settings, settings.rhvoice, "rhvoice", "rhvoice")


def sox(settings: SpeechSettings) -> Program:
    return _program(settings, settings.sox, "sox", "sox")


def lacking(settings: SpeechSettings) -> tuple[Program, ...]:
    """Those that ought to be here and are not: without them callers hear less, or nothing."""
    wanted = [espeak(settings), sox(settings)]
    if settings.engine == "rhvoice":
        wanted.append(rhvoice(settings))
    return tuple(program for program in wanted if not program.is_there)


def _program(settings: SpeechSettings, name: str, setting: str, package: str) -> Program:
    return Program(name, setting, package, settings.environment, settings.time_limit_seconds)

"""Prompts for the IVR: each PBX sees the shared folder under its own path."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from callcore.domain import PbxName
from callcore.ivr.flow import Phrase
from callcore.speech import Prompts, SpeechError

log = structlog.get_logger("callcore.speech")

FRESH_SECONDS: Final = 1.0
"""A prompt that was there so shortly before is not looked for again: that takes a thread, and a busy IVR
wants the same few prompts hundreds of times a second."""
MOST_FRESH: Final = 1000


@dataclass(frozen=True, slots=True)
class Spoken:
    path: str
    seconds: float


class SpokenPrompts:
    """The IVR's ``Speech``: never raises, a text that cannot be spoken is logged once and left out."""

    def __init__(
        self,
        prompts: Prompts,
        folder: Path,
        folders: Mapping[PbxName, str | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``folders``: ``folder`` as each PBX sees it; None for the same path."""
        self._prompts = prompts
        self._folder = str(folder)
        self._folders = folders
        self._complained: set[str] = set()
        self._monotonic = monotonic
        self._fresh: dict[tuple[PbxName, str, str], tuple[float, Spoken]] = {}
        """With the moment until which they are."""

    async def prompt(
        self, pbx: PbxName, text: str, language: str, *, is_personal: bool = False
    ) -> Spoken | None:
        """``is_personal``: it tells of one person, and is not kept."""
        if is_personal:
            return await self._look(pbx, text, language, is_personal=True)
        until, found = self._fresh.get((pbx, text, language), (0.0, None))
        if found is None or until < self._monotonic():
            found = await self._look(pbx, text, language, is_personal=False)
            if found is not None:
                self._keep((pbx, text, language), found)
        return found

    def _keep(self, wanted: tuple[PbxName, str, str], found: Spoken) -> None:
        if len(self._fresh) >= MOST_FRESH:
            self._fresh.clear()
        self._fresh[wanted] = self._monotonic() + FRESH_SECONDS, found

    async def _look(self, pbx: PbxName, text: str, language: str, *, is_personal: bool) -> Spoken | None:
        try:
            made = await self._prompts.render(text, language, is_personal=is_personal)
        except SpeechError as error:
            self._complain(error)
            return None
        own = self._folders.get(pbx)
        path = made.path if own is None else own.rstrip("/") + made.path.removeprefix(self._folder)
        return Spoken(path, made.seconds)

    async def prepare(self, phrases: Iterable[Phrase]) -> int:
        """Speak everything before the first caller asks for it; gives how many could not be made."""
        failed = await self._prompts.render_all((phrase.text, phrase.language) for phrase in phrases)
        for error in failed.values():
            self._complain(error)
        return len(failed)

    def _complain(self, error: SpeechError) -> None:
        if str(error) not in self._complained:
            self._complained.add(str(error))
            log.error("prompt_not_made", why=str(error), remedy=error.remedy)

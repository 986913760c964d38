"""Prompts for the IVR: each PBX sees the shared folder under its own path."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from callcore.domain import PbxName
from callcore.ivr.flow import Phrase
from callcore.speech.prompts import Prompts, SpeechError

log = structlog.get_logger("callcore.speech")


@dataclass(frozen=True, slots=True)
class Spoken:
    path: str
    seconds: float


class SpokenPrompts:
    """The IVR's ``Speech``: never raises, a text that cannot be spoken is logged once and left out."""

    def __init__(self, prompts: Prompts, folder: Path, folders: Mapping[PbxName, str | None]) -> None:
        """``folders``: ``folder`` as each PBX sees it; None for the same path."""
        self._prompts = prompts
        self._folder = str(folder)
        self._folders = folders
        self._complained: set[str] = set()

    async def prompt(self, pbx: PbxName, text: str, language: str) -> Spoken | None:
        try:
            made = await self._prompts.render(text, language)
        except SpeechError as error:
            if str(error) not in self._complained:
                self._complained.add(str(error))
                log.error("prompt_not_made", why=str(error), remedy=error.remedy)
            return None
        own = self._folders.get(pbx)
        path = made.path if own is None else own.rstrip("/") + made.path.removeprefix(self._folder)
        return Spoken(path, made.seconds)

    async def prepare(self, pbx: PbxName, phrases: Iterable[Phrase]) -> None:
        """Speak everything before the first caller asks for it."""
        await asyncio.gather(*(self.prompt(pbx, phrase.text, phrase.language) for phrase in phrases))

"""What goes by itself of all that callers hear: editions of long ago, and sounds that nobody wants any more.

A sound that is missing is made again when it is wanted: at worst a caller waits for it. Never among them is
what the edition in force says, those that calls still go by, notices under way, and announcements.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from callcore.assembly import wiring
from callcore.assembly.editions import Editions
from callcore.assembly.voice import Readings
from callcore.config import Settings
from callcore.domain import LANGUAGES, Text
from callcore.ivr.visit import Book
from callcore.speech import Prompts
from callcore.store.database import Database
from callcore.strictyaml.faults import ConfigFaults

log = structlog.get_logger("callcore.upkeep")

Said = set[tuple[str, str]]
"""Text and language."""


class Retention:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        editions: Editions,
        readings: Readings,
        prompts: Prompts,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._editions = editions
        self._readings = readings
        self._prompts = prompts
        self._now = now

    async def once(self) -> None:
        """One round. May raise StoreError, OSError."""
        await self._forget_editions()
        await self._delete_prompts()

    async def _forget_editions(self) -> None:
        keep, now = self._settings.editions, self._now()
        held = {*self._editions.in_use()}
        gone = await self._database.editions.purge(keep.keep, now - timedelta(days=keep.keep_days), held)
        if gone:
            log.info("editions_forgotten", count=gone)

    async def _delete_prompts(self) -> None:
        wanted = await self._wanted()
        before = (self._now() - timedelta(days=self._settings.speech.keep_days)).timestamp()
        gone = await asyncio.to_thread(self._prompts.prune, wanted, before)
        if gone:
            log.info("prompts_deleted", count=gone)

    async def _wanted(self) -> Said:
        """All that may be said to everybody."""
        books = [self._editions.newest, *filter(None, map(self._editions.book, self._editions.in_use()))]
        books += await self._before()
        said: Said = {(phrase.text, phrase.language) for book in books for phrase in wiring.all_said(book)}
        said |= _both(campaign.voice for campaign in await self._database.campaigns.living())
        notes = await self._database.announcements.spoken(self._now())
        return said | _both(note.spoken for note in notes if note.spoken is not None)

    async def _before(self) -> list[Book]:
        """The editions before the one in force; one that cannot be read cannot be taken back either."""
        books: list[Book] = []
        newest = self._editions.newest.edition
        for edition in await self._database.editions.list(newest, self._settings.speech.keep_editions):
            try:
                reading = await self._readings(edition.id)
            except ConfigFaults:
                continue
            if reading is not None:
                books.append(reading.book)
        return books


def _both(texts: Iterable[Text]) -> Said:
    return {(text.in_(language), language) for text in texts for language in LANGUAGES}

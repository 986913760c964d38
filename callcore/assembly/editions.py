"""Reading topic tables, IVR, departments and types of cases anew, without dropping a call.

What is read is taken over as a whole or refused as a whole. A running call keeps the edition it began with;
each edition is kept in the database, with who and when, and can be taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from callcore.assembly import wiring
from callcore.assembly.current import Current
from callcore.config import Fault, Settings, load
from callcore.config.changes import followed, kept_texts, needs_restart
from callcore.config.writing import wanted_files, write_back
from callcore.ivr.visit import Book
from callcore.store.editions import Edition
from callcore.store.editions import Editions as EditionStore
from callcore.strictyaml.faults import ConfigFaults
from callcore.web.metrics import Metrics

log = structlog.get_logger("callcore.editions")

BY_SIGNAL = "SIGHUP"
"""In place of a login."""
BOOKS = 10
"""The newest are always at hand: a call may be in the menus before it is known which edition it uses."""


class UnknownEdition(LookupError):
    """None of this number was kept."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload came to."""

    edition: Edition
    is_new: bool
    """False: the files are those of the edition that held already."""
    needs_restart: tuple[str, ...]
    """Dotted names of changed settings that do not follow a reload."""
    warnings: tuple[Fault, ...]
    unspoken: int
    """Prompts that could not be made: their callers hear nothing there."""
    set_aside: tuple[str, ...] = ()
    """Files left under other names by ``take_back``, since no edition has their texts."""


Speak = Callable[[Book], Awaitable[int]]
"""Make every prompt of it; gives how many could not be made."""


class Editions:
    """``start`` it before a call may come; let ``follow`` run."""

    def __init__(
        self,
        current: Current,
        store: EditionStore,
        speak: Speak,
        in_use: Callable[[], Collection[int]],
        now: Callable[[], datetime],
    ) -> None:
        """``in_use``: editions that calls were routed by which still last."""
        self._current = current
        self.store = store
        self._speak = speak
        self.in_use = in_use
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._books: dict[int, Book] = {}
        self.newest = wiring.make_book(current.settings)
        """What a call that comes now goes by."""
        self.refused = 0
        """Readings since the start that came to nothing."""

    def watch(self, metrics: Metrics) -> None:
        metrics.watch(
            "edition", "Edition that new calls go by", lambda: {"": float(self.newest.edition or 0)}
        )
        metrics.watch(
            "reloads_refused", "Readings of the files that came to nothing", lambda: {"": float(self.refused)}
        )

    async def start(self) -> None:
        """Keep what the daemon was started with. Raises StoreError."""
        kept, _ = await self.store.keep(kept_texts(self._current.settings), "", self._now())
        self._turn(self._current.settings, self.newest, kept)

    def book(self, edition: int | None) -> Book | None:
        """Of a running call; None: this daemon has not read that edition, or not for a long time."""
        return None if edition is None else self._books.get(edition)

    async def reload(self, login: str) -> Reloaded:
        """Read the files anew. Raises ConfigFaults with every fault (nothing changed), StoreError."""
        async with self._one_at_a_time:
            fresh = await self._load()
            return await self._take_over(fresh, login)

    async def take_back(self, id: int, login: str) -> Reloaded:
        """Write the files of an edition back and read them.

        Raises UnknownEdition, and, before anything is written, ConfigFaults where they do not fit what does
        not follow a reload; OSError, StoreError.
        """
        async with self._one_at_a_time:
            kept = await self.store.files(id)
            if kept is None:
                raise UnknownEdition(id)
            running = self._current.settings
            texts = await asyncio.to_thread(wanted_files, running, kept)
            fresh = await self._load(texts)
            set_aside = await asyncio.to_thread(write_back, running, fresh)
            done = await self._take_over(fresh, login, back_to=id)
            return replace(done, set_aside=set_aside)

    async def follow(self, asked: asyncio.Event) -> None:
        """Reload whenever ``asked`` is set. For ever; what is refused is logged."""
        while True:
            await asked.wait()
            asked.clear()
            try:
                await self.reload(BY_SIGNAL)
            except ConfigFaults:
                continue  # each fault is in the log
            except Exception as error:  # whatever it is, the calls go on by the edition before
                log.exception("reload_failed", why=str(error))

    async def _load(self, texts: Mapping[str, str] | None = None) -> Settings:
        """In a thread: some hundred files take longer than a caller may wait."""
        file: Path = self._current.settings.file
        try:
            fresh = await asyncio.to_thread(load, file, kept=texts)
        except ConfigFaults as refused:
            self.refused += 1
            for fault in refused.faults:
                if fault.severity == "fault":
                    log.error("reload_refused", fault=str(fault))
            raise
        for warning in fresh.warnings:
            log.warning("reload_warned", warning=str(warning))
        return fresh

    async def _take_over(self, fresh: Settings, login: str, back_to: int | None = None) -> Reloaded:
        """Every prompt is spoken before the first caller can be led to it."""
        running = self._current.settings
        settings = followed(running, fresh)
        book = wiring.make_book(settings)
        unspoken = await self._speak(book)
        kept, is_new = await self.store.keep(kept_texts(settings), login, self._now(), back_to)
        waiting = needs_restart(running, fresh)
        self._turn(settings, book, kept)
        log.info("edition_holds", edition=kept.id, login=login, is_new=is_new, needs_restart=waiting)
        return Reloaded(kept, is_new, waiting, fresh.warnings, unspoken)

    def _turn(self, settings: Settings, book: Book, kept: Edition) -> None:
        """From here on every room and every new call goes by it."""
        self._current.settings = settings
        self.newest = replace(book, edition=kept.id)
        self._books[kept.id] = self.newest
        wanted = {*sorted(self._books)[-BOOKS:], *self.in_use()}
        self._books = {id: book for id, book in self._books.items() if id in wanted}

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from callcore.assembly.current import Current
from callcore.assembly.editions import Editions
from callcore.config import Settings, load
from callcore.ivr.visit import Book
from callcore.store import editions as store
from callcore.store.errors import StoreUnavailable

SETTINGS = """\
organisation:
  name: {ru: Свет, en: Light}
  zone: Europe/Moscow
database:
  url: sqlite:///var/callcore.db
pbx:
  main:
    host: 127.0.0.1
    secret_env: PATH
topics: topics
ivr:
  greeting: {ru: Здравствуйте, en: Hello}
  default_topic: finance.charges
speech:
  folder: prompts
sign_in: {second_factor: off}
"""
TABLE = """\
title: {ru: Деньги, en: Money}
key: 1
zone: Europe/Moscow
hours:
  mon-fri: 09:00-18:00
  sat-sun: closed
closed: {ru: Закрыто, en: Closed}
queue: finance
topics:
  charges:
    title: {ru: Начисления, en: Charges}
"""
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class Shelf:
    """The store of editions, in memory."""

    kept: list[tuple[store.Edition, Mapping[str, str]]] = field(default_factory=list)
    is_away: bool = False
    refused: int = 0

    async def keep(
        self, files: Mapping[str, str], login: str, at: datetime, back_to: int | None = None
    ) -> tuple[store.Edition, bool]:
        if self.is_away:
            self.refused += 1
            raise StoreUnavailable("away")
        digest = store.digest_of(files)
        if self.kept and self.kept[-1][0].digest == digest:
            return self.kept[-1][0], False
        edition = store.Edition(len(self.kept) + 1, at, login, digest, back_to)
        self.kept.append((edition, dict(files)))
        return edition, True

    async def files(self, id: int) -> Mapping[str, str] | None:
        return next((files for edition, files in self.kept if edition.id == id), None)


@dataclass
class House:
    """Settings in a folder, editions of them, and what was spoken."""

    folder: Path
    shelf: Shelf = field(default_factory=Shelf)
    in_use: set[int] = field(default_factory=set)
    spoken: list[Book] = field(default_factory=list)
    unspoken: int = 0
    may_speak: asyncio.Event = field(default_factory=asyncio.Event)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.may_speak.set()
        (self.folder / "topics").mkdir()
        self.settings(SETTINGS)
        self.table(TABLE)
        self.current = Current(self.load())
        self.editions = Editions(
            self.current, cast(store.Editions, self.shelf), self._speak, lambda: self.in_use, self._tick
        )

    def load(self) -> Settings:
        return load(self.folder / "callcore.yaml")

    def settings(self, text: str) -> None:
        (self.folder / "callcore.yaml").write_text(text, encoding="utf-8")

    def table(self, text: str, name: str = "finance.yaml") -> None:
        (self.folder / "topics" / name).write_text(text, encoding="utf-8")

    async def turn(self, words: str) -> int:
        """A new edition, in which the table's English title is these words; its number."""
        self.table(TABLE.replace("Money", words))
        return (await self.editions.reload("anna")).edition.id

    @property
    def title(self) -> str:
        """By what callers meet now."""
        return self.editions.newest.tables.tables[0].title.en

    async def _speak(self, book: Book) -> int:
        await self.may_speak.wait()
        self.spoken.append(book)
        return self.unspoken

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
async def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    await made.editions.start()
    return made

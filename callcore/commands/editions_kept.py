"""Editions as the database keeps them: they can be read, and taken back, while no callcore runs.

It may be down just because its files cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from callcore.commands.control import NotThere
from callcore.commands.frame import CommandFailed
from callcore.config import load
from callcore.config.changes import kept_texts, texts_on_disk
from callcore.config.control import places
from callcore.config.replacing import roll_back
from callcore.config.writing import wanted_files, write_back
from callcore.domain import Text
from callcore.store.database import Database
from callcore.store.editions import Editions
from callcore.store.errors import StoreError
from callcore.strictyaml.reader import read

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Known:
    file: Path
    texts: Mapping[str, str]


def ask(file: Path, question: Callable[[Editions], Awaitable[T]]) -> T:
    """Of the database that the settings file names, whatever else is wrong in it."""

    async def opened() -> T:
        async with await Database.open(places(file).database.address) as database:
            return await question(database.editions)

    try:
        return asyncio.run(opened())
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None


async def files_of(editions: Editions, id: int) -> Mapping[str, str]:
    """Raises NotThere."""
    found = await editions.files(id)
    if found is None:
        raise NotThere(
            Text(
                f"Редакции {id} нет; какие есть: callcore editions list",
                f"There is no edition {id}; callcore editions list tells which there are",
            )
        )
    return found


def files_on_disk(file: Path) -> Mapping[str, str]:
    """What an edition would keep of the files as they lie there. Raises ConfigFaults."""
    return kept_texts(load(file, need_secrets=False, with_trials=False))


def put_back(file: Path, id: int) -> tuple[str, ...]:
    """Make the files those of an edition, without a daemon; the names under which edits of theirs were left
    that no edition has. Raises ConfigFaults (nothing is written), CommandFailed."""

    async def question(editions: Editions) -> tuple[Mapping[str, str], Mapping[str, str]]:
        newest = await editions.list(limit=1)
        return await files_of(editions, id), await files_of(editions, newest[0].id if newest else id)

    kept, newest = ask(file, question)
    try:
        roll_back(file)
        known = _Known(file, texts_on_disk(file.name, newest, read(file).text))
        fresh = load(file, need_secrets=False, kept=wanted_files(known, kept))
        return write_back(known, fresh)
    except OSError as error:
        why = f"{error.filename or file}: {error.strerror or error}"
        raise CommandFailed(
            Text(f"Файлы не записать: {why}", f"The files cannot be written: {why}")
        ) from None

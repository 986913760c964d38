"""Editions of what callers meet: topic tables, IVR, departments, types of cases, as texts that were read."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store.ports import Store
from callcore.store.schema.core import contacts
from callcore.store.schema.ivr import editions

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Edition:
    id: int
    made_at: datetime
    login: str
    """Who had it read; "" for the start of the daemon."""
    digest: str
    """Of its files; the same files, the same digest."""
    back_to: int | None
    """The earlier edition whose files these are again: it was taken back."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """How one file differs from one edition to another."""

    name: str
    lines: tuple[str, ...]
    """As ``diff -u`` shows them, without its two lines of names; nothing where the file is new and empty."""
    is_new: bool
    is_gone: bool


def digest_of(files: Mapping[str, str]) -> str:
    """SHA-256, hex."""
    parts = (part for name in sorted(files) for part in (name, files[name]))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FileChange, ...]:
    """Every file that differs, by name."""
    return tuple(
        FileChange(
            name,
            tuple(unified_diff(_lines(old, name), _lines(new, name), lineterm="", n=3))[2:],
            is_new=name not in old,
            is_gone=name not in new,
        )
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def _lines(files: Mapping[str, str], name: str) -> list[str]:
    return files.get(name, "").splitlines()


class Editions:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(
        self, files: Mapping[str, str], login: str, at: datetime, back_to: int | None = None
    ) -> tuple[Edition, bool]:
        """The edition of these files, and whether it is a new one: the newest is kept only once.

        ``back_to``: the edition that somebody takes back; by default the latest with just these files.
        """
        digest = digest_of(files)

        async def op(connection: AsyncConnection) -> tuple[Edition, bool]:
            newest = (await connection.execute(_query().limit(1))).first()
            if newest is not None and newest.digest == digest:
                return Edition(**newest._mapping), False
            same = (await connection.execute(_query().where(editions.c.digest == digest).limit(1))).first()
            again = back_to or (same.id if same else None)
            new = editions.insert().values(
                made_at=at, login=login, digest=digest, files=dict(files), back_to=again
            )
            id_ = (await connection.execute(new.returning(editions.c.id))).scalar_one()
            return Edition(id_, at, login, digest, again), True

        return await self._store.writer.submit(op)

    async def list(self, before: int | None = None, limit: int = 50) -> tuple[Edition, ...]:
        """The newest first, at most ``MOST_LISTED``; ``before``: only older ones than this."""
        query = _query().limit(min(limit, MOST_LISTED))
        if before is not None:
            query = query.where(editions.c.id < before)
        async with self._store.read() as connection:
            return tuple(Edition(**row._mapping) for row in await connection.execute(query))

    async def get(self, id: int) -> Edition | None:
        async with self._store.read() as connection:
            row = (await connection.execute(_query().where(editions.c.id == id))).first()
        return Edition(**row._mapping) if row else None

    async def files(self, id: int) -> Mapping[str, str] | None:
        """Text by name (see ``config.files``); of the settings file, only what editions are about."""
        async with self._store.read() as connection:
            query = select(editions.c.files).where(editions.c.id == id)
            found: Mapping[str, str] | None = (await connection.execute(query)).scalar()
        return found

    async def purge(self, newest: int, before: datetime, in_use: Collection[int] = ()) -> int:
        """Forget those made earlier; gives how many. Kept are the ``newest``, what calls go by now
        (``in_use``), and what a contact that began since then went by."""
        t = editions.c
        last = select(t.id).order_by(t.id.desc()).limit(newest)
        old = select(t.id).where(t.made_at < before, t.id.not_in(last), t.id.not_in(tuple(in_use)))
        async with self._store.read() as connection:
            ids = set((await connection.execute(old)).scalars())
            if ids:  # only then is it worth looking through the contacts
                named = select(contacts.c.edition).distinct()
                named = named.where(contacts.c.edition.in_(ids), contacts.c.started_at >= before)
                ids -= set((await connection.execute(named)).scalars())
        if not ids:
            return 0

        async def op(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(editions).where(t.id.in_(ids)))).rowcount

        return await self._store.writer.submit(op)


def _query() -> Select[tuple[int, datetime, str, str, int | None]]:
    t = editions.c
    return select(t.id, t.made_at, t.login, t.digest, t.back_to).order_by(t.id.desc())

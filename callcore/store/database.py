"""The open database: engines, the writer, and one repository per aggregate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callcore.store import migrate, sqlite
from callcore.store.attempts import Attempts
from callcore.store.calls import Calls
from callcore.store.campaigns import Campaigns
from callcore.store.contacts import Contacts
from callcore.store.customers import Customers
from callcore.store.engine import is_outage, is_sqlite, parse_url, reader_engine, writer_engine
from callcore.store.errors import DatabaseMissing, StoreError, StoreUnavailable
from callcore.store.gaps import Gaps
from callcore.store.interactions import Interactions
from callcore.store.missed_pops import MissedPops
from callcore.store.network import Network
from callcore.store.outages import Outages
from callcore.store.sessions import Sessions
from callcore.store.shifts import Shifts
from callcore.store.spool import Spool, SpoolInUse
from callcore.store.stories import Stories
from callcore.store.tokens import Tokens
from callcore.store.users import Users
from callcore.store.writer import Writer, WriterLimits

log = structlog.get_logger("callcore.store")


class Database:
    """Opened by ``Database.open``, closed by ``close`` (or ``async with``)."""

    def __init__(self, url: URL, readers: AsyncEngine, writing: AsyncEngine, writer: Writer) -> None:
        self.url = url
        self._readers = readers
        self._writing = writing
        self.writer = writer
        self._background: set[asyncio.Task[None]] = set()
        self.users = Users(self)
        self.sessions = Sessions(self)
        self.shifts = Shifts(self)
        self.customers = Customers(self)
        self.calls = Calls(self)
        self.contacts = Contacts(self)
        self.interactions = Interactions(self)
        self.network = Network(self)
        self.outages = Outages(self)
        self.campaigns = Campaigns(self)
        self.attempts = Attempts(self)
        self.tokens = Tokens(self)
        self.gaps = Gaps(self)
        self.stories = Stories(self)
        self.missed_pops = MissedPops(self)

    @classmethod
    async def open(
        cls,
        url: str | URL,
        *,
        create: bool = False,
        spool: Path | None = None,
        limits: WriterLimits | None = None,
    ) -> Database:
        """Open the database, and with ``create`` make a new one where none is.

        ``spool``: the file for contacts that cannot be written now, None for none; for SQLite the daemon
        gives ``spool_path(url)``. Held by another process, it is left to that one.
        Raises ``SchemaOutdated``, ``SchemaTooNew``, ``ForeignDatabase``, ``DatabaseMissing``, ``StoreError``.
        """
        parsed = parse_url(url)
        if is_sqlite(parsed):
            await asyncio.to_thread(sqlite.prepare_file, sqlite.database_file(parsed), create=create)
        readers, writing = reader_engine(parsed), writer_engine(parsed)
        try:
            if await migrate.check(readers) is migrate.SchemaState.empty:
                if not create:
                    raise DatabaseMissing("the database is empty: callcore db upgrade -c FILE fills it")
                await migrate.upgrade(parsed)
            writer = Writer(writing, await _open_spool(spool), limits)
        except BaseException:
            await readers.dispose()
            await writing.dispose()
            raise
        database = cls(parsed, readers, writing, writer)
        writer.start()
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading, which never waits for writes; each statement sees the newest commit.

        Raises ``StoreUnavailable`` where the database cannot be read. May be cancelled at any point: the
        driver cannot while it opens a file, so it opens on, unattended.
        """
        try:
            async with self._reading() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            if not is_outage(error):
                raise
            raise StoreUnavailable(f"the database cannot be read: {getattr(error, 'orig', error)}") from error

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        connection = self._readers.connect()
        opening = asyncio.ensure_future(connection.start())
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._in_background(_give_back(opening))
            raise
        try:
            yield connection
        finally:
            await asyncio.shield(self._in_background(connection.close()))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def close(self) -> None:
        """Write or spool what is queued, then let go of everything."""
        await self.writer.close()
        await asyncio.gather(*self._background)
        await self._readers.dispose()
        await self._writing.dispose()

    async def __aenter__(self) -> Database:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _give_back(opening: asyncio.Future[AsyncConnection]) -> None:
    """Close a connection that nobody waits for any more, once it is there."""
    with suppress(SQLAlchemyError):
        await (await opening).close()


def spool_path(url: str | URL) -> Path | None:
    """Where the daemon keeps the spool: beside a SQLite file; None for other databases."""
    parsed = parse_url(url)
    if not is_sqlite(parsed):
        return None
    file = sqlite.database_file(parsed)
    return file.with_name(file.name + ".spool")


async def backup(url: str | URL, target: Path) -> None:
    """Copy the database, in use or not, into one new file; raises ``StoreError`` if it cannot be done.

    What waits in the spool is not part of it.
    """
    parsed = parse_url(url)
    if not is_sqlite(parsed):
        raise StoreError("a backup of PostgreSQL is made with pg_dump")
    await asyncio.to_thread(sqlite.backup_file, sqlite.database_file(parsed), target)
    log.info("backup_written", target=str(target))


async def _open_spool(path: Path | None) -> Spool | None:
    if path is None:
        return None
    try:
        spool = await asyncio.to_thread(Spool, path)
    except SpoolInUse:
        log.info("spool_left_to_other_process", file=str(path))
        return None
    except OSError as error:
        raise StoreError(f"the spool cannot be opened: {path}: {error.strerror}") from error
    if spool.waiting:
        log.warning("spool_found", records=spool.waiting)
    return spool

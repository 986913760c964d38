"""The open database: engines, the writer, and one repository per aggregate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callcore.store import migrate, postgresql, sqlite
from callcore.store.announcements import Announcements
from callcore.store.articles import Articles
from callcore.store.asking import Asker, unreadable
from callcore.store.attachments import Attachments
from callcore.store.attempts import Attempts
from callcore.store.audit import Audit
from callcore.store.batch import Writing
from callcore.store.call_backs import CallBacks
from callcore.store.calls import Calls
from callcore.store.campaigns import Campaigns
from callcore.store.cases import Cases
from callcore.store.contacts import Contacts
from callcore.store.counterparties import Counterparties
from callcore.store.customers import Customers
from callcore.store.drafts import Drafts
from callcore.store.editions import Editions
from callcore.store.engine import (
    READERS,
    is_sqlite,
    parse_url,
    reader_engine,
    threaded_engine,
    writer_engine,
)
from callcore.store.errors import DatabaseMissing, StoreError, StoreUnavailable
from callcore.store.favourites import Favourites
from callcore.store.flashes import Flashes
from callcore.store.follow_ups import FollowUps
from callcore.store.gaps import Gaps
from callcore.store.handovers import Handovers
from callcore.store.interactions import Interactions
from callcore.store.ivr_counts import IvrCounts
from callcore.store.missed_pops import MissedPops
from callcore.store.network import Network
from callcore.store.opt_outs import OptOuts
from callcore.store.outages import Outages
from callcore.store.payments import Payments
from callcore.store.privacy import Privacy
from callcore.store.recordings import Recordings
from callcore.store.records import Records
from callcore.store.seals import Seals
from callcore.store.second_factors import SecondFactors
from callcore.store.sessions import Sessions
from callcore.store.shadows import Shadows
from callcore.store.shifts import Shifts
from callcore.store.spool import Spool, SpoolInUse
from callcore.store.staff import Staff
from callcore.store.stories import Stories
from callcore.store.tasks import Tasks
from callcore.store.threaded import ThreadedEngine
from callcore.store.timeline import Timelines
from callcore.store.tokens import Tokens
from callcore.store.users import Users
from callcore.store.visitors import Visitors
from callcore.store.visits import Visits
from callcore.store.voicemails import Voicemails
from callcore.store.webhooks import Webhooks
from callcore.store.wishing import Wishes
from callcore.store.writer import Writer, WriterLimits

log = structlog.get_logger("callcore.store")

CLOSE_SECONDS = 5.0
"""How long the end waits for questions under way: a connection that comes back later is never closed."""
T = TypeVar("T")


class Database:
    """Opened by ``Database.open``, closed by ``close`` (or ``async with``)."""

    def __init__(
        self, url: URL, readers: AsyncEngine, writing: Writing, writer: Writer, asker: Asker | None
    ) -> None:
        self.url = url
        self._readers = readers
        self._asker = asker
        self._writing = writing
        self.writer = writer
        self._background: set[asyncio.Task[None]] = set()
        self._in_use = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._is_closed = False
        self.audit = Audit(self)
        self.seals = Seals(self)
        self.privacy = Privacy(self)
        self.second_factors = SecondFactors(self)
        self.users = Users(self)
        self.sessions = Sessions(self)
        self.shifts = Shifts(self)
        self.customers = Customers(self)
        self.records = Records(self)
        self.calls = Calls(self)
        self.contacts = Contacts(self)
        self.interactions = Interactions(self)
        self.network = Network(self)
        self.outages = Outages(self)
        self.campaigns = Campaigns(self)
        self.attempts = Attempts(self)
        self.opt_outs = OptOuts(self)
        self.tokens = Tokens(self)
        self.gaps = Gaps(self)
        self.stories = Stories(self)
        self.missed_pops = MissedPops(self)
        self.webhooks = Webhooks(self)
        self.shadows = Shadows(self)
        self.flashes = Flashes(self)
        self.announcements = Announcements(self)
        self.articles = Articles(self)
        self.staff = Staff(self)
        self.counterparties = Counterparties(self)
        self.attachments = Attachments(self)
        self.timeline = Timelines(self)
        self.favourites = Favourites(self)
        self.drafts = Drafts(self)
        self.cases = Cases(self)
        self.tasks = Tasks(self)
        self.visits = Visits(self)
        self.visitors = Visitors(self)
        self.payments = Payments(self)
        self.voicemails = Voicemails(self)
        self.follow_ups = FollowUps(self)
        self.call_backs = CallBacks(self.follow_ups)
        self.wishes = Wishes(self)
        self.recordings = Recordings(self)
        self.handovers = Handovers(self)
        self.editions = Editions(self)
        self.ivr_counts = IvrCounts(self)

    @classmethod
    async def open(
        cls,
        url: str | URL,
        *,
        create: bool = False,
        spool: Path | None = None,
        limits: WriterLimits | None = None,
        daemon: bool = False,
        connections: int = READERS,
    ) -> Database:
        """Open the database, and with ``create`` make a new one (SQLite) or fill an empty one.

        ``spool``: the file for contacts that cannot be written now, None for none; for SQLite the daemon
        gives ``spool_path(url)``. Held by another process, it is left to that one.
        ``daemon``: it serves calls; on PostgreSQL a second one is refused (``StoreError``).
        ``connections``: kept for readers, beside the writer's one.
        Raises ``SchemaOutdated``, ``SchemaTooNew``, ``ForeignDatabase``, ``DatabaseMissing``, ``StoreError``.
        """
        parsed = parse_url(url)
        if is_sqlite(parsed):
            await asyncio.to_thread(sqlite.prepare_file, sqlite.database_file(parsed), create=create)
        readers, writing = reader_engine(parsed, connections), _writing_engine(parsed, daemon=daemon)
        try:
            if await migrate.check(readers) is migrate.SchemaState.empty:
                if not create:
                    raise DatabaseMissing("the database is empty: callcore db upgrade -c FILE fills it")
                await migrate.upgrade(parsed)
            if daemon and isinstance(writing, AsyncEngine):
                await _claim(writing)
            writer = Writer(writing, await _open_spool(spool), limits)
        except BaseException:
            await readers.dispose()
            await _let_go(writing)
            raise
        asker = Asker(parsed, connections) if is_sqlite(parsed) else None
        database = cls(parsed, readers, writing, writer, asker)
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
            if (fault := unreadable(error)) is None:
                raise
            raise fault from error

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """The answer to a question of several statements, or of one that is often asked: what ``read`` gives
        and raises, for less. ``question`` may run in a thread."""
        if self._asker is None:
            async with self.read() as connection:
                return await connection.run_sync(question)
        try:
            return await self._asker.ask(question)
        except (SQLAlchemyError, OSError) as error:
            if (fault := unreadable(error)) is None:
                raise
            raise fault from error

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        if self._is_closed:
            raise StoreUnavailable("the store is closed")
        self._in_use += 1
        self._unused.clear()
        try:
            async with self._connected() as connection:
                yield connection
        finally:
            self._in_use -= 1
            if not self._in_use:
                self._unused.set()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
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
        self._is_closed = True
        await self.audit.flush()
        await self.writer.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._unused.wait()
        await asyncio.gather(*self._background)
        if self._asker is not None:
            await self._asker.close()
        await self._readers.dispose()
        await _let_go(self._writing)

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
        command = postgresql.dump_command(parsed, str(target))
        raise StoreError(f"a backup of PostgreSQL is made by its own program: {command}")
    await asyncio.to_thread(sqlite.backup_file, sqlite.database_file(parsed), target)
    log.info("backup_written", target=str(target))


def _writing_engine(url: URL, *, daemon: bool) -> Writing:
    return threaded_engine(url) if is_sqlite(url) else writer_engine(url, daemon=daemon)


async def _let_go(writing: Writing) -> None:
    await (writing.close() if isinstance(writing, ThreadedEngine) else writing.dispose())


async def _claim(writing: AsyncEngine) -> None:
    """Open the writer's connection now, which says whether another daemon has the database."""
    try:
        async with writing.connect():
            pass
    except OSError as error:
        raise StoreError(f"{error}; stop that one first, or give this one a database of its own") from error


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

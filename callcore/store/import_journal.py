"""Large files on their way into the base: taken in piece by piece, to the end whatever happens between.

The decision to take a file in is one write: the file itself, into the journal. After it come the pieces, each
a short transaction that also notes how far it came. A daemon that was stopped in between goes on from there:
a file is taken in as a whole or, if that first write failed, not at all. What came so far can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login
from callcore.store import audit, outbox
from callcore.store.ports import Store
from callcore.store.records_write import RecordDraft, Taken, Verdict, take_in
from callcore.store.schema.bus import imports
from callcore.store.texts import NAME_LIMIT, machine_text

EVENT = "customers.imported"


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is being taken in. ``body``: as ``begin`` got it; ``done``: contracts, in its order."""

    id: int
    name: str
    login: Login
    at: datetime
    country: str
    zone: str
    body: bytes = field(repr=False)
    done: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """How far a job has come, in contracts."""

    id: int
    name: str
    done: int


class ImportJournal:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(
        self, body: bytes, *, name: str, login: Login, at: datetime, country: str, zone: str
    ) -> Job:
        """From here on the file is taken in. ``country`` and ``zone``: what its cells are read by."""
        job = Job(0, machine_text(name, NAME_LIMIT), login, at, country, zone, body)
        values = {name: getattr(job, name) for name in Job.__slots__ if name != "id"}

        async def op(connection: AsyncConnection) -> int:
            made = imports.insert().values(**values, added=0, changed=0).returning(imports.c.id)
            return int((await connection.execute(made)).scalar_one())

        return replace(job, id=await self._store.writer.submit(op))

    async def advance(
        self, job: Job, done: int, drafts: Sequence[RecordDraft], *, is_last: bool
    ) -> list[Taken] | None:
        """Take in the next piece, after the first ``done``; the last one closes the job and tells of it.

        None, and nothing written: somebody else was faster, see ``done_of``.
        """

        async def op(connection: AsyncConnection) -> list[Taken] | None:
            here = update(imports).where(imports.c.id == job.id)
            step = here.where(imports.c.done == done).values(done=done + len(drafts))
            if not (await connection.execute(step)).rowcount:
                return None
            taken = await take_in(connection, drafts, job.at, index=False)
            verdicts = [one.verdict for one in taken]
            await connection.execute(
                here.values(
                    added=imports.c.added + verdicts.count(Verdict.new),
                    changed=imports.c.changed + verdicts.count(Verdict.changed),
                )
            )
            if is_last:
                await _close(connection, job, done + len(drafts))
            return taken

        return await self._store.writer.submit(op)

    async def done_of(self, job: Job) -> int | None:
        """How far it came; None: it is done."""
        async with self._store.read() as connection:
            return (await connection.execute(select(imports.c.done).where(imports.c.id == job.id))).scalar()

    async def steps(self) -> tuple[Step, ...]:
        """Of what is unfinished, the oldest first."""
        query = select(imports.c.id, imports.c.name, imports.c.done).order_by(imports.c.id)
        async with self._store.read() as connection:
            return tuple(Step(*row) for row in await connection.execute(query))

    async def unfinished(self) -> tuple[Job, ...]:
        """Oldest first."""
        query = select(*(imports.c[name] for name in Job.__slots__)).order_by(imports.c.id)
        async with self._store.read() as connection:
            return tuple(Job(**row._mapping) for row in await connection.execute(query))

    async def give_up(self, job: Job, at: datetime) -> None:
        """What came in stays, the rest will not come; the audit says so."""

        async def op(connection: AsyncConnection) -> None:
            gone = await connection.execute(delete(imports).where(imports.c.id == job.id))
            if gone.rowcount:
                await audit.note(connection, job.login, "import_given_up", None, at, subject=job.name[:200])

        await self._store.writer.submit(op)


async def _close(connection: AsyncConnection, job: Job, contracts: int) -> None:
    mine = imports.c.id == job.id
    added, changed = (await connection.execute(select(imports.c.added, imports.c.changed).where(mine))).one()
    await connection.execute(delete(imports).where(mine))
    counts = {"new": added, "changed": changed, "unchanged": contracts - added - changed}
    await audit.note(connection, job.login, "imported", None, job.at, subject=job.name[:200], detail=counts)
    await outbox.tell(connection, EVENT, {"by": job.login, "file": job.name[:200], **counts}, job.at)

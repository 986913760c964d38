"""Who saw and changed which customer: append-only, kept apart from what it tells of.

What changed is written by ``note`` with the change itself. Looks are gathered by ``Audit.saw`` and written a
second later in one go, so that no pop waits for them: durably, by the spool while the database is away.
``seals.py`` makes it tell if somebody changed it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import NULL_CUSTOMER, CustomerId
from callcore.store.engine import chunks
from callcore.store.errors import StoreError
from callcore.store.ports import Store
from callcore.store.schema.access import audit
from callcore.store.spool import Record
from callcore.store.types import from_microseconds, to_microseconds

log = structlog.get_logger("callcore.store")

KIND = "looks"
SEEN = "seen"
ONE_LOOK = timedelta(minutes=10)
"""Repeated looks of one person at one customer within it are one line."""
GATHER_SECONDS = 1.0
RECENT_ROOM = 10_000


async def note(
    connection: AsyncConnection,
    login: str,
    act: str,
    customer: CustomerId | None,
    at: datetime,
    *,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Within a writer's op. ``act``: ``seen``, ``changed``, ``exported``, …; ``detail`` names fields, never
    their old or new secrets."""
    values = {"login": login, "act": act, "customer": customer, "at": at, "subject": subject}
    await connection.execute(audit.insert().values(**values, detail=dict(detail or {})))


class Looks:
    """Gathers looks at customers and writes them in the background."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.writer.register(KIND, _apply)
        self._recent: OrderedDict[tuple[str, int], datetime] = OrderedDict()
        self._gathered: list[dict[str, Any]] = []
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def saw(self, login: str, customer: CustomerId, at: datetime, how: str = "card") -> None:
        """He has this customer before him. Returns at once. ``how``: ``card``, ``page``, ``api``, ``search``,
        ``export``."""
        if customer == NULL_CUSTOMER:
            return  # that is nobody
        key = (login, int(customer))
        before = self._recent.get(key)
        if before is not None and timedelta(0) <= at - before < ONE_LOOK:
            return
        self._recent.pop(key, None)
        self._recent[key] = at
        while len(self._recent) > RECENT_ROOM:
            self._recent.popitem(last=False)
        look = {"login": login, "customer": int(customer), "at": to_microseconds(at), "how": how}
        self._gathered.append(look)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_soon(), name="audit-looks")

    async def flush(self) -> None:
        """Write what is gathered now. Before the database is closed, and for tests."""
        self._hurry.set()
        if self._task is not None:
            await self._task
        self._hurry.clear()

    async def _write_soon(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                await self._hurry.wait()
        while self._gathered:
            looks, self._gathered = self._gathered[:500], self._gathered[500:]
            try:
                key = f"{looks[0]['login']}:{looks[0]['customer']}:{looks[0]['at']}"
                await self._store.writer.submit_durable(Record(KIND, key, {"looks": looks}))
            except StoreError as fault:
                # Neither the database nor the spool takes anything: who saw whom is at least in the log.
                log.error("looks_not_written", looks=looks, fault=str(fault))


_SEEN_BEFORE = select(audit.c.login, audit.c.customer, audit.c.at).where(
    audit.c.customer.in_(bindparam("customers", expanding=True)),
    audit.c.act == SEEN,
    audit.c.at.between(bindparam("since"), bindparam("until")),
)


async def _apply(connection: AsyncConnection, data: dict[str, Any]) -> None:
    for looks in chunks(data["looks"]):
        moments = [from_microseconds(look["at"]) for look in looks]
        given = {"since": min(moments) - ONE_LOOK, "until": max(moments)}
        customers = {look["customer"] for look in looks}
        before: defaultdict[tuple[str, int], list[datetime]] = defaultdict(list)
        for row in await connection.execute(_SEEN_BEFORE, given | {"customers": list(customers)}):
            before[row.login, row.customer].append(row.at)
        lines = []
        for look, at in zip(looks, moments, strict=True):
            known = before[look["login"], look["customer"]]
            if not any(at - ONE_LOOK <= each <= at for each in known):
                known.append(at)
                line = {"login": look["login"], "customer": look["customer"], "act": SEEN, "at": at}
                lines.append(line | {"subject": "", "detail": {"how": look["how"]}})
        if lines:
            await connection.execute(audit.insert(), lines)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the audit."""

    id: int
    at: datetime
    login: str
    act: str
    customer: int | None
    subject: str
    detail: Mapping[str, Any]


class Audit(Looks):
    """The audit as it is read; newest first. ``seals.py`` keeps it honest."""

    async def note(
        self,
        login: str,
        act: str,
        customer: CustomerId | None,
        at: datetime,
        *,
        subject: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """A line of its own: of an act that changes nothing in the database."""

        async def op(connection: AsyncConnection) -> None:
            await note(connection, login, act, customer, at, subject=subject, detail=detail)

        await self._store.writer.submit(op)

    async def lines(
        self,
        *,
        customer: int | None = None,
        login: str = "",
        act: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        below: int | None = None,
        limit: int = 100,
    ) -> tuple[Line, ...]:
        """``since`` and ``until``: from, and before, that moment; ``below``: an id, for the next page."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if customer is not None:
            query = query.where(audit.c.customer == customer)
        if login:
            query = query.where(audit.c.login == login)
        if act:
            query = query.where(audit.c.act == act)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        if below is not None:
            query = query.where(audit.c.id < below)
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Line(**row._mapping) for row in rows)

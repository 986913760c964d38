"""Seals on the audit: a chain of hashes that shows whether a line was changed, removed or slipped in.

Theory. Chaining every line to the one before would make each write read first. Instead a clock seals whatever
has gathered: one seal has the digest of all lines since the seal before, and its hash covers that of the seal
before. Whoever changes a line has to make all later seals anew; the newest hash, which the log and
``callcore audit verify`` tell, then no longer fits. Lines younger than ``SETTLED`` wait, since another one
may still be about to commit one below them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store.audit import note
from callcore.store.ports import Store
from callcore.store.schema.access import audit, audit_seals
from callcore.store.types import to_microseconds

log = structlog.get_logger("callcore.store")

SETTLED = timedelta(minutes=1)
LINES_A_SEAL = 1000
PURGED = "audit_purged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found. ``fault``: "" or what does not fit, ``at``: the id it was found at."""

    sealed: int
    """Lines under seals that fit."""
    purged: int
    """Lines gone by their age, under seals that still fit."""
    unsealed: int
    hash: str
    """Of the newest seal that fits: worth writing down elsewhere."""
    fault: str = ""
    at: int = 0


def digest_of(lines: Iterable[Row[Any]]) -> str:
    """SHA-256 over all that a line says, id and moment included."""
    all_ = hashlib.sha256()
    for line in lines:
        said = [line.id, to_microseconds(line.at), line.login, line.act, line.customer, line.subject]
        text = json.dumps([*said, line.detail], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        all_.update(text.encode("utf-8", "surrogatepass") + b"\n")
    return all_.hexdigest()


def chained(before: str, last: int, count: int, digest: str, at: datetime) -> str:
    """The hash of a seal."""
    text = f"{before}|{last}|{count}|{digest}|{to_microseconds(at)}"
    return hashlib.sha256(text.encode()).hexdigest()


class Seals:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def seal(self, now: datetime) -> int:
        """Seal what has settled; gives how many lines. Call again while it gives many."""

        async def op(connection: AsyncConnection) -> tuple[int, str]:
            newest = await _newest(connection)
            last, before = (newest.last, newest.hash) if newest is not None else (0, "")
            # Neither the young ones nor anything above the first young one.
            young = select(func.min(audit.c.id)).where(audit.c.id > last, audit.c.at > now - SETTLED)
            first_young = (await connection.execute(young)).scalar()
            ripe = select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(LINES_A_SEAL)
            if first_young is not None:
                ripe = ripe.where(audit.c.id < first_young)
            lines = (await connection.execute(ripe)).all()
            if not lines:
                return 0, before
            end, digest = lines[-1].id, digest_of(lines)
            hash_ = chained(before, end, len(lines), digest, now)
            values = {"last": end, "lines": len(lines), "digest": digest, "hash": hash_, "at": now}
            await connection.execute(audit_seals.insert().values(**values))
            return len(lines), hash_

        count, hash_ = await self._store.writer.submit(op)
        if count:
            log.info("audit_sealed", lines=count, hash=hash_)
        return count

    async def verify(self) -> Verdict:
        """Hold every line against its seal, and every seal against the one before."""
        sealed = purged = last = 0
        before = ""

        def broken(why: str, at: int) -> Verdict:
            return Verdict(sealed, purged, 0, before, why, at)

        async with self._store.read() as connection:
            seals = (await connection.execute(select(audit_seals).order_by(audit_seals.c.last))).all()
            for seal in seals:
                if seal.hash != chained(before, seal.last, seal.lines, seal.digest, seal.at):
                    return broken("the seal was changed, or one before it is gone", seal.last)
                under = audit.c.id.between(last + 1, seal.last)
                lines = (await connection.execute(select(audit).where(under).order_by(audit.c.id))).all()
                if seal.purged_at is not None and not lines:
                    purged += seal.lines
                elif digest_of(lines) != seal.digest:
                    return broken(_what(len(lines), seal.lines), last + 1)
                else:
                    sealed += seal.lines
                last, before = seal.last, seal.hash
            rest = select(func.count()).select_from(audit).where(audit.c.id > last)
            unsealed = (await connection.execute(rest)).scalar_one()
        return Verdict(sealed, purged, unsealed, before)

    async def purge(self, before: datetime, now: datetime) -> int:
        """Remove lines older than ``before``, by whole seals, oldest first; gives how many. Audited."""

        async def op(connection: AsyncConnection) -> int:
            removed = last = 0
            query = select(audit_seals).order_by(audit_seals.c.last)
            for seal in (await connection.execute(query)).all():
                if seal.purged_at is None:
                    under = audit.c.id.between(last + 1, seal.last)
                    newest = await connection.execute(select(func.max(audit.c.at)).where(under))
                    at = newest.scalar()
                    if at is None or at >= before:
                        break
                    removed += (await connection.execute(delete(audit).where(under))).rowcount
                    mark = update(audit_seals).where(audit_seals.c.last == seal.last)
                    await connection.execute(mark.values(purged_at=now))
                last = seal.last
            if removed:
                detail = {"lines": removed, "before": before.isoformat(), "up_to": last}
                await note(connection, "callcore", PURGED, None, now, detail=detail)
            return removed

        return await self._store.writer.submit(op)


async def _newest(connection: AsyncConnection) -> Row[Any] | None:
    query = select(audit_seals).order_by(audit_seals.c.last.desc()).limit(1)
    return (await connection.execute(query)).first()


def _what(there: int, sealed: int) -> str:
    if there < sealed:
        return f"{sealed - there} of {sealed} lines are gone"
    if there > sealed:
        return f"{there - sealed} lines were slipped in among {sealed}"
    return f"one of {sealed} lines was changed"

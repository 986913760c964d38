"""Many records at once: judged beside the writer, taken in by one transaction, indexed after it.

For so many that others would wait for that transaction: ``import_journal``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import NULL_CUSTOMER, Login
from callcore.store import audit, outbox
from callcore.store.engine import chunks
from callcore.store.import_journal import EVENT
from callcore.store.ports import Store
from callcore.store.records_write import RecordDraft, Taken, Verdict, compare, read_words, take_in
from callcore.store.schema.core import customers

INDEXED_AT_ONCE = 400
"""New customers of a smaller import get their words within its transaction."""
_FILLED = 100


class RecordImport:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def known(self, contracts: Sequence[str]) -> frozenset[str]:
        """Which of these there are; at most ``IN_LIST``."""
        query = select(customers.c.contract).where(customers.c.contract.in_(contracts))
        async with self._store.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def judge(self, drafts: Sequence[RecordDraft]) -> list[Taken]:
        """What ``take`` would do now, in the order of the drafts; writes nothing, holds nobody up."""
        judged: list[Taken] = []
        for chunk in chunks(drafts):
            async with self._store.read() as connection:
                judged += await compare(connection, chunk)
        return judged

    async def take(
        self, drafts: Sequence[RecordDraft], login: Login, at: datetime, *, subject: str
    ) -> list[Taken]:
        """Take in all or none; each contract once. ``subject``: the file's name, for the audit.

        What a judgement beforehand found unchanged need not be given. After it, ``fill_index``.
        """
        index = len(drafts) <= INDEXED_AT_ONCE

        async def op(connection: AsyncConnection) -> list[Taken]:
            taken: list[Taken] = []
            for chunk in chunks(drafts):
                taken += await take_in(connection, chunk, at, index=index)
            counts = {verdict.value: 0 for verdict in Verdict}
            for one in taken:
                counts[one.verdict] += 1
            if counts["new"] or counts["changed"]:
                await _tell(connection, login, at, subject, counts)
            return taken

        return await self._store.writer.submit(op)

    async def fill_index(self) -> int:
        """Give words to those who have none yet; how many. Also after a restart in the midst of it.

        Each write is small, so that those of calls go between them.
        """
        filled = 0
        while True:
            ids = await self._without_words()
            if not ids:
                return filled
            async with self._store.read() as connection:
                rows = await read_words(connection, ids)

            async def op(connection: AsyncConnection, rows: Mapping[int, Mapping[str, str]] = rows) -> None:
                bare = (customers.c.id == bindparam("which")) & (customers.c.haystack == "")
                given = [{"which": id, **words} for id, words in rows.items()]
                await connection.execute(update(customers).where(bare), given)

            await self._store.writer.submit(op)
            filled += len(ids)
            await asyncio.sleep(0)  # calls go on between two pieces

    async def _without_words(self) -> list[int]:
        query = (
            select(customers.c.id)
            .where(customers.c.haystack == "", customers.c.id != NULL_CUSTOMER)
            .order_by(customers.c.id)
            .limit(_FILLED)
        )
        async with self._store.read() as connection:
            return list((await connection.execute(query)).scalars())


async def _tell(
    connection: AsyncConnection, login: Login, at: datetime, subject: str, counts: Mapping[str, Any]
) -> None:
    await audit.note(connection, login, "imported", None, at, subject=subject[:200], detail=counts)
    await outbox.tell(connection, EVENT, {"by": login, "file": subject[:200], **counts}, at)

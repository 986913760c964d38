"""What is typed at the desks and not saved yet, against a killed daemon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, Login
from callcore.store.engine import insert
from callcore.store.ports import Store
from callcore.store.schema.contacts import contact_drafts
from callcore.store.texts import COMMENT_LIMIT, NAME_LIMIT, machine_text

MOST = 100
"""Drafts of one person; the oldest beyond it are dropped."""


@dataclass(frozen=True, slots=True)
class KeptDraft:
    login: Login
    call: CallId
    entry: int
    topic: str
    """A topic's code, or what was typed in its field."""
    comment: str
    at: datetime

    @property
    def is_blank(self) -> bool:
        return not self.topic and not self.comment


class Drafts:
    """Texts are cut, never refused: they are copies of what the desk holds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, draft: KeptDraft) -> None:
        """The newest word on this entry; a blank one takes the row away."""
        table = contact_drafts.c
        topic = machine_text(draft.topic, NAME_LIMIT)
        comment = machine_text(draft.comment, COMMENT_LIMIT, lines=True)

        async def op(connection: AsyncConnection) -> None:
            if draft.is_blank:
                whose = (table.login == draft.login) & (table.call == draft.call)
                await connection.execute(delete(contact_drafts).where(whose, table.entry == draft.entry))
                return
            key = {"login": draft.login, "call": draft.call, "entry": draft.entry}
            values = {"topic": topic, "comment": comment, "at": draft.at}
            new = insert(connection, contact_drafts).values(**key, **values)
            await connection.execute(
                new.on_conflict_do_update(index_elements=["login", "call", "entry"], set_=values)
            )
            kept = select(table.at).where(table.login == draft.login).order_by(table.at.desc())
            oldest = kept.offset(MOST - 1).limit(1).scalar_subquery()
            too_old = delete(contact_drafts).where(table.login == draft.login, table.at < oldest)
            await connection.execute(too_old)

        await self._store.writer.submit(op)

    async def of_login(self, login: Login) -> tuple[KeptDraft, ...]:
        table = contact_drafts.c
        query = select(contact_drafts).where(table.login == login).order_by(table.at, table.entry)
        async with self._store.read() as connection:
            return tuple(KeptDraft(**row._mapping) for row in (await connection.execute(query)).all())

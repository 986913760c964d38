"""Prospective customers (D-24 to D-26, D-41): somebody who called and is not in the base yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CustomerId, Login
from callcore.store.errors import TextRefused
from callcore.store.ports import Store
from callcore.store.records import told
from callcore.store.records_write import RecordDraft, index_again, take_in
from callcore.store.schema.core import customers
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT, WORD_LIMIT, typed_text


@dataclass(frozen=True, slots=True)
class Prospect:
    """``number``: canonical, "" if he leaves none. A name or a number there must be."""

    name: str
    number: str = ""
    legal_form: str = ""
    address: str = ""
    email: str = ""
    person: str = ""
    """Whom to ask for, where the name is a company's."""


class Prospects:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, new: Prospect, login: Login, at: datetime) -> CustomerId:
        """Put him into the base under a contract number of its own, ``P-000123``, until he signs one.

        Raises ``TextRefused``.
        """
        values: dict[str, object] = {
            "name": typed_text(new.name, NAME_LIMIT, "name", empty=False),
            "legal_form": typed_text(new.legal_form, WORD_LIMIT, "legal form"),
            "address": typed_text(new.address, ADDRESS_LIMIT, "address"),
            "email": typed_text(new.email, NAME_LIMIT, "email"),
            "is_prospective": True,
        }
        if not any(sign.isalnum() for sign in new.name):
            raise TextRefused("name: must hold a letter or a digit", "имя: нужна буква или цифра")
        number = typed_text(new.number, WORD_LIMIT, "number")
        person = typed_text(new.person, NAME_LIMIT, "contact person")
        parts: dict[str, tuple[dict[str, str], ...]] = {
            "numbers": ({"number": number},) if number else (),
            "persons": ({"name": person, "role": "", "number": number, "email": ""},) if person else (),
        }

        async def op(connection: AsyncConnection) -> CustomerId:
            draft = RecordDraft(f"P-{uuid4().hex}", values, parts)
            taken = (await take_in(connection, [draft], at))[0]
            assert taken.id is not None
            contract = f"P-{taken.id:06}"
            await connection.execute(
                update(customers).where(customers.c.id == taken.id).values(contract=contract)
            )
            await index_again(connection, [taken.id])
            await told(connection, taken.id, login, at, ["name"], subject="prospect_added")
            return taken.id

        return await self._store.writer.submit(op)

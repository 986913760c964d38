"""Records in full, and what operators change in them: contact data, numbers, consents (D-30, D-68).

Every change stands in the audit and in the outbox with the commit that made it. Who may is asked above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import LANGUAGES, NULL_CUSTOMER, CustomerId, Login
from callcore.store import audit, outbox
from callcore.store.errors import NotStored, TextRefused, no_customer, no_language
from callcore.store.ports import Store
from callcore.store.record import ConsentRecord, CustomerRecord
from callcore.store.records_read import read_consent, read_record
from callcore.store.records_write import index_again
from callcore.store.schema.core import customer_numbers, customers
from callcore.store.schema.record import (
    customer_consents,
    customer_operators,
)
from callcore.store.texts import ADDRESS_LIMIT, COMMENT_LIMIT, NAME_LIMIT, WORD_LIMIT, typed_text

EVENT = "customer.changed"
MOST_NUMBERS = 500
CORRECTABLE: Mapping[str, int] = {
    "name": NAME_LIMIT,
    "address": ADDRESS_LIMIT,
    "email": NAME_LIMIT,
    "urgent": COMMENT_LIMIT,
    "language": WORD_LIMIT,
}
"""Fields of a customer that an operator may put right, with their limits in characters."""


class CorrectedMeanwhile(NotStored):
    """Somebody else put the same fields right after they were read; nothing was changed."""

    def __init__(self, now: Mapping[str, str]) -> None:
        """``now``: what stands in those fields, by name."""
        super().__init__(
            f"corrected by somebody else meanwhile: {', '.join(now)}",
            "тем временем это исправил кто-то другой",
        )
        self.now = now


@dataclass(frozen=True, slots=True)
class Correction:
    """What ``correct`` did."""

    fields: tuple[str, ...]
    """Those that changed; empty: all were so already."""


class Records:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: CustomerId) -> CustomerRecord | None:
        return await self._store.ask(lambda connection: read_record(connection, id))

    async def of_operator(self, login: Login, limit: int = 100) -> tuple[CustomerId, ...]:
        """Whose personal operator this person is."""
        query = select(customer_operators.c.customer).where(customer_operators.c.login == login)
        async with self._store.read() as connection:
            found = await connection.execute(query.order_by(customer_operators.c.customer).limit(limit))
            return tuple(map(CustomerId, found.scalars()))

    async def correct(
        self,
        id: CustomerId,
        fields: Mapping[str, str],
        login: Login,
        at: datetime,
        *,
        was: Mapping[str, str] | None = None,
    ) -> Correction:
        """Put contact data right; keys are those of ``CORRECTABLE``. ``was``: what stood there when he who
        corrects looked, as far as that is known.

        Raises ``TextRefused`` for a field that is none of these or does not fit, ``NotStored`` for an unknown
        customer or the null customer, ``CorrectedMeanwhile`` where something else than ``was`` stands now.
        """
        clean = _corrected(fields)

        async def op(connection: AsyncConnection) -> Correction:
            there = await _owner(connection, id)
            if overtaken := _overtaken(there, clean, was or {}):
                raise CorrectedMeanwhile(overtaken)
            changed = {name: value for name, value in clean.items() if getattr(there, name) != value}
            if changed:
                await connection.execute(
                    update(customers).where(customers.c.id == id).values(**changed, changed_at=at)
                )
                if changed.keys() & {"name", "address"}:
                    await index_again(connection, [id])
                await told(connection, id, login, at, sorted(changed))
            return Correction(tuple(sorted(changed)))

        return await self._store.writer.submit(op)

    async def confirm_number(self, id: CustomerId, number: str, login: Login, at: datetime) -> None:
        """The customer said that this number is his and right; it is no longer bad.

        Raises ``NotStored`` where he has no such number, as all that concerns one number does.
        """
        values = {"is_bad": False, "bad_reason": "", "checked_at": at, "checked_by": login}
        await self._change_number(id, number, values, login, at, "number_confirmed")

    async def flag_number(self, id: CustomerId, number: str, why: str, login: Login, at: datetime) -> None:
        """This number is bad: nobody answers there, or somebody else does. Raises as above, and
        ``TextRefused``."""
        reason = typed_text(why, NAME_LIMIT, "reason", empty=False)
        values = {"is_bad": True, "bad_reason": reason, "checked_at": at, "checked_by": login}
        await self._change_number(id, number, values, login, at, "number_flagged")

    async def add_number(
        self, id: CustomerId, number: str, login: Login, at: datetime, *, kind: str = ""
    ) -> bool:
        """Another canonical number of his, confirmed by that; False: he had it already.

        Raises ``NotStored`` for an unknown customer, ``TextRefused``.
        """
        clean = typed_text(number, WORD_LIMIT, "number", empty=False)
        values = {"kind": typed_text(kind, WORD_LIMIT, "kind"), "checked_at": at, "checked_by": login}

        async def op(connection: AsyncConnection) -> bool:
            await _owner(connection, id)
            owned = customer_numbers.c.customer == id
            rows = (
                await connection.execute(
                    select(customer_numbers.c.number, customer_numbers.c.position).where(owned)
                )
            ).all()
            if any(row.number == clean for row in rows):
                return False
            if len(rows) >= MOST_NUMBERS:
                raise TextRefused(
                    f"number: a customer has at most {MOST_NUMBERS}",
                    f"у клиента не больше {MOST_NUMBERS} номеров",
                )
            position = max((row.position for row in rows), default=-1) + 1
            await connection.execute(
                customer_numbers.insert().values(customer=id, position=position, number=clean, **values)
            )
            await index_again(connection, [id])
            await told(connection, id, login, at, ["numbers"], subject="number_added")
            return True

        return await self._store.writer.submit(op)

    async def _change_number(
        self,
        id: CustomerId,
        number: str,
        values: Mapping[str, Any],
        login: Login,
        at: datetime,
        subject: str,
    ) -> None:
        this = (customer_numbers.c.customer == id) & (customer_numbers.c.number == number)

        async def op(connection: AsyncConnection) -> None:
            done = await connection.execute(update(customer_numbers).where(this).values(**values))
            if not done.rowcount:
                raise NotStored(
                    "the customer has no such number: look at his numbers again",
                    "такого номера у клиента нет: посмотрите его номера ещё раз",
                )
            await told(connection, id, login, at, ["numbers"], subject=subject)

        await self._store.writer.submit(op)

    # --- the spoken password of a number (D-30): a slow hash, made and checked above the store

    async def set_password_hash(
        self, id: CustomerId, number: str, password_hash: str | None, login: Login, at: datetime
    ) -> None:
        """None takes it away. Raises ``NotStored``."""
        subject = "password_removed" if password_hash is None else "password_set"
        await self._change_number(id, number, {"password_hash": password_hash}, login, at, subject)

    async def password_hash(self, id: CustomerId, number: str) -> str | None:
        """To be verified, never to be shown; None where there is none."""
        query = select(customer_numbers.c.password_hash).where(
            customer_numbers.c.customer == id, customer_numbers.c.number == number
        )
        async with self._store.read() as connection:
            found: str | None = (await connection.execute(query)).scalar()
            return found

    async def password_hashes(self, id: CustomerId) -> dict[str, str]:
        """Of all his numbers that have one, by number; the main one first."""
        query = (
            select(customer_numbers.c.number, customer_numbers.c.password_hash)
            .where(customer_numbers.c.customer == id, customer_numbers.c.password_hash.is_not(None))
            .order_by(customer_numbers.c.position)
        )
        async with self._store.read() as connection:
            return {row.number: row.password_hash for row in await connection.execute(query)}

    async def note_password_check(
        self, id: CustomerId, login: Login, at: datetime, *, is_right: bool
    ) -> None:
        """The audit holds every try."""

        async def op(connection: AsyncConnection) -> None:
            subject = "password_right" if is_right else "password_wrong"
            await audit.note(connection, login, "checked", id, at, subject=subject)

        await self._store.writer.submit(op)

    # --- consents to named clauses

    async def grant(
        self, id: CustomerId, clause: str, evidence: str, login: Login, at: datetime
    ) -> ConsentRecord:
        """He consents to a clause; while a consent is in force, another one to it gives that back unchanged.

        ``evidence``: what proves it (a recording, a signed paper and where it lies). Raises ``TextRefused``,
        ``NotStored``.
        """
        name = typed_text(clause, WORD_LIMIT, "clause", empty=False)
        proof = typed_text(evidence, NAME_LIMIT, "evidence", empty=False)

        async def op(connection: AsyncConnection) -> ConsentRecord:
            await _owner(connection, id)
            in_force = select(customer_consents).where(
                customer_consents.c.customer == id,
                customer_consents.c.clause == name,
                customer_consents.c.withdrawn_at.is_(None),
            )
            there = (await connection.execute(in_force)).first()
            if there is not None:
                return read_consent(there)
            await connection.execute(
                customer_consents.insert().values(
                    customer=id,
                    clause=name,
                    granted_at=at,
                    granted_by=login,
                    evidence=proof,
                    withdrawal_evidence="",
                )
            )
            await told(connection, id, login, at, ["consents"], subject="consent_granted")
            return read_consent((await connection.execute(in_force)).one())

        return await self._store.writer.submit(op)

    async def withdraw(self, id: CustomerId, clause: str, evidence: str, login: Login, at: datetime) -> None:
        """He takes his consent back. Raises ``NotStored`` if none is in force, ``TextRefused``."""
        proof = typed_text(evidence, NAME_LIMIT, "evidence", empty=False)

        async def op(connection: AsyncConnection) -> None:
            statement = (
                update(customer_consents)
                .where(
                    customer_consents.c.customer == id,
                    customer_consents.c.clause == clause,
                    customer_consents.c.withdrawn_at.is_(None),
                )
                .values(withdrawn_at=at, withdrawn_by=login, withdrawal_evidence=proof)
            )
            if not (await connection.execute(statement)).rowcount:
                raise NotStored(
                    f"there is no consent to {clause[:40]!r} in force",
                    f"согласия по пункту «{clause[:40]}» нет",
                )
            await told(connection, id, login, at, ["consents"], subject="consent_withdrawn")

        await self._store.writer.submit(op)

    async def set_operators(
        self, id: CustomerId, logins: Sequence[Login], login: Login, at: datetime
    ) -> None:
        """His personal operators, the first choice first. Raises ``TextRefused``, ``NotStored``."""
        wanted = [typed_text(one, WORD_LIMIT, "login", empty=False) for one in dict.fromkeys(logins)]

        async def op(connection: AsyncConnection) -> None:
            await _owner(connection, id)
            await connection.execute(customer_operators.delete().where(customer_operators.c.customer == id))
            rows = [{"customer": id, "login": one, "position": n} for n, one in enumerate(wanted)]
            if rows:
                await connection.execute(customer_operators.insert(), rows)
            await told(connection, id, login, at, ["operators"])

        await self._store.writer.submit(op)


async def told(
    connection: AsyncConnection,
    id: CustomerId,
    login: Login,
    at: datetime,
    fields: Iterable[str],
    *,
    subject: str = "",
) -> None:
    """Within the op that changed him: audit and outbox. ``fields`` are names, never contents."""
    names = list(fields)
    await audit.note(connection, login, "changed", id, at, subject=subject, detail={"fields": names})
    data = {"customer": id, "fields": names, "by": login, "why": subject or "corrected"}
    await outbox.tell(connection, EVENT, data, at)


async def _owner(connection: AsyncConnection, id: CustomerId) -> Row[Any]:
    row = (await connection.execute(select(customers).where(customers.c.id == id))).first()
    if row is None:
        raise no_customer(id)
    if id == NULL_CUSTOMER:
        raise NotStored(
            "the null customer cannot be changed: he stands for everybody unknown",
            "нулевого клиента не изменить: он стоит за всех неизвестных",
        )
    return row


def _overtaken(there: Row[Any], wanted: Mapping[str, Any], was: Mapping[str, str]) -> dict[str, str]:
    """Fields that hold neither what he saw nor what he wants; how lines are broken does not matter."""
    now = {name: getattr(there, name) or "" for name in wanted if name in was}
    return {
        name: text
        for name, text in now.items()
        if text.split() not in (was[name].split(), (wanted[name] or "").split())
    }


def _corrected(fields: Mapping[str, str]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    for name, text in fields.items():
        limit = CORRECTABLE.get(name)
        if limit is None:
            raise TextRefused(
                f"{name[:40]}: cannot be corrected; these can: {', '.join(CORRECTABLE)}",
                f"{name[:40]}: исправить нельзя; можно: {', '.join(CORRECTABLE)}",
            )
        clean[name] = typed_text(text, limit, name, lines=name == "urgent", empty=name != "name")
    if "language" in clean:
        clean["language"] = clean["language"] or None
        if clean["language"] not in (None, *LANGUAGES):
            raise no_language()
    return clean

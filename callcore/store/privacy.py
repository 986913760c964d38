"""One person's data: all of it given out, or all of it gone. What that is stands in ``personal.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import NULL_CUSTOMER, CustomerId
from callcore.store.audit import note
from callcore.store.errors import StoreError, no_customer
from callcore.store.outbox import tell
from callcore.store.personal import DELETED, HELD, Person, files
from callcore.store.ports import Store
from callcore.store.schema.access import audit
from callcore.store.schema.cases import cases
from callcore.store.schema.contacts import attachment_bodies, attachment_links, attachments
from callcore.store.schema.core import customer_numbers, customers, targets
from callcore.store.schema.record import customer_persons

FILES = "attachments"


@dataclass(frozen=True, slots=True)
class Hold:
    """What stands against erasing him now: an open case, a notice that is on its way."""

    kind: Literal["case", "notice"]
    id: int


class Held(StoreError):
    """Something is under way that needs his data."""

    def __init__(self, holds: tuple[Hold, ...]) -> None:
        super().__init__("under way: " + ", ".join(f"{hold.kind} {hold.id}" for hold in holds))
        self.holds = holds


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is, or was, erased."""

    customer: CustomerId
    contract: str
    counts: Mapping[str, int]
    """Rows by table; only tables that have any."""
    holds: tuple[Hold, ...]
    was_before: bool
    """He had been erased already."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that is known of one person."""

    customer: CustomerId
    contract: str
    tables: Mapping[str, tuple[Mapping[str, Any], ...]]
    """Rows as they are, by table, in the order of ``HELD``; tables without rows are absent."""
    files: tuple[tuple[str, str], ...]
    """Id and name of each attachment; ``Privacy.bodies`` gives them."""
    seen: tuple[Mapping[str, Any], ...]
    """The audit's lines about him."""


class Privacy:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def dossier(self, customer: CustomerId, by: str, at: datetime) -> Dossier:
        """Raises ``NotStored`` for a customer that there is not. Audited before anything is given out."""

        async def op(connection: AsyncConnection) -> bool:
            if await _contract(connection, customer) is None:
                return False
            await note(connection, by, "exported", customer, at)
            return True

        if not await self._store.writer.submit(op):
            raise no_customer(customer)
        async with self._store.read() as connection:
            person = await _person(connection, customer)
            tables = {}
            for part in HELD:
                rows = (await connection.execute(select(part.table).where(part.rows(person)))).all()
                if rows:
                    tables[part.table.name] = tuple(dict(row._mapping) for row in rows)
            mine = select(attachments.c.id, attachments.c.name).where(attachments.c.id.in_(files(person)))
            found = (await connection.execute(mine.order_by(attachments.c.at))).all()
            lines = select(audit).where(audit.c.customer == customer).order_by(audit.c.id)
            seen = (await connection.execute(lines)).all()
            contract = await _contract(connection, customer) or ""
        return Dossier(
            customer,
            contract,
            tables,
            tuple((row.id, row.name) for row in found),
            tuple(dict(row._mapping) for row in seen),
        )

    async def bodies(self, dossier: Dossier) -> AsyncIterator[tuple[str, bytes]]:
        """Each attachment's id and bytes, one at a time."""
        for id_, _name in dossier.files:
            async with self._store.read() as connection:
                query = select(attachment_bodies.c.body).where(attachment_bodies.c.attachment == id_)
                body = (await connection.execute(query)).scalar()
            if body is not None:
                yield id_, body

    async def preview(self, customer: CustomerId) -> Erasure:
        """What erasing would touch; changes nothing. Raises ``NotStored``."""
        async with self._store.read() as connection:
            found = await _survey(connection, customer)
        if found is None:
            raise no_customer(customer)
        return found

    async def erase(
        self, customer: CustomerId, by: str, at: datetime, *, reason: str, is_forced: bool = False
    ) -> Erasure:
        """Replace all that tells who he is; figures stay. Again gives the same and is no fault.

        Raises ``NotStored``, and ``Held`` while something is under way, unless forced; a notice that is on
        its way to his telephone keeps its row even so. Audited, told to whoever listens.
        """

        async def op(connection: AsyncConnection) -> Erasure | None:
            found = await _survey(connection, customer)
            if found is None or (found.holds and not is_forced):
                return found
            person = await _person(connection, customer)
            going = list((await connection.execute(files(person))).scalars())
            for part in HELD:
                where = part.rows(person) if part.only is None else part.rows(person) & part.only()
                if part.marks == DELETED:
                    await connection.execute(delete(part.table).where(where))
                else:
                    marks = part.marks(person)
                    await connection.execute(update(part.table).where(where).values(**marks))
            if going:
                for table, key in (
                    (attachment_links, attachment_links.c.attachment),
                    (attachment_bodies, attachment_bodies.c.attachment),
                    (attachments, attachments.c.id),
                ):
                    await connection.execute(delete(table).where(key.in_(going)))
            detail = {"rows": dict(found.counts), "reason": reason, "forced": bool(found.holds)}
            await note(connection, by, "erased", customer, at, detail=detail)
            await tell(connection, "customer.erased", {"customer": customer}, at)
            return found

        found = await self._store.writer.submit(op)
        if found is None:
            raise no_customer(customer)
        if found.holds and not is_forced:
            raise Held(found.holds)
        return found


async def _contract(connection: AsyncConnection, customer: CustomerId) -> str | None:
    if customer == NULL_CUSTOMER:
        return None
    query = select(customers.c.contract).where(customers.c.id == customer)
    return (await connection.execute(query)).scalar()


async def _person(connection: AsyncConnection, customer: CustomerId) -> Person:
    """His numbers and those of his persons: unless the number is another customer's too."""
    own = select(customer_numbers.c.number).where(customer_numbers.c.customer == customer)
    theirs = select(customer_persons.c.number).where(customer_persons.c.customer == customer)
    numbers = {*(await connection.execute(own)).scalars(), *(await connection.execute(theirs)).scalars()}
    numbers.discard(None)
    numbers.discard("")
    shared = select(customer_numbers.c.number).where(
        customer_numbers.c.number.in_(numbers), customer_numbers.c.customer != customer
    )
    numbers -= set((await connection.execute(shared)).scalars())
    return Person(customer, tuple(sorted(numbers)))


async def _survey(connection: AsyncConnection, customer: CustomerId) -> Erasure | None:
    contract = await _contract(connection, customer)
    if contract is None:
        return None
    person = await _person(connection, customer)
    counts: dict[str, int] = {}
    for part in HELD:
        query = select(func.count()).select_from(part.table).where(part.rows(person))
        counts[part.table.name] = (await connection.execute(query)).scalar_one()
    query = select(func.count()).select_from(files(person).subquery())
    counts[FILES] = (await connection.execute(query)).scalar_one()
    open_cases = select(cases.c.id).where(cases.c.customer == customer, cases.c.closed_at.is_(None))
    going = select(targets.c.id).where(targets.c.customer == customer, targets.c.result.is_(None))
    holds = [
        Hold("case", id_) for id_ in (await connection.execute(open_cases.order_by(cases.c.id))).scalars()
    ]
    holds += [Hold("notice", id_) for id_ in (await connection.execute(going)).scalars()]
    return Erasure(
        customer,
        contract,
        {table: count for table, count in counts.items() if count},
        tuple(holds),
        contract == f"erased-{customer}",
    )

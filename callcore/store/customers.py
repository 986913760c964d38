"""The own customer base: by number, by contract, by words. Several customers may share one number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import LANGUAGES, Customer, CustomerId, Language
from callcore.store.engine import chunks
from callcore.store.errors import TextRefused
from callcore.store.ports import Store
from callcore.store.schema import customer_numbers, customers
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT, WORD_LIMIT, folded, typed_text

_BALANCE_LIMIT = 2**63


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer on his way in; ``contract`` is what tells him from others. Numbers are canonical."""

    contract: str
    name: str
    address: str = ""
    tariff: str = ""
    balance_minor: int | None = None
    currency: str = "RUB"
    segment: str = ""
    legal_form: str = ""
    language: Language | None = None
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """What ``add_many`` did, in customers."""

    added: int
    changed: int
    unchanged: int


class Customers:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def find_by_number(self, number: str) -> tuple[Customer, ...]:
        """Everybody who has this canonical number, in the order of their ids."""
        owners = select(customer_numbers.c.customer).where(customer_numbers.c.number == number)
        async with self._store.read() as connection:
            return await _load(connection, customers.c.id.in_(owners))

    async def get(self, id: CustomerId) -> Customer | None:
        async with self._store.read() as connection:
            found = await _load(connection, customers.c.id == id)
        return found[0] if found else None

    async def search(self, words: str, limit: int = 20) -> tuple[Customer, ...]:
        """Customers whose name, contract, address or number holds every word, oldest first.

        Letter case and ё/е do not matter. Nothing for an empty search.
        """
        wanted = [word for word in folded(words).split() if word][:8]
        if not wanted:
            return ()
        query = select(customers.c.id).order_by(customers.c.id).limit(limit)
        for word in wanted:
            digits = "".join(filter(str.isdigit, word))
            match = customers.c.haystack.contains(word, autoescape=True)
            if len(digits) >= 4:
                holders = select(customer_numbers.c.customer).where(
                    customer_numbers.c.number.contains(digits)
                )
                match |= customers.c.id.in_(holders)
            query = query.where(match)
        async with self._store.read() as connection:
            return await _load(connection, customers.c.id.in_(query))

    async def count(self) -> int:
        async with self._store.read() as connection:
            return (await connection.execute(select(func.count()).select_from(customers))).scalar_one()

    async def add_many(self, new: Iterable[NewCustomer]) -> Added:
        """Add customers, or bring known contracts up to date; all or nothing, a repeat changes nothing.

        Raises ``TextRefused`` for a text that does not fit or a contract that stands twice in ``new``.
        """
        clean = [checked_customer(customer) for customer in new]
        if len({customer.contract for customer in clean}) < len(clean):
            raise TextRefused("contract: each may stand there once")

        async def op(connection: AsyncConnection) -> Added:
            counts = [0, 0, 0]
            for chunk in chunks(clean):
                for i, n in enumerate(await _add_chunk(connection, chunk)):
                    counts[i] += n
            return Added(*counts)

        return await self._store.writer.submit(op)


async def _add_chunk(connection: AsyncConnection, chunk: Sequence[NewCustomer]) -> tuple[int, int, int]:
    known = {
        customer.contract: customer
        for customer in await _load(connection, customers.c.contract.in_([c.contract for c in chunk]))
    }
    fresh = [customer for customer in chunk if customer.contract not in known]
    if fresh:
        await connection.execute(customers.insert(), [_row(customer) for customer in fresh])
        contracts = [customer.contract for customer in fresh]
        rows = await connection.execute(
            select(customers.c.contract, customers.c.id).where(customers.c.contract.in_(contracts))
        )
        ids = {row.contract: row.id for row in rows}
        await _add_numbers(connection, [(ids[customer.contract], customer.numbers) for customer in fresh])
    changed = [
        (known[customer.contract].id, customer)
        for customer in chunk
        if customer.contract in known and not _same(known[customer.contract], customer)
    ]
    for id, customer in changed:
        await connection.execute(update(customers).where(customers.c.id == id).values(**_row(customer)))
        await connection.execute(delete(customer_numbers).where(customer_numbers.c.customer == id))
    await _add_numbers(connection, [(id, customer.numbers) for id, customer in changed])
    return len(fresh), len(changed), len(chunk) - len(fresh) - len(changed)


async def _add_numbers(
    connection: AsyncConnection, numbers: Sequence[tuple[CustomerId, tuple[str, ...]]]
) -> None:
    rows = [
        {"customer": id, "position": position, "number": number}
        for id, owned in numbers
        for position, number in enumerate(owned)
    ]
    if rows:
        await connection.execute(customer_numbers.insert(), rows)


async def _load(connection: AsyncConnection, condition: Any) -> tuple[Customer, ...]:
    query = (
        select(customers, customer_numbers.c.number)
        .outerjoin_from(customers, customer_numbers)
        .where(condition)
        .order_by(customers.c.id, customer_numbers.c.position)
    )
    rows = (await connection.execute(query)).all()
    return tuple(_customer(list(owned)) for _, owned in groupby(rows, key=attrgetter("id")))


def checked_customer(new: NewCustomer) -> NewCustomer:
    """As it will be stored; raises ``TextRefused`` for what cannot be."""
    if new.balance_minor is not None and not -_BALANCE_LIMIT <= new.balance_minor < _BALANCE_LIMIT:
        raise TextRefused("balance: out of range")
    if new.language is not None and new.language not in LANGUAGES:
        raise TextRefused(f"language: one of {', '.join(LANGUAGES)}")
    return NewCustomer(
        contract=typed_text(new.contract, WORD_LIMIT, "contract", empty=False),
        name=typed_text(new.name, NAME_LIMIT, "name", empty=False),
        address=typed_text(new.address, ADDRESS_LIMIT, "address"),
        tariff=typed_text(new.tariff, NAME_LIMIT, "tariff"),
        balance_minor=new.balance_minor,
        currency=typed_text(new.currency, 3, "currency", empty=False),
        segment=typed_text(new.segment, WORD_LIMIT, "segment"),
        legal_form=typed_text(new.legal_form, WORD_LIMIT, "legal form"),
        language=new.language,
        numbers=tuple(
            dict.fromkeys(typed_text(number, WORD_LIMIT, "number", empty=False) for number in new.numbers)
        ),
    )


def _row(new: NewCustomer) -> dict[str, Any]:
    return {
        "contract": new.contract,
        "name": new.name,
        "address": new.address,
        "tariff": new.tariff,
        "balance_minor": new.balance_minor,
        "currency": new.currency,
        "segment": new.segment,
        "legal_form": new.legal_form,
        "language": new.language,
        "haystack": folded(f"{new.name}\n{new.contract}\n{new.address}"),
    }


def _same(known: Customer, new: NewCustomer) -> bool:
    return all(getattr(known, name) == getattr(new, name) for name in NewCustomer.__slots__)


def _customer(rows: list[Row[Any]]) -> Customer:
    row = rows[0]
    return Customer(
        id=CustomerId(row.id),
        name=row.name,
        contract=row.contract,
        address=row.address,
        tariff=row.tariff,
        balance_minor=row.balance_minor,
        currency=row.currency,
        segment=row.segment,
        legal_form=row.legal_form,
        language=cast(Language | None, row.language),
        numbers=tuple(row.number for row in rows if row.number is not None),
    )

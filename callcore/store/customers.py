"""The own customer base: by number, by contract, by words. Several customers may share one number.

This is the short customer that routing and the pop use; the record in full is in ``records.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import LANGUAGES, NULL_CUSTOMER, Customer, CustomerId, Language, Login
from callcore.store.callers import Callers, find_callers, find_operators
from callcore.store.customers_read import BY_CONTRACT, BY_ID, BY_NUMBER, load_customers
from callcore.store.customers_search import CustomerHit, Matched, find_hits
from callcore.store.engine import chunks
from callcore.store.errors import TextRefused, no_language
from callcore.store.ports import Store
from callcore.store.records_write import RecordDraft, Verdict, take_in
from callcore.store.schema.core import customers
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT, WORD_LIMIT, typed_text

__all__ = [
    "Added",
    "CustomerHit",
    "Customers",
    "Matched",
    "NewCustomer",
    "checked_customer",
]
_BALANCE_LIMIT = 2**63
NULL_CONTRACT = "0"


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
        return await self._store.ask(partial(load_customers, query=BY_NUMBER, number=number))

    async def get(self, id: CustomerId) -> Customer | None:
        found = await self._store.ask(partial(load_customers, query=BY_ID, ids=[id]))
        return found[0] if found else None

    async def by_contract(self, contract: str) -> Customer | None:
        found = await self._store.ask(partial(load_customers, query=BY_CONTRACT, contract=contract))
        return found[0] if found else None

    async def search(
        self, words: str, limit: int = 20, country: str = "RU", *, whole: bool = False
    ) -> tuple[CustomerHit, ...]:
        """Who fits what was typed, the best first: whoever has just this contract or number, then by digits
        within them, then by name, then by address, person or connection point.

        Each word is the beginning of one, or a Russian form of it; letter case and ё/е do not matter. "0" is
        the null customer, whom nothing else finds. Nothing for an empty line. ``whole``: no beginnings and no
        part of a number, for those who see both masked: part by part they could guess them.
        """
        return await self._store.ask(
            lambda connection: tuple(find_hits(connection, words, limit, country, whole=whole))
        )

    async def callers(self, number: str | None, customer: CustomerId | None, now: datetime) -> Callers:
        """Who calls, as routing asks it: ``customer`` if he is known, else whoever has the number."""
        return await self._store.ask(partial(find_callers, number=number, customer=customer, now=now))

    async def operators(self, id: CustomerId) -> tuple[Login, ...]:
        """Who serves him in person, the first choice first."""
        return await self._store.ask(partial(find_operators, customer=id))

    async def count(self) -> int:
        """How many there are, the null customer aside."""
        query = select(func.count()).select_from(customers).where(customers.c.id != NULL_CUSTOMER)
        async with self._store.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def add_many(self, new: Iterable[NewCustomer], at: datetime | None = None) -> Added:
        """Add customers, or bring known contracts up to date; all or nothing, a repeat changes nothing.

        Raises ``TextRefused`` for a text that does not fit or a contract that stands twice in ``new``.
        """
        clean = [checked_customer(customer) for customer in new]
        if len({customer.contract for customer in clean}) < len(clean):
            raise TextRefused("contract: each may stand there once", "договор: каждый может стоять один раз")
        drafts = [_draft(customer) for customer in clean]
        moment = at or datetime.fromtimestamp(0, UTC)

        async def op(connection: AsyncConnection) -> Added:
            verdicts: list[Verdict] = []
            for chunk in chunks(drafts):
                verdicts += [one.verdict for one in await take_in(connection, chunk, moment)]
            return Added(*(verdicts.count(verdict) for verdict in Verdict))

        return await self._store.writer.submit(op)


def checked_customer(new: NewCustomer) -> NewCustomer:
    """As it will be stored; raises ``TextRefused`` for what cannot be."""
    if new.contract.strip() == NULL_CONTRACT:
        raise TextRefused(
            f"contract: {NULL_CONTRACT} is taken by the null customer",
            f"договор: {NULL_CONTRACT} занят нулевым клиентом",
        )
    if new.balance_minor is not None and not -_BALANCE_LIMIT <= new.balance_minor < _BALANCE_LIMIT:
        raise TextRefused("balance: out of range", "баланс: такого не бывает")
    if new.language is not None and new.language not in LANGUAGES:
        raise no_language()
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


def _draft(new: NewCustomer) -> RecordDraft:
    values = {one.name: getattr(new, one.name) for one in fields(new) if one.name != "numbers"}
    return RecordDraft(new.contract, values, {"numbers": tuple({"number": n} for n in new.numbers)})

"""The search of customers: from a typed line to ids, and what of each matched.

Several narrow questions are asked one after the other until the limit is reached, each of which reads an
index in order and stops: cheaper than one wide question whose answers must all be ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import compress
from typing import Any

from sqlalchemy import Connection, bindparam, literal, select, union_all

from callcore.domain import NULL_CUSTOMER, Customer, CustomerId
from callcore.numbers import normalise
from callcore.store.customers_ask import FEW, by_digits, by_digits_and_words, by_words, may_have
from callcore.store.customers_read import BY_ID, load_customers
from callcore.store.engine import chunks
from callcore.store.schema.core import customer_numbers, customers
from callcore.store.schema.record import customer_addresses, customer_persons, customer_points
from callcore.store.searching import Query, digits_of, holds, index_words, is_only_number, parse, stem

TELLING_DIGITS = 4
"""Beside words; three are a house, and are looked for as a word."""
PROBED = 3
"""Words of a query, the longest first, that are asked whether they are."""


class Matched(StrEnum):
    """What of a customer fits what was typed."""

    contract = "contract"
    number = "number"
    name = "name"
    address = "address"
    person = "person"
    point = "point"
    null = "null"
    record = "record"
    """The number of an interaction of his."""
    case = "case"


@dataclass(frozen=True, slots=True)
class CustomerHit:
    """``text``: that which matched, as it is stored: the number, the address …"""

    customer: Customer
    matched: Matched
    text: str


def find_hits(
    connection: Connection, typed: str, limit: int, country: str, *, whole: bool = False
) -> list[CustomerHit]:
    """At most ``limit``, the best first; ``whole``: by whole words and numbers only."""
    query = parse(typed, whole=whole)
    numbers = _numbers(query, country)
    if query.asks_null:
        return _explained(connection, query, numbers, [NULL_CUSTOMER])
    if query.is_empty or limit < 1:
        return []
    ids: dict[CustomerId, None] = dict.fromkeys(_exactly(connection, query, numbers))
    for ask in _questions(connection, query):
        if len(ids) >= limit:
            break
        ids |= dict.fromkeys(ask(most=limit + len(ids)))
    chosen = [id for id in ids if id != NULL_CUSTOMER][:limit]
    return _explained(connection, query, numbers, chosen)


def is_whole_match(one: Customer, typed: str, country: str) -> bool:
    """Whether somebody found elsewhere fits as a whole: other systems answer parts of names and numbers."""
    query = parse(typed, whole=True)
    if one.contract.casefold() == query.typed.casefold() or _numbers(query, country) & {*one.numbers}:
        return True
    indexed = index_words([one.name, one.address], one.contract).split()
    return bool(query.words) and holds(indexed, query.words, whole=True)


_BY_CONTRACT = (
    select(customers.c.id)
    .where(customers.c.contract.in_(bindparam("contracts", expanding=True)))
    .order_by(customers.c.id)
)
_BY_NUMBER = (
    select(customer_numbers.c.customer)
    .where(customer_numbers.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(customer_numbers.c.customer)
    .limit(50)
)
_WORDS = select(customers.c.id, customers.c.haystack, customers.c.places).where(
    customers.c.id.in_(bindparam("ids", expanding=True))
)


def _numbers(query: Query, country: str) -> frozenset[str]:
    """The number that was typed, and nothing beside it, as it may be stored."""
    if not query.digits or not is_only_number(query.typed):
        return frozenset()
    known = normalise(query.typed, country)
    spelled = {*query.digits, *("+" + one for one in query.digits)}
    return frozenset(spelled | ({known.canonical} if known else set()))


def _exactly(connection: Connection, query: Query, numbers: Collection[str]) -> list[CustomerId]:
    """Who has just this contract, then who has just this number."""
    spellings = {query.typed, query.typed.upper(), query.typed.lower()}
    found = connection.execute(_BY_CONTRACT, {"contracts": list(spellings)})
    ids = [CustomerId(id) for id in found.scalars()]
    if numbers:
        owners = connection.execute(_BY_NUMBER, {"numbers": list(numbers)})
        ids += [CustomerId(id) for id in owners.scalars()]
    return ids


def _among_few(connection: Connection, query: Query) -> list[CustomerId] | None:
    """Who matches every word, where one of the words is rare: its owners are looked through. None: none is.

    SQLite would walk through the long list of a frequent word beside it, up to three times; PostgreSQL
    begins with the rare one by itself.
    """
    if connection.dialect.name != "sqlite":
        return None
    for word in sorted(query.words, key=len, reverse=True)[:PROBED]:
        ids = may_have(connection, word, FEW + 1, whole=query.whole)
        if len(ids) <= FEW:
            break
    else:
        return None
    ranked: list[tuple[int, int]] = []
    for row in connection.execute(_WORDS, {"ids": ids}):
        names = row.haystack.split()
        if holds(names, query.words, whole=query.whole):
            whole = frozenset(names)
            ranked.append((0 if all(w in whole or stem(w) in whole for w in query.words) else 1, row.id))
        elif holds(names + row.places.split(), query.words, whole=query.whole):
            ranked.append((2, row.id))
    return [CustomerId(id) for _, id in sorted(ranked)]


def _questions(connection: Connection, query: Query) -> Iterator[Callable[..., list[CustomerId]]]:
    """Narrow ones, the best matches first; each is told how many answers are ``most``."""
    if query.digits and is_only_number(query.typed) and not query.whole:
        for one in query.digits:
            yield partial(by_digits, connection, one)
    few = _among_few(connection, query) if query.words else []
    if few is not None:
        yield lambda most: few
    else:
        begun = ((True, False), (False, False))
        for name, whole in ((True, True), *(((False, True),) if query.whole else begun)):
            yield partial(by_words, connection, query.words, name=name, whole=whole)
    if query.other_words and len(query.digits[0]) >= TELLING_DIGITS and not query.whole:
        for one in query.digits:
            yield partial(by_digits_and_words, connection, one, query.other_words)


def _explained(
    connection: Connection, query: Query, numbers: Collection[str], ids: Sequence[CustomerId]
) -> list[CustomerHit]:
    """What of each matched; persons and points are only read where nothing nearer did."""
    if not ids:
        return []
    known = {one.id: one for one in load_customers(connection, BY_ID, ids=ids)}
    hits = {id: hit for id, one in known.items() if (hit := _near(query, numbers, one)) is not None}
    missing = [id for id in ids if id in known and id not in hits]
    if missing:
        hits |= _far(connection, query, [known[id] for id in missing])
    return [hits[id] for id in ids if id in hits]


def _near(query: Query, numbers: Collection[str], one: Customer) -> CustomerHit | None:
    if query.asks_null:
        return CustomerHit(one, Matched.null, one.contract)
    if one.contract.casefold() == query.typed.casefold():
        return CustomerHit(one, Matched.contract, one.contract)
    for digits in query.digits:
        fits = (each in numbers if query.whole else digits in digits_of(each) for each in one.numbers)
        number = next(compress(one.numbers, fits), None)
        if number is not None:
            return CustomerHit(one, Matched.number, number)
        if digits in digits_of(one.contract):
            return CustomerHit(one, Matched.contract, one.contract)
    if _says(query, index_words([one.name])):
        return CustomerHit(one, Matched.name, one.name)
    if _says(query, index_words([], one.contract)):
        return CustomerHit(one, Matched.contract, one.contract)
    if _says(query, index_words([one.address])):
        return CustomerHit(one, Matched.address, one.address)
    return None


def _says(query: Query, indexed: str) -> bool:
    return holds(indexed.split(), query.words, whole=query.whole)


_PARTS: tuple[tuple[Matched, Any], ...] = (
    (Matched.person, customer_persons.c.name),
    (Matched.address, customer_addresses.c.address),
    (Matched.point, customer_points.c.address),
    (Matched.point, customer_points.c.code),
)


def _far(connection: Connection, query: Query, them: Sequence[Customer]) -> dict[CustomerId, CustomerHit]:
    """The part that holds most of the words; the name where they are spread over several."""
    known = {one.id: one for one in them}
    best: dict[CustomerId, tuple[int, CustomerHit]] = {}

    def weigh(id: CustomerId, matched: Matched, text: str) -> None:
        indexed = index_words([text]).split()
        weight = sum(holds(indexed, [word], whole=query.whole) for word in query.words)
        if weight > best.get(id, (0,))[0]:
            best[id] = (weight, CustomerHit(known[id], matched, text))

    for one in them:
        weigh(one.id, Matched.name, one.name)
        weigh(one.id, Matched.address, one.address)
    for some in chunks(list(known)):
        parts = [
            select(literal(place).label("place"), words.table.c.customer, words.label("text")).where(
                words.table.c.customer.in_(some)
            )
            for place, (_, words) in enumerate(_PARTS)
        ]
        for row in sorted(connection.execute(union_all(*parts)).all()):
            weigh(CustomerId(row.customer), _PARTS[row.place][0], row.text)
    return {
        one.id: best[one.id][1] if one.id in best else CustomerHit(one, Matched.name, one.name)
        for one in them
    }

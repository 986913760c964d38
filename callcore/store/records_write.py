"""Writing whole records: what an import or a directory brings, held against what is there.

Only what a draft names is looked at: an absent value or part is left as it is. A part that is named replaces
the whole part, with two exceptions: what belongs to a number and was not named (its password, whether it is
bad) stays with it, and entries of money and consents are added to those that are there, once each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CustomerId
from callcore.store.engine import IN_LIST, chunks
from callcore.store.schema.core import customer_numbers, customers
from callcore.store.schema.record import (
    customer_addresses,
    customer_consents,
    customer_money,
    customer_offers,
    customer_operators,
    customer_persons,
    customer_points,
    customer_services,
)
from callcore.store.searching import index_digits, index_words

REPLACED: Mapping[str, Table] = {
    "persons": customer_persons,
    "addresses": customer_addresses,
    "points": customer_points,
    "services": customer_services,
    "offers": customer_offers,
    "operators": customer_operators,
}
ADDED: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "money": (customer_money, ("kind", "at", "amount_minor", "text")),
    "consents": (customer_consents, ("clause", "granted_at")),
}
"""With the columns by which an entry is known again."""
_INDEXED = frozenset(("name", "contract", "address", "numbers", "persons", "addresses", "points"))
_EMPTY: Mapping[str, Any] = {
    "address": "",
    "tariff": "",
    "balance_minor": None,
    "currency": "RUB",
    "segment": "",
    "legal_form": "",
    "language": None,
}
_NEW_NUMBER: Mapping[str, Any] = {
    column.name: None if column.nullable else False if column.name == "is_bad" else ""
    for column in customer_numbers.c
    if column.name not in ("customer", "position", "number")
}


class Verdict(StrEnum):
    new = "new"
    changed = "changed"
    unchanged = "unchanged"


@dataclass(frozen=True, slots=True)
class RecordDraft:
    """``values``: by column of ``customers``, checked already. ``parts``: by name, rows by column; of a
    number at least ``number``."""

    contract: str
    values: Mapping[str, Any]
    parts: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """In rows of the database."""
        return 1 + sum(map(len, self.parts.values()))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a draft. ``fields``: values and parts that changed. ``id`` None: not written."""

    contract: str
    verdict: Verdict
    fields: tuple[str, ...] = ()
    id: CustomerId | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    values: Mapping[str, Any]
    parts: Mapping[str, list[dict[str, Any]]]


async def compare(connection: AsyncConnection, drafts: Sequence[RecordDraft]) -> list[Taken]:
    """What ``take_in`` would do to these (at most ``IN_LIST``, each contract once). Only reads."""
    known = await _load(connection, drafts)
    return [_judged(draft, known.get(draft.contract)) for draft in drafts]


async def take_in(
    connection: AsyncConnection, drafts: Sequence[RecordDraft], at: datetime, *, index: bool = True
) -> list[Taken]:
    """Add and bring up to date, in the order of the drafts (at most ``IN_LIST``, each contract once).

    ``index`` False: new customers get their words later, by ``fill_index`` (they are found by number and
    contract meanwhile). Nobody is added without a name: who was erased since the file was judged stays so.
    """
    assert len(drafts) <= IN_LIST
    known = await _load(connection, drafts)
    judged = [_judged(draft, known.get(draft.contract)) for draft in drafts]
    fresh = [draft for draft, one in zip(drafts, judged, strict=True) if one.verdict is Verdict.new]
    ids = await _insert(connection, fresh, at, index=index)
    rows: dict[str, list[dict[str, Any]]] = {}
    for draft in fresh:
        _collect(rows, ids[draft.contract], draft, None)
    changing = [
        (known[draft.contract], draft, one.fields)
        for draft, one in zip(drafts, judged, strict=True)
        if one.verdict is Verdict.changed
    ]
    await _change(connection, changing, at)
    for owner, draft, changed in changing:
        _collect(rows, owner.id, draft, owner, changed)
    stale = [owner.id for owner, _, changed in changing if _INDEXED.intersection(changed)]
    for part, added in rows.items():
        if added:
            await connection.execute(_table(part).insert(), added)
    if stale:
        await index_again(connection, stale)
    ids |= {contract: owner.id for contract, owner in known.items()}
    return [replace(one, id=CustomerId(ids[one.contract]) if one.contract in ids else None) for one in judged]


def _table(part: str) -> Table:
    if part == "numbers":
        return customer_numbers
    return REPLACED[part] if part in REPLACED else ADDED[part][0]


def _judged(draft: RecordDraft, known: _Known | None) -> Taken:
    if known is None:
        return Taken(draft.contract, Verdict.new if draft.values.get("name") else Verdict.unchanged)
    changed = [name for name, value in draft.values.items() if known.values[name] != value]
    changed += [name for name, rows in draft.parts.items() if _merged(name, rows, known) is not None]
    return Taken(draft.contract, Verdict.changed if changed else Verdict.unchanged, tuple(changed))


def _merged(part: str, rows: Sequence[Mapping[str, Any]], known: _Known) -> list[dict[str, Any]] | None:
    """The rows that must stand there (to be added, for money and consents); None if nothing changes."""
    there = known.parts[part]
    if part in ADDED:
        keys = ADDED[part][1]
        seen = {tuple(one[key] for key in keys) for one in there}
        missing = [dict(row) for row in rows if tuple(row[key] for key in keys) not in seen]
        return missing or None
    if part == "numbers":
        old = {one["number"]: one for one in there}
        wanted = [dict(_NEW_NUMBER) | old.get(row["number"], {}) | dict(row) for row in rows]
    else:
        wanted = [dict(row) for row in rows]
    return None if wanted == there else wanted


def _collect(
    rows: dict[str, list[dict[str, Any]]],
    id: int,
    draft: RecordDraft,
    known: _Known | None,
    only: Iterable[str] | None = None,
) -> None:
    """Add to ``rows``, by part, what is to be inserted for this customer."""
    empty = _Known(id, {}, {part: [] for part in draft.parts})
    for part, given in draft.parts.items():
        if only is not None and part not in only:
            continue
        for position, row in enumerate(_merged(part, given, known or empty) or ()):
            added = {"customer": id, **row}
            if part not in ADDED:
                added["position"] = position
            rows.setdefault(part, []).append(added)


async def _insert(
    connection: AsyncConnection, drafts: Sequence[RecordDraft], at: datetime, *, index: bool
) -> dict[str, int]:
    if not drafts:
        return {}
    rows = [
        {
            **_EMPTY,
            "contract": draft.contract,
            **draft.values,
            "changed_at": at,
            **(words_of(draft) if index else {"haystack": ""}),
        }
        for draft in drafts
    ]
    await connection.execute(customers.insert(), rows)
    return await _ids(connection, [draft.contract for draft in drafts])


async def _ids(connection: AsyncConnection, contracts: Sequence[str]) -> dict[str, int]:
    query = select(customers.c.contract, customers.c.id).where(customers.c.contract.in_(contracts))
    return {row.contract: row.id for row in await connection.execute(query)}


async def _change(
    connection: AsyncConnection, changing: Sequence[tuple[_Known, RecordDraft, Sequence[str]]], at: datetime
) -> None:
    """Bring values up to date, and empty the parts that are replaced: few statements for many customers."""
    values: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    emptied: dict[str, list[int]] = {}
    for owner, draft, changed in changing:
        names = tuple(name for name in changed if name in draft.values)
        row = {"which": owner.id, "changed_at": at} | {name: draft.values[name] for name in names}
        values.setdefault(names, []).append(row)
        for part in changed:
            if part in draft.parts and part not in ADDED:
                emptied.setdefault(part, []).append(owner.id)
    for rows in values.values():
        await connection.execute(update(customers).where(customers.c.id == bindparam("which")), rows)
    for part, ids in emptied.items():
        parts = _table(part)
        await connection.execute(delete(parts).where(parts.c.customer.in_(ids)))


async def _load(connection: AsyncConnection, drafts: Sequence[RecordDraft]) -> dict[str, _Known]:
    contracts = [draft.contract for draft in drafts]
    found = await connection.execute(select(customers).where(customers.c.contract.in_(contracts)))
    rows = [row._asdict() for row in found]
    named = dict.fromkeys(part for draft in drafts for part in draft.parts)
    parts: dict[int, dict[str, list[dict[str, Any]]]] = {row["id"]: {p: [] for p in named} for row in rows}
    if rows:
        for part in named:
            owned = _table(part)
            order = owned.c.id if part in ADDED else owned.c.position
            query = select(owned).where(owned.c.customer.in_(list(parts))).order_by(owned.c.customer, order)
            for one in await connection.execute(query):
                values = one._asdict()
                id = values.pop("customer")
                values.pop("position", None)
                parts[id][part].append(values)
    return {row["contract"]: _Known(row["id"], row, parts[row["id"]]) for row in rows}


# --- the words by which they are found


def words_of(draft: RecordDraft) -> dict[str, str]:
    """The indexed columns of a customer who is new with this draft."""
    persons = draft.parts.get("persons", ())
    places = [draft.values.get("address", "")]
    places += [one["address"] for one in draft.parts.get("addresses", ())]
    for point in draft.parts.get("points", ()):
        places += [point["code"], point["address"]]
    numbers = [one["number"] for one in (*draft.parts.get("numbers", ()), *persons)]
    return _columns(
        [draft.values["name"], *(one["name"] for one in persons)], draft.contract, places, numbers
    )


def _columns(
    names: Sequence[str], contract: str, places: Sequence[str], numbers: Sequence[str]
) -> dict[str, str]:
    return {
        "haystack": index_words(names, contract),
        "places": index_words(places),
        "digits": index_digits([contract, *numbers]),
    }


async def index_again(connection: AsyncConnection, ids: Sequence[int], *, only_missing: bool = False) -> None:
    """Give these customers their words, as they stand now."""
    for some in chunks(ids):
        columns = await read_words(connection, some)
        statement = update(customers).where(customers.c.id == bindparam("which"))
        if only_missing:
            statement = statement.where(customers.c.haystack == "")
        if columns:
            await connection.execute(statement, [{"which": id, **one} for id, one in columns.items()])


async def read_words(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The indexed columns of each, made of what is stored."""
    query = select(customers.c.id, customers.c.contract, customers.c.name, customers.c.address)
    owners = {row.id: row for row in await connection.execute(query.where(customers.c.id.in_(ids)))}
    names: dict[int, list[str]] = {id: [row.name] for id, row in owners.items()}
    places: dict[int, list[str]] = {id: [row.address] for id, row in owners.items()}
    numbers: dict[int, list[str]] = {id: [] for id in owners}
    sources: tuple[tuple[Any, dict[int, list[str]]], ...] = (
        (customer_numbers.c.number, numbers),
        (customer_persons.c.name, names),
        (customer_persons.c.number, numbers),
        (customer_addresses.c.address, places),
        (customer_points.c.code, places),
        (customer_points.c.address, places),
    )
    for words, found in sources:
        owned = words.table
        of_these = owned.c.customer.in_(list(owners))
        parts = select(owned.c.customer, words.label("word")).where(of_these).order_by(owned.c.position)
        for row in await connection.execute(parts):
            found[row.customer].append(row.word)
    return {id: _columns(names[id], row.contract, places[id], numbers[id]) for id, row in owners.items()}

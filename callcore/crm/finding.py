"""One line that finds customers by anything: contract, number, name, address, and record or case numbers."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

from callcore.domain import CustomerId
from callcore.store.case_rows import id_of, number_of
from callcore.store.customers import CustomerHit, Customers, Matched

_RECORD = re.compile(r"(№|#|no\.?\s*)?\s*0*([1-9][0-9]{0,17})", re.ASCII | re.IGNORECASE)
_CASE_MARK = re.compile(r"[CСcс]-?[0-9]", re.ASCII)


class _Owned(Protocol):
    @property
    def customer(self) -> CustomerId | None: ...


class Interactions(Protocol):
    async def get(self, id: int) -> _Owned | None: ...


class _Case(Protocol):
    @property
    def customer(self) -> CustomerId: ...
    @property
    def created_at(self) -> datetime: ...


class Cases(Protocol):
    async def get(self, id: int) -> _Case | None: ...


class Search(Protocol):
    """``Finder.search``."""

    def __call__(
        self, typed: str, limit: int = 20, *, whole: bool = False
    ) -> Awaitable[tuple[CustomerHit, ...]]: ...


class Finder:
    def __init__(self, customers: Customers, interactions: Interactions, cases: Cases, country: str) -> None:
        """``country``: where numbers are dialled from (ISO 3166)."""
        self._customers = customers
        self._interactions = interactions
        self._cases = cases
        self._country = country

    async def search(self, typed: str, limit: int = 20, *, whole: bool = False) -> tuple[CustomerHit, ...]:
        """At most ``limit``, the best first, nobody twice. May raise ``StoreError``.

        ``whole``: by whole words and numbers only, for those who see them masked.
        A marked number (``№ 17``, ``C-2026-000017``) is looked for first; a bare one after those whose
        contract or number it is.
        """
        typed = typed.strip()
        hits = list(await self._customers.search(typed, limit, whole=whole))
        numbered = await self._numbered(typed)
        if not numbered:
            return tuple(hits)
        first = 0
        if typed.isdigit():
            exact = (Matched.contract, Matched.number, Matched.null)
            while first < len(hits) and hits[first].matched in exact and _is(hits[first].text, typed):
                first += 1
        kept = {hit.customer.id for hit in hits[:first]}
        rest = [hit for hit in (*numbered, *hits[first:]) if hit.customer.id not in kept]
        once = {hit.customer.id: hit for hit in reversed(rest)}
        ordered = dict.fromkeys(hit.customer.id for hit in rest)
        return (*hits[:first], *(once[id] for id in ordered))[:limit]

    async def _numbered(self, typed: str) -> list[CustomerHit]:
        found: list[CustomerHit] = []
        record = _RECORD.fullmatch(typed)
        if record:
            interaction = await self._interactions.get(int(record[2]))
            if interaction is not None and interaction.customer is not None:
                await self._add(found, interaction.customer, Matched.record, record[2])
        id = id_of(typed) if typed.isdigit() or _CASE_MARK.match(typed) else None
        case = None if id is None else await self._cases.get(id)
        if id is not None and case is not None:
            await self._add(found, case.customer, Matched.case, number_of(id, case.created_at))
        return found

    async def _add(self, found: list[CustomerHit], id: CustomerId, matched: Matched, number: str) -> None:
        customer = await self._customers.get(id)
        if customer is not None:
            found.append(CustomerHit(customer, matched, number))


def _is(text: str, typed: str) -> bool:
    return text == typed or text.lstrip("+") == typed

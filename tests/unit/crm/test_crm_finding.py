"""One line finds customers by anything, record and case numbers among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from callcore.crm.finding import Finder
from callcore.domain import CustomerId
from callcore.store.customers import Matched, NewCustomer
from callcore.store.database import Database

AT = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Owned:
    customer: CustomerId
    created_at: datetime = AT


class Book(dict[int, Owned]):
    async def get(self, id: int) -> Owned | None:  # type: ignore[override]
        return dict.get(self, id)


@pytest.fixture
async def finder(db: Database) -> Finder:
    """Anna's record is 17, Lev's case too; 17 is also Yan's contract."""
    await db.customers.add_many(
        [NewCustomer("А", "Анна"), NewCustomer("Б", "Лев"), NewCustomer("17", "Ян")], AT
    )
    ids = {hit: await db.customers.by_contract(hit) for hit in ("А", "Б")}
    anna, lev = (one.id for one in ids.values() if one is not None)
    return Finder(db.customers, Book({17: Owned(anna)}), Book({17: Owned(lev)}), "RU")


@pytest.mark.parametrize(
    ("typed", "hits"),
    [
        ("17", [("Ян", Matched.contract), ("Анна", Matched.record), ("Лев", Matched.case)]),
        ("№ 17", [("Анна", Matched.record)]),
        ("#17", [("Анна", Matched.record), ("Ян", Matched.contract)]),
        ("C-2026-000017", [("Лев", Matched.case)]),
        ("с-17", [("Лев", Matched.case)]),
        ("18", []),
        ("лев", [("Лев", Matched.name)]),
        ("0", [("Нулевой клиент", Matched.null)]),
        ("9" * 40, []),
    ],
)
async def test_numbers_of_records_and_cases(
    finder: Finder, typed: str, hits: list[tuple[str, Matched]]
) -> None:
    assert [(hit.customer.name, hit.matched) for hit in await finder.search(typed)] == hits

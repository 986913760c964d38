"""Customers from a CSV file: all or nothing, every fault with its row.

The first row names the columns, in English or Russian, in any order, letter case does not matter:

    contract    договор, лицевой счёт      required, tells customers apart
    name        имя, наименование, клиент  required
    numbers     телефон, телефоны, number, phone    several separated by comma, semicolon or slash
    address     адрес
    tariff      тариф
    balance     баланс                     roubles with kopecks: -120.50, 1 234,56
    currency    валюта                     three letters, RUB if absent
    segment     сегмент
    legal_form  форма, организационная форма
    language    язык                       ru, en or empty

Separators and encodings: see ``csvtext``. A contract known already is brought up to date; a file imported
twice changes nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from callcore.csvtext import FAULTS_LIMIT, Record, RowFault, read_bytes, records, row_fault
from callcore.domain import LANGUAGES, Language
from callcore.numbers import normalise
from callcore.store.customers import Added, Customers, NewCustomer, checked_customer
from callcore.store.errors import TextRefused

_COLUMNS = {
    "contract": ("contract", "договор", "лицевой счет", "номер договора"),
    "name": ("name", "имя", "наименование", "клиент", "фио"),
    "numbers": ("numbers", "number", "phone", "phones", "телефон", "телефоны", "номера"),
    "address": ("address", "адрес"),
    "tariff": ("tariff", "тариф"),
    "balance": ("balance", "баланс"),
    "currency": ("currency", "валюта"),
    "segment": ("segment", "сегмент"),
    "legal_form": ("legal_form", "legal form", "форма", "организационная форма"),
    "language": ("language", "язык"),
}
_SEPARATORS = re.compile(r"[,;/\n]")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``done`` None: there were faults, and nothing was imported."""

    rows: int
    done: Added | None
    faults: tuple[RowFault, ...] = ()
    more_faults: int = 0
    """How many are not listed."""


async def import_csv(customers: Customers, path: Path, country: str) -> ImportReport:
    """Import a file, its numbers read as dialled in ``country`` (ISO 3166). May raise ``OSError``."""
    new, faults = await asyncio.to_thread(_read, path, country)
    if faults:
        return ImportReport(len(new), None, tuple(faults[:FAULTS_LIMIT]), max(0, len(faults) - FAULTS_LIMIT))
    return ImportReport(len(new), await customers.add_many(new))


def _read(path: Path, country: str) -> tuple[list[NewCustomer], list[RowFault]]:
    faults: list[RowFault] = []
    data = read_bytes(path, faults)
    return parse_csv(data, country) if data is not None else ([], faults)


def parse_csv(data: bytes, country: str) -> tuple[list[NewCustomer], list[RowFault]]:
    """The customers in a file's bytes, and all faults. Never raises."""
    new: list[NewCustomer] = []
    faults: list[RowFault] = []
    first_rows: dict[str, int] = {}
    for record in records(data, _COLUMNS, ("contract", "name"), faults):
        row = _Row(record, faults)
        customer = row.customer(country)
        if customer is None:
            continue
        first = first_rows.setdefault(customer.contract, record.row)
        if first != record.row:
            row.blame(f"договор уже был в строке {first}", f"the contract stands in row {first} already")
        new.append(customer)
    return new, faults


class _Row:
    """One record on its way to a customer; faults are noted, so that all of them are told at once."""

    def __init__(self, record: Record, faults: list[RowFault]) -> None:
        self._record = record
        self._faults = faults

    def blame(self, ru: str, en: str) -> None:
        self._faults.append(row_fault(self._record.row, ru, en))

    def customer(self, country: str) -> NewCustomer | None:
        customer = NewCustomer(
            contract=self._record["contract"],
            name=self._record["name"],
            address=self._record["address"],
            tariff=self._record["tariff"],
            balance_minor=self._balance(),
            currency=self._record["currency"].upper() or "RUB",
            segment=self._record["segment"],
            legal_form=self._record["legal_form"],
            language=self._language(),
            numbers=tuple(self._numbers(country)),
        )
        try:
            return checked_customer(customer)
        except TextRefused as error:
            self.blame(f"поле не подходит: {error}", str(error))
            return None

    def _numbers(self, country: str) -> Iterator[str]:
        for raw in filter(None, map(str.strip, _SEPARATORS.split(self._record["numbers"]))):
            number = normalise(raw, country)
            if number is None:
                self.blame(f"это не номер телефона: {raw[:40]!r}", f"not a phone number: {raw[:40]!r}")
            else:
                yield number.canonical

    def _balance(self) -> int | None:
        text = "".join(self._record["balance"].split()).replace(",", ".").replace("−", "-")
        if not text:
            return None
        try:
            minor = Decimal(text) * 100
            if minor.is_finite() and abs(minor) < 10**15 and minor == minor.to_integral_value():
                return int(minor)
        except (InvalidOperation, ValueError):
            pass
        self.blame(f"это не сумма: {text[:40]!r}", f"not an amount of money: {text[:40]!r}")
        return None

    def _language(self) -> Language | None:
        text = self._record["language"].lower()
        if text in LANGUAGES:
            return text
        if text:
            self.blame("язык: ru, en или пусто", "language: ru, en or nothing")
        return None

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

Fields are separated by semicolons, commas or tabs (whichever the header uses). Encodings: UTF-8 with or
without a byte order mark, UTF-16 with one, else Windows-1251, in which Russian spreadsheets save CSV.
A contract known already is brought up to date; a file imported twice changes nothing.
"""

from __future__ import annotations

import asyncio
import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from callcore.domain import LANGUAGES, Language, Text
from callcore.numbers import normalise
from callcore.store.customers import Added, Customers, NewCustomer, checked_customer
from callcore.store.errors import TextRefused

FILE_LIMIT_BYTES = 64 << 20
FAULTS_LIMIT = 100
"""More faults than this are counted but not listed."""

_HEADERS = {
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
_COLUMNS = {alias: column for column, aliases in _HEADERS.items() for alias in aliases}
_SEPARATORS = re.compile(r"[,;/\n]")


@dataclass(frozen=True, slots=True)
class RowFault:
    """``row`` counts the file's records, the header being 1; 0 is the file as a whole."""

    row: int
    message: Text

    def __str__(self) -> str:
        return f"row {self.row}: {self.message.en}" if self.row else self.message.en


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
    with path.open("rb") as file:
        data = file.read(FILE_LIMIT_BYTES + 1)
    if len(data) > FILE_LIMIT_BYTES:
        limit = FILE_LIMIT_BYTES >> 20
        return [], [_fault(0, f"файл больше {limit} МБ", f"the file is over {limit} MB")]
    return parse_csv(data, country)


def parse_csv(data: bytes, country: str) -> tuple[list[NewCustomer], list[RowFault]]:
    """The customers in a file's bytes, and all faults. Never raises."""
    text = _decoded(data)
    if text is None:
        return [], [
            _fault(0, "файл не в UTF-8 и не в Windows-1251", "the file is neither UTF-8 nor Windows-1251")
        ]
    rows = _rows(text)
    new: list[NewCustomer] = []
    number = 1
    try:
        columns, faults = _columns(next(rows, []))
        if faults:
            return [], faults
        first_rows: dict[str, int] = {}
        for number, cells in enumerate(rows, start=2):
            row = _Row(number, columns, cells, faults)
            customer = None if row.is_empty else row.customer(country)
            if customer is None:
                continue
            first = first_rows.setdefault(customer.contract, number)
            if first != number:
                row.blame(f"договор уже был в строке {first}", f"the contract stands in row {first} already")
            new.append(customer)
    except csv.Error as error:
        return new, [_fault(number + 1, f"это не CSV: {error}", f"this is not CSV: {error}")]
    return new, faults


class _Row:
    """One record on its way to a customer; faults are noted, so that all of them are told at once."""

    def __init__(self, number: int, columns: list[str], cells: list[str], faults: list[RowFault]) -> None:
        self._number = number
        self._cells = dict(zip(columns, cells, strict=False))
        self._faults = faults
        self.is_empty = not any(cell.strip() for cell in cells)
        if any(cell.strip() for cell in cells[len(columns) :]):
            self.blame("полей больше, чем в заголовке", "more fields than the header has")

    def blame(self, ru: str, en: str) -> None:
        self._faults.append(_fault(self._number, ru, en))

    def customer(self, country: str) -> NewCustomer | None:
        customer = NewCustomer(
            contract=self._text("contract"),
            name=self._text("name"),
            address=self._text("address"),
            tariff=self._text("tariff"),
            balance_minor=self._balance(),
            currency=self._text("currency").upper() or "RUB",
            segment=self._text("segment"),
            legal_form=self._text("legal_form"),
            language=self._language(),
            numbers=tuple(self._numbers(country)),
        )
        try:
            return checked_customer(customer)
        except TextRefused as error:
            self.blame(f"поле не подходит: {error}", str(error))
            return None

    def _text(self, column: str) -> str:
        return self._cells.get(column, "").strip()

    def _numbers(self, country: str) -> Iterator[str]:
        for raw in filter(None, map(str.strip, _SEPARATORS.split(self._text("numbers")))):
            number = normalise(raw, country)
            if number is None:
                self.blame(f"это не номер телефона: {raw[:40]!r}", f"not a phone number: {raw[:40]!r}")
            else:
                yield number.canonical

    def _balance(self) -> int | None:
        text = "".join(self._text("balance").split()).replace(",", ".").replace("−", "-")
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
        text = self._text("language").lower()
        if text in LANGUAGES:
            return text
        if text:
            self.blame("язык: ru, en или пусто", "language: ru, en or nothing")
        return None


def _decoded(data: bytes) -> str | None:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded_as(data, encoding)
    text = _decoded_as(data, "utf-8")
    return text if text is not None else _decoded_as(data, "cp1251")


def _decoded_as(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _rows(text: str) -> Iterator[list[str]]:
    head = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=head.count)
    return iter(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def _columns(header: list[str]) -> tuple[list[str], list[RowFault]]:
    """Our name of each column, in order; unknown columns are faults, so that no spelling error loses data."""
    names = [" ".join(cell.lower().replace("ё", "е").split()) for cell in header]
    columns = [_COLUMNS.get(name, "") for name in names]
    faults = [
        _fault(1, f"неизвестный столбец: {cell[:40]!r}", f"unknown column: {cell[:40]!r}")
        for cell, column in zip(header, columns, strict=True)
        if not column
    ]
    known = [column for column in columns if column]
    faults += [
        _fault(1, f"столбец повторяется: {column}", f"the column stands twice: {column}")
        for column in dict.fromkeys(known)
        if known.count(column) > 1
    ]
    faults += [
        _fault(1, f"нет столбца {column} ({_HEADERS[column][1]})", f"the column {column} is missing")
        for column in ("contract", "name")
        if column not in known
    ]
    return columns, faults


def _fault(row: int, ru: str, en: str) -> RowFault:
    return RowFault(row, Text(ru, en))

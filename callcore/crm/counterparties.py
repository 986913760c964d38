"""Counterparties from a CSV file, and phones as they are stored. Pure.

The header names the columns, in any order: ``name`` (needed), ``phones`` (several between ``;``),
``address``, ``contact``, ``email``, ``region``, ``comment``, or their Russian names.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from callcore.domain import Text
from callcore.numbers import normalise
from callcore.store.counterparties import COMMENT_LIMIT, MOST_AT_ONCE, MOST_PHONES, NewCounterparty
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT, purified

COLUMNS = {
    "name": ("name", "название", "наименование"),
    "phones": ("phones", "phone", "телефоны", "телефон"),
    "address": ("address", "адрес"),
    "contact": ("contact", "contact person", "контактное лицо", "контакт"),
    "email": ("email", "e-mail", "почта"),
    "region": ("region", "регион"),
    "comment": ("comment", "комментарий"),
}
_LIMITS = {
    "name": NAME_LIMIT,
    "address": ADDRESS_LIMIT,
    "contact": NAME_LIMIT,
    "email": NAME_LIMIT,
    "region": NAME_LIMIT,
    "comment": COMMENT_LIMIT,
}
MOST_BYTES = 4 * 1024 * 1024


_TOO_MANY = Text("Полей больше, чем столбцов.", "There are more fields than columns.")


@dataclass(frozen=True, slots=True)
class RowFault:
    """``line`` of the file, from 1; 0: of the file as a whole."""

    line: int
    message: Text


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file holds; with ``faults`` nothing of it may come in."""

    entries: tuple[NewCounterparty, ...]
    faults: tuple[RowFault, ...]


def phones_of(typed: str, country: str) -> tuple[str, ...]:
    """Phones between ``;``, commas or lines; canonical where they are numbers, else as they stand."""
    parts = typed.replace(",", ";").replace("\n", ";").split(";")
    found = []
    for part in (part.strip() for part in parts):
        number = normalise(part, country) if part else None
        found.append(number.canonical if number else part)
    return tuple(dict.fromkeys(each for each in found if each))


def read_sheet(raw: bytes, country: str) -> Sheet:
    """Read a CSV file: UTF-8 or Windows-1251, ``;``, ``,`` or tab between fields. Never raises."""
    if len(raw) > MOST_BYTES:
        return _refused(Text("Файл больше 4 МБ.", "The file is larger than 4 MB."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1251")
        except UnicodeDecodeError:
            return _refused(Text("Файл не в UTF-8.", "The file is not UTF-8."))
    head = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        first = next(reader, [])
        columns, faults = _columns(first)
        entries: list[NewCounterparty] = []
        while not faults or columns:
            fields = next(reader, None)
            if fields is None:
                break
            if not any(field.strip() for field in fields):
                continue
            if len(entries) >= MOST_AT_ONCE:
                return _refused(Text(f"Больше {MOST_AT_ONCE} строк.", f"More than {MOST_AT_ONCE} rows."))
            entry, wrong = _entry(dict(zip(columns, fields, strict=False)), country)
            entries.append(entry)
            if any(field.strip() for field in fields[len(columns) :]):
                wrong.append(_TOO_MANY)
            faults += [RowFault(reader.line_num, each) for each in wrong]
    except csv.Error as error:
        return _refused(
            Text(f"Строка не читается: {error}.", f"A line cannot be read: {error}."), reader.line_num
        )
    if not entries and not faults:
        return _refused(Text("В файле нет строк.", "There are no rows in the file."))
    return Sheet(tuple(entries), tuple(faults[:200]))


def _columns(names: Iterable[str]) -> tuple[list[str], list[RowFault]]:
    columns: list[str] = []
    faults: list[RowFault] = []
    for name in names:
        plain = name.strip().casefold()
        known = next((column for column, spelt in COLUMNS.items() if plain in spelt), None)
        if known is None or known in columns:
            faults.append(
                RowFault(
                    1,
                    Text(
                        f"Столбец «{name.strip()[:40]}» лишний. Есть: {', '.join(COLUMNS)}.",
                        f'The column "{name.strip()[:40]}" is not known, or stands twice. '
                        f"Known: {', '.join(COLUMNS)}.",
                    ),
                )
            )
        columns.append(known or "")
    if "name" not in columns:
        faults.append(RowFault(1, Text("Нет столбца name.", "There is no column name.")))
    return ([] if faults else columns), faults


def _entry(fields: dict[str, str], country: str) -> tuple[NewCounterparty, list[Text]]:
    clean = {name: purified(value, lines=name == "comment").strip() for name, value in fields.items()}
    faults = [
        Text(f"{name}: длиннее {limit} знаков.", f"{name}: longer than {limit} characters.")
        for name, limit in _LIMITS.items()
        if len(clean.get(name, "")) > limit
    ]
    if not clean.get("name"):
        faults.append(Text("Нет названия.", "There is no name."))
    phones = phones_of(clean.pop("phones", ""), country)
    if len(phones) > MOST_PHONES or any(len(phone) > 40 for phone in phones):
        faults.append(
            Text(
                f"Телефонов до {MOST_PHONES}, через «;».",
                f"At most {MOST_PHONES} phones, between semicolons.",
            )
        )
    return NewCounterparty(**{"name": "", **clean}, phones=phones), faults


def _refused(message: Text, line: int = 0) -> Sheet:
    return Sheet((), (RowFault(line, message),))

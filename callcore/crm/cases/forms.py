"""Forms of cases: what is asked, what must be answered, and what is wrong with an answer (D-25, D-43). Pure.

Values are texts in one canonical spelling: a date ``2026-12-31``, money ``1200.50``, yes_no ``yes`` or
``no``, a phone number as E.164, a choice by its code. An empty answer is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import assert_never

from callcore.domain import Text
from callcore.numbers import normalise

LINE_LIMIT = 500
TEXT_LIMIT = 10_000


class Kind(StrEnum):
    text = "text"
    long = "long"
    number = "number"
    money = "money"
    date = "date"
    choice = "choice"
    phone = "phone"
    email = "email"
    address = "address"
    yes_no = "yes_no"


class Need(StrEnum):
    required = "required"
    """The case is not sent while it is empty."""
    desired = "desired"
    """To be asked if the talk yields it."""
    optional = "optional"


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class Field:
    code: str
    title: Text
    kind: Kind = Kind.text
    need: Need = Need.optional
    help: Text | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    fields: tuple[Field, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    """Of each group at least one must be answered, such as phone or e-mail."""

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def group_of(self, code: str) -> tuple[str, ...]:
        return next((group for group in self.one_of if code in group), ())

    def title(self, code: str) -> Text:
        """Of a field; its code for one that the form has no more."""
        return next((each.title for each in self.fields if each.code == code), Text(code, code))

    def choice(self, code: str, answer: str) -> Text:
        """What a choice is called; its code for one that is no more."""
        field = next((each for each in self.fields if each.code == code), None)
        known = {each.code: each.title for each in field.choices} if field else {}
        return known.get(answer, Text(answer, answer))


@dataclass(frozen=True, slots=True)
class Read:
    """What was typed, as far as it could be read: canonical where it could, as typed where not."""

    values: Mapping[str, str]
    faults: Mapping[str, Text]
    """By field: what is wrong, and what would be right."""


EMPTY = Text("Заполните: без этого кейс не отправить.", "Fill this in: the case is not sent without it.")


def read(form: Form, typed: Mapping[str, str], country: str) -> Read:
    """Check each answer by itself; fields that the form does not have are left out."""
    values: dict[str, str] = {}
    faults: dict[str, Text] = {}
    for field in form.fields:
        text = typed.get(field.code, "").strip()
        if not text:
            continue
        value = _canonical(field, text, country)
        if isinstance(value, Text):
            faults[field.code] = value
            value = text
        values[field.code] = value
    return Read(values, faults)


def missing(form: Form, values: Mapping[str, str]) -> dict[str, Text]:
    """What keeps a case from being sent, by field."""
    faults = {
        field.code: EMPTY
        for field in form.fields
        if field.need is Need.required and not values.get(field.code, "").strip()
    }
    for group in form.one_of:
        if not any(values.get(code, "").strip() for code in group):
            names = [form.title(code) for code in group]
            for code in group:
                faults[code] = Text(
                    f"Заполните хотя бы одно: {', '.join(each.ru.lower() for each in names)}.",
                    f"Fill in at least one of: {', '.join(each.en.lower() for each in names)}.",
                )
    return faults


def _canonical(field: Field, text: str, country: str) -> str | Text:
    """The value, or what is wrong with it."""
    limit = TEXT_LIMIT if field.kind is Kind.long else LINE_LIMIT
    if len(text) > limit:
        return Text(
            f"Слишком длинно: {len(text)} знаков, помещается {limit}.",
            f"Too long: {len(text)} characters, {limit} fit.",
        )
    match field.kind:
        case Kind.text | Kind.address:
            return " ".join(text.split())
        case Kind.long:
            return text
        case Kind.number:
            return _number(text)
        case Kind.money:
            return _money(text)
        case Kind.date:
            return _date(text)
        case Kind.choice:
            return text if any(each.code == text for each in field.choices) else _choose(field)
        case Kind.phone:
            return _phone(text, country)
        case Kind.email:
            return text if _EMAIL.fullmatch(text) else _NO_EMAIL
        case Kind.yes_no:
            return text if text in ("yes", "no") else _NO_YES
        case _:  # pragma: no cover
            assert_never(field.kind)


_EMAIL = re.compile(r"[^\s@<>\"'(),;:\\]{1,64}@[^\s@<>\"'(),;:\\_]+\.[^\s@<>\"'(),;:\\_.]{2,}")
_NO_EMAIL = Text(
    "Это не адрес почты. Пример: info@example.org.", "This is no e-mail address. Example: info@example.org."
)
_NO_YES = Text("Выберите да или нет.", "Choose yes or no.")
_NO_DATE = Text("Такой даты нет. Пример: 31.12.2026.", "There is no such date. Example: 2026-12-31.")
_NO_NUMBER = Text("Нужно целое число, например 12.", "A whole number is needed, such as 12.")
_NO_MONEY = Text("Это не сумма. Пример: 1200,50.", "This is no amount. Example: 1200.50.")
_NO_PHONE = Text(
    "Это не номер телефона. Пример: +7 495 000-00-00.", "This is no phone number. Example: +7 495 000-00-00."
)
_SPACES = str.maketrans("", "", " \u00a0\u2009\u202f")


def _number(text: str) -> str | Text:
    digits = text.translate(_SPACES)
    return str(int(digits)) if re.fullmatch(r"-?[0-9]{1,15}", digits, re.ASCII) else _NO_NUMBER


def _money(text: str) -> str | Text:
    amount = text.translate(_SPACES).replace(",", ".").replace("\u2212", "-")
    if not re.fullmatch(r"-?[0-9]{1,13}(\.[0-9]{1,2})?", amount, re.ASCII):
        return _NO_MONEY
    try:
        return f"{Decimal(amount):.2f}"
    except InvalidOperation:  # pragma: no cover - the pattern lets no such through
        return _NO_MONEY


def _date(text: str) -> str | Text:
    local = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text, re.ASCII)
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text, re.ASCII)
    try:
        if local:
            return date(int(local[3]), int(local[2]), int(local[1])).isoformat()
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3])).isoformat()
    except ValueError:
        pass
    return _NO_DATE


def _phone(text: str, country: str) -> str | Text:
    number = normalise(text, country)
    return number.canonical if number else _NO_PHONE


def _choose(field: Field) -> Text:
    return Text(
        f"Выберите из списка: {', '.join(each.title.ru for each in field.choices)}.",
        f"Choose from the list: {', '.join(each.title.en for each in field.choices)}.",
    )

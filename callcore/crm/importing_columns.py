"""The columns of a table of customers, and what a cell of each must be. Pure.

One row is one number, person, point, service … of a contract: rows of the same contract are put together. The
header is in English or Russian, in any order; letter case and ё do not matter.

    contract   договор, лицевой счёт, BAN           required; tells customers apart
    numbers    телефон, номера, CTN                 several separated by comma, semicolon or slash
    others     see ``COLUMNS``
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision, list_currencies

from callcore.crm.statuses import is_usual, usual
from callcore.domain import LANGUAGES, Text
from callcore.numbers import normalise
from callcore.store.errors import TextRefused
from callcore.store.record import MoneyKind
from callcore.store.texts import ADDRESS_LIMIT, COMMENT_LIMIT, NAME_LIMIT, WORD_LIMIT, typed_text

MOST_MINOR = 10**15
_SEPARATORS = re.compile(r"[,;/\n]")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
_TIME = re.compile(r"[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
_MAIL = re.compile(r"[^@\s]@[^@\s]")
_CURRENCIES = frozenset(list_currencies()) - {"XXX", "XTS"}
"""Also those of the past; not the codes for none and for tests."""
_YES = frozenset(("1", "да", "yes", "true", "истина", "x", "х", "+"))
_NO = frozenset(("", "0", "нет", "no", "false", "ложь", "-"))
_MONEY = {
    MoneyKind.invoice: ("invoice", "счет"),
    MoneyKind.charge: ("charge", "начисление", "списание"),
    MoneyKind.payment: ("payment", "платеж", "оплата"),
    MoneyKind.deposit: ("deposit", "депозит", "залог"),
    MoneyKind.block_step: ("block_step", "шаг блокировки", "блокировка"),
}


class CellRefused(Exception):
    """What is wrong with the cell, and what would be right."""

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(en)
        self.why = Text(ru, en)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the file comes from: ``country`` its numbers are dialled in, ``zone`` its times are in."""

    country: str
    zone: ZoneInfo

    def today(self) -> date:
        return datetime.now(self.zone).date()


Read = Callable[[str, Place], Any]
Odd = Callable[[Any, Place], Text | None]


@dataclass(frozen=True, slots=True)
class Column:
    """``part`` "": a value of the customer; else the part of the record whose rows it makes."""

    field: str
    part: str
    read: Read
    spellings: tuple[str, ...]
    is_key: bool = False
    """Without it the part's other columns mean nothing; an empty cell makes no row."""
    odd: Odd | None = None
    """What is taken, but looks like a slip."""


def _text(limit: int, *, lines: bool = False) -> Read:
    def read(cell: str, _: Place) -> str:
        try:
            return typed_text(cell, limit, "", lines=lines)
        except TextRefused:
            raise CellRefused(
                f"{len(cell)} знаков, помещается не больше {limit}: сократите",
                f"{len(cell)} characters, at most {limit} fit: shorten it",
            ) from None

    return read


def _amount(cell: str, _: Place) -> int | None:
    text = "".join(cell.split()).replace(",", ".").replace("\N{MINUS SIGN}", "-")
    if not text:
        return None
    try:
        minor = Decimal(text) * 100
        if minor.is_finite() and abs(minor) < MOST_MINOR and minor == minor.to_integral_value():
            return int(minor)
    except (InvalidOperation, ValueError):
        pass
    raise CellRefused(
        f"это не сумма: {cell[:40]!r}; нужно рубли и копейки: 1234,50",
        f"not an amount of money: {cell[:40]!r}; write roubles and kopecks: 1234.50",
    )


def _sum(cell: str, place: Place) -> int:
    return _amount(cell, place) or 0


def _whole(cell: str, _: Place) -> int | None:
    text = "".join(cell.split())
    if not text:
        return None
    if re.fullmatch(r"-?[0-9]{1,9}", text):
        return int(text)
    raise CellRefused(
        f"это не целое число: {cell[:40]!r}; нужны одни цифры: 1250",
        f"not a whole number: {cell[:40]!r}; write digits only: 1250",
    )


def _points(cell: str, place: Place) -> int | None:
    points = _whole(cell, place)
    if points is not None and points < 0:
        raise CellRefused(
            f"баллов не бывает меньше нуля: {points}; исправьте или оставьте пустым",
            f"there are no points below zero: {points}; mend it or leave it empty",
        )
    return points


def _day(cell: str, _: Place) -> date | None:
    if not cell:
        return None
    found = _DATE.match(cell)
    rest = cell[found.end() :] if found else ""
    if found and (not rest or _TIME.fullmatch(rest)):
        year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            pass
    raise CellRefused(
        f"это не дата: {cell[:40]!r}; нужно 31.12.2025 или 2025-12-31",
        f"not a date: {cell[:40]!r}; write 2025-12-31 or 31.12.2025",
    )


def _moment(cell: str, place: Place) -> datetime | None:
    """A time without a zone is that of the organisation; no time is midnight."""
    day = _day(cell, place)
    if day is None:
        return None
    found = _TIME.search(cell)
    try:
        hour, minute, second = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        clock = time(hour, minute, second, tzinfo=place.zone)
        return datetime.combine(day, clock).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CellRefused(
            f"это не время: {cell[:40]!r}; нужно 31.12.2025 18:30",
            f"not a time: {cell[:40]!r}; write 2025-12-31 18:30",
        ) from None


def _flag(cell: str, _: Place) -> bool:
    text = cell.casefold()
    if text in _YES or text in _NO:
        return text in _YES
    raise CellRefused(f"нужно да или нет, а не {cell[:40]!r}", f"yes or no is wanted, not {cell[:40]!r}")


def _language(cell: str, _: Place) -> str | None:
    text = cell.lower()
    if text and text not in LANGUAGES:
        raise CellRefused("ru, en или пусто", "ru, en or nothing")
    return text or None


def _currency(cell: str, _: Place) -> str:
    text = cell.upper() or "RUB"
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise CellRefused("нужны три латинские буквы, например RUB", "three letters are wanted, e.g. RUB")
    if text not in _CURRENCIES:
        raise CellRefused(
            f"нет такой валюты: {text!r}; нужен код ISO 4217: RUB, USD, EUR",
            f"there is no such currency: {text!r}; write a code of ISO 4217: RUB, USD, EUR",
        )
    if get_currency_precision(text) != 2:  # amounts are read as hundredths, whatever stands beside them
        raise CellRefused(
            f"у валюты {text} не две цифры после запятой: такие суммы принимает API, не файл",
            f"{text} has not two digits after the point: such amounts are taken by the API, not by a file",
        )
    return text


def _email(cell: str, place: Place) -> str:
    if cell and not _MAIL.search(cell):
        raise CellRefused(
            f"это не адрес почты: {cell[:40]!r}; нужно имя@example.ru",
            f"not an e-mail address: {cell[:40]!r}; write name@example.org",
        )
    return cast(str, _NAME(cell, place))


def _number(cell: str, place: Place) -> str:
    if not cell:
        return ""
    found = normalise(cell, place.country)
    if found is None:
        raise CellRefused(
            f"это не номер телефона: {cell[:40]!r}; нужно +79001234567 или внутренний номер",
            f"not a phone number: {cell[:40]!r}; write +79001234567 or an internal number",
        )
    return found.canonical


def _number_or_none(cell: str, place: Place) -> str | None:
    return _number(cell, place) or None


def _numbers(cell: str, place: Place) -> tuple[str, ...]:
    parts = filter(None, map(str.strip, _SEPARATORS.split(cell)))
    return tuple(dict.fromkeys(_number(part, place) for part in parts))


def _list(cell: str, place: Place) -> list[str]:
    read = _text(WORD_LIMIT)
    return list(dict.fromkeys(read(part.strip(), place) for part in _SEPARATORS.split(cell) if part.strip()))


def _pairs(cell: str, place: Place) -> dict[str, str]:
    """``power=15 kW; phases=3``."""
    read, found = _text(NAME_LIMIT), {}
    for part in filter(None, map(str.strip, re.split(r"[;\n]", cell))):
        name, sign, value = part.partition("=")
        if not sign or not name.strip():
            raise CellRefused(
                f"нужны пары «имя=значение» через точку с запятой, а не {part[:40]!r}",
                f"pairs name=value separated by semicolons are wanted, not {part[:40]!r}",
            )
        found[read(name.strip(), place)] = read(value.strip(), place)
    return found


def _money_kind(cell: str, _: Place) -> str:
    text = cell.casefold().replace("ё", "е")
    for kind, spellings in _MONEY.items():
        if text in spellings:
            return kind.value
    raise CellRefused(
        f"вид записи {cell[:40]!r} неизвестен; есть: {', '.join(words[1] for words in _MONEY.values())}",
        f"unknown kind of entry {cell[:40]!r}; there are: {', '.join(words[0] for words in _MONEY.values())}",
    )


def _in_future(value: date | datetime | None, place: Place) -> Text | None:
    """A day that must have been."""
    day = value.astimezone(place.zone).date() if isinstance(value, datetime) else value
    if day is None or day <= place.today():
        return None
    return Text(f"дата ещё не наступила: {day:%d.%m.%Y}", f"a date in the future: {day}")


def _unusual_status(value: str | None, _: Place) -> Text | None:
    if not value or is_usual(value):
        return None
    known = usual()
    return Text(
        f"незнакомое слово {value!r}, его покажут как есть; известны: {known.ru}",
        f"an unknown word {value!r}, shown as it is; known are: {known.en}",
    )


_WORD, _NAME, _ADDRESS = _text(WORD_LIMIT), _text(NAME_LIMIT), _text(ADDRESS_LIMIT)


def _value(field: str, read: Read, *spellings: str, odd: Odd | None = None) -> tuple[str, Column]:
    return field, Column(field, "", read, (field, *spellings), odd=odd)


def _of(
    part: str, name: str, field: str, read: Read, *spellings: str, key: bool = False, odd: Odd | None = None
) -> tuple[str, Column]:
    return name, Column(field, part, read, (name, *spellings), key, odd)


COLUMNS: Mapping[str, Column] = dict(
    (
        _value("contract", _WORD, "договор", "лицевой счет", "номер договора", "ban"),
        _value("name", _NAME, "имя", "наименование", "клиент", "фио", "customer"),
        _value("address", _ADDRESS, "адрес"),
        _value("tariff", _NAME, "тариф"),
        ("balance", Column("balance_minor", "", _amount, ("balance", "баланс"))),
        _value("currency", _currency, "валюта"),
        _value("segment", _WORD, "сегмент"),
        _value("legal_form", _WORD, "форма", "legal form", "организационная форма"),
        _value("region", _WORD, "регион", "область"),
        _value("language", _language, "язык"),
        _value("status", _WORD, "статус", "состояние", odd=_unusual_status),
        _value("since", _day, "клиент с", "дата договора", odd=_in_future),
        _value("urgent", _text(COMMENT_LIMIT, lines=True), "срочно", "особая информация"),
        _value("email", _email, "почта", "e-mail", "электронная почта"),
        ("arpu", Column("arpu_minor", "", _amount, ("arpu", "средний счет"))),
        _value("loyalty_club", _NAME, "клуб", "loyalty club"),
        _value("loyalty_card", _WORD, "бонусная карта", "loyalty card"),
        _value("loyalty_points", _points, "баллы", "loyalty points"),
        _value("groups", _list, "группы счетов", "invoice groups"),
        _of("operators", "operators", "login", _list, "персональные операторы", key=True),
        _of("numbers", "numbers", "number", _numbers, "телефон", "телефоны", "номера", "number", "phone",
            "phones", "ctn", "номер телефона", key=True),
        _of("numbers", "number_status", "status", _WORD, "статус номера", odd=_unusual_status),
        _of("numbers", "number_tariff", "tariff", _NAME, "тариф номера"),
        _of("numbers", "number_tariff_since", "tariff_since", _day, "тариф номера с"),
        _of("numbers", "number_standard", "standard", _WORD, "стандарт"),
        _of("numbers", "number_kind", "kind", _WORD, "вид номера"),
        _of("numbers", "sim", "sim", _WORD, "сим", "sim-карта", "номер sim"),
        _of("numbers", "hlr", "hlr", _WORD),
        _of("numbers", "number_activated", "activated_at", _moment, "номер активирован", "дата активации",
            odd=_in_future),
        _of("numbers", "number_status_changed", "status_changed_at", _moment, "статус номера с",
            odd=_in_future),
        _of("numbers", "number_urgent", "urgent", _text(COMMENT_LIMIT, lines=True), "срочно по номеру"),
        _of("persons", "person", "name", _NAME, "контактное лицо", "contact person", key=True),
        _of("persons", "person_role", "role", _WORD, "должность"),
        _of("persons", "person_number", "number", _number, "телефон контактного лица"),
        _of("persons", "person_email", "email", _email, "почта контактного лица"),
        _of("addresses", "other_address", "address", _ADDRESS, "другой адрес", key=True),
        _of("addresses", "address_kind", "kind", _WORD, "вид адреса"),
        _of("points", "point", "code", _WORD, "точка подключения", "connection point", key=True),
        _of("points", "point_address", "address", _ADDRESS, "адрес точки"),
        _of("points", "point_node", "node", _WORD, "узел", "узел сети"),
        _of("points", "point_characteristics", "characteristics", _pairs, "характеристики"),
        _of("services", "service", "title", _NAME, "услуга", key=True),
        _of("services", "service_code", "code", _WORD, "код услуги"),
        _of("services", "service_number", "number", _number_or_none, "номер услуги"),
        _of("services", "service_since", "since", _day, "услуга с"),
        _of("services", "service_until", "until", _day, "услуга по"),
        _of("services", "service_default", "is_default", _flag, "услуга по умолчанию"),
        _of("money", "money_amount", "amount_minor", _sum, "сумма", key=True),
        _of("money", "money_kind", "kind", _money_kind, "вид платежа", "вид суммы"),
        _of("money", "money_at", "at", _moment, "дата суммы", "дата платежа"),
        _of("money", "money_text", "text", _NAME, "назначение"),
        _of("offers", "offer", "title", _NAME, "предложение", "акция", key=True),
        _of("offers", "offer_code", "code", _WORD, "код предложения"),
        _of("offers", "offer_state", "state", _WORD, "состояние предложения"),
        _of("offers", "offer_at", "at", _day, "дата предложения"),
        _of("consents", "consent", "clause", _WORD, "согласие", key=True),
        _of("consents", "consent_at", "granted_at", _moment, "дата согласия", odd=_in_future),
        _of("consents", "consent_evidence", "evidence", _NAME, "подтверждение согласия"),
    )
)  # fmt: skip
_RUSSIAN = re.compile("[а-я]")


def both_names() -> tuple[tuple[str, str], ...]:
    """Each column's name in English and in Russian, the latter empty where the former serves for both."""
    return tuple(
        (name, next((each for each in column.spellings if _RUSSIAN.match(each)), ""))
        for name, column in COLUMNS.items()
    )


EMPTY_ROWS: Mapping[str, Mapping[str, Any]] = {
    "persons": {"name": "", "role": "", "number": "", "email": ""},
    "addresses": {"kind": "", "address": ""},
    "points": {"code": "", "address": "", "node": "", "characteristics": {}},
    "services": {"number": None, "code": "", "title": "", "since": None, "until": None, "is_default": False},
    "offers": {"code": "", "title": "", "state": "", "at": None},
    "money": {"kind": None, "at": None, "amount_minor": 0, "text": ""},
    "consents": {
        "clause": "",
        "granted_at": None,
        "granted_by": "import",
        "evidence": "",
        "withdrawal_evidence": "",
    },
}
"""A row of each part of which nothing is said; None where something must be."""
DEMANDED: Mapping[str, Mapping[str, str]] = {
    "money": {"kind": "money_kind", "at": "money_at"},
    "consents": {"granted_at": "consent_at", "evidence": "consent_evidence"},
}
"""Fields that a row of the part must have, with their columns."""

"""Moments in words, as Russian and English say them. Pure.

Russian numbers are written out: a synthesiser knows no cases, and reads ``до 20:30`` as «до двадцать
тридцать». Everything here is in the genitive, which both «с» and «до» ask for.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from callcore.domain import Language


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_RU_ONES = _words(
    "ноля одного двух трёх четырёх пяти шести семи восьми девяти десяти одиннадцати двенадцати тринадцати "
    "четырнадцати пятнадцати шестнадцати семнадцати восемнадцати девятнадцати"
)
_RU_TENS = {2: "двадцати", 3: "тридцати", 4: "сорока", 5: "пятидесяти"}
_RU_DAYS = _words(
    "первого второго третьего четвёртого пятого шестого седьмого восьмого девятого десятого одиннадцатого "
    "двенадцатого тринадцатого четырнадцатого пятнадцатого шестнадцатого семнадцатого восемнадцатого "
    "девятнадцатого двадцатого"
)
_RU_DAY_TENS = {2: "двадцать", 3: "тридцать"}
_RU_MONTHS = _words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
_EN_MONTHS = _words("January February March April May June July August September October November December")


def moment(
    at: datetime, language: Language, zone: ZoneInfo, reference: datetime | None, *, spoken: bool
) -> str:
    """The time of day in ``zone``, and the date too if it is another day than ``reference`` (None: always).

    Written ``20:30`` or ``20:30 22.11``, in English ``20:30 on 22 Nov``; spoken ``двадцати часов тридцати
    минут двадцать второго ноября`` (genitive), in English ``8:30 PM on November 22nd``.
    """
    local = at.astimezone(zone)
    has_date = reference is None or local.date() != reference.astimezone(zone).date()
    match language, spoken:
        case "ru", True:
            return _ru_time(local) + (f" {_ru_date(local)}" if has_date else "")
        case "ru", False:
            return f"{local:%H:%M}" + (f" {local:%d.%m}" if has_date else "")
        case _, True:
            return _en_time(local) + (
                f" on {_EN_MONTHS[local.month - 1]} {_ordinal(local.day)}" if has_date else ""
            )
        case _:
            date = f" on {local.day} {_EN_MONTHS[local.month - 1][:3]}"
            return f"{local:%H:%M}" + (date if has_date else "")


def _ru_time(local: datetime) -> str:
    one_hour, one_minute = _is_one(local.hour), _is_one(local.minute)
    text = f"{_ru_number(local.hour)} {'часа' if one_hour else 'часов'}"
    if local.minute:
        minutes = _ru_number(local.minute)
        # «минута» is feminine: двадцати одной минуты
        minutes = minutes.removesuffix("одного") + "одной" if one_minute else minutes
        text += f" {minutes} {'минуты' if one_minute else 'минут'}"
    return text


def _is_one(number: int) -> bool:
    return number % 10 == 1 and number != 11


def _ru_number(number: int) -> str:
    """0 to 59 in the genitive, masculine."""
    if number < 20:
        return _RU_ONES[number]
    tens, ones = divmod(number, 10)
    return f"{_RU_TENS[tens]} {_RU_ONES[ones]}" if ones else _RU_TENS[tens]


def _ru_date(local: datetime) -> str:
    tens, ones = divmod(local.day, 10)
    if local.day <= 20:
        day = _RU_DAYS[local.day - 1]
    elif ones:
        day = f"{ {2: 'двадцать', 3: 'тридцать'}[tens] } {_RU_DAYS[ones - 1]}"
    else:
        day = "тридцатого"
    return f"{day} {_RU_MONTHS[local.month - 1]}"


def _en_time(local: datetime) -> str:
    if (local.hour, local.minute) == (12, 0):
        return "12 noon"
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{(local.hour - 1) % 12 + 1}{minutes} {'AM' if local.hour < 12 else 'PM'}"


def _ordinal(number: int) -> str:
    suffix = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"

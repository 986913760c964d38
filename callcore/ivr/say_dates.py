"""Dates and times of day in words. Pure."""

from __future__ import annotations

from datetime import date

from callcore.domain import Language
from callcore.ivr.number_words import number_words, ru_form, word_list

_RU_MONTHS = word_list("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
_EN_MONTHS = word_list(
    "January February March April May June July August September October November December"
)
_RU_ORDINALS = word_list(
    "первого второго третьего четвёртого пятого шестого седьмого восьмого девятого десятого одиннадцатого "
    "двенадцатого тринадцатого четырнадцатого пятнадцатого шестнадцатого семнадцатого восемнадцатого "
    "девятнадцатого"
)
_RU_TENTHS = word_list(
    "двадцатого тридцатого сорокового пятидесятого шестидесятого семидесятого восьмидесятого девяностого"
)
_RU_HUNDREDTHS = word_list(
    "сотого двухсотого трёхсотого четырёхсотого пятисотого шестисотого семисотого восьмисотого девятисотого"
)
_RU_THOUSANDS = ("", "двух", "трёх", "четырёх", "пяти", "шести", "семи", "восьми", "девяти")
_EN_ORDINALS = word_list(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
)


def date_words(day: date, language: Language) -> str:
    """«двадцать второго ноября две тысячи двадцать шестого года», in the genitive that «до», «с» and a plain
    date ask for; ``the twenty-second of November twenty twenty-six``."""
    if language == "ru":
        return f"{_ru_ordinal(day.day)} {_RU_MONTHS[day.month - 1]} {_ru_ordinal(day.year)} года"
    return f"the {_en_ordinal(day.day)} of {_EN_MONTHS[day.month - 1]} {_en_year(day.year)}"


def time_words(hour: int, minute: int, language: Language) -> str:
    """«двадцать часов тридцать минут»; ``eight thirty p.m.``"""
    if language == "ru":
        hours = f"{number_words(hour, 'ru')} {ru_form(hour, ('час', 'часа', 'часов'))}"
        minutes = ru_form(minute, ("минута", "минуты", "минут"))
        return f"{hours} {number_words(minute, 'ru', 'f')} {minutes}" if minute else hours
    spoken = number_words((hour - 1) % 12 + 1, "en")
    if minute:
        spoken += f" {'oh ' if minute < 10 else ''}{number_words(minute, 'en')}"
    return f"{spoken} {'a.m.' if hour < 12 else 'p.m.'}"


def _ru_ordinal(number: int) -> str:
    """In the genitive; 1 to 9999. Only the last word is an ordinal."""
    head, tail = divmod(number, 1000)
    if not tail:
        return f"{_RU_THOUSANDS[head - 1]}тысячного"
    words = [number_words(head * 1000, "ru")] if head else []
    head, tail = divmod(tail, 100)
    if not tail:
        return " ".join([*words, _RU_HUNDREDTHS[head - 1]])
    words += [number_words(head * 100, "ru")] if head else []
    tens, ones = divmod(tail, 10)
    if tail < 20:
        words.append(_RU_ORDINALS[tail - 1])
    elif not ones:
        words.append(_RU_TENTHS[tens - 2])
    else:
        words += [number_words(tens * 10, "ru"), _RU_ORDINALS[ones - 1]]
    return " ".join(words)


def _en_ordinal(day: int) -> str:
    if day < 20:
        return _EN_ORDINALS[day - 1]
    tens, ones = divmod(day, 10)
    if not ones:
        return {2: "twentieth", 3: "thirtieth"}[tens]
    return f"{number_words(tens * 10, 'en')}-{_EN_ORDINALS[ones - 1]}"


def _en_year(year: int) -> str:
    """``twenty twenty-six``, ``two thousand and nine``, ``nineteen oh five``."""
    century, rest = divmod(year, 100)
    if century < 10 or (century % 10 == 0 and rest < 10):
        return number_words(year, "en")
    if not rest:
        return f"{number_words(century, 'en')} hundred"
    return f"{number_words(century, 'en')} {'oh ' if rest < 10 else ''}{number_words(rest, 'en')}"

"""Whole numbers in words, as Russian and English say them. Pure.

A synthesiser knows no genders: it reads «1 рубль» and «1 копейка» with the same word, and a long row of
digits as it likes. So numbers come to it written out.
"""

from __future__ import annotations

from typing import Literal

from callcore.domain import Language

Gender = Literal["m", "f", "n"]

MOST = 10**12 - 1
"""Larger ones are said digit by digit."""


def word_list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DIGITS: dict[Language, tuple[str, ...]] = {
    "ru": word_list("ноль один два три четыре пять шесть семь восемь девять"),
    "en": word_list("zero one two three four five six seven eight nine"),
}
_RU_TEENS = word_list(
    "десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать "
    "восемнадцать девятнадцать"
)
_RU_TENS = word_list("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")
_RU_HUNDREDS = word_list("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")
_RU_ONE: dict[Gender, str] = {"m": "один", "f": "одна", "n": "одно"}
_RU_SCALES: tuple[tuple[int, tuple[str, str, str], Gender], ...] = (
    (10**9, ("миллиард", "миллиарда", "миллиардов"), "m"),
    (10**6, ("миллион", "миллиона", "миллионов"), "m"),
    (10**3, ("тысяча", "тысячи", "тысяч"), "f"),
)
_EN_TEENS = word_list("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_EN_TENS = word_list("twenty thirty forty fifty sixty seventy eighty ninety")
_EN_SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))


def number_words(number: int, language: Language, gender: Gender = "m") -> str:
    """``-21`` as «минус двадцать один» or ``minus twenty-one``; ``gender`` is that of what is counted."""
    if number < 0:
        return f"{'минус' if language == 'ru' else 'minus'} {number_words(-number, language, gender)}"
    if number > MOST:
        return digit_words(str(number), language)
    if number == 0:
        return DIGITS[language][0]
    return _russian(number, gender) if language == "ru" else _english(number)


def digit_words(text: str, language: Language) -> str:
    """Digit by digit; letters stay, whatever separates them is left out."""
    parts = (DIGITS[language][int(char)] if char in "0123456789" else char for char in text if char.isalnum())
    return " ".join(parts)


def ru_form(number: int, forms: tuple[str, str, str]) -> str:
    """The form of a Russian word after a number: (один) рубль, (два) рубля, (пять) рублей."""
    number = abs(number) % 100
    if number % 10 == 1 and number != 11:
        return forms[0]
    return forms[1] if number % 10 in (2, 3, 4) and number not in (12, 13, 14) else forms[2]


def _russian(number: int, gender: Gender) -> str:
    parts: list[str] = []
    for scale, forms, of_scale in _RU_SCALES:
        count, number = divmod(number, scale)
        if count == 1 and not parts:  # «тысяча», not «одна тысяча»
            parts.append(forms[0])
        elif count:
            parts.append(f"{_ru_hundreds(count, of_scale)} {ru_form(count, forms)}")
    if number:
        parts.append(_ru_hundreds(number, gender))
    return " ".join(parts)


def _ru_hundreds(number: int, gender: Gender) -> str:
    """1 to 999."""
    hundreds, number = divmod(number, 100)
    parts = [_RU_HUNDREDS[hundreds - 1]] if hundreds else []
    if number >= 20:
        parts.append(_RU_TENS[number // 10 - 2])
        number %= 10
    if number >= 10:
        parts.append(_RU_TEENS[number - 10])
    elif number == 1:
        parts.append(_RU_ONE[gender])
    elif number == 2 and gender == "f":
        parts.append("две")
    elif number:
        parts.append(DIGITS["ru"][number])
    return " ".join(parts)


def _english(number: int) -> str:
    parts = []
    for scale, name in _EN_SCALES:
        count, number = divmod(number, scale)
        if count:
            parts.append(f"{_en_hundreds(count)} {name}")
    if number:
        link = "and " if parts and number < 100 else ""
        parts.append(link + _en_hundreds(number))
    return " ".join(parts)


def _en_hundreds(number: int) -> str:
    """1 to 999."""
    hundreds, number = divmod(number, 100)
    parts = [f"{DIGITS['en'][hundreds]} hundred"] if hundreds else []
    if not number:
        return parts[0]
    if number >= 20:
        tens, ones = divmod(number, 10)
        low = _EN_TENS[tens - 2] + (f"-{DIGITS['en'][ones]}" if ones else "")
    else:
        low = DIGITS["en"][number] if number < 10 else _EN_TEENS[number - 10]
    return " and ".join([*parts, low])

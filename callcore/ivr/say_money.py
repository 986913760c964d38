"""Amounts in words: 1 234,56 ₽ as «тысяча двести тридцать четыре рубля пятьдесят шесть копеек». Pure."""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import get_currency_name, get_currency_precision

from callcore.domain import Language
from callcore.ivr.number_words import Gender, number_words, ru_form


@dataclass(frozen=True, slots=True)
class Coin:
    """``ru``: one, two, five of them; ``en``: one, several."""

    ru: tuple[str, str, str]
    gender: Gender
    en: tuple[str, str]

    def count(self, number: int, language: Language) -> str:
        words = number_words(number, language, self.gender)
        if language == "ru":
            return f"{words} {ru_form(number, self.ru)}"
        return f"{words} {self.en[number != 1]}"


_CENT = Coin(("цент", "цента", "центов"), "m", ("cent", "cents"))
_KOPECK = Coin(("копейка", "копейки", "копеек"), "f", ("kopeck", "kopecks"))
_COINS: dict[str, tuple[Coin, Coin]] = {
    "RUB": (Coin(("рубль", "рубля", "рублей"), "m", ("rouble", "roubles")), _KOPECK),
    "BYN": (
        Coin(
            ("белорусский рубль", "белорусских рубля", "белорусских рублей"),
            "m",
            ("Belarusian rouble", "Belarusian roubles"),
        ),
        _KOPECK,
    ),
    "KZT": (
        Coin(("тенге", "тенге", "тенге"), "m", ("tenge", "tenge")),
        Coin(("тиын", "тиына", "тиынов"), "m", ("tiyn", "tiyn")),
    ),
    "USD": (Coin(("доллар", "доллара", "долларов"), "m", ("dollar", "dollars")), _CENT),
    "EUR": (Coin(("евро", "евро", "евро"), "m", ("euro", "euros")), _CENT),
}


def money_words(minor: int, currency: str, language: Language) -> str:
    """``minor`` in the currency's smallest units; these are left out where there are none."""
    sign = {"ru": "минус ", "en": "minus "}[language] if minor < 0 else ""
    if currency not in _COINS:
        return sign + _other(abs(minor), currency, language)
    whole, small = _COINS[currency]
    major, rest = divmod(abs(minor), 100)
    words = [whole.count(major, language)] if major or not rest else []
    if rest:
        words.append(small.count(rest, language))
    return sign + (" " if language == "ru" else " and ").join(words)


def _other(minor: int, currency: str, language: Language) -> str:
    """A currency whose small coins we have no word for: decimals, and its name as Babel knows it."""
    digits = get_currency_precision(currency)
    major, rest = divmod(minor, 10**digits)
    words = number_words(major, language)
    if rest:
        point = "и" if language == "ru" else "point"
        words += f" {point} {number_words(rest, language)}"
    return f"{words} {get_currency_name(currency, count=major, locale=language)}"

"""Values in words: amounts, numbers, dates, times, as Russian and English say them."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from callcore.domain import Language, Text
from callcore.ivr.flow import Phrase, phrases
from callcore.ivr.number_words import MOST, number_words
from callcore.ivr.say import parts, value_words
from callcore.ivr.say_dates import date_words

NBSP = chr(0xA0)


@pytest.mark.parametrize(
    ("minor", "ru", "en"),
    [
        (
            "123456",
            "тысяча двести тридцать четыре рубля пятьдесят шесть копеек",
            "one thousand two hundred and thirty-four roubles and fifty-six kopecks",
        ),
        ("0", "ноль рублей", "zero roubles"),
        ("100", "один рубль", "one rouble"),
        ("201", "два рубля одна копейка", "two roubles and one kopeck"),
        ("2102", "двадцать один рубль две копейки", "twenty-one roubles and two kopecks"),
        ("1100", "одиннадцать рублей", "eleven roubles"),
        ("7", "семь копеек", "seven kopecks"),
        ("-15000", "минус сто пятьдесят рублей", "minus one hundred and fifty roubles"),
        ("100000000", "миллион рублей", "one million roubles"),
    ],
)
def test_roubles(minor: str, ru: str, en: str) -> None:
    assert value_words(minor, "money", "ru") == ru
    assert value_words(minor, "money", "en") == en


@pytest.mark.parametrize(
    ("currency", "ru", "en"),
    [
        ("USD", "два доллара двадцать один цент", "two dollars and twenty-one cents"),
        ("EUR", "два евро двадцать один цент", "two euros and twenty-one cents"),
        ("KZT", "два тенге двадцать один тиын", "two tenge and twenty-one tiyn"),
        (
            "BYN",
            "два белорусских рубля двадцать одна копейка",
            "two Belarusian roubles and twenty-one kopecks",
        ),
        ("JPY", "двести двадцать один японская иена", "two hundred and twenty-one Japanese yen"),
    ],
)
def test_other_money(currency: str, ru: str, en: str) -> None:
    """One that we have no coins for has the name that Babel knows."""
    assert value_words("221", "money", "ru", currency) == ru
    assert value_words("221", "money", "en", currency) == en


@pytest.mark.parametrize(
    ("day", "ru", "en"),
    [
        (
            "2026-11-22",
            "двадцать второго ноября две тысячи двадцать шестого года",
            "the twenty-second of November twenty twenty-six",
        ),
        ("2000-01-01", "первого января двухтысячного года", "the first of January two thousand"),
        (
            "1985-12-30",
            "тридцатого декабря тысяча девятьсот восемьдесят пятого года",
            "the thirtieth of December nineteen eighty-five",
        ),
        (
            "2009-05-13",
            "тринадцатого мая две тысячи девятого года",
            "the thirteenth of May two thousand and nine",
        ),
        (
            "1905-08-31",
            "тридцать первого августа тысяча девятьсот пятого года",
            "the thirty-first of August nineteen oh five",
        ),
        (
            "2026-03-04T10:15:00+03:00",
            "четвёртого марта две тысячи двадцать шестого года",
            "the fourth of March twenty twenty-six",
        ),
    ],
)
def test_dates(day: str, ru: str, en: str) -> None:
    assert value_words(day, "date", "ru") == ru
    assert value_words(day, "date", "en") == en


@pytest.mark.parametrize(
    ("time", "ru", "en"),
    [
        ("20:30", "двадцать часов тридцать минут", "eight thirty p.m."),
        ("00:00", "ноль часов", "twelve a.m."),
        ("12:05", "двенадцать часов пять минут", "twelve oh five p.m."),
        ("01:21", "один час двадцать одна минута", "one twenty-one a.m."),
        ("22:02", "двадцать два часа две минуты", "ten oh two p.m."),
    ],
)
def test_times(time: str, ru: str, en: str) -> None:
    assert value_words(time, "time", "ru") == ru
    assert value_words(time, "time", "en") == en


def test_digits_are_said_one_by_one() -> None:
    assert value_words("0-12", "digits", "ru") == "ноль один два"
    assert value_words("AB 07", "digits", "en") == "A B zero seven"


@pytest.mark.parametrize("kind", ["number", "money", "date", "time"])
def test_what_is_no_such_value_is_said_as_it_is(kind: str) -> None:
    """It may come from anywhere: it is short, and holds nothing but letters and signs."""
    assert value_words("нет данных", kind, "ru") == "нет данных"
    assert value_words("1e5", kind, "ru") == "1e5"
    assert value_words("٣", kind, "ru") == "٣"
    assert value_words("a\nb\0c", kind, "ru") == "a b c"
    assert len(value_words("9" * 1000, kind, "ru")) <= 200


# --- numbers, read back by somebody who knows only the words

UP_TO_19 = {
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen",
}
TENS = {
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
}
HUNDREDS = "сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот"
WORTH = {
    **{word: value for words in UP_TO_19.values() for value, word in enumerate(words.split())},
    **{word: value * 10 for words in TENS.values() for value, word in enumerate(words.split(), 2)},
    **{word: value * 100 for value, word in enumerate(HUNDREDS.split(), 1)},
    **{"одна": 1, "одно": 1, "две": 2},
}
SCALES = {
    "тысяч": 10**3,
    "миллион": 10**6,
    "миллиард": 10**9,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
}
NUMBERS = [
    *range(1200),
    *(a * 10**k + b for k, a, b in product(range(3, 12), (1, 2, 5, 11, 21, 99), (0, 1, 42))),
    MOST,
]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_number_means_itself(language: Language) -> None:
    for number in (each for each in NUMBERS if each <= MOST):
        assert _heard(number_words(number, language)) == number


def _heard(words: str) -> int:
    total = part = 0
    for word in words.replace("-", " ").replace(" and ", " ").split():
        scale = next((worth for stem, worth in reversed(SCALES.items()) if word.startswith(stem)), None)
        if scale is not None:
            total, part = total + max(part, 1) * scale, 0
        elif word == "hundred":
            part *= 100
        else:
            part += WORTH[word]
    return total + part


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "одна"),
        (2, "две"),
        (21, "двадцать одна"),
        (2002, "две тысячи две"),
        (2_000_001, "два миллиона одна"),
    ],
)
def test_what_is_counted_has_a_gender(number: int, words: str) -> None:
    assert number_words(number, "ru", "f") == words


def test_every_day_of_a_century_is_another_one() -> None:
    """And no word is missing."""
    days = [date(year, month, day) for year in range(1950, 2050) for month in (1, 12) for day in range(1, 32)]
    for language in ("ru", "en"):
        said = {date_words(day, "ru" if language == "ru" else "en") for day in days}
        assert len(said) == len(days)
        assert not any("  " in words or words.endswith(" ") for words in said)


# --- texts with values in them


def test_sentences_without_values_are_said_apart() -> None:
    """They are the same for everybody, and so spoken beforehand."""
    text = "Здравствуйте! Ваш номер договора известен. На счёте {balance:money}. Спасибо. До свидания."
    assert parts(text) == (
        "Здравствуйте! Ваш номер договора известен.",
        "На счёте {balance:money}.",
        "Спасибо. До свидания.",
    )
    assert parts("Без значений. Совсем.") == ("Без значений. Совсем.",)


def test_a_text_becomes_prompts() -> None:
    text = Text("Готово. Счёт: {balance:money}.", "Done. Your balance: {balance:money}.")
    values = {"balance": "100", "balance.currency": "USD"}
    assert phrases(text, "ru", values) == (Phrase("Готово.", "ru"), Phrase("Счёт: один доллар.", "ru", True))
    assert phrases(text, "en", values)[1].text == "Your balance: one dollar."
    assert phrases(text, "ru", {"balance": "100"}, "EUR")[1].text == "Счёт: один евро."


def test_a_sentence_of_which_a_value_is_unknown_is_left_out() -> None:
    text = Text(
        "Тариф {tariff}. С {tariff.since:date}. Всё.",
        "Tariff {tariff}. Since {tariff.since:date}. That is all.",
    )
    assert [each.text for each in phrases(text, "ru", {"tariff": "Дом", "tariff.since": ""})] == [
        "Тариф Дом.",
        "Всё.",
    ]
    assert [each.text for each in phrases(text, "en", {})] == ["That is all."]


def test_a_value_cannot_bring_values_of_its_own() -> None:
    """What stands in braces in a value is said, not looked up."""
    text = Text("Вас зовут {name}.", "You are {name}.")
    assert phrases(text, "ru", {"name": "{pin}", "pin": "1234"})[0].text == "Вас зовут {pin}."

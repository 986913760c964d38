"""Texts with values in them: ``На вашем счёте {balance:money}.`` becomes what is really said. Pure.

``{NAME}`` or ``{NAME:KIND}``, the kinds are ``script.SAYABLE``. A text that holds values is said in parts:
the sentences without any are the same for every caller, so that they are spoken beforehand, or recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from callcore.domain import Language
from callcore.ivr.number_words import digit_words, number_words
from callcore.ivr.say_dates import date_words, time_words
from callcore.ivr.say_money import money_words

LONGEST_VALUE = 200
"""Characters of a value that is said as it is: it may come from anywhere."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str
    kind: str = "text"


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """All that stand in the text, in their order, known or not."""
    return tuple(_placeholder(inside) for inside in _PLACEHOLDER.findall(text))


def parts(text: str) -> tuple[str, ...]:
    """The text in pieces that are said one after another: sentences without values together, each sentence
    with values alone."""
    if not _PLACEHOLDER.search(text):
        return (text,)
    pieces: list[str] = []
    fixed: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        if has_values(sentence):
            pieces += [" ".join(fixed)] if fixed else []
            pieces.append(sentence)
            fixed = []
        else:
            fixed.append(sentence)
    return (*pieces, " ".join(fixed)) if fixed else tuple(pieces)


def has_values(part: str) -> bool:
    return _PLACEHOLDER.search(part) is not None


def filled(part: str, language: Language, values: Mapping[str, str], currency: str = "RUB") -> str:
    """The part with its values in words; empty where one of them is not known.

    ``currency``: of amounts whose ``NAME.currency`` is not known.
    """
    if not all(values.get(each.name) for each in placeholders(part)):
        return ""

    def words(found: re.Match[str]) -> str:
        place = _placeholder(found[1])
        own = values.get(f"{place.name}.currency") or currency
        return value_words(values.get(place.name, ""), place.kind, language, own)

    text = " ".join(_PLACEHOLDER.sub(words, part).split())
    return text if any(char.isalnum() for char in text) else ""


def value_words(value: str, kind: str, language: Language, currency: str = "RUB") -> str:
    """One value as ``kind`` says it; a value that is no such thing is said as it is."""
    value = "".join(char if char.isprintable() else " " for char in value[:LONGEST_VALUE]).strip()
    match kind:
        case "digits":
            return digit_words(value, language)
        case "number" if _is_whole(value):
            return number_words(int(value), language)
        case "money" if _is_whole(value):
            return money_words(int(value), currency, language)
        case "date" if (day := _date(value)) is not None:
            return date_words(day, language)
        case "time" if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
            return time_words(int(value[:2]), int(value[3:]), language)
    return value


def _placeholder(inside: str) -> Placeholder:
    name, colon, kind = inside.partition(":")
    return Placeholder(name, kind if colon else "text")


def _is_whole(value: str) -> bool:
    return re.fullmatch(r"-?\d{1,15}", value, re.ASCII) is not None


def _date(value: str) -> date | None:
    """Of an ISO date, or of a moment, whose day it is."""
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None

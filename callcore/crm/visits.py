"""Contacts of other channels than the telephone: what they are, and how money that is typed is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from callcore.domain import Direction, Text


@dataclass(frozen=True, slots=True)
class Office:
    """Where visitors are served."""

    code: str
    title: Text
    region: str = ""


OUTBOUND = frozenset({"document_out"})
_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,12})(?:[.,](?P<part>[0-9]{1,2}))?", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_CARD = re.compile(r"(?:[0-9][ -]?){12,18}[0-9]", re.ASCII)


def direction_of(medium: str) -> Direction:
    """Who turned to whom."""
    return Direction.outbound if medium in OUTBOUND else Direction.inbound


def amount_of(typed: str) -> int | None:
    """``1 234,5`` as minor units (hundredths); None for what is no sum above zero."""
    found = _AMOUNT.fullmatch(_SPACES.sub("", typed))
    if found is None:
        return None
    return int(found["whole"]) * 100 + int((found["part"] or "").ljust(2, "0")) or None


def holds_card_number(text: str) -> bool:
    """Digits that are a bank card's by their check digit: they must not be kept."""
    return any(_is_card(re.sub(r"[ -]", "", each[0])) for each in _CARD.finditer(text))


def _is_card(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0


class Taken(Protocol):
    @property
    def currency(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def is_reversed(self) -> bool: ...


def totals(payments: Iterable[Taken]) -> Mapping[tuple[str, str], int]:
    """Minor units by currency and method; what was reversed does not count."""
    sums: dict[tuple[str, str], int] = {}
    for each in payments:
        if not each.is_reversed:
            key = (each.currency, each.method)
            sums[key] = sums.get(key, 0) + each.amount_minor
    return dict(sorted(sums.items()))

"""Numbers, names and addresses for those who may not see them whole. Pure.

What is left is enough to tell two lines apart and to say "the one that ends in 67", and no more.
"""

from __future__ import annotations

import re
from datetime import datetime

from callcore.rights import Permission
from callcore.web.i18n import Texts
from callcore.web.pages import Viewer
from callcore.web.wording import Wording

DOT = "•"
LEFT_DIGITS = 2
_WORD = re.compile(r"\w[\w'’ʼ-]*", re.UNICODE)


def is_masked(viewer: Viewer) -> bool:
    return Permission.customers_unmasked not in viewer.may


def masked_number(number: str) -> str:
    """``+7 916 123-45-67`` becomes ``+• ••• •••-••-67``: signs stay, two digits of five or more."""
    digits = sum(letter.isdigit() for letter in number)
    kept = LEFT_DIGITS if digits >= 5 else 0
    shown, seen = [], 0
    for letter in number:
        if letter.isdigit():
            seen += 1
            letter = letter if seen > digits - kept else DOT
        elif letter.isalnum():
            letter = DOT
        shown.append(letter)
    return "".join(shown)


def masked_text(text: str) -> str:
    """``Анна Кузнецова`` becomes ``А••• К•••``: the length of a word tells nothing; digits go altogether."""
    return _WORD.sub(lambda word: DOT * 3 if word[0][0].isdigit() else word[0][0] + DOT * 3, text)


def masked_email(text: str) -> str:
    """``anna@example.ru`` becomes ``a•••@•••``."""
    name, at, _domain = text.partition("@")
    return f"{name[:1]}{DOT * 3}@{DOT * 3}" if at else masked_text(text)


class Guarded(Wording):
    """Wording of pages with customers on them: whole for who may, masked for others."""

    def __init__(self, viewer: Viewer, texts: Texts, now: datetime) -> None:
        super().__init__(viewer, texts, now)
        self.is_masked = is_masked(viewer)

    def phone(self, number: str | None) -> str:
        whole = super().phone(number)
        return masked_number(whole) if number and self.is_masked else whole

    def private(self, text: str | None) -> str:
        """A name or an address."""
        return masked_text(text or "") if self.is_masked else text or ""

    def email(self, text: str | None) -> str:
        return masked_email(text or "") if self.is_masked else text or ""

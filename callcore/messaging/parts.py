"""A text message as a handset gets it: its alphabet, and the parts that it is cut into. Pure.

Sources: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension), TS 23.040 9.2.3.24 (concatenation).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from callcore.domain import Text

MOST_PARTS = 10

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_ESCAPE = 0x1B
_GSM = {letter: bytes((code,)) for code, letter in enumerate(_BASIC) if code != _ESCAPE} | {
    letter: bytes((_ESCAPE, code)) for letter, code in _EXTENSION.items()
}


class Alphabet(StrEnum):
    gsm7 = "gsm7"
    ucs2 = "ucs2"


_ALONE = {Alphabet.gsm7: 160, Alphabet.ucs2: 70}
_JOINED = {Alphabet.gsm7: 153, Alphabet.ucs2: 67}
"""Units of one part where there are several: the header of concatenation takes the rest."""


class BadText(Exception):
    """It cannot be sent; ``why`` says so to people."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    alphabet: Alphabet

    @property
    def octets(self) -> bytes:
        """Without a header: a septet in an octet each (the gateway packs them), or UTF-16BE."""
        if self.alphabet is Alphabet.gsm7:
            return b"".join(_GSM[letter] for letter in self.text)
        return self.text.encode("utf-16-be")


def alphabet(text: str) -> Alphabet:
    """GSM-7 if every character has a place there, else UCS-2 for all of it."""
    return Alphabet.gsm7 if all(letter in _GSM for letter in text) else Alphabet.ucs2


def units(text: str, in_: Alphabet) -> int:
    """Length in what a part is measured by: septets, or 16-bit units."""
    return sum(_width(letter, in_) for letter in text)


def split(text: str, most: int = MOST_PARTS) -> tuple[Part, ...]:
    """The parts in order; their texts joined are ``text``. Raises BadText: nothing of it may be sent."""
    _refuse_unfit(text)
    kind = alphabet(text)
    if units(text, kind) <= _ALONE[kind]:
        return (Part(text, kind),)
    parts = tuple(Part(piece, kind) for piece in _pieces(text, kind))
    if len(parts) > most:
        raise BadText(
            Text(
                f"Сообщение слишком длинное: {len(text)} знаков, это {len(parts)} SMS, можно {most}. "
                "Сократите его.",
                f"The message is too long: {len(text)} characters make {len(parts)} SMS, {most} are allowed. "
                "Shorten it.",
            )
        )
    return parts


def concatenation(reference: int, total: int, number: int) -> bytes:
    """The user data header of part ``number`` (from 1); ``reference`` 0 to 255, alike in all parts."""
    return bytes((5, 0, 3, reference, total, number))


def _width(letter: str, in_: Alphabet) -> int:
    if in_ is Alphabet.gsm7:
        return len(_GSM[letter])
    return 2 if ord(letter) > 0xFFFF else 1


def _pieces(text: str, kind: Alphabet) -> Iterator[str]:
    start, used = 0, 0
    for place, letter in enumerate(text):
        width = _width(letter, kind)
        if used + width > _JOINED[kind]:
            yield text[start:place]
            start, used = place, 0
        used += width
    yield text[start:]


def _refuse_unfit(text: str) -> None:
    if not text.strip():
        raise BadText(Text("Сообщение пусто.", "The message is empty."))
    for place, letter in enumerate(text, 1):
        if letter != "\n" and unicodedata.category(letter) in {"Cc", "Cs"}:
            name = f"U+{ord(letter):04X}"
            raise BadText(
                Text(
                    f"Знак {place} — управляющий ({name}), в SMS он недопустим. Уберите его.",
                    f"Character {place} is a control character ({name}), which no SMS may hold. Remove it.",
                )
            )

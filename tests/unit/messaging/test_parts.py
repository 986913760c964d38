"""Alphabets, counting and cutting at the very edges."""

from __future__ import annotations

import pytest

from callcore.messaging.parts import Alphabet, BadText, alphabet, concatenation, split, units


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("x" * 160, Alphabet.gsm7, 1),
        ("x" * 161, Alphabet.gsm7, 2),
        ("x" * 306, Alphabet.gsm7, 2),
        ("x" * 307, Alphabet.gsm7, 3),
        ("€" * 80, Alphabet.gsm7, 1),
        ("€" * 81, Alphabet.gsm7, 2),
        ("€" * 153, Alphabet.gsm7, 3),  # an odd septet stays free in each part: 76, 76, 1
        ("я" * 70, Alphabet.ucs2, 1),
        ("я" * 71, Alphabet.ucs2, 2),
        ("я" * 134, Alphabet.ucs2, 2),
        ("я" * 670, Alphabet.ucs2, 10),
        ("😀" * 35, Alphabet.ucs2, 1),
        ("😀" * 67, Alphabet.ucs2, 3),  # 33, 33, 1
    ],
)
def test_parts(text: str, kind: Alphabet, parts: int) -> None:
    assert alphabet(text) is kind
    assert len(split(text)) == parts


def test_one_foreign_letter_makes_the_whole_text_ucs2() -> None:
    assert {part.alphabet for part in split("x" * 200 + "я")} == {Alphabet.ucs2}


@pytest.mark.parametrize(
    ("text", "octets"), [("@Δ é", b"\x00\x10\x20\x05"), ("[€]\n", b"\x1b\x3c\x1b\x65\x1b\x3e\x0a")]
)
def test_septets(text: str, octets: bytes) -> None:
    (part,) = split(text)
    assert part.octets == octets
    assert units(text, Alphabet.gsm7) == len(octets)


def test_ucs2_octets() -> None:
    (part,) = split("Я😀")
    assert part.octets == b"\x04\x2f\xd8\x3d\xde\x00"
    assert units("Я😀", Alphabet.ucs2) == 3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a\x1bb", r"Character 2 .*U\+001B"),
        ("a\rb", "control"),
        ("a\tb", "control"),
        ("a\x00", "control"),
        ("a\x85", "control"),
        ("\ud83d", "control"),
        ("я" * 671, "671 characters make 11 SMS, 10"),
        ("x" * 1531, "Shorten"),
    ],
)
def test_refused_with_the_reason(text: str, word: str) -> None:
    with pytest.raises(BadText, match=word) as raised:
        split(text)
    assert raised.value.why.ru
    assert raised.value.why.en == str(raised.value)


def test_fewer_parts_may_be_allowed() -> None:
    assert len(split("я" * 134, most=2)) == 2
    with pytest.raises(BadText, match="3 SMS, 2"):
        split("я" * 135, most=2)


def test_header() -> None:
    assert concatenation(200, 3, 1) == b"\x05\x00\x03\xc8\x03\x01"

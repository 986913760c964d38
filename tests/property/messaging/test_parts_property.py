"""Whatever the text: its parts joined are the text, and each fits its message."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callcore.messaging.parts import Alphabet, BadText, split, units

GSM = "@£$ éABCxyz0129\n[]{}^~|\\€"
TEXTS = (
    st.text(st.sampled_from(GSM), min_size=1, max_size=700)
    | st.text(st.sampled_from("АБВяё №—😀🏠x€\n"), min_size=1, max_size=500)
    | st.text(min_size=1, max_size=300)
)


@given(TEXTS)
@example("€" * 77 + "x" * 153)
@example("я" * 66 + "😀" * 40)
def test_parts_joined_are_the_text(text: str) -> None:
    try:
        parts = split(text, most=1000)
    except BadText:
        return
    assert "".join(part.text for part in parts) == text
    (kind,) = {part.alphabet for part in parts}
    alone, joined = (160, 153) if kind is Alphabet.gsm7 else (70, 67)
    for part in parts:
        size = units(part.text, kind)
        assert 0 < size <= (alone if len(parts) == 1 else joined)
        assert len(part.octets) == size * (1 if kind is Alphabet.gsm7 else 2)
    # Each part but the last is full: the next character would not have fitted.
    for part, following in itertools.pairwise(parts):
        assert units(part.text + following.text[0], kind) > joined
    if kind is Alphabet.ucs2:
        assert b"".join(part.octets for part in parts).decode("utf-16-be") == text
        assert all(part.octets.decode("utf-16-be") == part.text for part in parts)


@given(TEXTS, st.integers(1, 5))
def test_never_more_parts_than_allowed(text: str, most: int) -> None:
    try:
        parts = split(text, most)
    except BadText:
        return
    assert len(parts) <= most


@given(st.text(max_size=20), st.sampled_from("\0\t\r\x1b\x7f\x85\ud800\udfff"), st.text(max_size=20))
def test_a_control_character_anywhere_is_refused(before: str, control: str, after: str) -> None:
    with pytest.raises(BadText):
        split(f"x{before}{control}{after}")

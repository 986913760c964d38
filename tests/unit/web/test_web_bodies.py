"""Flat JSON: whatever comes, it is either a small clean object or ``BadBody``."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.web.bodies import BadBody, clean, flat_object, text_field

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(st.text() | st.binary())
def test_noise_never_raises_anything_else(noise: str | bytes) -> None:
    with contextlib.suppress(BadBody):
        assert isinstance(flat_object(noise), dict)


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_what_passes_is_flat_and_can_be_stored(value: object) -> None:
    try:
        fields = flat_object(json.dumps(value))
    except BadBody:
        return
    for item in fields.values():
        assert item is None or isinstance(item, (str, int))
        if isinstance(item, str):
            item.encode()
            assert "\x00" not in item
            assert "\r" not in item


def test_texts_are_tidied() -> None:
    assert clean("a\r\nb\rc\td\x00\x1b[31m\ud800") == "a\nb\nc\td[31m"
    assert clean("и\u0306") == "й"
    assert clean("семья 👨‍👩‍👧") == "семья 👨‍👩‍👧"


def test_fields_have_a_type_and_an_end() -> None:
    assert text_field({"a": "xyz"}, "a", 3) == "xyz"
    assert text_field({}, "a", 3) == ""
    for fields in ({"a": "wxyz"}, {"a": 1}, {"a": None}):
        with pytest.raises(BadBody):
            text_field(fields, "a", 3)
    with pytest.raises(BadBody):
        flat_object(json.dumps({str(n): n for n in range(33)}))

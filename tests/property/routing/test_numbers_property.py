"""Whatever comes from a network: a number or None, never an exception, and always the same number."""

import re

from hypothesis import given
from hypothesis import strategies as st

from callcore.numbers import format_national, mask, normalise, search_keys

COUNTRIES = st.sampled_from(["RU", "DE", "US", "KZ", "IT", "XX"])
DIALLED = st.text(st.sampled_from("0123456789+-/ ()*#;=.,a"), max_size=30)
ANYTHING = st.text(max_size=120) | DIALLED


@given(ANYTHING, COUNTRIES)
def test_a_number_normalises_to_itself(raw: str, country: str) -> None:
    number = normalise(raw, country)
    if number is not None:
        assert normalise(number.canonical, country) == number
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}|[0-9]{1,6}", number.canonical, re.ASCII)
        assert number.is_short == (not number.canonical.startswith("+"))
        assert search_keys(number, country)[0] == number.canonical
        assert format_national(number, country)


@given(
    st.integers(min_value=9_000_000_000, max_value=9_999_999_999),
    st.lists(st.sampled_from(" -/()."), max_size=6),
)
def test_separators_and_prefixes_change_nothing(digits: int, separators: list[str]) -> None:
    text = str(digits)
    for place, separator in enumerate(separators):
        text = text[: place + 1] + separator + text[place + 1 :]
    spelt = {normalise(prefix + text, "RU") for prefix in ("", "8", "7", "+7", "007")}
    assert {str(number) for number in spelt} == {f"+7{digits}"}


@given(ANYTHING)
def test_a_mask_gives_nothing_away(raw: str) -> None:
    masked = mask(raw)
    assert len(masked) <= 120
    assert masked.isprintable()
    digits = "".join(re.findall("[0-9]", raw))
    if len(digits) > 6:
        assert digits not in masked

"""What the numbering plans say, where the gate leans on it."""

from __future__ import annotations

import pytest

from callcore.outbound.numbering import costs_extra, region_of, zone_of


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+79000000001", "RU"),
        ("+77010000001", "KZ"),
        ("+70000000001", "RU"),  # in no plan yet
        ("+442071838750", "GB"),
        ("+8835100012345", None),
        ("+999123456789", None),
        ("112", None),
        ("", None),
    ],
)
def test_the_country_of_a_number(number: str, region: str | None) -> None:
    assert region_of(number) == region


def test_home_and_price() -> None:
    assert zone_of("+74232000001") == "Asia/Vladivostok"
    assert zone_of("+79000000001") is None, "a mobile may be anywhere in the country"
    assert zone_of("x") is None
    assert costs_extra("+78095550001")
    assert costs_extra("+491801234567"), "he who answers has his share of it"
    assert not costs_extra("+78005550001")
    assert not costs_extra("x")

"""What the numbering plans say of a canonical number: its country, its home, whether it costs extra. Pure."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

_COSTS_EXTRA = frozenset((PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST))


def _parsed(number: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, None)
    except NumberParseException:
        return None


@lru_cache(maxsize=8192)
def region_of(number: str) -> str | None:
    """The country (ISO 3166) whose plan it belongs to; +7 alone is shared by two. One that no plan knows yet
    belongs to the main country of its code. None: nobody's."""
    parsed = _parsed(number)
    if parsed is None:
        return None
    found = phonenumbers.region_code_for_number(parsed)
    if found is None:
        found = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return found if found in phonenumbers.SUPPORTED_REGIONS else None


@lru_cache(maxsize=8192)
def zone_of(number: str) -> str | None:
    """tz name of where it is at home, if there is just one: mobiles of a large country have none."""
    parsed = _parsed(number)
    zones = time_zones_for_number(parsed) if parsed is not None else ()
    return zones[0] if len(zones) == 1 and zones[0] != UNKNOWN_TIMEZONE else None


@lru_cache(maxsize=8192)
def costs_extra(number: str) -> bool:
    """Premium and shared-cost numbers: who answers them earns by it."""
    parsed = _parsed(number)
    return parsed is not None and phonenumbers.number_type(parsed) in _COSTS_EXTRA

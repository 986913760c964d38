"""One normaliser of phone numbers for lookup, dialling, the do-not-call list and logs. Pure.

Canonical is E.164 (``+74951234567``) or, for up to six digits without a plus, the short or internal number
as it stands (``101``, ``0101``, ``112``). What comes from a network is hostile: everything else is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

RAW_LIMIT = 100
SHORT_LIMIT = 6
NOBODY = frozenset(
    ("", "anonymous", "unknown", "restricted", "unavailable", "withheld", "private", "none", "<unknown>", "s")
)
"""What PBXs and carriers write instead of a number (``s`` is Asterisk's start extension)."""

_SEPARATORS = str.maketrans("", "", " -/.()[]\u00a0\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2212")
_URI = re.compile(r"<?(?:sips?|tel):([^@>?]*)(?:@[^>]*)?>?", re.IGNORECASE)
_CONTEXT = re.compile(r"(?i:phone-context)=\+([0-9]{1,3})", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_GLOBAL = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_WRITTEN = re.compile(r"[-+0-9 ().\u00a0\u2010\u2011\u2012\u2013]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in its one canonical spelling."""

    canonical: str
    is_short: bool = False
    """Internal or a service number: only the PBX and the country know what it means."""

    def __str__(self) -> str:
        return self.canonical


def normalise(raw: str | None, country: str) -> Number | None:
    """The number that ``raw`` spells, as dialled from ``country`` (ISO 3166, e.g. ``RU``).

    Takes digits with or without ``+``, ``00`` or the national prefix, the usual separators, and the user part
    of a SIP or tel URI with its ``phone-context``. None for anonymous callers and whatever is no number.
    Never raises; the same number always gives the same canonical text, and that normalises to itself.
    """
    if raw is None or len(raw) > RAW_LIMIT:
        return None
    return _normalise(raw, country)


def written(raw: str, country: str) -> Number | None:
    """``normalise`` for a number that somebody shall be called at: None for what nobody writes so, though a
    carrier may (``sip:…@…``). What is called must be what the person has read."""
    return normalise(raw, country) if _WRITTEN.fullmatch(raw) else None


@lru_cache(maxsize=8192)
def _normalise(raw: str, country: str) -> Number | None:
    text = raw.strip(" ")
    uri = _URI.fullmatch(text)
    if uri is not None:
        text = uri[1]
    text, _, parameters = text.partition(";")
    if text.lower() in NOBODY:
        return None
    text = text.replace("%2B", "+").replace("%2b", "+").translate(_SEPARATORS)
    plus = text.startswith("+")
    digits = text.removeprefix("+")
    if _DIGITS.fullmatch(digits) is None:
        return None
    if not plus and len(digits) <= SHORT_LIMIT:
        return Number(digits, is_short=True)
    context = _CONTEXT.search(parameters)
    if context is not None and not plus:
        region = phonenumbers.region_code_for_country_code(int(context[1]))
        country = country if region == phonenumbers.UNKNOWN_REGION else region
    return _as_e164(digits, country, plus)


def _as_e164(digits: str, country: str, plus: bool) -> Number | None:
    """The first reading that gives a possible number."""
    if plus:
        return _parsed(f"+{digits}", None)
    if digits.startswith("00"):
        return _parsed(f"+{digits[2:]}", None)
    return _parsed(digits, country) or _parsed(f"+{digits}", None)


def _parsed(text: str, country: str | None) -> Number | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    canonical = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Number(canonical) if _GLOBAL.fullmatch(canonical) else None


def mask(number: Number | str | None) -> str:
    """For logs: a short number as it is, of any other the first two and the last two digits.

    Text that is no number is replaced by its length, so that nothing from the network gets into a log.
    """
    text = "" if number is None else str(number)
    if text == "":
        return "-"
    digits = text.removeprefix("+")
    if len(text) > RAW_LIMIT or _DIGITS.fullmatch(digits.translate(_SEPARATORS)) is None:
        return text if text in NOBODY else f"?({len(text)})"
    digits = digits.translate(_SEPARATORS)
    if len(digits) <= SHORT_LIMIT:
        return digits
    plus = "+" if text.startswith("+") else ""
    return f"{plus}{digits[:2]}{'*' * (len(digits) - 4)}{digits[-2:]}"


def format_national(number: Number | str, country: str) -> str:
    """For the eye: grouped, a number of ``country`` in its own way, any other internationally.

    Takes a canonical number; whatever else comes is given back unchanged.
    """
    text = str(number)
    if _GLOBAL.fullmatch(text) is None:
        return text
    try:
        parsed = phonenumbers.parse(text, None)
    except NumberParseException:
        return text
    own = parsed.country_code == phonenumbers.country_code_for_region(country)
    style = PhoneNumberFormat.NATIONAL if own else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


def search_keys(number: Number, country: str) -> tuple[str, ...]:
    """Ways in which a base that was never normalised may hold this number; the canonical one first."""
    keys = [number.canonical]
    if not number.is_short:
        keys.append(number.canonical.removeprefix("+"))
        parsed = phonenumbers.parse(number.canonical, None)
        if parsed.country_code == phonenumbers.country_code_for_region(country):
            national = phonenumbers.national_significant_number(parsed)
            prefix = phonenumbers.ndd_prefix_for_region(country, True) or ""
            keys += [national, f"{prefix}{national}"]
    return tuple(dict.fromkeys(keys))

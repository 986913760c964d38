"""Texts of the pages in both languages, and how a language writes money, dates and counts.

A text is found by its key, ``group.name``, in ``texts/``; a group stands in one file of each language. A text
that depends on a count is a mapping of CLDR plural forms (``one``, ``few``, ``many``, ``other``), chosen by
the value ``n``. The pseudo-language ``qps`` puts every text between brackets, so that a test sees what was
never given to translators.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import phonenumbers
import yaml
from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency, format_decimal, get_currency_precision, get_currency_symbol
from phonenumbers import NumberParseException, PhoneNumberType, carrier

from callcore.domain import Customer, Text

PSEUDO = "qps"
OPEN, CLOSE = "⟦", "⟧"
Entry = str | Mapping[str, str]
_KINDS = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.TOLL_FREE: "free",
}


@cache
def catalogue(language: str) -> Mapping[str, Entry]:
    """All texts of ``ru`` or ``en`` by key, of ``ru.yaml`` and of every ``PART.ru.yaml``."""
    texts: dict[str, Entry] = {}
    for file in files("callcore.web").joinpath("texts").iterdir():
        if not f".{file.name}".endswith(f".{language}.yaml"):
            continue
        for group, entries in yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader).items():
            texts |= {f"{group}.{name}": entry for name, entry in entries.items()}
    return texts


class Texts:
    """The texts of one language. Calling it with an unknown key raises ``KeyError``."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.spoken = "en" if language == PSEUDO else language
        self.locale = Locale.parse(self.spoken)
        self._texts = catalogue(self.spoken)

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of ``key`` with ``values`` put in; ``n`` chooses the plural form and is grouped."""
        entry = self._texts[key]
        if not isinstance(entry, str):
            count = values["n"]
            if not isinstance(count, int):
                raise TypeError(f"text {key}: n must be a whole number")
            entry = entry[self.locale.plural_form(count)]
            values["n"] = format_decimal(count, locale=self.locale)
        text = entry.format_map(values) if values else entry
        return f"{OPEN}{text}{CLOSE}" if self.language == PSEUDO else text

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def told(self, text: Text) -> str:
        """A sentence that came in both languages."""
        said = text.in_(self.spoken)
        return f"{OPEN}{said}{CLOSE}" if self.language == PSEUDO else said

    def money(self, customer: Customer) -> str:
        """Balance with its currency; empty if the base does not tell it."""
        return self.amount(customer.balance_minor, customer.currency)

    def amount(self, minor: int | None, currency: str) -> str:
        """Money in minor units; empty for None."""
        if minor is None:
            return ""
        amount = Decimal(minor).scaleb(-get_currency_precision(currency))
        is_code = get_currency_symbol(currency, self.locale)[-1:].isalpha()
        pattern = "#,##0.00\u00a0\u00a4" if is_code else None
        return format_currency(amount, currency, pattern, locale=self.locale).replace("-", "\u2212")

    def number_tells(self, number: str, country: str) -> str:
        """Kind, country (if not ``country``) and network of a canonical number; empty if it tells nothing.

        The network is the one that the number was issued by: it may have been carried over since.
        """
        try:
            parsed = phonenumbers.parse(number, country)
        except NumberParseException:
            return ""
        kind = _KINDS.get(phonenumbers.number_type(parsed))
        where = phonenumbers.region_code_for_number(parsed)
        abroad = self.locale.territories.get(where, "") if where and where != country else ""
        network = carrier.name_for_number(parsed, self.spoken)
        return " · ".join(part for part in (self(f"number.{kind}") if kind else "", abroad, network) if part)

    def clock(self, at: datetime, zone: ZoneInfo) -> str:
        return at.astimezone(zone).strftime("%H:%M")

    def day(self, at: datetime, now: datetime, zone: ZoneInfo) -> str:
        """Day and month, with the year if it is not this one."""
        local, today = at.astimezone(zone).date(), now.astimezone(zone).date()
        skeleton = "d MMM" if local.year == today.year else "d MMM y"
        return format_date(local, skeleton, locale=self.locale)

    def date(self, day: date) -> str:
        """Day, month and year."""
        return format_date(day, "d MMM y", locale=self.locale)

    def ago(self, at: datetime, now: datetime) -> str:
        """How long ago, in one unit: ``3 days ago``."""
        past = min(at - now, -timedelta(seconds=1))  # of nothing at all Babel makes "in 0 minutes"
        return format_timedelta(past, add_direction=True, locale=self.locale, granularity="minute")

    def within(self, at: datetime, now: datetime) -> str:
        """How long until then, or since then, in one unit: ``in 40 minutes``."""
        return format_timedelta(at - now, add_direction=True, locale=self.locale, granularity="minute")

    def number(self, count: int) -> str:
        """Grouped as the language does."""
        text: str = format_decimal(count, locale=self.locale)
        return text

    def decimal(self, number: float) -> str:
        """With one digit after the point."""
        text: str = format_decimal(round(number, 1), locale=self.locale)
        return text


def span(seconds: float) -> str:
    """``m:ss``, from an hour on ``h:mm:ss``; never negative."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, last = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{last:02}" if hours else f"{minutes}:{last:02}"

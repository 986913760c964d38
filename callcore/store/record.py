"""A customer's record in full (D-30, D-73), as the pages, the API and an export read it. Pure values.

Money is in minor units (kopecks) of ``currency``. Words such as statuses and kinds are those of the base that
they came from, shown as they are; ``MoneyKind`` alone is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from callcore.domain import NULL_CUSTOMER, Customer, CustomerId, Language, Login


class MoneyKind(StrEnum):
    invoice = "invoice"
    charge = "charge"
    payment = "payment"
    deposit = "deposit"
    block_step = "block_step"
    """A step of blocking for debt (post-paid)."""


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """A number (CTN) of the contract."""

    number: str
    """Canonical: E.164 where possible."""
    status: str = ""
    tariff: str = ""
    tariff_since: date | None = None
    standard: str = ""
    kind: str = ""
    """Voice, internet, television …"""
    sim: str = ""
    hlr: str = ""
    activated_at: datetime | None = None
    status_changed_at: datetime | None = None
    urgent: str = ""
    is_bad: bool = False
    bad_reason: str = ""
    checked_at: datetime | None = None
    """When somebody last confirmed it, or found it bad."""
    checked_by: str | None = None
    has_password: bool = False
    """There is a spoken password for this number; it can be checked, never read."""


@dataclass(frozen=True, slots=True)
class PersonRecord:
    name: str
    role: str = ""
    number: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class AddressRecord:
    kind: str
    address: str


@dataclass(frozen=True, slots=True)
class PointRecord:
    """A connection point; ``node`` is its code in the network tree, "" if unknown."""

    code: str
    address: str = ""
    node: str = ""
    characteristics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """``number`` None: a service of the contract as a whole. ``until`` None: it is on."""

    code: str
    title: str
    number: str | None = None
    since: date | None = None
    until: date | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class MoneyRecord:
    kind: MoneyKind
    at: datetime
    amount_minor: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """A campaign that he takes part in, or something that he may want (the "cup", D-30)."""

    code: str
    title: str
    state: str = ""
    at: date | None = None


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """Consent to a named clause, with what proves it; in force while ``withdrawn_at`` is None."""

    id: int
    clause: str
    granted_at: datetime
    granted_by: str
    evidence: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawal_evidence: str = ""


@dataclass(frozen=True, slots=True)
class Loyalty:
    club: str = ""
    card: str = ""
    points: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    id: CustomerId
    contract: str
    name: str
    legal_form: str = ""
    segment: str = ""
    tariff: str = ""
    address: str = ""
    """The main one; others in ``addresses``."""
    balance_minor: int | None = None
    currency: str = "RUB"
    arpu_minor: int | None = None
    """Average bill over three months."""
    language: Language | None = None
    status: str = ""
    since: date | None = None
    is_prospective: bool = False
    source: str = ""
    """"" for the own base, else the directory that he comes from."""
    external_key: str | None = None
    urgent: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()
    """Invoice groups."""
    loyalty: Loyalty = Loyalty()
    numbers: tuple[NumberRecord, ...] = ()
    persons: tuple[PersonRecord, ...] = ()
    addresses: tuple[AddressRecord, ...] = ()
    points: tuple[PointRecord, ...] = ()
    services: tuple[ServiceRecord, ...] = ()
    money: tuple[MoneyRecord, ...] = ()
    """The newest first, at most ``MONEY_SHOWN``."""
    offers: tuple[OfferRecord, ...] = ()
    consents: tuple[ConsentRecord, ...] = ()
    operators: tuple[Login, ...] = ()
    """Personal operators, the first choice first."""
    changed_at: datetime | None = None
    region: str = ""

    @property
    def is_null(self) -> bool:
        return self.id == NULL_CUSTOMER

    @property
    def brief(self) -> Customer:
        """What routing and the pop know of him."""
        return Customer(
            id=self.id,
            name=self.name,
            contract=self.contract,
            address=self.address,
            tariff=self.tariff,
            balance_minor=self.balance_minor,
            currency=self.currency,
            segment=self.segment,
            legal_form=self.legal_form,
            language=self.language,
            numbers=tuple(number.number for number in self.numbers),
        )


MONEY_SHOWN = 200

"""What the API of customers takes and gives, masked for who may not see it whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from callcore.domain import Customer, Language
from callcore.rights import Permission
from callcore.store.customers import CustomerHit, Matched
from callcore.store.record import ConsentRecord, CustomerRecord, MoneyKind, NumberRecord
from callcore.store.texts import ADDRESS_LIMIT, COMMENT_LIMIT, NAME_LIMIT, WORD_LIMIT
from callcore.web.context import allowed
from callcore.web.masking import masked_email, masked_number, masked_text
from callcore.web.operation import ApiModel, Ask
from callcore.web.record.asking import Typed

Id = Annotated[int, Field(ge=0, le=2**63 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
Word = Annotated[str, Field(max_length=WORD_LIMIT)]
Number = Annotated[str, Field(min_length=1, max_length=WORD_LIMIT)]


class SearchQuery(ApiModel):
    q: Typed = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class BriefModel(ApiModel):
    id: int
    contract: str
    name: str
    address: str
    tariff: str
    balance_minor: int | None
    currency: str
    segment: str
    legal_form: str
    language: Language | None
    numbers: list[str]


class HitModel(ApiModel):
    customer: BriefModel
    matched: Matched
    text: str
    """That which fits what was typed."""


class HitList(ApiModel):
    hits: list[HitModel]


class NumberModel(ApiModel):
    number: str
    status: str
    tariff: str
    tariff_since: date | None
    standard: str
    kind: str
    sim: str
    hlr: str
    activated_at: datetime | None
    status_changed_at: datetime | None
    urgent: str
    is_bad: bool
    bad_reason: str
    checked_at: datetime | None
    checked_by: str | None
    has_password: bool


class PersonModel(ApiModel):
    name: str
    role: str
    number: str
    email: str


class AddressModel(ApiModel):
    kind: str
    address: str


class PointModel(ApiModel):
    code: str
    address: str
    node: str
    characteristics: dict[str, str]


class ServiceModel(ApiModel):
    code: str
    title: str
    number: str | None
    since: date | None
    until: date | None
    is_default: bool


class MoneyModel(ApiModel):
    kind: MoneyKind
    at: datetime
    amount_minor: int
    text: str


class OfferModel(ApiModel):
    code: str
    title: str
    state: str
    at: date | None


class ConsentModel(ApiModel):
    id: int
    clause: str
    granted_at: datetime
    granted_by: str
    evidence: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawal_evidence: str


class RecordModel(BriefModel):
    """``numbers_in_full`` holds what ``numbers`` only names."""

    region: str
    status: str
    since: date | None
    is_prospective: bool
    source: str
    external_key: str | None
    urgent: str
    email: str
    arpu_minor: int | None
    groups: list[str]
    loyalty_club: str
    loyalty_card: str
    loyalty_points: int | None
    numbers_in_full: list[NumberModel]
    persons: list[PersonModel]
    addresses: list[AddressModel]
    points: list[PointModel]
    services: list[ServiceModel]
    money: list[MoneyModel]
    """The newest first, at most 200."""
    offers: list[OfferModel]
    consents: list[ConsentModel]
    operators: list[str]
    changed_at: datetime | None


class NewProspect(ApiModel):
    name: Name
    number: Word = ""
    legal_form: Word = ""
    address: Annotated[str, Field(max_length=ADDRESS_LIMIT)] = ""
    email: Annotated[str, Field(max_length=NAME_LIMIT)] = ""
    person: Annotated[str, Field(max_length=NAME_LIMIT)] = ""


class CorrectionModel(ApiModel):
    """Absent fields stay as they are."""

    name: Name | None = None
    address: Annotated[str, Field(max_length=ADDRESS_LIMIT)] | None = None
    email: Annotated[str, Field(max_length=NAME_LIMIT)] | None = None
    urgent: Annotated[str, Field(max_length=COMMENT_LIMIT)] | None = None
    language: Language | None = None


class CorrectedModel(ApiModel):
    changed: list[str]


class NumberAsked(ApiModel):
    number: Number


class NewNumber(NumberAsked):
    kind: Word = ""


class FlagModel(NumberAsked):
    why: Name


class ConsentAsked(ApiModel):
    clause: Annotated[str, Field(min_length=1, max_length=WORD_LIMIT)]
    evidence: Name


class Eyes:
    """What this caller may see of it."""

    def __init__(self, ask: Ask) -> None:
        self.is_masked = not allowed(ask.identity, Permission.customers_unmasked)

    def text(self, text: str) -> str:
        return masked_text(text) if self.is_masked else text

    def number(self, number: str) -> str:
        return masked_number(number) if self.is_masked else number

    def email(self, text: str) -> str:
        return masked_email(text) if self.is_masked and text else text

    def brief(self, one: Customer) -> dict[str, object]:
        return {
            "id": one.id,
            "contract": one.contract,
            "name": self.text(one.name),
            "address": self.text(one.address),
            "tariff": one.tariff,
            "balance_minor": one.balance_minor,
            "currency": one.currency,
            "segment": one.segment,
            "legal_form": one.legal_form,
            "language": one.language,
            "numbers": [self.number(number) for number in one.numbers],
        }

    def hit(self, hit: CustomerHit) -> HitModel:
        hidden: dict[Matched, Callable[[str], str]] = {
            Matched.number: self.number,
            Matched.contract: str,
            Matched.record: str,
            Matched.case: str,
            Matched.null: str,
        }
        text = hidden.get(hit.matched, self.text)(hit.text)
        return HitModel(
            customer=BriefModel.model_validate(self.brief(hit.customer)), matched=hit.matched, text=text
        )

    def record(self, one: CustomerRecord) -> RecordModel:
        return RecordModel.model_validate(
            {
                **self.brief(one.brief),
                **{name: getattr(one, name) for name in _PLAIN},
                "external_key": None if one.external_key is None else self.text(one.external_key),
                "urgent": self.text(one.urgent),
                "email": self.email(one.email),
                "groups": list(one.groups),
                "loyalty_club": one.loyalty.club,
                "loyalty_card": self.text(one.loyalty.card),
                "loyalty_points": one.loyalty.points,
                "numbers_in_full": [self._number(number) for number in one.numbers],
                "persons": [
                    PersonModel(
                        name=self.text(person.name),
                        role=person.role,
                        number=self.number(person.number),
                        email=self.email(person.email),
                    )
                    for person in one.persons
                ],
                "addresses": [AddressModel(kind=a.kind, address=self.text(a.address)) for a in one.addresses],
                "points": [
                    PointModel(
                        code=point.code,
                        address=self.text(point.address),
                        node=point.node,
                        characteristics={
                            name: self.text(text) for name, text in point.characteristics.items()
                        },
                    )
                    for point in one.points
                ],
                "services": [
                    ServiceModel(
                        code=service.code,
                        title=service.title,
                        number=None if service.number is None else self.number(service.number),
                        since=service.since,
                        until=service.until,
                        is_default=service.is_default,
                    )
                    for service in one.services
                ],
                "money": [
                    MoneyModel(kind=m.kind, at=m.at, amount_minor=m.amount_minor, text=self.text(m.text))
                    for m in one.money
                ],
                "offers": [
                    OfferModel(code=o.code, title=o.title, state=o.state, at=o.at) for o in one.offers
                ],
                "consents": [self._consent(consent) for consent in one.consents],
                "operators": list(one.operators),
            }
        )

    def _number(self, one: NumberRecord) -> NumberModel:
        values = {name: getattr(one, name) for name in NumberModel.model_fields}
        hidden = {"number": self.number(one.number), "sim": self.number(one.sim)}
        said = {"urgent": self.text(one.urgent), "bad_reason": self.text(one.bad_reason)}
        return NumberModel.model_validate({**values, **hidden, **said})

    def _consent(self, one: ConsentRecord) -> ConsentModel:
        proofs = ("evidence", "withdrawal_evidence")
        return consent_model(one).model_copy(update={name: self.text(getattr(one, name)) for name in proofs})


_PLAIN = ("region", "status", "since", "is_prospective", "source", "arpu_minor", "changed_at")


def consent_model(one: ConsentRecord) -> ConsentModel:
    return ConsentModel.model_validate({name: getattr(one, name) for name in ConsentModel.model_fields})

"""What the API of an office takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from callcore.domain import Direction
from callcore.store.texts import COMMENT_LIMIT, NAME_LIMIT, WORD_LIMIT
from callcore.store.visit_rows import Medium, Method, OtherContact, Payment, Visitor
from callcore.web.operation import ApiModel
from callcore.web.record.asking import Id, Limit

Word = Annotated[str, Field(max_length=WORD_LIMIT)]
Name = Annotated[str, Field(max_length=NAME_LIMIT)]
Key = Annotated[
    str,
    Field(
        max_length=WORD_LIMIT,
        description="Chosen by the sender: sent again with the same key, it is stored once. The header"
        " Idempotency-Key says the same.",
    ),
]


class NewVisitorModel(ApiModel):
    office: Annotated[str, Field(min_length=1, max_length=WORD_LIMIT)]
    ticket: Annotated[str, Field(min_length=1, max_length=WORD_LIMIT)]
    topic: Word = ""
    came_at: AwareDatetime | None = None
    """Now, if left out; sent again with the same moment, the visitor waits once."""
    key: Key = ""


class VisitorModel(ApiModel):
    id: int
    office: str
    ticket: str
    topic: str
    came_at: datetime
    called_at: datetime | None
    called_by: str | None
    served_at: datetime | None
    left_at: datetime | None
    contact: str | None


class VisitorList(ApiModel):
    visitors: list[VisitorModel]


class OfficeQuery(ApiModel):
    office: Annotated[str, Field(min_length=1, max_length=WORD_LIMIT)]
    limit: Limit = 200


class PapersModel(ApiModel):
    number: Word = ""
    dated: date | None = None
    party: Name = ""
    handed: Name = ""


class MoneyModel(ApiModel):
    amount_minor: Annotated[int, Field(ge=1, le=10**14 - 1)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    method: Method
    purpose: Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
    receipt: Annotated[str, Field(min_length=1, max_length=WORD_LIMIT)]


class NewContactModel(ApiModel):
    medium: Medium
    office: Word = ""
    customer: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    visitor: Id | None = None
    topic: Word = ""
    comment: Annotated[str, Field(max_length=COMMENT_LIMIT)] = ""
    papers: PapersModel | None = None
    payment: MoneyModel | None = None
    key: Key = ""


class PaymentModel(ApiModel):
    id: int
    contact: str
    office: str
    login: str
    amount_minor: int
    currency: str
    purpose: str
    method: Method
    receipt: str
    at: datetime
    reversed_at: datetime | None
    reversed_by: str | None
    reversed_why: str


class OtherContactModel(ApiModel):
    call: str
    medium: Medium
    direction: Direction
    office: str
    ticket: str
    customer: int | None
    login: str | None
    started_at: datetime
    ended_at: datetime
    papers: PapersModel | None
    payment: PaymentModel | None


class PaymentQuery(ApiModel):
    since: AwareDatetime
    until: AwareDatetime
    office: Word = ""
    limit: Limit = 500


class TotalModel(ApiModel):
    currency: str
    method: Method
    amount_minor: int


class PaymentList(ApiModel):
    payments: list[PaymentModel]
    totals: list[TotalModel]
    """Of the payments listed; those that were reversed do not count."""


class WhyModel(ApiModel):
    why: Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]


def contact_model(found: OtherContact, hide: Callable[[str], str] = str) -> OtherContactModel:
    """``hide``: what becomes of words that tell of people."""
    told = found.papers
    papers = (
        PapersModel(
            number=hide(told.number), dated=told.dated, party=hide(told.party), handed=hide(told.handed)
        )
        if told is not None
        else None
    )
    return OtherContactModel(
        call=found.call,
        medium=found.medium,
        direction=found.direction,
        office=found.office,
        ticket=found.ticket,
        customer=found.customer,
        login=found.login,
        started_at=found.started_at,
        ended_at=found.ended_at,
        papers=papers,
        payment=None if found.payment is None else payment_model(found.payment, hide),
    )


def visitor_model(found: Visitor) -> VisitorModel:
    return VisitorModel(**{name: getattr(found, name) for name in Visitor.__slots__})


def payment_model(found: Payment, hide: Callable[[str], str] = str) -> PaymentModel:
    values = {name: getattr(found, name) for name in Payment.__slots__}
    words = ("purpose", "receipt", "reversed_why")
    return PaymentModel(**{**values, **{name: hide(values[name]) for name in words}})

"""Contacts that no telephone brought, as values and as rows. Pure."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from callcore.domain import CallId, CustomerId, Direction, EndReason, Login, Outcome, Source, TopicCode
from callcore.store.errors import TextRefused
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, typed_text


class Medium(StrEnum):
    """By which way a contact came; a call is ``phone``."""

    phone = "phone"
    visit = "visit"
    letter = "letter"
    document_in = "document_in"
    document_out = "document_out"
    payment = "payment"
    email = "email"


class Method(StrEnum):
    """How a payment was made. Nothing of a card is ever kept."""

    cash = "cash"
    card = "card"
    transfer = "transfer"


@dataclass(frozen=True, slots=True)
class Visitor:
    id: int
    office: str
    ticket: str
    topic: str
    """What he chose at the machine; empty if nothing."""
    came_at: datetime
    called_at: datetime | None
    called_by: Login | None
    served_at: datetime | None
    left_at: datetime | None
    contact: CallId | None
    """What became of it, once it is registered."""

    @property
    def is_waiting(self) -> bool:
        return self.called_at is None and self.left_at is None and self.served_at is None


@dataclass(frozen=True, slots=True)
class Papers:
    """What a letter or document is."""

    number: str = ""
    dated: date | None = None
    party: str = ""
    """Sender or addressee."""
    handed: str = ""
    """By whom, or to whom, it was handed over."""


@dataclass(frozen=True, slots=True)
class Money:
    amount_minor: int
    currency: str
    method: Method
    purpose: str
    receipt: str


@dataclass(frozen=True, slots=True)
class NewContact:
    call: CallId
    """Of ``new_id``."""
    medium: Medium
    direction: Direction
    office: str = ""
    customer: CustomerId | None = None
    visitor: int | None = None
    """Whose turn it was."""
    papers: Papers | None = None
    money: Money | None = None
    """With the medium ``payment``, and only with it."""
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class OtherContact:
    """A contact as its page shows it; a call, too."""

    call: CallId
    medium: Medium
    direction: Direction
    office: str
    ticket: str
    customer: CustomerId | None
    login: Login | None
    """Who took it."""
    number: str | None
    started_at: datetime
    ended_at: datetime
    papers: Papers | None
    payment: Payment | None


@dataclass(frozen=True, slots=True)
class Payment:
    id: int
    contact: CallId
    office: str
    login: Login
    """The cashier."""
    amount_minor: int
    currency: str
    purpose: str
    method: Method
    receipt: str
    at: datetime
    reversed_at: datetime | None
    reversed_by: Login | None
    reversed_why: str

    @property
    def is_reversed(self) -> bool:
        return self.reversed_at is not None


@dataclass(frozen=True, slots=True)
class NewFile:
    name: str
    media_type: str
    """As the sender said."""
    kind: str
    """One of ``attachments.KINDS``."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote of a contact, and put to it: stored with it as a whole, or not at all."""

    topic: TopicCode | None = None
    """None: only files."""
    comment: str = ""
    entry: int = 1
    files: tuple[NewFile, ...] = ()


def new_id() -> CallId:
    """An id for a contact that no PBX gave one."""
    return CallId("v" + secrets.token_urlsafe(16))


def keyed_id(login: Login, key: str) -> CallId:
    """The id for what this login sends with this key: the same whenever it is sent again."""
    digest = hashlib.sha256(f"{login}\n{key}".encode("utf-8", "replace")).digest()
    return CallId("v" + urlsafe_b64encode(digest[:16]).decode("ascii").rstrip("="))


def contact_row(new: NewContact, visitor: Visitor | None, login: Login, at: datetime) -> dict[str, Any]:
    """Of ``contacts``; a visitor waited from his ticket on, and talked from his call on."""
    came = visitor.came_at if visitor else at
    began = (visitor.called_at or at) if visitor else at
    return {
        "call": new.call,
        "pbx": "",
        "channel": new.call,
        "direction": new.direction,
        "source": Source.live,
        "caller_number_raw": "",
        "customer": new.customer,
        "topic": (new.written and new.written.topic) or (visitor and visitor.topic) or None,
        "started_at": came,
        "queued_at": came if visitor else None,
        "answered_at": began,
        "ended_at": at,
        "wait_ms": max(0, round((began - came).total_seconds() * 1000)),
        "ring_ms": 0,
        "talk_ms": max(0, round((at - began).total_seconds() * 1000)),
        "answered_by": login,
        "end_reason": EndReason.completed,
        "outcome": Outcome.answered,
        "medium": new.medium,
        "office": typed_text(new.office, WORD_LIMIT, "office"),
        "ticket": visitor.ticket if visitor else "",
    }


def checked_papers(papers: Papers | None) -> dict[str, Any] | None:
    if papers is None:
        return None
    return {
        "number": typed_text(papers.number, WORD_LIMIT, "number"),
        "dated": papers.dated,
        "party": typed_text(papers.party, NAME_LIMIT, "party"),
        "handed": typed_text(papers.handed, NAME_LIMIT, "handed"),
    }


def checked_money(money: Money | None) -> dict[str, Any] | None:
    if money is None:
        return None
    if not 0 < money.amount_minor < 10**14:
        raise TextRefused("amount: it must be above zero", "сумма: нужна больше нуля")
    return {
        "amount_minor": money.amount_minor,
        "currency": typed_text(money.currency, 3, "currency", empty=False),
        "purpose": typed_text(money.purpose, NAME_LIMIT, "purpose", empty=False),
        "method": money.method,
        "receipt": typed_text(money.receipt, WORD_LIMIT, "receipt", empty=False),
    }


def visitor_of(row: Row[Any]) -> Visitor:
    return Visitor(**{name: getattr(row, name) for name in Visitor.__slots__})


def payment_of(row: Row[Any]) -> Payment:
    values = {name: getattr(row, name) for name in Payment.__slots__}
    return Payment(**values | {"method": Method(row.method)})

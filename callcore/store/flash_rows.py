"""Flash notes as values, and what of them stands in a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, and_

from callcore.domain import CustomerId, Login, Text
from callcore.store.schema.knowledge import flashes

TEXT_LIMIT = 500


class FlashScope(StrEnum):
    """What a note hangs on; the last four pop for everybody concerned."""

    contract = "contract"
    number = "number"
    topic = "topic"
    district = "district"
    outage = "outage"
    house = "house"
    """Everybody's card, whoever calls."""


EVERYBODY = "*"
"""Target of a note on the whole house."""


class FlashState(StrEnum):
    coming = "coming"
    current = "current"
    ended = "ended"
    withdrawn = "withdrawn"


@dataclass(frozen=True, slots=True)
class NewFlash:
    """``target``: the customer's id, a canonical number, a topic's code, a node's code, an outage's id or
    ``EVERYBODY``. ``label``: how people name it, such as the contract's number."""

    scope: FlashScope
    target: str
    label: str
    text: str
    begins_at: datetime
    ends_at: datetime
    must_read: bool = False
    spoken: Text | None = None
    """What callers hear before any menu; of notes on the house alone."""
    is_spoken: bool = False


@dataclass(frozen=True, slots=True)
class Flash:
    id: int
    scope: FlashScope
    target: str
    label: str
    text: str
    author: Login
    must_read: bool
    begins_at: datetime
    ends_at: datetime
    created_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: Login | None = None
    read_at: datetime | None = None
    """When the person asked about said that he has read it; None too where nobody was asked about."""
    readers: int = 0
    """How many did; counted only by ``search`` and ``get``."""
    spoken: Text | None = None
    is_spoken: bool = False
    """Callers hear it, as long as it is current. While they do not, a note with such words lies ready and
    pops nowhere."""

    def state(self, now: datetime) -> FlashState:
        if self.withdrawn_at is not None:
            return FlashState.withdrawn
        if now < self.begins_at:
            return FlashState.coming
        return FlashState.current if now < self.ends_at else FlashState.ended

    @property
    def customer(self) -> CustomerId | None:
        """Of a note on a contract."""
        return CustomerId(int(self.target)) if self.scope is FlashScope.contract else None


@dataclass(frozen=True, slots=True)
class FlashReader:
    login: Login
    at: datetime


def in_state(state: FlashState, now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    standing = flashes.c.withdrawn_at.is_(None)
    match state:
        case FlashState.withdrawn:
            return flashes.c.withdrawn_at.is_not(None)
        case FlashState.coming:
            return and_(standing, flashes.c.begins_at > now)
        case FlashState.current:
            return and_(standing, flashes.c.begins_at <= now, flashes.c.ends_at > now)
        case FlashState.ended:
            return and_(standing, flashes.c.ends_at <= now)


def flash_of(row: Row[Any]) -> Flash:
    return Flash(
        id=row.id,
        scope=FlashScope(row.scope),
        target=row.target,
        label=row.label,
        text=row.text,
        author=Login(row.login),
        must_read=row.must_read,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        created_at=row.created_at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        read_at=getattr(row, "read_at", None),
        readers=getattr(row, "readers", 0),
        spoken=Text(row.spoken_ru, row.spoken_en) if row.spoken_ru else None,
        is_spoken=row.is_spoken,
    )

"""A Contact as a row, as JSON for the spool, and back. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from callcore.calls.effects import Contact, Ring
from callcore.domain import Direction, EndReason, Interface, Outcome, Source, Text
from callcore.store.texts import NAME_LIMIT, REASON_LIMIT, WORD_LIMIT, machine_text, machine_text_or_none

_FIELDS = tuple(field.name for field in fields(Contact) if field.name != "operators")
_RING_FIELDS = tuple(field.name for field in fields(Ring))
_LATER = {"edition": None, "node": None}
"""Fields that a contact spooled by an older callcore does not have."""
_MOMENTS = ("started_at", "queued_at", "answered_at", "ended_at")
_LONG = {"caller_name": NAME_LIMIT, "route": NAME_LIMIT, "node": NAME_LIMIT}
_TEXTS = (
    "caller_number",
    "caller_number_raw",
    "caller_name",
    "dialed_number",
    "topic",
    "route",
    "queue",
    "answered_by",
    "node",
)


def cleaned(contact: Contact) -> Contact:
    """The contact with every text from the network made storable; a contact is never refused for a text."""
    texts = {
        name: machine_text_or_none(getattr(contact, name), _LONG.get(name, WORD_LIMIT)) for name in _TEXTS
    }
    reason = contact.route_reason
    rings = tuple(
        replace(ring, interface=Interface(machine_text(ring.interface, WORD_LIMIT)))
        for ring in contact.operators
    )
    return replace(
        contact,
        channel=machine_text(contact.channel, WORD_LIMIT),
        route_reason=None if reason is None else Text(_lines(reason.ru), _lines(reason.en)),
        operators=rings,
        **texts,  # type: ignore[arg-type]
    )


def _lines(text: str) -> str:
    return machine_text(text, REASON_LIMIT, lines=True)


def to_row(contact: Contact) -> dict[str, Any]:
    """Values for the table ``contacts``."""
    reason = contact.route_reason
    row = {name: getattr(contact, name) for name in _FIELDS}
    return row | {
        "route_reason": reason.en if reason else None,
        "route_reason_ru": reason.ru if reason else None,
    }


def to_ring_rows(contact: Contact) -> list[dict[str, Any]]:
    """Values for the table ``contact_rings``."""
    return [
        {"call": contact.call, "position": position} | {name: getattr(ring, name) for name in _RING_FIELDS}
        for position, ring in enumerate(contact.operators)
    ]


def from_rows(row: Any, rings: Any) -> Contact:
    """Rows of the two tables (anything with attributes named like the columns), rings in their order."""
    flat = {name: getattr(row, name) for name in _FIELDS}
    # before there were two languages only the English reason was kept
    ru, en = row.route_reason_ru, row.route_reason
    reason = None if en is None else (en if ru is None else ru, en)
    return _contact(
        flat | {"route_reason": reason},
        [{name: getattr(ring, name) for name in _RING_FIELDS} for ring in rings],
    )


def to_json(contact: Contact) -> dict[str, Any]:
    """JSON values only; moments in ISO 8601."""
    value = {name: _plain(getattr(contact, name)) for name in _FIELDS}
    reason = contact.route_reason
    value["route_reason"] = [reason.ru, reason.en] if reason else None
    value["operators"] = [
        {name: _plain(getattr(ring, name)) for name in _RING_FIELDS} for ring in contact.operators
    ]
    return value


def from_json(value: dict[str, Any]) -> Contact:
    """Raises KeyError, TypeError or ValueError for anything that ``to_json`` did not write."""
    flat = _LATER | {name: value[name] for name in _FIELDS if name in value or name not in _LATER}
    if isinstance(flat["route_reason"], str):  # spooled before there were two languages
        flat["route_reason"] = (flat["route_reason"],) * 2
    for name in _MOMENTS:
        flat[name] = _moment(flat[name])
    rings = [
        ring | {"began_at": _moment(ring["began_at"]), "ended_at": _moment(ring["ended_at"])}
        for ring in value["operators"]
    ]
    return _contact(flat, rings)


def _contact(flat: dict[str, Any], rings: list[dict[str, Any]]) -> Contact:
    flat["direction"] = Direction(flat["direction"])
    flat["source"] = Source(flat["source"])
    flat["end_reason"] = EndReason(flat["end_reason"])
    flat["outcome"] = Outcome(flat["outcome"])
    reason = flat["route_reason"]
    flat["route_reason"] = None if reason is None else Text(*map(str, reason))
    for ring in rings:
        ring["result"] = None if ring["result"] is None else EndReason(ring["result"])
    return Contact(operators=tuple(Ring(**ring) for ring in rings), **flat)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def said(contact: Contact) -> dict[str, Any]:
    """A contact as other programs are told of it."""
    return {
        "call": contact.call,
        "direction": contact.direction.value,
        "number": contact.caller_number,
        "dialled": contact.dialed_number,
        "queue": contact.queue,
        "topic": contact.topic,
        "customer": contact.customer,
        "outcome": contact.outcome.value,
        "reason": contact.end_reason.value,
        "login": contact.answered_by,
        "started_at": contact.started_at.isoformat(),
        "ended_at": contact.ended_at.isoformat(),
        "wait_ms": contact.wait_ms,
        "talk_ms": contact.talk_ms,
    }

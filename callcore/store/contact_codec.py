"""A Contact as a row, as JSON for the spool, and back. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from callcore.calls.effects import Contact, Ring
from callcore.domain import Direction, EndReason, Interface, Outcome, Source
from callcore.store.texts import NAME_LIMIT, REASON_LIMIT, WORD_LIMIT, machine_text, machine_text_or_none

_FIELDS = tuple(field.name for field in fields(Contact) if field.name != "operators")
_RING_FIELDS = tuple(field.name for field in fields(Ring))
_MOMENTS = ("started_at", "queued_at", "answered_at", "ended_at")
_LONG = {"caller_name": NAME_LIMIT, "route": NAME_LIMIT, "route_reason": REASON_LIMIT}
_TEXTS = (
    "caller_number",
    "caller_number_raw",
    "caller_name",
    "dialed_number",
    "topic",
    "route",
    "queue",
    "answered_by",
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
        route_reason=None if reason is None else machine_text(reason, REASON_LIMIT, lines=True),
        operators=rings,
        **texts,  # type: ignore[arg-type]
    )


def to_row(contact: Contact) -> dict[str, Any]:
    """Values for the table ``contacts``."""
    return {name: getattr(contact, name) for name in _FIELDS}


def to_ring_rows(contact: Contact) -> list[dict[str, Any]]:
    """Values for the table ``contact_rings``."""
    return [
        {"call": contact.call, "position": position} | {name: getattr(ring, name) for name in _RING_FIELDS}
        for position, ring in enumerate(contact.operators)
    ]


def from_rows(row: Any, rings: Any) -> Contact:
    """Rows of the two tables (anything with attributes named like the columns), rings in their order."""
    return _contact(
        {name: getattr(row, name) for name in _FIELDS},
        [{name: getattr(ring, name) for name in _RING_FIELDS} for ring in rings],
    )


def to_json(contact: Contact) -> dict[str, Any]:
    """JSON values only; moments in ISO 8601."""
    value = {name: _plain(getattr(contact, name)) for name in _FIELDS}
    value["operators"] = [
        {name: _plain(getattr(ring, name)) for name in _RING_FIELDS} for ring in contact.operators
    ]
    return value


def from_json(value: dict[str, Any]) -> Contact:
    """Raises KeyError, TypeError or ValueError for anything that ``to_json`` did not write."""
    flat = {name: value[name] for name in _FIELDS}
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
    for ring in rings:
        ring["result"] = None if ring["result"] is None else EndReason(ring["result"])
    return Contact(operators=tuple(Ring(**ring) for ring in rings), **flat)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

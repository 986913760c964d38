"""What the OpenAPI document says of events that callcore sends itself: its ``webhooks``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from callcore.store.events import Event
from callcore.web.intake import adapter_of

Json = dict[str, Any]
_HEADERS = {
    "webhook-id": "The same at every try: drop what you have seen.",
    "webhook-timestamp": "Seconds since 1970, of this try.",
    "webhook-signature": "v1, and the base64 of HMAC-SHA256 over id.timestamp.body (Standard Webhooks).",
}


def webhooks(events: Iterable[Event]) -> Json:
    """One ``POST`` to the subscription's address for each event."""
    return {each.type: {"post": _post(each)} for each in events}


def _post(event: Event) -> Json:
    return {
        "tags": ["webhooks"],
        "summary": event.title.en,
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": text,
                "schema": {"type": "string"},
            }
            for name, text in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema(event)}}},
        "responses": {
            "2XX": {"description": "Taken; anything else is tried again"},
            "410": {"description": "Ends the subscription"},
        },
    }


def schema(event: Event) -> Json:
    """Of the body."""
    kinds = {name.removesuffix("?"): adapter_of(kind).json_schema() for name, kind in event.data.items()}
    data = {
        "type": "object",
        "required": [name for name in event.data if not name.endswith("?")],
        "properties": kinds,
    }
    return {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event.type},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": data,
        },
    }

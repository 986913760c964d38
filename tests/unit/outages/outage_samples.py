"""One outage as a file, and changes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
FILE = "outages.yaml"


def entry(**changes: Any) -> dict[str, Any]:
    """An emergency of an hour ago; None leaves a field out."""
    fields = {
        "number": "2026-117",
        "kind": "emergency",
        "cause": {"ru": "Авария на линии", "en": "Fault on a line"},
        "starts_at": "2026-11-22T18:00:00+03:00",
        "nodes": ["F-12", "H-3"],
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def planned(**changes: Any) -> dict[str, Any]:
    fields = {
        "kind": "planned",
        "starts_at": "2026-12-01T10:00:00+03:00",
        "estimated_restoration_at": "2026-12-01T14:00:00+03:00",
    }
    return entry(**(fields | changes))


def body(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"outages": entries or [entry()]}, ensure_ascii=False, indent=1).encode()

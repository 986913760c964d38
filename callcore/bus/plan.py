"""What becomes of a delivery: which events a subscription wants, how a message is signed, when it is tried
again, when we give up. Pure.

Signed after Standard Webhooks: ``webhook-id`` is the same at every try, so that the receiver drops repeats;
``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from callcore.store.events import TEST_EVENT

SECRET_PREFIX = "whsec_"
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
"""After the first try, the second …; after the last one it has failed."""
MOST_RETRY_AFTER = timedelta(hours=1)
_PATTERN = re.compile(r"\*|[a-z][a-z_]*(\.[a-z_]+)*(\.\*)?", re.ASCII)


def is_pattern(text: str) -> bool:
    """``*``, ``case.*``, ``case.created``."""
    return len(text) <= 64 and _PATTERN.fullmatch(text) is not None


def wants(patterns: Iterable[str], type: str) -> bool:
    """Whether an event of this type goes to a subscription with these patterns; a test goes to nobody so."""
    if type == TEST_EVENT:
        return False
    return any(
        each in ("*", type) or (each.endswith(".*") and type.startswith(each[:-1])) for each in patterns
    )


def new_secret(chance: bytes) -> str:
    """``chance``: 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(chance).decode()


def message_id(event: int) -> str:
    return f"evt_{event}"


def message(type: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """The body; the same bytes at every try."""
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps(
        {"type": type, "timestamp": moment, "data": dict(data)}, ensure_ascii=False, separators=(",", ":")
    ).encode("utf-8", "replace")


def headers(id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """The three of Standard Webhooks. Raises ValueError for a secret that is none."""
    seconds = str(int(at.timestamp()))
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the secret is no base64") from error
    signed = hmac.new(key, f"{id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What one try came to. ``status`` None: nobody answered, ``text`` says why."""

    status: int | None
    text: str
    ms: int
    retry_after: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver says that it will never take anything again."""
        return self.status == 410


@dataclass(frozen=True, slots=True)
class Verdict:
    """``state``: delivered, failed, or waiting until ``next_at``."""

    state: str
    next_at: datetime


def verdict(answer: Answer, tries: int, now: datetime) -> Verdict:
    """After the ``tries``-th try, counted from 1."""
    if answer.is_taken:
        return Verdict("delivered", now)
    if answer.is_gone or tries > len(PAUSES):
        return Verdict("failed", now)
    pause = PAUSES[tries - 1]
    if answer.retry_after is not None:
        pause = max(pause, min(answer.retry_after, MOST_RETRY_AFTER))
    return Verdict("waiting", now + pause)


def disabled_why(answer: Answer, failing_since: datetime, now: datetime, days: int) -> str:
    """Why the whole subscription is switched off now; empty: it is not."""
    if answer.is_taken:
        return ""
    if answer.is_gone:
        return "gone"
    return "failing" if now - failing_since >= timedelta(days=days) else ""

"""Settings of one SMPP gateway, as the composition root hands them over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from callcore.domain import Text
from callcore.messaging.answers import IdForm

PASSWORD_LIMIT, SYSTEM_ID_LIMIT = 8, 15
"""SMPP 3.4, 4.1.5."""
_NUMERIC = re.compile(r"\+?[0-9]{1,20}", re.ASCII)
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9 ._&'-]{1,11}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SmppSettings:
    name: str
    """Of the gateway, as routes and receipts name it."""
    host: str
    system_id: str
    password: str = field(repr=False)
    port: int = 2775
    sender: str = ""
    """What the recipient sees: a number or a word; "" leaves it to the gateway."""
    window: int = 20
    """Messages sent and not yet answered."""
    message_ids: IdForm = IdForm.same
    connect_seconds: float = 10.0
    """For connection and bind, each."""
    answer_seconds: float = 30.0
    silence_seconds: float = 15.0
    """A link that has been silent so long is asked whether it lives."""
    alive_seconds: float = 15.0
    """Longest wait for the answer to that."""
    throttled_seconds: float = 1.0
    """Pause before the same again when the gateway says "too fast"."""
    busy_seconds: float = 30.0
    """The same when it has a trouble of its own."""
    parts_seconds: float = 30.0
    """How long the rest of a message that has begun to leave waits for the gateway to take it."""
    first_retry_seconds: float = 0.5
    longest_retry_seconds: float = 20.0
    """Short enough for a try before a campaign that a person let go on is halted anew."""
    refused_retry_seconds: float = 60.0
    """Between attempts that fail until somebody changes a setting."""


def is_numeric(sender: str) -> bool:
    return _NUMERIC.fullmatch(sender) is not None


def fault(settings: SmppSettings) -> Text | None:
    """Why no bind can be made with these settings at all; None: it can be tried."""
    for value, limit, name in (
        (settings.system_id, SYSTEM_ID_LIMIT, "system_id"),
        (settings.password, PASSWORD_LIMIT, "password"),
    ):
        if len(value) > limit or not re.fullmatch(r"[ -~]*", value, re.ASCII):
            return Text(
                f"sms.smpp, {name}: SMPP допускает до {limit} знаков латиницы; попросите у оператора другой",
                f"sms.smpp, {name}: SMPP allows at most {limit} ASCII characters; ask for another",
            )
    sender = settings.sender
    if sender and not is_numeric(sender) and not _ALPHANUMERIC.fullmatch(sender):
        return Text(
            "sms.sender: нужен номер или до 11 латинских букв и цифр",
            "sms.sender: give a number, or at most 11 Latin letters and digits",
        )
    return None

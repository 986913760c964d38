"""The one AMI action that places a call, as a frozen value. Pure.

Nobody but the dialer, which takes a Permit, may import this: import-linter holds it.
"""

from __future__ import annotations

import re

from callcore.ami.actions import ANSWERED_CONTEXT, DIAL_CONTEXT
from callcore.ami.protocol import AmiAction, BadAction
from callcore.domain import LANGUAGES, Language

_SPARE_SECONDS = 5
"""The dialplan's own limit for the ringing strikes first; this is for a Dial that does not return."""
_ATTEMPT = re.compile(r"[a-z0-9]{1,40}\Z")
_DIGITS = re.compile(r"[0-9]{2,18}\Z")
_SHOWN_NUMBER = re.compile(r"\+?[0-9]{2,18}\Z")
_PROMPT = re.compile(r"[\w /.@=+~-]{1,500}\Z")


def originate(
    attempt: str, digits: str, *, notice: str, language: Language, ring_seconds: int, caller_number: str = ""
) -> AmiAction:
    """The one way to place a call: through our dial context, into our campaign context; never an application.

    ``attempt``: becomes the channel's id; ``digits``: the number without ``+``; ``notice``: a prompt's path
    without its ending, as the PBX sees it; ``caller_number``: "" leaves it to the trunk.
    """
    _must(_ATTEMPT, attempt, "the id of an attempt (a-z, 0-9, at most 40)")
    _must(_DIGITS, digits, "a number in digits")
    _must(_PROMPT, notice, "a prompt's path")
    if caller_number:
        _must(_SHOWN_NUMBER, caller_number, "a caller's number")
    if language not in LANGUAGES:
        raise BadAction(f"{language[:40]!r} is not a language of the prompts")
    if not 1 <= ring_seconds <= 300:
        raise BadAction(f"Originate: {ring_seconds} seconds of ringing are not 1 to 300")
    headers = [
        ("Channel", f"Local/{digits}@{DIAL_CONTEXT}/n"),
        ("Context", ANSWERED_CONTEXT),
        ("Exten", "s"),
        ("Priority", "1"),
        ("ChannelId", attempt),
        ("OtherChannelId", f"{attempt}-b"),
        ("Async", "true"),
        ("Timeout", str((ring_seconds + _SPARE_SECONDS) * 1000)),
    ]
    if caller_number:
        headers.append(("CallerID", f"<{caller_number}>"))
    variables = (
        ("__CALLCORE_ATTEMPT", attempt),
        ("__CALLCORE_NOTICE", notice),
        ("__CALLCORE_LANGUAGE", language),
        ("__CALLCORE_RING", str(ring_seconds)),
    )
    return AmiAction("Originate", tuple(headers), variables)


def _must(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.match(value):
        raise BadAction(f"Originate: {value[:60]!r} is not {what}")

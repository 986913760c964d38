"""The AMI actions that have a number rung, as frozen values: Originate by its four ways. Pure.

Nobody but the dialer, which takes a Permit, may import this: import-linter holds it.
"""

from __future__ import annotations

import re

from callcore.ami.actions import (
    ANSWERED_CONTEXT,
    CALLED_CONTEXT,
    DIAL_CONTEXT,
    PHONE_CONTEXT,
    PLACED_CONTEXT,
    WAIT_CONTEXT,
)
from callcore.ami.protocol import AmiAction, BadAction
from callcore.domain import LANGUAGES, CallId, Interface, Language, QueueName

_SPARE_SECONDS = 5
"""The dialplan's own limit for the ringing strikes first; this is for a Dial that does not return."""
_ATTEMPT = re.compile(r"[a-z0-9]{1,40}\Z")
_DIGITS = re.compile(r"[0-9]{2,18}\Z")
_SHOWN_NUMBER = re.compile(r"\+?[0-9]{2,18}\Z")
_PHONE = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.@:+/-]{1,100}\Z")
_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
_HEADER = re.compile(r"(?:call|alert)_info\Z")
_PROMPT = re.compile(r"[\w /.@=+~-]{1,500}\Z")


def originate(
    attempt: str, digits: str, *, notice: str, language: Language, ring_seconds: int, caller_number: str = ""
) -> AmiAction:
    """Rings a number: through our dial context, into our campaign context; never an application.

    ``attempt``: becomes the channel's id; ``digits``: the number without ``+``; ``notice``: a prompt's path
    without its ending, as the PBX sees it; ``caller_number``: "" leaves it to the trunk.
    """
    _check(attempt, digits, caller_number, ring_seconds)
    _must(_PROMPT, notice, "a prompt's path")
    if language not in LANGUAGES:
        raise BadAction(f"{language[:40]!r} is not a language of the prompts")
    headers = _headers(attempt, f"{digits}@{DIAL_CONTEXT}", ANSWERED_CONTEXT, ring_seconds, caller_number)
    variables = (
        ("__CALLCORE_ATTEMPT", attempt),
        ("__CALLCORE_NOTICE", notice),
        ("__CALLCORE_LANGUAGE", language),
        ("__CALLCORE_RING", str(ring_seconds)),
    )
    return AmiAction("Originate", headers, variables)


def originate_by_phone(
    attempt: str,
    digits: str,
    *,
    phone: Interface,
    phone_seconds: int,
    ring_seconds: int,
    caller_number: str = "",
    call: CallId | None = None,
    auto_answer: str | None = None,
) -> AmiAction:
    """Rings an operator's phone, which shows ``digits``; who picks it up comes to the context that asks the
    gate again. The number itself is not in it: only the script there names what is dialled.

    ``phone_seconds``, ``ring_seconds``: how long phone and number may ring; ``caller_number``: what the
    number's owner sees, "" leaves it to the trunk; ``call``: whose channels these are;
    ``auto_answer``: the header by which the phone picks up by itself.
    """
    _check(attempt, digits, caller_number, phone_seconds, ring_seconds)
    _must(_PHONE, phone, "a phone such as PJSIP/101")
    headers = _headers(attempt, f"s@{PHONE_CONTEXT}", PLACED_CONTEXT, phone_seconds, digits)
    variables: tuple[tuple[str, str], ...] = (
        ("__CALLCORE_ATTEMPT", attempt),
        ("__CALLCORE_PHONE", phone),
        ("__CALLCORE_PHONE_RING", str(phone_seconds)),
        ("__CALLCORE_RING", str(ring_seconds)),
        ("__CALLCORE_SHOWN", caller_number),
    )
    if call is not None:
        _must(_ATTEMPT, call, "the id of a call (a-z, 0-9, at most 40)")
        variables = (*variables, ("__CALLCORE_CALL", call))
    if auto_answer is not None:
        _must(_HEADER, auto_answer, "a header that has a phone answer")
        variables = (*variables, ("__CALLCORE_ANSWERS", auto_answer))
    return AmiAction("Originate", headers, variables)


def originate_in_queue(
    attempt: str,
    digits: str,
    *,
    queue: QueueName,
    position: int | None,
    priority: int,
    wait_seconds: int,
    ring_seconds: int,
    asterisk: int,
    caller_number: str = "",
    call: CallId | None = None,
) -> AmiAction:
    """A placeholder in a queue, which shows ``digits``; the operator who takes it comes to the context that
    asks the gate again. The number itself is not in it, as in ``originate_by_phone``.

    ``position``: None leaves it to the queue; ``wait_seconds``: how long it may stand there; ``asterisk``:
    the PBX's major version, since Queue's arguments are counted otherwise from 18 on.
    """
    _check(attempt, digits, caller_number, ring_seconds)
    _must(_QUEUE, queue, "a queue's name")
    if not 1 <= wait_seconds <= 86_400:
        raise BadAction(f"Originate: {wait_seconds} seconds in a queue are not 1 to 86400")
    if (position is not None and not 1 <= position <= 9999) or not 0 <= priority <= 99:
        raise BadAction(f"Originate: no place in a queue: {position}, {priority}")
    headers = _headers(attempt, f"wait@{WAIT_CONTEXT}", PLACED_CONTEXT, wait_seconds, digits)
    variables: tuple[tuple[str, str], ...] = (
        ("__CALLCORE_ATTEMPT", attempt),
        ("__CALLCORE_STANDS", queue),
        ("__CALLCORE_PLACE", "" if position is None else str(position)),
        ("__CALLCORE_PRIORITY", str(priority)),
        ("__CALLCORE_STAND", str(wait_seconds)),
        ("__CALLCORE_MAJOR", str(asterisk)),
        ("__CALLCORE_RING", str(ring_seconds)),
        ("__CALLCORE_SHOWN", caller_number),
    )
    if call is not None:
        _must(_ATTEMPT, call, "the id of a call (a-z, 0-9, at most 40)")
        variables = (*variables, ("__CALLCORE_CALL", call))
    return AmiAction("Originate", headers, variables)


def originate_to_queue(
    attempt: str,
    digits: str,
    *,
    queue: QueueName,
    priority: int,
    notice: str,
    language: Language,
    wait_seconds: int,
    ring_seconds: int,
    caller_number: str = "",
) -> AmiAction:
    """Rings a number through our dial context; who answers hears ``notice`` and waits in the queue, before
    all others by ``priority``."""
    _check(attempt, digits, caller_number, ring_seconds)
    _must(_PROMPT, notice, "a prompt's path")
    _must(_QUEUE, queue, "a queue's name")
    if language not in LANGUAGES or not 1 <= wait_seconds <= 86_400 or not 0 <= priority <= 99:
        raise BadAction(f"Originate: {language[:40]!r}, {wait_seconds} s, priority {priority}")
    headers = _headers(attempt, f"{digits}@{DIAL_CONTEXT}", CALLED_CONTEXT, ring_seconds, caller_number)
    variables = (
        ("__CALLCORE_ATTEMPT", attempt),
        ("__CALLCORE_NOTICE", notice),
        ("__CALLCORE_LANGUAGE", language),
        ("__CALLCORE_RING", str(ring_seconds)),
        ("__CALLCORE_STANDS", queue),
        ("__CALLCORE_PRIORITY", str(priority)),
        ("__CALLCORE_STAND", str(wait_seconds)),
        ("__CALLCORE_THEIRS", f"+{digits}"),
    )
    return AmiAction("Originate", headers, variables)


def _check(attempt: str, digits: str, caller_number: str, *seconds: int) -> None:
    _must(_ATTEMPT, attempt, "the id of an attempt (a-z, 0-9, at most 40)")
    _must(_DIGITS, digits, "a number in digits")
    if caller_number:
        _must(_SHOWN_NUMBER, caller_number, "a caller's number")
    for some in seconds:
        if not 1 <= some <= 300:
            raise BadAction(f"Originate: {some} seconds of ringing are not 1 to 300")


def _headers(
    attempt: str, channel: str, context: str, ring_seconds: int, shown: str
) -> tuple[tuple[str, str], ...]:
    headers = (
        ("Channel", f"Local/{channel}/n"),
        ("Context", context),
        ("Exten", "s"),
        ("Priority", "1"),
        ("ChannelId", attempt),
        ("OtherChannelId", f"{attempt}-b"),
        ("Async", "true"),
        ("Timeout", str((ring_seconds + _SPARE_SECONDS) * 1000)),
    )
    return (*headers, ("CallerID", f"<{shown}>")) if shown else headers


def _must(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.match(value):
        raise BadAction(f"Originate: {value[:60]!r} is not {what}")

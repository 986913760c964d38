"""The gate: one pure function says whether a call or message may leave now. Rules are data (``Profile``).
Pure.

A ``Permit`` is issued here and nowhere else, for one attempt, one number, one medium, for a short time.
Whoever dials or sends takes a Permit and nothing less.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import NoReturn, SupportsIndex, final

from callcore.calls.attempt import AttemptId, Medium, NumberHistory
from callcore.domain import Text
from callcore.outbound.quiet import QuietHours, UnknownZone, zone_of

PERMIT_LIFETIME = timedelta(seconds=30)
OPEN_CALL_PAUSE = timedelta(seconds=30)
"""How long until it is asked again whether we are still on the line with a number."""
_CANONICAL = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{1,6}", re.ASCII)


class Purpose(StrEnum):
    """Why it leaves: a notice passes every rule, what people want themselves fewer."""

    notice = "notice"
    forward = "forward"
    """A caller's own way leads to a number outside: the house has chosen it, and he waits."""


class Rule(StrEnum):
    """Rules of the gate, in the order in which they are asked."""

    destination = "destination"
    """The number is not in the list of destinations allowed."""
    dnc = "dnc"
    open_call = "open_call"
    """We are on the line with this number already."""
    quiet_hours = "quiet_hours"
    attempt_cap = "attempt_cap"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Prefixes of canonical numbers; the longest that fits decides, none forbids."""

    allow: tuple[str, ...]
    deny: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A legal profile: country × message class."""

    code: str
    quiet_from: time | None
    """Local time of the recipient at which quiet hours begin; None: there are none."""
    quiet_until: time | None
    most_calls: int
    """To one number within ``window``, whatever they were for."""
    most_messages: int
    window: timedelta
    destinations: Destinations

    def __post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError(f"profile {self.code}: quiet hours need both a beginning and an end")


@dataclass(frozen=True, slots=True)
class Ask:
    """May this leave now?"""

    attempt: AttemptId
    medium: Medium
    purpose: Purpose
    number: str
    zone: str
    """tz name of where the recipient is."""
    route: str
    profile: Profile


class NotByTheGate(Exception):
    """Somebody made a Permit himself."""


_SEAL = object()


@final
@dataclass(frozen=True)
class Permit:
    """Holds from ``issued_at`` until before ``expires_at``, which never reaches into quiet hours. It cannot
    be copied, altered (``dataclasses.replace``) or stored: what comes out would be a Permit that nobody
    issued."""

    # Not by slots=True: before Python 3.11.4 that puts its own __setstate__ in the place of ours.
    __slots__ = ("ask", "expires_at", "issued_at")

    ask: Ask
    issued_at: datetime
    expires_at: datetime
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise NotByTheGate("a Permit is issued by gate.decide only")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise NotByTheGate("a Permit is not copied or stored")

    def __getstate__(self) -> NoReturn:
        raise NotByTheGate("a Permit is not copied or stored")

    def __setstate__(self, state: object) -> NoReturn:
        raise NotByTheGate("a Permit is not altered")

    def holds_at(self, moment: datetime) -> bool:
        return self.issued_at <= moment < self.expires_at


@dataclass(frozen=True, slots=True)
class Refusal:
    rule: Rule
    until: datetime | None
    """When to ask again; None: never."""
    evidence: Text
    """What made the rule apply, e.g. ``on the list since 2026-11-01``."""


def decide(ask: Ask, history: NumberHistory, now: datetime) -> Permit | Refusal:
    """Every rule of its purpose in turn; the first that forbids answers. ``now`` is aware.

    ``history`` reaches back over the profile's window at least. Asked again at a Refusal's ``until`` with
    nothing else changed, the answer is a Permit, another rule's Refusal, or one with a later ``until``.
    """
    for rule in _RULES[ask.purpose]:
        refusal = rule(ask, history, now)
        if refusal is not None:
            return refusal
    return Permit(ask, now, _expiry(ask, now), _SEAL)


def _destination(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if _CANONICAL.fullmatch(ask.number) is None:
        why = Text("это не телефонный номер", "this is not a phone number")
        return Refusal(Rule.destination, None, why)
    allowed = _longest(ask.number, ask.profile.destinations.allow)
    denied = _longest(ask.number, ask.profile.destinations.deny)
    if denied is not None and (allowed is None or len(denied) >= len(allowed)):
        why = Text(f"номера на {denied} запрещены", f"numbers with {denied} are denied")
        return Refusal(Rule.destination, None, why)
    if allowed is None:
        why = Text(
            "номер не входит в разрешённые направления", "the number is not among the destinations allowed"
        )
        return Refusal(Rule.destination, None, why)
    return None


def _longest(number: str, prefixes: tuple[str, ...]) -> str | None:
    return max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None)


def _dnc(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if history.dnc_since is None:
        return None
    day = history.dnc_since.astimezone(UTC).date()
    why = Text(f"в списке «не звонить» с {day:%d.%m.%Y}", f"on the do-not-call list since {day.isoformat()}")
    return Refusal(Rule.dnc, None, why)


def _open_call(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if ask.medium is not Medium.voice or not history.has_open_call:
        return None
    return Refusal(Rule.open_call, now + OPEN_CALL_PAUSE, busy_with(ask.medium))


def busy_with(medium: Medium) -> Text:
    """Evidence of ``open_call``."""
    if medium is Medium.voice:
        return Text("с этим номером уже идёт звонок", "a call to this number is under way")
    return Text("на этот номер уже уходит сообщение", "a message to this number is just leaving")


def _quiet_hours(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    if ask.profile.quiet_from is None:
        return None
    try:
        hours = _hours(ask)
    except UnknownZone:
        why = Text(
            f"часовой пояс неизвестен: {ask.zone[:60]!r}", f"the time zone is not known: {ask.zone[:60]!r}"
        )
        return Refusal(Rule.quiet_hours, None, why)
    if hours is None or not hours.at(now):
        return None
    span = f"{hours.begins:%H:%M}–{hours.ends:%H:%M} ({ask.zone})"
    why = Text(f"тихие часы {span}", f"quiet hours {span}")
    return Refusal(Rule.quiet_hours, hours.next_change(now), why)


def _hours(ask: Ask) -> QuietHours | None:
    begins, ends = ask.profile.quiet_from, ask.profile.quiet_until
    if begins is None or ends is None:
        return None
    return QuietHours(begins, ends, zone_of(ask.zone))


def _attempt_cap(ask: Ask, history: NumberHistory, now: datetime) -> Refusal | None:
    profile = ask.profile
    voice = ask.medium is Medium.voice
    most = profile.most_calls if voice else profile.most_messages
    past = sorted(at for at in (history.calls if voice else history.messages) if at + profile.window > now)
    if len(past) < most:
        return None
    hours = f"{profile.window.total_seconds() / 3600:g}"
    what = ("звонков", "calls") if voice else ("сообщений", "messages")
    why = Text(
        f"{what[0]} за {hours} ч: {len(past)} из {most} возможных",
        f"{what[1]} within {hours} h: {len(past)} of {most} allowed",
    )
    until = past[len(past) - most] + profile.window if most > 0 else None
    return Refusal(Rule.attempt_cap, until, why)


def _expiry(ask: Ask, now: datetime) -> datetime:
    end = now + PERMIT_LIFETIME
    hours = _hours(ask)
    if hours is None or not hours.at(end):
        return end
    return min(end, hours.next_change(now) or end)


_RULES: Mapping[Purpose, tuple[Callable[[Ask, NumberHistory, datetime], Refusal | None], ...]] = {
    Purpose.notice: (_destination, _dnc, _open_call, _quiet_hours, _attempt_cap),
    Purpose.forward: (_destination,),
}

"""What the gate knows of a number, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callcore.calls.attempt import Medium, Purpose


@dataclass(frozen=True, slots=True)
class Past:
    """One attempt that left or may have left; ``profile``: the code that it left under."""

    at: datetime
    medium: Medium
    purpose: Purpose = Purpose.notice
    profile: str = ""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A person wants no more of this. ``medium`` None: in no way at all; ``message_class`` "": of no class.
    ``evidence``: how he said so, and who noted it."""

    since: datetime
    evidence: str
    medium: Medium | None = None
    message_class: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A person agreed to a named clause. ``evidence``: by what that can be shown; without it nothing can."""

    clause: str
    granted_at: datetime
    granted_by: str
    evidence: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What left within a quarter of an hour that began at ``at``: attempts that left or may have left, begun
    minutes of calls (one for each that is still open), and what that costs in minor units."""

    at: datetime
    medium: Medium
    purpose: Purpose
    route: str
    login: str
    attempts: int = 0
    minutes: int = 0
    cost_minor: int = 0


@dataclass(frozen=True, slots=True)
class NumberHistory:
    """What the gate must know of one number, of the people who have it, and of the house's own day."""

    past: tuple[Past, ...] = ()
    """To this number, over the profile's reach at least; oldest first."""
    to_person: tuple[Past, ...] = ()
    """To the other numbers of the people who have this one."""
    has_open_call: bool = False
    dnc_since: datetime | None = None
    """It is on the do-not-call list since."""
    opt_outs: tuple[OptOut, ...] = ()
    """In force: of this number, or of a person who has it."""
    consents: tuple[Consent, ...] = ()
    """Of people who have this number, withdrawn ones too."""
    usage: tuple[Usage, ...] = ()
    """Of the whole house, today."""
    other_numbers: frozenset[str] = frozenset()
    """Those of ``to_person``."""

"""What the pages and the API show of campaigns. Values only. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callcore.calls.campaign import Campaign, NewTarget
from callcore.domain import Text
from callcore.store.campaigns import Progress

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Prospect:
    """One recipient in a preview. ``rule`` set: it keeps him from being told
    now, until ``until``; None: for ever."""

    target: NewTarget
    rule: str = ""
    evidence: Text = NOTHING
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do: said before anything is stored or dialled."""

    voice: Text
    sms: Text
    caller: Text
    """What a caller from there hears; empty once the outage is over."""
    sms_parts: Mapping[str, int]
    """Parts of the SMS, by language."""
    sms_alphabet: Mapping[str, str]
    """``GSM-7`` or ``UCS-2``, by language."""
    customers: int
    by_phone: int
    by_sms: int
    """Who has a number for SMS only, or whose calls are not allowed."""
    waiting: Mapping[str, int]
    """May be told, but later: by rule."""
    skipped: Mapping[str, int]
    """By reason or rule."""
    prospects: tuple[Prospect, ...]
    """The first few hundred, the skipped ones first."""


@dataclass(frozen=True, slots=True)
class Report:
    """One campaign as it stands."""

    campaign: Campaign
    progress: Progress
    now: Text
    """One line of words: what it does right now and, if it does not dial, why."""
    calls_per_second: float
    """In the last ten seconds, through the routes it uses."""
    call_cap: int
    lines_busy: int
    lines: int


class CampaignRefused(Exception):
    """``pause``, ``resume`` or ``stop`` that cannot be: ``not_found``, ``over``, ``not_running``,
    ``is_running``; and why in words."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text

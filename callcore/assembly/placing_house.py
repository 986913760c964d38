"""What the settings say of calls that people place: ways out, profiles, phones that pick up by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from callcore.calls.attempt import Purpose
from callcore.config import Settings
from callcore.config.gate_values import profile_of_purpose
from callcore.domain import Interface, PbxName
from callcore.outbound.gate import Profile
from callcore.outbound.ports import AutoAnswer, Way


@dataclass(frozen=True, slots=True)
class House:
    """``zone``: IANA; ``profile``: of calls that people place."""

    country: str
    zone: str
    ways: Mapping[PbxName, Way]
    profile: Profile
    carried: Mapping[Purpose, Profile] = field(default_factory=dict)
    """Where a living channel rings the number: for ``transfer`` and ``forward``."""
    phone_seconds: int = 20
    """How long an operator's own phone rings."""
    auto_answer: Mapping[str, AutoAnswer | None] = field(default_factory=dict)
    """By phone, or several by ``*`` and ``?``: the header that has it pick up by itself; the first that fits
    counts."""

    def answers(self, phone: Interface) -> AutoAnswer | None:
        fitting = (how for phones, how in self.auto_answer.items() if fnmatchcase(phone, phones))
        return next(fitting, None)


def make_house(settings: Settings, year: int) -> House:
    """``year``: the one that we are in, for the holidays."""
    organisation = settings.organisation
    ways = {
        PbxName(name): Way(trunk.ring_seconds, trunk.caller_number or "")
        for name, trunk in settings.outbound.trunks.items()
    }
    profile = profile_of_purpose(settings, Purpose.own_call, year)
    carried = {
        purpose: profile_of_purpose(settings, purpose, year)
        for purpose in (Purpose.transfer, Purpose.forward)
    }
    calls = settings.calls
    auto_answer: dict[str, AutoAnswer | None] = {
        phones: None if how == "no" else how for phones, how in calls.auto_answer.items()
    }
    zone = organisation.zone.key
    return House(organisation.country, zone, ways, profile, carried, calls.ring_phone_seconds, auto_answer)

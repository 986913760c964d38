"""What the campaigns need of others, and what they are set up with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from callcore.calls.attempt import Medium
from callcore.calls.campaign import News, Target
from callcore.campaigns.plan import Rules
from callcore.campaigns.recipients import House
from callcore.domain import Language, NodeCode, Outage, OutageKind, Text
from callcore.outbound.gate import Ask, Permit, Profile, Refusal
from callcore.outbound.ports import CallOrder, MessageOrder
from callcore.outbound.slots import Figures


class Room(Protocol):
    """``outbound.room.Outbound``, as the lanes use it."""

    async def permit(self, ask: Ask) -> Permit | Refusal: ...

    async def call_slot(self, route: str) -> None: ...

    async def message_slot(self, route: str) -> None: ...

    def give_back(self, medium: Medium, route: str, permit: Permit | None = None) -> None: ...

    async def place_call(self, permit: Permit, target: Target, order: CallOrder) -> bool: ...

    async def send_message(self, permit: Permit, target: Target, order: MessageOrder) -> bool: ...

    def figures(self, medium: Medium, route: str) -> Figures: ...

    def trouble(self, medium: Medium, route: str) -> Text | None: ...


class Words(Protocol):
    """What is said, written and told to callers (``outages.words``, ``messaging.parts``)."""

    def notice(self, outage: Outage, news: News) -> tuple[Text, Text]:
        """What is spoken and what is written."""

    def caller(self, outage: Outage) -> Text: ...

    def parts(self, text: str) -> tuple[int, str]:
        """Parts of an SMS, and its alphabet: ``GSM-7`` or ``UCS-2``."""


class Announcement(Protocol):
    """An outage that is about to be published (``outages.publication.Publication``)."""

    @property
    def number(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def kind(self) -> OutageKind: ...
    @property
    def state(self) -> Literal["open", "restored", "cancelled"]: ...
    @property
    def cause(self) -> Text: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def estimated_restoration_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def nodes(self) -> tuple[NodeCode, ...]: ...


Prepare = Callable[[str, str, Language], Awaitable[str | None]]
"""PBX, text, language: the path of the spoken text as that PBX sees it; None if it cannot be made."""


@dataclass(frozen=True, slots=True)
class Trunk:
    ring_seconds: int
    caller_number: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """The settings that matter here. ``trunks``: by PBX, in the order in which they are tried; none: no
    calls. ``gateway``: of SMS; None: no SMS."""

    house: House
    rules: Rules
    trunks: Mapping[str, Trunk]
    gateway: str | None
    profiles: Mapping[str, Profile]
    profile_of: Mapping[OutageKind, str]

    def is_urgent(self, profile: str) -> bool:
        """Emergencies go first. With one profile for both kinds all are equal."""
        return profile == self.profile_of[OutageKind.emergency] != self.profile_of[OutageKind.planned]

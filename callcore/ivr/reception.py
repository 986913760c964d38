"""What all calls in our scripts share: what is said, who is asked, whom the floor knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from callcore.calls.facts import CallEntered, IvrLeft, LanguageChosen, MessageBegun, RouteChosen, WordToCome
from callcore.domain import CallId, ChannelId, Customer, PbxName, QueueName
from callcore.ivr.flow import Flow
from callcore.ivr.ports import Backoffice, Forwards, NoTalkRecorder, TalkRecorder
from callcore.ivr.script import NodeName
from callcore.ivr.slips import Slips
from callcore.routing.situation import QueueState
from callcore.routing.tables import TopicTables

log = structlog.get_logger("callcore.ivr")


class Prompt(Protocol):
    """A prompt as the PBX finds it."""

    @property
    def path(self) -> str: ...

    @property
    def seconds(self) -> float: ...


class Speech(Protocol):
    async def prompt(
        self, pbx: PbxName, text: str, language: str, *, is_personal: bool = False
    ) -> Prompt | None:
        """The prompt that says ``text``; None (logged) if it cannot be made. ``is_personal``: it tells of one
        person, and is not kept."""


class Calls(Protocol):
    """The floor, as far as the IVR knows it."""

    def entered(self, fact: CallEntered) -> CallId: ...

    def report(self, fact: LanguageChosen | RouteChosen | MessageBegun | WordToCome | IvrLeft) -> None: ...

    def number(self, call: CallId) -> str | None:
        """Of the caller, or of him whom we rang; canonical. None: it is withheld, or no number."""

    def customer(self, call: CallId) -> Customer | None:
        """Who calls, if that is known without doubt."""

    def take_settled(self, pbx: PbxName, limit: int) -> list[ChannelId]:
        """Channels of ended calls whose contacts are stored: their journal rows have served. Each once."""


TakeDials = Callable[[PbxName, int], list[str]]
"""Attempts (of this PBX, at most so many) whose outcome is stored: their rows have served. Each once."""
Queues = Callable[[PbxName], Mapping[QueueName, QueueState]]
"""The queues of a PBX as they are now."""


@dataclass(frozen=True, slots=True)
class Book:
    """What callers hear and where topics lead, in one version: a call keeps the one it began with."""

    flow: Flow
    tables: TopicTables
    edition: int | None = None
    """None: none was kept, as in a demonstration without a database."""


class Books(Protocol):
    """Editions of the book."""

    @property
    def newest(self) -> Book:
        """What a call that comes now goes by."""

    def book(self, edition: int | None) -> Book | None:
        """Of a running call; None: it is not at hand."""


@dataclass(slots=True)
class Reception:
    """One for the daemon."""

    books: Books
    calls: Calls
    speech: Speech
    backoffice: Backoffice
    slips: Slips
    now: Callable[[], datetime]
    take_dials: TakeDials = lambda _pbx, _limit: []
    queues: Queues = lambda _pbx: {}
    forwards: Forwards | None = None
    """Where a caller's way leads to a number outside; None: nowhere."""
    recorder: TalkRecorder = field(default_factory=NoTalkRecorder)
    has_transfers: Callable[[PbxName], bool] = lambda _pbx: False
    """Transfers by its telephones go to a context of ours."""
    hints: Callable[[], tuple[str, ...]] = tuple
    """Names whose ``CALLCORE_HINT_NAME`` is read."""
    recording_folders: Mapping[PbxName, str | None] = field(default_factory=dict)
    """The folder of recordings as each PBX sees it; None: the same path."""
    places: dict[CallId, NodeName] = field(default_factory=dict)
    """Who is where in the IVR's file."""
    _missing: set[tuple[PbxName, str]] = field(default_factory=set)
    """Prompts that a PBX could not open when they were last wanted."""

    def note_prompt(self, pbx: PbxName, path: str, *, is_missing: bool) -> None:
        """One line for each prompt until it is heard again: a folder that is not mounted breaks them all."""
        place = (pbx, path)
        if not is_missing:
            self._missing.discard(place)
        elif place not in self._missing:
            self._missing.add(place)
            log.error("prompt_missing_on_pbx", pbx=pbx, path=path)

    def recording_path(self, pbx: PbxName, name: str) -> str:
        """Of a recording, without suffix, as this PBX sees it."""
        folder = self.recording_folders.get(pbx) or str(self.slips.folder.absolute())
        return f"{folder.rstrip('/')}/{name}"

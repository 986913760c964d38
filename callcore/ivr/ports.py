"""What the IVR needs of the house: who calls, what the record knows, where what he leaves is kept.

``callcore.assembly.backoffice`` is the real one. Nothing here may hold a caller up: whoever answers later
than ``BACKOFFICE_SECONDS`` has not answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from callcore.domain import (
    CallId,
    ChannelRef,
    CustomerId,
    Interface,
    Language,
    PbxName,
    QueueName,
    RecordMode,
    Text,
    TopicCode,
)
from callcore.ivr.script import Question
from callcore.outbound.gate import Permit
from callcore.routing.situation import CallerFacts

BACKOFFICE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who leaves something, as far as it is known."""

    call: CallId
    pbx: PbxName
    number: str | None
    """Canonical, or None where it is withheld or no number."""
    language: Language
    topic: TopicCode
    customer: CustomerId | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What he said after the tone. ``file``: its name in the folder of recordings, with suffix."""

    file: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What routing may ask of a caller."""

    facts: CallerFacts = field(default_factory=CallerFacts)
    last_contact_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TalkToRecord:
    """``words``: as they were played to the caller at ``said_at``; "" where none were. ``is_refused``: he
    does not want it; no file will be made. ``is_placed``: ``channel`` is about to ring the one who will be
    recorded; his own is told by ``silence``."""

    call: CallId
    channel: ChannelRef
    queue: QueueName
    mode: RecordMode
    words: str = ""
    said_at: datetime | None = None
    edition: int | None = None
    is_refused: bool = False
    is_placed: bool = False


class TalkRecorder(Protocol):
    """Who keeps the recordings of talks. Nothing here raises."""

    @property
    def may_refuse(self) -> bool:
        """A caller may say that he does not want to be recorded."""

    def mode(self, queue: QueueName) -> RecordMode: ...

    @property
    def records_placed(self) -> bool:
        """Calls that operators place, too, on demand."""

    async def begin(self, talk: TalkToRecord) -> str | None:
        """It is noted, soon; gives the name of the file to be, 32 characters of 0-9a-f. None: it could not be
        noted, or he refused: then nothing may be recorded."""

    async def silence(self, channel: ChannelRef, token: str) -> bool:
        """From now on only silence is written; False: nobody can say so, and the dialplan stops it.
        ``channel``: the one that is recorded; of a placed call it is known only now."""

    def left(self, call: CallId) -> None:
        """Nobody took him: what was begun for this call is over, and the dialplan stops it."""


class NoTalkRecorder:
    """No talk is recorded."""

    may_refuse = False

    records_placed = False

    def mode(self, queue: QueueName) -> RecordMode:
        return RecordMode.never

    async def begin(self, talk: TalkToRecord) -> str | None:
        return None

    async def silence(self, channel: ChannelRef, token: str) -> bool:
        return False

    def left(self, call: CallId) -> None:
        return


class Forwards(Protocol):
    """Who lets a caller be sent to a number outside, and keeps the ledger of it. Nothing here raises, and
    nothing keeps him waiting for long."""

    async def forward(self, pbx: PbxName, number: str) -> Permit | None:
        """None: it may not be dialled, or nobody can say so in time."""

    async def leaves(self, permit: Permit, call: CallId) -> bool:
        """It is noted: he may be sent there now. False: he may not."""

    def unsure(self, permit: Permit) -> None:
        """He was to be sent there, and perhaps was not."""

    def shown(self, pbx: PbxName) -> str:
        """The number that the trunk shows; "" leaves it to that."""


class Backoffice(Protocol):
    """Each method may raise anything: then it has not answered."""

    async def profile(self, number: str | None, customer: CustomerId | None) -> Profile: ...

    async def announcements(self) -> tuple[Text, ...]:
        """The emergency announcements that are switched on, the newest first."""

    async def find(
        self, call: CallId, what: Question, arguments: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        """The values of ``what`` (see ``ivr.script``); None: not found or wrong. ``contract_pin`` makes the
        one it finds the call's customer."""

    async def switch(self, note: str, is_on: bool, call: CallId) -> bool:
        """An emergency announcement, by the number of its flash note; False: there is none."""

    async def personal(self, customer: CustomerId, pbx: PbxName) -> tuple[Interface, ...]:
        """Phones of the customer's personal operators who are on shift and ready, in the record's order."""

    async def keep_message(self, caller: Caller, message: Message) -> str:
        """An appeal of it (D-61), once for each call; its number."""

    async def open_case(self, caller: Caller, type: str, message: Message | None) -> str:
        """A case of this type, once for each call; its number."""

    async def call_back(
        self, caller: Caller, queue: str, place: int | None = None, is_closed: bool = False
    ) -> bool:
        """He wants to be called back: once for each number. ``is_closed``: asked as we were closed.
        False where he has no number."""

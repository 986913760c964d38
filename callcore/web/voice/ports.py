"""What the pages of the voice need of the rest of the house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.domain import Login, PbxName, QueueName, Text
from callcore.ivr.ports import Profile
from callcore.ivr.script import NodeName
from callcore.ivr.visit import Book
from callcore.routing.situation import QueueState
from callcore.store.announcements import Announcements
from callcore.store.call_backs import CallBacks
from callcore.store.flashes import Flashes
from callcore.store.follow_ups import FollowUps
from callcore.store.ivr_counts import IvrCounts
from callcore.store.recordings import Recordings
from callcore.store.voicemails import Voicemails
from callcore.strictyaml.faults import ConfigFaults, Fault
from callcore.web.editions_api import EditionsRoom
from callcore.web.voice.listening import Listening


@dataclass(frozen=True, slots=True)
class Reading:
    """What files would come to, were they in force."""

    book: Book
    texts: Mapping[str, str]
    """By name, as editions keep them."""


class Reader(Protocol):
    async def __call__(self, edition: int | None, *, with_trials: bool = True) -> Reading | None:
        """Of an edition, or of the files as they lie there now (None), without taking them over. None: there
        is no such edition. Raises ConfigFaults where they cannot be read; ``with_trials``: also where a test
        of the tables in these files fails."""


@dataclass(frozen=True, slots=True)
class VoiceRoom:
    book: Callable[[], Book]
    """The newest."""
    voicemails: Voicemails
    talks: Recordings
    call_backs: CallBacks
    follow_ups: FollowUps
    announcements: Announcements
    flashes: Flashes
    ivr_counts: IvrCounts
    names: Callable[[], Awaitable[Mapping[Login, str]]]
    profile: Callable[[str, Login], Awaitable[Profile]]
    """What routing may ask of whoever has this number (canonical), for the person who looks."""
    read: Reader
    editions: EditionsRoom
    zone: ZoneInfo
    country: str
    places: Callable[[], Iterable[NodeName]] = tuple
    """Where in the IVR's file callers are now, each once."""
    recordings: Path | None = None
    """Folder of what callers said; None: nothing is recorded."""
    pbxs: tuple[PbxName, ...] = ()
    queues: Callable[[PbxName], Mapping[QueueName, QueueState]] = lambda _pbx: {}
    """As they are now."""
    queue_titles: Callable[[], Mapping[QueueName, Text]] = dict
    listening: Listening = field(default_factory=Listening)
    hearing: Listening = field(default_factory=Listening)
    """Of recorded talks, by persons and programs."""
    fetching: Listening = field(default_factory=Listening)
    """The same of programs: what they fetch nobody has heard yet."""


ROOM = web.AppKey("voice_room", VoiceRoom)


def faults_of(refused: ConfigFaults) -> tuple[Fault, ...]:
    """Why files were refused, without what is only to be noted."""
    return tuple(fault for fault in refused.faults if fault.severity == "fault")

"""What the recorder keeps in memory: lives of calls, and frames by channel; all of it bounded."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from callcore.domain import CallId, Direction, PbxName
from callcore.flight.entries import Way
from callcore.flight.notes import Headers, Item

RING_FRAMES = 20_000
"""Of all channels of one PBX; the channel that was heard of first is forgotten first."""
CHANNEL_FRAMES = 200
"""Of one channel; when there are more, those in the middle go."""
RING_ACTIONS = 500
HALF_OF_ITEMS = 250
"""Of one call the first and the last so many facts and effects are kept."""

Kept = tuple[float, Way, bytes | Headers | str]
Action = tuple[float, str, Sequence[tuple[str, str]]]
_OTHER_CHANNELS = (
    "transfereruniqueid",
    "origtransfereruniqueid",
    "parkeeuniqueid",
    "destuniqueid",
)


@dataclass(slots=True, eq=False)
class Life:
    """A call, as long as it lives and a little longer."""

    call: CallId
    pbx: PbxName
    began_at: datetime
    heard_at: datetime
    head: list[tuple[datetime, Item]] = field(default_factory=list)
    tail: deque[tuple[datetime, Item]] = field(default_factory=lambda: deque(maxlen=HALF_OF_ITEMS))
    channels: list[str] = field(default_factory=list)
    bridges: list[str] = field(default_factory=list)
    direction: Direction | None = None
    ended_at: datetime | None = None
    is_cut_off: bool = False
    """The link to its PBX is down."""
    is_adopted: bool = False
    left_out: int = 0

    def add(self, now: datetime, item: Item) -> None:
        self.heard_at = now
        if len(self.head) < HALF_OF_ITEMS:
            self.head.append((now, item))
            return
        self.left_out += len(self.tail) == HALF_OF_ITEMS
        self.tail.append((now, item))


class Ring:
    """Frames of one PBX by channel, and the actions sent to it."""

    def __init__(self) -> None:
        self.channels: OrderedDict[str, list[Kept]] = OrderedDict()
        self.actions: deque[Action] = deque(maxlen=RING_ACTIONS)
        self.lives: dict[str, Life] = {}
        """By channel."""
        self.bridges: dict[str, Life] = {}
        self._count = 0

    def keep(self, channel: str, kept: Kept) -> None:
        frames = self.channels.get(channel)
        if frames is None:
            self.channels[channel] = [kept]
        else:
            frames.append(kept)
            if len(frames) > CHANNEL_FRAMES:
                del frames[CHANNEL_FRAMES // 2]
                return
        self._count += 1
        if self._count > RING_FRAMES:
            self._count -= len(self.channels.popitem(last=False)[1])

    def forget(self, life: Life) -> None:
        for channel in life.channels:
            if self.lives.get(channel) is life:
                del self.lives[channel]
                self._count -= len(self.channels.pop(channel, ()))
        for bridge in life.bridges:
            if self.bridges.get(bridge) is life:
                del self.bridges[bridge]


def other_channel(headers: Headers) -> str:
    """The channel of an event that has no ``Uniqueid``."""
    for name in _OTHER_CHANNELS:
        channel = headers.get(name)
        if isinstance(channel, str) and channel:
            return channel
    return ""

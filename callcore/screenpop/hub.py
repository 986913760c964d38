"""Who is connected, and delivery with acknowledgement: one numbered stream of events for each person.

``publish`` is synchronous and cheap, since it stands in the way of every pop: it numbers the event, keeps it
in the person's ring and puts it before each of his connections. Nothing that a connection does, or fails to
do, holds up the publisher: a connection that does not read fast enough loses its backlog and is told to
refresh, which is always enough, because a desk is shown from its newest state alone.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, Self

import structlog

from callcore.domain import Login

log = structlog.get_logger("callcore.screenpop")

CARD = "card"
"""The pop: the one type whose way to the screen is measured."""
REFRESH = "refresh"
"""First event of a connection that cannot be served by replay: read everything anew. ``data["reason"]`` is
``new``, ``epoch``, ``gap`` or ``slow``; ``seq`` is the newest event that the refresh already covers."""


def encode(data: object) -> str:
    """JSON of ``data``; dataclasses become objects, moments ISO 8601 in UTC, sets and tuples arrays.

    Raises TypeError or ValueError for what JSON cannot say. Halves of surrogate pairs, which a name from the
    network may contain, become question marks, so that the result is always valid UTF-8.
    """
    text = json.dumps(data, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one person's stream. ``data`` must not be changed after it was published."""

    epoch: str
    seq: int
    type: str
    at: datetime
    data: Mapping[str, Any]
    _wire: list[bytes] = field(default_factory=list, repr=False, compare=False)

    @property
    def wire(self) -> bytes:
        """The event as JSON in UTF-8, made once however many connections send it."""
        if not self._wire:
            self._wire.append(self._to_json())
        return self._wire[0]

    def _to_json(self) -> bytes:
        head = {"epoch": self.epoch, "seq": self.seq, "type": self.type, "at": self.at}
        try:
            return encode({**head, "data": self.data}).encode()
        except (TypeError, ValueError) as fault:
            # Without its data rather than not at all: nobody could tell a hole in the sequence from a loss.
            log.error("event_not_encodable", type=self.type, seq=self.seq, fault=str(fault))
            return encode({**head, "data": {}}).encode()


@dataclass(frozen=True, slots=True)
class HubLimits:
    ring: int = 128
    """Events kept for replay, per person."""
    queue: int = 256
    """Events waiting for one connection before it is told to refresh."""


@dataclass(frozen=True, slots=True)
class HubCallbacks:
    """What the hub tells others, synchronously."""

    opened: Callable[[Login], None] = lambda _login: None
    """The person's first connection opened."""
    closed: Callable[[Login], None] = lambda _login: None
    """The person's last connection closed."""
    sent: Callable[[], None] = lambda: None
    """A card was published."""
    acked: Callable[[float], None] = lambda _seconds: None
    """A card was acknowledged so many seconds after it was published."""
    slow: Callable[[], None] = lambda: None
    """A connection lost its backlog and was told to refresh."""


class Subscription:
    """One connection's view of a person's stream; iterate over it, or ``get`` and ``drain``.

    Close it when the connection ends (it is a context manager); after that ``get`` raises StopAsyncIteration.
    """

    def __init__(self, stream: _Stream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._queue: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_closed = False

    def put(self, event: Event) -> bool:
        """Hand an event over, from the hub; False if the backlog was lost."""
        kept = len(self._queue) < self._limit
        if not kept:
            self._queue.clear()
            event = self._stream.refresh("slow", event.at)
        self._queue.append(event)
        self._wake()
        return kept

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> Event:
        """The next event, as soon as there is one. One caller at a time."""
        while not self._queue:
            if self._is_closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._queue.popleft()

    def drain(self) -> list[Event]:
        """Everything that waits by now, possibly nothing."""
        events = list(self._queue)
        self._queue.clear()
        return events

    def __len__(self) -> int:
        return len(self._queue)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self.get()

    def close(self) -> None:
        """Take this connection off the stream; repeated calls do nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self._queue.clear()
        self._stream.leave(self)
        self._wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class _Stream:
    """The events of one person."""

    def __init__(self, login: Login, hub: Hub) -> None:
        self._login = login
        self._hub = hub
        self.seq = 0
        self._ring: deque[Event] = deque(maxlen=hub.limits.ring)
        self._connections: list[Subscription] = []
        self._unacked: deque[tuple[int, float]] = deque(maxlen=hub.limits.ring)

    def publish(self, type_: str, data: Mapping[str, Any], at: datetime, mono: float) -> int:
        self.seq += 1
        event = Event(self._hub.epoch, self.seq, type_, at, data)
        self._ring.append(event)
        if type_ == CARD:
            self._unacked.append((self.seq, mono))
            self._hub.callbacks.sent()
        for connection in self._connections:
            if not connection.put(event):
                self._hub.callbacks.slow()
                log.warning("connection_too_slow", login=self._login, seq=self.seq)
        return self.seq

    def refresh(self, reason: str, at: datetime) -> Event:
        return Event(self._hub.epoch, self.seq, REFRESH, at, {"reason": reason})

    def join(self, epoch: str | None, since: int | None, at: datetime) -> Subscription:
        missed = self._missed(epoch, since, at)
        # A replay longer than the queue is served whole; only what comes on top of it counts as slow.
        connection = Subscription(self, self._hub.limits.queue + len(missed))
        for event in missed:
            connection.put(event)
        self._connections.append(connection)
        if len(self._connections) == 1:
            self._tell(self._hub.callbacks.opened)
        return connection

    def _missed(self, epoch: str | None, since: int | None, at: datetime) -> list[Event]:
        if epoch is None or since is None:
            return [self.refresh("new", at)]
        if epoch != self._hub.epoch:
            return [self.refresh("epoch", at)]
        oldest = self._ring[0].seq if self._ring else self.seq + 1
        if not oldest - 1 <= since <= self.seq:
            return [self.refresh("gap", at)]
        return [event for event in self._ring if event.seq > since]

    def leave(self, connection: Subscription) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        if not self._connections:
            self._tell(self._hub.callbacks.closed)

    def _tell(self, callback: Callable[[Login], None]) -> None:
        """A connection must not fail to open or to close because somebody who was told of it did."""
        try:
            callback(self._login)
        except Exception:
            log.exception("presence_not_taken", login=self._login)

    def ack(self, seq: int, mono: float) -> None:
        if seq > self.seq:
            return
        while self._unacked and self._unacked[0][0] <= seq:
            _seq, published = self._unacked.popleft()
            self._hub.callbacks.acked(max(0.0, mono - published))

    @property
    def unacked(self) -> int:
        return len(self._unacked)

    @property
    def connections(self) -> int:
        return len(self._connections)


class Hub:
    """All streams of this run of the daemon.

    ``epoch`` is random for each start; a client that shows another one gets a full refresh. ``monotonic``
    gives seconds that never go back. Memory is bounded by the number of people times ``limits``.
    """

    def __init__(
        self,
        epoch: str,
        monotonic: Callable[[], float],
        limits: HubLimits | None = None,
        callbacks: HubCallbacks | None = None,
    ) -> None:
        self.epoch = epoch
        self._monotonic = monotonic
        self.limits = limits or HubLimits()
        self.callbacks = callbacks or HubCallbacks()
        """May be set later, for a desk service that is made after the hub; before anyone connects."""
        self._streams: dict[Login, _Stream] = {}

    def publish(self, login: Login, type: str, data: Mapping[str, Any], at: datetime) -> int:
        """Send an event to a person, connected or not; gives its sequence number, from 1 without gaps."""
        return self._stream(login).publish(type, data, at, self._monotonic())

    def connect(self, login: Login, epoch: str | None, since: int | None, at: datetime) -> Subscription:
        """Open a connection that has seen everything up to ``since``; it first gets what it missed.

        Without an epoch, with another epoch, or when the ring no longer reaches back, the first event is
        a ``refresh``.
        """
        return self._stream(login).join(epoch, since, at)

    def ack(self, login: Login, seq: int) -> None:
        """The person's screen shows everything up to ``seq``; numbers never sent are ignored."""
        stream = self._streams.get(login)
        if stream is not None:
            stream.ack(seq, self._monotonic())

    def seq(self, login: Login) -> int:
        """Number of the newest event of a person; 0 before the first."""
        stream = self._streams.get(login)
        return stream.seq if stream else 0

    def unacked(self, login: Login) -> int:
        """Cards published and not yet acknowledged."""
        stream = self._streams.get(login)
        return stream.unacked if stream else 0

    def unacked_by_login(self) -> Iterator[tuple[Login, int]]:
        """People with cards that were not acknowledged yet."""
        return ((login, stream.unacked) for login, stream in self._streams.items() if stream.unacked)

    def connections(self, login: Login | None = None) -> int:
        """Open connections, of one person or of all."""
        if login is not None:
            stream = self._streams.get(login)
            return stream.connections if stream else 0
        return sum(stream.connections for stream in self._streams.values())

    def _stream(self, login: Login) -> _Stream:
        stream = self._streams.get(login)
        if stream is None:
            stream = _Stream(login, self)
            self._streams[login] = stream
        return stream

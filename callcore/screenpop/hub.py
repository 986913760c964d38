"""Who is connected, and delivery with acknowledgement: one numbered stream of events for each person.

``publish`` is synchronous and cheap, since it stands in the way of every pop: it numbers the event, keeps it
in the person's ring and puts it before each of his connections. Nothing that a connection does, or fails to
do, holds up the publisher: a connection that does not read fast enough loses its backlog and is told to
refresh, which is always enough, because a desk is shown from its newest state alone.

A card is acknowledged once it is painted. A page that nobody looks at says so, and its card counts as unseen.
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

from callcore.domain import CallId, Login
from callcore.screenpop.card import Unpainted
from callcore.screenpop.delivery import Deliveries, PopTimer

log = structlog.get_logger("callcore.screenpop")

CARD = "card"
"""The pop: the one type whose way to the screen is measured."""
MISSED = "card.missed"
"""A card that no screen showed in time."""
LEFT = "agent.left"
"""The person went off shift."""
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
    confirm_seconds: float = 3.0
    """A card that no screen has painted by then was not seen."""
    ring_seen: int = 8
    """How many of them may be older than what the person's screen has acknowledged: another page of his that
    was away for a moment finds them; one that was away for longer reads everything anew."""


@dataclass(frozen=True, slots=True)
class HubCallbacks:
    """What the hub tells others, synchronously. One that fails is logged, and stops nobody."""

    opened: Callable[[Login], None] = lambda _login: None
    """The person's first connection opened."""
    closed: Callable[[Login], None] = lambda _login: None
    """The person's last connection closed."""
    published: Callable[[Login, int, str, CallId | None], None] = lambda _login, _seq, _type, _call: None
    """An event was published: to whom, its number, its type, the call it is about."""
    painted: Callable[[Login, CallId | None, float], None] = lambda _login, _call, _seconds: None
    """A card was acknowledged as painted so many seconds after it was published."""
    unpainted: Callable[[Login, CallId | None, Unpainted], None] = lambda _login, _call, _why: None
    """No screen had painted a card when its time was up. It may still be painted later."""
    sent: Callable[[], None] = lambda: None
    """A card was published."""
    acked: Callable[[float], None] = lambda _seconds: None
    """The same as ``painted``, without names."""
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

    def publish(self, type_: str, data: Mapping[str, Any], at: datetime) -> int:
        self.seq += 1
        event = Event(self._hub.epoch, self.seq, type_, at, data)
        self._ring.append(event)
        for connection in self._connections:
            if not connection.put(event):
                self._hub.tell(lambda to: to.slow())
                log.warning("connection_too_slow", login=self._login, seq=self.seq)
        return self.seq

    def acked(self, seq: int) -> None:
        """Without this, a ring of each of a thousand people would fill up over hours: some 200 MiB."""
        ring, most = self._ring, self._hub.limits.ring_seen
        while len(ring) > most and ring[0].seq <= seq:
            ring.popleft()

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
            self._hub.tell(lambda to: to.opened(self._login))
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
            self._hub.tell(lambda to: to.closed(self._login))

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
        """The web application's; set before anyone connects. Others ``listen``."""
        self._listeners: list[HubCallbacks] = []
        self._streams: dict[Login, _Stream] = {}
        self._cards = Deliveries(
            self.limits.confirm_seconds,
            painted=self._painted,
            unpainted=lambda login, call, why: self.tell(lambda to: to.unpainted(login, call, why)),
            has_page=lambda login: self.connections(login) > 0,
            most=self.limits.ring,
        )

    def listen(self, callbacks: HubCallbacks) -> None:
        """Tell these, too. Before anyone connects."""
        self._listeners.append(callbacks)

    def tell(self, say: Callable[[HubCallbacks], None]) -> None:
        """Neither a pop nor a connection fails because somebody who was told of it did."""
        for listener in (self.callbacks, *self._listeners):
            try:
                say(listener)
            except Exception:
                log.exception("hub_listener_failed")

    def _painted(self, login: Login, call: CallId | None, seconds: float) -> None:
        self.tell(lambda to: to.painted(login, call, seconds))
        self.tell(lambda to: to.acked(seconds))

    def publish(self, login: Login, type: str, data: Mapping[str, Any], at: datetime) -> int:
        """Send an event to a person, connected or not; gives its sequence number, from 1 without gaps."""
        seq = self._stream(login).publish(type, data, at)
        call = _call_of(data)
        if type == CARD:
            self._cards.publish(login, seq, call, self._monotonic())
            self.tell(lambda to: to.sent())
        self.tell(lambda to: to.published(login, seq, type, call))
        return seq

    def connect(self, login: Login, epoch: str | None, since: int | None, at: datetime) -> Subscription:
        """Open a connection that has seen everything up to ``since``; it first gets what it missed.

        Without an epoch, with another epoch, or when the ring no longer reaches back, the first event is
        a ``refresh``.
        """
        return self._stream(login).join(epoch, since, at)

    def ack(self, login: Login, seq: int) -> None:
        """The person's screen shows everything up to ``seq``; numbers never sent are ignored."""
        if seq <= self.seq(login):
            self._stream(login).acked(seq)
            self._cards.paint(login, seq, self._monotonic())

    def hide(self, login: Login, seq: int) -> None:
        """A page of this person has everything up to ``seq``, but is not on any screen."""
        self._cards.hide(login, seq)

    def withdraw(self, login: Login, call: CallId | None = None) -> None:
        """The card (all cards, for None) left the person's desk: a later acknowledgement is not about it."""
        self._cards.withdraw(login, call)

    def expire(self) -> None:
        """Tell who did not see a card in time. To be called at ``next_due``."""
        self._cards.expire(self._monotonic())

    def next_due(self) -> float | None:
        """The monotonic moment at which the time of the oldest awaited card is up."""
        return self._cards.next_due()

    def timer(self) -> PopTimer:
        """What calls ``expire`` in time; to be armed after a card was published."""
        return PopTimer(self.next_due, self.expire, self._monotonic)

    def seq(self, login: Login) -> int:
        """Number of the newest event of a person; 0 before the first."""
        stream = self._streams.get(login)
        return stream.seq if stream else 0

    def unacked(self, login: Login) -> int:
        """Cards published and not yet acknowledged."""
        return self._cards.waiting(login)

    def unacked_by_login(self) -> Iterator[tuple[Login, int]]:
        """People with cards that were not acknowledged yet."""
        return self._cards.waiting_by_login()

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


def _call_of(data: Mapping[str, Any]) -> CallId | None:
    """The call that an event is about, whether its data holds the id or the whole view."""
    call = data.get("call")
    found = getattr(call, "call", call)
    return CallId(found) if isinstance(found, str) else None

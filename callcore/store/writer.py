"""The one writer: everything that changes the database goes through it, in batches.

Theory of operation. A commit costs an fsync, whether it holds one row or two hundred. So writes queue up,
and one task takes whatever has gathered, runs it in one transaction, commits, and only then tells each
submitter his result. A write that is wrong in itself fails alone: the batch is rolled back and run again with
a SAVEPOINT around each. A database that cannot be used
(locked by somebody, disk full, gone) fails the batch as a whole; it stays at the head of the queue and is
tried again, with growing pauses, until the patience of each write is over:

- an ordinary write then raises ``StoreUnavailable``, nothing of it was stored (but see below);
- a durable one (calls, contacts, interactions) moves to the spool and is answered with ``SPOOLED``. When the
  database is back, also after a restart, it is written from there. A repeat changes nothing.

Durable writes keep their order among themselves: none goes to the spool before an older one, and while the
spool holds any, later ones wait behind it. When the queue is full, because writes come faster than they can
be written, the durable ones move to the spool as well and make room.

An outage may swallow the answer to a COMMIT (PostgreSQL's connection is cut just then). Before such a batch
is repeated, the database is asked what became of that transaction: if it was committed, its outcomes are the
answers. Only if an ordinary write's patience ends before the database can be asked, nobody knows, and
``StoreUnavailable`` says so.

So nothing is lost and nothing is stored twice; memory is bounded by the length of the queue. Reads never come
here.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal, TypeVar, cast

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store.batch import Op, Refused, Unanswered, Writing, commit, probe, was_committed
from callcore.store.engine import is_outage
from callcore.store.errors import StoreBusy, StoreUnavailable
from callcore.store.spool import Record, Spool, SpoolFull

log = structlog.get_logger("callcore.store")

_STEP_SECONDS = 0.2
_NOT_STORED = "the database cannot be written; nothing of this was stored"
_UNKNOWN = "the database went away at the end of this write: look whether it was stored"

T = TypeVar("T")
Apply = Callable[[AsyncConnection, dict[str, Any]], Awaitable[Any]]


class _Spooled(Enum):
    SPOOLED = auto()


SPOOLED = _Spooled.SPOOLED
"""Answer of a durable write that is kept safely but is not in the database yet."""
Spooled = Literal[_Spooled.SPOOLED]


@dataclass(frozen=True, slots=True)
class WriterLimits:
    batch: int = 256
    queue: int = 10_000
    patience_seconds: float = 10.0
    """How long an ordinary write is tried before its submitter is told that it failed."""
    spool_after_seconds: float = 2.0
    """How long a durable write is tried before it goes to the spool."""
    first_pause_seconds: float = 0.05
    longest_pause_seconds: float = 2.0


@dataclass(slots=True, eq=False)
class _Item:
    op: Op[Any]
    answer: asyncio.Future[Any]
    gives_up_at: float
    record: Record | None

    def succeed(self, value: Any) -> None:
        if not self.answer.done():
            self.answer.set_result(value)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A batch that may be stored already; it waits at the head of the queue."""

    items: Collection[_Item]
    lost: Unanswered


class Writer:
    """Counters for the metrics: ``queue_length``, ``batches``, ``written``, ``refused`` (single bad writes),
    ``failures`` (attempts that met an unusable database), ``spooled``, ``replayed``, ``rejected``;
    ``spool_length``; ``available`` is False from a failed attempt until the next good one."""

    def __init__(
        self, engine: Writing, spool: Spool | None = None, limits: WriterLimits | None = None
    ) -> None:
        self._engine = engine
        self._spool = spool
        self._limits = limits or WriterLimits()
        self._kinds: dict[str, Apply] = {}
        self._pending: deque[_Item] = deque()
        self._in_flight = 0
        self._doubt: _Doubt | None = None
        self._wake = asyncio.Event()
        """There is work, or the end has come: for the idle writer."""
        self._nudge = asyncio.Event()
        """Something cannot wait for the end of a pause."""
        self._room = asyncio.Condition()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._spool_retry_at = 0.0
        self.available = True
        self.batches = self.written = self.refused = self.failures = 0
        self.spooled = self.replayed = self.rejected = 0

    @property
    def queue_length(self) -> int:
        return len(self._pending) + self._in_flight

    @property
    def spool_length(self) -> int:
        return self._spool.waiting if self._spool else 0

    def register(self, kind: str, apply: Apply) -> None:
        """Say how a durable write of this kind is carried out, now or from the spool after a restart."""
        self._kinds[kind] = apply

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="store-writer")

    async def submit(self, op: Op[T]) -> T:
        """Run ``op`` on the writer's connection; return its result after the COMMIT that made it durable.

        ``op`` may run more than once (only its last run is committed), must not commit by itself, and awaits
        nothing but the connection. Raises what ``op`` raised, ``StoreUnavailable``, or ``StoreBusy`` at once
        when the queue is full. If the submitter is cancelled while it waits, a write not begun is dropped.
        """
        if self.queue_length >= self._limits.queue:
            raise StoreBusy(f"{self.queue_length} writes wait already")
        return cast(T, await self._enqueue(op, self._limits.patience_seconds, None))

    async def submit_durable(self, record: Record) -> Any | Spooled:
        """Like ``submit`` for a registered kind, but given up to the spool instead of being lost.

        Waits for room when the queue is full. It is carried out even if the submitter is cancelled.
        """
        async with self._turn:  # in the order of asking: who comes as room is made does not pass who waits
            async with self._room:
                await self._room.wait_for(lambda: self._closing or self.queue_length < self._limits.queue)
            answer = self._enqueue(self._op_of(record), self._limits.spool_after_seconds, record)
        return await answer

    async def drain(self) -> None:
        """Return when every write submitted so far is committed, refused, or in the spool."""
        async with self._room:
            await self._room.wait_for(lambda: not self.queue_length)

    async def close(self) -> None:
        """Finish what is queued (a database that is unusable now gets no second chance), then stop."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        self._nudge.set()
        async with self._room:
            self._room.notify_all()
        if self._task:
            await self._task
        if self._spool:
            await asyncio.to_thread(self._spool.close)

    def _enqueue(self, op: Op[Any], patience: float, record: Record | None) -> asyncio.Future[Any]:
        if self._closing or self._task is None:
            raise StoreUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        if record is not None and not self.available:
            patience = 0.0  # known to be down: straight to the spool, so that no queue builds up before us
            self._nudge.set()
        item = _Item(op, loop.create_future(), loop.time() + patience, record)
        self._pending.append(item)
        self._wake.set()
        return item.answer

    # --- the task

    async def _run(self) -> None:
        pause = 0.0
        while True:
            await self._sleep_until_work(pause)
            if self._closing and not self._pending:
                return
            try:
                await self._write_batch()  # first: a damaged spool must not stop it
                await self._replay_some()
            except Exception as error:
                if not is_outage(error):
                    log.exception("writer_fault")  # a bug of ours: treated as an outage, so nothing is lost
                self._note_outage(error)
                await self._engine.dispose()  # the next attempt starts with a fresh connection
                await self._give_up_expired()
                pause = min(
                    max(pause * 2, self._limits.first_pause_seconds), self._limits.longest_pause_seconds
                )
            else:
                pause = 0.0
                self._note_good()
                await self._relieve()
            await self._tell_room()

    async def _sleep_until_work(self, pause: float) -> None:
        """After a failure: the pause, in steps in which patience may run out. Else: until there is work."""
        loop = asyncio.get_running_loop()
        until = loop.time() + pause
        while (left := until - loop.time()) > 0 and not self._closing:
            self._nudge.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _STEP_SECONDS)):
                    await self._nudge.wait()
            await self._give_up_expired()
            await self._tell_room()
        self._wake.clear()
        if self._pending or self._closing:
            return
        left_or_none = self._spool_retry_at - loop.time() if self.spool_length else None
        if not self.available:  # look again even if nobody writes: others wait to hear that it is back
            left_or_none = self._limits.longest_pause_seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(left_or_none):
                await self._wake.wait()

    def _take_batch(self) -> list[_Item]:
        """What may be written now, oldest first."""
        batch: list[_Item] = []
        behind: list[_Item] = []
        is_spool_first = self._is_spool_due()
        while self._pending and len(batch) < self._limits.batch:
            item = self._pending.popleft()
            if item.record is not None and is_spool_first:
                behind.append(item)
            elif item.record is not None or not item.answer.cancelled():
                batch.append(item)
        self._pending.extendleft(reversed(behind))
        return batch

    async def _write_batch(self) -> None:
        await self._settle()
        batch = self._take_batch()
        if not batch:
            if not self.available:
                await commit(self._engine, [probe])
            return
        self._in_flight = len(batch)
        try:
            outcomes = await commit(self._engine, [item.op for item in batch])
        except BaseException as error:
            self._doubt = _Doubt(batch, error) if isinstance(error, Unanswered) else None
            self._pending.extendleft(reversed(batch))
            self._in_flight = 0
            raise
        for item, outcome in zip(batch, outcomes, strict=True):
            await self._answer(item, outcome)
        self._in_flight = 0
        self.batches += 1

    async def _settle(self) -> None:
        """Answer the batch whose COMMIT was not answered, if it was carried out after all."""
        doubt = self._doubt
        if doubt is None:
            return
        waiting = set(self._pending).intersection(doubt.items)  # others went to the spool, or gave up
        if waiting and await was_committed(self._engine, doubt.lost.transaction):
            self._pending = deque(item for item in self._pending if item not in waiting)
            for item, outcome in zip(doubt.items, doubt.lost.outcomes, strict=True):
                if item in waiting:
                    await self._answer(item, outcome)
            self.batches += 1
        self._doubt = None

    async def _answer(self, item: _Item, outcome: Any) -> None:
        if not isinstance(outcome, Refused):
            self.written += 1
            item.succeed(outcome)
            return
        self.refused += 1
        if item.record is not None and self._spool is not None:
            self.rejected += 1
            with suppress(OSError):  # the submitter learns of it anyway
                await asyncio.to_thread(self._spool.reject, item.record, type(outcome.error).__name__)
        item.fail(outcome.error)

    # --- the spool

    def _is_spool_due(self) -> bool:
        """Records wait there, and they can be read as far as we know."""
        return self.spool_length > 0 and asyncio.get_running_loop().time() >= self._spool_retry_at

    async def _replay_some(self) -> None:
        """Write one batch from the spool, if anything waits there."""
        if self._spool is None or not self._is_spool_due():
            return
        try:
            records, mark = await asyncio.to_thread(self._spool.peek, self._limits.batch)
        except OSError as error:
            self._spool_retry_at = asyncio.get_running_loop().time() + 1.0
            log.critical("spool_unreadable", error=str(error), waiting=self._spool.waiting)
            return
        refused: list[tuple[Record | bytes, str]] = [
            (line, "unreadable") for line in records if isinstance(line, bytes)
        ]
        readable = [record for record in records if isinstance(record, Record)]
        outcomes = await commit(self._engine, [self._op_of(record) for record in readable])
        for record, outcome in zip(readable, outcomes, strict=True):
            if isinstance(outcome, Refused):
                refused.append((record, type(outcome.error).__name__))
        for refusal in refused:
            await asyncio.to_thread(self._spool.reject, *refusal)
        self.replayed += len(records) - len(refused)
        self.rejected += len(refused)
        await asyncio.to_thread(self._spool.done, mark)
        log.info("spool_replayed", records=len(records), rejected=len(refused), left=self._spool.waiting)

    def _op_of(self, record: Record) -> Op[Any]:
        async def op(connection: AsyncConnection) -> Any:
            return await self._kinds[record.kind](connection, record.data)

        return op

    async def _give_up_expired(self) -> None:
        """Take out the writes whose patience is over: to the spool, or back to the submitter as failed."""
        now = math.inf if self._closing else asyncio.get_running_loop().time()
        self._leave([item for item in self._pending if item.record is None and item.gives_up_at <= now])
        await self._spool_until(now)

    async def _relieve(self) -> None:
        """The database can be used, but writes come faster than it takes them, or the spool is long."""
        if self._spool is None:
            return
        if self.queue_length >= self._limits.queue:
            await self._spool_until(math.inf)
        elif self._is_spool_due():
            await self._spool_until(asyncio.get_running_loop().time())

    async def _spool_until(self, moment: float) -> None:
        """Durable writes whose patience ends by then, and with them those that are older."""
        durable = [item for item in self._pending if item.record is not None]
        if self._spool is None:
            durable = [item for item in durable if item.gives_up_at <= moment]
        while durable and durable[-1].gives_up_at > moment:
            durable.pop()
        if durable and await self._to_spool(durable):
            self._leave(durable)

    def _leave(self, items: list[_Item]) -> None:
        """Answer these, which are written nowhere or in the spool."""
        if not items:
            return
        leaving = set(map(id, items))
        self._pending = deque(item for item in self._pending if id(item) not in leaving)
        in_doubt = set(self._doubt.items) if self._doubt else set()
        for item in items:
            if item.record is None or self._spool is None:
                item.fail(StoreUnavailable(_UNKNOWN if item in in_doubt else _NOT_STORED))
            else:
                item.succeed(SPOOLED)

    async def _to_spool(self, items: list[_Item]) -> bool:
        """True if the items need not wait here any longer."""
        now = asyncio.get_running_loop().time()
        if self._spool is None:
            return True
        if now < self._spool_retry_at and not self._closing:
            return False
        records = [item.record for item in items if item.record is not None]
        try:
            await asyncio.to_thread(self._spool.append, records)
        except (OSError, SpoolFull) as error:
            self._spool_retry_at = now + 1.0
            log.critical("spool_failed", error=str(error), waiting=len(items))
            if self._closing:
                for item in items:
                    item.fail(StoreUnavailable("neither the database nor the spool can be written"))
                return True
            return False
        self.spooled += len(records)
        log.warning("writes_spooled", records=len(records), waiting=self._spool.waiting)
        return True

    # --- notes

    def _note_outage(self, error: Exception) -> None:
        self.failures += 1
        if self.available:
            log.error("database_unavailable", error=str(error.__cause__ or error), waiting=self.queue_length)
        self.available = False

    def _note_good(self) -> None:
        if not self.available:
            log.info("database_available_again", spooled=self.spool_length)
        self.available = True

    async def _tell_room(self) -> None:
        async with self._room:
            self._room.notify_all()

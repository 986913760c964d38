"""Takes events from the outbox to the subscriptions: at least once, in order for each, in nobody's way.

One task looks for new events and for subscriptions with something due; each subscription has at most one
request under way, so a slow receiver holds up nobody but himself. What was sent and not yet noted when the
process died is sent again, under the same id.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from callcore.bus import plan
from callcore.store.errors import StoreError
from callcore.store.webhooks import Delivery, Webhook, Webhooks

log = structlog.get_logger("callcore.bus")

LOOK_SECONDS = 1.0
PURGE_SECONDS = 3600.0
AT_ONCE = 16
"""Requests under way, of all subscriptions together."""


class Send(Protocol):
    async def __call__(
        self, address: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> plan.Answer: ...


@dataclass(frozen=True, slots=True)
class CourierSettings:
    seconds: float = 10.0
    """For one try."""
    disable_after_days: int = 5
    keep_days: int = 30


class Courier:
    """``run`` it; ``wants`` says whether anybody subscribed to a type of event."""

    def __init__(
        self,
        store: Webhooks,
        send: Send,
        now: Callable[[], datetime],
        settings: CourierSettings | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``changed``: what is wanted may be another now."""
        self._store = store
        self._send = send
        self._now = now
        self._settings = settings or CourierSettings()
        self._changed = changed
        self._hooks: tuple[Webhook, ...] = ()
        self._seen = -1
        """Newest event that every subscription has its deliveries of."""
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._nudged = asyncio.Event()
        self.sent = {"delivered": 0, "failed": 0, "waiting": 0}
        """Tries by what they came to, since the start."""

    def wants(self, type: str) -> bool:
        return any(plan.wants(hook.patterns, type) for hook in self._hooks if hook.is_on)

    def nudge(self) -> None:
        """Something was changed by hand: look now."""
        self._nudged.set()

    async def refresh(self) -> None:
        """Read the subscriptions. Raises StoreError."""
        hooks = await self._store.all()
        if hooks != self._hooks:
            self._seen = -1
        self._hooks = hooks
        self._changed()

    async def run(self) -> None:
        """For ever."""
        purged = -PURGE_SECONDS
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    await self.look()
                    if loop.time() - purged >= PURGE_SECONDS:
                        purged = loop.time()
                        await self._store.purge(self._now() - timedelta(days=self._settings.keep_days))
                except StoreError as error:
                    log.warning("webhooks_wait", why=str(error))
                except Exception:
                    log.exception("webhooks_failed")
                await _either(self._nudged, LOOK_SECONDS)
                self._nudged.clear()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def look(self) -> None:
        """One round: new events become deliveries, what is due is begun. Raises StoreError."""
        await self.refresh()
        if not any(hook.is_on for hook in self._hooks):
            return
        newest = await self._store.newest_event()
        if newest > self._seen:
            while await self._store.spread(plan.wants, self._now()):
                pass
            self._seen = newest
        for hook in self._hooks:
            if hook.is_on and hook.id not in self._busy:
                task = asyncio.create_task(self._serve(hook))
                self._busy[hook.id] = task
                task.add_done_callback(partial(self._served, hook.id))

    def _served(self, id: int, _task: asyncio.Task[None]) -> None:
        self._busy.pop(id, None)

    async def idle(self) -> None:
        """Return when nothing that is due is under way. For tests and the end."""
        while self._busy:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _serve(self, hook: Webhook) -> None:
        """Everything of one subscription that is due now, one after the other."""
        try:
            while True:
                delivery = await self._store.next_of(hook.id, self._now())
                if delivery is None or delivery.next_at > self._now():
                    return
                async with self._gate:
                    if not await self._try(hook, delivery):
                        return
        except StoreError as error:
            log.warning("webhook_waits", webhook=hook.name, why=str(error))
        except Exception:
            log.exception("webhook_failed", webhook=hook.name)

    async def _try(self, hook: Webhook, delivery: Delivery) -> bool:
        """False: nothing more of this subscription in this round."""
        now = self._now()
        body = plan.message(delivery.type, delivery.at, delivery.data)
        signed = plan.headers(plan.message_id(delivery.event), now, body, hook.secret)
        answer = await self._send(
            hook.url, {**signed, "Content-Type": "application/json"}, body, self._settings.seconds
        )
        now = self._now()
        verdict = plan.verdict(answer, delivery.tries + 1, now)
        since = hook.failing_since or now
        why = plan.disabled_why(answer, since, now, self._settings.disable_after_days)
        await self._store.settle(
            delivery,
            state=verdict.state,
            next_at=verdict.next_at,
            status=answer.status,
            answer=answer.text,
            ms=answer.ms,
            at=now,
            is_taken=answer.is_taken,
            disabled_why=why,
        )
        self.sent[verdict.state] += 1
        if why:
            log.error("webhook_disabled", webhook=hook.name, why=why, since=since.isoformat())
        return not why


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


Keep = Callable[[str, Mapping[str, object], datetime], Awaitable[None]]


class LateNews:
    """Events of calls, which no transaction writes: kept in the outbox by and by, if anybody wants them.

    ``tell`` costs a comparison and a place in a bounded line; beyond it the oldest gives way, counted.
    """

    def __init__(self, wants: Callable[[str], bool], keep: Keep, size: int = 2000) -> None:
        self._wants = wants
        self._keep = keep
        self._line: asyncio.Queue[tuple[str, Mapping[str, object], datetime]] = asyncio.Queue(size)
        self.lost = 0

    def tell(self, type: str, data: Mapping[str, object], at: datetime) -> None:
        if not self._wants(type):
            return
        if self._line.full():
            self._line.get_nowait()
            self.lost += 1
        self._line.put_nowait((type, data, at))

    async def run(self) -> None:
        """For ever."""
        while True:
            type, data, at = await self._line.get()
            try:
                await self._keep(type, data, at)
            except StoreError as error:
                self.lost += 1
                log.warning("call_event_lost", type=type, why=str(error))
            except Exception:
                self.lost += 1
                log.exception("call_event_lost", type=type)


def shown(data: Mapping[str, object] | Sequence[object]) -> str:
    """An event's data as a person reads it on the page."""
    return json.dumps(data, ensure_ascii=False, indent=1)

"""Webhooks: who is told of which events, and what became of each delivery.

An event of the outbox becomes deliveries by ``spread``, once: the cursor of each webhook moves in the same
transaction. What waits is tried in the order of the events; what was asked for by hand goes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store import audit, outbox
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.bus import deliveries, events, webhooks
from callcore.store.texts import NAME_LIMIT, machine_text, typed_text

URL_LIMIT = 2000
ANSWER_LIMIT = 1000
SPREAD_AT_ONCE = 500
Wants = Callable[[Sequence[str], str], bool]


@dataclass(frozen=True, slots=True)
class Webhook:
    id: int
    name: str
    url: str
    patterns: tuple[str, ...]
    secret: str = field(repr=False)
    is_active: bool
    created_at: datetime
    created_by: str
    cursor: int
    failing_since: datetime | None
    disabled_at: datetime | None
    """Switched off by callcore, after long failure."""
    disabled_why: str

    @property
    def is_on(self) -> bool:
        return self.is_active and self.disabled_at is None


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    webhook: int
    event: int
    type: str
    data: Mapping[str, Any]
    at: datetime
    """Of the event."""
    state: str
    """``waiting``, ``delivered``, ``failed``."""
    is_by_hand: bool
    tries: int
    next_at: datetime
    status: int | None
    answer: str
    ms: int | None
    done_at: datetime | None


class Webhooks:
    def __init__(self, store: Store) -> None:
        self._store = store

    # --- subscriptions

    async def add(
        self, name: str, url: str, patterns: Sequence[str], secret: str, login: str, at: datetime
    ) -> Webhook:
        """From now on. Raises ``NotStored`` for a name that is taken, ``TextRefused``."""
        values = {**_typed(name, url), "patterns": list(patterns), "secret": secret, "is_active": True}

        async def op(connection: AsyncConnection) -> Webhook | None:
            if await _is_taken(connection, values["name"], None):
                return None
            newest = (await connection.execute(select(func.max(events.c.id)))).scalar() or 0
            made = webhooks.insert().values(
                **values, created_at=at, created_by=login, cursor=newest, disabled_why=""
            )
            id = (await connection.execute(made.returning(webhooks.c.id))).scalar_one()
            await audit.note(connection, login, "webhook_added", None, at, subject=values["name"])
            return await _webhook(connection, id)

        added = await self._store.writer.submit(op)
        if added is None:
            raise _taken(name)
        return added

    async def change(
        self,
        id: int,
        login: str,
        at: datetime,
        *,
        name: str,
        url: str,
        patterns: Sequence[str],
        is_active: bool,
    ) -> Webhook | None:
        """None: there is none. One that callcore switched off is on again; what came meanwhile is sent."""
        values = {**_typed(name, url), "patterns": list(patterns), "is_active": is_active}
        if is_active:
            values |= {"disabled_at": None, "disabled_why": "", "failing_since": None}

        async def op(connection: AsyncConnection) -> Webhook | str | None:
            if await _is_taken(connection, values["name"], id):
                return "taken"
            changed = await connection.execute(update(webhooks).where(webhooks.c.id == id).values(**values))
            if not changed.rowcount:
                return None
            await audit.note(connection, login, "webhook_changed", None, at, subject=values["name"])
            return await _webhook(connection, id)

        found = await self._store.writer.submit(op)
        if isinstance(found, str):
            raise _taken(name)
        return found

    async def renew_secret(self, id: int, secret: str, login: str, at: datetime) -> Webhook | None:
        async def op(connection: AsyncConnection) -> Webhook | None:
            await connection.execute(update(webhooks).where(webhooks.c.id == id).values(secret=secret))
            found = await _webhook(connection, id)
            if found is not None:
                await audit.note(connection, login, "webhook_secret", None, at, subject=found.name)
            return found

        return await self._store.writer.submit(op)

    async def remove(self, id: int, login: str, at: datetime) -> bool:
        """With all its deliveries. False: there is none."""

        async def op(connection: AsyncConnection) -> bool:
            found = await _webhook(connection, id)
            if found is None:
                return False
            await connection.execute(delete(deliveries).where(deliveries.c.webhook == id))
            await connection.execute(delete(webhooks).where(webhooks.c.id == id))
            await audit.note(connection, login, "webhook_removed", None, at, subject=found.name)
            return True

        return await self._store.writer.submit(op)

    async def all(self) -> tuple[Webhook, ...]:
        """By name."""
        async with self._store.read() as connection:
            rows = await connection.execute(select(webhooks).order_by(webhooks.c.name))
            return tuple(_to_webhook(row) for row in rows)

    async def get(self, id: int) -> Webhook | None:
        async with self._store.read() as connection:
            return await _webhook(connection, id)

    # --- deliveries

    async def newest_event(self) -> int:
        """0: there is none."""
        async with self._store.read() as connection:
            return (await connection.execute(select(func.max(events.c.id)))).scalar() or 0

    async def spread(self, wants: Wants, now: datetime) -> int:
        """Make the deliveries of new events, some hundred at once; gives how many events were looked at."""

        async def op(connection: AsyncConnection) -> int:
            looked = 0
            for row in (await connection.execute(select(webhooks))).all():
                hook = _to_webhook(row)
                if not hook.is_on:
                    continue
                fresh = select(events.c.id, events.c.type).where(events.c.id > hook.cursor)
                found = (await connection.execute(fresh.order_by(events.c.id).limit(SPREAD_AT_ONCE))).all()
                if not found:
                    continue
                looked += len(found)
                made = [_fresh(hook.id, event, now) for event, type in found if wants(hook.patterns, type)]
                if made:
                    await connection.execute(deliveries.insert(), made)
                at = update(webhooks).where(webhooks.c.id == hook.id)
                await connection.execute(at.values(cursor=found[-1].id))
            return looked

        return await self._store.writer.submit(op)

    async def next_of(self, webhook: int, now: datetime) -> Delivery | None:
        """What is to be tried next: what was asked for by hand and is due, else the oldest that waits, due or
        not: those behind it wait for it."""
        waiting = _lines().where(
            deliveries.c.webhook == webhook,
            deliveries.c.state == "waiting",
            or_(deliveries.c.is_by_hand.is_(False), deliveries.c.next_at <= now),
        )
        query = waiting.order_by(deliveries.c.is_by_hand.desc(), deliveries.c.event).limit(1)
        async with self._store.read() as connection:
            row = (await connection.execute(query)).first()
        return Delivery(**row._mapping) if row else None

    async def settle(
        self,
        delivery: Delivery,
        *,
        state: str,
        next_at: datetime,
        status: int | None,
        answer: str,
        ms: int,
        at: datetime,
        is_taken: bool,
        disabled_why: str,
    ) -> None:
        """What one try came to. ``disabled_why``: the webhook is switched off, with an event that says so."""
        values = {
            "state": state,
            "tries": delivery.tries + 1,
            "next_at": next_at,
            "status": status,
            "answer": machine_text(answer, ANSWER_LIMIT, lines=True),
            "ms": ms,
            "done_at": at if state != "waiting" else None,
        }

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(
                update(deliveries).where(deliveries.c.id == delivery.id).values(**values)
            )
            mine = update(webhooks).where(webhooks.c.id == delivery.webhook)
            if is_taken:
                await connection.execute(mine.values(failing_since=None))
                return
            await connection.execute(mine.where(webhooks.c.failing_since.is_(None)).values(failing_since=at))
            if disabled_why:
                off = mine.where(webhooks.c.disabled_at.is_(None))
                done = await connection.execute(off.values(disabled_at=at, disabled_why=disabled_why))
                if done.rowcount:
                    said = {"webhook": delivery.webhook, "why": disabled_why}
                    await outbox.tell(connection, "webhook.disabled", said, at)

        await self._store.writer.submit(op)

    async def send_again(self, id: int, at: datetime) -> bool:
        """At once, whatever waits before it, with all its tries. False: there is no such delivery."""

        async def op(connection: AsyncConnection) -> bool:
            again = update(deliveries).where(deliveries.c.id == id)
            done = await connection.execute(
                again.values(state="waiting", is_by_hand=True, tries=0, next_at=at, done_at=None)
            )
            return bool(done.rowcount)

        return await self._store.writer.submit(op)

    async def send_test(self, webhook: int, type: str, login: str, at: datetime) -> int | None:
        """One event of ``type`` for this webhook alone; gives the delivery, None without a webhook."""

        async def op(connection: AsyncConnection) -> int | None:
            if await _webhook(connection, webhook) is None:
                return None
            event = events.insert().values(type=type, data={"webhook": webhook, "by": login}, at=at)
            id = (await connection.execute(event.returning(events.c.id))).scalar_one()
            made = deliveries.insert().values(**{**_fresh(webhook, id, at), "is_by_hand": True})
            return int((await connection.execute(made.returning(deliveries.c.id))).scalar_one())

        return await self._store.writer.submit(op)

    async def deliveries(
        self,
        webhook: int | None = None,
        *,
        state: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> tuple[Delivery, ...]:
        """Newest first; ``before``: older than that one."""
        query = _lines().order_by(deliveries.c.id.desc()).limit(limit)
        if webhook is not None:
            query = query.where(deliveries.c.webhook == webhook)
        if state is not None:
            query = query.where(deliveries.c.state == state)
        if before is not None:
            query = query.where(deliveries.c.id < before)
        async with self._store.read() as connection:
            return tuple(Delivery(**row._mapping) for row in await connection.execute(query))

    async def delivery(self, id: int) -> Delivery | None:
        async with self._store.read() as connection:
            row = (await connection.execute(_lines().where(deliveries.c.id == id))).first()
        return Delivery(**row._mapping) if row else None

    async def counts(self) -> Mapping[int, Mapping[str, int]]:
        """Deliveries by webhook and state."""
        query = select(deliveries.c.webhook, deliveries.c.state, func.count()).group_by(
            deliveries.c.webhook, deliveries.c.state
        )
        found: dict[int, dict[str, int]] = {}
        async with self._store.read() as connection:
            for webhook, state, count in await connection.execute(query):
                found.setdefault(webhook, {})[state] = count
        return found

    async def purge(self, before: datetime, limit: int = 5000) -> int:
        """Remove what is over and older; an event goes when no delivery of it waits any more."""

        async def op(connection: AsyncConnection) -> int:
            waits = exists().where(deliveries.c.event == events.c.id, deliveries.c.state == "waiting")
            old = select(events.c.id).where(events.c.at < before, ~waits).order_by(events.c.id).limit(limit)
            ids = (await connection.execute(old)).scalars().all()
            for start in range(0, len(ids), 500):
                some = ids[start : start + 500]
                await connection.execute(delete(deliveries).where(deliveries.c.event.in_(some)))
                await connection.execute(delete(events).where(events.c.id.in_(some)))
            return len(ids)

        return await self._store.writer.submit(op)


def _typed(name: str, url: str) -> dict[str, Any]:
    return {
        "name": typed_text(name, NAME_LIMIT, "name", empty=False),
        "url": typed_text(url, URL_LIMIT, "url", empty=False),
    }


def _fresh(webhook: int, event: int, now: datetime) -> dict[str, Any]:
    return {
        "webhook": webhook,
        "event": event,
        "state": "waiting",
        "is_by_hand": False,
        "tries": 0,
        "next_at": now,
        "answer": "",
    }


def _lines() -> Select[Any]:
    own = [deliveries.c[name] for name in Delivery.__slots__ if name not in ("type", "data", "at")]
    return select(*own, events.c.type, events.c.data, events.c.at).join(
        events, events.c.id == deliveries.c.event
    )


def _taken(name: str) -> NotStored:
    return NotStored(f"there is a webhook named {name} already", f"подписка {name} уже есть")


async def _is_taken(connection: AsyncConnection, name: str, but: int | None) -> bool:
    query = select(webhooks.c.id).where(webhooks.c.name == name, webhooks.c.id != (but or 0))
    return (await connection.execute(query)).first() is not None


async def _webhook(connection: AsyncConnection, id: int) -> Webhook | None:
    row = (await connection.execute(select(webhooks).where(webhooks.c.id == id))).first()
    return _to_webhook(row) if row else None


def _to_webhook(row: Row[Any]) -> Webhook:
    return Webhook(**{**row._mapping, "patterns": tuple(row.patterns)})

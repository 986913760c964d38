"""Campaigns and their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import CampaignId, Medium, TargetId
from callcore.calls.campaign import Campaign, CampaignState, NewTarget, Target, TargetResult
from callcore.domain import CustomerId, OutageId
from callcore.store.campaign_report import Progress, TargetLine, read_lines, read_progress
from callcore.store.campaign_rows import (
    LIVING,
    WAITING,
    campaign_of,
    campaign_row,
    end_of,
    end_waiting,
    select_campaigns,
    target_of,
    target_row,
    told_already,
)
from callcore.store.engine import chunks
from callcore.store.ports import Store
from callcore.store.schema.core import campaigns, targets

__all__ = ["Campaigns", "Progress", "TargetLine"]

_ROWS = 1000
"""Targets in one statement: between two of them the event loop has its turn."""


class Campaigns:
    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def is_writable(self) -> bool:
        """False from a write that the database did not take until the next that it did."""
        return self._store.writer.available

    async def create(self, campaign: Campaign, targets: Sequence[NewTarget], at: datetime) -> Campaign:
        """Store the campaign (its ``id`` is ignored) and all its targets in one transaction, due at ``at``.

        Earlier campaigns of the same outage are ``superseded`` in it, with the news as the reason, and their
        targets without an open attempt end for the same reason: ``withdrawn`` if the news is ``restored`` or
        ``cancelled``, else ``replaced``. Where a later revision has its campaign already, this one is
        superseded from the beginning.
        A repeat (same outage and revision) changes nothing and returns what is there. A campaign without an
        open target is ``done`` at once. 100,000 targets take seconds, not minutes.
        """

        async def op(connection: AsyncConnection) -> Campaign:
            known = await _revision(connection, campaign.outage, campaign.revision)
            if known is not None:
                return known
            await _supersede(connection, campaign, at)
            created = await _insert(connection, await _as_it_begins(connection, campaign, targets, at))
            for chunk in chunks(targets, _ROWS):
                await _insert_targets(connection, created.id, chunk, at)
            if created.state is CampaignState.superseded:
                result, reason = end_of(created.state, created.reason)
                await end_waiting(connection, _of(created.id), result, reason, at)
            return created

        return await self._store.writer.submit(op)

    async def get(self, id: CampaignId) -> Campaign | None:
        found = await self._campaigns(select_campaigns().where(campaigns.c.id == id))
        return found[0] if found else None

    async def living(self) -> tuple[Campaign, ...]:
        """All that are not over, oldest first."""
        return await self._campaigns(select_campaigns().where(LIVING).order_by(campaigns.c.id))

    async def of_outage(self, outage: OutageId) -> tuple[Campaign, ...]:
        """Newest first."""
        of_it = select_campaigns().where(campaigns.c.outage == outage)
        return await self._campaigns(of_it.order_by(campaigns.c.revision.desc()))

    async def told(self, outage: OutageId) -> frozenset[CustomerId]:
        """Who heard, was sent, or may have got any earlier news of this outage: whom its end concerns.

        Targets that ended told, texted, sent, opted_out or unknown, or that have an open attempt now.
        """
        query = (
            select(targets.c.customer)
            .join(campaigns, campaigns.c.id == targets.c.campaign)
            .where(campaigns.c.outage == outage, targets.c.customer.is_not(None), told_already())
            .distinct()
        )
        async with self._store.read() as connection:
            return frozenset(map(CustomerId, (await connection.execute(query)).scalars()))

    async def set_state(
        self, id: CampaignId, state: CampaignState, reason: str, at: datetime
    ) -> Campaign | None:
        """None, and nothing is changed, if it does not exist or is over. ``stopped`` also ends its targets
        without an open attempt: ``stopped``, with ``reason``. Raises ValueError for ``superseded`` and
        ``done``, which are made by ``create`` and ``settle_done`` only."""
        if state in (CampaignState.superseded, CampaignState.done):
            raise ValueError(f"a campaign is not made {state} by hand")

        async def op(connection: AsyncConnection) -> Campaign | None:
            living = update(campaigns).where(campaigns.c.id == id, LIVING)
            changed = await connection.execute(living.values(state=state, reason=reason, changed_at=at))
            if not changed.rowcount:
                return None
            if state is CampaignState.stopped:
                await end_waiting(connection, _of(id), *end_of(state, reason), at)
            row = (await connection.execute(select_campaigns().where(campaigns.c.id == id))).one()
            return campaign_of(row)

        return await self._store.writer.submit(op)

    async def settle_done(self, at: datetime) -> tuple[Campaign, ...]:
        """Campaigns that run and have no open target become ``done``; which."""
        has_open = exists().where(targets.c.campaign == campaigns.c.id, targets.c.result.is_(None))
        finished = (campaigns.c.state == CampaignState.running) & ~has_open

        async def op(connection: AsyncConnection) -> tuple[Campaign, ...]:
            rows = (
                await connection.execute(select_campaigns().where(finished).order_by(campaigns.c.id))
            ).all()
            done = tuple(replace(campaign_of(row), state=CampaignState.done, changed_at=at) for row in rows)
            for campaign in done:
                of_it = update(campaigns).where(campaigns.c.id == campaign.id)
                await connection.execute(of_it.values(state=campaign.state, changed_at=at))
            return done

        return await self._store.writer.submit(op)

    async def due(self, id: CampaignId, medium: Medium, now: datetime, limit: int) -> tuple[Target, ...]:
        """Open targets without an attempt whose time has come, in the order of ``due_at``, then id."""
        query = select(targets).where(
            _of(id), WAITING, targets.c.next_medium == medium, targets.c.due_at <= now
        )
        return await self._targets(query.order_by(targets.c.due_at, targets.c.id).limit(limit))

    async def next_due_at(self, id: CampaignId, medium: Medium) -> datetime | None:
        query = select(func.min(targets.c.due_at)).where(_of(id), WAITING, targets.c.next_medium == medium)
        async with self._store.read() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
        return found

    async def postpone(self, target: TargetId, due_at: datetime, wait: str) -> None:
        """The gate said: not before. Nothing happens to a target that has ended or has an attempt."""

        async def op(connection: AsyncConnection) -> None:
            waiting = update(targets).where(targets.c.id == target, WAITING)
            await connection.execute(waiting.values(due_at=due_at, wait=wait))

        await self._store.writer.submit(op)

    async def end(self, target: TargetId, result: TargetResult, reason: str, at: datetime) -> bool:
        """End a target that has no open attempt; False if it has one or has ended."""

        async def op(connection: AsyncConnection) -> bool:
            return bool(await end_waiting(connection, targets.c.id == target, result, reason, at))

        return await self._store.writer.submit(op)

    async def target(self, id: TargetId) -> Target | None:
        found = await self._targets(select(targets).where(targets.c.id == id))
        return found[0] if found else None

    async def progress(self, id: CampaignId) -> Progress:
        async with self._store.read() as connection:
            return await read_progress(connection, id)

    async def lines(
        self,
        id: CampaignId,
        *,
        results: Sequence[TargetResult] = (),
        is_open: bool | None = None,
        text: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[TargetLine, ...]:
        """Rows of the recipients' table by id. ``text``: part of a name, number or address, in any case."""
        async with self._store.read() as connection:
            return await read_lines(connection, id, results, is_open, text, limit, offset)

    async def _campaigns(self, query: Select[Any]) -> tuple[Campaign, ...]:
        async with self._store.read() as connection:
            return tuple(map(campaign_of, (await connection.execute(query)).all()))

    async def _targets(self, query: Select[Any]) -> tuple[Target, ...]:
        async with self._store.read() as connection:
            return tuple(map(target_of, (await connection.execute(query)).all()))


def _of(id: CampaignId) -> ColumnElement[bool]:
    return targets.c.campaign == id


async def _revision(connection: AsyncConnection, outage: OutageId, revision: int) -> Campaign | None:
    query = select_campaigns().where(campaigns.c.outage == outage, campaigns.c.revision == revision)
    row = (await connection.execute(query)).first()
    return campaign_of(row) if row else None


async def _supersede(connection: AsyncConnection, campaign: Campaign, at: datetime) -> None:
    """End what earlier revisions have not said yet."""
    earlier = select(campaigns.c.id).where(
        campaigns.c.outage == campaign.outage, campaigns.c.revision < campaign.revision, LIVING
    )
    ids = (await connection.execute(earlier)).scalars().all()
    end = end_of(CampaignState.superseded, campaign.news)
    await end_waiting(connection, targets.c.campaign.in_(ids), *end, at)
    state = {"state": CampaignState.superseded, "reason": campaign.news, "changed_at": at}
    await connection.execute(update(campaigns).where(campaigns.c.id.in_(ids)).values(**state))


async def _as_it_begins(
    connection: AsyncConnection, campaign: Campaign, recipients: Sequence[NewTarget], at: datetime
) -> Campaign:
    later = (
        select(campaigns.c.news)
        .where(campaigns.c.outage == campaign.outage, campaigns.c.revision > campaign.revision)
        .order_by(campaigns.c.revision.desc())
    )
    news: str | None = (await connection.execute(later)).scalars().first()
    if news is not None:
        return replace(campaign, state=CampaignState.superseded, reason=news, changed_at=at)
    if all(target.result is not None for target in recipients):
        return replace(campaign, state=CampaignState.done, changed_at=at)
    return campaign


async def _insert(connection: AsyncConnection, campaign: Campaign) -> Campaign:
    statement = campaigns.insert().values(**campaign_row(campaign)).returning(campaigns.c.id)
    created = (await connection.execute(statement)).scalar_one()
    row = (await connection.execute(select_campaigns().where(campaigns.c.id == created))).one()
    return campaign_of(row)


async def _insert_targets(
    connection: AsyncConnection, id: CampaignId, recipients: Sequence[NewTarget], at: datetime
) -> None:
    await connection.execute(targets.insert(), [target_row(id, target, at) for target in recipients])

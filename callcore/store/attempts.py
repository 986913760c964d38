"""The ledger's rows: intents, outcomes, message parts, receipts; and the do-not-call list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, exists, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    FollowUpChange,
    Medium,
    Outcome,
    Plan,
    Purpose,
    TargetId,
)
from callcore.calls.campaign import CampaignState, TargetChange
from callcore.calls.number_history import NumberHistory
from callcore.store import outbox, wishing
from callcore.store.campaign_rows import OPEN_CALL, OWN_CHANNEL, WAITING, load_attempts, outcome_row
from callcore.store.engine import insert
from callcore.store.errors import StoreError
from callcore.store.gate_facts import histories
from callcore.store.ports import Store
from callcore.store.schema.core import attempts, campaigns, dnc, message_parts, message_receipts, targets
from callcore.store.settling import closing, gives_way, standing, too_late
from callcore.store.usage import forget_usage, note_intent, note_outcome


class NotClaimed(StoreError):
    """The intent was not stored: the target has ended or has an attempt, its campaign does not run, or there
    is an open call to this number, or of this person."""


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    gateway: str
    message_id: str
    number: str
    state: str
    """``delivered`` or ``failed``."""
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DncEntry:
    number: str
    since: datetime
    source: str


class Attempts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def intend(self, attempt: Attempt) -> None:
        """Store an intent and take its target, if it has one, durable when it returns. Raises NotClaimed."""

        async def op(connection: AsyncConnection) -> bool:
            if not await _claim(connection, attempt):
                return False
            await connection.execute(attempts.insert().values(**_intent_row(attempt)))
            await note_intent(connection, attempt)
            await _tell(connection, attempt.id, attempt, None, attempt.intended_at)
            return True

        try:
            is_taken = await self._store.writer.submit(op)
        except IntegrityError as error:
            raise NotClaimed(
                f"attempt {attempt.id} or an open call to its number is there already"
            ) from error
        if not is_taken:
            whom = f"{attempt.login} has a call" if attempt.target is None else f"target {attempt.target}"
            whom = whom if attempt.follow_up is None else f"wish {attempt.follow_up}"
            raise NotClaimed(
                f"{whom} has ended or is being tried, its campaign does not run,"
                " or its number is being called"
            )

    async def submitted(
        self, id: AttemptId, at: datetime, message_ids: Sequence[str]
    ) -> tuple[StoredReceipt, ...]:
        """The gateway took the message; returns the receipts that came before. The attempt stays open.

        A gateway may count its ids anew: the last attempt with an id owns it, and what came before its intent
        was not for it.
        """
        ids = list(dict.fromkeys(message_ids))

        async def op(connection: AsyncConnection) -> tuple[StoredReceipt, ...]:
            taken = update(attempts).where(attempts.c.id == id).values(submitted_at=at)
            row = (
                await connection.execute(taken.returning(attempts.c.route, attempts.c.intended_at))
            ).first()
            if row is None:
                return ()
            for position, message_id in enumerate(ids):
                await _own_part(connection, id, row, message_id, position)
            return await _receipts(connection, id)

        return await self._store.writer.submit(op)

    async def confirmed(self, id: AttemptId, at: datetime) -> bool:
        """The gate has said yes the second time; durable when it returns. False: the call is over."""
        opened = update(attempts).where(attempts.c.id == id, attempts.c.result.is_(None))

        async def op(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(opened.values(submitted_at=at))).rowcount)

        return await self._store.writer.submit(op)

    async def settle(
        self, id: AttemptId, outcome: Outcome, change: TargetChange | FollowUpChange | None
    ) -> bool:
        """Store the outcome and, in the same transaction, what it makes of the target, whose attempt is
        closed, or of the wish. ``change`` None: there is neither.

        Only the first outcome counts, but ``unknown`` and ``sent`` give way to any other (``sent`` not to
        ``unknown``), and then only if the target ended by this very attempt: it gets the new result and
        reason and stays ended, ``not_reached`` where ``change`` would have it try again; its counters stay as
        they are. False: nothing was changed.

        A target whose campaign is over does not stay open: where ``change`` would have it try again, it ends
        ``stopped``, ``replaced`` or ``withdrawn`` as its campaign's others did.
        """

        async def op(connection: AsyncConnection) -> bool:
            row = (await connection.execute(standing(id))).first()
            if row is None:
                return False
            values: dict[str, Any] = {}
            if row.result is not None and not gives_way(AttemptResult(row.result), outcome.result):
                return False
            if isinstance(change, FollowUpChange):
                await wishing.changed(connection, row, change, outcome)
            elif change is None or row.target is None:
                pass
            elif row.result is None:
                values = closing(id, outcome, change, row)
            elif row.ended_by == id:
                ends = (change.result, change.reason) if change.result else too_late(outcome)
                values = {"result": ends[0], "reason": ends[1]}
            else:
                return False
            of_attempt = update(attempts).where(attempts.c.id == id)
            await connection.execute(of_attempt.values(**outcome_row(outcome)))
            await note_outcome(connection, row, outcome.result, outcome.at)
            await _tell(connection, id, row, outcome, outcome.at)
            if values:
                await connection.execute(update(targets).where(targets.c.id == row.target).values(**values))
            return True

        return await self._store.writer.submit(op)

    async def get(self, id: AttemptId) -> Attempt | None:
        found = await self._load(attempts.c.id == id)
        return found[0] if found else None

    async def open(self, route: str | None, medium: Medium) -> tuple[Attempt, ...]:
        """Open attempts through this PBX or gateway, None: through any; oldest first."""
        of_route = true() if route is None else attempts.c.route == route
        return await self._load(and_(attempts.c.result.is_(None), of_route, attempts.c.medium == medium))

    async def of_target(self, target: TargetId) -> tuple[Attempt, ...]:
        """Oldest first."""
        return await self._load(attempts.c.target == target)

    async def of_login(self, login: str) -> tuple[Attempt, ...]:
        """Open calls that this person has placed, oldest first; there is one at most. What he has given to a
        number outside is none."""
        return await self._load(and_(attempts.c.result.is_(None), attempts.c.login == login, OWN_CHANNEL))

    async def of_purpose(self, purpose: Purpose) -> tuple[Attempt, ...]:
        """Open calls for this purpose, oldest first."""
        return await self._load(and_(OPEN_CALL, attempts.c.purpose == purpose))

    async def open_to(self, number: str) -> Attempt | None:
        """The call to this number that is under way."""
        found = await self._load(and_(attempts.c.number == number, OPEN_CALL))
        return found[0] if found else None

    async def placed(
        self, *, login: str | None = None, unknown: bool = False, limit: int = 50, offset: int = 0
    ) -> tuple[Attempt, ...]:
        """Calls that people have placed, of one of them or of all, newest first; ``unknown``: calls of
        whatever purpose of which nobody can find out what became of them."""
        is_wanted = attempts.c.result == AttemptResult.unknown if unknown else _BY_PEOPLE
        wanted = and_(attempts.c.medium == Medium.voice, is_wanted)
        if login is not None:
            wanted = and_(wanted, attempts.c.login == login)
        newest = select(attempts.c.id).where(wanted)
        newest = newest.order_by(attempts.c.intended_at.desc(), attempts.c.id.desc())
        found = await self._load(attempts.c.id.in_(newest.limit(limit).offset(offset)))
        return found[::-1]

    async def count_unknown(self, since: datetime | None = None) -> int:
        """Calls of which nobody can find out what became of them; ``since``: begun from then on."""
        is_one = and_(attempts.c.medium == Medium.voice, attempts.c.result == AttemptResult.unknown)
        if since is not None:
            is_one = and_(is_one, attempts.c.intended_at >= since)
        async with self._store.read() as connection:
            counted = await connection.execute(select(func.count()).select_from(attempts).where(is_one))
            return int(counted.scalar_one())

    async def history(
        self,
        numbers: Collection[str],
        since: datetime,
        *,
        people: bool = False,
        usage: datetime | None = None,
        without: AttemptId | None = None,
    ) -> dict[str, NumberHistory]:
        """For each number; attempts that were ``not_sent`` do not count. ``people``, ``usage``: see
        ``gate_facts.histories``; so does ``without``."""
        async with self._store.read() as connection:
            return await histories(connection, numbers, since, people=people, usage=usage, without=without)

    async def receipt(self, receipt: StoredReceipt) -> Attempt | None:
        """Keep a receipt, durable when it returns; a final one stays. The attempt that it belongs to, if that
        is known yet."""
        values = {name: getattr(receipt, name) for name in StoredReceipt.__slots__}
        owner = select(message_parts.c.attempt).where(
            message_parts.c.gateway == receipt.gateway, message_parts.c.message_id == receipt.message_id
        )

        async def op(connection: AsyncConnection) -> Attempt | None:
            kept = insert(connection, message_receipts).values(**values).on_conflict_do_nothing()
            await connection.execute(kept)
            found = await load_attempts(connection, attempts.c.id.in_(owner))
            return found[0] if found else None

        return await self._store.writer.submit(op)

    async def receipts_of(self, id: AttemptId) -> tuple[StoredReceipt, ...]:
        """In the order of the message's parts."""
        async with self._store.read() as connection:
            return await _receipts(connection, id)

    async def purge_receipts(self, before: datetime) -> int:
        """Forget receipts that came before; how many. Outcomes made of them stay."""

        async def op(connection: AsyncConnection) -> int:
            return (
                await connection.execute(delete(message_receipts).where(message_receipts.c.at < before))
            ).rowcount

        return await self._store.writer.submit(op)

    async def purge_usage(self, before: datetime) -> int:
        """Forget the sums of what left before; how many rows."""
        return await self._store.writer.submit(lambda connection: forget_usage(connection, before))

    async def awaiting_receipt(self, submitted_before: datetime, limit: int = 500) -> tuple[Attempt, ...]:
        """Open messages that the gateway took before that moment, the oldest."""
        oldest = (
            select(attempts.c.id)
            .where(
                attempts.c.result.is_(None),
                attempts.c.medium == Medium.sms,
                attempts.c.submitted_at < submitted_before,
            )
            .order_by(attempts.c.submitted_at, attempts.c.id)
            .limit(limit)
        )
        return await self._load(attempts.c.id.in_(oldest))

    async def _load(self, condition: Any) -> tuple[Attempt, ...]:
        async with self._store.read() as connection:
            return await load_attempts(connection, condition)

    # --- do not call

    async def add_dnc(self, number: str, source: str, at: datetime) -> None:
        """A number that is listed keeps its first entry."""

        async def op(connection: AsyncConnection) -> None:
            entry = insert(connection, dnc).values(number=number, since=at, source=source)
            await connection.execute(entry.on_conflict_do_nothing())

        await self._store.writer.submit(op)

    async def remove_dnc(self, number: str) -> bool:
        async def op(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(delete(dnc).where(dnc.c.number == number))).rowcount)

        return await self._store.writer.submit(op)

    async def dnc(self, limit: int = 1000) -> tuple[DncEntry, ...]:
        """Newest first."""
        query = select(dnc).order_by(dnc.c.since.desc(), dnc.c.number).limit(limit)
        async with self._store.read() as connection:
            return tuple(DncEntry(**row._mapping) for row in await connection.execute(query))


PLACED = "call.placed"
"""The event."""
_BY_PEOPLE = attempts.c.purpose != Purpose.notice


async def _tell(
    connection: AsyncConnection, id: AttemptId, call: Attempt | Row[Any], over: Outcome | None, at: datetime
) -> None:
    """Other programs, of calls between people; of a campaign's calls they hear by its progress."""
    if call.medium != Medium.voice or call.purpose == Purpose.notice:
        return
    data = {
        "attempt": id,
        "number": call.number,
        "purpose": str(Purpose(call.purpose)),
        "login": call.login,
        "customer": call.customer,
        **placed_words(over),
    }
    await outbox.tell(connection, PLACED, data, at)


def placed_words(over: Outcome | None) -> dict[str, Any]:
    """How a call stands, as programs are told it."""
    return {
        "state": "open" if over is None else "over",
        "result": over.result.value if over else None,
        "cause": over.cause if over else None,
        "why": over.detail if over else "",
    }


async def _claim(connection: AsyncConnection, attempt: Attempt) -> bool:
    """Whether the attempt may be stored; the target is taken."""
    if attempt.target is not None:
        of_target = update(targets).where(*_may_be_taken_by(attempt))
        return bool((await connection.execute(of_target.values(attempt=attempt.id))).rowcount)
    if attempt.plan is Plan.carried:
        return True
    of_person = and_(OPEN_CALL, OWN_CHANNEL, attempts.c.login == attempt.login, attempts.c.login != "")
    is_busy = or_(and_(OPEN_CALL, attempts.c.number == attempt.number), of_person)
    if (await connection.execute(select(attempts.c.id).where(is_busy).limit(1))).first() is not None:
        return False
    return attempt.purpose is not Purpose.call_back or await wishing.claimed(connection, attempt)


def _may_be_taken_by(attempt: Attempt) -> list[Any]:
    runs = exists().where(campaigns.c.id == targets.c.campaign, campaigns.c.state == CampaignState.running)
    conditions = [targets.c.id == attempt.target, targets.c.campaign == attempt.campaign, WAITING, runs]
    if attempt.medium is Medium.voice:
        conditions.append(~exists().where(attempts.c.number == attempt.number, OPEN_CALL))
    return conditions


def _intent_row(attempt: Attempt) -> dict[str, Any]:
    words = "id target campaign medium number route profile intended_at purpose login rate_minor"
    words += " plan phone customer call follow_up"
    return {name: getattr(attempt, name) for name in words.split()} | {"detail": ""}


async def _own_part(
    connection: AsyncConnection, id: AttemptId, attempt: Row[Any], message_id: str, position: int
) -> None:
    key = {"gateway": attempt.route, "message_id": message_id}
    owned = {"attempt": id, "position": position}
    part = insert(connection, message_parts).values(**key, **owned)
    await connection.execute(
        part.on_conflict_do_update(
            index_elements=[message_parts.c.gateway, message_parts.c.message_id], set_=owned
        )
    )
    await connection.execute(
        delete(message_receipts).where(
            message_receipts.c.gateway == attempt.route,
            message_receipts.c.message_id == message_id,
            message_receipts.c.at < attempt.intended_at,
        )
    )


async def _receipts(connection: AsyncConnection, id: AttemptId) -> tuple[StoredReceipt, ...]:
    query = (
        select(message_receipts)
        .join(
            message_parts,
            and_(
                message_parts.c.gateway == message_receipts.c.gateway,
                message_parts.c.message_id == message_receipts.c.message_id,
            ),
        )
        .where(message_parts.c.attempt == id)
        .order_by(message_parts.c.position)
    )
    return tuple(StoredReceipt(**row._mapping) for row in await connection.execute(query))

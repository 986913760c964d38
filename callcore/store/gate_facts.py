"""What the gate must know of numbers, in few statements for many of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import AttemptId, AttemptResult, Medium, Purpose
from callcore.calls.number_history import Consent, NumberHistory, OptOut, Past
from callcore.store.campaign_rows import OPEN_CALL
from callcore.store.engine import chunks
from callcore.store.schema.core import attempts, customer_numbers, dnc
from callcore.store.schema.gate import opt_outs
from callcore.store.schema.record import customer_consents
from callcore.store.usage import usage_since

_LEFT = or_(attempts.c.result.is_(None), attempts.c.result != AttemptResult.not_sent)
_COUNTED = (attempts.c.medium, attempts.c.purpose, attempts.c.profile, attempts.c.intended_at)


class _Known:
    def __init__(self) -> None:
        self.past: dict[str, list[Past]] = defaultdict(list)
        self.to_person: dict[str, list[Past]] = defaultdict(list)
        self.on_the_line: set[str] = set()
        self.listed: dict[str, datetime] = {}
        self.opt_outs: dict[str, dict[int, OptOut]] = defaultdict(dict)
        self.consents: dict[str, list[Consent]] = defaultdict(list)
        self.others: dict[str, set[str]] = defaultdict(set)


async def histories(
    connection: AsyncConnection,
    numbers: Collection[str],
    since: datetime,
    *,
    people: bool,
    usage: datetime | None,
    without: AttemptId | None = None,
) -> dict[str, NumberHistory]:
    """For each number. ``people``: also what concerns whoever has it; ``usage``: what left from that moment
    on, None: nobody asks; ``without``: an attempt that does not stand in its own way."""
    known = _Known()
    for chunk in chunks(numbers):
        await _attempts(connection, known, chunk, since, without)
        for entry in await connection.execute(select(dnc).where(dnc.c.number.in_(chunk))):
            known.listed[entry.number] = entry.since
        await _opt_outs(connection, known, chunk)
        if people:
            await _people(connection, known, chunk, since)
    spent = await usage_since(connection, usage) if usage is not None else ()
    return {
        number: NumberHistory(
            past=tuple(known.past[number]),
            to_person=tuple(known.to_person[number]),
            has_open_call=number in known.on_the_line,
            dnc_since=known.listed.get(number),
            opt_outs=tuple(known.opt_outs[number].values()),
            consents=tuple(known.consents[number]),
            usage=spent,
            other_numbers=frozenset(known.others[number]),
        )
        for number in numbers
    }


async def _attempts(
    connection: AsyncConnection,
    known: _Known,
    numbers: Sequence[str],
    since: datetime,
    without: AttemptId | None,
) -> None:
    """Those that left or may have left; open calls of any age."""
    query = (
        select(attempts.c.id, attempts.c.number, attempts.c.result, *_COUNTED)
        .where(attempts.c.number.in_(numbers), or_(attempts.c.intended_at >= since, OPEN_CALL), _LEFT)
        .order_by(attempts.c.intended_at)
    )
    for row in await connection.execute(query):
        if row.id == without:
            continue
        if row.intended_at >= since:
            known.past[row.number].append(_past(row))
        if row.result is None and row.medium == Medium.voice:
            known.on_the_line.add(row.number)


async def _opt_outs(connection: AsyncConnection, known: _Known, numbers: Sequence[str]) -> None:
    in_force = opt_outs.c.ended_at.is_(None)
    of_number = select(opt_outs, opt_outs.c.number.label("asked")).where(
        opt_outs.c.number.in_(numbers), in_force
    )
    of_person = (
        select(opt_outs, customer_numbers.c.number.label("asked"))
        .join(customer_numbers, customer_numbers.c.customer == opt_outs.c.customer)
        .where(customer_numbers.c.number.in_(numbers), in_force)
    )
    for query in (of_number, of_person):
        for row in await connection.execute(query.order_by(opt_outs.c.id)):
            medium = Medium(row.medium) if row.medium else None
            said = OptOut(row.since, row.evidence, medium, row.message_class)
            known.opt_outs[row.asked][row.id] = said


async def _people(
    connection: AsyncConnection, known: _Known, numbers: Sequence[str], since: datetime
) -> None:
    own, other = customer_numbers.alias("own"), customer_numbers.alias("other")
    his = (
        select(own.c.number.label("asked"), other.c.number)
        .join_from(own, other, and_(other.c.customer == own.c.customer, other.c.number != own.c.number))
        .where(own.c.number.in_(numbers))
    )
    for row in await connection.execute(his):
        known.others[row.asked].add(row.number)
    elsewhere: Select[Any] = (
        select(own.c.number.label("asked"), attempts.c.id, *_COUNTED)
        .distinct()
        .join_from(own, other, and_(other.c.customer == own.c.customer, other.c.number != own.c.number))
        .join(attempts, attempts.c.number == other.c.number)
        .where(own.c.number.in_(numbers), attempts.c.intended_at >= since, _LEFT)
        .order_by(attempts.c.intended_at)
    )
    for row in await connection.execute(elsewhere):
        known.to_person[row.asked].append(_past(row))
    agreed = (
        select(customer_consents, own.c.number.label("asked"))
        .join(own, own.c.customer == customer_consents.c.customer)
        .where(own.c.number.in_(numbers))
        .order_by(customer_consents.c.id)
    )
    for row in await connection.execute(agreed):
        known.consents[row.asked].append(
            Consent(
                row.clause,
                row.granted_at,
                row.granted_by,
                row.evidence,
                row.withdrawn_at,
                row.withdrawn_by or "",
            )
        )


def _past(row: Any) -> Past:
    return Past(row.intended_at, Medium(row.medium), Purpose(row.purpose), row.profile)

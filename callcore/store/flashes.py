"""Flash notes: urgent words on a contract, a number, a topic, a district, an outage, the house (D-40, D-45).

A note is shown from its beginning to its end, then rests; withdrawn, it stays to be read by who asks. One on
the whole house may have words for callers: see ``announcements.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CustomerId, Login, NodeCode, OutageId
from callcore.domain import Text as Words
from callcore.store import audit, outbox
from callcore.store.engine import among, insert
from callcore.store.errors import NotStored
from callcore.store.flash_rows import (
    EVERYBODY,
    TEXT_LIMIT,
    Flash,
    FlashReader,
    FlashScope,
    FlashState,
    NewFlash,
    flash_of,
    in_state,
)
from callcore.store.network_tree import near
from callcore.store.ports import Store
from callcore.store.schema.core import outage_nodes, outages
from callcore.store.schema.knowledge import flash_reads, flashes
from callcore.store.texts import WORD_LIMIT, typed_text

__all__ = [
    "EVERYBODY",
    "TEXT_LIMIT",
    "Flash",
    "FlashReader",
    "FlashScope",
    "FlashState",
    "Flashes",
    "NewFlash",
]
MOST = 50
"""Notes on one card."""


class Flashes:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, new: NewFlash, login: Login, at: datetime) -> Flash:
        """Raises TextRefused for a text that is empty or over 500 characters, ValueError for an end that is
        not after the beginning, or for spoken words of a note that is not on the house."""
        if new.ends_at <= new.begins_at:
            raise ValueError("a flash note ends after it begins")
        if new.spoken is not None and new.scope is not FlashScope.house:
            raise ValueError("only a note on the house is spoken")
        values: dict[str, Any] = {
            "scope": new.scope.value,
            "target": typed_text(new.target, WORD_LIMIT, "target", empty=False),
            "label": typed_text(new.label, WORD_LIMIT, "label"),
            "text": typed_text(new.text, TEXT_LIMIT, "text", lines=True, empty=False),
            "login": login,
            "must_read": new.must_read,
            "begins_at": new.begins_at,
            "ends_at": new.ends_at,
            "created_at": at,
            "is_spoken": new.is_spoken and new.spoken is not None,
            **_spoken(new.spoken),
        }

        async def op(connection: AsyncConnection) -> Flash:
            statement = flashes.insert().values(**values).returning(*flashes.c)
            flash = flash_of((await connection.execute(statement)).one())
            await outbox.tell(connection, "flash.created", _told(flash), at)
            await audit.note(
                connection, login, "flash_created", flash.customer, at, subject=f"flash:{flash.id}"
            )
            return flash

        return await self._store.writer.submit(op)

    async def withdraw(self, id: int, login: Login, at: datetime) -> None:
        """It pops no more; once withdrawn it stays so. Raises NotStored if there is none."""

        async def op(connection: AsyncConnection) -> bool:
            row = (await connection.execute(select(flashes).where(flashes.c.id == id))).first()
            if row is None:
                return False
            if row.withdrawn_at is None:
                change = update(flashes).where(flashes.c.id == id)
                await connection.execute(change.values(withdrawn_at=at, withdrawn_by=login))
                flash = flash_of(row)
                await outbox.tell(connection, "flash.withdrawn", _told(flash), at)
                await audit.note(
                    connection, login, "flash_withdrawn", flash.customer, at, subject=f"flash:{id}"
                )
            return True

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is no flash note {id}", "Такой заметки нет.")

    async def read(self, id: int, login: Login, at: datetime) -> None:
        """He says that he has read it; the first time counts. Raises NotStored if there is none."""

        async def op(connection: AsyncConnection) -> bool:
            if (await connection.execute(select(flashes.c.id).where(flashes.c.id == id))).first() is None:
                return False
            statement = insert(connection, flash_reads).values(flash=id, login=login, at=at)
            if (await connection.execute(statement.on_conflict_do_nothing())).rowcount:
                await outbox.tell(connection, "flash.read", {"id": id, "login": login}, at)
            return True

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is no flash note {id}", "Такой заметки нет.")

    async def current(
        self,
        customer: CustomerId | None,
        numbers: Collection[str],
        topics: Collection[str],
        nodes: Collection[NodeCode],
        outages: Collection[OutageId],
        now: datetime,
        reader: Login | None = None,
    ) -> tuple[Flash, ...]:
        """The notes that hold now and hang on any of these, narrowest first, then the newest. One query.

        ``nodes``: those above the customer too; ``reader``: whose ``read_at`` it tells.
        """
        query = _current(_hangs(customer, numbers, topics, nodes, outages))
        given = {"now": now, "reader": reader}
        return await self._store.ask(lambda connection: _flashes(connection.execute(query, given)))

    async def of_customer(
        self,
        customer: CustomerId,
        numbers: Collection[str],
        topics: Collection[str],
        now: datetime,
        reader: Login | None = None,
    ) -> tuple[Flash, ...]:
        """As ``current``, with the nodes at and above his home and the open outages there."""

        given = {
            "customers": [customer],
            "contract": str(customer),
            "numbers": list(numbers),
            "topics": list(topics),
            "now": now,
            "reader": reader,
        }
        return await self._store.ask(
            lambda connection: _flashes(connection.execute(_of_customer(connection.dialect.name), given))
        )

    async def turned(self, since: datetime, now: datetime) -> tuple[Flash, ...]:
        """The standing notes that began or ended after ``since``, up to now."""
        edges = (flashes.c.begins_at, flashes.c.ends_at)
        query = select(flashes).where(
            flashes.c.withdrawn_at.is_(None), or_(*(and_(edge > since, edge <= now) for edge in edges))
        )
        async with self._store.read() as connection:
            return tuple(map(flash_of, (await connection.execute(query)).all()))

    async def next_turn_at(self, now: datetime) -> datetime | None:
        """When the next standing note begins or ends."""

        async def first(connection: AsyncConnection, edge: ColumnElement[datetime]) -> datetime | None:
            query = select(edge).where(flashes.c.withdrawn_at.is_(None), edge > now).order_by(edge).limit(1)
            return (await connection.execute(query)).scalar()

        async with self._store.read() as connection:
            turns = [await first(connection, edge) for edge in (flashes.c.begins_at, flashes.c.ends_at)]
        return min((turn for turn in turns if turn is not None), default=None)

    async def get(self, id: int, reader: Login | None = None) -> Flash | None:
        async with self._store.read() as connection:
            row = (await connection.execute(_query(reader).where(flashes.c.id == id))).first()
        return flash_of(row) if row else None

    async def readers(self, id: int) -> tuple[FlashReader, ...]:
        """Who said that they have read it, first to last."""
        query = select(flash_reads).where(flash_reads.c.flash == id)
        async with self._store.read() as connection:
            rows = (await connection.execute(query.order_by(flash_reads.c.at, flash_reads.c.login))).all()
        return tuple(FlashReader(Login(row.login), row.at) for row in rows)

    async def search(
        self,
        now: datetime,
        *,
        state: FlashState | None = FlashState.current,
        scope: FlashScope | None = None,
        target: str = "",
        author: Login | None = None,
        reader: Login | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Flash, ...]:
        """The newest first. ``target``: as in ``NewFlash``, or a label; "" any."""
        query = _query(reader).order_by(flashes.c.id.desc()).limit(limit).offset(offset)
        if state is not None:
            query = query.where(in_state(state, now))
        if scope is not None:
            query = query.where(flashes.c.scope == scope.value)
        if target:
            query = query.where(or_(flashes.c.target == target, flashes.c.label == target))
        if author is not None:
            query = query.where(flashes.c.login == author)
        async with self._store.read() as connection:
            return tuple(map(flash_of, (await connection.execute(query)).all()))


def _hangs(
    customer: CustomerId | None,
    numbers: Collection[str],
    topics: Collection[str],
    nodes: Collection[NodeCode],
    outages: Collection[OutageId],
) -> list[ColumnElement[bool]]:
    wanted: dict[FlashScope, list[str]] = {
        FlashScope.contract: [] if customer is None else [str(customer)],
        FlashScope.number: list(numbers),
        FlashScope.topic: list(topics),
        FlashScope.district: list(nodes),
        FlashScope.outage: [str(id) for id in outages],
        FlashScope.house: [EVERYBODY],
    }
    return [_on(scope, targets) for scope, targets in wanted.items() if targets]


def _current(hangs: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """With the parameters ``now`` and ``reader``, None for nobody."""
    standing = in_state(FlashState.current, bindparam("now"))
    is_told = or_(flashes.c.spoken_ru == "", flashes.c.is_spoken)
    mine = and_(flash_reads.c.flash == flashes.c.id, flash_reads.c.login == bindparam("reader"))
    query = select(flashes, flash_reads.c.at.label("read_at")).outerjoin_from(flashes, flash_reads, mine)
    return query.where(standing, is_told, or_(*hangs)).order_by(flashes.c.id.desc()).limit(MOST)


@cache
def _of_customer(dialect: str) -> Select[Any]:
    """With the parameters ``customers`` (him alone), ``contract``, ``numbers``, ``topics``."""
    nodes = near(bindparam("customers", expanding=True))
    around = (
        select(cast(outage_nodes.c.outage, Text))
        .join(outages, outages.c.id == outage_nodes.c.outage)
        .where(outages.c.ended_at.is_(None), among(dialect, outage_nodes.c.node, nodes))
    )
    target, scope = flashes.c.target, flashes.c.scope
    hangs = {
        FlashScope.contract: target == bindparam("contract"),
        FlashScope.number: target.in_(bindparam("numbers", expanding=True)),
        FlashScope.topic: target.in_(bindparam("topics", expanding=True)),
        FlashScope.district: among(dialect, target, nodes),
        FlashScope.outage: among(dialect, target, around),
        FlashScope.house: target == EVERYBODY,
    }
    return _current([and_(scope == one.value, fits) for one, fits in hangs.items()])


def _flashes(found: Iterable[Row[Any]]) -> tuple[Flash, ...]:
    """The narrowest first."""
    order = list(FlashScope)
    return tuple(sorted(map(flash_of, found), key=lambda flash: order.index(flash.scope)))


def _on(scope: FlashScope, targets: Collection[str]) -> ColumnElement[bool]:
    return and_(flashes.c.scope == scope.value, flashes.c.target.in_(targets))


def _query(reader: Login | None) -> Select[Any]:
    count = select(func.count()).where(flash_reads.c.flash == flashes.c.id).scalar_subquery()
    mine = select(flash_reads.c.at).where(flash_reads.c.flash == flashes.c.id, flash_reads.c.login == reader)
    return select(flashes, count.label("readers"), mine.scalar_subquery().label("read_at"))


def _spoken(words: Words | None) -> dict[str, str]:
    if words is None:
        return {"spoken_ru": "", "spoken_en": ""}
    return {
        name: typed_text(text, TEXT_LIMIT, name, lines=True, empty=False)
        for name, text in (("spoken_ru", words.ru), ("spoken_en", words.en))
    }


def _told(flash: Flash) -> dict[str, Any]:
    return {
        "id": flash.id,
        "scope": flash.scope.value,
        "target": flash.target,
        "must_read": flash.must_read,
        "begins_at": flash.begins_at.isoformat(),
        "ends_at": flash.ends_at.isoformat(),
    }

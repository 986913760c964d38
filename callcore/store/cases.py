"""Cases: written whole with their history, stages and events, or not at all.

A change names the revision that it was decided on. If somebody was faster, it is refused with
``CaseChanged``, which holds the case as it is now: the page says who has it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, CustomerId, Login, TopicCode
from callcore.store import audit, outbox
from callcore.store.attachments import Attachment, Owner, OwnerKind, let_go, put_within, take_along
from callcore.store.case_find import CALLED, Found, Look, find, of_customer, of_interaction, tally
from callcore.store.case_index import index_case
from callcore.store.case_rows import (
    Alarm,
    Case,
    CaseLine,
    Change,
    Entry,
    Priority,
    StageRun,
    Status,
    number_of,
)
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.cases import case_alarms, case_history, case_stages, cases
from callcore.store.texts import ADDRESS_LIMIT, COMMENT_LIMIT, WORD_LIMIT, typed_text

FIELD_LIMIT = COMMENT_LIMIT
FORM_LIMIT = 200_000
"""Characters of a whole form; each field has its own limit above this store."""


class CaseChanged(NotStored):
    """Somebody else was faster. ``case``: as it is now; None if it is gone."""

    def __init__(self, case: Case | None) -> None:
        super().__init__("the case was changed by somebody else meanwhile")
        self.case = case


class Cases:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def save(
        self, change: Change, login: Login, at: datetime, files: Sequence[tuple[Attachment, bytes]] = ()
    ) -> Case:
        """Write a change with everything that belongs to it, and files with their bodies; the case as stored.

        Raises ``CaseChanged``, ``TextRefused``, ``AttachmentRefused``.
        """
        values = _values(change)

        async def op(connection: AsyncConnection) -> Case:
            case = await _write(connection, change, values, login, at)
            for file, body in files:
                owner = Owner(OwnerKind.case, number_of(case.id, case.created_at))
                await put_within(connection, owner, file, body)
            return case

        return cast(Case, await self._store.writer.submit(op))

    async def discard(self, case: Case, login: Login, at: datetime) -> None:
        """Take away a case that was never sent (D-43 "cancel"), with its files. Raises ``CaseChanged``."""

        async def op(connection: AsyncConnection) -> None:
            mine = (cases.c.id == case.id, cases.c.revision == case.revision, cases.c.sent_at.is_(None))
            if (await connection.execute(delete(cases).where(*mine))).rowcount != 1:
                raise CaseChanged(await _get(connection, case.id))
            number = number_of(case.id, case.created_at)
            await let_go(connection, Owner(OwnerKind.case, number))
            await outbox.tell(connection, "case.discarded", {"case": number}, at)
            await audit.note(connection, login, "changed", case.customer, at, subject=f"case:{case.id}")

        await self._store.writer.submit(op)

    async def get(self, id: int) -> Case | None:
        return await self._store.ask(lambda connection: _read(connection, id))

    async def history(self, id: int) -> tuple[Entry, ...]:
        """Oldest first."""
        query = select(case_history).where(case_history.c.case == id).order_by(case_history.c.id)
        async with self._store.read() as connection:
            return tuple(map(_entry, (await connection.execute(query)).all()))

    async def called(self, id: int, call: CallId, login: Login, at: datetime) -> None:
        """Somebody calls to tell about it (D-62): its history names the call, whose interaction is its from
        now on."""

        async def op(connection: AsyncConnection) -> None:
            case = await _get(connection, id)
            if case is not None:
                entry = Entry(at, login, CALLED, "call", "", call, "", case.revision)
                await connection.execute(case_history.insert().values(case=id, **_entry_values(entry)))
                await audit.note(connection, login, "changed", case.customer, at, subject=f"case:{id}")

        await self._store.writer.submit(op)

    async def of_call(self, call: CallId, type: str, initiator: Login) -> Case | None:
        """The first case of this type that he made in this call."""
        of = (cases.c.contact == call, cases.c.type == type, cases.c.initiator == initiator)
        query = select(cases.c.id).where(*of).order_by(cases.c.id).limit(1)

        def read(connection: Connection) -> Case | None:
            id = connection.execute(query).scalar()
            return None if id is None else _read(connection, id)

        return await self._store.ask(read)

    async def of_customer(
        self, customer: CustomerId, open_only: bool = True, limit: int = 100
    ) -> tuple[CaseLine, ...]:
        """Newest first."""
        return await self._store.ask(
            lambda connection: of_customer(connection, customer, open_only=open_only, limit=limit)
        )

    async def of_interaction(self, interaction: int) -> tuple[CaseLine, ...]:
        """That came of it (D-33), or that the call was about, oldest first."""
        return await self._store.ask(lambda connection: of_interaction(connection, interaction))

    async def find(self, look: Look, now: datetime) -> Found:
        """A page of a list, and how many there are in all."""
        return await self._store.ask(lambda connection: find(connection, look, now))

    async def tally(self, login: Login, departments: Collection[str], now: datetime) -> dict[str, int]:
        """Counts of a person's folders; see ``case_find.tally``."""
        return await self._store.ask(lambda connection: tally(connection, login, departments, now))

    async def stage_times(self, type: str) -> dict[str, tuple[int, float]]:
        """Of each stage that was finished: how often, and its mean working time in seconds."""
        columns = (case_stages.c.stage, func.count(), func.avg(case_stages.c.worked_seconds))
        done = (case_stages.c.type == type, case_stages.c.worked_seconds.is_not(None))
        query = select(*columns).where(*done).group_by(case_stages.c.stage)
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return {stage: (count, float(mean)) for stage, count, mean in rows}

    # --- the clock

    async def next_alarm_at(self) -> datetime | None:
        query = select(func.min(cases.c.alarm_at))
        async with self._store.read() as connection:
            moment = (await connection.execute(query)).scalar_one()
        return cast("datetime | None", moment)

    async def alarming(self, now: datetime, limit: int = 100) -> tuple[int, ...]:
        """Cases that the clock has to look at, the longest due first."""
        due = select(cases.c.id).where(cases.c.alarm_at <= now).order_by(cases.c.alarm_at).limit(limit)
        async with self._store.read() as connection:
            return tuple((await connection.execute(due)).scalars())

    async def rung(self, id: int) -> tuple[tuple[int, str], ...]:
        """Alarms that were written: the stage's count and the alarm's key."""
        query = select(case_alarms.c.n, case_alarms.c.key).where(case_alarms.c.case == id)
        async with self._store.read() as connection:
            return tuple((row.n, row.key) for row in await connection.execute(query))

    async def ring(
        self,
        case: Case,
        rings: Collection[tuple[Alarm, tuple[Login, ...]]],
        alarm_at: datetime | None,
        at: datetime,
    ) -> tuple[Alarm, ...] | None:
        """Write alarms with whom they go to, and when to look again; those that were not there before.

        None: the case was changed meanwhile, nothing is written, look at it again.
        """

        async def op(connection: AsyncConnection) -> tuple[Alarm, ...] | None:
            mine = (cases.c.id == case.id, cases.c.revision == case.revision)
            done = await connection.execute(update(cases).where(*mine).values(alarm_at=alarm_at))
            if done.rowcount != 1:
                return None
            return tuple([each[0] for each in rings if await _ring(connection, case, *each, at)])

        return cast("tuple[Alarm, ...] | None", await self._store.writer.submit(op))


async def _ring(
    connection: AsyncConnection, case: Case, alarm: Alarm, told: tuple[Login, ...], at: datetime
) -> bool:
    run = case.runs[-1]
    values = {"case": case.id, "n": run.n, "key": alarm.key, "kind": alarm.kind, "at": alarm.at}
    new = insert(connection, case_alarms).values(**values, rang_at=at, told=list(told))
    if (await connection.execute(new.on_conflict_do_nothing())).rowcount != 1:
        return False
    entry = Entry(at, Login(""), alarm.kind, "told", alarm.to, ", ".join(told), "", case.revision)
    await connection.execute(case_history.insert().values(case=case.id, **_entry_values(entry)))
    data = {
        "case": number_of(case.id, case.created_at),
        "stage": run.stage,
        "due_at": run.due_at.isoformat() if run.due_at else None,
        "to": alarm.to,
        "told": list(told),
    }
    await outbox.tell(connection, f"case.{alarm.kind}", data, at)
    return True


async def _write(
    connection: AsyncConnection, change: Change, values: dict[str, Any], login: Login, at: datetime
) -> Case:
    after = change.after
    if change.before is None:
        new = cases.insert().values(revision=1, **values).returning(cases.c.id)
        id_ = cast(int, (await connection.execute(new)).scalar_one())
    else:
        id_ = change.before.id
        mine = (cases.c.id == id_, cases.c.revision == change.before.revision)
        values = values | {"revision": after.revision}
        if (await connection.execute(update(cases).where(*mine).values(**values))).rowcount != 1:
            raise CaseChanged(await _get(connection, id_))
    known = change.before.runs if change.before else ()
    for run in after.runs:
        if run not in known:
            await _write_run(connection, id_, after.type, run)
    for entry in change.entries:
        await connection.execute(case_history.insert().values(case=id_, **_entry_values(entry)))
    number = number_of(id_, after.created_at)
    if change.before is None and after.interaction is not None:
        source = Owner(OwnerKind.interaction, str(after.interaction))
        await take_along(connection, source, Owner(OwnerKind.case, number), login, at)
    for type_, data in change.events:
        told = {"case": number, "customer": after.customer, **data}
        await outbox.tell(connection, type_, told, at)
    act = "seen" if not change.entries else "changed"
    await audit.note(connection, login, act, after.customer, at, subject=f"case:{id_}")
    stored = await _get(connection, id_)
    assert stored is not None
    return stored


async def _write_run(connection: AsyncConnection, case: int, type_: str, run: StageRun) -> None:
    names = ("stage", "department", "entered_at", "began_at", "due_at", "ended_at", "result", "ended_by")
    values = {name: getattr(run, name) for name in names} | {"worked_seconds": run.worked_seconds}
    new = insert(connection, case_stages).values(case=case, n=run.n, type=type_, **values)
    await connection.execute(new.on_conflict_do_update(index_elements=["case", "n"], set_=values))


async def _get(connection: AsyncConnection, id: int) -> Case | None:
    return await connection.run_sync(_read, id)


def _read(connection: Connection, id: int) -> Case | None:
    row = connection.execute(select(cases).where(cases.c.id == id)).first()
    if row is None:
        return None
    runs = select(case_stages).where(case_stages.c.case == id).order_by(case_stages.c.n)
    return _case(row, tuple(map(_run, connection.execute(runs).all())))


def _values(change: Change) -> dict[str, Any]:
    """The row of a case; raises ``TextRefused``."""
    case = change.after
    comment = typed_text(case.comment, COMMENT_LIMIT, "comment", lines=True)
    form = {name: typed_text(text, FIELD_LIMIT, name, lines=True) for name, text in case.form.items()}
    typed_text("".join(form.values()), FORM_LIMIT, "form", lines=True)
    return {
        "type": case.type,
        "queue": case.queue,
        "department": case.department,
        "status": case.status,
        "initiator": case.initiator,
        "owner": case.owner,
        "priority": int(case.priority),
        "customer": case.customer,
        "number": typed_text(case.number, WORD_LIMIT, "number"),
        "contact": case.contact,
        "interaction": case.interaction,
        "topic": typed_text(case.topic, ADDRESS_LIMIT, "topic"),
        "comment": comment,
        "form": form,
        "flags": sorted(case.flags),
        "result": case.result,
        "created_at": case.created_at,
        "changed_at": case.changed_at,
        "sent_at": case.sent_at,
        "queued_at": case.queued_at,
        "closed_at": case.closed_at,
        "stage": case.run.stage if case.run else "",
        "due_at": case.due_at,
        "alarm_at": change.alarm_at,
        "haystack": index_case((case.number, comment, *form.values())),
    }


def _case(row: Row[Any], runs: tuple[StageRun, ...]) -> Case:
    return Case(
        id=row.id,
        revision=row.revision,
        type=row.type,
        queue=row.queue,
        department=row.department,
        status=Status(row.status),
        initiator=Login(row.initiator),
        owner=row.owner,
        customer=CustomerId(row.customer),
        created_at=row.created_at,
        changed_at=row.changed_at,
        priority=Priority(row.priority),
        number=row.number,
        contact=CallId(row.contact) if row.contact else None,
        interaction=row.interaction,
        topic=TopicCode(row.topic),
        comment=row.comment,
        form=row.form,
        flags=frozenset(row.flags),
        result=row.result,
        sent_at=row.sent_at,
        queued_at=row.queued_at,
        closed_at=row.closed_at,
        runs=runs,
    )


def _run(row: Row[Any]) -> StageRun:
    values = dict(row._mapping)
    del values["case"], values["type"]
    return StageRun(**values)


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.at, Login(row.login), row.act, row.field, row.was, row.became, row.reason, row.revision)


def _entry_values(entry: Entry) -> dict[str, Any]:
    names = ("at", "login", "act", "field", "was", "became", "reason", "revision")
    return {name: getattr(entry, name) for name in names}

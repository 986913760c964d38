"""What callers say after the tone (D-61): one row for each message, with the case that it became.

The sound itself is a file in the folder of recordings; here stands its name. Once the sound is gone the row
stays: that he called, and what became of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, CustomerId, Language, Login, QueueName, TopicCode
from callcore.store import audit, following, outbox, sounds
from callcore.store.case_rows import number_of
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.follow_rows import AskedBy, FollowUpKind, NewFollowUp
from callcore.store.ports import Store
from callcore.store.schema.cases import cases
from callcore.store.schema.core import customers
from callcore.store.schema.ivr import voicemails
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, machine_text, machine_text_or_none


@dataclass(frozen=True, slots=True)
class NewVoicemail:
    """``number``: canonical, None where it is withheld. ``file``: its name in the folder of recordings."""

    call: CallId
    topic: TopicCode
    language: Language
    file: str
    ms: int
    number: str | None = None
    customer: CustomerId | None = None


@dataclass(frozen=True, slots=True)
class Voicemail:
    id: int
    call: CallId
    topic: TopicCode
    language: Language
    file: str
    """"" once it is gone from the folder."""
    ms: int
    made_at: datetime
    number: str | None = None
    customer: CustomerId | None = None
    customer_name: str = ""
    """Read with the message, not stored with it; empty if unknown."""
    case: int | None = None
    """Id of the case that it became."""
    case_number: str = ""
    heard_at: datetime | None = None
    """When somebody listened to it first."""
    heard_by: Login | None = None
    deleted_at: datetime | None = None

    @property
    def has_sound(self) -> bool:
        return self.deleted_at is None and self.file != ""


@dataclass(frozen=True, slots=True)
class VoicemailLook:
    """What a list shows; everything that is set must fit. ``topics``: those, and all below them."""

    heard: bool | None = None
    topics: Collection[TopicCode] = ()
    customer: CustomerId | None = None
    number: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    offset: int = 0


class Voicemails:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, new: NewVoicemail, at: datetime) -> Voicemail:
        """Once for each file: the one that is there already comes back unchanged."""
        values = {
            "call": new.call,
            "topic": machine_text(new.topic, WORD_LIMIT),
            "number": machine_text_or_none(new.number, WORD_LIMIT),
            "customer": new.customer,
            "language": new.language,
            "file": machine_text(new.file, NAME_LIMIT),
            "ms": new.ms,
        }

        async def op(connection: AsyncConnection) -> int:
            row = insert(connection, voicemails).values(**values, made_at=at).on_conflict_do_nothing()
            made: int | None = (await connection.execute(row.returning(voicemails.c.id))).scalar()
            if made is None:
                there = select(voicemails.c.id).where(voicemails.c.file == values["file"])
                return int((await connection.execute(there)).scalar_one())
            told = {name: values[name] for name in ("call", "topic", "number", "customer", "ms")}
            await outbox.tell(connection, "voicemail.left", {"voicemail": made, **told}, at)
            await following.ask(connection, _to_call(new), at)
            return made

        return await self._known(await self._store.writer.submit(op))

    async def became(self, id: int, case: int) -> None:
        """Which case it is now."""

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(update(voicemails).where(voicemails.c.id == id).values(case=case))

        await self._store.writer.submit(op)

    async def heard(self, id: int, login: Login, at: datetime) -> None:
        """Somebody listens to it: each time in the audit, the first time in the row. Raises ``NotStored``."""
        await self._hear(id, login, at, act="listened", marks=True)

    async def fetched(self, id: int, login: Login, at: datetime) -> None:
        """A program takes the sound: in the audit; nobody has heard it yet. Raises ``NotStored``."""
        await self._hear(id, login, at, act="listened", marks=False)

    async def mark_heard(self, id: int, login: Login, at: datetime) -> None:
        """Somebody knows what is said in it, from wherever. The first counts. Raises ``NotStored``."""
        await self._hear(id, login, at, act="changed", marks=True)

    async def _hear(self, id: int, login: Login, at: datetime, *, act: str, marks: bool) -> None:
        async def op(connection: AsyncConnection) -> bool:
            row = (await connection.execute(select(voicemails).where(voicemails.c.id == id))).first()
            if row is None:
                return False
            is_first = row.heard_at is None
            if is_first and marks:
                change = update(voicemails).where(voicemails.c.id == id)
                await connection.execute(change.values(heard_at=at, heard_by=login))
            if is_first or act == "listened":
                await audit.note(connection, login, act, row.customer, at, subject=f"voicemail:{id}")
            return True

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is no voicemail {id}", f"сообщения {id} нет")

    async def get(self, id: int) -> Voicemail | None:
        found = await self._find([voicemails.c.id == id], limit=1)
        return found[0] if found else None

    async def of_case(self, case: int) -> tuple[Voicemail, ...]:
        """The newest first."""
        return await self._find([voicemails.c.case == case], limit=100)

    async def find(self, look: VoicemailLook) -> tuple[Voicemail, ...]:
        """The newest first."""
        return await self._find(_conditions(look), look.limit, look.offset)

    async def count(self, look: VoicemailLook) -> int:
        query = select(func.count()).select_from(voicemails).where(*_conditions(look))
        async with self._store.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    # --- letting the sound go

    async def delete_sounds(self, before: datetime, at: datetime) -> int:
        """Of messages made before that moment; gives how many. The files follow: ``to_remove``."""
        return await sounds.expire(self._store, voicemails, voicemails.c.made_at < before, before, at)

    async def to_remove(self, after: int = 0, limit: int = 500) -> tuple[tuple[int, str], ...]:
        """Id and file of messages whose sound has to go and is still in the folder, after that id."""
        return await sounds.marked(self._store, voicemails, after, limit)

    async def removed(self, ids: Collection[int]) -> None:
        """Their files are gone from the folder."""
        await sounds.forget(self._store, voicemails, ids)

    async def _known(self, id: int) -> Voicemail:
        (found,) = await self._find([voicemails.c.id == id], limit=1)
        return found

    async def _find(
        self, where: list[ColumnElement[bool]], limit: int, offset: int = 0
    ) -> tuple[Voicemail, ...]:
        query = (
            select(
                voicemails,
                customers.c.name.label("customer_name"),
                cases.c.created_at.label("case_created_at"),
            )
            .outerjoin_from(voicemails, customers, customers.c.id == voicemails.c.customer)
            .outerjoin(cases, cases.c.id == voicemails.c.case)
            .where(*where)
            .order_by(voicemails.c.made_at.desc(), voicemails.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        async with self._store.read() as connection:
            return tuple(map(_voicemail, (await connection.execute(query)).all()))


def _to_call(new: NewVoicemail) -> NewFollowUp:
    return NewFollowUp(
        FollowUpKind.voicemail,
        new.number or "",
        new.topic,
        QueueName(""),
        new.language,
        new.call,
        new.customer,
        source=AskedBy.contact,
    )


def _conditions(look: VoicemailLook) -> list[ColumnElement[bool]]:
    c = voicemails.c
    where: list[ColumnElement[bool]] = []
    if look.heard is not None:
        where.append(c.heard_at.is_not(None) if look.heard else c.heard_at.is_(None))
    if look.topics:
        below = [c.topic.startswith(f"{topic}.", autoescape=True) for topic in look.topics]
        where.append(or_(c.topic.in_(tuple(look.topics)), *below))
    if look.customer is not None:
        where.append(c.customer == look.customer)
    if look.number:
        where.append(c.number == look.number)
    if look.since is not None:
        where.append(c.made_at >= look.since)
    if look.until is not None:
        where.append(c.made_at < look.until)
    return where


def _voicemail(row: Row[Any]) -> Voicemail:
    values = dict(row._mapping)
    created_at = values.pop("case_created_at")
    values |= {"file": values["file"] or "", "customer_name": values["customer_name"] or ""}
    number = "" if row.case is None or created_at is None else number_of(row.case, created_at)
    return Voicemail(**values, case_number=number)

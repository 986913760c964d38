"""Recordings of talks: one row for each, with the caller's consent and its moment.

The row is there before the file begins, so that what a crash leaves is found. A caller who refused has a row
without a file: what he said stays proven. Once the sound is gone the row stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, ChannelId, CustomerId, Login, PbxName, QueueName, RecordMode
from callcore.store import audit, outbox, sounds
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.access import audit as lines
from callcore.store.schema.core import contacts
from callcore.store.schema.ivr import recordings
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, machine_text

SUFFIX = ".wav"
WORDS_LIMIT = 2000


Why = Literal["words", "operator", "card", "time", "start", "end"]
"""Why a recording was turned on or off: words were played; an operator asked; a card number is read; the
pause was over; silent from the beginning; the call ended."""


@dataclass(frozen=True, slots=True)
class NewRecording:
    """``token``: 32 characters of 0-9a-f, nobody's before. ``words``: as played to the caller
    at ``said_at``, "" if none were. ``is_refused``: he pressed the key; no file is made."""

    token: str
    call: CallId
    pbx: PbxName
    channel: ChannelId
    queue: QueueName
    mode: RecordMode
    words: str = ""
    said_at: datetime | None = None
    edition: int | None = None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A turn: from ``at`` on it is recorded (``on``), or silence is."""

    at: datetime
    on: bool
    why: Why
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    id: int
    token: str
    call: CallId
    pbx: PbxName
    channel: ChannelId
    queue: QueueName
    mode: RecordMode
    file: str
    """"" where he refused, or once it is gone from the folder."""
    consent_at: datetime | None
    consent_how: Literal["words", "operator"] | None
    consent_by: Login | None
    consent_words: str
    edition: int | None
    refused_at: datetime | None
    began_at: datetime
    ended_at: datetime | None
    ms: int
    """Of the file; 0 while it goes on."""
    spans: tuple[Span, ...]
    deleted_at: datetime | None

    @property
    def has_sound(self) -> bool:
        return self.deleted_at is None and self.file != ""

    @property
    def is_open(self) -> bool:
        """The call goes on."""
        return self.ended_at is None and self.refused_at is None

    @property
    def is_on(self) -> bool:
        """Whether what is said now is recorded."""
        return self.is_open and bool(self.spans) and self.spans[-1].on

    @property
    def was_on(self) -> bool:
        """Whether anything of the talk can be in the file."""
        return any(span.on for span in self.spans)


@dataclass(frozen=True, slots=True)
class Listened:
    """A line of the audit."""

    at: datetime
    login: Login


@dataclass(frozen=True, slots=True)
class RecordingLook:
    """Which ones: "" and None ask for nothing. ``login``: who talked to him; ``number``: canonical, the other
    side's; ``since``, ``until``: when they began, up to before the latter."""

    login: str = ""
    number: str = ""
    queue: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedRecording:
    """With what the contact of its call knows, once that is stored."""

    recording: Recording
    login: Login | None
    number: str | None
    customer: CustomerId | None


class Recordings:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, new: NewRecording, at: datetime) -> Recording:
        """Before the file is begun."""
        is_auto = new.mode is RecordMode.auto
        said_at = None if new.is_refused or not new.words else (new.said_at or at)
        first = Span(at, is_auto, "words" if said_at else "start")
        values: dict[str, Any] = {
            "token": machine_text(new.token, WORD_LIMIT),
            "call": new.call,
            "pbx": new.pbx,
            "channel": machine_text(new.channel, NAME_LIMIT),
            "queue": machine_text(new.queue, WORD_LIMIT),
            "mode": new.mode.value,
            "file": None if new.is_refused else f"{new.token}{SUFFIX}",
            "consent_at": said_at,
            "consent_how": "words" if said_at else None,
            "consent_words": machine_text(new.words, WORDS_LIMIT),
            "edition": new.edition,
            "refused_at": at if new.is_refused else None,
            "began_at": at,
            "ms": 0,
            "spans": [] if new.is_refused else [_as_json(first)],
        }

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(recordings.insert().values(**values))

        await self._store.writer.submit(op)
        return await self._known(new.token)

    async def turn(
        self, token: str, at: datetime, *, on: bool, why: Why, login: Login | None = None
    ) -> Recording:
        """From now on it is recorded, or no longer. ``why`` ``operator`` and on: he has told the caller,
        that is
        the consent if there was none. Raises ``NotStored`` for one that is over, or that is not there."""
        span = Span(at, on, why, login)

        async def op(connection: AsyncConnection) -> bool:
            row = (await connection.execute(_living(token))).first()
            if row is None:
                return False
            values: dict[str, Any] = {"spans": [*row.spans, _as_json(span)]}
            if on and why == "operator" and row.consent_at is None:
                values |= {"consent_at": at, "consent_how": "operator", "consent_by": login}
            change = update(recordings).where(recordings.c.id == row.id)
            await connection.execute(change.values(**values))
            return True

        if not await self._store.writer.submit(op):
            raise _missing(token)
        return await self._known(token)

    async def bind(self, token: str, channel: ChannelId) -> Recording:
        """The channel that is recorded, where it was not there yet when the row was. Raises ``NotStored``."""
        c = recordings.c
        mine = update(recordings).where(c.token == token, c.ended_at.is_(None))

        async def op(connection: AsyncConnection) -> bool:
            bound = mine.values(channel=machine_text(channel, NAME_LIMIT))
            return bool((await connection.execute(bound)).rowcount)

        if not await self._store.writer.submit(op):
            raise _missing(token)
        return await self._known(token)

    async def end(self, token: str, at: datetime, ms: int) -> Recording:
        """It is over, once. A file in which nothing can be heard goes. Raises ``NotStored``."""

        async def op(connection: AsyncConnection) -> None:
            row = (await connection.execute(_living(token))).first()
            if row is None:
                return
            is_kept = ms > 0 and any(span["on"] for span in row.spans)
            # whose sound has to go already (he was erased while he talked) is not kept after all
            gone_at = row.deleted_at or (None if is_kept else at)
            values = {"ended_at": at, "ms": ms if is_kept else 0, "deleted_at": gone_at}
            change = update(recordings).where(recordings.c.id == row.id)
            await connection.execute(change.values(**values))
            if gone_at is None:
                told = {"recording": row.id, "call": row.call, "queue": row.queue, "ms": ms}
                await outbox.tell(connection, "recording.kept", told, at)

        await self._store.writer.submit(op)
        return await self._known(token)

    async def listened(self, token: str, login: Login, at: datetime) -> None:
        """In the audit, before he hears anything. Raises ``NotStored``."""

        async def op(connection: AsyncConnection) -> bool:
            of_call = contacts.c.call == recordings.c.call
            query = select(recordings.c.id, contacts.c.customer).outerjoin_from(recordings, contacts, of_call)
            row = (await connection.execute(query.where(recordings.c.token == token))).first()
            if row is None:
                return False
            await audit.note(connection, login, "listened", row.customer, at, subject=subject(row.id))
            return True

        if not await self._store.writer.submit(op):
            raise _missing(token)

    async def listeners(self, id: int) -> tuple[Listened, ...]:
        """Who has listened to it, the newest first."""
        c = lines.c
        query = select(c.at, c.login).where(c.subject == subject(id), c.act == "listened")
        async with self._store.read() as connection:
            rows = (await connection.execute(query.order_by(c.id.desc()).limit(200))).all()
        return tuple(Listened(row.at, row.login) for row in rows)

    async def get(self, token: str) -> Recording | None:
        found = await self._find(recordings.c.token == token)
        return found[0] if found else None

    async def of_call(self, call: CallId) -> tuple[Recording, ...]:
        """In the order in which they began."""
        return await self._find(recordings.c.call == call)

    async def kept_of(self, calls: Collection[CallId]) -> frozenset[CallId]:
        """Those of the calls of which there is a recording that is over and has its sound."""
        c = recordings.c
        wanted = (
            c.call.in_(list(calls)),
            c.file.is_not(None),
            c.ended_at.is_not(None),
            c.deleted_at.is_(None),
        )
        async with self._store.read() as connection:
            found = await connection.execute(select(c.call).where(*wanted).distinct())
            return frozenset(map(CallId, found.scalars()))

    async def find(self, look: RecordingLook, limit: int, offset: int = 0) -> tuple[ListedRecording, ...]:
        """Newest first."""
        c, of = recordings.c, contacts.c
        known = (of.answered_by.label("login"), of.caller_number.label("number"), of.customer)
        where = [
            *([c.queue == look.queue] if look.queue else []),
            *([of.answered_by == look.login] if look.login else []),
            *([of.caller_number == look.number] if look.number else []),
            *([c.began_at >= look.since] if look.since else []),
            *([c.began_at < look.until] if look.until else []),
        ]
        query = (
            select(recordings, *known)
            .outerjoin_from(recordings, contacts, of.call == c.call)
            .where(*where)
            .order_by(c.began_at.desc(), c.id.desc())
        )
        async with self._store.read() as connection:
            rows = (await connection.execute(query.limit(limit).offset(offset))).all()
        return tuple(map(_listed, rows))

    async def open(self) -> tuple[Recording, ...]:
        """Those whose end nobody has noted."""
        c = recordings.c
        return await self._find(c.ended_at.is_(None) & c.refused_at.is_(None))

    async def customer_of(self, call: CallId) -> CustomerId | None:
        """Whose call it was, once its contact is stored."""
        async with self._store.read() as connection:
            query = select(contacts.c.customer).where(contacts.c.call == call)
            found: int | None = (await connection.execute(query)).scalar()
        return None if found is None else CustomerId(found)

    # --- letting the sound go

    async def delete_sounds(self, before: datetime, at: datetime) -> int:
        """Of talks that began before that moment and are over; gives how many. The files follow:
        ``to_remove``."""
        c = recordings.c
        old = (c.began_at < before) & c.refused_at.is_(None) & c.ended_at.is_not(None)
        return await sounds.expire(self._store, recordings, old, before, at)

    async def to_remove(self, after: int = 0, limit: int = 500) -> tuple[tuple[int, str], ...]:
        """Id and file of recordings whose sound has to go and is still in the folder, after that id."""
        return await sounds.marked(self._store, recordings, after, limit)

    async def removed(self, ids: Collection[int]) -> None:
        """Their files are gone from the folder."""
        await sounds.forget(self._store, recordings, ids)

    async def _known(self, token: str) -> Recording:
        found = await self.get(token)
        if found is None:
            raise _missing(token)
        return found

    async def _find(self, where: ColumnElement[bool]) -> tuple[Recording, ...]:
        async with self._store.read() as connection:
            query = select(recordings).where(where).order_by(recordings.c.id)
            return tuple(map(_recording, (await connection.execute(query)).all()))


def subject(id: int) -> str:
    """Its name in the audit."""
    return f"recording:{id}"


def _living(token: str) -> Any:
    c = recordings.c
    return select(recordings).where(c.token == token, c.ended_at.is_(None), c.refused_at.is_(None))


def _missing(token: str) -> NotStored:
    return NotStored(f"there is no recording {token}", f"записи {token} нет")


def _as_json(span: Span) -> Mapping[str, Any]:
    return {"at": span.at.isoformat(), "on": span.on, "why": span.why, "login": span.login}


def _listed(row: Row[Any]) -> ListedRecording:
    values = dict(row._mapping)
    login, number, customer = (values.pop(name) for name in ("login", "number", "customer"))
    return ListedRecording(_made(values), login, number, customer)


def _recording(row: Row[Any]) -> Recording:
    return _made(dict(row._mapping))


def _made(values: dict[str, Any]) -> Recording:
    spans = tuple(Span(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in values.pop("spans"))
    values |= {"file": values["file"] or "", "mode": RecordMode(values["mode"])}
    return Recording(**values, spans=spans)

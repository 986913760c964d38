"""Files that belong to something: a letter to an interaction, a photo to a case, a contract to a customer.

A file is stored once and linked to as many owners as need it; without an owner it is gone.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from sqlalchemy import Row, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CustomerId
from callcore.store import audit
from callcore.store.engine import insert
from callcore.store.errors import StoreError, TextRefused
from callcore.store.media import sniff
from callcore.store.ports import Store
from callcore.store.schema.contacts import attachment_bodies, attachment_links, attachments
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, purified, typed_text
from callcore.store.users import By

MOST_BYTES = 10 * 1024 * 1024
MOST_OF_OWNER_BYTES = 100 * 1024 * 1024
MOST_OF_OWNER = 100
KINDS = (
    "letter",
    "statement",
    "contract",
    "registration",
    "power_of_attorney",
    "act",
    "invoice",
    "receipt",
    "photo",
    "screenshot",
    "form",
    "other",
)
"""Types near in meaning (D-37): letter from the customer, statement, contract, registration papers, power of
attorney, act (certificate of work done), invoice, receipt, photo, screenshot, standard form, other."""
IMPORTANT_KINDS = frozenset({"contract", "registration", "power_of_attorney"})
"""Documents that go to the contract level, too (D-37)."""


class OwnerKind(StrEnum):
    interaction = "interaction"
    case = "case"
    customer = "customer"
    article = "article"
    contact = "contact"


@dataclass(frozen=True, slots=True)
class Owner:
    """``id`` as text: record number, case number, customer id, slug, call."""

    kind: OwnerKind
    id: str


@dataclass(frozen=True, slots=True)
class Attachment:
    id: str
    name: str
    media_type: str
    """As its first bytes tell; ``application/octet-stream`` where they tell nothing."""
    kind: str
    size: int
    """Bytes."""
    digest: str
    """SHA-256 in hex."""
    login: str
    at: datetime


class AttachmentRefused(StoreError):
    """A file that is not taken; ``code`` names the text that a page shows.

    Codes: ``file_empty``, ``file_too_large``, ``files_too_many``, ``file_kind``, ``file_name``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Attachments:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self, owner: Owner, name: str, media_type: str, kind: str, body: bytes, login: str, at: datetime
    ) -> Attachment:
        """Store a file and link it to its owner. ``media_type`` is what the sender said; the body decides.

        Raises ``AttachmentRefused``: empty, over 10 MiB, an unknown kind, or the owner holds 100 files or
        100 MiB already.
        """
        found = checked(name, media_type, kind, body, login, at)

        async def op(connection: AsyncConnection) -> None:
            await put_within(connection, owner, found, body)

        await self._store.writer.submit(op)
        return found

    async def of(self, owner: Owner) -> tuple[Attachment, ...]:
        """Newest first."""
        query = (
            select(attachments)
            .join(attachment_links, attachment_links.c.attachment == attachments.c.id)
            .where(_is_of(owner))
            .order_by(attachments.c.at.desc(), attachments.c.id)
        )
        async with self._store.read() as connection:
            return tuple(map(_attachment, (await connection.execute(query)).all()))

    async def get(self, id: str) -> Attachment | None:
        async with self._store.read() as connection:
            row = (await connection.execute(select(attachments).where(attachments.c.id == id))).first()
        return _attachment(row) if row else None

    async def body(self, id: str) -> bytes | None:
        query = select(attachment_bodies.c.body).where(attachment_bodies.c.attachment == id)
        async with self._store.read() as connection:
            body = (await connection.execute(query)).scalar()
        return None if body is None else bytes(body)

    async def owners(self, id: str) -> tuple[Owner, ...]:
        """All that it belongs to: who may see one of them may see the file."""
        links = attachment_links.c
        query = select(links.owner_kind, links.owner).where(links.attachment == id).order_by(links.at)
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Owner(OwnerKind(row.owner_kind), row.owner) for row in rows)

    async def link(self, id: str, owner: Owner, login: str, at: datetime) -> bool:
        """Let it belong to one more; False if there is no such file. Raises ``AttachmentRefused``."""

        async def op(connection: AsyncConnection) -> bool:
            row = (await connection.execute(select(attachments.c.size).where(attachments.c.id == id))).first()
            if row is None:
                return False
            has = select(exists().where(_is_of(owner), attachment_links.c.attachment == id))
            if not (await connection.execute(has)).scalar():
                await _check_room(connection, owner, row.size)
                await _link(connection, id, owner, login, at)
            return True

        return await self._store.writer.submit(op)

    async def unlink(self, id: str, owner: Owner, by: By, customer: CustomerId | None = None) -> bool:
        """Take it away from this owner; a file that nobody has any more is deleted. False: it was not his.

        ``customer``: whose file it was, for the audit.
        """

        async def op(connection: AsyncConnection) -> bool:
            file = (await connection.execute(select(attachments).where(attachments.c.id == id))).first()
            gone = delete(attachment_links).where(_is_of(owner), attachment_links.c.attachment == id)
            if file is None or not (await connection.execute(gone)).rowcount:
                return False
            # Its name may name a person, whom the audit would not forget: what it was has to do.
            detail = {"kind": file.kind, "of": file.login}
            subject = "" if owner.kind is OwnerKind.customer else f"{owner.kind.value}:{owner.id}"
            await audit.note(
                connection, by.login, "file_removed", customer, by.at, subject=subject, detail=detail
            )
            await sweep(connection, (id,))
            return True

        return await self._store.writer.submit(op)


def checked(name: str, media_type: str, kind: str, body: bytes, login: str, at: datetime) -> Attachment:
    """A file that may be stored, with its new id, for ``put_within``; raises as ``add`` does."""
    if not body:
        raise AttachmentRefused("file_empty")
    if len(body) > MOST_BYTES:
        raise AttachmentRefused("file_too_large")
    if kind not in KINDS:
        raise AttachmentRefused("file_kind")
    return Attachment(
        id=secrets.token_urlsafe(16),
        name=clean_name(name),
        media_type=sniff(body, media_type),
        kind=kind,
        size=len(body),
        digest=hashlib.sha256(body).hexdigest(),
        login=login,
        at=at,
    )


async def put_within(connection: AsyncConnection, owner: Owner, found: Attachment, body: bytes) -> None:
    """Within a writer's op, together with other things. Raises ``AttachmentRefused`` for too many."""
    await _check_room(connection, owner, found.size)
    row = {field: getattr(found, field) for field in Attachment.__slots__}
    await connection.execute(attachments.insert().values(**row))
    await connection.execute(attachment_bodies.insert().values(attachment=found.id, body=body))
    await _link(connection, found.id, owner, found.login, found.at)


async def take_along(
    connection: AsyncConnection, source: Owner, target: Owner, login: str, at: datetime
) -> None:
    """Within a writer's op: what is made from ``source`` takes its attachments along (a case, D-37)."""
    query = select(attachment_links.c.attachment).where(_is_of(source))
    for id in (await connection.execute(query)).scalars().all():
        await _link(connection, id, target, login, at)


async def let_go(connection: AsyncConnection, owner: Owner) -> None:
    """Within a writer's op: an owner that ceases to be leaves no file behind that is his alone."""
    query = select(attachment_links.c.attachment).where(_is_of(owner))
    ids = tuple((await connection.execute(query)).scalars())
    await connection.execute(delete(attachment_links).where(_is_of(owner)))
    await sweep(connection, ids)


async def sweep(connection: AsyncConnection, ids: tuple[str, ...]) -> None:
    """Within a writer's op: those of these files that have no owner are deleted."""
    owned = exists().where(attachment_links.c.attachment == attachments.c.id)
    orphans = select(attachments.c.id).where(attachments.c.id.in_(ids), ~owned)
    gone = (await connection.execute(orphans)).scalars().all()
    await connection.execute(delete(attachment_bodies).where(attachment_bodies.c.attachment.in_(gone)))
    await connection.execute(delete(attachments).where(attachments.c.id.in_(gone)))


def clean_name(name: str) -> str:
    """The last part of a path, without what no file system or page takes; ``file`` if nothing is left.

    A name that is too long keeps its ending. Marks that turn the direction of writing are dropped: a name
    must not look as if it ended otherwise.
    """
    name = purified(name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c not in _FORBIDDEN).strip(" .")
    if not name:
        return "file"
    try:
        return typed_text(name, NAME_LIMIT, "name")
    except TextRefused:
        ending = PurePath(name).suffix[:16]
        return name[: NAME_LIMIT - len(ending)] + ending


_FORBIDDEN = frozenset('<>:"|?*\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')


def _is_of(owner: Owner) -> Any:
    links = attachment_links.c
    return (links.owner_kind == owner.kind.value) & (links.owner == owner.id[:WORD_LIMIT])


async def _check_room(connection: AsyncConnection, owner: Owner, size: int) -> None:
    query = (
        select(func.count(), func.coalesce(func.sum(attachments.c.size), 0))
        .select_from(attachment_links.join(attachments, attachments.c.id == attachment_links.c.attachment))
        .where(_is_of(owner))
    )
    count, total = (await connection.execute(query)).one()
    if count >= MOST_OF_OWNER or int(total) + size > MOST_OF_OWNER_BYTES:
        raise AttachmentRefused("files_too_many")


async def _link(connection: AsyncConnection, id: str, owner: Owner, login: str, at: datetime) -> None:
    values = {"owner_kind": owner.kind.value, "owner": owner.id[:WORD_LIMIT], "attachment": id}
    new = insert(connection, attachment_links).values(**values, login=login, at=at)
    await connection.execute(new.on_conflict_do_nothing())


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(**{field: getattr(row, field) for field in Attachment.__slots__})

"""Files for programs: a scan comes as the body of a request, as it is; lists and bodies go out."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from callcore.domain import Text
from callcore.store.attachments import (
    KINDS,
    MOST_BYTES,
    Attachment,
    AttachmentRefused,
    Owner,
    OwnerKind,
    clean_name,
)
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT
from callcore.store.users import By
from callcore.web.bodies import read_raw
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.files import ROOM, FilesRoom, handed_out, seen_by, to_contract
from callcore.web.render import texts_of

FileId = Annotated[str, Field(max_length=64)]


class OwnerQuery(ApiModel):
    owner_kind: OwnerKind
    owner: Annotated[str, Field(min_length=1, max_length=WORD_LIMIT)]
    """Record number, case number, number of a customer, address of an article, id of a contact."""


class NewFileQuery(OwnerQuery):
    name: Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
    kind: Literal[KINDS] = "other"  # type: ignore[valid-type]


class FileModel(ApiModel):
    id: str
    """``/api/v1/files/{id}`` hands it out."""
    name: str
    media_type: str
    kind: str
    size: int
    login: str
    at: datetime


class FileList(ApiModel):
    files: list[FileModel]


@operation("files", problems=("not_found",))
async def files(ask: Ask, query: OwnerQuery) -> FileList:
    """What is attached to an interaction, a case, a customer, an article or a contact, the newest first."""
    room, owner = await _seen(ask, query)
    return FileList(files=[file_model(file) for file in await room.database.attachments.of(owner)])


@operation("files", problems=("not_found", "forbidden", "too_large", "bad_request"), status=201)
async def attach_file(ask: Ask, query: NewFileQuery) -> FileModel:
    """Attach a file, which is the body as it is, up to 10 MB.

    Registration papers, contracts and powers of attorney of an interaction go to its customer, too. The same
    file sent again under the same name is there once.
    """
    room, owner = await _seen(ask, query)
    if not await room.may_change(ask.identity, owner):
        raise Problem("forbidden")
    body = await read_raw(ask.request, MOST_BYTES)
    digest = await asyncio.to_thread(lambda: hashlib.sha256(body).hexdigest())
    for known in await room.database.attachments.of(owner):
        if (known.digest, known.name, known.kind) == (digest, clean_name(query.name), query.kind):
            return file_model(known)
    said, login = ask.request.content_type, ask.identity.login
    try:
        made = await room.database.attachments.add(owner, query.name, said, query.kind, body, login, ask.now)
        await to_contract(room, owner, made, ask.identity)
    except AttachmentRefused as refused:
        key = f"files.{refused.code}"
        raise Problem("invalid", detail=Text(texts_of("ru")(key), texts_of("en")(key))) from None
    return file_model(made)


@operation("files", problems=("not_found",))
async def file_body(ask: Ask, id: FileId) -> web.Response:
    """A file as it was attached."""
    room, file = await seen_by(ask.request.app[ROOM], ask.identity, id)
    return await handed_out(room, file)


@operation("files", problems=("not_found", "forbidden"))
async def detach_file(ask: Ask, id: FileId, query: OwnerQuery) -> None:
    """Take a file away from one of its owners: your own, or with the right to mend what others did."""
    room, owner = await _seen(ask, query)
    file = await room.database.attachments.get(id)
    if file is None:
        raise Problem("not_found")
    if not await room.may_remove(ask.identity, owner, file):
        raise Problem("forbidden")
    by, customer = By(ask.identity.login, ask.now), await room.customer_of(owner)
    if not await room.database.attachments.unlink(file.id, owner, by, customer):
        raise Problem("not_found")


async def _seen(ask: Ask, query: OwnerQuery) -> tuple[FilesRoom, Owner]:
    """404 as if it were not for what he may not see."""
    room, owner = ask.request.app[ROOM], Owner(query.owner_kind, query.owner)
    if not await room.may_see(ask.identity, owner):
        raise Problem("not_found")
    return room, owner


def file_model(file: Attachment) -> FileModel:
    return FileModel(**{name: getattr(file, name) for name in FileModel.model_fields})


ROUTES = (
    web.get("/api/v1/files", files),
    web.post("/api/v1/files", attach_file),
    web.get("/api/v1/files/{id}", file_body),
    web.delete("/api/v1/files/{id}", detach_file),
)


def add_to(app: web.Application) -> None:
    """Beside the pages, whose room it shares."""
    app.add_routes(ROUTES)

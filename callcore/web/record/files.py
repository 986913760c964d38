"""Files: uploaded to their owner, handed out for saving, looked at without running anything.

Who may see what a file belongs to may see the file. Other features render ``record/files/list.html``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from callcore.domain import CallId, CustomerId
from callcore.rights import Permission
from callcore.store.attachments import (
    IMPORTANT_KINDS,
    KINDS,
    Attachment,
    AttachmentRefused,
    Owner,
    OwnerKind,
)
from callcore.store.case_rows import id_of, number_of
from callcore.store.database import Database
from callcore.store.media import SHOWN_INLINE
from callcore.store.users import By
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.problems import Problem
from callcore.web.signin import Identity

_P = Permission
_SEES: dict[OwnerKind, Permission] = {
    # A file cannot be masked.
    OwnerKind.interaction: _P.customers_unmasked,
    OwnerKind.contact: _P.customers_unmasked,
    OwnerKind.customer: _P.customers_unmasked,
    OwnerKind.case: _P.cases_work,
    OwnerKind.article: _P.knowledge_see,
}
_CHANGES: dict[OwnerKind, Permission] = {
    OwnerKind.interaction: _P.contacts_take,
    OwnerKind.contact: _P.contacts_take,
    OwnerKind.customer: _P.customers_change,
    OwnerKind.case: _P.cases_work,
    OwnerKind.article: _P.knowledge_write,
}
_OTHERS: dict[OwnerKind, Permission] = {
    OwnerKind.interaction: _P.contacts_others,
    OwnerKind.contact: _P.contacts_others,
    OwnerKind.customer: _P.contacts_others,
    OwnerKind.case: _P.cases_oversee,
    OwnerKind.article: _P.knowledge_write,
}
"""To take away what somebody else has put there."""
SANDBOX = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"


@dataclass
class FilesRoom:
    database: Database

    async def may_see(self, identity: Identity, owner: Owner) -> bool:
        return allowed(identity, _SEES[owner.kind]) and await self._is_his(identity, owner)

    async def may_change(self, identity: Identity, owner: Owner) -> bool:
        if not allowed(identity, _CHANGES[owner.kind]) or not await self._is_his(identity, owner):
            return False
        if owner.kind is not OwnerKind.contact or allowed(identity, _P.contacts_others):
            return True
        contact = await self.database.visits.get(CallId(owner.id))
        return contact is not None and contact.login == identity.login

    async def may_remove(self, identity: Identity, owner: Owner, file: Attachment) -> bool:
        """His own file, or he may mend what others did."""
        is_own = file.login == identity.login
        return (is_own or may_remove_others(identity, owner.kind)) and await self.may_change(identity, owner)

    async def customer_of(self, owner: Owner) -> CustomerId | None:
        """Whose it is, for the audit, of an owner that is there."""
        if owner.kind is OwnerKind.customer:
            return CustomerId(int(owner.id))
        if owner.kind is OwnerKind.interaction:
            found = await self.database.interactions.get(int(owner.id))
            return found.customer if found is not None else None
        if owner.kind is OwnerKind.case:
            case = await self.database.cases.get(id_of(owner.id) or 0)
            return case.customer if case is not None else None
        if owner.kind is OwnerKind.contact:
            contact = await self.database.visits.get(CallId(owner.id))
            return contact.customer if contact is not None else None
        return None

    async def _is_his(self, identity: Identity, owner: Owner) -> bool:
        """Whether it is there, and he may see just this one."""
        if owner.kind is OwnerKind.article:
            article = await self.database.articles.get(owner.id)
            return article is not None and (
                article.archived_at is None or allowed(identity, _P.knowledge_write)
            )
        if owner.kind is OwnerKind.case:
            id_ = id_of(owner.id)
            case = await self.database.cases.get(id_) if id_ is not None else None
            return case is not None and number_of(case.id, case.created_at) == owner.id
        if owner.kind in (OwnerKind.interaction, OwnerKind.customer):
            number = int(owner.id) if owner.id.isascii() and owner.id.isdigit() and len(owner.id) < 19 else -1
            if owner.kind is OwnerKind.interaction:
                return await self.database.interactions.get(number) is not None
            return number >= 0 and await self.database.customers.get(CustomerId(number)) is not None
        return await self.database.visits.get(CallId(owner.id)) is not None


def may_remove_others(identity: Identity, kind: OwnerKind) -> bool:
    """Whether a page need offer it for files of others."""
    return allowed(identity, _OTHERS[kind])


ROOM = web.AppKey("files", FilesRoom)


async def download(request: web.Request) -> web.Response:
    """``GET /files/{id}``: for saving; ``?look=1`` shows pictures and PDF in a sandbox of their own."""
    identity = await kit.person(request)
    room, file = await seen_by(request.app[ROOM], identity, request.match_info["id"])
    return await handed_out(room, file, look=request.query.get("look") == "1")


async def handed_out(room: FilesRoom, file: Attachment, *, look: bool = False) -> web.Response:
    body = await room.database.attachments.body(file.id)
    if body is None:
        raise Problem("not_found")
    is_shown = look and file.media_type in SHOWN_INLINE
    way = "inline" if is_shown else "attachment"
    kind = file.media_type if is_shown else "application/octet-stream"
    return web.Response(
        body=body,
        headers={
            "Content-Type": kind,
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(file.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": SANDBOX,
            "Cache-Control": "private, no-store",
        },
    )


async def seen_by(room: FilesRoom, identity: Identity, id: str) -> tuple[FilesRoom, Attachment]:
    """The file, if this person may see one of its owners; a guessed address tells nothing."""
    file = await room.database.attachments.get(id)
    if file is None:
        raise Problem("not_found")
    for owner in await room.database.attachments.owners(file.id):
        if await room.may_see(identity, owner):
            return room, file
    raise Problem("not_found")


async def upload(request: web.Request) -> web.Response:
    """A file for an interaction, a case … ; important ones go to the customer's documents, too (D-37)."""
    identity = await kit.person(request)
    given = await kit.form(request, identity, files=True)
    room, owner = request.app[ROOM], _owner(given)
    if not await room.may_change(identity, owner):
        raise Problem("forbidden")
    deps, back, kind = request.app[WEB].deps, _back(given), given.get("kind")
    fault = "" if given.files else "file_missing"
    for file in given.files:
        try:
            kept = await room.database.attachments.add(
                owner, file.name, file.media_type, kind, file.body, identity.login, deps.now()
            )
            await to_contract(room, owner, kept, identity)
        except AttachmentRefused as refused:
            fault = refused.code
    if fault:
        return kit.show(
            request,
            identity,
            "record/files/refused.html",
            status=422,
            owner_kind=owner.kind.value,
            owner=owner.id,
            back=back,
            kinds=KINDS,
            fault=fault,
        )
    return kit.go(request, back)


async def to_contract(room: FilesRoom, owner: Owner, file: Attachment, identity: Identity) -> None:
    if owner.kind is not OwnerKind.interaction or file.kind not in IMPORTANT_KINDS:
        return
    found = await room.database.interactions.get(int(owner.id))
    if found is not None and found.customer:
        customer = Owner(OwnerKind.customer, str(found.customer))
        await room.database.attachments.link(file.id, customer, identity.login, file.at)


async def unlink(request: web.Request) -> web.Response:
    """Take it away from one owner: one's own, or with the right to mend what others did. In the audit."""
    identity = await kit.person(request)
    given = await kit.form(request, identity)
    room, owner = request.app[ROOM], _owner(given)
    file = await room.database.attachments.get(request.match_info["id"])
    if file is None:
        raise Problem("not_found")
    if not await room.may_remove(identity, owner, file):
        raise Problem("forbidden")
    by, customer = By(identity.login, request.app[WEB].deps.now()), await room.customer_of(owner)
    if not await room.database.attachments.unlink(file.id, owner, by, customer):
        raise Problem("not_found")
    return kit.go(request, _back(given))


def _owner(given: kit.Form) -> Owner:
    try:
        return Owner(OwnerKind(given.get("owner_kind")), given.get("owner"))
    except ValueError:
        raise Problem("bad_request") from None


def _back(given: kit.Form) -> str:
    """Only a page of ours."""
    back = given.get("back")
    is_ours = back.startswith("/") and not back.startswith(("//", "/\\")) and "\\" not in back
    return back if is_ours and back.isprintable() else "/desk"


ROUTES = (
    web.get("/files/{id}", download),
    web.post("/files", upload),
    web.post("/files/{id}/unlink", unlink),
)


def add_to(app: web.Application, room: FilesRoom) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)

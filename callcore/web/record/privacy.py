"""One person's data under 152-FZ: all of it as a file, or all of it gone."""

from __future__ import annotations

from contextlib import aclosing
from datetime import datetime

import structlog
from aiohttp import web

from callcore.domain import CustomerId
from callcore.rights import Permission
from callcore.store.errors import NotStored, StoreError
from callcore.store.privacy import Erasure, Held
from callcore.store.sounds import remove_sounds
from callcore.store.texts import REASON_LIMIT
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.access_room import ACCESS
from callcore.web.record.audit_words import table_title
from callcore.web.record.dossier import zipped
from callcore.web.render import texts_of
from callcore.web.signin import Identity

log = structlog.get_logger("callcore.web")

EXPORT, ERASE = Permission.customers_export, Permission.customers_erase


async def export(request: web.Request) -> web.StreamResponse:
    """A ZIP: ``data.json``, ``readable.html``, ``files/``, ``voicemail/``."""
    identity = await kit.person(request, EXPORT)
    return await _export(request, _id(request), identity, request.app[WEB].deps.now())


async def erase_page(request: web.Request) -> web.Response:
    """What would go, before anybody asks for it."""
    identity = await kit.person(request, ERASE)
    try:
        found = await request.app[ACCESS].database.privacy.preview(_id(request))
    except NotStored:
        raise Problem("not_found") from None
    return _shown(request, identity, found)


async def erase(request: web.Request) -> web.Response:
    """Asked once: with a reason and the box ticked; while something is under way, with the second box too."""
    identity = await kit.person(request, ERASE)
    form = await kit.form(request, identity)
    id_, privacy, t = _id(request), request.app[ACCESS].database.privacy, texts_of(identity.language)
    reason, errors = form.get("reason"), {}
    if not reason or len(reason) > REASON_LIMIT:
        errors["reason"] = t("privacy.reason_wrong")
    if not form.get("sure"):
        errors["sure"] = t("privacy.not_sure")
    try:
        if errors:
            found = await privacy.preview(id_)
            return _shown(request, identity, found, errors=errors, reason=reason, status=422)
        now, is_forced = request.app[WEB].deps.now(), bool(form.get("force"))
        found = await privacy.erase(id_, identity.login, now, reason=reason, is_forced=is_forced)
        await _let_sounds_go(request)
    except NotStored:
        raise Problem("not_found") from None
    except Held:
        found = await privacy.preview(id_)
        errors = {"force": t("privacy.held")}
        return _shown(request, identity, found, errors=errors, reason=reason, status=409)
    return _shown(request, identity, found, is_done=True)


def _shown(
    request: web.Request,
    identity: Identity,
    found: Erasure,
    *,
    errors: dict[str, str] | None = None,
    reason: str = "",
    is_done: bool = False,
    status: int = 200,
) -> web.Response:
    t = texts_of(identity.language)
    return kit.show(
        request,
        identity,
        "record/audit/erase.html",
        here="customers",
        status=status,
        found=found,
        counts=[(table_title(name, t), count) for name, count in found.counts.items()],
        errors=errors or {},
        reason=reason,
        is_done=is_done,
    )


async def _let_sounds_go(request: web.Request) -> None:
    """At once, after the rows: what cannot go now goes with the next round, or at the next start."""
    room = request.app[ACCESS]
    if room.recordings is not None:
        try:
            for sounds in (room.database.voicemails, room.database.recordings):
                await remove_sounds(sounds, room.recordings)
        except StoreError as fault:
            log.warning("recordings_not_purged", why=str(fault))


async def _export(request: web.Request, id_: CustomerId, by: Identity, now: datetime) -> web.StreamResponse:
    room = request.app[ACCESS]
    privacy = room.database.privacy
    try:
        dossier = await privacy.dossier(id_, by.login, now)
    except NotStored:
        raise Problem("not_found") from None
    people = {str(user.login): user.name for user in await room.database.users.list()}
    name = f'attachment; filename="customer-{id_}.zip"'
    response = web.StreamResponse(headers={"Content-Disposition": name, "Content-Type": "application/zip"})
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    bodies = privacy.bodies(dossier)
    try:
        async with aclosing(zipped(dossier, bodies, room.recordings, now, room.house(), people)) as pieces:
            async for piece in pieces:
                await response.write(piece)
    except (StoreError, OSError) as fault:
        log.error("export_cut_off", customer=id_, why=str(fault))
        # An answer has begun: who asked learns by the cut line that this is not the whole.
        raise ConnectionResetError(str(fault)) from fault
    await response.write_eof()
    return response


def _id(request: web.Request) -> CustomerId:
    return CustomerId(int(request.match_info["id"]))


class EraseBody(ApiModel):
    reason: str
    force: bool = False
    """Although a case is open or a notice is on its way."""
    dry: bool = False


class ErasureAnswer(ApiModel):
    customer: int
    rows: dict[str, int]
    holds: tuple[str, ...]
    """``case 17``: what stands against it."""
    is_done: bool


@operation("customers", needs=ERASE, problems=("not_found", "conflict"))
async def erase_customer(ask: Ask, id: int, body: EraseBody) -> ErasureAnswer:
    """Erase one person's data: whatever tells who he is, everywhere; figures stay.

    ``dry`` only counts. 409 while a case of his is open or a notice is on its way, unless ``force``.
    """
    privacy, customer = ask.request.app[ACCESS].database.privacy, CustomerId(id)
    if not 0 < id < 2**62:
        raise Problem("not_found")
    if not body.reason.strip() or len(body.reason) > REASON_LIMIT:
        raise Problem("invalid")
    try:
        if body.dry:
            found = await privacy.preview(customer)
        else:
            found = await privacy.erase(
                customer, ask.identity.login, ask.now, reason=body.reason.strip(), is_forced=body.force
            )
            await _let_sounds_go(ask.request)
    except NotStored:
        raise Problem("not_found") from None
    except Held:
        raise Problem("conflict") from None
    holds = tuple(f"{hold.kind} {hold.id}" for hold in found.holds)
    return ErasureAnswer(customer=id, rows=dict(found.counts), holds=holds, is_done=not body.dry)


@operation("customers", needs=EXPORT, problems=("not_found",))
async def export_customer(ask: Ask, id: int) -> web.StreamResponse:
    """Everything that is known of one person, as a ZIP, with his files and what he said after the tone."""
    if not 0 < id < 2**62:
        raise Problem("not_found")
    return await _export(ask.request, CustomerId(id), ask.identity, ask.now)


_CUSTOMER = "/customers/{id:[0-9]{1,18}}"
ROUTES = (
    web.get(f"{_CUSTOMER}/export", export),
    web.get(f"{_CUSTOMER}/erase", erase_page),
    web.post(f"{_CUSTOMER}/erase", erase),
    web.get("/api/v1/customers/{id}/export", export_customer),
    web.post("/api/v1/customers/{id}/erase", erase_customer),
)

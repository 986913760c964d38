"""The page of one contact of any channel: what it was, what was written of it, its files."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from callcore.domain import UNCLASSIFIED, CallId, Login
from callcore.rights import Permission
from callcore.store.attachments import KINDS, AttachmentRefused, Owner, OwnerKind
from callcore.store.errors import NotStored, StoreUnavailable, TextRefused
from callcore.store.visit_rows import OtherContact, Written
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.problems import Problem
from callcore.web.record import visits_room
from callcore.web.record.visits_room import ROOM, Blank
from callcore.web.render import texts_of
from callcore.web.signin import Identity


async def contact(request: web.Request) -> web.Response:
    """``GET /contacts/{call}``: one contact of any medium, with what was written of it and its files."""
    identity = await kit.person(request, Permission.customers_see)
    return await _show(request, identity, {}, {})


async def put_entry(request: web.Request) -> web.Response:
    """Write one's topic of a contact, or one more; change it later. ``do=files``: only put files to it."""
    identity = await kit.person(request, Permission.contacts_take)
    sent = await kit.form(request, identity, files=True)
    room, now, t = request.app[ROOM], request.app[WEB].deps.now(), texts_of(identity.language)
    found = await _found(request)
    if found.login != identity.login and not allowed(identity, Permission.contacts_others):
        raise Problem("forbidden")
    typed = {name: sent.get(name) for name in ("entry", "topic", "comment", "kind")}
    errors: dict[str, str] = {}
    written, status = visits_room.written(sent, room, errors, t), 422
    if sent.get("do") == "files":
        written = Written(files=written.files)
        errors = {} if written.files else {"file": t("visits.no_file_chosen")}
    elif written.topic is None:
        errors["topic"] = t("visits.no_topic")
    if not errors:
        try:
            customer = await room.database.visits.write(found.call, Login(identity.login), written, now)
        except (TextRefused, NotStored) as refused:
            errors["comment"] = refused.text.in_(identity.language)
        except AttachmentRefused as refused:
            errors["file"] = t(f"visits.{refused.code}")
        except StoreUnavailable:
            if kit.SCRIPT in request.headers:
                raise  # the page stays as it is
            errors[""], status = t("visits.not_now"), 503
        else:
            room.news.changed(customer)
            return kit.go(request, f"/contacts/{found.call}", said=t("visits.saved"))
    return await _show(request, identity, typed, errors, status)


async def _show(
    request: web.Request,
    identity: Identity,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    status: int = 200,
) -> web.Response:
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    found = await _found(request)
    if found.customer is not None:
        room.database.audit.saw(Login(identity.login), found.customer, now, "page")
    entries = await room.database.interactions.of_call(found.call)
    customer = await room.database.customers.get(found.customer) if found.customer is not None else None
    mine = [each.entry for each in entries if each.login == identity.login]
    return kit.show(
        request,
        identity,
        "record/visits/contact.html",
        here="visits",
        status=status,
        address=f"/contacts/{found.call}",
        contact=found,
        customer=customer,
        office=next((each for each in room.offices if each.code == found.office), None),
        entries=entries,
        files=await room.database.attachments.of(Owner(OwnerKind.contact, found.call)),
        talks=await room.database.recordings.of_call(found.call)
        if allowed(identity, Permission.recordings_listen)
        else (),
        may_write=found.login == identity.login or allowed(identity, Permission.contacts_others),
        next_entry=max(mine, default=0) + 1,
        unclassified=UNCLASSIFIED,
        topics=visits_room.choices(request),
        typed=Blank(typed),
        errors=Blank(errors),
        kinds=KINDS,
        people=await room.names(),
    )


async def _found(request: web.Request) -> OtherContact:
    found = await request.app[ROOM].database.visits.get(CallId(request.match_info["call"]))
    if found is None:
        raise Problem("not_found")
    return found


ROUTES = (
    web.get(r"/contacts/{call:[^/]{1,128}}", contact),
    web.post(r"/contacts/{call:[^/]{1,128}}/entries", put_entry),
)

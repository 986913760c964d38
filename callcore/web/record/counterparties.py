"""Counterparties in groups: looked up by whoever may see a group, changed by whoever may change it (D-77)."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from callcore.crm.counterparties import MOST_BYTES, RowFault, phones_of, read_sheet
from callcore.domain import Text
from callcore.rights import Permission, Role
from callcore.store.counterparties import Asker, Counterparty, Group, NewCounterparty
from callcore.store.errors import NotStored, StoreError, TextRefused
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.once import once
from callcore.web.problems import Problem
from callcore.web.record.directory import ROOM
from callcore.web.signin import Identity

ROWS = 50
MOST_PREVIEW = 200_000
"""Bytes of a sheet that goes through the page."""
HOME = "/directory/counterparties"


def asker_of(identity: Identity) -> Asker:
    return Asker(identity.login, identity.role)


async def main(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_see)
    book, asker = request.app[ROOM].database.counterparties, asker_of(identity)
    typed = request.query.get("q", "").strip()[:400]
    group = _whole(request.query.get("group", ""))
    page = max(_whole(request.query.get("page", "")) or 1, 1)
    groups = await book.groups(asker)
    chosen = next((each for each in groups if each.id == group), None)
    if group is not None and chosen is None:
        raise Problem("not_found")
    offset = (min(page, 100_000) - 1) * ROWS
    found = await book.search(typed, asker, group=group, limit=ROWS + 1, offset=offset)

    def address(to: int) -> str:
        return str(request.rel_url.update_query(page=str(to)))

    is_part = "X-Fragment" in request.headers
    return kit.show(
        request,
        identity,
        "record/counterparties/found.html" if is_part else "record/counterparties/main.html",
        here="directory",
        q=typed,
        groups=groups,
        chosen=chosen,
        titles={each.id: each.name for each in groups},
        found=found[:ROWS],
        changeable=[each for each in groups if each.is_changed_by(asker)],
        before=address(page - 1) if page > 1 else "",
        after=address(page + 1) if len(found) > ROWS else "",
    )


async def entry_form(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_see)
    if "id" not in request.match_info:
        groups = await _changeable(request, identity)
        wanted = _whole(request.query.get("group", ""))
        group = next((each for each in groups if each.id == wanted), None)
        return _entry(request, identity, NewCounterparty(""), None, groups, group)
    found, group = await _found(request, identity)
    return _entry(request, identity, found, found, (group,), group)


async def put_entry(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_see)
    sent = await kit.form(request, identity)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    draft = NewCounterparty(
        sent.get("name"),
        phones_of(sent.get("phones"), room.country),
        sent.get("address"),
        sent.get("contact"),
        sent.get("email"),
        sent.get("region"),
        sent.get("comment"),
    )
    book, asker = room.database.counterparties, asker_of(identity)
    found: Counterparty | None = None
    if "id" in request.match_info:
        found, group = await _found(request, identity)
        groups: tuple[Group, ...] = (group,)
    else:
        groups = await _changeable(request, identity)
        wanted = next((each for each in groups if each.id == sent.number("group")), None)
        if wanted is None:
            raise Problem("not_found")
        group = wanted
    if not group.is_changed_by(asker):
        raise Problem("forbidden")
    try:
        if found is None:
            id = await book.add(group.id, draft, identity.login, now)
        elif sent.get("do") == "remove":
            await book.remove(found.id, identity.login, now)
            id = found.id
        elif sent.get("do") == "restore":
            await book.restore(found.id, identity.login, now)
            id = found.id
        else:
            await book.change(found.id, draft, identity.login, now, seen=_seen(sent.get("seen")))
            id = found.id
    except (NotStored, TextRefused) as refused:
        return _entry(request, identity, draft, found, groups, group, refused)
    return kit.go(request, f"{HOME}/{id}")


async def groups_page(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_write)
    return await _groups(request, identity)


async def add_group(request: web.Request) -> web.Response:
    """Whoever makes a group may change it."""
    identity = await kit.person(request, Permission.directory_write)
    sent = await kit.form(request, identity)
    book = request.app[ROOM].database.counterparties
    rights = {f"login:{identity.login}": True}
    try:
        id = await book.add_group(sent.get("name"), rights, request.app[WEB].deps.now())
    except (NotStored, TextRefused) as refused:
        return await _groups(request, identity, refused)
    return kit.go(request, f"/directory/groups/{id}")


async def group_form(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_write)
    group = await _my_group(request, identity)
    return _group(request, identity, group, group)


async def put_group(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_write)
    sent = await kit.form(request, identity)
    group = await _my_group(request, identity)
    room = request.app[ROOM]
    rights: dict[str, bool] = {}
    for role in Role:
        if (right := sent.get(f"role_{role}")) in ("see", "change"):
            rights[f"role:{role}"] = right == "change"
    try:
        for field, may_change in (("see", False), ("change", True)):
            for login in sent.get(field).replace(",", " ").lower().split():
                if await room.database.users.get(login) is None:
                    raise TextRefused(f"there is no user {login[:64]}", f"Нет пользователя {login[:64]}.")
                rights[f"login:{login}"] = may_change
        if sent.get("do") == "remove":
            await room.database.counterparties.remove_group(group.id)
            return kit.go(request, "/directory/groups")
        await room.database.counterparties.change_group(
            group.id, sent.get("name"), rights, seen=sent.get("seen") or None
        )
    except (NotStored, TextRefused) as refused:
        shown = Group(group.id, sent.get("name"), rights or group.rights, group.entries)
        return _group(request, identity, shown, group, refused)
    return kit.go(request, "/directory/groups")


async def import_form(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_see)
    return _import(request, identity, await _my_group(request, identity))


async def import_sheet(request: web.Request) -> web.Response:
    """First the preview; with ``do=import`` all of it, or nothing where anything is wrong."""
    identity = await kit.person(request, Permission.directory_see)
    sent = await kit.form(request, identity, files=True)
    group = await _my_group(request, identity)
    room = request.app[ROOM]
    text = sent.get("sheet").encode()
    raw = sent.files[0].body if sent.files else text
    if len(raw) > min(MOST_PREVIEW, MOST_BYTES):
        fault = RowFault(
            0, Text("Файл больше 200 КБ: разделите его.", "The file is larger than 200 kB: divide it.")
        )
        return _import(request, identity, group, faults=(fault,))
    sheet = read_sheet(raw, room.country)
    if sent.get("do") == "import" and not sheet.faults:
        try:
            now = request.app[WEB].deps.now()
            await room.database.counterparties.add_many(group.id, sheet.entries, identity.login, now)
        except (NotStored, TextRefused) as refused:
            fault = RowFault(0, refused.text)
            return _import(request, identity, group, faults=(fault,))
        return kit.go(request, f"{HOME}?group={group.id}")
    if sheet.faults:
        return _import(request, identity, group, faults=sheet.faults)
    try:
        shown = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        shown = raw.decode("cp1251")
    return _import(request, identity, group, entries=sheet.entries, sheet=shown)


# --- pieces


async def _found(request: web.Request, identity: Identity) -> tuple[Counterparty, Group]:
    """The entry of the address and its group; 404 also for what he may not see."""
    book, asker = request.app[ROOM].database.counterparties, asker_of(identity)
    id = _whole(request.match_info["id"])
    found = await book.get(id, asker) if id is not None else None
    group = await book.group(found.group, asker) if found else None
    if found is None or group is None:
        raise Problem("not_found")
    return found, group


async def _my_group(request: web.Request, identity: Identity) -> Group:
    """The group of the address: 404 if he may not see it, 403 if he may not change it."""
    id = _whole(request.match_info["id"])
    asker = asker_of(identity)
    group = await request.app[ROOM].database.counterparties.group(id, asker) if id is not None else None
    if group is None:
        raise Problem("not_found")
    if not group.is_changed_by(asker):
        raise Problem("forbidden")
    return group


async def _changeable(request: web.Request, identity: Identity) -> tuple[Group, ...]:
    asker = asker_of(identity)
    groups = await request.app[ROOM].database.counterparties.groups(asker)
    mine = tuple(group for group in groups if group.is_changed_by(asker))
    if not mine:
        raise Problem("forbidden")
    return mine


def _entry(
    request: web.Request,
    identity: Identity,
    draft: NewCounterparty,
    found: Counterparty | None,
    groups: tuple[Group, ...],
    group: Group | None,
    refused: StoreError | None = None,
) -> web.Response:
    return kit.show(
        request,
        identity,
        "record/counterparties/entry.html",
        here="directory",
        status=422 if refused else 200,
        draft=draft,
        found=found,
        groups=groups,
        group=group,
        may_change=found is None or (group is not None and group.is_changed_by(asker_of(identity))),
        errors={"": refused.text} if refused else {},
    )


async def _groups(
    request: web.Request, identity: Identity, refused: StoreError | None = None
) -> web.Response:
    asker = asker_of(identity)
    groups = await request.app[ROOM].database.counterparties.groups(asker)
    return kit.show(
        request,
        identity,
        "record/counterparties/groups.html",
        here="directory",
        status=422 if refused else 200,
        groups=groups,
        changeable={group.id for group in groups if group.is_changed_by(asker)},
        errors={"": refused.text} if refused else {},
    )


def _group(
    request: web.Request,
    identity: Identity,
    group: Group,
    stands: Group,
    refused: StoreError | None = None,
) -> web.Response:
    """``group``: as it was typed; ``stands``: as it is stored now."""
    logins = _logins(group)
    return kit.show(
        request,
        identity,
        "record/counterparties/group.html",
        here="directory",
        status=422 if refused else 200,
        group=group,
        roles=[role for role in Role if role is not Role.administrator],
        seers=logins[False],
        changers=logins[True],
        stands=stands,
        stand_logins=_logins(stands),
        errors={"": refused.text} if refused else {},
    )


def _logins(group: Group) -> dict[bool, str]:
    """Those who only see it, and those who may change it."""
    return {
        may_change: ", ".join(
            who.removeprefix("login:")
            for who, may in sorted(group.rights.items())
            if who.startswith("login:") and may is may_change
        )
        for may_change in (False, True)
    }


def _import(
    request: web.Request,
    identity: Identity,
    group: Group,
    *,
    faults: tuple[RowFault, ...] = (),
    entries: tuple[NewCounterparty, ...] = (),
    sheet: str = "",
) -> web.Response:
    return kit.show(
        request,
        identity,
        "record/counterparties/import.html",
        here="directory",
        status=422 if faults else 200,
        group=group,
        faults=faults,
        entries=entries,
        sheet=sheet,
    )


def _seen(text: str) -> datetime | None:
    """Which state of the entry the form was made of."""
    try:
        seen = datetime.fromisoformat(text)
    except ValueError:
        return None
    return seen if seen.tzinfo else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


ROUTES = (
    web.get(HOME, main),
    web.get(f"{HOME}/new", entry_form),
    web.post(f"{HOME}/new", once(put_entry)),
    web.get(HOME + r"/{id:\d+}", entry_form),
    web.post(HOME + r"/{id:\d+}", put_entry),
    web.get("/directory/groups", groups_page),
    web.post("/directory/groups", add_group),
    web.get(r"/directory/groups/{id:\d+}", group_form),
    web.post(r"/directory/groups/{id:\d+}", put_group),
    web.get(r"/directory/groups/{id:\d+}/import", import_form),
    web.post(r"/directory/groups/{id:\d+}/import", import_sheet),
)

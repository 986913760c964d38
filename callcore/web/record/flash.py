"""Flash notes: the list, one note with who has read it, and the form for a new one (D-40, D-45)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.crm.flash import WIDE, may_switch, may_withdraw, may_write
from callcore.domain import CustomerId, Login, NodeCode, OutageId
from callcore.numbers import normalise
from callcore.rights import Permission
from callcore.store.database import Database
from callcore.store.flash_rows import EVERYBODY
from callcore.store.flashes import Flash, FlashScope, FlashState
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.once import once
from callcore.web.pages import TopicChoice
from callcore.web.problems import Problem
from callcore.web.record.flash_form import Draft, checked, draft_of
from callcore.web.signin import Identity

ROWS = 50
_HINTS = {
    "customer": FlashScope.contract,
    "number": FlashScope.number,
    "topic": FlashScope.topic,
    "node": FlashScope.district,
    "outage": FlashScope.outage,
    "house": FlashScope.house,
}


@dataclass(frozen=True, slots=True)
class FlashRoom:
    database: Database
    country: str
    zone: ZoneInfo
    topics: Callable[[], tuple[TopicChoice, ...]]
    changed: Callable[[Flash], None] = lambda _flash: None
    """It was written or withdrawn: cards show it."""
    noted_read: Callable[[Login], None] = lambda _login: None
    """He said that he has read one: his own cards show it."""


ROOM = web.AppKey("flash_room", FlashRoom)


def rights_of(identity: Identity) -> Collection[Permission]:
    return frozenset(each for each in Permission if allowed(identity, each))


async def find_target(room: FlashRoom, scope: FlashScope, typed: str) -> tuple[str, str] | None:
    """Target and label of what a person names: a contract, a number, the code of a topic or node, the number
    of an outage, nothing or ``*`` for the whole house. None: there is none."""
    typed = typed.strip()
    match scope:
        case FlashScope.contract:
            customer = await room.database.customers.by_contract(typed) if typed else None
            return (str(customer.id), customer.contract) if customer else None
        case FlashScope.number:
            number = normalise(typed, room.country)
            return (number.canonical, number.canonical) if number else None
        case FlashScope.topic:
            known = {topic.code for topic in room.topics()}
            tables = {code.split(".")[0] for code in known}
            return (typed, typed) if typed in known | tables else None
        case FlashScope.district:
            node = await room.database.network.node(NodeCode(typed))
            return (node.code, node.name) if node else None
        case FlashScope.outage:
            outage = await room.database.outages.get(typed)
            return (str(outage.id), outage.number) if outage else None
        case FlashScope.house:
            return (EVERYBODY, EVERYBODY) if typed in ("", EVERYBODY) else None


async def label_of(room: FlashRoom, scope: FlashScope, hint: str) -> str:
    """What stands in the field, for a link such as ``/flash/new?customer=7``."""
    if scope is FlashScope.contract and hint.isascii() and hint.isdigit() and len(hint) < 18:
        customer = await room.database.customers.get(CustomerId(int(hint)))
        return customer.contract if customer else ""
    if scope is FlashScope.outage and hint.isascii() and hint.isdigit() and len(hint) < 18:
        outage = await room.database.outages.by_id(OutageId(int(hint)))
        return outage.number if outage else hint
    return "" if scope is FlashScope.house else hint


# --- pages


async def listed(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.flash_write)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    asked = request.query
    state = next((each for each in FlashState if each == asked.get("state", "")), FlashState.current)
    everything = asked.get("state") == "all"
    scope = next((each for each in FlashScope if each == asked.get("scope", "")), None)
    page = int(asked["page"]) if asked.get("page", "").isdecimal() and len(asked["page"]) < 6 else 1
    typed = asked.get("target", "").strip()[:100]
    number = normalise(typed, room.country) if scope is FlashScope.number else None
    found = await room.database.flashes.search(
        now,
        state=None if everything else state,
        scope=scope,
        target=number.canonical if number else typed,
        author=identity.login if asked.get("mine") else None,
        reader=identity.login,
        limit=ROWS + 1,
        offset=(max(page, 1) - 1) * ROWS,
    )

    def address(to: int) -> str:
        return str(request.rel_url.update_query(page=str(to)))

    return kit.show(
        request,
        identity,
        "record/flash/list.html",
        here="flash",
        flashes=found[:ROWS],
        states=[*FlashState],
        scopes=[*FlashScope],
        state="all" if everything else state,
        scope=scope or "",
        target=typed,
        mine=bool(asked.get("mine")),
        before=address(page - 1) if page > 1 else "",
        after=address(page + 1) if len(found) > ROWS else "",
        names=await _names(room),
        now=now,
        may_withdraw=_withdrawing(identity),
        may_switch=lambda flash: may_switch(flash, now, rights_of(identity)),
    )


async def one(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.flash_write)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    flash = await _found(request, room, identity)
    is_seen = allowed(identity, Permission.flash_wide) or flash.author == identity.login
    return kit.show(
        request,
        identity,
        "record/flash/one.html",
        here="flash",
        flash=flash,
        now=now,
        names=await _names(room),
        readers=await room.database.flashes.readers(flash.id) if is_seen else (),
        sees_readers=is_seen,
        may_withdraw=_withdrawing(identity),
        may_switch=lambda flash: may_switch(flash, now, rights_of(identity)),
    )


async def new_form(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.flash_write)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    draft = Draft(ends_on=(now.astimezone(room.zone) + timedelta(days=1)).date().isoformat())
    for name, scope in _HINTS.items():
        if hint := request.query.get(name, "").strip()[:100]:
            draft = replace(draft, scope=scope, target=await label_of(room, scope, hint))
    return _form(request, identity, room, draft)


async def create(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.flash_write)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    draft = draft_of(await kit.form(request, identity))
    if draft.scope is not None and not may_write(draft.scope, rights_of(identity)):
        raise Problem("forbidden")
    target = await find_target(room, draft.scope, draft.target) if draft.scope else None
    new, errors = checked(draft, target, room.zone, now)
    if new is None:
        return _form(request, identity, room, replace(draft, errors=errors), 422)
    flash = await room.database.flashes.add(new, identity.login, now)
    room.changed(flash)
    return kit.go(request, f"/flash/{flash.id}")


async def read(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.flash_write)
    await kit.form(request, identity)
    room = request.app[ROOM]
    flash = await _found(request, room, identity)
    await room.database.flashes.read(flash.id, identity.login, request.app[WEB].deps.now())
    room.noted_read(identity.login)
    return kit.go(request, f"/flash/{flash.id}")


async def withdraw(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.flash_write)
    await kit.form(request, identity)
    room = request.app[ROOM]
    flash = await _found(request, room, identity)
    if not may_withdraw(flash, identity.login, rights_of(identity)):
        raise Problem("forbidden")
    await room.database.flashes.withdraw(flash.id, identity.login, request.app[WEB].deps.now())
    room.changed(flash)
    return kit.go(request, f"/flash/{flash.id}")


async def switch(request: web.Request) -> web.Response:
    """Callers hear it from now on, or no more."""
    identity = await kit.person(request, Permission.flash_wide)
    sent = await kit.form(request, identity)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    flash = await _found(request, room, identity)
    is_on = sent.get("is_on") == "1"
    switched = await room.database.announcements.switch(flash.id, identity.login, now, is_on=is_on)
    if switched is None:
        raise Problem("not_found")
    room.changed(switched)
    return kit.go(request, f"/flash/{flash.id}")


# --- pieces


def _form(
    request: web.Request, identity: Identity, room: FlashRoom, draft: Draft, status: int = 200
) -> web.Response:
    rights = rights_of(identity)
    return kit.show(
        request,
        identity,
        "record/flash/new.html",
        here="flash",
        status=status,
        draft=draft,
        scopes=[scope for scope in FlashScope if may_write(scope, rights)],
        topics=room.topics() if may_write(FlashScope.topic, rights) else (),
        wide=WIDE,
    )


async def _found(request: web.Request, room: FlashRoom, identity: Identity) -> Flash:
    text = request.match_info["id"]
    flash = await room.database.flashes.get(int(text), identity.login) if len(text) < 18 else None
    if flash is None:
        raise Problem("not_found")
    return flash


def _withdrawing(identity: Identity) -> Callable[[Flash], bool]:
    rights = rights_of(identity)
    return lambda flash: flash.withdrawn_at is None and may_withdraw(flash, identity.login, rights)


async def _names(room: FlashRoom) -> dict[Login, str]:
    return {user.login: user.name for user in await room.database.users.list()}


ROUTES = (
    web.get("/flash", listed),
    web.get("/flash/new", new_form),
    web.post("/flash/new", once(create)),
    web.get(r"/flash/{id:\d+}", one),
    web.post(r"/flash/{id:\d+}/read", read),
    web.post(r"/flash/{id:\d+}/withdraw", withdraw),
    web.post(r"/flash/{id:\d+}/switch", switch),
)

"""Who does what in the house, and how one reaches them: departments, staff, counterparties (D-14, D-60)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from aiohttp import web

from callcore.crm.departments import Department, Departments, Refusal, Way
from callcore.domain import Login, QueueName, Text
from callcore.rights import Permission
from callcore.routing.hours import is_open, next_open_at, open_day
from callcore.store.counterparties import Asker, Counterparty
from callcore.store.database import Database
from callcore.store.errors import NotStored, StoreError, TextRefused
from callcore.store.searching import words
from callcore.store.staff import NewPerson, Person
from callcore.store.texts import folded
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.once import once
from callcore.web.problems import Problem
from callcore.web.signin import Identity

FOUND = 30


@dataclass(frozen=True, slots=True)
class DirectoryRoom:
    database: Database
    departments: Callable[[], Departments]
    country: str
    queue_titles: Callable[[], Mapping[QueueName, Text]]


ROOM = web.AppKey("directory_room", DirectoryRoom)


@dataclass(frozen=True, slots=True)
class Entry:
    """A department as its row shows it now."""

    department: Department
    open_until: datetime | None
    opens_at: datetime | None
    """While it is closed; None too if nobody comes within a year."""
    refusal: Refusal | None
    """Why no call is transferred there, and what is taken in place of it."""

    @property
    def is_open(self) -> bool:
        return self.open_until is not None or (
            self.department.hours is not None and self.department.hours.is_always_open
        )


def entry_of(department: Department, now: datetime) -> Entry:
    hours = department.hours
    refusal = department.accepts(Way.transfer)
    if hours is None or hours.is_always_open:
        return Entry(department, None, None, refusal)
    if not is_open(hours, now):
        return Entry(department, None, next_open_at(hours, now), refusal)
    return Entry(department, closes_at(department, now), None, refusal)


def closes_at(department: Department, now: datetime) -> datetime | None:
    """When the hours that hold now end, on the wall clock."""
    hours = department.hours
    day = open_day(hours, now) if hours else None
    if hours is None or day is None:
        return None
    midnight = datetime.combine(day.date, time.min)
    ends = ((midnight + timedelta(minutes=span.closes)).replace(tzinfo=hours.zone) for span in day.spans)
    return min((end for end in ends if end > now), default=None)


def found_departments(departments: Departments, typed: str) -> tuple[Department, ...]:
    """Those whose name, functions, number or queue holds every word."""
    wanted = words(typed)

    def haystack(each: Department) -> str:
        texts = (each.code, each.title.ru, each.title.en, each.functions.ru, each.functions.en)
        return folded("\n".join((*texts, each.number or "", each.queue or "")))

    return tuple(each for each in departments if all(word in haystack(each) for word in wanted))


async def main(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_see)
    room, deps = request.app[ROOM], request.app[WEB].deps
    typed, departments = request.query.get("q", "").strip()[:400], room.departments()
    chosen = request.query.get("department", "")[:64]
    people = await room.database.staff.search(typed, chosen)
    outside: tuple[Counterparty, ...] = ()
    if typed:
        asker = Asker(identity.login, identity.role)
        outside = await room.database.counterparties.search(typed, asker, limit=FOUND)
    now = deps.now()
    return kit.show(
        request,
        identity,
        "record/directory/found.html" if "X-Fragment" in request.headers else "record/directory/main.html",
        here="directory",
        q=typed,
        chosen=chosen if chosen in departments else "",
        entries=[entry_of(each, now) for each in found_departments(departments, typed)],
        people=people,
        outside=outside,
        departments=departments,
        states=_states(request, people),
        queue_titles=room.queue_titles(),
        ways=list(Way),
    )


async def department(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_see)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    code, departments = request.match_info["code"], room.departments()
    if code not in departments:
        raise Problem("not_found")
    found = departments.find(code)
    people = await room.database.staff.search("", code)
    return kit.show(
        request,
        identity,
        "record/directory/department.html",
        here="directory",
        entry=entry_of(found, now),
        refusals={way: found.accepts(way) for way in Way},
        people=people,
        departments=departments,
        states=_states(request, people),
        queue_titles=room.queue_titles(),
        taking=_elsewhere(departments, found),
    )


async def person_form(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_write)
    room = request.app[ROOM]
    if "id" not in request.match_info:
        login = request.query.get("login", "")[:64]
        user = await room.database.users.get(login) if login else None
        draft = NewPerson(user.name, user.login) if user else NewPerson("")
        return _person(request, identity, draft, None, None)
    found = await room.database.staff.get(_id(request))
    if found is None:
        raise Problem("not_found")
    return _person(request, identity, found, found.id, found)


async def put_person(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.directory_write)
    sent = await kit.form(request, identity)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    id = _id(request) if "id" in request.match_info else None
    draft = NewPerson(
        sent.get("name"),
        Login(sent.get("login").lower()) if sent.get("login") else None,
        sent.get("department"),
        sent.get("position"),
        sent.get("number"),
        sent.get("email"),
        sent.get("comment"),
    )
    try:
        if sent.get("do") == "remove" and id is not None:
            await room.database.staff.remove(id, now)
            return kit.go(request, f"/directory/staff/{id}?removed=1")
        await check_person(room, draft)
        await room.database.staff.put(draft, id, seen=sent.get("seen") or None)
    except (NotStored, TextRefused) as refused:
        now_there = None if id is None else await room.database.staff.get(id)
        return _person(request, identity, draft, id, now_there, refused)
    return kit.go(request, "/directory")


async def check_person(room: DirectoryRoom, draft: NewPerson) -> None:
    """Raises TextRefused for a department or a login that there is not."""
    if draft.department and draft.department not in room.departments():
        raise TextRefused("department: there is no such department", "Такого отдела нет.")
    if draft.login and await room.database.users.get(draft.login) is None:
        raise TextRefused(
            f"login: there is no user {draft.login}", f"Нет пользователя с логином {draft.login}."
        )


def _person(
    request: web.Request,
    identity: Identity,
    draft: NewPerson,
    id: int | None,
    stands: Person | None,
    refused: StoreError | None = None,
) -> web.Response:
    """``stands``: the entry as it is stored now."""
    return kit.show(
        request,
        identity,
        "record/directory/person.html",
        here="directory",
        status=422 if refused else 200,
        draft=draft,
        id=id,
        stands=stands,
        seen=stands.mark if stands else "",
        removed=request.query.get("removed") == "1",
        errors={"": refused.text} if refused else {},
        departments=request.app[ROOM].departments(),
    )


def _states(request: web.Request, people: Sequence[Person]) -> dict[str, str]:
    """Of those who are on shift: ready, talking, …"""
    desks = request.app[WEB].deps.desks
    views = {person.login: desks.view(person.login) for person in people if person.login}
    return {login: view.state.value for login, view in views.items() if view is not None}


def _elsewhere(departments: Departments, found: Department) -> list[Department]:
    """Who else decides one of its matters, by another way (D-15)."""
    others = (each for each in departments if each.code != found.code and each.matters & found.matters)
    return [each for each in others if each.ways - found.ways]


def _id(request: web.Request) -> int:
    text = request.match_info["id"]
    if len(text) > 18:
        raise Problem("not_found")
    return int(text)


ROUTES = (
    web.get("/directory", main),
    web.get("/directory/departments/{code}", department),
    web.get("/directory/staff/new", person_form),
    web.post("/directory/staff/new", once(put_person)),
    web.get(r"/directory/staff/{id:\d+}", person_form),
    web.post(r"/directory/staff/{id:\d+}", put_person),
)

"""Lists of cases and tasks, by folder and filter; the page of a request type (D-42, D-47, D-91)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from callcore.crm.cases.desk import actor
from callcore.crm.cases.model import Refused
from callcore.domain import Login
from callcore.rights import Permission
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.case_find import Look
from callcore.store.case_rows import Status
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.live_news import tell_changes
from callcore.web.problems import Problem
from callcore.web.record.cases_room import HERE, ROOM, path_of, view_of
from callcore.web.record.cases_view import FOLDERS, STATUSES, address

ROWS = 50
_SORTS = ("urgent", "due", "newest", "oldest")


@dataclass(frozen=True, slots=True)
class Filters:
    """What stands in the address of the list."""

    folder: str = "mine"
    q: str = ""
    department: str = ""
    type: str = ""
    status: str = ""
    sort: str = "urgent"
    page: int = 1

    def href(self, **changes: object) -> str:
        values = {
            "folder": self.folder,
            "q": self.q,
            "department": self.department,
            "type": self.type,
            "status": self.status,
            "sort": self.sort if self.sort != "urgent" else "",
            **changes,
        }
        return address("/cases", **values)


def read_filters(query: Mapping[str, str]) -> Filters:
    page = query.get("page", "1")
    folder = query.get("folder", "")
    words = query.get("q", "").strip()[:200]
    return Filters(
        folder=folder if folder in FOLDERS else "search" if words else "mine",
        q=words,
        department=query.get("department", "")[:40],
        type=query.get("type", "")[:40],
        status=query.get("status", "") if query.get("status", "") in STATUSES else "",
        sort=query.get("sort", "") if query.get("sort", "") in _SORTS else "urgent",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
    )


def look_of(filters: Filters, login: Login, own: tuple[str, ...]) -> Look:
    """The filters as the store wants them; ``own``: the departments of this person."""
    departments: tuple[str, ...] = (filters.department,) if filters.department else ()
    if filters.folder == "queue" and not departments:
        departments = own
    return Look(
        folder="" if filters.folder == "search" else filters.folder,
        login=login,
        departments=departments,
        type=filters.type,
        status=Status(filters.status) if filters.status else None,
        words=filters.q,
        sort="newest" if filters.folder == "closed" else filters.sort,
        limit=ROWS,
        offset=(max(filters.page, 1) - 1) * ROWS,
    )


async def listed(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.cases_work)
    room, login = request.app[ROOM], identity.login
    filters = read_filters(request.query)
    own = await room.desk.departments_of(login)
    tasks = await room.desk.tasks.of_responsible(login) if filters.folder == "tasks" else ()
    found = None if filters.folder == "tasks" else await room.desk.find(look_of(filters, login, own))
    return kit.show(
        request,
        identity,
        "record/cases/list.html",
        here=HERE,
        filters=filters,
        folders=FOLDERS,
        counts=await room.desk.counts(login),
        found=found,
        tasks=tasks,
        c=await view_of(room),
        own=own,
        statuses=STATUSES,
        sorts=_SORTS,
        before=filters.href(page=filters.page - 1) if filters.page > 1 else "",
        after=filters.href(page=filters.page + 1) if found and found.next_offset is not None else "",
        now=request.app[WEB].deps.now(),
    )


async def task_done(request: web.Request) -> web.Response:
    """``do`` done or undone; back to where the form stood."""
    identity = await kit.person(request, Permission.cases_work)
    given = await kit.form(request, identity)
    room = request.app[ROOM]
    by = actor(identity.login, identity.role)
    try:
        id_ = int(request.match_info["id"])
        task = await room.desk.finish_task(id_, by, is_done=given.get("do") != "undone")
    except Refused as refused:
        raise Problem("not_found" if refused.code == "unknown" else "forbidden") from None
    if task.case is not None and given.get("back") == "case":
        case = await room.desk.cases.get(task.case)
        if case is not None:
            return kit.go(request, path_of(case))
    if given.get("back") == "customer":
        return kit.go(request, f"/customers/{task.customer}?part=cases")
    return kit.go(request, "/cases?folder=tasks")


async def kind_page(request: web.Request) -> web.Response:
    """A request type: its stages with terms, and how long they take (D-91)."""
    identity = await kit.person(request, Permission.cases_work)
    room = request.app[ROOM]
    kind = room.desk.catalogue.kinds.get(request.match_info["type"])
    if kind is None:
        raise Problem("not_found")
    return kit.show(
        request,
        identity,
        "record/cases/type.html",
        here=HERE,
        kind=kind,
        times=await room.desk.cases.stage_times(kind.code),
        c=await view_of(room),
    )


async def live_list(request: web.Request) -> web.StreamResponse:
    identity = await kit.person(request, Permission.cases_work)
    return await tell_changes(request, identity, lambda piece: piece == WorkChanged())


ROUTES = (
    web.get("/cases", listed),
    web.get("/cases/live", live_list),
    web.get("/cases/types/{type:[a-z][a-z0-9_]{0,39}}", kind_page),
    web.post("/cases/tasks/{id:[0-9]{1,18}}", task_done),
)

"""A case: its page, and all that is done there (D-42, D-44, D-53)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from aiohttp import web

from callcore.crm.cases import model, moves
from callcore.crm.cases.desk import actor
from callcore.crm.cases.model import Actor, Refused
from callcore.domain import CallId, Login, Text
from callcore.rights import Permission
from callcore.screenpop.cardnews import CustomerChanged, WorkChanged
from callcore.store.attachments import AttachmentRefused, Owner, OwnerKind
from callcore.store.case_rows import Case, Change, Priority, Status, number_of
from callcore.store.errors import TextRefused
from callcore.web import kit
from callcore.web.context import WEB, allowed, viewer
from callcore.web.live_news import tell_changes
from callcore.web.problems import Problem
from callcore.web.record import case_types_api, cases_api, cases_list, cases_new
from callcore.web.record.cases_room import (
    HERE,
    NO_FILE,
    ROOM,
    CaseRoom,
    Typed,
    attach,
    known,
    moment,
    path_of,
    view_of,
)
from callcore.web.record.cases_view import PRIORITIES, STATUSES
from callcore.web.render import texts_of
from callcore.web.signin import Identity

FRESH = timedelta(minutes=10)
"""For so long a case says that somebody else changed it."""


async def shown(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.cases_work)
    case = await known(request)
    return await _one(request, identity, case)


async def acted(request: web.Request) -> web.Response:
    """The forms of a case's page: ``do`` names the command, ``revision`` what it was decided on."""
    identity = await kit.person(request, Permission.cases_work)
    given = await kit.form(request, identity, files=True)
    room, case = request.app[ROOM], await known(request)
    by, do = actor(identity.login, identity.role), given.get("do")
    try:
        revision = given.number("revision") or 0
        case = await _do(request, case, revision, do, given, by)
    except Refused as refused:
        if refused.owner is not None:
            refused = model.taken_by(refused.owner, (await view_of(room)).name(refused.owner))
        typed = Typed(do, given.fields, refused.text, refused.faults)
        status = 409 if refused.code in ("taken", "state") else 403 if refused.code == "right" else 422
        newest = await room.desk.cases.get(case.id) or case
        return await _one(request, identity, newest, typed, status)
    except (TextRefused, AttachmentRefused) as refused:
        is_file = isinstance(refused, AttachmentRefused)
        typed = Typed(do, given.fields, NO_FILE if is_file else refused.text)
        return await _one(request, identity, case, typed, 422)
    texts = texts_of(viewer(identity, request.app[WEB].deps).language)
    if do == "discard":
        return kit.go(request, "/cases", done=texts("cases.discarded"))
    return kit.go(request, path_of(case))


Command = Callable[[kit.Form, Actor, Case, datetime, CaseRoom], Change]


def _send(g: kit.Form, by: Actor, case: Case, at: datetime, room: CaseRoom) -> Change:
    """What stands in the form is sent, not what was saved before."""
    c = room.desk.catalogue
    filled = model.fill(case, _answers(g), g.get("comment"), by, at, c)
    sent = moves.send(filled.after if filled.entries else case, by, at, c)
    if not filled.entries:
        return sent
    after = replace(sent.after, revision=case.revision + 1)
    entries = tuple(replace(each, revision=after.revision) for each in (*filled.entries, *sent.entries))
    return Change(case, after, entries, None, sent.events)


_COMMANDS: Mapping[str, Command] = {
    "fill": lambda g, by, case, at, room: model.fill(
        case, _answers(g), g.get("comment"), by, at, room.desk.catalogue
    ),
    "send": _send,
    "take": lambda g, by, case, at, room: model.take(case, by, at),
    "hand_over": lambda g, by, case, at, room: model.hand_over(
        case,
        to=Login(g.get("to")) if g.get("to") else None,
        department=g.get("department"),
        reason=g.get("reason"),
        by=by,
        at=at,
        c=room.desk.catalogue,
    ),
    "reject": lambda g, by, case, at, room: model.reject(case, g.get("reason"), by, at),
    "finish": lambda g, by, case, at, room: moves.finish(
        case, g.get("result"), g.get("reason"), by, at, room.desk.catalogue
    ),
    "mark": lambda g, by, case, at, room: moves.mark(
        case, g.get("flag"), g.get("is") == "yes", by, at, room.desk.catalogue
    ),
    "begin": lambda g, by, case, at, room: moves.begin(case, g.get("reason"), by, at, room.desk.catalogue),
    "prioritise": lambda g, by, case, at, room: model.prioritise(case, _priority(g.get("priority")), by, at),
    "postpone": lambda g, by, case, at, room: moves.postpone(
        case, moment(g.get("due"), room.zone), g.get("reason"), by, at
    ),
    "close": lambda g, by, case, at, room: moves.close(case, g.get("reason"), by, at, room.desk.catalogue),
    "reopen": lambda g, by, case, at, room: moves.reopen(case, g.get("reason"), by, at, room.desk.catalogue),
    "set_status": lambda g, by, case, at, room: moves.set_status(
        case, _status(g.get("status")), g.get("reason"), by, at, room.desk.catalogue
    ),
}


async def _do(request: web.Request, case: Case, revision: int, do: str, given: kit.Form, by: Actor) -> Case:
    room, at = request.app[ROOM], request.app[WEB].deps.now()
    if do == "attach":
        await attach(room, case, given, by.login, at)
        return case
    if do == "task":
        due_at = moment(given.get("due"), room.zone) if given.get("due") else None
        who = given.get("responsible") or by.login
        await room.desk.add_task(
            given.get("text"), who, by, customer=case.customer, case=case.id, due_at=due_at
        )
        return case
    if do == "discard":
        await room.desk.discard(case, revision, by)
        return case
    if (
        do == "hand_over"
        and given.get("to")
        and given.get("to") not in {each.login for each in await room.desk.people()}
    ):
        raise Refused("unknown", Text("Такого человека нет.", "There is no such person."))
    command = _COMMANDS.get(do)
    if command is None:
        raise Problem("bad_request")
    return await room.desk.do(case, revision, lambda now, when: command(given, by, now, when, room), by)


async def live_case(request: web.Request) -> web.StreamResponse:
    identity = await kit.person(request, Permission.cases_work)
    case = await known(request)  # of nobody: it hears any work's change
    mine = CustomerChanged(case.customer) if case.customer else WorkChanged()
    return await tell_changes(request, identity, lambda piece: piece == mine)


# --- pieces


def _answers(given: kit.Form) -> dict[str, str]:
    return {name.removeprefix("a-"): value for name, value in given.fields.items() if name.startswith("a-")}


def _priority(text: str) -> Priority:
    if text not in PRIORITIES:
        raise Refused("form", Text("Выберите приоритет.", "Choose a priority."))
    return Priority[text]


def _status(text: str) -> Status:
    if text not in STATUSES:
        raise Refused("form", Text("Выберите состояние.", "Choose a status."))
    return Status(text)


async def _one(
    request: web.Request, identity: Identity, case: Case, typed: Typed | None = None, status: int = 200
) -> web.Response:
    room, c = request.app[ROOM], await view_of(request.app[ROOM])
    by = actor(identity.login, identity.role)
    room.database.audit.saw(identity.login, case.customer, request.app[WEB].deps.now(), "page")
    number = number_of(case.id, case.created_at)
    kind = room.desk.catalogue.kind_of(case)
    run = case.run
    stage = kind.stage(run.stage) if kind and run else None
    entries, now = await room.desk.history(case), request.app[WEB].deps.now()
    history = c.history(case, entries)
    is_news = bool(entries) and entries[-1].login not in ("", by.login) and now - entries[-1].at < FRESH
    return kit.show(
        request,
        identity,
        "record/cases/one.html",
        here=HERE,
        status=status,
        case=case,
        number=number,
        kind=kind,
        stage=stage,
        rail=c.rail(case),
        acts=c.acts(case, by),
        by_hand=c.by_hand(case),
        history=history,
        talks=[
            line.call
            for line in history
            if line.call and await room.database.contacts.get(CallId(line.call)) is not None
        ],
        by_other=history[0] if is_news else None,
        files=await room.database.attachments.of(Owner(OwnerKind.case, number)),
        voicemails=await room.database.voicemails.of_case(case.id)
        if allowed(identity, Permission.voicemail_listen)
        else (),
        tasks=await room.desk.tasks.of_case(case.id),
        customer=await room.database.customers.get(case.customer) if case.customer else None,
        people=await room.desk.people(),
        departments=[
            each
            for each in room.desk.catalogue.departments
            if any(way in each.ways for way in model.WAYS_OF_A_CASE)
        ],
        me=identity.login,
        may_except=by.may_except,
        c=c,
        priorities=PRIORITIES,
        typed=typed or Typed(),
        local=lambda at: at.astimezone(room.zone).strftime("%Y-%m-%dT%H:%M") if at else "",
        now=now,
    )


ROUTES = (
    web.get("/cases/{number:[^/]{1,24}}/live", live_case),
    web.get("/cases/{number:[^/]{1,24}}", shown),
    web.post("/cases/{number:[^/]{1,24}}", acted),
)


def add_to(app: web.Application, room: CaseRoom) -> None:
    """The pages and the API of cases."""
    app[ROOM] = room
    for routes in (cases_new.ROUTES, cases_list.ROUTES, ROUTES):  # the fixed paths first
        app.add_routes(routes)
    app.add_routes((*case_types_api.ROUTES, *cases_api.ROUTES))

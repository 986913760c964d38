"""``/work``: everybody who has to be called, until somebody has talked with him, however long that takes.

Beside these lists: what the operator left without a topic, and where his cases stand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.domain import Login, QueueName
from callcore.screenpop.cardnews import CallsChanged, WorkChanged
from callcore.store.follow_rows import FollowUpKind, FollowUpLook, FollowUpState
from callcore.store.follow_ups import Given
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.i18n import Texts
from callcore.web.live_news import NEWS, tell_changes
from callcore.web.problems import Problem
from callcore.web.render import texts_of
from callcore.web.signin import Identity
from callcore.web.voice import work_room
from callcore.web.voice.lists import KINDS, counts, page_of, walk
from callcore.web.voice.ports import ROOM
from callcore.web.voice.work_room import (
    NEEDS,
    NO_REASON,
    NOBODY,
    OTHERS,
    PAST,
    WORK,
    Moved,
    Refused,
)

PAGE = "/work"
TABS = (*KINDS, "postponed", "unclassified")
WHOSE = ("all", "mine", "department")
STATES = (*(each.value for each in FollowUpState), "all")
_SETTLED = {"done": FollowUpState.done, "withdraw": FollowUpState.withdrawn}


async def listed(request: web.Request) -> web.Response:
    identity = await kit.person(request, NEEDS)
    tab = _chosen(request, "tab", TABS)
    whose = _chosen(request, "whose", WHOSE)
    work, now = request.app[WORK], request.app[WEB].deps.now()
    look = FollowUpLook(whose=await work.whose(identity, whose), now=now)
    shown: dict[str, Any] = {
        "here": "work",
        "tab": tab,
        "whose": whose,
        "all_whose": WHOSE,
        "counts": await counts(request, identity, look.whose),
        "me": identity.login,
        "calling": await work.calling(),
        "late_seconds": work.late_seconds,
        "names": await request.app[ROOM].names(),
        "queue_titles": request.app[ROOM].queue_titles(),
    }
    if tab == "unclassified":
        return await _own(request, identity, shown)
    state, queue = _chosen(request, "state", STATES), request.query.get("queue", "")
    queue = queue if queue in request.app[ROOM].queue_titles() else ""
    if tab == "postponed":
        look, state = replace(look, postponed=True), "open"
    else:
        is_open = state == "open"
        kinds = (FollowUpKind(tab),)
        look = replace(
            look,
            kinds=kinds,
            state=None if state == "all" else FollowUpState(state),
            postponed=False if is_open else None,
        )
    look = replace(look, queues=(QueueName(queue),) if queue else None)
    found, before, after = await walk(
        request,
        page_of(request),
        lambda limit, offset: work.follow_ups.find(replace(look, limit=limit, offset=offset)),
    )
    return kit.show(
        request,
        identity,
        "voice/work.html",
        found=found,
        waiting=await work.waiting([one for one in found if one.state is FollowUpState.open]),
        last_calls=await work.last_calls(found),
        before=before,
        after=after,
        state=state,
        states=STATES,
        queue=queue,
        is_senior=allowed(identity, OTHERS),
        workers=await work.workers(),
        departments=work.departments(),
        tomorrow=(now.astimezone(request.app[ROOM].zone) + timedelta(days=1)).date().isoformat(),
        **shown,
    )


async def _own(request: web.Request, identity: Identity, shown: dict[str, Any]) -> web.Response:
    """His contacts without a topic."""
    work = request.app[WORK]
    found, before, after = await walk(
        request,
        page_of(request),
        lambda limit, offset: work.contacts.unclassified(identity.login, limit, offset),
    )
    return kit.show(
        request, identity, "voice/work_own.html", found=found, before=before, after=after, **shown
    )


def _chosen(request: web.Request, name: str, known: tuple[str, ...]) -> str:
    asked = request.query.get(name, "")
    return asked if asked in known else known[0]


async def live(request: web.Request) -> web.StreamResponse:
    """A list that is open hears what others have done, and who called meanwhile."""
    identity = await kit.person(request, NEEDS)
    wanted = frozenset((WorkChanged(), CallsChanged()))
    return await tell_changes(request, identity, wanted.__contains__)


# --- moves


async def settle(request: web.Request) -> web.Response:
    """What came of it goes into the note."""
    identity, sent, t = await _sent(request)
    state = _SETTLED[request.match_info["do"]]
    now = request.app[WEB].deps.now()
    moved = await work_room.settle(request.app[WORK], _id(request), state, sent.get("note"), identity, now)
    return await _go(request, sent, moved, t(f"work.said_{state.value}"), t)


async def hold(request: web.Request) -> web.Response:
    """Take it on, so that nobody else calls, or let anybody have it again."""
    identity, sent, t = await _sent(request)
    room, now = request.app[WORK], request.app[WEB].deps.now()
    if request.match_info["do"] == "take":
        is_over = sent.get("over") == "1"
        if is_over and not allowed(identity, OTHERS):
            raise Problem("forbidden")
        moved = await work_room.take(room, _id(request), identity, now, is_over=is_over)
        return await _go(request, sent, moved, t("work.said_taken"), t)
    moved = await work_room.hand_back(room, _id(request), identity, now)
    return await _go(request, sent, moved, t("work.said_handed_back"), t)


async def postpone(request: web.Request) -> web.Response:
    """Until a day and a clock in the organisation's zone; with a reason."""
    identity, sent, t = await _sent(request)
    zone, now = request.app[ROOM].zone, request.app[WEB].deps.now()
    until = moment_of(sent.get("day"), sent.get("time"), zone)
    if until is None or until <= now:
        raise Problem("incomplete", detail=PAST)
    if not sent.get("reason"):
        raise Problem("incomplete", detail=NO_REASON)
    moved = await work_room.postpone(
        request.app[WORK], _id(request), until, sent.get("reason"), identity, now
    )
    local = until.astimezone(zone)
    said = t("work.said_postponed", at=f"{t.day(until, now, zone)}, {local:%H:%M}")
    return await _go(request, sent, moved, said, t)


async def give(request: web.Request) -> web.Response:
    """To a person or to a department; with a reason."""
    identity, sent, t = await _sent(request)
    room, now = request.app[WORK], request.app[WEB].deps.now()
    kind, _, code = sent.get("to").partition(":")
    workers, departments = await room.workers(), room.departments()
    if kind == "person" and code in workers:
        to, name = Given("given", Login(code)), workers[Login(code)]
    elif kind == "department" and code in departments:
        to, name = Given("given", None, code), t.told(departments[code])
    else:
        raise Problem("incomplete", detail=NOBODY)
    if not sent.get("reason"):
        raise Problem("incomplete", detail=NO_REASON)
    moved = await work_room.give(room, _id(request), to, sent.get("reason"), identity, now)
    return await _go(request, sent, moved, t("work.said_given", name=name), t)


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


async def _sent(request: web.Request) -> tuple[Identity, kit.Form, Texts]:
    identity = await kit.person(request, NEEDS)
    return identity, await kit.form(request, identity), texts_of(identity.language)


async def _go(request: web.Request, sent: kit.Form, moved: Moved, said: str, t: Texts) -> web.Response:
    """Back to the list, with what was done, or who stands against it."""
    if moved.refused is None:
        request.app[NEWS].tell(WorkChanged())
        return kit.go(request, _back(sent), said=said)
    names = await request.app[ROOM].names()
    name = names.get(moved.by, moved.by)
    match moved.refused:
        case Refused.taken:
            said = t("work.said_taken_before", name=name)
        case Refused.his:
            said = t("work.said_his", name=name)
        case Refused.settled:
            said = t("work.said_before", name=name or "callcore", state=t(f"work.state_{moved.one.state}"))
    return kit.go(request, _back(sent), said=said)


def _back(sent: kit.Form) -> str:
    """The list as it was filtered; no other page."""
    address = sent.get("back")
    is_ours = address.partition("?")[0] == PAGE and address.isascii() and address.isprintable()
    return address if is_ours else PAGE


def moment_of(day: str, clock: str, zone: ZoneInfo) -> datetime | None:
    try:
        date = datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007 - a wall clock; the zone comes below
        at = datetime.combine(date, time.fromisoformat(clock or "09:00"), zone)
    except (ValueError, OverflowError):
        return None
    return at if 2000 <= at.year <= 2200 else None


async def call_backs(request: web.Request) -> web.Response:
    """Where the list was before."""
    await kit.person(request, NEEDS)
    state = request.query.get("state", "")
    more = f"&state={state}" if state in STATES else ""
    raise web.HTTPSeeOther(f"{PAGE}?tab=wish{more}")


ROUTES = (
    web.get(PAGE, listed),
    web.get(f"{PAGE}/live", live),
    web.post(f"{PAGE}/{{id:[0-9]{{1,18}}}}/{{do:done|withdraw}}", settle),
    web.post(f"{PAGE}/{{id:[0-9]{{1,18}}}}/{{do:take|hand-back}}", hold),
    web.post(f"{PAGE}/{{id:[0-9]{{1,18}}}}/postpone", postpone),
    web.post(f"{PAGE}/{{id:[0-9]{{1,18}}}}/give", give),
    web.get("/call-backs", call_backs),
)

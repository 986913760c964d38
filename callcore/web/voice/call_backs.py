"""``/call-backs``: who wants to be called back, the longest wait first; taken, done, or not needed."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from callcore.domain import QueueName
from callcore.rights import Permission
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.call_backs import CallBackLook, CallBackState
from callcore.store.errors import NotStored
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.live_news import NEWS, tell_changes
from callcore.web.problems import Problem
from callcore.web.render import texts_of
from callcore.web.voice.lists import counts, page_of, walk
from callcore.web.voice.ports import ROOM

PAGE = "/call-backs"
STATES = (*(each.value for each in CallBackState), "all")
_SETTLED = {"done": CallBackState.done, "withdraw": CallBackState.withdrawn}


async def listed(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.callbacks_work)
    room, asked = request.app[ROOM], request.query
    titles = room.queue_titles()
    state = asked.get("state", "")
    state = state if state in STATES else CallBackState.open.value
    queue = asked.get("queue", "")
    queue = queue if queue in titles else ""
    look = CallBackLook(
        state=None if state == "all" else CallBackState(state),
        queues=(QueueName(queue),) if queue else None,
    )
    found, before, after = await walk(
        request,
        page_of(request),
        lambda limit, offset: room.call_backs.find(replace(look, limit=limit, offset=offset)),
    )
    return kit.show(
        request,
        identity,
        "voice/call_backs.html",
        here="voicemails",
        found=found,
        state=state,
        states=STATES,
        queue=queue,
        queue_titles=titles,
        before=before,
        after=after,
        names=await room.names(),
        me=identity.login,
        is_senior=allowed(identity, Permission.contacts_others),
        counts=await counts(room, identity),
    )


async def live(request: web.Request) -> web.StreamResponse:
    """A list that is open hears what others have settled, and who asked meanwhile."""
    identity = await kit.person(request, Permission.callbacks_work)
    return await tell_changes(request, identity, lambda piece: piece == WorkChanged())


async def settle(request: web.Request) -> web.Response:
    """What came of it goes into the note."""
    identity = await kit.person(request, Permission.callbacks_work)
    sent = await kit.form(request, identity)
    room, state = request.app[ROOM], _SETTLED[request.match_info["do"]]
    id, now, t = int(request.match_info["id"]), request.app[WEB].deps.now(), texts_of(identity.language)
    back = _back(sent.get("back"))
    try:
        wish = await room.call_backs.settle(id, state, sent.get("note"), identity.login, now)
    except NotStored:
        raise Problem("not_found") from None
    request.app[NEWS].tell(WorkChanged())
    if wish.settled_at == now and wish.settled_by == identity.login:
        return kit.go(request, back, said=t(f"voice.said_{state.value}"))
    who = (await room.names()).get(wish.settled_by or identity.login, "")
    return kit.go(request, back, said=t("voice.said_before", name=who, state=t(f"voice.wish_{wish.state}")))


async def hold(request: web.Request) -> web.Response:
    """Take it on, so that nobody else calls, or let anybody have it again."""
    identity = await kit.person(request, Permission.callbacks_work)
    sent = await kit.form(request, identity)
    wishes, login, now = request.app[ROOM].call_backs, identity.login, request.app[WEB].deps.now()
    id, is_taking = int(request.match_info["id"]), request.match_info["do"] == "take"
    t = texts_of(identity.language)
    try:
        if is_taking:
            wish = await wishes.take(id, login, now)
        else:
            is_senior = allowed(identity, Permission.contacts_others)
            wish = await wishes.hand_back(id, login, now, is_anybodys=is_senior)
    except NotStored:
        raise Problem("not_found") from None
    request.app[NEWS].tell(WorkChanged())
    if wish.state is CallBackState.open and wish.taken_by == (login if is_taking else None):
        said = t("voice.said_taken" if is_taking else "voice.said_handed_back")
    else:
        who, is_open = wish.settled_by or wish.taken_by or login, wish.state is CallBackState.open
        name, state = (await request.app[ROOM].names()).get(who, who), t(f"voice.wish_{wish.state}")
        said = t("voice.said_taken_before" if is_open else "voice.said_before", name=name, state=state)
    return kit.go(request, _back(sent.get("back")), said=said)


def _back(address: str) -> str:
    """The list as it was filtered; no other page."""
    is_ours = address.partition("?")[0] == PAGE and address.isascii() and address.isprintable()
    return address if is_ours else PAGE


ROUTES = (
    web.get(PAGE, listed),
    web.get(f"{PAGE}/live", live),
    web.post(f"{PAGE}/{{id:[0-9]{{1,18}}}}/{{do:done|withdraw}}", settle),
    web.post(f"{PAGE}/{{id:[0-9]{{1,18}}}}/{{do:take|hand-back}}", hold),
)

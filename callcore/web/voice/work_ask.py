"""``/work/ask``: somebody at a desk puts a person on the list of those who want to be called."""

from __future__ import annotations

from aiohttp import web

from callcore.domain import CustomerId, Text
from callcore.numbers import written
from callcore.routing.tables import UnknownTopic
from callcore.screenpop.cardnews import CustomerChanged, WorkChanged
from callcore.store.call_backs import NewCallBack
from callcore.store.follow_rows import AskedBy, FollowUpState
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.live_news import NEWS
from callcore.web.problems import Problem
from callcore.web.render import texts_of
from callcore.web.starting import starts_call
from callcore.web.voice.ports import ROOM
from callcore.web.voice.work import PAGE, moment_of
from callcore.web.voice.work_room import NEEDS, PAST, WORK

ADDRESS = f"{PAGE}/ask"
NO_TOPIC = Text("Выберите, о чём звонок.", "Choose what it is about.")


async def asked(request: web.Request) -> web.Response:
    """The form; number, topic and customer may be known already."""
    identity = await kit.person(request, NEEDS)
    number = written(request.query.get("number", ""), request.app[ROOM].country)
    return kit.show(
        request,
        identity,
        "voice/work_ask.html",
        here="work",
        number=number.canonical if number else "",
        topic=request.query.get("topic", ""),
        customer=_digits(request.query.get("customer", "")),
    )


@starts_call("number")
async def ask(request: web.Request) -> web.Response:
    """On the list, once for a number; within our hours, and not before the moment that was chosen."""
    identity = await kit.person(request, NEEDS)
    sent = await kit.form(request, identity)
    room, now, t = request.app[ROOM], request.app[WEB].deps.now(), texts_of(identity.language)
    number = written(sent.get("number"), room.country)
    if number is None:
        raise Problem("not_a_number")
    try:
        _table, topic = room.book().tables.find(sent.get("topic"))
    except UnknownTopic:
        raise Problem("incomplete", detail=NO_TOPIC) from None
    due_at = None
    if sent.get("day"):
        due_at = moment_of(sent.get("day"), sent.get("time"), room.zone)
        if due_at is None or due_at <= now:
            raise Problem("incomplete", detail=PAST)
    customer = sent.number("customer")
    wish = NewCallBack(
        number.canonical,
        topic.code,
        topic.queue,
        room.book().flow.language,
        customer=CustomerId(customer) if customer else None,
        source=AskedBy.operator,
        asked_by=identity.login,
        due_at=due_at,
    )
    is_new = await room.call_backs.ask(wish, now)
    request.app[NEWS].tell(WorkChanged())
    if wish.customer is not None:
        request.app[NEWS].tell(CustomerChanged(wish.customer))
    said = t("work.said_asked" if is_new else "work.said_asked_again")
    return kit.go(request, f"{PAGE}?tab=wish", done=said)


async def no_longer(request: web.Request) -> web.Response:
    """From his card: nobody need call him; with a note what came of it."""
    identity = await kit.person(request, NEEDS)
    one = await request.app[WORK].follow_ups.get(int(request.match_info["id"]))
    if one is None or one.state is not FollowUpState.open:
        raise Problem("not_found")
    return kit.show(
        request, identity, "voice/work_withdraw.html", here="work", one=one, back=f"{PAGE}?tab=wish"
    )


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= 18 else ""


ROUTES = (
    web.get(ADDRESS, asked),
    web.post(ADDRESS, ask),
    web.get(f"{PAGE}/{{id:[0-9]{{1,18}}}}/withdraw", no_longer),
)

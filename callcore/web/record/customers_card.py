"""A customer seen in full: what is urgent, and one part at a time (D-30, D-31, D-73).

Every look is in the audit. A part that cannot be had leaves the others on the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from callcore.domain import CallId, CustomerId, Outage
from callcore.rights import Permission
from callcore.screenpop.cardnews import on_card
from callcore.screenpop.facts import FlashNote, OpenCase, Subject
from callcore.store.attachments import KINDS, Attachment, Owner, OwnerKind
from callcore.store.errors import StoreError
from callcore.store.record import CustomerRecord
from callcore.store.timeline import Place, TimelineLine
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.live_news import tell_changes
from callcore.web.record import customer_forms as forms
from callcore.web.record.customers_room import ROOM, CustomerRoom, contact_of, id_of, record_of
from callcore.web.signin import Identity

log = structlog.get_logger("callcore.web")

LINES = 25
PARTS = ("contacts", "numbers", "people", "points", "money", "offers", "consents", "documents", "cases")


@dataclass(frozen=True, slots=True)
class Timeline:
    """A chosen period of contacts, a page of it."""

    lines: tuple[TimelineLine, ...]
    since: str
    until: str
    fault: str
    """Key of what is wrong with the period."""
    after: str
    """Address of the next page, "" if there is none."""
    recorded: frozenset[CallId] = frozenset()
    """Talks that can be listened to; none for who may not."""


async def card(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.customers_see)
    record = await record_of(request)
    part = request.query.get("part", "")
    return await show(request, identity, record, part if part in PARTS else PARTS[0])


async def show(
    request: web.Request,
    identity: Identity,
    record: CustomerRecord,
    part: str,
    *,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    open_form: str = "",
    checked: bool | None = None,
) -> web.Response:
    """``checked``: the spoken password was right or wrong; ``open_form``: the one with the errors."""
    room = request.app[ROOM]
    now = request.app[WEB].deps.now()
    room.database.audit.saw(identity.login, record.id, now, "page")
    number = record.numbers[0].number if len(record.numbers) == 1 else None
    flashes, cases, outages, names = await asyncio.gather(
        _or_none(room.source.flashes(Subject(record.id, number), identity.login)),
        _or_none(room.source.cases(record.id)),
        _or_none(room.database.outages.affecting([record.id])),
        room.names(),
    )
    missing = tuple(
        name
        for name, value in (("flashes", flashes), ("cases", cases), ("outages", outages))
        if value is None
    )
    return kit.show(
        request,
        identity,
        "record/customer/card.html",
        here="customers",
        status=status,
        c=record,
        part=part,
        parts=PARTS,
        contact=contact_of(request),
        flashes=flashes or (),
        cases=cases or (),
        outages=outages or (),
        missing=missing,
        names=names,
        errors=forms.Words(errors or {}),
        typed=forms.Words(typed or {}),
        open_form=open_form,
        checked=checked,
        clauses=forms.CLAUSES,
        kinds=KINDS,
        **await _part(request, identity, record, part),
    )


async def _part(
    request: web.Request, identity: Identity, record: CustomerRecord, part: str
) -> dict[str, object]:
    room = request.app[ROOM]
    if part == "contacts":
        return {"timeline": await _timeline(request, identity, record.id)}
    if part == "documents":
        return {"documents": await _documents(room, record.id)}
    if part == "cases":
        tasks = await room.database.tasks.of_customer(record.id)
        return {"all_cases": await room.all_cases(record.id), "tasks": tasks}
    return {}


async def _documents(room: CustomerRoom, id: CustomerId) -> tuple[Attachment, ...]:
    return await room.database.attachments.of(Owner(OwnerKind.customer, str(id)))


async def _or_none(answer: Awaitable[tuple[FlashNote | OpenCase | Outage, ...]]) -> tuple[object, ...] | None:
    """A part that cannot be had leaves the others on the page."""
    try:
        async with asyncio.timeout(2):
            return await answer
    except (TimeoutError, StoreError) as fault:
        log.warning("customer_part_not_read", why=str(fault) or type(fault).__name__)
    except Exception:
        log.exception("customer_part_failed")
    return None


async def _timeline(request: web.Request, identity: Identity, id: CustomerId) -> Timeline:
    zone = ZoneInfo(request.app[WEB].settings.zone)
    since_text, until_text = request.query.get("since", "")[:10], request.query.get("until", "")[:10]
    since, until = _day(since_text), _day(until_text)
    fault = ""
    if (since_text and since is None) or (until_text and until is None):
        fault = "customer.bad_day"
    elif since and until and until < since:
        fault = "customer.bad_period"
    lines = await request.app[ROOM].database.timeline.of(
        id,
        None if since is None or fault else _midnight(since, zone),
        None if until is None or fault else _midnight(until + timedelta(days=1), zone),
        LINES + 1,
        _place(request.query.get("before", "")),
    )
    after = ""
    if len(lines) > LINES:
        last = lines[LINES - 1].place
        query = {"part": "contacts", "since": since_text, "until": until_text, "contact": contact_of(request)}
        query["before"] = f"{last.at.isoformat()}~{last.call}~{last.n}"
        after = f"/customers/{id}?{urlencode({name: value for name, value in query.items() if value})}"
    lines = lines[:LINES]
    recorded = frozenset[CallId]()
    if allowed(identity, Permission.recordings_listen):
        recorded = await request.app[ROOM].database.recordings.kept_of({line.call for line in lines})
    return Timeline(lines, since_text, until_text, fault, after, recorded)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _place(text: str) -> Place | None:
    """Whatever is wrong in an address is left out."""
    at, _, rest = text.partition("~")
    call, _, n = rest.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return Place(moment.astimezone(UTC), CallId(call), int(n)) if moment.tzinfo and call else None
    except (ValueError, OverflowError):
        return None


async def live(request: web.Request) -> web.StreamResponse:
    """Says ``changed`` when something on this customer's card did (server-sent events)."""
    identity = await kit.person(request, Permission.customers_see)
    return await tell_changes(request, identity, on_card(id_of(request), identity.login))


ROUTES = (
    web.get(r"/customers/{id:\d+}", card),
    web.get(r"/customers/{id:\d+}/live", live),
)

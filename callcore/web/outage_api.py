"""REST under ``/api/v1`` for outages, the network, campaigns and the do-not-call list.

For supervisors and administrators: by session, by ``Authorization: Bearer``, or over the control socket.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.calls.attempt import CampaignId
from callcore.calls.campaign import TargetResult
from callcore.campaigns.views import CampaignRefused
from callcore.domain import NodeCode, Outage, OutageState, Text
from callcore.numbers import normalise
from callcore.outages.board import Published
from callcore.outages.publication import Publication
from callcore.rights import Permission
from callcore.screenpop.hub import encode
from callcore.store.outages import RevisionTaken
from callcore.strictyaml.faults import ConfigFaults
from callcore.web.api_shapes import (
    AcceptedShape,
    CampaignsShape,
    DncShape,
    IdPath,
    NameQuery,
    NetworkQuery,
    NetworkShape,
    NumberShape,
    OutageDetail,
    OutagesQuery,
    OutagesShape,
    PublicationShape,
    PublishQuery,
    ReportShape,
    TargetsQuery,
    TargetsShape,
)
from callcore.web.bodies import BadBody, read_json, read_raw, text_field
from callcore.web.context import WEB, allowed, api_caller, api_changer, outage_room
from callcore.web.intake import flag
from callcore.web.operation import described
from callcore.web.outage_bodies import ending
from callcore.web.outage_json import (
    dnc_shown,
    line_shown,
    node_json,
    outage_json,
    preview_json,
    publication_json,
    published_json,
    report_json,
)
from callcore.web.problems import Problem
from callcore.web.signin import Identity
from callcore.web.starting import starts_call

LARGEST_PUBLICATION = 1_048_576
MOST_LINES = 1000
MOST_OUTAGES = 500
LARGEST_ID = 2**62
BODY = "body"
"""What faults call the file that came as a request's body."""


def _answer(body: object, status: int = 200) -> web.Response:
    return web.Response(text=encode(body), status=status, content_type="application/json")


# --- outages

_NO_OUTAGE = Text("Отключения с таким номером нет.", "There is no outage of that number.")
_NO_CAMPAIGN = Text("Такого оповещения нет.", "There is no such campaign.")
_NOT_LISTED = Text("Этого номера в списке нет.", "This number is not on the list.")


@starts_call("people")
@described(
    "outages",
    needs=Permission.outages_publish,
    query=PublishQuery,
    body=PublicationShape,
    answer=AcceptedShape,
    problems=("outage_refused", "conflict"),
)
async def publish(request: web.Request) -> web.Response:
    """Publish all of the body's outages, or none.

    422 names every fault. ``?dry=1`` stores and dials nothing.
    """
    identity, room = await api_changer(request, Permission.outages_publish), outage_room(request)
    raw = await read_raw(request, LARGEST_PUBLICATION)
    if flag(request, "dry"):
        checked = await _checked(request, raw)
        return _answer({"outages": [publication_json(each) for each in checked]})
    try:
        published = await room.register.publish(raw, _name(request), identity.login)
    except ConfigFaults as refused:
        raise Problem("outage_refused", faults=refused.faults) from None
    except RevisionTaken:
        raise Problem("conflict") from None
    return _answer({"outages": [published_json(each) for each in published]})


@described(
    "outages",
    needs=Permission.outages_publish,
    query=NameQuery,
    body=PublicationShape,
    answer=AcceptedShape,
    problems=("outage_refused",),
)
async def preview(request: web.Request) -> web.Response:
    """Whom publishing this body would tell, what, and who is skipped by which rule."""
    is_masked = _is_masked(await api_changer(request, Permission.outages_publish))
    room = outage_room(request)
    checked = await _checked(request, await read_raw(request, LARGEST_PUBLICATION))
    previews = [(each, await room.campaigns.preview(each)) for each in checked]
    shown = [{**publication_json(each), **preview_json(told, is_masked=is_masked)} for each, told in previews]
    return _answer({"outages": shown})


async def _checked(request: web.Request, raw: bytes) -> tuple[Publication, ...]:
    try:
        return await outage_room(request).register.check(raw, _name(request))
    except ConfigFaults as refused:
        raise Problem("outage_refused", faults=refused.faults) from None


def _name(request: web.Request) -> str:
    """What the faults call the body: the sender may name his file."""
    name = request.query.get("name", "")
    return name if name.isprintable() and 0 < len(name) <= 200 else BODY


@described("outages", needs=Permission.outages_see, query=OutagesQuery, answer=OutagesShape)
async def outages(request: web.Request) -> web.Response:
    """Outages, the newest first; with ``?open=1`` only those that go on."""
    await api_caller(request, Permission.outages_see)
    book = outage_room(request).outages
    found = await (book.open() if flag(request, "open") else book.recent(MOST_OUTAGES))
    return _answer({"outages": [outage_json(each) for each in found]})


@described("outages", needs=Permission.outages_see, answer=OutageDetail)
async def outage(request: web.Request) -> web.Response:
    """One outage, with its campaigns."""
    await api_caller(request, Permission.outages_see)
    known = await _known(request)
    reports = await outage_room(request).campaigns.reports(known.id)
    return _answer({**outage_json(known), "campaigns": [report_json(each) for each in reports]})


@starts_call("people")
@described(
    "outages",
    needs=Permission.outages_publish,
    path={"step": Literal["restore", "cancel"]},
    answer=AcceptedShape,
    problems=("outage_refused", "conflict"),
)
async def end(request: web.Request) -> web.Response:
    """End an outage; one that has ended so already is answered the same again."""
    identity, room = await api_changer(request, Permission.outages_publish), outage_room(request)
    known = await _known(request)
    step: Literal["restored", "cancelled"] = (
        "restored" if request.match_info["step"] == "restore" else "cancelled"
    )
    if known.state == OutageState(step):
        return _answer({"outages": [published_json(Published(known, "same"))]})
    deps = request.app[WEB].deps
    raw = ending(known, step, ZoneInfo(deps.settings.zone), deps.now())
    try:
        published = await room.register.publish(raw, known.number, identity.login)
    except ConfigFaults as refused:
        raise Problem("outage_refused", faults=refused.faults) from None
    except RevisionTaken:
        raise Problem("conflict") from None
    return _answer({"outages": [published_json(each) for each in published]})


async def _known(request: web.Request) -> Outage:
    found = await outage_room(request).outages.get(unquote(request.match_info["number"]))
    if found is None:
        raise Problem("not_found", detail=_NO_OUTAGE)
    return found


# --- network


@described("network", needs=Permission.outages_see, query=NetworkQuery, answer=NetworkShape)
async def network(request: web.Request) -> web.Response:
    """Nodes of the network: what is right below one, or found by code or name."""
    await api_caller(request, Permission.outages_see)
    tree, text = outage_room(request).network, request.query.get("q", "").strip()
    if text:
        found = await tree.search(text[:200])
    else:
        parent = request.query.get("parent", "")
        found = await tree.children(NodeCode(parent) if parent else None)
    return _answer({"nodes": [node_json(each) for each in found]})


# --- campaigns


@described("campaigns", needs=Permission.campaigns_see, answer=CampaignsShape)
async def campaigns(request: web.Request) -> web.Response:
    """Campaigns, the newest first."""
    await api_caller(request, Permission.campaigns_see)
    return _answer(
        {"campaigns": [report_json(each) for each in await outage_room(request).campaigns.reports(None)]}
    )


@described("campaigns", needs=Permission.campaigns_see, path={"id": IdPath}, answer=ReportShape)
async def campaign(request: web.Request) -> web.Response:
    """One campaign as it stands."""
    await api_caller(request, Permission.campaigns_see)
    report = await outage_room(request).campaigns.report(_id(request))
    if report is None:
        raise Problem("not_found", detail=_NO_CAMPAIGN)
    return _answer(report_json(report))


@described(
    "campaigns",
    needs=Permission.campaigns_see,
    path={"id": IdPath},
    query=TargetsQuery,
    answer=TargetsShape,
    problems=("bad_request",),
)
async def targets(request: web.Request) -> web.Response:
    """The recipients of a campaign."""
    is_masked = _is_masked(await api_caller(request, Permission.campaigns_see))
    desk, query = outage_room(request).campaigns, request.query
    if await desk.report(_id(request)) is None:
        raise Problem("not_found", detail=_NO_CAMPAIGN)
    try:
        results = [TargetResult(name) for name in query.getall("result", [])]
    except ValueError:
        raise Problem("bad_request") from None
    lines = await desk.lines(
        _id(request),
        results=results,
        is_open=flag(request, "open") if "open" in query else None,
        text=query.get("q", "")[:200],
        limit=min(_whole(query.get("limit", "100")), MOST_LINES),
        offset=_whole(query.get("offset", "0")),
    )
    return _answer({"targets": [line_shown(each, is_masked=is_masked) for each in lines]})


@starts_call("people")
@described(
    "campaigns",
    needs=Permission.campaigns_run,
    path={"id": IdPath, "do": Literal["pause", "resume", "stop"]},
    answer=ReportShape,
    problems=("campaign_refused",),
)
async def steer(request: web.Request) -> web.Response:
    """Pause, resume or stop a campaign; 409 says why it cannot be."""
    identity, desk = await api_changer(request, Permission.campaigns_run), outage_room(request).campaigns
    do = {"pause": desk.pause, "resume": desk.resume, "stop": desk.stop}[request.match_info["do"]]
    try:
        await do(_id(request), identity.login)
    except CampaignRefused as refused:
        raise refusal(refused) from None
    report = await desk.report(_id(request))
    return _answer(report_json(report) if report is not None else {})


def refusal(refused: CampaignRefused) -> Problem:
    """The problem for a campaign that cannot be steered so."""
    code = "not_found" if refused.code == "not_found" else "campaign_refused"
    return Problem(code, detail=refused.text)


# --- do not call


@described("do not call", needs=Permission.campaigns_see, answer=DncShape)
async def dnc(request: web.Request) -> web.Response:
    """Numbers that are never called."""
    is_masked = _is_masked(await api_caller(request, Permission.campaigns_see))
    entries = await outage_room(request).dnc.dnc()
    return _answer({"numbers": [dnc_shown(each, is_masked=is_masked) for each in entries]})


@described(
    "do not call",
    needs=Permission.campaigns_run,
    body=NumberShape,
    answer=NumberShape,
    status=201,
    problems=("not_a_number",),
)
async def add_dnc(request: web.Request) -> web.Response:
    """Never call this number again; one that is listed keeps its first entry."""
    identity = await api_changer(request, Permission.campaigns_run)
    try:
        raw = text_field(await read_json(request), "number", 100)
    except BadBody as fault:
        raise Problem("bad_request") from fault
    number = _number(request, raw)
    await outage_room(request).dnc.add_dnc(number, f"by {identity.login}", request.app[WEB].deps.now())
    return _answer({"number": number}, 201)


@described("do not call", needs=Permission.campaigns_run, problems=("not_a_number",))
async def remove_dnc(request: web.Request) -> web.Response:
    """Take a number off the list."""
    await api_changer(request, Permission.campaigns_run)
    if not await outage_room(request).dnc.remove_dnc(_number(request, request.match_info["number"])):
        raise Problem("not_found", detail=_NOT_LISTED)
    return web.Response(status=204)


def _is_masked(identity: Identity) -> bool:
    return not allowed(identity, Permission.customers_unmasked)


def _number(request: web.Request, raw: str) -> str:
    number = normalise(raw, request.app[WEB].settings.country)
    if number is None:
        raise Problem("not_a_number")
    return number.canonical


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Problem("bad_request")
    return int(text)


def _id(request: web.Request) -> CampaignId:
    text = request.match_info["id"]
    if len(text) > 19 or int(text) > LARGEST_ID:
        raise Problem("not_found")
    return CampaignId(int(text))


_NUMBER = r"{number:[A-Za-z0-9._/%-]{1,160}}"
_CAMPAIGN = r"/api/v1/campaigns/{id:[0-9]+}"
ROUTES = (
    web.get("/api/v1/outages", outages),
    web.post("/api/v1/outages", publish),
    web.post("/api/v1/outages/preview", preview),
    web.post(f"/api/v1/outages/{_NUMBER}/{{step:restore|cancel}}", end),
    web.get(f"/api/v1/outages/{_NUMBER}", outage),
    web.get("/api/v1/network", network),
    web.get("/api/v1/campaigns", campaigns),
    web.get(_CAMPAIGN, campaign),
    web.get(f"{_CAMPAIGN}/targets", targets),
    web.post(f"{_CAMPAIGN}/{{do:pause|resume|stop}}", steer),
    web.get("/api/v1/dnc", dnc),
    web.post("/api/v1/dnc", add_dnc),
    web.delete("/api/v1/dnc/{number}", remove_dnc),
)

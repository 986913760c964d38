"""Everything that can start a call, tried by whoever may not, and with numbers that nobody may call: it is
refused, no phone rings, and the carrier sees nothing.

What can start a call is read from the running daemon: routes and orders of the desk that bear the mark of
``web.starting``. One without a line in ``LINES`` fails, and so does code that has a call placed unmarked.
"""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from callcore.rights import Permission, Role
from callcore.testing.carrier import Carrier
from callcore.testing.house import PASSWORD, PEOPLE
from callcore.testing.lab import Softphone
from callcore.testing.lab.process import free_port
from callcore.testing.operator import ApiOperator, Refused
from callcore.testing.stage import DIALPLAN, Stage
from callcore.web.commands import COMMANDS
from callcore.web.signin import digest
from callcore.web.starting import Starts, started_by

in_the_house = pytest.mark.asyncio(loop_scope="module")

GOOD = "+79160007700"
TOPIC = "finance.recalculation"
TRUNK = {"calls_per_second": 20, "lines": 10, "ring_seconds": 5, "caller_number": "+74951112233"}
MANAGER, CHIEF = "marta", "sofia"
NUMBERS = {
    "premium": "+78095550100",
    "premium, without the country": "88095550100",
    "abroad": "+12025550100",
    "abroad, as dialled": "810441632960000",
    "emergency": "112",
    "a colleague": "101",
    "two at once": "79160007700&PJSIP/101",
    "another technology": "PJSIP/101",
    "options of Dial": "79160007700,30,tT",
    "a second action": "79160007700\r\nAction: Originate\r\nChannel: PJSIP/101",
    "a SIP address": "sip:79160007700@evil.example",
    "a SIP address of ours": "<sip:79160007700@127.0.0.1>",
    "a tel address": "tel:+79160007700;phone-context=+1",
    "the number of another context": "79160007700@from-internal",
    "an expression": "${SHELL(id)}",
    "a pause and digits": "79160007700p123",
    "nothing": "",
    "too long": "7" * 200,
    "other digits": "+٧٩١٦٠٠٠٧٧٠٠",
}
"""Each of them nobody may have called."""
WRITTEN = [
    NUMBERS[why] for why in NUMBERS if why.startswith(("premium", "abroad", "emergency", "a colleague"))
]
"""Plain numbers: who wants to be called there may say so."""


@dataclass(frozen=True)
class Line:
    """One thing that can start a call. ``fields``: a request that would; ``number``: the field that names
    whom; ``role``: of somebody who may not; ``scope``: what a token needs for it."""

    fields: Mapping[str, Any]
    scope: Permission | None
    number: str = ""
    role: Role = Role.campaign_manager
    is_form: bool = False
    is_later: bool = False
    """It is noted, and the gate asked when its turn comes."""
    path: Mapping[str, str] = field(default_factory=dict)


OUTAGE = {"kind": "emergency", "nodes": ["feeder-7"], "cause": {"ru": "Авария", "en": "A fault"}}
LINES: Mapping[str, Line] = {
    "order dial": Line({"number": GOOD}, None, "number"),
    "order transfer": Line({"call": "c1", "to": "person:boris"}, None, "to"),
    "POST /transfer": Line({"call": "c1", "to": "blind person:boris"}, None, "to", is_form=True),
    "POST /work/ask": Line({"number": GOOD, "topic": TOPIC}, None, "number", is_form=True, is_later=True),
    "POST /api/v1/call-backs": Line(
        {"number": GOOD, "topic": TOPIC}, Permission.callbacks_work, "number", is_later=True
    ),
    "POST /api/v1/calls": Line({"number": GOOD}, Permission.calls_place, "number"),
    "POST /api/v1/outages": Line(OUTAGE, Permission.outages_publish, role=Role.operator),
    "POST /api/v1/outages/{number}/{step}": Line(
        {},
        Permission.outages_publish,
        role=Role.operator,
        path={"number": "2026-1", "step": "restore"},
    ),
    "POST /api/v1/campaigns/{id}/{do}": Line(
        {}, Permission.campaigns_run, role=Role.operator, path={"id": "1", "do": "resume"}
    ),
    "POST /outages": Line({"do": "publish"}, None, role=Role.operator, is_form=True),
    "POST /outages/campaigns/{id}/{do}": Line(
        {}, None, role=Role.operator, is_form=True, path={"id": "1", "do": "resume"}
    ),
}
"""By method and route, or ``order NAME`` for an order of the desk."""
ORDERS = [name for name in LINES if name.startswith("order ")]
ROUTES = [name for name in LINES if not name.startswith("order ")]
FORMS = [name for name, line in LINES.items() if line.is_form]
WITH_NUMBER = [name for name, line in LINES.items() if line.number]


# --- nothing is left out


def marked(app: web.Application) -> dict[str, Starts]:
    found: dict[str, Starts] = {}
    for route in app.router.routes():
        starts = started_by(route.handler)
        if starts is not None and route.resource is not None:
            found[f"{route.method} {route.resource.canonical}"] = starts
    found |= {f"order {do}": starts for do, work in COMMANDS.items() if (starts := started_by(work))}
    return found


@in_the_house
async def test_each_has_a_line_here(stage: Stage) -> None:
    found = marked(_app(stage))
    assert set(found) == set(LINES)
    assert {name for name, starts in found.items() if starts == "number"} == set(WITH_NUMBER)


DIALS = {"place", "carry", "dial", "ask", "asked", "transfer", "consult", "blind", "three_way"}
"""Methods of what stands behind the pages that have somebody rung."""
WEB = Path(__file__).parents[3] / "callcore" / "web"


def unmarked(source: str) -> Iterator[str]:
    """Functions that have a call placed, and do not say so."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
            continue
        calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
        rings = any(isinstance(called, ast.Attribute) and called.attr in DIALS for called in calls)
        marks = [ast.unparse(each) for each in function.decorator_list]
        if rings and not any(mark.startswith("starts_call(") for mark in marks):
            yield function.name


def test_what_has_a_call_placed_says_so() -> None:
    found = {path.name: [*unmarked(path.read_text("utf-8"))] for path in WEB.rglob("*.py")}
    assert {name: functions for name, functions in found.items() if functions} == {}


def test_the_look_finds_one_that_does_not() -> None:
    assert [*unmarked("async def rings(room):\n    await room.places.place(1)\n")] == ["rings"]
    assert [*unmarked("@starts_call('number')\nasync def rings(room):\n    await room.place(1)\n")] == []


# --- the house

STRAIGHT = "exten => 101,1,Dial(PJSIP/101,20)\n"
"""From the trunk to Anna's phone."""


def _app(stage: Stage) -> web.Application:
    assert stage.daemon is not None
    return stage.daemon.web


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(needs: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path_factory.mktemp("carrier")) as carrier:
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(carrier: Carrier, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder, dialplan = tmp_path_factory.mktemp("stage"), DIALPLAN + STRAIGHT
    async with Stage(folder, carrier_port=carrier.sip_port, dialplan=dialplan) as stage:
        stage.write_config({"outbound": {"trunks": {"main": TRUNK}}}, is_terse=True)
        await stage.add_people(PEOPLE, queues=(), seeds=False)
        for login, role in ((MANAGER, Role.campaign_manager), (CHIEF, Role.supervisor)):
            await stage.add_people({login: (login, PASSWORD)}, queues=(), seeds=False, role=role)
        await stage.start()
        yield stage


@dataclass
class Place:
    """Anna is on shift with a phone that would ring, Boris beside her; everything is quiet at the end."""

    stage: Stage
    carrier: Carrier
    phones: tuple[Softphone, ...]
    anna: ApiOperator
    http: aiohttp.ClientSession
    csrf: str = ""

    async def sign_in(self, login: str) -> None:
        self.http.cookie_jar.clear()
        body = {"login": login, "password": PASSWORD}
        async with self.http.post(f"{self.stage.url}/api/v1/session", json=body) as answer:
            assert answer.status == 200
            self.csrf = (await answer.json())["csrf"]

    async def ask(self, name: str, fields: Mapping[str, Any] | None = None, **headers: str) -> int:
        """The status of the answer."""
        line = LINES[name]
        given = dict(line.fields if fields is None else fields)
        if name.startswith("order "):
            method, path = "POST", f"/api/v1/desk/{name.removeprefix('order ')}"
        else:
            method, _, canonical = name.partition(" ")
            path = canonical.format_map(line.path)
        body: dict[str, Any] = {"json": given}
        if line.is_form:
            body = {"data": {**given, "csrf": headers.pop("X-CSRF-Token", "")}}
        url = self.stage.url + path
        async with self.http.request(method, url, headers=headers, allow_redirects=False, **body) as answer:
            location = answer.headers.get("Location", "")
            return 401 if answer.status == 303 and location == "/sign-in" else answer.status

    async def token(self, login: str, *scopes: Permission) -> str:
        assert self.stage.daemon is not None
        secret = "cc_" + digest(f"{login} {sorted(scopes)}")
        tokens = self.stage.daemon.database.tokens
        if await tokens.find(digest(secret)) is None:
            await tokens.add(digest(secret), login, secret, datetime.now(UTC), scopes)
        return secret

    async def is_quiet(self) -> None:
        """No phone has rung, nothing is in the ledger, and the carrier saw nothing."""
        assert self.stage.daemon is not None
        assert [phone.calls for phone in self.phones] == [(), ()]
        assert await self.stage.daemon.database.attempts.placed() == ()
        assert await self.carrier.invites() == []
        assert await self.stage.daemon.database.campaigns.living() == ()


@pytest_asyncio.fixture(loop_scope="module")
async def place(stage: Stage, carrier: Carrier) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        phones, desks = [], []
        for login, number in (("anna", "101"), ("boris", "102")):
            phone = Softphone(number, stage.lab.phone_port(number), stage.lab.sip_port)
            phones.append(await stack.enter_async_context(phone))
            api = await stack.enter_async_context(ApiOperator(stage.url, login, PASSWORD))
            await api.open(f"PJSIP/{number}")
            desks.append(api)
            stack.push_async_callback(api.sign_out)
        jar = aiohttp.CookieJar(unsafe=True)
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        there = Place(stage, carrier, tuple(phones), desks[0], http)
        yield there
        await there.is_quiet()


REFUSED = ("outside", "withdrawn", "failed")
"""How a hand-over is kept that the gate has refused."""


@pytest_asyncio.fixture(loop_scope="module")
async def living(place: Place) -> AsyncIterator[str]:
    """A call that Anna could hand on: its topic is chosen. It goes to nobody."""
    stage, [hers, his] = place.stage, place.phones
    assert stage.daemon is not None
    async with Softphone("79000000119", free_port(), stage.lab.sip_port) as customer:
        caller = await customer.dial("101")
        leg = await hers.incoming()
        await leg.answer()
        card = await place.anna.hears("card")
        call = card["data"]["call"]["call"]
        await place.anna.is_("talking")
        await place.anna.order("draft", call=call, topic=TOPIC, comment="")
        yield call
        assert (leg.is_over, caller.is_over, his.calls) == (False, False, ())
        kept = await stage.daemon.database.handovers.of_call(call)
        assert {(one.what.to_kind, one.state, one.why) for one in kept} <= {REFUSED}
        assert await stage.daemon.database.attempts.placed(limit=1) == ()
        await caller.hang_up()
        await leg.ended()


# --- by whom


@in_the_house
@pytest.mark.parametrize("name", LINES)
async def test_a_stranger(place: Place, name: str) -> None:
    assert await place.ask(name) in (401, 403)
    assert await place.ask(name, Authorization="Bearer cc_nobody") in (401, 403)
    assert await place.ask(name, Authorization="Basic YW5uYTp4") in (401, 403)


@in_the_house
@pytest.mark.parametrize("name", LINES)
async def test_somebody_of_another_role(place: Place, name: str) -> None:
    login = MANAGER if LINES[name].role is Role.campaign_manager else "anna"
    await place.sign_in(login)
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    assert await place.ask(name, **headers) in ((403, 404, 409) if name in ORDERS else (403,))


@in_the_house
@pytest.mark.parametrize("name", LINES)
async def test_a_page_of_somebody_else(place: Place, name: str) -> None:
    """Her browser sends the cookie along; the origin and the token give it away."""
    await place.sign_in("anna" if LINES[name].role is Role.campaign_manager else CHIEF)
    own = place.stage.url
    for headers in (
        {"Origin": "https://evil.example", "X-CSRF-Token": place.csrf},
        {"Origin": "null", "X-CSRF-Token": place.csrf},
        {"Origin": own},
        {"Origin": own, "X-CSRF-Token": "x" * len(place.csrf)},
    ):
        assert await place.ask(name, **headers) == 403


@in_the_house
@pytest.mark.parametrize("name", [name for name in ROUTES if LINES[name].scope])
async def test_a_token_without_the_scope(place: Place, name: str) -> None:
    scope = LINES[name].scope
    others = [each for each in Permission if each is not scope]
    for login in ("anna", CHIEF):
        token = await place.token(login, *others[:5])
        assert await place.ask(name, Authorization=f"Bearer {token}") == 403
    none = await place.token(CHIEF)
    assert await place.ask(name, Authorization=f"Bearer {none}") == 403


@in_the_house
@pytest.mark.parametrize("name", [name for name in ROUTES if LINES[name].scope])
async def test_a_token_of_whose_owner_may_not(place: Place, name: str) -> None:
    """The scope alone gives no right."""
    scope = LINES[name].scope
    assert scope is not None
    token = await place.token(MANAGER if LINES[name].role is Role.campaign_manager else "anna", scope)
    assert await place.ask(name, Authorization=f"Bearer {token}") == 403


@in_the_house
async def test_a_desk_is_ordered_by_no_program(place: Place) -> None:
    token = await place.token(CHIEF, *Permission)
    for name in ORDERS:
        assert await place.ask(name, Authorization=f"Bearer {token}") in (401, 403), name


@in_the_house
@pytest.mark.parametrize("name", FORMS)
async def test_a_form_is_sent_by_no_program(place: Place, name: str) -> None:
    token = await place.token(CHIEF, *Permission)
    assert await place.ask(name, Authorization=f"Bearer {token}") in (401, 403)


@in_the_house
async def test_with_anothers_phone(place: Place) -> None:
    await place.sign_in("boris")
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    asked = {"number": GOOD, "login": "anna"}
    assert await place.ask("POST /api/v1/calls", asked, **headers) == 403
    token = await place.token("boris", Permission.calls_place)
    assert await place.ask("POST /api/v1/calls", asked, Authorization=f"Bearer {token}") == 403


@in_the_house
async def test_a_call_that_is_not_ones_own(place: Place) -> None:
    """Neither by guessing nor by odd words."""
    await place.sign_in("boris")
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    for attempt in ("p0", "a" * 40, "..%2F..%2Fcalls", "1%20OR%201=1"):
        for method, path in (("GET", ""), ("POST", "/hang-up")):
            url = f"{place.stage.url}/api/v1/calls/{attempt}{path}"
            async with place.http.request(method, url, headers=headers) as answer:
                assert answer.status == 404


@in_the_house
async def test_a_caller_of_somebody_else_is_handed_on_by_nobody_else(place: Place, living: str) -> None:
    """Boris knows the call's id; Anna talks on it."""
    await place.sign_in("boris")
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    for call in (living, "c1", "c1' OR '1'='1", "*"):
        for mode in ("consult", "blind"):
            fields = {"call": call, "to": "department:finance", "mode": mode}
            assert await place.ask("order transfer", fields, **headers) in (404, 409)
            fields = {"call": call, "to": f"{mode} department:finance", "comment": ""}
            assert await place.ask("POST /transfer", fields, **headers) == 409
        url = f"{place.stage.url}/api/v1/desk/transfer/offers"
        async with place.http.get(url, params={"call": call}) as answer:
            assert answer.status == 409
    await place.sign_in(MANAGER)
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    fields = {"call": living, "to": "blind department:finance", "comment": ""}
    assert await place.ask("POST /transfer", fields, **headers) == 403


# --- whom


@in_the_house
@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
@pytest.mark.parametrize("name", WITH_NUMBER)
async def test_a_number_that_nobody_may_call(place: Place, name: str, number: str) -> None:
    """By whoever may call: an operator at her desk, and a program with her token."""
    line = LINES[name]
    fields = {**line.fields, line.number: number}
    await place.sign_in("anna")
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    refused = (400, 403, 404, 409, 422)
    if line.is_later and number in WRITTEN:
        refused = (*refused, 201, 303)
    assert await place.ask(name, fields, **headers) in refused
    if line.scope is not None and name in ROUTES:
        token = await place.token("anna", line.scope)
        assert await place.ask(name, fields, Authorization=f"Bearer {token}") in refused


KINDS = ("", "number:", "person:", "queue:", "department:", "topic:")
"""Whom an offer names."""


@in_the_house
@pytest.mark.parametrize("kind", KINDS)
async def test_a_caller_is_handed_on_to_no_number(place: Place, living: str, kind: str) -> None:
    """He could be, to Boris: it is the number that is refused."""
    offers = (await place.anna.call("GET", f"/api/v1/desk/transfer/offers?call={living}&query=boris"))[
        "offers"
    ]
    assert [(offer["ref"], offer["mode"]) for offer in offers] == [("person:boris", "transfer")]
    await place.sign_in("anna")
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    for why, number in NUMBERS.items():
        for mode in ("consult", "blind"):
            fields = {"call": living, "to": kind + number, "mode": mode}
            assert await place.ask("order transfer", fields, **headers) in (400, 409), why
            fields = {"call": living, "to": f"{mode} {kind}{number}", "comment": ""}
            assert await place.ask("POST /transfer", fields, **headers) in (400, 409), why
    with pytest.raises(Refused, match="not-handed"):
        await place.anna.order("transfer", call=living, to=f"{kind}{GOOD}", mode="blind")


@in_the_house
async def test_a_caller_is_handed_on_outside_by_the_gates_word_alone(place: Place, living: str) -> None:
    """No spelling of a number leads past it, and it says no to these."""
    await place.sign_in("anna")
    headers = {"X-CSRF-Token": place.csrf, "Origin": place.stage.url}
    for why, number in NUMBERS.items():
        for mode in ("consult", "blind"):
            fields = {"call": living, "to": f"outside:{number}", "mode": mode}
            assert await place.ask("order transfer", fields, **headers) in (400, 403, 409), why
            fields = {"call": living, "to": f"{mode} outside:{number}", "comment": ""}
            assert await place.ask("POST /transfer", fields, **headers) in (400, 403, 409), why


@in_the_house
async def test_no_order_of_the_call_bar_names_a_number(place: Place, living: str) -> None:
    """``transfer`` does alone; what ``blind`` is told besides, nobody reads."""
    for named in ("inside", "queue", "colleague", "to", "number"):
        with pytest.raises(Refused, match="404"):
            await place.anna.order("consult", call=living, **{named: GOOD})
        with pytest.raises(Refused, match="no-target"):
            await place.anna.order("blind", call=living, **{named: GOOD})

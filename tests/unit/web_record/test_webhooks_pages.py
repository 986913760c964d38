"""Webhooks by page and by API, delivered to a real server whose answers the test chooses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcore.rights import Permission, Role, may
from callcore.store import outbox
from callcore.store.events import EVENTS

from .conftest import MakeHouse, RecordHouse

HOSTILE = "<script>alert(1)</script>\u202e"
TOLD: dict[str, dict[str, Any]] = {
    "case.created": {"case": "C-1", "customer": 4, "type": "t", "queue": "q", "initiator": HOSTILE},
    "interaction.saved": {"record": 1, "call": "c", "customer": None, "login": "anna", "topic": HOSTILE},
}


@dataclass
class Receiver:
    status: int = 200
    text: str = "taken"
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.came.append(
            ({name.lower(): value for name, value in request.headers.items()}, await request.read())
        )
        return web.Response(status=self.status, text=self.text)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    there = Receiver()
    app = web.Application()
    app.router.add_post("/take", there.take)
    async with TestServer(app) as server:
        there.url = str(server.make_url("/take"))
        yield there


@pytest.fixture
async def house(make_house: MakeHouse) -> RecordHouse:
    made = await make_house(webhooks={"allow": ["127.0.0.0/8"]})
    await made.sign_in(Role.administrator, language="en")
    return made


async def look(house: RecordHouse) -> None:
    courier = house.daemon.exchange.courier
    await courier.look()
    await courier.idle()


async def tell(house: RecordHouse, type: str = "case.created") -> None:
    async def op(connection: Any) -> None:
        await outbox.tell(connection, type, TOLD[type], house.clock.now())

    await house.database.writer.submit(op)


async def add(house: RecordHouse, url: str, **changes: Any) -> Any:
    body = {"name": "CRM", "url": url, "patterns": ["case.*"], **changes}
    return await house.api("POST", "/webhooks", body)


async def test_a_signed_event_reaches_its_receiver(house: RecordHouse, receiver: Receiver) -> None:
    made = await add(house, receiver.url)
    assert made.status == 201
    await tell(house)
    await tell(house, "interaction.saved")
    await look(house)
    ((headers, body),) = receiver.came
    key = base64.b64decode(made.json["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC) == house.clock.now()
    listed = (await house.api("GET", f"/webhooks/{made.json['id']}/deliveries")).json["deliveries"]
    assert [(each["state"], each["status"], each["answer"]) for each in listed] == [
        ("delivered", 200, "taken")
    ]


async def test_the_whole_story_by_pages(house: RecordHouse, receiver: Receiver) -> None:
    made = await house.post_form(
        "/admin/webhooks", name=HOSTILE, url=receiver.url, patterns="case.* webhook.*"
    )
    assert made.status == 200
    assert made.headers["Cache-Control"] == "no-store"
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert secret is not None
    assert "<script>alert" not in made.text
    here = "/admin/webhooks/1"
    again = await house.get(here)
    assert secret[0] not in again.text, "shown once"
    receiver.status, receiver.text = 500, HOSTILE
    assert (await house.post_form(f"{here}/test")).status == 303
    await look(house)
    failed = await house.get(here)
    assert "500" in failed.words
    assert "webhook.test" in failed.words
    assert "<script>alert" not in failed.text
    receiver.status = 200
    assert (await house.post_form(f"{here}/again", delivery=1)).status == 303
    await look(house)
    assert [headers["webhook-id"] for headers, _ in receiver.came] == ["evt_1", "evt_1"]
    assert "waits" not in (await house.get(here, state="delivered")).words.partition("Next try")[2]
    assert (await house.post_form(f"{here}/remove")).status == 422, "it asks once"
    assert (await house.post_form(f"{here}/remove", sure=1)).status == 303
    assert "No subscriptions" in (await house.get("/admin/webhooks")).words


async def test_what_is_wrong_is_said_and_what_was_typed_stays(house: RecordHouse) -> None:
    for fields, said in (
        ({"name": "", "url": "https://a.example/", "patterns": "*"}, "Give it a name"),
        ({"name": "a", "url": "javascript:alert(1)", "patterns": "*"}, "http:// or https://"),
        ({"name": "a", "url": "https://a.example/", "patterns": "Case!"}, "is no kind of events"),
        ({"name": "a", "url": "https://a.example/", "patterns": ""}, "Name events"),
        ({"name": "x" * 300, "url": "https://a.example/", "patterns": "*"}, "200"),
    ):
        refused = await house.post_form("/admin/webhooks", **fields)
        assert refused.status == 422
        assert said in refused.words
        assert f'value="{fields["url"]}"' in refused.text
    await house.post_form("/admin/webhooks", name="a", url="https://a.example/", patterns="*")
    assert (
        "taken"
        in (await house.post_form("/admin/webhooks", name="a", url="https://b.example/", patterns="*")).words
    )
    refused = await house.post_form("/admin/webhooks/1/change", name="a", url="nonsense", patterns="*")
    assert refused.status == 422
    assert 'value="nonsense"' in refused.text
    changed = await house.post_form(
        "/admin/webhooks/1/change", name="b", url="https://b.example/", patterns="*"
    )
    assert changed.status == 303
    assert "switched off" in (await house.get("/admin/webhooks")).words, "the box was not ticked"


async def test_this_network_is_out_of_reach_unless_allowed(make_house: MakeHouse, receiver: Receiver) -> None:
    house = await make_house()
    await house.sign_in(Role.administrator)
    store, now = house.database.webhooks, house.clock.now()
    made = await store.add("CRM", receiver.url, ("case.*",), "whsec_" + "A" * 44, "root", now)
    await tell(house)
    await look(house)
    assert receiver.came == []
    (delivery,) = await store.deliveries()
    assert "not allowed" in delivery.answer
    page = (await house.get(f"/admin/webhooks/{made.id}")).words
    assert "127.0.0.1: сюда нельзя, это закрытая сеть. Разрешить её: webhooks.allow" in page
    form = {"name": "CRM", "url": receiver.url, "patterns": "case.*"}
    stays = await house.post_form(f"/admin/webhooks/{made.id}/change", **form, is_active="1")
    assert stays.status == 422
    off = await house.post_form(f"/admin/webhooks/{made.id}/change", **form)
    assert off.status == 303, "an old address does not keep it from being switched off"
    body = {**form, "patterns": ["case.*"], "is_active": False}
    assert (await house.api("PUT", f"/webhooks/{made.id}", body)).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9911",
        "http://localhost:9911/",
        "http://127.1/",
        "https://[::1]/",
        "https://10.0.0.7/x",
        "http://169.254.169.254/",
        "http://[fe80::1]/",
        "http://[::ffff:192.168.0.1]/",
    ],
)
async def test_an_address_of_a_private_network_is_refused_at_once(make_house: MakeHouse, url: str) -> None:
    house = await make_house(webhooks={"allow": ["172.16.0.0/12"]})
    await house.sign_in(Role.administrator)
    refused = await add(house, url)
    assert (refused.status, refused.json["faults"][0]["field"]) == (422, "url")
    assert "webhooks.allow" in refused.json["faults"][0]["message"]
    form = {"name": "CRM", "url": url, "patterns": "case.*"}
    said = await house.post_form("/admin/webhooks", **form)
    assert said.status == 422
    assert "закрытая сеть. Разрешить её: webhooks.allow в настройках" in said.words
    assert await house.database.webhooks.all() == ()
    assert (await add(house, "https://172.16.0.9/")).status == 201
    assert (await house.post_form("/admin/webhooks/1/change", **form)).status == 422
    assert (await house.api("PUT", "/webhooks/1", {**form, "patterns": ["case.*"]})).status == 422


async def test_an_event_that_there_is_not_is_refused_with_those_near(house: RecordHouse) -> None:
    refused = await add(house, "https://a.example/", patterns=["case.*", "case.creatd", "foo.bar"])
    assert refused.status == 422
    assert "case.created" in refused.json["faults"][0]["message"]
    await house.sign_in(Role.administrator, "root")
    said = await house.post_form("/admin/webhooks", name="a", url="https://a.example/", patterns="foo.bar")
    assert said.status == 422
    assert "События foo.bar нет. Есть: call.*, contact.*" in said.words
    for event in EVENTS.values():
        assert f"{event.type} {event.title.ru}" in said.words


@pytest.mark.parametrize("role", list(Role))
async def test_who_may(house: RecordHouse, role: Role) -> None:
    await add(house, "https://a.example/")
    await house.sign_in(role, f"some-{role}")
    is_allowed = may(role, Permission.webhooks_manage)
    for path in ("/admin/webhooks", "/admin/webhooks/1"):
        assert (await house.get(path)).status == (200 if is_allowed else 403)
    assert (await house.post_form("/admin/webhooks/1/test")).status == (303 if is_allowed else 403)
    for method, path in (("GET", "/webhooks"), ("POST", "/webhooks/1/secret"), ("DELETE", "/webhooks/1")):
        assert ((await house.api(method, path)).status < 300) is is_allowed


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        ({"name": "a", "url": "https://a.example/", "patterns": ["*"], "more": 1}, 422, "more"),
        ({"name": 7, "url": "https://a.example/", "patterns": ["*"]}, 422, "name"),
        ({"name": "a", "url": "https://a.example/", "patterns": ["*"], "is_active": "yes"}, 422, "is_active"),
        ({"name": "a", "url": "ftp://a.example/", "patterns": ["*"]}, 422, "url"),
        ({"name": "a", "url": "https://a.example/", "patterns": ["**"]}, 422, "patterns"),
        ([], 422, ""),
    ],
)
async def test_what_the_api_refuses(house: RecordHouse, body: Any, status: int, place: str) -> None:
    refused = await house.api("POST", "/webhooks", body)
    assert refused.status == status
    assert refused.json["faults"][0]["field"] == place


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"name": "a", "name": "b"}', "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": 1e999}', "application/json", 400),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'"' + b"x" * (1 << 20) + b'"', "application/json", 413),
    ],
)
async def test_bodies_that_are_none(house: RecordHouse, raw: bytes, kind: str, status: int) -> None:
    headers = {"Origin": house.origin, "X-CSRF-Token": house.csrf, "Content-Type": kind}
    answer = await house.ask("POST", "/api/v1/webhooks", data=io.BytesIO(raw), headers=headers)
    assert answer.status == status, answer.text


async def test_odd_characters_queries_and_numbers(house: RecordHouse) -> None:
    made = await add(house, "https://a.example/", name="a\x00b\ud800c")
    assert made.json["name"] == "ab\N{REPLACEMENT CHARACTER}c"
    for query, status in (
        ("limit=0", 422),
        ("limit=501", 422),
        ("limit=5&limit=6", 422),
        ("unknown=1", 422),
        ("before=99999999999999999999999", 422),
        ("state=nothing", 422),
        ("limit=5", 200),
    ):
        answer = await house.ask("GET", f"/api/v1/webhooks/1/deliveries?{query}")
        assert answer.status == status, query
    for path in (
        "/webhooks/99",
        "/webhooks/0",
        "/webhooks/-1",
        "/webhooks/x",
        f"/webhooks/{'9' * 30}",
        "/webhooks/1%00",
    ):
        assert (await house.api("GET", path)).status == 404, path
    assert (await house.api("GET", "/webhooks", x="1")).status == 422


async def test_contact_saved_is_written_only_for_somebody(house: RecordHouse) -> None:
    courier = house.daemon.exchange.courier
    await courier.refresh()
    assert house.database.contacts.is_told is False
    await add(house, "https://a.example/", patterns=["contact.saved"])
    await courier.refresh()
    assert house.database.contacts.is_told is True

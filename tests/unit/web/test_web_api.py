"""REST, problem documents, event stream, health, static files, headers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from callcore.domain import UNCLASSIFIED, CallId, TopicCode
from callcore.screenpop.card import TodayContact
from callcore.screenpop.hub import HubLimits
from callcore.testing.desks import some_view
from callcore.testing.patience import PATIENCE_SECONDS

from .web_house import ANNA, BORIS, PASSWORD, START, House, MakeHouse


async def order(house: House, csrf: str, do: str, body: object = None) -> Any:
    return await house.client.post(
        f"/api/v1/desk/{do}", json=body if body is not None else {}, headers={"X-CSRF-Token": csrf}
    )


async def told(ws: Any) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await ws.receive_json()


async def problem(answer: Any) -> str:
    assert answer.content_type == "application/problem+json"
    body = await answer.json()
    assert body["status"] == answer.status
    assert body["title"]
    return str(body["type"]).removeprefix("urn:callcore:problem:")


async def test_a_shift_over_rest(house: House) -> None:
    csrf = await house.sign_in()
    assert (await (await house.client.get("/api/v1/desk")).json()) == {
        "epoch": "epoch-1",
        "seq": 0,
        "desk": None,
    }
    answer = await order(house, csrf, "open", {"interface": "PJSIP/101"})
    assert (await answer.json())["desk"]["state"] == "paused"
    answer = await order(house, csrf, "ready")
    assert (await answer.json())["desk"]["state"] == "ready"
    house.desks.pop(ANNA, some_view("c1"))
    body = {"call": "c1", "topic": "finance.recalculation", "comment": "ok", "close": True}
    answer = await (await order(house, csrf, "save", body)).json()
    assert answer["record"] == 1
    assert answer["desk"]["tabs"] == []
    assert (await order(house, csrf, "leave")).status == 200
    assert house.desks.view(ANNA) is None


@pytest.mark.parametrize(
    ("code", "status", "type_"),
    [
        ("not_signed_in", 409, "not-on-shift"),
        ("phone_taken", 409, "phone-taken"),
        ("no_such_contact", 404, "no-such-contact"),
        ("unknown_topic", 422, "unknown-topic"),
        ("pbx_down", 503, "pbx-down"),
        ("a_new_code", 409, "conflict"),
    ],
)
async def test_a_refused_order_is_a_problem(house: House, code: str, status: int, type_: str) -> None:
    csrf = await house.sign_in()
    house.desks.refuse = code
    answer = await order(house, csrf, "ready")
    assert answer.status == status
    assert await problem(answer) == type_


async def test_orders_need_a_person_and_a_token(house: House) -> None:
    assert (await order(house, "x", "ready")).status == 401
    await house.sign_in()
    for csrf in ("", "x", "\u00e9"):
        answer = await order(house, csrf, "ready")
        assert await problem(answer) == "csrf"
    assert house.desks.orders == []


@pytest.mark.parametrize(
    ("body", "type_", "status"),
    [
        (b"{", "bad-request", 400),
        (b"\xff\xfe", "bad-request", 400),
        (b"[1]", "bad-request", 400),
        (b'{"reason": {"a": 1}}', "bad-request", 400),
        (b'{"reason": "sleep"}', "bad-request", 400),
        (b'{"a": ' * 9000, "bad-request", 400),
        (b'{"a": ' + b"9" * 5000 + b"}", "bad-request", 400),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "too-large", 413),
    ],
)
async def test_bad_bodies(house: House, body: bytes, type_: str, status: int) -> None:
    csrf = await house.sign_in()
    headers = {"X-CSRF-Token": csrf, "Content-Type": "application/json"}
    answer = await house.client.post("/api/v1/desk/pause", data=body, headers=headers)
    assert answer.status == status
    assert await problem(answer) == type_


async def test_a_giant_chunked_body_is_cut_off(house: House) -> None:
    async def chunks() -> Any:
        for _ in range(1000):
            yield b"x" * 1000

    headers = {"Content-Type": "application/json"}
    answer = await house.client.post("/api/v1/session", data=chunks(), headers=headers)
    assert await problem(answer) == "too-large"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_body_that_does_not_unpack(house: House, coding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = await house.client.post("/api/v1/session", data=b"\xff" * 50, headers=headers)
    assert answer.status == 400
    assert await problem(answer) == "bad-request"


async def test_only_json_is_json(house: House) -> None:
    body = json.dumps({"login": "anna", "password": PASSWORD})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = await house.client.post("/api/v1/session", data=body, headers={"Content-Type": kind})
        assert await problem(answer) == "unsupported-media-type"
    answer = await house.client.post("/sign-in", json={})
    assert answer.status == 415
    assert house.store.open == {}


async def test_nothing_here_and_not_so(house: House) -> None:
    answer = await house.client.get("/api/v1/nothing")
    assert answer.status == 404
    assert await problem(answer) == "not-found"
    answer = await house.client.put("/api/v1/session")
    assert answer.status == 405
    assert "POST" in answer.headers["Allow"]
    assert await problem(answer) == "method-not-allowed"
    csrf = await house.sign_in()
    assert (await order(house, csrf, "format_disk")).status == 404
    answer = await house.client.get("/nothing<script>", headers={"Accept-Language": "en"})
    assert answer.status == 404
    assert "script" not in await answer.text()


async def test_titles_in_both_languages(house: House) -> None:
    for language, title in (("en", "Sign in first"), ("ru", "Нужно войти")):
        answer = await house.client.get("/api/v1/desk", headers={"Accept-Language": language})
        assert (await answer.json())["title"] == title


async def test_a_fault_shows_nothing_of_itself(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    csrf = await house.sign_in()
    house.desks.ready = None  # type: ignore[method-assign, assignment]
    answer = await order(house, csrf, "ready")
    assert answer.status == 500
    assert await problem(answer) == "internal"
    assert "NoneType" not in await answer.text()
    house.renderer.fault = RuntimeError("secret detail")
    answer = await house.client.get("/desk")
    assert answer.status == 500
    assert "secret detail" not in await answer.text()
    assert "request_failed" in capsys.readouterr().out


async def test_todays_contacts(house: House) -> None:
    def line(n: int, topic: TopicCode) -> TodayContact:
        return TodayContact(CallId(f"c{n}"), n, START, "+79161234567", "Иванова", topic, 1000)

    house.store.lines = [line(1, UNCLASSIFIED), line(2, TopicCode("finance.recalculation"))]
    assert (await house.client.get("/api/v1/contacts")).status == 401
    await house.sign_in()

    async def calls(query: str = "") -> list[str]:
        body = await (await house.client.get(f"/api/v1/contacts{query}")).json()
        return [contact["call"] for contact in body["contacts"]]

    assert await calls() == ["c1", "c2"]
    assert await calls("?unclassified=1") == ["c1"]
    assert await calls("?limit=1") == ["c1"]
    assert await calls("?unclassified=0") == ["c1", "c2"]
    assert (await house.client.get("/api/v1/contacts?unclassified=yes")).status == 422
    for wrong in ("-1", "x", "1e3", "٣", "999999999"):
        assert (await house.client.get("/api/v1/contacts", params={"limit": wrong})).status == 400
    house.clock.pass_(days=1)
    await house.sign_in()
    assert await calls() == []


async def test_the_stream_tells_events_and_replays_what_was_missed(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.client.ws_connect("/api/v1/events")
    first = await told(ws)
    assert (first["type"], first["seq"], first["data"]["reason"]) == ("refresh", 1, "new")
    assert first["data"]["desk"]["interface"] == "PJSIP/101"
    house.desks.pop(ANNA, some_view("c1"))
    card = await told(ws)
    assert (card["type"], card["seq"], card["epoch"]) == ("card", 2, "epoch-1")
    assert card["at"] == "2026-03-02T09:00:00.000Z"
    assert card["data"]["call"]["call"] == "c1"
    await ws.close()
    house.desks.pop(ANNA, some_view("c2"))
    again = await house.client.ws_connect("/api/v1/events?epoch=epoch-1&since=2")
    assert (await told(again))["data"]["call"]["call"] == "c2"
    await again.send_json({"ack": 3})
    await again.send_json({"do": "ready"})
    assert (await told(again))["code"] == "bad_request"
    assert house.hub.unacked(ANNA) == 0


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("epoch=another&since=1", "epoch"),
        ("epoch=epoch-1&since=99", "gap"),
        ("epoch=epoch-1&since=-1", "new"),
        ("epoch=epoch-1&since=1e9", "new"),
        ("epoch=epoch-1&since=99999999999999999999", "new"),
        ("epoch=epoch-1", "new"),
        ("since=1", "new"),
        ("epoch=epoch-1&since=0", "gap"),
    ],
)
async def test_a_place_that_cannot_be_found_means_a_refresh(
    make_house: MakeHouse, query: str, reason: str
) -> None:
    house = await make_house(HubLimits(ring=3, queue=10))
    await house.sign_in()
    await house.on_shift()
    for n in range(10):
        house.desks.pop(ANNA, some_view(f"c{n}"))
    ws = await house.client.ws_connect(f"/api/v1/events?{query}")
    event = await told(ws)
    assert (event["type"], event["data"]["reason"]) == ("refresh", reason)
    assert len(event["data"]["desk"]["tabs"]) == 10


async def test_the_stream_is_for_those_who_signed_in_and_for_our_pages(house: House) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await house.client.ws_connect("/api/v1/events")
    assert refused.value.status == 401
    await house.sign_in()
    with pytest.raises(WSServerHandshakeError) as refused:
        await house.client.ws_connect("/api/v1/events", headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403
    assert (await house.client.get("/api/v1/events")).status == 426


async def test_acknowledging_a_long_replay_one_by_one_is_no_flood(house: House) -> None:
    await house.sign_in()
    for _ in range(120):
        house.hub.publish(ANNA, "card", {}, START)
    ws = await house.client.ws_connect("/api/v1/events?epoch=epoch-1&since=0")
    for seq in range(1, 121):
        assert (await told(ws))["seq"] == seq
        await ws.send_json({"ack": seq})
    house.hub.publish(ANNA, "agent.state", {}, START)
    assert (await told(ws))["seq"] == 121
    for _ in range(60):
        await ws.send_json({"ack": 1})
    async with asyncio.timeout(PATIENCE_SECONDS):
        await ws.receive()
    assert ws.close_code == 1008


async def test_people_see_only_their_own_stream(house: House, another_browser: Any) -> None:
    await house.sign_in()
    await house.on_shift(BORIS, "PJSIP/102")
    ws = await house.client.ws_connect("/api/v1/events")
    await told(ws)
    house.desks.pop(BORIS, some_view("c9"))
    house.hub.publish(ANNA, "agent.state", {}, START)
    assert (await told(ws))["type"] == "agent.state"


async def test_health_and_readiness(house: House) -> None:
    for path, key, word in (("/healthz", "health", "ok"), ("/readyz", "readiness", "ready")):
        answer = await house.client.get(path)
        assert (answer.status, await answer.json()) == (200, {"status": word, "reasons": []})
        house.reasons[key] = ["ami.main"]
        answer = await house.client.get(path)
        assert answer.status == 503
        assert (await answer.json())["reasons"] == ["ami.main"]


async def test_metrics_are_for_this_machine(house: House, make_house: MakeHouse) -> None:
    answer = await house.client.get("/metrics")
    assert answer.status == 200
    assert "callcore_pops_sent_total 0.0" in await answer.text()
    answer = await house.client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert await problem(answer) == "forbidden"
    guarded = await make_house(metrics_token="let-me-in-please")
    for given, status in (("", 403), ("Bearer wrong", 403), ("Bearer let-me-in-please", 200)):
        answer = await guarded.client.get("/metrics", headers={"Authorization": given})
        assert answer.status == status


async def test_static_files_and_nothing_beside_them(make_house: MakeHouse, static_dir: Any) -> None:
    (static_dir / "dist" / "out.txt").symlink_to(static_dir.parent / "secret.txt")
    house = await make_house(static_dir=static_dir)
    answer = await house.client.get("/static/dist/live.js?v=abc123")
    assert (answer.status, await answer.text()) == (200, "1")
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await house.client.get("/static/dist/live.js")).headers["Cache-Control"] == "no-cache"
    for path in (
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/dist/..%2f..%2fsecret.txt",
        "/static/dist/%2e%2e/%2e%2e/secret.txt",
        "/static//etc/passwd",
        "/static/dist/out.txt",
        "/static/dist/live.js%00",
        "/static/dist/",
        "/static/",
    ):
        status, body = await raw_get(house, path)
        assert status in (400, 403, 404), path
        assert "secret" not in body.replace("/secret", ""), path


async def raw_get(house: House, path: str) -> tuple[int, str]:
    """A request whose path no client library has tidied up."""
    reader, writer = await asyncio.open_connection(house.client.host, house.client.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split(" ")[1]), answer


@pytest.mark.parametrize("path", ["/sign-in", "/desk", "/nothing", "/api/v1/desk", "/healthz"])
async def test_headers_are_on_every_answer(house: House, path: str) -> None:
    answer = await house.client.get(path, allow_redirects=False)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Referrer-Policy" in answer.headers


async def test_odd_headers_are_refused_before_us(house: House) -> None:
    reader, writer = await asyncio.open_connection(house.client.host, house.client.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()

"""The desk's WebSocket: first render, pops, orders, languages, good-byes, floods."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import WSMessage, WSMsgType, WSServerHandshakeError

from callcore.screenpop.hub import HubLimits
from callcore.testing.desks import some_view
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.live import DeskSocket

from .web_house import ANNA, House, MakeHouse


async def told(ws: Any) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await ws.receive_json()


async def closed(ws: Any) -> int:
    async with asyncio.timeout(PATIENCE_SECONDS):
        message = await ws.receive()
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)
    return int(ws.close_code)


async def test_a_new_page_gets_its_whole_desk_first(house: House) -> None:
    await house.sign_in()
    ws = await house.live()
    first = await told(ws)
    assert first["type"] == "desk"
    assert first["lang"] == "ru"
    assert first["epoch"] == "epoch-1"
    assert "offline" in first["html"]
    assert first["card"] is None
    assert first["sound"] is None


async def test_a_pop_names_its_card_once_and_is_acknowledged(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    await told(ws)
    seq = house.desks.pop(ANNA, some_view("c1"))
    pop = await told(ws)
    assert (pop["card"], pop["seq"]) == ("c1", seq)
    assert "[c1]" in pop["html"]
    assert house.hub.unacked(ANNA) == 1
    house.clock.pass_(seconds=0.25)
    await ws.send_json({"ack": seq})
    house.desks.end(ANNA, some_view("c1").call)
    assert (await told(ws))["card"] is None
    await until(lambda: house.hub.unacked(ANNA) == 0)
    text = house.metrics.render().decode()
    assert "callcore_pops_acked_total 1.0" in text
    assert "callcore_pop_latency_seconds_sum 0.25" in text


async def test_a_page_that_nobody_sees_acknowledges_nothing_as_painted(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    await told(ws)
    seq = house.desks.pop(ANNA, some_view("c1"))
    await told(ws)
    await ws.send_json({"ack": seq, "painted": False})
    await ws.send_json({"ack": "x", "painted": False})
    assert (await told(ws))["code"] == "bad_request"
    house.clock.pass_(seconds=3)
    house.hub.expire()
    house.clock.pass_(seconds=9)
    await ws.send_json({"ack": seq, "painted": True})
    await until(lambda: house.hub.unacked(ANNA) == 0)
    text = house.metrics.render().decode()
    for line in (
        'callcore_operator_pops_total{login="anna",result="sent"} 1.0',
        'callcore_operator_pops_total{login="anna",result="hidden"} 1.0',
        'callcore_operator_pops_total{login="anna",result="painted"} 1.0',
        'callcore_operator_pop_seconds_sum{login="anna"} 12.0',
    ):
        assert line in text
    assert 'result="missed"' not in text


async def test_the_figures_of_who_went_home_are_gone(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    house.desks.pop(ANNA, some_view("c1"))
    house.clock.pass_(seconds=3)
    house.hub.expire()
    assert 'callcore_operator_pops_total{login="anna",result="missed"} 1.0' in house.metrics.render().decode()
    house.hub.publish(ANNA, "agent.left", {}, house.clock.now())
    text = house.metrics.render().decode()
    assert 'login="anna",result' not in text
    assert "callcore_pops_sent_total 1.0" in text


async def test_a_missed_card_is_named_to_the_page(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    assert (await told(ws))["missed"] is None
    house.hub.publish(ANNA, "card.missed", {"call": "c1", "why": "hidden"}, house.clock.now())
    assert (await told(ws))["missed"] == "c1"


async def test_a_card_is_asked_for_and_missed_ones_are_dismissed(house: House) -> None:
    csrf = await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    await told(ws)
    house.desks.ring(ANNA, some_view("c1"), can_take=True)
    await told(ws)
    await ws.send_json({"do": "take_card", "call": "c1", "csrf": csrf})
    assert (await told(ws))["card"] == "c1"
    await ws.send_json({"do": "take_card", "call": "c2", "csrf": csrf})
    assert "error=call_gone" in (await told(ws))["html"]
    for order in ({"call": "c1"}, {"call": ""}, {}):
        await ws.send_json({"do": "dismiss", **order, "csrf": csrf})
        await told(ws)
    assert house.desks.orders[-3:] == [
        ("dismiss", ANNA, "c1"),
        ("dismiss", ANNA, None),
        ("dismiss", ANNA, None),
    ]


async def test_ringing_sounds(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    await told(ws)
    house.desks.ring(ANNA, some_view())
    assert (await told(ws))["sound"] == "ring"
    house.desks.stop_ringing(ANNA, some_view().call)
    assert (await told(ws))["sound"] is None


async def test_many_events_at_once_are_one_render(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    await told(ws)
    drawn = house.renderer.drawn
    house.desks.ring(ANNA, some_view())
    for n in range(20):
        house.desks.pop(ANNA, some_view(f"c{n}"))
    message = await told(ws)
    assert message["seq"] == house.hub.seq(ANNA)
    assert message["card"] == "c19"
    assert message["sound"] == "ring" or message["sound"] is None
    assert house.renderer.drawn == drawn + 1


async def test_orders_reach_the_desk(house: House) -> None:
    csrf = await house.sign_in()
    ws = await house.live()
    await told(ws)
    await ws.send_json({"do": "open", "interface": "PJSIP/101", "csrf": csrf})
    assert "paused" in (await told(ws))["html"]
    await ws.send_json({"do": "ready", "csrf": csrf})
    assert "ready" in (await told(ws))["html"]
    await ws.send_json({"do": "pause", "reason": "lunch", "csrf": csrf})
    assert "paused" in (await told(ws))["html"]
    house.desks.pop(ANNA, some_view("c7"))
    await told(ws)
    await ws.send_json({"do": "draft", "call": "c7", "topic": "", "comment": "па\r\nра", "csrf": csrf})
    await told(ws)
    order = {"do": "save", "call": "c7", "topic": "finance.recalculation", "comment": "да", "close": "1"}
    await ws.send_json({**order, "csrf": csrf})
    assert "[]" in (await told(ws))["html"]
    assert house.desks.saved == {"c7": ("finance.recalculation", "да")}
    assert house.desks.orders[3][3].comment == "па\nра"  # type: ignore[attr-defined]


async def test_a_refused_order_is_shown_on_the_page(house: House) -> None:
    csrf = await house.sign_in()
    ws = await house.live()
    await told(ws)
    await ws.send_json({"do": "ready", "csrf": csrf})
    message = await told(ws)
    assert message["type"] == "desk"
    assert "error=not_signed_in" in message["html"]


async def test_a_fault_in_an_order_keeps_the_connection(
    house: House,
) -> None:
    csrf = await house.sign_in()
    ws = await house.live()
    await told(ws)
    house.desks.ready = None  # type: ignore[method-assign, assignment]
    await ws.send_json({"do": "ready", "csrf": csrf})
    assert await told(ws) == {"type": "error", "code": "internal"}
    await ws.send_json({"do": "catch_up", "csrf": csrf})
    assert (await told(ws))["type"] == "desk"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 60_000,
        '{"do": "format_disk", "csrf": "CSRF"}',
        '{"do": "ready"}',
        '{"do": "ready", "csrf": "wrong"}',
        '{"do": "ready", "csrf": "\\ud800"}',
        '{"do": "ready", "csrf": 17}',
        '{"do": ["ready"], "csrf": "CSRF"}',
        '{"do": "pause", "reason": "no_desk", "csrf": "CSRF"}',
        '{"do": "open", "interface": {"a": 1}, "csrf": "CSRF"}',
        '{"do": "open", "interface": "PJSIP/1\\r\\nAction: Originate", "csrf": "CSRF"}',
        '{"do": "choose", "call": "c1", "customer": "1e3", "csrf": "CSRF"}',
        '{"do": "choose", "call": "c1", "customer": 1.5, "csrf": "CSRF"}',
        '{"do": "save", "call": "c1", "topic": "t", "comment": 5, "csrf": "CSRF"}',
        '{"do": "language", "language": "de", "csrf": "CSRF"}',
        '{"ack": true}',
        '{"ack": -1}',
        '{"ack": 1e300}',
        '{"ack": 99999999999999999999999999}',
        '{"ack": NaN}',
        '{"ack": 1, "ack": 2}',
    ],
)
async def test_what_makes_no_sense_is_answered_and_survived(house: House, text: str) -> None:
    csrf = await house.sign_in()
    ws = await house.live()
    await told(ws)
    await ws.send_str(text.replace("CSRF", csrf))
    assert await told(ws) == {"type": "error", "code": "bad_request"}
    await ws.send_json({"do": "catch_up", "csrf": csrf})
    assert (await told(ws))["type"] == "desk"
    assert house.desks.orders == []


async def test_binary_messages_are_refused(house: House) -> None:
    await house.sign_in()
    ws = await house.live()
    await told(ws)
    await ws.send_bytes(b"{}")
    assert await told(ws) == {"type": "error", "code": "bad_request"}


async def test_an_acknowledgement_of_the_future_counts_for_nothing(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    house.desks.pop(ANNA, some_view())
    await told(ws)
    await ws.send_json({"ack": 10_000})
    await ws.send_str("?")
    while (await told(ws)) != {"type": "error", "code": "bad_request"}:
        pass
    assert house.hub.unacked(ANNA) == 1


async def test_a_flood_is_closed(house: House) -> None:
    await house.sign_in()
    ws = await house.live()
    await told(ws)
    for _ in range(60):
        await ws.send_json({"ack": 0})
    assert await closed(ws) == 1008


async def test_a_giant_message_is_closed(house: House) -> None:
    await house.sign_in()
    ws = await house.live()
    await told(ws)
    await ws.send_str(json.dumps({"do": "draft", "comment": "x" * 70_000}))
    assert await closed(ws) == 1009


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1:1", "http://a@b", "http://[", None]
)
async def test_a_foreign_page_gets_no_socket(house: House, origin: str | None) -> None:
    await house.sign_in()
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(WSServerHandshakeError) as refused:
        await house.client.ws_connect("/desk/live", headers=headers)
    assert refused.value.status == 403


async def test_only_public_origins_where_they_are_set(make_house: MakeHouse) -> None:
    house = await make_house(public_origins=("https://desk.example",))
    with pytest.raises(WSServerHandshakeError):
        await house.live()
    ws = await house.client.ws_connect("/desk/live", headers={"Origin": "https://desk.example:443"})
    assert await told(ws) == {"type": "bye", "reason": "expired"}


@pytest.mark.parametrize("cookie", ["", "x" * 43, "x" * 5000, "юю", "../../etc"])
async def test_a_made_up_token_is_told_to_sign_in(house: House, cookie: str) -> None:
    headers = {"Origin": house.origin, "Cookie": f"callcore_session={cookie}"}
    ws = await house.client.ws_connect("/desk/live", headers=headers)
    assert await told(ws) == {"type": "bye", "reason": "expired"}
    await closed(ws)


async def test_without_upgrade_it_says_so(house: House) -> None:
    answer = await house.client.get("/desk/live", headers={"Origin": house.origin})
    assert answer.status == 426


async def test_signing_out_closes_the_pages_of_this_session_only(house: House, another_browser: Any) -> None:
    csrf = await house.sign_in()
    ws = await house.live()
    await told(ws)
    other = await another_browser(house)
    await house.sign_in(client=other)
    other_ws = await house.live(other)
    await told(other_ws)
    answer = await house.client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})
    assert answer.status == 204
    assert await told(ws) == {"type": "bye", "reason": "signed_out"}
    assert await closed(ws) == 1000
    house.hub.publish(ANNA, "agent.state", {}, house.clock.now())
    assert (await told(other_ws))["type"] == "desk"


async def test_a_session_that_is_over_closes_its_pages(house: House) -> None:
    await house.sign_in()
    ws = await house.live()
    await told(ws)
    house.clock.pass_(hours=1)
    await house.shell.sweep()  # an open page is use: the session stays beyond its idle limit
    house.clock.pass_(hours=1.5)
    await house.shell.sweep()
    house.clock.pass_(hours=14)
    await house.shell.sweep()
    assert await told(ws) == {"type": "bye", "reason": "expired"}
    assert await closed(ws) == 1000
    assert await house.shell.sign_in.clear_expired() == 1
    assert house.store.open == {}


async def test_an_order_after_the_end_of_the_session_is_not_carried_out(house: House) -> None:
    csrf = await house.sign_in()
    ws = await house.live()
    await told(ws)
    house.clock.pass_(hours=17)
    await ws.send_json({"do": "ready", "csrf": csrf})
    assert await told(ws) == {"type": "bye", "reason": "expired"}
    assert house.desks.orders == []


async def test_the_oldest_page_gives_way(make_house: MakeHouse) -> None:
    house = await make_house(connections_per_login=2)
    await house.sign_in()
    pages = [await house.live() for _ in range(3)]
    await told(pages[0])
    assert await told(pages[0]) == {"type": "bye", "reason": "replaced"}
    await closed(pages[0])
    for page in pages[1:]:
        assert (await told(page))["type"] == "desk"


async def test_a_restart_says_so(house: House) -> None:
    await house.sign_in()
    ws = await house.live()
    await told(ws)
    shutdown = asyncio.create_task(house.client.app.shutdown())
    assert await told(ws) == {"type": "bye", "reason": "restart"}
    assert await closed(ws) == 1012
    await shutdown


async def test_language_switches_on_all_pages_of_the_person(house: House) -> None:
    csrf = await house.sign_in()
    one, two = await house.live(), await house.live()
    assert (await told(one))["lang"] == (await told(two))["lang"] == "ru"
    await one.send_json({"do": "language", "language": "en", "csrf": csrf})
    for page in (one, two):
        message = await told(page)
        assert message["lang"] == "en"
        assert message["html"].startswith("en ")
    assert house.store.people[ANNA].language == "en"
    page_text = await (await house.client.get("/desk")).text()
    assert "en Анна" in page_text


async def test_language_while_the_store_is_down_is_said_and_survived(house: House) -> None:
    csrf = await house.sign_in()
    ws = await house.live()
    await told(ws)
    house.store.is_down = True
    await ws.send_json({"do": "language", "language": "en", "csrf": csrf})
    assert "error=store_down" in (await told(ws))["html"]


async def test_presence_follows_first_and_last_page(house: House) -> None:
    await house.sign_in()
    one, two = await house.live(), await house.live()
    await told(one)
    await told(two)
    assert house.desks.online == {ANNA}
    await one.close()
    await until(lambda: house.hub.connections(ANNA) == 1)
    assert house.desks.online == {ANNA}
    await two.close()
    await until(lambda: house.hub.connections(ANNA) == 0)
    assert house.desks.online == set()
    assert "callcore_websockets" in house.metrics.render().decode()


async def test_what_was_missed_comes_after_a_reconnect(house: House) -> None:
    await house.sign_in()
    await house.on_shift()
    ws = await house.live()
    seen = (await told(ws))["seq"]
    await ws.close()
    house.desks.pop(ANNA, some_view("c5"))
    again = await house.live(epoch="epoch-1", since=str(seen))
    assert (await told(again))["card"] == "c5"


async def test_a_page_that_does_not_read_holds_nobody_up(make_house: MakeHouse) -> None:
    house = await make_house(HubLimits(ring=50, queue=5), send_seconds=5.0)
    await house.sign_in()
    await house.on_shift()
    slow = await house.live()
    for n in range(500):
        house.desks.pop(ANNA, some_view(f"c{n}"))
    last = await told(slow)
    while last["seq"] < house.hub.seq(ANNA):
        last = await told(slow)
    assert "c499" in last["html"]
    assert "callcore_websocket_slow_total" in house.metrics.render().decode()


async def test_a_page_that_cannot_be_drawn_is_cut_off_and_the_hub_lives(house: House) -> None:
    await house.sign_in()
    house.renderer.fault = RuntimeError("template")
    ws = await house.live()
    await closed_anyhow(ws)
    house.renderer.fault = None
    again = await house.live()
    assert (await told(again))["type"] == "desk"


async def closed_anyhow(ws: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        message = await ws.receive()
    assert message.type is not WSMsgType.TEXT


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


class DeadWire:
    """What aiohttp shows of a page that takes no bytes and answers no heartbeat."""

    async def __aiter__(self) -> AsyncIterator[WSMessage]:
        yield WSMessage(WSMsgType.ERROR, TimeoutError("No PONG received"), None)

    async def send_frame(self, _wire: bytes, _kind: WSMsgType) -> None:
        raise ConnectionResetError("Cannot write to closing transport")


async def test_a_page_that_no_longer_answers_is_no_fault_of_ours(house: House) -> None:
    """A laptop that was closed: nothing is answered to it, and nothing is raised."""
    await house.sign_in()
    await house.live()
    [socket] = house.shell.connections
    dead: Any = DeskSocket(house.shell, house.shell.connections, socket.identity)
    dead._ws = DeadWire()
    await dead._read()

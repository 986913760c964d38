"""The outages' page: who sees it, forms without a script, what is spoken, the line that keeps it fresh."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from callcore.calls.campaign import CampaignState
from callcore.store.errors import StoreUnavailable
from callcore.store.outages import RevisionTaken
from callcore.testing import outage_samples as samples
from callcore.testing.outage_samples import HOSTILE
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web import board_live

from .web_house import ANNA, OLGA, START, Client, House, MakeHouse

FORM = {
    "step": "new",
    "number": "2026-200",
    "kind": "emergency",
    "cause_ru": "обрыв кабеля",
    "cause_en": "a cut cable",
    "starts_at": "2026-03-02T11:50",
    "nodes": "F-12, H-001",
}


@pytest.fixture
async def house(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(board_live, "BREATH_SECONDS", 0.01)
    monkeypatch.setattr(board_live, "TICK_SECONDS", 0.05)
    house = await make_house(has_outages=True)
    outage = samples.outage()
    house.room.outages.keep(outage)
    house.room.campaigns.put(samples.running(outage))
    return house


async def get(house: House, path: str) -> tuple[int, str]:
    answer = await house.client.get(path, allow_redirects=False)
    return answer.status, unescape(await answer.text())


async def post(house: House, csrf: str, path: str = "/outages", **fields: str) -> tuple[int, str, str]:
    """Status, text, Location."""
    answer = await house.client.post(
        path, data={"csrf": csrf, **fields}, headers={"Origin": house.origin}, allow_redirects=False
    )
    return answer.status, unescape(await answer.text()), answer.headers.get("Location", "")


# --- who sees it


@pytest.mark.parametrize("path", ["/outages", "/outages/tree", "/outages/spoken/" + "0" * 32 + ".wav"])
async def test_only_overseers_see_it(house: House, path: str) -> None:
    assert (await get(house, path))[0] in (303, 401)
    await house.sign_in(ANNA)
    assert (await get(house, path))[0] == 403
    await house.sign_in(OLGA)
    assert (await get(house, path))[0] in (200, 404)


async def test_the_way_to_it_is_shown_to_overseers_only(house: House) -> None:
    await house.sign_in(OLGA)
    assert 'href="/desk"' in (await get(house, "/outages"))[1]
    assert house.room.campaigns.watchers


async def test_forms_of_others_are_refused(house: House) -> None:
    await house.sign_in(OLGA)
    assert (await post(house, "wrong", do="publish", **FORM))[0] == 403
    csrf = await house.sign_in(ANNA)
    assert (await post(house, csrf, do="publish", **FORM))[0] == 403
    assert (await post(house, csrf, "/outages/campaigns/1/stop"))[0] == 403
    await house.client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf, "Origin": house.origin})
    assert (await post(house, csrf, do="publish", **FORM))[2] == "/sign-in"
    assert house.room.outages.sources == []
    assert house.room.campaigns.orders == []


# --- without a script


async def test_form_preview_publish(house: House) -> None:
    csrf = await house.sign_in(OLGA)
    status, page = await get(house, "/outages?step=new&node=F-12")
    assert status == 200
    assert 'value="2026-03-02-1200"' in page
    assert 'value="F-12"' in page
    status, page, _ = await post(house, csrf, do="preview", **FORM)
    assert status == 200
    assert "Опубликовать и оповестить 487 человек" in page
    assert "2 сообщения" in page
    assert "просил не звонить" in page
    assert "2026-200" not in house.room.outages.kept
    status, page, _ = await post(house, csrf, do="edit", **FORM)
    assert 'value="обрыв кабеля"' in page
    status, _, where = await post(house, csrf, do="publish", **FORM)
    assert (status, where) == (303, "/outages?outage=2026-200")
    kept = house.room.outages.kept["2026-200"]
    assert (kept.source, kept.nodes) == ("olga", ("F-12", "H-001"))
    assert kept.starts_at == START - timedelta(minutes=10)
    assert (await post(house, csrf, do="publish", **FORM))[0] == 303  # pressed twice
    assert len(house.room.outages.sources) == 1


@pytest.mark.parametrize("do", ["preview", "publish"])
async def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_the_field(
    house: House, do: str
) -> None:
    csrf = await house.sign_in(OLGA)
    wrong = {**FORM, "nodes": "F-12 F-99", "cause_en": "x" * 300, "starts_at": "next week", "number": "a b"}
    status, page, _ = await post(house, csrf, do=do, **wrong)
    assert status == 422
    for name in ("cause_en", "starts_at", "number"):
        assert f'aria-describedby="fault-{name}"' in page, name
        assert f'id="fault-{name}"' in page, name
    for value in ("F-12 F-99", "x" * 300, "next week", "a b", "обрыв кабеля"):
        assert f'value="{value}"' in page
    status, page, _ = await post(house, csrf, do=do, **{**FORM, "nodes": "F-12 F-99"})
    assert (status, "Нет узла F-99" in page) == (422, True)
    assert house.room.outages.sources == []


async def test_changed_and_restored(house: House) -> None:
    csrf = await house.sign_in(OLGA)
    await post(house, csrf, do="publish", **FORM)
    _, page = await get(house, "/outages?outage=2026-200&step=change")
    assert 'name="revision" value="2"' in page
    changed = {**FORM, "step": "change", "revision": "2", "estimated_restoration_at": "2026-03-02T14:00"}
    assert (await post(house, csrf, do="publish", **changed))[0] == 303
    assert house.room.outages.kept["2026-200"].starts_at == START - timedelta(minutes=10)
    status, page = await get(house, "/outages?outage=2026-200&step=restored")
    assert (status, "Опубликовать, что устранено?" in page) == (200, True)
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.split("<form id=")[-1])
    )
    del fields["csrf"]
    assert (await post(house, csrf, do="publish", **fields))[0] == 303
    assert house.room.outages.kept["2026-200"].state == "restored"
    _, page = await get(house, "/outages?outage=2026-200")
    assert "to-restored" not in page


async def test_somebody_was_faster(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def taken(raw: bytes, name: str, source: str) -> None:
        raise RevisionTaken("revision 1")

    csrf = await house.sign_in(OLGA)
    monkeypatch.setattr(house.room.outages, "publish", taken)
    status, page, _ = await post(house, csrf, do="publish", **FORM)
    assert (status, "отключение изменили" in page) == (409, True)


async def test_steering_comes_back_to_the_same_look(house: House) -> None:
    csrf = await house.sign_in(OLGA)
    look = {"outage": "2026-117", "show": "told"}
    status, _, where = await post(house, csrf, "/outages/campaigns/1/pause", **look)
    assert (status, where) == (303, "/outages?outage=2026-117&show=told")
    assert "Продолжить" in (await get(house, where))[1]
    await post(house, csrf, "/outages/campaigns/1/stop", **look)
    status, page, _ = await post(house, csrf, "/outages/campaigns/1/pause", **look)
    assert (status, "Это оповещение уже закончилось." in page) == (409, True)
    assert (await post(house, csrf, "/outages/campaigns/9/pause", **look))[0] == 404


async def test_the_address_filters_and_pages(house: House) -> None:
    await house.sign_in(OLGA)
    _, page = await get(house, "/outages?outage=2026-117&show=skipped")
    assert page.count('<tr id="target-') == 17
    _, page = await get(house, "/outages?outage=2026-117&page=11")
    assert page.count('<tr id="target-') == 4
    assert "page-back" in page
    assert "page-next" not in page
    _, page = await get(house, "/outages?outage=2026-117&q=nobody-like-this")
    assert "Никто не подходит" in page


@pytest.mark.parametrize(
    "query",
    [
        "outage=none",
        "outage=none&step=restored",
        "outage=2026-117&campaign=99999999999999999999",
        "outage=2026-117&page=0",
        "outage=2026-117&page=-1&show=nonsense&step=nonsense",
        "outage=%00%FF&q=%3Cscript%3E&node=%22%3E%3Cscript%3E&step=new",
        "&".join(f"x{n}=1" for n in range(200)),
    ],
)
async def test_odd_addresses_show_the_page_all_the_same(house: House, query: str) -> None:
    await house.sign_in(OLGA)
    answer = await house.client.get(f"/outages?{query}")
    text = await answer.text()
    assert answer.status == 200
    assert "<script>" not in text


async def test_hostile_names_stay_text(house: House) -> None:
    await house.sign_in(OLGA)
    outage = samples.outage("evil", id=2, cause=samples.Text(HOSTILE, HOSTILE), nodes=("F-90",))
    house.room.outages.keep(outage)
    house.room.campaigns.put(samples.running(outage, id=2))
    text = await (await house.client.get("/outages?outage=evil&step=new&node=F-90")).text()
    text += await (await house.client.get("/outages?outage=evil")).text()
    text += await (await house.client.get("/outages/tree?q=alert")).text()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


# --- beside it


async def test_only_texts_that_were_shown_are_spoken(house: House) -> None:
    await house.sign_in(OLGA)
    _, page = await get(house, "/outages?outage=2026-117")
    address = re.findall(r"/outages/spoken/[0-9a-f]{32}\.wav", page)[0]
    answer = await house.client.get(address, headers={"Range": "bytes=0-3"})
    assert (answer.status, answer.content_type, await answer.read()) == (206, "audio/wav", b"RIFF")
    assert house.room.spoken == [(samples.VOICE.ru, "ru")]
    assert (await get(house, "/outages/spoken/" + "0" * 32 + ".wav"))[0] == 404


async def test_branches_of_the_network(house: House) -> None:
    await house.sign_in(OLGA)
    _, html = await get(house, "/outages/tree?parent=F-14")
    assert re.findall(r'data-node="([^"]+)"', html) == ["H-101", "H-102", "H-103"]
    _, html = await get(house, "/outages/tree?q=северный")
    assert re.findall(r'data-node="([^"]+)"', html) == ["F-12"]


async def test_language_comes_back_here(house: House) -> None:
    csrf = await house.sign_in(OLGA)
    for back, where in (
        ("/outages?outage=2026-117", "/outages?outage=2026-117"),
        ("https://evil.example/outages", "/desk"),
        ("//evil.example", "/desk"),
        ("/outages.evil", "/desk"),
    ):
        assert (await post(house, csrf, "/language", language="en", back=back))[2] == where
    assert "New outage" in (await get(house, "/outages"))[1]


# --- live


async def live(house: House, look: str = "", client: Client | None = None) -> Any:
    return await (client or house.client).ws_connect(
        "/outages/live", params={"look": look}, headers={"Origin": house.origin}
    )


async def until(socket: Any, type_: str, word: str = "") -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            message: dict[str, Any] = await socket.receive_json()
            if message["type"] == type_ and word in unescape(message.get("html", "")):
                return message


async def test_a_change_is_shown_and_nothing_else_is_sent(house: House) -> None:
    csrf = await house.sign_in(OLGA)
    socket = await live(house, "?outage=2026-117")
    first = await until(socket, "board", "Пауза")
    assert (first["look"], first["csrf"]) == ("?outage=2026-117", csrf)
    assert (await until(socket, "alive"))["now"]
    await house.room.campaigns.pause(samples.CampaignId(1), "boris")
    await until(socket, "board", "Продолжить")
    await socket.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(house.shell.connections):  # noqa: ASYNC110  # a turn of the loop is all it takes
            await asyncio.sleep(0)


async def test_a_person_looks_elsewhere(house: House) -> None:
    csrf = await house.sign_in(OLGA)
    socket = await live(house)
    await until(socket, "board", "Выберите отключение")
    await socket.send_json({"do": "look", "look": "?step=new&node=H-001", "csrf": csrf})
    assert (await until(socket, "board", 'value="H-001"'))["look"] == "?step=new&node=H-001"
    await socket.send_json({"do": "resume", "csrf": csrf})
    await until(socket, "board", 'value="H-001"')


@pytest.mark.parametrize(
    "message",
    [{"do": "look", "look": "x" * 3000}, {"do": "look", "look": 7}, {"do": "stop"}, {"ack": 1}, {}],
)
async def test_odd_orders_are_refused(house: House, message: dict[str, object]) -> None:
    csrf = await house.sign_in(OLGA)
    socket = await live(house)
    await socket.send_str(json.dumps({**message, "csrf": csrf}))
    assert (await until(socket, "error"))["code"] == "bad_request"
    await socket.send_json({"do": "resume", "csrf": "wrong"})
    assert (await until(socket, "error"))["code"] == "bad_request"


async def test_the_line_is_for_overseers_of_our_page(house: House, another_browser: Any) -> None:
    socket = await live(house)
    assert await socket.receive_json() == {"type": "bye", "reason": "expired"}
    await house.sign_in(ANNA)
    for headers in ({"Origin": house.origin}, {"Origin": "https://evil.example"}, {}):
        answer = await house.client.get("/outages/live", headers={**headers, "Upgrade": "websocket"})
        assert answer.status in (403, 426)


async def test_the_session_ends_under_the_page(house: House) -> None:
    await house.sign_in(OLGA)
    socket = await live(house)
    await until(socket, "board")
    house.clock.pass_(hours=17)
    assert (await until(socket, "bye"))["reason"] == "expired"


async def test_the_store_goes_away_and_comes_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailable("away")

    await house.sign_in(OLGA)
    socket = await live(house, "?outage=2026-117")
    await until(socket, "board")
    with monkeypatch.context() as patch:
        patch.setattr(house.room.outages, "get", down)
        assert (await until(socket, "error"))["code"] == "store_down"
    await until(socket, "board", "2026-117")


async def test_many_pages_share_one_look_at_the_cards(house: House) -> None:
    await house.sign_in(OLGA)
    sockets = [await live(house) for _ in range(5)]
    for socket in sockets:
        await until(socket, "board")
    before = house.room.campaigns.asked
    house.room.campaigns.put(samples.report(samples.outage(), state=CampaignState.done))
    for socket in sockets:
        await until(socket, "board")
    assert house.room.campaigns.asked <= before + 2


async def test_a_storm_of_changes_is_a_few_renders_and_the_last_one_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board_live, "BREATH_SECONDS", 0.01)
    passed: asyncio.Queue[None] = asyncio.Queue()
    pulse = board_live.Pulse(lambda: passed.put_nowait(None))
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in range(3):
            for _ in range(1000):
                pulse.beat()
            await passed.get()
    assert passed.empty()
    pulse.beat()
    pulse.stop()
    assert passed.empty()

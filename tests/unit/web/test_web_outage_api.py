"""Outages, campaigns, network, do-not-call list over the API: who may, what comes back, what is refused."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from callcore.calls.campaign import CampaignState
from callcore.domain import OutageState
from callcore.rights import Permission
from callcore.store.outages import RevisionTaken
from callcore.store.tokens import Token
from callcore.testing import outage_samples as samples
from callcore.web.masking import masked_number, masked_text
from callcore.web.signin import digest

from .web_house import ADMIN, ANNA, OLGA, START, House, MakeHouse

TOKEN = "cc_" + "a" * 43
READS = (
    "/outages",
    "/outages/2026-117",
    "/network",
    "/campaigns",
    "/campaigns/1",
    "/campaigns/1/targets",
    "/dnc",
)


@pytest.fixture
async def house(make_house: MakeHouse) -> House:
    house = await make_house(has_outages=True)
    outage = samples.outage()
    house.room.outages.keep(outage)
    house.room.campaigns.put(samples.running(outage))
    return house


def a_publication(**changes: object) -> bytes:
    starts: datetime = START - timedelta(minutes=10)
    entry = {
        "number": "2026-200",
        "kind": "emergency",
        "cause": {"ru": "обрыв кабеля", "en": "a cut cable"},
        "starts_at": starts.isoformat(),
        "nodes": ["F-12"],
        **changes,
    }
    return json.dumps({"outages": [entry]}).encode()


async def supervisor(house: House) -> dict[str, str]:
    """Headers of a supervisor's page."""
    return {"X-CSRF-Token": await house.sign_in(OLGA), "Origin": house.origin}


def a_token(
    house: House, login: Any = OLGA, token: str = TOKEN, scopes: frozenset[Permission] = frozenset(Permission)
) -> dict[str, str]:
    """Headers of a program."""
    hashed = digest(token)
    house.room.tokens.kept[hashed] = Token(hashed, login, "control room", START, None, scopes)
    return {"Authorization": f"Bearer {token}"}


# --- who may


@pytest.mark.parametrize("path", READS)
async def test_only_supervisors_and_administrators_read(house: House, path: str) -> None:
    assert (await house.client.get(f"/api/v1{path}")).status == 401
    await house.sign_in(ANNA)
    assert (await house.client.get(f"/api/v1{path}")).status == 403
    for login in (OLGA, ADMIN):
        await house.sign_in(login)
        assert (await house.client.get(f"/api/v1{path}")).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/outages"),
        ("POST", "/outages/preview"),
        ("POST", "/outages/2026-117/restore"),
        ("POST", "/outages/2026-117/cancel"),
        ("POST", "/campaigns/1/pause"),
        ("POST", "/campaigns/1/stop"),
        ("POST", "/dnc"),
        ("DELETE", "/dnc/79201551000"),
    ],
)
async def test_changes_need_the_role_and_the_page(house: House, method: str, path: str) -> None:
    async def ask(**headers: str) -> int:
        return (await house.client.request(method, f"/api/v1{path}", headers=headers)).status

    assert await ask() == 401
    csrf = await house.sign_in(ANNA)
    assert await ask(**{"X-CSRF-Token": csrf}) == 403
    csrf = await house.sign_in(OLGA)
    assert await ask() == 403
    assert await ask(**{"X-CSRF-Token": csrf, "Origin": "https://evil.example"}) == 403
    assert await ask(**{"X-CSRF-Token": csrf, "Origin": house.origin}) in (200, 204, 404, 415, 422)
    assert house.room.outages.sources in ([], ["olga"])


async def test_without_a_room_there_is_nothing(make_house: MakeHouse) -> None:
    house = await make_house()
    await house.sign_in(OLGA)
    assert (await house.client.get("/api/v1/outages")).status == 404
    assert (await house.client.get("/outages")).status == 404


# --- tokens


async def test_a_program_publishes_by_its_token(house: House, caplog: pytest.LogCaptureFixture) -> None:
    headers = a_token(house)
    answer = await house.client.post("/api/v1/outages", data=a_publication(), headers=headers)
    assert answer.status == 200, await answer.text()
    assert house.room.outages.sources == ["olga"]
    assert house.room.tokens.kept[digest(TOKEN)].last_used_at == house.clock.now()
    assert TOKEN not in caplog.text


async def test_a_token_is_worth_what_its_person_is(house: House) -> None:
    assert (await house.client.get("/api/v1/outages", headers=a_token(house, ANNA))).status == 403
    headers = a_token(house)
    house.store.people[OLGA] = house.store.people[OLGA].__class__(
        OLGA, "Ольга", "", "supervisor", disabled_at=START
    )
    assert (await house.client.get("/api/v1/outages", headers=headers)).status == 401


async def test_a_token_opens_nothing_but_this(house: House) -> None:
    headers = a_token(house)
    assert (await house.client.get("/api/v1/desk", headers=headers)).status == 401
    assert (await house.client.get("/api/v1/contacts", headers=headers)).status == 401


async def test_a_wrong_token_is_not_helped_by_a_cookie(house: House) -> None:
    await house.sign_in(OLGA)
    answer = await house.client.get("/api/v1/outages", headers={"Authorization": "Bearer nonsense"})
    assert answer.status == 401


@pytest.mark.parametrize("token", ["", " ", "cc_", "я" * 30, "a" * 5000, "a b" * 20, TOKEN[:-1]])
async def test_hostile_tokens(house: House, token: str) -> None:
    a_token(house)
    header = f"Bearer {token}".encode().decode("latin-1")
    answer = await house.client.get("/api/v1/outages", headers={"Authorization": header})
    assert answer.status == 401


async def test_guessing_is_slowed_down_and_a_good_program_is_not(house: House) -> None:
    good = a_token(house)
    assert (await house.client.get("/api/v1/outages", headers=good)).status == 200
    answers = [
        (await house.client.get("/api/v1/outages", headers={"Authorization": f"Bearer {n:043}"})).status
        for n in range(30)
    ]
    assert answers[0] == 401
    assert answers[-1] == 429
    asked = house.room.tokens.asked
    refused = await house.client.get("/api/v1/outages", headers={"Authorization": f"Bearer {99:043}"})
    assert int(refused.headers["Retry-After"]) >= 1
    assert house.room.tokens.asked == asked
    assert (await house.client.get("/api/v1/outages", headers=good)).status == 200
    house.clock.pass_(minutes=5)
    answer = await house.client.get("/api/v1/outages", headers={"Authorization": f"Bearer {100:043}"})
    assert answer.status == 401


# --- publishing


async def test_a_publication_that_does_not_unpack(house: House) -> None:
    headers = {**a_token(house), "Content-Encoding": "deflate"}
    answer = await house.client.post("/api/v1/outages", data=b"\xff" * 50, headers=headers)
    assert answer.status == 400


async def test_publish_repeat_change(house: House) -> None:
    headers = await supervisor(house)

    async def publish(**changes: object) -> tuple[str, str]:
        answer = await house.client.post("/api/v1/outages", data=a_publication(**changes), headers=headers)
        assert answer.status == 200, await answer.text()
        (outage,) = (await answer.json())["outages"]
        assert outage["number"] == "2026-200"
        return outage["became"], outage["state"]

    until = (START + timedelta(hours=2)).isoformat()
    assert await publish() == ("new", "confirmed")
    assert await publish() == ("same", "confirmed")
    assert await publish(revision=2, estimated_restoration_at=until) == ("changed", "estimated")
    assert house.room.outages.sources == ["olga", "olga"]


async def test_yaml_is_a_body_too_and_dry_stores_nothing(house: House) -> None:
    body = f"""
outages:
  - number: "2026-300"
    kind: emergency
    cause: {{ru: "обрыв кабеля", en: "a cut cable"}}
    starts_at: {START.isoformat()}
    nodes: [F-12, H-001]
"""
    headers = {**await supervisor(house), "Content-Type": "application/yaml"}
    answer = await house.client.post("/api/v1/outages?dry=1", data=body.encode(), headers=headers)
    assert answer.status == 200, await answer.text()
    (outage,) = (await answer.json())["outages"]
    assert (outage["number"], outage["revision"], outage["became"]) == ("2026-300", 1, "checked")
    assert "2026-300" not in house.room.outages.kept


@pytest.mark.parametrize(("language", "word"), [("ru", "узла"), ("en", "node")])
async def test_faults_name_field_line_and_remedy_in_the_callers_language(
    house: House, language: str, word: str
) -> None:
    headers = await supervisor(house)
    house.store.people[OLGA] = house.store.people[OLGA].__class__(
        OLGA, "Ольга", "", "supervisor", "en" if language == "en" else "ru"
    )
    house.clock.pass_(minutes=1)
    body = a_publication(nodes=["F-12", "F-99"])
    answer = await house.client.post("/api/v1/outages?name=feed.json", data=body, headers=headers)
    assert answer.status == 422
    assert answer.content_type == "application/problem+json"
    problem = await answer.json()
    assert problem["type"] == "urn:callcore:problem:outage-refused"
    (fault,) = problem["faults"]
    assert fault["file"] == "feed.json"
    assert fault["field"] == "outages[0].nodes[1]"
    assert word in fault["message"]
    assert fault["remedy"]
    assert "2026-200" not in house.room.outages.kept


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[" * 5000,
        b'{"outages": []}',
        b'{"outages": [{}]}',
        b"outages: !!python/object/apply:os.system [id]",
        b"outages: &a [*a]",
        a_publication(cause={"ru": "a\u202eb", "en": "x\x07y"}),
        a_publication(starts_at="2026-03-02T09:00:00"),
    ],
)
async def test_hostile_bodies_are_refused_whole(house: House, body: bytes) -> None:
    headers = await supervisor(house)
    before = dict(house.room.outages.kept)
    for path in ("/api/v1/outages", "/api/v1/outages/preview"):
        answer = await house.client.post(path, data=body, headers=headers)
        assert answer.status == 422, await answer.text()
        assert (await answer.json())["faults"]
    assert house.room.outages.kept == before


async def test_a_megabyte_and_no_more(house: House) -> None:
    headers = await supervisor(house)

    async def post(path: str, size: int) -> int:
        answer = await house.client.post(f"/api/v1{path}", data=BytesIO(b"x" * size), headers=headers)
        return answer.status

    assert await post("/outages", 2**20) == 422
    assert await post("/outages", 2**20 + 1) == 413
    assert await post("/dnc", 100_000) == 413


async def test_somebody_was_faster(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def taken(raw: bytes, name: str, source: str) -> None:
        raise RevisionTaken("revision 2")

    headers = await supervisor(house)
    monkeypatch.setattr(house.room.outages, "publish", taken)
    answer = await house.client.post("/api/v1/outages", data=a_publication(), headers=headers)
    assert answer.status == 409


async def test_preview_says_what_whom_and_why_not(house: House) -> None:
    headers = await supervisor(house)
    answer = await house.client.post("/api/v1/outages/preview", data=a_publication(), headers=headers)
    (shown,) = (await answer.json())["outages"]
    assert shown["customers"] == 504
    assert shown["skipped"] == {"dnc": 3, "no_number": 14}
    assert shown["sms_parts"] == {"ru": 2, "en": 1}
    assert shown["people"][0]["rule"] == "dnc"
    assert "2026-200" not in house.room.outages.kept


@pytest.mark.parametrize(("step", "state"), [("restore", "restored"), ("cancel", "cancelled")])
async def test_the_end_is_published_once(house: House, step: str, state: str) -> None:
    headers = await supervisor(house)
    known = samples.outage("a/b", id=2, began=10)
    known = known.__class__(**{f: getattr(known, f) for f in known.__slots__} | {"starts_at": START})
    house.room.outages.keep(known)
    for became in ("changed", "same"):
        answer = await house.client.post(f"/api/v1/outages/a%2Fb/{step}", headers=headers)
        assert answer.status == 200, await answer.text()
        (outage,) = (await answer.json())["outages"]
        assert (outage["state"], outage["became"], outage["revision"]) == (state, became, 2)
    assert (await house.client.post("/api/v1/outages/none/restore", headers=headers)).status == 404


# --- what is not shown to everybody


async def test_who_may_not_see_numbers_whole_gets_them_masked(house: House) -> None:
    """As a campaign manager may not."""
    await house.room.dnc.add_dnc("+79201551000", "asked", START)
    scopes = frozenset(Permission) - {Permission.customers_unmasked}
    whole = a_token(house)
    masked = a_token(house, token="cc_" + "b" * 43, scopes=scopes)

    async def people(headers: dict[str, str]) -> list[tuple[str, str, str]]:
        url = "/api/v1/outages/preview"
        answer = await house.client.post(url, data=a_publication(), headers=headers)
        (shown,) = (await answer.json())["outages"]
        targets = await (await house.client.get("/api/v1/campaigns/1/targets", headers=headers)).json()
        dnc = await (await house.client.get("/api/v1/dnc", headers=headers)).json()
        all_ = [*shown["people"], *(line["target"] for line in targets["targets"])]
        assert all(not isinstance(each, str) for each in all_)
        found = [(each["name"], each["number"], each["address"]) for each in all_]
        found += [("", number, "") for each in all_ for number in each.get("others", ())]
        return [*found, *(("", each["number"], "") for each in dnc["numbers"])]

    seen, hidden = await people(whole), await people(masked)
    assert len(seen) == len(hidden) > 100
    assert ("", "+79201551000", "") in seen
    for (name, number, address), (no_name, no_number, no_address) in zip(seen, hidden, strict=True):
        assert (no_name, no_number, no_address) == (
            masked_text(name),
            masked_number(number),
            masked_text(address),
        )
        assert not number or no_number != number
        assert not name or no_name != name


# --- reading


async def test_outages_with_their_campaigns(house: House) -> None:
    house.room.outages.keep(samples.outage("old", id=2, state=OutageState.restored))
    await house.sign_in(OLGA)
    every = (await (await house.client.get("/api/v1/outages")).json())["outages"]
    open_ = (await (await house.client.get("/api/v1/outages?open=1")).json())["outages"]
    assert [each["number"] for each in every] == ["2026-117", "old"]
    assert [each["number"] for each in open_] == ["2026-117"]
    one = await (await house.client.get("/api/v1/outages/2026-117")).json()
    assert one["campaigns"][0]["progress"]["by_result"]["told"] == 214
    assert one["campaigns"][0]["now"]["en"].startswith("Dialling")
    assert (await house.client.get("/api/v1/outages/none")).status == 404


@pytest.mark.parametrize("query", ["open=yes", "open=true", "open=2", "open=1%20", "open=0&open=1"])
async def test_yes_and_no_are_one_and_zero(house: House, query: str) -> None:
    await house.sign_in(OLGA)
    for path in ("outages", "campaigns/1/targets"):
        answer = await house.client.get(f"/api/v1/{path}?{query}")
        assert answer.status == 422, path
        assert [fault["field"] for fault in (await answer.json())["faults"]] == ["open"]


async def test_an_unclear_dry_publishes_nothing(house: House) -> None:
    headers = await supervisor(house)
    answer = await house.client.post("/api/v1/outages?dry=ja", data=a_publication(), headers=headers)
    assert answer.status == 422
    assert [fault["field"] for fault in (await answer.json())["faults"]] == ["dry"]
    assert house.room.outages.sources == []


async def test_network_by_parent_and_by_words(house: House) -> None:
    await house.sign_in(OLGA)

    async def codes(query: str) -> list[str]:
        return [
            n["code"] for n in (await (await house.client.get(f"/api/v1/network{query}")).json())["nodes"]
        ]

    assert await codes("") == ["F-12", "F-14", "F-90"]
    assert await codes("?parent=F-14") == ["H-101", "H-102", "H-103"]
    assert "F-12" in await codes("?q=северный")
    assert await codes("?parent=none") == []


async def test_recipients_are_filtered_and_paged(house: House) -> None:
    await house.sign_in(OLGA)

    async def targets(query: str) -> list[dict[str, Any]]:
        answer = await house.client.get(f"/api/v1/campaigns/1/targets{query}")
        assert answer.status == 200, query
        found: list[dict[str, Any]] = (await answer.json())["targets"]
        return found

    assert len(await targets("")) == 100
    assert len(await targets("?result=skipped&result=unknown")) == 18
    assert len(await targets("?open=1&limit=1000")) == 189
    assert [t["target"]["id"] for t in await targets("?limit=2&offset=4")] == [5, 6]
    for wrong in ("?result=nonsense", "?limit=-1", "?offset=x", "?limit=99999999999"):
        assert (await house.client.get(f"/api/v1/campaigns/1/targets{wrong}")).status == 400
    for id_ in ("9", "9" * 30):
        assert (await house.client.get(f"/api/v1/campaigns/{id_}/targets")).status == 404


async def test_steering_says_why_it_cannot_be(house: House) -> None:
    headers = await supervisor(house)
    for do, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        answer = await house.client.post(f"/api/v1/campaigns/1/{do}", headers=headers)
        assert (await answer.json())["state"] == state
    assert house.room.campaigns.orders == [("pause", 1, "olga"), ("resume", 1, "olga"), ("stop", 1, "olga")]
    answer = await house.client.post("/api/v1/campaigns/1/pause", headers=headers)
    assert answer.status == 409
    assert (await answer.json())["detail"] == "Это оповещение уже закончилось."
    assert (await house.client.post("/api/v1/campaigns/7/pause", headers=headers)).status == 404
    assert house.room.campaigns.reported[1].campaign.state is CampaignState.stopped


async def test_do_not_call_list(house: House) -> None:
    headers = await supervisor(house)
    answer = await house.client.post("/api/v1/dnc", json={"number": "8 (920) 155-10-00"}, headers=headers)
    assert (answer.status, await answer.json()) == (201, {"number": "+79201551000"})
    listed = (await (await house.client.get("/api/v1/dnc")).json())["numbers"]
    assert [each["number"] for each in listed] == ["+79201551000"]
    for wrong in ("nonsense", "", "<script>"):
        answer = await house.client.post("/api/v1/dnc", json={"number": wrong}, headers=headers)
        assert answer.status == 422
    assert (await house.client.post("/api/v1/dnc", json={"number": 7}, headers=headers)).status == 400
    assert (await house.client.delete("/api/v1/dnc/%2B79201551000", headers=headers)).status == 204
    assert (await house.client.delete("/api/v1/dnc/79201551000", headers=headers)).status == 404

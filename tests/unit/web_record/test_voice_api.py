"""Voicemail and call-backs for programs: listed, fetched, marked, taken, settled; by who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callcore.domain import CallId, CustomerId, QueueName, TopicCode
from callcore.rights import Permission, Role
from callcore.screenpop.cardnews import WorkChanged
from callcore.web.signin import digest

from .test_voicemail_pages import NUMBER, asked, left, recording

TOKEN = "cc_" + "v" * 43


async def by_token(house: Any, method: str, path: str, body: Any = None) -> Any:
    more = {} if body is None else {"json": body}
    said = {"Authorization": f"Bearer {TOKEN}"}
    return await house.ask(method, "/api/v1" + path, headers=said, **more)


async def token(house: Any, *scopes: Permission) -> None:
    """A program of Vera's."""
    await house.add_user("vera", Role.operator)
    await house.database.tokens.add(digest(TOKEN), "vera", "voice", house.clock.now(), set(scopes))


def problem(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition(":")[2]


# --- voicemail


async def test_messages_are_listed_as_they_are(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,))
    recording(house, "c1.wav")
    first = await left(house, customer=customer)
    house.clock.pass_(minutes=1)
    second = await left(house, "c2", number=None, topic=TopicCode("retention.end_contract"))
    await house.sign_in(Role.operator)
    listed = (await house.api("GET", "/voicemails")).json
    assert (listed["total"], listed["next_offset"]) == (2, None)
    newest, oldest = listed["voicemails"]
    assert (newest["id"], newest["number"], newest["has_sound"]) == (second, None, False)
    assert oldest == {
        "id": first,
        "call": "c1",
        "topic": "finance.claim",
        "language": "ru",
        "ms": 3000,
        "made_at": "2026-03-02T09:00:00Z",
        "number": NUMBER,
        "customer": customer,
        "customer_name": "Анна Воробьёва",
        "case": None,
        "has_sound": True,
        "heard_at": None,
        "heard_by": None,
    }
    assert (await house.api("GET", f"/voicemails/{first}")).json == oldest


async def test_messages_are_filtered_and_paged(house: Any) -> None:
    for n in range(5):
        await left(house, f"c{n}", number=f"+7900000000{n}")
        house.clock.pass_(minutes=1)
    await left(house, "c9", topic=TopicCode("retention.end_contract"), customer=CustomerId(7))
    await house.database.voicemails.heard(2, "anna", house.clock.now())
    await house.sign_in(Role.operator)

    async def ids(**query: str) -> list[int]:
        answer = await house.api("GET", "/voicemails", **query)
        assert answer.status == 200, answer.text
        return [mail["id"] for mail in answer.json["voicemails"]]

    assert await ids(heard="1") == [2]
    assert await ids(heard="0", topic="finance") == [5, 4, 3, 1]
    assert await ids(number="8 900 000-00-03") == [4]
    assert await ids(customer="7") == [6]
    since = house.clock.now() - timedelta(minutes=3)
    assert await ids(since=since.isoformat(), until=house.clock.now().isoformat()) == [5, 4, 3]
    seen, offset = list[int](), 0
    while offset is not None:
        part = (await house.api("GET", "/voicemails", limit="4", offset=str(offset))).json
        seen, offset = seen + [mail["id"] for mail in part["voicemails"]], part["next_offset"]
        assert part["total"] == 6
    assert seen == [6, 5, 4, 3, 2, 1]
    assert (await house.api("GET", "/voicemails", offset="50")).json["next_offset"] is None
    for wrong in ({"heard": "yes"}, {"limit": "501"}, {"since": "today"}, {"unknown": "1"}):
        assert (await house.api("GET", "/voicemails", **wrong)).status == 422, wrong


async def test_a_sound_that_is_fetched_waits_until_it_is_heard(house: Any) -> None:
    customer = await house.add_customer("К-1")
    body = recording(house, "c1.wav").read_bytes()
    id, told = await left(house, customer=customer), list[object]()
    await token(house, Permission.voicemail_listen)
    sound = f"/api/v1/voicemails/{id}/sound"
    said = {"Authorization": f"Bearer {TOKEN}"}
    assert (await house.ask("HEAD", sound, headers=said)).status == 200
    assert len(await house.database.audit.lines(act="listened")) == 0
    whole = await house.ask("GET", sound, headers=said)
    assert (whole.status, whole.body, whole.headers["Content-Type"]) == (200, body, "audio/wav")
    part = await house.ask("GET", sound, headers=said | {"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, body[100:200])
    (line,) = await house.database.audit.lines(act="listened")
    assert (line.login, line.customer, line.subject) == ("vera", customer, f"voicemail:{id}")
    assert (await by_token(house, "GET", f"/voicemails/{id}")).json["heard_at"] is None

    end = house.daemon.office.news.watch(told.append)
    for _ in range(2):
        marked = await by_token(house, "POST", f"/voicemails/{id}/heard")
        assert (marked.json["heard_by"], marked.json["heard_at"]) == ("vera", "2026-03-02T09:00:00Z")
        house.clock.pass_(minutes=1)
    end()
    assert WorkChanged() in told
    await house.sign_in(Role.operator, "vera")
    assert "прослушано: Vera" in (await house.get("/voicemails", state="heard")).words
    assert (await house.get(f"/voicemails/{id}/sound")).status == 200, "the page's own listening"
    assert len(await house.database.audit.lines(act="listened")) == 2


async def test_a_sound_that_is_gone(house: Any) -> None:
    gone = await left(house)
    outside = await left(house, "c2", file="../callcore.yaml")
    await house.sign_in(Role.operator)
    for id in (gone, outside, 999):
        answer = await house.api("GET", f"/voicemails/{id}/sound")
        assert problem(answer) == (404, "not-found")
    assert (await house.api("POST", "/voicemails/999/heard")).status == 404
    assert len(await house.database.audit.lines(act="listened")) == 0


async def test_who_may_and_what_he_sees(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,))
    recording(house, "c1.wav")
    id = await left(house, customer=customer)
    await asked(house, customer=customer)
    await token(house, Permission.callbacks_work)
    for path in ("/voicemails", f"/voicemails/{id}", f"/voicemails/{id}/sound", "/voicemails/999/sound"):
        assert problem(await by_token(house, "GET", path)) == (403, "forbidden")
    assert (await by_token(house, "POST", f"/voicemails/{id}/heard")).status == 403
    assert (await by_token(house, "GET", "/call-backs/2")).json["number"] == "+•••••••••67"
    assert (await by_token(house, "GET", "/call-backs/2")).json["customer_name"] == "А••• В•••"
    assert (await by_token(house, "GET", "/call-backs/1")).status == 404, "that is the message's"
    assert (await by_token(house, "POST", "/call-backs/1/take", {})).status == 404
    await house.sign_in(Role.campaign_manager)
    for path in ("/voicemails", f"/voicemails/{id}/sound", "/call-backs", "/call-backs/1"):
        assert (await house.api("GET", path)).status == 403, path


# --- call-backs


async def test_call_backs_are_listed_filtered_and_paged(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,))
    await asked(house, customer=customer, call=CallId("c1"))
    house.clock.pass_(minutes=5)
    for n in range(4):
        await asked(house, f"+7900000000{n}", queue=QueueName("retention"))
    await house.sign_in(Role.operator, "anna")
    listed = (await house.api("GET", "/call-backs", limit="2")).json
    assert ([each["id"] for each in listed["call_backs"]], listed["total"], listed["next_offset"]) == (
        [1, 2],
        5,
        2,
    )
    assert listed["call_backs"][0] == {
        "id": 1,
        "number": NUMBER,
        "topic": "finance.claim",
        "queue": "finance",
        "language": "ru",
        "asked_at": "2026-03-02T09:00:00Z",
        "source": "key",
        "asked_by": None,
        "state": "open",
        "call": "c1",
        "customer": customer,
        "customer_name": "Анна Воробьёва",
        "taken_at": None,
        "taken_by": None,
        "settled_at": None,
        "settled_by": None,
        "note": "",
        "times": 1,
        "due_at": None,
        "tries": 0,
        "wait": "",
    }

    async def ids(**query: str) -> list[int]:
        answer = await house.api("GET", "/call-backs", **query)
        return [each["id"] for each in answer.json["call_backs"]]

    assert await ids(queue="finance") == await ids(customer=str(customer)) == [1]
    assert await ids(number="8 900 000 00 01") == [3]
    await house.api("POST", "/call-backs/3/take", {})
    await house.api("POST", "/call-backs/4/done", {"note": "поговорили"})
    assert await ids(taken="1") == await ids(taken_by="anna") == [3]
    assert await ids(taken="0") == [1, 2, 5]
    assert await ids(state="done") == [4]
    assert await ids(state="all", limit="1") == [5]


async def test_taken_handed_back_and_done(house: Any) -> None:
    await asked(house)
    await house.sign_in(Role.operator, "anna")
    taken = await house.api("POST", "/call-backs/1/take", {})
    assert (taken.status, taken.json["taken_by"]) == (200, "anna")
    assert (await house.api("POST", "/call-backs/1/take", {})).json == taken.json
    await house.sign_in(Role.operator, "boris")
    late = await house.api("POST", "/call-backs/1/take", {})
    assert problem(late) == (409, "call-back-taken")
    assert "anna" in late.json["detail"]
    assert problem(await house.api("POST", "/call-backs/1/hand-back")) == (409, "call-back-taken")
    assert problem(await house.api("POST", "/call-backs/1/take", {"over": True})) == (403, "forbidden")
    await house.sign_in(Role.senior, "vera")
    assert (await house.api("POST", "/call-backs/1/take", {"over": True})).json["taken_by"] == "vera"
    await house.sign_in(Role.operator, "anna")
    assert problem(await house.api("POST", "/call-backs/1/hand-back")) == (409, "call-back-taken")
    await house.sign_in(Role.senior, "vera")
    assert (await house.api("POST", "/call-backs/1/hand-back")).json["taken_at"] is None
    assert (await house.api("POST", "/call-backs/1/hand-back")).status == 200
    for _ in range(2):
        done = await house.api("POST", "/call-backs/1/done", {"note": "поговорили"})
        assert (done.status, done.json["state"], done.json["note"]) == (200, "done", "поговорили")
        house.clock.pass_(minutes=1)
    await house.sign_in(Role.operator, "anna")
    for act, body in (("take", {}), ("hand-back", None), ("done", {}), ("withdraw", {"note": "x"})):
        answer = await house.api("POST", f"/call-backs/1/{act}", body)
        assert problem(answer) == (409, "call-back-settled"), act
        assert problem(await house.api("POST", f"/call-backs/9/{act}", body)) == (404, "not-found")
    assert (await house.api("POST", "/call-backs/1/done", {"note": "x" * 20_000})).status == 422


@pytest.mark.parametrize("act", ["take", "done", "withdraw"])
async def test_open_lists_hear_of_it(house: Any, act: str) -> None:
    await asked(house)
    await house.sign_in(Role.operator)
    told = list[object]()
    end = house.daemon.office.news.watch(told.append)
    assert (await house.api("POST", f"/call-backs/1/{act}", {})).status == 200
    end()
    assert WorkChanged() in told

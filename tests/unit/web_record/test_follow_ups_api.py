"""People to call, for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callcore.domain import CallId, QueueName
from callcore.rights import Permission, Role
from callcore.screenpop.cardnews import WorkChanged

from .test_voice_api import by_token, problem, token
from .test_voicemail_pages import NUMBER, asked, left
from .test_work_pages import missed, talked

OTHER = "+79000000002"


async def test_they_are_listed_as_they_are(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,))
    await missed(house, "c1", customer=customer, queue=QueueName("finance"))
    house.clock.pass_(minutes=1)
    await missed(house, "c2")
    await missed(house, "c3", None)
    await house.sign_in(Role.operator, "anna")
    listed = (await house.api("GET", "/follow-ups")).json
    assert (listed["total"], listed["next_offset"]) == (2, None)
    assert listed["follow_ups"][0] == {
        "id": 1,
        "kind": "missed",
        "number": NUMBER,
        "topic": "",
        "queue": "finance",
        "language": None,
        "asked_at": "2026-03-02T09:00:00Z",
        "last_at": "2026-03-02T09:01:00Z",
        "times": 2,
        "state": "open",
        "source": "contact",
        "asked_by": None,
        "call": "c1",
        "last_call": "c2",
        "customer": customer,
        "customer_name": "Анна Воробьёва",
        "position": None,
        "due_at": None,
        "postponed_by": None,
        "responsible_login": None,
        "responsible_department": "",
        "why_responsible": "",
        "taken_at": None,
        "taken_by": None,
        "settled_at": None,
        "settled_by": None,
        "settled_call": None,
        "note": "",
        "reason": "",
    }
    assert listed["follow_ups"][1]["number"] is None
    await talked(house, "c4", "anna")
    one = (await house.api("GET", "/follow-ups/1")).json
    assert (one["state"], one["settled_by"], one["settled_call"]) == ("done", "anna", "c4")
    assert problem(await house.api("GET", "/follow-ups/99")) == (404, "not-found")


async def test_they_are_filtered_and_paged(house: Any) -> None:
    await asked(house, call=CallId("w1"))
    await left(house, number="+79000000003")
    for n in range(3):
        await missed(house, f"c{n}", f"+7900000001{n}", queue=QueueName("retention"))
    await house.sign_in(Role.operator, "anna")
    await house.api("POST", "/follow-ups/3/take", {})
    until = (house.clock.now() + timedelta(hours=2)).isoformat()
    await house.api("POST", "/follow-ups/4/postpone", {"until": until, "reason": "позже"})
    await house.api("POST", "/follow-ups/5/done", {})

    async def ids(**query: str) -> list[int]:
        answer = await house.api("GET", "/follow-ups", **query)
        assert answer.status == 200, answer.text
        return [each["id"] for each in answer.json["follow_ups"]]

    assert await ids() == [1, 2, 3, 4]
    assert await ids(kind="missed") == [3, 4]
    assert await ids(kind="wish") == await ids(number="8 916 123-45-67") == [1]
    assert await ids(kind="voicemail") == [2]
    assert await ids(postponed="1") == [4]
    assert await ids(postponed="0", queue="retention") == await ids(taken="1") == [3]
    assert await ids(taken_by="anna", whose="mine") == [3]
    assert await ids(whose="mine") == [3, 4]
    assert await ids(whose="department") == []
    assert await ids(state="done") == [5]
    assert await ids(state="all", limit="2", offset="1") == [4, 3]
    assert (await house.api("GET", "/follow-ups", limit="2")).json["next_offset"] == 2
    for wrong in ({"kind": "case"}, {"whose": "his"}, {"postponed": "yes"}, {"limit": "501"}, {"x": "1"}):
        assert (await house.api("GET", "/follow-ups", **wrong)).status == 422, wrong


async def test_taken_by_number_handed_back_and_done(house: Any) -> None:
    await asked(house)
    await missed(house, "c1")
    await house.sign_in(Role.operator, "anna")
    taken = await house.api("POST", "/follow-ups/1/take", {})
    assert (taken.status, taken.json["taken_by"]) == (200, "anna")
    assert (await house.api("GET", "/follow-ups/2")).json["taken_by"] == "anna"
    assert (await house.api("GET", "/call-backs/1")).json["taken_by"] == "anna"
    await house.sign_in(Role.operator, "boris")
    for id in (1, 2):
        late = await house.api("POST", f"/follow-ups/{id}/take", {})
        assert problem(late) == (409, "follow-up-taken")
        assert "anna" in late.json["detail"]
    assert problem(await house.api("POST", "/follow-ups/1/hand-back")) == (409, "follow-up-taken")
    assert problem(await house.api("POST", "/follow-ups/1/take", {"over": True})) == (403, "forbidden")
    until = (house.clock.now() + timedelta(hours=2)).isoformat()
    later = {"until": until, "reason": "x"}
    assert problem(await house.api("POST", "/follow-ups/1/postpone", later)) == (409, "follow-up-taken")
    given = {"login": "boris", "reason": "x"}
    assert problem(await house.api("POST", "/follow-ups/1/give", given)) == (409, "follow-up-taken")
    await house.sign_in(Role.senior, "vera")
    assert (await house.api("POST", "/follow-ups/1/take", {"over": True})).json["taken_by"] == "vera"
    assert (await house.api("POST", "/follow-ups/2/hand-back")).json["taken_at"] is None
    assert (await house.api("POST", "/follow-ups/2/hand-back")).status == 200
    for _ in range(2):
        done = await house.api("POST", "/follow-ups/1/done", {"note": "поговорили"})
        assert (done.status, done.json["state"], done.json["note"]) == (200, "done", "поговорили")
        house.clock.pass_(minutes=1)
    assert (await house.api("GET", "/follow-ups/2")).json["state"] == "done"
    await house.sign_in(Role.operator, "anna")
    for act, body in (
        ("take", {}),
        ("hand-back", None),
        ("done", {}),
        ("withdraw", {"note": "x"}),
        ("postpone", later),
        ("give", given),
    ):
        answer = await house.api("POST", f"/follow-ups/1/{act}", body)
        assert problem(answer) == (409, "follow-up-settled"), act
        assert problem(await house.api("POST", f"/follow-ups/9/{act}", body)) == (404, "not-found")


async def test_put_off_and_given_with_reasons(house: Any) -> None:
    await missed(house, "c1")
    await house.sign_in(Role.operator, "boris")
    await house.sign_in(Role.campaign_manager, "maria")
    await house.sign_in(Role.operator, "anna")
    until = (house.clock.now() + timedelta(hours=2)).isoformat()
    for act, wrong in (
        ("postpone", {"until": house.clock.now().isoformat(), "reason": "x"}),
        ("postpone", {"until": "2026-03-02T12:00:00", "reason": "x"}),
        ("postpone", {"until": until, "reason": "  "}),
        ("postpone", {"until": until}),
        ("give", {"reason": "x"}),
        ("give", {"login": "boris", "department": "finance", "reason": "x"}),
        ("give", {"login": "maria", "reason": "x"}),
        ("give", {"department": "nowhere", "reason": "x"}),
        ("give", {"login": "boris", "reason": ""}),
    ):
        answer = await house.api("POST", f"/follow-ups/1/{act}", wrong)
        assert answer.status == 422, (act, wrong)
    put_off = await house.api("POST", "/follow-ups/1/postpone", {"until": until, "reason": "просил"})
    assert (put_off.json["due_at"], put_off.json["postponed_by"], put_off.json["responsible_login"]) == (
        "2026-03-02T11:00:00Z",
        "anna",
        "anna",
    )
    given = await house.api("POST", "/follow-ups/1/give", {"login": "boris", "reason": "его"})
    assert (given.json["responsible_login"], given.json["why_responsible"], given.json["reason"]) == (
        "boris",
        "given",
        "его",
    )
    assert given.json["due_at"] is None
    back = {"department": "finance", "reason": "не его"}
    assert problem(await house.api("POST", "/follow-ups/1/give", back)) == (409, "follow-up-taken")
    await house.sign_in(Role.operator, "boris")
    assert (await house.api("POST", "/follow-ups/1/give", back)).json["responsible_department"] == "finance"


async def test_who_may_and_what_he_sees(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,))
    await missed(house, "c1", customer=customer)
    await token(house, Permission.callbacks_work)
    one = (await by_token(house, "GET", "/follow-ups/1")).json
    assert (one["number"], one["customer_name"]) == ("+•••••••••67", "А••• В•••")
    await house.sign_in(Role.campaign_manager)
    assert problem(await house.api("GET", "/follow-ups")) == (403, "forbidden")
    for act in ("take", "hand-back", "postpone", "give", "done", "withdraw"):
        assert (await house.api("POST", f"/follow-ups/1/{act}", {})).status == 403, act


@pytest.mark.parametrize("act", ["take", "done", "withdraw"])
async def test_open_lists_hear_of_it(house: Any, act: str) -> None:
    await asked(house)
    await house.sign_in(Role.operator)
    told = list[object]()
    end = house.daemon.office.news.watch(told.append)
    assert (await house.api("POST", f"/follow-ups/1/{act}", {})).status == 200
    end()
    assert WorkChanged() in told

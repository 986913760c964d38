"""A call-back is asked for from a desk and by a program; the list says why nobody calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callcore.calls.attempt import FOR_PERSON
from callcore.rights import Permission, Role
from callcore.store.follow_rows import AskedBy

from .test_voice_api import by_token, problem, token
from .test_voicemail_pages import NUMBER, asked
from .test_work_pages import row

TOPIC = "finance.recalculation"


async def test_from_a_desk(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,))
    await house.sign_in(Role.operator, "anna")
    page = await house.get(
        "/work/ask", panel=True, number="8 916 123-45-67", topic=TOPIC, customer=str(customer)
    )
    assert f'value="{NUMBER}"' in page.text
    assert f'value="{TOPIC}" selected' in page.text
    sent = {"number": NUMBER, "topic": TOPIC, "customer": customer}
    assert (await house.post_form("/work/ask", **sent)).status == 303
    one = await row(house)
    assert (one.number, one.topic, one.queue, one.customer) == (NUMBER, TOPIC, "finance", customer)
    assert (one.source, one.asked_by, one.due_at) == (AskedBy.operator, "anna", None)
    await house.post_form("/work/ask", **sent)
    assert (await row(house)).times == 2
    assert 'href="/work/ask"' in (await house.get("/work", tab="wish")).text


async def test_not_before(house: Any) -> None:
    await house.sign_in(Role.operator)
    sent = {"number": NUMBER, "topic": TOPIC, "day": "2026-03-03", "time": "15:00"}
    await house.post_form("/work/ask", **sent)
    one = await row(house)
    assert one.due_at is not None
    assert one.due_at.isoformat() == "2026-03-03T12:00:00+00:00"
    assert one.wait == "not_before"
    for fault in ({"number": "ку"}, {"topic": "nothing"}, {"day": "2026-03-01"}, {"day": "no"}):
        assert (await house.post_form("/work/ask", **{**sent, **fault})).status in (400, 422)
    assert (await row(house)).times == 1


async def test_by_a_program(house: Any) -> None:
    await house.sign_in(Role.operator, "anna")
    body = {"number": "8 (916) 123-45-67", "topic": TOPIC}
    first = await house.api("POST", "/call-backs", body)
    assert (first.status, first.json["is_new"]) == (201, True)
    told = first.json["call_back"]
    assert (told["number"], told["queue"], told["times"], told["wait"]) == (NUMBER, "finance", 1, "")
    again = await house.api("POST", "/call-backs", {**body, "not_before": "2026-03-02T18:00:00Z"})
    assert again.json["is_new"] is False
    told = again.json["call_back"]
    assert (told["id"], told["times"], told["due_at"]) == (1, 2, "2026-03-02T18:00:00Z")
    for fault, code in (
        ({"number": "ку"}, "not-a-number"),
        ({"topic": "nothing"}, "unknown-topic"),
        ({"queue": "nowhere"}, "unknown-queue"),
        ({"not_before": "2026-03-02T18:00:00"}, "invalid"),
    ):
        assert problem(await house.api("POST", "/call-backs", {**body, **fault}))[1] == code
    assert (await row(house)).times == 2


@pytest.mark.parametrize(
    "number", ["sip:89161234567@evil.example", "tel:+79161234567", "8916;1234567", "8916/1234567"]
)
async def test_an_address_is_no_number(house: Any, number: str) -> None:
    """What is called is what was read; also where the form comes with it."""
    await house.sign_in(Role.operator, "anna")
    body = {"number": number, "topic": TOPIC}
    assert problem(await house.api("POST", "/call-backs", body))[1] == "not-a-number"
    assert (await house.post_form("/work/ask", **body)).status == 422
    page = await house.get("/work/ask", number=number, topic=TOPIC)
    assert NUMBER not in page.text
    assert await house.database.follow_ups.get(1) is None


async def test_who_may(house: Any) -> None:
    body = {"number": NUMBER, "topic": TOPIC}
    await house.sign_in(Role.operator)
    await token(house, Permission.callbacks_work)
    answer = await by_token(house, "POST", "/call-backs", body)
    assert answer.status == 201
    assert NUMBER not in answer.text, "without customers.unmasked"


async def test_a_program_without_the_scope(house: Any) -> None:
    await house.sign_in(Role.operator)
    await token(house, Permission.customers_see)
    body = {"number": NUMBER, "topic": TOPIC}
    assert (await by_token(house, "POST", "/call-backs", body)).status == 403
    assert await house.database.follow_ups.get(1) is None


async def test_the_list_says_why(house: Any) -> None:
    """Nothing calls back by itself in this house, until a wish is a person's."""
    await asked(house)
    await house.sign_in(Role.operator)
    assert "callcore в этой очереди сам не перезванивает" in (await house.get("/work", tab="wish")).words
    await house.post_form("/work/1/take")
    assert "перезванивает" in (await house.get("/work", tab="wish")).words
    await house.post_form("/work/1/hand-back")
    until = house.clock.now() + timedelta(hours=1)
    await house.database.wishes.wait(1, until, "busy")
    assert (await row(house)).wait == "busy"
    await house.database.wishes.wait(1, None, f"{FOR_PERSON}unreachable")
    api = (await house.api("GET", "/call-backs/1")).json
    assert (api["wait"], api["due_at"]) == ("person_unreachable", None)

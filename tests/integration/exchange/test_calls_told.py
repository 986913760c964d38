"""A real call, as another company's programs hear of it and answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from callcore.testing.house import DIALLED, TO_FINANCE, House
from callcore.testing.lab import NeverAnswer

from .conftest import TOKEN, Came, Crm

CALLER = "79000000110"
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
BEARER = f"Bearer {TOKEN}"


async def test_push_as_zammad_takes_it(house: House, crm: Crm) -> None:
    """newCall, answer, hangup in this order, with both numbers, his login and one call id."""
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE, number=CALLER)
    call = (await anna.hears("card"))["data"]["call"]["call"]
    await crm.told("/cti", 2)
    await caller.hang_up()
    pushed = await crm.told("/cti", 3)
    common = [("from", CALLER), ("to", DIALLED), ("direction", "in"), ("callId", call)]
    assert [each.form for each in pushed] == [
        [("event", "newCall"), *common, ("user[]", "anna"), ("queue", "finance")],
        [("event", "answer"), *common, ("user", "anna"), ("answeringNumber", "anna")],
        [("event", "hangup"), *common, ("cause", "normalClearing"), ("answeringNumber", "anna")],
    ]
    assert {each.headers["Authorization"] for each in pushed} == {BEARER}
    assert {each.headers["Content-Type"] for each in pushed} == {"application/x-www-form-urlencoded"}


async def test_push_of_a_call_that_nobody_took(house: House, crm: Crm) -> None:
    anna = await house.on_shift("anna", "101", NeverAnswer())
    caller = await house.call(*TO_FINANCE, number=CALLER)
    await anna.hears("call.ringing")
    await crm.told("/cti", 1)
    await caller.hang_up()
    forms = [dict(each.form) for each in await crm.told("/cti", 2)]
    assert [(form["event"], form.get("cause")) for form in forms] == [("newCall", None), ("hangup", "cancel")]


async def test_signed_webhooks_of_the_same_call(house: House, crm: Crm) -> None:
    """A subscription to call.* hears ringing, answered, ended, each signed."""
    daemon = house.stage.daemon
    assert daemon is not None
    now = datetime.now(UTC)
    await daemon.database.webhooks.add("crm", f"{crm.url}/hook", ["call.*"], SECRET, "anna", now)
    await daemon.exchange.courier.refresh()
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE, number=CALLER)
    call = (await anna.hears("card"))["data"]["call"]["call"]
    await house.talk()
    await caller.hang_up()
    hooks = await crm.told("/hook", 3)
    assert [each.json["type"] for each in hooks] == ["call.ringing", "call.answered", "call.ended"]
    assert {each.json["data"]["call"] for each in hooks} == {call}
    assert [each.json["data"].get("login") for each in hooks[:2]] == ["anna", "anna"]
    assert all(is_signed(each) for each in hooks)


async def test_pull_puts_a_link_on_the_card(house: House, crm: Crm) -> None:
    """The other program is asked with its token, and what it answers is a link on this operator's card."""
    link = {"url": "https://crm.example/card?phone=79000000110", "title": "Лебедев в CRM"}
    crm.answers["/pop"] = link
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE, number=CALLER)
    card = (await anna.hears("card"))["data"]["call"]
    [asked] = await crm.told("/pop", 1)
    assert asked.headers["Authorization"] == BEARER
    assert asked.json == {
        "event": "answer",
        "call": card["call"],
        "direction": "inbound",
        "number": f"+{CALLER}",
        "name": None,
        "dialled": DIALLED,
        "queue": "finance",
        "topic": "finance.recalculation",
        "customers": [card["customers"][0]["id"]],
        "login": "anna",
    }

    async def is_there() -> bool:
        return [tab["other_page"] for tab in (await anna.desk())["tabs"]] == [link]

    await house.until(is_there)
    page = await anna.http.get(f"{house.stage.url}/desk")
    assert f'href="{link["url"]}"' in await page.text()
    await caller.hang_up()


def is_signed(came: Came) -> bool:
    """As Standard Webhooks has it."""
    headers = {name.lower(): value for name, value in came.headers.items()}
    words = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + came.body
    expected = "v1," + base64.b64encode(hmac.new(KEY, words, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(expected, headers["webhook-signature"])

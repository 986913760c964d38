"""Who wants no more calls or messages: noted and ended on a page and by programs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from callcore.assembly.key_nine import KeyNine
from callcore.calls.attempt import Attempt, AttemptId, Medium
from callcore.config.outbound import Outbound
from callcore.numbers import format_national
from callcore.rights import Role
from callcore.store.opt_outs import NewOptOut

from .conftest import SAMPLE

NUMBER = "+79160001122"
LETTER = "Письмо 17 <от>"


async def in_force(house: Any, number: str = NUMBER) -> list[tuple[str | None, str, str]]:
    found = await house.database.opt_outs.find(number)
    return [(one.medium, one.message_class, one.login) for one in found]


@pytest.mark.parametrize("role", [Role.operator, Role.campaign_manager])
async def test_noted_on_the_page_and_ended(house: Any, role: Role) -> None:
    login = await house.sign_in(role)
    answer = await house.post_form(
        "/opt-outs", number="8 916 000-11-22", medium="sms", **{"class": "planned"}, evidence=LETTER
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/opt-outs")
    assert await in_force(house) == [(Medium.sms, "planned", login)]
    page = await house.get("/opt-outs")
    is_whole = role is Role.operator
    assert (format_national(NUMBER, "RU") in page.words) is is_whole
    assert (LETTER in page.words) is is_whole
    [one] = await house.database.opt_outs.find(NUMBER)
    refused = await house.post_form("/opt-outs", do="end", id=one.id, evidence=" ")
    assert refused.status == 422
    ended = await house.post_form("/opt-outs", do="end", id=one.id, evidence="Звонок 5")
    assert ended.status == 303
    assert await in_force(house) == []
    assert (await house.post_form("/opt-outs", do="end", id=one.id, evidence="Звонок 5")).status == 409
    assert "Никто не отказался" in (await house.get("/opt-outs")).words


async def test_who_pressed_9_is_told_in_words(house: Any) -> None:
    await house.sign_in(Role.operator)
    notice = Attempt(AttemptId("at7"), None, None, Medium.voice, NUMBER, "main", "planned", house.clock.now())
    await KeyNine(house.database, Outbound())(notice, house.clock.now())
    typed = NewOptOut(NUMBER, "9, как на конверте", Medium.sms)
    await house.database.opt_outs.add(typed, house.login, house.clock.now())
    page = await house.get("/opt-outs")
    assert "Нажата 9 во время оповещения, звонок at7" in page.words
    assert "9, как на конверте" in page.words, "somebody has typed this"


async def test_found_by_number_with_those_that_ended(house: Any) -> None:
    await house.sign_in(Role.operator)
    opt_outs = house.database.opt_outs
    one = await opt_outs.add(NewOptOut(NUMBER, "a"), house.login, house.clock.now())
    await opt_outs.end(one.id, "b", house.login, house.clock.now())
    await opt_outs.add(NewOptOut("+79160001133", "c"), house.login, house.clock.now())
    page = await house.get("/opt-outs", number="8 (916) 000-11-22")
    assert "закончился" in page.words
    assert format_national("+79160001133", "RU") not in page.words
    assert "Это не номер" in (await house.get("/opt-outs", number="abc")).words


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"number": "301", "evidence": "x"}, 422),
        ({"number": "abc", "evidence": "x"}, 422),
        ({"number": NUMBER, "evidence": ""}, 422),
        ({"number": NUMBER, "evidence": "x" * 201}, 422),
        ({"number": NUMBER, "evidence": "x", "medium": "fax"}, 400),
        ({"number": NUMBER, "evidence": "x", "class": "nonsense"}, 400),
        ({"number": NUMBER, "evidence": "x", "customer": "999999"}, 404),
        ({"number": NUMBER, "evidence": "x", "customer": "1x"}, 400),
    ],
)
async def test_what_is_not_taken(house: Any, fields: dict[str, str], status: int) -> None:
    await house.sign_in(Role.operator)
    assert (await house.post_form("/opt-outs", **fields)).status == status
    assert await house.database.opt_outs.find() == ()


async def test_from_the_customers_card(house: Any) -> None:
    """For all his numbers; another's number is not taken for him."""
    number = "+79160001144"
    customer = await house.add_customer(numbers=(number,))
    await house.sign_in(Role.operator)
    card = await house.get(f"/customers/{customer}", part="consents")
    assert f'href="/opt-outs?customer={customer}"' in card.text
    page = await house.get("/opt-outs", customer=customer)
    assert f'<option value="{number}"' in page.text
    odd = await house.post_form("/opt-outs", number=NUMBER, customer=customer, evidence="x")
    assert odd.status == 422
    done = await house.post_form("/opt-outs", number=number, customer=customer, evidence=LETTER)
    assert (done.status, done.headers["Location"]) == (303, f"/opt-outs?customer={customer}")
    [one] = await house.database.opt_outs.find(customer=customer)
    assert (one.number, one.customer, one.medium, one.message_class) == (number, customer, None, "")


async def test_classes_are_called_by_words(make_house: Any) -> None:
    settings = yaml.safe_load((SAMPLE / "callcore.yaml").read_text(encoding="utf-8"))
    profiles = settings["outbound"]["profiles"]
    profiles["service"]["title"] = {"ru": "о ремонте", "en": "about repairs"}
    house = await make_house(outbound={"profiles": profiles})
    await house.sign_in(Role.operator)
    for kind in ("planned", "gone_by"):
        await house.database.opt_outs.add(
            NewOptOut(NUMBER, LETTER, None, kind), house.login, house.clock.now()
        )
    page = await house.get("/opt-outs")
    assert '<option value="planned">о плановых работах</option>' in page.text
    assert "<bdi>о плановых работах</bdi>" in page.text
    assert '<option value="service">о ремонте</option>' in page.text
    assert "<bdi>gone_by</bdi>" in page.text, "the settings have had it once"


async def test_by_api(house: Any) -> None:
    await house.sign_in(Role.campaign_manager)
    asked = {"number": "8 916 000-11-22", "evidence": LETTER, "message_class": "planned"}
    made = await house.api("POST", "/opt-outs", asked)
    assert made.status == 201
    assert made.json["number"] != NUMBER, "masked"
    again = await house.api("POST", "/opt-outs", asked)
    assert again.json["id"] == made.json["id"]
    listed = await house.api("GET", "/opt-outs?number=89160001122")
    assert [one["message_class"] for one in listed.json["opt_outs"]] == ["planned"]
    address = f"/opt-outs/{made.json['id']}/end"
    ended = await house.api("POST", address, {"evidence": "Звонок"})
    assert ended.json["ended_by"] == "campaign_manager"
    assert (await house.api("POST", address, {"evidence": "Звонок"})).status == 404
    odd = await house.api("POST", "/opt-outs", {**asked, "message_class": "nonsense"})
    assert odd.status == 422
    assert "planned" in odd.json["detail"]
    assert (await house.api("POST", "/opt-outs", {**asked, "number": "112"})).status == 422

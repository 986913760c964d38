"""The panel that hands a call on, page and API: what goes along, who is offered, what is refused and why."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.calls.effects import CallView, PopCard
from callcore.domain import AgentState, CallId, Interface, Login, TopicCode
from callcore.screenpop.card import Draft

from .conftest import RecordHouse

CALL = CallId("c8k2m4p6r8t0v2w4x6")
COMMENT = "Двойное списание <за> октябрь."


def view(house: RecordHouse, topic: str | None = "finance.recalculation") -> CallView:
    return CallView(
        call=CALL,
        caller_number="+79161234567",
        caller_name=None,
        dialed_number=None,
        language="ru",
        queue=None,
        topic=TopicCode(topic) if topic else None,
        customers=(),
        customers_known=True,
        lookup_failed=False,
        waiting_since=None,
        answered_at=house.clock.now(),
    )


async def talks(house: RecordHouse, topic: str | None = "finance.recalculation") -> Login:
    """An operator is signed in, on shift, with a caller on the line; nothing is linked to a PBX."""
    login = await house.sign_in("operator", interfaces=(Interface("PJSIP/101"),))
    daemon = house.daemon
    seat = await daemon.people.seat(login, Interface("PJSIP/101"))
    assert seat is not None
    await daemon.desks.resume(login, seat, AgentState.ready, None)
    daemon.desks.carry(PopCard("k", login, view(house, topic)))
    daemon.desks.draft(login, CALL, Draft(topic or "", COMMENT))
    return login


async def test_the_panel_shows_what_goes_along_and_to_whom(house: RecordHouse) -> None:
    await talks(house)
    page = await house.get("/transfer", panel=True, call=CALL)
    assert page.status == 200
    assert "Перерасчёт" in page.words
    assert "8 (916) 123-45-67" in page.words
    assert "Финансовая группа" in page.words
    assert "&lt;за&gt;" in page.text
    assert page.text.index("consult department:finance") < page.text.index("blind department:finance")


async def test_what_is_typed_finds_and_refuses_with_the_remedy(house: RecordHouse) -> None:
    await talks(house)
    page = await house.get("/transfer", panel=True, call=CALL, q="согласование")
    assert "Согласование домов: этот путь закрыт — перевод звонка. Принимает: обращение." in page.words
    assert "consult department:building_approval" not in page.text
    assert "/cases/new?along=1&amp;contact=" in page.text
    nobody = await house.get("/transfer", panel=True, call=CALL, q="щщщ")
    assert "«щщщ» — такой темы, отдела и коллеги на смене нет." in nobody.words


async def test_a_call_that_ended_while_one_searched_is_told_of_in_the_panel(house: RecordHouse) -> None:
    """What is typed after the caller hung up finds a part of the page, not a whole page inside the panel."""
    await house.sign_in("operator", interfaces=(Interface("PJSIP/101"),))
    found = await house.ask(
        "GET", "/transfer", params={"call": CALL, "q": "борис"}, headers={"X-Fragment": "1"}
    )
    assert found.status == 200
    assert "Сейчас передавать нечего." in found.text
    assert 'data-query="борис"' in found.text
    assert "<html" not in found.text
    assert "<h1" not in found.text


async def test_an_appeal_instead_has_the_words_in_it(house: RecordHouse) -> None:
    """The form at the end of the steps has the comment of the card: nobody types it again."""
    await talks(house)
    catalogue = house.daemon.settings.cases
    nodes = (each for root in catalogue.queues for each in root.walk() if each.is_leaf)
    leaf = next(each for each in nodes if catalogue.refusal(each) is None)
    steps = await house.get("/cases/new", contact=CALL, along="1")
    assert "along=1" in steps.text
    form = await house.get("/cases/new", contact=CALL, along="1", queue=leaf.code)
    assert "Двойное списание &lt;за&gt; октябрь." in form.text
    other = await house.get("/cases/new", contact=CALL, queue=leaf.code)
    assert "Двойное списание" not in other.text


@pytest.mark.parametrize("call", ["", "c0000000000000", CALL])
async def test_without_a_call_it_says_how_to_come_by_one(house: RecordHouse, call: str) -> None:
    await house.sign_in("operator")
    page = await house.get("/transfer", panel=True, call=call)
    assert page.status == 200
    assert "Сейчас передавать нечего." in page.words
    assert "F6" in page.words
    answer = await house.api("GET", "/desk/transfer/offers", call=call or "x")
    assert answer.status in (403, 409)


async def test_a_refused_order_keeps_what_was_typed(house: RecordHouse) -> None:
    """The PBX is not linked: nothing is done, the caller is still there, and it is told so."""
    await talks(house)
    answer = await house.post_form(
        "/transfer", call=CALL, to="blind department:finance", comment="Просит перерасчёт"
    )
    assert answer.status == 409
    assert "Клиент всё ещё у вас." in answer.words
    assert "Просит перерасчёт" in answer.text
    for to, words in (
        ("blind department:coordinators", "Принимает: обращение."),
        ("blind x:y", "Выберите ещё раз."),
    ):
        answer = await house.post_form("/transfer", call=CALL, to=to, comment="")
        assert answer.status == 409
        assert words in answer.words
    odd = await house.post_form("/transfer", call=CALL, to="kick department:finance")
    assert odd.status == 400


async def test_without_a_topic_it_says_where_to_choose_one(house: RecordHouse) -> None:
    await talks(house, topic=None)
    answer = await house.post_form("/transfer", call=CALL, to="consult department:finance", comment="")
    assert answer.status == 409
    assert "Выберите тему в карточке или найдите её здесь." in answer.words
    assert await house.database.handovers.of_call(CALL) == ()


async def test_programs_ask_for_the_same_offers(house: RecordHouse) -> None:
    await talks(house)
    offers: list[dict[str, Any]] = (await house.api("GET", "/desk/transfer/offers", call=CALL)).json["offers"]
    first = offers[0]
    assert (first["ref"], first["mode"], first["topic"]) == (
        "department:finance",
        "transfer",
        "finance.recalculation",
    )
    refused = (await house.api("GET", "/desk/transfer/offers", call=CALL, query="цао")).json["offers"][0]
    assert (refused["mode"], refused["code"], refused["ways"]) == ("none", "way_closed", ["walk_in"])
    answer = await house.api(
        "POST", "/desk/transfer", {"call": CALL, "to": "department:service_centre", "mode": "blind"}
    )
    assert (answer.status, answer.json["type"]) == (409, "urn:callcore:problem:not-handed")
    assert "in person" in answer.json["detail"] or "приходит сам" in answer.json["detail"]

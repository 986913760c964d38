"""To whom a caller may be handed on: by topic and by name, with the department's way and hours respected.

Against the shipped sample company: its tables and departments are what a reader knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from callcore.config import load
from callcore.crm.departments import Way
from callcore.crm.handing import Code, Colleague, House, Kind, Now, Offer, Place, find, offers
from callcore.domain import AgentState, Login, QueueName, TopicCode
from callcore.routing.situation import CallerFacts, QueueState, Situation, Standing

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 12:00 in Moscow."""
NIGHT = NOON.replace(hour=23)
COLLEAGUES = (
    Colleague(Login("boris"), "Борис Ёлкин", AgentState.ready),
    Colleague(Login("vera"), "Вера Сомова", AgentState.talking),
    Colleague(Login("gleb"), "Глеб Ершов", AgentState.paused),
)
QUEUES = {QueueName("expert"): QueueState(3, 2, 1), QueueName("finance"): QueueState(1, 0, 4)}


@cache
def house() -> House:
    settings = load(SAMPLE, need_secrets=False)
    titles = {QueueName(name): queue.title for name, queue in settings.queues.items()}
    return House(settings.tables, settings.departments, titles)


def now(at: datetime = NOON) -> Now:
    return Now(at, QUEUES, COLLEAGUES)


def caller(topic: str, at: datetime = NOON, standing: Standing = Standing.existing) -> Situation:
    return Situation(TopicCode(topic), at, caller=CallerFacts(standing), queues=QUEUES)


def first(query: str, at: datetime = NOON, topic: str = "") -> Offer:
    return offers(query, caller(topic, at), house(), now(at))[0]


def test_a_topic_leads_to_its_department_with_who_can_take_it() -> None:
    offer = first("", topic="expert.diagnosis")
    assert (offer.ref, offer.place) == ("department:expert", Place(queue=QueueName("expert")))
    assert (offer.ready, offer.waiting, offer.topic) == (2, 1, "expert.diagnosis")
    assert offer.ways == (Way.appeal,)


def test_the_segment_decides_where_a_topic_leads() -> None:
    """D-29: "mobile budget" is the corporate desk's for a customer, telesales' for a prospective one."""
    topic = "corporate.mobile_budget"
    existing = offers("", caller(topic), house(), now())[0]
    somebody = CallerFacts(Standing.prospective, "VIP-0", "ООО")
    prospective = offers("", replace(caller(topic), caller=somebody), house(), now())[0]
    assert (existing.place, prospective.place) == (
        Place(queue=QueueName("corporate")),
        Place(queue=QueueName("telesales")),
    )


def test_without_a_topic_every_department_that_takes_calls_is_offered() -> None:
    refs = [each.ref for each in offers("", None, house(), now())]
    assert refs == [f"department:{each.code}" for each in house().departments if Way.transfer in each.ways]
    assert "department:building_approval" not in refs


@pytest.mark.parametrize("typed", ["экспертная", "ЭКСП", "expert", "group exp"])
def test_a_department_is_found_by_any_beginning_of_its_name(typed: str) -> None:
    assert first(typed).ref == "department:expert"


def test_colleagues_are_found_whatever_the_letter_yo() -> None:
    assert first("елк").place == Place(login=Login("boris"))
    assert first("бор ёл").ready == 1


def test_a_colleague_who_talks_is_not_offered_the_call() -> None:
    offer = first("сомова")
    assert offer.place is None
    assert offer.refused is not None
    assert (offer.refused.code, offer.refused.message.ru) == (Code.busy, "Вера Сомова: занят разговором.")
    assert first("ершов").place == Place(login=Login("gleb")), "a break is no talk"


def test_a_department_that_takes_no_calls_says_what_it_takes() -> None:
    offer = first("согласование")
    assert offer.place is None
    assert offer.refused is not None
    assert offer.refused.code is Code.way_closed
    assert offer.refused.message.en == "Building approval does not take a transferred call."
    assert offer.refused.remedy.en == "It takes: an appeal."
    assert offer.ways == (Way.appeal,)
    assert first("цао").ways == (Way.walk_in,)


def test_a_closed_department_says_when_it_opens_and_what_to_do_meanwhile() -> None:
    offer = first("финансовая", NIGHT)
    assert offer.place is None
    assert offer.refused is not None
    assert offer.refused.code is Code.closed
    assert offer.refused.message.en == "Finance group: closed now. Open again 2026-11-24 09:00."
    assert offer.refused.remedy.en == "Take an appeal."
    assert offer.hours.en == "09:00–21:00"
    sales = first("отдел продаж", NIGHT)
    assert sales.refused is not None
    assert sales.refused.remedy.en == "Offer a call-back."


def test_a_topic_whose_table_is_closed_leads_to_nobody() -> None:
    offer = offers("", caller("finance.recalculation", NIGHT), house(), now(NIGHT))[0]
    assert (offer.kind, offer.place, offer.ways) == (Kind.topic, None, (Way.appeal,))
    assert offer.refused is not None
    assert offer.refused.code is Code.closed


def test_a_topic_that_the_tables_make_an_appeal_names_its_form() -> None:
    """D-24: out of hours a prospective company becomes a case."""
    found = offers("", caller("telesales.connect", NIGHT, Standing.prospective), house(), now(NIGHT))
    offer = next(each for each in found if each.case_type)
    assert (offer.place, offer.ways) == (None, (Way.appeal,))


def test_a_topic_is_found_by_its_words() -> None:
    found = offers("перерасчет", caller(""), house(), now())
    assert found[0].topic == "finance.recalculation"
    assert found[0].ref == "department:finance"


def test_what_nobody_is_called_finds_nothing() -> None:
    assert offers("щщщ", caller(""), house(), now()) == ()


@pytest.mark.parametrize(
    "ref",
    ["", "person:", "person:olga", "department:none", "queue:none", "number:112", "topic:x.y", "x:expert"],
)
def test_an_offer_that_was_never_made_is_not_found(ref: str) -> None:
    assert find(ref, caller("expert.diagnosis"), house(), now()) is None


def test_an_offer_is_found_as_it_stands_now() -> None:
    """Between the page and the order somebody began to talk, and the clock went on."""
    boris = replace(COLLEAGUES[0], state=AgentState.talking)
    offer = find("person:boris", None, house(), replace(now(), colleagues=(boris,)))
    assert offer is not None
    assert offer.place is None
    later = find("department:finance", None, house(), now(NIGHT))
    assert later is not None
    assert later.place is None


@pytest.mark.parametrize("typed", ["8 (916) 000-00-01", "+79160000001", "9160000001"])
def test_a_number_outside_is_offered_as_it_was_typed(typed: str) -> None:
    offer = first(typed)
    assert (offer.kind, offer.place) == (Kind.outside, Place(outside="+79160000001"))
    assert offer.title.ru == "8 (916) 000-00-01"
    assert find(offer.ref, None, house(), now()) == offer


@pytest.mark.parametrize(
    "name", ["101", "112", "89160000001", "sip:79160000001@evil.example", "+7916&PJSIP/102", "", "+1"]
)
def test_what_is_no_canonical_number_outside_is_nobody(name: str) -> None:
    assert find(f"outside:{name}", None, house(), now()) is None

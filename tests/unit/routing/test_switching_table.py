"""The shipped topic tables do what the sources say, each fact by its number (D-1 to D-29, D-60)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcore.config import Settings, load
from callcore.crm.departments import Way
from callcore.crm.topics import TopicTree
from callcore.domain import LANGUAGES, Language, QueueName, TopicCode
from callcore.ivr.script import NodeName, Topics
from callcore.routing.decide import Route, decide
from callcore.routing.legs import Announce, OpenCase, ToNumber, kind_of, leaves_word
from callcore.routing.menu import main_menu
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
MOSCOW = ZoneInfo("Europe/Moscow")
NOON = "2026-11-23T12:00"
NIGHT, SATURDAY, HOLIDAY = "2026-11-24T03:00", "2026-11-21T12:00", "2026-11-04T12:00"
"""The last is a Wednesday."""
MOVED_WORKDAY = "2025-11-01T12:00"
"""A Saturday."""
COMPANIES = ("ООО", "АО", "legal entity", "ПБОЮЛ", "Sole trader")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(SAMPLE, need_secrets=False)


class Caller:
    """Of one kind; ``calls`` says where he comes to."""

    def __init__(self, settings: Settings, standing: Standing, segment: str = "", form: str = "") -> None:
        self.tables = settings.tables
        self.facts = CallerFacts(standing, segment, form)

    def calls(self, topic: str, at: str = NOON, **queues: QueueState) -> Route:
        states = {QueueName(name): state for name, state in queues.items()}
        moment = datetime.fromisoformat(at).replace(tzinfo=MOSCOW)
        return decide(self.tables, Situation(TopicCode(topic), moment, caller=self.facts, queues=states))


def kinds(route: Route) -> list[str]:
    return [kind_of(leg) for leg in route.legs]


# --- section 1: departments


@pytest.mark.parametrize(
    ("code", "ways"),
    [
        pytest.param("building_approval", {Way.appeal}, id="D-1"),
        pytest.param("sales", {Way.transfer}, id="D-2"),
        pytest.param("coordinators", {Way.appeal}, id="D-3"),
        pytest.param("field_service", {Way.request, Way.appeal}, id="D-6"),
        pytest.param("remote_service", {Way.request, Way.appeal}, id="D-7"),
        pytest.param("paid_works", {Way.request, Way.appeal}, id="D-8"),
        pytest.param("expert", {Way.transfer, Way.appeal}, id="D-9"),
        pytest.param("service_centre", {Way.walk_in}, id="D-10"),
        pytest.param("retention", {Way.transfer, Way.appeal}, id="D-11"),
        pytest.param("finance", {Way.transfer, Way.appeal}, id="D-12"),
        pytest.param("reactivation", {Way.transfer, Way.appeal}, id="D-13"),
    ],
)
def test_work_reaches_a_department_by_its_ways_alone(settings: Settings, code: str, ways: set[Way]) -> None:
    department = settings.departments.find(code)
    assert set(department.open_ways) == ways
    for way in Way:
        refusal = department.accepts(way)
        if way in ways:
            assert refusal is None
        else:  # D-14: the ways that it does take are offered
            assert refusal is not None
            assert set(refusal.instead) == ways


@pytest.mark.parametrize("code", ["tms", "tps"])
def test_the_two_request_types_belong_to_the_coordinators(settings: Settings, code: str) -> None:
    """D-4, D-5: types of requests, no departments."""
    assert settings.cases.kinds[code].stages
    assert code in settings.departments.find("coordinators").matters
    assert code not in settings.departments


def test_the_way_decides_who_recalculates(settings: Settings) -> None:
    """D-15."""
    taking = settings.departments.taking
    assert [each.code for each in taking("recalculation", Way.walk_in)] == ["service_centre"]
    assert [each.code for each in taking("recalculation", Way.transfer)] == ["finance"]
    assert [each.code for each in taking("claim", Way.appeal)] == ["finance"]


@pytest.mark.parametrize(
    ("topic", "queue"),
    [
        pytest.param("sales.connection", "sales", id="D-2"),
        pytest.param("expert.diagnosis.internet", "expert", id="D-9"),
        pytest.param("retention.suspend", "retention", id="D-11"),
        pytest.param("finance.recalculation.mistake", "finance", id="D-12"),
        pytest.param("reactivation.win_back", "reactivation", id="D-13"),
        pytest.param("service.quality", "service", id="D-60"),
    ],
)
def test_a_departments_topics_come_to_its_queue(settings: Settings, topic: str, queue: str) -> None:
    assert Caller(settings, Standing.unknown).calls(topic).queue == queue


def test_blocked_debtors_come_to_collection(settings: Settings) -> None:
    """D-13, with D-12 for whoever is in debt and not blocked."""
    debtor = Caller(settings, Standing.existing)
    debtor.facts = CallerFacts(Standing.existing, marks=frozenset({Mark.debt, Mark.blocked}))
    assert debtor.calls("finance.payment").queue == "reactivation"
    debtor.facts = CallerFacts(Standing.existing, marks=frozenset({Mark.debt}))
    assert debtor.calls("finance.payment").queue == "finance"


@pytest.mark.parametrize(("topic", "number"), [("sales.connection", "301"), ("reactivation.debt", "313")])
def test_where_nobody_is_in_the_queue_the_department_rings(
    settings: Settings, topic: str, number: str
) -> None:
    """D-14: by its internal number."""
    table = topic.partition(".")[0]
    first = Caller(settings, Standing.unknown).calls(topic, **{table: QueueState()}).legs[0]
    assert isinstance(first, ToNumber)
    assert (first.number, first.department) == (number, table)


# --- section 2: the switching table


D_20: Mapping[str, str] = {
    "block a number after theft": "corporate.number_block.theft",
    "block a number at own wish": "corporate.number_block.own_wish",
    "unblock": "corporate.number_block.unblock",
    "services on": "corporate.services.switch_on",
    "services off": "corporate.services.switch_off",
    "promotions": "corporate.promotions",
    "invoice dates and amounts": "corporate.billing.invoice",
    "itemisation": "corporate.billing.itemisation",
    "current charges": "corporate.billing.current",
    "SIM swap": "corporate.procedures.sim_swap",
    "re-registration": "corporate.procedures.new_owner",
    "countries": "corporate.roaming.countries",
    "prices": "corporate.roaming.prices",
    "invoice by e-mail": "corporate.invoice_by_email",
    "mobile budget": "corporate.mobile_budget",
    "one invoice for a contract": "corporate.one_invoice",
}


@pytest.mark.parametrize("at", [NOON, NIGHT, SATURDAY, HOLIDAY])
@pytest.mark.parametrize("topic", D_20.values(), ids=D_20)
def test_key_customers_are_served_round_the_clock(settings: Settings, topic: str, at: str) -> None:
    """D-20."""
    for caller in (
        Caller(settings, Standing.existing, "KEY", "ООО"),
        Caller(settings, Standing.existing, "post-paid", "private person"),
        Caller(settings, Standing.existing, "Постоплата", "физическое лицо"),
    ):
        route = caller.calls(topic, at)
        assert (route.name, route.queue) == (f"{topic}/key", "corporate")


@pytest.mark.parametrize(
    ("topic", "queue"),
    [("retention.end_contract.price", "retention"), ("expert.second_line", "expert")],
)
def test_the_second_line(settings: Settings, topic: str, queue: str) -> None:
    """D-21: ending a contract and expert topics."""
    route = Caller(settings, Standing.existing).calls(topic)
    assert (route.row, route.queue) == ("second_line", queue)
    assert settings.tables.skills[QueueName(queue)] == {"second_line"}


D_23 = (
    *(f"telesales.connect{below}" for below in ("", ".tariffs", ".conditions", ".documents", ".numbers")),
    *(
        f"telesales.special.{name}"
        for name in (
            "intranet", "fmc", "partner_sms", "gprs", "mobile_budget", "mobile_mail", "mobile_trade",
            "vehicles", "my_company", "blackberry", "integration", "e_care",
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("topic", D_23)
def test_telesales_take_listed_topics_of_vip_companies(settings: Settings, topic: str) -> None:
    """D-23."""
    for segment in ("VIP-0", "VIP-3"):
        for form in COMPANIES:
            route = Caller(settings, Standing.prospective, segment, form).calls(topic)
            assert (route.table, route.row, route.queue) == ("telesales", "vip", "telesales")
    assert {topic.code for topic in settings.tables.topics if topic.code.startswith("telesales.")} == {
        *D_23,
        "telesales.special",
    }


@pytest.mark.parametrize(
    ("standing", "segment", "form"),
    [
        (Standing.existing, "KEY", "ООО"),
        (Standing.existing, "VIP-0", "физическое лицо"),
        (Standing.prospective, "", "ООО"),
        (Standing.unknown, "", ""),
    ],
)
def test_telesales_take_nobody_else_for_special_services(
    settings: Settings, standing: Standing, segment: str, form: str
) -> None:
    """D-23: ONLY VIP-0 and VIP-3, only companies and sole traders; the rest is D-20's."""
    assert Caller(settings, standing, segment, form).calls("telesales.special.fmc").queue == "corporate"


def test_existing_vips_ask_telesales_for_special_services(settings: Settings) -> None:
    """D-23: existing and prospective ones. D-29: but for the mobile budget."""
    vip = Caller(settings, Standing.existing, "VIP-3", "ООО")
    assert vip.calls("telesales.special.vehicles").queue == "telesales"
    assert vip.calls("telesales.special.mobile_budget").queue == "corporate"


@pytest.mark.parametrize("start", ["corporate.connect", "telesales.connect.numbers"])
@pytest.mark.parametrize(
    ("at", "row"),
    [
        (NOON, "newcomer"),
        (MOVED_WORKDAY, "newcomer"),
        ("2026-11-23T17:59", "newcomer"),
        ("2026-11-23T18:00", "newcomer_closed"),
        (NIGHT, "newcomer_closed"),
        (SATURDAY, "newcomer_closed"),
        (HOLIDAY, "newcomer_closed"),
    ],
)
def test_a_company_that_wants_to_connect(settings: Settings, start: str, at: str, row: str) -> None:
    """D-24: to telesales or into a case, by the time of day, weekends and public holidays."""
    route = Caller(settings, Standing.prospective, form="ООО").calls(start, at)
    assert (route.table, route.row) == ("telesales", row)
    assert kinds(route) == (["queue"] if row == "newcomer" else ["announce", "case", "case"])


def test_the_case_of_a_company(settings: Settings) -> None:
    """D-25: what must be in it, what is desired."""
    said, full, _name = Caller(settings, Standing.unknown).calls("corporate.connect", NIGHT).legs
    assert isinstance(said, Announce)
    assert isinstance(full, OpenCase)
    assert full.ask is not None
    form = settings.cases.kinds[full.type].form
    needs = {field.code: field.need for field in form.fields}
    assert [needs[code] for code in ("company", "address", "person")] == ["required"] * 3
    assert form.one_of == (("phone", "email"),)
    desired = ("business", "employees", "offices", "operators", "spending", "payment", "services")
    assert [needs[code] for code in desired] == ["desired"] * 7


def test_who_leaves_nothing_is_asked_for_a_name_and_a_phone(settings: Settings) -> None:
    """D-26: and is told that staff WILL contact him in working hours; the case is the null customer's."""
    *_, call_me = Caller(settings, Standing.unknown).calls("corporate.connect", NIGHT).legs
    assert isinstance(call_me, OpenCase)
    assert (call_me.type, call_me.ask is None, call_me.words is None) == ("call_me", False, False)
    assert call_me.words is not None
    assert "will contact you in working hours" in call_me.words.en
    assert "свяжутся с вами в рабочее время" in call_me.words.ru
    needs = {field.code: field.need for field in settings.cases.kinds["call_me"].form.fields}
    assert needs == {"name": "required", "phone": "required"}


@pytest.mark.parametrize("at", [NOON, NIGHT])
def test_the_segment_decides_about_the_mobile_budget(settings: Settings, at: str) -> None:
    """D-29: D-20 for an existing customer, D-23 for a prospective one."""
    for start in ("corporate.mobile_budget", "telesales.special.mobile_budget"):
        existing = Caller(settings, Standing.existing, "KEY", "ООО").calls(start, at)
        assert existing.queue == "corporate"
        prospective = Caller(settings, Standing.prospective, "VIP-3", "ПБОЮЛ").calls(start, at)
        assert prospective.queue == ("telesales" if at == NOON else "corporate")


# --- what holds of every table


@pytest.mark.parametrize("at", [NOON, NIGHT, SATURDAY, HOLIDAY, "2027-01-01T12:00"])
def test_nobody_falls_into_a_hole(settings: Settings, at: str) -> None:
    """Each topic, each standing: a queue, or something that stands on somebody's list."""
    for topic in settings.tables.topics:
        for standing in Standing:
            for queues in ({}, {"queues": QueueState()}):
                states = {str(topic.queue): state for state in queues.values()}
                route = Caller(settings, standing).calls(topic.code, at, **states)
                assert route.queue is not None or any(map(leaves_word, route.legs)), route.name


def test_interactions_are_registered_by_the_same_topics(settings: Settings) -> None:
    """D-22: the tree that operators choose from is that of the switching table, in its order."""
    tree = TopicTree.of(settings.tables)
    assert [node.code for node in tree.nodes] == [topic.code for topic in settings.tables.topics]
    assert all(node.queue == settings.tables.find(node.code)[1].queue for node in tree.nodes)


def test_the_articles_that_topics_name_are_there(settings: Settings) -> None:
    """D-28: procedures and instructions are pages of the knowledge base, in both languages."""
    named = {topic.article for topic in settings.tables.topics} - {None}
    assert {"second-line", "new-legal-entity", "number-block"} <= named
    for article in named:
        for language in LANGUAGES:
            assert (SAMPLE.parent / "knowledge" / f"{article}.{language}.md").is_file(), article


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_article_about_the_menu_names_its_keys(settings: Settings, language: Language) -> None:
    """D-28: the IVR reference is a page of the knowledge base, and says what callers hear today."""
    text = (SAMPLE.parent / "knowledge" / f"ivr-menu.{language}.md").read_text("utf-8")
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    first, last = next(filter(None, (re.fullmatch(r"(\d)(?: to |–)(\d)", cell) for cell in cells))).groups()
    keys = [str(key) for key in range(int(first), int(last) + 1)]
    assert keys == [item.key for item in main_menu(settings.tables).items]
    assert settings.ivr.language_key in cells
    own = {"star": "*", "звёздочка": "*", "hash": "#", "решётка": "#"}
    menu = settings.script.nodes[NodeName("menu")]
    assert isinstance(menu, Topics)
    assert {own[cell] for cell in cells if cell in own} == menu.keys.keys()


def test_menus_are_short(settings: Settings) -> None:
    """D-27: the electronic consultant asks for the topic."""
    menu = main_menu(settings.tables)
    assert [item.key for item in menu.items] == ["1", "2", "3", "4", "5", "6"]
    for language in LANGUAGES:
        assert len(menu.sentence.in_(language)) < 300
        assert all(len(each.menu.sentence.in_(language)) < 300 for each in menu.items if each.menu)

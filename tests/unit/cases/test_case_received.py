"""Which case the IVR makes of what a caller leaves, and what stands in its form."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from callcore.config.cases import general
from callcore.crm.cases.forms import Choice, Field, Form, Kind, Need
from callcore.crm.cases.kinds import Catalogue, Node, Outcome, Stage
from callcore.crm.cases.kinds import Kind as CaseKind
from callcore.crm.cases.received import KnownCaller, appeal_leaf, comment_of, filled, leaf_of
from callcore.crm.departments import Department, Departments, Way
from callcore.domain import QueueName, Text
from callcore.routing.timetable import ALL_DAY, Hours

ZONE = ZoneInfo("Europe/Moscow")
DONE = (Outcome("done", Text("сделано", "done")),)
APPEALS = frozenset((Way.appeal,))


def department(code: str, *ways: Way, queue: str = "") -> Department:
    title = Text(code, code)
    return Department(code, title, title, frozenset(ways), queue=QueueName(queue) if queue else None)


HOUSE = Departments(
    (
        department("first", Way.appeal),
        department("money", Way.appeal, Way.transfer, queue="finance"),
        department("phones", Way.transfer, queue="sales"),
    )
)


def catalogue(*queues: Node) -> Catalogue:
    kinds = {
        code: CaseKind(code, Text(code, code), Form(), (Stage("work", Text("", ""), DONE),))
        for code in ("appeal", "damage")
    }
    return Catalogue(queues, kinds, Hours(ZONE, (ALL_DAY,) * 7), HOUSE)


def node(code: str, kind: str, department: str, *topics: str, way: Way = Way.appeal) -> Node:
    return Node(code, Text(code, code), kind=kind, department=department, topics=frozenset(topics), way=way)


def test_an_appeal_goes_where_its_topic_belongs() -> None:
    known = catalogue(
        node("any", "appeal", "first"),
        node("about", "appeal", "money", "finance"),
        node("claim", "appeal", "first", "finance.claim"),
        node("other", "damage", "money", "finance.claim"),
    )

    def leaf(topic: str) -> str:
        found = appeal_leaf(known, topic, None)
        assert found is not None
        return found.code

    assert leaf("finance.claim") == leaf("finance.claim.old") == "claim"
    assert leaf("finance.balance") == "about"
    assert leaf("sales") == leaf("") == "any"


def test_without_a_type_for_it_the_department_of_the_queue_takes_it() -> None:
    """A house without a file of cases."""
    known = general(ZONE, HOUSE, "RU")

    def taker(queue: str | None) -> str:
        found = appeal_leaf(known, "finance.claim", queue)
        assert found is not None
        return found.department

    assert taker("finance") == "money"
    assert (
        taker("sales") == taker("nobody's") == taker(None) == "first"
    )  # who takes transfers takes no appeal
    nobodys = appeal_leaf(general(ZONE, Departments(), "RU"), "finance.claim", "finance")
    assert nobodys is not None
    assert (nobodys.code, nobodys.department) == ("general", "")
    assert appeal_leaf(catalogue(), "finance.claim", "finance") is None


def test_a_queue_that_its_department_refuses_is_none() -> None:
    """D-14."""
    known = catalogue(
        node("refused", "damage", "first", "service", way=Way.request), node("taken", "damage", "money")
    )
    found = leaf_of(known, "damage", "service")
    assert found is not None
    assert found.code == "taken"
    assert leaf_of(known, "unknown", "service") is None
    assert leaf_of(catalogue(), "damage", "service") is None


CONTACT = Form(
    (
        Field("subject", Text("О чём", "Subject"), need=Need.required),
        Field("company", Text("Компания", "Company"), need=Need.required),
        Field("name", Text("Имя", "Name")),
        Field("person", Text("Кто", "Person"), need=Need.required),
        Field("contract", Text("Договор", "Contract")),
        Field("phone", Text("Телефон", "Phone"), Kind.phone),
        Field("mail", Text("Почта", "E-mail"), Kind.email),
        Field("where", Text("Адрес", "Address"), Kind.address, Need.required),
        Field("since", Text("С какого дня", "Since"), Kind.date),
        Field("how", Text("Как", "How"), Kind.choice, choices=(Choice("post", Text("почтой", "post")),)),
        Field("remarks", Text("Заметки", "Remarks")),
    ),
    one_of=(("phone", "mail"),),
)


def test_a_form_gets_what_is_known() -> None:
    known = KnownCaller("+79000000001", "ООО «Ромашка»", "К-1", "Тверская, 1", "a@example.org", "Пётр", True)
    assert filled(CONTACT, known, "RU", "ru") == {
        "subject": "Сообщение автоответчику",
        "company": "ООО «Ромашка»",
        "name": "ООО «Ромашка»",
        "person": "Пётр",
        "contract": "К-1",
        "phone": "+79000000001",
        "mail": "a@example.org",
        "where": "Тверская, 1",
    }
    private = filled(CONTACT, KnownCaller(name="Анна"), "RU", "en")
    assert private == {"subject": "Message to the IVR", "name": "Анна", "person": "Анна"}


def test_what_the_form_would_refuse_is_left_out() -> None:
    odd = KnownCaller(number="301x", email="nobody", address="я" * 501)
    assert filled(CONTACT, odd, "RU", "ru") == {"subject": "Сообщение автоответчику"}


@pytest.mark.parametrize(
    ("answers", "seconds", "language", "comment"),
    [
        ({}, None, "ru", "Спросить: О чём, Компания, Кто, Адрес, Телефон, Почта."),
        ({"phone": "1"}, 59.6, "en", "Voicemail, 1:00. To ask: Subject, Company, Person, Address."),
        (
            dict.fromkeys(("subject", "company", "person", "where", "mail"), "x"),
            5.4,
            "ru",
            "Голосовое сообщение, 0:05.",
        ),
        (
            dict.fromkeys(("subject", "company", "person", "where", "mail"), "x"),
            None,
            "en",
            "Message to the IVR",
        ),
    ],
)
def test_the_comment_says_how_long_and_what_to_ask(
    answers: dict[str, str], seconds: float | None, language: str, comment: str
) -> None:
    assert comment_of(CONTACT, answers, seconds, language) == comment

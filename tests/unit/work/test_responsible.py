"""Who answers for somebody who has to be called, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcore.crm.departments import Department, Departments, Head, Way
from callcore.crm.responsible import (
    DEFAULT,
    Responsible,
    Rule,
    Rules,
    Standing,
    is_left_untouched,
    looks_after,
    responsible,
)
from callcore.domain import Login, QueueName, Text
from callcore.rights import Role
from callcore.routing.timetable import Hours, Span

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
ANNA, BORIS, OLGA = Login("anna"), Login("boris"), Login("olga")
FINANCE, SALES = QueueName("finance"), QueueName("sales")
DAILY = Hours(ZoneInfo("UTC"), ((Span(9 * 60, 18 * 60),),) * 7)


def a_department(code: str, hours: Hours | None = None) -> Department:
    title = Text(code, code)
    return Department(code, title, title, frozenset({Way.transfer}), hours, queue=QueueName(code))


HOUSE = Departments((a_department("finance", DAILY), a_department("sales")))
RULES = Rules(tuple(Rule), Head(role=Role.senior), 4 * HOUR)
ALL = frozenset({ANNA, BORIS, OLGA})
KNOWN = Standing(operators=(ANNA, BORIS), last_spoke=OLGA, queue=FINANCE)


def who(standing: Standing, rules: Rules = RULES, working: frozenset[Login] = ALL) -> Responsible:
    return responsible(rules, standing, working, HOUSE)


def test_the_first_rule_that_finds_somebody_decides() -> None:
    assert who(KNOWN) == Responsible("personal_operator", ANNA)
    assert who(KNOWN, working=ALL - {ANNA}) == Responsible("personal_operator", BORIS)
    assert who(replace(KNOWN, operators=())) == Responsible("last_spoke", OLGA)
    assert who(replace(KNOWN, operators=(), last_spoke=None)) == Responsible("department", None, "finance")
    assert who(KNOWN, working=frozenset()) == Responsible("department", None, "finance")
    assert who(Standing(queue=QueueName("gone"))) == Responsible(DEFAULT)
    assert who(Standing()) == Responsible(DEFAULT)


def test_the_order_is_the_houses() -> None:
    rules = replace(RULES, order=(Rule.department, Rule.last_spoke))
    assert who(KNOWN, rules) == Responsible("department", None, "finance")
    assert who(replace(KNOWN, queue=None), rules) == Responsible("last_spoke", OLGA)
    assert who(KNOWN, replace(RULES, order=())) == Responsible(DEFAULT)


def test_the_default_may_be_one_person() -> None:
    rules = replace(RULES, order=(), default=Head(login=OLGA))
    assert who(KNOWN, rules) == Responsible(DEFAULT, OLGA)
    assert who(KNOWN, rules, ALL - {OLGA}) == Responsible(DEFAULT)


def test_what_is_left_goes_on_to_the_next_and_ends_with_the_default() -> None:
    seen, standing = [], KNOWN
    for _ in range(6):
        found = who(standing)
        seen.append(found.why)
        standing = replace(standing, why=found.why, login=found.login, department=found.department)
    assert seen == ["personal_operator", "last_spoke", "department", DEFAULT, DEFAULT, DEFAULT]


@pytest.mark.parametrize("why", ["given", "postponed"])
def test_what_a_person_decided_goes_on_to_the_department(why: str) -> None:
    assert who(replace(KNOWN, why=why, login=BORIS)) == Responsible("department", None, "finance")
    there = replace(KNOWN, why=why, department="finance")
    assert who(there) == Responsible(DEFAULT), "it lies there already"


def test_the_same_person_is_not_asked_twice() -> None:
    same = replace(KNOWN, operators=(OLGA,), why="personal_operator", login=OLGA)
    assert who(same) == Responsible("department", None, "finance")


def late(standing: Standing, now: datetime = NOW, working: frozenset[Login] = ALL) -> bool:
    return is_left_untouched(RULES, standing, working, HOUSE, now)


def test_a_person_has_his_hours() -> None:
    his = replace(KNOWN, why="last_spoke", login=OLGA, since=NOW - 4 * HOUR)
    assert late(his)
    assert not late(replace(his, since=NOW - 4 * HOUR + timedelta(seconds=1)))
    assert late(replace(his, since=NOW), working=ALL - {OLGA}), "he works here no more"
    assert late(KNOWN), "nobody has looked yet"
    assert not late(replace(his, why=DEFAULT)), "there is nobody after them"


def test_what_was_taken_and_forgotten_is_free_again() -> None:
    taken = replace(KNOWN, login=ANNA, since=NOW - 4 * HOUR, is_taken=True)
    for why in ("", "last_spoke", DEFAULT):
        assert late(replace(taken, why=why))
        assert not late(replace(taken, why=why, since=NOW - HOUR))
    assert who(replace(taken, why=DEFAULT)) == Responsible(DEFAULT)


def test_nights_are_nobodys_fault() -> None:
    hers = replace(KNOWN, why="department", department="finance", since=NOW.replace(hour=17))
    midnight, morning = NOW + 12 * HOUR, NOW + 21 * HOUR
    assert not late(hers, midnight)
    assert not late(hers, morning)
    assert not late(hers, morning + 3.9 * HOUR)
    assert late(hers, morning + 4 * HOUR)
    always = replace(hers, department="sales")
    assert late(always, midnight)
    assert late(replace(hers, department="gone"), midnight)


def test_who_looks_after_what_nobody_else_does() -> None:
    seniors = Head(role=Role.senior)
    assert [role for role in Role if looks_after(seniors, ANNA, role)] == [
        Role.senior,
        Role.supervisor,
        Role.administrator,
    ]
    assert looks_after(Head(login=ANNA), ANNA, Role.operator)
    assert not looks_after(Head(login=ANNA), BORIS, Role.senior)

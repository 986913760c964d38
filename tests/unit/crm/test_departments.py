"""Departments take work by their own ways and refuse the others (D-14, D-15)."""

from __future__ import annotations

import dataclasses

import pytest

from callcore.crm.departments import Department, Departments, UnknownDepartment, Way
from callcore.domain import QueueName, Text

FINANCE = Department(
    "finance",
    Text("Финансовая группа", "Finance group"),
    Text("Деньги", "Money"),
    frozenset({Way.transfer, Way.appeal}),
    queue=QueueName("finance"),
    matters=frozenset({"recalculation"}),
)
CENTRE = Department(
    "centre",
    Text("ЦАО", "Service centre"),
    Text("Лично", "In person"),
    frozenset({Way.walk_in}),
    matters=frozenset({"recalculation", "claim"}),
)
ALL = Departments((FINANCE, CENTRE))


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("department", list(ALL), ids=lambda each: each.code)
def test_a_way_is_taken_or_refused_with_those_that_are_open(department: Department, way: Way) -> None:
    refusal = department.accepts(way)
    assert (refusal is None) == (way in department.ways)
    if refusal is not None:
        assert set(refusal.instead) == department.ways
        assert department.title.ru in refusal.message.ru
        assert department.title.en in refusal.message.en


def test_the_refusal_names_what_is_taken() -> None:
    refusal = CENTRE.accepts(Way.transfer)
    assert refusal is not None
    assert str(refusal.message.en) == "Service centre does not take a transferred call."
    assert refusal.remedy == Text("Принимает: клиент приходит сам.", "It takes: customers in person.")


def test_the_way_decides_who_takes_a_matter() -> None:
    assert ALL.taking("recalculation", Way.walk_in) == (CENTRE,)
    assert ALL.taking("recalculation", Way.transfer) == (FINANCE,)
    assert ALL.taking("recalculation", Way.request) == ()
    assert ALL.taking("nothing", Way.appeal) == ()


def test_finding() -> None:
    assert ALL.find("centre") is CENTRE
    assert "centre" in ALL
    assert "sales" not in ALL
    assert ALL.of_queue("finance") is FINANCE
    assert ALL.of_queue("other") is None
    assert [each.code for each in ALL] == ["finance", "centre"]
    with pytest.raises(UnknownDepartment):
        ALL.find("sales")


def test_where_a_transfer_goes() -> None:
    assert FINANCE.reached_at == "finance"
    assert dataclasses.replace(FINANCE, queue=None, number="301").reached_at == "301"
    assert CENTRE.reached_at is None

"""The file of departments: the shipped one, and every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcore.config import ConfigFaults, load
from callcore.crm.departments import Way
from callcore.rights import Role

from .conftest import Files

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
GOOD = """\
zone: Europe/Moscow
holidays: {country: RU}
departments:
  finance:
    title: {ru: Финансы, en: Finance}
    functions: {ru: Деньги, en: Money}
    ways: [transfer, appeal]
    queue: finance
    hours: {mon-fri: 09:00-18:00, sat-sun: closed}
    head: {role: supervisor}
    matters: [claim]
  centre:
    title: {ru: ЦАО, en: Centre}
    functions: {ru: Лично, en: In person}
    ways: [walk_in]
    head: {login: anna}
"""


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    text = (tmp_path / "callcore.yaml").read_text(encoding="utf-8")
    made.settings(text + "departments_file: departments.yaml\n")
    return made


def put(files: Files, text: str) -> None:
    (files.folder / "departments.yaml").write_text(text, encoding="utf-8")


def test_the_shipped_departments_are_those_of_the_sources() -> None:
    departments = load(SAMPLE, need_secrets=False).departments
    ways = {each.code: set(each.open_ways) for each in departments}
    assert ways["building_approval"] == {Way.appeal}
    assert ways["sales"] == {Way.transfer}
    assert ways["coordinators"] == {Way.appeal}
    assert ways["field_service"] == ways["remote_service"] == ways["paid_works"] == {Way.request, Way.appeal}
    assert ways["service_centre"] == {Way.walk_in}
    for code in ("expert", "retention", "finance", "reactivation"):
        assert ways[code] == {Way.transfer, Way.appeal}
    assert [each.code for each in departments.taking("recalculation", Way.appeal)] == ["finance"]
    assert [each.code for each in departments.taking("recalculation", Way.walk_in)] == ["service_centre"]
    assert all(each.hours is not None for each in departments)


def test_a_good_file(files: Files) -> None:
    put(files, GOOD)
    finance, centre = load(files.folder / "callcore.yaml", need_secrets=False).departments
    assert finance.queue == "finance"
    assert finance.head is not None
    assert finance.head.role is Role.supervisor
    assert finance.hours is not None
    assert finance.hours.country == "RU"
    assert centre.hours is None
    assert centre.head is not None
    assert centre.head.login == "anna"


def test_without_a_file_there_are_no_departments(tmp_path: Path) -> None:
    files = Files(tmp_path)
    assert tuple(load(files.folder / "callcore.yaml", need_secrets=False).departments) == ()


@pytest.mark.parametrize(
    ("change", "to", "fault"),
    [
        (
            "queue: finance",
            "queue: sales",
            "departments.yaml:8: departments.finance.queue: There is no queue",
        ),
        ("[transfer, appeal]", "[]", "departments.yaml:7: departments.finance.ways: It does not say how"),
        ("[transfer, appeal]", "[fax]", "departments.yaml:7: departments.finance.ways"),
        (
            "[transfer, appeal]",
            "[appeal, appeal]",
            "departments.yaml:7: departments.finance.ways: It does not",
        ),
        ("    queue: finance\n", "", "departments.yaml:4: departments.finance: There is nowhere to transfer"),
        ("queue: finance", "queue: finance\n    number: 301", "departments.finance: There is both a number"),
        ("queue: finance", "number: +301", "departments.finance.number"),
        ("{role: supervisor}", "{}", "departments.yaml:10: departments.finance.head: One of login and role"),
        ("{role: supervisor}", "{role: king}", "departments.yaml:10: departments.finance.head.role"),
        (
            "[walk_in]",
            "[transfer]\n    queue: finance",
            'departments.centre.queue: "finance" already belongs',
        ),
        ("mon-fri: 09:00-18:00", "mon-fri: 9-18", "departments.yaml:9: departments.finance.hours"),
        ("zone: Europe/Moscow", "zone: Mars/North", "departments.yaml:1: zone"),
    ],
)
def test_faults_name_file_line_and_place(files: Files, change: str, to: str, fault: str) -> None:
    assert change in GOOD
    put(files, GOOD.replace(change, to))
    with pytest.raises(ConfigFaults) as caught:
        load(files.folder / "callcore.yaml", need_secrets=False)
    assert any(fault in str(each) for each in caught.value.faults), str(caught.value)


def test_a_missing_file_is_a_fault(files: Files) -> None:
    with pytest.raises(ConfigFaults, match=r"departments\.yaml"):
        load(files.folder / "callcore.yaml", need_secrets=False)

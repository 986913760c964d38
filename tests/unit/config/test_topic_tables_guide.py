"""docs/topic-tables.md: what it shows works, and it names everything that a file may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callcore.routing.hours_schema import HolidaysModel
from callcore.routing.legs import KINDS
from callcore.routing.legs_schema import OPTIONS
from callcore.routing.rows_schema import QueueWhenModel, RowModel, WhenModel
from callcore.routing.schema import ChildModel, TableModel
from callcore.routing.situation import Mark, Standing
from callcore.routing.trials_schema import ExpectModel, GivenModel, QueueStateModel

from .conftest import SETTINGS, TABLE, Files

GUIDE = Path(__file__).parents[3] / "docs" / "topic-tables.md"
RUSSIAN, ENGLISH = GUIDE.read_text(encoding="utf-8").split("\n---\n")
DEPARTMENTS = """\
zone: Europe/Moscow
departments:
  sales: {title: {ru: Продажи, en: Sales}, functions: {ru: Всё, en: All}, ways: [transfer], number: "301"}
"""


def block(half: str, begins: str) -> str:
    """The indented block that begins with this key, without its indentation."""
    found = re.search(rf"^    {begins}:.*\n((?:    .*\n)*)", half, re.M)
    assert found is not None, begins
    return re.sub(r"^    ", "", found[0], flags=re.M)


@pytest.mark.parametrize("half", [RUSSIAN, ENGLISH], ids=["ru", "en"])
def test_the_file_that_it_shows_is_right(files: Files, half: str) -> None:
    shown = block(half, "title")
    whole = re.sub(r"^(rows|tests): ….*\n", "", shown, flags=re.M)
    files.settings(SETTINGS + "departments_file: departments.yaml\n")
    (files.folder / "departments.yaml").write_text(DEPARTMENTS, encoding="utf-8")
    files.table(TABLE)
    rows, tests = (
        re.findall(r"(?:^    .*\n)+", part, re.M)[0] for part in re.split(r"^## ", half, flags=re.M)[2:4]
    )
    plain = "".join(re.sub(r"^    ", "", part, flags=re.M) for part in (rows, tests))
    files.table(whole + plain, "sales.yaml")
    (sales,) = (table for table in files.load().tables if table.code == "sales")
    assert [row.code for row in sales.rows] == ["nobody", "crowded"]
    assert [trial.expect.row for trial in sales.trials] == ["crowded"]
    assert [topic.code for topic in sales.walk()] == ["sales.connection", "sales.connection.house"]


NAMES = (
    *TableModel.model_fields,
    *HolidaysModel.model_fields,
    *ChildModel.model_fields,
    *RowModel.model_fields,
    *WhenModel.model_fields,
    *QueueWhenModel.model_fields,
    *GivenModel.model_fields,
    *ExpectModel.model_fields,
    *QueueStateModel.model_fields,
    *KINDS.values(),
    *OPTIONS,
    *(each.value for each in (*Mark, *Standing)),
)


@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_it_names_everything_that_a_file_may_say(name: str) -> None:
    for half in (RUSSIAN, ENGLISH):
        assert re.search(rf"\b{name}\b", half), name

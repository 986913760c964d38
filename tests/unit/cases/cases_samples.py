"""The sample company's catalogue, and people."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from callcore.config import load
from callcore.crm.cases.kinds import Catalogue
from callcore.crm.cases.model import Actor, New, make
from callcore.domain import CustomerId, Login
from callcore.store.case_rows import Case

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, noon in Moscow."""
ANNA, BORIS = Actor(Login("anna")), Actor(Login("boris"))
VERA = Actor(Login("vera"), may_oversee=True, may_except=True)
PROSPECT = {
    "company": "ООО «Ромашка»",
    "address": "Тверская, 1",
    "person": "Пётр",
    "phone": "+74950000000",
}


@cache
def sample() -> Catalogue:
    file = Path(__file__).parents[3] / "config" / "callcore.yaml"
    return load(file, need_secrets=False).cases


def new_case(queue: str = "connect.company", **form: str) -> Case:
    return make(New(queue, CustomerId(7), form or PROSPECT), ANNA, T0, sample())

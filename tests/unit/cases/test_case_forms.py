"""Answers of forms: what is read how, what is refused, what keeps a case from being sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.crm.cases.forms import Choice, Field, Form, Kind, Need, missing, read
from callcore.domain import Text

from .cases_samples import PROSPECT, sample

TITLE = Text("Поле", "Field")


def one(kind: Kind) -> Form:
    choices = (Choice("a", Text("первый", "first")),) if kind is Kind.choice else ()
    return Form((Field("x", TITLE, kind, choices=choices),))


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (Kind.text, "  две   части ", "две части"),
        (Kind.address, "Тверская,\n1", "Тверская, 1"),
        (Kind.long, "две\nстроки", "две\nстроки"),
        (Kind.number, "1 200", "1200"),
        (Kind.number, "-007", "-7"),
        (Kind.money, "1 200,5", "1200.50"),
        (Kind.money, "\u22123", "-3.00"),
        (Kind.date, "1.3.2026", "2026-03-01"),
        (Kind.date, "2026-03-01", "2026-03-01"),
        (Kind.choice, "a", "a"),
        (Kind.phone, "8 (495) 000-00-00", "+74950000000"),
        (Kind.email, "info@example.org", "info@example.org"),
        (Kind.yes_no, "yes", "yes"),
    ],
)
def test_answers_are_read_into_one_spelling(kind: Kind, typed: str, value: str) -> None:
    found = read(one(kind), {"x": typed, "other": "left out"}, "RU")
    assert found.values == {"x": value}
    assert not found.faults


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Kind.text, "я" * 501),
        (Kind.long, "я" * 10_001),
        (Kind.number, "1.5"),
        (Kind.number, "много"),
        (Kind.money, "1.005"),
        (Kind.money, "="),
        (Kind.date, "31.02.2026"),
        (Kind.date, "2026-13-01"),
        (Kind.date, "завтра"),
        (Kind.choice, "b"),
        (Kind.phone, "позвоните"),
        (Kind.email, "info@example"),
        (Kind.email, "javascript:alert(1)"),
        (Kind.yes_no, "maybe"),
    ],
)
def test_what_is_no_answer_is_refused_and_kept(kind: Kind, typed: str) -> None:
    found = read(one(kind), {"x": typed}, "RU")
    assert found.values == {"x": typed}
    assert found.faults["x"].ru != found.faults["x"].en


@given(st.sampled_from(Kind), st.text(max_size=600))
def test_whatever_is_typed_raises_nothing_and_what_was_read_reads_the_same(kind: Kind, typed: str) -> None:
    found = read(one(kind), {"x": typed}, "RU")
    if not found.faults:
        assert read(one(kind), found.values, "RU") == found


def test_a_prospect_needs_phone_or_email() -> None:
    form = sample().kinds["prospect"].form
    assert missing(form, PROSPECT) == {}
    bare = {name: text for name, text in PROSPECT.items() if name != "phone"}
    assert set(missing(form, bare)) == {"phone", "email"}
    assert missing(form, bare | {"email": "a@example.org"}) == {}
    assert set(missing(form, {})) == {"company", "address", "person", "phone", "email"}
    assert {each.code for each in form if each.need is Need.desired} >= {"business", "employees", "operators"}

"""From a form to what is published, and from faults back to the form's fields."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcore.domain import Text
from callcore.outages.publication import read_publications
from callcore.strictyaml.faults import Fault
from callcore.testing.outage_samples import NOW, outage
from callcore.web.look import Look, look_of
from callcore.web.outage_bodies import Form, body, ending, field_of, form_of, read_form

MOSCOW = ZoneInfo("Europe/Moscow")
FORM = Form(
    "new",
    number="2026-1",
    kind="emergency",
    cause_ru="обрыв",
    cause_en="a cut",
    starts_at="2026-05-14T18:00",
    estimated_restoration_at="2026-05-14T20:30",
    nodes="F-12,  H-3;F-12",
)


def entry(raw: bytes) -> dict[str, Any]:
    (found,) = json.loads(raw)["outages"]
    return dict(found)


def test_a_form_is_a_publication_like_any_other() -> None:
    (read,) = read_publications(body(FORM, MOSCOW, None, NOW), "form", NOW)
    assert read.starts_at == datetime(2026, 5, 14, 15, 0, tzinfo=UTC)
    assert read.estimated_restoration_at == datetime(2026, 5, 14, 17, 30, tzinfo=UTC)
    assert read.nodes == ("F-12", "H-3")
    assert read.cause == Text("обрыв", "a cut")


def test_what_was_not_touched_goes_out_to_the_second() -> None:
    known = replace(outage(), starts_at=NOW - timedelta(minutes=70, seconds=13, microseconds=7))
    form = form_of(known, "change", MOSCOW)
    (read,) = read_publications(body(form, MOSCOW, known, NOW), "form", NOW)
    assert read.starts_at == known.starts_at
    assert read.estimated_restoration_at == known.estimated_restoration_at
    assert read.revision == known.revision + 1


@pytest.mark.parametrize("step", ["restored", "cancelled"])
def test_an_end_says_the_same_twice_and_drops_a_time_that_has_passed(step: Any) -> None:
    late = outage(began=100, lasts=50)
    first = ending(late, step, MOSCOW, NOW)
    assert first == ending(late, step, MOSCOW, NOW + timedelta(minutes=5))
    assert entry(first)["state"] == step
    assert "estimated_restoration_at" not in entry(first)
    read_publications(first, "end", NOW)


@pytest.mark.parametrize("typed", ["", "tomorrow", "2026-13-45T99:99", "2026-05-14T18:00+03:00", "\ud800"])
def test_a_time_that_is_none_goes_to_the_reader_as_it_is(typed: str) -> None:
    raw = body(replace(FORM, starts_at=typed), MOSCOW, None, NOW)
    assert entry(raw)["starts_at"] == typed.encode("utf-8", "replace").decode()


def test_whatever_comes_as_a_form_is_read() -> None:
    form = read_form(
        {"step": "evil", "revision": "9" * 50, "nodes": " a \n b ", "cause_ru": "a\tb", "x": "y"}
    )
    assert (form.step, form.revision, form.nodes, form.cause_ru) == ("new", 1, "a b", "a b")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("outages[0].number", "number"),
        ("outages[0].cause.ru", "cause_ru"),
        ("outages[12].nodes[3]", "nodes"),
        ("outages[0].revision", ""),
        ("outages[0]", ""),
        ("", ""),
        ("<script>", ""),
    ],
)
def test_faults_find_their_field(path: str, field: str) -> None:
    assert field_of(path) == field
    fault = Fault("form", 1, path, Text("", ""), Text("", ""))
    assert FORM.refused([fault, fault]).faults == {field: (fault, fault)}


def test_an_address_says_where_one_looks_and_comes_back() -> None:
    look = Look(outage="2026/1 & co", campaign=7, show="told", q="ё&=?", page=3)
    assert look_of(look.href().partition("?")[2]) == look
    assert Look().href() == "/outages"
    assert look.href(page=1, q="") == "/outages?outage=2026%2F1+%26+co&campaign=7&show=told"
    assert look_of("?" + "&".join(f"a{n}=1" for n in range(100))) == Look()

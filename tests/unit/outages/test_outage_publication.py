"""Files of outages: what is read, and every way in which they are wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcore.domain import OutageKind, Text
from callcore.outages.publication import Publication, read_publications
from callcore.strictyaml.faults import ConfigFaults, Fault

from .outage_samples import FILE, NOW, body, entry, planned

EXAMPLE = Path(__file__).parents[3] / "config" / "outages" / "example.yaml"


def read(raw: bytes | str) -> tuple[Publication, ...]:
    return read_publications(raw.encode() if isinstance(raw, str) else raw, FILE, NOW)


def faults(raw: bytes | str) -> tuple[Fault, ...]:
    with pytest.raises(ConfigFaults) as refused:
        read(raw)
    return refused.value.faults


def test_yaml() -> None:
    text = """
outages:
  - number: 2026-117        # text, although it looks like a sum
    kind: emergency
    cause: {ru: "  Авария  на линии 10 кВ ", en: Fault on a line}
    starts_at: 2026-11-22T18:00:00+03:00
    estimated_restoration_at: 2026-11-22 20:30+03:00
    nodes: [H-3, F-12, H-3]
"""
    (one,) = read(text)
    assert one == Publication(
        number="2026-117",
        revision=1,
        kind=OutageKind.emergency,
        state="open",
        cause=Text("Авария на линии 10 кВ", "Fault on a line"),
        starts_at=datetime(2026, 11, 22, 15, tzinfo=UTC),
        estimated_restoration_at=datetime(2026, 11, 22, 17, 30, tzinfo=UTC),
        ended_at=None,
        nodes=("H-3", "F-12"),
    )
    assert one.content() == {
        "number": "2026-117",
        "revision": 1,
        "kind": "emergency",
        "state": "open",
        "cause": {"ru": "Авария на линии 10 кВ", "en": "Fault on a line"},
        "starts_at": "2026-11-22T15:00:00+00:00",
        "estimated_restoration_at": "2026-11-22T17:30:00+00:00",
        "ended_at": None,
        "nodes": ["F-12", "H-3"],
    }


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_real_json(indent: int | str | None, ascii_only: bool) -> None:
    cause = {"ru": "Обрыв «А/Б» — ещё не всё 😀", "en": 'Cut \\ud83d "x" it\'s # no: comment'}
    whole = entry(cause=cause, revision=1, estimated_restoration_at=None) | {"ended_at": None}
    raw = json.dumps({"outages": [whole]}, ensure_ascii=ascii_only, indent=indent)
    (one,) = read(raw.replace("/", "\\/"))
    assert one.cause == Text(cause["ru"], cause["en"])


def test_json_with_a_byte_order_mark_and_crlf() -> None:
    assert read(b"\xef\xbb\xbf" + body().replace(b"\n", b"\r\n")) == read(body())


def test_decomposed_letters_are_composed() -> None:
    (one,) = read(body(entry(cause={"ru": "аварии\u0306ныи\u0306\u00a0ремонт", "en": "x"})))
    assert one.cause.ru == "аварийный ремонт"


def test_the_example_is_right_when_its_time_comes() -> None:
    (one,) = read_publications(EXAMPLE.read_bytes(), "example.yaml", datetime(2026, 11, 30, tzinfo=UTC))
    assert one.kind is OutageKind.planned


def test_faults_name_file_line_field_and_remedy_in_both_languages() -> None:
    found = faults(
        """outages:
- number: 2026-117
  kind: emergency
  cause: {ru: "Авария", en: Fault}
  starts_at: 2026-11-22T18:00:00
  nodes: [F-12, "H 3"]
  etr: 2026-11-22T20:00:00+03:00
- number: A-1
  kind: storm
  cause: {ru: "Авария"}
  starts_at: 2026-11-22T18:00:00+03:00
"""
    )
    assert [(fault.file, fault.line, fault.path) for fault in found] == [
        (FILE, 5, "outages[0].starts_at"),
        (FILE, 6, "outages[0].nodes[1]"),
        (FILE, 7, "outages[0].etr"),
        (FILE, 8, "outages[1].nodes"),
        (FILE, 9, "outages[1].kind"),
        (FILE, 10, "outages[1].cause.en"),
    ]
    assert "does not say in which time zone" in found[0].message.en
    assert "2026-11-22T18:00:00+03:00" in found[0].remedy.ru
    for fault in found:
        for text in (fault.message, fault.remedy):
            assert text.ru
            assert text.en


def test_faults_of_moments_and_of_the_shape_come_together() -> None:
    found = faults(body(entry(kind="storm"), planned(number="B", starts_at="2026-11-20T10:00:00+03:00")))
    assert [fault.path for fault in found] == ["outages[0].kind", "outages[1].starts_at"]


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"number": ""}, "number", "cannot be an outage's number"),
        ({"number": "x" * 41}, "number", "cannot be"),
        ({"number": "../x"}, "number", "cannot be"),
        ({"number": "Ф-1"}, "number", "cannot be"),
        ({"number": "a b"}, "number", "cannot be"),
        ({"number": ["a"]}, "number", "a list cannot be"),
        ({"revision": 0}, "revision", "out of range"),
        ({"revision": "01"}, "revision", "not a whole number"),
        ({"revision": 1.5}, "revision", "not a whole number"),
        ({"state": "over"}, "state", "not possible here"),
        ({"cause": "Авария"}, "cause", "A text in both languages is needed"),
        ({"cause": {"ru": " ", "en": "x"}}, "cause.ru", "nothing to be said"),
        ({"cause": {"ru": "…", "en": "x"}}, "cause.ru", "nothing to be said"),
        ({"cause": {"ru": ["x"], "en": "x"}}, "cause.ru", "nothing to be said"),
        ({"cause": {"ru": "а\nб", "en": "x"}}, "cause.ru", "more than one line"),
        ({"cause": {"ru": "а\u2028б", "en": "x"}}, "cause.ru", "more than one line"),
        ({"cause": {"ru": "а\u202eб", "en": "x"}}, "cause.ru", "invisible character U+202E"),
        ({"cause": {"ru": "а\u200bб", "en": "x"}}, "cause.ru", "invisible character U+200B"),
        ({"cause": {"ru": "а\u0007б", "en": "x"}}, "cause.ru", "unprintable characters"),
        ({"cause": {"ru": "а", "en": "<b>x</b>"}}, "cause.en", 'markup, "<"'),
        ({"cause": {"ru": "а", "en": "a &amp; b"}}, "cause.en", 'markup, "&amp;"'),
        ({"cause": {"ru": "а", "en": "[[h@l'oU]]"}}, "cause.en", 'markup, "[["'),
        ({"cause": {"ru": "а", "en": "{until}"}}, "cause.en", 'markup, "{"'),
        ({"cause": {"ru": "а" * 201, "en": "x"}}, "cause.ru", "Too long: 201"),
        ({"cause": {"ru": "а", "en": "x" * 1000}}, "cause.en", "Too long: 1000"),
        ({"starts_at": "2026-11-22T18:00:00"}, "starts_at", "time zone"),
        ({"starts_at": "2026-11-22"}, "starts_at", "no moment"),
        ({"starts_at": "2026-02-30T10:00:00Z"}, "starts_at", "no moment"),
        ({"starts_at": "2026-11-22T25:00:00Z"}, "starts_at", "no moment"),
        ({"starts_at": "22.11.2026 18:00+03:00"}, "starts_at", "no moment"),
        ({"starts_at": "1026-11-22T10:00:00Z"}, "starts_at", "no moment"),
        ({"starts_at": 1700000000}, "starts_at", "no moment"),
        ({"starts_at": {"x": 1}}, "starts_at", "no moment"),
        ({"starts_at": "2026-11-22T19:10:00+03:00"}, "starts_at", "in the future"),
        ({"starts_at": "2026-10-22T18:00:00+03:00"}, "starts_at", "more than 30 days ago"),
        ({"starts_at": "2028-11-22T18:00:00+03:00", "kind": "planned"}, "starts_at", "a year ahead"),
        (
            {"starts_at": "2026-11-22T18:00:00+03:00", "kind": "planned"},
            "starts_at",
            "planned start has passed",
        ),
        ({"estimated_restoration_at": "2026-11-22T15:30:00Z"}, "estimated_restoration_at", "has passed"),
        (
            {"estimated_restoration_at": "2026-11-22T14:30:00Z"},
            "estimated_restoration_at",
            "before it starts",
        ),
        ({"estimated_restoration_at": "2028-11-22T14:30:00Z"}, "estimated_restoration_at", "a year ahead"),
        ({"ended_at": "2026-11-22T15:30:00Z"}, "ended_at", "still open"),
        ({"state": "restored", "ended_at": "2026-11-22T14:30:00Z"}, "ended_at", "before it started"),
        ({"state": "restored", "ended_at": "2026-11-22T17:30:00Z"}, "ended_at", "not come yet"),
        ({"state": "restored", "starts_at": "2026-12-01T17:30:00Z"}, "state", "before it has started"),
        ({"nodes": []}, "nodes", "A list is needed, not nothing"),
        ({"nodes": "F-12"}, "nodes", "A list is needed"),
        ({"nodes": ["F 12"]}, "nodes[0]", "no code of a network node"),
        ({"nodes": [None]}, "nodes[0]", "no code of a network node"),
        ({"nodes": [f"N-{n}" for n in range(501)]}, "nodes", "501, over 500"),
    ],
)
def test_one_fault(change: dict[str, Any], path: str, said: str) -> None:
    (fault,) = faults(body(entry() | change))
    assert fault.path == f"outages[0].{path}"
    assert said in fault.message.en
    assert fault.remedy.ru
    assert fault.remedy.en


@pytest.mark.parametrize("field", ["number", "kind", "cause", "starts_at", "nodes"])
def test_what_may_not_be_missing(field: str) -> None:
    (fault,) = faults(body(entry(**{field: None})))
    assert fault.path == f"outages[0].{field}"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "restored", "revision": 2, "estimated_restoration_at": "2026-11-22T15:30:00Z"},
        {"state": "restored", "revision": 2, "ended_at": "2026-11-22T15:30:00Z"},
        {"state": "cancelled", "revision": 2, "kind": "planned", "starts_at": "2026-12-01T17:30:00Z"},
        {"state": "cancelled", "revision": 2, "ended_at": "2026-11-22T14:30:00Z"},
        {"kind": "planned", "revision": 2},
        {"starts_at": "2026-09-22T15:30:00Z", "revision": 2},
        {"starts_at": "2026-11-22T16:04:00.5z"},
        {"kind": "planned", "starts_at": "2026-11-22T15:56:00Z"},
    ],
    ids=str,
)
def test_moments_that_are_right(change: dict[str, Any]) -> None:
    assert len(read(body(entry(**change)))) == 1


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "The file is empty"),
        (b"outages: []", "A list is needed, not nothing"),
        (b"outages: {number: 1}", "A list is needed, not a section"),
        (b"outage: []", '"outages" is missing'),
        (b"[1, 2]", "A section is needed, not a list"),
        (b"outages: [null]", "A section is needed, not nothing"),
        (b"\xd0", "not UTF-8"),
        (b'{"outages": [', "Not valid YAML"),
        (b'{"outages": [], "outages": []}', "already in line 1"),
        (b"outages: &a [*a]", "anchors"),
        (b"#" * (1 << 20) + b"##", "larger than 1024 kB"),
    ],
)
def test_files_that_are_something_else(raw: bytes, said: str) -> None:
    assert said in faults(raw)[0].message.en


def test_a_number_twice() -> None:
    (fault,) = faults(body(entry(), entry(number="B"), entry(revision=2)))
    assert fault.path == "outages[2].number"
    assert "already in line 4" in fault.message.en


def test_five_hundred_outages_and_one_more() -> None:
    def raw(n: int) -> bytes:
        return body(*(entry(number=f"N-{i}") for i in range(n)))

    assert len(read(raw(500))) == 500
    (fault,) = faults(raw(501))
    assert "501, over 500" in fault.message.en


def test_a_clock_that_is_a_little_ahead() -> None:
    late = NOW + timedelta(minutes=4)
    assert read(body(entry(starts_at=late.isoformat())))[0].starts_at == late

"""Whatever is sent: faults or publications, never anything else, and never half of a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callcore.outages.publication import read_publications
from callcore.strictyaml.faults import ConfigFaults

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
ENTRY: dict[str, Any] = {
    "number": "A",
    "revision": 1,
    "kind": "emergency",
    "state": "open",
    "cause": {"ru": "Авария", "en": "Fault"},
    "starts_at": "2026-11-22T18:00:00+03:00",
    "estimated_restoration_at": "2026-11-22T20:00:00+03:00",
    "nodes": ["F-12"],
}

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def read(raw: bytes) -> int:
    """How many were read; 0 for a refusal, each fault of which is complete."""
    try:
        return len(read_publications(raw, "f.json", NOW))
    except ConfigFaults as refused:
        faults = refused.faults
    assert faults
    for fault in faults:
        assert fault.file == "f.json"
        assert fault.message.ru
        assert fault.message.en
    return 0


@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    read(raw)
    read(b'{"outages": [' + raw)


@given(junk)
def test_any_json(value: Any) -> None:
    read(json.dumps(value).encode())
    read(json.dumps({"outages": value}).encode())


@given(st.sampled_from([*ENTRY, "ended_at", "etr"]), junk)
def test_a_field_with_anything_in_it(field: str, value: Any) -> None:
    both = {"outages": [ENTRY | {"number": "B"}, ENTRY | {field: value}]}
    assert read(json.dumps(both).encode()) in (0, 2)


@given(st.text(max_size=260))
def test_a_cause_is_read_as_it_was_meant_or_refused(text: str) -> None:
    raw = json.dumps({"outages": [ENTRY | {"cause": {"ru": text, "en": "x"}}]})
    causes = set()
    for spelt in (raw, json.dumps(json.loads(raw), ensure_ascii=False)):
        try:
            (one,) = read_publications(spelt.encode("utf-8", "surrogatepass"), "f.json", NOW)
        except ConfigFaults:
            continue
        assert one.cause.ru.isprintable()
        assert 1 <= len(one.cause.ru) <= 200
        assert not set("<>{}\n") & set(one.cause.ru)
        causes.add(one.cause.ru)
    assert len(causes) <= 1, "escapes make no difference"

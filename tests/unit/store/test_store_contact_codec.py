from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.calls.effects import Contact, Ring
from callcore.domain import LANGUAGES, Direction, EndReason, Outcome, Source, Text
from callcore.store import contact_codec
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT

moments = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=40)
counts = st.integers(0, 2**53)
rings = st.builds(
    Ring,
    login=st.none() | words,
    interface=words,
    began_at=moments,
    ended_at=st.none() | moments,
    result=st.none() | st.sampled_from(EndReason),
)
contacts = st.builds(
    Contact,
    call=words,
    pbx=words,
    channel=words,
    direction=st.sampled_from(Direction),
    source=st.sampled_from(Source),
    caller_number=st.none() | words,
    caller_number_raw=words,
    caller_name=st.none() | words,
    dialed_number=st.none() | words,
    language=st.none() | st.sampled_from(LANGUAGES),
    customer=st.none() | st.integers(1, 2**40),
    topic=st.none() | words,
    route=st.none() | words,
    route_reason=st.none() | st.builds(Text, words, words),
    edition=st.none() | counts,
    node=st.none() | words,
    queue=st.none() | words,
    started_at=moments,
    queued_at=st.none() | moments,
    answered_at=st.none() | moments,
    ended_at=moments,
    wait_ms=counts,
    ring_ms=counts,
    talk_ms=counts,
    operators=st.lists(rings, max_size=4).map(tuple),
    answered_by=st.none() | words,
    end_reason=st.sampled_from(EndReason),
    hangup_cause=st.none() | st.integers(0, 127),
    outcome=st.sampled_from(Outcome),
)


@given(contacts)
def test_json_there_and_back(contact: Contact) -> None:
    clean = contact_codec.cleaned(contact)
    assert clean == contact
    assert contact_codec.from_json(json.loads(json.dumps(contact_codec.to_json(clean)))) == clean


@given(contacts)
def test_rows_there_and_back(contact: Contact) -> None:
    row = SimpleNamespace(**contact_codec.to_row(contact))
    ring_rows = [SimpleNamespace(**ring) for ring in contact_codec.to_ring_rows(contact)]
    back = contact_codec.from_rows(row, ring_rows)
    assert back == contact
    assert all(type(ring.result) in (EndReason, type(None)) for ring in back.operators)


@given(contacts, st.text(st.characters(), max_size=500))
def test_whatever_the_network_sends_becomes_storable(contact: Contact, text: str) -> None:
    hostile = replace(
        contact,
        channel=text,  # type: ignore[arg-type]
        caller_number_raw=text,
        caller_name=text,
        route_reason=Text(text, text),
        operators=(replace(ring, interface=text) for ring in contact.operators),  # type: ignore[arg-type,misc]
    )
    hostile = replace(hostile, operators=tuple(hostile.operators))
    clean = contact_codec.cleaned(hostile)
    json.dumps(contact_codec.to_json(clean), ensure_ascii=False).encode()
    assert len(clean.caller_name or "") <= NAME_LIMIT
    assert len(clean.channel) <= WORD_LIMIT
    assert contact_codec.cleaned(clean) == clean


@pytest.mark.parametrize("spoil", [{"outcome": "eaten"}, {"started_at": 5}, {"operators": [{}]}])
def test_foreign_json_is_refused(spoil: dict[str, object]) -> None:
    value = _plain_contact()
    contact_codec.from_json(value)
    with pytest.raises((KeyError, TypeError, ValueError)):
        contact_codec.from_json(value | spoil)


def _plain_contact() -> dict[str, object]:
    now = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    value: dict[str, object] = dict.fromkeys((field.name for field in fields(Contact)), "x")
    value |= dict.fromkeys(("started_at", "queued_at", "answered_at", "ended_at"), now)
    value |= {"direction": "inbound", "source": "live", "end_reason": "lost", "outcome": "failed"}
    return value | {"operators": []}

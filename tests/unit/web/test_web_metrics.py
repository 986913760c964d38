"""What /metrics says after each of its methods was called."""

from __future__ import annotations

import pytest

from callcore.domain import Outcome, PbxName
from callcore.web.metrics import Metrics

MAIN = PbxName("main")


def test_everything_counted_is_shown_under_its_name() -> None:
    metrics = Metrics()
    metrics.contact_ended(MAIN, Outcome.answered, wait_ms=4000, talk_ms=60_000)
    metrics.contact_ended(MAIN, Outcome.abandoned_queue, wait_ms=9000, talk_ms=0)
    metrics.agi_session("inbound", "ok")
    metrics.agi_timed_out()
    metrics.watch("writer_queue", "Waiting writes", lambda: {"": 4.0})
    metrics.watch("calls_now", "Calls going on", lambda: {"main": 2.0}, label="pbx")
    text = metrics.render().decode()
    for line in (
        'callcore_contacts_total{outcome="answered",pbx="main"} 1.0',
        'callcore_contacts_total{outcome="abandoned_queue",pbx="main"} 1.0',
        "callcore_wait_seconds_sum 13.0",
        "callcore_talk_seconds_count 1.0",
        'callcore_agi_sessions_total{result="ok",script="inbound"} 1.0',
        "callcore_agi_timeouts_total 1.0",
        "callcore_writer_queue 4.0",
        'callcore_calls_now{pbx="main"} 2.0',
    ):
        assert line in text


def test_a_name_is_given_once() -> None:
    metrics = Metrics()
    metrics.watch("x", "x", dict)
    with pytest.raises(ValueError, match="Duplicated"):
        metrics.watch("x", "x", dict)

"""queue_log, line by line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.ami import queue_log
from callcore.ami.queue_log import LONGEST_CALL, read_calls, read_tail
from callcore.calls.recovery import PastCall
from callcore.domain import Outcome, PbxName, QueueName

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
E = int(T0.timestamp())
END = T0 + timedelta(hours=1)
PBX, FINANCE = PbxName("main"), QueueName("finance")


def read(*lines: str) -> tuple[PastCall, ...]:
    return read_calls(lines, PBX, {FINANCE}, T0, END)


def line(second: int, event: str, *data: str, agent: str = "NONE", queue: str = "finance") -> str:
    return "|".join([str(E + second), "lab-1795.1", queue, agent, event, *data])


ENTERS = line(10, "ENTERQUEUE", "", "89000000001", "1")


def test_answered() -> None:
    [call] = read(
        f"{E}|NONE|NONE|NONE|QUEUESTART|\n",
        ENTERS,
        line(11, "RINGNOANSWER", "1000", agent="Борис"),
        line(15, "CONNECT", "5", "lab-1795.2", "3", agent="Анна Кузнецова"),
        line(75, "COMPLETECALLER", "5", "60", "1", agent="Анна Кузнецова"),
    )
    row = call.row
    assert (row.channel.id, row.number, row.queue) == ("lab-1795.1", "89000000001", "finance")
    assert (row.started_at, row.queued_at) == (T0 + timedelta(seconds=10),) * 2
    assert (row.member, row.hold_seconds, row.seconds) == ("Анна Кузнецова", 5, 65)
    assert (row.dialed_number, row.cause, row.call, call.outcome) == (None, None, None, None)


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ("ABANDON", Outcome.abandoned_queue),
        ("EXITWITHTIMEOUT", Outcome.timeout),
        ("EXITEMPTY", Outcome.timeout),
        ("EXITWITHKEY", Outcome.left_by_key),
    ],
)
def test_nobody_answered(event: str, outcome: Outcome) -> None:
    [call] = read(ENTERS, line(40, event, "1", "1", "30"))
    assert (call.outcome, call.row.member, call.row.seconds) == (outcome, None, 30)


def test_the_last_queue_counts() -> None:
    [call] = read(
        ENTERS,
        line(40, "EXITWITHTIMEOUT", "1", "1", "30"),
        line(41, "ENTERQUEUE"),
        line(50, "ABANDON", "1", "1", "9"),
    )
    assert call.outcome is Outcome.abandoned_queue
    assert call.row.queued_at == T0 + timedelta(seconds=41)
    assert call.row.started_at == T0 + timedelta(seconds=10)


@pytest.mark.parametrize(
    "lines",
    [
        (ENTERS,),
        (ENTERS, line(12, "CONNECT", "x", agent="Анна")),
        (line(40, "ABANDON", "1", "1", "30"),),
        (line(10, "ENTERQUEUE", queue="theirs"), line(40, "ABANDON", queue="theirs")),
        (line(-90, "ENTERQUEUE"), line(-50, "ABANDON")),
        (line(3590, "ENTERQUEUE"), line(3601, "ABANDON")),
        ("rubbish", "", "||||", f"{E}|a b|finance|NONE|ENTERQUEUE|"),
    ],
    ids=["waits", "talks", "no beginning", "not ours", "before", "after", "rubbish"],
)
def test_no_call_of_the_gap(lines: tuple[str, ...]) -> None:
    assert read(*lines) == ()


def test_a_hold_time_that_is_none() -> None:
    [call] = read(ENTERS, line(12, "CONNECT", "x", agent="Анна"), line(20, "COMPLETEAGENT"))
    assert (call.row.hold_seconds, call.row.member) == (None, "Анна")


@given(st.lists(st.text() | st.just(ENTERS) | st.just(line(40, "ABANDON")), max_size=6))
def test_no_line_raises(lines: list[str]) -> None:
    read(*lines)


def test_of_a_long_file_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "queue_log"
    too_old = line(-int(LONGEST_CALL.total_seconds()) - 1, "ENTERQUEUE")
    file.write_text(f"{too_old}\n{line(-3600, 'ENTERQUEUE')}\n{ENTERS}\n", encoding="utf-8")
    assert read_tail(file, T0) == [line(-3600, "ENTERQUEUE"), ENTERS]
    monkeypatch.setattr(queue_log, "LIMIT_BYTES", len(ENTERS) + 5)
    assert read_tail(file, T0) == [ENTERS]
    with pytest.raises(OSError, match="No such file"):
        read_tail(tmp_path / "none", T0)

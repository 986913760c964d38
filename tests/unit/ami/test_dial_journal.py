"""The dialplan's journal of our calls, as DBGetTree gives it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.ami.dial_journal import read_journal
from callcore.calls.attempt import AttemptId
from callcore.outbound.ports import Trace

BEGAN, ENDED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC), datetime(2026, 11, 22, 10, 1, tzinfo=UTC)
B, E = int(BEGAN.timestamp()), int(ENDED.timestamp())


def read(**rows: str) -> dict[AttemptId, Trace]:
    return read_journal(
        {"event": "DBGetTreeResponse", "key": f"/callcore-dial/a1/{row}", "val": value}
        for row, value in rows.items()
    )


@pytest.mark.parametrize(
    ("rows", "trace"),
    [
        ({"dial": f"dialling|{B}"}, Trace(dialling_at=BEGAN)),
        ({"dial": f"answered|{B}"}, Trace(dialling_at=BEGAN, is_taken=True)),
        (
            {"dial": f"BUSY|17|{E}|{B}"},
            Trace(dialling_at=BEGAN, status="BUSY", cause=17, ended_at=ENDED),
        ),
        ({"dial": f"CANCEL||{E}|{B}"}, Trace(dialling_at=BEGAN, status="CANCEL", ended_at=ENDED)),
        (
            {"dial": f"dialling|{B}", "told": f"answered|{E}"},
            Trace(dialling_at=BEGAN, answered_at=ENDED),
        ),
        (
            {"told": f"told|12.5|9|1|{E}|{B}", "dial": f"dialling|{B}"},
            Trace(
                dialling_at=BEGAN,
                answered_at=BEGAN,
                told_seconds=12.5,
                told_key="9",
                told_enough=True,
                ended_at=ENDED,
            ),
        ),
        (
            {"told": f"played|3||0|{E}|{B}"},
            Trace(answered_at=BEGAN, told_seconds=3.0, ended_at=ENDED),
        ),
        ({"told": f"told|||0|{E}|{B}"}, Trace(answered_at=BEGAN, ended_at=ENDED)),
        ({"phone": f"ringing|{B}"}, Trace(phone_at=BEGAN)),
        (
            {"phone": f"BUSY|17|{E}|{B}"},
            Trace(phone_at=BEGAN, phone_status="BUSY", phone_cause=17),
        ),
        (
            {"phone": f"ANSWER|16|{E}|{B}", "gate": f"open_call|{E}"},
            Trace(phone_at=BEGAN, phone_status="ANSWER", phone_cause=16, gate="open_call"),
        ),
        ({"gate": f"|{E}"}, Trace(gate="")),
        ({"dial": "rubbish", "told": "told|x", "phone": "ringing", "gate": "Rule!|1"}, Trace()),
    ],
)
def test_rows(rows: dict[str, str], trace: Trace) -> None:
    assert read(**rows) == {"a1": trace}


def test_rows_of_others_are_left_alone() -> None:
    rows = [
        {"key": key, "val": "dialling|1"} for key in ("/callcore-journal/1.2", "/callcore-dial/A/dial", "")
    ]
    assert read_journal([*rows, {}]) == {}


@given(st.text(), st.text(), st.sampled_from(["dial", "told", "phone", "gate"]))
def test_whatever_stands_there_is_read_or_left_alone(key: str, value: str, row: str) -> None:
    read_journal([{"key": key, "val": value}, {"key": f"/callcore-dial/a/{row}", "val": value}])

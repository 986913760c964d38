"""The dialplan's journal of ended calls, as DBGetTree gives it, and as the link asks for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callcore.ami.journal import read_ended_calls
from callcore.calls.facts import JournalRow, LinkLost, LinkUp, Snapshot
from callcore.domain import CallId, ChannelId, ChannelRef, Interface, PbxName, QueueName
from callcore.testing.ami import SILENT, Answer, ScriptedAmi, listing, message, refusal

from .conftest import Start

PBX = PbxName("main")
BEGAN, QUEUED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC), datetime(2026, 11, 22, 10, 1, tzinfo=UTC)
B, Q = int(BEGAN.timestamp()), int(QUEUED.timestamp())
FULL = f"{B}|+79000000001|74950000000|finance|{Q}|PJSIP/101|5|90|16|c1m80vzc3eg1vy437j"
ROW = JournalRow(
    channel=ChannelRef(PBX, ChannelId("lab-1795.1")),
    started_at=BEGAN,
    number="+79000000001",
    dialed_number="74950000000",
    queue=QueueName("finance"),
    queued_at=QUEUED,
    member=Interface("PJSIP/101"),
    hold_seconds=5,
    seconds=90,
    cause=16,
    call=CallId("c1m80vzc3eg1vy437j"),
)
EMPTY = JournalRow(
    channel=ROW.channel,
    started_at=BEGAN,
    number=None,
    dialed_number=None,
    queue=None,
    queued_at=None,
    member=None,
    hold_seconds=None,
    seconds=3,
    cause=None,
    call=None,
)


def read(value: str, key: str = "/callcore-journal/lab-1795.1") -> tuple[JournalRow, ...]:
    return read_ended_calls([{"event": "DBGetTreeResponse", "key": key, "val": value}], PBX)


@pytest.mark.parametrize(
    ("value", "row"),
    [
        (FULL, ROW),
        (FULL + "|what a later dialplan writes", ROW),
        (f"{B}||||||||3||", None),
        (f"{B}|||||||3||", EMPTY),
        (f"{B}||s|||||3||gone", EMPTY),
        (f"{B}|+||||||3||", EMPTY),
        (f"{B}|||||||-3||", None),
        (f"{B}|||||||604801||", None),
        ("", None),
        ("rubbish", None),
    ],
)
def test_rows(value: str, row: JournalRow | None) -> None:
    assert read(value) == (() if row is None else (row,))


@pytest.mark.parametrize("key", ["/callcore-dial/a/dial", "/callcore-journal/", "/callcore-journal/a/b", ""])
def test_rows_of_others_are_left_alone(key: str) -> None:
    assert read(FULL, key) == ()


def test_in_the_order_in_which_they_began() -> None:
    later = FULL.replace(str(B), str(B + 1), 1)
    rows = [
        {"key": f"/callcore-journal/{channel}", "val": value}
        for channel, value in (("3", later), ("2", FULL), ("1", FULL))
    ]
    found = read_ended_calls([*rows, {}], PBX)
    assert [row.channel.id for row in found] == ["1", "2", "3"]


@given(st.text() | st.lists(st.text(max_size=12), min_size=10, max_size=12).map("|".join))
def test_no_row_raises(value: str) -> None:
    read(value)


# --- the link


def rows(*values: str) -> Answer:
    found = [
        (("Event", "DBGetTreeResponse"), ("Key", f"/callcore-journal/lab-1795.{n}"), ("Val", value))
        for n, value in enumerate(values, start=1)
    ]
    return listing(found, "DBGetTreeComplete")


async def test_the_snapshot_brings_them(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["DBGetTree"] = rows(FULL, "rubbish")
    one = await start(pbx.settings())
    _up, snapshot = await one.facts(2)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.journal == (ROW,)
    assert pbx.actions("DBGetTree")[0]["family"] == "callcore-journal"


async def test_no_row_yet(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["DBGetTree"] = refusal("Database entry not found")
    with capture_logs() as logs:
        one = await start(pbx.settings())
    _up, snapshot = await one.facts(2)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.journal == ()
    assert not [line for line in logs if line["event"] == "ami_without_journal"]


async def test_an_account_without_the_right_is_told_of_once(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["DBGetTree"] = refusal("Permission denied")
    pbx.answers["QueueStatus"] = refusal("Invalid/unknown command")
    with capture_logs() as logs:
        one = await start(pbx.settings())
        pbx.cut()
        facts = await one.facts(5)
    assert [type(fact) for fact in facts] == [LinkUp, Snapshot, LinkLost, LinkUp, Snapshot]
    [told] = [line for line in logs if line["event"] == "ami_without_journal"]
    assert told["remedy"] == "add reporting to write = of manager.conf [callcore]"


async def test_a_journal_cut_off_in_the_middle_is_no_snapshot(pbx: ScriptedAmi, start: Start) -> None:
    """Both other lists were whole."""
    first = True

    def cut_short(action: dict[str, str]) -> bytes | None:
        nonlocal first
        if not first:
            return rows(FULL)(action)
        first = False
        pbx.raw((rows(FULL, FULL)(action) or b"")[:250])
        pbx.cut()
        return None

    pbx.answers["DBGetTree"] = cut_short  # type: ignore[assignment]
    one = await start(pbx.settings())
    facts = await one.facts(4)
    assert [type(fact) for fact in facts] == [LinkUp, LinkLost, LinkUp, Snapshot]


async def test_a_journal_that_never_ends_costs_the_session(pbx: ScriptedAmi, start: Start) -> None:
    pbx.answers["DBGetTree"] = SILENT
    one = await start(pbx.settings(snapshot_seconds=0.05), up=False)
    assert [type(fact) for fact in await one.facts(3)] == [LinkUp, LinkLost, LinkUp]


async def test_the_snapshot_stands_where_the_journal_ends(pbx: ScriptedAmi, start: Start) -> None:
    """What is told after the last list follows it, what is told before precedes it."""

    def answer(action: dict[str, str]) -> bytes:
        def hangup(ident: str) -> bytes:
            return message(("Event", "Hangup"), ("Uniqueid", ident), ("Cause", "16"))

        return hangup("1.1") + (rows(FULL)(action) or b"") + hangup("1.2")

    pbx.answers["DBGetTree"] = answer  # type: ignore[assignment]
    one = await start(pbx.settings())
    _up, before, snapshot, after = await one.facts(4)
    assert isinstance(snapshot, Snapshot)
    assert (before.channel.id, after.channel.id) == ("1.1", "1.2")  # type: ignore[union-attr]

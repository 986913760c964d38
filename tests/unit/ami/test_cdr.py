"""CDR in a SQLite table with Asterisk's usual columns: what is read, and what is wrong with a table."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from callcore.ami.cdr import Sources, calls_of, read_past_calls
from callcore.calls.recovery import PastCall
from callcore.domain import Interface, Outcome, PbxName, QueueName

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
END = T0 + timedelta(hours=1)
PBX, FINANCE, ANNAS = PbxName("main"), QueueName("finance"), Interface("PJSIP/101")
USUAL = (
    *("calldate", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata"),
    *("duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield"),
)
MOSCOW = ZoneInfo("Europe/Moscow")


def row(**changes: Any) -> dict[str, Any]:
    """A call to finance that Anna answered; the clock on the wall is Moscow's."""
    values: dict[str, Any] = {
        "calldate": "2026-03-02 12:10:00",
        "src": "89000000001",
        "dst": "s",
        "channel": "PJSIP/trunk-00000001",
        "dstchannel": "PJSIP/101-00000002",
        "lastapp": "Queue",
        "lastdata": "finance,i,,,600",
        "duration": 90,
        "disposition": "ANSWERED",
        "uniqueid": "1795.1",
    }
    return values | changes


def table(file: Path, *rows: dict[str, Any], columns: tuple[str, ...] = USUAL, name: str = "cdr") -> str:
    with sqlite3.connect(file) as connection:
        connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        for values in rows:
            names = [column for column in columns if column in values]
            marks = ", ".join("?" * len(names))
            connection.execute(
                f"INSERT INTO {name} ({', '.join(names)}) VALUES ({marks})", [values[n] for n in names]
            )
    connection.close()
    return f"sqlite:///{file}"


async def read(url: str, **options: Any) -> tuple[PastCall, ...]:
    sources = Sources(PBX, url, **({"zone": MOSCOW} | options))
    return await read_past_calls(sources, T0, END, {FINANCE}, {ANNAS})


async def test_a_call_to_a_queue(tmp_path: Path) -> None:
    [call] = await read(table(tmp_path / "master.db", row()))
    told = call.row
    assert (told.channel.id, told.number, told.dialed_number) == ("1795.1", "89000000001", None)
    assert (told.started_at, told.seconds) == (T0 + timedelta(minutes=10), 90)
    assert (told.queue, told.member) == (FINANCE, ANNAS)
    assert (told.queued_at, told.hold_seconds, told.cause, call.outcome) == (None, None, None, None)


async def test_several_rows_are_one_call(tmp_path: Path) -> None:
    """Boris did not answer, a Local member did, behind which is Anna's phone; by linkedid."""
    url = table(
        tmp_path / "master.db",
        row(disposition="NO ANSWER", dstchannel="PJSIP/102-00000002", duration=15, linkedid="1795.1"),
        row(
            calldate="2026-03-02 12:10:20", dstchannel="Local/101@agents-1;1", duration=100, linkedid="1795.1"
        ),
        row(
            calldate="2026-03-02 12:10:21",
            uniqueid="1795.9",
            src="999",
            channel="Local/101@agents-1;2",
            linkedid="1795.1",
        ),
        columns=(*USUAL, "linkedid"),
        name="calls",
    )
    [call] = await read(url, cdr_table="calls")
    assert (call.row.number, call.row.member, call.row.seconds) == ("89000000001", ANNAS, 120)


@pytest.mark.parametrize(
    "changes",
    [
        {"lastdata": "theirs", "dstchannel": "PJSIP/900-1"},
        {"channel": "PJSIP/101-00000001", "dstchannel": "PJSIP/carrier-2", "lastapp": "Dial"},
        {"calldate": "2026-03-02 09:10:00"},
        {"calldate": "2026-03-02 13:00:00", "duration": 9000},
        {"calldate": "yesterday"},
        {"uniqueid": ""},
    ],
    ids=["not ours", "an operator's own", "before", "after", "no moment", "no id"],
)
async def test_no_call_of_the_gap(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert await read(table(tmp_path / "master.db", row(**changes))) == ()


async def test_an_operators_phone_rang_without_a_queue(tmp_path: Path) -> None:
    [call] = await read(
        table(
            tmp_path / "m.db",
            row(lastapp="Dial", lastdata="PJSIP/101,20", disposition="NO ANSWER", dst="74950000001"),
        )
    )
    assert (call.row.queue, call.row.member, call.row.dialed_number) == (None, None, "74950000001")


def test_other_databases_give_moments() -> None:
    sources = Sources(PBX, zone=MOSCOW)
    naive = datetime(2026, 3, 2, 12, 10)  # noqa: DTZ001 - as a column without a zone gives it
    for began in (naive, naive.replace(tzinfo=MOSCOW)):
        found = calls_of([row(began=began, duration=90.0)], sources, T0, END, {FINANCE}, {ANNAS})
        assert [call.row.started_at for call in found] == [T0 + timedelta(minutes=10)]
    assert calls_of([row(began=None), row(began=5)], sources, T0, END, {FINANCE}, {ANNAS}) == ()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///{folder}/none.db", "there is no file"),
        ("sqlite:///{folder}/empty.db", "cdr"),
        ("sqlite:///{folder}/other.db", "no such columns: src, dst"),
        ("sqlite:///{folder}/timeless.db", "no such columns: calldate, start"),
        ("mysql://db/cdr", "sqlite and postgresql, not mysql"),
    ],
)
async def test_what_cannot_be_read_is_said(tmp_path: Path, url: str, why: str) -> None:
    sqlite3.connect(tmp_path / "empty.db").close()
    (tmp_path / "empty.db").touch()
    table(tmp_path / "other.db", columns=("calldate", "uniqueid", "channel"))
    table(tmp_path / "timeless.db", columns=USUAL[1:])
    with capture_logs() as logs:
        assert await read(url.format(folder=tmp_path)) == ()
    [told] = [line for line in logs if line["event"] == "cdr_unreadable"]
    assert why in told["why"]


async def test_each_source_by_itself(tmp_path: Path) -> None:
    """The table is gone, the log is there; then the other way round."""
    epoch = int(T0.timestamp())
    log = tmp_path / "queue_log"
    log.write_text(
        f"{epoch}|1795.1|finance|NONE|ENTERQUEUE||8900|1\n{epoch + 9}|1795.1|finance|NONE|ABANDON|1\n"
    )
    [call] = await read(f"sqlite:///{tmp_path}/none.db", queue_log=log)
    assert call.outcome is Outcome.abandoned_queue
    [call] = await read(table(tmp_path / "master.db", row()), queue_log=tmp_path / "none")
    assert call.row.number == "89000000001"

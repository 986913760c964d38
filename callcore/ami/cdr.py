"""An administrator's own records of calls: a CDR table in Asterisk's usual columns, and ``queue_log``.

Read after a gap, for what passed by our dialplan. Nothing is ever written there. CDR tells moments as the
PBX's wall clock, in whole seconds, without a zone; and not when an operator answered whom a queue found:
``answer`` is the IVR's. So that stays empty unless the queue's own log tells it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnClause, Connection, Select, column, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from callcore.ami.queue_log import read_calls, read_tail
from callcore.calls.facts import JournalRow
from callcore.calls.mirror import device_of
from callcore.calls.recovery import PastCall, merged
from callcore.domain import ChannelId, ChannelRef, Interface, PbxName, QueueName
from callcore.store.engine import is_sqlite, parse_url, reader_engine
from callcore.store.errors import StoreError
from callcore.store.sqlite import database_file

log = structlog.get_logger("callcore.ami")

ROWS = 20_000
"""At most so many rows of one gap are read, the newest."""
MARGIN = timedelta(seconds=30)
"""The gap may have begun before anybody noticed; calls that have a contact are left out anyway."""
READ_SECONDS = 30.0
_BEGINNINGS = ("calldate", "start")
_NEEDED = (
    "uniqueid",
    "src",
    "dst",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "duration",
    "disposition",
)
_NO_NUMBER = re.compile(r"[sht]|", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the administrator opened; None: not that one."""

    pbx: PbxName
    cdr_url: str | None = None
    cdr_table: str = "cdr"
    zone: tzinfo = UTC
    """Whose wall clock the CDR shows."""
    queue_log: Path | None = None


class RecordsUnreadable(Exception):
    """The message says what is wrong."""


async def read_past_calls(
    sources: Sources,
    since: datetime,
    until: datetime,
    queues: Collection[QueueName],
    devices: Collection[Interface],
) -> tuple[PastCall, ...]:
    """Calls that ended in the period and reached one of these queues or devices, in order of their beginning.

    What can be had of the two sources is given; the other is logged. Raises nothing for the world's sake.
    """
    found: list[tuple[PastCall, ...]] = []
    if sources.cdr_url is not None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                rows = await _cdr_rows(sources, since - MARGIN, until)
            found.append(calls_of(rows, sources, since - MARGIN, until, queues, devices))
        except (StoreError, SQLAlchemyError, OSError, TimeoutError, RecordsUnreadable) as error:
            why = str(getattr(error, "orig", None) or error) or type(error).__name__
            log.error("cdr_unreadable", pbx=sources.pbx, table=sources.cdr_table, why=why)
    if sources.queue_log is not None:
        try:
            lines = await asyncio.to_thread(read_tail, sources.queue_log, since)
            found.append(read_calls(lines, sources.pbx, queues, since - MARGIN, until))
        except OSError as error:
            log.error(
                "queue_log_unreadable", pbx=sources.pbx, file=str(sources.queue_log), why=error.strerror
            )
    return merged(found[0] if found else (), found[1] if len(found) > 1 else ())


# --- the table


async def _cdr_rows(sources: Sources, since: datetime, until: datetime) -> list[Mapping[str, Any]]:
    assert sources.cdr_url is not None, "the caller's guard"
    url = parse_url(sources.cdr_url)
    if is_sqlite(url) and not database_file(url).is_file():
        raise RecordsUnreadable(f"there is no file {database_file(url)}")
    engine = reader_engine(url)
    try:
        async with engine.connect() as connection:
            names = await connection.run_sync(_columns, sources.cdr_table)
            begin = next((name for name in _BEGINNINGS if name in names), None)
            missing = [name for name in _NEEDED if name not in names]
            if begin is None or missing:
                raise RecordsUnreadable(f"no such columns: {', '.join(missing or _BEGINNINGS)}")
            is_text = connection.dialect.name == "sqlite"
            query = _query(sources, names, begin, since, until, is_text=is_text)
            return [dict(row._mapping) for row in await connection.execute(query)]
    finally:
        await engine.dispose()


def _columns(connection: Connection, name: str) -> set[str]:
    return {str(found["name"]).lower() for found in inspect(connection).get_columns(name)}


def _query(
    sources: Sources, names: set[str], begin: str, since: datetime, until: datetime, *, is_text: bool
) -> Select[Any]:
    def bound(moment: datetime) -> Any:
        local = moment.astimezone(sources.zone).replace(tzinfo=None, microsecond=0)
        return local.isoformat(" ") if is_text else local

    wanted: list[ColumnClause[Any]] = [column(name) for name in (*_NEEDED, "linkedid") if name in names]
    began: ColumnClause[Any] = column(begin)
    # A call of the gap may have begun long before it.
    return (
        select(began.label("began"), *wanted)
        .select_from(table(sources.cdr_table))
        .where(began >= bound(since - timedelta(hours=12)), began <= bound(until))
        .order_by(began.desc())
        .limit(ROWS)
    )


# --- its rows; pure


def calls_of(
    rows: Iterable[Mapping[str, Any]],
    sources: Sources,
    since: datetime,
    until: datetime,
    queues: Collection[QueueName],
    devices: Collection[Interface],
) -> tuple[PastCall, ...]:
    """One call for all rows of one linkedid; the caller's channel bears it as its uniqueid."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        name = _text(row, "linkedid") or _text(row, "uniqueid")
        if name and _moment(row.get("began"), sources.zone) is not None:
            groups.setdefault(name, []).append(row)
    found = (_call(name, group, sources, queues, devices) for name, group in groups.items())
    return tuple(call for call in found if call is not None and since <= _end(call.row) <= until)


def _call(
    name: str,
    rows: list[Mapping[str, Any]],
    sources: Sources,
    queues: Collection[QueueName],
    devices: Collection[Interface],
) -> PastCall | None:
    own = [row for row in rows if _text(row, "uniqueid") == name] or rows
    own.sort(key=lambda row: _must(row, sources.zone))
    if device_of(_text(own[0], "channel")) in devices:
        return None  # an operator's own call
    queue = next((found for row in reversed(own) if (found := _queue(row)) in queues), None)
    reached = [
        row for row in rows if (seat := device_of(_text(row, "dstchannel"))) and (queue or seat in devices)
    ]
    if queue is None and not reached:
        return None
    answered = [
        device_of(_text(row, "dstchannel"))
        for row in reached
        if _text(row, "disposition").upper() == "ANSWERED"
    ]
    answered.sort(key=lambda device: device not in devices)  # behind a Local member is somebody's phone
    started_at = _must(own[0], sources.zone)
    ended_at = max(_must(row, sources.zone) + timedelta(seconds=_seconds(row)) for row in rows)
    dialed = _text(own[0], "dst")
    return PastCall(
        JournalRow(
            channel=ChannelRef(sources.pbx, ChannelId(name)),
            started_at=started_at,
            number=_text(own[0], "src") or None,
            dialed_number=None if _NO_NUMBER.fullmatch(dialed) else dialed,
            queue=queue,
            queued_at=None,
            member=answered[0] if answered else None,
            hold_seconds=None,
            seconds=round((ended_at - started_at).total_seconds()),
            cause=None,
            call=None,
        )
    )


def _queue(row: Mapping[str, Any]) -> QueueName | None:
    if _text(row, "lastapp").lower() != "queue":
        return None
    return QueueName(re.split(r"[,|]", _text(row, "lastdata"), maxsplit=1)[0])


def _end(row: JournalRow) -> datetime:
    return row.started_at + timedelta(seconds=row.seconds)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _seconds(row: Mapping[str, Any]) -> int:
    value = _text(row, "duration").partition(".")[0]
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0


def _must(row: Mapping[str, Any], zone: tzinfo) -> datetime:
    found = _moment(row.get("began"), zone)
    assert found is not None, "rows without a beginning were left out"
    return found


def _moment(value: object, zone: tzinfo) -> datetime | None:
    """A moment of the table, as text or not; without a zone it is the PBX's wall clock."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)

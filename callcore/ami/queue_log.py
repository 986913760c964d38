"""Asterisk's ``queue_log``, read: the calls of a period that are over. Pure but for reading the file.

A line is ``epoch|uniqueid|queue|agent|event|data…``; ``agent`` is the member's name as the queue shows it.
A line that cannot be read counts as not there. Of a call that went through several queues the last one that
he waited in counts, as in the dialplan's journal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callcore.calls.facts import JournalRow
from callcore.calls.recovery import PastCall
from callcore.domain import ChannelId, ChannelRef, Interface, Outcome, PbxName, QueueName

LONGEST_CALL = timedelta(hours=12)
"""So long before the period the lines of its calls may begin."""
LIMIT_BYTES = 64 << 20
"""As much of the file's end is read."""
_LINE = re.compile(r"(\d{1,10})(?:\.\d+)?\|([^|\s]{1,149})\|([^|]*)\|([^|]*)\|([A-Z]+)\|?(.*)", re.ASCII)
_NOBODY = frozenset({"", "NONE", "unknown", "anonymous"})
_OVER: dict[str, Outcome | None] = {
    "ABANDON": Outcome.abandoned_queue,
    "EXITWITHTIMEOUT": Outcome.timeout,
    "EXITEMPTY": Outcome.timeout,
    "EXITWITHKEY": Outcome.left_by_key,
    "COMPLETEAGENT": None,
    "COMPLETECALLER": None,
    "BLINDTRANSFER": None,
    "ATTENDEDTRANSFER": None,
    "TRANSFER": None,
}
"""Events after which the queue has no more to tell of a caller."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: JournalRow
    is_over: bool = False
    outcome: Outcome | None = None


def read_calls(
    lines: Iterable[str], pbx: PbxName, queues: Collection[QueueName], since: datetime, until: datetime
) -> tuple[PastCall, ...]:
    """Calls of these queues that ended from ``since`` to ``until``."""
    calls: dict[str, _Waiting] = {}
    for line in lines:
        found = _LINE.fullmatch(line.rstrip("\r\n"))
        if found is None or found[3] not in queues:
            continue
        at = datetime.fromtimestamp(int(found[1]), UTC)
        channel, data = found[2], found[6].split("|")
        if found[5] == "ENTERQUEUE":
            calls[channel] = _entered(
                calls.get(channel), at, ChannelRef(pbx, ChannelId(channel)), found[3], data
            )
        elif channel in calls:
            calls[channel] = _moved(calls[channel], at, found[4], found[5], data)
    return tuple(
        PastCall(call.row, call.outcome)
        for call in calls.values()
        if call.is_over and since <= call.row.started_at + timedelta(seconds=call.row.seconds) <= until
    )


def _entered(
    known: _Waiting | None, at: datetime, channel: ChannelRef, queue: str, data: list[str]
) -> _Waiting:
    number = data[1] if len(data) > 1 and data[1] not in _NOBODY else None
    return _Waiting(
        JournalRow(
            channel=channel,
            started_at=known.row.started_at if known else at,
            number=number,
            dialed_number=None,
            queue=QueueName(queue),
            queued_at=at,
            member=None,
            hold_seconds=None,
            seconds=0,
            cause=None,
            call=None,
        )
    )


def _moved(call: _Waiting, at: datetime, agent: str, event: str, data: list[str]) -> _Waiting:
    row = replace(call.row, seconds=max(0, round((at - call.row.started_at).total_seconds())))
    if event == "CONNECT":
        hold = int(data[0]) if data and data[0].isdecimal() and len(data[0]) < 10 else None
        return replace(call, row=replace(row, member=Interface(agent), hold_seconds=hold))
    if event not in _OVER:
        return call
    return _Waiting(row, True, None if row.member else _OVER[event])


def read_tail(path: Path, since: datetime) -> list[str]:
    """The file's lines from ``LONGEST_CALL`` before ``since`` on, at most ``LIMIT_BYTES``. Raises OSError."""
    oldest = int((since - LONGEST_CALL).timestamp())
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LIMIT_BYTES))
        if size > LIMIT_BYTES:
            file.readline()  # the rest of a line that began before
        text = file.read(LIMIT_BYTES).decode("utf-8", "replace")
    return [line for line in text.splitlines() if _epoch(line) >= oldest]


def _epoch(line: str) -> int:
    head = line[:10]
    return int(head) if head.isascii() and head.isdigit() else 0

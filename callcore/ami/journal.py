"""What the dialplan wrote into AstDB about calls that ended (``dialplans/callcore.conf``), read. Pure.

    /callcore-journal/UNIQUEID   start|number|entry|queue|queued|member|hold|seconds|cause|call

Moments are the PBX's own clock, in whole seconds since 1970. A row that cannot be read counts as not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from callcore.ami.protocol import Headers
from callcore.calls.facts import JournalRow
from callcore.domain import CallId, ChannelId, ChannelRef, Interface, PbxName, QueueName

FAMILY = "callcore-journal"
LONGEST_CALL_SECONDS = 7 * 86_400
"""A longer one began before the PBX's clock was set right: its beginning tells nothing."""
_KEY = re.compile(rf"/{FAMILY}/(?P<channel>[^\s/|]{{1,149}})")
_VALUE = re.compile(
    r"(?P<start>\d{1,10})\|(?P<number>\+?\d*)\|(?P<entry>[+*#0-9A-Za-z]*)\|(?P<queue>[-0-9A-Za-z_]*)"
    r"\|(?P<queued>\d{0,10})\|(?P<member>[-0-9A-Za-z/@_.]*)\|(?P<hold>\d{0,9})\|(?P<seconds>-?\d{1,9})"
    r"\|(?P<cause>\d{0,3})\|(?P<call>[0-9a-z]{0,40})(\|.*)?",
    re.ASCII,
)
_NOBODY = frozenset({"", "s", "h", "i", "t"})


def read_ended_calls(rows: Iterable[Headers], pbx: PbxName) -> tuple[JournalRow, ...]:
    """From the rows of DBGetTree, in the order in which the calls began."""
    found = (_read(row, pbx) for row in rows)
    return tuple(sorted((row for row in found if row), key=lambda row: (row.started_at, row.channel.id)))


def _read(row: Headers, pbx: PbxName) -> JournalRow | None:
    key, value = _KEY.fullmatch(str(row.get("key"))), _VALUE.fullmatch(str(row.get("val")))
    if key is None or value is None:
        return None
    seconds = int(value["seconds"])
    if not 0 <= seconds <= LONGEST_CALL_SECONDS:
        return None
    return JournalRow(
        channel=ChannelRef(pbx, ChannelId(key["channel"])),
        started_at=_moment(value["start"]),
        number=value["number"].removesuffix("+") or None,
        dialed_number=None if value["entry"] in _NOBODY else value["entry"],
        queue=QueueName(value["queue"]) if value["queue"] else None,
        queued_at=_moment(value["queued"]) if value["queued"] else None,
        member=Interface(value["member"]) if value["member"] else None,
        hold_seconds=int(value["hold"]) if value["hold"] else None,
        seconds=seconds,
        cause=int(value["cause"]) if value["cause"] else None,
        call=CallId(value["call"]) if value["call"] not in ("", "gone") else None,
    )


def _moment(epoch: str) -> datetime:
    return datetime.fromtimestamp(int(epoch), UTC)

"""Rows of Status and QueueStatus to one ``Snapshot`` of a PBX. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from callcore.ami import headers as h
from callcore.ami.protocol import Headers
from callcore.calls.facts import LiveChannel, LiveEntry, LiveMember, Snapshot
from callcore.domain import CallId, Interface, PbxName, TopicCode

_Row = TypeVar("_Row")


class SnapshotBuilder:
    """Collects the rows of Status and QueueStatus; ``build`` once both lists are complete.

    A list that was cut off is thrown away by throwing away its builder. Odd rows are left out and counted.
    """

    def __init__(self, pbx: PbxName, epoch: int) -> None:
        self._pbx = pbx
        self._epoch = epoch
        self.odd: Counter[str] = Counter()

    def build(self, status_rows: Sequence[Headers], queue_rows: Sequence[Headers]) -> Snapshot:
        return Snapshot(
            self._pbx,
            self._epoch,
            self._each(status_rows, "Status", _live_channel),
            self._each(queue_rows, "QueueEntry", _live_entry),
            self._each(queue_rows, "QueueMember", _live_member),
            queues=self._each(queue_rows, "QueueParams", lambda row, _pbx: h.queue(row)),
        )

    def _each(
        self, rows: Sequence[Headers], event: str, read: Callable[[Headers, PbxName], _Row]
    ) -> tuple[_Row, ...]:
        found: list[_Row] = []
        for row in rows:
            if row.get("event") != event:
                continue
            try:
                found.append(read(row, self._pbx))
            except h.OddError as odd:
                self.odd[f"{event}: {odd}"] += 1
        return tuple(found)


def _live_channel(row: Headers, pbx: PbxName) -> LiveChannel:
    variables = channel_variables(row)
    call = variables.get("CALLCORE_CALL")
    topic = variables.get("CALLCORE_TOPIC")
    member = variables.get("MEMBERINTERFACE")
    return LiveChannel(
        h.channel(row, pbx),
        h.need(row, "channel"),
        h.text(row, "channelstatedesc"),
        h.known(row, "calleridnum"),
        h.caller_name(row),
        h.known(row, "dnid"),
        h.known(row, "bridgeid"),
        h.number(row, "seconds") or 0,
        CallId(call) if call else None,
        TopicCode(topic) if topic else None,
        Interface(member) if member else None,
        h.text(row, "linkedid"),
        h.text(row, "context"),
        CallId(call) if call else None,
        variables.get("CALLCORE_WORD", ""),
    )


def channel_variables(row: Headers) -> dict[str, str]:
    """``Variable: NAME=value`` lines of a Status row that are set (an unset one reads ``(null)``)."""
    lines = row.get("variable", [])
    pairs = (line.partition("=") for line in ([lines] if isinstance(lines, str) else lines))
    return {name: value for name, _, value in pairs if value not in h.NOBODY}


def _live_entry(row: Headers, pbx: PbxName) -> LiveEntry:
    return LiveEntry(h.queue(row), h.channel(row, pbx), h.number(row, "wait") or 0)


def _live_member(row: Headers, pbx: PbxName) -> LiveMember:
    interface = Interface(h.need(row, "location"))
    return LiveMember(
        h.queue(row),
        interface,
        h.text(row, "paused") == "1",
        h.text(row, "pausedreason"),
        h.text(row, "status") in h.BUSY_DEVICE,
        h.state_interface(row, interface),
        h.number(row, "penalty") or 0,
    )

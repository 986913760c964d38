"""What the dialplan wrote into AstDB about calls of ours (``dialplans/callcore.conf``), read. Pure.

    /callcore-dial/ATTEMPT/dial   dialling|epoch   →   DIALSTATUS|cause|epoch|epoch of the beginning
                                  (answered|epoch of the beginning in between, where a living channel dials)
    /callcore-dial/ATTEMPT/told   answered|epoch   →   told|seconds|key|enough|epoch|epoch of the answer
    /callcore-dial/ATTEMPT/phone  ringing|epoch    →   DIALSTATUS|cause|epoch|epoch of the beginning
    /callcore-dial/ATTEMPT/gate   rule|epoch       (who picked that phone up was not let through)

All moments are the PBX's own clock, in whole seconds. A row that cannot be read counts as not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from callcore.ami.actions import JOURNAL
from callcore.ami.protocol import Headers
from callcore.calls.attempt import AttemptId
from callcore.outbound.ports import Trace

_KEY = re.compile(rf"/{JOURNAL}/(?P<attempt>[a-z0-9]{{1,40}})/(?P<row>dial|told|phone|gate)")
_GATE = re.compile(r"(?P<rule>[a-z_]{0,40})\|\d{1,10}", re.ASCII)
_BEGUN = re.compile(r"(?:dialling|answered|ringing)\|(?P<began>\d{1,10})", re.ASCII)
_DIALLED = re.compile(
    r"(?P<status>[A-Z]*)\|(?P<cause>\d{0,3})\|(?P<ended>\d{1,10})\|(?P<began>\d{1,10})", re.ASCII
)
_TOLD = re.compile(
    r"(?:told|played)\|(?P<seconds>\d{1,6}(?:\.\d+)?)?\|(?P<key>[0-9*#]?)\|(?P<enough>[01]?)"
    r"\|(?P<ended>\d{1,10})\|(?P<began>\d{1,10})",
    re.ASCII,
)


def read_journal(rows: Iterable[Headers]) -> dict[AttemptId, Trace]:
    """By attempt, from the rows of DBGetTree."""
    traces: dict[AttemptId, Trace] = {}
    for row in rows:
        key = _KEY.fullmatch(str(row.get("key")))
        if key is None:
            continue
        attempt, value = AttemptId(key["attempt"]), str(row.get("val"))
        traces[attempt] = _READ[key["row"]](traces.get(attempt, Trace()), value)
    return traces


def _read_dial(trace: Trace, value: str) -> Trace:
    if begun := _BEGUN.fullmatch(value):
        return replace(trace, dialling_at=_moment(begun["began"]), is_taken=value.startswith("answered|"))
    if over := _DIALLED.fullmatch(value):
        return replace(
            trace,
            dialling_at=_moment(over["began"]),
            status=over["status"],
            cause=int(over["cause"]) if over["cause"] else None,
            ended_at=_moment(over["ended"]),
        )
    return trace


def _read_told(trace: Trace, value: str) -> Trace:
    if begun := _BEGUN.fullmatch(value):
        return replace(trace, answered_at=_moment(begun["began"]))
    if over := _TOLD.fullmatch(value):
        return replace(
            trace,
            answered_at=_moment(over["began"]),
            told_seconds=float(over["seconds"]) if over["seconds"] else None,
            told_key=over["key"] or None,
            told_enough=over["enough"] == "1",
            ended_at=trace.ended_at or _moment(over["ended"]),
        )
    return trace


def _read_phone(trace: Trace, value: str) -> Trace:
    if begun := _BEGUN.fullmatch(value):
        return replace(trace, phone_at=_moment(begun["began"]))
    if over := _DIALLED.fullmatch(value):
        cause = int(over["cause"]) if over["cause"] else None
        return replace(trace, phone_at=_moment(over["began"]), phone_status=over["status"], phone_cause=cause)
    return trace


def _read_gate(trace: Trace, value: str) -> Trace:
    said = _GATE.fullmatch(value)
    return replace(trace, gate=said["rule"]) if said else trace


_READ = {"dial": _read_dial, "told": _read_told, "phone": _read_phone, "gate": _read_gate}


def _moment(epoch: str) -> datetime:
    return datetime.fromtimestamp(int(epoch), UTC)

"""What a PBX full of calls answers to Status, QueueStatus and DBGetTree, in the shape of Asterisk 22."""

from __future__ import annotations

from benchmarks.pop_house import QUEUES, number_of
from benchmarks.storm_stream import FIRST_PHONE
from callcore.testing.ami import Row

PREFIX = "pbx-1795302610"


def caller_of(n: int) -> str:
    """Uniqueid of the caller's channel of the n-th call, from 0."""
    return f"{PREFIX}.{2 * n}"


def call_of(n: int) -> str:
    """The id that an earlier life of the daemon gave it."""
    return f"c0000000{n:05}"


def channels(calls: int) -> list[Row]:
    """Rows of Status: every other call talks, so has two legs in a bridge; the others wait."""
    rows: list[Row] = []
    for n in range(calls):
        is_talking = n % 2 == 0
        number = number_of(n + 1).lstrip("+")
        bridge = f"0a1b2c3d-0000-4000-8000-{n:012x}" if is_talking else ""
        caller, member = caller_of(n), f"PJSIP/{FIRST_PHONE + n}"
        more = _variables(call_of(n), member if is_talking else "(null)")
        rows.append((*_channel(f"PJSIP/trunk-{2 * n:08x}", caller, caller, number, bridge), *more))
        if is_talking:
            leg = f"{PREFIX}.{2 * n + 1}"
            rows.append((*_channel(f"{member}-{2 * n + 1:08x}", leg, caller, number, bridge), *more))
    return rows


def _channel(name: str, unique: str, linked: str, number: str, bridge: str) -> Row:
    """With the headers of Asterisk 22, in its order."""
    is_caller = unique == linked
    return (
        ("Event", "Status"),
        ("Channel", name),
        ("ChannelState", "6"),
        ("ChannelStateDesc", "Up"),
        ("CallerIDNum", number),
        ("CallerIDName", "Пробный абонент"),
        ("ConnectedLineNum", "<unknown>"),
        ("ConnectedLineName", "<unknown>"),
        ("Language", "ru"),
        ("AccountCode", ""),
        ("Context", "callcore-in" if is_caller else "phones"),
        ("Exten", "500100" if is_caller else ""),
        ("Priority", "7"),
        ("Uniqueid", unique),
        ("Linkedid", linked),
        ("Type", "PJSIP"),
        ("DNID", "500100" if is_caller else ""),
        ("EffectiveConnectedLineNum", "<unknown>"),
        ("EffectiveConnectedLineName", "<unknown>"),
        ("TimeToHangup", "0"),
        ("BridgeID", bridge),
        ("Application", "Queue" if is_caller else "AppQueue"),
        ("Data", "finance,,,,30" if is_caller else "(Outgoing Line)"),
        ("Nativeformats", "(alaw)"),
        ("Readformat", "alaw"),
        ("Readtrans", "No"),
        ("Writeformat", "alaw"),
        ("Writetrans", "No"),
        ("Callgroup", "0"),
        ("Pickupgroup", "0"),
        ("Seconds", "75"),
    )


def _variables(call: str, member: str) -> Row:
    """The operator's leg inherits them from the caller's channel."""
    return (
        ("Variable", f"CALLCORE_CALL={call}"),
        ("Variable", "CALLCORE_TOPIC=finance.recalculation"),
        ("Variable", f"MEMBERINTERFACE={member}"),
        ("Variable", "CDR(answer)=(null)"),
    )


def queues(calls: int, operators: int) -> list[Row]:
    """Rows of QueueStatus: each operator in each queue, and who waits."""
    rows: list[Row] = []
    for queue in QUEUES:
        rows.append((("Event", "QueueParams"), ("Queue", queue), ("Calls", str(calls // 2))))
        for phone in range(FIRST_PHONE, FIRST_PHONE + operators):
            rows.append(_member(queue, f"PJSIP/{phone}", is_busy=phone - FIRST_PHONE < calls))
    for position, n in enumerate(range(1, calls, 2), start=1):
        unique, name = caller_of(n), f"PJSIP/trunk-{2 * n:08x}"
        head = (("Event", "QueueEntry"), ("Queue", QUEUES[0]), ("Position", str(position)))
        rows.append((*head, ("Channel", name), ("Uniqueid", unique), ("Wait", "40")))
    return rows


def _member(queue: str, interface: str, *, is_busy: bool) -> Row:
    return (
        ("Event", "QueueMember"),
        ("Queue", queue),
        ("Name", interface),
        ("Location", interface),
        ("StateInterface", interface),
        ("Membership", "dynamic"),
        ("Penalty", "0"),
        ("CallsTaken", "3"),
        ("LastCall", "1795302600"),
        ("InCall", "0"),
        ("Status", "2" if is_busy else "1"),
        ("Paused", "0"),
        ("PausedReason", ""),
    )


def journal(ended: int, now: float) -> list[Row]:
    """Rows of DBGetTree: one call after the other, the last a minute ago."""
    rows: list[Row] = []
    for n in range(ended):
        start = round(now) - 60 - 30 * (ended - n)
        number = number_of(10_000 + n)
        value = f"{start}|{number}|500100|finance|{start + 5}|PJSIP/{FIRST_PHONE}|6|45|16|"
        key = f"/callcore-journal/pbx-1795300000.{n}"
        rows.append((("Event", "DBGetTreeResponse"), ("Key", key), ("Val", value)))
    return rows

"""Calls whose end callcore did not see, told by somebody else: the dialplan's journal, or an administrator's
own records. What they do not say stays empty; nothing is guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callcore.calls.call import Call, Phase
from callcore.calls.contact import contact_of, union_ms
from callcore.calls.effects import Contact, Ring
from callcore.calls.facts import JournalRow
from callcore.domain import CallId, ChannelRef, EndReason, Interface, Login, Outcome, PbxName, Source

LoginAt = Callable[[PbxName, Interface], Login | None]
"""Who sits at a device; None: nobody, or it is not known."""
_NORMAL_CLEARING = 16
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call as an administrator's own records tell it."""

    row: JournalRow
    outcome: Outcome | None = None
    """The record's own word for it, where it has one."""


def call_id_of(row: JournalRow) -> CallId:
    """The call's own id where the row knows it, else one that the same row always gets. It sorts by time.

    So a row that comes again, after a crash between two writes, never becomes a second contact.
    """
    if row.call is not None:
        return row.call
    digest = hashlib.sha256(f"{row.channel.pbx}\0{row.channel.id}".encode("utf-8", "replace")).digest()
    began = max(0, int(row.started_at.timestamp() * 1000))
    return CallId("c" + _base32(began, 9) + _base32(int.from_bytes(digest[:5], "big"), 8))


def contact_of_row(
    row: JournalRow,
    call: Call | None,
    now: datetime,
    canonical: Callable[[str | None], str | None],
    *,
    login_at: LoginAt = lambda _pbx, _interface: None,
    source: Source = Source.journal,
    outcome: Outcome | None = None,
    max_wait: timedelta | None = None,
) -> Contact:
    """The contact of the call that ``row`` tells of.

    ``call``: what was known of it before the gap, and stays. ``canonical``: one form of a number, or None.
    ``outcome``: the source's own word for it; without that a caller whom nobody answered has abandoned, or
    timed out if he waited ``max_wait``. Of an answer at an unknown moment neither waiting nor talking can be
    told: both are 0.
    """
    known = call if call is not None else _begun(row, canonical)
    ended_at = _ended_at(row, known, now)
    told = _in_queue(row, _at_its_end(row, known, login_at, ended_at), ended_at)
    cause = _NORMAL_CLEARING if row.cause is None else row.cause
    contact = replace(
        contact_of(told, cause, ended_at),
        source=source,
        hangup_cause=row.cause,
        ring_ms=union_ms((r.began_at, r.ended_at) for r in told.rings if r.ended_at is not None),
    )
    if row.member is not None or told.answered_at is not None:
        wait_ms = contact.wait_ms if told.answered_at is not None else 0
        return replace(contact, outcome=Outcome.answered, end_reason=EndReason.completed, wait_ms=wait_ms)
    if outcome is None and max_wait is not None and _waited(row, ended_at) >= max_wait:
        outcome = Outcome.timeout
    if outcome is Outcome.timeout:
        return replace(contact, outcome=outcome, end_reason=EndReason.no_answer)
    return contact if outcome is None else replace(contact, outcome=outcome)


def lost_contact(call: CallId, channel: ChannelRef, first_seen_at: datetime, now: datetime) -> Contact:
    """The contact of a call of which an earlier life of the daemon knew, and nobody knows how it ended."""
    known = Call(
        id=call,
        channel=channel,
        source=Source.snapshot,
        started_at=first_seen_at,
        caller_number=None,
        caller_number_raw="",
        caller_name=None,
        dialed_number=None,
    )
    return contact_of(known, None, max(now, first_seen_at))


def merged(calls: Iterable[PastCall], more: Iterable[PastCall]) -> tuple[PastCall, ...]:
    """Two records of the same time, each call once: what the first does not know, the second may."""
    found = {call.row.channel: call for call in calls}
    for call in more:
        known = found.get(call.row.channel)
        found[call.row.channel] = call if known is None else _filled(known, call)
    return tuple(sorted(found.values(), key=lambda call: (call.row.started_at, call.row.channel.id)))


def _filled(call: PastCall, other: PastCall) -> PastCall:
    names = ("number", "dialed_number", "queue", "queued_at", "member", "hold_seconds", "cause", "call")
    missing = {name: getattr(other.row, name) for name in names if getattr(call.row, name) is None}
    return PastCall(replace(call.row, **missing), call.outcome or other.outcome)


def _begun(row: JournalRow, canonical: Callable[[str | None], str | None]) -> Call:
    return Call(
        id=call_id_of(row),
        channel=row.channel,
        source=Source.journal,
        started_at=row.started_at,
        caller_number=canonical(row.number),
        caller_number_raw=row.number or "",
        caller_name=None,
        dialed_number=row.dialed_number,
    )


def _ended_at(row: JournalRow, call: Call, now: datetime) -> datetime:
    """By the PBX's clock, in whole seconds; never before what was seen, nor in times to come."""
    seen = [call.started_at, call.queued_at, call.answered_at, call.talk_since]
    latest = max(at for at in seen if at is not None)
    return max(latest, min(row.started_at + timedelta(seconds=row.seconds), now))


def _in_queue(row: JournalRow, call: Call, ended_at: datetime) -> Call:
    queued_at = call.queued_at or row.queued_at
    return replace(
        call,
        queue=row.queue or call.queue,
        queued_at=None if queued_at is None else min(max(queued_at, call.started_at), ended_at),
    )


def _at_its_end(row: JournalRow, call: Call, login_at: LoginAt, ended_at: datetime) -> Call:
    """Somebody had answered before the gap, or did so in it, by the row; or nobody."""
    if call.answered_at is not None:
        return _talked_on(call, ended_at)
    if row.member is None:
        return _without_answer(call)
    login = login_at(row.channel.pbx, row.member)
    answered_at = _answered_at(row, call, ended_at)
    rings = tuple(_ring_after(ring, row.member, answered_at) for ring in call.rings)
    has_ring = any(r.interface == row.member and r.result is EndReason.completed for r in rings)
    if answered_at is not None and not has_ring:
        rings = (*rings, Ring(login, row.member, answered_at, answered_at, EndReason.completed))
    talked = timedelta() if answered_at is None else ended_at - answered_at
    return replace(
        call,
        phase=Phase.talking,
        rings=rings,
        answered_at=answered_at,
        answered_by=login,
        talk_ms=round(talked / timedelta(milliseconds=1)),
    )


def _without_answer(call: Call) -> Call:
    """What rang when the gap began has rung for nobody knows how long."""
    rings = tuple(r if r.ended_at is not None else replace(r, result=EndReason.lost) for r in call.rings)
    return replace(call, rings=rings)


def _talked_on(call: Call, ended_at: datetime) -> Call:
    """The operator and he talked when the gap began, and did so to the end, for all that is known."""
    call = _without_answer(call)
    if call.talk_since is None:
        return call
    talk_ms = call.talk_ms + round((ended_at - call.talk_since) / timedelta(milliseconds=1))
    return replace(call, talking_with=(), talk_since=None, talk_ms=talk_ms)


def _ring_after(ring: Ring, member: Interface, answered_at: datetime | None) -> Ring:
    if ring.ended_at is not None:
        return ring
    reason = EndReason.completed if ring.interface == member else EndReason.answered_elsewhere
    ended_at = None if answered_at is None else max(answered_at, ring.began_at)
    return replace(ring, ended_at=ended_at, result=reason)


def _answered_at(row: JournalRow, call: Call, ended_at: datetime) -> datetime | None:
    queued_at = row.queued_at
    if queued_at is None or row.hold_seconds is None:
        return None
    answered_at = queued_at + timedelta(seconds=row.hold_seconds)
    return min(max(answered_at, call.started_at, call.queued_at or call.started_at), ended_at)


def _waited(row: JournalRow, ended_at: datetime) -> timedelta:
    return timedelta() if row.queued_at is None else ended_at - row.queued_at


def _base32(value: int, width: int) -> str:
    return "".join(_DIGITS[(value >> (5 * i)) & 31] for i in reversed(range(width)))

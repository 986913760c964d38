"""From a call that ends to its one contact: what it is called, and how long what took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from callcore.calls.call import Call, Phase
from callcore.calls.effects import Contact, Ring
from callcore.domain import CustomerId, Direction, EndReason, Outcome

AT_ONCE = timedelta(seconds=2)
"""The phone's hang-up and the caller's leaving come within milliseconds; a busy PBX needs longer."""


def contact_of(
    call: Call, cause: int | None, ended_at: datetime, last_ring: EndReason | None = None
) -> Contact:
    """The contact of ``call``, whose caller went at ``ended_at`` with hangup ``cause`` (None: unseen).

    ``last_ring``: how the last ring without an answer ended, for calls that no queue had.
    """
    if call.not_reached is not None:  # only the operator was on the line
        call = replace(call, answered_at=None, talk_ms=0)
    outcome = _outcome(call, cause, ended_at, last_ring)
    return Contact(
        call=call.id,
        pbx=call.channel.pbx,
        channel=call.channel.id,
        direction=call.direction,
        source=call.source,
        caller_number=call.caller_number,
        caller_number_raw=call.caller_number_raw,
        caller_name=call.caller_name,
        dialed_number=call.dialed_number,
        language=call.language,
        customer=sole_customer(call),
        topic=call.topic,
        route=call.route,
        route_reason=call.route_reason,
        queue=call.queue,
        started_at=call.started_at,
        queued_at=call.queued_at,
        answered_at=call.answered_at,
        ended_at=ended_at,
        wait_ms=_wait_ms(call, ended_at),
        ring_ms=union_ms((r.began_at, r.ended_at or ended_at) for r in call.rings),
        talk_ms=call.talk_ms,
        operators=call.rings,
        answered_by=call.answered_by,
        end_reason=_end_reason(call, outcome, cause, last_ring),
        hangup_cause=cause,
        outcome=outcome,
        edition=call.edition,
        node=call.node,
    )


def sole_customer(call: Call) -> CustomerId | None:
    """Who called, when the number leaves no doubt."""
    return call.customers[0].id if len(call.customers) == 1 else None


def with_word(contact: Contact, word: Outcome) -> Contact:
    """``contact`` of a caller of whom it turns out what he left before he hung up."""
    if contact.outcome is Outcome.answered:
        return contact
    reason = EndReason.cancelled if word is Outcome.left_by_key else EndReason.completed
    return replace(contact, outcome=word, end_reason=reason)


def served(contact: Contact) -> Contact:
    """``contact`` of a caller of whom it turns out that he heard of his outage before he hung up."""
    if contact.outcome is not Outcome.abandoned_ivr or contact.route is not None:
        return contact
    return replace(contact, outcome=Outcome.self_served, end_reason=EndReason.completed)


def _is_direct(call: Call) -> bool:
    """Phones were dialled, by the dialplan or by the operator, and no queue was asked."""
    return call.queued_at is None and (call.phase is Phase.dialling or call.direction is Direction.outbound)


def _outcome(call: Call, cause: int | None, ended_at: datetime, last_ring: EndReason | None) -> Outcome:
    if call.not_reached is not None:
        return Outcome.failed
    if call.answered_at is not None:
        return Outcome.answered
    if call.word is not None:
        return call.word
    if call.phase is Phase.announced:
        return Outcome.closed
    if cause is None:
        return Outcome.failed
    if _is_direct(call) and last_ring is not None:
        return _UNANSWERED.get((call.direction, last_ring), Outcome.failed)
    if call.queued_at is None:
        # Whoever has a route wanted more than to hear of the outage.
        is_served = call.outage_heard and call.route is None
        return Outcome.self_served if is_served else Outcome.abandoned_ivr
    if call.phase is Phase.left_queue and not call.is_abandoned:
        return Outcome.timeout
    left_at = call.left_queue_at or ended_at
    return Outcome.abandoned_ringing if _was_ringing(call.rings, left_at) else Outcome.abandoned_queue


_UNANSWERED = {
    (Direction.inbound, EndReason.cancelled): Outcome.abandoned_ringing,
    (Direction.inbound, EndReason.answered_elsewhere): Outcome.abandoned_ringing,
    (Direction.inbound, EndReason.no_answer): Outcome.timeout,
}
"""A call without a queue, by how its last ring ended; what an operator dialled in vain has failed."""


def _was_ringing(rings: tuple[Ring, ...], left_at: datetime) -> bool:
    """A ring that neither the phone nor the queue ended was cut off by the caller who left just then."""
    cut_off = (r.ended_at for r in rings if r.result is EndReason.cancelled)
    return any(at is not None and abs(left_at - at) <= AT_ONCE for at in cut_off)


def _end_reason(call: Call, outcome: Outcome, cause: int | None, last_ring: EndReason | None) -> EndReason:
    if call.not_reached is not None:
        return call.not_reached
    if cause is None:
        return EndReason.lost
    if outcome is not Outcome.answered and _is_direct(call) and last_ring is not None:
        return last_ring
    match outcome:
        case Outcome.answered | Outcome.closed:
            return EndReason.completed
        case Outcome.self_served | Outcome.voicemail | Outcome.callback_requested:
            return EndReason.completed
        case Outcome.timeout:
            return EndReason.no_answer
        case _:
            return EndReason.cancelled


def _wait_ms(call: Call, ended_at: datetime) -> int:
    """From joining the queue to the operator or to leaving; 0 for who never waited."""
    if call.queued_at is None:
        return 0
    until = call.answered_at or call.left_queue_at or ended_at
    return max(0, round((until - call.queued_at) / timedelta(milliseconds=1)))


def union_ms(spans: Iterable[tuple[datetime, datetime]]) -> int:
    """Milliseconds covered by at least one span: phones that ring together count once."""
    total = timedelta()
    until: datetime | None = None
    for start, end in sorted(spans):
        begin = start if until is None or start > until else until
        if end > begin:
            total += end - begin
            until = end
    return round(total / timedelta(milliseconds=1))

"""Every fault at every moment of a call, on the real Asterisk.

Each case is one story: a call reaches its moment, the fault strikes, a second caller dials meanwhile, the
fault is over, the first call goes on to its end, and the operator takes the second one. What must come out of
the first call stands in ``TABLE``; the rest is the same for all, and stands in the test.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from callcore.calls.effects import Contact
from callcore.domain import EndReason, Outcome, Source

from .moments import MOMENTS, choose
from .room import LATE, SECONDS, TO_EXPERTS, Room
from .strikes import (
    Fault,
    asterisk_killed,
    daemon_killed,
    daemon_stopped,
    link_cut,
    link_half_open,
)


@dataclass(frozen=True)
class Out:
    """What becomes of the first call. Under whatever source, it is the same call with the same id."""

    outcome: Outcome
    reason: EndReason
    source: Source
    goes_on: bool = True
    """It survives the fault."""


KEPT = Out(Outcome.answered, EndReason.completed, Source.live)
ADOPTED = Out(Outcome.answered, EndReason.completed, Source.snapshot)
LOST = Out(Outcome.failed, EndReason.lost, Source.live, goes_on=False)
CUT_OFF = Out(Outcome.answered, EndReason.lost, Source.live, goes_on=False)
LEFT = Out(Outcome.abandoned_queue, EndReason.cancelled, Source.journal, goes_on=False)
TALKED = Out(Outcome.answered, EndReason.completed, Source.journal, goes_on=False)

GONE = "daemon killed, caller gone"
FAULTS: dict[str, Fault] = {
    "daemon killed": daemon_killed,
    "daemon stopped": daemon_stopped,
    "asterisk killed": asterisk_killed,
    "link cut": link_cut,
    "link half-open": link_half_open,
    GONE: daemon_killed,
}
# fmt: off
TABLE: dict[str, tuple[Out, ...]] = {
    # at:               ivr      waiting  ringing  talking  held     transfer
    "daemon killed":   (ADOPTED, ADOPTED, ADOPTED, ADOPTED, ADOPTED, ADOPTED),
    "daemon stopped":  (KEPT,    KEPT,    KEPT,    KEPT,    KEPT,    KEPT),
    "asterisk killed": (LOST,    LOST,    LOST,    CUT_OFF, CUT_OFF, CUT_OFF),
    "link cut":        (KEPT,    KEPT,    KEPT,    KEPT,    KEPT,    KEPT),
    "link half-open":  (KEPT,    KEPT,    KEPT,    KEPT,    KEPT,    KEPT),
    # Of a call that ended unseen the dialplan tells; not that a phone rang. Who was in the menu when
    # callcore died was sent on to a queue.
    GONE:              (LEFT,    LEFT,    LEFT,    TALKED,  TALKED,  TALKED),
}
# fmt: on
CASES = [
    pytest.param(fault, at, out, id=f"{fault}-{at}".replace(" ", "_"))
    for fault, outs in TABLE.items()
    for at, out in zip(MOMENTS, outs, strict=True)
]


@pytest.mark.parametrize(("fault", "at", "out"), CASES)
async def test_fault(room: Room, fault: str, at: str, out: Out) -> None:
    moment = MOMENTS[at]
    await moment.reach(room)
    assert room.cards(room.call_id) == (1 if moment.has_card else 0)

    async with FAULTS[fault](room):
        if at == "ivr" and out.goes_on:
            await choose(room)
        if fault == GONE:
            if at == "ivr":
                await room.waits_in("expert")
            await room.caller.hang_up()
            await moment.let_go(room)
        if fault != "asterisk killed":
            # Whoever calls now is served: by the menu, or by the dialplan's own queue.
            late = await room.call(*TO_EXPERTS, number=LATE)
            await room.waits_in("expert")

    if out.goes_on:
        await goes_on(room, fault, at)
    if at == "waiting" and not out.goes_on:
        await room.anna.ready()
    if fault == "asterisk killed":
        await room.anna.is_("ready", SECONDS)
        late = await room.call(*TO_EXPERTS, number=LATE)

    line = await room.rings()
    await line.answer()
    later_id = await room.pops(LATE)
    await late.hang_up()

    first, second = await room.contacts(2)
    ids = await room.calls()
    assert as_out(first) == (out.outcome, out.reason, out.source)
    assert first.call == room.call_id
    assert first.answered_by == ("anna" if out.outcome is Outcome.answered else None)
    assert (second.call, second.outcome, second.answered_by) == (later_id, Outcome.answered, "anna")
    assert ids == {first.channel: first.call, second.channel: second.call}
    assert room.cards(later_id) == 1
    await room.anna.is_("ready", SECONDS)
    for queue in ("finance", "expert"):
        await room.member("101", "Not in use", queue)
    assert await room.database.contacts.count() == 2
    assert await room.open_calls() == 0
    assert room.cards(room.call_id) == expected_cards(fault, at, out)
    if room.boris is not None:
        assert room.cards(room.call_id, room.boris) == (1 if out.goes_on else 0)


async def goes_on(room: Room, fault: str, at: str) -> None:
    """To the end: the caller hangs up."""
    if fault == "daemon killed" and MOMENTS[at].has_card:
        await room.has_card(room.call_id, times=2)
    await MOMENTS[at].go_on(room)
    await room.has_card(room.call_id)
    await room.caller.hang_up()


def expected_cards(fault: str, at: str, out: Out) -> int:
    """Each life of callcore pops it once at most, and only for somebody who talks."""
    if not out.goes_on:
        return 1 if MOMENTS[at].has_card else 0
    return 2 if fault == "daemon killed" and MOMENTS[at].has_card else 1


def as_out(contact: Contact) -> tuple[Outcome, EndReason, Source]:
    return contact.outcome, contact.end_reason, contact.source

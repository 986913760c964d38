"""The moments of a call at which a fault strikes: how each is reached, and how the call goes on after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from callcore.testing.lab import HangUp, Hear, Press, Until

from .room import FIRST, SECONDS, TO_FINANCE, Room

CHOOSES_LATER = (Until(), Press("4"), Hear(), Press("1"), Until(), HangUp())
"""Hears the menu until he is told to choose finance."""

Act = Callable[[Room], Awaitable[None]]


async def nothing(_room: Room) -> None:
    """It is well as it is."""


@dataclass(frozen=True)
class Moment:
    reach: Act
    go_on: Act
    """The fault is over; ends with Anna (or Boris) talking to the caller."""
    has_card: bool = False
    """Anna has the card already."""
    let_go: Act = nothing
    """The caller has gone, and Anna is free again."""


async def in_ivr(room: Room) -> None:
    await room.anna_sits()
    room.caller = await room.call(*CHOOSES_LATER, number=FIRST)
    await room.caller.answered()
    await room.remembered()


async def waiting(room: Room) -> None:
    """Anna is there, but not ready."""
    await room.anna_sits(ready=False)
    room.caller = await room.call(*TO_FINANCE, number=FIRST)
    await room.waits_in("finance")
    await room.remembered()


async def ringing(room: Room) -> None:
    await room.anna_sits()
    room.caller = await room.call(*TO_FINANCE, number=FIRST)
    room.line = await room.rings()
    await room.anna.hears("call.ringing", seconds=SECONDS)
    await room.remembered()


async def talking(room: Room) -> None:
    await ringing(room)
    await room.line.answer()
    await room.has_card(room.call_id)
    await room.anna.is_("talking", SECONDS)


async def held(room: Room) -> None:
    await talking(room)
    await room.line.hold()


async def in_transfer(room: Room) -> None:
    """The caller is on hold, Boris's phone rings: Anna wants to ask him."""
    await held(room)
    other = await room.soft("102")
    room.boris = await room.sit("boris", "102")
    room.consultation = await room.handset.dial("102")
    room.colleague = await other.incoming(SECONDS)
    await room.consultation.ringing()


async def choose(room: Room) -> None:
    """From the menu to Anna while the fault lasts: by his own choice, or by the dialplan alone."""
    room.caller.proceed()
    room.line = await room.rings()
    await room.line.answer()


async def become_ready(room: Room) -> None:
    await room.anna.ready()
    room.line = await room.rings()
    await room.line.answer()


async def answer(room: Room) -> None:
    await room.line.answer()


async def resume(room: Room) -> None:
    await room.line.resume()


async def ask_no_more(room: Room) -> None:
    await room.consultation.hang_up()


async def hand_over(room: Room) -> None:
    """Boris answers, hears whom he will get, and gets him."""
    await room.colleague.answer()
    await room.consultation.answered()
    await room.two_talks()
    assert await room.line.refer_attended(room.consultation) < 300
    assert room.boris is not None
    await room.has_card(room.call_id, room.boris)


MOMENTS = {
    "ivr": Moment(in_ivr, nothing),
    "waiting": Moment(waiting, become_ready),
    "ringing": Moment(ringing, answer),
    "talking": Moment(talking, nothing, has_card=True),
    "held": Moment(held, resume, has_card=True),
    "transfer": Moment(in_transfer, hand_over, has_card=True, let_go=ask_no_more),
}

"""Shifts that go on over a restart."""

from __future__ import annotations

import structlog

from callcore.domain import AgentState
from callcore.floor.people import People
from callcore.screenpop.desks import Desks
from callcore.screenpop.ports import DeskRefused
from callcore.store.shifts import Shifts

log = structlog.get_logger("callcore.app")


async def resume_shifts(shifts: Shifts, people: People, desks: Desks) -> None:
    """Who was on shift when the daemon ended still is: his phone never left the queues."""
    for shift in await shifts.all():
        seat = await people.seat(shift.login, shift.interface)
        state = AgentState.ready if shift.is_ready else AgentState.paused
        try:
            if seat is None:
                raise DeskRefused("phone_not_allowed")
            await desks.resume(shift.login, seat, state, shift.pause_reason)
        except DeskRefused as refused:
            log.warning("shift_not_resumed", login=shift.login, why=refused.code)
            await shifts.end(shift.login)

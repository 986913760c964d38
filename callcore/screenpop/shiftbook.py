"""Who is on shift, as the database is to know it: written until it does.

A restart resumes the shifts that are stored. One that a locked database lost would bring back an operator who
went home, and his phone would ring in the empty room.
"""

from __future__ import annotations

from typing import Protocol

from callcore.calls.effects import ShowAgent
from callcore.domain import AgentState, Login
from callcore.screenpop.newest import RETRY_SECONDS, Newest
from callcore.screenpop.ports import Seat
from callcore.store.shifts import Shift


class Shifts(Protocol):
    async def keep_shift(self, shift: Shift) -> None: ...

    async def end_shift(self, login: Login) -> None: ...


class ShiftBook:
    def __init__(self, shifts: Shifts, retry_seconds: float = RETRY_SECONDS) -> None:
        self._shifts = shifts
        self._known: dict[Login, Shift] = {}
        """As last asked for, of people on shift."""
        self._rows: Newest[Login, Shift | None] = Newest("shift", self._write, retry_seconds)
        """None: his shift has ended."""

    def keep(self, shift: Shift) -> None:
        if self._known.get(shift.login) != shift:
            self._known[shift.login] = shift
            self._rows.put(shift.login, shift)

    def show(self, effect: ShowAgent, seat: Seat) -> None:
        """Busy states are not worth a row: whoever is talking goes on ready after a restart."""
        if effect.state is AgentState.offline:
            return
        is_paused = effect.state is AgentState.paused
        self.keep(Shift(effect.login, seat.chosen, not is_paused, effect.pause_reason if is_paused else None))

    def end(self, login: Login) -> None:
        self._known.pop(login, None)
        self._rows.put(login, None)

    @property
    def is_writing(self) -> bool:
        return bool(self._rows.unwritten)

    async def close(self) -> None:
        """See ``Newest.close``."""
        await self._rows.close()

    async def _write(self, login: Login, shift: Shift | None) -> None:
        await (self._shifts.end_shift(login) if shift is None else self._shifts.keep_shift(shift))

"""Who is on shift, as the database is to know it: written until it does.

A restart resumes the shifts that are stored. One that a locked database lost would bring back an operator who
went home, and his phone would ring in the empty room.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from callcore.domain import Login
from callcore.store.errors import StoreError
from callcore.store.shifts import Shift

log = structlog.get_logger("callcore.desks")

RETRY_SECONDS = 5.0


class Shifts(Protocol):
    async def keep_shift(self, shift: Shift) -> None: ...

    async def end_shift(self, login: Login) -> None: ...


class ShiftBook:
    """Only the newest word on each person is written; nothing is held for those whose word is stored."""

    def __init__(self, shifts: Shifts, retry_seconds: float = RETRY_SECONDS) -> None:
        self._shifts = shifts
        self._retry_seconds = retry_seconds
        self._known: dict[Login, Shift] = {}
        """As last asked for, of people on shift."""
        self._unwritten: dict[Login, Shift | None] = {}
        """None: his shift has ended."""
        self._task: asyncio.Task[None] | None = None

    def keep(self, shift: Shift) -> None:
        if self._known.get(shift.login) != shift:
            self._known[shift.login] = shift
            self._write(shift.login, shift)

    def end(self, login: Login) -> None:
        self._known.pop(login, None)
        self._write(login, None)

    def close(self) -> None:
        """Give up what could not be written."""
        if self._task is not None:
            self._task.cancel()

    def _write(self, login: Login, shift: Shift | None) -> None:
        self._unwritten[login] = shift
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        has_complained = False
        while self._unwritten:
            login, shift = next(iter(self._unwritten.items()))
            try:
                await (self._shifts.end_shift(login) if shift is None else self._shifts.keep_shift(shift))
            except StoreError as error:
                if not has_complained:
                    log.warning("shift_not_stored", login=login, why=str(error))
                has_complained = True
                await asyncio.sleep(self._retry_seconds)
                continue
            if self._unwritten.get(login) is shift:  # he may have done something else meanwhile
                del self._unwritten[login]

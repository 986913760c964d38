"""A stage with people on it, and the questions that tests ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from callcore.calls.effects import Contact
from callcore.store.database import Database
from callcore.testing.hearing import Hearing
from callcore.testing.lab import Answer, Behaviour, Caller, HangUp, Hear, Phone, Press, Step, Until
from callcore.testing.operator import ApiOperator
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

PASSWORD = "korova-na-lune-7"
PEOPLE = {
    "anna": ("Анна Кузнецова", PASSWORD),
    "boris": ("Борис Смирнов", PASSWORD),
}
DIALLED = "74950000000"
TO_FINANCE = (Hear(), Press("4"), Hear(), Press("1"), Until(), HangUp())
"""Barges in, chooses finance and recalculation, stays until told to hang up."""


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """A caller's keys: who hangs up before presses no more."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, TimeoutError):
            await task


class House:
    def __init__(self, stage: Stage, folder: Path, stack: AsyncExitStack) -> None:
        self.stage = stage
        self.hearing = Hearing(stage.lab)
        self.folder = folder
        self._stack = stack

    async def operator(self, login: str) -> ApiOperator:
        operator = ApiOperator(self.stage.url, login, PASSWORD)
        return await self._stack.enter_async_context(operator)

    async def on_shift(self, login: str, phone: str, behaviour: Behaviour | None = None) -> ApiOperator:
        """Signed in at this phone and ready; the phone behaves so."""
        await self.phone(phone, behaviour)
        operator = await self.operator(login)
        await operator.open(f"PJSIP/{phone}")
        await operator.ready()
        await self.member(phone, "Not in use")
        return operator

    async def member(self, phone: str, state: str, queue: str = "finance") -> None:
        """Wait until the queue shows the member so, and not paused."""
        await self.until(lambda: self._shows(phone, state, queue))

    async def _shows(self, phone: str, state: str, queue: str) -> bool:
        shown = await self.stage.lab.console(f"queue show {queue}")
        line = next((line for line in shown.splitlines() if f"PJSIP/{phone}" in line), "")
        return state in line and "paused" not in line

    async def phone(self, number: str, behaviour: Behaviour | None = None) -> Phone:
        port = self.stage.lab.phone_port(number)
        phone = Phone(port, self.folder / "sip", behaviour or Answer(after_seconds=0.3))
        return await self._stack.enter_async_context(phone)

    async def call(
        self, *steps: Step, number: str = "79000000110", name: str = "", anonymous: bool = False
    ) -> Caller:
        port, folder = self.stage.lab.sip_port, self.folder / "sip"
        if anonymous:
            caller = Caller.anonymous(port, folder, dialled=DIALLED, steps=steps)
        else:
            caller = Caller(port, folder, number=number, name=name, dialled=DIALLED, steps=steps)
        await self._stack.enter_async_context(caller)
        if any(isinstance(step, Hear) for step in steps):
            hears = self.hearing.go_on(caller, "anonymous" if anonymous else number, steps)
            await self._stack.enter_async_context(_beside(hears))
        return caller

    async def contacts(self, count: int = 1) -> list[Contact]:
        """The contacts in the database, oldest first, once there are so many."""

        async def there() -> bool:
            return await self.database.contacts.count() >= count

        await self.until(there)
        async with self.database.read() as connection:
            result = await connection.exec_driver_sql("SELECT call FROM contacts ORDER BY started_at")
            calls = [row[0] for row in result]
        found = [await self.database.contacts.get(call) for call in calls]
        return [contact for contact in found if contact is not None]

    async def talk(self, callers: int = 1) -> None:
        """Wait until so many callers share a bridge with an operator: a moment after the card."""
        daemon = self.stage.daemon
        assert daemon is not None
        calls = daemon.floor.tracker.calls

        async def do() -> bool:
            return sum(1 for call in calls.values() if call.talk_since is not None) >= callers

        await self.until(do)

    @property
    def database(self) -> Database:
        assert self.stage.daemon is not None
        return self.stage.daemon.database

    async def until(
        self, condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS
    ) -> None:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - another process cannot set our Event
                await asyncio.sleep(0.05)

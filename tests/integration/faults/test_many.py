"""Many calls at once, when the PBX goes, when callcore goes, and when the database is locked."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from callcore.domain import EndReason, Outcome, Source
from callcore.testing.house import DIALLED
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.lab.process import free_port

from .room import LATE, SECONDS, TO_EXPERTS, Room
from .strikes import asterisk_killed, daemon_killed

CALLS = 50
LOCKED_SECONDS = 10.0
LISTENS_SECONDS = 1.0
"""What is pressed before a menu begins is not heard; who is not heard comes to the experts."""
AT_ONCE = 8
"""Callers who dial again as soon as they have hung up: two cores are busy with them."""


async def dials(room: Room, stack: AsyncExitStack, number: str) -> SoftCall:
    """Somebody outside; nobody in the office has his number, so he comes over the trunk. In the menu."""
    phone = Softphone(number, free_port(), room.stage.lab.sip_port)
    await stack.enter_async_context(phone)
    call = await phone.dial(DIALLED)
    await call.answered(SECONDS)
    return call


async def chooses_finance(call: SoftCall) -> None:
    await asyncio.sleep(LISTENS_SECONDS)
    await call.key("4")
    await asyncio.sleep(LISTENS_SECONDS)
    await call.key("1")


async def all_known(room: Room, count: int) -> None:
    async def there() -> bool:
        return len(await room.calls()) >= count

    await room.until(there, SECONDS)


async def fifty(room: Room, stack: AsyncExitStack) -> list[SoftCall]:
    """Anna talks to one of them, half of the others wait for her, the other half listen to the menu."""
    await room.anna_sits()
    first = await dials(room, stack, "79000002000")
    await chooses_finance(first)
    room.line = await room.rings()
    await room.line.answer()
    await room.anna.hears("card", seconds=SECONDS)
    numbers = [f"7900000{2000 + number}" for number in range(1, CALLS)]
    others = await asyncio.gather(*(dials(room, stack, number) for number in numbers))
    await asyncio.gather(*(chooses_finance(call) for call in others[::2]))
    await all_known(room, CALLS)
    return [first, *others]


async def test_asterisk_killed_with_fifty_calls(room: Room) -> None:
    async with AsyncExitStack() as stack:
        await fifty(room, stack)
        ids = await room.calls()
        async with asterisk_killed(room):
            pass
        contacts = await room.contacts(CALLS)
        assert Counter(contact.call for contact in contacts) == Counter(ids.values())
        assert {contact.end_reason for contact in contacts} == {EndReason.lost}
        assert sum(contact.outcome is Outcome.answered for contact in contacts) == 1
        assert await room.open_calls() == 0
        await room.anna.is_("ready", SECONDS)
        await takes_the_next(room)
        assert len(await room.contacts(CALLS + 1)) == CALLS + 1


async def test_callcore_killed_with_fifty_calls(room: Room) -> None:
    async with AsyncExitStack() as stack:
        calls = await fifty(room, stack)
        ids = await room.calls()
        async with daemon_killed(room):
            pass
        assert await room.pops("79000002000") in ids.values()
        for call in calls:
            await call.hang_up()
        contacts = await room.contacts(CALLS)
        assert {contact.channel: contact.call for contact in contacts} == ids
        assert await room.calls() == ids
        assert {contact.source for contact in contacts} == {Source.snapshot}
        assert len(contacts) == CALLS
        await room.anna.is_("ready", SECONDS)
        await takes_the_next(room)


async def takes_the_next(room: Room) -> None:
    await room.member("101", "Not in use", "expert")
    late = await room.call(*TO_EXPERTS, number=LATE)
    line = await room.rings()
    await line.answer()
    call = await room.pops(LATE)
    await late.hang_up()
    await room.anna.hears("call.ended", lambda event: bool(event["data"]["call"] == call), SECONDS)
    assert room.cards(call) == 1


# --- the database


@asynccontextmanager
async def locked(room: Room) -> AsyncIterator[None]:
    """Somebody else holds the database file for ten seconds."""
    database = room.folder / "callcore.db"
    holder = sqlite3.connect(database, timeout=SECONDS, isolation_level=None, check_same_thread=False)
    try:
        await asyncio.to_thread(holder.execute, "BEGIN EXCLUSIVE")
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(LOCKED_SECONDS))
            yield
        holder.execute("ROLLBACK")
    finally:
        holder.close()


async def keeps_calling(room: Room, numbers: Iterator[int], is_over: asyncio.Event) -> None:
    """Callers who come, listen, press a key and go, one after the other; each has a number of his own."""
    while not is_over.is_set():
        async with AsyncExitStack() as stack:
            call = await dials(room, stack, f"7900000{3000 + next(numbers)}")
            await asyncio.sleep(LISTENS_SECONDS)
            await call.key("4")
            await call.hang_up()


async def test_traffic_while_the_database_is_locked(room: Room) -> None:
    """Cards pop all the same; when the lock is gone every call that callcore was asked about has its contact,
    once."""
    await room.anna_sits()
    is_over, numbers = asyncio.Event(), itertools.count(1)
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            group.create_task(keeps_calling(room, numbers, is_over))
        async with locked(room):
            for number in ("79000004001", "79000004002"):
                customer = await dials(room, stack, number)
                await chooses_finance(customer)
                line = await room.rings()
                await line.answer()
                await room.pops(number)
                await customer.hang_up()
        is_over.set()
    asked = room.channels_in_ivr()
    assert len(asked) > AT_ONCE

    async def all_there() -> bool:
        return await room.database.contacts.count() >= len(asked) and await room.open_calls() == 0

    await room.until(all_there, SECONDS)
    contacts = await room.contacts(len(asked))
    assert Counter(contact.channel for contact in contacts) == Counter(asked)
    answered = {contact.caller_number for contact in contacts if contact.outcome is Outcome.answered}
    assert answered == {"+79000004001", "+79000004002"}
    await room.linked()

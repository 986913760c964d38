"""The faults: what is done to callcore, to Asterisk or to the link between them, and how it is over again."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from .room import SECONDS, Room

Fault = Callable[[Room], AbstractAsyncContextManager[None]]
"""Inside it the fault lasts; when it is left all is well again, and linked."""


@asynccontextmanager
async def daemon_killed(room: Room) -> AsyncIterator[None]:
    """callcore comes back when the operators' pages are there already, so that they hear whatever pops."""
    process = room.stage.process
    assert process is not None
    room.stage.signal(signal.SIGKILL)
    await process.wait()
    for operator in room.operators:
        await operator.deafen()
    yield
    room.wire.cut()
    await room.begin()
    for operator in room.operators:
        await operator.listen()
    room.wire.mend()
    await room.linked()


@asynccontextmanager
async def daemon_stopped(room: Room) -> AsyncIterator[None]:
    room.stage.signal(signal.SIGSTOP)
    yield
    room.stage.signal(signal.SIGCONT)
    await room.linked()


@asynccontextmanager
async def asterisk_killed(room: Room) -> AsyncIterator[None]:
    """Nothing can happen in between."""
    before = room.wire.connections
    await room.stage.lab.kill()
    yield
    await room.stage.lab.start()
    await linked_anew(room, before)


@asynccontextmanager
async def link_cut(room: Room) -> AsyncIterator[None]:
    room.wire.cut()
    yield
    before = room.wire.connections
    room.wire.mend()
    await linked_anew(room, before)


@asynccontextmanager
async def link_half_open(room: Room) -> AsyncIterator[None]:
    """The firewall between has forgotten the connection: nobody says anything, nobody hangs up."""
    before = room.wire.connections
    room.wire.freeze()
    yield
    await linked_anew(room, before)


async def linked_anew(room: Room, connections: int) -> None:
    """There were so many connections before."""

    async def again() -> bool:
        return room.wire.connections > connections

    await room.until(again, SECONDS)
    await room.linked()

"""Whatever becomes of callcore, the caller reaches the static queue (on a real Asterisk)."""

import asyncio
import signal
import socket

import pytest

from callcore.ivr.agi_session import Session
from callcore.testing.lab import Until


async def in_fallback(w) -> None:
    await w.ear.hears("UserEvent", UserEvent="CallcoreFallback", Queue="corporate")
    await w.ear.hears("QueueCallerJoin", Queue="corporate")


async def test_port_closed(world):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    async with world(port) as w:
        await w.call()
        await in_fallback(w)


async def test_a_server_that_accepts_and_says_nothing(world, service):
    silent = await service("silent")
    async with world(silent.port) as w:
        await w.call()
        await in_fallback(w)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
async def test_callcore_dies_or_hangs_in_the_middle_of_a_prompt(world, service, tmp_path, end):
    running = await service("prompt", str(tmp_path / "quiet-40"))
    async with world(running.port) as w:
        w.prompt(40)
        await w.call()
        await running.says("playing")
        running.signal(end)
        await in_fallback(w)


@pytest.mark.parametrize("steps", ["1", "2"])
async def test_callcore_dies_while_it_hands_the_call_over(world, service, steps):
    running = await service("half", steps)
    async with world(running.port) as w:
        await w.call()
        await in_fallback(w)


async def test_a_route_that_fails(world, serving):
    async def route(session: Session) -> None:
        await session.answer()
        raise RuntimeError("no luck")

    async with serving(route) as server, world(server.port) as w:
        await w.call()
        await in_fallback(w)


async def test_a_pbx_whose_name_we_do_not_know(world, serving):
    async def route(session: Session) -> None:
        raise AssertionError("it must not come here")

    async with serving(route) as server, world(server.port, CALLCORE_PBX="stranger") as w:
        await w.call()
        await in_fallback(w)


async def test_a_queue_that_does_not_exist(world, serving):
    async def route(session: Session) -> None:
        await session.hand_over("callcore-queue", "no-such-queue")

    async with serving(route) as server, world(server.port) as w:
        await w.call()
        await in_fallback(w)


async def test_no_fallback_queue_either_says_goodbye(world, serving):
    async def route(session: Session) -> None:
        await session.hand_over("callcore-queue", "no-such-queue")

    async with serving(route) as server, world(server.port, CALLCORE_FALLBACK_QUEUE="nor-this") as w:
        caller = await w.call()
        assert (await caller.wait()).ended_by == "pbx"


async def test_a_call_that_comes_round_again_and_again(world, serving):
    rounds: list[str | None] = []

    async def route(session: Session) -> None:
        rounds.append(session.environment.dialed_number)
        await session.hand_over("callcore-inbound", "4951")

    async with serving(route) as server, world(server.port) as w:
        caller = await w.call(Until(), dialled="4951")
        await in_fallback(w)
        await caller.hang_up()
        rows = await w.journal()
    assert rounds == ["4951"] * 5
    assert [row[2:4] for row in rows] == [["4951", "corporate"]]


async def test_a_name_was_dialled_and_the_wait_has_an_end(world, serving):
    called: list[str | None] = []

    async def route(session: Session) -> None:
        called.append(session.environment.dialed_number)
        await session.hand_over("callcore-queue", "finance")

    async with serving(route) as server, world(server.port, CALLCORE_MAX_WAIT="1") as w:
        caller = await w.call(dialled="support")
        left = await w.ear.hears("UserEvent", UserEvent="CallcoreQueueLeft")
        assert (left["Queue"], left["Status"]) == ("finance", "TIMEOUT")
        assert (await caller.wait()).ended_by == "pbx"
    assert called == ["support"]


async def test_a_route_that_is_slower_than_the_watchdog(world, serving):
    verdict: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    async def route(session: Session) -> None:
        await session.set_autohangup(1)
        await session.gone.wait()
        verdict.set_result(session.verdict)

    async with serving(route) as server, world(server.port) as w:
        await w.call()
        await in_fallback(w)
        assert await verdict == "watchdog"

"""The server: who gets in, how sessions end, and what strangers cannot do to the others."""

import asyncio
import contextlib

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcore.ivr.agi_session import Session
from callcore.ivr.fastagi import Server, _networks, _within

from .scripted_asterisk import PEERS, Counters, FakeAsterisk, environment

RC = 'SET VARIABLE "CALLCORE_RC" "OK"'


async def nothing(session: Session) -> None:
    """A route that has nothing to do."""


async def test_a_route_that_ends_well_sets_the_result_and_nothing_else(bench):
    async with bench(nothing) as b:
        assert await (await b.call()).run() == [RC]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("overflow/main", "route"),
        ("inbound/other", "pbx"),
        ("inbound", "environment"),
        ("inbound/main/x", "environment"),
        ("inbound/ma in", "environment"),
        ("", "environment"),
        ("//[/main", "environment"),
    ],
)
async def test_paths_that_lead_nowhere(bench, script, reason):
    async with bench(nothing) as b:
        assert await (await b.call(script)).run() == []
        await b.until(lambda: b.counters.refusals)
    assert b.counters.refusals == [reason]
    assert b.counters.started == 0


async def test_a_query_does_not_disturb_the_path(bench):
    async def route(session: Session):
        return session.environment.query["topic"]

    async with bench(route) as b:
        await (await b.call("inbound/main?topic=finance&x=%D1%8F")).run()
    assert b.outcomes == ["finance"]


async def test_a_stranger_is_not_even_heard(bench):
    async with bench(nothing, peers={"main": ["10.0.0.0/8"]}) as b:
        peer = await b.connect()
        assert await peer.closed() == b""
    assert b.counters.refusals == ["stranger"]


async def test_a_pbx_must_come_from_its_own_address(bench):
    peers = {"main": ["10.0.0.1"], "branch": ["127.0.0.0/8"]}
    async with bench(nothing, peers=peers) as b:
        assert await (await b.call("inbound/main")).run() == []
        assert await (await b.call("inbound/branch")).run() == [RC]
    assert b.counters.refusals == ["pbx"]


async def test_who_connects_and_says_nothing_is_closed(bench):
    async with bench(nothing, environment_seconds=0.05) as b:
        peer = await b.connect()
        assert await peer.closed() == b""
        await b.until(lambda: b.counters.refusals and not b.server.sessions)
    assert b.counters.refusals == ["silent"]


async def test_who_dribbles_is_closed_all_the_same(bench):
    async with bench(nothing, environment_seconds=0.1) as b:
        peer = await b.connect()

        async def dribble():
            for byte in environment() * 100:
                peer.send(bytes([byte]))
                await asyncio.sleep(0.01)

        dribbling = asyncio.create_task(dribble())
        await peer.closed()
        dribbling.cancel()
        await b.until(lambda: b.counters.refusals)
    assert b.counters.refusals == ["silent"]


@pytest.mark.parametrize("data", [b"", b"agi_network: yes\n", environment()[:-1]])
async def test_who_connects_and_closes_costs_nothing(bench, data):
    async with bench(nothing) as b:
        peer = await b.connect()
        peer.send(data)
        peer.writer.write_eof()
        assert await peer.closed() == b""
        await b.until(lambda: not b.server.sessions)
    assert b.counters.refusals == ["closed_early"]


@pytest.mark.parametrize(
    "data",
    [b"a: b\n" * 300, b"agi_x: " + b"x" * 20_000 + b"\n\n", b"y" * 200_000],
    ids=["lines", "bytes", "one line"],
)
async def test_an_environment_without_an_end(bench, data):
    async with bench(nothing) as b:
        peer = await b.connect()
        peer.send(data)
        await peer.closed()
        await b.until(lambda: b.counters.refusals)
    assert b.counters.refusals == ["environment_too_long"]


async def test_a_full_house_refuses_and_serves_again(bench):
    async def route(session: Session):
        await session.wait_for_digit(1000)

    async with bench(route, max_sessions=1) as b:
        first = await b.call()
        await b.until(lambda: b.sessions)
        assert await (await b.call()).run() == []
        assert b.counters.refusals == ["full"]
        assert (await first.run())[-1] == RC
        await b.until(lambda: not b.server.sessions)
        assert (await (await b.call()).run())[-1] == RC


async def test_a_route_that_raises_sets_nothing(bench):
    async def route(session: Session):
        await session.answer()
        raise RuntimeError("no luck")

    async with bench(route) as b:
        assert await (await b.call()).run() == ["ANSWER"]
        await b.until(lambda: b.counters.results)
    assert b.counters.results == ["failed"]


async def test_reset_in_the_middle_of_a_step(bench):
    async def route(session: Session):
        await session.stream_file("hello", seconds=100)
        await session.get_variable("X")

    async with bench(route) as b:
        peer = await b.call()
        while not (await peer.command() or "").startswith("STREAM"):
            peer.send(b"200 result=0\n")
        peer.reset()
        await b.until(lambda: b.counters.results)
    assert b.counters.results == ["hung_up"]


async def test_rubbish_instead_of_an_answer(bench):
    async def route(session: Session):
        await session.get_variable("X")

    async with bench(route) as b:
        peer = await b.call()
        peer.replies["GET"] = b"\xff\xfe what?\n"
        await peer.run()
        await b.until(lambda: b.counters.results)
    assert b.counters.results == ["protocol"]


async def test_an_answer_without_an_end(bench):
    async def route(session: Session):
        await session.get_variable("X")

    async with bench(route) as b:
        peer = await b.call()
        peer.replies["GET"] = b"200 result=1 (" + b"x" * 100_000
        await peer.run()
        await b.until(lambda: b.counters.results)
    assert b.counters.results == ["protocol"]


async def test_a_route_busy_elsewhere_is_cancelled_and_may_clean_up(bench):
    cleaned = asyncio.Event()

    async def route(session: Session):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    async with bench(route, hangup_seconds=0.01) as b:
        peer = await b.call()
        await b.until(lambda: b.sessions)
        peer.send(b"HANGUP\n")
        assert RC not in await peer.run()
        await b.until(lambda: b.counters.results)
    assert cleaned.is_set()
    assert b.counters.results == ["hung_up"]


async def test_a_route_that_never_cleans_up_is_left_behind(bench):
    release = asyncio.Event()

    async def route(session: Session):
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    async with bench(route, hangup_seconds=0.01, cleanup_seconds=0.01) as b:
        peer = await b.call()
        await b.until(lambda: b.sessions)
        peer.send(b"HANGUP\n")
        await b.until(lambda: b.counters.results and not b.server.sessions)
        release.set()
        await b.until(lambda: b.outcomes)
    assert b.counters.results == ["hung_up"]


async def test_drain_lets_calls_end_and_takes_no_new_ones(bench):
    async def route(session: Session):
        return await session.wait_for_digit(1000)

    async with bench(route) as b:
        peer = await b.call()
        port = b.server.port
        await b.until(lambda: b.sessions)
        draining = asyncio.create_task(b.server.drain(30))
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert (await peer.run())[-1] == RC
        await draining
    assert b.counters.results == ["done"]


async def test_drain_ends_calls_that_take_too_long(bench):
    async def route(session: Session):
        await session.wait_for_digit(60_000)

    async with bench(route) as b:
        peer = await b.call()
        peer.replies["WAIT"] = None
        running = asyncio.create_task(peer.run())
        await b.until(lambda: b.sessions and b.sessions[0]._waiting)
        await b.server.drain(0.01)
        assert RC not in await running
        assert not b.server.sessions
    assert b.counters.results == ["stopped"]


async def test_two_hundred_calls_at_once_keep_their_answers(bench):
    async def route(session: Session):
        keys = [await session.wait_for_digit(1000) for _ in range(3)]
        return session.environment.uniqueid, keys, await session.get_variable("WHO")

    async def caller(b, number: int) -> list[str]:
        peer: FakeAsterisk = await b.call(agi_uniqueid=f"u{number}")
        peer.replies = {
            "WAIT": b"200 result=%d\n" % (48 + number % 10),
            "GET": f"200 result=1 (who {number})\n".encode(),
        }
        return await peer.run()

    async with bench(route) as b:
        commands = await asyncio.gather(*(caller(b, number) for number in range(200)))
        assert all(done[-1] == RC for done in commands)
    expected = [(f"u{n}", [str(n % 10)] * 3, f"who {n}") for n in range(200)]
    assert sorted(b.outcomes) == sorted(expected)


async def test_a_route_left_behind_that_fails_at_last_is_told(bench):
    release = asyncio.Event()

    async def route(session: Session):
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()
        raise RuntimeError("at last")

    with structlog.testing.capture_logs() as logs:
        async with bench(route, hangup_seconds=0.01, cleanup_seconds=0.01) as b:
            peer = await b.call()
            await b.until(lambda: b.sessions)
            peer.send(b"HANGUP\n")
            await b.until(lambda: b.counters.results)
            release.set()
            await b.until(lambda: any(entry["event"] == "agi_route_failed" for entry in logs))


async def test_a_peer_that_is_gone_before_the_result_is_taken(bench):
    async def route(session: Session):
        await session.verbose("last words")

    async with bench(route) as b:
        peer = await b.call()
        while not (command := await peer.command() or "").startswith("SET VARIABLE"):
            assert command
            peer.send(b"200 result=1\n")
        peer.send(b"520 no\n")
        await peer.closed()
        await b.until(lambda: b.counters.results)
    assert b.counters.results == ["failed"]


async def test_without_counters_and_by_the_addresses_of_both_families():
    server = Server("127.0.0.1", 0, {"inbound": nothing}, {"main": ["::ffff:127.0.0.1", "127.0.0.1"]})
    await server.start()
    peer = FakeAsterisk(*await asyncio.open_connection("127.0.0.1", server.port))
    peer.send(environment())
    assert await peer.run() == [RC]
    peer.writer.close()
    await server.drain(1)
    await server.close()


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True),
        ("10.1.2.3", ["10.1.2.3/8"], True),
        ("11.1.2.3", ["10.0.0.0/8"], False),
        ("fe80::1", ["fe80::/10"], True),
        ("", ["0.0.0.0/0"], False),
    ],
)
def test_addresses_and_networks(address, networks, inside):
    assert _within(address, _networks(networks)) is inside


async def test_who_knocks_all_day_does_not_fill_the_log(bench, monkeypatch):
    monkeypatch.setattr("callcore.ivr.fastagi.TELL_ADDRESSES", 1)
    with structlog.testing.capture_logs() as logs:
        async with bench(nothing) as b:
            for _ in range(3):
                await (await b.call("inbound/other")).run()
            assert [entry["reason"] for entry in logs if entry["event"] == "agi_refused"] == ["pbx"]
            await (await b.call("overflow/main")).run()
            await b.until(lambda: len(b.counters.refusals) == 4)
        assert [entry["reason"] for entry in logs if entry["event"] == "agi_refused"] == ["pbx", "route"]


async def test_no_number_or_name_gets_into_the_log(bench):
    async def route(session: Session):
        await session.get_variable("X")

    with structlog.testing.capture_logs() as logs:
        async with bench(route) as b:
            for reply in (
                b"200 result=1 (x)\n",
                b"79161234567 Secretov\n",
                b"200 result=1 (x)\n79161234567\n",
            ):
                peer = await b.call(agi_calleridname="Secretov", agi_channel="Local/79161234567@x-1;1")
                peer.replies["GET"] = reply
                await peer.run()
            await b.call("inbound/other", agi_calleridname="Secretov")
            await b.until(lambda: len(b.counters.results) == 3 and b.counters.refusals)
    assert len(logs) > 6
    told = "".join(f"{entry} {entry.get('exc_info')!r}" for entry in logs)
    assert "7916" not in told
    assert "Secretov" not in told


async def test_a_taken_port_says_so():
    first = Server("127.0.0.1", 0, {}, PEERS)
    await first.start()
    second = Server("127.0.0.1", first.port, {}, PEERS)
    with pytest.raises(OSError, match="in use"):
        await second.start()
    await second.close()
    await first.close()


async def test_a_route_is_added_once():
    server = Server("127.0.0.1", 0, {"inbound": nothing}, PEERS)
    assert server  # panoramisk's base is an empty dict
    with pytest.raises(ValueError, match="inbound"):
        server.add_route("inbound", nothing)


pieces = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            environment(),
            b"HANGUP\n",
            b"200 result=0\n",
            b"200 result=1 (",
            b"520-Usage\n",
            b"520 End\n",
            b"511 dead\n",
            b"100 Trying...\n",
            b"\n",
            b"\n\n",
            b"\0",
        ]
    ),
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.lists(pieces, max_size=12))
def test_no_bytes_hurt_the_server_or_another_call(data):
    async def route(session: Session) -> None:
        await session.stream_file("hello", seconds=1)
        await session.get_variable("X")

    async def story() -> None:
        counters = Counters()
        server = Server("127.0.0.1", 0, {"inbound": route}, PEERS, metrics=counters, hangup_seconds=0.05)
        await server.start()
        strange = FakeAsterisk(*await asyncio.open_connection("127.0.0.1", server.port))
        decent = FakeAsterisk(*await asyncio.open_connection("127.0.0.1", server.port))
        for piece in data:
            strange.send(piece)
        decent.send(environment())
        assert (await decent.run())[-1] == RC
        strange.writer.write_eof()
        await strange.closed()
        await server.drain(10)
        assert len(counters.results) + len(counters.refusals) == 2
        for peer in (strange, decent):
            peer.writer.close()

    asyncio.run(story(), debug=True)

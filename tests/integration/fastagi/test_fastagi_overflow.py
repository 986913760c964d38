"""Where the dialplan leads a call that nobody took, with callcore and without it (on a real Asterisk)."""

import asyncio
import signal
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from callcore.ivr.agi_session import Session
from callcore.testing.hearing import Hearing
from callcore.testing.lab import Hear, Press, Until

PWNED = Path(tempfile.gettempdir()) / "callcore-pwned"
Route = Callable[[Session], Awaitable[None]]


def to(context: str, extension: str = "s", **variables: str) -> Route:
    """Sends every call there, with this on its channel."""

    async def route(session: Session) -> None:
        for name, value in variables.items():
            await session.set_variable(name, value)
        await session.hand_over(context, extension)

    return route


class Back:
    """The route ``overflow``: notes the words it is told, and sends each call on."""

    def __init__(self, then: Route) -> None:
        self._then = then
        self.words: list[tuple[str, str]] = []
        self.came = asyncio.Event()

    async def __call__(self, session: Session) -> None:
        raw = session.environment.raw
        self.words.append((raw.get("agi_arg_1", ""), raw.get("agi_arg_2", "")))
        self.came.set()
        await self._then(session)


async def gone(session: Session) -> None:
    """As if callcore had died: no word of success."""
    session.give_back()


async def in_fallback(w) -> None:
    await w.ear.hears("UserEvent", UserEvent="CallcoreFallback", Queue="corporate")
    await w.ear.hears("QueueCallerJoin", Queue="corporate")


# --- out of a queue


async def test_his_time_is_over(world, serving):
    """The leg's own limit, not the PBX's; the next leg has one of its own."""
    back = Back(to("callcore-queue", "patient", CALLCORE_LIMIT=""))
    first = to("callcore-queue", "finance", CALLCORE_LIMIT="1")
    async with serving(first, overflow=back) as server, world(server.port) as w:
        await w.call(Until(), dialled="4951")
        left = await w.ear.hears("UserEvent", UserEvent="CallcoreQueueLeft")
        assert (left["Queue"], left["Status"]) == ("finance", "TIMEOUT")
        await w.ear.hears("QueueCallerJoin", Queue="patient")
    assert back.words == [("4951", "TIMEOUT")]


async def test_the_key_that_leads_out(world, serving):
    """1 leaves the queue; any other key does not."""
    back = Back(to("callcore-queue", "finance"))
    async with serving(to("callcore-queue", "patient"), overflow=back) as server, world(server.port) as w:
        caller = await w.call(Until(), Press("2"), Press("1"), Until(), dialled="4951")
        await w.ear.hears("QueueCallerJoin", Queue="patient")
        caller.proceed()
        await w.ear.hears("QueueCallerJoin", Queue="finance")
    assert back.words == [("4951", "key")]


async def test_the_key_while_he_hears_his_position(world, serving):
    """Asterisk lets the first only cut that short."""
    back = Back(to("callcore-queue", "finance"))
    steps = (Hear(), Press("11"), Until())
    async with serving(to("callcore-queue", "told"), overflow=back) as server, world(server.port) as w:
        await w.call(Until())
        await w.ear.hears("QueueCallerJoin", Queue="told", Position="1")
        caller = await w.call(*steps, number="79161234567", dialled="4951")
        await Hearing(w.lab).go_on(caller, "79161234567", steps)
        await w.ear.hears("QueueCallerJoin", Queue="finance", CallerIDNum="79161234567")
    assert back.words == [("4951", "key")]


async def test_without_callcore_the_key_leads_back_into_the_queue(world, serving):
    async with serving(to("callcore-queue", "patient")) as server, world(server.port) as w:
        caller = await w.call(Until(), Press("1"), Until())
        await w.ear.hears("QueueCallerJoin", Queue="patient")
        caller.proceed()
        await w.ear.hears("UserEvent", UserEvent="CallcoreQueueLeft", Status="KEY")
        await w.ear.hears("QueueCallerJoin", Queue="patient", times=2)


@pytest.mark.parametrize("overflow", [None, gone])
async def test_without_callcore_a_leg_that_is_over_leads_to_the_static_queue(world, serving, overflow):
    """No such route, or one that gives the call back."""
    first = to("callcore-queue", "finance", CALLCORE_LIMIT="1")
    others = {"overflow": overflow} if overflow else {}
    async with serving(first, **others) as server, world(server.port) as w:
        await w.call(Until())
        await in_fallback(w)


async def test_callcore_hangs_when_he_comes_back(world, serving):
    """The dialplan's own watchdog: five seconds."""

    async def hang(session: Session) -> None:
        await session.gone.wait()

    first = to("callcore-queue", "finance", CALLCORE_LIMIT="1")
    async with serving(first, overflow=hang) as server, world(server.port) as w:
        await w.call(Until())
        await in_fallback(w)


async def test_callcore_is_stopped_while_he_waits(world, service):
    """SIGSTOP: the port still takes connections, and nobody answers."""
    running = await service("queue", "finance", "1")
    async with world(running.port) as w:
        await w.call(Until())
        await w.ear.hears("QueueCallerJoin", Queue="finance")
        running.signal(signal.SIGSTOP)
        await in_fallback(w)


async def test_round_and_round(world, serving):
    """Twenty times are enough."""
    first = to("callcore-queue", "no-such-queue")
    back = Back(first)
    async with serving(first, overflow=back) as server, world(server.port) as w:
        await w.call(Until(), dialled="4951")
        await in_fallback(w)
    assert back.words == [("4951", "NOQUEUE")] * 20


# --- phones, numbers, outside


async def test_people_are_rung_at_once_and_the_first_has_him(world, serving):
    first = to("callcore-people", CALLCORE_PEOPLE="PJSIP/101&PJSIP/102", CALLCORE_RINGS="10")
    async with serving(first) as server, world(server.port) as w:
        anna, boris = await w.softphone("101"), await w.softphone("102")
        caller = await w.call(Until())
        hers, his = await anna.incoming(), await boris.incoming()
        await hers.answer()
        await his.ended()
        await hers.hang_up()
        assert (await caller.wait()).ended_by == "pbx"


async def test_nobody_picks_up(world, serving):
    back = Back(to("callcore-queue", "finance"))
    first = to("callcore-people", CALLCORE_PEOPLE="PJSIP/101", CALLCORE_RINGS="1")
    async with serving(first, overflow=back) as server, world(server.port) as w:
        anna = await w.softphone("101")
        await w.call(Until(), dialled="4951")
        await (await anna.incoming()).ended()
        await w.ear.hears("QueueCallerJoin", Queue="finance")
    assert back.words == [("4951", "NOANSWER")]


@pytest.mark.parametrize(
    "people", ["PJSIP/101,,e(callcore-end)", f"PJSIP/101)}}${{SHELL(touch {PWNED})}}", "${CHANNEL}"]
)
async def test_nothing_but_devices_is_dialled(world, serving, people):
    """Should a strange device ever stand in the base: it is no device, and no more."""
    back = Back(to("callcore-queue", "finance"))
    first = to("callcore-people", CALLCORE_PEOPLE=people, CALLCORE_RINGS="1")
    async with serving(first, overflow=back) as server, world(server.port) as w:
        await w.call(Until(), dialled="4951")
        await w.ear.hears("QueueCallerJoin", Queue="finance")
    assert [word for _, word in back.words] in (["CHANUNAVAIL"], ["NOWHERE"])
    assert not PWNED.exists()


async def test_an_internal_number(world, serving):
    """Through the PBX's own context, as if a phone had dialled it."""
    first = to("callcore-number", CALLCORE_TO="102", CALLCORE_RINGS="10")
    async with serving(first) as server, world(server.port, CALLCORE_INTERNAL="phones") as w:
        office = await w.softphone("102")
        caller = await w.call(Until())
        call = await office.incoming()
        await call.answer()
        await call.hang_up()
        assert (await caller.wait()).ended_by == "pbx"


@pytest.mark.parametrize(
    ("context", "number", "variables"),
    [
        ("callcore-number", "199", {"CALLCORE_INTERNAL": "phones"}),
        ("callcore-number", "102", {}),
        ("callcore-number", "102", {"CALLCORE_INTERNAL": "no-such-context"}),
        ("callcore-number", "", {"CALLCORE_INTERNAL": "phones"}),
        ("callcore-outside", "74951234567", {}),
        ("callcore-outside", "abc", {"CALLCORE_DIAL_BEFORE": "PJSIP/"}),
    ],
)
async def test_a_number_that_leads_nowhere(world, serving, context, number, variables):
    back = Back(to("callcore-queue", "finance"))
    first = to(context, CALLCORE_TO=number, CALLCORE_ATTEMPT="a1")
    async with serving(first, overflow=back) as server, world(server.port, **variables) as w:
        await w.call(Until(), dialled="4951")
        await w.ear.hears("QueueCallerJoin", Queue="finance")
    assert back.words == [("4951", "NOWHERE")]


@pytest.mark.parametrize("shown", ["", "+74951112233"])
async def test_what_a_caller_calls_himself_is_not_run(world, serving, shown):
    """His name is put back after nobody outside took him: it is text, and no application of the dialplan."""
    PWNED.unlink(missing_ok=True)
    back = Back(to("callcore-queue", "finance"))
    evil = f"x):System(touch {PWNED}"
    words = {"CALLCORE_TO": "199", "CALLCORE_ATTEMPT": "a1", "CALLCORE_SHOWN": shown}
    async with (
        serving(to("callcore-outside", **words), overflow=back) as server,
        world(server.port, CALLCORE_DIAL_BEFORE="PJSIP/") as w,
    ):
        await w.call(Until(), dialled="4951", name=evil)
        joined = await w.ear.hears("QueueCallerJoin", Queue="finance")
    assert not PWNED.exists()
    assert (joined["CallerIDNum"], joined["CallerIDName"]) == ("79160000001", evil)


@pytest.mark.parametrize("attempt", ["", "&|"])
async def test_what_the_ledger_does_not_know_is_not_dialled(world, serving, attempt):
    back = Back(to("callcore-queue", "finance"))
    first = to("callcore-outside", CALLCORE_TO="102", CALLCORE_ATTEMPT=attempt)
    async with (
        serving(first, overflow=back) as server,
        world(server.port, CALLCORE_DIAL_BEFORE="PJSIP/") as w,
    ):
        outside = await w.softphone("102")
        await w.call(Until(), dialled="4951")
        await w.ear.hears("QueueCallerJoin", Queue="finance")
        assert outside.calls == ()
    assert back.words == [("4951", "NOWHERE")]


async def test_a_number_outside(world, serving):
    """Before and after the digits stands what the administrator has set for his trunk."""
    first = to("callcore-outside", CALLCORE_TO="102", CALLCORE_ATTEMPT="a1", CALLCORE_RINGS="10")
    async with serving(first) as server, world(server.port, CALLCORE_DIAL_BEFORE="PJSIP/") as w:
        outside = await w.softphone("102")
        await w.call(Until())
        await (await outside.incoming()).answer()

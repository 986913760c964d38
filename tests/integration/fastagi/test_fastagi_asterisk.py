"""Our steps on a real Asterisk."""

import asyncio
from pathlib import Path

from callcore.ivr.agi_answers import Played
from callcore.ivr.agi_session import Session
from callcore.testing.hearing import Hearing
from callcore.testing.lab import Answer, Hear, Phone, Press, Until
from callcore.testing.patience import PATIENCE_SECONDS


async def test_a_call_from_menu_to_operator_and_into_the_journal(world, serving, tmp_path: Path):
    heard: list[object] = []

    async def route(session: Session) -> None:
        await session.answer()
        played = await session.stream_file(prompts[0], seconds=20, escape_digits="123")
        heard.extend((played.digit, 0 < played.heard_seconds < 20, session.environment))
        await session.set_variable("__CALLCORE_CALL", "c1")
        await session.set_variable("__CALLCORE_TOPIC", 'a,b "c" \\ ${EXTEN} $[1+1] я')
        heard.append(await session.get_variable("CALLCORE_TOPIC"))
        heard.append(await session.get_variable("CHANNEL(state)"))
        await session.hand_over("callcore-queue", "finance")

    async with serving(route) as server, world(server.port) as w:
        prompts = [w.prompt(20)]
        await w.lab.console("queue add member PJSIP/101 to finance")
        async with Phone(w.lab.phone_port("101"), tmp_path / "sip", Answer(after_seconds=0.3)) as phone:
            steps = (Hear(), Press("2"), Until())
            caller = await w.call(*steps, number="79161234567", name="Иван «Пётр»", dialled="4951")
            await Hearing(w.lab).go_on(caller, "79161234567", steps)
            await w.ear.hears("QueueCallerJoin", Queue="finance")
            await phone.happened("answered")
            await w.ear.hears("AgentConnect", Queue="finance", Interface="PJSIP/101")
            await caller.hang_up()
            rows = await w.journal()
    digit, plausible, environment, topic, state = heard
    assert (digit, plausible, topic, state) == ("2", True, 'a,b "c" \\ ${EXTEN} $[1+1] я', "Up")
    assert (environment.pbx, environment.route) == ("lab", "inbound")
    assert environment.caller_number == "79161234567"
    assert environment.caller_name == "Иван «Пётр»"
    assert environment.dialed_number == "4951"
    assert len(rows) == 1
    start, number, entry, queue, queued, member, hold, seconds, cause, call = rows[0]
    assert (number, entry, queue, member, cause, call) == (
        "79161234567",
        "4951",
        "finance",
        "PJSIP/101",
        "16",
        "c1",
    )
    assert 0 <= int(queued) - int(start) < 20
    assert int(hold) >= 0
    assert 0 <= int(seconds) < 60


async def test_a_caller_who_hangs_up_in_the_middle_of_a_prompt(world, serving):
    outcome: asyncio.Future[Played] = asyncio.get_running_loop().create_future()
    begun = asyncio.Event()

    async def route(session: Session) -> None:
        await session.channel_status()
        begun.set()
        outcome.set_result(await session.stream_file(prompts[0], seconds=20))

    async with serving(route) as server, world(server.port) as w:
        prompts = [w.prompt(20)]
        caller = await w.call(Until())
        await caller.answered()
        await w.ear.hears("Newstate", ChannelStateDesc="Up")
        await begun.wait()
        await asyncio.sleep(2)  # sound takes its time; in the worst case Asterisk is slow to begin
        await caller.hang_up()
        played = await asyncio.wait_for(outcome, PATIENCE_SECONDS)
        rows = await w.journal()
    assert played.hung_up
    assert 0 < played.heard_seconds < 20
    assert rows[0][3] == ""


async def test_a_missing_prompt_and_then_the_end(world, serving):
    outcomes: list[Played] = []

    async def route(session: Session) -> None:
        outcomes.append(await session.stream_file("/no/such/prompt", seconds=2))
        outcomes.append(await session.stream_file(prompts[0], seconds=1))

    async with serving(route) as server, world(server.port) as w:
        prompts = [w.prompt(1)]
        caller = await w.call()
        assert (await caller.wait()).ended_by == "pbx"
    assert outcomes == [Played(None, 0, missing=True), Played(None, 8000)]


async def test_work_that_outlasts_the_first_limit_is_kept_alive(world, serving):
    async def route(session: Session) -> None:
        for _ in range(3):
            assert await session.wait_for_digit(2500) is None
        await session.hand_over("callcore-queue", "finance")

    async with serving(route) as server, world(server.port) as w:
        await w.call()
        await w.ear.hears("QueueCallerJoin", Queue="finance")


async def test_a_hostile_name_is_only_a_name(world, serving):
    seen: list[str | None] = []

    async def route(session: Session) -> None:
        seen.append(session.environment.caller_name)
        await session.set_variable("__CALLCORE_CUSTOMER", session.environment.caller_name or "")
        seen.append(await session.get_variable("CALLCORE_CUSTOMER"))
        await session.hand_over("callcore-queue", "finance")

    name = '<script>"x"</script> ${SHELL(id)} \\ ' + "я" * 41
    async with serving(route) as server, world(server.port) as w:
        await w.call(name=name)
        await w.ear.hears("QueueCallerJoin", Queue="finance")
    # Asterisk keeps the escaping of SIP's quotes, and cuts the name, in the middle of a letter if need be
    assert seen[0] == seen[1]
    assert seen[0] is not None
    assert seen[0].startswith('<script>\\"x\\"</script> ${SHELL(id)} \\\\ яяяя')
    assert seen[0].rstrip("я").endswith(" ")

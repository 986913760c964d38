"""A route's steps, each against a scripted Asterisk."""

import asyncio

import pytest

from callcore.ivr.agi import AgiProtocolError, AgiRefused, AgiTimeout, CallerHungUp
from callcore.ivr.agi_answers import Played, Taped
from callcore.ivr.agi_session import Session

RC = 'SET VARIABLE "CALLCORE_RC" "OK"'


async def test_a_call_from_greeting_to_queue(bench):
    async def route(session: Session):
        await session.answer()
        played = await session.stream_file("/prompts/ru/hello", seconds=4.2, escape_digits="12")
        key = await session.wait_for_digit(3000)
        await session.set_variable("__CALLCORE_TOPIC", 'finance, "later" \\ 100%')
        await session.hand_over("callcore-queue", "finance")
        return played, key

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["WAIT FOR DIGIT"] = b"200 result=50\n"
        commands = await pbx.run()
        await b.until(lambda: b.counters.results)
    assert b.outcomes == [(Played(None, 8000), "2")]
    assert b.outcomes[0][0].heard_seconds == 1.0
    assert commands == [
        "ANSWER",
        "SET AUTOHANGUP 10",
        'STREAM FILE "/prompts/ru/hello" "12"',
        "SET AUTOHANGUP 8",
        "WAIT FOR DIGIT 3000",
        'SET VARIABLE "__CALLCORE_TOPIC" "finance, \\"later\\" \\\\ 100%"',
        "SET AUTOHANGUP 5",
        "SET PRIORITY 1",
        'SET EXTENSION "finance"',
        'SET CONTEXT "callcore-queue"',
        RC,
    ]
    assert b.counters.results == ["done"]
    assert b.counters.started == 1


async def test_the_watchdog_is_switched_off_before_a_context_that_is_not_ours(bench):
    async def route(session: Session):
        await session.hand_over("ext-queues", "600", 2)

    async with bench(route) as b:
        commands = await (await b.call()).run()
    assert commands[-2:] == ["SET AUTOHANGUP 0", RC]


async def test_a_key_stops_the_prompt(bench):
    async def route(session: Session):
        return await session.stream_file("hello", seconds=2, escape_digits="0123456789*#")

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["STREAM FILE"] = b"200 result=42 endpos=9760\n"
        await pbx.run()
    assert b.outcomes == [Played("*", 9760)]


async def test_hang_up_during_a_prompt_tells_what_was_heard(bench):
    async def route(session: Session):
        return await session.stream_file("hello", seconds=9)

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["STREAM FILE"] = b"200 result=-1 endpos=25760\nHANGUP\nHANGUP\n"
        assert RC not in await pbx.run()
        await b.until(lambda: b.counters.results)
    assert b.outcomes == [Played(None, 25760, hung_up=True)]
    assert b.counters.results == ["hung_up"]


async def test_hangup_line_before_the_answer_is_no_answer(bench):
    async def route(session: Session):
        return await session.stream_file("hello", seconds=9)

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["STREAM FILE"] = b"HANGUP\n200 result=-1 endpos=25760\n"
        await pbx.run()
    assert b.outcomes == [Played(None, 25760, hung_up=True)]


async def test_a_hang_up_between_two_prompts_keeps_what_was_heard(bench):
    async def route(session: Session):
        first = await session.stream_file("outage", seconds=4)
        await session.gone.wait()
        return first, await session.stream_file("keys", seconds=2)

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["STREAM FILE"] = b"200 result=0 endpos=32000\nHANGUP\n"
        await pbx.run()
        await b.until(lambda: b.outcomes)
    assert b.outcomes == [(Played(None, 32000), Played(None, 0, hung_up=True))]


async def test_hangup_line_without_an_answer_ends_the_step(bench):
    async def route(session: Session):
        return await session.get_variable("X")

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["GET VARIABLE"] = b"HANGUP\n"
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert isinstance(b.outcomes[0], CallerHungUp)


async def test_a_missing_prompt_is_not_a_hang_up(bench):
    async def route(session: Session):
        return await session.stream_file("no-such", seconds=2), await session.get_variable("X")

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies = {
            "STREAM FILE": b"200 result=-1 endpos=0\n",
            "GET VARIABLE": b"200 result=1 (still here)\n",
        }
        assert (await pbx.run())[-1] == RC
    assert b.outcomes == [(Played(None, 0, missing=True), "still here")]


@pytest.mark.parametrize("status", [b"511 Command Not Permitted on a dead channel\n", b"HANGUP\n", b""])
async def test_a_hang_up_at_the_first_sample_is_not_a_missing_prompt(bench, status):
    async def route(session: Session):
        return await session.stream_file("hello", seconds=2)

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["STREAM FILE"] = b"200 result=-1 endpos=0\n"
        while (command := await pbx.command()) is not None:
            if command == "CHANNEL STATUS":
                pbx.send(status)
                if not status:
                    pbx.reset()
            else:
                pbx.send(pbx.reply(command))
        await b.until(lambda: b.outcomes)
    assert b.outcomes == [Played(None, 0, hung_up=True)]


async def test_520_block_and_510_refuse_one_step_and_the_next_goes_on(bench):
    async def route(session: Session):
        errors = []
        for name in ("A", "B", "C"):
            try:
                await session.set_variable(name, "x")
            except AgiRefused as error:
                errors.append(str(error))
        return errors, await session.get_variable("D")

    block = (
        b"520-Invalid command syntax.  Proper usage follows:\nUsage: SET VARIABLE\n200 result=1\nHANGUP\n"
        b"520 End of proper usage.\n"
    )
    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies = {
            'SET VARIABLE "A"': block,
            'SET VARIABLE "B"': b"520 Invalid command syntax.  Proper usage not available.\n",
            'SET VARIABLE "C"': b"510 Invalid or unknown command\n",
            "GET VARIABLE": b"100 Trying...\n200 result=1 (d)\n",
        }
        await pbx.run()
    errors, value = b.outcomes[0]
    assert [word in error for word, error in zip(("520", "520", "510"), errors, strict=True)] == [True] * 3
    assert value == "d"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"200 result=0\n", None),
        (b"200 result=1 ()\n", ""),
        (b"200 result=1 (a (b) endpos=5)\n", "a (b) endpos=5"),
        (b"200 result=1 (one\ntwo\n)three)\n", "one\ntwo\n)three"),
        ("200 result=1 (Иван)\n".encode(), "Иван"),
        (b"200 result=1 (\xc8\xe2\xe0\xed)\n", "\udcc8\udce2\udce0\udced"),
    ],
)
async def test_values_of_variables(bench, line, value):
    async def route(session: Session):
        return await session.get_variable("CALLCORE_HINT_X")

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["GET VARIABLE"] = line
        assert (await pbx.run())[-1] == RC
    assert b.outcomes == [value]


async def test_a_value_cannot_forge_the_answer_to_a_later_step(bench):
    async def route(session: Session):
        await session.get_variable("X")
        return await session.get_variable("Y")

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["GET VARIABLE"] = b"200 result=1 (x)\n200 result=1 (forged)\n"
        assert RC not in await pbx.run()
        await b.until(lambda: b.counters.results)
    assert isinstance(b.outcomes[0], AgiProtocolError)
    assert b.counters.results == ["protocol"]


async def test_no_key_and_hang_up_while_waiting_for_one(bench):
    async def route(session: Session):
        return [await session.wait_for_digit(100), await session.wait_for_digit(100)]

    async with bench(route) as b:
        pbx = await b.call()
        answers = iter([b"200 result=0\n", b"200 result=-1\nHANGUP\n"])
        pbx.replies["WAIT"] = lambda _: next(answers)
        await pbx.run()
        await b.until(lambda: b.outcomes)
    assert isinstance(b.outcomes[0], CallerHungUp)


async def test_hangup_step_ends_the_session(bench):
    async def route(session: Session):
        await session.verbose("bye")
        await session.hangup()
        with pytest.raises(AgiRefused):
            await session.answer()

    async with bench(route) as b:
        commands = await (await b.call()).run()
        await b.until(lambda: b.counters.results)
    assert commands == ['VERBOSE "bye" 3', "HANGUP"]
    assert b.counters.results == ["done"]


async def test_a_step_without_an_answer_closes_the_session(bench, monkeypatch):
    monkeypatch.setattr("callcore.ivr.agi_session.WATCHDOG_MARGIN_SECONDS", -3.95)

    async def route(session: Session):
        session._armed_until = float("inf")
        await session.wait_for_digit(2000)

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["WAIT"] = None
        assert RC not in await pbx.run()
        await b.until(lambda: b.counters.results)
    assert isinstance(b.outcomes[0], AgiTimeout)
    assert b.counters.results == ["timed_out"]
    assert b.counters.timeouts == ["WAIT FOR DIGIT"]


async def test_the_watchdog_is_renewed_before_short_steps_when_it_is_near(bench):
    async def route(session: Session):
        session._armed_until = session._clock() + 1.0
        await session.get_variable("X")
        await session.get_variable("X")

    async with bench(route) as b:
        commands = await (await b.call()).run()
    assert commands[:3] == ["SET AUTOHANGUP 5", 'GET VARIABLE "X"', 'GET VARIABLE "X"']


async def test_quick_work_before_a_step_takes_no_command(bench):
    async def route(session: Session):
        session.renew_unless_quick(15)
        return await session.stream_file("hello", seconds=2)

    async with bench(route) as b:
        commands = await (await b.call()).run()
        await b.until(lambda: b.outcomes)
        assert b.sessions[0]._renewal.cancelled()
    assert commands == ["SET AUTOHANGUP 7", 'STREAM FILE "hello" ""', RC]


async def test_slow_work_before_a_step_is_given_more_time(bench, monkeypatch):
    monkeypatch.setattr("callcore.ivr.agi_session.QUICK_SECONDS", 0.0)
    is_renewed = asyncio.Event()

    async def route(session: Session):
        session.renew_unless_quick(15)
        await is_renewed.wait()
        return await session.get_variable("X")

    async with bench(route) as b:
        pbx = await b.call()
        assert await pbx.command() == "SET AUTOHANGUP 15"
        pbx.send(b"200 result=0\n")
        is_renewed.set()
        assert await pbx.run() == ["SET AUTOHANGUP 15", 'GET VARIABLE "X"', RC]
    assert b.outcomes == [None]


async def test_a_caller_who_hangs_up_during_slow_work_is_gone(bench, monkeypatch):
    monkeypatch.setattr("callcore.ivr.agi_session.QUICK_SECONDS", 0.0)

    async def route(session: Session):
        session.renew_unless_quick(15)
        await session.gone.wait()
        return await session.get_variable("X")

    async with bench(route) as b:
        pbx = await b.call()
        assert await pbx.command() == "SET AUTOHANGUP 15"
        pbx.send(b"HANGUP\n")
        await b.until(lambda: b.counters.results)
    assert isinstance(b.outcomes[0], CallerHungUp)
    assert b.counters.results == ["hung_up"]


async def test_steps_go_one_after_another(bench):
    async def route(session: Session):
        return await asyncio.gather(*(session.get_variable(f"V{i}") for i in range(20)))

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["GET VARIABLE"] = lambda command: f"200 result=1 ({command})\n".encode()
        await pbx.run()
    assert b.outcomes == [[f'GET VARIABLE "V{i}"' for i in range(20)]]


async def test_a_cancelled_step_closes_the_session_rather_than_lose_count(bench):
    async def route(session: Session):
        try:
            async with asyncio.timeout(0.05):
                await session.wait_for_digit(60_000)
        except TimeoutError:
            await session.get_variable("X")

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["WAIT"] = None
        assert 'GET VARIABLE "X"' not in await pbx.run()
        await b.until(lambda: b.counters.results)
    assert isinstance(b.outcomes[0], AgiProtocolError)


MISUSE = {
    "newline in value": lambda s: s.set_variable("X", "a\nEXEC System x"),
    "carriage return": lambda s: s.set_variable("X", "a\rb"),
    "nul": lambda s: s.set_variable("X", "a\0b"),
    "half a character": lambda s: s.set_variable("X", "\ud800"),
    "too long": lambda s: s.set_variable("X", "я" * 1000),
    "function as a name": lambda s: s.set_variable("SHELL(x)", "1"),
    "name with a blank": lambda s: s.set_variable("A B", "1"),
    "our result": lambda s: s.set_variable("__CALLCORE_RC", "OK"),
    "shell function": lambda s: s.get_variable("SHELL(id)"),
    "path upwards": lambda s: s.stream_file("/prompts/../../etc/passwd", seconds=1),
    "address as path": lambda s: s.stream_file("http://example.org/x", seconds=1),
    "endless prompt": lambda s: s.stream_file("x", seconds=float("nan")),
    "keys": lambda s: s.stream_file("x", seconds=1, escape_digits="1 2"),
    "for ever": lambda s: s.wait_for_digit(-1),
    "watchdog": lambda s: s.set_autohangup(-1),
    "context": lambda s: s.hand_over("a b", "1"),
    "extension": lambda s: s.hand_over("a", "1,1"),
    "priority": lambda s: s.hand_over("a", "1", 0),
    "free command": lambda s: s.send_command("EXEC System id"),
}


@pytest.mark.parametrize("misuse", MISUSE.values(), ids=MISUSE.keys())
async def test_what_must_not_go_out_does_not(bench, misuse):
    async def route(session: Session):
        with pytest.raises(AgiRefused):
            await misuse(session)
        return await session.get_variable("X")

    async with bench(route) as b:
        pbx = await b.call()
        commands = await pbx.run()
    assert [command for command in commands if "AUTOHANGUP" not in command] == ['GET VARIABLE "X"', RC]
    assert b.outcomes == [None]


async def test_nothing_goes_out_after_the_call_was_given_away(bench):
    async def route(session: Session):
        await session.hand_over("callcore-end", "s")
        for step in (session.answer(), session.set_autohangup(0), session.get_variable("X")):
            with pytest.raises(AgiRefused):
                await step

    async with bench(route) as b:
        commands = await (await b.call()).run()
    assert commands[-2:] == ['SET CONTEXT "callcore-end"', RC]


async def test_a_call_taken_by_the_watchdog_is_not_a_hang_up(bench):
    async def route(session: Session):
        session._armed_until = session._clock() + 0.1
        await session.gone.wait()
        return session.verdict

    async with bench(route) as b:
        pbx = await b.call()
        await b.until(lambda: b.sessions)
        pbx.send(b"HANGUP\n")
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert b.outcomes == b.counters.results == ["watchdog"]


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        (lambda session: session.answer(), b"200 result=-1\n"),
        (lambda session: session.channel_status(), b"200 result=-1\n"),
        (lambda session: session.wait_for_digit(10), b"511 Command Not Permitted on a dead channel\n"),
    ],
)
async def test_a_dead_channel_is_a_hang_up_before_the_line_that_says_so(bench, step, answer):
    async def route(session: Session):
        with pytest.raises(CallerHungUp):
            await step(session)
        with pytest.raises(CallerHungUp):
            await session.get_variable("X")
        return session.verdict

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies = {"SET": b"200 result=0\n", "": answer}
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert b.outcomes == b.counters.results == ["hung_up"]


async def test_the_rows_of_a_placed_call_are_deleted_together(bench):
    async def route(session: Session):
        await session.forget_dial("0at1")
        for hostile in ("", "a/b", "A1", "a" * 41, "a b"):
            with pytest.raises(AgiRefused):
                await session.forget_dial(hostile)

    async with bench(route) as b:
        assert await (await b.call()).run() == ['DATABASE DELTREE "callcore-dial" "0at1"', RC]


async def test_a_call_given_back(bench):
    """The dialplan goes on as though callcore were away; nothing more can be said."""

    async def route(session: Session):
        session.give_back()
        with pytest.raises(AgiRefused):
            await session.answer()

    async with bench(route) as b:
        assert await (await b.call()).run() == []
        await b.until(lambda: b.counters.results == ["done"])


async def test_an_answer_that_is_cut_off_is_none(bench):
    """``200 result=4`` may have been going to be the key 1, which is 49."""

    async def route(session: Session):
        return await session.wait_for_digit(1000)

    async with bench(route) as b:
        pbx = await b.call()
        assert await pbx.command() == "SET AUTOHANGUP 6"
        pbx.send(b"200 result=0\n")
        assert await pbx.command() == "WAIT FOR DIGIT 1000"
        pbx.send(b"200 result=4")
        pbx.writer.write_eof()
        await b.until(lambda: b.counters.results)
    assert isinstance(b.outcomes[0], CallerHungUp)
    assert b.counters.results == ["hung_up"]


@pytest.mark.parametrize("result", ["6" * 5000, "\u0666", "\u00b2"])
async def test_a_state_that_is_no_number_of_asterisks(bench, result):
    async def route(session: Session):
        return await session.channel_status()

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["CHANNEL STATUS"] = f"200 result={result}\n".encode()
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert isinstance(b.outcomes[0], CallerHungUp)


async def test_a_key_of_five_thousand_digits_is_no_key(bench):
    async def route(session: Session):
        return await session.wait_for_digit(1000)

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["WAIT FOR DIGIT"] = b"200 result=" + b"4" * 5000 + b"\n"
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert b.outcomes == [None]


# --- recordings and secrets


@pytest.mark.parametrize(
    ("answer", "taped"),
    [
        (b"200 result=0 (timeout) endpos=24000\n", Taped(3.0)),
        (b"200 result=35 (dtmf) endpos=12000\n", Taped(1.5)),
        (b"HANGUP\n200 result=-1 (hangup) endpos=16000\n", Taped(2.0, hung_up=True)),
        (b"200 result=-1 (hangup) endpos=16000\n", Taped(2.0, hung_up=True)),
        (b"200 result=-1 (writefile) endpos=0\n", Taped(0.0, failed=True)),
        (b"200 result=35 (randomerror) endpos=0\n", Taped(0.0)),
    ],
)
async def test_a_recording(bench, answer, taped):
    """A hash during the tone is an empty message; a file that cannot be written is told from a hang-up."""

    async def route(session: Session):
        return await session.record("/rec/c1-1", most_seconds=180, silence_seconds=5)

    async with bench(route) as b:
        pbx = await b.call()
        pbx.replies["RECORD FILE"] = answer
        commands = await pbx.run()
        await b.until(lambda: b.counters.results)
    assert b.outcomes == [taped]
    assert commands[:2] == ["SET AUTOHANGUP 185", 'RECORD FILE "/rec/c1-1" "wav" "#" 180000 "BEEP" "s=5"']


@pytest.mark.parametrize("path", ["", "../c1", "/rec/../../etc/x", "a|b", "a,b", "a:b", "a\nb"])
async def test_a_recording_goes_nowhere_else(bench, path):
    async def route(session: Session):
        with pytest.raises(AgiRefused):
            await session.record(path, most_seconds=180, silence_seconds=5)

    async with bench(route) as b:
        commands = await (await b.call()).run()
    assert not [each for each in commands if each.startswith("RECORD")]


@pytest.mark.parametrize(("most", "silence"), [(0, 5), (601, 5), (180, 0)])
async def test_a_recording_has_an_end(bench, most, silence):
    async def route(session: Session):
        with pytest.raises(AgiRefused):
            await session.record("/rec/c1-1", most_seconds=most, silence_seconds=silence)

    async with bench(route) as b:
        commands = await (await b.call()).run()
    assert not [each for each in commands if each.startswith("RECORD")]


async def test_what_is_pressed_in_secret_is_not_tapped(bench):
    """Not the key, nor whether there was one; commands and a hang-up are."""
    lines: list[str] = []

    async def route(session: Session):
        first = await session.wait_for_digit(1000)
        with session.secretly():
            secret = await session.wait_for_digit(1000)
            await session.stream_file("hello", seconds=1.0)
        return first, secret, await session.wait_for_digit(1000)

    async with bench(route, tap=lambda _pbx, _channel, line, _is_ours: lines.append(line)) as b:
        pbx = await b.call()
        pbx.replies["WAIT FOR DIGIT"] = b"200 result=55\n"
        await pbx.run()
        await b.until(lambda: b.counters.results)
    assert b.outcomes == [("7", "7", "7")]
    assert lines.count("200 result=55") == 2
    assert lines.count("200 result=…") == 4
    assert lines.count("WAIT FOR DIGIT 1000") == 3

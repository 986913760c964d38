"""Callers and phones on real SIP: each story as seen by the caller, the phone and Asterisk's own log."""

from pathlib import Path

import pytest

from callcore.testing.lab import (
    Answer,
    AsteriskLab,
    Caller,
    HangUp,
    NeverAnswer,
    Phone,
    Press,
    Reject,
    Step,
    Until,
    Wait,
)


@pytest.mark.parametrize("pbx", [16, 22], indirect=True, ids=["16", "22"])
async def test_caller_presses_a_key_talks_and_hangs_up(
    pbx: AsteriskLab, phone: Phone, tmp_path: Path
) -> None:
    steps: list[Step] = [Wait(0.1), Press("2"), Until(), HangUp()]
    async with Caller(pbx.sip_port, tmp_path / "sip", number="79161234567", steps=steps) as caller:
        await phone.happened("answered")
        caller.proceed()
        result = await caller.wait()
    await phone.happened("ended by pbx")
    assert (result.exit_code, result.answered, result.ended_by) == (0, True, "caller")
    assert phone.log() == ["ringing", "answered", "ended by pbx"]
    await pbx.logged("caller <79161234567> <>")
    await pbx.logged("key <2>")


async def test_caller_hangs_up_while_the_phone_rings(pbx: AsteriskLab, phone: Phone, tmp_path: Path) -> None:
    await phone.become(NeverAnswer())
    async with Caller(pbx.sip_port, tmp_path / "sip", steps=[Press("1")]) as caller:
        await phone.happened("ringing")
        result = await caller.hang_up()
    await phone.happened("cancelled")
    assert result.ended_by == "caller"


async def test_phone_hangs_up_first(pbx: AsteriskLab, phone: Phone, tmp_path: Path) -> None:
    await phone.become(Answer(after_seconds=0.05, talk_seconds=0.2))
    async with Caller(pbx.sip_port, tmp_path / "sip", steps=[Press("1")]) as caller:
        result = await caller.wait()
    assert result.ended_by == "pbx"
    assert phone.log() == ["ringing", "answered", "ended by phone"]


async def test_phone_rejects_and_is_tried_again(pbx: AsteriskLab, phone: Phone, tmp_path: Path) -> None:
    await phone.become(Reject(603))
    async with Caller(pbx.sip_port, tmp_path / "sip", steps=[Press("1")]) as caller:
        await phone.happened("rejected 603", times=2)
        await caller.hang_up()


@pytest.mark.parametrize(("dialled", "status"), [("486", 486), ("999", 404)])
async def test_pbx_refuses_the_call(pbx: AsteriskLab, tmp_path: Path, dialled: str, status: int) -> None:
    async with Caller(pbx.sip_port, tmp_path / "sip", dialled=dialled) as caller:
        result = await caller.wait()
    assert (result.answered, result.refusal) == (False, status)


@pytest.mark.parametrize("pbx", [16, 22], indirect=True, ids=["16", "22"])
async def test_two_callers_at_once_and_a_russian_prompt(pbx: AsteriskLab, tmp_path: Path) -> None:
    callers = [await Caller(pbx.sip_port, tmp_path / "sip", dialled="200").start() for _ in range(2)]
    results = [await caller.wait() for caller in callers]
    assert [result.ended_by for result in results] == ["pbx", "pbx"]
    await pbx.logged("(language 'ru')")


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("Иван Петров", "Иван Петров"),
        ('Say "hi" \\ <script>alert(1)</script>', 'Say \\"hi\\" \\\\ <script>alert(1)</script>'),
        ("[call_id] ]]> & %s $HOME `id`", "[call_id] ]]> & %s $HOME `id`"),
        ("x" * 300, "x" * 79),
    ],
)
async def test_hostile_names_arrive_as_sent(pbx: AsteriskLab, tmp_path: Path, name: str, heard: str) -> None:
    async with Caller(pbx.sip_port, tmp_path / "sip", name=name, steps=[HangUp()]) as caller:
        result = await caller.wait()
    assert result.ended_by == "caller"
    await pbx.logged(f"<79160000001> <{heard}>")


async def test_anonymous_caller(pbx: AsteriskLab, tmp_path: Path) -> None:
    async with Caller.anonymous(pbx.sip_port, tmp_path / "sip", steps=[HangUp()]) as caller:
        await caller.wait()
    await pbx.logged("caller <anonymous> <Anonymous>")


@pytest.mark.parametrize("what", ["a\r\nX-Evil: 1", "a\0b", "a\nb"])
def test_line_ends_are_refused_before_they_reach_the_wire(tmp_path: Path, what: str) -> None:
    for arguments in ({"name": what}, {"number": what}, {"dialled": what}, {"headers": [what]}):
        with pytest.raises(ValueError, match="line ends"):
            Caller(5060, tmp_path, **arguments)


async def test_waiting_for_what_never_comes_says_what_came(pbx: AsteriskLab, tmp_path: Path) -> None:
    async with Caller(pbx.sip_port, tmp_path / "sip", steps=[HangUp()]) as caller:
        await caller.wait()
        with pytest.raises(TimeoutError, match="ended by caller"):
            await caller.happened("ended by pbx")


async def test_a_caller_who_sends_an_operators_number_is_still_a_caller(
    pbx: AsteriskLab, tmp_path: Path
) -> None:
    async with Caller(pbx.sip_port, tmp_path / "sip", number="101", steps=[HangUp()]) as caller:
        await caller.wait()
    await pbx.logged("caller <101> <>")

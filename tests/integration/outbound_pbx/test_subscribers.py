"""Every kind of subscriber, rung through the real dialplan: what the Dialer tells of each."""

from __future__ import annotations

import asyncio

import pytest

from callcore.ami.originate import originate
from callcore.outbound.ports import CallAnswered, CallDialled, CallHungUp, CallNotMade, Refused
from callcore.testing.carrier import Carrier

from .conftest import Dialling, order, permit

# number's ending -> status and cause as the dialplan tells them; the channel's own cause is the same
UNANSWERED = {
    "20": ("BUSY", 17),
    "22": ("CHANUNAVAIL", 21),
    "23": ("CHANUNAVAIL", 1),
    "24": ("CONGESTION", 34),
    "25": ("NOANSWER", 19),
    "31": ("BUSY", 16),
    # these two by our limit for the ringing
    "21": ("NOANSWER", 16),
    "30": ("NOANSWER", 16),
}


async def test_those_who_do_not_answer(line: Dialling, carrier: Carrier) -> None:
    """404 and 603 say CHANUNAVAIL as a lost trunk does: the cause tells them apart. A redirection (31) is not
    followed to the number that it names."""
    for ending in UNANSWERED:
        await line.dial(f"attempt{ending}", f"+791600001{ending}", ring_seconds=4)
    causes = dict(
        zip(UNANSWERED, await asyncio.gather(*(line.cause(f"attempt{e}") for e in UNANSWERED)), strict=True)
    )
    assert causes == {ending: cause for ending, (_, cause) in UNANSWERED.items()}
    for ending, (status, cause) in UNANSWERED.items():
        attempt = f"attempt{ending}"
        await line.told(CallDialled, attempt)
        assert line.of(attempt) == [CallDialled(attempt, status, cause), CallHungUp(attempt, cause)]
        trace = await line.trace(attempt)
        assert (trace.status, trace.cause, trace.is_alive, trace.answered_at) == (status, cause, False, None)
        assert trace.ended_at >= trace.dialling_at
    invites = await carrier.invites()
    assert sorted(invite.number for invite in invites) == sorted(f"791600001{e}" for e in UNANSWERED)
    assert {invite.caller for invite in invites} == {"+74951112233"}


async def test_those_who_answer(line: Dialling, carrier: Carrier) -> None:
    """callcore's script is not there: the dialplan plays the notice, and writes down how long."""
    for ending in ("00", "10", "11"):
        await line.dial(f"attempt{ending}", f"+791600002{ending}")
    for ending in ("10", "00", "11"):
        await line.told(CallAnswered, f"attempt{ending}")
    assert await line.cause("attempt10") == 16
    living = await line.trace("attempt00")
    assert living.answered_at
    assert (living.is_alive, living.ended_at, living.told_seconds) == (True, None, None)
    await line.dialer.hang_up(permit("attempt00", "+79160000200").ask.attempt)
    await line.cause("attempt00")
    await carrier.gone("79160000200")
    for ending in ("10", "00"):
        attempt = f"attempt{ending}"
        await line.told(CallDialled, attempt)
        assert line.of(attempt)[0] == CallAnswered(attempt)
        assert CallDialled(attempt, "ANSWER", 16) in line.of(attempt)
        trace = await line.trace(attempt, lambda trace: trace.told_seconds is not None)
        assert trace.told_seconds is not None
        assert trace.told_seconds >= 1
        assert (trace.told_enough, trace.told_key, trace.is_alive) == (False, None, False)
    assert [await carrier.invites_of(f"791600002{ending}") for ending in ("00", "10", "11")] == [1, 1, 1]


async def test_hanging_up_what_is_over_is_harmless(line: Dialling) -> None:
    await line.dialer.hang_up(permit("never", "+79160000000").ask.attempt)
    assert not line.of("never")


async def test_hanging_up_while_it_rings(line: Dialling, carrier: Carrier) -> None:
    await line.dial("attempt", "+79160000121")
    await carrier.rung("79160000121")
    await line.dialer.hang_up(permit("attempt", "+79160000121").ask.attempt)
    assert await line.cause("attempt") == 16
    await carrier.gone("79160000121")
    assert (await line.told(CallDialled, "attempt")).status == "CANCEL"
    assert (await line.trace("attempt")).status == "CANCEL"


async def test_our_own_time_limit(line: Dialling, carrier: Carrier) -> None:
    """The limit of Originate: 19, and the dialplan writes the end all the same."""
    action = originate("late", "79160000121", notice="x", language="en", ring_seconds=60)
    headers = tuple((name, "1500" if name == "Timeout" else value) for name, value in action.headers)
    await line.link.call(type(action)(action.name, headers, action.variables))
    assert await line.cause("late") == 19
    assert (await line.told(CallDialled, "late")).status == "CANCEL"
    trace = await line.trace("late")
    assert (trace.status, trace.is_alive) == ("CANCEL", False)
    await carrier.gone("79160000121")


async def test_an_id_that_lives_rings_nobody(line: Dialling, carrier: Carrier) -> None:
    await line.dial("twice", "+79160000121")
    await carrier.rung("79160000121")
    await line.dial("twice", "+79160000121")
    await line.dial("after", "+79160000120")
    await line.cause("after")
    assert await carrier.invites_of("79160000121") == 1
    await line.dialer.hang_up(permit("twice", "+79160000121").ask.attempt)
    assert await line.cause("twice") == 16
    assert [type(news) for news in line.of("twice")].count(CallHungUp) == 1


@pytest.mark.parametrize("number", ["79160000100;x", "7916&PJSIP/101", "791600001OO"])
async def test_only_digits_are_dialled(line: Dialling, carrier: Carrier, number: str) -> None:
    """The dialplan's own care: our Originate has refused it long before."""
    action = originate("odd", "79160000100", notice="x", language="en", ring_seconds=5)
    headers = (("Channel", f"Local/{number}@callcore-dial/n"), *action.headers[1:])
    await line.link.call(type(action)(action.name, headers, action.variables))
    await line.cause("odd")
    assert not (await line.trace("odd")).is_known
    assert not await carrier.invites()


async def test_without_an_attempts_id_nothing_is_dialled(line: Dialling, carrier: Carrier) -> None:
    action = originate("bare", "79160000100", notice="x", language="en", ring_seconds=5)
    await line.link.call(type(action)(action.name, action.headers, ()))
    assert await line.cause("bare") == 28
    assert not await carrier.invites()


async def test_a_notice_that_would_be_an_option_is_refused(line: Dialling) -> None:
    for notice in ("a,skip", "a&b", "${X}", "", "a\r\nAction: Logoff"):
        with pytest.raises(Refused):
            await line.dialer.dial(permit("bad", "+79160000100"), order(notice))
    assert not line.of("bad")
    assert CallNotMade("bad") not in line.news

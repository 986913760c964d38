"""What the office's people do with their phones: dial, hold, pick up, park, meet, forward."""

from __future__ import annotations

from callcore.testing.lab import NeverAnswer, Reject
from callcore.testing.recording.registry import story
from callcore.testing.recording.stories_direct import DIRECT
from callcore.testing.recording.studio import Studio


@story(DIRECT)
async def internal(one: Studio) -> None:
    """101 dials 102, who answers; they talk, 101 hangs up."""
    await one.phone("102", one.answers(after=0.3))
    phone = await one.soft("101")
    call = await phone.dial("102")
    await call.answered()
    await one.talk()
    await call.hang_up()


@story(DIRECT)
async def internal_given_up(one: Studio) -> None:
    """101 dials 102, whose phone rings; 101 gives up."""
    await one.phone("102", NeverAnswer())
    phone = await one.soft("101")
    call = await phone.dial("102")
    await call.ringing()
    await one.talk()
    await call.hang_up()


@story(DIRECT)
async def outbound(one: Studio) -> None:
    """101 dials 89000000005, a customer, who answers; they talk, the customer hangs up."""
    await one.customer(one.answers(after=0.4, talk=0.6))
    phone = await one.soft("101")
    call = await phone.dial("89000000005")
    await call.answered()
    await call.ended()


@story(DIRECT)
async def outbound_busy(one: Studio) -> None:
    """101 dials 89000000005, a customer, who is busy."""
    await one.customer(Reject(486, 0.2))
    phone = await one.soft("101")
    call = await phone.dial("89000000005")
    await call.ended()


@story(DIRECT)
async def hold(one: Studio) -> None:
    """79000000001 talks with 101, who puts him on hold and takes him back; the caller hangs up."""
    phone = await one.soft("101")
    caller = await one.call("101")
    call = await phone.incoming()
    await call.answer()
    await one.together("PJSIP/trunk")
    await one.talk()
    await call.hold()
    await one.heard("Hold")
    await one.talk()
    await call.resume()
    await one.heard("Unhold")
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def pickup(one: Studio) -> None:
    """79000000001 calls 101, which rings; 102 dials **101 and has the call; they talk, the caller hangs
    up."""
    await one.phone("101", NeverAnswer())
    colleague = await one.soft("102")
    caller = await one.call("101")
    await one.ringing("PJSIP/101")
    await colleague.dial("**101")
    await one.together("PJSIP/trunk", "PJSIP/102")
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def parking_retrieved(one: Studio) -> None:
    """79000000001 calls 101, who answers and parks him; 102 takes him back from 701 and they talk; the
    caller hangs up."""
    await one.phone("101")
    colleague = await one.soft("102")
    caller = await one.call("101")
    await one.together("PJSIP/trunk", "PJSIP/101")
    await one.talk()
    operator = await one.channel("PJSIP/101")
    await one.act("Park", Channel=await one.channel("PJSIP/trunk"), TimeoutChannel=operator)
    await one.heard("ParkedCall")
    await one.act("Hangup", Channel=operator, Cause="16")
    await one.talk()
    mark = one.mark()
    await colleague.dial("701")
    await one.heard("UnParkedCall")
    await one.together("PJSIP/trunk", "PJSIP/102", since=mark)
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def parking_by_phone(one: Studio) -> None:
    """79000000001 talks with 101, who sends him to 700, the parking lot, by his phone (REFER); 102 takes him
    back from 701 and they talk; the caller hangs up."""
    phone = await one.soft("101")
    colleague = await one.soft("102")
    caller = await one.call("101")
    call = await phone.incoming()
    await call.answer()
    await one.together("PJSIP/trunk", "PJSIP/101")
    await one.talk()
    await call.refer("700")
    await one.heard("ParkedCall")
    await one.talk()
    mark = one.mark()
    await colleague.dial("701")
    await one.together("PJSIP/trunk", "PJSIP/102", since=mark)
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def parking_timeout(one: Studio) -> None:
    """79000000001 calls 101, who answers and parks him; nobody takes him back, so 101 is rung again,
    answers, they talk, the caller hangs up."""
    await one.phone("101")
    caller = await one.call("101")
    await one.together("PJSIP/trunk", "PJSIP/101")
    await one.talk()
    operator = await one.channel("PJSIP/101")
    await one.act("Park", Channel=await one.channel("PJSIP/trunk"), TimeoutChannel=operator)
    await one.heard("ParkedCall")
    await one.act("Hangup", Channel=operator, Cause="16")
    await one.heard("ParkedCallTimeOut")
    mark = one.mark()
    await one.together("PJSIP/101", "PJSIP/trunk", since=mark)
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def conference(one: Studio) -> None:
    """79000000001 talks with 101; a program brings both into a meeting, 102 dials into it; the caller hangs
    up, then the others."""
    await one.phone("101")
    colleague = await one.soft("102")
    caller = await one.call("101")
    await one.together("PJSIP/trunk", "PJSIP/101")
    await one.talk()
    first, second = await one.channel("PJSIP/trunk"), await one.channel("PJSIP/101")
    here = {"Channel": first, "Context": "office", "Exten": "8888", "Priority": "1"}
    there = {"ExtraChannel": second, "ExtraContext": "office", "ExtraExten": "8888", "ExtraPriority": "1"}
    await one.act("Redirect", **here, **there)
    await one.heard("ConfbridgeJoin", 2)
    third = await colleague.dial("8888")
    await one.heard("ConfbridgeJoin", 3)
    await one.talk()
    await caller.hang_up()
    await one.heard("ConfbridgeLeave")
    await one.talk()
    await third.hang_up()
    await one.act("Hangup", Channel=second, Cause="16")


@story(DIRECT)
async def forward_302(one: Studio) -> None:
    """79000000001 calls 101, whose phone sends its calls to 102 (302 with a Contact); 102 answers, they
    talk, the caller hangs up."""
    phone = await one.soft("101")
    phone.forward_to("102")
    await one.phone("102", one.answers(after=0.3))
    caller = await one.call("101")
    await caller.answered()
    await one.together("PJSIP/trunk", "PJSIP/102")
    await one.talk()
    await caller.hang_up()

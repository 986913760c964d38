"""Calls without a queue: straight to a phone, to a group of them, placed by a program, picked up, parked."""

from __future__ import annotations

from callcore.testing.lab import NeverAnswer, Reject
from callcore.testing.recording.registry import story
from callcore.testing.recording.studio import Studio

DIRECT = """
[from-trunk]
exten => 101,1,Dial(PJSIP/101,20,tTkK)
 same => n,Hangup()
exten => 110,1,Dial(PJSIP/101&PJSIP/102&PJSIP/103,20,tTkK)
 same => n,Hangup()
exten => 120,1,Dial(Local/101@agents/n,20)
 same => n,Hangup()
exten => 121,1,Dial(Local/101@agents,20)
 same => n,Hangup()
exten => 130,1,Dial(PJSIP/101&PJSIP/201,20,tTkK)
 same => n,Hangup()
exten => 140,1,Dial(PJSIP/101,1)
 same => n,Dial(PJSIP/102,20)
 same => n,Hangup()

[agents]
exten => _1XX,1,Dial(PJSIP/${EXTEN},20)
 same => n,Hangup()
"""


@story(DIRECT)
async def direct_dial(one: Studio) -> None:
    """79000000001 calls 101 directly; 101 answers, they talk, the caller hangs up."""
    await one.phone("101")
    caller = await one.call("101")
    await caller.answered()
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def ring_group(one: Studio) -> None:
    """79000000001 calls the group; 101, 102 and 103 ring, 102 answers; 102 hangs up."""
    await one.phone("101", NeverAnswer())
    await one.phone("102", one.answers(after=0.4, talk=0.6))
    await one.phone("103", NeverAnswer())
    caller = await one.call("110")
    await caller.wait()


@story(DIRECT)
async def busy(one: Studio) -> None:
    """79000000001 calls 101, who is busy: the caller hears that and is hung up on."""
    await one.phone("101", Reject(486))
    caller = await one.call("101")
    await caller.wait()


@story(DIRECT)
async def local_n(one: Studio) -> None:
    """79000000001 calls 101 through a Local channel with /n, which stays in between; 101 hangs up."""
    await one.phone("101", one.answers(after=0.3, talk=0.6))
    caller = await one.call("120")
    await caller.wait()


@story(DIRECT)
async def local_optimized(one: Studio) -> None:
    """79000000001 calls 101 through a Local channel without /n, which Asterisk takes out once they talk; the
    caller hangs up."""
    await one.phone("101", one.answers(after=0.3))
    caller = await one.call("121")
    await caller.answered()
    await one.together("PJSIP/101", "PJSIP/trunk")
    await one.speak(await one.channel("PJSIP/101"))
    await one.heard("Hangup", Channel="Local/101@agents*")
    await one.talk()
    await caller.hang_up()


@story(DIRECT, phones=("101", "201"))
async def two_phones(one: Studio) -> None:
    """79000000001 calls an operator who has two phones, 101 and 201; both ring, he answers at 201; the
    caller hangs up."""
    await one.phone("101", NeverAnswer())
    await one.phone("201", one.answers(after=0.4))
    caller = await one.call("130")
    await caller.answered()
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def forward_dialplan(one: Studio) -> None:
    """79000000001 calls 101, who does not answer in his second; the dialplan rings 102, who does; the caller
    hangs up."""
    await one.phone("101", NeverAnswer())
    await one.phone("102", one.answers(after=0.2))
    caller = await one.call("140")
    await caller.answered()
    await one.talk()
    await caller.hang_up()


@story(DIRECT)
async def originate(one: Studio) -> None:
    """A program rings 101 first; he answers, and then 79000000005 is dialled for him, who answers; the
    customer hangs up."""
    await one.phone("101")
    await one.customer(one.answers(after=0.4, talk=0.6))
    await one.act(
        "Originate",
        Channel="PJSIP/101",
        Context="office",
        Exten="79000000005",
        Priority="1",
        CallerID="79000000005",
        Async="true",
    )
    await one.heard("OriginateResponse")
    await one.together("PJSIP/101", "PJSIP/carrier")


@story(DIRECT)
async def originate_no_answer(one: Studio) -> None:
    """A program rings 101, who does not answer in 1.5 seconds: nobody is dialled."""
    await one.phone("101", NeverAnswer())
    await one.act(
        "Originate",
        Channel="PJSIP/101",
        Context="office",
        Exten="79000000005",
        Priority="1",
        CallerID="79000000005",
        Timeout="1500",
        Async="true",
    )
    await one.heard("OriginateResponse")


@story(DIRECT)
async def unusual_numbers(one: Studio) -> None:
    """Seven people call 101 one after the other, each with his number written in another way; he answers
    each, and each hangs up: +79000000011, 89000000011, `+7 900 000-00-11`, 74950000000/12, 12, one who
    withholds it, and one whose name is in Cyrillic with quotes."""
    await one.phone("101")
    people = [
        one.caller("101", "+79000000011"),
        one.caller("101", "89000000011"),
        one.caller("101", from_header="<sip:+7%20900%20000-00-11@127.0.0.1>"),
        one.caller("101", "74950000000/12"),
        one.caller("101", "12"),
        one.stranger("101"),
        one.caller("101", "79000000012", name='Иванов "Ромашка", ООО'),
    ]
    for caller in people:
        await one.bring(caller)
        await caller.answered()
        await one.talk(0.1)
        await caller.hang_up()
        await one.quiet()


@story(DIRECT, systemname="east")
async def office_east(one: Studio) -> None:
    """Of two PBXs the one in the east: 79000000001 calls 101, they talk, the caller hangs up."""
    await _short_call(one, "79000000001")


@story(DIRECT, systemname="west")
async def office_west(one: Studio) -> None:
    """Of two PBXs the one in the west: 79000000002 calls 101 there, they talk, the caller hangs up."""
    await _short_call(one, "79000000002")


async def _short_call(one: Studio, number: str) -> None:
    await one.phone("101")
    caller = await one.call("101", number)
    await caller.answered()
    await one.talk()
    await caller.hang_up()

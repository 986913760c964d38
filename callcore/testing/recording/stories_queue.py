"""Queues: who is rung, who answers, who gives up."""

from __future__ import annotations

from callcore.testing.lab import NeverAnswer, Queue, Reject
from callcore.testing.recording.registry import story
from callcore.testing.recording.studio import Studio

ALL = ("PJSIP/101", "PJSIP/102", "PJSIP/103")

QUEUE = """
[from-trunk]
exten => 500,1,Answer()
 same => n,Queue(support,tTkK)
 same => n,Hangup()
exten => 501,1,Answer()
 same => n,Queue(sales,tTkK)
 same => n,Hangup()

[agents]
exten => _1XX,1,Dial(PJSIP/${EXTEN},20)
"""


def support(strategy: str, *members: str, timeout: int = 15, **extra: str) -> list[Queue]:
    return [Queue("support", members, strategy=strategy, timeout=timeout, extra=extra)]


@story(QUEUE, queues=support("rrmemory", *ALL))
async def queue_rrmemory(one: Studio) -> None:
    """79000000001 calls the queue; one of the three is rung, answers, they talk, the caller hangs up. Then
    79000000002 calls: the next one in turn answers, and the caller hangs up."""
    for number in ("101", "102", "103"):
        await one.phone(number)
    for times, number in enumerate(("79000000001", "79000000002"), start=1):
        caller = await one.call("500", number)
        await one.heard("AgentConnect", times)
        await one.together("PJSIP/trunk")
        await one.talk()
        await caller.hang_up()
        await one.heard("AgentComplete", times)


@story(QUEUE, queues=support("ringall", *ALL))
async def queue_ringall(one: Studio) -> None:
    """79000000001 calls the queue; 101, 102 and 103 ring together, 102 answers, they talk, 102 hangs up."""
    await one.phone("101", NeverAnswer())
    await one.phone("102", one.answers(after=0.5, talk=0.6))
    await one.phone("103", NeverAnswer())
    caller = await one.call("500")
    await caller.wait()


@story(QUEUE, queues=support("linear", *ALL, timeout=1))
async def queue_linear(one: Studio) -> None:
    """79000000001 calls the queue; 101 does not answer in his second, 102 does, they talk, the caller hangs
    up."""
    await one.phone("101", NeverAnswer())
    await one.phone("102", one.answers(after=0.2))
    await one.phone("103")
    caller = await one.call("500")
    await one.heard("AgentConnect")
    await one.talk()
    await caller.hang_up()


@story(QUEUE, queues=support("ringall", "PJSIP/101,0", "PJSIP/102,5", "PJSIP/103,5"))
async def queue_penalty(one: Studio) -> None:
    """79000000001 calls the queue; only 101 is rung, who has the lower penalty; he answers. While they talk
    79000000002 calls: now 102 and 103 ring, and 103 answers."""
    await one.phone("101")
    await one.phone("102", NeverAnswer())
    await one.phone("103", one.answers(after=0.3))
    first = await one.call("500", "79000000001")
    await one.heard("AgentConnect")
    second = await one.call("500", "79000000002")
    await one.heard("AgentConnect", 2)
    await one.talk()
    await first.hang_up()
    await second.hang_up()


@story(QUEUE, queues=support("ringall", "Local/101@agents/n,0,Anna,PJSIP/101"))
async def queue_local_member(one: Studio) -> None:
    """79000000001 calls the queue; its member is a Local channel that rings 101, as FreePBX has it. 101
    answers, they talk, 101 hangs up."""
    await one.phone("101", one.answers(after=0.3, talk=0.6))
    caller = await one.call("500")
    await caller.wait()


@story(QUEUE, queues=support("ringall", "Local/101@agents,0,Anna,PJSIP/101"))
async def queue_local_optimized(one: Studio) -> None:
    """79000000001 calls the queue; its member is a Local channel without /n, which Asterisk takes out once
    they talk; the caller hangs up."""
    await one.phone("101", one.answers(after=0.3))
    caller = await one.call("500")
    await one.together("PJSIP/101", "PJSIP/trunk")
    await one.speak(await one.channel("PJSIP/101"))
    await one.heard("Hangup", Channel="Local/101@agents*")
    await one.talk()
    await caller.hang_up()


@story(QUEUE, queues=support("ringall", "Local/101@agents/n,0,Anna,PJSIP/101"))
async def queue_local_abandoned(one: Studio) -> None:
    """79000000001 calls the queue; 101 rings behind a Local member; the caller gives up."""
    await one.phone("101", NeverAnswer())
    caller = await one.call("500")
    await one.ringing("PJSIP/101")
    await caller.hang_up()


@story(QUEUE, queues=support("linear", "PJSIP/101", "PJSIP/102"))
async def queue_rejected(one: Studio) -> None:
    """79000000001 calls the queue; 101 rejects, 102 is rung then and answers; the caller hangs up."""
    await one.phone("101", Reject(603, 0.3))
    await one.phone("102", one.answers(after=0.3))
    caller = await one.call("500")
    await one.heard("AgentConnect")
    await one.talk()
    await caller.hang_up()


@story(QUEUE, queues=support("ringall", "PJSIP/101", timeout=1))
async def queue_no_answer(one: Studio) -> None:
    """79000000001 calls the queue; 101 is rung twice and does not answer; the caller gives up between."""
    await one.phone("101", NeverAnswer())
    caller = await one.call("500")
    await one.heard("AgentRingNoAnswer", 2)
    await caller.hang_up()


@story(QUEUE, queues=support("ringall", "PJSIP/101", "PJSIP/102"))
async def queue_abandoned(one: Studio) -> None:
    """79000000001 calls the queue; 101 and 102 ring; the caller gives up while they do."""
    await one.phone("101", NeverAnswer())
    await one.phone("102", NeverAnswer())
    caller = await one.call("500")
    await one.ringing("PJSIP/101")
    await one.ringing("PJSIP/102")
    await caller.hang_up()


@story(QUEUE, queues=support("ringall", "PJSIP/101"))
async def queue_nobody(one: Studio) -> None:
    """79000000001 calls the queue while 101, its only member, is paused: nobody rings, the caller gives
    up."""
    await one.phone("101")
    await one.act("QueuePause", Interface="PJSIP/101", Paused="true", Reason="lunch")
    caller = await one.call("500")
    await one.heard("QueueCallerJoin")
    await one.talk()
    await caller.hang_up()


@story(
    QUEUE,
    queues=[Queue("support", ("PJSIP/101",)), Queue("sales", ("PJSIP/102",))],
)
async def same_second(one: Studio) -> None:
    """79000000001 and 79000000002 call in the same moment, one the queue of 101, the other that of 102; both
    are answered, and both hang up."""
    await one.phone("101")
    await one.phone("102")
    first, second = one.caller("500", "79000000001"), one.caller("501", "79000000002")
    await one.bring(first, second)
    await one.heard("AgentConnect", 2)
    await one.talk()
    await first.hang_up()
    await second.hang_up()


@story(QUEUE, queues=support("linear", "PJSIP/101", "PJSIP/102"))
async def same_number(one: Studio) -> None:
    """Two people call from 79000000001, a company with one number: 101 has the first, 102 the second. The
    first hangs up while the other still talks."""
    await one.phone("101")
    await one.phone("102")
    first = await one.call("500")
    await one.heard("AgentConnect")
    second = await one.call("500")
    await one.heard("AgentConnect", 2)
    await one.talk()
    await first.hang_up()
    await one.heard("AgentComplete")
    await one.talk()
    await second.hang_up()


@story(QUEUE, queues=support("ringall", "PJSIP/101"))
async def queue_pickup(one: Studio) -> None:
    """79000000001 calls the queue; 101 rings; 102, who is no member, dials **101 and has the call; they
    talk, the caller hangs up."""
    await one.phone("101", NeverAnswer())
    colleague = await one.soft("102")
    caller = await one.call("500")
    await one.ringing("PJSIP/101")
    await colleague.dial("**101")
    await one.together("PJSIP/trunk", "PJSIP/102")
    await one.talk()
    await caller.hang_up()

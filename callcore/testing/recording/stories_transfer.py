"""Transfers: blind, attended and blonde; by the phone, by a feature code, by a program."""

from __future__ import annotations

from dataclasses import dataclass

from callcore.testing.lab import Answer, Caller, Queue, SoftCall, Softphone
from callcore.testing.recording.registry import story
from callcore.testing.recording.stories_direct import DIRECT
from callcore.testing.recording.studio import Studio

QUEUE = """
[from-trunk]
exten => 500,1,Answer()
 same => n,Queue(support,tTkK)
 same => n,Hangup()

[office]
exten => 501,1,Queue(sales,tTkK)
 same => n,Hangup()
"""
SUPPORT = [Queue("support", ("PJSIP/101",), strategy="ringall"), Queue("sales", ("PJSIP/102",))]


@dataclass(frozen=True)
class Talk:
    """A caller who talks with 101, while 102 is there to be rung."""

    caller: Caller
    operator: str
    """101's channel"""
    phone: Softphone
    call: SoftCall


async def talking(one: Studio, *, dialled: str = "101", colleague: Answer | None = None) -> Talk:
    phone = await one.soft("101")
    await one.phone("102", colleague or one.answers(after=0.4))
    caller = await one.call(dialled)
    call = await phone.incoming()
    await call.answer()
    await one.together("PJSIP/trunk", "PJSIP/101")
    await one.talk()
    return Talk(caller, await one.channel("PJSIP/101"), phone, call)


async def talked(one: Studio, talk: Talk) -> None:
    """The caller has been given to 102; they talk, he hangs up."""
    await one.together("PJSIP/102")
    await one.heard("Hangup", Channel=talk.operator)
    await one.talk()
    await talk.caller.hang_up()


@story(DIRECT)
async def blind_by_phone(one: Studio) -> None:
    """79000000001 talks with 101, who sends him to 102 by his phone (REFER); 102 answers, they talk, the
    caller hangs up."""
    talk = await talking(one)
    await talk.call.refer("102")
    await talked(one, talk)


@story(DIRECT)
async def blind_no_answer(one: Studio) -> None:
    """79000000001 talks with 101, who sends him to 102 by his phone (REFER); 102 does not answer, and the
    caller gives up."""
    talk = await talking(one, colleague=one.answers(after=30))
    await talk.call.refer("102")
    await one.ringing("PJSIP/102")
    await one.heard("Hangup", Channel=talk.operator)
    await one.talk()
    await talk.caller.hang_up()


@story(DIRECT)
async def blind_by_code(one: Studio) -> None:
    """79000000001 talks with 101, who sends him to 102 by the keys #1; 102 answers, they talk, the caller
    hangs up."""
    talk = await talking(one)
    await talk.call.key("#1102")
    await talked(one, talk)


@story(DIRECT)
async def blind_by_ami(one: Studio) -> None:
    """79000000001 talks with 101, who (through a program) sends him to 102 without a word; 102 answers, they
    talk, the caller hangs up."""
    talk = await talking(one)
    await one.act("BlindTransfer", Channel=talk.operator, Context="office", Exten="102")
    await talked(one, talk)


@story(DIRECT)
async def redirect_by_ami(one: Studio) -> None:
    """79000000001 talks with 101; a program takes him away to 102, and 101 is hung up on; 102 answers, they
    talk, the caller hangs up."""
    talk = await talking(one)
    trunk = await one.channel("PJSIP/trunk")
    await one.act("Redirect", Channel=trunk, Context="office", Exten="102", Priority="1")
    await talked(one, talk)


@story(DIRECT)
async def attended_by_phone(one: Studio) -> None:
    """79000000001 talks with 101, who puts him on hold, dials 102, tells him, and joins them by his phone
    (REFER with Replaces); they talk, the caller hangs up."""
    talk = await talking(one)
    await talk.call.hold()
    consultation = await talk.phone.dial("102")
    await consultation.answered()
    await one.talk()
    await talk.call.refer_attended(consultation)
    await one.heard("AttendedTransfer")
    await talked(one, talk)


@story(DIRECT)
async def blonde_by_phone(one: Studio) -> None:
    """79000000001 talks with 101, who puts him on hold, dials 102, and lets go (REFER with Replaces) while
    102 still rings; 102 answers and has the caller; they talk, the caller hangs up."""
    talk = await talking(one, colleague=one.answers(after=1.5))
    await talk.call.hold()
    consultation = await talk.phone.dial("102")
    await consultation.ringing()
    await talk.call.refer_attended(consultation)
    await one.heard("AttendedTransfer")
    await talked(one, talk)


@story(DIRECT)
async def attended_by_code(one: Studio) -> None:
    """79000000001 talks with 101, who asks 102 by the keys *2 while the caller hears music, and hangs up:
    they are joined, they talk, the caller hangs up."""
    talk = await talking(one)
    await talk.call.key("*2102")
    await one.together("PJSIP/102")
    await one.talk()
    await talk.call.hang_up()
    await one.heard("AttendedTransfer")
    await talked(one, talk)


@story(DIRECT)
async def blonde_by_code(one: Studio) -> None:
    """79000000001 talks with 101, who rings 102 by the keys *2 and hangs up before he answers; 102 answers
    and has the caller; they talk, the caller hangs up."""
    talk = await talking(one, colleague=one.answers(after=1.5))
    await talk.call.key("*2102")
    await one.ringing("PJSIP/102")
    await talk.call.hang_up()
    await one.heard("AttendedTransfer")
    await talked(one, talk)


@story(DIRECT)
async def attended_by_ami(one: Studio) -> None:
    """79000000001 talks with 101, who (through a program) asks 102 while the caller hears music, and hangs
    up: they are joined, they talk, the caller hangs up."""
    talk = await talking(one)
    await one.act("Atxfer", Channel=talk.operator, Context="office", Exten="102")
    await one.together("PJSIP/102")
    await one.talk()
    await talk.call.hang_up()
    await one.heard("AttendedTransfer")
    await talked(one, talk)


@story(DIRECT)
async def blonde_by_ami(one: Studio) -> None:
    """79000000001 talks with 101, who (through a program) rings 102 and hangs up before he answers; 102
    answers and has the caller; they talk, the caller hangs up."""
    talk = await talking(one, colleague=one.answers(after=1.5))
    await one.act("Atxfer", Channel=talk.operator, Context="office", Exten="102")
    await one.ringing("PJSIP/102")
    await talk.call.hang_up()
    await one.heard("AttendedTransfer")
    await talked(one, talk)


@story(QUEUE, queues=SUPPORT)
async def queue_blind(one: Studio) -> None:
    """79000000001 calls the queue and talks with 101, who sends him to 102 by his phone (REFER); 102
    answers, they talk, the caller hangs up."""
    talk = await talking(one, dialled="500")
    await talk.call.refer("102")
    await talked(one, talk)


@story(QUEUE, queues=SUPPORT)
async def queue_attended(one: Studio) -> None:
    """79000000001 calls the queue and talks with 101, who asks 102 by the keys *2 and hangs up: they are
    joined, they talk, the caller hangs up."""
    talk = await talking(one, dialled="500")
    await talk.call.key("*2102")
    await one.together("PJSIP/102")
    await one.talk()
    await talk.call.hang_up()
    await one.heard("AttendedTransfer")
    await talked(one, talk)


@story(QUEUE, queues=SUPPORT)
async def queue_to_queue(one: Studio) -> None:
    """79000000001 calls the queue and talks with 101, who sends him on to another queue by his phone
    (REFER); 102 answers there, they talk, the caller hangs up."""
    talk = await talking(one, dialled="500")
    await talk.call.refer("501")
    await talked(one, talk)


@story(DIRECT)
async def transferred_twice(one: Studio) -> None:
    """79000000001 talks with 101, who sends him to 102 by his phone; 102 sends him on to 103 by his; they
    talk, 103 hangs up."""
    await one.phone("103", one.answers(after=0.3, talk=0.6))
    first, second = await one.soft("101"), await one.soft("102")
    caller = await one.call("101")
    for phone, beginning, to in ((first, "PJSIP/101", "102"), (second, "PJSIP/102", "103")):
        call = await phone.incoming()
        await call.answer()
        await one.together("PJSIP/trunk", beginning)
        await one.talk()
        await call.refer(to)
    await caller.wait()


@story(DIRECT)
async def outbound_transferred(one: Studio) -> None:
    """101 dials 89000000005, a customer, who answers, and sends him to 102 by his phone (REFER); 102
    answers, they talk, the customer hangs up."""
    await one.customer(one.answers(after=0.3, talk=2.0))
    await one.phone("102", one.answers(after=0.3))
    phone = await one.soft("101")
    call = await phone.dial("89000000005")
    await call.answered()
    await one.together("PJSIP/carrier", "PJSIP/101")
    await one.talk()
    await call.refer("102")
    await one.together("PJSIP/102")

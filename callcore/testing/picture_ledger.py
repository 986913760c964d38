"""What stays of calls in the office of the pictures: placed ones, recorded talks, and who wants none.

Added only for the pages that show it: other pages would show it too, and each has its own subject.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcore.app import Daemon
from callcore.assembly.key_nine import NOBODY
from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    FollowUpChange,
    Medium,
    Outcome,
    Plan,
    Purpose,
)
from callcore.crm import seeds
from callcore.domain import (
    CallId,
    ChannelId,
    Interface,
    Login,
    PbxName,
    QueueName,
    RecordMode,
    TopicCode,
)
from callcore.outbound.causes import unanswered
from callcore.store.call_backs import NewCallBack
from callcore.store.opt_outs import NewOptOut
from callcore.store.recordings import NewRecording
from callcore.testing.picture_voice import tone

TALK = CallId("seed-7")
"""The recorded talk that has a pause and was listened to."""
_ANNA, _BORIS, _OLGA = Login("anna"), Login("boris"), Login("olga")
_PBX = PbxName("main")
_PHONES = {_ANNA: Interface("PJSIP/101"), _BORIS: Interface("PJSIP/102")}
_WORDS = "Разговор записывается. Если вы против, нажмите 3."


@dataclass(frozen=True, slots=True)
class _Placed:
    """``whose``: place in ``seeds.customers()``; ``login`` None: a call-back; ``status``: Asterisk's word for
    a number that did not answer."""

    whose: int
    minutes: int
    login: Login | None
    result: AttemptResult | None
    cause: int | None = None
    status: str = ""
    detail: str = ""


_PLACED = (
    _Placed(20, 141, _BORIS, AttemptResult.unknown, detail="journal: PBX restarted since"),
    _Placed(9, 96, _ANNA, AttemptResult.no_answer, 19, "NOANSWER"),
    _Placed(24, 52, _ANNA, AttemptResult.machine, 16),
    _Placed(13, 38, _BORIS, AttemptResult.busy, 17, "BUSY"),
    _Placed(33, 17, None, AttemptResult.answered, 16),
    _Placed(5, 1, _ANNA, None),
)


@dataclass(frozen=True, slots=True)
class _Talk:
    """``call``: one of the seeds; ``by``: who talked; ``pause``: from second to second."""

    call: CallId
    seconds: int
    mode: RecordMode
    by: Login
    pause: tuple[int, int] | None = None
    is_heard: bool = False


_TALKS = (
    _Talk(CallId("seed-4"), 214, RecordMode.demand, _BORIS),
    _Talk(CallId("seed-6"), 142, RecordMode.auto, _ANNA),
    _Talk(TALK, 187, RecordMode.auto, _ANNA, (64, 98), is_heard=True),
)


async def furnish_ledger(daemon: Daemon, now: datetime) -> None:
    """After everything else; what is there already is left alone."""
    if await daemon.database.attempts.placed(limit=1):
        return
    for n, placed in enumerate(_PLACED):
        await _place(daemon, n, placed, now)
    for n, talk in enumerate(_TALKS):
        await _record(daemon, n, talk, now)
    await _refuse(daemon, now)


# --- placed calls


async def _place(daemon: Daemon, n: int, placed: _Placed, now: datetime) -> None:
    database, at = daemon.database, now - timedelta(minutes=placed.minutes)
    one = seeds.customers()[placed.whose]
    customer, number = await database.customers.by_contract(one.contract), one.numbers[0]
    assert customer is not None
    wish = None
    if placed.login is None:
        asked = NewCallBack(
            number, TopicCode("expert.equipment"), QueueName("expert"), "ru", None, customer.id
        )
        wish, _is_new = await database.call_backs.asked(asked, at - timedelta(minutes=11))
    attempt = Attempt(
        id=AttemptId(f"picture{n}"),
        target=None,
        campaign=None,
        medium=Medium.voice,
        number=number,
        route="main",
        profile="service",
        intended_at=at,
        purpose=Purpose.own_call if wish is None else Purpose.call_back,
        login=placed.login or "",
        plan=Plan.phone_first if wish is None else Plan.queue_first,
        phone=_PHONES[placed.login] if placed.login else None,
        customer=customer.id,
        follow_up=wish,
    )
    await database.attempts.intend(attempt)
    await database.attempts.confirmed(attempt.id, at + timedelta(seconds=6))
    if placed.result is None:
        return
    detail = unanswered(placed.cause, placed.status)[1] if placed.status else placed.detail
    outcome = Outcome(placed.result, at + timedelta(seconds=95), placed.cause, detail=detail)
    change = FollowUpChange(1, done=True) if wish is not None else None
    await database.attempts.settle(attempt.id, outcome, change)


# --- recorded talks


async def _record(daemon: Daemon, n: int, talk: _Talk, now: datetime) -> None:
    recordings = daemon.database.recordings
    contact = await daemon.database.contacts.get(talk.call)
    assert contact is not None
    assert contact.answered_at is not None
    assert contact.queue is not None
    began, token = contact.answered_at, f"{n:032x}"
    is_auto = talk.mode is RecordMode.auto
    new = NewRecording(
        token=token,
        call=contact.call,
        pbx=_PBX,
        channel=ChannelId(contact.channel),
        queue=contact.queue,
        mode=talk.mode,
        words=_WORDS if is_auto else "",
        said_at=began - timedelta(seconds=9) if is_auto else None,
    )
    await recordings.begin(new, began)
    if not is_auto:
        await recordings.turn(token, began + timedelta(seconds=14), on=True, why="operator", login=talk.by)
    if talk.pause is not None:
        first, last = (began + timedelta(seconds=second) for second in talk.pause)
        await recordings.turn(token, first, on=False, why="card", login=talk.by)
        await recordings.turn(token, last, on=True, why="operator", login=talk.by)
    await recordings.end(token, began + timedelta(seconds=talk.seconds), talk.seconds * 1000)
    await asyncio.to_thread(tone, daemon.settings.recording_folder / f"{token}.wav", talk.seconds)
    if talk.is_heard:
        await recordings.listened(token, _OLGA, now - timedelta(minutes=20))


# --- who wants none


async def _refuse(daemon: Daemon, now: datetime) -> None:
    opt_outs, customers = daemon.database.opt_outs, seeds.customers()
    letter = NewOptOut(customers[5].numbers[0], "Письмо № 114 от 12.11.2026", message_class="advertising")
    key = NewOptOut(customers[12].numbers[0], "9, at3k7m9p1r5t", message_class="planned")
    said = NewOptOut(customers[28].numbers[0], "Сказал оператору, запись 26", Medium.sms)
    await opt_outs.add(letter, _OLGA, now - timedelta(days=6))
    await opt_outs.add(key, NOBODY, now - timedelta(days=2, hours=3))
    await opt_outs.add(said, _ANNA, now - timedelta(minutes=74))

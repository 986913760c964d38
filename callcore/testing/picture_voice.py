"""What callers have left and what waits in the files, in the office of the pictures."""

from __future__ import annotations

import asyncio
import math
import struct
import wave
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from callcore.app import Daemon
from callcore.calls.effects import Contact
from callcore.config import Settings
from callcore.config.changes import kept_texts
from callcore.crm import seeds
from callcore.domain import (
    CallId,
    CustomerId,
    Direction,
    EndReason,
    Language,
    Login,
    Outcome,
    PbxName,
    QueueName,
    Source,
    Text,
    TopicCode,
)
from callcore.ivr.ports import Caller, Message
from callcore.ivr.script import NodeName, Topics
from callcore.store.call_backs import CallBackLook, NewCallBack
from callcore.store.database import Database
from callcore.store.flash_rows import EVERYBODY, FlashScope, NewFlash
from callcore.store.voicemails import NewVoicemail

_PBX = PbxName("main")
_MESSAGES: tuple[tuple[int, str, Language, int, int], ...] = (
    (0, "finance.claim", "ru", 34, 640),
    (5, "corporate.connect", "ru", 71, 95),
    (33, "expert.speed", "en", 12, 7),
)
"""Whose (place in ``seeds.customers()``), topic, language, seconds, minutes ago."""
_WISHES = (
    (2, "finance.payment", 52, "boris"),
    (13, "expert.diagnosis", 31, "anna"),
    (20, "finance.charges", 4, None),
)
"""Whose, topic, minutes ago, who calls him."""
_MISSED = (
    (7, "finance", 3, 1450),
    (9, "expert", 1, 47),
    (11, "sales", 2, 9),
)
"""Whose, queue, how often, minutes ago."""
_LEFT = {
    Outcome.abandoned_ivr: (4, 7, 2),
    Outcome.self_served: (19, 0, 0),
    Outcome.voicemail: (0, 0, 3),
    Outcome.answered: (0, 6, 118),
}
"""By what became of them: callers who left the first node, the second, the menu of topics today."""
_ANNOUNCEMENT = Text(
    "Повреждён магистральный кабель. Интернет и телевидение на левом берегу заработают до двадцати часов.",
    "A trunk cable is damaged. Internet and television on the left bank will be back by eight p.m.",
)
_WAITING = (
    ("finance.yaml", "sat: [10:00-14:00, 15:00-18:00]", "sat: [10:00-14:00]"),
    ("finance.yaml", "to: [{call_back: true}, {queue: own}]", "to: [{queue: own}]"),
    ("finance.yaml", "legs: [call_back, queue]", "legs: [queue]"),
)
"""File, what stands in it, what stands there now, not read yet."""
_EARLIER = (("", 9, _WAITING[1:]), ("olga", 5, _WAITING[:1]))
"""Who had an earlier edition read, days ago, what stood in it instead."""


async def furnish_voice(daemon: Daemon, now: datetime) -> None:
    """After the customers, cases and notes."""
    found = [await daemon.database.customers.by_contract(one.contract) for one in seeds.customers()]
    ids = [one.id for one in found if one is not None]
    await _messages(daemon, ids, now)
    await _wishes(daemon, ids, now)
    await _menu(daemon, now)
    await _missed(daemon, ids, now)
    end = now + timedelta(hours=9)
    note = NewFlash(FlashScope.house, EVERYBODY, "", "Авария на магистрали", now, end, spoken=_ANNOUNCEMENT)
    await daemon.database.flashes.add(replace(note, is_spoken=True), Login("olga"), now)
    await asyncio.to_thread(_edit, daemon.settings.topics)


async def keep_earlier(settings: Settings, now: datetime) -> None:
    """Editions from before the daemon is started."""
    database = await Database.open(settings.database.address, create=True)
    try:
        for login, days, changes in _EARLIER:
            texts = kept_texts(settings)
            for name, old, new in changes:
                texts[f"topics/{name}"] = _changed(texts[f"topics/{name}"], old, new)
            await database.editions.keep(texts, login, now - timedelta(days=days))
    finally:
        await database.close()


async def _messages(daemon: Daemon, ids: Sequence[CustomerId], now: datetime) -> None:
    folder = daemon.settings.recording_folder
    for n, (whose, topic, language, seconds, minutes) in enumerate(_MESSAGES):
        name = f"picture-{n}.wav"
        await asyncio.to_thread(tone, folder / name, seconds)
        number = seeds.customers()[whose].numbers[0]
        caller = Caller(CallId(f"picture-{n}"), _PBX, number, language, TopicCode(topic), ids[whose])
        row = NewVoicemail(caller.call, caller.topic, language, name, seconds * 1000, number, ids[whose])
        await daemon.database.voicemails.add(row, now - timedelta(minutes=minutes))
        await daemon.answering.reception.backoffice.keep_message(caller, Message(name, float(seconds)))


def tone(path: Path, seconds: int) -> None:
    """A sound file of that length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        second = struct.pack("<8000h", *(round(8000 * math.sin(n * 0.2)) for n in range(8000)))
        file.writeframes(second * seconds)


async def _wishes(daemon: Daemon, ids: Sequence[CustomerId], now: datetime) -> None:
    call_backs = daemon.database.call_backs
    for whose, topic, minutes, _ in _WISHES:
        number, queue = seeds.customers()[whose].numbers[0], QueueName(topic.partition(".")[0])
        wish = NewCallBack(number, TopicCode(topic), queue, "ru", customer=ids[whose])
        await call_backs.ask(wish, now - timedelta(minutes=minutes))
    for wanted, (*_, login) in zip(await call_backs.find(CallBackLook()), _WISHES, strict=True):
        if login is not None:
            await call_backs.take(wanted.id, Login(login), now)


async def _menu(daemon: Daemon, now: datetime) -> None:
    """Callers who are in the menu, and those who left it."""
    nodes = daemon.editions.newest.flow.script.nodes
    first, second, *_ = nodes
    topics = next(name for name, node in nodes.items() if isinstance(node, Topics))
    for n, node in enumerate((first, topics, topics, topics)):
        daemon.answering.reception.places[CallId(f"menu-{n}")] = node
    for outcome, calls in _LEFT.items():
        for node, count in zip((first, second, topics), calls, strict=True):
            for n in range(count):
                call = CallId(f"left-{outcome.value}-{node}-{n}")
                await daemon.database.contacts.save(_contact(call, node, outcome, now))


async def _missed(daemon: Daemon, ids: Sequence[CustomerId], now: datetime) -> None:
    for whose, queue, times, minutes in _MISSED:
        number, began = seeds.customers()[whose].numbers[0], now - timedelta(minutes=minutes)
        for n in range(times):
            at = began + timedelta(minutes=3 * n)
            gone = replace(
                _contact(
                    CallId(f"missed-{whose}-{n}"), None, Outcome.abandoned_queue, at + timedelta(minutes=30)
                ),
                caller_number=number,
                customer=ids[whose],
                queue=QueueName(queue),
            )
            await daemon.database.contacts.save(gone)
    await daemon.office.work.once()


def _contact(call: CallId, node: NodeName | None, outcome: Outcome, now: datetime) -> Contact:
    at = now - timedelta(minutes=30)
    return Contact(
        call=call,
        pbx=_PBX,
        channel=f"{call}.1",
        direction=Direction.inbound,
        source=Source.live,
        caller_number=None,
        caller_number_raw="",
        caller_name=None,
        dialed_number="+74950000000",
        language="ru",
        customer=None,
        topic=None,
        route=None,
        route_reason=None,
        queue=None,
        started_at=at,
        queued_at=None,
        answered_at=None,
        ended_at=at + timedelta(minutes=1),
        wait_ms=0,
        ring_ms=0,
        talk_ms=0,
        operators=(),
        answered_by=None,
        end_reason=EndReason.completed,
        hangup_cause=16,
        outcome=outcome,
        node=node,
    )


def _edit(folder: Path) -> None:
    for name, old, new in _WAITING:
        file = folder / name
        file.write_text(_changed(file.read_text(encoding="utf-8"), old, new), encoding="utf-8")


def _changed(text: str, old: str, new: str) -> str:
    if old not in text:
        raise ValueError(f"the sample has no longer: {old}")
    return text.replace(old, new)

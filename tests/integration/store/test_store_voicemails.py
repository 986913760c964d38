"""What callers said after the tone: one row for each recording, who heard it, and when the sound goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from callcore.assembly.soundkeeping import let_go
from callcore.domain import CallId, CustomerId, TopicCode
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events
from callcore.store.voicemails import NewVoicemail, Voicemail, VoicemailLook

from .store_samples import ANNA, BORIS, T0
from .test_store_cases import Room

DAY = timedelta(days=1)
NEW = NewVoicemail(CallId("c1"), TopicCode("finance.balance"), "ru", "c1-1.wav", 4200, number="+79000000001")


async def told(db: Database) -> list[tuple[str, dict[str, object]]]:
    async with db.read() as connection:
        rows = (await connection.execute(select(events.c.type, events.c.data).order_by(events.c.id))).all()
    types = [row.type for row in rows]
    assert types.count("follow_up.asked") <= types.count("voicemail.left")  # somebody to call, each time
    return [(row.type, row.data) for row in rows if row.type != "follow_up.asked"]


def files(found: Iterable[Voicemail]) -> list[str]:
    return [each.file for each in found]


async def test_a_recording_is_kept_once(db: Database) -> None:
    first = await db.voicemails.add(NEW, T0)
    again = await db.voicemails.add(replace(NEW, topic=TopicCode("sales"), ms=9), T0 + DAY)
    assert again == first == await db.voicemails.get(first.id)
    assert (first.call, first.topic, first.ms, first.made_at) == ("c1", "finance.balance", 4200, T0)
    assert first.has_sound
    assert await told(db) == [
        (
            "voicemail.left",
            {
                "voicemail": first.id,
                "call": "c1",
                "topic": "finance.balance",
                "number": "+79000000001",
                "customer": None,
                "ms": 4200,
            },
        )
    ]


async def test_two_of_one_call_are_two(db: Database) -> None:
    await db.voicemails.add(NEW, T0)
    await db.voicemails.add(replace(NEW, file="c1-2.wav"), T0)
    assert files(await db.voicemails.find(VoicemailLook())) == ["c1-2.wav", "c1-1.wav"]


async def test_lists(db: Database) -> None:
    await db.customers.add_many([NewCustomer("К-1", "Пётр")])
    customer = await db.customers.by_contract("К-1")
    assert customer is not None
    mails = [
        replace(NEW, file="a.wav", customer=customer.id),
        replace(NEW, file="b.wav", topic=TopicCode("finance"), number=None),
        replace(NEW, file="c.wav", topic=TopicCode("financed")),
    ]
    for hours, mail in enumerate(mails):
        await db.voicemails.add(mail, T0 + timedelta(hours=hours))
    find = db.voicemails.find
    assert files(await find(VoicemailLook())) == ["c.wav", "b.wav", "a.wav"]
    assert files(await find(VoicemailLook(topics=[TopicCode("finance")]))) == ["b.wav", "a.wav"]
    assert files(await find(VoicemailLook(topics=[TopicCode("finance.balance")]))) == ["a.wav"]
    assert files(await find(VoicemailLook(number="+79000000001"))) == ["c.wav", "a.wav"]
    assert files(await find(VoicemailLook(since=T0 + timedelta(hours=1)))) == ["c.wav", "b.wav"]
    assert files(await find(VoicemailLook(until=T0 + timedelta(hours=1)))) == ["a.wav"]
    assert files(await find(VoicemailLook(limit=1, offset=1))) == ["b.wav"]
    (his,) = await find(VoicemailLook(customer=customer.id))
    assert (his.customer_name, his.case_number) == ("Пётр", "")
    assert await db.voicemails.count(VoicemailLook(heard=False)) == 3
    await db.voicemails.heard(his.id, ANNA, T0)
    assert files(await find(VoicemailLook(heard=True))) == ["a.wav"]
    assert await db.voicemails.count(VoicemailLook(heard=False)) == 2


async def test_every_listening_is_in_the_audit_and_the_first_in_the_row(db: Database) -> None:
    mail = await db.voicemails.add(replace(NEW, customer=CustomerId(7)), T0)
    await db.voicemails.heard(mail.id, BORIS, T0 + DAY)
    await db.voicemails.heard(mail.id, ANNA, T0 + 2 * DAY)
    heard = await db.voicemails.get(mail.id)
    assert heard is not None
    assert (heard.heard_by, heard.heard_at) == (BORIS, T0 + DAY)
    columns = (audit.c.login, audit.c.act, audit.c.customer, audit.c.subject)
    async with db.read() as connection:
        rows = (await connection.execute(select(*columns).order_by(audit.c.id))).all()
    subject = f"voicemail:{mail.id}"
    assert [tuple(row) for row in rows] == [
        (BORIS, "listened", 7, subject),
        (ANNA, "listened", 7, subject),
    ]
    with pytest.raises(NotStored):
        await db.voicemails.heard(999, ANNA, T0)


async def test_a_program_that_fetches_has_not_heard(db: Database) -> None:
    mail = await db.voicemails.add(NEW, T0)
    await db.voicemails.fetched(mail.id, BORIS, T0 + DAY)
    assert await db.voicemails.get(mail.id) == mail
    for login in (ANNA, BORIS):
        await db.voicemails.mark_heard(mail.id, login, T0 + DAY)
    marked = await db.voicemails.get(mail.id)
    assert marked is not None
    assert (marked.heard_by, marked.heard_at) == (ANNA, T0 + DAY)
    async with db.read() as connection:
        rows = (await connection.execute(select(audit.c.login, audit.c.act).order_by(audit.c.id))).all()
    assert [tuple(row) for row in rows] == [(BORIS, "listened"), (ANNA, "changed")]
    for act in (db.voicemails.fetched, db.voicemails.mark_heard):
        with pytest.raises(NotStored):
            await act(999, ANNA, T0)


async def test_the_case_that_it_became(db: Database) -> None:
    mail = await db.voicemails.add(NEW, T0)
    case = await Room(db).make()
    await db.voicemails.became(mail.id, case.id)
    (tied,) = await db.voicemails.of_case(case.id)
    assert (tied.case, tied.case_number) == (case.id, "C-2026-000001")
    assert await db.voicemails.of_case(case.id + 1) == ()


async def test_the_sound_goes_and_the_row_stays(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    old = await db.voicemails.add(replace(NEW, file="old.wav"), T0)
    astray = await db.voicemails.add(replace(NEW, file="../outside.wav"), T0)
    missing = await db.voicemails.add(replace(NEW, file="missing.wav"), T0)
    fresh = await db.voicemails.add(replace(NEW, file="fresh.wav"), T0 + DAY)
    for path in (folder / "old.wav", folder / "fresh.wav", tmp_path / "outside.wav"):
        path.write_bytes(b"RIFF")
    assert await let_go(db.voicemails, folder, T0 + DAY, T0 + 2 * DAY) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["fresh.wav"]
    assert (tmp_path / "outside.wav").exists()
    for mail in (old, astray, missing):
        gone = await db.voicemails.get(mail.id)
        assert gone is not None
        assert (gone.has_sound, gone.file, gone.deleted_at) == (False, "", T0 + 2 * DAY)
    kept = await db.voicemails.get(fresh.id)
    assert kept == fresh
    assert await let_go(db.voicemails, folder, T0 + DAY, T0 + 3 * DAY) == 0


async def test_a_sound_that_cannot_be_deleted_is_tried_again(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    (folder / "c1-1.wav").mkdir(parents=True)  # no file: unlink fails, whoever runs the tests
    mail = await db.voicemails.add(NEW, T0)
    assert await let_go(db.voicemails, folder, T0 + DAY, T0 + DAY) == 0
    waits = await db.voicemails.get(mail.id)
    assert waits is not None
    assert (waits.has_sound, waits.file) == (False, "c1-1.wav")
    (folder / "c1-1.wav").rmdir()
    assert await let_go(db.voicemails, folder, T0, T0 + 2 * DAY) == 1

"""People to call: nobody is forgotten, nobody is called by two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callcore.calls.effects import Contact
from callcore.domain import CallId, CustomerId, Direction, Login, Outcome, QueueName, TopicCode
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.follow_rows import (
    HOUSE,
    AskedBy,
    FollowUp,
    FollowUpKind,
    FollowUpLook,
    FollowUpState,
    NewFollowUp,
    Waiting,
    Whose,
)
from callcore.store.follow_ups import Given
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events
from callcore.store.voicemails import NewVoicemail

from .store_samples import ANNA, BORIS, T0

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NUMBER = "+79000000001"
KINDS = (FollowUpKind.missed, FollowUpKind.voicemail, FollowUpKind.wish)
OPEN = FollowUpLook()
Make = Callable[..., Contact]


def missed_at(make: Make, call: str, at: datetime, **changes: Any) -> Contact:
    values: dict[str, Any] = {
        "caller_number": NUMBER,
        "outcome": Outcome.abandoned_queue,
        "started_at": at,
        "queued_at": at,
        "answered_at": None,
        "ended_at": at + MINUTE,
        "answered_by": None,
        "operators": (),
    }
    return replace(make(call), **values | changes)


def talk_at(make: Make, call: str, at: datetime, **changes: Any) -> Contact:
    values: dict[str, Any] = {
        "caller_number": NUMBER,
        "outcome": Outcome.answered,
        "started_at": at,
        "queued_at": None,
        "answered_at": at,
        "ended_at": at + 5 * MINUTE,
        "answered_by": ANNA,
    }
    return replace(make(call), **values | changes)


async def ask(db: Database, kind: FollowUpKind = FollowUpKind.wish, **changes: Any) -> int:
    new = NewFollowUp(kind, NUMBER, TopicCode("finance"), QueueName("finance"), "ru")
    return (await db.follow_ups.ask(replace(new, **changes), T0))[0]


async def told(db: Database) -> list[tuple[str, dict[str, Any]]]:
    async with db.read() as connection:
        rows = (await connection.execute(select(events.c.type, events.c.data).order_by(events.c.id))).all()
    return [(row.type, row.data) for row in rows if row.type.startswith("follow_up.")]


async def names(db: Database) -> list[str]:
    return [type.partition(".")[2] for type, _ in await told(db)]


async def only(db: Database, look: FollowUpLook = OPEN) -> FollowUp:
    (one,) = await db.follow_ups.find(look)
    return one


# --- what comes onto the list by itself, and what goes


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("direction", list(Direction))
async def test_who_was_missed(db: Database, contact: Make, outcome: Outcome, direction: Direction) -> None:
    await db.contacts.save(missed_at(contact, "c1", T0, outcome=outcome, direction=direction))
    wanted = {
        "abandoned_ivr",
        "abandoned_queue",
        "abandoned_ringing",
        "left_by_key",
        "timeout",
        "closed",
        "failed",
    }
    is_listed = direction is Direction.inbound and outcome.value in wanted
    assert len(await db.follow_ups.find(OPEN)) == is_listed
    assert db.contacts.work_changed is is_listed


async def test_who_hangs_up_at_once_in_the_menu_is_not_missed(db: Database, contact: Make) -> None:
    short = timedelta(seconds=4)
    one = missed_at(contact, "c1", T0, outcome=Outcome.abandoned_ivr, ended_at=T0 + short)
    await db.contacts.save(one)
    await db.contacts.save(replace(one, call=CallId("c2"), channel="2", outcome=Outcome.abandoned_queue))
    assert (await only(db)).call == "c2"
    db.contacts.missed_after = timedelta(seconds=4)
    await db.contacts.save(replace(one, call=CallId("c3"), channel="3", caller_number="+79000000002"))
    assert {each.call for each in await db.follow_ups.find(OPEN)} == {"c2", "c3"}


async def test_missed_again_is_one_row_with_its_place(db: Database, contact: Make) -> None:
    for n in range(3):
        await db.contacts.save(missed_at(contact, f"c{n}", T0 + n * HOUR))
    await db.contacts.save(missed_at(contact, "c2", T0 + 9 * HOUR))  # a repeat of a call
    one = await only(db)
    assert (one.kind, one.number, one.times, one.call, one.last_call, one.source) == (
        FollowUpKind.missed,
        NUMBER,
        3,
        "c0",
        "c2",
        AskedBy.contact,
    )
    assert (one.asked_at, one.last_at) == (T0 + MINUTE, T0 + 2 * HOUR + MINUTE)
    ((type, data),) = await told(db)
    assert (type, data["number"], data["kind"], data["call"]) == (
        "follow_up.asked",
        NUMBER,
        "missed",
        "c0",
    )


async def test_withheld_numbers_are_each_a_row(db: Database, contact: Make) -> None:
    for n in range(2):
        await db.contacts.save(missed_at(contact, f"c{n}", T0, caller_number=None))
    first, second = await db.follow_ups.find(OPEN)
    assert (first.number, second.number) == ("", "")
    assert (await db.follow_ups.take(first.id, ANNA, T0)).taken_by == ANNA
    await db.contacts.save(talk_at(contact, "c9", T0 + HOUR, caller_number=None))
    menu = {"caller_number": None, "outcome": Outcome.abandoned_ivr}
    await db.contacts.save(missed_at(contact, "c5", T0, **menu))  # he wanted nobody yet
    assert [each.taken_by for each in await db.follow_ups.find(OPEN)] == [ANNA, None]


async def test_a_message_is_somebody_to_call(db: Database) -> None:
    mail = NewVoicemail(CallId("c1"), TopicCode("finance"), "en", "c1.wav", 3000, NUMBER)
    await db.voicemails.add(mail, T0)
    await db.voicemails.add(mail, T0)  # as the slip comes again
    await db.voicemails.add(replace(mail, call=CallId("c2"), file="c2.wav"), T0 + HOUR)
    one = await only(db)
    assert (one.kind, one.times, one.language, one.topic) == (FollowUpKind.voicemail, 2, "en", "finance")


@pytest.mark.parametrize("direction", [Direction.inbound, Direction.outbound])
async def test_a_talk_settles_all_that_was_open(db: Database, contact: Make, direction: Direction) -> None:
    for kind in KINDS:
        await ask(db, kind)
    await ask(db, number="+79000000002")
    await db.contacts.save(talk_at(contact, "c7", T0 + HOUR, direction=direction))
    assert (await only(db)).number == "+79000000002"
    done = await db.follow_ups.find(replace(OPEN, state=FollowUpState.done))
    assert {(each.settled_by, each.settled_call, each.settled_at) for each in done} == {
        (ANNA, "c7", T0 + HOUR + 5 * MINUTE)
    }
    assert {each.kind for each in done} == set(KINDS)
    assert (await names(db)).count("settled") == 3


async def test_a_talk_settles_nothing_that_was_asked_after_it_began(db: Database, contact: Make) -> None:
    await ask(db)  # at T0, by the operator, in the call that began before
    await db.contacts.save(talk_at(contact, "c1", T0 - MINUTE))
    assert (await only(db)).number == NUMBER
    await db.contacts.save(talk_at(contact, "c2", T0, direction=Direction.internal))
    assert (await only(db)).number == NUMBER
    await db.contacts.save(talk_at(contact, "c3", T0, answered_by=None))
    assert await db.follow_ups.find(OPEN) == ()
    assert (await told(db))[-1][1]["login"] == HOUSE


async def test_the_order_of_writing_does_not_matter(db: Database, contact: Make) -> None:
    """A gap is filled from the journal or the CDR after what came later."""
    await db.contacts.save(talk_at(contact, "c2", T0 + HOUR))
    await db.contacts.save(missed_at(contact, "c1", T0))
    assert await db.follow_ups.find(OPEN) == ()
    await db.contacts.save(missed_at(contact, "c3", T0 + 2 * HOUR))
    await db.contacts.save(talk_at(contact, "c4", T0 + HOUR + MINUTE))
    assert (await only(db)).call == "c3"
    await db.follow_ups.settle((await only(db)).id, FollowUpState.done, "", ANNA, T0 + 4 * HOUR)
    await db.contacts.save(missed_at(contact, "c5", T0 + 3 * HOUR))  # he was called from elsewhere since
    assert await db.follow_ups.find(OPEN) == ()
    await db.contacts.save(missed_at(contact, "c6", T0 + 5 * HOUR))
    assert (await only(db)).call == "c6"


# --- moves


async def test_a_number_is_called_by_one(db: Database) -> None:
    ids = [await ask(db, kind) for kind in KINDS]
    other = await ask(db, number="+79000000002")
    both = await asyncio.gather(db.follow_ups.take(ids[0], ANNA, T0), db.follow_ups.take(ids[1], BORIS, T0))
    (holder,) = {each.taken_by for each in both}
    loser = BORIS if holder == ANNA else ANNA
    mine = replace(OPEN, taken_by=holder)
    assert {each.id for each in await db.follow_ups.find(mine)} == set(ids)
    assert (await db.follow_ups.get(other)).taken_by is None  # type: ignore[union-attr]
    assert (await db.follow_ups.take(ids[2], loser, T0, is_over=True)).taken_by == loser
    assert await db.follow_ups.find(mine) == ()
    assert (await db.follow_ups.hand_back(ids[0], holder, T0)).taken_by == loser  # type: ignore[arg-type]
    assert (await db.follow_ups.hand_back(ids[0], loser, T0)).taken_by is None
    assert await db.follow_ups.count(replace(OPEN, is_taken=True)) == 0
    assert await names(db) == ["asked"] * 4 + ["taken"] * 6 + ["handed_back"] * 3


async def test_what_joins_while_somebody_calls_is_taken_with_it(db: Database) -> None:
    first = await ask(db)
    await db.follow_ups.take(first, ANNA, T0)
    second = await ask(db, FollowUpKind.missed)
    assert (await db.follow_ups.take(second, BORIS, T0)).taken_by is None  # Anna has the number
    assert (await db.follow_ups.take(second, ANNA, T0)).taken_by == ANNA


async def test_put_off_with_a_reason_and_back_by_itself(db: Database) -> None:
    id, until = await ask(db), T0 + 20 * HOUR
    await ask(db, FollowUpKind.missed)
    late = replace(OPEN, postponed=True, now=T0)
    now = replace(OPEN, postponed=False, now=T0)
    for reason, at in (("", until), ("x" * 10_001, until)):
        with pytest.raises(TextRefused):
            await db.follow_ups.postpone(id, at, reason, ANNA, T0)
    with pytest.raises(ValueError, match="passed"):
        await db.follow_ups.postpone(id, T0, "завтра", ANNA, T0)
    one = await db.follow_ups.postpone(id, until, "просил завтра", ANNA, T0)
    assert (one.due_at, one.reason, one.postponed_by, one.responsible_login) == (
        until,
        "просил завтра",
        ANNA,
        ANNA,
    )
    assert await db.follow_ups.find(now) == ()
    assert len(await db.follow_ups.find(late)) == 2  # the person, not the row
    work = await db.follow_ups.waiting(replace(OPEN, now=T0))
    assert (dict(work.kinds), work.postponed) == ({}, Waiting(2, T0))
    assert len(await db.follow_ups.find(replace(now, now=until))) == 2
    lines = [data for type, data in await told(db) if type == "follow_up.postponed"]
    assert [line["until"] for line in lines] == [until.isoformat()] * 2


async def test_who_calls_again_is_not_put_off_any_more(db: Database, contact: Make) -> None:
    id = await ask(db, FollowUpKind.missed)
    await db.follow_ups.postpone(id, T0 + 20 * HOUR, "завтра", ANNA, T0)
    await db.contacts.save(missed_at(contact, "c5", T0 + HOUR))
    one = await only(db, replace(OPEN, postponed=False, now=T0 + HOUR))
    assert (one.times, one.due_at, one.asked_at) == (2, None, T0)


async def test_given_to_others_with_a_reason(db: Database) -> None:
    id = await ask(db)
    with pytest.raises(TextRefused):
        await db.follow_ups.give(id, Given("given", BORIS), " ", ANNA, T0)
    one = await db.follow_ups.give(id, Given("given", BORIS), "его клиент", ANNA, T0 + HOUR)
    assert (one.responsible_login, one.why_responsible, one.reason) == (BORIS, "given", "его клиент")
    his = replace(OPEN, whose=Whose(BORIS, "finance"))
    assert (await only(db, his)).id == id
    kept = await db.follow_ups.give(id, Given("given", None, "finance"), "не моё", ANNA, T0)
    assert kept.responsible_login == BORIS  # it is his, and she may not
    one = await db.follow_ups.give(id, Given("given", None, "finance"), "не моё", BORIS, T0)
    assert (one.responsible_login, one.responsible_department) == (None, "finance")
    assert (await only(db, his)).id == id
    assert await db.follow_ups.find(replace(OPEN, whose=Whose(ANNA, "sales"))) == ()
    assert [data["to_login"] for type, data in await told(db) if type == "follow_up.given"] == [BORIS, None]
    await db.follow_ups.take(id, ANNA, T0)
    assert (await db.follow_ups.give(id, Given("given", ANNA), "x", BORIS, T0)).taken_by == ANNA
    over = await db.follow_ups.give(id, Given("given", BORIS), "x", Login("vera"), T0, is_over=True)
    assert (over.taken_by, over.responsible_login) == (None, BORIS)


async def test_settled_once_and_for_the_person(db: Database) -> None:
    ids = [await ask(db, kind) for kind in KINDS]
    gone = await db.follow_ups.settle(ids[0], FollowUpState.withdrawn, "ошиблись", ANNA, T0)
    assert (gone.state, gone.note) == (FollowUpState.withdrawn, "ошиблись")
    assert await db.follow_ups.count(OPEN) == 2  # one row was a mistake, not the person
    done = await db.follow_ups.settle(ids[1], FollowUpState.done, "поговорили", ANNA, T0 + HOUR)
    assert await db.follow_ups.find(OPEN) == ()
    assert await db.follow_ups.settle(ids[1], FollowUpState.withdrawn, "нет", BORIS, T0) == done
    for move in (
        db.follow_ups.take(ids[1], BORIS, T0, is_over=True),
        db.follow_ups.hand_back(ids[1], ANNA, T0, is_anybodys=True),
        db.follow_ups.postpone(ids[1], T0 + HOUR, "завтра", ANNA, T0),
        db.follow_ups.give(ids[1], Given("given", BORIS), "ему", ANNA, T0, is_over=True),
    ):
        assert await move == done
    for act in (db.follow_ups.take, db.follow_ups.hand_back):
        with pytest.raises(NotStored):
            await act(999, ANNA, T0)
    with pytest.raises(ValueError, match="done or as withdrawn"):
        await db.follow_ups.settle(ids[1], FollowUpState.open, "", ANNA, T0)
    assert await ask(db) not in ids  # he may ask anew


async def test_each_move_has_its_line_in_the_audit_and_no_reason_in_it(db: Database) -> None:
    id = await ask(db, customer=CustomerId(7))
    await db.follow_ups.take(id, ANNA, T0)
    await db.follow_ups.postpone(id, T0 + HOUR, "секрет", ANNA, T0)
    await db.follow_ups.give(id, Given("given", BORIS), "секрет", ANNA, T0)
    await db.follow_ups.take(id, BORIS, T0)
    await db.follow_ups.hand_back(id, BORIS, T0)
    await db.follow_ups.settle(id, FollowUpState.done, "секрет", BORIS, T0)
    async with db.read() as connection:
        lines = (await connection.execute(select(audit).order_by(audit.c.id))).all()
    assert [line.detail["move"] for line in lines] == [
        "taken",
        "postponed",
        "given",
        "taken",
        "handed_back",
        "done",
    ]
    assert {(line.subject, line.customer, line.act) for line in lines} == {(f"follow_up:{id}", 7, "changed")}
    assert "секрет" not in str([line.detail for line in lines])
    assert await names(db) == ["asked", "taken", "postponed", "given", "taken", "handed_back", "settled"]


# --- who answers for it


async def test_who_answers_is_looked_for_until_it_is_known(db: Database) -> None:
    id = await ask(db)
    rows = db.follow_ups
    (new,) = await rows.unlooked(T0, (), 10)
    assert new.id == id
    assert await rows.assign([(new, Given("department", None, "finance"))], T0) == 1
    assert await rows.assign([(new, Given("last_spoke", BORIS))], T0) == 0  # somebody was quicker
    assert await rows.unlooked(T0, (), 10) == ()
    (late,) = await rows.unlooked(T0 + MINUTE, (), 10)
    await rows.assign([(late, Given("personal_operator", BORIS))], T0 + HOUR)
    assert await rows.unlooked(T0 + HOUR, (ANNA,), 10) == ()
    assert [each.id for each in await rows.unlooked(T0 + HOUR, (BORIS,), 10)] == [id]
    await rows.take(id, ANNA, T0 + 2 * HOUR)
    assert await rows.unlooked(T0 + 2 * HOUR, (), 10) == ()  # she calls
    (forgotten,) = await rows.unlooked(T0 + 2 * HOUR + MINUTE, (), 10)
    await rows.assign([(forgotten, Given("default"))], T0 + 9 * HOUR)
    one = await only(db, replace(OPEN, whose=Whose(Login("olga"), is_default=True)))
    assert (one.taken_by, one.responsible_login, one.why_responsible) == (None, None, "default")
    assert (await told(db))[-1][0] == "follow_up.handed_back"
    assert await rows.unlooked(T0 + 99 * HOUR, (), 10) == ()
    assert await db.follow_ups.find(replace(OPEN, whose=Whose())) == ()


async def test_what_is_put_off_is_nobodys_fault(db: Database) -> None:
    id = await ask(db)
    await db.follow_ups.postpone(id, T0 + 20 * HOUR, "завтра", ANNA, T0)
    assert await db.follow_ups.unlooked(T0 + 19 * HOUR, (), 10) == ()
    assert len(await db.follow_ups.unlooked(T0 + 21 * HOUR, (), 10)) == 1


# --- lists


async def test_lists_are_narrowed_ordered_and_counted(db: Database) -> None:
    rows = db.follow_ups
    for n in range(3):
        new = NewFollowUp(FollowUpKind.missed, f"+7900000000{n}", TopicCode(""), QueueName("sales"), None)
        await rows.ask(new, T0 + n * HOUR)
    await ask(db)
    look = replace(OPEN, kinds=[FollowUpKind.missed])
    found = await rows.find(replace(look, limit=2, offset=1))
    assert [each.number[-1] for each in found] == ["1", "2"]
    assert await rows.count(look) == 3
    assert [each.language for each in found] == [None, None]
    assert await rows.find(replace(look, queues=[])) == ()
    assert await rows.count(replace(OPEN, queues=[QueueName("finance")])) == 1
    work = await rows.waiting(replace(OPEN, now=T0))
    assert dict(work.kinds) == {FollowUpKind.missed: Waiting(3, T0), FollowUpKind.wish: Waiting(1, T0)}
    assert work.postponed == Waiting()
    await rows.postpone(found[1].id, T0 + 9 * HOUR, "позже", ANNA, T0)
    await rows.postpone(1, T0 + 8 * HOUR, "позже", ANNA, T0)
    work = await rows.waiting(replace(OPEN, now=T0))
    assert dict(work.kinds) == {
        FollowUpKind.missed: Waiting(1, T0 + HOUR),
        FollowUpKind.wish: Waiting(1, T0),
    }
    assert work.postponed == Waiting(2, T0)
    for wrong in (rows.waiting(OPEN), rows.find(replace(OPEN, postponed=True))):
        with pytest.raises(ValueError, match="now is missing"):
            await wrong

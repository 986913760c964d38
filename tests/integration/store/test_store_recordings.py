"""Recordings of talks: consent and its moment, what of the talk is heard, who listened, and when the sound
goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.assembly.soundkeeping import let_go
from callcore.calls.effects import Contact
from callcore.domain import CallId, ChannelId, Login, PbxName, QueueName, RecordMode
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored
from callcore.store.recordings import Listened, NewRecording, Span
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events
from callcore.store.schema.ivr import recordings

from .store_samples import ANNA, T0

MakeContact = Callable[..., Contact]

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
WORDS = "Разговор записывается."
TOKEN = "0123456789abcdef" * 2
NEW = NewRecording(
    TOKEN,
    CallId("c1"),
    PbxName("main"),
    ChannelId("1795.1"),
    QueueName("finance"),
    RecordMode.auto,
    words=WORDS,
    edition=3,
)


async def set_row(db: Database, token: str, **values: Any) -> None:
    async def op(connection: AsyncConnection) -> None:
        change = update(recordings).where(recordings.c.token == token)
        await connection.execute(change.values(**values))

    await db.writer.submit(op)


def sounds(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.wav"))


async def test_consent_by_words_has_its_moment(db: Database) -> None:
    made = await db.recordings.begin(NEW, T0)
    assert (made.consent_at, made.consent_how, made.consent_words, made.edition) == (T0, "words", WORDS, 3)
    assert (made.file, made.is_open, made.is_on) == (f"{TOKEN}.wav", True, True)
    assert await db.recordings.open() == (made,) == await db.recordings.of_call(CallId("c1"))


async def test_who_refused_has_a_row_and_no_file(db: Database) -> None:
    made = await db.recordings.begin(replace(NEW, is_refused=True), T0)
    assert (made.refused_at, made.consent_at, made.file, made.spans) == (T0, None, "", ())
    assert (made.is_open, made.has_sound, made.is_on) == (False, False, False)
    assert await db.recordings.open() == ()
    with pytest.raises(NotStored):
        await db.recordings.turn(TOKEN, T0, on=True, why="operator", login=ANNA)


async def test_pauses_are_told_with_who_and_why(db: Database) -> None:
    await db.recordings.begin(NEW, T0)
    paused = await db.recordings.turn(TOKEN, T0 + SECOND, on=False, why="card", login=ANNA)
    assert not paused.is_on
    on = await db.recordings.turn(TOKEN, T0 + 9 * SECOND, on=True, why="time")
    assert on.spans == (
        Span(T0, True, "words"),
        Span(T0 + SECOND, False, "card", ANNA),
        Span(T0 + 9 * SECOND, True, "time"),
    )
    assert on.consent_by is None, "the words were played: no operator gave the consent"


async def test_on_demand_the_operator_stands_for_the_consent(db: Database) -> None:
    made = await db.recordings.begin(replace(NEW, mode=RecordMode.demand, words=""), T0)
    assert (made.is_on, made.was_on, made.consent_at) == (False, False, None)
    opened = await db.recordings.turn(TOKEN, T0 + SECOND, on=True, why="operator", login=ANNA)
    assert (opened.consent_at, opened.consent_how, opened.consent_by) == (T0 + SECOND, "operator", ANNA)
    await db.recordings.turn(TOKEN, T0 + 2 * SECOND, on=False, why="card", login=ANNA)
    again = await db.recordings.turn(TOKEN, T0 + 3 * SECOND, on=True, why="operator", login=Login("boris"))
    assert (again.consent_at, again.consent_by) == (T0 + SECOND, ANNA), "the first moment stays"


async def test_the_end_is_told_once(db: Database) -> None:
    await db.recordings.begin(NEW, T0)
    ended = await db.recordings.end(TOKEN, T0 + DAY, 4200)
    assert await db.recordings.end(TOKEN, T0 + 2 * DAY, 1) == ended
    assert (ended.ended_at, ended.ms, ended.has_sound) == (T0 + DAY, 4200, True)
    async with db.read() as connection:
        told = (await connection.execute(select(events.c.type, events.c.data))).all()
    assert [(row.type, row.data) for row in told] == [
        ("recording.kept", {"recording": ended.id, "call": "c1", "queue": "finance", "ms": 4200})
    ]


@pytest.mark.parametrize(("mode", "ms"), [(RecordMode.auto, 0), (RecordMode.demand, 4200)])
async def test_what_nobody_could_hear_goes(db: Database, tmp_path: Path, mode: RecordMode, ms: int) -> None:
    """No word was spoken; or nobody ever opened it: the silence of a talk tells when who spoke."""
    (tmp_path / f"{TOKEN}.wav").write_bytes(b"RIFF")
    await db.recordings.begin(replace(NEW, mode=mode), T0)
    ended = await db.recordings.end(TOKEN, T0 + DAY, ms)
    assert not ended.has_sound
    assert await let_go(db.recordings, tmp_path, T0 - DAY, T0) == 1
    assert sounds(tmp_path) == []
    async with db.read() as connection:
        assert (await connection.execute(select(events.c.type))).all() == []


async def test_who_listened_is_in_the_audit_with_the_customer(db: Database, contact: MakeContact) -> None:
    await db.customers.add_many([NewCustomer("К-1", "Пётр", numbers=("+79000000001",))], T0)
    found = await db.customers.by_contract("К-1")
    assert found is not None
    await db.contacts.save(contact("c1", customer=found.id))
    made = await db.recordings.begin(NEW, T0)
    await db.recordings.listened(TOKEN, Login("olga"), T0 + DAY)
    assert await db.recordings.listeners(made.id) == (Listened(T0 + DAY, Login("olga")),)
    async with db.read() as connection:
        row = (await connection.execute(select(audit).where(audit.c.act == "listened"))).one()
    assert (row.customer, row.subject) == (found.id, f"recording:{made.id}")
    with pytest.raises(NotStored):
        await db.recordings.listened("f" * 32, Login("olga"), T0)


async def test_after_its_time_the_sound_goes_and_the_consent_stays(db: Database, tmp_path: Path) -> None:
    for token, at in ((TOKEN, T0), ("f" * 32, T0 + DAY)):
        (tmp_path / f"{token}.wav").write_bytes(b"RIFF")
        await db.recordings.begin(replace(NEW, token=token), at)
        await db.recordings.end(token, at + SECOND, 900)
    assert await let_go(db.recordings, tmp_path, T0 + SECOND, T0 + 9 * DAY) == 1
    assert sounds(tmp_path) == [f"{'f' * 32}.wav"]
    gone = await db.recordings.get(TOKEN)
    assert gone is not None
    assert (gone.file, gone.consent_at, gone.deleted_at) == ("", T0, T0 + 9 * DAY)
    [line] = await db.audit.lines(act="sounds_gone")
    assert (line.at, line.login, line.customer) == (T0 + 9 * DAY, "callcore", None)
    assert line.detail == {"rows": {"recordings": 1}, "before": (T0 + SECOND).isoformat()}
    assert await let_go(db.recordings, tmp_path, T0 + SECOND, T0 + 10 * DAY) == 0
    assert len(await db.audit.lines(act="sounds_gone")) == 1, "a round without any is no line"


async def test_what_is_being_written_is_not_old_yet(db: Database, tmp_path: Path) -> None:
    """A talk that has lasted for longer than sounds are kept: it goes once it is over."""
    (tmp_path / f"{TOKEN}.wav").write_bytes(b"RIFF")
    await db.recordings.begin(NEW, T0)
    await db.recordings.begin(replace(NEW, token="f" * 32, is_refused=True), T0)
    assert await let_go(db.recordings, tmp_path, T0 + DAY, T0 + DAY) == 0
    assert sounds(tmp_path) == [f"{TOKEN}.wav"]
    await db.recordings.end(TOKEN, T0 + DAY, 4200)
    assert await let_go(db.recordings, tmp_path, T0 + DAY, T0 + 2 * DAY) == 1
    assert sounds(tmp_path) == []


async def test_a_name_that_leads_out_of_the_folder_deletes_nothing(db: Database, tmp_path: Path) -> None:
    """Whoever has written into the row: what lies elsewhere stays, and the row is done with."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    beside = tmp_path / "callcore.secret"
    beside.write_text("s")
    for n, file in enumerate(("../callcore.secret", str(beside), "..")):
        token = f"{n}" * 32
        await db.recordings.begin(replace(NEW, token=token), T0)
        await db.recordings.end(token, T0, 900)
        await set_row(db, token, file=file)
    await let_go(db.recordings, folder, T0 + DAY, T0 + DAY)
    assert beside.read_text() == "s"
    assert folder.is_dir()


async def test_who_is_erased_is_heard_no_more(db: Database, tmp_path: Path, contact: MakeContact) -> None:
    await db.customers.add_many([NewCustomer("К-1", "Пётр", numbers=("+79000000001",))], T0)
    found = await db.customers.by_contract("К-1")
    assert found is not None
    await db.contacts.save(contact("c1", customer=found.id))
    for token, call in ((TOKEN, "c1"), ("f" * 32, "c2")):
        (tmp_path / f"{token}.wav").write_bytes(b"RIFF")
        await db.recordings.begin(replace(NEW, token=token, call=CallId(call)), T0)
    dossier = await db.privacy.dossier(found.id, "admin", T0)
    assert [row["token"] for row in dossier.tables["recordings"]] == [TOKEN]
    await db.privacy.erase(found.id, "admin", T0, reason="требование")
    assert await let_go(db.recordings, tmp_path, T0 - DAY, T0) == 1
    assert sounds(tmp_path) == [f"{'f' * 32}.wav"], "another's stays"


async def test_who_is_erased_while_he_talks_stays_erased(db: Database, tmp_path: Path) -> None:
    (tmp_path / f"{TOKEN}.wav").write_bytes(b"RIFF")
    await db.recordings.begin(NEW, T0)
    await set_row(db, TOKEN, deleted_at=T0 + SECOND)  # as an erasure does
    ended = await db.recordings.end(TOKEN, T0 + DAY, 4200)
    assert (ended.deleted_at, ended.has_sound) == (T0 + SECOND, False)

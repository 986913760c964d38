"""A person is erased with what he said: whatever dies in between, the next start brings it to its end."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from callcore.assembly.soundkeeping import keep_sounds
from callcore.assembly.wiring import house_of
from callcore.config import load
from callcore.domain import CallId, ChannelId, CustomerId, PbxName, QueueName, RecordMode, TopicCode
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.recordings import NewRecording
from callcore.store.sounds import remove_sounds
from callcore.store.voicemails import NewVoicemail, VoicemailLook
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.record.dossier import zipped

from .store_samples import T0

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"

DIES = """
import asyncio, os, pathlib, signal, sys
from datetime import UTC, datetime
from callcore.domain import CustomerId
from callcore.store.database import Database
from callcore.store.sounds import remove_sounds
from callcore.store.voicemails import Voicemails

url, customer, folder, moment = sys.argv[1:]


def die(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_a_sound(path, **_more):
    if path.suffix == ".wav":
        die()


async def erase():
    async with await Database.open(url) as database:
        now = datetime.now(UTC)
        await database.privacy.erase(CustomerId(int(customer)), "admin", now, reason="требование")
        await remove_sounds(database.voicemails, pathlib.Path(folder))


if moment == "before the file":
    pathlib.Path.unlink = die_at_a_sound
else:
    Voicemails.removed = die
asyncio.run(erase())
"""


async def him(db: Database, folder: Path) -> CustomerId:
    """Somebody who left two messages, the second from a number that is withheld; and his neighbour."""
    await db.customers.add_many([NewCustomer("К-1", "Пётр", numbers=("+79000000001",))], T0)
    found = await db.customers.by_contract("К-1")
    assert found is not None
    os.mkdir(folder)
    for call, customer, number in (
        ("c1", found.id, "+79000000001"),
        ("c2", found.id, None),
        ("c3", None, "+79000000002"),
    ):
        (folder / f"{call}-1.wav").write_bytes(b"RIFF")
        new = NewVoicemail(CallId(call), TopicCode("sales"), "ru", f"{call}-1.wav", 900, number, customer)
        await db.voicemails.add(new, T0)
    return found.id


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("moment", "left"),
    [("before the file", ["c1-1.wav", "c2-1.wav", "c3-1.wav"]), ("before the row", ["c3-1.wav"])],
    ids=["file", "row"],
)
async def test_killed_in_between(
    db: Database, url: str, tmp_path: Path, moment: str, left: list[str]
) -> None:
    folder = tmp_path / "recordings"
    customer = await him(db, folder)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES, url, str(customer), str(folder), moment
    )
    assert await asyncio.wait_for(child.wait(), PATIENCE_SECONDS) == -signal.SIGKILL
    assert files(folder) == left
    assert len(await db.voicemails.to_remove()) == 2, "what has to go is marked, with the erasure"
    mails = await db.voicemails.find(VoicemailLook())
    assert [mail.number for mail in mails if mail.has_sound] == ["+79000000002"]

    start = asyncio.create_task(keep_sounds({db.voicemails: timedelta(days=90)}, folder, lambda: T0))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await db.voicemails.to_remove():  # noqa: ASYNC110 - nobody tells of the end of a round
            await asyncio.sleep(0.02)
    start.cancel()
    assert files(folder) == ["c3-1.wav"]
    assert sorted(mail.file for mail in await db.voicemails.find(VoicemailLook())) == ["", "", "c3-1.wav"]


async def test_given_out_with_what_he_said(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    customer = await him(db, folder)
    dossier = await db.privacy.dossier(customer, "olga", T0)
    house = house_of(load(SAMPLE, need_secrets=False))
    pieces = [piece async for piece in zipped(dossier, db.privacy.bodies(dossier), folder, T0, house, {})]
    assert len(pieces) > 2
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        sounds = [name for name in archive.namelist() if name.startswith("voicemail/")]
        assert [archive.read(name) for name in sounds] == [b"RIFF", b"RIFF"]
        told = json.loads(archive.read("data.json"))["sounds"]
    assert [each["path"] for each in told] == sounds


async def test_given_out_with_his_recorded_talks(db: Database, tmp_path: Path, contact: Any) -> None:
    folder = tmp_path / "recordings"
    customer = await him(db, folder)
    await db.contacts.save(contact("talk", customer=customer))
    for n, name in enumerate(("kept", "gone")):
        token = f"{n}" * 32
        (folder / f"{token}.wav").write_bytes(name.encode())
        new = NewRecording(
            token, CallId("talk"), PbxName("main"), ChannelId("1.1"), QueueName("finance"), RecordMode.auto
        )
        await db.recordings.begin(new, T0)
        await db.recordings.end(token, T0, 900 if name == "kept" else 0)
    dossier = await db.privacy.dossier(customer, "olga", T0)
    house = house_of(load(SAMPLE, need_secrets=False))
    pieces = [piece async for piece in zipped(dossier, db.privacy.bodies(dossier), folder, T0, house, {})]
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        talks = [name for name in archive.namelist() if name.startswith("talks/")]
        assert [archive.read(name) for name in talks] == [b"kept"]
        told = [each for each in json.loads(archive.read("data.json"))["sounds"] if "recording" in each]
        page = archive.read("readable.html").decode()
    assert [each["path"] for each in told] == [*talks, None]
    assert talks[0] in page


async def test_one_that_cannot_go_holds_up_no_other(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    customer = await him(db, folder)
    (folder / "c1-1.wav").unlink()
    (folder / "c1-1.wav").mkdir()  # no file: unlink fails, whoever runs the tests
    await db.privacy.erase(customer, "admin", T0, reason="требование")
    assert await remove_sounds(db.voicemails, folder) == 1
    assert files(folder) == ["c1-1.wav", "c3-1.wav"]
    (folder / "c1-1.wav").rmdir()
    assert await remove_sounds(db.voicemails, folder) == 1
    assert await db.voicemails.to_remove() == ()

"""Files and whose they are."""

from __future__ import annotations

import pytest

from callcore.store import attachments as module
from callcore.store.attachments import Attachment, AttachmentRefused, Owner, OwnerKind, take_along
from callcore.store.database import Database
from callcore.store.users import By

from .store_samples import T0

LETTER = Owner(OwnerKind.interaction, "17")
CASE = Owner(OwnerKind.case, "5")
BY = By("anna", T0)
PDF = b"%PDF-1.7\n..."


async def add(db: Database, owner: Owner = LETTER, name: str = "письмо.pdf", body: bytes = PDF) -> Attachment:
    return await db.attachments.add(owner, name, "text/html", "letter", body, "anna", T0)


async def test_a_file_is_kept_as_it_came(db: Database) -> None:
    letter = await add(db)
    assert (letter.name, letter.media_type, letter.size) == ("письмо.pdf", "application/pdf", len(PDF))
    assert len(letter.id) == 22
    assert await db.attachments.of(LETTER) == (letter,)
    assert await db.attachments.get(letter.id) == letter
    assert await db.attachments.body(letter.id) == PDF
    assert await db.attachments.owners(letter.id) == (LETTER,)
    assert await db.attachments.of(CASE) == ()
    assert await db.attachments.get("nothing") is None
    assert await db.attachments.body("nothing") is None


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"", "letter", "file_empty"),
        (b"x" * (module.MOST_BYTES + 1), "letter", "file_too_large"),
        (PDF, "not_in_crm", "file_kind"),
    ],
)
async def test_what_is_not_taken(db: Database, body: bytes, kind: str, code: str) -> None:
    with pytest.raises(AttachmentRefused, match=code):
        await db.attachments.add(LETTER, "x", "", kind, body, "anna", T0)
    assert await db.attachments.of(LETTER) == ()


async def test_an_owner_takes_so_many_bytes(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_OWNER_BYTES", 2 * len(PDF))
    first, second = await add(db), await add(db)
    with pytest.raises(AttachmentRefused, match="files_too_many"):
        await add(db)
    assert {file.id for file in await db.attachments.of(LETTER)} == {first.id, second.id}
    other = await add(db, CASE)
    with pytest.raises(AttachmentRefused, match="files_too_many"):
        await db.attachments.link(other.id, LETTER, "anna", T0)


async def test_an_owner_takes_so_many_files(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_OWNER", 1)
    await add(db)
    with pytest.raises(AttachmentRefused, match="files_too_many"):
        await add(db)


async def test_a_file_of_two_owners_goes_with_the_last(db: Database) -> None:
    letter = await add(db)
    assert await db.attachments.link(letter.id, CASE, "boris", T0)
    assert await db.attachments.link(letter.id, CASE, "boris", T0), "once more changes nothing"
    assert not await db.attachments.link("nothing", CASE, "boris", T0)
    assert await db.attachments.unlink(letter.id, LETTER, BY)
    assert not await db.attachments.unlink(letter.id, LETTER, BY)
    assert await db.attachments.body(letter.id) == PDF
    assert await db.attachments.unlink(letter.id, CASE, BY)
    assert await db.attachments.get(letter.id) is None
    assert await db.attachments.body(letter.id) is None


async def test_a_case_takes_the_files_along(db: Database) -> None:
    first, second = await add(db), await add(db, name="фото.png", body=b"\x89PNG\r\n\x1a\n")
    await db.writer.submit(lambda connection: take_along(connection, LETTER, CASE, "anna", T0))
    assert {file.id for file in await db.attachments.of(CASE)} == {first.id, second.id}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("..\\..\\etc\\passwd", "passwd"),
        ("/tmp/a\x00b<c>.txt", "abc.txt"),
        ("счёт\u202efdp.exe", "счётfdp.exe"),
        ("  ...  ", "file"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
async def test_names(name: str, clean: str) -> None:
    assert module.clean_name(name) == clean

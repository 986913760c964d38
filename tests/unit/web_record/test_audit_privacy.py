"""The audit's page, CSV and API; one person's data, given out and erased on the pages."""

from __future__ import annotations

import io
import json
import random
import zipfile

import aiohttp
import pytest

from callcore.domain import CallId, CustomerId, TopicCode
from callcore.rights import Role
from callcore.store.voicemails import NewVoicemail
from callcore.web.record.dossier import PIECE

from .conftest import RecordHouse

HOSTILE = "=HYPERLINK(1)<script>"


async def him(house: RecordHouse) -> CustomerId:
    return await house.add_customer("К-1", HOSTILE, numbers=("+79000000001",))


async def test_who_saw_whom_as_page_csv_and_api(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_ = await him(house)
    house.database.audit.saw("anna", id_, house.clock.time)
    house.database.audit.saw("boris", CustomerId(999), house.clock.time)
    await house.database.audit.flush()
    await house.database.audit.note(HOSTILE, "changed", id_, house.clock.time, detail={"fields": ["x"]})
    page = await house.get("/admin/audit", customer="К-1")
    assert page.status == 200
    assert "anna" in page.words
    assert "boris" not in page.words.split("Подробности")[1]
    assert "<script>" not in page.text
    assert "boris" in (await house.get("/admin/audit", login="boris", since="2026-03-02")).words
    assert "Ничего не найдено" in (await house.get("/admin/audit", since="2026-03-03")).words
    for field, value in (("customer", "нет такого"), ("since", "вчера"), ("until", "9999-12-31")):
        assert (await house.get("/admin/audit", **{field: value})).status == 422, field
    table = await house.get("/admin/audit.csv", customer="К-1")
    assert f"'{HOSTILE}" in table.text
    assert "boris" not in table.text
    answer = await house.api("GET", "/audit", customer=str(id_), limit="1")
    assert [line["login"] for line in answer.json["lines"]] == [HOSTILE]
    more = await house.api("GET", "/audit", customer=str(id_), before=str(answer.json["next"]))
    assert [line["login"] for line in more.json["lines"]] == ["anna"]


async def test_everything_of_one_person_as_a_file(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_ = await him(house)
    answer = await house.get(f"/customers/{id_}/export")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        data = json.loads(archive.read("data.json"))
        page = archive.read("readable.html").decode()
    assert data["tables"]["customers"][0]["name"] == HOSTILE
    assert data["tables"]["customer_numbers"][0]["number"] == "+79000000001"
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    (line,) = await house.database.audit.lines(act="exported")
    assert (line.login, line.customer) == ("olga", id_)
    assert (await house.get("/customers/999/export")).status == 404


async def said(house: RecordHouse, customer: CustomerId, file: str, sound: bytes | None) -> int:
    """A voicemail of his, and its file."""
    folder = house.daemon.settings.recording_folder
    folder.mkdir(parents=True, exist_ok=True)
    if sound is not None:
        (folder / file).write_bytes(sound)
    new = NewVoicemail(CallId(file[:2]), TopicCode("finance.claim"), "ru", file, 1500, customer=customer)
    return (await house.database.voicemails.add(new, house.clock.time)).id


async def test_what_he_said_is_in_the_file_piece_by_piece(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_, sound = await him(house), random.Random(7).randbytes(2 * PIECE + 99)
    first = await said(house, id_, "c1-1.wav", sound)
    lost = await said(house, id_, "c2-1.wav", None)
    outside = await said(house, id_, "../callcore.yaml", None)
    await said(house, CustomerId(999), "c3-1.wav", b"another's")
    answer = await house.get(f"/customers/{id_}/export")
    assert "Content-Length" not in answer.headers, "it was never whole in memory"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        data = json.loads(archive.read("data.json"))
        page = archive.read("readable.html").decode()
        name = f"voicemail/{first:03} 2026-03-02 12.00.wav"
        assert [each for each in archive.namelist() if each not in ("data.json", "readable.html")] == [name]
        assert archive.read(name) == sound
    assert data["sounds"] == [
        {"voicemail": first, "path": name},
        {"voicemail": lost, "path": None},
        {"voicemail": outside, "path": None},
    ]
    assert name in page
    assert page.count("больше не хранится") == 2
    by_api = await house.api("GET", f"/customers/{id_}/export")
    with zipfile.ZipFile(io.BytesIO(by_api.body)) as archive:
        assert archive.read(name) == sound
    head = await house.ask("HEAD", f"/customers/{id_}/export")
    assert (head.status, head.body) == (200, b"")


async def test_an_export_that_breaks_off_is_no_whole_file(
    house: RecordHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_ = await him(house)
    await said(house, id_, "c1-1.wav", random.Random(7).randbytes(2 * PIECE))

    def torn(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("callcore.web.record.dossier.as_json", torn)
    with pytest.raises(aiohttp.ClientPayloadError):
        await house.get(f"/customers/{id_}/export")
    assert (await house.get(f"/customers/{id_}")).status == 200


async def test_with_him_goes_what_he_said_at_once(house: RecordHouse) -> None:
    await house.sign_in(Role.administrator, "root")
    folder, voicemails = house.daemon.settings.recording_folder, house.database.voicemails
    for number, by_page in enumerate((True, False), 1):
        id_ = await house.add_customer(f"К-{number}")
        mail = await said(house, id_, f"c{number}-1.wav", b"RIFF")
        if by_page:
            done = await house.post_form(f"/customers/{id_}/erase", reason="требование 7", sure="1")
        else:
            done = await house.api("POST", f"/customers/{id_}/erase", {"reason": "требование 7"})
        assert done.status == 200
        gone = await voicemails.get(mail)
        assert gone is not None
        assert (gone.has_sound, gone.file) == (False, "")
        assert list(folder.glob("*.wav")) == []


async def test_erased_once_it_was_meant(house: RecordHouse) -> None:
    await house.sign_in(Role.administrator, "root")
    id_ = await him(house)
    asked = await house.get(f"/customers/{id_}/erase")
    assert "Номера 1" in asked.words
    for fields in ({"reason": "требование"}, {"sure": "1"}):
        assert (await house.post_form(f"/customers/{id_}/erase", **fields)).status == 422
    kept = await house.database.customers.get(id_)
    assert kept is not None
    assert kept.name == HOSTILE
    done = await house.post_form(f"/customers/{id_}/erase", reason="требование 7", sure="1")
    assert done.status == 200
    assert "стёрты" in done.words
    gone = await house.database.customers.get(id_)
    assert gone is not None
    assert (gone.name, gone.numbers) == ("—", ())


async def test_counted_and_erased_by_the_api(house: RecordHouse) -> None:
    await house.sign_in(Role.administrator, "root")
    id_ = await him(house)
    dry = await house.api("POST", f"/customers/{id_}/erase", {"reason": "требование", "dry": True})
    assert (dry.status, dry.json["is_done"], dry.json["rows"]["customer_numbers"]) == (200, False, 1)
    assert (await house.api("POST", f"/customers/{id_}/erase", {"reason": " "})).status == 422
    done = await house.api("POST", f"/customers/{id_}/erase", {"reason": "требование"})
    assert (done.status, done.json["is_done"]) == (200, True)
    assert (await house.api("POST", "/customers/999/erase", {"reason": "x"})).status == 404


async def test_the_audit_speaks_in_words(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_ = await him(house)
    audit, at = house.database.audit, house.clock.time
    audit.saw("anna", id_, at, "page")
    await audit.flush()
    lines: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("changed", "", {"fields": ["name", "urgent"]}),
        ("changed", "case:7", {}),
        ("changed", "contact:v1", {}),
        ("changed", "task:3", {}),
        ("checked", "password_wrong", {}),
        ("user_changed", "user:olga", {"role": "senior", "role_before": "operator"}),
        ("erased", "", {"rows": {"customer_numbers": 2}, "forced": True}),
        ("token_made", "", {"scopes": ["cases.work", "what"], "odd": ["x"]}),
        ("webhook_added", "contact", {}),
        ("audit_purged", "", {"before": "2026-01-02T00:00:00+00:00"}),
    )
    for act, subject, detail in lines:
        await audit.note("anna", act, id_, at, subject=subject, detail=detail)
    await audit.note("", "flash_switched_on", None, at, subject="flash:4", detail={"call": "c1"})
    await audit.note("anna", "listened", id_, at, subject="voicemail:5")
    page = await house.get("/admin/audit")
    for words in (
        "на странице",
        "поля: имя, срочное",
        "кейс № 7",
        "задача № 3",
        "пароль неверный",
        "роль: старший оператор ; роль прежде: оператор",
        "строки: Номера — 2 ; несмотря на открытое: да",
        "права: работать с кейсами, what ; odd: x",
        "старше 2026-01-02",
        "звонящий, через автоответчик включил объявление",
        "прослушал запись",
        "сообщение № 5",
    ):
        assert words in page.words, words
    assert 'href="/cases/7"' in page.text
    assert 'href="/contacts/v1"' in page.text
    assert 'href="/admin/users/olga"' not in page.text  # she may not manage users


async def test_queues_are_named_with_their_codes(house: RecordHouse) -> None:
    await house.sign_in(Role.administrator, "root", queues=("finance", "gone"))
    for path in ("/admin", "/account"):
        assert "Финансовая группа finance , gone" in (await house.get(path)).words

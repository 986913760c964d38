"""The audit's page, CSV and API; one person's data, given out and erased on the pages."""

from __future__ import annotations

import io
import json
import zipfile

from callcore.domain import CustomerId
from callcore.rights import Role

from .conftest import RecordHouse

HOSTILE = "=HYPERLINK(1)<script>"


async def him(house: RecordHouse) -> CustomerId:
    return await house.add_customer("К-1", HOSTILE, numbers=("+79000000001",))


async def test_who_saw_whom_as_page_csv_and_api(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor, "olga")
    id_ = await him(house)
    house.database.audit.saw("anna", id_, house.clock.at)
    house.database.audit.saw("boris", CustomerId(999), house.clock.at)
    await house.database.audit.flush()
    await house.database.audit.note(HOSTILE, "changed", id_, house.clock.at, detail={"fields": ["x"]})
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
    audit, at = house.database.audit, house.clock.at
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
        "прослушал сообщение",
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

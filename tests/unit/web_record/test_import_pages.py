"""Import on its pages and by the API: look first, then confirm; all or nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from callcore.domain import Login
from callcore.store.import_journal import ImportJournal

GOOD = b"contract;name;numbers\n1;=1+1;+79000000001\n2;<script>alert(1)</script>;\n"
BAD = "contract;name;numbers\n1;Анна;=cmd|'/C calc'!A0\n;Пётр;\n".encode()


@pytest.fixture
async def admin(house: Any) -> Any:
    await house.sign_in("administrator")
    return house


async def upload(house: Any, body: bytes, name: str = "base.csv") -> Any:
    return await house.post_form("/customers/import", files={"file": (name, body)})


def token_of(answer: Any) -> str:
    found = re.search(r'name="token" value="([^"]+)"', answer.text) or re.search(
        r"token=([\w-]+)", answer.text
    )
    assert found is not None
    return found[1]


async def test_look_then_confirm(admin: Any) -> None:
    assert "Загрузка клиентов" in (await admin.get("/customers/import")).text
    seen = await upload(admin, GOOD)
    assert seen.status == 200
    assert "<script>alert" not in seen.text
    assert "Новых договоров 2" in seen.words
    assert await admin.database.customers.count() == 0
    done = await admin.post_form("/customers/import/confirm", token=token_of(seen))
    assert (done.status, await admin.database.customers.count()) == (200, 2)
    again = await upload(admin, GOOD)
    assert "Загружать нечего" in again.text
    gone = await admin.post_form("/customers/import/confirm", token=token_of(seen))
    assert gone.status == 422
    assert "выберите его снова" in gone.text


async def test_what_looks_like_a_slip_is_shown_before_it_is_taken(admin: Any) -> None:
    seen = await upload(admin, b"contract;name;status\n1;Ann;active\n2;Bob;weird\n")
    assert seen.status == 200
    assert "незнакомое слово 'weird'" in seen.words
    await admin.post_form("/customers/import/confirm", token=token_of(seen))
    ann = await admin.database.customers.by_contract("1")
    assert "активен" in (await admin.get(f"/customers/{ann.id}")).words


async def test_faults_are_shown_and_downloaded(admin: Any) -> None:
    seen = await upload(admin, BAD)
    assert seen.status == 422
    assert "2 ошибки" in seen.words
    table = await admin.get("/customers/import/faults", token=token_of(seen))
    assert table.headers["Content-Disposition"].startswith("attachment")
    assert len(table.text.strip().splitlines()) == 3
    assert not re.search(r"(^|;)[=+@-]", table.text, re.MULTILINE)
    confirmed = await admin.post_form("/customers/import/confirm", token=token_of(seen))
    assert confirmed.status == 422
    assert await admin.database.customers.count() == 0


async def test_a_file_is_its_owners_and_not_for_ever(admin: Any) -> None:
    token = token_of(await upload(admin, GOOD))
    admin.clock.pass_(minutes=31)
    assert (await admin.post_form("/customers/import/confirm", token=token)).status == 422
    token = token_of(await upload(admin, GOOD))
    await admin.sign_in("administrator", login="other")
    assert (await admin.post_form("/customers/import/confirm", token=token)).status == 422
    assert await admin.database.customers.count() == 0


async def test_no_file_and_unknown_columns(admin: Any) -> None:
    assert (await admin.post_form("/customers/import")).status == 422
    seen = await upload(admin, b"contract;name;height\n1;Ann;180\n")
    assert seen.status == 422
    assert "неизвестный столбец" in seen.words


async def test_a_column_is_named_once(admin: Any) -> None:
    """Ours stands beside the file's only where they differ."""
    seen = await upload(admin, "contract;Name;телефон;height\n1;Ann;;\n".encode())
    heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", seen.text, re.DOTALL)
    words = [re.sub(r"<[^>]+>", " ", head).split() for head in heads]
    assert words[-4:] == [
        ["contract"],
        ["Name"],
        ["телефон", "numbers"],
        ["height", "неизвестный", "столбец"],
    ]


async def test_what_is_under_way_is_told(admin: Any) -> None:
    journal = ImportJournal(admin.database)
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    await journal.begin(b"", name="<b>.csv", login=Login("root"), at=at, country="RU", zone="Europe/Moscow")
    seen = await admin.get("/customers/import")
    assert "<b>.csv" not in seen.text
    assert "загружается, готово 0 договоров" in seen.words


async def test_a_refused_file_is_named_again_when_confirmed(admin: Any) -> None:
    token = token_of(await upload(admin, BAD, "base-7.csv"))
    confirmed = await admin.post_form("/customers/import/confirm", token=token)
    assert re.search(r"base-7\.csv ?: Ничего не загружено", confirmed.words)


async def test_operators_may_not(house: Any) -> None:
    await house.sign_in("operator")
    assert (await house.get("/customers/import")).status == 403
    assert (await upload(house, GOOD)).status == 403
    assert (await house.api("POST", "/customers/import")).status == 403


async def test_by_the_api(admin: Any) -> None:
    headers = {"Origin": admin.origin, "X-CSRF-Token": admin.csrf}
    url = "/api/v1/customers/import"
    dry = await admin.ask("POST", url, params={"dry": "true"}, data=GOOD, headers=headers)
    assert (dry.json["done"], dry.json["new"], len(dry.json["report"])) == (False, 2, 2)
    done = await admin.ask("POST", url, data=GOOD, headers=headers)
    assert (done.json["done"], await admin.database.customers.count()) == (True, 2)
    assert done.json["odd"] == []
    again = await admin.ask("POST", url, data=GOOD, headers=headers)
    assert (again.json["unchanged"], again.json["report"]) == (2, [])
    bad = await admin.ask("POST", url, data=BAD, headers=headers)
    assert bad.status == 422
    assert [fault["line"] for fault in bad.json["faults"]] == [2, 3]
    assert (await admin.ask("POST", url, data=b"", headers=headers)).status == 422
    odd = b"contract;name;status\n3;Eve;weird\n"
    taken = await admin.ask("POST", url, data=odd, headers=headers)
    assert [(each["row"], each["message_en"].partition(";")[0]) for each in taken.json["odd"]] == [
        (2, "status: an unknown word 'weird', shown as it is")
    ]
    assert (await admin.ask("POST", url, params={"dry": "x"}, data=GOOD, headers=headers)).status == 400


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_sample_can_be_imported(house: Any, language: str) -> None:
    await house.sign_in("administrator", language=language)
    page = await house.get("/customers/import")
    assert 'href="/customers/import/sample"' in page.text
    for name in ("contract договор", "service_until услуга по", "hlr"):
        assert name in page.words
    sample = await house.get("/customers/import/sample")
    assert sample.headers["Content-Disposition"].startswith("attachment")
    assert ("договор;имя" in sample.text) == (language == "ru")
    seen = await upload(house, sample.body)
    assert seen.status == 200, seen.words
    done = await house.post_form("/customers/import/confirm", token=token_of(seen))
    assert (done.status, await house.database.customers.count()) == (200, 2)


async def test_the_note_of_a_refusal_is_one_piece(admin: Any) -> None:
    """Else name and words stand apart, with the colon between."""
    seen = await upload(admin, BAD, "c.csv")
    assert 'role="alert"><span><bdi>c.csv</bdi>: Ничего' in seen.text

"""Departments, staff and counterparties on pages and over the API."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from callcore.rights import Role
from callcore.store.counterparties import NewCounterparty

RIGHTS = (None, False, True)


async def test_departments_with_hours_and_ways(house: Any) -> None:
    await house.sign_in(Role.operator)  # Monday, noon in Moscow
    page = (await house.get("/directory")).words
    assert "Финансовая группа" in page
    assert "открыто до 21:00" in page
    assert "звонки не переводят клиент приходит сам" in page  # of the service centre, in place of a number
    house.clock.pass_(hours=10)
    await house.sign_in(Role.operator)
    assert "09:00" in (await house.get("/directory/departments/finance")).words
    assert "закрыто до" in (await house.get("/directory/departments/finance")).words
    centre = (await house.get("/directory/departments/service_centre")).words
    assert "перевод звонка не принимает" in centre
    assert "То же решают" in centre
    assert (await house.get("/directory/departments/nowhere")).status == 404


async def test_search_as_one_types(house: Any) -> None:
    await house.sign_in(Role.operator)
    await house.add_user("petrov", name="Пётр Ёлкин")
    found = await house.ask("GET", "/directory", params={"q": "елк"}, headers={"X-Fragment": "1"})
    assert "<html" not in found.text
    assert "Пётр Ёлкин" in found.words
    assert "Финансовая" not in found.words
    assert "301" in (await house.get("/directory", q="продаж")).words
    assert "Никого не нашлось" in (await house.get("/directory", q="яяя")).words


async def test_staff_is_put_in_taken_out_and_brought_back(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    form = {"name": "Монтёр <b>", "department": "noc", "number": "412", "do": "save"}
    assert (await house.post_form("/directory/staff/new", **form)).status == 303
    page = await house.get("/directory", q="монтер")
    assert "Монтёр &lt;b&gt;" in page.text
    gone = await house.post_form("/directory/staff/1", **{**form, "do": "remove"})
    assert gone.headers["Location"] == "/directory/staff/1?removed=1"
    assert "Монтёр" not in (await house.get("/directory", q="412")).words
    assert (await house.post_form("/directory/staff/1", **form)).status == 303
    assert "Монтёр" in (await house.get("/directory", q="412")).words
    for change in ({"name": ""}, {"department": "nowhere"}, {"login": "nobody"}):
        assert (await house.post_form("/directory/staff/new", **{**form, **change})).status == 422
    await house.sign_in(Role.operator)
    assert (await house.post_form("/directory/staff/new", **form)).status == 403


@pytest.mark.parametrize(("by_role", "by_login"), list(itertools.product(RIGHTS, RIGHTS)))
async def test_what_one_may_not_see_is_not_there(
    house: Any, by_role: bool | None, by_login: bool | None
) -> None:
    rights = {"role:operator": by_role, "login:operator": by_login}
    given = {who: may for who, may in rights.items() if may is not None}
    book = house.database.counterparties
    group = await book.add_group("Подрядчики", given, house.clock.now())
    id = await book.add(group, NewCounterparty("Сетьстрой", ("+74951234567",)), "x", house.clock.now())
    await house.sign_in(Role.operator)
    sees, changes = bool(given), bool(by_role) or bool(by_login)
    for page in ("/directory/counterparties", "/directory/counterparties?q=сеть", "/directory?q=сетьстрой"):
        assert ("Сетьстрой" in (await house.get(page)).words.replace("value=", "")) is sees
    assert ("Подрядчики" in (await house.get("/directory/counterparties")).words) is sees
    assert (await house.get(f"/directory/counterparties/{id}")).status == (200 if sees else 404)
    assert (await house.get(f"/directory/counterparties?group={group}")).status == (200 if sees else 404)
    changed = await house.post_form(f"/directory/counterparties/{id}", name="Иначе", do="save")
    assert changed.status == (303 if changes else 403 if sees else 404)
    added = await house.post_form("/directory/counterparties/new", name="Новый", group=group)
    assert added.status == (303 if changes else 403)
    assert (await house.api("GET", f"/counterparties/{id}")).status == (200 if sees else 404)
    assert bool((await house.api("GET", "/counterparties")).json["counterparties"]) is sees
    assert bool((await house.api("GET", "/counterparty-groups")).json["groups"]) is sees
    put = await house.api("PUT", f"/counterparties/{id}", {"name": "По API"})
    assert put.status == (200 if changes else 403 if sees else 404)
    imported = await house.post_form(f"/directory/groups/{group}/import", sheet="name\nX", do="import")
    assert imported.status == (303 if changes else 403 if sees else 404)


async def test_a_form_that_somebody_overtook_is_told_and_kept(house: Any) -> None:
    book, now = house.database.counterparties, house.clock.now()
    group = await book.add_group("Подрядчики", {"role:operator": True}, now)
    id = await book.add(group, NewCounterparty("Сетьстрой"), "x", now)
    await house.sign_in(Role.operator)
    path, later = f"/directory/counterparties/{id}", now + timedelta(minutes=1)
    assert f'name="seen" value="{now.isoformat()}"' in (await house.get(path)).text
    await book.change(id, NewCounterparty("Сетьстрой", comment="новое"), "boris", later)
    late = await house.post_form(path, name="Сетьстрой", comment="моё", seen=now.isoformat(), do="save")
    assert late.status == 422
    assert all(words in late.words for words in ("изменил кто-то другой", "новое", "моё"))
    assert f'name="seen" value="{later.isoformat()}"' in late.text
    again = await house.post_form(path, name="Сетьстрой", comment="моё", seen=later.isoformat(), do="save")
    assert again.status == 303


async def test_groups_and_their_rights(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    await house.add_user("boris")
    made = await house.post_form("/directory/groups", name="Сети")
    assert made.headers["Location"] == "/directory/groups/1"
    saved = await house.post_form(
        "/directory/groups/1", name="Сети", role_operator="see", see="boris", change="supervisor", do="save"
    )
    assert saved.status == 303
    (group,) = await house.database.counterparties._groups()
    assert group.rights == {"role:operator": False, "login:boris": False, "login:supervisor": True}
    assert (await house.post_form("/directory/groups", name="СЕТИ")).status == 422
    unknown = await house.post_form("/directory/groups/1", name="Сети", see="nobody")
    assert (unknown.status, "Нет пользователя nobody" in unknown.words) == (422, True)
    await house.sign_in(Role.supervisor, login="other")
    assert (await house.get("/directory/groups/1")).status == 404
    await house.sign_in(Role.operator)
    assert (await house.get("/directory/groups")).status == 403


async def test_a_sheet_is_shown_then_loaded_or_nothing(house: Any) -> None:
    await house.sign_in(Role.administrator)
    book = house.database.counterparties
    await book.add_group("Сети", {}, house.clock.now())
    sheet = "название;телефоны;регион\n=cmd|1;8 495 123-45-67;Тверь\n<b>Б</b>;;"
    path = "/directory/groups/1/import"
    preview = await house.post_form(path, files={"file": ("a.csv", sheet.encode("cp1251"))})
    assert preview.status == 200
    assert "&lt;b&gt;Б&lt;/b&gt;" in preview.text
    assert "2 записи готовы" in preview.words
    assert (await house.api("GET", "/counterparties")).json["counterparties"] == []
    assert (await house.post_form(path, sheet=sheet, do="import")).status == 303
    found = (await house.api("GET", "/counterparties", q="тверь")).json["counterparties"]
    assert found[0]["phones"] == ["+74951234567"]
    bad = await house.post_form(path, sheet="name,fax\nA,1\n", do="import")
    assert (bad.status, "Строка 1:" in bad.words) == (422, True)
    bad = await house.post_form(path, sheet="name\nA\n" + "x" * 300, do="import")
    assert (bad.status, "Строка 3:" in bad.words) == (422, True)
    assert len((await house.api("GET", "/counterparties")).json["counterparties"]) == 2


async def test_the_api(house: Any) -> None:
    await house.sign_in(Role.administrator)
    departments = (await house.api("GET", "/departments")).json["departments"]
    finance = next(each for each in departments if each["code"] == "finance")
    assert (finance["ways"], finance["is_open"]) == (["transfer", "appeal"], True)
    way = (await house.api("GET", "/departments/finance/ways/transfer")).json
    assert (way["is_accepted"], way["to"]) == (True, "finance")
    refused = (await house.api("GET", "/departments/service_centre/ways/transfer")).json
    assert (refused["is_accepted"], refused["instead"]) == (False, ["walk_in"])
    assert (await house.api("GET", "/departments/finance/ways/fax")).status == 404
    people = (await house.api("GET", "/staff")).json["people"]
    assert [each["login"] for each in people] == ["administrator"]
    await house.database.counterparties.add_group("Сети", {}, house.clock.now())
    body = {"name": "Сетьстрой", "phones": ["8 495 123-45-67"]}
    made = await house.api("POST", "/counterparty-groups/1/counterparties", body)
    assert (made.status, made.json["phones"]) == (201, ["+74951234567"])
    assert (await house.api("DELETE", "/counterparties/1")).status == 204
    assert (await house.api("GET", "/counterparties")).json["counterparties"] == []

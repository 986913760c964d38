"""Departments, staff and counterparties on pages and over the API."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

import pytest

from callcore.rights import Role
from callcore.store.counterparties import NewCounterparty
from callcore.store.staff import NewPerson

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


def mark(page: Any) -> str:
    """What the form on the page was made of."""
    found = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def test_of_two_who_change_one_person_the_second_is_told(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    id = await house.database.staff.put(NewPerson("Монтёр", number="412"))
    here = f"/directory/staff/{id}"
    seen = mark(await house.get(here))
    form = {"name": "Монтёр", "number": "413", "comment": "моё", "do": "save"}
    assert (await house.post_form(here, name="Монтёр", number="499", do="save", seen=seen)).status == 303
    late = await house.post_form(here, **form, seen=seen)
    assert late.status == 422
    assert all(words in late.words for words in ("изменил кто-то другой", "Сейчас записано", "499", "моё"))
    assert (await house.post_form(here, **form, seen=mark(late))).status == 303
    person = await house.database.staff.get(id)
    assert (person.number, person.comment) == ("413", "моё")


async def test_of_two_who_change_a_groups_rights_the_second_is_told(house: Any) -> None:
    await house.sign_in(Role.administrator)
    book = house.database.counterparties
    id = await book.add_group("Сети", {"role:operator": True}, house.clock.now())
    here = f"/directory/groups/{id}"
    seen = mark(await house.get(here))
    await book.change_group(id, "Сети", {"role:operator": False})
    form = {"name": "Сети", "role_operator": "change", "role_senior": "see", "do": "save"}
    late = await house.post_form(here, **form, seen=seen)
    assert late.status == 422
    assert all(words in late.words for words in ("изменил кто-то другой", "Сейчас записано"))
    (group,) = await book._groups()
    assert group.rights == {"role:operator": False}, "what the other took away stays away"
    assert (await house.post_form(here, **form, seen=mark(late))).status == 303
    (group,) = await book._groups()
    assert group.rights == {"role:operator": True, "role:senior": False}


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


async def test_people_by_the_api(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    body = {"name": "Монтёр <b>", "department": "noc", "number": "412"}
    made = await house.api("POST", "/staff", body)
    assert (made.status, made.json["name"], made.json["number"]) == (201, "Монтёр <b>", "412")
    here = f"/staff/{made.json['id']}"
    assert (await house.api("GET", here)).json == made.json
    seen = {"seen": made.json["mark"]}
    changed = await house.api("PUT", here, body | seen | {"number": "413"})
    assert (changed.status, changed.json["number"]) == (200, "413")
    late = await house.api("PUT", here, body | seen | {"number": "414"})
    assert (late.status, "изменил кто-то другой" in late.json["detail"]) == (409, True)
    for wrong in ({"department": "nowhere"}, {"login": "nobody"}, {"name": ""}):
        assert (await house.api("PUT", here, body | wrong)).status == 422
    assert (await house.api("DELETE", here)).status == 204
    assert (await house.api("GET", "/staff", q="412")).json["people"] == []
    assert (await house.api("PUT", here, body)).status == 200
    assert [each["id"] for each in (await house.api("GET", "/staff", q="монтер")).json["people"]] == [1]
    for method in ("GET", "PUT", "DELETE"):
        assert (await house.api(method, "/staff/99", body if method == "PUT" else None)).status == 404
    await house.sign_in(Role.operator)
    assert (await house.api("GET", here)).status == 403
    assert (await house.api("POST", "/staff", body)).status == 403


async def test_groups_by_the_api(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    made = await house.api(
        "POST", "/counterparty-groups", {"name": "Сети", "rights": {"role:operator": "see"}}
    )
    mine = {"role:operator": "see", "login:supervisor": "change"}
    assert (made.status, made.json["rights"], made.json["may_change"]) == (201, mine, True)
    here, seen = f"/counterparty-groups/{made.json['id']}", made.json["mark"]
    for wrong in (
        {"role:king": "see"},
        {"login:nobody": "see"},
        {"everybody": "see"},
        {"role:senior": "own"},
    ):
        assert (await house.api("PUT", here, {"name": "Сети", "rights": wrong})).status == 422, wrong
    body = {"name": "Сети и подстанции", "rights": mine | {"role:senior": "change"}, "seen": seen}
    assert (await house.api("PUT", here, body)).json["rights"] == body["rights"]
    assert (await house.api("PUT", here, body)).status == 409
    await house.sign_in(Role.operator)
    (group,) = (await house.api("GET", "/counterparty-groups")).json["groups"]
    assert (group["name"], group["may_change"], group["rights"]) == ("Сети и подстанции", False, None)
    assert (await house.api("DELETE", here)).status == 403
    await house.sign_in(Role.supervisor, login="other")
    assert (await house.api("DELETE", here)).status == 404
    await house.sign_in(Role.supervisor)
    await house.api("POST", f"{here}/counterparties", {"name": "РЭС"})
    assert (await house.api("DELETE", here)).status == 409
    assert (await house.api("PUT", here, {"name": "Сети"})).json["may_change"] is False
    assert (await house.api("PUT", here, {"name": "Сети"})).status == 404


async def test_of_two_programs_that_change_a_counterparty_the_second_is_told(house: Any) -> None:
    await house.sign_in(Role.administrator)
    await house.database.counterparties.add_group("Сети", {}, house.clock.now())
    made = (await house.api("POST", "/counterparty-groups/1/counterparties", {"name": "РЭС"})).json
    seen, here = made["changed_at"], f"/counterparties/{made['id']}"
    house.clock.pass_(minutes=1)
    assert (await house.api("PUT", here, {"name": "РЭС", "region": "Тверь", "seen": seen})).status == 200
    assert (await house.api("PUT", here, {"name": "РЭС", "seen": seen})).status == 409
    assert (await house.api("GET", here)).json["region"] == "Тверь"

"""What the API says to programs: its language, the names of what is wrong, what they may choose from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from callcore.rights import Permission
from callcore.web.signin import digest

TOKEN = "cc_" + "w" * 43
FORM = {"company": "ООО «Ромашка»", "address": "Тверская, 1", "person": "Пётр", "phone": "+74950000000"}


class Program:
    """What signs in by a token."""

    def __init__(self, house: Any) -> None:
        self.house = house

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        said = {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
        more = {} if body is None else {"json": body}
        return await self.house.ask(method, "/api/v1" + path, headers=said, **more)


@pytest.fixture
async def program(house: Any) -> Program:
    await house.add_user("vera", "supervisor")
    scopes = {Permission.cases_work, Permission.customers_see}
    await house.database.tokens.add(digest(TOKEN), "vera", "words", house.clock.now(), scopes)
    return Program(house)


async def test_a_program_says_its_language_and_else_has_its_owners(program: Program) -> None:
    for wish, title in (("en", "There is nothing here"), ("ru-RU,en;q=0.5", "Здесь ничего нет")):
        answer = await program.ask("GET", "/cases/2026-1", headers={"Accept-Language": wish})
        assert (answer.json["title"], answer.headers["Content-Language"]) == (title, wish[:2])
    assert (await program.ask("GET", "/cases/2026-1")).headers["Content-Language"] == "ru"


async def test_a_page_has_its_readers_language(house: Any) -> None:
    await house.sign_in()
    answer = await house.ask("GET", "/api/v1/cases/2026-1", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "ru"


@pytest.mark.parametrize(
    ("body", "field", "ru", "en"),
    [
        ({}, "queue", "Нет обязательного поля.", "A required field is missing."),
        ({"queue": "x", "Form": {}}, "Form", "Такого поля здесь нет.", "There is no such field here."),
        ({"queue": 7}, "queue", "Нужен текст.", "A text is needed."),
        ({"queue": "x", "customer": "7"}, "customer", "Нужно целое число.", "A whole number is needed."),
        ({"queue": "x", "customer": -1}, "customer", "Меньше 0 не бывает.", "It is 0 or more."),
        ({"queue": "x", "priority": "sky"}, "priority", "Такого значения нет.", "There is no such value."),
        ({"queue": "x" * 161}, "queue", "Больше 160 знаков.", "More than 160 characters."),
        ({"queue": "x", "form": []}, "form", "Нужен объект.", "An object is needed."),
    ],
)
async def test_a_wrong_body_is_told_in_both_languages(
    program: Program, body: Any, field: str, ru: str, en: str
) -> None:
    for language, words in (("ru", ru), ("en", en)):
        answer = await program.ask("POST", "/cases", body, {"Accept-Language": language})
        (fault,) = answer.json["faults"]
        assert (answer.status, fault["field"], fault["message"]) == (422, field, words)
        assert field in fault["remedy"]
        assert fault["remedy"] != fault["message"]


async def test_a_moment_without_a_zone_and_a_wrong_choice_say_what_would_be_right(program: Program) -> None:
    english = {"Accept-Language": "en"}
    task = {"text": "x", "due_at": "2026-12-31T10:00:00"}
    (fault,) = (await program.ask("POST", "/tasks", task, english)).json["faults"]
    assert "zone" in fault["message"]
    assert "due_at" in fault["remedy"]
    case = {"queue": "x", "priority": "sky"}
    (fault,) = (await program.ask("POST", "/cases", case, english)).json["faults"]
    assert "'low', 'normal', 'high' or 'urgent'" in fault["remedy"]


async def test_a_token_is_told_which_scope_it_lacks(program: Program) -> None:
    answer = await program.ask("GET", "/flashes", headers={"Accept-Language": "en"})
    assert (answer.status, answer.json["title"]) == (403, "No access")
    assert 'scope "flash.write"' in answer.json["detail"]
    assert "«flash.write»" in (await program.ask("GET", "/flashes")).json["detail"]


async def test_names_cannot_be_guessed_in_the_search_for_cases(program: Program) -> None:
    """This token may work on cases and sees names only masked."""
    assert (await program.ask("GET", "/cases")).status == 200
    answer = await program.ask("GET", "/cases?q=Воробьёва", headers={"Accept-Language": "en"})
    assert (answer.status, "customers.unmasked" in answer.json["detail"]) == (403, True)


async def test_a_role_without_the_right_is_told_which(house: Any) -> None:
    await house.sign_in("campaign_manager")
    answer = await house.api("PATCH", "/customers/1", {"name": "x"})
    assert (answer.status, "customers.change" in answer.json["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/cases/2026-99", "case"),
        ("/cases/" + "9" * 30, "case"),
        ("/customers/999", "customer"),
        ("/customers/999/flashes", "customer"),
        ("/interactions/999", "interaction"),
        ("/contacts/none", "contact"),
        ("/flashes/999", "flash note"),
        ("/counterparties/999", "counterparty"),
        ("/departments/none/ways/call", "department or way"),
        ("/articles/none", "article"),
        ("/webhooks/999", "subscription"),
    ],
)
async def test_what_is_not_there_is_named(house: Any, path: str, what: str) -> None:
    await house.sign_in("administrator", language="en")
    answer = await house.api("GET", path)
    assert (answer.status, answer.json["type"]) == (404, "urn:callcore:problem:not-found")
    assert answer.json["detail"] == f"There is no such {what}."


async def test_an_address_that_the_api_does_not_have(house: Any) -> None:
    answer = await house.ask("GET", "/api/v1/nothing", headers={"Accept-Language": "en"})
    assert (answer.status, "openapi.json" in answer.json["detail"]) == (404, True)


async def test_the_types_and_queues_can_be_read(program: Program) -> None:
    types = {each["code"]: each for each in (await program.ask("GET", "/case-types")).json["types"]}
    queues = {each["code"]: each for each in (await program.ask("GET", "/case-queues")).json["queues"]}
    queue = queues["connect.company"]
    assert (queue["department"], queue["is_taken"]) == ("account_managers", True)
    assert not queues["money.in_person"]["is_taken"]
    found = types[queue["type"]]
    fields = {each["code"]: each for each in found["fields"]}
    assert (fields["company"]["kind"], fields["company"]["need"]) == ("text", "required")
    assert [each["code"] for each in fields["payment"]["choices"]] == ["prepaid", "postpaid"]
    assert found["one_of"] == [["phone", "email"]]
    assert "agreed" in {result["code"] for result in found["stages"][0]["results"]}
    assert all(each["type"] in types for each in queues.values())


async def test_a_wrong_choice_names_the_codes(program: Program) -> None:
    async def refused(path: str, body: Any) -> Any:
        answer = await program.ask("POST", path, body, {"Accept-Language": "en"})
        assert answer.status == 422, answer.text
        (fault,) = answer.json["faults"]
        assert fault["remedy"] != fault["message"]
        return fault["field"], fault["remedy"]

    form = FORM | {"payment": "в рассрочку"}
    field, remedy = await refused("/cases", {"queue": "connect.company", "form": form})
    assert (field, "prepaid, postpaid" in remedy) == ("payment", True)
    field, remedy = await refused("/cases", {"queue": "connect"})
    assert (field, "connect.company" in remedy, "money." in remedy) == ("queue", True, False)
    field, remedy = await refused("/cases", {"queue": "nowhere"})
    assert (field, "money.in_person" in remedy) == ("queue", True)
    field, remedy = await refused("/cases", {"queue": "connect.company", "form": FORM | {"phone": "нет"}})
    assert (field, "form.phone" in remedy) == ("phone", True)
    made = await program.ask("POST", "/cases", {"queue": "connect.company", "form": FORM})
    path = f"/cases/{made.json['number']}"
    assert (await program.ask("POST", f"{path}/take", {"revision": 1})).status == 200
    field, remedy = await refused(f"{path}/finish", {"revision": 2, "result": "fine"})
    assert (field, "agreed" in remedy) == ("result", True)
    field, remedy = await refused(f"{path}/hand-over", {"revision": 2, "department": "nobody"})
    assert (field, "finance" in remedy) == ("department", True)


async def test_answers_that_are_not_named_stay(house: Any) -> None:
    await house.sign_in(login="anna")
    given = {"queue": "connect.company", "form": FORM | {"business": "цветы"}, "comment": "срочно"}
    path = f"/cases/{(await house.api('POST', '/cases', given)).json['number']}/fill"
    one = (await house.api("POST", path, {"revision": 1, "form": {"person": "Иван"}})).json
    assert one["form"] == FORM | {"business": "цветы", "person": "Иван"}
    assert one["comment"] == "срочно"
    assert [entry["field"] for entry in one["history"] if entry["revision"] == 2] == ["form:person"]
    two = (await house.api("POST", path, {"revision": 2, "form": {"business": None}, "comment": ""})).json
    assert (two["form"], two["comment"]) == (FORM | {"person": "Иван"}, "")
    refused = await house.api("POST", path, {"revision": 3, "form": {"company": ""}})
    assert [fault["field"] for fault in refused.json["faults"]] == ["company"]

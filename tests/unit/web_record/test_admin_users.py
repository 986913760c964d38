"""The administrator's pages of people."""

from __future__ import annotations

import re

import pytest

from callcore.rights import Role
from callcore.web.passwords import verify
from callcore.web.signin import digest

from .conftest import PASSWORD, RecordHouse

PERSON = {
    "login": "vera",
    "name": "Вера <b>К.</b>",
    "role": "senior",
    "phones": "PJSIP/105, PJSIP/106",
    "queue.finance": "1",
    "language": "ru",
}


@pytest.fixture(autouse=True)
async def admin(house: RecordHouse) -> None:
    await house.sign_in(Role.administrator, "root")


async def test_added_signs_in_once_and_chooses_his_own_password(house: RecordHouse) -> None:
    made = await house.post_form("/admin/new-user", **PERSON)
    assert made.status == 200, made.words
    assert "<b>К.</b>" not in made.text
    found = re.search(r'class="secret">([^<]+)<', made.text)
    assert found is not None
    user = await house.database.users.get("vera")
    assert user is not None
    assert (user.role, user.interfaces, user.queues) == (
        Role.senior,
        ("PJSIP/105", "PJSIP/106"),
        ("finance",),
    )
    assert user.must_change_password
    assert verify(user.password_hash, found[1])
    assert found[1] not in (await house.get("/admin/users/vera")).text
    assert "vera" in (await house.get("/admin")).words


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("login", "вера", "Латинские"),
        ("login", "root", "уже есть"),
        ("login", "a b", "Логин"),
        ("name", " ", "Имя"),
        ("role", "king", "роли нет"),
        ("phones", "101", "не телефон"),
        ("phones", "PJSIP/1&2", "не телефон"),
        ("department", "nowhere", "подразделения нет"),
    ],
)
async def test_what_cannot_be_keeps_what_was_typed(
    house: RecordHouse, field: str, value: str, why: str
) -> None:
    refused = await house.post_form("/admin/new-user", **{**PERSON, field: value})
    assert refused.status == 422
    assert why in refused.words
    if field != "phones":
        assert 'value="PJSIP/105, PJSIP/106"' in refused.text
    assert await house.database.users.get("vera") is None


async def test_changed_at_once_and_audited(house: RecordHouse) -> None:
    await house.add_user("anna")
    done = await house.post_form("/admin/users/anna", **{**PERSON, "name": "Анна", "role": "supervisor"})
    assert done.status == 303
    user = await house.database.users.get("anna")
    assert user is not None
    assert (user.name, user.role, user.queues) == ("Анна", Role.supervisor, ("finance",))
    (line,) = await house.database.audit.lines(act="user_changed")
    assert (line.login, line.subject) == ("root", "user:anna")
    assert line.detail["role_before"] == "operator"
    assert "role" in line.detail["fields"]


async def test_a_new_role_holds_in_the_open_session(house: RecordHouse) -> None:
    await house.sign_in(Role.operator, "anna")
    assert (await house.get("/outages")).status == 403
    await house.database.users.set_role("anna", Role.supervisor)
    house.daemon.office.second_factor  # noqa: B018
    house.clock.pass_(seconds=20)
    from callcore.web.context import WEB

    shell = house.daemon.web[WEB]
    shell.sign_in.forget("anna")
    assert (await house.get("/outages")).status == 200


async def test_disabled_is_out_at_once(house: RecordHouse) -> None:
    await house.sign_in(Role.operator, "anna")
    cookies = list(house.http.cookie_jar)
    await house.sign_in(Role.administrator, "root")
    assert (await house.post_form("/admin/users/anna/disable")).status == 303
    house.http.cookie_jar.clear()
    theirs = {cookie.key: cookie.value for cookie in cookies}
    answer = await house.ask("GET", "/api/v1/session", cookies=theirs)
    assert answer.status == 401
    await house.sign_in(Role.administrator, "root")
    assert (await house.post_form("/admin/users/anna/enable")).status == 303
    await house.sign_in(Role.operator, "anna")


async def test_a_reset_password_is_shown_once(house: RecordHouse) -> None:
    await house.add_user("anna")
    told = await house.post_form("/admin/users/anna/reset")
    found = re.search(r'class="secret">([^<]+)<', told.text)
    user = await house.database.users.get("anna")
    assert found is not None
    assert user is not None
    assert verify(user.password_hash, found[1])
    assert not verify(user.password_hash, PASSWORD)
    assert user.must_change_password


@pytest.mark.parametrize("do", ["reset", "disable"])
async def test_his_programs_are_out_with_him(house: RecordHouse, do: str) -> None:
    await house.add_user("anna")
    await house.database.tokens.add(digest("cc_" + "a" * 40), "anna", "crm", house.clock.now())
    bearer = {"Authorization": "Bearer cc_" + "a" * 40}
    assert (await house.ask("GET", "/api/v1/customers?q=K", headers=bearer)).status == 200
    page = (await house.get("/admin/users/anna")).words
    assert "отзывает его токены" in page
    assert "токены будут отозваны" in page
    assert (await house.post_form(f"/admin/users/anna/{do}")).status < 400
    await house.post_form("/admin/users/anna/enable")
    assert (await house.ask("GET", "/api/v1/customers?q=K", headers=bearer)).status == 401
    (line,) = await house.database.audit.lines(act="token_revoked")
    assert (line.login, line.subject, line.detail) == ("root", "user:anna", {"name": "crm"})


async def test_a_lost_telephone(house: RecordHouse) -> None:
    await house.add_user("anna")
    book = house.database.second_factors
    user = await house.database.users.get("anna")
    assert user is not None
    await book.offer(user.login, "plain:A", house.clock.time)
    await book.confirm(user.login, "plain:A", 1, ("h",), house.clock.time)
    assert "Забыть код" in (await house.get("/admin/users/anna")).words
    assert (await house.post_form("/admin/users/anna/reset-factor")).status == 303
    assert await book.get("anna") is None


async def test_he_cannot_saw_off_his_own_branch(house: RecordHouse) -> None:
    refused = await house.post_form("/admin/users/root", **{**PERSON, "role": "operator"})
    assert refused.status == 422
    assert (await house.post_form("/admin/users/root/disable")).status == 409
    user = await house.database.users.get("root")
    assert user is not None
    assert (user.role, user.disabled_at) == (Role.administrator, None)


async def test_nobody_by_that_login(house: RecordHouse) -> None:
    assert (await house.get("/admin/users/nobody")).status == 404
    assert (await house.post_form("/admin/users/nobody/disable")).status == 404
    assert (await house.post_form("/admin/users/nobody", **PERSON)).status == 404


async def test_skills_are_boxes_to_tick(house: RecordHouse) -> None:
    """Those that the topic tables ask for, and what he has besides; without a tick he has none."""
    asked = '<input type="checkbox" name="skill.second_line" value="1"'
    assert f"{asked}>" in (await house.get("/admin/new-user")).text
    ticked = {**PERSON, "skill.second_line": "1", "skill.chess": "1"}
    assert (await house.post_form("/admin/new-user", **ticked)).status == 200
    user = await house.database.users.get("vera")
    assert user is not None
    assert user.skills == ("chess", "second_line")
    page = await house.get("/admin/users/vera")
    assert f"{asked} checked>" in page.text
    assert 'name="skill.chess" value="1" checked>' in page.text
    assert "навыки: chess, second_line" in (await house.get("/admin")).words.casefold()
    assert (await house.post_form("/admin/users/vera", **PERSON)).status == 303
    user = await house.database.users.get("vera")
    assert user is not None
    assert user.skills == ()
    lines = await house.database.audit.lines(act="user_changed")
    assert "skills" in lines[0].detail["fields"]


async def test_a_skill_of_too_many_letters(house: RecordHouse) -> None:
    refused = await house.post_form("/admin/new-user", **{**PERSON, f"skill.{'x' * 300}": "1"})
    assert refused.status == 422
    assert "Такого навыка нет" in refused.words

"""One's own page: password, second factor, tokens; and the sign-in that asks for a code."""

from __future__ import annotations

import re

import pyotp
import pytest

from callcore.rights import Role
from callcore.store.users import By
from callcore.web import totp
from callcore.web.passwords import hash_password, verify

from .conftest import PASSWORD, MakeHouse, RecordHouse

NEW = "Another-Staple-7"


async def enrol(house: RecordHouse) -> tuple[str, list[str]]:
    """The secret and the recovery codes of whoever is signed in."""
    assert (await house.post_form("/account/factor", do="offer")).status == 303
    page = await house.get("/account")
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert found is not None
    secret = found[1].replace(" ", "")
    done = await house.post_form("/account/factor", do="confirm", code=code(house, secret))
    assert done.status == 200, done.words
    return secret, re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)


def code(house: RecordHouse, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(house.clock.time.timestamp()) + 30 * steps)


async def credentials(house: RecordHouse, login: str, **more: str) -> tuple[int, dict[str, object]]:
    house.http.cookie_jar.clear()
    answer = await house.ask("POST", "/api/v1/session", json={"login": login, "password": PASSWORD, **more})
    return answer.status, answer.json


# --- password


async def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(house: RecordHouse) -> None:
    await house.sign_in()
    session = await house.get("/api/v1/session")
    assert session.json["owes"] is None
    done = await house.post_form("/account/password", now=PASSWORD, new=NEW, again=NEW)
    assert (done.status, done.headers["Location"]) == (303, "/account")
    assert (await house.get("/account")).status == 200
    user = await house.database.users.get("operator")
    assert user is not None
    assert verify(user.password_hash, NEW)
    (line,) = await house.database.audit.lines(act="password_set")
    assert (line.login, line.subject) == ("operator", "user:operator")
    assert NEW not in str(line.detail)


@pytest.mark.parametrize(
    ("now", "new", "again", "why"),
    [
        ("wrong", NEW, NEW, "Нынешний пароль не подошёл"),
        (PASSWORD, "short", "short", "короче 10"),
        (PASSWORD, PASSWORD, PASSWORD, "совпадает с нынешним"),
        (PASSWORD, NEW, NEW + "x", "по-разному"),
        (PASSWORD, "operator-operator-1", "operator-operator-1", "логин"),
    ],
)
async def test_passwords_that_will_not_do(
    house: RecordHouse, now: str, new: str, again: str, why: str
) -> None:
    await house.sign_in()
    refused = await house.post_form("/account/password", now=now, new=new, again=again)
    assert refused.status == 422
    assert why in refused.words
    assert new not in refused.text
    user = await house.database.users.get("operator")
    assert user is not None
    assert verify(user.password_hash, PASSWORD)


async def test_after_a_reset_nothing_is_open_until_he_has_chosen_one(house: RecordHouse) -> None:
    await house.sign_in()
    by = By("admin", house.clock.time)
    await house.database.users.set_password_hash("operator", hash_password(PASSWORD), must_change=True, by=by)
    await house.sign_in()
    assert (await house.get("/api/v1/session")).json["owes"] == "password"
    moved = await house.get("/desk")
    assert (moved.status, moved.headers["Location"]) == (303, "/account")
    refused = await house.api("GET", "/contacts")
    assert (refused.status, refused.json["type"]) == (403, "urn:callcore:problem:owes-password")
    assert (await house.api("POST", "/desk/open", {"interface": "PJSIP/101"})).status == 403
    assert "Пароль задал администратор" in (await house.get("/account")).words
    await house.post_form("/account/password", now=PASSWORD, new=NEW, again=NEW)
    assert (await house.get("/desk")).status == 200


@pytest.mark.parametrize("ends", [True, False])
async def test_his_own_new_password_asks_what_becomes_of_his_tokens(house: RecordHouse, ends: bool) -> None:
    login = await house.sign_in()
    assert 'name="end_tokens"' not in (await house.get("/account")).text
    await house.database.tokens.add("f" * 64, login, "crm", house.clock.now())
    assert 'name="end_tokens"' in (await house.get("/account")).text
    ticked = {"end_tokens": "1"} if ends else {}
    done = await house.post_form("/account/password", now=PASSWORD, new=NEW, again=NEW, **ticked)
    assert done.status == 303
    assert len(await house.database.tokens.of(login)) == (0 if ends else 1)


# --- the second factor


async def test_from_enrolment_to_the_sign_in_with_a_code(house: RecordHouse) -> None:
    await house.sign_in()
    secret, codes = await enrol(house)
    assert len(set(codes)) == totp.RECOVERY_CODES
    page = await house.get("/account")
    assert secret not in page.text.replace(" ", "")
    assert "Осталось 10 кодов" in page.words
    assert (await house.get("/account/factor.svg")).status == 404

    status, told = await credentials(house, "operator")
    assert (status, told["type"]) == (401, "urn:callcore:problem:second-factor-needed")
    status, told = await credentials(house, "operator", code="000000")
    assert (status, told["type"]) == (401, "urn:callcore:problem:wrong-code")
    used = code(house, secret)
    assert (await credentials(house, "operator", code=used))[0] == 401  # it confirmed the enrolment
    house.clock.pass_(seconds=30)
    assert (await credentials(house, "operator", code=code(house, secret)))[0] == 200
    assert (await credentials(house, "operator", code=code(house, secret)))[0] == 401
    house.clock.pass_(seconds=90)
    assert (await credentials(house, "operator", code=code(house, secret, -1)))[0] == 200
    assert (await credentials(house, "operator", code=codes[0].upper()))[0] == 200
    assert (await credentials(house, "operator", code=codes[0]))[0] == 401


async def test_the_picture_holds_the_secret_and_comes_from_here(house: RecordHouse) -> None:
    await house.sign_in()
    await house.post_form("/account/factor", do="offer")
    picture = await house.get("/account/factor.svg")
    assert picture.status == 200
    assert picture.headers["Content-Type"].startswith("image/svg+xml")
    assert picture.headers["Cache-Control"] == "no-store"
    assert picture.text.lstrip().startswith(("<?xml", "<svg"))
    assert "script" not in picture.text
    assert not await house.daemon.office.second_factor.is_on("operator")


async def test_the_second_step_on_the_page(house: RecordHouse) -> None:
    await house.sign_in()
    secret, _codes = await enrol(house)
    house.clock.pass_(minutes=1)
    house.http.cookie_jar.clear()
    first = await house.get("/sign-in")

    def hidden(text: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', text)
        assert found is not None, text
        return found[1]

    async def send(**fields: str) -> tuple[int, str]:
        data = {"csrf": hidden(first.text, "csrf"), **fields}
        answer = await house.ask("POST", "/sign-in", data=data, headers={"Origin": house.origin})
        return answer.status, answer.text

    status, asked = await send(login="operator", password=PASSWORD)
    assert status == 200
    assert "one-time-code" in asked
    assert PASSWORD not in asked
    ticket = hidden(asked, "ticket")
    status, again = await send(ticket=ticket, code="123456")
    assert status == 403
    assert hidden(again, "ticket") == ticket
    assert (await send(ticket="x" * 43, code=code(house, secret)))[0] == 403
    assert (await send(ticket=ticket, code=code(house, secret)))[0] == 303
    assert (await house.get("/desk")).status == 200
    assert (await send(ticket=ticket, code=code(house, secret, 1)))[0] == 403


async def test_guessing_codes_is_slowed_down(house: RecordHouse) -> None:
    await house.sign_in()
    await enrol(house)
    told = [(await credentials(house, "operator", code="000000"))[0] for _ in range(8)]
    assert told[:5] == [401] * 5
    assert told[-1] == 429


async def test_wrong_codes_confirm_nothing(house: RecordHouse) -> None:
    await house.sign_in()
    await house.post_form("/account/factor", do="offer")
    refused = await house.post_form("/account/factor", do="confirm", code="000000")
    assert refused.status == 422
    assert "Код не подошёл" in refused.words
    assert (await credentials(house, "operator"))[0] == 200


async def test_turned_off_with_a_code_only(house: RecordHouse) -> None:
    await house.sign_in()
    secret, codes = await enrol(house)
    assert (await house.post_form("/account/factor", do="off", code="000000")).status == 422
    assert await house.daemon.office.second_factor.is_on("operator")
    renewed = await house.post_form("/account/factor", do="codes", code=codes[0])
    assert renewed.status == 200
    assert codes[1] not in renewed.text
    assert (await house.post_form("/account/factor", do="off", code=codes[1])).status == 422
    house.clock.pass_(minutes=1)
    assert (await house.post_form("/account/factor", do="off", code=code(house, secret))).status == 303
    assert (await credentials(house, "operator"))[0] == 200


async def test_a_role_that_must_have_one(make_house: MakeHouse) -> None:
    house = await make_house(sign_in={"second_factor": {"required_for": ["supervisor"]}})
    await house.sign_in(Role.operator)
    assert (await house.get("/desk")).status == 200
    await house.sign_in(Role.supervisor)
    assert (await house.get("/desk")).headers["Location"] == "/account"
    assert (await house.api("GET", "/contacts")).json["type"] == "urn:callcore:problem:owes-factor"
    secret, _codes = await enrol(house)
    assert (await house.get("/desk")).status == 200
    house.clock.pass_(minutes=1)
    kept = await house.post_form("/account/factor", do="off", code=code(house, secret))
    assert kept.status == 409
    assert await house.daemon.office.second_factor.is_on("supervisor")


async def test_turned_off_for_the_house(make_house: MakeHouse) -> None:
    house = await make_house(sign_in={"second_factor": "off"})
    await house.sign_in()
    assert "Код из телефона" not in (await house.get("/account")).words
    assert (await house.post_form("/account/factor", do="offer")).status == 404


# --- tokens


async def test_a_token_may_what_is_ticked_and_no_more(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor)
    made = await house.post_form("/account/tokens", name="диспетчерская", **{"scope.outages.see": "1"})
    assert made.status == 200
    found = re.search(r"cc_[A-Za-z0-9_-]+", made.text)
    assert found is not None
    token = found[0]
    assert token not in (await house.get("/account")).text
    house.http.cookie_jar.clear()
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await house.ask("GET", "/api/v1/outages", headers=bearer)).status == 200
    assert (await house.ask("GET", "/api/v1/campaigns", headers=bearer)).status == 403
    assert (await house.ask("GET", "/api/v1/audit", headers=bearer)).status == 403
    assert (await house.ask("GET", "/api/v1/calls", headers=bearer)).status == 403
    await house.sign_in(Role.supervisor)
    assert "диспетчерская" in (await house.get("/account")).words
    assert (await house.post_form("/account/tokens/revoke", name="диспетчерская")).status == 303
    assert (await house.ask("GET", "/api/v1/outages", headers=bearer)).status == 401
    acts = [line.act for line in await house.database.audit.lines(login="supervisor")]
    assert acts == ["token_revoked", "token_made"]


async def test_a_token_that_outlives_his_role(house: RecordHouse) -> None:
    await house.sign_in(Role.supervisor)
    made = await house.post_form("/account/tokens", name="a", **{"scope.outages.see": "1"})
    token = re.search(r"cc_[A-Za-z0-9_-]+", made.text)
    assert token is not None
    await house.database.users.set_role("supervisor", Role.operator)
    house.http.cookie_jar.clear()
    bearer = {"Authorization": f"Bearer {token[0]}"}
    assert (await house.ask("GET", "/api/v1/outages", headers=bearer)).status == 403


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "a"}, "Отметьте хотя бы одно"),
        ({"name": "a", "scope.customers.erase": "1"}, "Отметьте хотя бы одно"),
        ({"name": "", "scope.outages.see": "1"}, "Название"),
        ({"name": "x" * 129, "scope.outages.see": "1"}, "Название"),
        ({"name": "taken", "scope.outages.see": "1"}, "уже есть"),
    ],
)
async def test_tokens_that_cannot_be(house: RecordHouse, fields: dict[str, str], why: str) -> None:
    await house.sign_in(Role.supervisor)
    await house.post_form("/account/tokens", name="taken", **{"scope.outages.see": "1"})
    refused = await house.post_form("/account/tokens", **fields)
    assert refused.status == 422
    assert why in refused.words
    assert [each.name for each in await house.database.tokens.of("supervisor")] == ["taken"]

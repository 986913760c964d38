"""Sign-in, sessions, and what an attacker tries with them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from callcore.web import passwords
from callcore.web.signin import SignInRefused, SignInThrottled

from .web_house import ANNA, PASSWORD, START, House, MakeHouse

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def form_token(house: House, client: Any = None) -> str:
    page = await (await (client or house.client).get("/sign-in")).text()
    found = re.search(r"value=([\w-]+)", page)
    assert found is not None
    return found[1]


async def post_form(house: House, path: str = "/sign-in", **fields: str) -> Any:
    return await house.client.post(path, data=fields, allow_redirects=False)


async def test_the_way_of_a_person(house: House) -> None:
    answer = await house.client.get("/", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    answer = await house.client.get("/desk", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    csrf = await form_token(house)
    answer = await post_form(house, login=" Anna ", password=PASSWORD, csrf=csrf)
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    assert "Анна" in await (await house.client.get("/")).text()
    answer = await house.client.get("/sign-in", allow_redirects=False)
    assert answer.headers["Location"] == "/desk"
    session = await (await house.client.get("/api/v1/session")).json()
    assert session["login"] == ANNA
    answer = await post_form(house, "/sign-out", csrf=session["csrf"])
    assert answer.headers["Location"] == "/sign-in"
    assert (await house.client.get("/api/v1/session")).status == 401
    assert house.store.open == {}


async def test_the_cookie_is_out_of_reach_for_scripts_and_foreign_pages(house: House) -> None:
    answer = await house.client.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("callcore_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie


async def test_over_https_the_cookie_is_bound_to_host_and_https(make_house: MakeHouse) -> None:
    house = await make_house(secure_cookies=True)
    answer = await house.client.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-callcore_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


async def test_neither_token_nor_password_is_stored(house: House) -> None:
    await house.sign_in()
    token = {c.key: c.value for c in house.client.session.cookie_jar}["callcore_session"]
    assert token not in repr(house.store)
    assert PASSWORD not in repr(house.store)


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("anna", "wrong-password-1"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("anna", ""),
        ("anna\r\nSet-Cookie: a=b", PASSWORD),
        ("anna' OR '1'='1", PASSWORD),
        ("ANNA\x00", "x"),
    ],
)
async def test_wrong_is_wrong_and_never_tells_which(house: House, login: str, password: str) -> None:
    answer = await house.client.post("/api/v1/session", json={"login": login, "password": password})
    assert answer.status == 401
    assert answer.content_type == "application/problem+json"
    assert (await answer.json())["type"] == "urn:callcore:problem:wrong-password"
    assert "Set-Cookie" not in answer.headers
    csrf = await form_token(house)
    answer = await post_form(house, login=login, password=password, csrf=csrf)
    assert answer.status == 403
    assert "[wrong]" in await answer.text()


async def test_a_disabled_person_stays_out_and_is_put_out(house: House) -> None:
    await house.sign_in()
    house.store.people[ANNA] = replace(house.store.people[ANNA], disabled_at=START)
    house.clock.pass_(seconds=20)
    assert (await house.client.get("/api/v1/session")).status == 401
    answer = await house.client.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    assert answer.status == 401


async def test_an_unknown_login_costs_a_hash_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda h, p: checked.append(h) or real(h, p))
    for login in ("nobody", "anna"):
        with pytest.raises(SignInRefused):
            await house.shell.sign_in.sign_in(login, "wrong-password", "10.0.0.1", "")
    assert len(checked) == 2


async def test_sign_in_makes_a_new_session_and_ends_the_old(house: House) -> None:
    await house.sign_in()
    before = set(house.store.open)
    await house.sign_in()
    assert len(house.store.open) == 1
    assert not before & set(house.store.open)


async def test_a_planted_token_is_not_taken_over(house: House) -> None:
    house.client.session.cookie_jar.update_cookies({"callcore_session": "planted-by-somebody-else"})
    await house.sign_in()
    token = {c.key: c.value for c in house.client.session.cookie_jar}["callcore_session"]
    assert token != "planted-by-somebody-else"


async def test_sessions_end_by_age_and_by_idleness(house: House) -> None:
    await house.sign_in()
    for _ in range(15):
        house.clock.pass_(hours=1)
        assert (await house.client.get("/api/v1/session")).status == 200
    house.clock.pass_(hours=1)
    assert (await house.client.get("/api/v1/session")).status == 401
    await house.sign_in()
    house.clock.pass_(hours=2, seconds=1)
    assert (await house.client.get("/api/v1/session")).status == 401


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "A", lambda t: t.swapcase(), lambda _: ""]
)
async def test_a_tampered_token_is_nobody(house: House, change: Any) -> None:
    await house.sign_in()
    token = {c.key: c.value for c in house.client.session.cookie_jar}["callcore_session"]
    house.client.session.cookie_jar.clear()
    answer = await house.client.get("/api/v1/desk", headers={"Cookie": f"callcore_session={change(token)}"})
    assert answer.status == 401


async def test_the_stored_hash_is_no_token(house: House) -> None:
    await house.sign_in()
    stolen = next(iter(house.store.open))
    house.client.session.cookie_jar.clear()
    answer = await house.client.get("/api/v1/desk", headers={"Cookie": f"callcore_session={stolen}"})
    assert answer.status == 401


async def test_a_thousand_wrong_passwords_cost_little_and_lock_nobody_in_out(house: House) -> None:
    await house.sign_in()
    checked, delays = 0, set[float]()
    for _ in range(1000):
        try:
            await house.shell.sign_in.sign_in("anna", "guess-a-word", "10.6.6.6", "")
        except SignInRefused:
            checked += 1
        except SignInThrottled as slow:
            delays.add(slow.seconds)
    assert checked == 6
    assert 0 < max(delays) <= 60
    assert (await house.client.get("/api/v1/session")).status == 200
    house.clock.pass_(minutes=1)
    await house.sign_in()


async def test_one_address_cannot_try_all_logins(house: House) -> None:
    refused = 0
    for n in range(200):
        try:
            await house.shell.sign_in.sign_in(f"user{n}", "guess-a-word", "10.6.6.6", "")
        except SignInRefused:
            refused += 1
        except SignInThrottled:
            pass
    assert refused == 21
    await house.sign_in()


async def test_tries_at_once_are_counted_before_they_are_answered(house: House) -> None:
    results = await asyncio.gather(
        *(house.shell.sign_in.sign_in("anna", "guess-a-word", "10.6.6.6", "") for _ in range(50)),
        return_exceptions=True,
    )
    assert sum(isinstance(r, SignInRefused) for r in results) == 6
    assert sum(isinstance(r, SignInThrottled) for r in results) == 44


async def test_throttling_is_said_with_its_time(house: House) -> None:
    for _ in range(6):
        await house.client.post("/api/v1/session", json={"login": "anna", "password": "guess-a-word"})
    answer = await house.client.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    answer = await post_form(house, login="anna", password=PASSWORD, csrf=await form_token(house))
    assert answer.status == 429
    assert "[throttled]" in await answer.text()


async def test_behind_a_proxy_the_address_is_the_clients(make_house: MakeHouse) -> None:
    house = await make_house(trusted_proxies=("127.0.0.0/8",))
    await house.client.post(
        "/api/v1/session",
        json={"login": "anna", "password": PASSWORD},
        headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 127.0.0.2"},
    )
    assert [s.ip for s in house.store.open.values()] == ["203.0.113.9"]


async def test_nobody_chooses_his_own_address(house: House) -> None:
    await house.client.post(
        "/api/v1/session",
        json={"login": "anna", "password": PASSWORD},
        headers={"X-Forwarded-For": "203.0.113.9"},
    )
    assert [s.ip for s in house.store.open.values()] == ["127.0.0.1"]


async def test_the_form_needs_its_own_token(house: House) -> None:
    await form_token(house)
    for csrf in ("", "wrong", "ключ"):
        answer = await post_form(house, login="anna", password=PASSWORD, csrf=csrf)
        assert answer.status == 403
        assert "[expired]" in await answer.text()
    assert house.store.open == {}


async def test_the_typed_login_comes_back_escaped_and_cut(house: House) -> None:
    answer = await post_form(house, login="<script>" + "x" * 500, password="x", csrf="")
    text = await answer.text()
    assert "<script>" not in text
    assert "x" * 65 not in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_foreign_pages_cannot_post(house: House, headers: dict[str, str]) -> None:
    csrf = await house.sign_in()
    form = await form_token(house) if not house.store.open else csrf
    for path in ("/sign-in", "/sign-out", "/language"):
        answer = await house.client.post(
            path, data={"csrf": form, "language": "en"}, headers=headers, allow_redirects=False
        )
        assert answer.status == 403
    for path in ("/api/v1/session", "/api/v1/desk/leave"):
        answer = await house.client.post(path, json={}, headers={**headers, "X-CSRF-Token": csrf})
        assert answer.status == 403
        assert (await answer.json())["type"] == "urn:callcore:problem:origin"
    assert len(house.store.open) == 1


async def test_posts_need_the_sessions_token(house: House) -> None:
    await house.sign_in()
    for csrf in ("", "wrong"):
        for path in ("/sign-out", "/language"):
            assert (await post_form(house, path, csrf=csrf, language="en")).status == 403
    assert (await house.client.delete("/api/v1/session")).status == 403
    assert len(house.store.open) == 1


async def test_language_before_and_after_sign_in(house: House) -> None:
    page = await house.client.get("/sign-in", headers={"Accept-Language": "en-GB,ru;q=0.5"})
    assert "sign in en" in await page.text()
    page = await house.client.get("/sign-in", headers={"Accept-Language": "de,*;q=0.5"})
    assert "sign in ru" in await page.text()
    answer = await post_form(house, "/language", language="en", csrf=await form_token(house))
    assert answer.headers["Location"] == "/sign-in"
    assert "sign in en" in await (await house.client.get("/sign-in")).text()
    csrf = await house.sign_in()
    assert "ru Анна" in await (await house.client.get("/desk")).text()
    answer = await post_form(house, "/language", language="en", csrf=csrf)
    assert answer.headers["Location"] == "/desk"
    assert "en Анна" in await (await house.client.get("/desk")).text()
    assert (await post_form(house, "/language", language="\r\nx: y", csrf=csrf)).status == 400


async def test_a_store_that_is_away_keeps_people_in_and_says_so_to_others(house: House) -> None:
    await house.sign_in()
    house.store.is_down = True
    house.clock.pass_(minutes=5)
    assert (await house.client.get("/desk")).status == 200
    house.client.session.cookie_jar.clear()
    answer = await house.client.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    assert answer.status == 503
    assert (await answer.json())["type"] == "urn:callcore:problem:store-down"
    answer = await house.client.get("/desk", headers={"Cookie": "callcore_session=" + "x" * 43})
    assert answer.status == 503
    assert "problem ru 503" in await answer.text()


async def test_costs_that_were_raised_renew_the_hash(house: House) -> None:
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    house.store.people[ANNA] = replace(house.store.people[ANNA], password_hash=weak)
    await house.sign_in()
    renewed = house.store.people[ANNA].password_hash
    assert renewed != weak
    assert not passwords.needs_rehash(renewed)
    await house.sign_in()


async def test_more_sign_ins_than_threads_and_room_are_turned_away() -> None:
    checker = passwords.PasswordChecker(threads=1, waiting=1)
    results = await asyncio.gather(*(checker.verify(None, "x") for _ in range(4)), return_exceptions=True)
    assert [r for r in results if r is not False] == [r for r in results if isinstance(r, passwords.TooBusy)]
    assert sum(isinstance(r, passwords.TooBusy) for r in results) == 2
    checker.close()


async def test_passwords_are_never_logged(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    await house.client.post("/api/v1/session", json={"login": "anna", "password": "Secret-Word-77"})
    await house.client.post("/api/v1/session", json={"login": "Secret-Word-77", "password": "x"})
    await house.sign_in()
    out = "".join(capsys.readouterr())
    assert "sign_in_refused" in out
    assert "Secret-Word-77" not in out
    assert PASSWORD not in out


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Correct-Horse-9", None),
        ("пароль из слов", None),
        ("short", passwords.TOO_SHORT),
        ("x" * 257, passwords.TOO_LONG),
        ("aaaaaaaaaabb", passwords.TOO_PLAIN),
        ("xx-ANNA-2026-yy", passwords.LIKE_LOGIN),
    ],
)
def test_the_least_that_is_asked_of_a_password(password: str, reason: object) -> None:
    assert passwords.weakness(password, "anna") is reason


def test_a_hash_that_is_none_fits_no_password() -> None:
    assert not passwords.verify("", "x")
    assert not passwords.verify("$argon2id$broken", "x")
    assert passwords.verify(passwords.hash_password("\ud800"), "\ud800")

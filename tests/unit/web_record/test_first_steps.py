"""Who comes to a closed door, or to a desk without a telephone, is told what to do in plain words."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_a_sign_in_without_its_token_promises_nothing(house: Any, language: str) -> None:
    """Nobody was signed in: there is no session that ended, and no draft."""
    headers = {"Origin": house.origin, "Accept-Language": language}
    answer = await house.ask("POST", "/sign-in", data={"login": "a", "password": "b"}, headers=headers)
    assert answer.status == 403
    assert {"ru": "вход не выполнен", "en": "you are not signed in"}[language] in answer.words
    assert {"ru": "черновик", "en": "draft"}[language] not in answer.words


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_who_manages_users_gives_himself_a_telephone(house: Any, language: str) -> None:
    login = await house.sign_in("administrator", language=language, interfaces=())
    desk = await house.get("/desk")
    own = f'href="/admin/users/{login}"'
    assert own in desk.text
    hall = desk.text.split('id="choose-phone"')[1].split("</section>")[0]
    assert {"ru": "Попросите администратора", "en": "Ask your administrator"}[language] not in hall
    for place in ("customers", "cases", "admin"):
        assert f'class="button" href="/{place}"' in hall
    assert (await house.get(f"/admin/users/{login}")).status == 200


async def test_others_ask_for_theirs(house: Any) -> None:
    await house.sign_in("operator", interfaces=())
    hall = (await house.get("/desk")).text.split('id="choose-phone"')[1].split("</section>")[0]
    assert "Попросите администратора" in hall
    assert "/admin" not in hall
    assert 'href="/customers"' in hall

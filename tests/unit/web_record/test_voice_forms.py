"""Every button of the pages of the voice wants the token of the session, and comes from our own pages."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.rights import Role

BUTTONS = (
    "/work/1/done",
    "/work/1/withdraw",
    "/work/1/take",
    "/work/1/hand-back",
    "/work/1/postpone",
    "/work/1/give",
    "/routing/reload",
    "/routing/editions/1/take-back",
    "/routing/ivr/emergency/1/on",
    "/routing/ivr/emergency/1/off",
)


@pytest.mark.parametrize("button", BUTTONS)
async def test_no_other_page_presses_a_button(house: Any, button: str) -> None:
    await house.sign_in(Role.administrator)
    before = await house.database.editions.list()
    ours, form = {"Origin": house.origin}, {"csrf": house.csrf, "sure": "1"}
    tries = (
        (ours, {**form, "csrf": ""}),
        (ours, {**form, "csrf": "0" * len(house.csrf)}),
        ({"Origin": "https://elsewhere.example"}, form),
    )
    for headers, data in tries:
        answer = await house.ask("POST", button, headers=headers, data=data)
        assert answer.status == 403, (headers, data)
    assert await house.database.editions.list() == before

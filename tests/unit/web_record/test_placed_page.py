"""``/placed-calls``: what it shows of a call that a person has placed."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.calls.attempt import Attempt, AttemptId, Medium, Purpose
from callcore.rights import Role


@pytest.mark.parametrize("state", [{"state": "unknown"}, {"unknown": "1"}, {"unknown": "true"}])
async def test_those_of_which_nobody_knows_the_end(house: Any, state: dict[str, str]) -> None:
    login = await house.sign_in(Role.operator)
    await house.database.attempts.intend(
        Attempt(
            AttemptId("p1"),
            None,
            None,
            Medium.voice,
            "+79161234567",
            "main",
            "service",
            house.clock.now(),
            purpose=Purpose.own_call,
            login=login,
        )
    )
    page = await house.get("/placed-calls")
    assert '<bdi class="tel">8 (916) 123-45-67</bdi>' in page.text
    assert '<a href="/placed-calls" aria-current="page">' in page.text
    page = await house.get("/placed-calls", **state)
    assert '<a href="/placed-calls?state=unknown" aria-current="page">' in page.text
    assert "8 (916)" not in page.text, "it is open, not unknown"

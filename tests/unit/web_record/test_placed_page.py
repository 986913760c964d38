"""``/placed-calls``: what it shows of a call that a person has placed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, Medium, Outcome, Plan, Purpose
from callcore.rights import Role
from callcore.web.placed import why_of
from callcore.web.render import texts_of


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


@pytest.mark.parametrize(
    ("detail", "ru", "en"),
    [
        ("", "", ""),
        ("journal", "", ""),
        ("BUSY", "", ""),
        ("journal: NOANSWER", "", ""),
        ("CANCEL", "вызов прервали до ответа", "ended before anybody answered"),
        ("journal: CANCEL", "вызов прервали до ответа", "ended before anybody answered"),
        ("journal: no end", "АТС не записала, чем он кончился", "the PBX has not noted its end"),
        ("journal: PBX restarted since", "с тех пор АТС перезапускалась", "the PBX has restarted since"),
        ("journal: never seen", "до АТС он не дошёл", "it never reached the PBX"),
        ("operator: busy", "телефон оператора был занят", "the operator's phone was busy"),
        ("an odd: word", "an odd: word", "an odd: word"),
    ],
)
def test_what_the_ledger_noted_is_told_in_words(house: Any, detail: str, ru: str, en: str) -> None:
    outcome = Outcome(AttemptResult.unknown, house.clock.now(), detail=detail)
    assert (why_of(outcome, texts_of("ru")), why_of(outcome, texts_of("en"))) == (ru, en)


async def test_what_callcore_calls_by_itself_has_its_own_word(house: Any) -> None:
    await house.sign_in(Role.supervisor)
    number, at = "+79161234567", house.clock.now()
    call = Attempt(AttemptId("p2"), None, None, Medium.voice, number, "main", "service", at)
    await house.database.attempts.intend(replace(call, purpose=Purpose.forward, plan=Plan.carried))
    assert "сам callcore" in (await house.get("/placed-calls")).text

"""A caller from a dark street, on the real Asterisk."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from callcore.domain import EndReason, Outcome
from callcore.testing.lab import Caller, HangUp, Hear, Press, Until

from .conftest import ELSEWHERE, ENGLISH, OUTAGE, RUSSIAN, Open, Street

STAYS = (Until(), HangUp())
FIRST_ITEM, SECOND_ITEM = "нажмите 1.", "нажмите 2."
IN_FINANCE = (Press("4"), Hear(), Press("1"), *STAYS)


async def queued(street: Street, queue: str) -> None:
    async def waits() -> bool:
        return "1. PJSIP" in await street.house.stage.lab.console(f"queue show {queue}")

    await street.house.until(waits)


async def gone(caller: Caller) -> None:
    result = await caller.hang_up()
    assert result.ended_by == "caller"


async def test_he_hears_it_before_any_menu(street: Street) -> None:
    """Nothing pressed: greeting, outage, keys, and then the usual menu without the greeting."""
    caller = await street.house.call(*STAYS, number=RUSSIAN)
    await street.house.until(street.ear.hears(SECOND_ITEM), 60)
    begun = street.ear.begun
    assert begun[0] == "Здравствуйте."
    assert begun[1].startswith("For English press")
    assert begun[2].startswith("Света нет: обрыв кабеля, до")
    assert begun[3].startswith("Чтобы поговорить с оператором, нажмите 0")
    assert begun[4].startswith("For English press")
    assert begun.count("Здравствуйте.") == 1
    words, played = street.ear.played[2]
    assert words == begun[2]
    assert played.heard_seconds > 2, "to its end"
    await gone(caller)
    [contact] = await street.house.contacts()
    assert contact.outcome is Outcome.self_served


async def test_an_operator_who_sees_it_on_the_card(street: Street) -> None:
    """0 in the middle of the text: the default topic; the ringing band and the card know the outage."""
    anna = await street.house.on_shift("anna", "101")
    caller = await street.house.call(Until(), Press("0"), *STAYS, number=RUSSIAN)
    await street.house.until(street.ear.hears("Света нет"))
    caller.proceed()
    ringing = await anna.hears("call.ringing")
    card = await anna.hears("card")
    for event in (ringing, card):
        [outage] = event["data"]["call"]["outages"]
        assert (outage["number"], outage["kind"]) == (OUTAGE, "emergency")
        assert outage["cause"] == {"ru": "обрыв кабеля", "en": "a torn cable"}
    await street.house.talk()
    await gone(caller)
    [contact] = await street.house.contacts()
    assert (contact.topic, contact.queue) == ("expert.diagnosis", "expert")
    assert contact.outcome is Outcome.answered


async def test_an_operator_out_of_hours(open_street: Open) -> None:
    street = await open_street(closed=("expert",))
    await street.goes_dark()
    caller = await street.house.call(Until(), Press("0"), Until(), Press("#"), number=RUSSIAN)
    await street.house.until(street.ear.hears("Света нет"))
    caller.proceed()

    async def is_recorded() -> bool:
        return any((street.house.folder / "recordings").glob("*.wav"))

    await street.house.until(is_recorded)
    caller.proceed()
    result = await caller.wait(60)
    assert result.ended_by == "pbx"
    [contact] = await street.house.contacts()
    assert (contact.outcome, contact.topic) == (Outcome.closed, "expert.diagnosis")


async def test_the_usual_menu_by_key(street: Street) -> None:
    """1, then the menu as ever."""
    caller = await street.house.call(Until(), Press("1"), Until(), *IN_FINANCE, number=RUSSIAN)
    await street.house.until(street.ear.hears("Света нет"))
    caller.proceed()
    await street.house.until(street.ear.hears(FIRST_ITEM))
    caller.proceed()
    await queued(street, "finance")
    await gone(caller)
    [contact] = await street.house.contacts()
    assert (contact.topic, contact.outcome) == ("finance.recalculation", Outcome.abandoned_queue)
    assert contact.language == "ru"


async def test_he_hangs_up_before_he_knows(street: Street) -> None:
    """In the greeting, or in the first word of the outage."""
    caller = await street.house.call(*STAYS, number=RUSSIAN)
    await street.house.until(street.ear.hears("Здравствуйте"))
    await gone(caller)
    [contact] = await street.house.contacts()
    assert (contact.outcome, contact.end_reason) == (Outcome.abandoned_ivr, EndReason.cancelled)


async def test_an_english_customer(street: Street) -> None:
    """In English from the first word, without an offer; he has heard what he called for."""
    caller = await street.house.call(*STAYS, number=ENGLISH)
    await street.house.until(street.ear.heard("The power is out: a torn cable"))
    await gone(caller)
    [contact] = await street.house.contacts()
    assert (contact.outcome, contact.end_reason) == (Outcome.self_served, EndReason.completed)
    assert contact.language == "en"
    assert street.ear.begun[:2] == ["Hello.", street.ear.begun[1]]
    assert street.ear.begun[1].startswith("The power is out")


async def test_english_by_key(street: Street) -> None:
    """The language key says it again in English."""
    caller = await street.house.call(Until(), Press("9"), *STAYS, number=RUSSIAN)
    await street.house.until(street.ear.hears("Света нет"))
    caller.proceed()
    await street.house.until(street.ear.heard("The power is out"))
    await gone(caller)
    [contact] = await street.house.contacts()
    assert (contact.outcome, contact.language) == (Outcome.self_served, "en")


async def test_a_caller_from_elsewhere(street: Street) -> None:
    caller = await street.house.call(*STAYS, number=ELSEWHERE)
    await street.house.until(street.ear.hears(SECOND_ITEM), 60)
    assert not any("Света" in words for words in street.ear.begun)
    await gone(caller)
    [contact] = await street.house.contacts()
    assert contact.outcome is Outcome.abandoned_ivr


@pytest.mark.parametrize("fault", ["slow", "broken"])
async def test_the_register_does_not_answer(
    street: Street, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The usual menu, a second later at most; he reaches his queue as ever."""

    async def at(_customers: Any) -> Any:
        if fault == "slow":
            await asyncio.Event().wait()
        raise OSError("the disk is gone")

    monkeypatch.setattr(street.daemon.outgoing.board, "at", at)
    caller = await street.house.call(Until(), *IN_FINANCE, number=RUSSIAN)
    await street.house.until(street.ear.hears(FIRST_ITEM))
    caller.proceed()
    await queued(street, "finance")
    assert not any("Света" in words for words in street.ear.begun)
    await gone(caller)
    [contact] = await street.house.contacts()
    assert contact.outcome is Outcome.abandoned_queue

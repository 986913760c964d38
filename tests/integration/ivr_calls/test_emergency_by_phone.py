"""A flash note becomes an announcement, by phone with the staff's PIN (on a real Asterisk)."""

from __future__ import annotations

import json

import pytest

from .test_every_node import MENU, SCRIPT, STAFF_PIN, note

CHIEF, NEXT = "79000000901", "79000000902"


async def switches(hall, number: str, key: str, *, has_key_events: bool) -> None:
    chief = await hall.come(number, has_key_events=has_key_events)
    await chief.goes(
        (MENU, "#"),
        ("служебный PIN", f"{STAFF_PIN}#"),
        ("номер срочного", "1#"),
        ("Включить: нажмите", key),
    )
    await chief.hears("Сделано")
    await chief.call.hang_up()


@pytest.mark.parametrize("has_key_events", [True, False])
async def test_switched_on_and_off_by_phone(open_hall, lines, monkeypatch, has_key_events):
    """Whoever calls next hears it before the menu, or no more; each time the call is in the audit."""
    monkeypatch.setenv("CALLCORE_STAFF_PIN", STAFF_PIN)
    hall = await open_hall(settings=SCRIPT)
    await note(hall)
    await switches(hall, CHIEF, "1", has_key_events=has_key_events)
    heard = await hall.come(NEXT)
    await heard.hears("Авария.")
    await heard.hears(MENU)
    await heard.call.hang_up()
    assert hall.ear.begun.count("Авария.") == 1

    chief = await hall.come(CHIEF, has_key_events=has_key_events)
    before = len(lines)
    await chief.goes((MENU, "#"), ("служебный PIN", f"{STAFF_PIN}#"))
    await chief.hears("номер срочного")
    digits = [f"200 result={ord(digit)}" for digit in STAFF_PIN]
    assert not [line for line in lines[before:] if line.startswith(tuple(digits))], "written down nowhere"
    await chief.call.key("1#")
    await chief.goes(("Включить: нажмите", "0"))
    await chief.hears("Сделано")
    await chief.call.hang_up()

    heard = await hall.come(NEXT)
    await heard.hears(MENU)
    await heard.call.hang_up()
    assert hall.ear.begun.count("Авария.") == 2, "the chief himself heard it again, and nobody after him"
    acts = await hall.rows("SELECT act, detail FROM audit WHERE act LIKE 'flash_switched%' ORDER BY id")
    assert [act for act, _detail in acts] == ["flash_switched_on", "flash_switched_off"]
    calls = [contact.call for contact in await hall.house.contacts(4)]
    assert [json.loads(detail)["call"] for _act, detail in acts] == [calls[0], calls[2]]


async def test_who_does_not_know_the_pin_switches_nothing(open_hall, monkeypatch):
    """Three times, then the usual menu."""
    monkeypatch.setenv("CALLCORE_STAFF_PIN", STAFF_PIN)
    hall = await open_hall(settings=SCRIPT)
    await note(hall)
    walker = await hall.come()
    await walker.goes((MENU, "#"), *(("служебный PIN", "000000#"),) * 3)
    await walker.hears(MENU)
    await walker.call.hang_up()
    assert await hall.rows("SELECT is_spoken FROM flashes") == [(0,)]

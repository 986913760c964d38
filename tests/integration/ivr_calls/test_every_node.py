"""Callers who hang up at every node of the shipped script (on a real Asterisk): each leaves one contact that
says where, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcore.crm.seeds import ENGLISH_NUMBER, QUOTES_NUMBER
from callcore.domain import EndReason, Outcome, Text
from callcore.store.flash_rows import EVERYBODY, FlashScope, NewFlash

from .conftest import NUMBER, TERSE

STAFF_PIN = "271828"
SCRIPT = {"ivr": {**TERSE, "file": "ivr.yaml", "silence_seconds": 5}}
STRANGER = NUMBER
HAS_REQUEST, HAS_NONE = ENGLISH_NUMBER.removeprefix("+"), QUOTES_NUMBER.removeprefix("+")
"""Customers of the seeds; the first one leaves a message before."""
MENU = "For English"
"""The offer of the other language, with which the menu of the tables begins."""
OWN = "Тариф: нажмите"
TO_PIN = ((MENU, "*"), ("номер договора", "12345#"))
TO_STAFF = ((MENU, "#"), ("служебный PIN", f"{STAFF_PIN}#"))
NODES = {
    "menu": (STRANGER, (), MENU),
    "contract": (STRANGER, ((MENU, "*"),), "номер договора"),
    "pin": (STRANGER, TO_PIN, "PIN-код,"),
    "wrong_pin": (STRANGER, (*TO_PIN, ("PIN-код,", "0000#")), "не подходит"),
    "unknown": (STRANGER, ((MENU, "*"), *(("номер договора", "#"),) * 3), "Узнать вас"),
    "own": (HAS_NONE, ((MENU, "*"),), OWN),
    "say_balance": (HAS_NONE, ((MENU, "*"), (OWN, "1")), "На вашем счёте"),
    "say_tariff": (HAS_NONE, ((MENU, "*"), (OWN, "2")), "Ваш тариф"),
    "no_request": (HAS_NONE, ((MENU, "*"), (OWN, "3")), "Открытых заявок"),
    "say_request": (HAS_REQUEST, ((MENU, "*"), (OWN, "3")), "Номер заявки"),
    "operator": (HAS_NONE, ((MENU, "*"), (OWN, "0")), "Соединяю"),
    "staff": (STRANGER, ((MENU, "#"),), "служебный PIN"),
    "note": (STRANGER, TO_STAFF, "номер срочного"),
    "on_or_off": (STRANGER, (*TO_STAFF, ("номер срочного", "1#")), "Включить: нажмите"),
    "switched": (STRANGER, (*TO_STAFF, ("номер срочного", "1#"), ("Включить: нажмите", "1")), "Сделано"),
    "no_note": (STRANGER, (*TO_STAFF, ("номер срочного", "9#"), ("Включить: нажмите", "1")), "Такого объя"),
    "emergency": (STRANGER, (), "Авария"),
}
"""Who comes there, by which keys, and what he hears there. The last one hears what "switched" switched on."""
IN_PASSING = {"caller", "identify", "balance", "tariff", "request", "staff_check", "switch_on", "switch_off"}
"""They say nothing, and wait for nobody."""
ELSEWHERE = {"outages", "no_answer"}
"""Among callers from a dark street, and below."""


async def note(hall) -> None:
    """Words for callers, not switched on; the first note of the house has number 1."""
    at, words = datetime.now(UTC), Text("Авария.", "An accident.")
    new = NewFlash(FlashScope.house, EVERYBODY, "", "Авария", at, at + timedelta(days=1), spoken=words)
    assert (await hall.daemon.database.flashes.add(new, "anna", at)).id == 1


async def leaves_a_message(hall, number: str) -> None:
    walker = await hall.come(number)
    await walker.goes((MENU, "4"), ("Перерасчёт", "1"))
    await hall.records()
    await walker.call.speak(2.0)
    await walker.call.hang_up()
    await hall.until_rows("SELECT id FROM cases")


async def is_empty(places: object) -> bool:
    return not places


async def test_hung_up_at_every_node(open_hall, monkeypatch):
    monkeypatch.setenv("CALLCORE_STAFF_PIN", STAFF_PIN)
    closed = {"closed_then": [{"voicemail": True}]}
    hall = await open_hall(settings=SCRIPT, closed=("finance",), finance=closed)
    script = hall.daemon.editions.newest.flow.script
    assert NODES.keys() | IN_PASSING | ELSEWHERE == script.nodes.keys()
    places = hall.daemon.answering.reception.places
    await note(hall)
    await leaves_a_message(hall, HAS_REQUEST)
    for calls, (node, (number, way, words)) in enumerate(NODES.items(), 2):
        walker = await hall.come(number)
        await walker.goes(*way)
        await walker.hears(words)
        assert [*places.values()] == [node], "the page shows him there"
        await walker.call.hang_up()
        contact = (await hall.house.contacts(calls))[-1]
        assert (contact.node, contact.end_reason) == (node, EndReason.cancelled)
        assert contact.outcome is Outcome.abandoned_ivr, node
        await hall.house.until(lambda: is_empty(places))
    assert len(await hall.rows("SELECT id FROM cases")) == 1, "nobody else has left anything"


async def test_hung_up_where_the_record_does_not_answer(open_hall, monkeypatch):
    hall = await open_hall(settings=SCRIPT)

    async def find(*_: object) -> None:
        raise OSError("the disk is gone")

    walker = await hall.come(HAS_NONE)
    await walker.goes((MENU, "*"))
    await walker.hears(OWN)
    monkeypatch.setattr(hall.daemon.answering.reception.backoffice, "find", find)
    await walker.call.key("1")
    await walker.hears("Сейчас этого узнать нельзя")
    await walker.call.hang_up()
    contact = await hall.contact()
    assert (contact.node, contact.outcome) == ("no_answer", Outcome.abandoned_ivr)


CALL_BACK = {"closed_then": [{"call_back": True}, {"voicemail": True}]}


@pytest.mark.parametrize("words", ["Закрыто.", "Перезвонить?", "Говорите."])
async def test_hung_up_on_the_way_that_the_tables_gave(open_hall, words):
    """While it is closed: in the announcement, in the offer, before the tone. He has left nothing."""
    hall = await open_hall(closed=("finance",), finance=CALL_BACK)
    walker = await hall.come()
    await walker.goes((MENU, "4"), ("Перерасчёт", "1"))
    if words == "Говорите.":
        await walker.goes(("Перезвонить?", "2"))
    await walker.hears(words)
    await walker.call.hang_up()
    contact = await hall.contact()
    assert (contact.route, contact.outcome) == ("finance.recalculation/closed", Outcome.closed)
    assert await hall.rows("SELECT id FROM cases") == []
    assert await hall.rows("SELECT number FROM follow_ups WHERE kind = 'wish'") == []
    assert not any(hall.recordings.glob("*"))

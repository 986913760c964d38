"""Telephones that press too much, the wrong keys, or none (on a real Asterisk)."""

from __future__ import annotations

import asyncio

import pytest

from callcore.crm.seeds import ENGLISH_NUMBER
from callcore.domain import Outcome
from callcore.testing.house import TO_FINANCE

from .test_every_node import HAS_NONE, MENU, OWN, SCRIPT, is_empty
from .test_self_service import PIN, contract_of

kinds = pytest.mark.parametrize("has_key_events", [True, False], ids=["rfc4733", "info"])
MANY = 300
ALL_KEYS = "0123456789*#"


@kinds
@pytest.mark.parametrize("keys", ["0" * MANY, ALL_KEYS * (MANY // 12)], ids=["one", "all"])
async def test_a_flood_of_keys(open_hall, has_key_events, keys):
    """It ends somewhere, as one contact; meanwhile somebody else is served as ever."""
    hall = await open_hall(settings=SCRIPT)
    places = hall.daemon.answering.reception.places
    mad = await hall.come(has_key_events=has_key_events)
    await mad.hears(MENU)
    flood = asyncio.create_task(mad.call.hammer(keys))
    other = await hall.house.call(*TO_FINANCE, number="79000000905")
    await hall.waits_in("finance")
    await other.hang_up()
    await flood
    if len({*keys}) == 1:
        await hall.waits_in("expert")
    await mad.call.hang_up()
    contacts = await hall.house.contacts(2)
    assert {contact.caller_number for contact in contacts} == {"+79000000999", "+79000000905"}
    mads = next(contact for contact in contacts if contact.caller_number == "+79000000999")
    assert mads.outcome is not Outcome.failed
    await hall.house.until(lambda: is_empty(places))


@kinds
async def test_a_machine_that_presses_while_it_types_a_secret(open_hall, has_key_events):
    """Digits without an end where digits are asked for: they are cut, wrong, and three times wrong."""
    hall = await open_hall(settings=SCRIPT)
    mad = await hall.come(has_key_events=has_key_events)
    await mad.goes((MENU, "*"))
    await mad.hears("номер договора")
    flood = asyncio.create_task(mad.call.hammer("7" * MANY))
    await mad.hears("Узнать вас")
    await hall.waits_in("expert")
    await mad.call.hang_up()
    await flood
    assert (await hall.contact()).customer is None


@kinds
async def test_star_and_hash_are_wrong_keys_where_they_mean_nothing(open_hall, has_key_events):
    """Three of them lead to the default topic, each with a word of what was wrong."""
    hall = await open_hall()
    walker = await hall.come(has_key_events=has_key_events)
    await walker.goes((MENU, "*"), ("Такого пункта нет", "#"), ("Такого пункта нет", "*"))
    await hall.waits_in("expert")
    await walker.call.hang_up()
    contact = await hall.contact()
    assert (contact.topic, contact.outcome) == ("expert.diagnosis", Outcome.abandoned_queue)


@kinds
async def test_a_star_among_digits_is_no_digit(open_hall, has_key_events):
    """And the hash ends them: he is who he is."""
    hall = await open_hall(settings=SCRIPT)
    contract = await contract_of(hall, ENGLISH_NUMBER)
    walker = await hall.come(has_key_events=has_key_events)
    await walker.goes(
        (MENU, "*"),
        ("номер договора", f"{contract[:2]}**{contract[2:]}#"),
        ("PIN-код,", f"*{PIN}*#"),
        (OWN, "*"),
    )
    await walker.hears(MENU)
    await walker.call.hang_up()
    assert (await hall.contact()).node == "menu"


@pytest.mark.parametrize("at", ["menu", "own", "contract"])
async def test_silence(open_hall, at):
    """Wherever he says and presses nothing, an operator has him in the end."""
    quiet = {"ivr": {**SCRIPT["ivr"], "silence_seconds": 1}}
    hall = await open_hall(settings=quiet)
    walker = await hall.come(HAS_NONE if at == "own" else "79000000906")
    if at != "menu":
        await walker.goes((MENU, "*"))
    await walker.hears("Соединяю")
    await hall.waits_in("expert")
    await walker.call.hang_up()
    contact = await hall.contact()
    assert (contact.topic, contact.node) == (
        "expert.diagnosis",
        "menu" if at == "menu" else "operator",
    )

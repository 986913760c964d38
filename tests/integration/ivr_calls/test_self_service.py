"""The shipped script, on a real Asterisk: contract and PIN, the balance in words, the PIN written nowhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callcore.crm.seeds import ENGLISH_NUMBER
from callcore.domain import Login, Outcome
from callcore.web.passwords import hash_password

PIN = "4938"
SCRIPT = {"ivr": {"greeting": {"ru": "Алло.", "en": "Hello."}, "file": "ivr.yaml", "silence_seconds": 3}}


async def contract_of(hall, number: str) -> str:
    """Of this number's customer, as a telephone can type it; it has a PIN from now on."""
    database = hall.daemon.database
    [customer] = await database.customers.find_by_number(number)
    hashed = hash_password(PIN)
    await database.records.set_password_hash(customer.id, number, hashed, Login("anna"), datetime.now(UTC))
    return "".join(filter(str.isdigit, customer.contract))


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("has_key_events", [True, False])
async def test_contract_pin_and_balance(open_hall, lines, language, has_key_events):
    """D-27, D-70: from a stranger's telephone, with keys within the sound and beside it."""
    hall = await open_hall(settings=SCRIPT)
    contract = await contract_of(hall, ENGLISH_NUMBER)
    call = await hall.dial("9*" if language == "en" else "*", has_key_events=has_key_events)
    await hall.hears("номер договора" if language == "ru" else "number of your contract")
    await call.key(f"{contract}#")
    await hall.hears("PIN-код," if language == "ru" else "your PIN,")
    before = len(lines)
    await call.key(f"{PIN}#")
    await hall.hears("Тариф: нажмите 2" if language == "ru" else "tariff, press 2")
    typed = [line for line in lines[before:] if line.startswith("200 result=")]
    assert "200 result=…" in typed
    assert not [line for line in typed for key in PIN if line.startswith(f"200 result={ord(key)}")]
    await call.key("1")
    await hall.hears("На вашем счёте восемьсот девяносто девять" if language == "ru" else "eight hundred and")
    await hall.house.until(lambda: finished(hall, "восемьсот" if language == "ru" else "eight hundred"))
    await call.hang_up()
    contact = await hall.contact()
    assert (contact.outcome, contact.language) == (Outcome.self_served, language)
    assert contact.node in ("own", "say_balance")


async def finished(hall, words: str) -> bool:
    return any(words in text for text, _played in hall.ear.played)


async def test_three_wrong_pins(open_hall):
    hall = await open_hall(settings=SCRIPT)
    contract = await contract_of(hall, ENGLISH_NUMBER)
    call = await hall.dial("*")
    for nth in range(1, 4):
        await hall.house.until(lambda nth=nth: begun(hall, "номер договора", nth))
        await call.key(f"{contract}#")
        await hall.house.until(lambda nth=nth: begun(hall, "PIN-код,", nth))
        await call.key("0000#")
    await hall.hears("Узнать вас не получилось")
    await hall.waits_in("expert")
    await call.hang_up()
    assert (await hall.contact()).customer is None


async def begun(hall, words: str, times: int) -> bool:
    return sum(words in text for text in hall.ear.begun) >= times


async def test_a_caller_who_is_known_by_his_number(open_hall):
    """No contract, no PIN: his own number is enough for his balance."""
    hall = await open_hall(settings=SCRIPT)
    call = await hall.dial("*", number=ENGLISH_NUMBER.removeprefix("+"))
    await hall.hears("Тариф: нажмите 2")
    await call.key("2")
    await hall.hears("Домашний 500")
    await call.key("0")
    await hall.waits_in("expert")
    await call.hang_up()
    contact = await hall.contact()
    assert contact.topic == "expert.diagnosis"
    assert contact.outcome is Outcome.abandoned_queue

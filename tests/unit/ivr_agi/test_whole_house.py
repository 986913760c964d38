"""A caller of a scripted Asterisk in a whole callcore: sample settings, a database, the real back office."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcore import config
from callcore.app import Daemon
from callcore.config import Settings
from callcore.crm import seeds_records
from callcore.crm.seeds import ENGLISH_NUMBER
from callcore.domain import Login
from callcore.floor.clock import SteadyClock
from callcore.testing.blank import blank_database
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.passwords import hash_password

from .floor_stub import Ear, Spoken
from .scripted_asterisk import FakeAsterisk, environment

SAMPLE = Path(__file__).parents[3] / "config"
SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""Finance is closed."""
NUMBER = "+79000000999"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.copytree(SAMPLE, tmp_path / "config")
    file = tmp_path / "config" / "callcore.yaml"
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    top["database"] = {"url": "sqlite:///../callcore.db"}
    top["http"] = {"listen": f"127.0.0.1:{free_port()}"}
    top["fastagi"] = {"listen": f"127.0.0.1:{free_port()}"}
    file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    blank_database(tmp_path / "callcore.db")
    return config.load(file, {"CALLCORE_AMI_SECRET": "none"})


@asynccontextmanager
async def living(settings: Settings, *, hands_in: bool = True) -> AsyncIterator[Daemon]:
    """callcore without a PBX; ``hands_in``: what callers leave goes into the house."""
    daemon = Daemon(settings)
    daemon.clock = SteadyClock(lambda: SUNDAY, lambda: 0.0)

    async def prompt(pbx: str, text: str, language: str, *, is_personal: bool = False) -> Spoken:
        return Spoken("/p/" + "".join(char for char in text if char.isalnum())[:60])

    async with daemon:
        daemon.spoken.prompt = prompt  # type: ignore[assignment, method-assign]
        work = asyncio.create_task(daemon.answering.run()) if hands_in else None
        daemon.answering.slips.open()
        yield daemon
        if work is not None:
            work.cancel()


async def call(daemon: Daemon, *keys: str, says: tuple[float, ...] = ()) -> Ear:
    peer = FakeAsterisk(*await asyncio.open_connection("127.0.0.1", daemon.agi.port))
    peer.send(environment(agi_callerid=NUMBER.removeprefix("+"), agi_arg_1="4951"))
    ear = Ear(peer, keys={"wait": list(keys)}, says=list(says))
    try:
        await peer.run()
    finally:
        peer.writer.close()
        await peer.writer.wait_closed()
    return ear


async def rows(daemon: Daemon, sql: str) -> list[tuple[Any, ...]]:
    """As soon as there are any."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with daemon.database.read() as connection:
                found = [tuple(row) for row in await connection.exec_driver_sql(sql)]
            if found:
                return found
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("state", ["Up", "Ring", ""])
async def test_who_has_been_answered_is_not_answered_again(settings, state):
    """Our dialplan says the channel's state; an older one of ours says nothing."""
    async with living(settings) as daemon:
        peer = FakeAsterisk(*await asyncio.open_connection("127.0.0.1", daemon.agi.port))
        peer.send(environment(agi_callerid="101", agi_arg_1="4951", agi_arg_2=state))
        commands = await peer.run()
        peer.writer.close()
    assert commands.count("ANSWER") == (state != "Up")
    assert any(command.startswith("STREAM FILE") for command in commands)


async def test_a_message_of_sunday_is_an_appeal(settings):
    """D-61: with topic, number and department, on the null customer, the sound beside it."""
    async with living(settings) as daemon:
        ear = await call(daemon, "4", "1", "2", says=(3.0,))
        [case] = await rows(daemon, "SELECT id, type, department, topic, number, customer FROM cases")
        # The message learns of its case in a write of its own.
        [message] = await rows(
            daemon, 'SELECT topic, number, ms, file, "case" FROM voicemails WHERE "case" IS NOT NULL'
        )
    assert case[1:] == ("appeal", "finance", "finance.recalculation", NUMBER, 0)
    assert message[:3] == ("finance.recalculation", NUMBER, 3000)
    assert message[4] == case[0]
    assert (settings.recording_folder / message[3]).exists()
    assert "*record*" in ear.heard


async def test_a_wish_of_sunday_is_on_the_list(settings):
    async with living(settings) as daemon:
        await call(daemon, "4", "1", "1")
        found = await rows(daemon, "SELECT number, queue, topic, state FROM follow_ups WHERE kind = 'wish'")
    assert found == [(NUMBER, "finance", "finance.recalculation", "open")]


async def test_the_case_of_a_company_that_wants_to_connect(settings):
    """D-24 to D-26: asked in full and silent, he says a name; the case is on the null customer."""
    async with living(settings) as daemon:
        await call(daemon, "1", "4", says=(0.0, 2.0))
        [case] = await rows(daemon, "SELECT type, topic, number, customer FROM cases")
    assert case[2:] == (NUMBER, 0)
    assert case[0] == "call_me"


async def test_what_one_life_took_the_next_one_hands_in(settings):
    async with living(settings, hands_in=False) as daemon:
        await call(daemon, "4", "1", "1")
        assert daemon.answering.slips.waiting == 1
    async with living(settings) as daemon:
        assert await rows(daemon, "SELECT number FROM follow_ups WHERE kind = 'wish'") == [(NUMBER,)]


PIN = "4938"


async def contract_of(daemon: Daemon, number: str) -> str:
    """Of a customer of the sample base, who has a PIN from now on."""
    await seeds_records.add_records(daemon.database, SUNDAY)
    [customer] = await daemon.database.customers.find_by_number(number)
    hashed = hash_password(PIN)
    await daemon.database.records.set_password_hash(customer.id, number, hashed, Login("anna"), SUNDAY)
    return customer.contract


async def test_contract_pin_and_balance(settings):
    """D-27, D-70: from a stranger's telephone; he hears his balance in words, spoken for him alone."""
    async with living(settings) as daemon:
        contract = await contract_of(daemon, ENGLISH_NUMBER)
        ear = await call(daemon, "*", *contract, "#", *PIN, "#", "1", "0")
        [who] = [each for each in ear.heard if each.startswith("Навашемсчёте")]
    assert "восемьсотдевяностодевять" in who


async def test_three_wrong_pins_lead_to_an_operator(settings):
    async with living(settings) as daemon:
        contract = await contract_of(daemon, ENGLISH_NUMBER)
        ear = await call(daemon, "*", *(*contract, "#", *"0000", "#") * 3)
    assert sum(each.startswith("НаберитеPINкод") for each in ear.heard) == 3
    assert [each for each in ear.heard if each.startswith("Узнатьваснеполучилось")]
    assert not [each for each in ear.heard if each.startswith("Навашемсчёте")]
    assert ear.heard[-1].startswith("Соединяю")

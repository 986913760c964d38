"""Seats of the users in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcore.domain import Interface, Login, PbxName, QueueName
from callcore.floor.people import NAMES_FOR, People
from callcore.rights import Role
from callcore.screenpop.ports import Seat
from callcore.store.database import Database

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MAIN, SECOND = PbxName("main"), PbxName("second")
ANNA = Login("anna")
PHONES = tuple(
    map(
        Interface,
        ("PJSIP/101", "second:PJSIP/101", "main:SIP/5", "third:PJSIP/101", "Local/7@agents:x", "second:"),
    )
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db", create=True) as database:
        await hire(database, "anna", "Анна")
        yield database


@pytest.fixture
def people(database: Database) -> People:
    return People(database.users, (MAIN, SECOND))


async def hire(database: Database, login: str, name: str) -> None:
    await database.users.add(
        login, name, Role.operator, "$argon2id$", at=T0, interfaces=PHONES, queues=[QueueName("finance")]
    )


@pytest.mark.parametrize(
    ("chosen", "pbx", "device"),
    [
        ("PJSIP/101", MAIN, "PJSIP/101"),
        ("second:PJSIP/101", SECOND, "PJSIP/101"),
        ("main:SIP/5", MAIN, "SIP/5"),
        ("Local/7@agents:x", MAIN, "Local/7@agents:x"),
    ],
)
async def test_a_seat(people: People, chosen: str, pbx: PbxName, device: str) -> None:
    seat = await people.seat(ANNA, Interface(chosen))
    assert seat is not None
    assert seat == Seat("Анна", pbx, Interface(device), (QueueName("finance"),), Interface(chosen), seat.also)


async def test_his_other_phones(people: People, database: Database) -> None:
    """A phone that a colleague may take as well is nobody's besides; nor is one of another PBX."""
    seat = await people.seat(ANNA, Interface("PJSIP/101"))
    assert seat is not None
    assert seat.also == ("SIP/5", "Local/7@agents:x")
    await database.users.add(
        "boris", "Борис", Role.operator, "$argon2id$", at=T0, interfaces=[Interface("main:SIP/5")], queues=[]
    )
    seat = await people.seat(ANNA, Interface("PJSIP/101"))
    assert seat is not None
    assert seat.also == ("Local/7@agents:x",)


async def test_every_phone_that_somebody_may_take(people: People, database: Database) -> None:
    assert (MAIN, Interface("SIP/5")) in await people.phones()
    assert (SECOND, Interface("PJSIP/101")) in await people.phones()
    await database.users.disable("anna", T0)
    assert await people.phones() == frozenset()


@pytest.mark.parametrize("phone", ["PJSIP/102", "main:PJSIP/101", "pjsip/101", "", ":"])
async def test_a_phone_that_is_not_his(people: People, phone: str) -> None:
    """What he chose has to stand among his phones as it is written there."""
    assert await people.seat(ANNA, Interface(phone)) is None


@pytest.mark.parametrize("phone", ["third:PJSIP/101", "second:"])
async def test_a_phone_that_no_queue_would_take(people: People, phone: str) -> None:
    """Its PBX went out of the settings: he would wait for calls that never come."""
    with capture_logs() as logs:
        assert await people.seat(ANNA, Interface(phone)) is None
    assert [entry["event"] for entry in logs] == ["phone_unusable"]


async def test_skills_say_how_far_behind_he_is_rung(database: Database) -> None:
    """Only in queues whose calls ask for something, by the tables of now."""
    expert, wanted = QueueName("expert"), {QueueName("expert"): frozenset({"fmc"})}
    people = People(database.users, (MAIN,), lambda: wanted)
    await hire(database, "boris", "Борис")
    await database.users.set_skills("anna", ["fmc", "fmc", "english"])
    assert await people.penalties() == {"anna": {expert: 0}, "boris": {expert: 10}}
    for login, penalty in (("anna", 0), ("boris", 10)):
        seat = await people.seat(Login(login), Interface("PJSIP/101"))
        assert seat is not None
        assert seat.penalties == {expert: penalty}
    wanted[QueueName("expert")] = frozenset({"fmc", "vip"})
    await database.users.disable("boris", T0)
    assert await people.penalties() == {"anna": {expert: 10}}
    wanted.clear()
    assert await people.penalties() == {}


async def test_nobody(people: People) -> None:
    assert await people.seat(Login("zoe"), PHONES[0]) is None
    assert await people.seat(Login("\0"), PHONES[0]) is None


async def test_a_disabled_user(people: People, database: Database) -> None:
    await database.users.disable("anna", T0)
    assert await people.seat(ANNA, PHONES[0]) is None
    await database.users.enable("anna")
    assert await people.seat(ANNA, PHONES[0]) is not None


async def test_changes_count_at_once(people: People, database: Database) -> None:
    await database.users.set_interfaces("anna", [Interface("PJSIP/7")])
    assert await people.seat(ANNA, PHONES[0]) is None
    assert await people.seat(ANNA, Interface("PJSIP/7")) is not None


async def test_names_are_at_most_a_minute_old(people: People, database: Database) -> None:
    assert await people.names(T0) == {"anna": "Анна"}
    await hire(database, "boris", "Борис")
    await database.users.disable("anna", T0)
    assert await people.names(T0 + NAMES_FOR - timedelta(seconds=1)) == {"anna": "Анна"}
    assert await people.names(T0 + NAMES_FOR) == {"anna": "Анна", "boris": "Борис"}, "also of who left"


async def test_no_seat_for_who_takes_no_calls(people: People, database: Database) -> None:
    await database.users.add(
        "olga", "Ольга", Role.campaign_manager, "$argon2id$", at=T0, interfaces=PHONES, queues=[]
    )
    assert await people.seat(Login("olga"), Interface("PJSIP/101")) is None

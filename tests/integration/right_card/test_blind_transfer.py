"""Anna sends a customer on to Boris without a word: by her phone (REFER), by keys, by a program."""

import pytest

from callcore.testing.lab import Answer

from .office import Office
from .transferring import given_to_boris, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = Answer(after_seconds=0.4)


@pytest.mark.parametrize("dialled", ["101", "line"])
async def test_blind_by_phone(office: Office, dialled: str) -> None:
    """By REFER; from a direct call, and from a queue's."""
    anna, call, visit = await talking(office, dialled)
    boris = await office.sits("boris", SOON)
    await call.refer("102")
    await given_to_boris(office, anna, boris, visit, "line" if dialled == "line" else None)


async def test_blind_by_code(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris", SOON)
    await call.key("#1102")
    await given_to_boris(office, anna, boris, visit)


async def test_blind_by_program(office: Office) -> None:
    anna, _call, visit = await talking(office)
    boris = await office.sits("boris", SOON)
    await office.act("BlindTransfer", Channel=office.channel_of(anna), Context="phones", Exten="102")
    await given_to_boris(office, anna, boris, visit)


async def test_taken_away_by_program(office: Office) -> None:
    """Redirect: nobody says that it is a transfer."""
    anna, _call, visit = await talking(office)
    boris = await office.sits("boris", SOON)
    await office.act("Redirect", Channel=office.name_of(visit), Context="phones", Exten="102", Priority="1")
    await given_to_boris(office, anna, boris, visit)


async def test_blind_and_nobody_answers(office: Office) -> None:
    """The customer gives up while Boris's phone rings: no card for him."""
    anna, call, visit = await talking(office)
    boris = await office.sits("boris")
    await call.refer("102")
    await boris.rings()
    await anna.api.is_("wrap_up")
    await visit.hang_up()
    contact = await office.told(visit, anna, by=anna)
    assert [(ring.login, ring.result) for ring in contact.operators][1:] == [("boris", "cancelled")]
    await office.nothing_else()


async def test_blind_into_another_queue(office: Office) -> None:
    """Anna sends him from a queue on to another one, where Boris takes him."""
    anna, call, visit = await talking(office, "line")
    boris = await office.sits("boris", SOON)
    await call.refer("all")
    await given_to_boris(office, anna, boris, visit, "all")


async def test_transferred_twice(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris, vera = await office.sits("boris"), await office.sits("vera", SOON)
    await call.refer("102")
    his = await boris.answers()
    await office.talk(visit, boris)
    await his.refer("103")
    await office.talk(visit, vera)
    await visit.hang_up()
    contact = await office.told(visit, anna, boris, vera, by=anna)
    assert contact.talk_ms >= 4500
    await office.nothing_else()


async def test_back_to_the_first(office: Office) -> None:
    """Boris sends him back: Anna's part was over, so his card comes once more, of the same call."""
    anna, call, visit = await talking(office)
    boris = await office.sits("boris")
    await call.refer("102")
    his = await boris.answers()
    await office.talk(visit, boris)
    await his.refer("101")
    await anna.answers()
    await office.talk(visit, anna)
    await visit.hang_up()
    contact = await office.told(visit, anna, boris, anna, by=anna)
    assert contact.talk_ms >= 4500
    await office.nothing_else()

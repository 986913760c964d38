"""A colleague takes part: picks the call up, takes it back from the parking lot, joins a conference."""

import pytest

from callcore.testing.lab import NeverAnswer

from .office import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("dialled", ["101", "line"])
async def test_picked_up(office: Office, dialled: str) -> None:
    """Anna's phone rings, for a direct call or a queue's; Boris dials *8101 and has the customer."""
    anna = await office.sits("anna", NeverAnswer())
    visit = await office.call(dialled)
    await anna.rings()
    boris = await office.sits("boris")
    await boris.phone.dial("*8101")
    await office.talk(visit, boris)
    await visit.hang_up()
    contact = await office.told(visit, boris, by=boris, queue="line" if dialled == "line" else None)
    results = [(ring.login, ring.result) for ring in contact.operators]
    assert results == [("anna", "answered_elsewhere"), ("boris", "completed")]
    await office.nothing_else()


@pytest.mark.parametrize("dialled", ["101", "line"])
async def test_parked_and_taken_back(office: Office, dialled: str) -> None:
    """Anna sends him to 700 by her phone; Boris takes him back from 701."""
    anna, boris = await office.sits("anna"), await office.sits("boris", ready=False)
    visit = await office.call(dialled)
    call = await anna.answers()
    await office.talk(visit, anna)
    await call.refer("700")
    await office.heard("ParkedCall")
    await boris.phone.dial("701")
    await office.talk(visit, boris)
    await visit.hang_up()
    queue = "line" if dialled == "line" else None
    contact = await office.told(visit, anna, boris, by=anna, queue=queue)
    assert contact.talk_ms >= 3000
    await office.nothing_else()


async def test_parked_and_given_up(office: Office) -> None:
    anna = await office.sits("anna")
    visit = await office.call("101")
    call = await anna.answers()
    await office.talk(visit, anna)
    await call.refer("700")
    await office.heard("ParkedCall")
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_conference(office: Office) -> None:
    """Anna and the customer are brought into a room, where Boris joins them: he has the card, too."""
    anna, boris = await office.sits("anna"), await office.sits("boris", ready=False)
    visit = await office.call("101")
    call = await anna.answers()
    await office.talk(visit, anna)
    here = {"Channel": office.name_of(visit), "Context": "phones", "Exten": "800", "Priority": "1"}
    there = {"ExtraContext": "phones", "ExtraExten": "800", "ExtraPriority": "1"}
    await office.act("Redirect", **here, ExtraChannel=office.channel_of(anna), **there)
    await office.talk(visit, anna)
    room = await boris.phone.dial("800")
    await office.talk(visit, anna, boris)
    await visit.hang_up()
    await room.hang_up()
    await call.hang_up()
    await office.told(visit, anna, boris, by=anna)
    await office.nothing_else()

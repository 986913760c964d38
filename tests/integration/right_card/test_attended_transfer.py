"""Anna asks Boris first, and then gives the customer to him: by her phone (REFER with Replaces), by keys, by
a program; or she lets go while his phone still rings."""

import pytest

from callcore.domain import CallId
from callcore.testing.lab import Answer

from .handing_on import COMMENT, writes
from .office import Office
from .transferring import given_to_boris, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATER = Answer(after_seconds=2.0)


@pytest.mark.parametrize("dialled", ["101", "line"])
async def test_attended_by_phone(office: Office, dialled: str) -> None:
    """REFER with Replaces: Boris hears of it first, and has no card while he only talks with Anna. What she
    typed does not go along; it stays hers, among those without a topic."""
    anna, call, visit = await talking(office, dialled)
    written = await writes(anna)
    boris = await office.sits("boris")
    await call.hold()
    consultation = await anna.phone.dial("102")
    await boris.answers()
    await consultation.answered()
    await office.consulted(boris)  # what the phone is told comes before the talk is there to be given on
    assert not boris.cards()
    assert await call.refer_attended(consultation) < 300
    await given_to_boris(office, anna, boris, visit, "line" if dialled == "line" else None)
    assert await office.database.handovers.of_call(CallId(written)) == ()
    kept = {one.call: one.comment for one in await office.database.drafts.of_login(anna.login)}
    assert kept[CallId(written)] == COMMENT
    assert written in [one.call for one in await office.database.contacts.unclassified(anna.login)]


async def test_attended_by_code(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris")
    await call.key("*2102")
    await boris.answers()
    await office.consulted(boris)
    assert not boris.cards()
    await call.hang_up()
    await given_to_boris(office, anna, boris, visit)


async def test_attended_by_program(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris")
    await office.act("Atxfer", Channel=office.channel_of(anna), Context="phones", Exten="102")
    await boris.answers()
    await office.consulted(boris)
    assert not boris.cards()
    await call.hang_up()
    await given_to_boris(office, anna, boris, visit)


async def test_consultation_without_transfer(office: Office) -> None:
    """Anna asks Boris while the customer is on hold, and goes back to him: no card for Boris."""
    anna, call, visit = await talking(office)
    boris = await office.sits("boris")
    await call.hold()
    consultation = await anna.phone.dial("102")
    await boris.answers()
    await consultation.answered()
    await consultation.hang_up()
    await call.resume()
    await office.talk(visit, anna)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


# --- blonde: let go while the other phone still rings


async def test_blonde_by_phone(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris", LATER)
    await call.hold()
    consultation = await anna.phone.dial("102")
    await consultation.ringing()
    assert await call.refer_attended(consultation) < 300
    await given_to_boris(office, anna, boris, visit)


async def test_blonde_by_code(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris", LATER)
    await call.key("*2102")
    await office.rings_at(boris)
    await call.hang_up()
    await given_to_boris(office, anna, boris, visit)


async def test_blonde_by_program(office: Office) -> None:
    anna, call, visit = await talking(office)
    boris = await office.sits("boris", LATER)
    await office.act("Atxfer", Channel=office.channel_of(anna), Context="phones", Exten="102")
    await office.rings_at(boris)
    await call.hang_up()
    await given_to_boris(office, anna, boris, visit)

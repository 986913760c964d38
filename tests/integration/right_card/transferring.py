"""Anna talks with a customer and gives him to Boris: he gets his card when he hears him, it stays one call
with one contact, and its talk is both of their talks."""

from __future__ import annotations

from callcore.testing.lab import SoftCall

from .office import Office, Person, Visit


async def talking(office: Office, dialled: str = "101") -> tuple[Person, SoftCall, Visit]:
    anna = await office.sits("anna")
    visit = await office.call(dialled)
    call = await anna.answers()
    await office.talk(visit, anna)
    return anna, call, visit


async def given_to_boris(
    office: Office, anna: Person, boris: Person, visit: Visit, queue: str | None = None
) -> None:
    """He has the customer and his card (D-22); Anna is done with him; he hangs up, and it was one call."""
    await office.talk(visit, boris)
    await anna.api.is_("wrap_up")
    assert not anna.phone.calls
    await boris.api.is_("talking")
    await visit.hang_up()
    contact = await office.told(visit, anna, boris, by=anna, queue=queue)
    assert contact.talk_ms >= 3000
    assert [ring.login for ring in contact.operators] == ["anna", "boris"]
    await office.nothing_else()

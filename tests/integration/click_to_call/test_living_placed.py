"""Work on a call that callcore has placed: the Local halves go at the first hold, the people stay."""

from __future__ import annotations

import pytest

from callcore.testing.carrier import Carrier
from callcore.testing.operator import Event
from callcore.testing.stage import Stage

from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def shows(desk: Desk, state: str) -> None:
    def newest() -> str:
        return str(desk.api.heard("call.line")[-1]["data"]["line"]["state"])

    await desk.api.hears("call.line", lambda _event: newest() == state)


async def test_hold_asking_and_giving(anna: Desk, boris: Desk, stage: Stage, carrier: Carrier) -> None:
    number = "79160005100"
    attempt = await anna.calls(f"+{number}")
    call = await anna.phone.incoming()
    await call.answer()
    await carrier.answered(number)
    await anna.api.is_("talking")
    card = await anna.api.hears("card")
    name = card["data"]["call"]["call"]
    await anna.api.hears("card.updated", _is_answered)
    await anna.api.order("hold", call=name)
    await shows(anna, "held")
    assert (await anna.over(attempt))["result"] == "answered", "its channels are gone; the people are not"
    await anna.api.order("resume", call=name)
    await shows(anna, "talks")
    await anna.api.hand_on(name, "person:boris")
    asked = await boris.phone.incoming()
    await asked.answer()
    await shows(anna, "consulting")
    await anna.api.order("complete", call=name)
    await call.ended()
    await anna.api.is_("wrap_up")
    await boris.api.is_("talking")
    await asked.hang_up()
    await carrier.gone(number)
    saved = await anna.api.hears("contact.saved")
    assert stage.daemon is not None
    contact = await stage.daemon.database.contacts.get(saved["data"]["call"])
    assert contact is not None
    told = (contact.direction, contact.outcome, contact.answered_by, contact.caller_number)
    assert told == ("outbound", "answered", "anna", f"+{number}")
    assert await carrier.invites_of(number) == 1


def _is_answered(event: Event) -> bool:
    view = event["data"]["call"]
    return isinstance(view, dict) and view["answered_at"] is not None

"""Orders to living calls while callcore dies, or its link to the PBX is cut: nothing is done twice, the
customer and his operator find each other again, and it is one contact."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from callcore.calls.line import LineState
from callcore.calls.lining import state_of
from callcore.domain import CallId, Login, Outcome
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import Caller
from callcore.testing.operator import ApiOperator, Refused
from callcore.testing.wire import Wire

REDIRECT = b"Action: Redirect"


async def talking(house: House) -> tuple[ApiOperator, Caller, str]:
    """Anna talks with a customer; the id of the call."""
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE)
    card = await anna.hears("card")
    await anna.is_("talking")
    return anna, caller, str(card["data"]["call"]["call"])


async def together(house: House, call: str) -> None:
    """The news that she has answered is older than that of the bridge."""
    daemon = house.stage.daemon
    assert daemon is not None
    tracker = daemon.floor.tracker

    async def are_together() -> bool:
        return state_of(tracker, tracker.calls[CallId(call)], Login("anna")) is LineState.talks

    await house.until(are_together)


async def line_of(operator: ApiOperator, call: str) -> Any:
    return ((await operator.desk())["lines"].get(call) or {}).get("state")


async def stands(house: House, operator: ApiOperator, call: str, state: str | None) -> None:
    async def does() -> bool:
        return await line_of(operator, call) == state

    await house.until(does)


async def hears_music(house: House, *, is_on: bool = True) -> None:
    async def does() -> bool:
        return ("MusicOnHold" in await house.stage.lab.console("core show channels")) is is_on

    await house.until(does)


async def test_restarted_while_the_customer_is_on_hold(house: House) -> None:
    """The next callcore knows who holds whom, and takes the hold back."""
    await house.stage.start()
    anna, caller, call = await talking(house)
    await anna.order("hold", call=call)
    await hears_music(house)
    await anna.deafen()
    await house.stage.stop()
    await house.stage.start()
    again = await house.operator("anna")
    await stands(house, again, call, "held")
    assert (await again.desk())["state"] == "talking"
    await again.order("resume", call=call)
    await hears_music(house, is_on=False)
    await stands(house, again, call, None)
    await house.talk()
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.call, contact.outcome, contact.answered_by) == (call, Outcome.answered, "anna")


async def test_restarted_while_they_talk_about_him(house: House) -> None:
    """The consultation outlives callcore, and is ended by the next one."""
    await house.stage.start()
    anna, caller, call = await talking(house)
    boris = await house.on_shift("boris", "102")
    await anna.hand_on(call, "person:boris")
    await stands(house, anna, call, "consulting")
    for operator in (anna, boris):
        await operator.deafen()
    await house.stage.stop()
    await house.stage.start()
    anna, boris = await house.operator("anna"), await house.operator("boris")
    await stands(house, anna, call, "consulting")
    await anna.order("complete", call=call)
    card = await boris.hears("card")
    assert card["data"]["call"]["call"] == call
    await hears_music(house, is_on=False)
    await anna.is_("wrap_up")
    await boris.is_("talking")
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.call, contact.outcome, contact.answered_by) == (call, Outcome.answered, "anna")
    assert [ring.login for ring in contact.operators] == ["anna", "boris"]


@pytest.mark.parametrize("arrives", [True, False])
async def test_the_link_is_cut_in_the_middle_of_an_order(house: House, wire: Wire, arrives: bool) -> None:
    """``arrives``: the PBX has the Redirect, and its answer is lost. It is not sent again either way."""
    await house.stage.start()
    anna, caller, call = await talking(house)
    await house.talk()
    (wire.cut_at if arrives else wire.cut_before)(REDIRECT)
    with pytest.raises(Refused, match="line-unsure"):
        await anna.order("hold", call=call)
    assert house.stage.daemon is not None
    link = house.stage.daemon.links[next(iter(house.stage.daemon.links))]

    async def is_back() -> bool:
        return wire.connections > 1 and link.state == "up"

    await house.until(is_back)
    if arrives:
        await stands(house, anna, call, "held")
        await hears_music(house)
        await anna.order("resume", call=call)
    else:
        await stands(house, anna, call, None)
        await hears_music(house, is_on=False)
        await anna.order("hold", call=call)
        await stands(house, anna, call, "held")
        await anna.order("resume", call=call)
    await stands(house, anna, call, None)
    await house.talk()
    assert (await anna.desk())["state"] == "talking"
    await caller.hang_up()
    [contact] = await house.contacts()
    assert (contact.call, contact.outcome) == (call, Outcome.answered)


async def test_nothing_can_be_ordered_without_a_link(house: House, wire: Wire) -> None:
    await house.stage.start()
    anna, caller, call = await talking(house)
    await together(house, call)
    wire.cut()
    with pytest.raises(Refused, match=r"pbx-down|line-unsure"):
        await anna.order("hold", call=call)
    wire.mend()
    await caller.hang_up()
    await house.contacts()


async def test_killed_by_force_and_never_back(house: House) -> None:
    """The customer's channel knows the phone that he comes back to; ``test_living_calls`` has him come."""
    await house.stage.start_process()

    async def is_up() -> bool:
        try:
            await house.operator("boris")
        except OSError:
            return False
        return True

    await house.until(is_up)
    anna, caller, call = await talking(house)
    lab = house.stage.lab
    await anna.order("hold", call=call)
    await hears_music(house)
    house.stage.signal(signal.SIGKILL)
    await anna.deafen()
    shown = await lab.console("core show channels concise")
    [customer] = [row.split("!")[0] for row in shown.splitlines() if "MusicOnHold" in row]
    sender = await lab.console(f"dialplan eval function IMPORT({customer},CALLCORE_SENDER)")
    assert "PJSIP/101" in sender
    await caller.hang_up()

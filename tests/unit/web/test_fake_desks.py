"""The shipped fake keeps the promises of ``DeskService``."""

from __future__ import annotations

import pytest

from callcore.domain import AgentState, CallId, Customer, CustomerId, Interface, Login, PauseReason, TopicCode
from callcore.screenpop.card import Draft, Stage
from callcore.screenpop.hub import Hub
from callcore.screenpop.ports import DeskRefused, DeskService
from callcore.testing.desks import FakeDesks, some_view

ANNA, BORIS = Login("anna"), Login("boris")
C1 = CallId("c1")
TOPIC = TopicCode("finance.recalculation")
TWO = tuple(Customer(CustomerId(n), f"Name {n}", str(n)) for n in (1, 2))


@pytest.fixture
async def desks() -> FakeDesks:
    fake = FakeDesks(Hub("e1", lambda: 0.0), names={"anna": "Анна"})
    await fake.open(ANNA, Interface("PJSIP/101"))
    return fake


def test_it_is_a_desk_service(desks: FakeDesks) -> None:
    service: DeskService = desks
    desk = service.view(ANNA)
    assert desk is not None
    assert (desk.name, desk.state) == ("Анна", AgentState.paused)


async def test_a_contact_from_ringing_to_saved(desks: FakeDesks) -> None:
    desks.ready(ANNA)
    desks.ring(ANNA, some_view())
    desks.pop(ANNA, some_view("c1", "+79161234567", *TWO))
    desks.choose(ANNA, C1, CustomerId(2))
    desks.draft(ANNA, C1, Draft("", "text"))
    await desks.front(ANNA, C1)
    desks.end(ANNA, C1)
    desk = desks.view(ANNA)
    assert desk is not None
    tab = desk.tab(C1)
    assert tab is not None
    assert tab.stage is Stage.wrap_up
    assert tab.matched == TWO[1]
    assert await desks.save(ANNA, C1, TOPIC, "text", close=False) == 1
    assert await desks.save(ANNA, C1, TOPIC, "more", close=True) == 1
    desk = desks.view(ANNA)
    assert desk is not None
    assert (desk.tabs, desk.today[0].comment, len(desk.today)) == ((), "more", 1)


async def test_what_a_desk_refuses(desks: FakeDesks) -> None:
    async def refused(code: str) -> None:
        assert caught.value.code == code

    with pytest.raises(DeskRefused) as caught:
        await desks.open(BORIS, Interface("PJSIP/101"))
    await refused("phone_taken")
    with pytest.raises(DeskRefused) as caught:
        await desks.open(BORIS, Interface("PJSIP/999"))
    await refused("phone_not_allowed")
    with pytest.raises(DeskRefused) as caught:
        desks.pause(BORIS, PauseReason.lunch)
    await refused("not_signed_in")
    with pytest.raises(DeskRefused) as caught:
        desks.draft(ANNA, C1, Draft())
    await refused("no_such_contact")
    desks.pop(ANNA, some_view())
    with pytest.raises(DeskRefused) as caught:
        desks.choose(ANNA, C1, CustomerId(9))
    await refused("unknown_customer")
    with pytest.raises(DeskRefused) as caught:
        await desks.save(ANNA, C1, TopicCode("x.y"), "", close=True)
    await refused("unknown_topic")
    with pytest.raises(DeskRefused) as caught:
        await desks.leave(ANNA)
    await refused("busy_with_call")
    desks.end(ANNA, C1)
    desks.close(ANNA, C1)
    await desks.leave(ANNA)
    assert desks.view(ANNA) is None
    desks.refuse = "pbx_down"
    with pytest.raises(DeskRefused) as caught:
        await desks.open(ANNA, Interface("PJSIP/101"))
    await refused("pbx_down")

"""Calls that an operator has callcore place, as his desk orders and shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callcore.calls.attempt import AttemptResult
from callcore.calls.effects import CallView, EndCard, PopCard, ShowDialling, UpdateCard
from callcore.domain import CallId, CustomerId, Direction, Login
from callcore.screenpop.card import Stage
from callcore.screenpop.ports import DeskRefused

from .desk_room import ANNA, NUMBER, Room

CALL = CallId("p1")


class Control:
    """Whose calls come under ``CALL``."""

    def __init__(self, refuse: DeskRefused | None = None) -> None:
        self.refuse = refuse
        self.orders: list[tuple[object, ...]] = []

    async def dial(
        self,
        login: Login,
        number: str,
        customer: CustomerId | None,
        follow_up: int | None,
        case: int | None,
    ) -> CallId:
        self.orders.append(("dial", login, number, customer, follow_up, case))
        if self.refuse is not None:
            raise self.refuse
        return CALL

    async def cancel(self, login: Login) -> None:
        self.orders.append(("cancel", login))

    async def machine(self, call: CallId) -> None:
        self.orders.append(("machine", call))


@pytest.fixture
async def control(room: Room) -> Control:
    control = room.desks.dials.control = Control()
    await room.on_shift()
    return control


def outgoing(call: str = "p1", answered: bool = False) -> CallView:
    at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC) if answered else None
    return CallView(
        call=CallId(call),
        caller_number=NUMBER,
        caller_name=None,
        dialed_number=None,
        language=None,
        queue=None,
        topic=None,
        customers=(),
        customers_known=True,
        lookup_failed=False,
        waiting_since=None,
        answered_at=at,
        direction=Direction.outbound,
    )


def shows(room: Room, stage: str, call: str = "p1", **more: object) -> None:
    room.desks.carry(ShowDialling(f"{call}:{stage}", ANNA, outgoing(call), stage, **more))  # type: ignore[arg-type]


async def test_from_the_click_to_the_talk(room: Room, control: Control) -> None:
    await room.desks.call_orders.dial(ANNA, NUMBER, follow_up=7)
    assert control.orders == [("dial", ANNA, NUMBER, None, 7, None)]
    shows(room, "phone")
    dialling = room.desk().dialling
    assert dialling is not None
    assert (dialling.stage, room.desk().ringing) == ("phone", None)
    room.desks.carry(PopCard("pop", ANNA, outgoing()))
    shows(room, "number")
    assert room.tab("p1").stage is Stage.talking
    shows(room, "over", result=AttemptResult.answered)
    room.desks.carry(UpdateCard("up", ANNA, outgoing(answered=True)))
    assert room.desk().dialling is None
    assert room.tab("p1").view.answered_at is not None


async def test_why_nobody_answered_stays_until_it_is_read(room: Room, control: Control) -> None:
    room.desks.carry(PopCard("pop", ANNA, outgoing()))
    shows(room, "number")
    room.desks.carry(EndCard("end", ANNA, CALL, 0))
    shows(room, "over", result=AttemptResult.busy, why="BUSY")
    over = room.desk().dialling
    assert over is not None
    assert (over.stage, over.result) == ("over", AttemptResult.busy)
    assert room.tab("p1").stage is Stage.wrap_up
    await room.desks.call_orders.cancel_dial(ANNA)
    assert room.desk().dialling is None
    assert control.orders == [], "there is nothing left to hang up"


async def test_she_hears_a_machine(room: Room, control: Control) -> None:
    room.desks.carry(PopCard("pop", ANNA, outgoing()))
    shows(room, "over", result=AttemptResult.answered)
    room.desks.carry(UpdateCard("up", ANNA, outgoing(answered=True)))
    await room.desks.call_orders.machine(ANNA, CallId("p1"))
    assert control.orders == [("machine", "p1")]
    room.desks.carry(EndCard("end", ANNA, CallId("p1"), 0))
    for call in ("p1", "p2"):
        with pytest.raises(DeskRefused, match="call_gone"):
            await room.desks.call_orders.machine(ANNA, CallId(call))


@pytest.mark.parametrize("why", ["operator: withdrawn", "CANCEL"])
async def test_what_she_gave_up_herself_needs_no_words(room: Room, control: Control, why: str) -> None:
    shows(room, "phone")
    await room.desks.call_orders.cancel_dial(ANNA)
    assert control.orders == [("cancel", ANNA)]
    shows(room, "over", result=AttemptResult.not_sent, why=why)
    assert room.desk().dialling is None


async def test_an_old_end_does_not_hide_a_new_call(room: Room, control: Control) -> None:
    """The ledger tells of the first call when the second rings her phone already."""
    shows(room, "phone")
    shows(room, "phone", "p2")
    shows(room, "over", "p1", result=AttemptResult.no_answer)
    dialling = room.desk().dialling
    assert dialling is not None
    assert (dialling.view.call, dialling.stage) == ("p2", "phone")
    shows(room, "over", "p1", result=AttemptResult.answered)
    assert room.desk().dialling == dialling


async def test_the_card_is_of_whom_she_wished_for(room: Room, control: Control) -> None:
    """Two people have this number: the button stood on the card of one of them."""
    first, second = await room.know("Иван", "Мария")
    await room.desks.call_orders.dial(ANNA, NUMBER, second)
    room.desks.carry(PopCard("pop", ANNA, outgoing()))
    await room.desks.idle()
    matched = room.tab("p1").matched
    assert matched is not None
    assert (matched.id, matched.id == first) == (second, False)


async def test_a_card_that_is_there_first(room: Room, control: Control) -> None:
    (customer,) = await room.know("Иван")
    room.desks.carry(PopCard("pop", ANNA, outgoing()))
    await room.desks.call_orders.dial(ANNA, NUMBER, customer)
    await room.desks.idle()
    matched = room.tab("p1").matched
    assert matched is not None
    assert matched.id == customer


async def test_where_nothing_can_be_placed(room: Room) -> None:
    with pytest.raises(DeskRefused, match="not_signed_in"):
        await room.desks.call_orders.dial(ANNA, NUMBER)
    await room.on_shift()
    with pytest.raises(DeskRefused, match="no_dialling"):
        await room.desks.call_orders.dial(ANNA, NUMBER)


async def test_what_is_refused_says_why(room: Room, control: Control) -> None:
    control.refuse = DeskRefused("being_called", by="Борис Смирнов")
    with pytest.raises(DeskRefused) as refused:
        await room.desks.call_orders.dial(ANNA, NUMBER)
    assert refused.value.by == "Борис Смирнов"
    assert room.desk().dialling is None


async def test_the_card_asked_for_by_button(room: Room, control: Control) -> None:
    shows(room, "number", can_take=True)
    assert room.desk().takes(CALL)
    room.desks.carry(PopCard("pop", ANNA, outgoing()))
    assert not room.desk().takes(CALL)

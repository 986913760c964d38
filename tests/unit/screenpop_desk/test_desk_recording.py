"""The recording of a talk on the desk: seen by whoever talks, ordered by nobody else."""

from __future__ import annotations

import pytest

from callcore.domain import CallId, Login
from callcore.screenpop.ports import DeskRefused, RecordDo

from .desk_room import ANNA, Room

CALL = CallId("call1")


class Control:
    def __init__(self) -> None:
        self.orders: list[tuple[object, ...]] = []

    async def turn(self, login: Login, call: CallId, do: RecordDo, *, is_announced: bool) -> None:
        self.orders.append((login, call, do, is_announced))


async def test_the_card_says_what_is_recorded(room: Room) -> None:
    await room.on_shift()
    room.desks.marks.recording(CALL, "on")  # before the card: the caller waited
    room.talks()
    assert room.tab().recording == "on"
    room.desks.marks.recording(CALL, "paused")
    assert room.tab().recording == "paused"
    room.desks.marks.recording(CALL, "")
    assert room.tab().recording == ""


async def test_only_whoever_talks_orders(room: Room) -> None:
    control = room.desks.call_orders.talks = Control()
    await room.on_shift()
    with pytest.raises(DeskRefused, match="no_such_contact"):
        await room.desks.call_orders.record(ANNA, CALL, "record_pause")
    room.talks()
    await room.desks.call_orders.record(ANNA, CALL, "record_pause")
    await room.desks.call_orders.record(ANNA, CALL, "record", is_announced=True)
    room.ends()
    with pytest.raises(DeskRefused, match="call_gone"):
        await room.desks.call_orders.record(ANNA, CALL, "record_resume")
    assert control.orders == [(ANNA, CALL, "record_pause", False), (ANNA, CALL, "record", True)]


async def test_where_nothing_can_be_recorded(room: Room) -> None:
    await room.on_shift()
    room.talks()
    with pytest.raises(DeskRefused, match="not_recording"):
        await room.desks.call_orders.record(ANNA, CALL, "record", is_announced=True)

"""Operators give their calls to numbers outside, or ask there (``floor.handset.Outward``)."""

from __future__ import annotations

from callcore.assembly.deskcalls import DeskCalls
from callcore.assembly.placing import Placing
from callcore.calls.attempt import AttemptId
from callcore.calls.line import ToOutside
from callcore.domain import CallId, CustomerId, Login, PbxName
from callcore.outbound.ports import CallDialled
from callcore.outbound.room import Outbound
from callcore.outbound.wanted import Handed, PlaceRefused
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import StoreError

NORMAL = 16
"""The cause of a call that one side has ended."""


class Outward:
    def __init__(self, placing: Placing, room: Outbound, dials: DeskCalls) -> None:
        self._placing = placing
        self._room = room
        self._dials = dials

    async def leave(
        self, login: Login, pbx: PbxName, call: CallId, number: str, customer: CustomerId | None
    ) -> ToOutside:
        handed = Handed(number, login, pbx, call, customer)
        try:
            permit, way = await self._placing.lead_out(handed)
        except PlaceRefused as refused:
            raise await self._dials.refused(refused) from None
        except StoreError:
            raise DeskRefused("store_down") from None
        ask = permit.ask
        return ToOutside(ask.number.removeprefix("+"), ask.attempt, way.ring_seconds, way.caller_number)

    def withdraw(self, target: ToOutside) -> None:
        self._room.withdraw(AttemptId(target.attempt))

    def unsure(self, target: ToOutside) -> None:
        self._room.doubt(AttemptId(target.attempt))

    def over(self, target: ToOutside, *, was_answered: bool) -> None:
        status = "ANSWER" if was_answered else "CANCEL"
        self._room.take(CallDialled(AttemptId(target.attempt), status, NORMAL))

"""What operators order of the calls that they have, and of those that they want."""

from __future__ import annotations

from callcore.calls.line import Do
from callcore.domain import CallId, CustomerId, Login
from callcore.screenpop.card import Stage
from callcore.screenpop.deskbook import DeskBook
from callcore.screenpop.deskdials import DeskDials
from callcore.screenpop.ports import (
    DeskRefused,
    HandMode,
    LineControl,
    RecordDo,
    SecondLine,
    TalkControl,
)


class CallOrders:
    """Implements ``CallOrderService``."""

    def __init__(self, book: DeskBook, dials: DeskDials) -> None:
        self._book = book
        self._dials = dials
        self.talks: TalkControl | None = None
        """Set where talks can be recorded."""
        self.second_line: SecondLine | None = None
        """Set where calls can be handed on."""
        self.handset: LineControl | None = None
        """Set where living calls can be worked on."""

    async def record(self, login: Login, call: CallId, do: RecordDo, *, is_announced: bool = False) -> None:
        _, tab = self._book.tab(login, call)
        if tab.stage is not Stage.talking:
            raise DeskRefused("call_gone")
        if self.talks is None:
            raise DeskRefused("not_recording")
        await self.talks.turn(login, call, do, is_announced=is_announced)

    async def transfer(
        self, login: Login, call: CallId, to: str, mode: HandMode, comment: str | None
    ) -> None:
        self._book.tab(login, call)
        if self.second_line is None:
            raise DeskRefused("not_possible_here")
        await self.second_line.transfer(login, call, to, mode, comment)

    async def dial(
        self,
        login: Login,
        number: str,
        customer: CustomerId | None = None,
        follow_up: int | None = None,
        case: int | None = None,
    ) -> None:
        await self._dials.dial(login, number=number, customer=customer, follow_up=follow_up, case=case)

    async def cancel_dial(self, login: Login) -> None:
        await self._dials.cancel(login)

    async def machine(self, login: Login, call: CallId) -> None:
        desk = self._book.desk(login)
        tab = desk.tab(call)
        is_on = tab is not None and tab.stage in (Stage.ringing, Stage.talking)
        if not is_on and (desk.untaken is None or desk.untaken.call != call):
            raise DeskRefused("call_gone")
        await self._dials.machine(call)

    async def work_line(self, login: Login, call: CallId, do: Do) -> None:
        self._book.desk(login)
        if self.handset is None:
            raise DeskRefused("not_possible_here")
        await self.handset.do(login, call, do)

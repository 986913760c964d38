"""Calls that operators have placed, as their desks order them and show them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from callcore.domain import CallId, CustomerId, Login
from callcore.screenpop.background import Background
from callcore.screenpop.deskbook import DeskBook
from callcore.screenpop.ports import DeskRefused, DialControl

log = structlog.get_logger("callcore.desks")

MOST_WISHES = 500


class DeskDials:
    def __init__(
        self,
        book: DeskBook,
        beside: Background,
        attach: Callable[[Login, CallId, CustomerId], Awaitable[None]],
    ) -> None:
        self._book = book
        self._beside = beside
        self._attach = attach
        self.control: DialControl | None = None
        """Set where callcore may place calls."""
        self._wished: OrderedDict[CallId, CustomerId] = OrderedDict()
        """Whom he wants to talk to, by the call; its card is this customer's."""

    async def dial(
        self,
        login: Login,
        number: str,
        customer: CustomerId | None,
        follow_up: int | None,
        case: int | None,
    ) -> None:
        self._book.desk(login)
        call = await self._control.dial(
            login, number=number, customer=customer, follow_up=follow_up, case=case
        )
        if customer is not None:
            self._wished[call] = customer
            while len(self._wished) > MOST_WISHES:
                self._wished.popitem(last=False)
            self.popped(login, call)

    async def cancel(self, login: Login) -> None:
        desk = self._book.desk(login)
        if desk.dialling is not None and desk.dialling.stage == "over":
            self._book.show(replace(desk, dialling=None), "call.dialling_read", {})
        else:
            await self._control.cancel(login)

    async def machine(self, call: CallId) -> None:
        await self._control.machine(call)

    def popped(self, login: Login, call: CallId) -> None:
        """The card of this call is on his desk: it is the one of whom he wished for."""
        tab = self._book.open_tab(login, call)
        customer = self._wished.pop(call, None) if tab is not None else None
        if customer is not None:
            self._beside.start(self._show_wished(login, call, customer))

    @property
    def _control(self) -> DialControl:
        if self.control is None:
            raise DeskRefused("no_dialling")
        return self.control

    async def _show_wished(self, login: Login, call: CallId, customer: CustomerId) -> None:
        tab = self._book.open_tab(login, call)
        if tab is None or (tab.matched is not None and tab.matched.id == customer):
            return
        try:
            await self._attach(login, call, customer)
        except DeskRefused as refused:
            log.warning("wished_customer_not_shown", login=login, call=call, why=refused.code)

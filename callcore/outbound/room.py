"""The one room that everything leaves through: asks the gate, keeps the ledger, paces, dials, sends,
reconciles.

    permit ─► slot ─► place_call ─► ledger.intend ─► turn ─► Dialer.dial ─► news ─► placed ─► ledger.settle
                      send_message ─► ledger.intend ─► turn ─► Messenger.send ─► receipts ───► ledger.settle

Nothing leaves before its intent is durable. What was open when a run ended is reconciled before anything
new leaves through its lines: calls by asking the PBX (``placed.traced``), messages by their receipts; a
message without an answer is ``unknown`` at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcore.calls.attempt import AttemptId, CarriedCall, Medium
from callcore.calls.campaign import Target
from callcore.domain import Text
from callcore.outbound.causes import Streak
from callcore.outbound.dialling import Dialling, Trunk
from callcore.outbound.gate import Ask, Permit, Refusal
from callcore.outbound.ledger import Ledger, Owner, Whom
from callcore.outbound.messages import Gateway, Messages
from callcore.outbound.ports import (
    AnyOrder,
    CallNews,
    Dialer,
    MessageOrder,
    Messenger,
    Receipt,
)
from callcore.outbound.slots import Figures, Sleep, Slots
from callcore.store.attempts import Attempts

__all__ = ["CallRoute", "Figures", "MessageRoute", "Outbound", "Owner"]

GONE_AFTER_SECONDS = 30
"""A link that is away for longer counts as gone, once something could not leave because of it."""
_NOT_TAKEN = Text("канал связи не принимает ничего", "the route takes nothing")


@dataclass(frozen=True, slots=True)
class CallRoute:
    """One PBX with its trunk. ``lines``: calls of ours at the same time."""

    dialer: Dialer
    calls_per_second: int
    lines: int


@dataclass(frozen=True, slots=True)
class MessageRoute:
    messenger: Messenger
    messages_per_second: int


class Outbound:
    """One for the daemon; routes by name of the PBX or of the gateway.

    The caller takes a slot, then asks for the permit, so that the gate speaks last; with both he calls
    ``place_call`` or ``send_message`` at once, which use up both, else he gives the slot back.
    """

    def __init__(
        self,
        attempts: Attempts,
        calls: Mapping[str, CallRoute],
        messages: Mapping[str, MessageRoute],
        owner: Owner,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        *,
        halt_after_failures: int = 5,
        receipt_within: timedelta = timedelta(hours=24),
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """``halt_after_failures``: so many attempts in a row that a route did not take stop it;
        ``receipt_within``: a message without a receipt for so long counts as ``sent``."""
        self._ledger = Ledger(attempts, owner, now, sleep)
        self._trunks = {
            name: Trunk(
                name,
                route.dialer,
                Slots(route.calls_per_second, route.lines, monotonic, sleep),
                Streak(halt_after_failures),
            )
            for name, route in calls.items()
        }
        self._gateways = {
            name: Gateway(
                name,
                route.messenger,
                Slots(route.messages_per_second, None, monotonic, sleep),
                Streak(halt_after_failures),
            )
            for name, route in messages.items()
        }
        self._dialling = Dialling(self._ledger, self._trunks, self._call_not_taken)
        self._messages = Messages(self._ledger, self._gateways, self._message_not_taken, receipt_within)
        self._is_loaded = asyncio.Event()
        self._watches: dict[tuple[Medium, str], asyncio.Task[None]] = {}

    # --- leaving

    async def permit(self, ask: Ask) -> Permit | Refusal:
        """Raises StoreUnavailable: without the ledger there is no permit.

        While a permit for a number is out, further questions for it are refused by ``open_call``.
        """
        return await self._ledger.permit(ask)

    async def confirm(self, ask: Ask) -> Permit | Refusal:
        """The gate's second word, for a call whose number is about to be rung. Raises StoreUnavailable."""
        return await self._ledger.confirm(ask)

    async def ring_now(self, attempt: AttemptId) -> bool:
        """The gate has said yes the second time: the number of this call is about to be rung. Durable when it
        returns; waits for a line where the call has none yet. False: it is over."""
        return await self._dialling.ring_now(attempt)

    async def hang_up(self, route: str, attempt: AttemptId) -> None:
        """End a call of ours; what becomes of it is told as ever. Nothing happens if it is over."""
        await self._trunks[route].dialer.hang_up(attempt)

    async def stop_ringing(self, route: str, attempt: AttemptId) -> None:
        """As ``hang_up``, because whoever is rung has called us himself; not where he has answered."""
        self._dialling.he_calls(attempt)
        await self.hang_up(route, attempt)

    async def hang_up_machine(self, route: str, attempt: AttemptId) -> None:
        """As ``hang_up``, because a machine has answered: that is its outcome then."""
        self._dialling.machine(attempt)
        await self.hang_up(route, attempt)

    async def call_slot(self, route: str) -> None:
        """Waits until rate and lines allow a call through this route. Whoever returns from it calls
        ``place_call`` at once, or gives the slot back by ``give_back``."""
        await self._is_loaded.wait()
        await self._trunks[route].slots.take()

    async def message_slot(self, route: str) -> None:
        """As ``call_slot``, for ``send_message``."""
        await self._is_loaded.wait()
        await self._gateways[route].slots.take()

    def give_back(self, medium: Medium, route: str, permit: Permit | None = None) -> None:
        """The slot is not used; nor is the permit, if there was one already."""
        if permit is not None:
            self._ledger.drop(permit)
        self._slots(medium, route).give_back()

    async def place_call(self, permit: Permit, whom: Whom, order: AnyOrder) -> bool:
        """Returns when the PBX has taken it, or has not; what becomes of it goes to the owner. The slot is
        used or given back, whatever happens; a ``QueueOrder`` comes without one, for its placeholder has no
        line. False: nothing was stored or dialled, because the permit was
        over or the route has trouble. Raises NotClaimed, StoreUnavailable: the same. Who is cancelled here
        stops waiting, the call goes on."""
        return await asyncio.shield(self._ledger.spawn(self._dialling.place(permit, whom, order)))

    async def carry(self, permit: Permit, whom: CarriedCall) -> bool:
        """A living channel rings the number, without a slot: whoever asks sends it on its way himself as
        soon as this returns, and says by ``doubt`` or ``withdraw`` where that went wrong. True: the intent
        is stored, and so will be what becomes of it. Raises NotClaimed, StoreUnavailable. Who is cancelled
        here must not send it: what is stored then is withdrawn."""
        work = self._ledger.spawn(self._dialling.carry(permit, whom))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(lambda _: self._dialling.withdraw(permit.ask.attempt))
            raise

    def withdraw(self, attempt: AttemptId) -> None:
        """Its channel was certainly not sent on its way."""
        self._dialling.withdraw(attempt)

    def doubt(self, attempt: AttemptId) -> None:
        """Nobody knows how it stands: the PBX is asked."""
        self._dialling.doubt(attempt)

    async def send_message(self, permit: Permit, target: Target, order: MessageOrder) -> bool:
        """As ``place_call``; returns when the gateway's answer is stored."""
        return await asyncio.shield(self._ledger.spawn(self._messages.send(permit, target, order)))

    # --- what comes back

    def take(self, news: CallNews) -> None:
        """News of placed calls, in order."""
        if not self._ledger.is_closing:
            self._dialling.take(news)

    async def receipt(self, receipt: Receipt) -> None:
        """Durable when it returns. Raises StoreUnavailable: it is not, and must come again."""
        await self._messages.receipt(receipt)

    async def run(self) -> None:
        """Reconciles what the last run left open, watches receipts, settles. For ever.

        Cancelled, it waits a moment for what is leaving and for outcomes to be stored; no intent is stored
        any more, and what stays open is found by the next run.
        """
        try:
            await self._dialling.load()
            messages = await self._messages.load()
            self._is_loaded.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._dialling.run())
                group.create_task(self._messages.run(messages))
        finally:
            for watch in self._watches.values():
                watch.cancel()
            await self._ledger.close()

    # --- for those who watch

    def figures(self, medium: Medium, route: str) -> Figures:
        return self._slots(medium, route).figures()

    def trouble(self, medium: Medium, route: str) -> Text | None:
        """Why nothing can leave through this route now."""
        if medium is Medium.voice:
            return self._trunks[route].dialer.trouble
        return self._gateways[route].messenger.trouble

    def open_calls(self) -> dict[str, int]:
        """Calls whose outcome is open, by the PBX they go through."""
        return self._dialling.open_calls()

    @property
    def unsettled(self) -> int:
        """Outcomes that wait for the store."""
        return self._ledger.unsettled

    def _slots(self, medium: Medium, route: str) -> Slots:
        return self._trunks[route].slots if medium is Medium.voice else self._gateways[route].slots

    # --- routes that are gone

    def _call_not_taken(self, trunk: Trunk) -> None:
        self._watch(Medium.voice, trunk.name)

    def _message_not_taken(self, gateway: Gateway) -> None:
        self._watch(Medium.sms, gateway.name)

    def _watch(self, medium: Medium, route: str) -> None:
        if (medium, route) not in self._watches:
            self._watches[medium, route] = self._ledger.spawn(self._watch_trouble(medium, route))

    async def _watch_trouble(self, medium: Medium, route: str) -> None:
        """A link that comes back soon stops nobody; one that is there and takes nothing, at once."""
        try:
            why = self.trouble(medium, route)
            if why is None:
                await self._ledger.route_gone(medium, route, _NOT_TAKEN)
                return
            for _second in range(GONE_AFTER_SECONDS):
                await self._ledger.sleep(1.0)
                why = self.trouble(medium, route)
                if why is None:
                    return
            await self._ledger.route_gone(medium, route, why)
        finally:
            self._watches.pop((medium, route), None)

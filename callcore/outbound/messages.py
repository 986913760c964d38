"""Messages under way: intent, submit, receipts, outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from callcore.calls.attempt import Attempt, AttemptResult, Medium, Outcome
from callcore.calls.campaign import Target
from callcore.outbound.causes import Sign, Streak
from callcore.outbound.gate import Permit
from callcore.outbound.ledger import Ledger
from callcore.outbound.ports import (
    MessageOrder,
    Messenger,
    NotSent,
    Receipt,
    ReceiptState,
    Refused,
    RouteGone,
    Throttled,
    Unsure,
)
from callcore.outbound.slots import Slots
from callcore.store.attempts import StoredReceipt
from callcore.store.errors import StoreUnavailable

log = structlog.get_logger("callcore.outbound")

SWEEP_SECONDS = 60.0
MOST_JUDGED = 256
"""Receipts whose message is being settled; further ones wait to be acknowledged."""
_BATCH = 500
_MAY_CHANGE = (AttemptResult.sent, AttemptResult.unknown)


def judge(attempt: Attempt, receipts: Sequence[StoredReceipt]) -> Outcome | None:
    """What the receipts of its parts make of a message: failed if one part is, delivered if all are."""
    for receipt in receipts:
        if receipt.state == ReceiptState.failed:
            return Outcome(AttemptResult.undelivered, receipt.at, detail=receipt.code)
    arrived = {receipt.message_id for receipt in receipts}
    if not attempt.message_ids or not arrived.issuperset(attempt.message_ids):
        return None
    return Outcome(AttemptResult.delivered, max(receipt.at for receipt in receipts), detail=receipts[-1].code)


class Gateway:
    """One gateway, as messages use it."""

    def __init__(self, name: str, messenger: Messenger, slots: Slots, streak: Streak) -> None:
        self.name = name
        self.messenger = messenger
        self.slots = slots
        self.streak = streak


class Messages:
    def __init__(
        self,
        ledger: Ledger,
        gateways: Mapping[str, Gateway],
        gone: Callable[[Gateway], None],
        receipt_within: timedelta,
    ) -> None:
        self._ledger = ledger
        self._gateways = gateways
        self._gone = gone
        self._receipt_within = receipt_within
        self._judging = asyncio.Semaphore(MOST_JUDGED)

    # --- sending

    async def send(self, permit: Permit, target: Target, order: MessageOrder) -> bool:
        """The slot is used or given back, whatever happens. False: the permit was no good any more."""
        gateway = self._gateways[permit.ask.route]
        if gateway.messenger.trouble is not None:
            self._ledger.drop(permit)
            gateway.slots.give_back()
            self._gone(gateway)
            return False
        try:
            attempt = await self._ledger.intend(permit, target)
        except BaseException:
            gateway.slots.give_back()
            raise
        if attempt is None:
            gateway.slots.give_back()
            return False
        try:
            await gateway.slots.turn()
        except BaseException:
            gateway.slots.give_back()
            raise
        try:
            result = await self._submit(gateway, attempt, permit, order)
        finally:
            gateway.slots.free_line()
        if isinstance(result, Outcome):
            await self._ledger.settled(attempt, result)
        else:
            await self._submitted(attempt, result)
        return True

    async def _submit(
        self, gateway: Gateway, attempt: Attempt, permit: Permit, order: MessageOrder
    ) -> tuple[str, ...] | Outcome:
        """The gateway's ids, or the end of it."""
        now = self._ledger.now
        try:
            ids = await self._unthrottled(gateway, permit, order)
        except Refused as error:
            await self._note(gateway, attempt, Sign.gone)
            return Outcome(AttemptResult.failed, now(), detail=str(error))
        except NotSent as error:
            if isinstance(error, RouteGone):
                self._gone(gateway)
            return Outcome(AttemptResult.not_sent, now(), detail=str(error))
        except Exception as error:
            log.warning("message_unsure", attempt=attempt.id, why=str(error) or type(error).__name__)
            if not isinstance(error, Unsure):
                log.exception("messenger_failed", attempt=attempt.id)
            return Outcome(AttemptResult.unknown, now(), detail=str(error))
        await self._note(gateway, attempt, Sign.good)
        return ids

    async def _unthrottled(self, gateway: Gateway, permit: Permit, order: MessageOrder) -> tuple[str, ...]:
        """What the gateway found too fast has not left: it goes again, as long as the permit holds."""
        while True:
            if not permit.holds_at(self._ledger.now()):
                raise NotSent("the permit is over")
            try:
                return await gateway.messenger.send(permit, order)
            except Throttled as error:
                gateway.slots.hold(error.seconds)
                if not permit.holds_at(self._ledger.now() + timedelta(seconds=error.seconds)):
                    raise
            await gateway.slots.turn(is_repeat=True)

    async def _note(self, gateway: Gateway, attempt: Attempt, sign: Sign) -> None:
        why = gateway.streak.note(sign, attempt.intended_at, self._ledger.now())
        if why is not None:
            await self._ledger.route_gone(Medium.sms, gateway.name, why)

    async def _submitted(self, attempt: Attempt, ids: tuple[str, ...]) -> None:
        at = self._ledger.now()
        receipts = await self._ledger.patiently(
            lambda: self._ledger.attempts.submitted(attempt.id, at, ids), "submission_not_stored"
        )
        outcome = judge(replace(attempt, submitted_at=at, message_ids=ids), receipts)
        if outcome is not None:
            await self._ledger.settled(replace(attempt, submitted_at=at, message_ids=ids), outcome)

    # --- receipts

    async def receipt(self, receipt: Receipt) -> None:
        """Durable when it returns. Raises StoreError: it is not."""
        if receipt.state is ReceiptState.underway:
            return
        if self._ledger.is_closing:
            raise StoreUnavailable("callcore is stopping")
        stored = StoredReceipt(
            receipt.gateway,
            receipt.message_id,
            receipt.number,
            receipt.state,
            receipt.code,
            self._ledger.now(),
        )
        attempt = await self._ledger.attempts.receipt(stored)
        if attempt is None or (attempt.outcome and attempt.outcome.result not in _MAY_CHANGE):
            return
        await self._judging.acquire()
        task = self._ledger.spawn(self._settle_if_complete(attempt))
        task.add_done_callback(lambda _task: self._judging.release())

    async def _settle_if_complete(self, attempt: Attempt) -> bool:
        receipts = await self._ledger.patiently(
            lambda: self._ledger.attempts.receipts_of(attempt.id), "receipts_unknown"
        )
        outcome = judge(attempt, receipts)
        if outcome is not None:
            await self._ledger.settled(attempt, outcome)
        return outcome is not None

    # --- what an earlier run left, and what nobody tells

    async def load(self) -> tuple[Attempt, ...]:
        """Through whatever gateway: those of one that is gone end too."""
        return await self._ledger.patiently(
            partial(self._ledger.attempts.open, None, Medium.sms), "open_messages_unknown"
        )

    async def run(self, found: Sequence[Attempt]) -> None:
        """``found`` by ``load``."""
        for attempt in found:
            await self._reconcile(attempt)
        while True:
            await self._sweep()
            await self._ledger.sleep(SWEEP_SECONDS)

    async def _reconcile(self, attempt: Attempt) -> None:
        if attempt.submitted_at is not None:
            await self._settle_if_complete(attempt)
            return
        outcome = Outcome(AttemptResult.unknown, self._ledger.now(), detail="no answer before the restart")
        await self._ledger.settled(attempt, outcome)

    async def _sweep(self) -> None:
        """Whose receipt has not come in time counts as sent."""
        while True:
            before = self._ledger.now() - self._receipt_within
            late = await self._ledger.patiently(
                partial(self._ledger.attempts.awaiting_receipt, before, _BATCH),
                "receipts_unknown",
            )
            for attempt in late:
                if not await self._settle_if_complete(attempt):
                    await self._ledger.settled(attempt, _sent(self._ledger.now()))
            if len(late) < _BATCH:
                return


def _sent(at: datetime) -> Outcome:
    return Outcome(AttemptResult.sent, at, detail="no receipt in time")

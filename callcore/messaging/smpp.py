"""SMS over SMPP 3.4: messages out through a window, receipts in.

    send ── window ── Session ── gateway ── deliver_sm ── receipts callback ── only then deliver_sm_resp

Nothing is queued and nothing is sent a second time: without a session a message is refused at once, and
whatever was written and not answered is Unsure. A receipt that could not be stored is not acknowledged, so
that the gateway brings it again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import structlog
from aiosmpplib.protocol import SubmitSm
from aiosmpplib.state import NPI, TON, PhoneNumber, SmppCommandStatus

from callcore.calls.attempt import Medium
from callcore.domain import Text
from callcore.messaging.answers import (
    IdForm,
    RecentIds,
    Reported,
    Unreadable,
    Verdict,
    answered_id,
    message_id,
    read_delivery,
    reported_id,
    verdict,
)
from callcore.messaging.link import SmppLink, State
from callcore.messaging.parts import Alphabet, BadText, Part, concatenation, split
from callcore.messaging.session import RECEIPT_LATER, RECEIPT_TAKEN, Lost, NotBound, Session
from callcore.messaging.settings import SmppSettings, is_numeric
from callcore.numbers import SHORT_LIMIT, mask
from callcore.outbound.gate import Permit
from callcore.outbound.ports import (
    MessageOrder,
    Receipt,
    Refused,
    RouteGone,
    Throttled,
    Unsure,
    check_permit,
)

log = structlog.get_logger("callcore.messaging")

_UDHI = 0x40
_MOST_RECEIPTS = 1000
"""In hand at once; further ones are put off, and the gateway brings them again."""


class SmppMessenger:
    """``run()`` is one task, ``send()`` is the port's; ``state`` and ``trouble``: to be read."""

    def __init__(self, settings: SmppSettings, receipts: Callable[[Receipt], Awaitable[None]]) -> None:
        self.settings = settings
        self._receipts = receipts
        self._link = SmppLink(settings, self._delivered)
        self._window = asyncio.Semaphore(settings.window)
        self._reference = secrets.randbelow(256)
        self._recent = RecentIds()
        self._told_of_ids = False
        self._storing: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<SmppMessenger {self.settings.name} {self.state}>"

    @property
    def state(self) -> State:
        return self._link.state

    @property
    def trouble(self) -> Text | None:
        return self._link.trouble

    async def becomes(self, *states: State) -> State:
        """Waits until the state is one of these; ``refused``: for a reason that waiting does not mend."""
        return await self._link.becomes(*states)

    async def run(self) -> None:
        """Keeps the link up until ``stop()`` or cancellation. Raises nothing else."""
        try:
            await self._link.run()
        finally:
            # What is not stored yet was not acknowledged: the gateway brings it again.
            for task in self._storing:
                task.cancel()
            await asyncio.gather(*self._storing, return_exceptions=True)

    async def stop(self) -> None:
        """Says goodbye and ends ``run()``; open messages end in Unsure."""
        await self._link.stop()

    # --- messages out

    async def send(self, permit: Permit, order: MessageOrder) -> tuple[str, ...]:
        """See ``outbound.ports.Messenger``.

        Parts go one after the other, so that a refusal of the first leaves nothing half sent; a later one
        that is throttled, and so did not leave, waits and goes again.
        """
        check_permit(permit, Medium.sms, self.settings.name)
        number = permit.ask.number
        try:
            parts = split(order.text)
        except BadText as bad:
            raise Refused(str(bad)) from bad
        self._reference = (self._reference + 1) % 256
        reference, ids = self._reference, list[str]()
        for place, part in enumerate(parts, 1):
            header = concatenation(reference, len(parts), place) if len(parts) > 1 else b""
            message = self._message(number, part, header)
            if not ids:
                ids.append(await self._submit(message, number))
            else:
                ids.append(await self._submit_rest(message, number, f"part {place} of {len(parts)}"))
        return tuple(ids)

    async def _submit_rest(self, message: SubmitSm, number: str, what: str) -> str:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.settings.parts_seconds
        while True:
            try:
                return await self._submit(message, number)
            except Throttled as why:
                if loop.time() + why.seconds > until:
                    raise Unsure(f"{what} was not taken, those before it were") from why
                await asyncio.sleep(why.seconds)
            except (Refused, RouteGone) as why:
                raise Unsure(f"{what} was not taken, those before it were") from why

    def _message(self, number: str, part: Part, header: bytes) -> SubmitSm:
        message = SubmitSm(
            short_message=part.text,
            source=_source(self.settings.sender),
            destination=_destination(number),
            esm_class=_UDHI if header else 0,
            registered_delivery=1,
            encoding="ucs2" if part.alphabet is Alphabet.ucs2 else None,
            auto_message_payload=False,
        )
        message.set_encoded_message(header + part.octets)
        return message

    async def _submit(self, message: SubmitSm, number: str) -> str:
        async with self._window:
            session = self._link.session
            if session is None:
                raise RouteGone(self.trouble.en if self.trouble else "there is no session")
            try:
                status, body = await session.submit(message)
            except NotBound as gone:
                raise RouteGone("the session has just ended") from gone
            except Lost as lost:
                raise Unsure(f"message to {mask(number)}: {lost}") from lost
            if status == SmppCommandStatus.ESME_RINVBNDSTS:
                session.abort()  # it has forgotten us; only a new bind helps
        self._raise_unless_taken(status, number)
        raw = message_id(body)
        if not raw:
            log.warning("sms_without_id", gateway=self.settings.name)
            return f"none-{secrets.token_hex(8)}"
        id = answered_id(raw, self.settings.message_ids)
        self._recent.given(id, number)
        return id

    def _raise_unless_taken(self, status: SmppCommandStatus, number: str) -> None:
        what = f"message to {mask(number)}: {status.name}"
        match verdict(status):
            case Verdict.accepted:
                return
            case Verdict.throttled:
                raise Throttled(what, self.settings.throttled_seconds)
            case Verdict.busy:
                raise Throttled(what, self.settings.busy_seconds)
            case Verdict.route:
                raise RouteGone(f"{what}; the gateway refuses the sender or the session")
            case Verdict.refused:
                raise Refused(what)

    # --- receipts in

    def _delivered(self, session: Session, sequence: int, body: bytes) -> None:
        if len(self._storing) >= _MOST_RECEIPTS:
            session.acknowledge(sequence, RECEIPT_LATER)
            return
        try:
            reported = read_delivery(body)
        except Unreadable as why:
            # Brought again it would be no better.
            log.warning("sms_receipt_unreadable", gateway=self.settings.name, why=str(why))
            session.acknowledge(sequence, RECEIPT_TAKEN)
            return
        if reported is None:
            log.info("sms_incoming_ignored", gateway=self.settings.name)
            session.acknowledge(sequence, RECEIPT_TAKEN)
            return
        task = asyncio.create_task(self._store(session, sequence, reported))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _store(self, session: Session, sequence: int, reported: Reported) -> None:
        try:
            await self._receipts(self._receipt(reported))
        except Exception:
            log.exception("sms_receipt_not_stored", gateway=self.settings.name)
            session.acknowledge(sequence, RECEIPT_LATER)
        else:
            session.acknowledge(sequence, RECEIPT_TAKEN)

    def _receipt(self, reported: Reported) -> Receipt:
        id = reported_id(reported.message_id, self.settings.message_ids)
        if self.settings.message_ids is IdForm.same:
            other = self._recent.same_as(id, reported.number)
            if other is not None:
                id, form = other
                if not self._told_of_ids:
                    self._told_of_ids = True
                    log.warning("sms_ids_differ", gateway=self.settings.name, remedy=f"message_ids: {form}")
        return Receipt(self.settings.name, id, reported.number, reported.state, reported.code)


def _source(sender: str) -> PhoneNumber:
    if not sender:
        return PhoneNumber("", TON.UNKNOWN, NPI.UNKNOWN)
    if not is_numeric(sender):
        return PhoneNumber(sender, TON.ALPHANUMERIC, NPI.UNKNOWN)
    return _destination(sender)


def _destination(number: str) -> PhoneNumber:
    digits = number.removeprefix("+")
    is_short = len(digits) <= SHORT_LIMIT
    return PhoneNumber(digits, TON.UNKNOWN if is_short else TON.INTERNATIONAL, NPI.ISDN)

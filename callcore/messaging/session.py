"""One SMPP session on top of aiosmpplib, from bind to loss; it never reconnects and never repeats anything.

Kept of aiosmpplib 0.7.4: its PDUs, its sequence numbers, and ESME's ``connect`` (connection and bind).
Replaced by the subclass here, because a notice must neither go twice nor be lost:

- its queue, whose messages outlive the link and leave after the next bind: here a request is written at once,
  or it fails and was never written;
- its correlation, noted after the write (a quick answer is lost), searched whole for every message, forgotten
  after 15 s: here a future, there before the write;
- its reading: a vendor's status, an unusual receipt or ``err:0A1`` in one ended the link, and the gateway
  sent the same receipt again for ever; a bind that was refused without a body looked like a broken one;
- its acknowledging: ours says when a receipt is safe;
- its logger, which writes whole PDUs with texts and numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import Callable
from typing import NamedTuple, NoReturn

import structlog
from aiosmpplib import ESME
from aiosmpplib.protocol import (
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SmppMessage,
    SubmitSm,
    Unbind,
    UnbindResp,
)
from aiosmpplib.state import PduHeader, SmppCommand, SmppCommandStatus, SmppError

from callcore.messaging.settings import SmppSettings

log = structlog.get_logger("callcore.messaging")

_HEADER = struct.Struct("!IIII")
_LONGEST_PDU = 70_000
_UNBIND_SECONDS = 1.0
RECEIPT_TAKEN, RECEIPT_LATER = SmppCommandStatus.ESME_ROK, SmppCommandStatus.ESME_RX_T_APPN
_NOTHING_TO_SAY = {SmppCommand.ALERT_NOTIFICATION, SmppCommand.OUTBIND}


class NotBound(Exception):
    """There is no session; nothing was written."""


class Lost(Exception):
    """The session ended, or the time limit struck, after the request was written."""


class BrokenPeer(Exception):
    """What came is no SMPP."""


class Answer(NamedTuple):
    status: SmppCommandStatus
    body: bytes


class Session(ESME):  # type: ignore[misc]  # the library has no types
    """``await connect()``, then ``await serve()`` until the link is gone; meanwhile ``submit``.

    ``delivered(session, sequence, body)`` gets every deliver_sm as it comes, and must not block;
    ``acknowledge`` follows.
    """

    def __init__(self, settings: SmppSettings, delivered: Callable[[Session, int, bytes], None]) -> None:
        super().__init__(
            settings.host,
            settings.port,
            settings.system_id,
            settings.password,
            socket_timeout=float(settings.connect_seconds),
            log_level=logging.CRITICAL + 1,
            log_handler=logging.NullHandler(),
        )
        self._settings = settings
        self._delivered = delivered
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._heard_at = 0.0
        self._is_over = False
        self._silent = False

    # --- requests

    async def submit(self, message: SubmitSm) -> Answer:
        """The gateway's answer. Raises NotBound (nothing was written) or Lost (it may have it)."""
        return await self._request(message, self._settings.answer_seconds)

    def acknowledge(self, sequence: int, status: SmppCommandStatus) -> None:
        """Answer a deliver_sm; without a link the gateway sends it again after the next bind."""
        self._write(DeliverSmResp(sequence, status))

    async def unbind(self) -> None:
        """Say goodbye and end ``serve``."""
        with contextlib.suppress(NotBound, Lost):
            await self._request(Unbind(), _UNBIND_SECONDS)
        self.abort()

    def abort(self) -> None:
        """Cut the link; every open request ends in Lost."""
        self._is_over = True
        if self._writer is not None:
            self._writer.transport.abort()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Lost("the link was lost before the answer"))

    async def _request(self, message: SmppMessage, seconds: float) -> Answer:
        if not self._can_write():
            raise NotBound("there is no session")
        message.sequence_num = sequence = self.sequence_generator.next_sequence()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            self._write(message)
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError as fault:
            raise Lost(f"no answer in {seconds:g} s") from fault
        finally:
            del self._waiting[sequence]

    def _can_write(self) -> bool:
        return not (self._is_over or self._writer is None or self._writer.transport.is_closing())

    def _write(self, message: SmppMessage) -> None:
        if self._can_write():
            self._writer.write(message.pdu())

    # --- the subclass's side of ``connect``

    async def _send_data(self, smpp_message: SmppMessage) -> None:
        smpp_message.sequence_num = self.sequence_generator.next_sequence()
        self._write(smpp_message)

    async def _get_pdu(self) -> tuple[bytes, PduHeader]:
        """Raises SmppError for a bind that is refused, BrokenPeer, IncompleteReadError, OSError."""
        head = await self._reader.readexactly(_HEADER.size)
        length, command, status, sequence = _HEADER.unpack(head)
        if not _HEADER.size <= length <= _LONGEST_PDU:
            raise BrokenPeer(f"a message of {length} bytes")
        body = await self._reader.readexactly(length - _HEADER.size)
        self._heard_at = asyncio.get_running_loop().time()
        header = PduHeader(length, _command(command), _status(status), sequence)
        if header.smpp_command == SmppCommand.BIND_TRANSCEIVER_RESP and status:
            raise SmppError(header.smpp_command, header.command_status)
        return head + body, header

    # --- while it is bound

    async def serve(self) -> NoReturn:
        """Reads until the link is gone, which it raises: Lost, BrokenPeer, IncompleteReadError, OSError."""
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                pdu, header = await self._get_pdu()
                if self._take(header, pdu[_HEADER.size :]):
                    raise Lost("the gateway ended the session")
        except (OSError, asyncio.IncompleteReadError) as fault:
            if self._silent:
                raise Lost("the gateway has gone silent") from fault
            raise
        finally:
            watching.cancel()
            self.abort()
            await asyncio.gather(watching, return_exceptions=True)

    def _take(self, header: PduHeader, body: bytes) -> bool:
        """True if it was the gateway's goodbye."""
        command, sequence = header.smpp_command, header.sequence_num
        if command & SmppCommand.GENERIC_NACK:
            answer = self._waiting.get(sequence)
            if answer is not None and not answer.done():
                answer.set_result(Answer(header.command_status, body))
            elif command == SmppCommand.SUBMIT_SM_RESP:
                log.warning("sms_answer_late", gateway=self._settings.name, status=header.command_status.name)
        elif command == SmppCommand.DELIVER_SM:
            self._delivered(self, sequence, body)
        elif command == SmppCommand.ENQUIRE_LINK:
            self._write(EnquireLinkResp(sequence))
        elif command == SmppCommand.UNBIND:
            self._write(UnbindResp(sequence))
            return True
        elif command not in _NOTHING_TO_SAY:
            self._write(GenericNack(sequence, SmppCommandStatus.ESME_RINVCMDID))
        return False

    async def _watch(self) -> None:
        """Ask a silent gateway whether it lives; cut the link if it does not answer."""
        loop, limit = asyncio.get_running_loop(), self._settings.silence_seconds
        while True:
            await asyncio.sleep(max(self._heard_at + limit - loop.time(), 0.01))
            if loop.time() - self._heard_at < limit:
                continue
            try:
                await self._request(EnquireLink(), self._settings.alive_seconds)
            except (Lost, NotBound):
                self._silent = not self._is_over
                self.abort()
                return


def _status(number: int) -> SmppCommandStatus:
    """The status, also one that only its vendor knows."""
    try:
        return SmppCommandStatus(number)
    except ValueError:
        strange = int.__new__(SmppCommandStatus, number)
        strange._name_, strange._value_ = f"0x{number:08X}", number
        return strange


def _command(number: int) -> SmppCommand:
    try:
        return SmppCommand(number)
    except ValueError:
        strange = int.__new__(SmppCommand, number)
        strange._name_, strange._value_ = f"0x{number:08X}", number
        return strange

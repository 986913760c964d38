"""The gateway that sends nothing: each message becomes one line of a file, for trials and demonstrations."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog

from callcore.calls.attempt import Medium
from callcore.domain import Text
from callcore.messaging.parts import BadText, split
from callcore.outbound.gate import Permit
from callcore.outbound.ports import (
    MessageOrder,
    Receipt,
    ReceiptState,
    Refused,
    RouteGone,
    check_permit,
)

log = structlog.get_logger("callcore.messaging")


class DryMessenger:
    """Answers at once; a receipt, ``delivered``, follows each message."""

    def __init__(
        self,
        name: str,
        file: Path,
        receipts: Callable[[Receipt], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        self._file = file
        self._receipts = receipts
        self._now = now
        self._reporting: set[asyncio.Task[None]] = set()

    @property
    def trouble(self) -> Text | None:
        try:
            os.close(self._open())
        except OSError as fault:
            why = fault.strerror or str(fault)
            return Text(
                f"Файл SMS {self._file} не записать ({why}). Исправьте sms.file или права.",
                f"The SMS file {self._file} cannot be written ({why}). Correct sms.file or the rights.",
            )
        return None

    async def send(self, permit: Permit, order: MessageOrder) -> tuple[str, ...]:
        """See ``outbound.ports.Messenger``; one id for the whole text, whose parts nobody sends."""
        check_permit(permit, Medium.sms, self.name)
        number = permit.ask.number
        try:
            parts = split(order.text)
        except BadText as bad:
            raise Refused(str(bad)) from bad
        id = f"dry-{secrets.token_hex(8)}"
        line = {
            "at": self._now().isoformat(),
            "number": number,
            "text": order.text,
            "parts": len(parts),
            "id": id,
        }
        try:
            self._append(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as fault:
            raise RouteGone(f"{self._file}: {fault.strerror or fault}") from fault
        task = asyncio.create_task(
            self._report(Receipt(self.name, id, number, ReceiptState.delivered, "DRY"))
        )
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)
        return (id,)

    async def stop(self) -> None:
        """Waits for the receipts under way."""
        await asyncio.gather(*self._reporting)

    def _append(self, line: str) -> None:
        handle = self._open()
        try:
            octets = line.encode()
            if os.write(handle, octets) < len(octets):
                raise OSError("the disk is full")
        finally:
            os.close(handle)

    def _open(self) -> int:
        return os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    async def _report(self, receipt: Receipt) -> None:
        try:
            await self._receipts(receipt)
        except Exception:
            log.exception("sms_receipt_not_stored", gateway=self.name)

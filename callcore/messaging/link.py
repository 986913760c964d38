"""The supervised link to one SMS gateway: bind, keep alive, again with back-off; and why it is not up."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Literal

import structlog

from callcore.domain import Text
from callcore.messaging.session import Lost, Session
from callcore.messaging.settings import SmppSettings, fault
from callcore.messaging.trouble import NOT_YET, Trouble, explain, unusable

log = structlog.get_logger("callcore.messaging")

State = Literal["down", "connecting", "refused", "up"]
_STEADY_SECONDS = 10.0
"""A session that lasted so long earns a quick first retry; a shorter one keeps the back-off growing."""


class SmppLink:
    """``run()`` is one task; ``session``, ``state`` and ``trouble``: to be read."""

    def __init__(self, settings: SmppSettings, delivered: Callable[[Session, int, bytes], None]) -> None:
        self.settings = settings
        self.state: State = "down"
        self.trouble: Text | None = NOT_YET
        """None while it is up."""
        self.session: Session | None = None
        self._connecting: asyncio.Timeout | None = None
        self._delivered = delivered
        self._complained = ""
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    async def becomes(self, *states: State) -> State:
        """Waits until the state is one of these."""
        while self.state not in states:
            self._changed.clear()
            await self._changed.wait()
        return self.state

    async def run(self) -> None:
        """Keeps the session up until ``stop()`` or cancellation. Raises nothing else."""
        self._ended.clear()
        delay = self.settings.first_retry_seconds
        loop = asyncio.get_running_loop()
        try:
            while not self._stopping.is_set():
                began = loop.time()
                why = await self._one_session()
                if loop.time() - began > _STEADY_SECONDS:
                    delay = self.settings.first_retry_seconds
                pause = self.settings.refused_retry_seconds if why.needs_a_hand else delay
                delay = min(delay * 2, self.settings.longest_retry_seconds)
                await self._rest(pause * random.uniform(0.8, 1.2))
        finally:
            self._set_state("down")
            self._ended.set()

    async def stop(self) -> None:
        """Says goodbye and ends ``run()``; open requests end in Lost."""
        self._stopping.set()
        if self.session is not None:
            await self.session.unbind()
        elif self._connecting is not None:
            self._connecting.reschedule(asyncio.get_running_loop().time())
        await self._ended.wait()

    async def _one_session(self) -> Trouble:
        """Lives through one session; returns why it ended."""
        self._set_state("connecting")
        wrong = fault(self.settings)
        why = unusable(wrong) if wrong is not None else await self._serve()
        self.trouble = why.why
        if not self._stopping.is_set():
            self._set_state("refused" if why.needs_a_hand else "down")
            if self._complained != why.kind:
                self._complained = why.kind
                log.warning("sms_link_down", gateway=self.settings.name, kind=why.kind, why=why.why.en)
        return why

    async def _serve(self) -> Trouble:
        session = Session(self.settings, self._delivered)
        try:
            async with asyncio.timeout(None) as self._connecting:
                await session.connect()
            if self._stopping.is_set():
                raise Lost("callcore stops")
            self._up(session)
            await session.serve()
        except Exception as seen:
            why = explain(seen, self.settings)
            if why.kind == "internal":
                # A fault of ours must not end the link for good.
                log.exception("sms_session_failed", gateway=self.settings.name)
            return why
        finally:
            self.session = self._connecting = None
            session.abort()

    def _up(self, session: Session) -> None:
        self.session = session
        self.trouble = None
        self._set_state("up")
        log.info("sms_link_up", gateway=self.settings.name, after=self._complained)
        self._complained = ""

    def _set_state(self, state: State) -> None:
        self.state = state
        self._changed.set()

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

"""The supervised link to one PBX: connect, greeting, login, snapshot, watch, and again.

Several PBXs are several links that feed one inbox. What the consumer sees of each, strictly in wire order:
``LinkUp(epoch)`` at every login, the facts of the events, one ``Snapshot`` of the same epoch once all three
of its lists are complete, and ``LinkLost`` when the session is over. An action fails at once when there is no
link; nothing is queued, nothing is sent a second time. Over 400 lines: the life of a session is told in one
place.
"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import ssl
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol

import structlog

from callcore.ami import actions
from callcore.ami.feed import FactFeed, Inbox
from callcore.ami.journal import read_ended_calls
from callcore.ami.protocol import AmiAction, BadAction, BrokenPeer, Headers
from callcore.ami.session import (
    ActionRefused,
    ActionTimeout,
    AmiError,
    AnswerLost,
    Counters,
    LinkDown,
    Reply,
    Session,
)
from callcore.ami.settings import AmiSettings
from callcore.ami.snapshot import SnapshotBuilder
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.ami.trouble import Stage, Trouble, explain
from callcore.calls.facts import LinkLost, LinkUp
from callcore.domain import PbxName

__all__ = [
    "ActionRefused",
    "ActionTimeout",
    "AmiError",
    "AmiLink",
    "AmiSettings",
    "AnswerLost",
    "BadAction",
    "Inbox",
    "LinkDown",
    "Reply",
]

log = structlog.get_logger("callcore.ami")

LinkState = Literal["down", "connecting", "refused", "up"]
_BOOTED = "FullyBooted"
_STEADY_SECONDS = 10.0
"""A session that lasted so long earns a quick first retry; a shorter one keeps the back-off growing."""


class Tap(Protocol):
    """Listens in, synchronously and cheaply."""

    def heard(self, pbx: PbxName, headers: Headers, raw: bytes) -> None: ...

    def asked(self, pbx: PbxName, action: str, headers: Sequence[tuple[str, str]]) -> None: ...


class NoTap:
    def heard(self, pbx: PbxName, headers: Headers, raw: bytes) -> None:
        return

    def asked(self, pbx: PbxName, action: str, headers: Sequence[tuple[str, str]]) -> None:
        return


class AmiLink:
    """``run()`` is one task, ``call()`` sends an action; ``state``, ``trouble``, ``counters``: to be read."""

    def __init__(self, settings: AmiSettings, inbox: Inbox, tap: Tap | None = None) -> None:
        """``tap`` sees what becomes a fact, and what is asked."""
        self.settings = settings
        self.pbx = settings.name
        self.state: LinkState = "down"
        self.trouble: Trouble | None = None
        """What is wrong; None while the link is up or was never tried."""
        self.epoch = 0
        self.greeting = ""
        self.booted = False
        """True if this session saw FullyBooted, so the account has ``read=system``."""
        self.counters = Counters()
        self._uptime: tuple[float, float] | None = None
        """What FullyBooted said, in seconds, and the loop's time when it came."""
        self._translator = Translator(self.pbx)
        self._tap = tap or NoTap()
        self._feed = FactFeed(self.pbx, inbox, self._inbox_full, self._inbox_has_room)
        self._session: Session | None = None
        self._announced = False
        self._fully_booted: asyncio.Future[None] | None = None
        self._complained: set[str] = set()
        self._told_no_journal = False
        self._has_journal = True
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()
        self._running = False

    def __repr__(self) -> str:
        return f"<AmiLink {self.pbx} {self.state}>"

    @property
    def why(self) -> str:
        """Why the link is not up, in a sentence; "" while it is."""
        if self.state == "up":
            return ""
        return self.trouble.why.en if self.trouble else "not connected yet"

    @property
    def odd(self) -> Counter[str]:
        """Events that could not be read, by reason."""
        return self._translator.odd

    def pbx_uptime_seconds(self) -> float | None:
        """Since Asterisk started, at most a second too little; None if this session has not been told."""
        if self._uptime is None:
            return None
        seconds, told_at = self._uptime
        return seconds + asyncio.get_running_loop().time() - told_at

    async def call(self, action: AmiAction, timeout: float = 5.0) -> Reply:  # noqa: ASYNC109
        """The whole answer to ``action`` (``timeout`` in seconds).

        Raises LinkDown (there is no link, nothing was sent), AnswerLost (a LinkDown: it was lost meanwhile)
        or ActionTimeout (whether Asterisk acted is not known), ActionRefused (its own text), BadAction
        (nothing was sent).
        """
        if self._session is None or self.state != "up":
            raise LinkDown(f"{action.name}: {self.pbx} is not connected: {self.why}")
        variables = (("Variable", f"{name}={value}") for name, value in action.variables)
        self._tap.asked(self.pbx, action.name, (*action.headers, *variables))
        return await self._session.call(action, timeout)

    async def settled(self) -> LinkState:
        """Waits until the link is ``up``, or ``refused`` for a reason that waiting does not mend."""
        while self.state not in {"up", "refused"}:
            self._changed.clear()
            await self._changed.wait()
        return self.state

    async def tried(self) -> LinkState:
        """Waits for the end of an attempt, whatever came of it: ``up``, or else ``trouble`` says why not."""
        while self.state == "connecting" or (self.trouble is None and self.state != "up"):
            self._changed.clear()
            await self._changed.wait()
        return self.state

    async def stop(self) -> None:
        """Ends ``run()``; pending calls fail with LinkDown."""
        self._stopping.set()
        self._feed.close()
        if self._session is not None:
            self._session.close()
        if self._running:
            await self._ended.wait()

    async def run(self) -> None:
        """Keeps the link up until ``stop()`` or cancellation. Raises nothing else."""
        self._running = True
        delay = self.settings.first_retry_seconds
        loop = asyncio.get_running_loop()
        try:
            while not self._stopping.is_set():
                # A new session's LinkUp and Snapshot would only pile up behind what nobody takes yet.
                await self._feed.has_room.wait()
                began = loop.time()
                trouble = await self._one_session()
                if loop.time() - began > _STEADY_SECONDS:
                    delay = self.settings.first_retry_seconds
                pause = self.settings.refused_retry_seconds if trouble.needs_a_hand else delay
                delay = min(delay * 2, self.settings.longest_retry_seconds)
                await self._rest(pause * random.uniform(0.8, 1.2))
        finally:
            self._set_state("down")
            self._feed.close()
            self._running = False
            self._ended.set()

    # --- one session

    async def _one_session(self) -> Trouble:
        """Lives through one session; returns why it ended."""
        self._set_state("connecting")
        session = Session(
            f"callcore-{secrets.token_hex(4)}-", WANTED_EVENTS | {_BOOTED}, self._on_event, self.counters
        )
        self._session = session
        self._fully_booted = asyncio.get_running_loop().create_future()
        stage: Stage = "connect"
        fault: Exception
        address = ""
        try:
            await self._connect(session)
            stage = "greeting"
            async with asyncio.timeout(self.settings.greeting_seconds):
                self.greeting = await session.greeted()
            address = session.own_address()
            stage = "login"
            login = actions.login(self.settings.username, self.settings.secret)
            await session.call(login, self.settings.answer_seconds, self._on_login)
            stage = "snapshot"
            ready: set[asyncio.Future[Any]] = {self._fully_booted, session.lost}
            await asyncio.wait(
                ready, timeout=self.settings.booted_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            late_boot = None if self._fully_booted.done() else self._fully_booted
            await self._take_snapshot(session)
            stage = "up"
            await self._watch(session, late_boot)
        except (AmiError, BrokenPeer, BadAction, OSError, UnicodeError) as seen:
            fault = seen
        except Exception as seen:
            # A fault of ours must not end the link for good.
            log.exception("ami_session_failed", pbx=self.pbx, stage=stage)
            fault = seen
        finally:
            session.close()
            self._session = None
            if self._announced:
                self._announced = False
                self._feed.push(LinkLost(self.pbx))
        self.trouble = explain(fault, stage, self.settings, address)
        if not self._stopping.is_set():
            self._set_state("refused" if self.trouble.needs_a_hand else "down")
            self._complain(self.trouble)
        return self.trouble

    async def _connect(self, session: Session) -> None:
        async with asyncio.timeout(self.settings.connect_seconds):
            await session.open(self.settings.host, self.settings.port, self._tls(), self.settings.server_name)
        if self._stopping.is_set():
            session.close()

    def _tls(self) -> ssl.SSLContext | None:
        if not self.settings.tls:
            return None
        context = ssl.create_default_context(cafile=self.settings.ca_file)
        if not self.settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def _take_snapshot(self, session: Session) -> None:
        """Asks for all lists at once; the Snapshot enters the inbox where the last one ends on the wire."""
        builder = SnapshotBuilder(self.pbx, self.epoch)
        self._has_journal = True
        lists: dict[str, Reply] = {}

        async def ask(name: str, action: AmiAction) -> None:
            await session.call(action, self.settings.snapshot_seconds, lambda reply: take(name, reply))

        def take(name: str, reply: Reply) -> None:
            lists[name] = reply
            if len(lists) == 3:
                self._snapshot_complete(builder, lists)

        # The journal is asked for last: a call that ends between two answers is seen to end, or stands in it.
        channels, queues, journal = await asyncio.gather(
            ask("Status", actions.status()),
            ask("QueueStatus", actions.queue_status()),
            ask("DBGetTree", actions.call_journal()),
            return_exceptions=True,
        )
        if isinstance(channels, BaseException):
            raise channels
        if isinstance(queues, ActionRefused):
            # Every account may ask: this Asterisk runs without app_queue, which is no reason to know nothing.
            log.warning("ami_without_queues", pbx=self.pbx, why=queues.text)
            take("QueueStatus", Reply({}))
        elif isinstance(queues, BaseException):
            raise queues
        if isinstance(journal, ActionRefused):
            self._no_journal(journal)
            take("DBGetTree", Reply({}))
        elif isinstance(journal, BaseException):
            raise journal

    def _no_journal(self, refused: ActionRefused) -> None:
        """No row yet reads like a family that does not exist; else the account may not read it."""
        self._has_journal = "not found" in refused.text
        if self._has_journal or self._told_no_journal:
            return
        self._told_no_journal = True
        remedy = f"add reporting to write = of manager.conf [{self.settings.username}]"
        log.warning("ami_without_journal", pbx=self.pbx, why=refused.text, remedy=remedy)

    def _snapshot_complete(self, builder: SnapshotBuilder, lists: dict[str, Reply]) -> None:
        snapshot = replace(
            builder.build(lists["Status"].rows, lists["QueueStatus"].rows),
            journal=read_ended_calls(lists["DBGetTree"].rows, self.pbx),
            has_journal=self._has_journal,
        )
        for reason, times in builder.odd.items():
            self._translator.count_odd(reason, times)
        self.counters.odd = self._translator.odd_count
        # Up before the fact goes out: whoever reads it may want to send an action at once.
        self._set_state("up")
        self._feed.push(snapshot)
        log.info(
            "ami_link_up",
            pbx=self.pbx,
            epoch=self.epoch,
            greeting=self.greeting,
            channels=len(snapshot.channels),
            ended_calls=len(snapshot.journal),
            after=sorted(self._complained),
        )
        self._complained.clear()
        self.trouble = None

    async def _watch(self, session: Session, late_boot: asyncio.Future[None] | None) -> None:
        """Returns never; raises LinkDown or ActionTimeout when the link is gone.

        ``late_boot``: FullyBooted, if it had not come before the snapshot was asked for.
        """
        half = self.settings.dead_after_seconds / 2
        loop = asyncio.get_running_loop()
        while True:
            news: set[asyncio.Future[Any]] = {session.lost, late_boot} if late_boot else {session.lost}
            await asyncio.wait(news, timeout=half, return_when=asyncio.FIRST_COMPLETED)
            if session.lost.done():
                raise LinkDown("the link was lost") from session.lost.result()
            if late_boot and late_boot.done():
                # We logged in while Asterisk was starting: what it listed then was not all.
                late_boot = None
                self._announce()
                await self._take_snapshot(session)
            if not self._feed.is_full and loop.time() - session.last_heard >= half:
                await self._ping(session, half)

    async def _ping(self, session: Session, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        try:
            await session.call(actions.ping(), seconds)
        except ActionTimeout:
            # The answer may stand behind a backlog that we do not read, or only now read, ourselves.
            if not self._feed.is_full and session.last_heard < asked_at:
                raise

    # --- called while bytes are being read, in wire order

    def _on_login(self, _: Reply) -> None:
        self.counters.logins += 1
        self.counters.reconnects = self.counters.logins - 1
        self.booted = False
        self._uptime = None
        self._announce()

    def _announce(self) -> None:
        self.epoch += 1
        self._announced = True
        self._feed.push(LinkUp(self.pbx, self.epoch))

    def _on_event(self, headers: Headers, raw: bytes) -> None:
        if headers.get("event") == _BOOTED:
            self.booted = True
            self._note_uptime(headers.get("uptime"))
            if self._fully_booted is not None and not self._fully_booted.done():
                self._fully_booted.set_result(None)
            return
        fact = self._translator.translate(headers)
        if fact is not None:
            self.counters.events += 1
            self._tap.heard(self.pbx, headers, raw)
            self._feed.push(fact, headers.get("timestamp"))
        else:
            self.counters.odd = self._translator.odd_count

    def _note_uptime(self, seconds: object) -> None:
        if isinstance(seconds, str) and re.fullmatch(r"[0-9]{1,10}", seconds):
            self._uptime = (float(seconds), asyncio.get_running_loop().time())

    def _inbox_full(self) -> None:
        self.counters.paused += 1
        if self._session is not None:
            self._session.pause()

    def _inbox_has_room(self) -> None:
        if self._session is not None:
            self._session.resume()

    # --- state

    def _set_state(self, state: LinkState) -> None:
        self.state = state
        self._changed.set()

    def _complain(self, trouble: Trouble) -> None:
        """Each kind of trouble is logged once until the link has been up again."""
        if trouble.kind in self._complained:
            return
        self._complained.add(trouble.kind)
        event = "ami_link_refused" if trouble.needs_a_hand else "ami_link_down"
        why, remedy = trouble.why.en, trouble.remedy.en
        log.warning(event, pbx=self.pbx, kind=trouble.kind, why=why, remedy=remedy)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

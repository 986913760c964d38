"""Recordings of talks: noted before they begin, silenced and opened on the line, ended when the caller has
gone.

What is recorded is the caller's channel, by the dialplan; here it is only told when to write silence. A
daemon that dies leaves a recording as it was: a paused one stays silent.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import structlog

from callcore.ami import actions
from callcore.ami.client import AmiError, Reply
from callcore.ami.protocol import AmiAction
from callcore.calls.facts import ChannelHungUp, Fact, LineOrdered, RecordingBegan, Snapshot
from callcore.calls.line import Do
from callcore.domain import CallId, ChannelId, ChannelRef, Login, PbxName, QueueName, RecordMode
from callcore.floor.wav_files import whole_ms
from callcore.ivr.ports import TalkToRecord
from callcore.screenpop.card import TalkState
from callcore.screenpop.ports import DeskRefused, RecordDo
from callcore.store.errors import StoreError
from callcore.store.recordings import NewRecording, Recording, Recordings, Span, Why
from callcore.store.sounds import remove_sounds

log = structlog.get_logger("callcore.recordings")

STORE_SECONDS: Final = 1.0
"""How long a caller waits for his recording to be noted."""
CLOSING: Final = timedelta(seconds=2)
"""Asterisk writes the last of a file after the channel's end."""
LATE: Final = timedelta(minutes=10)
"""So long a file may take to come here from the PBX."""
MUTE_SECONDS: Final = 3.0
"""How long the PBX may take: the dialplan waits five for the word that a recording is silent."""
AGAIN_SECONDS: Final = 30.0
REMEMBERED: Final = 1000
BEGINS_IN: Final = timedelta(seconds=30)
"""What Asterisk has not begun to record by then, it does not record."""


class Link(Protocol):
    async def call(self, action: AmiAction, timeout: float = ...) -> Reply: ...  # noqa: ASYNC109


@dataclass(frozen=True, slots=True)
class Rules:
    """As the settings say now."""

    modes: Mapping[QueueName, RecordMode] = field(default_factory=dict)
    may_refuse: bool = True
    pause: timedelta = timedelta(seconds=120)
    placed: bool = False
    """Calls that operators place are recorded on demand."""


class Talks:
    """The ``TalkRecorder`` of the IVR and the ``TalkControl`` of the desks. ``start`` it, give it each
    fact, let it ``run``."""

    def __init__(
        self,
        store: Recordings,
        links: Mapping[PbxName, Link],
        folder: Path,
        rules: Callable[[], Rules],
        now: Callable[[], datetime],
        changed: Callable[[CallId, TalkState], None],
    ) -> None:
        self._store = store
        self._links = links
        self._folder = folder
        self._rules = rules
        self._now = now
        self._changed = changed
        self._live: dict[str, Recording] = {}
        self._over: dict[str, datetime] = {}
        """Since when their channels are gone."""
        self._hung_up: deque[tuple[PbxName, ChannelId]] = deque(maxlen=REMEMBERED)
        """The last ones: somebody may hang up while his recording is being noted."""
        self._unproven: set[str] = set()
        """Of this life, and Asterisk has not told yet that it records them."""
        self._unbegun: set[str] = set()
        """Those that it never began, as far as it tells."""
        self._unbound: set[str] = set()
        """Of placed calls: whom they record has no channel yet."""
        self._unheld: set[str] = set()
        """Paused ones whose callers have just been taken off hold."""
        self.missing = 0
        """Recordings that Asterisk never began, since the start."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._wake = asyncio.Event()

    async def start(self) -> None:
        """Those of an earlier life whose end nobody has noted; the first Snapshot tells which go on. Raises
        ``StoreError``."""
        for row in await self._store.open():
            self._add(row)
            if row.pbx not in self._links:
                self._over[row.token] = self._now()

    # --- for the IVR

    @property
    def may_refuse(self) -> bool:
        return self._rules().may_refuse

    @property
    def records_placed(self) -> bool:
        return self._rules().placed

    def mode(self, queue: QueueName) -> RecordMode:
        return self._rules().modes.get(queue, RecordMode.never)

    async def begin(self, talk: TalkToRecord) -> str | None:
        token = secrets.token_hex(16)
        channel = talk.channel
        new = NewRecording(
            token,
            talk.call,
            channel.pbx,
            channel.id,
            talk.queue,
            talk.mode,
            talk.words,
            talk.said_at,
            talk.edition,
            talk.is_refused,
        )
        try:
            async with asyncio.timeout(STORE_SECONDS):
                row = await self._store.begin(new, self._now())
        except (StoreError, TimeoutError) as error:
            log.error("recording_not_noted", call_id=talk.call, why=str(error) or type(error).__name__)
            return None
        if talk.is_refused:
            return None
        self._unproven.add(token)
        if talk.is_placed:
            self._unbound.add(token)
        self._add(row)
        if (row.pbx, row.channel) in self._hung_up:
            self._over[token] = self._now()
        return token

    async def silence(self, channel: ChannelRef, token: str) -> bool:
        row = self._live.get(token)
        if row is not None and row.pbx == channel.pbx and token in self._unbound:
            row = await self._bound(row, channel.id)
        if row is None or (row.pbx, row.channel) != (channel.pbx, channel.id):
            log.error("recording_not_known", channel=channel.id)
            return False
        is_silent = await self._mute(row, is_muted=True)
        if is_silent:
            self._prove(row)  # what is not recorded cannot be silenced
        else:
            self._finish([row])
        return is_silent

    async def _bound(self, row: Recording, channel: ChannelId) -> Recording | None:
        """Of a placed call: it is the called side that is recorded."""
        try:
            async with asyncio.timeout(STORE_SECONDS):
                bound = await self._store.bind(row.token, channel)
        except (StoreError, TimeoutError) as error:
            log.error("recording_not_bound", call_id=row.call, why=str(error) or type(error).__name__)
            return None
        self._unbound.discard(row.token)
        self._put(bound)
        return bound

    def left(self, call: CallId) -> None:
        self._finish([row for row in self._live.values() if row.call == call])

    # --- for the operators

    async def turn(self, login: Login, call: CallId, do: RecordDo, *, is_announced: bool) -> None:
        row = self._of(call)
        if row is None:
            raise DeskRefused("not_recording")
        async with self._locks[row.token]:
            row = self._live.get(row.token)
            if row is None:
                raise DeskRefused("not_recording")
            if do == "record_pause":
                await self._pause(row, login)
            else:
                await self._open(row, login, is_announced=is_announced)

    async def _pause(self, row: Recording, login: Login) -> None:
        if not row.is_on:
            return
        if not await self._mute(row, is_muted=True):
            raise DeskRefused("pbx_down")
        await self._note(row, on=False, why="card", login=login)

    async def _open(self, row: Recording, login: Login, *, is_announced: bool) -> None:
        """Whoever was not told by the words is told by the operator: that is stored before he is recorded."""
        if row.is_on:
            return
        if row.consent_at is None and not is_announced:
            raise DeskRefused("not_announced")
        try:
            opened = await self._store.turn(row.token, self._now(), on=True, why="operator", login=login)
        except StoreError as error:
            raise DeskRefused("store_down") from error
        if not await self._mute(row, is_muted=False):
            self._put(opened)
            await self._note(opened, on=False, why="operator", login=login)
            raise DeskRefused("pbx_down")
        self._put(opened)

    async def _note(self, row: Recording, *, on: bool, why: Why, login: Login | None = None) -> None:
        """What the line has been told already: what cannot be stored counts here at least."""
        at = self._now()
        try:
            self._put(await self._store.turn(row.token, at, on=on, why=why, login=login))
        except StoreError as error:
            log.error("recording_turn_not_stored", call_id=row.call, why=str(error))
            self._put(replace(row, spans=(*row.spans, Span(at, on, why, login))))

    async def _mute(self, row: Recording, *, is_muted: bool) -> bool:
        link = self._links.get(row.pbx)
        if link is None:
            return False
        try:
            await link.call(actions.mute_recording(row.channel, is_muted=is_muted), MUTE_SECONDS)
        except AmiError as error:
            log.error("recording_not_turned", call_id=row.call, pbx=row.pbx, why=str(error))
            return False
        return True

    def _of(self, call: CallId) -> Recording | None:
        """The newest of that call that goes on."""
        mine = (row for row in self._live.values() if row.call == call and row.token not in self._over)
        return max(mine, key=lambda row: row.id, default=None)

    def _put(self, row: Recording) -> None:
        """It has changed, unless its end was noted meanwhile."""
        if row.token in self._live:
            self._add(row)

    def _add(self, row: Recording) -> None:
        self._live[row.token] = row
        self._wake.set()
        self._tell(row.call)

    def _tell(self, call: CallId) -> None:
        row = self._of(call)
        is_there = row is not None and row.token not in self._unproven | self._unbegun
        self._changed(call, state_of(row) if row is not None and is_there else "")

    # --- from the PBX

    def take_fact(self, fact: Fact) -> None:
        match fact:
            case RecordingBegan(channel):
                for row in self._live.values():
                    if (row.pbx, row.channel) == (channel.pbx, channel.id):
                        self._prove(row)
            case LineOrdered(call=call, do=Do.resume | Do.back | Do.complete):
                self._unheld |= {row.token for row in self._live.values() if row.call == call}
                self._wake.set()
            case ChannelHungUp(channel):
                self._hung_up.append((channel.pbx, channel.id))
                self._gone(channel.pbx, lambda id: id == channel.id)
            case Snapshot():
                self._believe(fact.pbx)
                living = {each.channel.id for each in fact.channels}
                self._gone(fact.pbx, lambda id: id not in living)
            case _:
                return

    def _prove(self, row: Recording) -> None:
        """Asterisk records it."""
        if row.token in self._unproven | self._unbegun:
            self._unproven.discard(row.token)
            self._unbegun.discard(row.token)
            self._tell(row.call)

    def _believe(self, pbx: PbxName) -> None:
        """What was told while there was no link nobody has heard."""
        for row in [row for row in self._live.values() if row.pbx == pbx and row.token in self._unproven]:
            self._unproven.discard(row.token)
            self._tell(row.call)

    def _gone(self, pbx: PbxName, is_gone: Callable[[ChannelId], bool]) -> None:
        self._finish([row for row in self._live.values() if row.pbx == pbx and is_gone(row.channel)])

    def _finish(self, rows: Sequence[Recording]) -> None:
        for row in rows:
            self._over.setdefault(row.token, self._now())
            self._tell(row.call)
        if rows:
            self._wake.set()

    # --- clocks

    async def run(self) -> None:
        """For ever: pauses that are over, and talks that have ended."""
        while True:
            self._wake.clear()
            for row in list(self._live.values()):
                await self._attend(row)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest()):
                    await self._wake.wait()

    def _rest(self) -> float:
        """Seconds until something is due."""
        now = self._now()
        dues = [due for row in self._live.values() if (due := self._due(row)) is not None]
        return min([AGAIN_SECONDS, *(max(0.05, (due - now).total_seconds()) for due in dues if due > now)])

    def _due(self, row: Recording) -> datetime | None:
        if row.token in self._over:
            return self._over[row.token] + CLOSING
        last = row.spans[-1] if row.spans else None
        if last and not last.on and last.why == "card":
            return last.at if row.token in self._unheld else last.at + self._rules().pause
        return row.began_at + BEGINS_IN if row.token in self._unproven else None

    async def _attend(self, row: Recording) -> None:
        due = self._due(row)
        if due is None or due > self._now():
            return
        if row.token in self._over:
            await self._end(row)
            return
        if row.token in self._unproven:
            self._miss(row)
            return
        async with self._locks[row.token]:
            known = self._live.get(row.token)
            if known is not None and self._due(known) == due and await self._mute(known, is_muted=False):
                await self._note(known, on=True, why="time")
                self._unheld.discard(row.token)

    def _miss(self, row: Recording) -> None:
        """Nobody shall believe that it is recorded. Its file is looked for all the same."""
        self._unproven.discard(row.token)
        self._unbegun.add(row.token)
        self.missing += 1
        log.error("recording_not_begun", call_id=row.call, pbx=row.pbx, channel=row.channel)
        self._tell(row.call)

    async def _end(self, row: Recording) -> None:
        gone_at = self._over[row.token]
        ms = await asyncio.to_thread(whole_ms, self._folder / row.file)
        if row.token in self._unproven and gone_at - row.began_at > CLOSING:
            self._miss(row)
        is_begun = row.token not in self._unproven | self._unbegun
        if ms is None and self._now() - gone_at < LATE and row.was_on and is_begun:
            return
        try:
            ended = await self._store.end(row.token, gone_at, ms or 0)
            if not ended.has_sound:
                await remove_sounds(self._store, self._folder)
        except StoreError as error:
            log.warning("recording_end_not_stored", call_id=row.call, why=str(error))
            return
        del self._live[row.token], self._over[row.token]
        for tokens in (self._unheld, self._unproven, self._unbegun, self._unbound):
            tokens.discard(row.token)
        self._locks.pop(row.token, None)


def state_of(row: Recording) -> TalkState:
    """As the operator sees it."""
    if row.is_on:
        return "on"
    return "paused" if row.was_on else "ready"

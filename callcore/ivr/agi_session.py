"""One call on the line: typed steps over one FastAGI connection.

Steps go one after another, each with a time limit. Before a step that may last, the session
re-arms the watchdog in Asterisk (``SET AUTOHANGUP``): should this process hang, Asterisk ends the AGI itself,
and the dialplan goes on to its static queue.

A step that is cancelled while Asterisk works on it ends the session, so don't put a time limit of your own
around one.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

from callcore.ivr.agi import AgiError, AgiProtocolError, AgiRefused, AgiTimeout, Answer, CallerHungUp
from callcore.ivr.agi_answers import SAMPLES_PER_SECOND, Played, Taped, decimal, key_of
from callcore.ivr.agi_connection import ANSWER_SECONDS, Connection
from callcore.ivr.agi_environment import AgiEnvironment

WATCHDOG_MARGIN_SECONDS: Final = 5.0
"""How much longer than the step Asterisk waits before it takes the call away from us."""
DIALPLAN_WATCHDOG_SECONDS: Final = 5.0
"""``TIMEOUT(absolute)`` that the dialplan sets before it calls us."""
WATCHDOG_TOLERANCE_SECONDS: Final = 0.3
"""A call that Asterisk takes back so close to the watchdog's time was taken by the watchdog."""
QUICK_SECONDS: Final = 1.0
"""Work between two steps that is done so soon needs no more time than the watchdog gives anyway."""
LONGEST_STEP_SECONDS: Final = 3600.0
LONGEST_RECORDING_SECONDS: Final = 600
OWN_CONTEXTS: Final = "callcore-"
"""Contexts of this prefix disarm the watchdog in their first line."""

JOURNAL: Final = "callcore-journal"
"""Family in AstDB where the dialplan keeps a row of each call."""
DIALLED: Final = "callcore-dial"
"""Family where it keeps the rows of each placed call."""
_ATTEMPT = re.compile(r"[a-z0-9]{1,40}")
_UNIQUEID = re.compile(r"[A-Za-z0-9_.-]{1,150}")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,78}")
_READABLE = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]{0,79}|(CHANNEL|CALLERID|CONNECTEDLINE|REDIRECTING)\([a-z_-]{1,40}\)"
)
_PATH = re.compile(r"[^\x00-\x1f\x7f:|&,]{1,500}")
_DIGITS = re.compile(r"[0-9*#A-D]{0,16}")
_CONTEXT = re.compile(r"[A-Za-z0-9_-]{1,79}")
_EXTENSION = re.compile(r"[A-Za-z0-9_*#+.-]{1,79}")

STATE_UP: Final = 6
"""``channel_status`` of an answered channel."""


class Clock(Protocol):
    def __call__(self) -> float: ...


class Session(Connection):
    """A call that the dialplan handed to us. Made by the server; a route gets it as its only argument.

    Every step raises CallerHungUp when the channel is gone, AgiTimeout and AgiProtocolError when the
    connection is useless (it is closed then), AgiRefused for arguments that must not go out.
    """

    def __init__(
        self,
        app: Any,
        environment: AgiEnvironment,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        on_timeout: Callable[[str], None] = lambda verb: None,
        tap: Callable[[str, bool], None] = lambda line, is_ours: None,
    ) -> None:
        super().__init__(app, environment, reader, writer, on_timeout=on_timeout, tap=tap)
        self.handed_over: tuple[str, str, int] | None = None
        self._clock: Clock = asyncio.get_running_loop().time
        self._finished = False
        self._armed_until = self._clock() + DIALPLAN_WATCHDOG_SECONDS
        self._watchdog_struck = False
        self._renewal: asyncio.TimerHandle | None = None
        self._renewing: asyncio.Task[None] | None = None

    # --- steps

    async def answer(self) -> None:
        """Picks up, if the dialplan did not."""
        if (await self._step("ANSWER", limit=15.0)).result == "-1":
            raise self._lost()

    async def stream_file(self, path: str, *, seconds: float, escape_digits: str = "") -> Played:
        """Plays a prompt; a key of ``escape_digits`` stops it.

        ``path`` is the prompt's name without suffix, absolute or below Asterisk's sounds, as the PBX sees it;
        ``seconds`` its length, for the watchdog. A caller who hangs up meanwhile is told by ``hung_up``.
        """
        _check_path(path)
        if not _DIGITS.fullmatch(escape_digits):
            raise AgiRefused(f"not keys: {escape_digits!r}")
        try:
            await self._arm(seconds)
            answer = await self._step("STREAM FILE", path, escape_digits, limit=self._limit(seconds))
        except CallerHungUp:
            return Played(None, 0, hung_up=True)
        endpos = max(answer.endpos or 0, 0)
        if answer.result != "-1":
            return Played(key_of(answer), endpos)
        # -1 means a hang-up or a file that cannot be opened
        if endpos or self.gone.is_set():
            self._note_hangup()
            return Played(None, endpos, hung_up=True)
        try:
            await self.channel_status()
        except CallerHungUp:
            return Played(None, 0, hung_up=True)
        return Played(None, 0, missing=True)

    async def record(self, path: str, *, most_seconds: int, silence_seconds: int) -> Taped:
        """A tone; then what the caller says, until ``#``, so much silence, or ``most_seconds``.

        ``path``: of the file to be, without suffix, as the PBX sees it; it becomes a WAV of 8 kHz and 16 bit.
        """
        _check_path(path)
        if not 1 <= most_seconds <= LONGEST_RECORDING_SECONDS or silence_seconds < 1:
            raise AgiRefused(f"not a time for a recording: {most_seconds} s, {silence_seconds} s of silence")
        words = (path, "wav", "#", most_seconds * 1000, "BEEP", f"s={silence_seconds}")
        try:
            await self._arm(most_seconds)
            answer = await self._step("RECORD FILE", *words, limit=self._limit(most_seconds))
        except CallerHungUp:
            return Taped(0.0, hung_up=True)
        seconds = max(answer.endpos or 0, 0) / SAMPLES_PER_SECOND
        if answer.result != "-1":
            return Taped(seconds)
        if answer.value == "hangup" or self.gone.is_set():
            self._note_hangup()
            return Taped(seconds, hung_up=True)
        return Taped(seconds, failed=True)

    @contextmanager
    def secretly(self) -> Iterator[None]:
        """What the caller presses within is written down nowhere."""
        self.is_secret = True
        try:
            yield
        finally:
            self.is_secret = False

    async def wait_for_digit(self, milliseconds: int) -> str | None:
        """The key pressed within the time, or None."""
        if not 1 <= milliseconds <= LONGEST_STEP_SECONDS * 1000:
            raise AgiRefused(f"cannot wait {milliseconds} ms for a key")
        seconds = milliseconds / 1000
        await self._arm(seconds)
        answer = await self._step("WAIT FOR DIGIT", milliseconds, limit=self._limit(seconds))
        if answer.result == "-1":
            raise self._lost()
        return key_of(answer)

    async def get_variable(self, name: str) -> str | None:
        """A channel variable, or ``CHANNEL(…)``, ``CALLERID(…)`` and the like; None where it is not set."""
        if not _READABLE.fullmatch(name):
            raise AgiRefused(f"not a variable that callcore reads: {name!r}")
        answer = await self._step("GET VARIABLE", name)
        return answer.value if answer.result == "1" else None

    async def set_variable(self, name: str, value: str) -> None:
        """Sets a channel variable; two underscores before its name hand it down to every later leg."""
        if not _VARIABLE.fullmatch(name):
            raise AgiRefused(f"not a variable's name: {name!r}")
        if name.lstrip("_") == "CALLCORE_RC":
            raise AgiRefused("CALLCORE_RC is set by the server, when the route has ended well")
        await self._step("SET VARIABLE", name, value)

    async def set_autohangup(self, seconds: int) -> None:
        """Gives the watchdog another ``seconds`` from now, for work between steps; 0 switches it off."""
        if not 0 <= seconds <= LONGEST_STEP_SECONDS:
            raise AgiRefused(f"not a time for the watchdog: {seconds}")
        self._refuse_afterwards("SET AUTOHANGUP")
        await self._watchdog(seconds)

    def renew_unless_quick(self, seconds: int) -> None:
        """For work that is to come before the next step: the watchdog gets another ``seconds``, but only if
        the work turns out to be slow. Mostly it is not, and that saves a command."""
        self._stop_renewal()
        loop = asyncio.get_running_loop()
        self._renewal = loop.call_later(QUICK_SECONDS, self._renew, seconds)

    def _renew(self, seconds: int) -> None:
        async def renew() -> None:
            with suppress(AgiError):
                await self.set_autohangup(seconds)

        # Before any later command: they go in the order in which they were asked for.
        self._renewing = asyncio.create_task(renew())

    def _stop_renewal(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()

    async def _watchdog(self, seconds: int) -> None:
        self._stop_renewal()
        await self._command("SET AUTOHANGUP", seconds)
        self._armed_until = self._clock() + seconds if seconds else math.inf

    async def channel_status(self) -> int:
        """Asterisk's number of the channel's state: 4 rings, 6 is up."""
        answer = await self._command("CHANNEL STATUS")
        state = decimal(answer.result)
        if state is None:
            raise self._lost()
        return state

    async def forget_journal(self, channel: str) -> None:
        """Deletes the dialplan's journal row of an ended call; a row that is not there is no fault."""
        if not _UNIQUEID.fullmatch(channel):
            raise AgiRefused(f"not a channel's uniqueid: {channel!r}")
        await self._step("DATABASE DEL", JOURNAL, channel)

    async def forget_dial(self, attempt: str) -> None:
        """Deletes the dialplan's rows of a placed call; rows that are not there are no fault."""
        if not _ATTEMPT.fullmatch(attempt):  # an empty word would delete the rows of all
            raise AgiRefused(f"not an attempt: {attempt!r}")
        await self._step("DATABASE DELTREE", DIALLED, attempt)

    async def verbose(self, message: str) -> None:
        """A line for Asterisk's console, cut to 200 characters."""
        await self._step("VERBOSE", message[:200], 3)

    async def hand_over(self, context: str, extension: str, priority: int = 1) -> None:
        """Names the place in the dialplan where the call goes when the route has ended; a route's last step.

        The watchdog stays armed till then: a context of ours disarms it in its first line, for any other one
        the server does.
        """
        if not _CONTEXT.fullmatch(context) or not _EXTENSION.fullmatch(extension) or priority < 1:
            raise AgiRefused(f"not a place in the dialplan: {context!r},{extension!r},{priority}")
        await self.set_autohangup(int(DIALPLAN_WATCHDOG_SECONDS))
        # In this order every place in between (should we die there) is one that the dialplan brings to its
        # static queue: its own first line, then an extension that is invalid there.
        await self._step("SET PRIORITY", priority)
        await self._step("SET EXTENSION", extension)
        await self._step("SET CONTEXT", context)
        self.handed_over = (context, extension, priority)

    def give_back(self) -> None:
        """Ends the route without CALLCORE_RC=OK: the dialplan goes on as it does while callcore is away."""
        self._finished = True

    async def hangup(self) -> None:
        """Ends the call."""
        try:
            await self._step("HANGUP")
        except CallerHungUp:
            return
        self._finished = True

    # --- the watchdog

    async def _step(self, verb: str, *arguments: str | int, limit: float = ANSWER_SECONDS) -> Answer:
        self._refuse_afterwards(verb)
        if self._armed_until - self._clock() < WATCHDOG_MARGIN_SECONDS / 2:
            await self._arm(0)
        return await self._command(verb, *arguments, limit=limit)

    def _refuse_afterwards(self, verb: str) -> None:
        if self._finished or self.handed_over:
            raise AgiRefused(f"{verb} after the route gave the call away")

    async def _arm(self, seconds: float) -> None:
        if not 0 <= seconds <= LONGEST_STEP_SECONDS:  # refuses NaN as well
            raise AgiRefused(f"not a length of a step: {seconds}")
        await self._watchdog(min(math.ceil(seconds + WATCHDOG_MARGIN_SECONDS), int(LONGEST_STEP_SECONDS)))

    @staticmethod
    def _limit(seconds: float) -> float:
        """Longer than the watchdog: where only our own loop was slow, Asterisk is the one who decides."""
        return seconds + WATCHDOG_MARGIN_SECONDS + 2.0

    def _on_hangup(self) -> None:
        self._stop_renewal()
        self._watchdog_struck = self._clock() >= self._armed_until - WATCHDOG_TOLERANCE_SECONDS

    # --- for the server

    async def finish(self) -> bool:
        """Sets the result, when the route has ended well. False where no channel is left to set it on."""
        self._stop_renewal()
        if self._finished or self.gone.is_set():
            return False
        place = self.handed_over
        if place is not None and not place[0].startswith(OWN_CONTEXTS):
            await self._watchdog(0)
        await self._command("SET VARIABLE", "CALLCORE_RC", "OK")
        self._finished = True
        return True

    @property
    def verdict(self) -> str | None:
        """Why the call is no longer ours, as one word; None while it is.

        ``hung_up``; ``watchdog``: we were too slow, and the caller is in the static queue now; ``timed_out``,
        ``protocol``: the connection was useless, and the caller is there too.
        """
        match self._end:
            case AgiTimeout():
                return "timed_out"
            case AgiProtocolError():
                return "protocol"
            case _:
                gone = "watchdog" if self._watchdog_struck else "hung_up"
                return gone if self.gone.is_set() else None


def _check_path(path: str) -> None:
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise AgiRefused(f"not a path to a sound: {path!r}")

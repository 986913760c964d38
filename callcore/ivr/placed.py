"""The route ``placed/PBX``: an operator has picked up his phone, and the number that he wanted is about to
be rung.

The gate is asked once more here. Whatever goes wrong, nobody is dialled: only this script names the digits.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from callcore.domain import CallId, ChannelId, ChannelRef, PbxName, QueueName, RecordMode
from callcore.ivr.agi_session import Session
from callcore.ivr.ports import NoTalkRecorder, TalkRecorder, TalkToRecord
from callcore.ivr.reception import TakeDials
from callcore.ivr.state import CALL, DOWN
from callcore.ivr.talk_recording import FOLDER, INTO, MODE, RECORD

log = structlog.get_logger("callcore.ivr")

CONFIRM_SECONDS = 3.0
"""How long an operator at his phone waits for the gate's word."""
OLD_ROWS = 4
"""Journal rows of ended calls that are deleted by the way."""
TO, WHY = "CALLCORE_TO", "CALLCORE_WHY"
"""Channel variables that the dialplan reads: digits to dial, or the rule that forbids it."""
HOUSE = "CALLCORE_HOUSE"
"""The digits are an internal number."""
UNAVAILABLE = "unavailable"
"""Nobody could say whether it may be dialled."""
_ATTEMPT = re.compile(r"[a-z0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class Go:
    digits: str
    is_inside: bool = False
    """A number within the house, for the context that CALLCORE_INTERNAL names: it never reaches the trunk."""
    queue: QueueName | None = None
    """It calls somebody back who wanted this queue: it is recorded where that queue's talks are."""


@dataclass(frozen=True, slots=True)
class Stop:
    rule: str
    """A rule of the gate, or another word of small letters and ``_``."""


Confirm = Callable[[PbxName, str], Awaitable[Go | Stop]]
"""PBX and attempt: may its number be rung now?"""


class PlacedCalls:
    def __init__(
        self,
        confirm: Confirm,
        take_dials: TakeDials,
        recorder: TalkRecorder | None = None,
        folder: Callable[[PbxName], str] = lambda _pbx: "",
    ) -> None:
        """``folder``: of recordings, as that PBX sees it."""
        self._confirm = confirm
        self._take_dials = take_dials
        self._recorder = recorder or NoTalkRecorder()
        self._folder = folder

    async def __call__(self, session: Session) -> None:
        attempt = session.environment.raw.get("agi_arg_1", "")
        with structlog.contextvars.bound_contextvars(attempt=attempt):
            await self._forget_old(session)
            match await self._word(PbxName(session.environment.pbx), attempt):
                case Go(digits, is_inside, queue):
                    if is_inside:
                        await session.set_variable(HOUSE, "1")
                    else:
                        for name, value in (await self._recording(session, queue)).items():
                            await session.set_variable(f"{DOWN}{name}", value)
                    await session.set_variable(TO, digits)
                case Stop(rule):
                    log.warning("placed_call_stopped", rule=rule)
                    await session.set_variable(WHY, rule)

    async def _word(self, pbx: PbxName, attempt: str) -> Go | Stop:
        if not _ATTEMPT.fullmatch(attempt):
            return Stop("unknown")
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                return await self._confirm(pbx, attempt)
        except Exception as error:
            log.warning("gate_not_asked", why=str(error) or type(error).__name__)
            return Stop(UNAVAILABLE)

    def _is_recorded(self, queue: QueueName | None) -> bool:
        if queue is None:
            return self._recorder.records_placed
        return self._recorder.mode(queue) is not RecordMode.never

    async def _recording(self, session: Session, queue: QueueName | None) -> Mapping[str, str]:
        """What the dialplan must know to record the other side, silent till the operator has announced it."""
        env, pbx = session.environment, PbxName(session.environment.pbx)
        if not self._is_recorded(queue):
            return {}
        call, folder = await session.get_variable(CALL), self._folder(pbx)
        if not call or not FOLDER.fullmatch(folder):
            log.error("placed_call_not_recorded", has_call=bool(call), folder=folder)
            return {}
        channel = ChannelRef(pbx, ChannelId(env.uniqueid))
        name = queue or QueueName("")
        talk = TalkToRecord(CallId(call), channel, name, RecordMode.demand, is_placed=True)
        token = await self._recorder.begin(talk)
        return {} if token is None else {RECORD: token, MODE: RecordMode.demand.value, INTO: folder}

    async def _forget_old(self, session: Session) -> None:
        for _ in range(OLD_ROWS):
            for attempt in self._take_dials(PbxName(session.environment.pbx), 1):
                await session.forget_dial(attempt)

"""The route ``handover/PBX``: an operator's phone sends a caller on, to a department's number or code.

The dialplan knows where the number leads and goes there whatever happens here; this script keeps the words
that go along, and says how long it may ring and where a caller comes back to whom nobody took.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from callcore.domain import CallId, ChannelId, ChannelRef, Interface, PbxName
from callcore.ivr.agi_session import Session

log = structlog.get_logger("callcore.ivr")

HAND_SECONDS = 3.0
_DIALLED = re.compile(r"[0-9*#]{1,20}")
_BY = re.compile(r"[-0-9A-Za-z_./@:+;]{1,128}")


@dataclass(frozen=True, slots=True)
class ByPhone:
    """``call``: as the channel tells it; ``by``: the sender's channel by its name in Asterisk."""

    channel: ChannelRef
    call: CallId | None
    dialled: str
    by: str
    is_blind: bool = True


@dataclass(frozen=True, slots=True)
class Onward:
    """Where it goes, as the dialplan's variables have it; ``refused``: a word, and the caller goes back."""

    sender: Interface
    rings: int
    queue: str = ""
    number: str = ""
    refused: str = ""


HandOn = Callable[[ByPhone], Awaitable[Onward | None]]
"""None: callcore has nothing to say, the number leads where the dialplan knows."""


class PhoneHandovers:
    def __init__(self, hand_on: HandOn) -> None:
        self._hand_on = hand_on

    async def __call__(self, session: Session) -> None:
        raw, pbx = session.environment.raw, PbxName(session.environment.pbx)
        dialled, by = raw.get("agi_arg_1", ""), raw.get("agi_arg_2", "")
        if not (_DIALLED.fullmatch(dialled) and _BY.fullmatch(by)):
            log.warning("handover_odd", dialled=dialled[:20])
            return
        call = await session.get_variable("CALLCORE_CALL")
        is_blind = not await session.get_variable("ATTENDEDTRANSFER")
        channel = ChannelRef(pbx, ChannelId(session.environment.uniqueid))
        onward = await self._ask(ByPhone(channel, CallId(call) if call else None, dialled, by, is_blind))
        for name, value in _variables(onward).items() if onward is not None else ():
            await session.set_variable(name, value)

    async def _ask(self, what: ByPhone) -> Onward | None:
        try:
            async with asyncio.timeout(HAND_SECONDS):
                return await self._hand_on(what)
        except Exception as error:
            log.warning("handover_not_kept", why=str(error) or type(error).__name__)
            return None


def _variables(onward: Onward) -> dict[str, str]:
    told = {"CALLCORE_SENDER": onward.sender, "CALLCORE_RINGS": str(onward.rings)}
    if onward.refused:
        return {**told, "CALLCORE_REFUSED": onward.refused}
    if onward.queue:
        return {**told, "CALLCORE_GOES": "queue", "CALLCORE_TOQUEUE": onward.queue}
    return {**told, "CALLCORE_GOES": "number", "CALLCORE_TO": onward.number} if onward.number else told

"""A carrier with simulated subscribers: a second private Asterisk that callcore's PBX dials through.

    async with Carrier(folder) as carrier:
        pbx = AsteriskLab(..., carrier=OutgoingTrunk("127.0.0.1", carrier.sip_port))
        ...
        await carrier.rung("79160000120")
        assert await carrier.invites_of("79160000120") == 1

The last two digits of a number say who lives there (see ``SUBSCRIBERS``); everybody else is an ``00``.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final, Self

from callcore.testing.lab import AsteriskLab
from callcore.testing.lab.configuration import modules_conf
from callcore.testing.patience import PATIENCE_SECONDS

TRUNK: Final = {"CALLCORE_DIAL_BEFORE": "PJSIP/", "CALLCORE_DIAL_AFTER": "@carrier"}
"""Globals of a PBX that dials through it."""
SUBSCRIBERS: Final = {
    "00": "answers and listens until the other side hangs up",
    "01": "answers and presses 1",
    "02": "answers, presses 2, and after the second time 1",
    "03": "answers and presses 0, and stays on the line",
    "04": "answers and presses 5, which means nothing, and stays on the line",
    "09": "answers and presses 9",
    "10": "answers and hangs up after 2 seconds",
    "11": "rings 4 seconds, answers and listens",
    "20": "is busy (486)",
    "21": "rings for ever",
    "22": "rejects (603)",
    "23": "does not exist (404)",
    "24": "cannot be carried now (503)",
    "25": "is not available (480)",
    "30": "nothing comes but 100 Trying",
    "31": "sends the caller elsewhere (302), to the number that ends in 00",
}
_DIALPLAN = """
[from-trunk]
exten => _X!,1,Verbose(1,INVITE ${EXTEN} from <${CALLERID(num)}>)
 same => n,Set(NUMBER=${EXTEN})
 same => n,Set(CHANNEL(hangup_handler_push)=gone,s,1)
 same => n,Set(WHO=${IF($[${LEN(${MIX})} > 0]?${CUT(MIX,:,$[${EXTEN:-1} + 1])}:${EXTEN:-2})})
 same => n,Set(WHO=${IF($[${DIALPLAN_EXISTS(subscriber,${WHO},1)}]?${WHO}:00)})
 same => n,Goto(subscriber,${WHO},1)
[gone]
exten => s,1,Verbose(1,GONE ${NUMBER})
 same => n,Return()
[mark]
exten => _X!,1,Verbose(1,MARK ${EXTEN})
[pick-up]
exten => s,1,Ringing()
 same => n,Wait(${RING})
 same => n,Answer()
 same => n,Verbose(1,ANSWER ${NUMBER})
 same => n,Return()
; keys are pressed by whoever hears something: what does not play yet would not take them
[listen]
exten => s,1,Gosub(pick-up,s,1)
 same => n,WaitForNoise(20,1,60)
 same => n,Wait(${PRESS})
 same => n,Return()
[press]
exten => _X,1,Gosub(listen,s,1)
 same => n,SendDTMF(${EXTEN})
 same => n,Wait(3600)
[subscriber]
exten => 00,1,Gosub(pick-up,s,1)
 same => n,Wait(3600)
exten => 01,1,Goto(press,1,1)
exten => 02,1,Gosub(listen,s,1)
 same => n,SendDTMF(2)
 same => n,Wait(${PRESS})
 same => n,SendDTMF(1)
 same => n,Wait(3600)
exten => 03,1,Goto(press,0,1)
exten => 04,1,Goto(press,5,1)
exten => 09,1,Goto(press,9,1)
exten => 10,1,Gosub(pick-up,s,1)
 same => n,Wait(2)
 same => n,Hangup()
exten => 11,1,Set(RING=4)
 same => n,Gosub(pick-up,s,1)
 same => n,Wait(3600)
exten => 20,1,Hangup(17)
exten => 21,1,Ringing()
 same => n,Wait(3600)
exten => 22,1,PJSIPHangup(603)
exten => 23,1,Hangup(1)
exten => 24,1,Hangup(34)
exten => 25,1,Hangup(19)
exten => 30,1,Wait(3600)
exten => 31,1,Transfer(PJSIP/sip:${NUMBER:0:-2}00@127.0.0.1)
 same => n,Wait(3600)
"""
_LINE = re.compile(
    r"\[(?P<at>[-0-9]{10} [0-9:.]{12})\].*: (?P<what>INVITE|ANSWER|GONE) (?P<number>\d+)"
    r"(?: from <(?P<caller>.*)>)?"
)


@dataclass(frozen=True, slots=True)
class Invite:
    """One call that reached the carrier."""

    number: str
    at: datetime
    caller: str
    """The number that the recipient sees."""


class Carrier:
    """``ring_seconds``: how long phones ring; ``press_seconds``: how long after that keys are pressed.

    ``mix``: ten kinds of ``SUBSCRIBERS`` that the last digit chooses from, instead of the last two.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ring_seconds: float = 0.3,
        press_seconds: float = 2.0,
        mix: Sequence[str] = (),
    ) -> None:
        self.lab = AsteriskLab(
            folder,
            dialplan=_DIALPLAN,
            variables={
                "RING": f"{ring_seconds:g}",
                "PRESS": f"{press_seconds:g}",
                "MIX": ":".join(mix),
            },
            systemname="carrier",
            # real carriers seldom say more than the SIP status
            extra_files={"modules.conf": modules_conf(without=["res_pjsip_rfc3326"])},
        )
        self._earlier = ""
        self._marks = count(1)

    @property
    def sip_port(self) -> int:
        """Fixed over restarts."""
        return self.lab.sip_port

    async def start(self) -> Self:
        self._earlier += self._log()
        await self.lab.start()
        return self

    async def stop(self) -> None:
        """Harmless when it is not running."""
        await self.lab.kill()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def freeze(self) -> None:
        """From now on it answers to nothing at all, as a dead host would."""
        self.lab.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.lab.signal(signal.SIGCONT)

    # --- what came

    async def invites(self) -> list[Invite]:
        """All since the first start, in order."""
        await self._log_is_whole()
        return [
            Invite(
                found["number"],
                datetime.strptime(found["at"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC),
                found["caller"],
            )
            for found in self._lines("INVITE")
        ]

    async def invites_of(self, number: str) -> int:
        return [invite.number for invite in await self.invites()].count(number)

    async def answers_of(self, number: str) -> int:
        await self._log_is_whole()
        return sum(found["number"] == number for found in self._lines("ANSWER"))

    async def _log_is_whole(self) -> None:
        """Asterisk's log is written by a thread that comes after the call: what came before a mark is there
        when the mark is."""
        if self.lab.is_running:
            mark = next(self._marks)
            await self.lab.console(f"channel originate Local/{mark}@mark application NoOp")
            await self.lab.logged(f" MARK {mark}\n")

    async def rung(self, number: str, times: int = 1) -> None:
        """Waits until the number was called so often. Raises TimeoutError."""
        await self._until("INVITE", number, times)

    async def answered(self, number: str, times: int = 1) -> None:
        await self._until("ANSWER", number, times)

    async def gone(self, number: str, times: int = 1) -> None:
        """The subscriber is off the line again."""
        await self._until("GONE", number, times)

    async def _until(self, what: str, number: str, times: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(found["number"] == number for found in self._lines(what)) < times:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)

    def _lines(self, what: str) -> list[re.Match[str]]:
        text = self._earlier + self._log()
        return [found for found in _LINE.finditer(text) if found["what"] == what]

    def _log(self) -> str:
        return self.lab.log.read_text("utf-8", "replace") if self.lab.log.exists() else ""

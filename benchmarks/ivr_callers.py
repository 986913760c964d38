"""Who calls in the IVR benchmark: many out of one SIPp, who dial at a rate and let others press keys."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from callcore.testing.lab import program
from callcore.testing.lab.configuration import TRUNK_HEADER
from callcore.testing.lab.process import Child, free_port
from callcore.testing.lab.sip import VIDEO
from callcore.testing.lab.sound import KEY_TYPE

ANSWER_MS: Final = 1500
"""A call that is not answered within it has failed."""
SIPP: Final = ("-nostdin", "-skip_rlimit", "-trace_stat", "-fd", "1", "-i", "127.0.0.1", "-mi", "127.0.0.1")
_HEAD: Final = '<?xml version="1.0"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="crowd">\n'
_ANSWER: Final = """<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many calls were ``made``, and how many of them went as they should to their end."""

    made: int
    done: int


def _request(method: str, sequence: int, body: str = "") -> str:
    kind = "Content-Type: application/sdp\n" if body else ""
    retransmit = "" if method == "ACK" else ' retrans="500"'
    return f"""<send{retransmit}><![CDATA[
{method} sip:[cc_dialled]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:[field0]@127.0.0.1>;tag=[pid]C[call_number]
To: <sip:[cc_dialled]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {sequence} {method}
Contact: <sip:caller@[local_ip]:[local_port]>
{TRUNK_HEADER}
{kind}Content-Length: [len]

{body}
]]></send>
"""


_SDP: Final = f"""v=0
o=callcore 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [cc_ear] RTP/AVP 0 {KEY_TYPE}
a=rtpmap:0 PCMU/8000
a=rtpmap:{KEY_TYPE} telephone-event/8000
a=fmtp:{KEY_TYPE} 0-15
"""


def stays(least: float, most: float) -> str:
    """He hangs up so many seconds after the answer."""
    bounds = f'min="{round(least * 1000)}" max="{round(most * 1000)}"'
    return f'<pause distribution="uniform" {bounds}/>\n' + _request("BYE", 2) + '<recv response="200"/>\n'


def is_hung_up_on(within: float) -> str:
    """The other side hangs up within so many seconds after the answer, else the call has failed."""
    return f'<recv request="BYE" timeout="{round(within * 1000)}"/>\n{_ANSWER}'


def _scenario(then: str) -> str:
    early = "".join(f'<recv response="{code}" optional="true"/>\n' for code in (100, 180, 183))
    answered = f'<recv response="200" timeout="{ANSWER_MS}"/>\n'
    return f"{_HEAD}{_request('INVITE', 1, _SDP)}{early}{answered}{_request('ACK', 1)}{then}</scenario>\n"


class Crowd:
    """``async with Crowd(…)``: they call. Leaving it ends them, without a goodbye.

    dialled    by all of them
    then       what becomes of an answered call: ``stays``, ``is_hung_up_on``
    ear        port of whoever hears and presses for them
    rate       calls a second
    most       calls in all; None: without end
    at_once    calls at the same time; beyond them nobody dials
    """

    def __init__(
        self,
        sip_port: int,
        folder: Path,
        numbers: Path,
        dialled: str,
        then: str,
        ear: int,
        rate: float,
        most: int | None = None,
        at_once: int = 10_000,
    ) -> None:
        self._folder = folder
        keys = {"cc_dialled": dialled, "cc_ear": ear}
        self._arguments = [argument for key, value in keys.items() for argument in ("-key", key, str(value))]
        self._arguments += ["-inf", str(numbers), "-l", str(at_once)]
        self._arguments += ["-r", str(round(rate * 10)), "-rp", "10000"]
        self._arguments += [] if most is None else ["-m", str(most)]
        self._arguments.append(f"127.0.0.1:{sip_port}")
        self._then = then
        self._child: Child | None = None

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True)
        scenario = self._folder / "crowd.xml"
        scenario.write_text(_scenario(self._then), "utf-8")
        port = free_port()
        places = ["-p", str(port), "-mp", str(free_port(VIDEO)), "-stf", str(self._statistics)]
        command = [str(program("sipp")), "-sf", str(scenario), *SIPP, *places, *self._arguments]
        environment = {"PATH": "/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"}
        self._child = await Child.start(command, self._folder, self._folder / "sipp.out", environment)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._child is not None
        await self._child.kill()

    async def done(self) -> None:
        """Wait until all have called."""
        assert self._child is not None
        await self._child.wait()

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    @property
    def _statistics(self) -> Path:
        return self._folder / "crowd.csv"

    @property
    def tally(self) -> Tally:
        """As SIPp wrote it last: each second, and in the end."""
        if not self._statistics.exists():
            return Tally(0, 0)
        with self._statistics.open(encoding="utf-8") as rows:
            *_, last = [{}, *csv.DictReader(rows, delimiter=";")]
        made, done = (int(last.get(name) or 0) for name in ("TotalCallCreated", "SuccessfulCall(C)"))
        return Tally(made, done)

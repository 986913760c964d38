"""Real people on real SIP, each a SIPp process: callers who dial in, and operators' phones that ring."""

import asyncio
import itertools
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from callcore.testing.lab import scenarios
from callcore.testing.lab.bundles import program
from callcore.testing.lab.errors import StartFailed
from callcore.testing.lab.process import Child, free_port, has_udp_port
from callcore.testing.lab.scenarios import Answer, Behaviour, Step
from callcore.testing.patience import PATIENCE_SECONDS

_numbers = itertools.count(1)
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class CallResult:
    """What became of a call. `ended_by` is "caller", "pbx", or "" if it was refused or cut off.

    `refusal` is the SIP status that refused it (e.g. 404), or None.
    """

    exit_code: int
    seconds: float
    answered: bool
    ended_by: str
    refusal: int | None


VIDEO = 2
"""SIPp binds its media port and the next but one, and ends at once if that is taken."""


def display_name(name: str) -> str:
    """A SIP display name: quoted, with its quotes and backslashes escaped."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" ' if name else ""


def _refuse_controls(what: str, value: str) -> str:
    if re.search(r"[\x00\r\n]", value):
        raise ValueError(f"{what} may not contain line ends or NUL: {value!r}")
    return value


class _Sipp:
    """One SIPp process with its scenario and its log in a folder."""

    def __init__(self, folder: Path, kind: str, port: int | None) -> None:
        self._name = f"{kind}-{next(_numbers)}"
        self._folder = folder
        self._fixed_port = port
        self.port = port or 0
        self._child: Child | None = None

    @property
    def _log(self) -> Path:
        return self._folder / f"{self._name}.log"

    async def _launch(self, xml: str, arguments: Sequence[str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        scenario = self._folder / f"{self._name}.xml"
        scenario.write_text(xml, "utf-8")
        self._log.unlink(missing_ok=True)
        self.port = self._fixed_port or free_port()
        command = [str(program("sipp")), "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(self.port)]
        command += ["-mp", str(free_port(VIDEO)), "-mi", "127.0.0.1", "-ci", "127.0.0.1"]
        command += ["-nostdin", "-skip_rlimit", "-max_socket", "64"]
        command += ["-trace_logs", "-log_file", str(self._log), "-cid_str", f"{self._name}-%u-%p"]
        command += ["-trace_err", "-error_file", str(self._folder / f"{self._name}.err"), *arguments]
        output = self._folder / f"{self._name}.out"
        environment = {"PATH": "/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"}
        self._child = await Child.start(command, self._folder, output, environment)

    @property
    def pid(self) -> int:
        if self._child is None:
            raise StartFailed(f"{self._name} was not started.")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def log(self) -> list[str]:
        """What happened so far, a word or two a line."""
        return self._log.read_text("utf-8").split("\n")[:-1] if self._log.exists() else []

    async def happened(self, what: str, times: int = 1, limit_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until a line has come so often. Raises TimeoutError, also when the process has ended."""
        async with asyncio.timeout(limit_seconds):
            while self.log().count(what) < times:
                if not self.is_running and self.log().count(what) < times:
                    raise TimeoutError(
                        f"{self._name} ended, and this did not happen: {what}; but: {self.log()}"
                    )
                await asyncio.sleep(_POLL_SECONDS)

    def _steer(self, method: str, call: int = 1) -> None:
        call_id = f"{self._name}-{call}-{self.pid}"
        text = (
            f"{method} sip:lab@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{time.monotonic_ns()}\r\n"
            f"From: <sip:lab@127.0.0.1>\r\nTo: <sip:lab@127.0.0.1>\r\nCall-ID: {call_id}\r\n"
            f"CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(text.encode(), ("127.0.0.1", self.port))

    async def stop(self) -> None:
        """End the process at once, without a goodbye to the other side. Harmless when it has ended."""
        if self._child is not None:
            await self._child.kill()

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()


class Caller(_Sipp):
    """One call into the PBX.

    sip_port   of the laboratory's Asterisk
    folder     for scenario and logs
    number     the caller's number as the network sends it
    dialled    the number he dials
    name       display name: any text without line ends
    steps      what he does once answered; without a HangUp at the end he stays until the other side hangs up
    from_header  the whole From header instead of name and number
    headers    further SIP header lines, e.g. "Privacy: id"
    """

    def __init__(
        self,
        sip_port: int,
        folder: Path,
        *,
        number: str = "79160000001",
        dialled: str = "100",
        name: str = "",
        steps: Sequence[Step] = (),
        from_header: str = "",
        headers: Sequence[str] = (),
    ) -> None:
        super().__init__(folder, "caller", None)
        self._sip_port = sip_port
        self._from = _refuse_controls(
            "the caller", from_header or f"{display_name(name)}<sip:{number}@127.0.0.1>"
        )
        self._dialled = _refuse_controls("the dialled number", dialled)
        self._steps = tuple(steps)
        self._headers = tuple(_refuse_controls("a header", header) for header in headers)
        self._started = 0.0

    @classmethod
    def anonymous(
        cls, sip_port: int, folder: Path, *, dialled: str = "100", steps: Sequence[Step] = ()
    ) -> Self:
        """A caller who withholds his number (RFC 3323)."""
        hidden = '"Anonymous" <sip:anonymous@anonymous.invalid>'
        return cls(
            sip_port, folder, dialled=dialled, steps=steps, from_header=hidden, headers=("Privacy: id",)
        )

    async def start(self) -> Self:
        """Dial. Returns at once, before the call is answered."""
        xml = scenarios.caller(self._steps, self._headers)
        keys = ["-key", "cc_from", self._from, "-key", "cc_dialled", self._dialled]
        await self._launch(xml, [*keys, "-m", "1", f"127.0.0.1:{self._sip_port}"])
        self._started = time.monotonic()
        return self

    async def __aenter__(self) -> Self:
        return await self.start()

    async def answered(self, limit_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the PBX has answered. Raises TimeoutError."""
        await self.happened("answered", limit_seconds=limit_seconds)

    def proceed(self) -> None:
        """End the `Until` at which he waits."""
        self._steer("NOTIFY")

    async def hang_up(self) -> CallResult:
        """Put the receiver down now (he must be answered and waiting); what became of the call."""
        self._steer("MESSAGE")
        return await self.wait()

    async def wait(self, limit_seconds: float = PATIENCE_SECONDS) -> CallResult:
        """Wait for the end of the call. Raises TimeoutError after the limit."""
        if self._child is None:
            raise StartFailed(f"{self._name} was not started.")
        code = await asyncio.wait_for(self._child.wait(), limit_seconds)
        log = self.log()
        ended_by = next((line.removeprefix("ended by ") for line in log if line.startswith("ended by ")), "")
        errors = self._folder / f"{self._name}.err"
        refused = re.search(
            r"SIP/2\.0 ([3-6]\d\d)", errors.read_text("utf-8", "replace") if errors.exists() else ""
        )
        return CallResult(
            code,
            time.monotonic() - self._started,
            "answered" in log,
            ended_by,
            int(refused[1]) if refused and "answered" not in log else None,
        )


class Phone(_Sipp):
    """An operator's phone: takes calls on a port of 127.0.0.1, each by the same behaviour.

    Its log has "ringing", "answered", "ended by pbx", "ended by phone", "cancelled" or "rejected 486".
    """

    def __init__(self, port: int, folder: Path, behaviour: Behaviour | None = None) -> None:
        super().__init__(folder, "phone", port)
        self.behaviour = behaviour or Answer()

    async def start(self) -> Self:
        """Start, and wait until the port is open. Raises StartFailed."""
        await self._launch(scenarios.phone(self.behaviour), [])
        while not has_udp_port(self.pid, self.port):
            if not self.is_running:
                text = (self._folder / f"{self._name}.out").read_text("utf-8", "replace")
                raise StartFailed(f"the phone on port {self.port} ended at once.\n{text[-600:]}")
            await asyncio.sleep(_POLL_SECONDS)
        return self

    async def __aenter__(self) -> Self:
        return await self.start()

    async def become(self, behaviour: Behaviour) -> None:
        """Behave otherwise from now on; a call in progress is dropped."""
        await self.stop()
        self.behaviour = behaviour
        await self.start()

"""The place where a story is played: a private Asterisk, the people in it, and the recorder.

A story gets a ``Studio`` and says who does what. It waits for what Asterisk tells (``heard``), and for time
only where people take their time: ``talk``.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from callcore.testing.lab import (
    Answer,
    AsteriskLab,
    Behaviour,
    Caller,
    OutgoingTrunk,
    Phone,
    PhoneHabits,
    Queue,
    Softphone,
    Until,
)
from callcore.testing.lab.configuration import Account
from callcore.testing.lab.process import free_port
from callcore.testing.recording.capture import Event, Link, redacted

FEATURES = """[general]
featuredigittimeout = 5000
atxfernoanswertimeout = 10
atxferdropcall = yes
pickupexten = *8
[featuremap]
blindxfer = #1
atxfer = *2
"""
TALK_SECONDS = 0.4


@dataclass(frozen=True)
class Stage:
    """What a story needs to be built: the dialplan of incoming calls and of the office's phones."""

    dialplan: str = ""
    queues: tuple[Queue, ...] = ()
    phones: tuple[str, ...] = ("101", "102", "103")
    systemname: str = "pbx"


class Studio:
    """One story's people and devices. Whoever is brought in is sent home at the end."""

    def __init__(self, lab: AsteriskLab, folder: Path, carrier_port: int, stack: AsyncExitStack) -> None:
        self.lab = lab
        self.folder = folder
        self.carrier_port = carrier_port
        self._stack = stack
        self.recorder: Link
        self.hand: Link

    async def open(self) -> None:
        port, secret = self.lab.ami_port, self.lab.secret
        self.hand = await self._stack.enter_async_context(Link(port, "hand", secret))
        self.recorder = await self._stack.enter_async_context(Link(port, self.lab.username, secret))
        await self.heard("FullyBooted")

    async def phone(self, number: str, behaviour: Behaviour | None = None) -> Phone:
        """A phone of the office that takes its calls (at once, unless told otherwise)."""
        phone = Phone(self.lab.phone_port(number), self.folder / "sip", behaviour or Answer(0.1))
        return await self._stack.enter_async_context(phone)

    async def soft(self, number: str) -> Softphone:
        """A phone of the office whose owner does all that people do with phones."""
        phone = Softphone(number, self.lab.phone_port(number), self.lab.sip_port)
        return await self._stack.enter_async_context(phone)

    async def customer(self, behaviour: Behaviour | None = None) -> Phone:
        """Somebody whom the carrier reaches."""
        phone = Phone(self.carrier_port, self.folder / "sip", behaviour or Answer(0.2))
        return await self._stack.enter_async_context(phone)

    async def call(self, dialled: str, number: str = "79000000001") -> Caller:
        """Somebody outside dials the office, and stays until he hangs up or is hung up on."""
        return await self._stack.enter_async_context(self.caller(dialled, number))

    async def bring(self, *people: Caller) -> None:
        """Let these callers dial, as closely together as can be."""
        for one in people:
            await self._stack.enter_async_context(one)

    def answers(self, after: float = 0.2, talk: float | None = None) -> Answer:
        """Rings so long, answers, and hangs up after ``talk`` seconds, or never."""
        return Answer(after, talk)

    def caller(
        self,
        dialled: str,
        number: str = "79000000001",
        name: str = "",
        from_header: str = "",
    ) -> Caller:
        return Caller(
            self.lab.sip_port,
            self.folder / "sip",
            number=number,
            dialled=dialled,
            name=name,
            from_header=from_header,
            steps=[Until()],
        )

    def stranger(self, dialled: str) -> Caller:
        """A caller who withholds his number."""
        return Caller.anonymous(self.lab.sip_port, self.folder / "sip", dialled=dialled, steps=[Until()])

    # --- what Asterisk tells

    def mark(self) -> int:
        return self.recorder.mark()

    async def heard(self, event: str, times: int = 1, since: int = 0, **wanted: str) -> Event:
        return await self.recorder.heard(event, times, since, **wanted)

    async def channel(self, beginning: str, times: int = 1) -> str:
        """Name of the ``times``-th channel whose name begins so, once there is one."""
        row = await self.heard("Newchannel", times, Channel=f"{beginning}*")
        return str(row["channel"])

    async def together(self, *beginnings: str, since: int = 0) -> None:
        """Wait until each of these channels has entered a bridge since ``since``."""
        for beginning in beginnings:
            await self.heard("BridgeEnter", since=since, Channel=f"{beginning}*")

    async def ringing(self, beginning: str, times: int = 1) -> str:
        row = await self.heard("Newstate", times, Channel=f"{beginning}*", ChannelStateDesc="Ringing")
        return str(row["channel"])

    async def act(self, name: str, /, **headers: str | tuple[str, ...]) -> Event:
        """An action over AMI, by somebody else than the one who is recorded."""
        return await self.hand.act(name, **headers)

    async def speak(self, channel: str) -> None:
        """Half a second of sound from the phone behind ``channel`` (otherwise there is none on any line)."""
        answer = await self.act("Getvar", Channel=channel, Variable="CHANNEL(rtp,src)")
        host, _, port = str(answer["value"]).rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(25):
                header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 1)
                sender.sendto(header + b"\xff" * 160, (host, int(port)))
                await asyncio.sleep(0.02)

    async def talk(self, seconds: float = TALK_SECONDS) -> None:
        """Time passes."""
        await asyncio.sleep(seconds)

    async def quiet(self) -> None:
        """Wait until every channel that was made is hung up, and its last events have come."""
        await self.recorder.until(
            lambda: self._ids("Newchannel") <= self._ids("Hangup"), "every channel is hung up"
        )
        await asyncio.sleep(0.2)  # the CDR comes last

    def _ids(self, event: str) -> set[str]:
        return {str(row["uniqueid"]) for row in self.recorder.find(event, 0, {})}


Play = Callable[[Studio], Awaitable[None]]


@contextlib.asynccontextmanager
async def studio(stage: Stage, version: int) -> AsyncIterator[Studio]:
    with tempfile.TemporaryDirectory(prefix="callcore-story-") as place:
        folder = Path(place)
        carrier = free_port()
        secret = secrets.token_hex(12)
        lab = AsteriskLab(
            folder / "pbx",
            phones=stage.phones,
            queues=stage.queues,
            dialplan=stage.dialplan,
            secret=secret,
            accounts=(Account("hand", secret, "system", "all"),),
            phone_context="office",
            carrier=OutgoingTrunk("127.0.0.1", carrier),
            systemname=stage.systemname,
            version=version,
            habits=PhoneHabits(parking_seconds=6),
            extra_files={"features.conf": FEATURES},
        )
        async with lab, AsyncExitStack() as stack:
            one = Studio(lab, folder, carrier, stack)
            await one.open()
            yield one


def cleaned(one: Studio) -> bytes:
    """The recording, without the names of this machine: its host and the story's folder."""
    names = {str(one.folder): "/pbx", socket.gethostname(): "pbx.example"}
    return redacted(bytes(one.recorder.raw), one.lab.secret, names)


async def record(stage: Stage, play: Play, version: int) -> bytes:
    """Play one story; what the product's account read meanwhile."""
    async with studio(stage, version) as one:
        await play(one)
        await one.quiet()
        return cleaned(one)

"""A softphone in this process: it does with a call what people do with one.

It speaks SIP over UDP on 127.0.0.1, registers nowhere (the laboratory's Asterisk calls each phone at its
fixed port and knows it by its number; one of any other number calls from the trunk) and offers one codec. It
hears nothing; `call.speak` sends a tone or quiet. Keys go as INFO, or within the sound (`has_key_events`).

    async with Softphone("101", lab.phone_port("101"), lab.sip_port) as phone:
        call = await phone.incoming()          # rings (180) by itself
        await call.answer()
        await call.hold()
        consultation = await phone.dial("102")
        await consultation.ringing()           # or answered()
        await call.refer_attended(consultation)
        await call.ended()

A phone may have any number of calls at once. Waiting raises TimeoutError after `limit_seconds`, with what was
sent and received. A call that is refused, or ended while something was awaited, raises `CallRefused` or
`CallEnded`. A carrier is a softphone too: `Softphone("carrier", port, lab.sip_port)` with `OutgoingTrunk`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from callcore.testing.lab.sipmessage import Message, parse, render
from callcore.testing.lab.softcall import SoftCall
from callcore.testing.patience import PATIENCE_SECONDS

_RESEND_SECONDS = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0)
_GOODBYE_SECONDS = 2.0


@dataclass(slots=True)
class _Exchange:
    """A request of ours that is not answered finally."""

    final: asyncio.Future[Message]
    provisional: Callable[[Message], None] | None
    is_tried: bool = False


class Softphone:
    """A phone of number `number` that listens on `port` and calls the PBX at `sip_port`, all of 127.0.0.1.

    Each incoming call rings at once, unless `forward_to` or `refuse` say otherwise.
    """

    def __init__(self, number: str, port: int, sip_port: int, *, has_key_events: bool = False) -> None:
        self.number = number
        self.port = port
        self.sip_port = sip_port
        self.media_port = 0
        self.has_key_events = has_key_events
        self._forwarded_to = ""
        self._refused_with = 0
        self._calls: dict[str, SoftCall] = {}
        self._new: asyncio.Queue[SoftCall] = asyncio.Queue()
        self._exchanges: dict[str, _Exchange] = {}
        self._answers: dict[tuple[str, str], bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._media: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None

    # --- life

    async def start(self) -> Self:
        """Open the port. Raises OSError if it is taken."""
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Receiver(self._received), ("127.0.0.1", self.port)
        )
        # Nobody listens, but the port must be ours: what is sent here is dropped when the buffer is full.
        self._media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._media.bind(("127.0.0.1", 0))
        self.media_port = self._media.getsockname()[1]
        return self

    async def stop(self) -> None:
        """Hang up everything and close the port."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await asyncio.gather(*(call.hang_up() for call in self.calls), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()
        if self._media is not None:
            self._media.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    # --- what its owner does

    @property
    def calls(self) -> tuple[SoftCall, ...]:
        """Its calls that are not over, oldest first."""
        return tuple(call for call in self._calls.values() if call.state != "ended")

    async def dial(self, number: str) -> SoftCall:
        """Dial a number, a feature code (`*8`) or a parking slot; returns as soon as the PBX tries."""
        call = SoftCall(self, number=number)
        self._calls[call.call_id] = call
        task = asyncio.create_task(call.place())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await call.tried()
        return call

    async def incoming(self, limit_seconds: float = PATIENCE_SECONDS) -> SoftCall:
        """The next call that rings here and was not handed out yet."""
        try:
            return await asyncio.wait_for(self._new.get(), limit_seconds)
        except TimeoutError:
            raise TimeoutError(f"nobody called {self.number}; its calls: {[*self._calls.values()]}") from None

    def forward_to(self, number: str) -> None:
        """Send calls that come from now on elsewhere, by 302; "" ends that."""
        self._forwarded_to = number

    def refuse(self, status: int) -> None:
        """Refuse calls that come from now on with this status; 0 ends that."""
        self._refused_with = status

    # --- the wire

    def send(self, data: bytes) -> None:
        assert self._transport is not None, "the phone was not started"
        self._transport.sendto(data, ("127.0.0.1", self.sip_port))

    def send_media(self, data: bytes, port: int) -> None:
        assert self._media is not None, "the phone was not started"
        self._media.sendto(data, ("127.0.0.1", port))

    async def exchange(
        self, request: bytes, branch: str, provisional: Callable[[Message], None] | None = None
    ) -> Message:
        """Send a request until it is answered; the final response. A silent PBX is TimeoutError."""
        exchange = _Exchange(asyncio.get_running_loop().create_future(), provisional)
        self._exchanges[branch] = exchange
        try:
            for pause in _RESEND_SECONDS:
                self.send(request)
                await asyncio.wait({exchange.final}, timeout=pause)
                if exchange.final.done() or exchange.is_tried:
                    return await exchange.final
            raise TimeoutError(f"the PBX does not answer: {request[:40]!r}")
        finally:
            del self._exchanges[branch]

    def respond(self, request: Message, data: bytes) -> None:
        self._answers[request.branch, request.method] = data
        self.send(data)

    def _received(self, data: bytes) -> None:
        if not data.strip():
            return
        message = parse(data)
        if message.status:
            self._take_response(message)
        elif (message.branch, message.method) in self._answers:
            self.send(self._answers[message.branch, message.method])
        elif (call := self._calls.get(message.call_id)) is not None:
            call.receive(message)
        elif message.method == "INVITE":
            self._ring(message)
        elif message.method != "ACK":
            self.respond(message, _stateless(message))

    def _take_response(self, response: Message) -> None:
        method = response.cseq[1]
        exchange = self._exchanges.get(response.branch + ("-CANCEL" if method == "CANCEL" else ""))
        if exchange is None or exchange.final.done():
            if method == "INVITE" and response.status >= 200 and response.call_id in self._calls:
                self._calls[response.call_id].acknowledge_again()
        elif response.status >= 200:
            exchange.final.set_result(response)
        else:
            exchange.is_tried = True
            if exchange.provisional is not None:
                exchange.provisional(response)

    def _ring(self, invite: Message) -> None:
        call = SoftCall(self, invite)
        self._calls[call.call_id] = call
        if self._forwarded_to:
            call.redirect(self._forwarded_to)
        elif self._refused_with:
            call.refuse(f"{self._refused_with} Refused")
        else:
            call.ring()
            self._new.put_nowait(call)


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._received(data)


def _stateless(request: Message) -> bytes:
    """The answer to a request outside of any call: we are here (OPTIONS), or it belongs to none."""
    status = "200 OK" if request.method == "OPTIONS" else "481 Call/Transaction Does Not Exist"
    names = ("via", "from", "to", "call-id", "cseq")
    fields = [(name.title(), value) for name in names for value in request.all(name)]
    return render(f"SIP/2.0 {status}", fields)

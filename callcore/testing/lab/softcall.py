"""One call of a softphone: what its holder does with it, and what the PBX says about it."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Literal

from callcore.testing.lab.sipdialog import Dialog, Line
from callcore.testing.lab.sipmessage import Direction, Message, address, answering, session
from callcore.testing.lab.sound import Stream, media_port
from callcore.testing.patience import PATIENCE_SECONDS

KEY_MILLISECONDS = 100
_CONFIRM_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
_GLARE_SECONDS = 0.3
_GLARE_TRIES = 10

State = Literal["calling", "ringing", "talking", "held", "ended"]


class CallEnded(Exception):
    """The call is over, so this cannot be done with it any more."""


class CallRefused(CallEnded):
    """The other side refused; `status` is the SIP status, e.g. 486."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class SoftCall:
    """One call of a phone; made by `Softphone.dial` and `Softphone.incoming` only.

    number    the other side's number, as the PBX shows it (incoming) or as it was dialled
    name      the other side's display name, "" if none or outgoing
    dialled   the number that was dialled to reach whoever this is
    call_id   SIP's Call-ID
    state     "calling", "ringing", "talking", "held", "ended"
    status    the SIP status that refused it, or 0
    """

    def __init__(self, line: Line, invite: Message | None = None, number: str = "") -> None:
        self._line = line
        self._invite = invite
        self._dialog = Dialog(line, invite, number)
        self.call_id = self._dialog.call_id
        self.name, self.number, self.dialled = "", number, number
        if invite is not None:
            self.name, self.number, _ = address(invite.one("from"))
            self.dialled = address(invite.uri)[1]
        self.is_incoming = invite is not None
        self.state: State = "ringing" if self.is_incoming else "calling"
        self.status = 0
        self._direction: Direction = "sendrecv"
        self._versions = itertools.count(1)
        self._changed = asyncio.Event()
        self._is_answered = False
        self._is_confirmed = False
        self._is_tried = False
        self._transfer = 0
        self._stream = Stream(line.send_media)
        self._stream.port = media_port(invite.body) if invite is not None else 0

    def __repr__(self) -> str:
        way = "from" if self.is_incoming else "to"
        return f"<call of {self._line.number} {way} {self.number}: {self.state}, {', '.join(self.log)}>"

    @property
    def is_over(self) -> bool:
        return self.state == "ended"

    def headers(self, name: str) -> list[str]:
        """Of the INVITE that has the phone ring."""
        return self._invite.all(name) if self._invite is not None else []

    @property
    def log(self) -> list[str]:
        """The messages so far, e.g. "> INVITE", "< 180 INVITE"."""
        return self._dialog.log

    # --- waiting

    async def ringing(self, limit_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the dialled side rings (or has answered). Raises CallRefused, CallEnded."""
        await self._until("ringing", lambda: self.state != "calling", limit_seconds)
        self._require_alive()

    async def answered(self, limit_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the call is answered. Raises CallRefused, CallEnded."""
        await self._until("answered", lambda: self.state not in ("calling", "ringing"), limit_seconds)
        self._require_alive()

    async def ended(self, limit_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the call is over, whoever ended it. Harmless when it is."""
        await self._until("ended", lambda: self.is_over, limit_seconds)

    async def tried(self) -> None:
        """Wait until the PBX has taken note of what was dialled."""
        await self._until("tried", lambda: self._is_tried or self.state != "calling", PATIENCE_SECONDS)

    async def _until(self, what: str, holds: Callable[[], bool], limit_seconds: float) -> None:
        try:
            async with asyncio.timeout(limit_seconds):
                while not holds():
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"not {what}: {self!r}") from None

    def _notice(self, state: State | None = None) -> None:
        if state is not None and not self.is_over:
            self.state = state
        self._changed.set()
        self._changed = asyncio.Event()

    def _require_alive(self) -> None:
        if self.is_over:
            raise CallRefused(self.status) if self.status else CallEnded(repr(self))

    # --- what one does with a call

    async def answer(self) -> None:
        """Lift the receiver of an incoming call; returns when the PBX has confirmed it."""
        self._require_alive()
        assert self._invite is not None, "only an incoming call can be answered"
        self._is_answered = True
        description = self._description(self._invite.body)
        for pause in _CONFIRM_SECONDS:
            self._dialog.respond(self._invite, "200 OK", description=description)
            try:
                await self._until("confirmed", lambda: self._is_confirmed or self.is_over, pause)
            except TimeoutError:
                continue
            break
        self._require_alive()
        if not self._is_confirmed:
            raise TimeoutError(f"the answer was not confirmed: {self!r}")

    async def reject(self, status: int = 486) -> None:
        """Refuse an incoming call: 486 busy, 603 declined, 480 not there."""
        self._require_alive()
        self.refuse(f"{status} Refused")

    async def hold(self, *, is_inactive: bool = False) -> None:
        """Put the other side on hold (sendonly, or inactive)."""
        await self._offer("inactive" if is_inactive else "sendonly")
        self._notice("held")

    async def resume(self) -> None:
        """Take the other side back from hold (sendrecv)."""
        await self._offer("sendrecv")
        self._notice("talking")

    async def _offer(self, direction: Direction) -> None:
        """A re-INVITE; asked again if the PBX was about to send one itself (491)."""
        self._require_alive()
        self._direction = direction
        response = await self._dialog.invite(self._description())
        for _ in range(_GLARE_TRIES):
            if response.status != 491:
                break
            await asyncio.sleep(_GLARE_SECONDS)
            response = await self._dialog.invite(self._description())
        if response.status >= 300:
            raise CallRefused(response.status)

    async def key(self, keys: str) -> None:
        """Press keys, one after the other, as fast as a finger: digits, or a feature code such as `*2`."""
        for key in keys:
            self._require_alive()
            if self._line.has_key_events:
                await self._stream.key(key)
                await self.speak(0.1, is_loud=False)
                continue
            await self._tell(key)
            await asyncio.sleep(2 * KEY_MILLISECONDS / 1000)

    async def hammer(self, keys: str) -> None:
        """Press keys without a pause, as no finger can; ends when the call does."""
        for key in keys:
            if self.is_over:
                return
            if self._line.has_key_events:
                await self._stream.key(key, 0)
            else:
                await self._tell(key)

    async def _tell(self, key: str) -> None:
        body = f"Signal={key}\r\nDuration={KEY_MILLISECONDS}\r\n"
        await self._ask("INFO", body=body, kind="application/dtmf-relay")

    async def speak(self, seconds: float, *, is_loud: bool = True) -> None:
        """Send a tone, or quiet, for so long, in real time; ends when the call does."""
        self._require_alive()
        await self._stream.tone(seconds, lambda: self.is_over, is_loud=is_loud)

    async def refer(self, number: str) -> int:
        """Transfer the other side to `number`, blind. The transfer's SIP status (2xx: it went through).

        To the parking lot it takes some seconds: the PBX first says the slot's number.
        """
        return await self._refer(f"<sip:{number}@127.0.0.1:{self._line.sip_port}>")

    async def refer_attended(self, consultation: SoftCall) -> int:
        """Connect the other side with that of `consultation`, which may still ring. As `refer`."""
        status = await self._refer(consultation._dialog.referred)
        if status < 300:
            await consultation.hang_up()
        return status

    async def _refer(self, target: str) -> int:
        """As phones do, hang up when told that the transfer went through."""
        self._require_alive()
        self._transfer = 0
        headers = [("Refer-To", target), ("Referred-By", f"<sip:{self._line.number}@127.0.0.1>")]
        response = await self._ask("REFER", headers=headers)
        if response.status >= 300:
            return response.status
        await self._until("transferred", lambda: self._transfer >= 200 or self.is_over, PATIENCE_SECONDS)
        if self._transfer < 300:
            await self.hang_up()
        return self._transfer or response.status

    async def hang_up(self) -> None:
        """End it in whatever state it is; returns when it is over. Harmless when it is."""
        if self.is_over:
            return
        if self.is_incoming and self.state == "ringing":
            self.refuse("603 Decline")
            return
        if self.state in ("calling", "ringing"):
            await self.tried()
            await self._cancel()
        if not self.is_over:
            await self._ask("BYE")
            self._notice("ended")

    async def _cancel(self) -> None:
        """Give up a call that was not answered; if it is answered in the same moment, it talks after all."""
        await self._dialog.cancel()
        await self._until("cancelled", lambda: self.state in ("talking", "ended"), PATIENCE_SECONDS)

    async def _ask(
        self, method: str, *, headers: Sequence[tuple[str, str]] = (), body: str = "", kind: str = ""
    ) -> Message:
        response = await self._dialog.ask(method, headers=headers, body=body, kind=kind)
        if response.status in (408, 481):  # the PBX knows no such call any more
            self._notice("ended")
        return response

    def _description(self, offer: str = "") -> str:
        direction = answering(offer, self._direction)
        line = self._line
        return session(line.media_port, next(self._versions), direction, has_keys=line.has_key_events)

    # --- what its phone does

    async def place(self) -> None:
        """Dial, and see it through to the answer or the refusal (408: the PBX is dead)."""
        try:
            response = await self._dialog.invite(self._description(), self._progressed)
            status, self._stream.port = response.status, media_port(response.body)
        except TimeoutError:
            status = 408
        if status >= 300:
            self.status = status
        self._notice("talking" if status < 300 else "ended")

    def _progressed(self, response: Message) -> None:
        self._dialog.progressed(response)
        self._is_tried = True
        self._notice("ringing" if response.status in (180, 183) else None)

    def ring(self) -> None:
        """Say that it rings here."""
        assert self._invite is not None
        self._dialog.respond(self._invite, "180 Ringing")

    def redirect(self, number: str) -> None:
        """Send an incoming call elsewhere (302)."""
        contact = f"<sip:{number}@127.0.0.1:{self._line.sip_port}>"
        self.refuse("302 Moved Temporarily", [("Contact", contact)])

    def refuse(self, status: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Answer an incoming call with a final refusal, e.g. `486 Busy Here`."""
        assert self._invite is not None, "only an incoming call can be refused"
        self._dialog.respond(self._invite, status, headers=headers)
        self._notice("ended")

    def acknowledge_again(self) -> None:
        """The PBX repeats its answer: our ACK was lost."""
        self._dialog.acknowledge()

    def receive(self, request: Message) -> None:
        """A request of the PBX within this call."""
        self.log.append(f"< {request.method}")
        if request.method == "ACK":
            if self.is_incoming and self.state == "ringing":
                self._is_confirmed = True
                self._notice("talking")
            return
        needs_session = request.method == "INVITE" or (request.method == "UPDATE" and request.body)
        description = self._description(request.body) if needs_session else ""
        self._dialog.respond(request, "200 OK", description=description)
        if request.method == "BYE":
            self._notice("ended")
        elif request.method == "CANCEL" and self.state == "ringing" and not self._is_answered:
            self.refuse("487 Request Terminated")
        elif request.method == "NOTIFY" and (found := re.match(r"SIP/2\.0 (\d{3})", request.body)):
            self._transfer = int(found[1])
            self._notice()

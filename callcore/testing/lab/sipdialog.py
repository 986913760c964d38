"""One SIP dialog of a softphone: who is who, what is sent, and the record of it."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import quote

from callcore.testing.lab.sipmessage import Message, address, parameter, render

_ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, UPDATE")


class Line(Protocol):
    """What a dialog needs of its phone."""

    number: str
    port: int
    sip_port: int
    media_port: int
    has_key_events: bool
    """Keys go within the sound (RFC 4733), not as INFO."""

    def send(self, data: bytes) -> None: ...

    def send_media(self, data: bytes, port: int) -> None: ...

    async def exchange(
        self, request: bytes, branch: str, provisional: Callable[[Message], None] | None = None
    ) -> Message:
        """Send a request until it is answered; the final response. A silent PBX is TimeoutError."""

    def respond(self, request: Message, data: bytes) -> None:
        """Send a response, and again whenever the request comes again."""


class Dialog:
    """Begun by the PBX's ``invite``, or by ours to ``number``.

    log    the messages so far, e.g. "> INVITE", "< 180 INVITE"
    """

    def __init__(self, line: Line, invite: Message | None, number: str) -> None:
        self._line = line
        self._tag = secrets.token_hex(6)
        self._other_tag = ""
        if invite is None:
            self.call_id = f"{secrets.token_hex(8)}@softphone"
            self._target = f"sip:{number}@127.0.0.1:{line.sip_port}"
            self._own, self._other = f"<sip:{line.number}@127.0.0.1:{line.port}>", f"<{self._target}>"
        else:
            self.call_id = invite.call_id
            self._target = address(invite.one("contact"))[2]
            self._own, self._other = invite.one("to"), invite.one("from")
            self._other_tag = parameter(self._other, "tag")
        self.log: list[str] = []
        self._sequence = itertools.count(1)
        self._invite = (0, "")
        self._ack = b""

    @property
    def referred(self) -> str:
        """What to refer somebody to who shall take this dialog's place (RFC 3891)."""
        replaces = f"{self.call_id};to-tag={self._other_tag};from-tag={self._tag}"
        return f"<{address(self._other)[2]}?Replaces={quote(replaces, safe='')}>"

    def progressed(self, response: Message) -> None:
        """Take note of a provisional answer to our INVITE."""
        self.log.append(f"< {response.status} INVITE")
        self._other_tag = parameter(response.one("to"), "tag") or self._other_tag

    async def invite(self, description: str, provisional: Callable[[Message], None] | None = None) -> Message:
        """INVITE or re-INVITE, and its ACK; the final response."""
        branch, sequence = _new_branch(), next(self._sequence)
        self._invite = (sequence, branch)
        request = self._request("INVITE", sequence, branch, body=description, kind="application/sdp")
        response = await self._line.exchange(request, branch, provisional)
        self.log.append(f"< {response.status} INVITE")
        self._other_tag = parameter(response.one("to"), "tag") or self._other_tag
        if response.status < 300:
            self._target = address(response.one("contact"))[2] or self._target
            branch = _new_branch()
        self._ack = self._request("ACK", sequence, branch)
        self.acknowledge()
        return response

    def acknowledge(self) -> None:
        """ACK the last final answer to an INVITE, which may have come again."""
        self._line.send(self._ack)

    async def cancel(self) -> None:
        """Take back our INVITE; that one is answered for itself."""
        sequence, branch = self._invite
        await self._line.exchange(self._request("CANCEL", sequence, branch), f"{branch}-CANCEL")

    async def ask(
        self, method: str, *, headers: Sequence[tuple[str, str]] = (), body: str = "", kind: str = ""
    ) -> Message:
        """Any other request; its final response."""
        branch = _new_branch()
        request = self._request(method, next(self._sequence), branch, headers=headers, body=body, kind=kind)
        response = await self._line.exchange(request, branch)
        self.log.append(f"< {response.status} {method}")
        return response

    def _request(
        self,
        method: str,
        sequence: int,
        branch: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: str = "",
        kind: str = "",
    ) -> bytes:
        self.log.append(f"> {method}")
        # a CANCEL looks like its INVITE, which had no tag to answer to
        is_tagged = self._other_tag and method != "CANCEL" and not parameter(self._other, "tag")
        fields = [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{self._line.port};rport;branch={branch}"),
            ("Max-Forwards", "70"),
            ("From", f"{self._own};tag={self._tag}"),
            ("To", f"{self._other};tag={self._other_tag}" if is_tagged else self._other),
            ("Call-ID", self.call_id),
            ("CSeq", f"{sequence} {method}"),
            self._contact,
            _ALLOW,
            *headers,
        ]
        return render(f"{method} {self._target} SIP/2.0", fields, body, kind)

    def respond(
        self, request: Message, status: str, *, description: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Answer a request of the PBX. ``headers`` stand in place of our Contact."""
        self.log.append(f"> {status.split()[0]} {request.method}")
        to = request.one("to")
        fields = [
            *(("Via", via) for via in request.all("via")),
            ("From", request.one("from")),
            ("To", to if parameter(to, "tag") else f"{to};tag={self._tag}"),
            ("Call-ID", request.call_id),
            ("CSeq", request.one("cseq")),
            *(headers or [self._contact]),
            _ALLOW,
        ]
        self._line.respond(request, render(f"SIP/2.0 {status}", fields, description, "application/sdp"))

    @property
    def _contact(self) -> tuple[str, str]:
        return "Contact", f"<sip:{self._line.number}@127.0.0.1:{self._line.port}>"


def _new_branch() -> str:
    return f"z9hG4bK{secrets.token_hex(8)}"

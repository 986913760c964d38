"""SIP messages and session descriptions as the softphone needs them. Pure: text in, values out, and back."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

_ADDRESS = re.compile(r'^\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<"]*?))\s*<(?P<uri>[^>]*)>')
_ANSWER_TO: dict[Direction, Direction] = {
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`method` is set) or a response (`status` is set). Header names are in lower case."""

    method: str
    uri: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        """The first header of this name, or ""."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        return self.one("call-id")

    @property
    def branch(self) -> str:
        """What a transaction is known by."""
        return parameter(self.one("via"), "branch")

    @property
    def cseq(self) -> tuple[int, str]:
        number, _, method = self.one("cseq").partition(" ")
        return int(number), method.strip()


def parse(data: bytes) -> Message:
    """A datagram as a message. Raises ValueError if it is none."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers = tuple(
        (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    first, second, *_ = (*start.split(" ", 2), "", "")
    if first == "SIP/2.0":
        return Message("", "", int(second), headers, body)
    if not start.endswith(" SIP/2.0"):
        raise ValueError(f"not SIP: {start[:80]!r}")
    return Message(first, second, 0, headers, body)


def render(start: str, headers: Iterable[tuple[str, str]], body: str = "", kind: str = "") -> bytes:
    """A message to send; the body's type and length are added."""
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append(f"Content-Type: {kind}")
    lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def parameter(header: str, name: str) -> str:
    """A header's parameter, e.g. tag or branch, or ""."""
    found = re.search(rf";\s*{name}=([^;,\s]+)", header, re.IGNORECASE)
    return found[1] if found else ""


def address(header: str) -> tuple[str, str, str]:
    """(display name, user, URI) of a From, To or Contact header."""
    found = _ADDRESS.match(header)
    if found:
        name = re.sub(r"\\(.)", r"\1", found["quoted"]) if found["quoted"] is not None else found["plain"]
        uri = found["uri"]
    else:
        name, uri = "", header.split(";")[0].strip()
    user = re.match(r"sips?:([^@;]*)@", uri)
    return name.strip(), user[1] if user else "", uri


def session(port: int, version: int, direction: Direction, *, has_keys: bool = False) -> str:
    """A description of one voice stream, PCMU only; ``has_keys``: with keys in it (RFC 4733)."""
    keys = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n" if has_keys else ""
    return (
        f"v=0\r\no=- {port} {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0{' 101' if has_keys else ''}\r\na=rtpmap:0 PCMU/8000\r\n"
        f"{keys}a=ptime:20\r\na={direction}\r\n"
    )


def answering(offer: str, own: Direction) -> Direction:
    """The direction to answer an offer with, when we ourselves want `own`."""
    for line in offer.splitlines():
        for direction, answer in _ANSWER_TO.items():
            if line.strip() == f"a={direction}":
                return answer
    return own

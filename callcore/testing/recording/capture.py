"""A listener on the manager interface that keeps every byte, and a second hand that acts.

What is recorded is what the product would have read: same account, same rights. Nobody acts on the recorded
link, so that a recording holds the answer to the login and then events only.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from callcore.ami.protocol import AmiAction, Frames, encode, parse
from callcore.testing.patience import PATIENCE_SECONDS

Event = Mapping[str, str | list[str]]


_TELLING = frozenset(
    "Newchannel Newstate DialBegin DialEnd BridgeEnter BridgeLeave HangupRequest SoftHangupRequest Hangup"
    " BlindTransfer AttendedTransfer QueueCallerJoin QueueCallerLeave AgentCalled AgentConnect".split()
)
_MOST_TOLD = 4000
"""Characters."""


class NeverCame(Exception):
    """An event that a story waits for did not come in time."""


class Refused(Exception):
    """Asterisk answered an action with an error."""


class Link:
    """One connection to the manager interface. ``raw`` is all that came, ``events`` the same, read."""

    def __init__(self, port: int, username: str, secret: str) -> None:
        self._port = port
        self._username = username
        self._secret = secret
        self._frames = Frames()
        self._news = asyncio.Condition()
        self._next_id = 0
        self.raw = bytearray()
        self.events: list[Event] = []

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._task = asyncio.create_task(self._listen())
        try:
            await self.act("Login", Username=self._username, Secret=self._secret)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _listen(self) -> None:
        while chunk := await self._reader.read(65536):
            self.raw += chunk
            self.events += [parse(frame) for frame in self._frames.feed(chunk)]
            async with self._news:
                self._news.notify_all()

    async def act(self, name: str, /, **headers: str | tuple[str, ...]) -> Event:
        """Send an action and wait for its answer. Raises Refused, NeverCame."""
        self._next_id += 1
        action_id = f"act-{self._next_id}"
        pairs = [
            (key, value)
            for key, values in headers.items()
            for value in ((values,) if isinstance(values, str) else values)
        ]
        self._writer.write(encode(AmiAction(name, tuple(pairs)), action_id))
        await self._writer.drain()
        answer = await self.heard("", since=0, ActionID=action_id)
        if answer.get("response") == "Error":
            raise Refused(f"{name}: {answer.get('message')}")
        return answer

    def mark(self) -> int:
        """Here and now, for ``heard(since=…)``."""
        return len(self.events)

    def find(self, event: str, since: int, wanted: Mapping[str, str]) -> list[Event]:
        return [
            row
            for row in self.events[since:]
            if (not event or row.get("event") == event)
            and all(_matches(row.get(key.lower()), value) for key, value in wanted.items())
        ]

    async def heard(self, event: str, times: int = 1, since: int = 0, **wanted: str) -> Event:
        """Wait until such an event has come ``times`` times; the last of them.

        ``wanted``: values of headers; one that ends in ``*`` says how the value begins. Raises NeverCame.
        """
        await self.until(
            lambda: len(self.find(event, since, wanted)) >= times, f"{event} {wanted}, {times} times"
        )
        return self.find(event, since, wanted)[times - 1]

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until what has come makes it so. Raises NeverCame, which names ``what``, and what came."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._news:
                await self._news.wait_for(true)
        except TimeoutError:
            came = "\n".join(_brief(event) for event in self.events if event.get("event") in _TELLING)
            text = f"in {PATIENCE_SECONDS:.0f} s it did not come to this: {what}; what came last:\n"
            raise NeverCame(text + came[-_MOST_TOLD:]) from None


def _brief(event: Event) -> str:
    keys = (
        "timestamp",
        "event",
        "channel",
        "destchannel",
        "exten",
        "channelstatedesc",
        "dialstatus",
        "cause",
    )
    return " ".join(str(event[key]) for key in keys if event.get(key))


def _matches(value: str | list[str] | None, wanted: str) -> bool:
    text = value if isinstance(value, str) else ""
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def redacted(raw: bytes, secret: str, replaced: Mapping[str, str]) -> bytes:
    """``raw`` without what belongs to the machine on which it was recorded.

    ``replaced`` maps the machine's own names (host, folders) to harmless ones. Everything else stays as it
    came: addresses are all 127.0.0.1, numbers are nobody's. Raises ValueError if the secret is in it.
    """
    if secret.encode() in raw:
        raise ValueError("the account's secret came back over the manager interface: not recorded")
    for ours, harmless in replaced.items():
        whole = rb"(?<![A-Za-z0-9])" + re.escape(ours.encode()) + rb"(?![A-Za-z0-9])"
        raw = re.sub(whole, harmless.encode(), raw)
    return raw

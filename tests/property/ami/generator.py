"""Frames of calls that go well, calls that go wrong, and bytes that no Asterisk would send, from one seed.

``Traffic`` tells many calls at once, each its own story, in an order of chance; between their events, and in
them, it does what a hostile or broken peer may do. ``everybody_hangs_up`` ends all that it ever began.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

Header = tuple[str, str]
END = b"\r\n\r\n"
PHONES = ("PJSIP/101", "PJSIP/102", "SIP/103", "Local/104@agents/n")
QUEUES = ("finance", "expert")
NUMBERS = ("79000000001", "+7 900 000-00-02", "8900000003", "anonymous", "<unknown>", "", "²", "9" * 300)
NAMES = ("Иван Петров", "<unknown>", r"\"A\"\nB\\", "\u202eнавИ", "N" * 3000, "", "a: b, c=d")
CALLS_AT_ONCE = 12


def frame(name: str, *headers: Header) -> bytes:
    lines = [f"Event: {name}", "Privilege: call,all", *(f"{key}: {value}" for key, value in headers)]
    return "\r\n".join(lines).encode() + END


class Traffic:
    """``frames(count)`` gives that many frames, going on where it stopped."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._born = 0
        self._calls: list[Iterator[bytes]] = []

    def frames(self, count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield self._hostile() if self._chance.random() < 0.08 else self._mutated(self._next())

    def everybody_hangs_up(self, named: Iterable[str]) -> Iterator[bytes]:
        """The end of every call, and of every channel that was named at all."""
        self._calls.clear()
        for ident in named:
            yield frame("Hangup", ("Uniqueid", ident), ("Cause", "16"))

    def _next(self) -> bytes:
        while True:
            if len(self._calls) < CALLS_AT_ONCE:
                self._calls.append(self._call())
            call = self._chance.choice(self._calls)
            event = next(call, None)
            if event is not None:
                return event
            self._calls.remove(call)

    def _id(self) -> str:
        self._born += 1
        return f"lab-{self._born // 7}.{self._born}"

    # --- stories

    def _call(self) -> Iterator[bytes]:
        """A caller waits in a queue; phones ring; one answers, or nobody; something is done with the call."""
        chance = self._chance
        caller, queue = self._id(), chance.choice(QUEUES)
        who = (("CallerIDNum", chance.choice(NUMBERS)), ("CallerIDName", chance.choice(NAMES)))
        yield self._newchannel(caller, "PJSIP/trunk", caller, *who)
        yield frame("Newstate", ("Uniqueid", caller), ("ChannelState", "6"))
        if chance.random() < 0.8:
            join = ("Position", str(chance.randint(0, 3)))
            yield frame("QueueCallerJoin", ("Uniqueid", caller), ("Queue", queue), join, *who)
        legs: list[tuple[str, str]] = []
        for phone in chance.sample(PHONES, chance.randint(0, 3)):
            leg = self._id()
            legs.append((leg, phone))
            yield from self._ring(caller, leg, phone, queue)
        if legs:
            yield from self._talk(caller, *chance.choice(legs), queue)
        for leg, phone in legs:
            if chance.random() < 0.3:
                who_rang = (("Uniqueid", caller), ("Queue", queue), ("Interface", phone))
                yield frame("AgentRingNoAnswer", *who_rang, ("RingTime", "9000"))
            yield frame("Hangup", ("Uniqueid", leg), ("Cause", chance.choice(("0", "16", "17", "21", "26"))))
        yield frame("QueueCallerLeave", ("Uniqueid", caller), ("Queue", queue))
        yield frame("Hangup", ("Uniqueid", caller), ("Cause", "16"), ("Cause-txt", "Normal Clearing"))

    def _newchannel(self, ident: str, device: str, linked: str, *more: Header) -> bytes:
        name = ("Channel", f"{device}-{self._born:08x}")
        place = (("Context", "from-trunk"), ("Exten", "100"))
        return frame("Newchannel", name, *place, ("Uniqueid", ident), ("Linkedid", linked), *more)

    def _ring(self, caller: str, leg: str, phone: str, queue: str) -> Iterator[bytes]:
        yield self._newchannel(leg, phone.removesuffix("/n"), caller)
        target = (("DestUniqueid", leg), ("DestChannel", f"{phone}-1"))
        member = (("Queue", queue), ("Interface", phone))
        yield frame("AgentCalled", ("Uniqueid", caller), *member, *target)
        yield frame("DialBegin", ("Uniqueid", caller), *target)
        yield frame(
            "QueueMemberStatus", *member, ("Status", str(self._chance.randint(0, 9))), ("Paused", "0")
        )

    def _talk(self, caller: str, leg: str, phone: str, queue: str) -> Iterator[bytes]:
        chance, bridge = self._chance, f"bridge-{self._born}"
        yield frame("Newstate", ("Uniqueid", leg), ("ChannelState", "6"))
        yield frame("DialEnd", ("DestUniqueid", leg), ("DialStatus", "ANSWER"))
        connected = (("Uniqueid", caller), ("Queue", queue), ("Interface", phone), ("DestUniqueid", leg))
        yield frame("AgentConnect", *connected, ("HoldTime", "3"), ("RingTime", "2"))
        for channel in (leg, caller):
            yield frame("BridgeEnter", ("BridgeUniqueid", bridge), ("Uniqueid", channel))
        match chance.randint(0, 6):
            case 0:
                yield frame("Hold", ("Uniqueid", leg))
                yield frame("Unhold", ("Uniqueid", leg))
            case 1:
                by = (("TransfererUniqueid", leg), ("TransfereeUniqueid", caller))
                yield frame("BlindTransfer", ("Result", "Success"), *by, ("Extension", "102"))
            case 2:
                second = self._id()
                yield self._newchannel(second, phone.removesuffix("/n"), caller)
                legs = (("OrigTransfererUniqueid", leg), ("SecondTransfererUniqueid", second))
                yield frame("AttendedTransfer", ("Result", "Success"), *legs, ("TransfereeUniqueid", caller))
                yield frame("Hangup", ("Uniqueid", second), ("Cause", "16"))
            case 3:
                yield frame("ParkedCall", ("ParkeeUniqueid", caller), ("ParkingSpace", "701"))
            case 4:
                yield frame("Rename", ("Uniqueid", leg), ("Newname", f"{phone}-99"))
            case _:
                pass
        for channel in (caller, leg):
            yield frame("BridgeLeave", ("BridgeUniqueid", bridge), ("Uniqueid", channel))

    # --- what nobody should send

    def _mutated(self, raw: bytes) -> bytes:
        """Mostly as it is; else one thing of it is lost, doubled, damaged or replaced."""
        if self._chance.random() > 0.15:
            return raw
        lines = raw.removesuffix(END).split(b"\r\n")
        at = self._chance.randrange(len(lines))
        match self._chance.randint(0, 7):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                self._chance.shuffle(lines)
            case 3:
                lines[at] = lines[at].partition(b":")[0] + b": " + self._nonsense()
            case 4:
                lines[at] = self._damaged(lines[at])
            case 5:
                return raw + raw
            case 6:
                return raw + b"\r\n"
            case _:
                evil = f"evil-{self._chance.randrange(20)}".encode()
                lines = [b"Uniqueid: " + evil if line.startswith(b"Uniqueid") else line for line in lines]
        return b"\r\n".join(lines) + END

    def _nonsense(self) -> bytes:
        things = (
            b"",
            b"0",
            b"-1",
            b"9" * 400,
            b"x" * 2000,
            b"\xff\xfe",
            "Иван".encode("cp1251"),
            b"<unknown>",
        )
        return self._chance.choice(things)

    def _damaged(self, line: bytes) -> bytes:
        """One byte is another."""
        at = self._chance.randrange(len(line))
        return line[:at] + bytes([self._chance.randrange(256)]) + line[at + 1 :]

    def _hostile(self) -> bytes:
        chance = self._chance
        match chance.randint(0, 5):
            case 0:
                return bytes(chance.randrange(256) for _ in range(chance.randrange(80))) + END
            case 1:
                return frame(chance.choice(("VarSet", "Newexten", "", "H\0", "Hangu", "FullyBooted")))
            case 2:
                return b"Response: Success\r\nActionID: x\r\nEventList: start" + END
            case 3:
                return b"\r\n" * chance.randrange(1, 9)
            case 4:
                return frame("Hangup", *[("X", "y")] * 500)
            case _:
                return frame(chance.choice(("Newchannel", "BridgeEnter", "AgentConnect", "Hold", "Rename")))

"""The PBX of the pop benchmark: answers callcore's account as Asterisk 22 does, and knows its members."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from callcore.testing.ami import Answer, ScriptedAmi, message, success

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
SECRET = "not-a-secret"


@dataclass(slots=True)
class Member:
    """An interface; ``paused``: by queue, with the reason ("" for none) or None while not paused."""

    interface: str
    paused: dict[str, str | None] = field(default_factory=dict)

    @property
    def is_free(self) -> bool:
        """His phone may be rung."""
        return bool(self.paused) and not any(reason is not None for reason in self.paused.values())


class Pbx(ScriptedAmi):
    """``async with Pbx() as pbx``; ``members`` by interface."""

    def __init__(self) -> None:
        super().__init__(secret=SECRET)
        self.greeting = GREETING
        self.members: dict[str, Member] = {}
        self.answers |= {"QueueAdd": self._add, "QueuePause": self._pause, "QueueRemove": self._remove}

    def _add(self, action: Mapping[str, str]) -> bytes:
        member = self.members.setdefault(action["interface"], Member(action["interface"]))
        if action["queue"] in member.paused:
            return _refused(action, "Unable to add interface: Already there")
        self._set(member, action)
        return _done(action, "Added interface to queue") + self._event("QueueMemberAdded", member, action)

    def _pause(self, action: Mapping[str, str]) -> bytes:
        member = self.members.get(action["interface"])
        if member is None or action["queue"] not in member.paused:
            return _refused(action, "Interface not found")
        self._set(member, action)
        word = "paused" if action["paused"] == "true" else "unpaused"
        done = _done(action, f"Interface {word} successfully")
        return done + self._event("QueueMemberPause", member, action)

    def _remove(self, action: Mapping[str, str]) -> bytes:
        member = self.members.get(action["interface"])
        if member is None or action["queue"] not in member.paused:
            return _refused(action, "Unable to remove interface: Not there")
        gone = self._event("QueueMemberRemoved", member, action)
        del member.paused[action["queue"]]
        return _done(action, "Removed interface from queue") + gone

    def _set(self, member: Member, action: Mapping[str, str]) -> None:
        is_paused = action.get("paused") == "true"
        member.paused[action["queue"]] = action.get("reason", "") if is_paused else None

    def _event(self, name: str, member: Member, action: Mapping[str, str]) -> bytes:
        reason = member.paused[action["queue"]]
        return message(
            ("Event", name),
            ("Privilege", "agent,all"),
            ("Timestamp", f"{time.time():.6f}"),
            ("SystemName", "lab"),
            ("Queue", action["queue"]),
            ("MemberName", action.get("membername", member.interface)),
            ("Interface", member.interface),
            ("StateInterface", member.interface),
            ("Membership", "dynamic"),
            ("Penalty", "0"),
            ("CallsTaken", "0"),
            ("LastCall", "0"),
            ("LastPause", "0"),
            ("LoginTime", f"{time.time():.0f}"),
            ("InCall", "0"),
            ("Status", "1"),
            ("Paused", "0" if reason is None else "1"),
            ("PausedReason", reason or ""),
            ("Ringinuse", "0"),
            ("Wrapuptime", "0"),
        )


def _done(action: Mapping[str, str], text: str) -> bytes:
    return _bytes(success(text), action)


def _refused(action: Mapping[str, str], text: str) -> bytes:
    return message(("Response", "Error"), ("ActionID", action.get("actionid", "")), ("Message", text))


def _bytes(answer: Answer, action: Mapping[str, str]) -> bytes:
    return answer(action) or b""

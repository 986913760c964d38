"""queues.conf and queuerules.conf for an administrator's Asterisk, as text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

Announce = Literal["none", "position", "wait", "both"]
ANNOUNCES: Final[tuple[Announce, ...]] = get_args(Announce)
STRATEGIES: Final = frozenset(
    {"ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom"}
)
RESERVED: Final = frozenset({"general"})
"""``[general]`` of queues.conf is no queue."""
EXIT_CONTEXT: Final = "callcore-exit"
"""Of our dialplan: where a waiting caller comes to who presses 1."""
ANYBODY: Final = 1000
"""A limit above every penalty."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}")


@dataclass(frozen=True, slots=True)
class QueueDefinition:
    """One queue; its members are added by callcore when operators sign in."""

    name: str
    strategy: str = "rrmemory"
    timeout_seconds: int = 15
    """How long a member's phone rings."""
    retry_seconds: int = 2
    """Pause before the next one."""
    weight: int = 0
    music: str = "default"
    """A class of musiconhold.conf."""
    announce: Announce = "none"
    """What a waiting caller is told: his position every ``announce_seconds``, how long it takes once."""
    announce_seconds: int = 60
    exit_by_key: bool = False
    """With key 1 he leaves the queue, and goes on with the next leg of his way."""
    skills_first_seconds: int | None = None
    """How long a call that asks for a skill is kept for those who have it; None: none asks."""


def render_queues(queues: Sequence[QueueDefinition]) -> str:
    """The sections for queues.conf. Raises ValueError for a bad or repeated name or value."""
    names = [queue.name for queue in queues]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the queue {name!r} is there twice")
    return "\n".join(_queue(queue) for queue in queues)


def render_rules(queues: Iterable[QueueDefinition]) -> str:
    """The sections for queuerules.conf: when a call that waits for a skill may go to anybody."""
    waits = sorted({q.skills_first_seconds for q in queues if q.skills_first_seconds is not None})
    return "\n".join(f"[{rule_name(wait)}]\npenaltychange => {wait},{ANYBODY}\n" for wait in waits)


def rule_name(seconds: int) -> str:
    return f"callcore-skills-{seconds}"


def _queue(queue: QueueDefinition) -> str:
    check_queue(queue.name)
    check_name(queue.music, "a music class")
    if queue.name.lower() in RESERVED:
        raise ValueError(f"no queue can be called {queue.name!r}")
    if queue.strategy not in STRATEGIES:
        raise ValueError(f"strategy {queue.strategy!r}: one of {', '.join(sorted(STRATEGIES))}")
    check_seconds(queue.timeout_seconds, f"timeout of {queue.name}", 300)
    check_seconds(queue.retry_seconds, f"retry of {queue.name}", 300)
    if not 0 <= queue.weight <= 1000:
        raise ValueError(f"weight of {queue.name}: {queue.weight}, must be 0 to 1000")
    return (
        f"[{queue.name}]\n"
        f"strategy={queue.strategy}\n"
        f"timeout={queue.timeout_seconds}\n"
        f"retry={queue.retry_seconds}\n"
        f"weight={queue.weight}\n"
        f"musicclass={queue.music}\n"
        "autofill=yes\n"
        "; a talking operator is not rung again\n"
        "ringinuse=no\n"
        "; callcore sets the pause after a call itself\n"
        "wrapuptime=0\n"
        "; who answered, and after how long: for the journal\n"
        "setinterfacevar=yes\n"
        "setqueueentryvar=yes\n"
        "; callers may wait while nobody is signed in; callcore decides by the hours\n"
        "joinempty=yes\n"
        "leavewhenempty=no\n" + _announce(queue) + _exit(queue) + _skills(queue)
    )


def _announce(queue: QueueDefinition) -> str:
    """Once for the wait: later Asterisk tells how far he is off the average, without its sign. No phone rings
    for him meanwhile. So whoever is first is not told that he is (Asterisk does it again and again while
    nobody is free, whatever announce-to-first-user says), and nobody is thanked for his patience."""
    if queue.announce not in ANNOUNCES:
        raise ValueError(f"announce {queue.announce!r}: one of {', '.join(ANNOUNCES)}")
    if queue.announce == "none":
        return "announce-frequency=0\n"
    check_seconds(queue.announce_seconds, f"announce_seconds of {queue.name}", 3600)
    return (
        "; whoever is first is not told so: it would keep him from the operator\n"
        f"announce-frequency={queue.announce_seconds}\n"
        f"min-announce-frequency={min(15, queue.announce_seconds)}\n"
        f"announce-position={'yes' if queue.announce in ('position', 'both') else 'no'}\n"
        f"announce-holdtime={'once' if queue.announce in ('wait', 'both') else 'no'}\n"
        "queue-youarenext=\n"
        "queue-thankyou=\n"
    )


def _exit(queue: QueueDefinition) -> str:
    return f"; key 1 leaves the queue\ncontext={EXIT_CONTEXT}\n" if queue.exit_by_key else ""


def _skills(queue: QueueDefinition) -> str:
    if queue.skills_first_seconds is None:
        return ""
    check_seconds(queue.skills_first_seconds, f"skills_first_seconds of {queue.name}", 3600)
    return (
        "; a call that asks for a skill may go to anybody after this (queuerules.conf)\n"
        f"defaultrule={rule_name(queue.skills_first_seconds)}\n"
        "; but only then, however few are signed in\n"
        "penaltymemberslimit=0\n"
    )


# --- words that a dialplan or a queue file would read as something else


def check_queue(name: str) -> None:
    """Raises ValueError unless it can be a queue's name."""
    _check(_QUEUE, name, "a queue's name")


def check_name(name: str, what: str) -> None:
    """Raises ValueError unless it is letters, digits, - and _."""
    _check(_NAME, name, what)


def check_seconds(value: int, what: str, most: int) -> None:
    """Raises ValueError unless it is 1 to ``most``."""
    if not 1 <= value <= most:
        raise ValueError(f"{what}: {value} seconds, must be 1 to {most}")


def _check(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(f"{value!r} cannot be {what}: letters A-Z, digits, - and _")

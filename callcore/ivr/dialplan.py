"""The dialplan and the queues for an administrator's Asterisk, as text. Pure but for reading our file."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, get_args

Part = Literal["all", "globals", "include", "queues"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
STRATEGIES: Final = frozenset(
    {"ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom"}
)
RESERVED: Final = frozenset({"general"})
"""``[general]`` of queues.conf is no queue."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}")


@dataclass(frozen=True, slots=True)
class QueueDefinition:
    """One queue; its members are added by callcore when operators sign in.

    ``timeout_seconds``: how long a member's phone rings; ``retry_seconds``: pause before the next one;
    ``music``: a class of musiconhold.conf.
    """

    name: str
    strategy: str = "rrmemory"
    timeout_seconds: int = 15
    retry_seconds: int = 2
    weight: int = 0
    music: str = "default"


def include_file() -> str:
    """The text of ``dialplans/callcore.conf``, from the installed package or from the checkout."""
    packaged = files("callcore").joinpath("_data", "dialplans", "callcore.conf")
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "dialplans" / "callcore.conf").read_text(encoding="utf-8")


def render_globals(*, pbx: str, agi: str, fallback_queue: str, max_wait_seconds: int = 600) -> str:
    """The lines for ``[globals]``. ``agi`` is ``ADDRESS:PORT`` with an IP address. How to reach a trunk only
    the administrator knows: those lines are comments.

    Raises ValueError, with what would be right, for a value that a dialplan would read as something else.
    """
    _check(_NAME, pbx, "a PBX's name")
    _check(_QUEUE, fallback_queue, "a queue's name")
    _check_seconds(max_wait_seconds, "the longest wait", 86_400)
    return (
        f"CALLCORE_AGI={_address(agi)}\n"
        f"CALLCORE_PBX={pbx}\n"
        f"CALLCORE_FALLBACK_QUEUE={fallback_queue}\n"
        f"CALLCORE_MAX_WAIT={max_wait_seconds}\n"
        "; Where callcore shall place calls by itself: what stands before and after the number in Dial.\n"
        ";CALLCORE_DIAL_BEFORE=PJSIP/\n"
        ";CALLCORE_DIAL_AFTER=@your-trunk\n"
    )


def render_queues(queues: Sequence[QueueDefinition]) -> str:
    """The sections for queues.conf. Raises ValueError for a bad or repeated name or value."""
    names = [queue.name for queue in queues]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the queue {name!r} is there twice")
    return "\n".join(_queue(queue) for queue in queues)


def render(
    *,
    pbx: str,
    agi: str,
    fallback_queue: str,
    queues: Sequence[QueueDefinition],
    max_wait_seconds: int = 600,
    part: Part = "all",
) -> str:
    """What ``callcore dialplan`` prints: all three parts, or one for a file of its own.

    Raises ValueError as its parts do, and for a fallback queue that is not among ``queues``, where any are
    given.
    """
    if queues and fallback_queue not in {queue.name for queue in queues}:
        raise ValueError(f"the fallback queue {fallback_queue!r} is not among the queues")
    own = render_globals(pbx=pbx, agi=agi, fallback_queue=fallback_queue, max_wait_seconds=max_wait_seconds)
    parts: dict[Part, str] = {
        "globals": "; ===== into [globals] of extensions.conf (FreePBX: globals_custom.conf) =====\n"
        "; A second [globals] section in the same file would not be read: add to the one that is there.\n"
        f"{own}",
        "include": "; ===== callcore.conf, with #include from extensions.conf "
        f"(FreePBX: extensions_custom.conf) =====\n{include_file()}",
        "queues": "; ===== into queues.conf (FreePBX: queues_custom.conf) =====\n" + render_queues(queues),
    }
    return "\n".join(parts.values()) if part == "all" else parts[part]


def _queue(queue: QueueDefinition) -> str:
    _check(_QUEUE, queue.name, "a queue's name")
    _check(_NAME, queue.music, "a music class")
    if queue.name.lower() in RESERVED:
        raise ValueError(f"no queue can be called {queue.name!r}")
    if queue.strategy not in STRATEGIES:
        raise ValueError(f"strategy {queue.strategy!r}: one of {', '.join(sorted(STRATEGIES))}")
    _check_seconds(queue.timeout_seconds, f"timeout of {queue.name}", 300)
    _check_seconds(queue.retry_seconds, f"retry of {queue.name}", 300)
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
        "leavewhenempty=no\n"
    )


def _check(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(f"{value!r} cannot be {what}: letters A-Z, digits, - and _")


def _check_seconds(value: int, what: str, most: int) -> None:
    if not 1 <= value <= most:
        raise ValueError(f"{what}: {value} seconds, must be 1 to {most}")


def _address(agi: str) -> str:
    host, _, port = agi.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError(f"{agi!r}: an IP address and a port, like 127.0.0.1:4573") from None
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535:
        raise ValueError(f"{agi!r}: the port must be 1 to 65535")
    return f"[{address}]:{int(port)}" if address.version == 6 else f"{address}:{int(port)}"

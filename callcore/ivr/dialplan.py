"""The dialplan and the queues for an administrator's Asterisk, as text. Pure but for reading our file."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal, get_args

from callcore.ivr.queue_file import (
    QueueDefinition,
    check_name,
    check_queue,
    check_seconds,
    render_queues,
    render_rules,
)

Part = Literal["all", "globals", "include", "transfer", "fallback", "queues", "rules"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a telephone dials to hand a caller on, and where that leads: a queue, or an internal number."""

    dialled: str
    queue: str = ""
    number: str = ""


def include_file() -> str:
    """The texts of ``dialplans``, one after another, from the installed package or from the checkout: one
    file for the administrator."""
    packaged = files("callcore").joinpath("_data", "dialplans")
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "dialplans"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".conf")), key=_place)
    return "".join(each.read_text(encoding="utf-8") for each in found)


def _place(file: Traversable) -> tuple[bool, str]:
    """``callcore.conf``, with its head, is the first."""
    return file.name != "callcore.conf", file.name


def own_contexts() -> tuple[str, ...]:
    """Those of these files."""
    return tuple(re.findall(r"^\[([a-z-]+)\]", include_file(), re.MULTILINE))


def render_globals(*, pbx: str, agi: str, fallback_queue: str, max_wait_seconds: int = 600) -> str:
    """The lines for ``[globals]``. ``agi`` is ``ADDRESS:PORT`` with an IP address. How to reach a phone or
    a trunk only the administrator knows: those lines are comments.

    Raises ValueError, with what would be right, for a value that a dialplan would read as something else.
    """
    check_name(pbx, "a PBX's name")
    check_queue(fallback_queue)
    check_seconds(max_wait_seconds, "the longest wait", 86_400)
    return (
        f"CALLCORE_AGI={_address(agi)}\n"
        f"CALLCORE_PBX={pbx}\n"
        f"CALLCORE_FALLBACK_QUEUE={fallback_queue}\n"
        f"CALLCORE_MAX_WAIT={max_wait_seconds}\n"
        "; Where rows of the topic tables lead to an internal number: the context that knows it.\n"
        ";CALLCORE_INTERNAL=internal\n"
        "; Where callcore shall place calls by itself: what stands before and after the number in Dial.\n"
        ";CALLCORE_DIAL_BEFORE=PJSIP/\n"
        ";CALLCORE_DIAL_AFTER=@your-trunk\n"
    )


def render(
    *,
    pbx: str,
    agi: str,
    fallback_queue: str,
    queues: Sequence[QueueDefinition],
    max_wait_seconds: int = 600,
    fallback: str = "",
    transfers: Sequence[Transfer] = (),
    part: Part = "all",
) -> str:
    """What ``callcore dialplan`` prints: all parts, or one for a file of its own. ``fallback``: that of the
    topic tables (``ivr.fallback``).

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
        "transfer": "; ===== callcore-transfer.conf, with #include beside callcore.conf =====\n"
        + render_transfers(transfers),
        "fallback": "; ===== callcore-topics.conf, with #include beside callcore.conf =====\n" + fallback,
        "queues": "; ===== into queues.conf (FreePBX: queues_custom.conf) =====\n" + render_queues(queues),
        "rules": "; ===== into queuerules.conf (FreePBX: queuerules_custom.conf) =====\n"
        + (render_rules(queues) or "; no row of the topic tables asks for a skill\n"),
    }
    return "\n".join(parts.values()) if part == "all" else parts[part]


def render_transfers(transfers: Sequence[Transfer]) -> str:
    """Exact numbers alone: any other a telephone refuses, and the caller stays with whom he is."""
    lines = [
        "; Numbers and codes to which a telephone may hand a caller on (pbx.NAME.phone_transfers).",
        "[callcore-transfer]",
        "; all other numbers of the house, without words: the context that CALLCORE_INTERNAL names",
        ";include => internal",
    ]
    for each in transfers:
        goes = f"CALLCORE_TOQUEUE={each.queue}" if each.queue else f"CALLCORE_TO={each.number}"
        lines += [
            f"exten => {each.dialled},1,Set(CALLCORE_DIALLED={each.dialled})",
            f" same => n,Set(CALLCORE_GOES={'queue' if each.queue else 'number'})",
            f" same => n,Set({goes})",
            " same => n,Goto(callcore-handed,s,1)",
        ]
    return "\n".join(lines) + "\n"


def _address(agi: str) -> str:
    host, _, port = agi.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError(f"{agi!r}: an IP address and a port, like 127.0.0.1:4573") from None
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535:
        raise ValueError(f"{agi!r}: the port must be 1 to 65535")
    return f"[{address}]:{int(port)}" if address.version == 6 else f"{address}:{int(port)}"

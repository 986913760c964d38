"""What is wrong in a settings file: ``Fault``, ``ConfigFaults``, and the document that collects them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from callcore.domain import Text

FAULTS_SHOWN = 200

Position = tuple[str | int, ...]
"""Where a value stands: mapping keys and list indexes from the top."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file; ``line`` counts from 1, 0 where there is none."""

    file: str
    line: int
    path: str
    message: Text
    remedy: Text
    severity: Literal["fault", "warning"] = "fault"

    def in_(self, language: str) -> str:
        """``file:line: path: what is wrong. What would be right.``"""
        place = f"{self.file}:{self.line}" if self.line else self.file
        path = f" {self.path}:" if self.path else ""
        return f"{place}:{path} {self.message.in_(language)} {self.remedy.in_(language)}".rstrip()

    def __str__(self) -> str:
        return self.in_("en")


class ConfigFaults(Exception):
    """Raised by everything that reads settings; ``faults`` holds all of them, in the order of the lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        """Warnings are among them."""
        super().__init__("\n".join(map(str, faults)))


@dataclass(slots=True)
class Document:
    """A file that was read: ``value`` holds only dict, list, str and None."""

    file: str
    value: Any = None
    lines: dict[Position, int] = field(default_factory=dict)
    """Line of each value; of a mapping's entry the line of its key."""
    faults: list[tuple[Position, Fault]] = field(default_factory=list)
    text: str = ""
    """As it was written; "" for what cannot be read."""

    def line_of(self, position: Position) -> int:
        """Line of the value at ``position``, or of the nearest one above it."""
        while position and position not in self.lines:
            position = position[:-1]
        return self.lines.get(position, 1)

    def blame(
        self,
        position: Position,
        message: Text,
        remedy: Text,
        line: int | None = None,
        severity: Literal["fault", "warning"] = "fault",
    ) -> None:
        """Add a fault of the value at ``position``."""
        where = line if line is not None else self.line_of(position)
        if len(self.faults) < FAULTS_SHOWN:
            self.faults.append(
                (position, Fault(self.file, where, dotted(position), message, remedy, severity))
            )

    def sorted_faults(self) -> tuple[Fault, ...]:
        return tuple(sorted((fault for _, fault in self.faults), key=lambda fault: fault.line))


def dotted(position: Position) -> str:
    """``("pbx", "main", "agi_peers", 0)`` as ``pbx.main.agi_peers[0]``."""
    out = ""
    for part in position:
        out += f"[{part}]" if isinstance(part, int) else f".{shown_key(part)}" if out else shown_key(part)
    return out


def shown_key(key: str) -> str:
    """A key as messages name it: short, printable."""
    return key if len(key) <= 60 and key.isprintable() else ascii(key[:60])

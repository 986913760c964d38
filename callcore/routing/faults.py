"""What is wrong in a topic table, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcore.domain import Text


@dataclass(frozen=True, slots=True)
class TableFault:
    """``table`` and ``path`` say where; an empty table means the settings file."""

    table: str
    path: tuple[str | int, ...]
    message: Text
    remedy: Text
    severity: Literal["fault", "warning"] = "fault"

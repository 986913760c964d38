"""What is wrong in a script, as a value."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from callcore.domain import Text
from callcore.ivr.script import NodeName

Severity = Literal["fault", "warning"]


@dataclass(frozen=True, slots=True)
class ScriptFault:
    """``path``: where in the node; of a fault without a node, where in the file."""

    node: NodeName
    path: tuple[str, ...]
    message: Text
    remedy: Text
    severity: Severity = "fault"

    @property
    def position(self) -> tuple[str, ...]:
        """Where in the file."""
        return ("nodes", self.node, *self.path) if self.node else self.path


def fault(
    node: NodeName, path: tuple[str, ...], message: Text, remedy: Text, severity: Severity = "fault"
) -> ScriptFault:
    return ScriptFault(node, path, message, remedy, severity)


def listed(wanted: str, known: Collection[str]) -> Text:
    """The remedy for a name that is not there: those that are near it."""
    near = difflib.get_close_matches(wanted[:80], known, n=3, cutoff=0.4) or sorted(known)[:20]
    return Text(f"Есть: {', '.join(near)}.", f"Known: {', '.join(near)}.")

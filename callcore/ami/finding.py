"""One thing that ``check --live`` has found on a PBX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcore.ami.client import ActionRefused, AmiLink, Reply
from callcore.ami.protocol import AmiAction
from callcore.domain import Text

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    level: Literal["ok", "warning", "fault"]
    place: str
    """Where it is set, e.g. ``manager.conf [callcore]``."""
    message: Text
    remedy: Text = NOTHING
    """What to do; empty for what is in order."""


async def ask(link: AmiLink, action: AmiAction) -> Reply | None:
    """None if Asterisk refuses."""
    try:
        return await link.call(action)
    except ActionRefused:
        return None

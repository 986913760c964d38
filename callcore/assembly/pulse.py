"""Is the daemon well, and does it reach what it needs?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from callcore.ami.client import AmiLink, Inbox
from callcore.domain import PbxName
from callcore.floor.floor import Floor
from callcore.store.writer import Writer


class Pulse:
    def __init__(self, floor: Floor, inbox: Inbox, links: Mapping[PbxName, AmiLink], writer: Writer) -> None:
        self._floor = floor
        self._inbox = inbox
        self._links = links
        self._writer = writer
        self._beat_seen = (0, 0.0)

    def health(self) -> Sequence[str]:
        """Facts wait, and none was taken for ten seconds: the consumer is stuck."""
        beat, since = self._beat_seen
        now = time.monotonic()
        if self._floor.beat != beat or self._inbox.empty():
            self._beat_seen = (self._floor.beat, now)
            return ()
        return ("consumer",) if now - since > 10 else ()

    def readiness(self) -> Sequence[str]:
        reasons = [f"ami.{name}" for name, link in self._links.items() if link.state != "up"]
        if not self._writer.available:
            reasons.append("store")
        return reasons

"""Who listened to what, so that one listening of many requests is one line of the audit."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from callcore.domain import Login
from callcore.store.audit import ONE_LOOK

ROOM_FOR = 10_000


class Listening:
    """A player asks for a sound piece by piece, and again when he goes back in it."""

    def __init__(self) -> None:
        self._begun: OrderedDict[tuple[Login, int], datetime] = OrderedDict()

    def is_known(self, login: Login, id: int, at: datetime) -> bool:
        """Whether this person has been noted with this message within the last ten minutes."""
        before = self._begun.get((login, id))
        return before is not None and before <= at < before + ONE_LOOK

    def noted(self, login: Login, id: int, at: datetime) -> None:
        self._begun.pop((login, id), None)
        self._begun[login, id] = at
        while len(self._begun) > ROOM_FOR:
            self._begun.popitem(last=False)

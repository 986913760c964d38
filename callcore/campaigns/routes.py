"""Which PBX calls go through, and which routes are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from callcore.calls.attempt import Medium
from callcore.campaigns.ports import Room
from callcore.domain import Text

LOOK_SECONDS = 1.0
GONE_AFTER = timedelta(seconds=30)


class Routes:
    """Which PBX calls go through: the first that works, and then that one as long as it does."""

    def __init__(self, names: Iterable[str], room: Room) -> None:
        self._names = tuple(names)
        self._room = room
        self._gone: set[str] = set()
        self._chosen = self._names[0] if self._names else None

    def chosen(self) -> str | None:
        """None: there is no trunk."""
        if self._chosen is not None and not self._works(self._chosen):
            self._chosen = next(filter(self._works, self._names), self._chosen)
        return self._chosen

    def trouble(self) -> Text | None:
        chosen = self.chosen()
        return None if chosen is None else self._room.trouble(Medium.voice, chosen)

    def lose(self, route: str) -> bool:
        """Its trunk or link is gone; True: another one takes over."""
        self._gone.add(route)
        chosen = self.chosen()
        return chosen is not None and self._works(chosen)

    def forgive(self, route: str) -> None:
        """It came back."""
        self._gone.discard(route)

    def forgive_all(self) -> None:
        """A person says: try again."""
        self._gone.clear()

    def _works(self, route: str) -> bool:
        return route not in self._gone and self._room.trouble(Medium.voice, route) is None


class RouteWatch:
    """Looks after the links: what comes back is used at once, what stays away is ``gone``.

    A route that worked, and is away for longer than a moment, is gone. One that has not come up since the
    start is waited for: after a power cut PBX and callcore start together.
    """

    def __init__(
        self,
        watched: Iterable[tuple[Medium, str]],
        routes: Routes,
        room: Room,
        now: Callable[[], datetime],
        changed: Callable[[], None],
        gone: Callable[[Medium, str, Text], Awaitable[None]],
    ) -> None:
        self._watched = tuple(watched)
        self._routes = routes
        self._room = room
        self._now = now
        self._changed = changed
        self._gone = gone
        self._away: dict[tuple[Medium, str], datetime | None] = {}
        """Since when; None: it works. Absent: it has not worked yet."""

    async def run(self) -> None:
        while True:
            for medium, route in self._watched:
                await self.look(medium, route)
            await asyncio.sleep(LOOK_SECONDS)

    def wait_again(self) -> None:
        """A person says: try again. What is away still has as long as if it had just gone."""
        for key, since in self._away.items():
            if since is not None:
                self._away[key] = self._now()

    async def look(self, medium: Medium, route: str) -> None:
        key, why = (medium, route), self._room.trouble(medium, route)
        has_worked, since = key in self._away, self._away.get(key)
        if why is None:
            self._away[key] = None
            if since is not None or not has_worked:
                self._routes.forgive(route)
                self._changed()
        elif has_worked and since is None:
            self._away[key] = self._now()
            self._changed()
        elif since is not None and self._now() - since >= GONE_AFTER and self._is_needed(medium, route):
            await self._gone(medium, route, why)

    def _is_needed(self, medium: Medium, route: str) -> bool:
        return medium is Medium.sms or route == self._routes.chosen()

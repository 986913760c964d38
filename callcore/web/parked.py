"""Customers who wait without anybody, on every desk: whoever is free takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from callcore.calls.effects import Effect
from callcore.domain import CallId, Language, Login
from callcore.numbers import format_national
from callcore.web.boards import Part, template
from callcore.web.render import texts_of

TOGETHER_SECONDS = 0.2
"""Changes within it are one message to each desk."""


@dataclass(frozen=True, slots=True)
class ParkedNow:
    call: CallId
    number: str | None
    name: str
    """"" where nobody knows who it is."""
    by: Login
    since: datetime


class ParkedBoard:
    """See ``boards.Board``."""

    name = "parked"

    def __init__(
        self,
        parked: Callable[[], Sequence[ParkedNow]],
        names: Callable[[], Mapping[Login, str]],
        country: str,
    ) -> None:
        self.version = 0
        self._parked = parked
        self._names = names
        self._country = country
        self._now: tuple[ParkedNow, ...] = ()
        self._stirred = asyncio.Event()
        self._turned = asyncio.Event()
        self._parts: dict[Language, Part] = {}

    def carry(self, _effect: Effect) -> None:
        """Whoever parks, takes or hangs up shows in some effect of his call."""
        self._stirred.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._stirred.wait()
            await asyncio.sleep(TOGETHER_SECONDS)
            self._stirred.clear()
            self.look()

    def look(self) -> None:
        found = tuple(sorted(self._parked(), key=lambda one: one.since))
        if found == self._now:
            return
        self._now = found
        self.version += 1
        self._parts.clear()
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    async def changed(self, since: int) -> None:
        while self.version <= since:
            await self._turned.wait()

    def part(self, _since: int, language: Language) -> Part:
        known = self._parts.get(language)
        if known is None:
            names, t = self._names(), texts_of(language)
            rows = [(one, self._who(one), names.get(one.by, one.by)) for one in self._now]
            html = template("parts/parked.html").render(t=t, rows=rows).strip()
            known = self._parts[language] = {"html": html}
        return known

    def _who(self, one: ParkedNow) -> str:
        return one.name or (format_national(one.number, self._country) if one.number else "")

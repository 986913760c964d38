"""The list of colleagues on every desk: rendered once for each language, whoever has how many desks open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from callcore.calls.effects import Effect, ShowAgent
from callcore.domain import Language, Login, Text
from callcore.screenpop.colleagues import Colleague, Person, Presence, Roster
from callcore.store.errors import StoreError
from callcore.web.boards import Part, template
from callcore.web.i18n import Texts
from callcore.web.render import texts_of

log = structlog.get_logger("callcore.web")

TOGETHER_SECONDS = 1.0
"""Changes within it are one message to each desk."""
LOOK_SECONDS = 60.0
"""How often it is asked who works here, and which department is open."""
_ORDER = (Presence.free, Presence.talks, Presence.rings, Presence.writes, Presence.paused)


@dataclass(frozen=True, slots=True)
class DepartmentNow:
    code: str
    title: Text
    is_open: bool | None
    """None: it tells no hours."""
    number: str
    """Internal; "" where it has none."""


class ColleagueBoard:
    """``carry`` takes the model's effects, ``run`` gathers them; each desk waits with ``changed`` and fetches
    what it lacks with ``part``."""

    name = "colleagues"

    def __init__(
        self,
        people: Callable[[], Awaitable[Sequence[Person]]],
        departments: Callable[[datetime], Sequence[DepartmentNow]],
        now: Callable[[], datetime],
    ) -> None:
        self._people = people
        self._departments = departments
        self._now = now
        self._roster = Roster()
        self._stirred = asyncio.Event()
        self._turned = asyncio.Event()
        self._rows: dict[tuple[str, Language], tuple[Colleague, str]] = {}
        self._parts: dict[tuple[int, Language], Part] = {}
        """Of the version of now: by the version that the desk has."""
        self._names: Mapping[Login, str] = {}
        self._open: tuple[DepartmentNow, ...] = ()

    @property
    def version(self) -> int:
        return self._roster.version

    @property
    def names(self) -> Mapping[Login, str]:
        return self._names

    def carry(self, effect: Effect) -> None:
        if isinstance(effect, ShowAgent):
            self._roster.take(effect)
            self._stirred.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    while True:
                        await self._stirred.wait()
                        await asyncio.sleep(TOGETHER_SECONDS)
                        self.turn()

    async def look(self) -> None:
        """Who works here, and which departments are open now."""
        try:
            people = await self._people()
            self._roster.people_are(people)
            self._names = {each.login: each.name for each in people}
        except StoreError as error:
            log.warning("colleagues_not_read", why=str(error))
        departments = tuple(self._departments(self._now()))
        if departments != self._open:
            self._open = departments
            self._roster.refresh()
        self.turn()

    def turn(self) -> None:
        self._stirred.clear()
        before = self._roster.version
        self._roster.turn()
        if self._roster.version == before:
            return
        self._parts.clear()
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    async def changed(self, since: int) -> None:
        """Returns once there is something newer than that version."""
        while self._roster.version <= since:
            await self._turned.wait()

    def part(self, since: int, language: Language) -> Part:
        """What a desk lacks that has that version; 0: everything."""
        since = 0 if since < self._roster.whole else since
        known = self._parts.get((since, language))
        if known is None:
            known = self._parts[since, language] = self._made(since, language)
        return known

    def _made(self, since: int, language: Language) -> Part:
        t = texts_of(language)
        if not since:
            html = template("parts/colleagues.html").render(
                t=t,
                total=self._sum(t),
                rows=[self._row(each, language, t) for each in self._roster.all()],
                departments=self._open,
            )
            return {"html": html}
        rows = {row_id(each.person): self._row(each, language, t) for each in self._roster.since(since)}
        return {"rows": rows, "sum": self._sum(t)}

    def _sum(self, t: Texts) -> str:
        counts = self._roster.counts()
        said = [t(f"colleagues.sum_{each}", n=counts[each]) for each in _ORDER if counts[each]]
        return " · ".join(said) or t("colleagues.nobody")

    def _row(self, each: Colleague, language: Language, t: Texts) -> str:
        key = (each.person.login, language)
        known = self._rows.get(key)
        if known is None or known[0] != each:
            html = template("parts/colleague.html").render(t=t, one=each, id=row_id(each.person))
            known = self._rows[key] = (each, html)
        return known[1]


def row_id(person: Person) -> str:
    return f"colleague-{person.login}"

"""Who is at work, and what each does now: the same list for every desk. Pure.

Fed with the call model's ``ShowAgent`` and with the people of the house; asked for what changed since a
version, so that three hundred desks cost one look at each change, not a look each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from callcore.calls.effects import ShowAgent
from callcore.domain import AgentState, Login, PauseReason


class Presence(StrEnum):
    free = "free"
    rings = "rings"
    talks = "talks"
    writes = "writes"
    """After a call."""
    paused = "paused"
    away = "away"
    """Not at work."""


_OF: Mapping[AgentState, Presence] = {
    AgentState.ready: Presence.free,
    AgentState.ringing: Presence.rings,
    AgentState.talking: Presence.talks,
    AgentState.wrap_up: Presence.writes,
    AgentState.paused: Presence.paused,
    AgentState.offline: Presence.away,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes calls here."""

    login: Login
    name: str
    department: str = ""
    """Its code."""


@dataclass(frozen=True, slots=True)
class Colleague:
    person: Person
    presence: Presence = Presence.away
    since: datetime | None = None
    """None: since before callcore was started."""
    reason: PauseReason | None = None


@dataclass
class Roster:
    """All of them, in the order of their names."""

    version: int = 0
    """Grows with each ``turn`` that has something to tell."""
    whole: int = 0
    """The version since which the list holds these people and no others."""
    _people: dict[Login, Person] = field(default_factory=dict)
    _now: dict[Login, ShowAgent] = field(default_factory=dict)
    _fresh: set[Login] = field(default_factory=set)
    _is_other: bool = False
    _told: dict[Login, int] = field(default_factory=dict)

    @property
    def is_fresh(self) -> bool:
        """Something changed since the last turn."""
        return self._is_other or bool(self._fresh)

    def take(self, effect: ShowAgent) -> None:
        self._now[effect.login] = effect
        if effect.state is AgentState.offline:
            del self._now[effect.login]
        if effect.login in self._people:
            self._fresh.add(effect.login)

    def people_are(self, people: Iterable[Person]) -> None:
        """Everybody, whether or not he is at work."""
        ordered = sorted(people, key=lambda person: (person.name.casefold(), person.login))
        fresh = {person.login: person for person in ordered}
        if list(fresh.items()) != list(self._people.items()):
            self._people, self._is_other = fresh, True

    def refresh(self) -> None:
        """What stands beside them has changed: everything is told anew."""
        self._is_other = True

    def turn(self) -> None:
        """What came since the last one is told from now on, as one."""
        if not self.is_fresh:
            return
        self.version += 1
        if self._is_other:
            self.whole = self.version
        self._told.update(dict.fromkeys(self._fresh, self.version))
        self._fresh, self._is_other = set(), False

    def all(self) -> tuple[Colleague, ...]:
        return tuple(self._of(person) for person in self._people.values())

    def since(self, version: int) -> tuple[Colleague, ...]:
        """Those who have changed after that version."""
        changed = (login for login in self._people if self._told.get(login, 0) > version)
        return tuple(self._of(self._people[login]) for login in changed)

    def counts(self) -> Mapping[Presence, int]:
        found = [self._presence(login) for login in self._people]
        return {presence: found.count(presence) for presence in Presence}

    def _presence(self, login: Login) -> Presence:
        shown = self._now.get(login)
        return Presence.away if shown is None else _OF[shown.state]

    def _of(self, person: Person) -> Colleague:
        shown = self._now.get(person.login)
        if shown is None:
            return Colleague(person)
        return Colleague(person, _OF[shown.state], shown.since, shown.pause_reason)

"""Who is on shift, at which phone, and whose pages are open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from callcore.calls import agent as agents
from callcore.calls.agent import Agent, AgentMove, AgentRules
from callcore.calls.deadlines import Deadlines
from callcore.calls.effects import Effect
from callcore.calls.facts import AgentSignedIn, DeskClosed, DeskOpened, PenaltiesKnown, PhonesKnown
from callcore.calls.mirror import seat_of
from callcore.domain import Interface, Login, PbxName


class UnknownAgent(Exception):
    """A command of somebody who is not signed in."""


class Crew:
    """The agents and their deadlines; part of the tracker."""

    def __init__(self, rules: AgentRules, due: Deadlines) -> None:
        self.agents: dict[Login, Agent] = {}
        self._rules = rules
        self._due = due
        self._devices: dict[tuple[PbxName, Interface], Login] = {}
        self._others: dict[tuple[PbxName, Interface], Login] = {}
        """Phones besides those that people sit at."""
        self._behind: dict[tuple[PbxName, Interface], Interface] = {}
        """Devices behind Local members, as the queues tell it."""
        self._phones: frozenset[tuple[PbxName, Interface]] = frozenset()
        self._desks: set[Login] = set()

    def login_at(self, pbx: PbxName, interface: Interface) -> Login | None:
        """Who sits at this device now, or has it besides."""
        seat = (pbx, seat_of(interface))
        login = self._devices.get(seat) or self._others.get(seat)
        if login is None and seat in self._behind:
            return self._devices.get((pbx, self._behind[seat]))
        return login

    def is_phone(self, pbx: PbxName, interface: Interface) -> bool:
        """Some operator's phone, whether or not he is on shift."""
        return (pbx, interface) in self._phones or self.login_at(pbx, interface) is not None

    def phones_are(self, fact: PhonesKnown) -> None:
        self._phones = frozenset((pbx, seat_of(interface)) for pbx, interface in fact.phones)

    def penalties_are(self, fact: PenaltiesKnown) -> Iterator[Effect]:
        for login, before in list(self.agents.items()):
            agent, effects = agents.set_penalties(before, fact.penalties.get(login, {}))
            self.agents[login] = agent
            yield from effects

    def member_is(self, pbx: PbxName, interface: Interface, state_interface: Interface | None) -> None:
        """A queue names the device behind its member."""
        if state_interface is not None:
            self._behind[pbx, seat_of(state_interface)] = seat_of(interface)

    def move(self, login: Login, move: AgentMove, now: datetime) -> tuple[Effect, ...]:
        """A move of somebody who may have signed out meanwhile."""
        before = self.agents.get(login)
        if before is None:
            return ()
        agent, effects = agents.step(before, move, now, self._rules)
        self._keep(agent)
        return effects

    def command(self, login: Login, move: AgentMove, now: datetime) -> tuple[Effect, ...]:
        """Raises UnknownAgent."""
        if login not in self.agents:
            raise UnknownAgent(login)
        return self.move(login, move, now)

    def page(self, fact: DeskOpened | DeskClosed, now: datetime) -> tuple[Effect, ...]:
        """Pages open and close before a shift begins, too."""
        if isinstance(fact, DeskOpened):
            self._desks.add(fact.login)
        else:
            self._desks.discard(fact.login)
        return self.move(fact.login, fact, now)

    def sign_in(self, fact: AgentSignedIn, now: datetime) -> tuple[Effect, ...]:
        """Raises WrongState if he is on shift already, or somebody else has the phone."""
        if fact.login in self.agents or (fact.pbx, seat_of(fact.interface)) in self._devices:
            raise agents.WrongState("already on shift, or the phone is taken")
        agent = Agent(
            fact.login,
            fact.name,
            fact.pbx,
            fact.interface,
            fact.queues,
            fact.state,
            now,
            fact.pause_reason,
            desk_gone_at=None if fact.login in self._desks else now,
            penalties=fact.penalties,
        )
        agent, effects = agents.sign_in(agent)
        self._devices[fact.pbx, seat_of(fact.interface)] = fact.login
        for other in fact.also:
            self._others[fact.pbx, seat_of(other)] = fact.login
        self._keep(agent)
        return effects

    def sign_out(self, login: Login, now: datetime) -> tuple[Effect, ...]:
        """Raises UnknownAgent, and WrongState while a call rings or is talked."""
        agent = self.agents.get(login)
        if agent is None:
            raise UnknownAgent(login)
        agent, closed = agents.leave_wrap_up(agent)
        effects = agents.sign_out(agent, now)
        del self.agents[login]
        del self._devices[agent.pbx, seat_of(agent.interface)]
        self._others = {seat: owner for seat, owner in self._others.items() if owner != login}
        self._due.set(("agent", login), None)
        return (*closed, *effects)

    def _keep(self, agent: Agent) -> None:
        self.agents[agent.login] = agent
        self._due.set(("agent", agent.login), agents.next_deadline(agent, self._rules))

"""What the back office asks of the floor: who is on a line, what he speaks, who is ready for him."""

from __future__ import annotations

from callcore.assembly.current import Current
from callcore.calls.facts import CustomersFound
from callcore.domain import (
    AgentState,
    CallId,
    Customer,
    CustomerId,
    Interface,
    Language,
    Login,
    PbxName,
    QueueName,
    TopicCode,
)
from callcore.floor.floor import Floor
from callcore.routing.tables import UnknownTopic
from callcore.store.database import Database


class FloorFacts:
    def __init__(self, current: Current, database: Database, floor: Floor) -> None:
        self._current = current
        self._database = database
        self._floor = floor

    def known(self, call: CallId) -> CustomerId | None:
        """Whom the call's number tells, if it leaves no doubt."""
        customer = self._floor.customer(call)
        return customer.id if customer else None

    async def identified(self, call: CallId, customer: Customer) -> None:
        """He has proved it: from now on it is his call, on every card."""
        outages = await self._database.outages.affecting([customer.id])
        self._floor.take(CustomersFound(call, (customer,), outages=outages))

    def language(self, call: CallId) -> Language:
        """The house's, for a call that has chosen none."""
        found = self._floor.tracker.calls.get(call)
        return (found.language if found else None) or self._current.settings.organisation.language

    def phone(self, login: Login, pbx: PbxName) -> Interface | None:
        """Of somebody who is ready on this PBX."""
        agent = self._floor.tracker.agents.get(login)
        if agent is None or agent.pbx != pbx or agent.state is not AgentState.ready:
            return None
        return agent.interface

    def queue_of(self, topic: TopicCode) -> QueueName | None:
        """Its own, by the tables that hold now; None: they have no such topic."""
        try:
            return self._current.settings.tables.find(topic)[1].queue
        except UnknownTopic:
            return None

"""The event stream for programs: ``GET /api/v1/events``, JSON as the hub made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from aiohttp import web

from callcore.screenpop.hub import REFRESH, Event, Subscription, encode
from callcore.web.api_shapes import EventsQuery
from callcore.web.bodies import BadBody, Scalar
from callcore.web.connections import HubSocket, check_upgrade
from callcore.web.context import WEB, somebody
from callcore.web.operation import described
from callcore.web.security import check_origin


class StreamSocket(HubSocket):
    """Sends each event as one text message; takes nothing but acknowledgements."""

    kind = "events"

    async def on_events(self, first: Event, more: Subscription) -> None:
        await self.send_event(self._wire(first))
        for event in more.drain():
            await self.send_event(self._wire(event))

    def _wire(self, event: Event) -> bytes:
        """A refresh brings the desk along, which spares the program a request."""
        if event.type != REFRESH:
            return event.wire
        desk = self._deps.desks.view(self.identity.login)
        head = {"epoch": event.epoch, "seq": event.seq, "type": event.type, "at": event.at}
        return encode({**head, "data": {**event.data, "desk": desk}}).encode()

    async def on_message(self, fields: Mapping[str, Scalar]) -> NoReturn:
        raise BadBody("only acknowledgements")


@described(
    "events",
    by_token=False,
    query=EventsQuery,
    status=101,
    problems=("origin", "upgrade_required"),
)
async def events(request: web.Request) -> web.StreamResponse:
    """The person's events, as a WebSocket.

    Each message is ``{"epoch", "seq", "type", "at", "data"}``; answer ``{"ack": seq}`` once it is shown. With
    ``epoch`` and ``since`` what was missed comes again; otherwise the first event is a ``refresh``. Types:
    call.ringing, card, call.ended, contact.saved, interaction.saved, agent.changed … A browser needs our
    Origin, a program none.
    """
    shell = request.app[WEB]
    check_origin(request, shell.settings)
    identity = await somebody(request)
    check_upgrade(request)
    return await StreamSocket(shell.deps, shell.connections, identity).serve(request)

"""The pages and the API of people, accounts, audit and privacy, as one."""

from __future__ import annotations

from aiohttp import web

from callcore.web.record import account, audit, privacy, users
from callcore.web.record.access_room import ACCESS, AccessRoom


def add_to(app: web.Application, room: AccessRoom) -> None:
    app[ACCESS] = room
    for routes in (account.ROUTES, users.ROUTES, audit.ROUTES, privacy.ROUTES):
        app.add_routes(routes)

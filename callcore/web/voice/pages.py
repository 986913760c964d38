"""The pages of the voice, as one."""

from __future__ import annotations

from aiohttp import web

from callcore.web.voice import (
    call_backs,
    call_backs_api,
    editions,
    explain,
    ivr,
    recordings,
    recordings_api,
    tables,
    voicemails,
    voicemails_api,
)
from callcore.web.voice.ports import ROOM, VoiceRoom


def add_to(app: web.Application, room: VoiceRoom) -> None:
    app[ROOM] = room
    for routes in (
        voicemails.ROUTES,
        voicemails_api.ROUTES,
        recordings.ROUTES,
        recordings_api.ROUTES,
        call_backs.ROUTES,
        call_backs_api.ROUTES,
        tables.ROUTES,
        explain.ROUTES,
        ivr.ROUTES,
        editions.ROUTES,
    ):
        app.add_routes(routes)

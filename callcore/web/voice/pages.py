"""The pages of the voice, as one."""

from __future__ import annotations

from aiohttp import web

from callcore.web.voice import (
    call_backs_api,
    editions,
    explain,
    follow_ups_api,
    ivr,
    recordings,
    recordings_api,
    tables,
    voicemails,
    voicemails_api,
    work,
    work_ask,
)
from callcore.web.voice.ports import ROOM, VoiceRoom
from callcore.web.voice.work_room import WORK, WorkRoom


def add_to(app: web.Application, room: VoiceRoom, work_room: WorkRoom) -> None:
    app[ROOM] = room
    app[WORK] = work_room
    for routes in (
        voicemails.ROUTES,
        voicemails_api.ROUTES,
        work.ROUTES,
        work_ask.ROUTES,
        recordings.ROUTES,
        recordings_api.ROUTES,
        call_backs_api.ROUTES,
        follow_ups_api.ROUTES,
        tables.ROUTES,
        explain.ROUTES,
        ivr.ROUTES,
        editions.ROUTES,
    ):
        app.add_routes(routes)

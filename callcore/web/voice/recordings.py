"""``/recordings``: recorded talks, all of them or those of a call, with consent and who listened, and the
sound for those who may.

The address of a sound holds 128 random bits, and leads nowhere without the permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path

from aiohttp import web

from callcore.domain import CallId, Login, Text
from callcore.rights import Permission
from callcore.store.recordings import Recording, RecordingLook
from callcore.store.sounds import sound_of
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.problems import Problem
from callcore.web.signin import Identity
from callcore.web.voice.lists import page_of, walk
from callcore.web.voice.ports import ROOM, VoiceRoom
from callcore.web.voice.voicemails import handed_out_as
from callcore.web.voice.voicemails_api import canonical

PAGE = "/recordings"
LISTEN = Permission.recordings_listen
_GONE = Text(
    "Записи больше нет: срок её хранения прошёл, или файл не лежит в папке записей.",
    "The recording is gone: its time is over, or its file is not in the folder of recordings.",
)


async def listed(request: web.Request) -> web.Response:
    """``GET /recordings``: of all calls, by who, when, queue and number; ``?call=…``: of one."""
    identity = await kit.person(request, LISTEN)
    if "call" in request.query:
        return await _of_call(request, identity)
    room, asked = request.app[ROOM], request.query
    fault, look = look_of(room, asked)
    found, before, after = await walk(
        request, page_of(request), lambda limit, offset: room.talks.find(look, limit, offset)
    )
    return kit.show(
        request,
        identity,
        "voice/recordings_all.html",
        here="recordings",
        found=found,
        asked=asked,
        fault=fault,
        titles=room.queue_titles(),
        names=await room.names(),
        is_there=lambda row: file_of(room, row) is not None,
        before=before,
        after=after,
    )


def look_of(room: VoiceRoom, asked: Mapping[str, str]) -> tuple[str, RecordingLook]:
    """Key of what is wrong with the days, and what is looked for; days are those of our zone."""
    fault, days = "", dict[str, datetime | None]()
    for name, later in (("since", 0), ("until", 1)):
        text = asked.get(name, "")[:10]
        try:
            day = date.fromisoformat(text) if text else None
            days[name] = _midnight(day + timedelta(days=later), room.zone) if day else None
        except (ValueError, OverflowError):
            fault, days[name] = "recordings.bad_day", None
    number = asked.get("number", "").strip()[:64]
    login, queue = asked.get("login", "")[:128], asked.get("queue", "")[:128]
    return fault, RecordingLook(login, canonical(room, number), queue, days["since"], days["until"])


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


async def _of_call(request: web.Request, identity: Identity) -> web.Response:
    room = request.app[ROOM]
    call = CallId(request.query.get("call", "")[:128])
    rows = await room.talks.of_call(call)
    customer = await room.talks.customer_of(call)
    return kit.show(
        request,
        identity,
        "voice/recordings.html",
        here="recordings",
        call=call,
        customer=customer,
        found=[(row, await room.talks.listeners(row.id)) for row in rows],
        titles=room.queue_titles(),
        names=await room.names(),
        is_there=lambda row: file_of(room, row) is not None,
    )


async def sound(request: web.Request) -> web.FileResponse:
    """The talk, whole or a range of it. Who listens is in the audit before he hears anything."""
    return await heard(request, await kit.person(request, LISTEN))


async def heard(request: web.Request, identity: Identity) -> web.FileResponse:
    """The sound that the address names, noted for this person or program. Raises ``Problem``."""
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    row = await room.talks.get(request.match_info["token"])
    if row is None:
        raise Problem("not_found")
    path = file_of(room, row)
    if path is None:
        raise Problem("not_found", detail=_GONE)
    login = Login(identity.login)
    if request.method != "HEAD" and not room.hearing.is_known(login, row.id, now):
        await room.talks.listened(row.token, login, now)
        room.hearing.noted(login, row.id, now)
    return handed_out_as(f"talk-{row.id}.wav", path)


def file_of(room: VoiceRoom, row: Recording) -> Path | None:
    """None: there is nothing to hear, or not yet all of it."""
    return sound_of(room.recordings, row.file) if row.has_sound and row.ended_at else None


ROUTES = (
    web.get(PAGE, listed),
    web.get(f"{PAGE}/{{token:[0-9a-f]{{32}}}}/sound", sound),
)

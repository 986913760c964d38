"""``/voicemails``: what callers said after the tone (D-61), and the sound for those who may hear it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aiohttp import web

from callcore.domain import Text, TopicCode
from callcore.numbers import normalise
from callcore.rights import Permission
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.sounds import sound_of
from callcore.store.voicemails import Voicemail, VoicemailLook
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.live_news import NEWS
from callcore.web.problems import Problem
from callcore.web.record.files import SANDBOX
from callcore.web.voice.lists import counts, page_of, walk
from callcore.web.voice.ports import ROOM, VoiceRoom

PAGE = "/voicemails"
STATES = ("new", "heard", "all")
_GONE = Text(
    "Записи больше нет: срок её хранения прошёл, или файл не лежит в папке записей.",
    "The recording is gone: its time is over, or its file is not in the folder of recordings.",
)


async def listed(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.voicemail_listen)
    room, asked = request.app[ROOM], request.query
    state = asked.get("state", "")
    state = state if state in STATES else "new"
    topic, typed = asked.get("topic", "").strip()[:100], asked.get("number", "").strip()[:40]
    number = normalise(typed, room.country)
    page = page_of(request)
    look = VoicemailLook(
        heard={"new": False, "heard": True}.get(state),
        topics=(TopicCode(topic),) if topic else (),
        number=number.canonical if number else typed,
    )
    mails, before, after = await walk(
        request, page, lambda limit, offset: room.voicemails.find(replace(look, limit=limit, offset=offset))
    )
    return kit.show(
        request,
        identity,
        "voice/voicemails.html",
        here="work",
        found=mails,
        state=state,
        states=STATES,
        topic=topic,
        tables=room.book().tables,
        number=typed,
        before=before,
        after=after,
        names=await room.names(),
        counts=await counts(request, identity),
        is_there=lambda mail: file_of(room, mail) is not None,
    )


async def sound(request: web.Request) -> web.FileResponse:
    """The recording, whole or a range of it. Who listens is in the audit before he hears anything."""
    identity = await kit.person(request, Permission.voicemail_listen)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    mail, path = await found(room, int(request.match_info["id"]))
    if request.method != "HEAD" and not room.listening.is_known(identity.login, mail.id, now):
        await room.voicemails.heard(mail.id, identity.login, now)
        room.listening.noted(identity.login, mail.id, now)
        request.app[NEWS].tell(WorkChanged())
    return handed_out(mail, path)


async def found(room: VoiceRoom, id: int) -> tuple[Voicemail, Path]:
    """The message and its sound. Raises ``Problem`` where there is none."""
    mail = await room.voicemails.get(id)
    if mail is None:
        raise Problem("not_found")
    path = file_of(room, mail)
    if path is None:
        raise Problem("not_found", detail=_GONE)
    return mail, path


def handed_out(mail: Voicemail, path: Path) -> web.FileResponse:
    return handed_out_as(f"voicemail-{mail.id}.wav", path)


def handed_out_as(name: str, path: Path) -> web.FileResponse:
    """A sound, which no cache keeps."""
    return web.FileResponse(
        path,
        headers={
            "Content-Type": "audio/wav",
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Security-Policy": SANDBOX,
            "Cache-Control": "private, no-store",
        },
    )


def file_of(room: VoiceRoom, mail: Voicemail) -> Path | None:
    """None: there is nothing to hear."""
    return sound_of(room.recordings, mail.file) if mail.has_sound else None


ROUTES = (
    web.get(PAGE, listed),
    web.get(f"{PAGE}/{{id:[0-9]{{1,18}}}}/sound", sound),
)

"""Voicemail for programs. A program that fetches a sound has not heard it: it says so when somebody has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcore.domain import CustomerId, Language, TopicCode
from callcore.numbers import normalise
from callcore.rights import Permission
from callcore.screenpop.cardnews import WorkChanged
from callcore.store.errors import NotStored
from callcore.store.voicemails import Voicemail, VoicemailLook
from callcore.web.context import allowed
from callcore.web.live_news import NEWS
from callcore.web.masking import masked_number, masked_text
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id, Limit, Offset
from callcore.web.signin import Identity
from callcore.web.voice.ports import ROOM, VoiceRoom
from callcore.web.voice.voicemails import file_of, found, handed_out

LISTEN = Permission.voicemail_listen
Either = Annotated[Literal["", "0", "1"], Field(description="1: yes; 0: no; left out: either")]
WISHED = {"": None, "0": False, "1": True}


class VoicemailModel(ApiModel):
    id: int
    call: str
    topic: str
    language: Language
    ms: int
    made_at: datetime
    number: str | None
    """null: withheld."""
    customer: int | None
    customer_name: str
    case: str | None
    """The number of the case that it became."""
    has_sound: bool
    """``/api/v1/voicemails/{id}/sound`` hands it out."""
    heard_at: datetime | None
    heard_by: str | None


class VoicemailList(ApiModel):
    voicemails: list[VoicemailModel]
    total: int
    next_offset: int | None


class VoicemailQuery(ApiModel):
    heard: Either = ""
    topic: Annotated[str, Field(max_length=128)] = ""
    """This one and all below it."""
    customer: Id | None = None
    number: Annotated[str, Field(max_length=64)] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: Limit = 50
    offset: Offset = 0


@operation("voicemails", needs=LISTEN)
async def voicemails(ask: Ask, query: VoicemailQuery) -> VoicemailList:
    """What callers said after the tone, the newest first."""
    room = ask.request.app[ROOM]
    look = VoicemailLook(
        heard=WISHED[query.heard],
        topics=(TopicCode(query.topic),) if query.topic else (),
        customer=CustomerId(query.customer) if query.customer else None,
        number=canonical(room, query.number),
        since=query.since,
        until=query.until,
        limit=query.limit,
        offset=query.offset,
    )
    mails, total = await room.voicemails.find(look), await room.voicemails.count(look)
    return VoicemailList(
        voicemails=[_model(ask, mail) for mail in mails],
        total=total,
        next_offset=next_of(query.offset, len(mails), total),
    )


@operation("voicemails", needs=LISTEN, problems=("not_found",))
async def voicemail(ask: Ask, id: Id) -> VoicemailModel:
    """One message."""
    return await _known(ask, id)


@operation("voicemails", needs=LISTEN, problems=("not_found",))
async def voicemail_sound(ask: Ask, id: Id) -> web.FileResponse:
    """The sound as WAV, whole or the range that the header ``Range`` names.

    Who fetched it is in the audit. It stays unheard until somebody has heard it: see ``heard``.
    """
    room = ask.request.app[ROOM]
    mail, path = await found(room, id)
    if ask.request.method != "HEAD" and not room.fetching.is_known(ask.identity.login, id, ask.now):
        await room.voicemails.fetched(id, ask.identity.login, ask.now)
        room.fetching.noted(ask.identity.login, id, ask.now)
    return handed_out(mail, path)


@operation("voicemails", needs=LISTEN, problems=("not_found",))
async def voicemail_heard(ask: Ask, id: Id) -> VoicemailModel:
    """Say that you know what is said in it; the first who does counts, a repeat changes nothing."""
    try:
        await ask.request.app[ROOM].voicemails.mark_heard(id, ask.identity.login, ask.now)
    except NotStored:
        raise Problem("not_found") from None
    ask.request.app[NEWS].tell(WorkChanged())
    return await _known(ask, id)


async def _known(ask: Ask, id: int) -> VoicemailModel:
    mail = await ask.request.app[ROOM].voicemails.get(id)
    if mail is None:
        raise Problem("not_found")
    return _model(ask, mail)


def _model(ask: Ask, mail: Voicemail) -> VoicemailModel:
    number, name = masks(ask.identity)
    return VoicemailModel(
        id=mail.id,
        call=mail.call,
        topic=mail.topic,
        language=mail.language,
        ms=mail.ms,
        made_at=mail.made_at,
        number=None if mail.number is None else number(mail.number),
        customer=mail.customer,
        customer_name=name(mail.customer_name),
        case=mail.case_number or None,
        has_sound=file_of(ask.request.app[ROOM], mail) is not None,
        heard_at=mail.heard_at,
        heard_by=mail.heard_by,
    )


# --- shared with call-backs


def canonical(room: VoiceRoom, typed: str) -> str:
    """As it is stored; what is no number finds nothing."""
    number = normalise(typed, room.country) if typed else None
    return number.canonical if number else typed


def next_of(offset: int, shown: int, total: int) -> int | None:
    """Where the next part begins; None: that is all."""
    return offset + shown if shown and offset + shown < total else None


def masks(identity: Identity) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """For numbers and for names: whole to those who may see them so."""
    is_whole = allowed(identity, Permission.customers_unmasked)
    return (str, str) if is_whole else (masked_number, masked_text)


ROUTES = (
    web.get("/api/v1/voicemails", voicemails),
    web.get("/api/v1/voicemails/{id}", voicemail),
    web.get("/api/v1/voicemails/{id}/sound", voicemail_sound),
    web.post("/api/v1/voicemails/{id}/heard", voicemail_heard),
)

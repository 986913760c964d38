"""Recorded talks for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from callcore.domain import CallId, RecordMode
from callcore.store.recordings import Recording
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.voice.ports import ROOM
from callcore.web.voice.recordings import LISTEN, file_of, heard

Token = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class TurnModel(ApiModel):
    at: datetime
    on: bool
    """From now on it is recorded; false: silence is."""
    why: str
    """``words``, ``operator``, ``card``, ``time``, ``start``."""
    login: str | None


class RecordingModel(ApiModel):
    token: str
    call: str
    queue: str
    mode: RecordMode
    consent_at: datetime | None
    consent_how: Literal["words", "operator"] | None
    """Words were played to the caller, or the operator told him."""
    consent_by: str | None
    consent_words: str
    refused_at: datetime | None
    """The caller did not want to be recorded: there is no sound."""
    began_at: datetime
    ended_at: datetime | None
    """null: the talk goes on."""
    ms: int
    turns: list[TurnModel]
    has_sound: bool
    """``/api/v1/recordings/{token}/sound`` hands it out."""


class RecordingList(ApiModel):
    recordings: list[RecordingModel]


class RecordingQuery(ApiModel):
    call: Annotated[str, Field(min_length=1, max_length=128)]


@operation("recordings", needs=LISTEN)
async def recordings(ask: Ask, query: RecordingQuery) -> RecordingList:
    """The recorded talks of a call, and refusals to be recorded, in the order in which they began."""
    rows = await ask.request.app[ROOM].talks.of_call(CallId(query.call))
    return RecordingList(recordings=[_model(ask, row) for row in rows])


@operation("recordings", needs=LISTEN, problems=("not_found",))
async def recording(ask: Ask, token: Token) -> RecordingModel:
    """One of them."""
    row = await ask.request.app[ROOM].talks.get(token)
    if row is None:
        raise Problem("not_found")
    return _model(ask, row)


@operation("recordings", needs=LISTEN, problems=("not_found",))
async def recording_sound(ask: Ask, token: Token) -> web.FileResponse:
    """The talk as WAV, whole or the range that the header ``Range`` names, once it is over.

    Who fetched it is in the audit.
    """
    return await heard(ask.request, ask.identity)


def _model(ask: Ask, row: Recording) -> RecordingModel:
    return RecordingModel(
        token=row.token,
        call=row.call,
        queue=row.queue,
        mode=row.mode,
        consent_at=row.consent_at,
        consent_how=row.consent_how,
        consent_by=row.consent_by,
        consent_words=row.consent_words,
        refused_at=row.refused_at,
        began_at=row.began_at,
        ended_at=row.ended_at,
        ms=row.ms,
        turns=[TurnModel(at=each.at, on=each.on, why=each.why, login=each.login) for each in row.spans],
        has_sound=file_of(ask.request.app[ROOM], row) is not None,
    )


ROUTES = (
    web.get("/api/v1/recordings", recordings),
    web.get("/api/v1/recordings/{token}", recording),
    web.get("/api/v1/recordings/{token}/sound", recording_sound),
)

"""REST of editions: read the files anew, what was kept, how two differ, taking one back.

``callcore reload`` and ``callcore editions`` ask here, over the control socket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Protocol

from aiohttp import web
from pydantic import Field

from callcore.domain import Language, Text
from callcore.rights import Permission
from callcore.store.editions import MOST_LISTED, Edition, Editions, FileChange, compare
from callcore.strictyaml.faults import ConfigFaults, Fault
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem

Id = Annotated[int, Field(ge=1, le=2**62)]


class Taken(Protocol):
    """What came of reading the files, as ``callcore.assembly.editions.Reloaded`` tells it."""

    @property
    def edition(self) -> Edition: ...
    @property
    def is_new(self) -> bool: ...
    @property
    def needs_restart(self) -> Sequence[str]: ...
    @property
    def warnings(self) -> Sequence[Fault]: ...
    @property
    def unspoken(self) -> int: ...
    @property
    def set_aside(self) -> Sequence[str]: ...


class EditionsRoom(Protocol):
    """``callcore.assembly.editions.Editions``."""

    @property
    def store(self) -> Editions: ...

    async def reload(self, login: str) -> Taken:
        """Raises ConfigFaults."""

    async def take_back(self, id: int, login: str) -> Taken:
        """Raises LookupError, ConfigFaults, OSError."""


ROOM: web.AppKey[EditionsRoom] = web.AppKey("editions_room")


class EditionModel(ApiModel):
    id: int
    made_at: datetime
    login: str = Field(description="Who had the files read; SIGHUP, or empty for the start of the daemon")
    back_to: int | None = Field(description="The earlier edition whose files these are again")


class EditionList(ApiModel):
    editions: tuple[EditionModel, ...]
    next: int | None = Field(description="Give it as before for the older ones; null: there are none")


class EditionsQuery(ApiModel):
    before: int | None = Field(None, ge=1, description="Only older editions than this one")
    limit: int = Field(50, ge=1, le=MOST_LISTED)


class EditionWhole(EditionModel):
    files: Mapping[str, str] = Field(
        description="Text by name; of the settings file only the sections that follow a reload"
    )


class ChangesQuery(ApiModel):
    since: int | None = Field(
        None, ge=1, description="The edition to compare with; without it the one before"
    )


class ChangeModel(ApiModel):
    name: str
    is_new: bool
    is_gone: bool
    lines: tuple[str, ...] = Field(description="As diff -u shows them, from the first @@")


class ChangeList(ApiModel):
    since: int | None = Field(description="null: there is none before it")
    files: tuple[ChangeModel, ...] = Field(description="Those that differ")


class WarningModel(ApiModel):
    file: str
    line: int
    field: str
    message: str
    remedy: str


class ReloadedModel(ApiModel):
    edition: EditionModel = Field(description="The one that holds now")
    is_new: bool = Field(description="false: the files are those of the edition that held already")
    needs_restart: tuple[str, ...] = Field(description="Changed settings that follow only a restart")
    warnings: tuple[WarningModel, ...]
    unspoken: int = Field(description="Prompts that could not be made")
    set_aside: tuple[str, ...] = Field(
        description="Files whose text no edition has, left under these names before they were replaced"
    )


@operation("routing", needs=Permission.routing_see)
async def editions(ask: Ask, query: EditionsQuery) -> EditionList:
    """Editions of topic tables, IVR, departments and types of cases, the newest first."""
    found = await _store(ask).list(query.before, query.limit + 1)
    return EditionList(
        editions=tuple(map(_model, found[: query.limit])),
        next=found[query.limit - 1].id if len(found) > query.limit else None,
    )


@operation("routing", needs=Permission.routing_see, problems=("not_found",))
async def edition(ask: Ask, id: Id) -> EditionWhole:
    """One edition with its files."""
    found, files = await _store(ask).get(id), await _files(ask, id)
    if found is None:
        raise Problem("not_found")
    return EditionWhole(**_model(found).model_dump(), files=files)


@operation("routing", needs=Permission.routing_see, problems=("not_found",))
async def edition_changes(ask: Ask, id: Id, query: ChangesQuery) -> ChangeList:
    """How an edition differs from an earlier one."""
    files, since = await _files(ask, id), query.since
    if since is None:
        since = next((each.id for each in await _store(ask).list(id, 1)), None)
    earlier = {} if since is None else await _files(ask, since)
    return ChangeList(since=since, files=tuple(map(_change, compare(earlier, files))))


@operation("routing", needs=Permission.routing_change)
async def reload(ask: Ask) -> ReloadedModel:
    """Read the files anew: all of it is taken over, or, if anything is faulty, nothing.

    Calls that are under way keep the edition they began with. Same files make no new edition.
    """
    try:
        return _reloaded(await ask.request.app[ROOM].reload(ask.identity.login), ask.language)
    except ConfigFaults as refused:
        raise Problem("invalid", detail=_REFUSED, faults=_only_faults(refused)) from None


@operation("routing", needs=Permission.routing_change, problems=("not_found", "conflict"))
async def take_edition_back(ask: Ask, id: Id) -> ReloadedModel:
    """Write the files of an edition back and read them.

    Nothing is written where they no longer fit the other settings.
    """
    try:
        taken = await ask.request.app[ROOM].take_back(id, ask.identity.login)
    except LookupError:
        raise Problem("not_found", detail=_NONE) from None
    except ConfigFaults as refused:
        raise Problem("invalid", detail=_NO_FIT, faults=_only_faults(refused)) from None
    except OSError as error:
        raise Problem("conflict", detail=unwritten(error)) from None
    return _reloaded(taken, ask.language)


_NONE = Text("Такой редакции нет.", "There is no such edition.")
_REFUSED = Text(
    "В файлах ошибки, действует прежняя редакция.", "The files have faults; the edition before stays."
)
_NO_FIT = Text(
    "Редакция не подходит к остальным настройкам, файлы не тронуты.",
    "The edition does not fit the other settings; no file was touched.",
)


def unwritten(error: OSError) -> Text:
    """Why an edition could not be taken back, and what to do."""
    what = f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return Text(
        f"Файлы не записать: {what}. Дайте пользователю callcore право писать туда или положите файлы сами: "
        "callcore editions show НОМЕР --into ПАПКА, затем callcore reload.",
        f"The files cannot be written: {what}. Let the user who runs callcore write there, or put them there "
        "yourself: callcore editions show NUMBER --into FOLDER, then callcore reload.",
    )


def _only_faults(refused: ConfigFaults) -> list[Fault]:
    """Without the warnings, which stood in nobody's way."""
    return [fault for fault in refused.faults if fault.severity == "fault"]


def _store(ask: Ask) -> Editions:
    return ask.request.app[ROOM].store


async def _files(ask: Ask, id: int) -> Mapping[str, str]:
    found = await _store(ask).files(id)
    if found is None:
        raise Problem("not_found", detail=_NONE)
    return found


def _model(edition: Edition) -> EditionModel:
    return EditionModel(id=edition.id, made_at=edition.made_at, login=edition.login, back_to=edition.back_to)


def _change(change: FileChange) -> ChangeModel:
    return ChangeModel(name=change.name, is_new=change.is_new, is_gone=change.is_gone, lines=change.lines)


def _reloaded(taken: Taken, language: Language) -> ReloadedModel:
    return ReloadedModel(
        edition=_model(taken.edition),
        is_new=taken.is_new,
        needs_restart=tuple(taken.needs_restart),
        warnings=tuple(_warning(fault, language) for fault in taken.warnings),
        unspoken=taken.unspoken,
        set_aside=tuple(taken.set_aside),
    )


def _warning(fault: Fault, language: Language) -> WarningModel:
    return WarningModel(
        file=fault.file,
        line=fault.line,
        field=fault.path,
        message=fault.message.in_(language),
        remedy=fault.remedy.in_(language),
    )


ROUTES = (
    web.get("/api/v1/editions", editions),
    web.post("/api/v1/editions", reload),
    web.get("/api/v1/editions/{id}", edition),
    web.get("/api/v1/editions/{id}/changes", edition_changes),
    web.post("/api/v1/editions/{id}/take-back", take_edition_back),
)


def add_to(app: web.Application, room: EditionsRoom) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)

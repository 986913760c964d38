"""What the pages and the API of cases share: their room, and how their forms are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.crm.cases.desk import CaseDesk
from callcore.crm.cases.model import Refused
from callcore.domain import CallId, Login, Text
from callcore.screenpop.cardnews import CardNews
from callcore.store.attachments import Attachment, Owner, OwnerKind, checked
from callcore.store.case_rows import Case, number_of
from callcore.store.database import Database
from callcore.web import kit
from callcore.web.problems import Problem
from callcore.web.record.cases_view import CaseView

NO_FILE = Text(
    "Файл не принят: он пустой, больше 10 МБ, или файлов уже сто.",
    "The file was not taken: it is empty, over 10 MB, or there are a hundred files already.",
)
HERE = "cases"


@dataclass(frozen=True, slots=True)
class CaseRoom:
    desk: CaseDesk
    database: Database
    zone: ZoneInfo
    news: CardNews

    async def call_of(self, interaction: int | None) -> CallId | None:
        """The contact that it belongs to."""
        found = None if interaction is None else await self.database.interactions.get(interaction)
        return found.call if found else None


ROOM = web.AppKey("case_room", CaseRoom)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a refused form held, and why."""

    do: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    error: Text | None = None
    faults: Mapping[str, Text] = field(default_factory=dict)

    def get(self, name: str, otherwise: str = "") -> str:
        return self.fields.get(name, otherwise)


async def known(request: web.Request) -> Case:
    """The case of the address. Raises ``Problem``."""
    try:
        return await request.app[ROOM].desk.get(request.match_info["number"])
    except Refused:
        raise Problem("not_found") from None


def path_of(case: Case) -> str:
    return f"/cases/{number_of(case.id, case.created_at)}"


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Of a field ``datetime-local``, as the pages' zone reads it. Raises ``Refused``."""
    try:
        return datetime.fromisoformat(text[:16]).replace(tzinfo=zone)
    except ValueError:
        fault = Text("Назовите день и час.", "Name a day and an hour.")
        raise Refused("form", fault, {"due": fault}) from None


async def view_of(room: CaseRoom) -> CaseView:
    return CaseView(room.desk.catalogue, {each.login: each.name for each in await room.desk.people()})


def files_of(given: kit.Form, login: Login, at: datetime) -> list[tuple[Attachment, bytes]]:
    """Of a form, to be stored with their case. Raises ``AttachmentRefused``."""
    kind = given.get("kind") or "other"
    return [
        (checked(file.name, file.media_type, kind, file.body, login, at), file.body) for file in given.files
    ]


async def attach(room: CaseRoom, case: Case, given: kit.Form, login: Login, at: datetime) -> None:
    """The files of a form. Raises ``AttachmentRefused``."""
    owner = Owner(OwnerKind.case, number_of(case.id, case.created_at))
    for file in given.files:
        await room.database.attachments.add(
            owner, file.name, file.media_type, given.get("kind") or "other", file.body, login, at
        )

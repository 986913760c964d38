"""``/admin/audit``: who saw and changed which customer, what one person saw; also as CSV and by the API."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from callcore import csvtext
from callcore.domain import CustomerId
from callcore.rights import Permission
from callcore.store.audit import Line
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.record import audit_words
from callcore.web.record.access_room import ACCESS, AccessRoom
from callcore.web.render import texts_of

PAGE = "/admin/audit"
NEEDS = Permission.audit_see
ROWS = 100
MOST_ROWS = 500
MOST_CSV = 50_000
ACTS = (
    "seen",
    "changed",
    "checked",
    "exported",
    "erased",
    "imported",
    "import_given_up",
    "user_added",
    "user_changed",
    "user_disabled",
    "user_enabled",
    "password_set",
    "second_factor_on",
    "second_factor_off",
    "recovery_code_used",
    "recovery_codes_renewed",
    "token_made",
    "token_revoked",
    "webhook_added",
    "webhook_changed",
    "webhook_secret",
    "webhook_removed",
    "file_removed",
    "flash_created",
    "flash_withdrawn",
    "flash_switched_on",
    "flash_switched_off",
    "listened",
    "sounds_gone",
    "audit_purged",
)
"""Those that have words of their own; others are shown by their names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; all of it stands in the address."""

    customer: str = ""
    """An id or a contract."""
    login: str = ""
    act: str = ""
    since: str = ""
    until: str = ""
    """Days, both included."""
    below: str = ""

    def href(self, page: str = PAGE, **changes: str) -> str:
        fields = {name: getattr(self, name) for name in self.__slots__} | changes
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{page}?{query}" if query else page


async def page(request: web.Request) -> web.Response:
    identity = await kit.person(request, NEEDS)
    wanted, room = _wanted(request.query), request.app[ACCESS]
    zone = ZoneInfo(request.app[WEB].settings.zone)
    t = texts_of(identity.language)
    filters, errors = await _filters(room, wanted, zone)
    lines = () if errors else await room.database.audit.lines(**filters, limit=ROWS + 1)
    after = wanted.href(below=str(lines[ROWS - 1].id)) if len(lines) > ROWS else ""
    ids = {line.customer for line in lines if line.customer}
    return kit.show(
        request,
        identity,
        "record/audit/audit.html",
        here="admin",
        status=422 if errors else 200,
        lines=lines[:ROWS],
        wanted=wanted,
        errors={name: t(f"audit.wrong_{name}") for name in errors},
        after=after,
        before=wanted.href(below="") if wanted.below else "",
        acts=ACTS,
        contracts=await _contracts(room, ids),
        names={user.login: user.name for user in await room.database.users.list()},
        subject=audit_words.subject,
        details=audit_words.details,
        csv=wanted.href(f"{PAGE}.csv", below=""),
    )


async def table(request: web.Request) -> web.Response:
    """The same as CSV, up to 50 000 lines."""
    identity = await kit.person(request, NEEDS)
    room = request.app[ACCESS]
    zone = ZoneInfo(request.app[WEB].settings.zone)
    filters, errors = await _filters(room, _wanted(request.query), zone)
    if errors:
        return kit.go(request, PAGE)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("id", "at", "login", "act", "customer", "subject", "detail"))
    lines = await room.database.audit.lines(**filters, limit=MOST_CSV)
    for line in lines:
        at = line.at.astimezone(zone).isoformat(timespec="seconds")
        writer.writerow([csvtext.inert(each) for each in (line.id, at, *_rest(line))])
    now = request.app[WEB].deps.now()
    await room.database.audit.note(identity.login, "exported", None, now, subject="audit")
    return web.Response(
        body=out.getvalue().encode("utf-8-sig", "replace"),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _rest(line: Line) -> tuple[object, ...]:
    detail = "; ".join(f"{name}={value}" for name, value in line.detail.items())
    return line.login, line.act, line.customer, line.subject, detail


def _wanted(query: Mapping[str, str]) -> Wanted:
    return Wanted(**{name: query.get(name, "").strip()[:100] for name in Wanted.__slots__})


async def _filters(room: AccessRoom, wanted: Wanted, zone: ZoneInfo) -> tuple[dict[str, Any], list[str]]:
    """What ``Audit.lines`` takes, and the fields that say nothing we know."""
    wrong: list[str] = []
    filters: dict[str, Any] = {"login": wanted.login.lower(), "act": wanted.act}
    if wanted.customer:
        filters["customer"] = await _customer(room, wanted.customer)
        if filters["customer"] is None:
            wrong.append("customer")
    for name, days in (("since", 0), ("until", 1)):
        text = getattr(wanted, name)
        if text:
            try:
                day = date.fromisoformat(text) + timedelta(days=days)
                filters[name] = datetime.combine(day, time(), zone).astimezone(UTC)
            except (ValueError, OverflowError):
                wrong.append(name)
    if wanted.below.isascii() and wanted.below.isdigit():
        filters["below"] = int(wanted.below[:18])
    return filters, wrong


async def _customer(room: AccessRoom, text: str) -> CustomerId | None:
    found = await room.database.customers.by_contract(text)
    if found is not None:
        return found.id
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return CustomerId(int(text))
    return None


async def _contracts(room: AccessRoom, ids: set[int]) -> Mapping[int, str]:
    found = [await room.database.customers.get(CustomerId(id_)) for id_ in sorted(ids)]
    return {int(each.id): each.contract for each in found if each is not None}


class AuditQuery(ApiModel):
    customer: int | None = Field(None, ge=0, le=2**62)
    login: str = Field("", max_length=64)
    act: str = Field("", max_length=64)
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = Field(None, ge=1, le=2**62, description="``next`` of the page before")
    limit: int = Field(100, ge=1, le=MOST_ROWS)


class AuditLine(ApiModel):
    id: int
    at: datetime
    login: str
    act: str
    customer: int | None
    subject: str
    detail: dict[str, Any]


class AuditAnswer(ApiModel):
    lines: tuple[AuditLine, ...]
    next: int | None = Field(description="For ``before``; null: there are no more")


@operation("audit", needs=NEEDS)
async def audit_lines(ask: Ask, query: AuditQuery) -> AuditAnswer:
    """Who saw and changed which customer, newest first."""
    zone = ZoneInfo(ask.deps.settings.zone)
    lines = await ask.request.app[ACCESS].database.audit.lines(
        customer=query.customer,
        login=query.login.lower(),
        act=query.act,
        since=_aware(query.since, zone),
        until=_aware(query.until, zone),
        below=query.before,
        limit=query.limit,
    )
    rows = tuple(AuditLine(**{name: getattr(line, name) for name in Line.__slots__}) for line in lines)
    return AuditAnswer(lines=rows, next=rows[-1].id if len(rows) == query.limit else None)


def _aware(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=zone)


ROUTES = (
    web.get(PAGE, page),
    web.get(f"{PAGE}.csv", table),
    web.get("/api/v1/audit", audit_lines),
)

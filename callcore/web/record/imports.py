"""Import of customers: upload, see what it would do, confirm; and the same for programs (D-71).

An uploaded file waits in memory for its owner's word, a few at a time and half an hour at most: a restart
only means choosing the file again.
"""

from __future__ import annotations

import csv
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO

from aiohttp import web

from callcore import csvtext
from callcore.crm.importing_columns import both_names
from callcore.crm.importing_run import Importer, ImportReport, RowReport
from callcore.csvtext import RowFault
from callcore.domain import Language, Login, Text
from callcore.rights import Permission
from callcore.store.records_write import Verdict
from callcore.strictyaml.faults import Fault
from callcore.web import kit
from callcore.web.bodies import read_raw
from callcore.web.context import WEB, api_changer
from callcore.web.operation import ApiModel, answer, described
from callcore.web.problems import Problem
from callcore.web.signin import Identity

KEPT = timedelta(minutes=30)
MOST_WAITING = 8
SHOWN = 200
TOLD = 500
_MOST_FAULTS = 100
_SAMPLE = ("contract", "name", "numbers", "address", "tariff", "balance")
_SAMPLE_ROWS = Text(
    """ЗР-200001;Осипов Павел;+79000000801, +79000000802;Заречинск, ул. Садовая, 5;Домашний 100;350,00
ЗР-200002;ООО «Лён»;+79000000803;Заречинск, пр. Мира, 18;Бизнес 50;-1200,50
""",
    """ZR-200001;Paul Osipov;+79000000801, +79000000802;Zarechinsk, Sadovaya 5;Home 100;350.00
ZR-200002;Len Ltd;+79000000803;Zarechinsk, Prospekt Mira 18;Business 50;-1200.50
""",
)
_SEE = Text("Исправьте строку и пришлите файл снова.", "Mend the row and send the file again.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was previewed."""

    login: Login
    name: str
    body: bytes = field(repr=False)
    faults: tuple[RowFault, ...] = field(repr=False)
    at: datetime


class Uploads:
    """Files between preview and confirmation; the oldest give way."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def add(self, waiting: Waiting) -> str:
        token = secrets.token_urlsafe(16)
        self._waiting[token] = waiting
        mine = [key for key, one in self._waiting.items() if one.login == waiting.login]
        for key in mine[:-2]:
            del self._waiting[key]
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        return token

    def get(self, token: str, login: Login, now: datetime) -> Waiting | None:
        for key in [key for key, one in self._waiting.items() if now - one.at > KEPT]:
            del self._waiting[key]
        found = self._waiting.get(token)
        return found if found is not None and found.login == login else None

    def drop(self, token: str) -> None:
        self._waiting.pop(token, None)


@dataclass(frozen=True, slots=True)
class ImportRoom:
    importer: Importer
    uploads: Uploads = field(default_factory=Uploads)


ROOM = web.AppKey("imports", ImportRoom)


async def page(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.customers_import)
    return await _chooser(request, identity)


async def _chooser(request: web.Request, identity: Identity, error: str = "") -> web.Response:
    return kit.show(
        request,
        identity,
        "record/import/page.html",
        here="customers",
        status=422 if error else 200,
        error=error,
        under_way=await request.app[ROOM].importer.under_way(),
        columns=both_names(),
    )


async def sample(request: web.Request) -> web.Response:
    """A small file that can be imported as it is, with the names of columns that this person reads."""
    identity = await kit.person(request, Permission.customers_import)
    names = {name: Text(russian or name, name).in_(identity.language) for name, russian in both_names()}
    head = ";".join(names[name] for name in _SAMPLE)
    return _csv("customers.csv", f"{head}\n{_SAMPLE_ROWS.in_(identity.language)}")


def _csv(name: str, text: str) -> web.Response:
    return web.Response(
        body=text.encode("utf-8-sig"),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def upload(request: web.Request) -> web.Response:
    """What the file would do; nothing is written."""
    identity = await kit.person(request, Permission.customers_import)
    given = await kit.form(request, identity, files=True)
    if not given.files or not given.files[0].body:
        return await _chooser(request, identity, "base.no_file")
    room, now, file = request.app[ROOM], request.app[WEB].deps.now(), given.files[0]
    report = await room.importer.preview(file.body)
    name = file.name[:200]
    telling = _telling(report)
    token = room.uploads.add(Waiting(identity.login, name, file.body, report.faults, now))
    return kit.show(
        request,
        identity,
        "record/import/preview.html",
        here="customers",
        status=422 if report.faults else 200,
        report=report,
        rows=telling[:SHOWN],
        telling=len(telling),
        shown_faults=report.faults[:_MOST_FAULTS],
        verdicts=tuple(Verdict),
        token=token,
        name=name,
    )


def _telling(report: ImportReport) -> list[RowReport]:
    """Rows that do something."""
    return [row for row in report.rows if row.verdict is not Verdict.unchanged]


async def confirm(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.customers_import)
    given = await kit.form(request, identity)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    waiting = room.uploads.get(given.get("token"), identity.login, now)
    if waiting is None:
        return await _chooser(request, identity, "base.gone")
    report = await room.importer.run(waiting.body, waiting.name, identity.login, now)
    if not report.faults:
        room.uploads.drop(given.get("token"))
    return kit.show(
        request,
        identity,
        "record/import/done.html",
        here="customers",
        status=422 if report.faults else 200,
        report=report,
        shown_faults=report.faults[:_MOST_FAULTS],
        verdicts=tuple(Verdict),
        name=waiting.name,
    )


async def faults(request: web.Request) -> web.Response:
    """All faults of an uploaded file, as CSV."""
    identity = await kit.person(request, Permission.customers_import)
    token = request.query.get("token", "")
    waiting = request.app[ROOM].uploads.get(token, identity.login, request.app[WEB].deps.now())
    if waiting is None:
        raise Problem("not_found")
    return _csv("faults.csv", faults_csv(waiting.faults, identity.language))


def faults_csv(found: tuple[RowFault, ...], language: Language) -> str:
    """Row and message; no cell is a formula, whatever the file held."""
    out = StringIO()
    table = csv.writer(out, delimiter=";")
    table.writerow(Text("строка;ошибка", "row;fault").in_(language).split(";"))
    for fault in found:
        table.writerow((fault.row or "", csvtext.inert(fault.message.in_(language))))
    return out.getvalue()


# --- for programs


class ImportQuery(ApiModel):
    dry: bool = False
    """Only tell what would be done."""
    name: str = ""
    """The file's name, for the audit."""


class ImportedRow(ApiModel):
    row: int
    contract: str
    verdict: Verdict
    fields: list[str]


class OddRow(ApiModel):
    """Taken as it stands, and worth a look."""

    row: int
    message_ru: str
    message_en: str


class ImportedModel(ApiModel):
    done: bool
    rows: int
    new: int
    changed: int
    unchanged: int
    """In contracts."""
    report: list[ImportedRow]
    """Rows that add or change something, the first 500."""
    odd: list[OddRow]
    """What was taken but looks like a slip: each once, with the first of its rows; the first 100."""


@described(
    "customers",
    needs=Permission.customers_import,
    query=ImportQuery,
    answer=ImportedModel,
    problems=("invalid", "too_large", "bad_request"),
)
async def import_customers(request: web.Request) -> web.StreamResponse:
    """Import customers from a CSV or XLSX file, which is the body as it is: all rows or none.

    Contracts that are known are brought up to date; columns that are absent leave things as they are. Faults
    are answered as ``invalid``, each with its row in ``line``.
    """
    identity = await api_changer(request, Permission.customers_import)
    dry = request.query.get("dry", "false")
    if dry not in ("true", "false", "1", "0"):
        raise Problem("bad_request")
    data = await read_raw(request, csvtext.FILE_LIMIT_BYTES)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    if dry in ("true", "1"):
        report = await room.importer.preview(data)
    else:
        report = await room.importer.run(data, request.query.get("name", ""), identity.login, now)
    if report.faults:
        raise Problem("invalid", faults=[_fault(fault) for fault in report.faults[:_MOST_FAULTS]])
    return answer(
        ImportedModel(
            done=report.is_done,
            rows=report.table.rows,
            new=report.counts[Verdict.new],
            changed=report.counts[Verdict.changed],
            unchanged=report.counts[Verdict.unchanged],
            report=[
                ImportedRow(row=row.row, contract=row.contract, verdict=row.verdict, fields=list(row.fields))
                for row in _telling(report)[:TOLD]
            ],
            odd=[
                OddRow(row=each.row, message_ru=each.message.ru, message_en=each.message.en)
                for each in report.table.odd
            ],
        )
    )


def _fault(fault: RowFault) -> Fault:
    return Fault("body", fault.row, f"row {fault.row}" if fault.row else "", fault.message, _SEE)


ROUTES = (
    web.get("/customers/import", page),
    web.post("/customers/import", upload),
    web.post("/customers/import/confirm", confirm),
    web.get("/customers/import/faults", faults),
    web.get("/customers/import/sample", sample),
    web.post("/api/v1/customers/import", import_customers),
)


def add_to(app: web.Application, room: ImportRoom) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)

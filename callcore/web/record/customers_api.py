"""Customers for programs: search, the record in full, prospects, contact data, numbers, consents.

Whoever may not see numbers and addresses whole gets them masked, as on the pages. Every look at a record is
in the audit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from callcore.crm.finding import Search
from callcore.domain import NULL_CUSTOMER, CustomerId
from callcore.rights import Permission
from callcore.store.database import Database
from callcore.store.prospects import Prospect, Prospects
from callcore.store.record import CustomerRecord
from callcore.web.operation import Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.customers_shapes import (
    ConsentAsked,
    ConsentModel,
    CorrectedModel,
    CorrectionModel,
    Eyes,
    FlagModel,
    HitList,
    Id,
    NewNumber,
    NewProspect,
    NumberAsked,
    RecordModel,
    SearchQuery,
    consent_model,
)


@dataclass(frozen=True, slots=True)
class CustomerApiRoom:
    database: Database
    search: Search
    canonical: Callable[[str | None], str | None]


ROOM = web.AppKey("customers_api", CustomerApiRoom)


@operation("customers", needs=Permission.customers_see)
async def search_customers(ask: Ask, query: SearchQuery) -> HitList:
    """Customers by anything, as one types: contract, number, name, address, record or case number.

    Each word is the beginning of one, or a Russian form of it; any three digits in a row find a number. The
    best come first. "0" is the null customer. Whoever sees names and numbers masked finds by whole words and
    whole numbers only.
    """
    eyes = Eyes(ask)
    hits = await ask.request.app[ROOM].search(query.q, query.limit, whole=eyes.is_masked)
    return HitList(hits=[eyes.hit(hit) for hit in hits])


@operation("customers", needs=Permission.customers_see, problems=("not_found",))
async def customer_record(ask: Ask, id: Id) -> RecordModel:
    """One customer in full."""
    record = await _record(ask, id)
    ask.request.app[ROOM].database.audit.saw(ask.identity.login, record.id, ask.now, "api")
    return Eyes(ask).record(record)


@operation(
    "customers", needs=Permission.customers_change, status=201, problems=("not_a_number",), repeats=True
)
async def add_prospect(ask: Ask, body: NewProspect) -> RecordModel:
    """A prospective customer, under a contract number of its own until he signs one."""
    number = _canonical(ask, body.number) if body.number else ""
    new = Prospect(
        name=body.name,
        number=number,
        legal_form=body.legal_form,
        address=body.address,
        email=body.email,
        person=body.person,
    )
    id = await Prospects(ask.request.app[ROOM].database).add(new, ask.identity.login, ask.now)
    return Eyes(ask).record(await _record(ask, id))


@operation("customers", needs=Permission.customers_change, problems=("not_found", "conflict"))
async def correct_customer(ask: Ask, id: Id, body: CorrectionModel) -> CorrectedModel:
    """Put contact data right; the answer names what changed."""
    record = await _real(ask, id)
    given = {name: value for name, value in body.model_dump(exclude_unset=True).items()}
    fields = {name: "" if value is None else str(value) for name, value in given.items()}
    done = await ask.request.app[ROOM].database.records.correct(
        record.id, fields, ask.identity.login, ask.now
    )
    return CorrectedModel(changed=list(done.fields))


@operation("customers", needs=Permission.customers_change, problems=("not_found", "conflict", "not_a_number"))
async def add_customer_number(ask: Ask, id: Id, body: NewNumber) -> None:
    """Another number of his; one that he has already changes nothing."""
    record = await _real(ask, id)
    number = _canonical(ask, body.number)
    records = ask.request.app[ROOM].database.records
    await records.add_number(record.id, number, ask.identity.login, ask.now, kind=body.kind)


@operation("customers", needs=Permission.customers_change, problems=("not_found", "conflict"))
async def confirm_customer_number(ask: Ask, id: Id, body: NumberAsked) -> None:
    """This number is his and right; a flag on it goes."""
    record = await _real(ask, id)
    records = ask.request.app[ROOM].database.records
    await records.confirm_number(record.id, _own(ask, record, body.number), ask.identity.login, ask.now)


@operation("customers", needs=Permission.customers_change, problems=("not_found", "conflict"))
async def flag_customer_number(ask: Ask, id: Id, body: FlagModel) -> None:
    """This number is bad, and why."""
    record = await _real(ask, id)
    records = ask.request.app[ROOM].database.records
    number = _own(ask, record, body.number)
    await records.flag_number(record.id, number, body.why, ask.identity.login, ask.now)


@operation("customers", needs=Permission.customers_change, status=201, problems=("not_found", "conflict"))
async def grant_consent(ask: Ask, id: Id, body: ConsentAsked) -> ConsentModel:
    """He consents to a named clause; while a consent to it is in force, that one is answered."""
    record = await _real(ask, id)
    records = ask.request.app[ROOM].database.records
    return consent_model(
        await records.grant(record.id, body.clause, body.evidence, ask.identity.login, ask.now)
    )


@operation("customers", needs=Permission.customers_change, problems=("not_found", "conflict"))
async def withdraw_consent(ask: Ask, id: Id, body: ConsentAsked) -> None:
    """He takes his consent to a clause back."""
    record = await _real(ask, id)
    records = ask.request.app[ROOM].database.records
    await records.withdraw(record.id, body.clause, body.evidence, ask.identity.login, ask.now)


async def _record(ask: Ask, id: int) -> CustomerRecord:
    record = await ask.request.app[ROOM].database.records.get(CustomerId(id))
    if record is None:
        raise Problem("not_found")
    return record


async def _real(ask: Ask, id: int) -> CustomerRecord:
    if id == NULL_CUSTOMER:
        raise Problem("conflict")
    return await _record(ask, id)


def _canonical(ask: Ask, number: str) -> str:
    found = ask.request.app[ROOM].canonical(number)
    if found is None:
        raise Problem("not_a_number")
    return found


def _own(ask: Ask, record: CustomerRecord, number: str) -> str:
    """The spelling under which he has it."""
    found = ask.request.app[ROOM].canonical(number) or number
    return found if any(one.number == found for one in record.numbers) else number


ROUTES = (
    web.get("/api/v1/customers", search_customers),
    web.post("/api/v1/customers", add_prospect),
    web.get("/api/v1/customers/{id}", customer_record),
    web.patch("/api/v1/customers/{id}", correct_customer),
    web.post("/api/v1/customers/{id}/numbers", add_customer_number),
    web.post("/api/v1/customers/{id}/numbers/confirm", confirm_customer_number),
    web.post("/api/v1/customers/{id}/numbers/flag", flag_customer_number),
    web.post("/api/v1/customers/{id}/consents", grant_consent),
    web.post("/api/v1/customers/{id}/consents/withdraw", withdraw_consent),
)


def add_to(app: web.Application, room: CustomerApiRoom) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)

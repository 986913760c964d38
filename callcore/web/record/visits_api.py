"""The office's REST API: the queue's machine, contacts of other channels, payments."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from callcore.crm.visits import direction_of, holds_card_number, totals
from callcore.domain import CallId, CustomerId, Login, Text, TopicCode
from callcore.rights import Permission
from callcore.store.errors import TextRefused
from callcore.store.texts import WORD_LIMIT
from callcore.store.visit_rows import (
    Method,
    Money,
    NewContact,
    OtherContact,
    Papers,
    Written,
    keyed_id,
    new_id,
)
from callcore.web.context import allowed
from callcore.web.masking import masked_text
from callcore.web.operation import Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id
from callcore.web.record.visits_models import (
    MoneyModel,
    NewContactModel,
    NewVisitorModel,
    OfficeQuery,
    OtherContactModel,
    PaymentList,
    PaymentModel,
    PaymentQuery,
    TotalModel,
    VisitorList,
    VisitorModel,
    WhyModel,
    contact_model,
    payment_model,
    visitor_model,
)
from callcore.web.record.visits_room import ROOM, VisitRoom

_TAKE = Permission.contacts_take
_TOPIC_NEEDED = Text("Комментарий без темы не хранится: укажите topic.", "A comment needs its topic.")
_KEY_USED = Text(
    "С этим ключом уже зарегистрировано другое обращение.", "Another contact was registered with this key."
)
_WRONG_KEY = Text(
    f"Ключ: не длиннее {WORD_LIMIT} знаков, и одинаковый в заголовке и в поле key.",
    f"The key has at most {WORD_LIMIT} characters, the same ones in the header and in the field.",
)


@operation("visits", needs=_TAKE, problems=("invalid", "conflict"), status=201)
async def new_visitor(ask: Ask, body: NewVisitorModel) -> VisitorModel:
    """A visitor took a ticket at the machine of an electronic queue.

    With a key (``key``, or the header ``Idempotency-Key``) it may be sent again: the visitor waits once.
    """
    room = _room(ask)
    _check_office(room, body.office)
    came_at, key = body.came_at or ask.now, _keyed(ask, body.key)
    found = await room.database.visitors.arrive(body.office, body.ticket, body.topic, came_at, key=key)
    room.queue_changed(found.office)
    return visitor_model(found)


@operation("visits", needs=_TAKE)
async def visitors(ask: Ask, query: OfficeQuery) -> VisitorList:
    """Who waits in an office today, or was called and is not served yet."""
    room = _room(ask)
    found = await room.database.visitors.present(query.office, room.midnight(ask.now), query.limit)
    return VisitorList(visitors=[visitor_model(each) for each in found])


@operation("visits", needs=_TAKE, problems=("conflict",))
async def call_visitor(ask: Ask, id: Id) -> VisitorModel:
    """Call a visitor to one's desk."""
    found = await _room(ask).database.visitors.call(id, Login(ask.identity.login), ask.now)
    _room(ask).queue_changed(found.office)
    return visitor_model(found)


@operation("visits", needs=_TAKE, problems=("conflict",))
async def visitor_left(ask: Ask, id: Id) -> VisitorModel:
    """A visitor went away unserved."""
    found = await _room(ask).database.visitors.leave(id, ask.now)
    _room(ask).queue_changed(found.office)
    return visitor_model(found)


@operation("visits", needs=_TAKE, problems=("invalid", "conflict", "unknown_topic"), status=201)
async def new_contact(ask: Ask, body: NewContactModel) -> OtherContactModel:
    """Register a visit, a letter, a document, a payment or an e-mail; calls register themselves.

    It is stored as a whole, or nothing of it. With a key (``key``, or the header ``Idempotency-Key``) it may
    be sent again: it is stored once, and what is stored is answered. Another contact with it is refused.
    """
    room, login = _room(ask), Login(ask.identity.login)
    if body.office:
        _check_office(room, body.office)
    topic = TopicCode(body.topic)
    if topic and topic not in room.topics():
        raise Problem("unknown_topic")
    if body.comment and not topic:
        raise Problem("invalid", detail=_TOPIC_NEEDED)
    papers = body.papers
    new = NewContact(
        _keyed(ask, body.key) or new_id(),
        body.medium,
        direction_of(body.medium),
        body.office,
        None if body.customer is None else CustomerId(body.customer),
        body.visitor,
        None if papers is None else Papers(papers.number, papers.dated, papers.party, papers.handed),
        _money(body.payment),
        Written(topic or None, body.comment),
    )
    is_new = await room.database.visits.register(new, login, ask.now)
    if is_new:
        room.changed(new.office, new.customer)
    found = await room.database.visits.get(new.call)
    if found is None:
        raise Problem("not_found")
    if not is_new and not _is_same(new, found):
        raise Problem("conflict", detail=_KEY_USED)
    return contact_model(found)


@operation("visits", needs=Permission.customers_see, problems=("not_found",))
async def contact(ask: Ask, call: Annotated[str, Field(max_length=WORD_LIMIT)]) -> OtherContactModel:
    """One contact of any channel."""
    found = await _contact(ask, CallId(call))
    if found.customer is not None:
        _room(ask).database.audit.saw(Login(ask.identity.login), CustomerId(found.customer), ask.now, "api")
    return found


@operation("visits", needs=_TAKE)
async def payments(ask: Ask, query: PaymentQuery) -> PaymentList:
    """Payments taken in a period: one's own, or everybody's for who may see what others registered."""
    whose = None if allowed(ask.identity, Permission.contacts_others) else Login(ask.identity.login)
    found = await _room(ask).database.payments.taken(
        query.since, query.until, whose, query.office, query.limit
    )
    sums = [
        TotalModel(currency=currency, method=Method(method), amount_minor=amount)
        for (currency, method), amount in totals(found).items()
    ]
    return PaymentList(payments=[payment_model(each) for each in found], totals=sums)


@operation("visits", needs=_TAKE, problems=("not_found", "conflict"))
async def reverse_payment(ask: Ask, id: Id, body: WhyModel) -> PaymentModel:
    """Reverse a payment that was taken by mistake; it stays in the list, marked."""
    book, login = _room(ask).database.payments, Login(ask.identity.login)
    found = await book.get(id)
    if found is None:
        raise Problem("not_found")
    if found.login != login and not allowed(ask.identity, Permission.contacts_others):
        raise Problem("forbidden")
    return payment_model(await book.reverse(id, login, body.why, ask.now))


def _room(ask: Ask) -> VisitRoom:
    return ask.request.app[ROOM]


def _keyed(ask: Ask, given: str) -> CallId | None:
    """What the sender's key makes of itself; None without one."""
    header = ask.request.headers.get("Idempotency-Key", "").strip()
    if len(header) > WORD_LIMIT or (header and given and header != given):
        raise Problem("invalid", detail=_WRONG_KEY)
    key = header or given
    return keyed_id(Login(ask.identity.login), key) if key else None


def _is_same(new: NewContact, found: OtherContact) -> bool:
    """As far as it cannot have changed since."""
    paid = found.payment
    sums = None if paid is None else (paid.amount_minor, paid.currency, paid.receipt)
    money = None if new.money is None else (new.money.amount_minor, new.money.currency, new.money.receipt)
    return (new.medium, new.office, new.papers, money) == (found.medium, found.office, found.papers, sums)


def _check_office(room: VisitRoom, code: str) -> None:
    if code not in {each.code for each in room.offices}:
        raise Problem("invalid", detail=Text(f"Нет офиса «{code}».", f'There is no office "{code}".'))


def _money(model: MoneyModel | None) -> Money | None:
    if model is None:
        return None
    if holds_card_number(model.purpose) or holds_card_number(model.receipt):
        raise TextRefused(
            "payment: the number of a bank card must not be kept", "платёж: номер банковской карты не хранят"
        )
    return Money(model.amount_minor, model.currency, model.method, model.purpose, model.receipt)


async def _contact(ask: Ask, call: CallId) -> OtherContactModel:
    found = await _room(ask).database.visits.get(call)
    if found is None:
        raise Problem("not_found")
    is_masked = not allowed(ask.identity, Permission.customers_unmasked)
    return contact_model(found, masked_text if is_masked else str)


ROUTES = (
    web.post("/api/v1/visits", new_visitor),
    web.get("/api/v1/visits", visitors),
    web.post("/api/v1/visits/{id}/call", call_visitor),
    web.post("/api/v1/visits/{id}/leave", visitor_left),
    web.post("/api/v1/contacts", new_contact),
    web.get("/api/v1/contacts/{call}", contact),
    web.get("/api/v1/payments", payments),
    web.post("/api/v1/payments/{id}/reversal", reverse_payment),
)


def add_to(app: web.Application) -> None:
    """Beside the pages, whose room it uses."""
    app.add_routes(ROUTES)

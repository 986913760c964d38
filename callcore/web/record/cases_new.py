"""A new case: the queue level by level, then its form; a new task (D-25, D-26, D-43, D-47)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from callcore.crm.cases.desk import New, Refused, actor
from callcore.crm.cases.kinds import Catalogue, Node
from callcore.crm.departments import Refusal
from callcore.domain import NULL_CUSTOMER, CallId, Customer, CustomerId, Text, TopicCode
from callcore.rights import Permission
from callcore.store.attachments import AttachmentRefused
from callcore.store.case_rows import Priority, number_of
from callcore.store.errors import TextRefused
from callcore.web import kit
from callcore.web.context import WEB, viewer
from callcore.web.once import once
from callcore.web.problems import Problem
from callcore.web.record.cases_room import HERE, NO_FILE, ROOM, CaseRoom, Typed, files_of, moment, path_of
from callcore.web.record.cases_view import PRIORITIES, address
from callcore.web.render import texts_of
from callcore.web.signin import Identity

KEPT = ("customer", "contact", "entry", "topic", "number", "along")
"""What the address carries from step to step."""
_PREFILLED = {
    "company": "name",
    "person": "name",
    "name": "name",
    "address": "address",
    "phone": "number",
    "email": "email",
}


@dataclass(frozen=True, slots=True)
class Start:
    """Where the case comes from."""

    customer: Customer | None = None
    contact: str = ""
    entry: int | None = None
    topic: str = ""
    number: str = ""
    person: str = ""
    """Whom to ask for at a company."""
    email: str = ""
    comment: str = ""
    """What stands on the card of that contact, where it was opened to take it along."""
    along: str = ""

    @property
    def kept(self) -> dict[str, object]:
        return {
            "customer": self.customer.id if self.customer else "",
            "contact": self.contact,
            "entry": self.entry or "",
            "topic": self.topic,
            "number": self.number,
            "along": self.along,
        }

    def value(self, code: str) -> str:
        """What is known of the customer, so that nobody types it again."""
        if code == "phone" and self.number:
            return self.number
        if self.customer is None or self.customer.id == NULL_CUSTOMER:
            return ""
        match _PREFILLED.get(code):
            case "name":
                return self.customer.name
            case "address":
                return self.customer.address
            case "email":
                return self.email
            case "number":
                return self.customer.numbers[0] if self.customer.numbers else ""
            case _:
                return ""


async def asked(request: web.Request) -> web.Response:
    """``?queue=`` what is chosen so far; ``customer contact entry topic number`` from where it was opened."""
    identity = await kit.person(request, Permission.cases_work)
    start = await _start(request.app[ROOM], dict(request.query))
    if start.along:
        start = replace(start, comment=_words(request, identity, start.contact))
    return await _page(request, identity, start, request.query.get("queue", ""), Typed())


async def made(request: web.Request) -> web.Response:
    """``do`` send or save."""
    identity = await kit.person(request, Permission.cases_work)
    given = await kit.form(request, identity, files=True)
    room = request.app[ROOM]
    start = await _start(room, dict(given.fields))
    queue, by = given.get("queue"), actor(identity.login, identity.role)
    try:
        customer = await _customer(room, start, given.get("contract"))
        priority = given.get("priority")
        new = New(
            queue=queue,
            customer=customer,
            form={name[2:]: value for name, value in given.fields.items() if name.startswith("a-")},
            number=start.number,
            contact=CallId(start.contact) if start.contact else None,
            interaction=start.entry,
            topic=TopicCode(start.topic),
            comment=given.get("comment"),
            priority=Priority[priority] if priority in PRIORITIES else None,
        )
        is_sent = given.get("do") != "save"
        files = files_of(given, identity.login, request.app[WEB].deps.now())
        case = await room.desk.create(new, by, send=is_sent, files=files)
    except Refused as refused:
        typed = Typed(given.get("do"), given.fields, refused.text, refused.faults)
        return await _page(request, identity, start, queue, typed, 422)
    except (TextRefused, AttachmentRefused) as refused:
        why = NO_FILE if isinstance(refused, AttachmentRefused) else refused.text
        typed = Typed(given.get("do"), given.fields, why)
        return await _page(request, identity, start, queue, typed, 422)
    texts = texts_of(viewer(identity, request.app[WEB].deps).language)
    number = number_of(case.id, case.created_at)
    return kit.go(
        request, path_of(case), done=texts("cases.was_sent" if is_sent else "cases.was_saved", number=number)
    )


async def task_asked(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.cases_work)
    start = await _start(request.app[ROOM], dict(request.query))
    return await _task_page(request, identity, start, Typed())


async def task_made(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.cases_work)
    given = await kit.form(request, identity)
    room = request.app[ROOM]
    start = await _start(room, dict(given.fields))
    by = actor(identity.login, identity.role)
    try:
        due_at = moment(given.get("due"), room.zone) if given.get("due") else None
        customer = start.customer.id if start.customer else NULL_CUSTOMER
        await room.desk.add_task(
            given.get("text"), given.get("responsible") or by.login, by, customer=customer, due_at=due_at
        )
    except Refused as refused:
        typed = Typed("task", given.fields, refused.text, refused.faults)
        return await _task_page(request, identity, start, typed, 422)
    except TextRefused:
        fault = Text(
            "Напишите, что сделать (до 10 000 знаков).", "Write what to do (up to 10,000 characters)."
        )
        typed = Typed("task", given.fields, fault, {"text": fault})
        return await _task_page(request, identity, start, typed, 422)
    texts = texts_of(viewer(identity, request.app[WEB].deps).language)
    is_his = start.customer is not None and start.customer.id != NULL_CUSTOMER
    back = f"/customers/{customer}?part=cases" if is_his else "/cases?folder=tasks"
    return kit.go(request, back, done=texts("cases.task_made"))


# --- pieces


async def _start(room: CaseRoom, given: dict[str, str]) -> Start:
    """Raises ``Problem`` for numbers that are none."""
    customer, entry = _whole(given.get("customer", "")), _whole(given.get("entry", ""))
    record = await room.database.records.get(CustomerId(customer)) if customer else None
    return Start(
        customer=await room.database.customers.get(CustomerId(customer)) if customer is not None else None,
        person=record.persons[0].name if record and record.persons else "",
        email=record.email if record else "",
        contact=given.get("contact", "").strip()[:64],
        entry=entry,
        topic=given.get("topic", "").strip()[:128],
        number=given.get("number", "").strip()[:64],
        along="1" if given.get("along") == "1" else "",
    )


def _words(request: web.Request, identity: Identity, contact: str) -> str:
    """What he has typed on his card of that contact, so that nobody types it again."""
    desk = request.app[WEB].deps.desks.view(identity.login)
    tab = desk.tab(CallId(contact)) if desk else None
    return tab.words.draft.comment if tab else ""


def _whole(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem("bad_request")
    return int(text)


async def _customer(room: CaseRoom, start: Start, contract: str) -> CustomerId:
    if start.customer is not None:
        return start.customer.id
    if not contract or contract == "0":
        return NULL_CUSTOMER
    found = await room.database.customers.by_contract(contract)
    if found is None:
        fault = Text("Такого договора нет. 0 — без клиента.", "There is no such contract. 0 is nobody's.")
        raise Refused("form", fault, {"contract": fault})
    return found.id


def refusals(catalogue: Catalogue, nodes: tuple[Node, ...]) -> dict[str, Refusal]:
    """Leaves that do not take a case, with what they take (D-14)."""
    found = {each.code: catalogue.refusal(each) for each in nodes if each.is_leaf}
    return {code: refusal for code, refusal in found.items() if refusal is not None}


async def _page(
    request: web.Request, identity: Identity, start: Start, queue: str, typed: Typed, status: int = 200
) -> web.Response:
    catalogue = request.app[ROOM].desk.catalogue
    node = catalogue.node(queue)
    level = catalogue.queues if node is None else node.children
    refusal = catalogue.refusal(node) if node is not None and node.is_leaf else None
    kind = catalogue.kinds.get(node.kind) if node is not None and node.is_leaf and refusal is None else None
    # A company's name is not that of the person to talk to.
    has_company = kind is not None and any(each.code == "company" for each in kind.form)
    return kit.show(
        request,
        identity,
        "record/cases/new.html",
        here=HERE,
        status=status,
        start=start,
        node=node,
        path=catalogue.path(queue),
        level=level,
        refused=refusals(catalogue, level),
        refusal=refusal,
        kind=kind,
        suggested=catalogue.suggested(start.topic) if node is None else (),
        catalogue=catalogue,
        step=lambda code: address("/cases/new", queue=code, **start.kept),
        typed=typed,
        priorities=PRIORITIES,
        known=lambda code: start.person if code == "person" and has_company else start.value(code),
        own_priority=kind.priority.name if kind else "normal",
    )


async def _task_page(
    request: web.Request, identity: Identity, start: Start, typed: Typed, status: int = 200
) -> web.Response:
    people = await request.app[ROOM].desk.people()
    return kit.show(
        request,
        identity,
        "record/cases/task.html",
        here=HERE,
        status=status,
        start=start,
        people=people,
        me=identity.login,
        typed=typed,
    )


ROUTES = (
    web.get("/cases/new", asked),
    web.post("/cases/new", once(made)),
    web.get("/cases/new-task", task_asked),
    web.post("/cases/new-task", once(task_made)),
)

"""Cases and tasks for programs. What a command refuses comes as a problem with the faults of the form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from aiohttp import web

from callcore.crm.cases import model, moves
from callcore.crm.cases.desk import New, actor
from callcore.crm.cases.model import Actor, Refused
from callcore.domain import CallId, CustomerId, Login, Text, TopicCode
from callcore.rights import Permission
from callcore.store.case_find import Look
from callcore.store.case_rows import (
    Case,
    CaseLine,
    Change,
    Priority,
    number_of,
)
from callcore.store.errors import TextRefused
from callcore.web.context import allowed, demand
from callcore.web.masking import masked_number, masked_text
from callcore.web.operation import Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id
from callcore.web.record.cases_faults import (
    NO_CASE,
    Chosen,
    flags,
    known_answers,
    problem_of,
    queues,
    results,
)
from callcore.web.record.cases_room import ROOM
from callcore.web.record.cases_shapes import (
    CaseLineModel,
    CaseListModel,
    CaseModel,
    CaseQuery,
    CountsModel,
    DoneModel,
    FillModel,
    FinishModel,
    HandOverModel,
    MarkModel,
    NewCaseModel,
    NewTaskModel,
    Number,
    PostponeModel,
    PriorityModel,
    PriorityName,
    ReasonModel,
    RevisionModel,
    StatusModel,
    TaskListModel,
    TaskModel,
    TaskQuery,
    entry_model,
    run_model,
    task_model,
)

WORK = Permission.cases_work


# --- cases


@operation("cases", needs=WORK)
async def cases(ask: Ask, query: CaseQuery) -> CaseListModel:
    """Cases of a folder or all, filtered. ``q`` looks into names and texts: it needs
    ``customers.unmasked``."""
    if query.q:
        demand(ask.identity, Permission.customers_unmasked)
    desk = ask.request.app[ROOM].desk
    departments: tuple[str, ...] = (query.department,) if query.department else ()
    if query.folder == "queue" and not departments:
        departments = await desk.departments_of(ask.identity.login)
    look = Look(
        folder=query.folder,
        login=ask.identity.login,
        departments=departments,
        type=query.type,
        stage=query.stage,
        status=query.status,
        owner=Login(query.owner) if query.owner else None,
        customer=CustomerId(query.customer) if query.customer is not None else None,
        words=query.q,
        sort=query.sort,
        limit=query.limit,
        offset=query.offset,
    )
    found = await desk.find(look)
    lines = [_line(ask, line) for line in found.lines]
    return CaseListModel(cases=lines, total=found.total, next_offset=found.next_offset)


@operation("cases", needs=WORK)
async def case_counts(ask: Ask) -> CountsModel:
    """How many cases and tasks your folders hold."""
    counts = await ask.request.app[ROOM].desk.counts(ask.identity.login)
    return CountsModel(**{name: getattr(counts, name) for name in CountsModel.model_fields})


@operation("cases", needs=WORK, problems=("case_refused",), status=201, repeats=True)
async def case_create(ask: Ask, body: NewCaseModel) -> CaseModel:
    """Make a case, and send it."""
    room = ask.request.app[ROOM]
    if body.customer and await room.database.customers.get(CustomerId(body.customer)) is None:
        raise Problem("unknown_customer")
    c = room.desk.catalogue
    node = c.node(body.queue)
    kind = c.kinds.get(node.kind) if node else None
    if kind is not None:
        known_answers(kind.form, body.form)
    new = New(
        queue=body.queue,
        customer=CustomerId(body.customer),
        form=body.form,
        number=body.phone,
        contact=CallId(body.contact) if body.contact else await room.call_of(body.interaction),
        interaction=body.interaction,
        topic=TopicCode(body.topic),
        comment=body.comment,
        priority=Priority[body.priority] if body.priority else None,
    )
    try:
        case = await room.desk.create(new, _actor(ask), send=body.send)
    except (Refused, TextRefused) as refused:
        codes = queues(c, body.queue)
        raise problem_of(refused, kind.form if kind else None, ("queue", body.queue, codes)) from None
    return await _case(ask, case)


@operation("cases", needs=WORK, problems=("not_found",))
async def case_show(ask: Ask, number: Number) -> CaseModel:
    """One case with stages and history."""
    return await _case(ask, await _known(ask, number))


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_fill(ask: Ask, number: Number, body: FillModel) -> CaseModel:
    """Change answers of its form, and the comment.

    What is left out stays as it is; null or "" empties it.
    """
    c = ask.request.app[ROOM].desk.catalogue

    def work(case: Case, by: Actor, at: datetime) -> Change:
        known_answers(model.form_of(case, c), [code for code in body.form if code not in case.form])
        answers = {**case.form, **{code: text or "" for code, text in body.form.items()}}
        comment = body.comment or "" if "comment" in body.model_fields_set else case.comment
        return model.fill(case, answers, comment, by, at, c)

    return await _do(ask, number, body, work)


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_send(ask: Ask, number: Number, body: RevisionModel) -> CaseModel:
    """Send what was saved or returned."""
    c = ask.request.app[ROOM].desk.catalogue
    return await _do(ask, number, body, lambda case, by, at: moves.send(case, by, at, c))


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_take(ask: Ask, number: Number, body: RevisionModel) -> CaseModel:
    """Take it from the queue into your folder."""
    return await _do(ask, number, body, lambda case, by, at: model.take(case, by, at))


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_hand_over(ask: Ask, number: Number, body: HandOverModel) -> CaseModel:
    """Pass it on to a department's queue or to a person."""
    desk = ask.request.app[ROOM].desk
    if body.to and body.to not in {each.login for each in await desk.people()}:
        raise Problem("case_refused", detail=Text("Такого человека нет.", "There is no such person."))
    return await _do(
        ask,
        number,
        body,
        lambda case, by, at: model.hand_over(
            case,
            to=Login(body.to) if body.to else None,
            department=body.department,
            reason=body.reason,
            by=by,
            at=at,
            c=desk.catalogue,
        ),
        lambda _: ("department", body.department, [each.code for each in desk.catalogue.departments]),
    )


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_reject(ask: Ask, number: Number, body: ReasonModel) -> CaseModel:
    """Return it to its initiator; needs a reason."""
    return await _do(ask, number, body, lambda case, by, at: model.reject(case, body.reason, by, at))


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_finish(ask: Ask, number: Number, body: FinishModel) -> CaseModel:
    """The present stage has this result."""
    c = ask.request.app[ROOM].desk.catalogue
    return await _do(
        ask,
        number,
        body,
        lambda case, by, at: moves.finish(case, body.result, body.reason, by, at, c),
        lambda case: ("result", body.result, results(case, c)),
    )


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_mark(ask: Ask, number: Number, body: MarkModel) -> CaseModel:
    """Mark that something has happened, such as the payment."""
    c = ask.request.app[ROOM].desk.catalogue
    return await _do(
        ask,
        number,
        body,
        lambda case, by, at: moves.mark(case, body.flag, body.is_set, by, at, c),
        lambda case: ("flag", body.flag, flags(case, c)),
    )


@operation("cases", needs=Permission.cases_except, problems=("not_found", "case_refused", "case_taken"))
async def case_begin(ask: Ask, number: Number, body: ReasonModel) -> CaseModel:
    """Let a stage begin without what it waits for; needs a reason."""
    c = ask.request.app[ROOM].desk.catalogue
    return await _do(ask, number, body, lambda case, by, at: moves.begin(case, body.reason, by, at, c))


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_prioritise(ask: Ask, number: Number, body: PriorityModel) -> CaseModel:
    """Change its priority."""
    priority = Priority[body.priority]
    return await _do(ask, number, body, lambda case, by, at: model.prioritise(case, priority, by, at))


@operation("cases", needs=Permission.cases_oversee, problems=("not_found", "case_refused", "case_taken"))
async def case_postpone(ask: Ask, number: Number, body: PostponeModel) -> CaseModel:
    """Another term for the present stage."""
    return await _do(
        ask, number, body, lambda case, by, at: moves.postpone(case, body.due_at, body.reason, by, at)
    )


@operation("cases", needs=WORK, problems=("not_found", "case_refused", "case_taken"))
async def case_status(ask: Ask, number: Number, body: StatusModel) -> CaseModel:
    """Change the status by hand: close it with a reason, open it again, pass it on."""
    c = ask.request.app[ROOM].desk.catalogue
    return await _do(
        ask, number, body, lambda case, by, at: moves.set_status(case, body.status, body.reason, by, at, c)
    )


# --- tasks


@operation("cases", needs=WORK)
async def tasks(ask: Ask, query: TaskQuery) -> TaskListModel:
    """Tasks of a person or on a customer, open ones first."""
    book = ask.request.app[ROOM].desk.tasks
    if query.customer is not None:
        found = await book.of_customer(CustomerId(query.customer), not query.all, query.limit)
    else:
        who = Login(query.responsible) if query.responsible else ask.identity.login
        found = await book.of_responsible(who, not query.all, query.limit)
    return TaskListModel(tasks=[task_model(each) for each in found])


@operation(
    "cases", needs=WORK, problems=("case_refused", "unknown_customer", "not_found"), status=201, repeats=True
)
async def task_create(ask: Ask, body: NewTaskModel) -> TaskModel:
    """Make a task for yourself or somebody else."""
    room = ask.request.app[ROOM]
    if body.customer and await room.database.customers.get(CustomerId(body.customer)) is None:
        raise Problem("unknown_customer")
    case = await _known(ask, body.case) if body.case else None
    customer = case.customer if case else CustomerId(body.customer)
    who = body.responsible or ask.identity.login
    try:
        made = await room.desk.add_task(
            body.text,
            who,
            _actor(ask),
            customer=customer,
            case=case.id if case else None,
            due_at=body.due_at,
        )
    except (Refused, TextRefused) as refused:
        raise problem_of(refused) from None
    return task_model(made)


@operation("cases", needs=WORK, problems=("not_found",))
async def task_done(ask: Ask, id: Id, body: DoneModel) -> TaskModel:
    """Done, or after all not done."""
    try:
        return task_model(await ask.request.app[ROOM].desk.finish_task(id, _actor(ask), is_done=body.done))
    except Refused as refused:
        raise Problem("not_found" if refused.code == "unknown" else "forbidden") from None


# --- pieces


def _actor(ask: Ask) -> Actor:
    """His rights, no wider than those of his token."""
    whole = actor(ask.identity.login, ask.identity.role)
    return Actor(
        whole.login,
        whole.may_oversee and allowed(ask.identity, Permission.cases_oversee),
        whole.may_except and allowed(ask.identity, Permission.cases_except),
    )


async def _known(ask: Ask, number: str) -> Case:
    try:
        return await ask.request.app[ROOM].desk.get(number)
    except Refused:
        raise Problem("not_found", detail=NO_CASE) from None


async def _do(
    ask: Ask,
    number: str,
    body: RevisionModel,
    work: Callable[[Case, Actor, datetime], Change],
    choice: Callable[[Case], Chosen] | None = None,
) -> CaseModel:
    case, by = await _known(ask, number), _actor(ask)
    desk = ask.request.app[ROOM].desk
    try:
        changed = await desk.do(case, body.revision, lambda now, at: work(now, by, at), by)
    except (Refused, TextRefused) as refused:
        form = model.form_of(case, desk.catalogue)
        raise problem_of(refused, form, choice(case) if choice else None) from None
    return await _case(ask, changed)


def _line(ask: Ask, line: CaseLine) -> CaseLineModel:
    values = {name: getattr(line, name) for name in CaseLineModel.model_fields if hasattr(line, name)}
    if not allowed(ask.identity, Permission.customers_unmasked):
        values |= {
            "customer_name": masked_text(line.customer_name),
            "comment": masked_text(line.comment),
        }
    return CaseLineModel(**{**values, "priority": line.priority.name, "is_overdue": line.is_overdue(ask.now)})


async def _case(ask: Ask, case: Case) -> CaseModel:
    ask.request.app[ROOM].database.audit.saw(ask.identity.login, case.customer, ask.now, "api")
    history = await ask.request.app[ROOM].desk.history(case)
    is_masked = not allowed(ask.identity, Permission.customers_unmasked)
    return CaseModel(
        number=number_of(case.id, case.created_at),
        revision=case.revision,
        type=case.type,
        queue=case.queue,
        department=case.department,
        status=case.status,
        initiator=case.initiator,
        owner=case.owner,
        customer=case.customer,
        priority=cast(PriorityName, case.priority.name),
        phone=masked_number(case.number) if is_masked else case.number,
        contact=case.contact,
        interaction=case.interaction,
        topic=case.topic,
        comment=masked_text(case.comment) if is_masked else case.comment,
        form={name: masked_text(text) if is_masked else text for name, text in case.form.items()},
        flags=sorted(case.flags),
        result=case.result,
        created_at=case.created_at,
        changed_at=case.changed_at,
        sent_at=case.sent_at,
        queued_at=case.queued_at,
        closed_at=case.closed_at,
        due_at=case.due_at,
        stages=[run_model(run) for run in case.runs],
        history=[entry_model(entry, is_masked) for entry in history],
    )


_CASE = "/api/v1/cases/{number}"
ROUTES = (
    web.get("/api/v1/cases", cases),
    web.post("/api/v1/cases", case_create),
    web.get("/api/v1/cases/counts", case_counts),
    web.get(_CASE, case_show),
    web.post(f"{_CASE}/fill", case_fill),
    web.post(f"{_CASE}/send", case_send),
    web.post(f"{_CASE}/take", case_take),
    web.post(f"{_CASE}/hand-over", case_hand_over),
    web.post(f"{_CASE}/reject", case_reject),
    web.post(f"{_CASE}/finish", case_finish),
    web.post(f"{_CASE}/mark", case_mark),
    web.post(f"{_CASE}/begin", case_begin),
    web.post(f"{_CASE}/priority", case_prioritise),
    web.post(f"{_CASE}/postpone", case_postpone),
    web.post(f"{_CASE}/status", case_status),
    web.get("/api/v1/tasks", tasks),
    web.post("/api/v1/tasks", task_create),
    web.post("/api/v1/tasks/{id}/done", task_done),
)

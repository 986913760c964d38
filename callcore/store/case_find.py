"""Finding cases: folders, queues, filters and counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)

from callcore.domain import CustomerId, Login
from callcore.store.case_index import matching
from callcore.store.case_rows import OPEN, CaseLine, Priority, Status, id_of, number_of
from callcore.store.schema.cases import case_history, cases
from callcore.store.schema.core import customers, interactions

MOST_LINES = 500
CALLED = "called"
"""Act of the history: somebody was called to be told about it."""
_NAMES = tuple(each.name for each in fields(CaseLine) if each.name not in ("number", "customer_name"))


@dataclass(frozen=True, slots=True)
class Look:
    """What a list shows; everything that is set must fit."""

    folder: str = ""
    """``mine``: assigned to or returned to ``login``; ``returned``: only those; ``waiting``: made by him and
    lying with others; ``queue``: in the queues of ``departments``; ``overdue``; ``all``: what is open;
    ``closed``; "": everything."""
    login: str = ""
    departments: Collection[str] = ()
    type: str = ""
    stage: str = ""
    status: Status | None = None
    owner: Login | None = None
    customer: CustomerId | None = None
    words: str = ""
    """A number finds that case; words, by their beginnings or in any form, what all stand in its form, its
    comment, its number, or its customer's name and contract."""
    sort: str = "urgent"
    """``urgent``: priority, then term; ``newest``; ``oldest``; ``due``."""
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    lines: tuple[CaseLine, ...]
    total: int
    look: Look = field(default_factory=Look)

    @property
    def next_offset(self) -> int | None:
        after = self.look.offset + len(self.lines)
        return after if self.lines and after < self.total else None


def find(connection: Connection, look: Look, now: datetime) -> Found:
    where = _conditions(look, now)
    if (ids := matching(connection.dialect.name, look.words, id_of(look.words.strip()))) is not None:
        where.append(cases.c.id.in_(ids))
    joined = cases.outerjoin(customers, customers.c.id == cases.c.customer)
    count = select(func.count()).select_from(joined).where(*where)
    total = connection.execute(count).scalar_one()
    limit = max(1, min(look.limit, MOST_LINES))
    found = lines(connection, where, _order(look.sort), limit, max(0, look.offset))
    return Found(found, total, look)


def lines(
    connection: Connection,
    where: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    limit: int,
    offset: int,
) -> tuple[CaseLine, ...]:
    query = _query(where, order).limit(limit).offset(offset)
    return tuple(_line(dict(row._mapping)) for row in connection.execute(query).all())


def of_customer(
    connection: Connection, customer: CustomerId, *, open_only: bool, limit: int
) -> tuple[CaseLine, ...]:
    """Newest first."""
    found = connection.execute(_of_customer(open_only), {"customer": customer, "most": limit})
    return tuple(_line(dict(row._mapping)) for row in found)


def of_interaction(connection: Connection, interaction: int) -> tuple[CaseLine, ...]:
    """Those that came of it, oldest first: made in its call, or on its customer; and those of the customer
    that its call was to tell him about."""
    whose = select(interactions.c.call, interactions.c.customer).where(interactions.c.id == interaction)
    found = connection.execute(whose).first()
    if found is None:
        return ()
    places = or_(cases.c.contact == found.call, cases.c.customer == found.customer)  # each has an index
    which = and_(cases.c.interaction == interaction, places)
    if told := _told_about(connection, found.call, found.customer):
        which = or_(which, cases.c.id.in_(told))
    return lines(connection, [which], (cases.c.id,), MOST_LINES, 0)


def _told_about(connection: Connection, call: str, customer: int | None) -> list[int]:
    """By way of the customer, whose cases have an index, as has the history of each."""
    if customer is None:
        return []
    theirs = select(cases.c.id).where(cases.c.customer == customer)
    of = (case_history.c.case.in_(theirs), case_history.c.act == CALLED, case_history.c.became == call)
    return list(connection.execute(select(case_history.c.case).where(*of).distinct()).scalars())


@cache
def _of_customer(open_only: bool) -> Select[Any]:
    where = [cases.c.customer == bindparam("customer")]
    if open_only:
        where.append(cases.c.status.in_(OPEN))
    return _query(where, (cases.c.id.desc(),)).limit(bindparam("most", type_=Integer))


def _query(where: Sequence[ColumnElement[bool]], order: Sequence[Any]) -> Select[Any]:
    joined = cases.outerjoin(customers, customers.c.id == cases.c.customer)
    columns = (*(cases.c[name] for name in _NAMES), customers.c.name.label("customer_name"))
    return select(*columns).select_from(joined).where(*where).order_by(*order)


def _line(values: dict[str, Any]) -> CaseLine:
    given = values | {
        "status": Status(values["status"]),
        "priority": Priority(values["priority"]),
        "customer_name": values["customer_name"] or "",
    }
    return CaseLine(number=number_of(values["id"], values["created_at"]), **given)


def tally(
    connection: Connection, login: Login, departments: Collection[str], now: datetime
) -> dict[str, int]:
    """How many cases ``mine``, ``returned``, ``waiting``, ``queue``, ``overdue`` (of all that is open) and
    ``my_overdue`` (in his folder) hold."""
    folders = {
        name: and_(*_conditions(Look(name, login, departments if name == "queue" else ()), now))
        for name in ("mine", "returned", "waiting", "queue", "overdue")
    }
    folders["my_overdue"] = and_(folders["mine"], folders["overdue"])
    columns = [func.count(case((fits, 1))).label(name) for name, fits in folders.items()]
    row = connection.execute(select(*columns).where(cases.c.status.in_(OPEN))).one()
    return dict(row._mapping)


def _conditions(look: Look, now: datetime) -> list[ColumnElement[bool]]:
    where = _folder(look, now)
    for column, value in (
        (cases.c.type, look.type),
        (cases.c.stage, look.stage),
        (cases.c.status, look.status),
        (cases.c.owner, look.owner),
    ):
        if value:
            where.append(column == value)
    if look.departments and look.folder != "queue":
        where.append(cases.c.department.in_(tuple(look.departments)))
    if look.customer is not None:
        where.append(cases.c.customer == look.customer)
    return where


def _folder(look: Look, now: datetime) -> list[ColumnElement[bool]]:
    c = cases.c
    match look.folder:
        case "mine":
            return [c.owner == look.login, c.status.in_(OPEN)]
        case "returned":
            return [c.owner == look.login, c.status == Status.reject]
        case "waiting":
            elsewhere = or_(c.owner.is_(None), c.owner != look.login)
            return [c.initiator == look.login, c.status.in_(OPEN), elsewhere]
        case "queue":
            lies = [c.status == Status.dispatch, c.owner.is_(None)]
            return [*lies, c.department.in_(tuple(look.departments))]
        case "overdue":
            return [c.status.in_(OPEN), c.due_at < now]
        case "all":
            return [c.status.in_(OPEN)]
        case "closed":
            return [c.status == Status.closed]
        case _:
            return []


def _order(sort: str) -> Sequence[Any]:
    due = (cases.c.due_at.is_(None), cases.c.due_at)
    match sort:
        case "newest":
            return (cases.c.id.desc(),)
        case "oldest":
            return (cases.c.id,)
        case "due":
            return (*due, cases.c.id)
        case _:
            return (cases.c.priority.desc(), *due, cases.c.id)

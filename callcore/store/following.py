"""What a call itself does to the list of people to call, in the transaction that writes the call down.

A caller whom nobody took comes onto the list, a message too; a talk with a number takes it off. So the list
misses nothing that came by the journal, the CDR or the spool, whenever that is written: what was said before
he called last settles nothing, and a missed call that is written after a later talk opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import CALLING
from callcore.calls.effects import Contact
from callcore.calls.missed import is_missed, is_talk
from callcore.domain import Login, Outcome
from callcore.store import outbox
from callcore.store.engine import inserting
from callcore.store.follow_rows import HOUSE, AskedBy, FollowUpKind, FollowUpState, NewFollowUp
from callcore.store.schema.core import contacts
from callcore.store.schema.work import OPEN_ONE, follow_ups
from callcore.store.texts import WORD_LIMIT, machine_text
from callcore.store.types import UtcDateTime

_c = follow_ups.c
_OPEN = FollowUpState.open.value


async def ask(connection: AsyncConnection, new: NewFollowUp, at: datetime) -> tuple[int, bool]:
    """Id, and whether it is new: a number that stands there already keeps its place, and counts once more;
    not for the call that it counted last. What was put off until later comes back by it."""
    values = {
        "number": machine_text(new.number, WORD_LIMIT),
        "kind": new.kind.value,
        "call": new.call,
        "customer": new.customer,
        "topic": machine_text(new.topic, WORD_LIMIT),
        "queue": machine_text(new.queue, WORD_LIMIT),
        "language": new.language or "",
        "source": new.source.value,
        "asked_by": new.asked_by,
        "position": new.position,
        "due_at": new.due_at,
        "wait": "not_before" if new.due_at is not None else "",
    }
    more = {"last_call": new.call, "asked_at": at, "last_at": at, "state": _OPEN}
    row = (await connection.execute(_asked(connection.dialect.name), values | more)).first()
    if row is None:  # the same call once more
        same = and_(_c.number == values["number"], _c.kind == values["kind"], _c.state == _OPEN)
        return int((await connection.execute(select(_c.id).where(same))).scalar_one()), False
    if row.times > 1:
        return int(row.id), False
    told = {name: values[name] or None for name in ("number", "topic", "queue")}
    told |= {"call": new.call, "customer": new.customer}
    await outbox.tell(connection, "follow_up.asked", {"follow_up": row.id, "kind": new.kind, **told}, at)
    if new.kind is FollowUpKind.wish:
        words = {name: values[name] for name in ("number", "call", "customer", "topic", "queue")}
        await outbox.tell(connection, "call_back.asked", {"call_back": row.id, **words}, at)
    return int(row.id), True


@cache
def _asked(dialect: str) -> Any:
    new = inserting(dialect, follow_ups)
    is_off = _c.postponed_by.is_not(None)
    is_calling = _c.wait == CALLING
    again = new.on_conflict_do_update(
        index_elements=["number", "kind"],
        index_where=text(OPEN_ONE),
        set_={
            "times": _c.times + 1,
            "last_at": case((_c.last_at > new.excluded.last_at, _c.last_at), else_=new.excluded.last_at),
            "last_call": new.excluded.last_call,
            "customer": func.coalesce(_c.customer, new.excluded.customer),
            # asked once more, he is to be tried at once, as at the beginning; not beside an open attempt
            "due_at": case((is_off, None), (is_calling, _c.due_at), else_=new.excluded.due_at),
            "wait": case((is_calling, _c.wait), else_=new.excluded.wait),
            "tries": case((is_calling, _c.tries), else_=0),
            "postponed_by": None,
        },
        where=or_(
            new.excluded.last_call.is_(None),
            _c.last_call.is_(None),
            _c.last_call != new.excluded.last_call,
        ),
    )
    return again.returning(_c.id, _c.times)


async def settled(connection: AsyncConnection, row: Any, state: str, login: str, at: datetime) -> None:
    """Tells of a row that was settled; ``row`` has its id, kind and customer."""
    told = {"customer": row.customer, "state": state, "login": login}
    await outbox.tell(connection, "follow_up.settled", {"follow_up": row.id, "kind": row.kind, **told}, at)
    if row.kind == FollowUpKind.wish:
        await outbox.tell(connection, "call_back.settled", {"call_back": row.id, **told}, at)


async def written(connection: AsyncConnection, contact: Contact, after: timedelta) -> bool:
    """Of a contact that is new in the database; whether the list has changed. ``after``: see
    ``calls.missed``."""
    if is_talk(contact):
        return contact.caller_number is not None and await _reached(connection, contact)
    return is_missed(contact, after) and await _missed(connection, contact)


async def _reached(connection: AsyncConnection, contact: Contact) -> bool:
    by = contact.answered_by or HOUSE
    given: dict[str, Any] = {"of_number": contact.caller_number, "in_call": contact.call}
    given |= {"until": contact.answered_at or contact.started_at, "at": contact.ended_at, "by": by}
    return await _settle(connection, given)


async def reached(connection: AsyncConnection, number: str, at: datetime, by: Login) -> bool:
    """Somebody has talked with him: whatever stands there of this number is done; whether anything did."""
    given = {"of_number": number, "in_call": None, "until": at, "at": at, "by": by}
    return await _settle(connection, given)


async def _settle(connection: AsyncConnection, given: dict[str, Any]) -> bool:
    rows = (await connection.execute(_REACHED, given)).all()
    for row in rows:
        await settled(connection, row, FollowUpState.done.value, given["by"], given["at"])
    return bool(rows)


_REACHED = (
    update(follow_ups)
    .where(
        _c.number == bindparam("of_number"),
        _c.state == _OPEN,
        _c.last_at <= bindparam("until", type_=UtcDateTime),
    )
    .values(
        state=FollowUpState.done.value,
        settled_at=bindparam("at", type_=UtcDateTime),
        settled_by=bindparam("by"),
        settled_call=bindparam("in_call"),
    )
    .returning(_c.id, _c.kind, _c.customer)
)


async def _missed(connection: AsyncConnection, contact: Contact) -> bool:
    if contact.caller_number is not None and await _is_over(connection, contact):
        return False
    new = NewFollowUp(
        FollowUpKind.missed,
        contact.caller_number or "",
        _word(contact.topic),
        _word(contact.queue),
        contact.language,
        contact.call,
        contact.customer,  # type: ignore[arg-type]
        source=AskedBy.contact,
    )
    await ask(connection, new, contact.ended_at)
    return True


def _word(code: Any) -> Any:
    return code or ""


async def _is_over(connection: AsyncConnection, contact: Contact) -> bool:
    """Somebody has talked with him since, or said that he has."""
    given: Mapping[str, Any] = {"of_number": contact.caller_number, "since": contact.ended_at}
    return any([(await connection.execute(query, given)).first() for query in (_TALKED, _DONE)])


_SINCE = bindparam("since", type_=UtcDateTime)
_TALKED = (
    select(contacts.c.call)
    .where(
        contacts.c.caller_number == bindparam("of_number"),
        contacts.c.outcome == Outcome.answered.value,
        contacts.c.ended_at >= _SINCE,
        func.coalesce(contacts.c.answered_at, contacts.c.started_at) >= _SINCE,
    )
    .limit(1)
)
_DONE = (
    select(_c.id)
    .where(
        _c.number == bindparam("of_number"),
        _c.state == FollowUpState.done.value,
        _c.settled_at >= _SINCE,
    )
    .limit(1)
)

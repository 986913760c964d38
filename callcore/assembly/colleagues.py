"""Who works here, which departments are open, and who waits parked: what is the same on every desk."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime

from callcore.assembly.current import Current
from callcore.calls.tracker import Tracker
from callcore.domain import Interface, Login, PbxName, QueueName
from callcore.rights import Permission, may
from callcore.routing.hours import is_open
from callcore.screenpop.colleagues import Person
from callcore.store.database import Database
from callcore.store.users import Users
from callcore.web.colleagues import ColleagueBoard, DepartmentNow
from callcore.web.parked import ParkedNow
from callcore.web.waiting import QueueNow

INSIDE = re.compile(r"[0-9]{2,6}", re.ASCII)


def make_board(
    current: Current, users: Users, tracker: Tracker, now: Callable[[], datetime]
) -> ColleagueBoard:
    async def people() -> Sequence[Person]:
        found = await users.list()
        return [
            Person(each.login, each.name, each.department)
            for each in found
            if each.disabled_at is None and may(each.role, Permission.contacts_take)
        ]

    def departments(at: datetime) -> Sequence[DepartmentNow]:
        return [
            DepartmentNow(
                each.code,
                each.title,
                None if each.hours is None else is_open(each.hours, at),
                each.number or "",
            )
            for each in current.settings.departments
        ]

    def number(login: Login) -> str:
        agent = tracker.agents.get(login)
        return number_of((agent.interface,)) if agent is not None else ""

    return ColleagueBoard(people, departments, now, number)


def number_of(phones: Iterable[Interface]) -> str:
    """By which the first of these phones is called within the house, as far as its name tells; else ""."""
    ends = (place.rpartition("/")[2] for place in phones if not place.startswith("Local/"))
    return next((end for end in ends if INSIDE.fullmatch(end)), "")


def inside_numbers(current: Current, database: Database) -> Callable[[], Awaitable[frozenset[str]]]:
    """Internal numbers that departments, users and the directory name; others might lead out of the house."""

    async def numbers() -> frozenset[str]:
        found = [each.number for each in current.settings.departments]
        for each in await database.staff.all():
            found += [each.number, *(number_of((Interface(phone),)) for phone in each.interfaces)]
        return frozenset(number for number in found if number and INSIDE.fullmatch(number))

    return numbers


def parked_now(tracker: Tracker) -> Sequence[ParkedNow]:
    return [
        ParkedNow(
            call.id,
            call.caller_number,
            call.customers[0].name if len(call.customers) == 1 else "",
            call.parked.by,
            call.parked.since,
        )
        for call in tracker.calls.values()
        if call.parked is not None
    ]


def queues_now(tracker: Tracker, pbxs: Iterable[PbxName]) -> Mapping[QueueName, QueueNow]:
    """A queue of the same name on several PBXs is one to the operators."""
    found: dict[QueueName, QueueNow] = {}
    for pbx in pbxs:
        for queue, line in tracker.queue_book.lines(pbx):
            known, since = found.get(queue, QueueNow(0, None)), line.waits_since()
            moments = [at for at in (known.since, since) if at is not None]
            found[queue] = QueueNow(known.waiting + len(line.waiting), min(moments, default=None))
    return found

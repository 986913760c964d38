"""Who works here, which departments are open, and who waits parked: what is the same on every desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from callcore.assembly.current import Current
from callcore.calls.tracker import Tracker
from callcore.rights import Permission, may
from callcore.routing.hours import is_open
from callcore.screenpop.colleagues import Person
from callcore.store.users import Users
from callcore.web.colleagues import ColleagueBoard, DepartmentNow
from callcore.web.parked import ParkedNow


def make_board(current: Current, users: Users, now: Callable[[], datetime]) -> ColleagueBoard:
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

    return ColleagueBoard(people, departments, now)


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

"""What the list of people to call needs of the house, and what page and API do with it alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aiohttp import web

from callcore.calls.attempt import Attempt
from callcore.crm.departments import Head
from callcore.crm.responsible import looks_after
from callcore.domain import Login, Text
from callcore.rights import Permission, Role, may
from callcore.screenpop.card import WorkCounts
from callcore.store.contacts import Contacts
from callcore.store.errors import NotStored
from callcore.store.follow_rows import FollowUp, FollowUpState, Whose
from callcore.store.follow_ups import FollowUps, Given
from callcore.store.users import Users
from callcore.web.context import allowed
from callcore.web.problems import Problem
from callcore.web.signin import Identity

NEEDS = Permission.callbacks_work
OTHERS = Permission.contacts_others
"""To take one over, hand back or give on what is somebody else's."""

PAST = Text("Выберите момент, который ещё не наступил.", "Choose a moment that is still to come.")
NO_REASON = Text(
    "Напишите почему: это прочтёт тот, кто придёт следующим.", "Say why: whoever comes next has to know."
)
NOBODY = Text("Выберите, кому.", "Choose to whom.")


async def nobody_called(_entries: Sequence[FollowUp]) -> Mapping[int, Attempt]:
    return {}


async def nobody_waits(_wishes: Sequence[FollowUp]) -> Mapping[int, Text]:
    return {}


@dataclass(frozen=True, slots=True)
class WorkRoom:
    follow_ups: FollowUps
    contacts: Contacts
    users: Users
    counts: Callable[[Login], Awaitable[WorkCounts]]
    """Of a person's desk."""
    departments: Callable[[], Mapping[str, Text]]
    default: Head
    late_seconds: int
    calling: Callable[[], Awaitable[Mapping[str, Login]]]
    """Numbers that are being called now, and by whom; "" is callcore itself."""
    waiting: Callable[[Sequence[FollowUp]], Awaitable[Mapping[int, Text]]] = nobody_waits
    """By id, why callcore calls nobody of these who asked for it, or when it will."""
    last_calls: Callable[[Sequence[FollowUp]], Awaitable[Mapping[int, Attempt]]] = nobody_called
    """By id, the newest call that somebody has had placed from there and that is over."""

    async def workers(self) -> Mapping[Login, str]:
        """Names of everybody who may be given something."""
        users = await self.users.list()
        return {each.login: each.name for each in users if each.disabled_at is None and may(each.role, NEEDS)}

    async def whose(self, identity: Identity, what: str) -> Whose | None:
        """``mine``, ``department``; None for anything else: everybody's."""
        if what not in ("mine", "department"):
            return None
        user = await self.users.get(identity.login)
        department = user.department if user is not None else ""
        if what == "department":
            return Whose(None, department)
        role = user.role if user is not None else Role.operator
        return Whose(identity.login, "", looks_after(self.default, identity.login, role))


WORK = web.AppKey("work_room", WorkRoom)


class Refused(StrEnum):
    """Why a move changed nothing."""

    taken = "taken"
    """Somebody else calls."""
    his = "his"
    """Somebody else answers for it."""
    settled = "settled"


async def take(room: WorkRoom, id: int, by: Identity, now: datetime, *, is_over: bool) -> Moved:
    one = await _found(room.follow_ups.take(id, by.login, now, is_over=is_over))
    return _moved(one, is_done=one.taken_by == by.login, why=Refused.taken)


async def hand_back(room: WorkRoom, id: int, by: Identity, now: datetime) -> Moved:
    back = room.follow_ups.hand_back(id, by.login, now, is_anybodys=allowed(by, OTHERS))
    one = await _found(back)
    return _moved(one, is_done=one.taken_by is None, why=Refused.taken)


async def postpone(
    room: WorkRoom, id: int, until: datetime, reason: str, by: Identity, now: datetime
) -> Moved:
    """Raises ``TextRefused``, ValueError for a moment that has passed."""
    over = allowed(by, OTHERS)
    one = await _found(room.follow_ups.postpone(id, until, reason, by.login, now, is_over=over))
    is_done = (one.due_at, one.postponed_by) == (until, by.login)
    return _moved(one, is_done=is_done, why=Refused.taken)


async def give(room: WorkRoom, id: int, to: Given, reason: str, by: Identity, now: datetime) -> Moved:
    """Raises ``TextRefused``."""
    over = allowed(by, OTHERS)
    one = await _found(room.follow_ups.give(id, to, reason, by.login, now, is_over=over))
    lies_with = (one.responsible_login, one.responsible_department, one.why_responsible)
    is_done = one.taken_by is None and lies_with == (to.login, to.department, to.why)
    return _moved(one, is_done=is_done, why=Refused.taken if one.taken_by else Refused.his)


async def settle(
    room: WorkRoom, id: int, state: FollowUpState, note: str, by: Identity, now: datetime
) -> Moved:
    """Raises ``TextRefused``. A repeat by the same person is no refusal."""
    one = await _found(room.follow_ups.settle(id, state, note, by.login, now))
    return Moved(one, None if (one.state, one.settled_by) == (state, by.login) else Refused.settled)


@dataclass(frozen=True, slots=True)
class Moved:
    """The row as it is now. ``refused`` None: the move was made, now or before."""

    one: FollowUp
    refused: Refused | None

    @property
    def by(self) -> Login:
        """Who stands against it, or settled it."""
        one = self.one
        if one.state is not FollowUpState.open:
            return one.settled_by or Login("")
        return one.taken_by or one.responsible_login or Login("")


async def _found(move: Awaitable[FollowUp]) -> FollowUp:
    try:
        return await move
    except NotStored:
        raise Problem("not_found") from None


def _moved(one: FollowUp, *, is_done: bool, why: Refused) -> Moved:
    if one.state is not FollowUpState.open:
        return Moved(one, Refused.settled)
    return Moved(one, None if is_done else why)

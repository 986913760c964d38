"""The room of cases: commands in, stored changes out, and those whom it concerns told (D-44, D-53)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from callcore.crm.cases import model, moves
from callcore.crm.cases.kinds import Catalogue
from callcore.crm.cases.model import Actor, New, Refused
from callcore.crm.cases.stages import Staff, alarms_of
from callcore.domain import CustomerId, Login, QueueName, Text
from callcore.rights import Permission, Role, may
from callcore.store.attachments import Attachment
from callcore.store.case_find import Found, Look
from callcore.store.case_rows import (
    Case,
    CaseLine,
    Change,
    Entry,
    Priority,
    Status,
    Task,
    id_of,
    number_of,
)
from callcore.store.cases import CaseChanged, Cases
from callcore.store.errors import NotStored
from callcore.store.tasks import Tasks


class Person(Protocol):
    """As ``store.users`` has him."""

    @property
    def login(self) -> Login: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> Role: ...
    @property
    def queues(self) -> Sequence[QueueName]: ...
    @property
    def department(self) -> str: ...
    @property
    def disabled_at(self) -> datetime | None: ...


Tell = Callable[[Login, str, Mapping[str, Any], datetime], object]
"""Publish an event on a person's stream: login, type, data, at."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the desk shows beside its work lists (D-44)."""

    mine: int
    returned: int
    waiting: int
    """Made by him, lying with others."""
    queue: int
    """Lying in the queues of his departments."""
    overdue: int
    """Of all that is open."""
    my_overdue: int
    tasks: int
    tasks_overdue: int


class CaseDesk:
    """``people`` gives everybody who has an account; ``members`` who works in a department besides.
    ``catalogue`` and ``members`` are asked each time: the house may change them."""

    def __init__(
        self,
        cases: Cases,
        tasks: Tasks,
        catalogue: Callable[[], Catalogue],
        people: Callable[[], Awaitable[Iterable[Person]]],
        members: Callable[[], Mapping[str, Sequence[Login]]],
        tell: Tell,
        now: Callable[[], datetime],
    ) -> None:
        self.cases = cases
        self.tasks = tasks
        self._catalogue = catalogue
        self._people = people
        self._members = members
        self._tell = tell
        self._now = now
        self.changed: Callable[[], None] = lambda: None
        """Called after each change: the clock may have to wake earlier."""
        self.touched: Callable[[CustomerId], None] = lambda _customer: None
        """Called with whose case or task changed, or whose term ended: cards and work lists show it."""

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue()

    # --- looking

    async def staff(self) -> Staff:
        """Who has which role, and who works where."""
        return staff_of([each for each in await self.people()], self._members(), self.catalogue)

    async def people(self) -> tuple[Person, ...]:
        """Everybody who may work on cases, by name."""
        known = [each for each in await self._people() if each.disabled_at is None]
        return tuple(sorted((each for each in known if _works(each)), key=lambda each: each.name))

    async def departments_of(self, login: Login) -> tuple[str, ...]:
        """Where he works; every department for who works nowhere in particular, and "": the IVR's cases that
        are no department's lie in his queue."""
        own = (await self.staff()).departments_of(login)
        return own or (*(each.code for each in self.catalogue.departments), "")

    async def counts(self, login: Login) -> Counts:
        found = await self.cases.tally(login, await self.departments_of(login), self._now())
        open_, overdue = await self.tasks.count(login, self._now())
        return Counts(**found, tasks=open_, tasks_overdue=overdue)

    async def get(self, number: str) -> Case:
        """By ``C-2026-000123`` or the bare number. Raises ``Refused`` ``unknown``."""
        id_ = id_of(number)
        found = await self.cases.get(id_) if id_ is not None else None
        if found is None:
            raise Refused("unknown", Text("Такого кейса нет.", "There is no such case."))
        return found

    async def find(self, look: Look) -> Found:
        return await self.cases.find(look, self._now())

    async def history(self, case: Case) -> tuple[Entry, ...]:
        return await self.cases.history(case.id)

    async def of_customer(self, customer: CustomerId, open_only: bool = True) -> tuple[CaseLine, ...]:
        return await self.cases.of_customer(customer, open_only)

    # --- doing

    async def create(
        self,
        new: New,
        by: Actor,
        *,
        send: bool,
        files: Sequence[tuple[Attachment, bytes]] = (),
        whole: bool = True,
    ) -> Case:
        """Save it with its files, and send it if asked; what cannot be sent is not saved either. ``whole``
        False: sent although answers are missing that the form requires.

        Raises ``Refused``, ``AttachmentRefused``.
        """
        at = self._now()
        case = model.make(new, by, at, self.catalogue, whole=send and whole)
        if not send:
            return await self._save(model.created(case, by, at), by, files)
        sent = moves.send(case, by, at, self.catalogue, whole=whole)
        made = model.created(replace(sent.after, revision=1), by, at)
        change = replace(made, entries=(*made.entries, *(replace(each, revision=1) for each in sent.entries)))
        return await self._save(replace(change, events=(*made.events, *sent.events)), by, files)

    async def do(
        self, case: Case, revision: int, work: Callable[[Case, datetime], Change], by: Actor
    ) -> Case:
        """One command on the case as somebody saw it, at ``revision``.

        Raises ``Refused``: ``taken`` if somebody was faster, with who has it now.
        """
        at = self._now()
        if case.revision != revision:
            raise overtaken(case, by)
        return await self._save(work(case, at), by)

    async def discard(self, case: Case, revision: int, by: Actor) -> None:
        """Cancel a case that was not sent (D-43)."""
        model.check(case, model.Act.discard, by)
        if case.sent_at is not None:
            raise Refused("state", Text("Кейс уже отправлен.", "The case was sent already."))
        if case.revision != revision:
            raise overtaken(case, by)
        try:
            await self.cases.discard(case, by.login, self._now())
        except CaseChanged as changed:
            raise overtaken(changed.case, by) from None
        self._changed(case.customer)

    async def _save(self, change: Change, by: Actor, files: Sequence[tuple[Attachment, bytes]] = ()) -> Case:
        if change.before is not None and not change.entries:
            return change.before
        rings = alarms_of(change.after, self.catalogue)
        change = replace(change, alarm_at=rings[0].at if rings else None)
        at = change.after.changed_at
        try:
            case = await self.cases.save(change, by.login, at, files)
        except CaseChanged as changed:
            raise overtaken(changed.case, by) from None
        await self._tell_all(change, case, by)
        self._changed(case.customer)
        return case

    def _changed(self, customer: CustomerId) -> None:
        self.changed()
        self.touched(customer)

    async def _tell_all(self, change: Change, case: Case, by: Actor) -> None:
        """Whoever had it, has it, made it, or sees it come into his queue; not who did it himself."""
        concerned = {case.initiator, case.owner, change.before.owner if change.before else None}
        if case.owner is None:
            concerned |= set((await self.staff()).people_of(case.department))
        data = {
            "case": number_of(case.id, case.created_at),
            "status": case.status,
            "stage": case.run.stage if case.run else "",
            "owner": case.owner,
            "department": case.department,
            "customer": case.customer,
            "by": by.login,
        }
        for login in sorted(each for each in concerned if each and each != by.login):
            self._tell(login, _event(change), data, case.changed_at)

    # --- tasks

    async def add_task(
        self,
        text: str,
        responsible: str,
        by: Actor,
        *,
        customer: CustomerId,
        case: int | None = None,
        due_at: datetime | None = None,
    ) -> Task:
        """Raises ``Refused`` for nobody's login, ``TextRefused``."""
        known = {each.login for each in await self.people()}
        if responsible not in known:
            fault = Text("Такого человека нет.", "There is no such person.")
            raise Refused("unknown", fault, {"responsible": fault})
        task = await self.tasks.add(
            text, Login(responsible), by.login, self._now(), customer=customer, case=case, due_at=due_at
        )
        if task.responsible != by.login:
            self._tell(task.responsible, "task.created", {"task": task.id, "by": by.login}, self._now())
        self._changed(customer)
        return task

    async def finish_task(self, id: int, by: Actor, *, is_done: bool = True) -> Task:
        """By its responsible, its author, or who may oversee. Raises ``Refused``."""
        task = await self.tasks.get(id)
        if task is None:
            raise Refused("unknown", Text("Такой задачи нет.", "There is no such task."))
        if by.login not in (task.responsible, task.author) and not by.may_oversee:
            raise Refused("right", Text("Задача не ваша.", "The task is not yours."))
        try:
            done = await self.tasks.finish(id, by.login, self._now(), is_done=is_done)
        except NotStored:
            raise Refused("unknown", Text("Такой задачи нет.", "There is no such task.")) from None
        self._changed(done.customer)
        return done


def actor(login: Login, role: str) -> Actor:
    return Actor(login, may(role, Permission.cases_oversee), may(role, Permission.cases_except))


def overtaken(case: Case | None, by: Actor) -> Refused:
    """Somebody was faster: who has it now."""
    if case is None:
        return Refused("unknown", Text("Кейса больше нет.", "The case is gone."))
    if case.owner is not None and case.owner != by.login and case.status is not Status.closed:
        return model.taken_by(case.owner)
    return Refused(
        "taken",
        Text(
            "Кейс тем временем изменили. Проверьте и повторите.",
            "The case was changed meanwhile. Look at it and try again.",
        ),
    )


def staff_of(people: Iterable[Person], members: Mapping[str, Sequence[Login]], catalogue: Catalogue) -> Staff:
    known = list(people)
    by_role = {role: tuple(each.login for each in known if each.role == role) for role in Role}
    by_department = {
        each.code: tuple(
            person.login
            for person in known
            if person.department == each.code
            or (each.queue is not None and each.queue in person.queues)
            or person.login in members.get(each.code, ())
        )
        for each in catalogue.departments
    }
    return Staff(by_role, by_department)


def _works(person: Person) -> bool:
    return may(person.role, Permission.cases_work)


def _event(change: Change) -> str:
    return "case.created" if change.before is None else "case.changed"


__all__ = ["Actor", "CaseDesk", "Counts", "Look", "New", "Priority", "Refused", "actor", "staff_of"]

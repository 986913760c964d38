"""The clock of cases: reminders, escalation, tasks whose time is up; each once, however late (D-75)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from callcore.crm.cases.desk import CaseDesk, Tell
from callcore.crm.cases.stages import alarms_of, told
from callcore.crm.nap import tick_for_ever
from callcore.domain import Login
from callcore.store.case_rows import Alarm, Case, number_of
from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.cases")


class CaseClock:
    """``run`` it; ``tick`` does what is due and tells when to come again.

    What has rung stands in the database under a unique key, in the same commit as what it tells: a restart or
    a late wake-up rings what was missed, once.
    """

    def __init__(self, desk: CaseDesk, tell: Tell, now: Callable[[], datetime]) -> None:
        self._desk = desk
        self._tell = tell
        self._now = now
        self._woken = asyncio.Event()
        self._faulty: set[int] = set()
        """Cases that could not be looked at; until the next start."""
        desk.changed = self._woken.set

    async def run(self) -> None:
        """For ever."""

        def waits(error: StoreError) -> None:
            log.warning("case_clock_waits_for_database", error=str(error))

        await tick_for_ever(self.tick, self._woken, self._now, waits)

    async def tick(self) -> datetime | None:
        """Ring everything that is due by now; when the next is due. Raises ``StoreError``."""
        desk = self._desk
        while due := set(await desk.cases.alarming(self._now())) - self._faulty:
            for id_ in sorted(due):
                await self._try(id_)
        while rung := await desk.tasks.ring(self._now()):
            for task in rung:
                self._tell(task.responsible, "task.overdue", {"task": task.id}, self._now())
                desk.touched(task.customer)
        moments = (await desk.cases.next_alarm_at(), await desk.tasks.next_due_at())
        return min((each for each in moments if each is not None), default=None)

    async def _try(self, id: int) -> None:
        """One case that cannot be looked at must not keep the others from ringing."""
        try:
            await self._look_at(id)
        except StoreError:
            raise
        except Exception:
            log.exception("case_alarm_failed", action="alarm_failed", case=id)
            self._faulty.add(id)

    async def _look_at(self, id: int) -> None:
        desk, at = self._desk, self._now()
        case = await desk.cases.get(id)
        if case is None:
            return
        run = case.run
        rung = {key for n, key in await desk.cases.rung(id) if run is not None and n == run.n}
        waiting = [each for each in alarms_of(case, desk.catalogue) if each.key not in rung]
        due = [each for each in waiting if each.at <= at]
        later = [each.at for each in waiting if each.at > at]
        staff = await desk.staff() if due else None
        rings = [
            (each, told(case, each.to, desk.catalogue, staff))
            for each in self._timely(due, case, at)
            if staff is not None
        ]
        new = await desk.cases.ring(case, rings, min(later, default=None), at)
        for alarm, logins in rings:
            if new is not None and alarm in new:
                self._publish(case, alarm, logins, at)
        if new:
            desk.touched(case.customer)

    def _timely(self, due: list[Alarm], case: Case, at: datetime) -> list[Alarm]:
        """A reminder that comes after the term has ended reminds nobody of anything."""
        run = case.run
        is_late = run is not None and run.due_at is not None and run.due_at <= at
        return [each for each in due if each.kind != "reminder" or not is_late]

    def _publish(self, case: Case, alarm: Alarm, logins: tuple[Login, ...], at: datetime) -> None:
        run = case.run
        data: Mapping[str, Any] = {
            "case": number_of(case.id, case.created_at),
            "stage": run.stage if run else "",
            "due_at": run.due_at if run else None,
            "to": alarm.to,
        }
        log.info("case_alarm", action=alarm.kind, case=case.id, to=alarm.to, people=len(logins))
        for login in logins:
            self._tell(login, f"case.{alarm.kind}", data, at)

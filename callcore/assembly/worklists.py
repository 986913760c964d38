"""The list of people to call, as the house keeps it: who answers for each, and who hears that it changed.

Rows come and go with the calls themselves, in the store. Here a clock looks at those for whom nobody answers
yet, or nobody did in time, and tells everybody who has a list open when something was due meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from callcore.config import Settings
from callcore.crm.responsible import Standing, is_left_untouched, responsible
from callcore.domain import Login
from callcore.rights import Permission, may
from callcore.screenpop.cardnews import CardNews, News, WorkChanged
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.follow_rows import FollowUp
from callcore.store.follow_ups import Given
from callcore.store.users import User

log = structlog.get_logger("callcore.work")

LOOK_SECONDS = 30.0
TOGETHER_SECONDS = 2.0
"""Changes within it are one look: a busy house changes its lists with every call."""
AT_ONCE = 200
"""Rows in one round: a base that was upgraded may bring very many."""


class WorkClock:
    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        news: CardNews,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._settings = settings
        self._news = news
        self._now = now
        self._wake = asyncio.Event()
        self._looked_at = now()
        database.contacts.missed_after = settings().work.missed_after
        news.watch(self._hear)

    def contact_logged(self) -> None:
        """A contact was written: perhaps with somebody to call, or nobody any more."""
        if self._database.contacts.work_changed:
            self._database.contacts.work_changed = False
            self._news.tell(WorkChanged())

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.once()
            except StoreError as error:
                log.warning("work_not_looked_at", why=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
                await asyncio.sleep(TOGETHER_SECONDS)
            self._wake.clear()

    async def once(self) -> None:
        """One round. Raises ``StoreError``."""
        now, settings = self._now(), self._settings()
        users = await self._database.users.list()
        working = frozenset(each.login for each in users if _may_work(each))
        gone = [each.login for each in users if each.login not in working]
        before, last, changed = now - settings.work.rules.pass_on_after, 0, 0
        while rows := await self._database.follow_ups.unlooked(before, gone, AT_ONCE, last):
            last = rows[-1].id
            found = [(row, to) for row in rows if (to := await self._next(row, working, now)) is not None]
            changed += await self._database.follow_ups.assign(found, now)
        was_due = await self._database.follow_ups.came_due(self._looked_at, now)
        self._looked_at = now
        if changed or was_due:
            self._news.tell(WorkChanged())

    async def _next(self, row: FollowUp, working: Collection[Login], now: datetime) -> Given | None:
        """Who answers for it from now on; None: whoever does already."""
        settings, standing = self._settings(), await self._standing(row)
        rules, departments = settings.work.rules, settings.departments
        if not is_left_untouched(rules, standing, working, departments, now):
            return None
        found = responsible(rules, standing, working, departments)
        return Given(found.why, found.login, found.department)

    async def _standing(self, row: FollowUp) -> Standing:
        operators: Sequence[Login] = ()
        if row.customer is not None:
            operators = await self._database.customers.operators(row.customer)
        spoke = await self._database.contacts.last_spoke(row.number, row.customer)
        return Standing(
            tuple(operators),
            spoke,
            row.queue or None,
            row.why_responsible,
            row.taken_by or row.responsible_login,
            "" if row.taken_by else row.responsible_department,
            row.taken_at or row.responsible_at,
            is_taken=row.taken_by is not None,
        )

    def _hear(self, piece: News) -> None:
        if piece == WorkChanged():
            self._wake.set()


def _may_work(user: User) -> bool:
    return user.disabled_at is None and may(user.role, Permission.callbacks_work)

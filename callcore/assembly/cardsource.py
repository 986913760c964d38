"""Where the parts of a card come from: the own database, and what was told to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from callcore.crm.cases.desk import Counts
from callcore.crm.cases.kinds import Catalogue
from callcore.domain import CustomerId, Login, Text
from callcore.screenpop.card import WorkCounts
from callcore.screenpop.cardnews import CardNews
from callcore.screenpop.facts import FlashNote, OpenCase, OpenWish, Subject
from callcore.store.case_rows import CaseLine, Status
from callcore.store.database import Database
from callcore.store.follow_rows import FollowUp, FollowUpKind, FollowUpLook, Waiting
from callcore.store.follow_ups import WaitingWork
from callcore.store.record import CustomerRecord
from callcore.store.voicemails import VoicemailLook

CaseTitles = Callable[[CaseLine], tuple[Text, Text]]
"""What people call the type of a case, and where it stands."""
_STATUS = {
    Status.open: Text("в работе", "in work"),
    Status.dispatch: Text("в очереди", "in a queue"),
    Status.reject: Text("на исправлении", "to be mended"),
    Status.closed: Text("закрыт", "closed"),
}


def titles_by(catalogue: Callable[[], Catalogue]) -> CaseTitles:
    """Titles by the types of cases; the bare code of a type that is no longer there."""

    def titles(line: CaseLine) -> tuple[Text, Text]:
        kind = catalogue().kinds.get(line.type)
        stage = kind.stage(line.stage) if kind and line.status is not Status.closed else None
        title = kind.title if kind else Text(line.type, line.type)
        return title, stage.title if stage else _STATUS[line.status]

    return titles


LOOKED_AT = timedelta(days=7)
"""An older call whose end nobody knows is no work any more."""


class WorkAnswers:
    """Implements ``WorkSource``. What is everybody's is read once for all desks, until something is told."""

    def __init__(
        self,
        counts: Callable[[Login], Awaitable[Counts]],
        database: Database,
        news: CardNews,
        late_minutes: int,
        now: Callable[[], datetime],
    ) -> None:
        self._counts = counts
        self._database = database
        self._news = news
        self._late_seconds = late_minutes * 60
        self._now = now
        self._known: tuple[str, WaitingWork, int, int] | None = None

    async def counts(self, login: Login) -> WorkCounts:
        found = await self._counts(login)
        work, unheard, unknown = await self._everybodys()
        unclassified, since = await self._database.contacts.count_unclassified(login)
        missed = work.kinds.get(FollowUpKind.missed, Waiting())
        wishes = work.kinds.get(FollowUpKind.wish, Waiting())
        return WorkCounts(
            mine=found.mine,
            returned=found.returned,
            my_overdue=found.my_overdue,
            queue=found.queue,
            overdue=found.overdue,
            tasks=found.tasks,
            tasks_overdue=found.tasks_overdue,
            voicemails=unheard,
            unknown_calls=unknown,
            call_backs=wishes.count,
            call_backs_since=wishes.oldest_at,
            missed=missed.count,
            missed_since=missed.oldest_at,
            postponed=work.postponed.count,
            unclassified=unclassified,
            unclassified_since=since,
            late_seconds=self._late_seconds,
        )

    async def _everybodys(self) -> tuple[WaitingWork, int, int]:
        mark = self._news.mark
        if self._known is None or self._known[0] != mark:
            work = await self._database.follow_ups.waiting(FollowUpLook(now=self._now()))
            unheard = await self._database.voicemails.count(VoicemailLook(heard=False))
            unknown = await self._database.attempts.count_unknown(self._now() - LOOKED_AT)
            self._known = mark, work, unheard, unknown
        return self._known[1:]


async def _unsaid(_rows: Sequence[FollowUp]) -> Mapping[int, Text]:
    return {}


def _of(subject: Subject) -> Iterator[FollowUpLook]:
    wishes = frozenset({FollowUpKind.wish})
    if subject.number:
        yield FollowUpLook(kinds=wishes, number=subject.number)
    if subject.customer is not None:
        yield FollowUpLook(kinds=wishes, customer=subject.customer)


class CardAnswers:
    """Implements ``CardSource``; the pages of customers ask it, too."""

    def __init__(
        self,
        database: Database,
        names: Callable[[], Awaitable[dict[Login, str]]],
        titles: CaseTitles,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._names = names
        self._titles = titles
        self._now = now
        self.waiting: Callable[[Sequence[FollowUp]], Awaitable[Mapping[int, Text]]] = _unsaid
        """Why wishes wait, by id; set once the house can say so."""

    async def record(self, customer: CustomerId) -> CustomerRecord | None:
        return await self._database.records.get(customer)

    async def flashes(self, subject: Subject, reader: Login) -> tuple[FlashNote, ...]:
        numbers = [subject.number] if subject.number else []
        topics = [subject.topic] if subject.topic else []
        book, now = self._database.flashes, self._now()
        if subject.customer is None:
            found = await book.current(None, numbers, topics, (), (), now, reader)
        else:
            found = await book.of_customer(subject.customer, numbers, topics, now, reader)
        names = await self._names() if found else {}
        return tuple(
            FlashNote(
                id=flash.id,
                text=flash.text,
                author=names.get(flash.author, flash.author),
                until=flash.ends_at,
                must_read=flash.must_read,
                is_read=flash.read_at is not None,
            )
            for flash in found
        )

    async def cases(self, customer: CustomerId) -> tuple[OpenCase, ...]:
        return await self._cases(customer, open_only=True)

    async def all_cases(self, customer: CustomerId) -> tuple[OpenCase, ...]:
        """Closed ones among them."""
        return await self._cases(customer, open_only=False)

    async def cases_of_interaction(self, interaction: int) -> tuple[OpenCase, ...]:
        """Closed ones among them."""
        return tuple(map(self._case, await self._database.cases.of_interaction(interaction)))

    async def _cases(self, customer: CustomerId, *, open_only: bool) -> tuple[OpenCase, ...]:
        lines = await self._database.cases.of_customer(customer, open_only)
        return tuple(self._case(line) for line in lines)

    def _case(self, line: CaseLine) -> OpenCase:
        title, stage = self._titles(line)
        due_at = None if line.status is Status.closed else line.due_at
        return OpenCase(line.number, title, stage, due_at, line.status is Status.reject)

    async def wishes(self, subject: Subject) -> tuple[OpenWish, ...]:
        found: dict[int, FollowUp] = {}
        for look in _of(subject):
            found |= {row.id: row for row in await self._database.follow_ups.find(look)}
        if not found:
            return ()
        rows, names = [found[id] for id in sorted(found)], await self._names()
        waits = await self.waiting(rows)
        return tuple(
            OpenWish(
                id=row.id,
                number=row.number,
                asked_at=row.asked_at,
                times=row.times,
                source=row.source.value,
                by=names.get(row.asked_by, row.asked_by) if row.asked_by else "",
                waits=waits.get(row.id),
            )
            for row in rows
        )

    async def read_flash(self, flash: int, login: Login) -> None:
        await self._database.flashes.read(flash, login, self._now())

    def saw(self, login: Login, customer: CustomerId) -> None:
        self._database.audit.saw(login, customer, self._now())

"""The part of the composition root that concerns the pages of the voice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from aiohttp import web

from callcore.assembly import wiring
from callcore.assembly.backoffice import facts_of
from callcore.assembly.current import Current
from callcore.assembly.editions import Editions
from callcore.calls.attempt import Medium, Purpose
from callcore.config import load
from callcore.config.changes import followed, kept_texts
from callcore.config.writing import wanted_files
from callcore.domain import Login, PbxName, QueueName, Text
from callcore.floor.people import People
from callcore.ivr.ports import Profile
from callcore.ivr.script import NodeName
from callcore.routing.situation import QueueState
from callcore.screenpop.card import WorkCounts
from callcore.store.database import Database
from callcore.store.editions import Editions as EditionStore
from callcore.store.entry_calls import last_calls
from callcore.store.follow_rows import FollowUp
from callcore.web.voice import pages
from callcore.web.voice.ports import Reading, VoiceRoom
from callcore.web.voice.work_room import WorkRoom

PLACES = ("work", "recordings", "routing")
"""The pages that this adds to the head of every page."""
READINGS = 4
"""Editions that stay read: people look at two of them, again and again."""
_TO_PEOPLE = frozenset((Purpose.own_call, Purpose.call_back))


def add_to(
    app: web.Application,
    current: Current,
    database: Database,
    people: People,
    editions: Editions,
    now: Callable[[], datetime],
    *,
    places: Callable[[], Iterable[NodeName]],
    queues: Callable[[PbxName], Mapping[QueueName, QueueState]],
    counts: Callable[[Login], Awaitable[WorkCounts]],
    waiting: Callable[[Sequence[FollowUp]], Awaitable[Mapping[int, Text]]],
) -> None:
    """Their pages. ``places``: where callers are in the IVR's file; ``queues``: of a PBX, as they are now;
    ``counts``: of a person's desk; ``waiting``: why wishes wait."""
    settings = current.settings
    room = VoiceRoom(
        book=lambda: editions.newest,
        voicemails=database.voicemails,
        talks=database.recordings,
        call_backs=database.call_backs,
        follow_ups=database.follow_ups,
        announcements=database.announcements,
        flashes=database.flashes,
        ivr_counts=database.ivr_counts,
        names=lambda: people.names(now()),
        profile=partial(_profile, database, now),
        read=Readings(current, database.editions),
        editions=editions,
        zone=settings.organisation.zone,
        country=settings.organisation.country,
        places=places,
        recordings=settings.recording_folder,
        pbxs=tuple(settings.pbxs),
        queues=queues,
        queue_titles=current.of(wiring.queue_titles),
    )
    work = WorkRoom(
        follow_ups=database.follow_ups,
        contacts=database.contacts,
        users=database.users,
        counts=counts,
        departments=current.of(wiring.department_titles),
        default=settings.work.rules.default,
        late_seconds=settings.work.late_minutes * 60,
        calling=partial(_calling, database),
        waiting=waiting,
        last_calls=partial(last_calls, database),
    )
    pages.add_to(app, room, work)


async def _calling(database: Database) -> dict[str, Login]:
    """What campaigns ring, the list of people to call does not show."""
    found = await database.attempts.open(None, Medium.voice)
    return {each.number: Login(each.login) for each in found if each.purpose in _TO_PEOPLE}


async def _profile(database: Database, now: Callable[[], datetime], number: str, login: Login) -> Profile:
    """What the tables may ask of whoever has this number; each of them was looked at."""
    found = await database.customers.callers(number, None, now())
    for customer in found.customers:
        database.audit.saw(login, customer.id, now(), "search")
    return Profile(facts_of(found), found.last_contact_at)


class Readings:
    """What an edition, or the files as they lie there, would come to if it were in force."""

    def __init__(self, current: Current, store: EditionStore) -> None:
        self._current = current
        self._store = store
        self._read: OrderedDict[int, Reading] = OrderedDict()

    async def __call__(self, edition: int | None, *, with_trials: bool = True) -> Reading | None:
        """Raises ConfigFaults, StoreError."""
        if edition is None:
            return await self._load(None, None, with_trials=with_trials)
        if edition not in self._read:
            kept = await self._store.files(edition)
            if kept is None:
                return None
            texts = await asyncio.to_thread(wanted_files, self._current.settings, kept)
            # its tests came out when it was read: one may look back at it whatever became of them
            self._read[edition] = await self._load(texts, edition, with_trials=False)
            while len(self._read) > READINGS:
                self._read.popitem(last=False)
        return self._read[edition]

    async def _load(
        self, texts: Mapping[str, str] | None, edition: int | None, *, with_trials: bool
    ) -> Reading:
        running = self._current.settings
        read = partial(load, running.file, need_secrets=False, with_trials=with_trials, kept=texts)
        fresh = await asyncio.to_thread(read)  # some hundred files take longer than a caller may wait
        book = wiring.make_book(followed(running, fresh))
        return Reading(replace(book, edition=edition), kept_texts(fresh))

"""The part of the composition root that concerns the record: customers, cases, notes, knowledge, access.

Each room is made here, given its pages and its API, and run here. Read ``Office.__init__`` from the top.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from callcore.assembly.auditwork import keep_audit
from callcore.assembly.backoffice import HouseBackoffice
from callcore.assembly.cardsource import CardAnswers, WorkAnswers, titles_by
from callcore.assembly.current import Current
from callcore.assembly.floorfacts import FloorFacts
from callcore.assembly.selfservice import SelfService
from callcore.assembly.soundkeeping import keep_sounds
from callcore.assembly.staffpin import StaffPin
from callcore.assembly.wiring import (
    canonical_in,
    department_titles,
    house_of,
    queue_titles,
    topic_choices,
    topic_codes,
    topic_titles,
    wanted_skills,
)
from callcore.assembly.worklists import WorkClock
from callcore.crm.cases.clock import CaseClock
from callcore.crm.cases.desk import CaseDesk
from callcore.crm.directory import Directories
from callcore.crm.finding import Finder
from callcore.crm.flash_clock import FlashClock
from callcore.crm.importing_run import Importer, Place
from callcore.domain import CustomerId
from callcore.floor.floor import Floor
from callcore.floor.people import People
from callcore.routing.skills import words_of
from callcore.screenpop.cardnews import AllChanged, CardNews, NoteRead, WorkChanged
from callcore.screenpop.hub import Hub
from callcore.store.database import Database
from callcore.store.flashes import Flash
from callcore.web.live_news import NEWS
from callcore.web.metrics import Metrics
from callcore.web.passwords import PasswordChecker
from callcore.web.record import (
    access,
    cases,
    customers,
    customers_api,
    files,
    files_api,
    imports,
    interactions,
    interactions_api,
    library,
    visits,
    visits_api,
)
from callcore.web.record.access_room import AccessRoom
from callcore.web.record.cases_room import CaseRoom
from callcore.web.record.customers_api import CustomerApiRoom
from callcore.web.record.customers_room import CustomerRoom
from callcore.web.record.directory import DirectoryRoom
from callcore.web.record.files import FilesRoom
from callcore.web.record.flash import FlashRoom
from callcore.web.record.imports import ImportRoom
from callcore.web.record.interactions import InteractionRoom
from callcore.web.record.knowledge import KnowledgeRoom
from callcore.web.record.visits_room import VisitRoom
from callcore.web.second_factor import Policy, SecondFactor

log = structlog.get_logger("callcore.office")


class Office:
    """``start`` it, give it the web application, let it ``run``."""

    def __init__(
        self,
        current: Current,
        database: Database,
        hub: Hub,
        people: People,
        metrics: Metrics,
        now: Callable[[], datetime],
        directories: Directories | None = None,
    ) -> None:
        self._current = current
        settings = self._settings = current.settings
        """Of the start: what is asked here does not follow a reload."""
        self._database = database
        self._hub = hub
        self._people = people
        self._metrics = metrics
        self._now = now
        self.cases = CaseDesk(
            database.cases,
            database.tasks,
            lambda: current.settings.cases,
            database.users.list,
            lambda: current.settings.case_members,
            hub.publish,
            now,
        )
        self._case_clock = CaseClock(self.cases, hub.publish, now)
        self.news = CardNews()
        self.cases.touched = self._case_touched
        self._flash_clock = FlashClock(database.flashes, self._flash_turned, now)
        self.work_source = WorkAnswers(
            self.cases.counts, database, self.news, settings.work.late_minutes, now
        )
        self.work = WorkClock(database, lambda: current.settings, self.news, now)
        self._case_titles = titles_by(lambda: current.settings.cases)
        self.card_source = CardAnswers(database, lambda: people.names(now()), self._case_titles, now)
        self._passwords = PasswordChecker()
        organisation = settings.organisation
        self.finder = Finder(database.customers, database.interactions, database.cases, organisation.country)
        self._importer = Importer(database, Place(organisation.country, organisation.zone))
        self._customers = CustomerRoom(
            database=database,
            source=self.card_source,
            news=self.news,
            names=lambda: people.names(now()),
            search=self.finder.search,
            all_cases=self.card_source.all_cases,
            canonical=canonical_in(settings),
            passwords=self._passwords,
            elsewhere=directories.search if directories else None,
        )
        self._staff_pin = StaffPin(lambda: current.settings.ivr.staff_pin.get_secret_value(), time.monotonic)
        sign_in = settings.sign_in
        policy = Policy(
            is_offered=sign_in.second_factor != "off",
            required_roles=sign_in.required_roles,
            issuer=sign_in.issuer,
            key=sign_in.key.get_secret_value(),
        )
        self.second_factor = SecondFactor(database.second_factors, policy, now)
        self._access = AccessRoom(
            database,
            self.second_factor,
            current.of(house_of),
            current.of(queue_titles),
            current.of(department_titles),
            recordings=settings.recording_folder,
            pbxs=tuple(settings.pbxs),
            skills=lambda: words_of(wanted_skills(current.settings)),
            links=(("/customers/import", "base.title"),),
        )

    @property
    def places(self) -> tuple[str, ...]:
        """The pages that this adds to the head of every page."""
        offices = ("visits",) if self._settings.offices else ()
        return ("admin", "customers", "cases", *offices, *library.PLACES)

    async def start(self) -> None:
        """Before anything may come in. Raises StoreError."""

    def backoffice(self, floor: Floor) -> HouseBackoffice:
        """What the IVR asks; the floor knows who calls and who is ready."""
        house = FloorFacts(self._current, self._database, floor)
        self_service = SelfService(
            self._database,
            self._passwords,
            self._customers.tries,
            self._case_titles,
            known=house.known,
            identified=house.identified,
            language=house.language,
            zone=self._settings.organisation.zone,
            now=self._now,
            monotonic=time.monotonic,
        )
        return HouseBackoffice(
            self._database,
            self.cases,
            self_service,
            phone=house.phone,
            queue_of=house.queue_of,
            is_staff_pin=self._staff_pin.is_right,
            switched=self._flash_changed,
            wished=lambda: self.news.tell(WorkChanged()),
            language=self._settings.organisation.language,
            now=self._now,
        )

    def _case_touched(self, customer: CustomerId) -> None:
        self.news.changed(customer)
        self.news.tell(WorkChanged())

    def _flash_changed(self, flash: Flash) -> None:
        self._flash_clock.wake()
        self._flash_turned(flash)

    def _flash_turned(self, flash: Flash) -> None:
        if flash.customer is None:
            self.news.tell(AllChanged())
        else:
            self.news.changed(flash.customer)

    def add_to(self, app: web.Application) -> None:
        """Pages and API of every room."""
        app[NEWS] = self.news
        self._add_library(app)
        access.add_to(app, self._access)
        cases.add_to(app, CaseRoom(self.cases, self._database, self._settings.organisation.zone, self.news))
        customers.add_to(app, self._customers)
        customers_api.add_to(
            app, CustomerApiRoom(self._database, self.finder.search, canonical_in(self._settings))
        )
        imports.add_to(app, ImportRoom(self._importer))
        files.add_to(app, FilesRoom(self._database))
        files_api.add_to(app)
        interactions.add_to(app, self._interactions())
        interactions_api.add_to(app)
        visits.add_to(app, self._visits())
        visits_api.add_to(app)

    def _visits(self) -> VisitRoom:
        settings = self._settings
        return VisitRoom(
            self._database,
            self.news,
            tuple(office.to_office(code) for code, office in settings.offices.items()),
            settings.organisation.zone,
            self.finder.search,
            self._current.of(topic_codes),
            lambda: self._people.names(self._now()),
        )

    def _interactions(self) -> InteractionRoom:
        settings = self._settings
        return InteractionRoom(
            self._database,
            self.news,
            lambda: self._people.names(self._now()),
            self._current.of(topic_titles),
            lambda queue: self._current.settings.queue_title(queue),
            canonical_in(settings),
            self.card_source.cases_of_interaction,
        )

    def _add_library(self, app: web.Application) -> None:
        settings, database = self._settings, self._database
        country = settings.organisation.country
        topics = self._current.of(topic_choices)
        library.add_to(
            app,
            FlashRoom(
                database,
                country,
                settings.organisation.zone,
                topics,
                self._flash_changed,
                lambda login: self.news.tell(NoteRead(login)),
            ),
            KnowledgeRoom(database, topics),
            DirectoryRoom(
                database,
                lambda: self._current.settings.departments,
                country,
                self._current.of(queue_titles),
            ),
        )

    def _work(self) -> tuple[Coroutine[object, object, None], ...]:
        """What goes on for as long as the daemon runs: clocks, deliveries."""
        keep = timedelta(days=self._settings.audit.keep_days)
        return (
            self._importer.attend(self._now),
            self._case_clock.run(),
            self._flash_clock.run(),
            self.work.run(),
            keep_audit(self._database, keep, self._now),
            keep_sounds(
                {
                    self._database.voicemails: timedelta(days=self._settings.recordings.keep_days),
                    self._database.recordings: timedelta(days=self._settings.recordings.talks_keep_days),
                },
                self._settings.recording_folder,
                self._now,
            ),
        )

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            for work in self._work():
                group.create_task(work)
            await asyncio.Event().wait()

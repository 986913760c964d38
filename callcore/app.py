"""The composition root: the only place that knows everybody and plugs them together.

Read ``Daemon.open`` from top to bottom: it is the order in which things depend on each other.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Self

import structlog

from callcore.ami.client import AmiLink, Inbox
from callcore.assembly import callbacks, counting, voice, wiring
from callcore.assembly.answering import Answering, make_server
from callcore.assembly.colleagues import make_board, parked_now, queues_now
from callcore.assembly.current import Current
from callcore.assembly.deskcalls import connect_calls
from callcore.assembly.editions import Editions
from callcore.assembly.exchange import Exchange, make_directories
from callcore.assembly.handing_world import make_world
from callcore.assembly.leaving import Outward
from callcore.assembly.listening import listening, serve
from callcore.assembly.office import Office
from callcore.assembly.outgoing import Outgoing
from callcore.assembly.pages import make_pages
from callcore.assembly.pulse import Pulse
from callcore.assembly.retention import Retention
from callcore.assembly.second_line import SecondLine
from callcore.assembly.shifts import resume_shifts
from callcore.assembly.soundkeeping import talk_rules
from callcore.assembly.upkeep import Upkeep
from callcore.bus.live import CardLink
from callcore.calls.effects import Contact, Effect
from callcore.calls.facts import Fact, LinkLost, Snapshot
from callcore.config import Settings
from callcore.crm.customers import CustomerBase
from callcore.domain import CallId, ChannelId, ChannelRef, Login, PbxName
from callcore.floor.clock import SteadyClock
from callcore.floor.floor import Floor
from callcore.floor.handset import Handset
from callcore.floor.members import Members
from callcore.floor.people import People
from callcore.floor.records import Records
from callcore.floor.spoken import SpokenPrompts
from callcore.floor.talks import Talks
from callcore.ivr.visit import Book
from callcore.screenpop.card import OtherPage
from callcore.screenpop.desks import Desks
from callcore.screenpop.draftbook import DraftBook
from callcore.screenpop.hub import Hub, HubCallbacks, HubLimits
from callcore.screenpop.missedbook import MissedBook
from callcore.screenpop.shelf import Shelf
from callcore.speech import Prompts
from callcore.store.contacts import Saved
from callcore.systemd import notify
from callcore.web.metrics import Metrics
from callcore.web.parked import ParkedBoard
from callcore.web.waiting import WaitingBoard

log = structlog.get_logger("callcore.app")

INBOX_SIZE = 20_000
"""Facts waiting before the reading of AMI is paused."""
DRAIN_SECONDS = 10.0
"""How long callers may stay in the IVR once the daemon was told to stop."""


class Daemon:
    """One running callcore. ``async with Daemon(settings) as daemon: await daemon.run(stop)``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        """Of the start; whoever must follow a reload asks ``current``."""
        self.current = Current(settings)
        self.metrics = Metrics()
        self.clock = SteadyClock()
        self.links: dict[PbxName, AmiLink] = {}
        self._inbox: Inbox = asyncio.Queue(INBOX_SIZE)
        self._stack = AsyncExitStack()
        self._prompts_ready = asyncio.Event()
        self.drain_seconds = DRAIN_SECONDS

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _open(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        self.database = await stack.enter_async_context(await wiring.open_database(settings))
        tracker = wiring.make_tracker(settings)
        self.recorder = await wiring.make_recorder(settings, self.database.stories, tracker, self.clock.now)
        self.links = {
            name: AmiLink(wiring.ami_settings(settings, name), self._inbox, self.recorder)
            for name in settings.pbxs
        }
        self.members = Members(self.links)
        directories, asking = make_directories(settings, self.database, time.monotonic, self.metrics)
        stack.push_async_callback(asking.close)
        stack.push_async_callback(directories.close)
        base = CustomerBase(self.database.customers, directories)
        speech = settings.speech
        self.prompts = Prompts(speech.to_settings())
        self.spoken = SpokenPrompts(
            self.prompts, speech.folder, {name: pbx.prompt_folder for name, pbx in settings.pbxs.items()}
        )
        self.editions = Editions(
            self.current,
            self.database.editions,
            self._speak,
            lambda: wiring.editions_in_use(tracker),
            self.clock.now,
        )
        await self.editions.start()
        self.editions.watch(self.metrics)
        self.outgoing = Outgoing(
            settings, self.database, base, self.links, self.prompts, self.spoken, self.clock.now
        )
        self.records = Records(
            self.database.calls,
            self.database.contacts,
            self.outgoing.look_up,
            self._take,
            self._contact_logged,
            more=self.outgoing.look_up_more if directories else None,
        )
        stack.push_async_callback(self.records.close)
        self.hub = Hub(
            secrets.token_hex(8),
            time.monotonic,
            HubLimits(confirm_seconds=float(settings.pop.confirm_seconds)),
        )
        recorder = self.recorder
        self.hub.listen(
            HubCallbacks(published=recorder.published, painted=recorder.painted, unpainted=recorder.unpainted)
        )
        self.people = People(self.database.users, tuple(settings.pbxs), self.current.of(wiring.wanted_skills))
        self.office = Office(
            self.current, self.database, self.hub, self.people, self.metrics, self.clock.now, directories
        )
        self.exchange = Exchange(settings, self.database, self.metrics, self.clock.now, self._show_page)
        stack.push_async_callback(self.exchange.close)
        self.shelf = Shelf(
            self.database.contacts,
            self.database.interactions,
            self.database.customers,
            self.database.shifts,
            names=lambda: self.people.names(self.clock.now()),
            zone=settings.organisation.zone,
            timeline=self.database.timeline,
            favourites=self.database.favourites,
        )
        self.desks = Desks(
            self.hub,
            self.shelf,
            take=self._take,
            seat=self.people.seat,
            topics=self.current.of(wiring.topic_codes),
            now=self.clock.now,
            wrap_up=timedelta(seconds=settings.desk.wrap_up_seconds),
            missed=MissedBook(self.database.missed_pops),
            source=self.office.card_source,
            news=self.office.news,
            drafts=DraftBook(self.database.drafts),
            work=self.office.work_source,
        )
        stack.push_async_callback(self.desks.close)
        self.colleagues = make_board(self.current, self.database.users, tracker, self.clock.now)
        self.waiting = WaitingBoard(lambda: queues_now(tracker, settings.pbxs))
        self.parked = ParkedBoard(
            lambda: parked_now(tracker), lambda: self.colleagues.names, settings.organisation.country
        )
        self.talks = self.desks.call_orders.talks = Talks(
            self.database.recordings,
            self.links,
            settings.recording_folder,
            self.current.of(talk_rules),
            self.clock.now,
            self.desks.marks.recording,
        )
        self.handset = self.desks.call_orders.handset = Handset(
            self.links,
            tracker,
            self._take,
            self.current.of(wiring.inside_numbers),
            self.current.of(wiring.line_seconds),
        )
        self.floor = Floor(
            tracker,
            self.clock,
            wiring.carriers(
                self.desks.carry,
                self.members.carry,
                self.records.carry,
                self._listeners,
                self.handset.carry,
                lambda effect: self.second_line.ends.carry(effect),
            ),
            watch=self._watch,
            recorder=self.recorder,
        )
        stack.callback(self.floor.stop)
        self.pulse = Pulse(self.floor, self._inbox, self.links, self.database.writer)
        self.second_line = self.desks.call_orders.second_line = SecondLine(
            self.database.handovers,
            self.desks,
            self.handset,
            self._take,
            make_world(self.current, self.database, self.floor, self.people, self.clock.now),
        )
        callbacks.connect(self.outgoing.call_backs, self.current, tracker, self.clock.now, self.office.news)
        self.outgoing.call_backs.take = self._take
        self.desks.dials.control = dials = connect_calls(
            self.outgoing.placing,
            self.current,
            self.database,
            self.floor,
            self.people,
            self.hub,
            self.office.news,
            self.clock.now,
        )
        self.handset.outward = Outward(self.outgoing.placing, self.outgoing.room, dials)
        self.upkeep = Upkeep(
            self.database,
            self.clock,
            self.people,
            self.floor,
            self.pulse.health,
            stories_kept=timedelta(days=settings.flight.keep_days),
            retire=Retention(
                settings,
                self.database,
                self.editions,
                voice.Readings(self.current, self.database.editions),
                self.prompts,
                self.clock.now,
            ).once,
        )
        self.recovery = wiring.make_recovery(
            self.current,
            self.database,
            self.floor,
            self.people,
            self.outgoing.look_up,
            self.clock.now,
            self._store_contact,
        )
        await self.recovery.start(settings.pbxs)
        counting.watch_calls(self.metrics, self.outgoing, self.talks)
        counting.watch_call_backs(
            self.metrics,
            self.database.call_backs.asked_by,
            self.outgoing.call_backs.tally,
            self.clock.now,
        )
        counting.watch_gaps(self.metrics, self.recovery)
        counting.watch_recorder(self.metrics, self.recorder)
        counting.watch_links(self.metrics, self.links)
        counting.watch_floor(self.metrics, self.floor.tracker)
        counting.watch_store(self.metrics, self.database.writer)
        counting.watch_lanes(self.metrics, self.records, self.members)
        await self.outgoing.start()
        await self.outgoing.placing.resume()
        await self.outgoing.call_backs.resume()
        await self.talks.start()
        await self.office.start()
        self._open_ivr(settings)
        self.web = make_pages(self)
        self.http_port = await serve(stack, self.web, settings)
        await self.upkeep.tell_phones()
        await resume_shifts(self.database.shifts, self.people, self.desks)
        with listening("fastagi.listen", settings.fastagi.listen):
            await self.agi.start()
        stack.push_async_callback(self.agi.close)

    def _open_ivr(self, settings: Settings) -> None:
        self.answering = Answering(
            self.current,
            self.editions,
            self.floor,
            self.spoken,
            self.office.backoffice(self.floor),
            self.outgoing,
            self.clock.now,
            self.talks,
            self.second_line.by_phone,
        )
        self.agi = make_server(settings, self.answering, self.metrics, self._agi_line)

    async def ready(self) -> None:
        """Return when every PBX is linked and every prompt is spoken. For demo and tests."""
        for link in self.links.values():
            await link.tried()
        await self._prompts_ready.wait()

    # --- life

    async def run(self, stop: asyncio.Event, reload: asyncio.Event | None = None) -> None:
        """Works until ``stop`` is set, then lets callers finish what they hear, and stores what is left.
        ``reload``: set it to have the files read anew."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(link.run()) for link in self.links.values()]
            tasks.append(group.create_task(self.floor.consume(self._inbox, self._enrich)))
            rooms = (
                self.recovery,
                self.recorder,
                self.members,
                self.outgoing,
                self.office,
                self.answering,
                self.talks,
                self.second_line.ends,
                self.colleagues,
                self.parked,
                self.waiting,
            )
            tasks += [group.create_task(room.run()) for room in rooms]
            tasks += [group.create_task(work) for work in self.exchange.work()]
            tasks.append(group.create_task(self._prepare_prompts()))
            tasks.append(group.create_task(self.editions.follow(reload or asyncio.Event())))
            tasks.append(group.create_task(self.prompts.keep_house()))
            tasks += [group.create_task(work) for work in self.upkeep.work()]
            notify("READY=1")
            log.info("started", http_port=self.http_port, agi_port=self.agi.port, pbx=list(self.links))
            await stop.wait()
            notify("STOPPING=1")
            await self._drain()
            for task in tasks:
                task.cancel()

    async def _drain(self) -> None:
        log.info("draining", callers_in_ivr=self.agi.sessions)
        await self.outgoing.place_nothing()
        await self.agi.drain(self.drain_seconds)
        await self.outgoing.close()
        for link in self.links.values():
            await link.stop()
        await self.recovery.drain()
        await self.records.drain()
        await self.recorder.finish()
        await self.prompts.close()
        log.info("stopped")

    async def _prepare_prompts(self) -> None:
        unspoken = await self._speak(self.editions.newest)
        self._prompts_ready.set()
        log.info("prompts_ready", unspoken=unspoken)

    async def _speak(self, book: Book) -> int:
        return await self.spoken.prepare(wiring.all_said(book))

    # --- between the rooms

    async def _enrich(self, fact: Snapshot | LinkLost) -> Fact:
        return await self.recovery.enrich(await self.records.enrich(fact))

    def _listeners(self, effect: Effect) -> None:
        self.exchange.carry(effect)
        self.colleagues.carry(effect)
        self.parked.carry(effect)

    def _show_page(self, login: Login, call: CallId, link: CardLink) -> None:
        self.desks.marks.other_page(login, call, OtherPage(link.url, link.title))

    async def _store_contact(self, contact: Contact) -> None:
        if await self.database.contacts.save(contact) is not Saved.repeat:
            await self._contact_logged(contact)

    def _agi_line(self, pbx: str, channel: str, line: str, is_ours: bool) -> None:
        self.recorder.agi(ChannelRef(PbxName(pbx), ChannelId(channel)), line, is_ours=is_ours)

    def _take(self, fact: Fact) -> None:
        self.floor.take(fact)

    def _watch(self, fact: Fact) -> None:
        self.outgoing.take_fact(fact)
        self.talks.take_fact(fact)
        self.second_line.ends.take_fact(fact)
        self.handset.take_fact(fact)
        match fact:
            case Snapshot():
                self.desks.link(fact.pbx, up=True)
            case LinkLost():
                self.desks.link(fact.pbx, up=False)
            case _:
                return

    async def _contact_logged(self, contact: Contact) -> None:
        self.floor.settled(ChannelRef(contact.pbx, ChannelId(contact.channel)))
        wait_ms = None if contact.queued_at is None else contact.wait_ms
        self.metrics.contact_ended(contact.pbx, contact.outcome, wait_ms, contact.talk_ms)
        self.office.work.contact_logged()
        await self.desks.contact_logged(contact)

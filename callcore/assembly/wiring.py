"""From the settings to what each room wants to be made with. Only ``app`` uses this."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from babel.numbers import get_territory_currencies

from callcore import numbers
from callcore.ami.cdr import Sources, read_past_calls
from callcore.ami.client import AmiSettings
from callcore.assembly.current import Current
from callcore.calls import effects as do
from callcore.calls.agent import AgentRules
from callcore.calls.effects import Contact
from callcore.calls.handset import Seconds
from callcore.calls.recovery import PastCall
from callcore.calls.tracker import Tracker
from callcore.config import Settings
from callcore.config.control import spool_file
from callcore.config.pop import is_device_among, pop_policy
from callcore.crm.handing import numbers_of
from callcore.crm.topics import TopicTree
from callcore.domain import CallId, Direction, Interface, PbxName, QueueName, Text, TopicCode
from callcore.flight.book import Book as StoryBook
from callcore.flight.mask import Mask
from callcore.flight.recorder import Recorder
from callcore.floor.floor import Carry, Floor
from callcore.floor.ids import mint_call_id
from callcore.floor.lookups import Lookup
from callcore.floor.people import People
from callcore.floor.recovery import FloorView, Past, Recovery
from callcore.ivr.flow import Flow, FlowTexts, Phrase, all_phrases, leg_texts
from callcore.ivr.visit import Book
from callcore.routing.menu import main_menu
from callcore.routing.skills import Skills
from callcore.store.database import Database
from callcore.store.stories import Stories
from callcore.web.pages import TopicChoice
from callcore.web.ports import WebSettings
from callcore.web.record.dossier_page import House
from callcore.web.render import STATIC

Canonical = Callable[[str | None], str | None]


def canonical_in(settings: Settings) -> Canonical:
    """One form of a number, or None."""
    country = settings.organisation.country

    def canonical(raw: str | None) -> str | None:
        number = numbers.normalise(raw, country)
        return number.canonical if number else None

    return canonical


async def open_database(settings: Settings) -> Database:
    database = settings.database
    return await Database.open(
        database.address,
        create=True,
        spool=spool_file(settings),
        daemon=True,
        connections=database.connections,
    )


def make_tracker(settings: Settings) -> Tracker:
    desk = settings.desk
    rules = AgentRules(
        wrap_up=timedelta(seconds=desk.wrap_up_seconds),
        no_desk=timedelta(seconds=float(desk.no_desk_seconds)),
        missed_limit=desk.reject_pause_after,
    )
    pbxs = settings.pbxs

    def is_internal(pbx: PbxName, device: Interface) -> bool:
        return pbx in pbxs and is_device_among(pbxs[pbx].internal, device)

    return Tracker(
        mint=mint_call_id,
        canonical=canonical_in(settings),
        rules=rules,
        policy=pop_policy(settings.pop),
        is_internal=is_internal,
    )


def make_book(settings: Settings) -> Book:
    """What callers hear and where topics lead, by these settings."""
    ivr, tables = settings.ivr, settings.tables
    texts = ivr.texts
    flow = Flow(
        greeting=ivr.greeting,
        texts=FlowTexts(
            wrong_key=texts.wrong_key,
            silence=texts.silence,
            to_default=texts.to_default,
            connecting=texts.connecting,
            goodbye=texts.goodbye,
            again=texts.again,
            other_language=texts.other_language,
            outage_keys=texts.outage_keys,
            notice_keys=texts.notice_keys,
            notice_thanks=texts.notice_thanks,
            opted_out=texts.opted_out,
            leave_message=texts.leave_message,
            message_kept=texts.message_kept,
            case_kept=texts.case_kept,
            call_back_offer=texts.call_back_offer,
            call_back_kept=texts.call_back_kept,
            recorded=texts.recorded,
            recorded_refuse=texts.recorded_refuse,
            not_recorded=texts.not_recorded,
        ),
        menu=main_menu(tables),
        language=settings.organisation.language,
        language_key=ivr.language_key,
        silence_seconds=ivr.silence_seconds,
        wrong_keys=ivr.wrong_keys,
        default_topic=tables.default_topic,
        script=settings.script,
        currency=(get_territory_currencies(settings.organisation.country) or ["RUB"])[0],
    )

    return Book(flow, tables)


def all_said(book: Book) -> tuple[Phrase, ...]:
    """Everything that callers may hear by this book, but for sentences with values in them."""
    legs = [leg for table in book.tables for row in table.all_rows for leg in row.legs]
    return all_phrases(book.flow, tuple(leg_texts(legs)))


def wanted_skills(settings: Settings) -> Skills:
    """What calls ask of operators, by the tables."""
    return settings.tables.skills


def queue_titles(settings: Settings) -> dict[QueueName, Text]:
    """What people call each queue."""
    return {queue: settings.queue_title(queue) for queue in settings.all_queues}


def department_titles(settings: Settings) -> dict[str, Text]:
    return {each.code: each.title for each in settings.departments}


def topic_titles(settings: Settings) -> dict[TopicCode, Text]:
    return {topic.code: topic.title for topic in settings.tables.topics}


def topic_codes(settings: Settings) -> frozenset[TopicCode]:
    return frozenset(topic.code for topic in settings.tables.topics)


def ami_settings(settings: Settings, name: PbxName) -> AmiSettings:
    pbx = settings.pbxs[name]
    tls = pbx.tls
    return AmiSettings(
        name=name,
        host=pbx.host,
        port=pbx.port,
        username=pbx.username,
        secret=pbx.secret.get_secret_value(),
        tls=tls is not None,
        ca_file=str(tls.ca_file) if tls and tls.ca_file else None,
        verify=tls.verify if tls else True,
        server_name=tls.server_name if tls else None,
    )


def web_settings(settings: Settings) -> WebSettings:
    http = settings.http
    return WebSettings(
        public_origins=tuple(http.public_origins),
        secure_cookies=http.secure_cookies,
        trusted_proxies=tuple(str(network) for network in http.trusted_proxies),
        session_lifetime=timedelta(hours=settings.desk.session_hours),
        language=settings.organisation.language,
        zone=settings.organisation.zone.key,
        country=settings.organisation.country,
        static_dir=Path(STATIC),
    )


def house_of(settings: Settings) -> House:
    """Words for what is given to a customer himself."""
    return House(
        settings.organisation.language,
        settings.organisation.zone,
        settings.cases,
        topics=topic_titles(settings),
        queues=queue_titles(settings),
        offices={code: office.title for code, office in settings.offices.items()},
    )


def topic_choices(settings: Settings) -> tuple[TopicChoice, ...]:
    """What an operator may register a contact under."""
    return tuple(
        TopicChoice(node.code, node.title, node.group, node.trail, node.script, node.article, node.macros)
        for node in TopicTree.of(settings.tables).nodes
    )


def editions_in_use(tracker: Tracker) -> set[int]:
    """Those that calls were routed by which still last."""
    return {call.edition for call in tracker.calls.values() if call.edition is not None}


def carriers(
    desks: Carry,
    members: Carry,
    records: Carry,
    others: Carry | None = None,
    handset: Carry | None = None,
    second_line: Carry | None = None,
) -> dict[type, tuple[Carry, ...]]:
    """Who carries out what. One effect, one room; ``others``, who tell other programs, only listen."""
    by_room: dict[Carry, Sequence[type]] = {
        desks: (
            do.ShowRinging,
            do.ShowDialling,
            do.HideRinging,
            do.PopCard,
            do.UpdateCard,
            do.EndCard,
            do.CloseCard,
            do.DropCard,
            do.ShowAgent,
            do.ShowLine,
        ),
        members: (do.AddMember, do.RemoveMember, do.PauseMember, do.SetPenalty),
        records: (do.RememberCall, do.LookUpCustomers, do.LogContact),
    }
    if handset is not None:
        by_room[handset] = (do.SendOn, do.EndChannel)
    if second_line is not None:
        by_room[second_line] = (do.SettleHandover,)
    found: dict[type, tuple[Carry, ...]] = {
        kind: (carry,) for carry, kinds in by_room.items() for kind in kinds
    }
    heard = (do.ShowRinging, do.ShowAgent, do.LogContact, do.CallParked, do.CallUnparked)
    return found if others is None else found | {kind: (*found.get(kind, ()), others) for kind in heard}


def inside_numbers(settings: Settings) -> frozenset[str]:
    """Internal numbers that calls may be given to: those of the departments, and where the tables lead."""
    own = {each.number for each in settings.departments if each.number is not None}
    return frozenset(own) | numbers_of(settings.tables)


def line_seconds(settings: Settings) -> Seconds:
    return settings.second_line.seconds


async def make_recorder(
    settings: Settings, stories: Stories, tracker: Tracker, now: Callable[[], datetime]
) -> Recorder:
    """The flight recorder, with this installation's own pseudonyms."""

    def direction(call: CallId) -> Direction | None:
        known = tracker.calls.get(call)
        return known.direction if known else None

    return Recorder(
        stories,
        Mask(await stories.pseudonym_key(secrets.token_bytes(32)), canonical_in(settings)),
        moment=pop_policy(settings.pop).moment,
        now=now,
        monotonic=time.monotonic,
        direction=direction,
    )


def story_room(stories: Stories, recorder: Recorder) -> StoryBook:
    return StoryBook(stories, recorder.mask, recorder)


def make_recovery(
    current: Current,
    database: Database,
    floor: Floor,
    people: People,
    look_up: Lookup,
    now: Callable[[], datetime],
    save: Callable[[Contact], Awaitable[object]],
) -> Recovery:
    tracker, settings = floor.tracker, current.settings

    def past(name: PbxName) -> Past:
        told = settings.pbxs[name].recovery
        zone = told.cdr_zone or settings.organisation.zone
        sources = Sources(name, told.cdr_database(), told.cdr_table, zone, told.queue_log)

        async def read(since: datetime, until: datetime) -> Sequence[PastCall]:
            devices = frozenset(device for pbx, device in await people.phones() if pbx == name)
            return await read_past_calls(sources, since, until, current.settings.all_queues, devices)

        return read

    view = FloorView(
        is_known=lambda ref: ref in tracker.by_channel or ref in tracker.finished,
        login_at=tracker.login_at,
        settled=floor.settled,
        canonical=tracker.canonical,
        save=save,
    )
    pasts = {name: past(name) for name, pbx in settings.pbxs.items() if pbx.recovery.is_open}
    return Recovery(
        database.gaps, database.calls, view, look_up, now, pasts, names=lambda: people.names(now())
    )

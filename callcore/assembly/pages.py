"""The web application: every page and every API, each with what it is made with."""

from __future__ import annotations

import time
from typing import Protocol

from aiohttp import web

from callcore.assembly import callbacks, voice, wiring
from callcore.assembly.answering import Answering
from callcore.assembly.current import Current
from callcore.assembly.editions import Editions
from callcore.assembly.exchange import Exchange
from callcore.assembly.office import Office
from callcore.assembly.opting_out import opt_out_room
from callcore.assembly.outgoing import Outgoing
from callcore.assembly.pulse import Pulse
from callcore.assembly.second_line import SecondLine
from callcore.config import Settings
from callcore.flight.recorder import Recorder
from callcore.floor.clock import SteadyClock
from callcore.floor.floor import Floor
from callcore.floor.handset import Handset
from callcore.floor.people import People
from callcore.screenpop.desks import Desks
from callcore.screenpop.hub import Hub
from callcore.store.database import Database
from callcore.web import editions_api, handing, opt_outs, placed, story
from callcore.web.app import build
from callcore.web.colleagues import ColleagueBoard
from callcore.web.metrics import Metrics
from callcore.web.parked import ParkedBoard
from callcore.web.placed_api import PlacedRoom
from callcore.web.ports import WebDeps
from callcore.web.record import webhooks
from callcore.web.record.webhooks_room import WebhookRoom
from callcore.web.render import DeskRenderer
from callcore.web.waiting import WaitingBoard


class House(Protocol):
    """The rooms that pages show and order: the daemon has them all before it opens its pages."""

    settings: Settings
    current: Current
    metrics: Metrics
    clock: SteadyClock
    database: Database
    recorder: Recorder
    editions: Editions
    outgoing: Outgoing
    hub: Hub
    people: People
    office: Office
    exchange: Exchange
    desks: Desks
    colleagues: ColleagueBoard
    parked: ParkedBoard
    waiting: WaitingBoard
    floor: Floor
    handset: Handset
    second_line: SecondLine
    answering: Answering
    pulse: Pulse


def make_pages(house: House) -> web.Application:
    deps = WebDeps(
        settings=wiring.web_settings(house.settings),
        users=house.database.users,
        sessions=house.database.sessions,
        contacts=house.database.contacts,
        hub=house.hub,
        desks=house.desks,
        renderer=DeskRenderer(
            house.current.of(wiring.queue_titles),
            names=lambda: house.colleagues.names,
            is_bare=house.handset.is_bare,
        ),
        topics=house.current.of(wiring.topic_choices),
        health=house.pulse.health,
        readiness=house.pulse.readiness,
        now=house.clock.now,
        monotonic=time.monotonic,
        metrics=house.metrics,
        outages=house.outgoing.web_room(),
        places=(*house.office.places, *voice.PLACES),
        boards=(house.colleagues, house.parked, house.waiting),
        second_factor=house.office.second_factor,
    )
    application = build(deps)
    house.office.add_to(application)
    editions_api.add_to(application, house.editions)
    waiting = callbacks.Waiting(
        house.outgoing.call_backs, house.current, lambda: house.people.names(house.clock.now())
    ).words
    house.office.card_source.waiting = waiting
    voice.add_to(
        application,
        house.current,
        house.database,
        house.people,
        house.editions,
        house.clock.now,
        places=lambda: house.answering.reception.places.values(),
        queues=house.floor.queues,
        counts=house.office.work_source.counts,
        waiting=waiting,
    )
    placed.add_to(
        application,
        PlacedRoom(
            house.outgoing.placing,
            house.database.attempts,
            lambda: house.people.names(house.clock.now()),
        ),
    )
    opt_outs.add_to(application, opt_out_room(house.current, house.database, house.people, house.clock.now))
    handing.add_to(application, house.second_line)
    webhooks.add_to(
        application,
        WebhookRoom(house.database.webhooks, house.exchange.courier.nudge, house.exchange.bounds),
    )
    story.add_to(application, wiring.story_room(house.database.stories, house.recorder))
    return application

"""What the handing on of calls needs to know of the house, the floor and the record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callcore.assembly.backoffice import profile_of
from callcore.assembly.current import Current
from callcore.assembly.wiring import queue_titles
from callcore.calls.agent import Agent
from callcore.calls.call import Call, Phase
from callcore.calls.effects import HandedWords
from callcore.config import Settings
from callcore.crm.handing import House
from callcore.domain import CallId, ChannelRef, CustomerId, Interface, Login, PbxName, QueueName, Text
from callcore.floor.floor import Floor
from callcore.floor.people import People
from callcore.ivr.ports import Profile
from callcore.routing.situation import QueueState
from callcore.store.database import Database
from callcore.store.handovers import Handover


@dataclass(frozen=True, slots=True)
class World:
    """What the house, the floor and the record tell. ``profile``: of a canonical number or a customer."""

    house: Callable[[], House]
    agents: Callable[[], Mapping[Login, Agent]]
    call: Callable[[CallId], Call | None]
    calls: Callable[[PbxName], tuple[Call, ...]]
    """Those that live."""
    call_on: Callable[[ChannelRef], Call | None]
    queues: Callable[[PbxName], Mapping[QueueName, QueueState]]
    profile: Callable[[str | None, CustomerId | None], Awaitable[Profile]]
    personal: Callable[[CustomerId], Awaitable[tuple[Login, ...]]]
    names: Callable[[], Awaitable[Mapping[Login, str]]]
    login_at: Callable[[PbxName, Interface], Login | None]
    rings: Callable[[], int]
    """Seconds after which a caller comes back."""
    pbxs: Callable[[], frozenset[PbxName]]
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


def make_world(
    current: Current, database: Database, floor: Floor, people: People, now: Callable[[], datetime]
) -> World:
    house = current.of(_house)
    return World(
        house=house,
        agents=lambda: floor.tracker.agents,
        call=floor.tracker.calls.get,
        calls=lambda pbx: tuple(each for each in floor.tracker.calls.values() if _lives(each, pbx)),
        call_on=floor.tracker.call_about,
        queues=floor.queues,
        profile=lambda number, customer: profile_of(database.customers, number, customer, now()),
        personal=database.customers.operators,
        names=lambda: people.names(now()),
        login_at=floor.tracker.login_at,
        rings=lambda: current.settings.second_line.return_after_seconds,
        pbxs=lambda: frozenset(map(PbxName, current.settings.pbx)),
        now=now,
    )


def _house(settings: Settings) -> House:
    return House(settings.tables, settings.departments, queue_titles(settings), settings.organisation.country)


def _lives(call: Call, pbx: PbxName) -> bool:
    return call.channel.pbx == pbx and call.phase is not Phase.ended


async def words_of(world: World, handover: Handover, to: Text) -> HandedWords:
    """What the other one reads; ``to``: to whom, in words."""
    what = handover.what
    names = await world.names()
    name = names.get(what.by, what.by)
    return HandedWords(handover.id, what.by, name, to, what.topic, what.number, what.comment, handover.at)

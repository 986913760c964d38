"""``/routing/ivr``: the IVR's file as a graph, who is where now, who left where; and the emergency switch."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from callcore.domain import Outcome
from callcore.ivr.graph import graph
from callcore.ivr.script import NodeName, Script
from callcore.rights import Permission
from callcore.store.flash_rows import Flash, FlashScope, FlashState
from callcore.store.ivr_counts import NodeCount
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.problems import Problem
from callcore.web.record.flash import ROOM as FLASH_ROOM
from callcore.web.voice.ports import ROOM, VoiceRoom

PAGE = "/routing/ivr"
DAYS = (1, 7, 30)
"""Periods to look at; 1 is today."""
LATEST_NOTES = 100
MOST_DRAWN = 200
"""Nodes of a picture: nobody finds his way in a larger one, and it takes minutes to draw."""
_SERVED = frozenset((Outcome.self_served, Outcome.voicemail, Outcome.callback_requested))
_LOST = frozenset((Outcome.abandoned_ivr, Outcome.failed))


@dataclass(frozen=True, slots=True)
class NodeLine:
    """One node of the file, or one that callers left when the file still had it."""

    name: NodeName
    kind: str
    """Of ``ivr.script.Node``, lower-case; "" for one that is gone."""
    now: int
    """Callers who are there."""
    hung_up: int
    """Of those who left: who hung up there,"""
    served: int
    """who got what he wanted, or left word,"""
    handed_on: int
    """who went on to somebody, whatever became of him."""


async def page(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.routing_see)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    return kit.show(
        request,
        identity,
        "voice/ivr.html",
        here="routing",
        **await _counted(room, _days(request), now),
        notes=await _notes(room, now),
        may_switch=allowed(identity, Permission.flash_wide),
        may_write=allowed(identity, Permission.flash_wide) and allowed(identity, Permission.flash_write),
    )


async def counts(request: web.Request) -> web.Response:
    """Graph and table as they are now, for a page that is open."""
    identity = await kit.person(request, Permission.routing_see)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    return kit.fragment(
        request, identity, "voice/ivr_counts.html", **await _counted(room, _days(request), now)
    )


async def switch(request: web.Request) -> web.Response:
    """An emergency announcement on or off, as its flash note."""
    identity = await kit.person(request, Permission.flash_wide)
    await kit.form(request, identity)
    room, is_on = request.app[ROOM], request.match_info["do"] == "on"
    note = await room.announcements.switch(
        int(request.match_info["id"]), identity.login, request.app[WEB].deps.now(), is_on=is_on
    )
    if note is None:
        raise Problem("not_found")
    request.app[FLASH_ROOM].changed(note)
    return kit.go(request, PAGE)


# --- pieces


async def _counted(room: VoiceRoom, days: int, now: datetime) -> dict[str, Any]:
    script, places = room.book().flow.script, Counter(room.places())
    left = await room.ivr_counts.left(since(days, now, room.zone), now)
    return {
        "svg": await _drawn(script, places),
        "lines": node_lines(script, places, left),
        "callers": places.total(),
        "days": days,
        "all_days": DAYS,
    }


async def _drawn(script: Script, places: Mapping[NodeName, int]) -> Markup | None:
    """None: too large. In a thread: a large file takes seconds, and an open page asks again and again."""
    if len(script.nodes) > MOST_DRAWN:
        return None
    # drawn by ourselves, its texts are escaped there
    return Markup(await asyncio.to_thread(graph, script, dict(places)))


def since(days: int, now: datetime, zone: ZoneInfo) -> datetime:
    """The midnight with which a period of so many days begins; the last of them is today."""
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(first, time.min, zone)


def node_lines(
    script: Script, places: Mapping[NodeName, int], left: Iterable[NodeCount]
) -> tuple[NodeLine, ...]:
    """Every node of the file in its order, then those that are gone."""
    by_node: defaultdict[NodeName, Counter[Outcome]] = defaultdict(Counter)
    for each in left:
        by_node[each.node][each.outcome] += each.calls
    gone = sorted((by_node.keys() | places.keys()) - script.nodes.keys())
    return tuple(_line(name, script, places, by_node[name]) for name in (*script.nodes, *gone))


def _line(
    name: NodeName, script: Script, places: Mapping[NodeName, int], outcomes: Counter[Outcome]
) -> NodeLine:
    node = script.nodes.get(name)
    lost = sum(outcomes[each] for each in _LOST)
    served = sum(outcomes[each] for each in _SERVED)
    return NodeLine(
        name=name,
        kind=type(node).__name__.lower() if node is not None else "",
        now=places.get(name, 0),
        hung_up=lost,
        served=served,
        handed_on=outcomes.total() - lost - served,
    )


async def _notes(room: VoiceRoom, now: datetime) -> tuple[Flash, ...]:
    """Notes with words for callers whose time is not over, those that are heard first."""
    found: list[Flash] = []
    for state in (FlashState.current, FlashState.coming):
        found += await room.flashes.search(now, state=state, scope=FlashScope.house, limit=LATEST_NOTES)
    with_words = (note for note in found if note.spoken is not None)
    return tuple(sorted(with_words, key=lambda note: (not note.is_spoken, -note.id)))


def _days(request: web.Request) -> int:
    return next((days for days in DAYS if str(days) == request.query.get("days", "")), DAYS[0])


ROUTES = (
    web.get(PAGE, page),
    web.get(f"{PAGE}/counts", counts),
    web.post(f"{PAGE}/emergency/{{id:[0-9]{{1,18}}}}/{{do:on|off}}", switch),
)

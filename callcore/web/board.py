"""What stands on the outages' page, fetched for one look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from callcore.calls.campaign import News
from callcore.campaigns.views import Preview, Report
from callcore.domain import NodeCode, Outage, OutageId
from callcore.store.campaigns import TargetLine
from callcore.store.network import NodeSummary
from callcore.strictyaml.faults import ConfigFaults
from callcore.web.look import ROWS, Look
from callcore.web.outage_bodies import Form, body, form_of, local
from callcore.web.ports import OutageRoom

MOST_CARDS = 100
FRESH_SECONDS = 3.0
"""How long they are believed without word of a change."""
_TELLING = (News.outage, News.changed)


@dataclass(frozen=True, slots=True)
class Card:
    """``report``: of the newest campaign that told of it; None: nobody was told yet."""

    outage: Outage
    report: Report | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """``report`` is the campaign whose recipients are listed; ``reports`` all, newest first."""

    outage: Outage
    places: Mapping[NodeCode, str]
    reports: tuple[Report, ...]
    report: Report | None
    lines: tuple[TargetLine, ...] = ()
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Compose:
    """A publication that is being made. ``preview`` is there once it was checked without faults."""

    form: Form
    places: Mapping[NodeCode, str]
    outage: Outage | None
    preview: Preview | None = None


@dataclass(frozen=True, slots=True)
class Board:
    look: Look
    cards: tuple[Card, ...]
    tree: tuple[NodeSummary, ...]
    chosen: Chosen | None = None
    compose: Compose | None = None


class Shared:
    """What all who look share: fetched again after a change, and then once for everybody."""

    def __init__(self, room: OutageRoom, monotonic: Callable[[], float]) -> None:
        self._room = room
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._until = 0.0
        self._cards: tuple[Card, ...] | None = None
        self._reports: dict[OutageId, tuple[Report, ...]] = {}

    def forget(self) -> None:
        self._cards, self._reports = None, {}

    async def cards(self) -> tuple[Card, ...]:
        async with self._turn:
            self._look_at_the_clock()
            if self._cards is not None:
                return self._cards
            kept = self._reports
            outages = await self._room.outages.recent(MOST_CARDS)
            cards = cards_of(outages, await self._room.campaigns.reports(None))
            if kept is self._reports:  # nothing was forgotten meanwhile
                self._cards = cards
            return cards

    async def reports(self, outage: OutageId) -> tuple[Report, ...]:
        """Of one outage, newest first."""
        async with self._turn:
            self._look_at_the_clock()
            kept = self._reports
            if outage not in kept:
                kept[outage] = await self._room.campaigns.reports(outage)
            return kept[outage]

    def _look_at_the_clock(self) -> None:
        now = self._monotonic()
        if now >= self._until:
            self.forget()
            self._until = now + FRESH_SECONDS


def cards_of(outages: Sequence[Outage], reports: Sequence[Report]) -> tuple[Card, ...]:
    """``reports``: newest first."""
    by_outage: dict[OutageId, Report] = {}
    for report in reports:
        if report.campaign.news in _TELLING:
            by_outage.setdefault(report.campaign.outage, report)
    return tuple(Card(outage, by_outage.get(outage.id)) for outage in outages)


@dataclass(frozen=True, slots=True)
class Boards:
    """Fetches boards."""

    room: OutageRoom
    shared: Shared
    now: Callable[[], datetime]
    zone: ZoneInfo

    async def get(
        self, look: Look, form: Form | None = None, do: Literal["edit", "preview"] = "edit"
    ) -> Board:
        """``form``: what was typed, to be shown again (``edit``) or checked and tried dry (``preview``)."""
        cards = await self.shared.cards()
        tree = await self.room.network.children(None)
        outage = await self.room.outages.get(look.outage) if look.outage else None
        if outage is None and look.outage:
            look = replace(look, outage="", step=None if look.step != "new" else "new")
        if form is None and look.step is not None and (outage is not None or look.step == "new"):
            form = self._blank(look, outage)
            do = "preview" if look.step in ("restored", "cancelled") else "edit"
        if form is not None:
            return Board(look, cards, tree, compose=await self._compose(form, outage, do))
        chosen = await self._choose(look, outage) if outage is not None else None
        return Board(look, cards, tree, chosen=chosen)

    def _blank(self, look: Look, outage: Outage | None) -> Form:
        if outage is not None and look.step not in (None, "new"):
            return form_of(outage, look.step, self.zone)
        now = self.now().astimezone(self.zone)
        return Form("new", number=f"{now:%Y-%m-%d-%H%M}", starts_at=local(now, self.zone), nodes=look.node)

    async def _compose(self, form: Form, outage: Outage | None, do: str) -> Compose:
        preview = None
        if do == "preview":
            try:
                (publication,) = await self.room.register.check(self.raw(form, outage), form.number)
                preview = await self.room.campaigns.preview(publication)
            except ConfigFaults as refused:
                form = form.refused(refused.faults)
        return Compose(form, await self._places(form.codes), outage, preview)

    def raw(self, form: Form, outage: Outage | None) -> bytes:
        """The publication that the form stands for."""
        return body(form, self.zone, outage, self.now())

    async def _choose(self, look: Look, outage: Outage) -> Chosen:
        reports = await self.shared.reports(outage.id)
        wanted = [report for report in reports if report.campaign.id == look.campaign]
        report = next(iter((*wanted, *reports)), None)
        places = await self._places(outage.nodes)
        if report is None:
            return Chosen(outage, places, reports, None)
        lines = await self.room.campaigns.lines(
            report.campaign.id,
            results=look.results,
            is_open=look.is_open,
            text=look.q,
            limit=ROWS + 1,
            offset=look.offset,
        )
        return Chosen(outage, places, reports, report, lines[:ROWS], len(lines) > ROWS)

    async def _places(self, codes: Sequence[NodeCode]) -> dict[NodeCode, str]:
        """Names of the nodes that there are."""
        found = {code: await self.room.network.node(code) for code in codes[:50]}
        return {code: node.name for code, node in found.items() if node is not None}

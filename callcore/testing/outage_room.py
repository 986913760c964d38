"""The outages' room in memory: the real reader and register, campaigns that only move when told to."""

from __future__ import annotations

import wave
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from callcore.calls.attempt import CampaignId
from callcore.calls.campaign import Campaign, CampaignState, TargetResult
from callcore.campaigns.views import CampaignRefused, Preview, Report
from callcore.domain import Language, NodeCode, Outage, OutageId, Text
from callcore.outages.board import Published
from callcore.outages.publication import Publication, read_publications
from callcore.outages.register import Refused, accept
from callcore.store.attempts import DncEntry
from callcore.store.campaigns import TargetLine
from callcore.store.network import NetworkNode, NodeSummary
from callcore.store.tokens import Token
from callcore.strictyaml.faults import ConfigFaults, Fault
from callcore.testing import outage_samples as samples
from callcore.web.ports import OutageRoom


@dataclass
class FakeOutages:
    """Register, book and network in one."""

    now: Callable[[], datetime]
    known_nodes: dict[NodeCode, NodeSummary] = field(
        default_factory=lambda: {each.node.code: each for each in samples.nodes()}
    )
    kept: dict[str, Outage] = field(default_factory=dict)
    contents: dict[tuple[str, int], dict[str, object]] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    told: Callable[[Outage], None] = lambda outage: None

    def keep(self, *outages: Outage) -> None:
        self.kept |= {outage.number: outage for outage in outages}

    # --- register

    async def check(self, raw: bytes, name: str) -> tuple[Publication, ...]:
        return tuple(publication for publication, _ in self._judge(raw, name, ""))

    async def publish(self, raw: bytes, name: str, source: str) -> tuple[Published, ...]:
        judged = self._judge(raw, name, source)
        return tuple(self._store(publication, made) for publication, made in judged)

    def _judge(self, raw: bytes, name: str, source: str) -> list[tuple[Publication, Outage]]:
        found, faults = [], []
        for index, publication in enumerate(read_publications(raw, name, self.now())):
            path = f"outages[{index}]"
            for place, code in enumerate(publication.nodes):
                if code not in self.known_nodes:
                    unknown = Text(f"Нет узла {code}.", f"There is no node {code}.")
                    remedy = Text("Проверьте код.", "Check the code.")
                    faults.append(Fault(name, 1, f"{path}.nodes[{place}]", unknown, remedy))
            key = (publication.number, publication.revision)
            known = self.kept.get(publication.number)
            match accept(known, self.contents.get(key), publication, source, self.now()):
                case Refused(field_, message, remedy):
                    faults.append(Fault(name, 1, f"{path}.{field_}".rstrip("."), message, remedy))
                case judged:
                    found.append((publication, judged.outage))
        if faults:
            raise ConfigFaults(tuple(faults))
        return found

    def _store(self, publication: Publication, outage: Outage) -> Published:
        key = (publication.number, publication.revision)
        if key in self.contents:
            return Published(outage, "same")
        is_new = outage.id == 0
        self.kept[outage.number] = stored = replace(
            outage, id=OutageId(len(self.kept) + 1) if is_new else outage.id
        )
        self.contents[key] = publication.content()
        self.sources.append(stored.source)
        self.told(stored)
        return Published(stored, "new" if is_new else "changed")

    # --- book

    async def get(self, number: str) -> Outage | None:
        return self.kept.get(number)

    async def open(self) -> tuple[Outage, ...]:
        return tuple(outage for outage in self.kept.values() if outage.is_open)

    async def recent(self, limit: int = 100) -> tuple[Outage, ...]:
        order = sorted(self.kept.values(), key=lambda o: (o.is_open, o.changed_at), reverse=True)
        return tuple(order[:limit])

    # --- network

    async def node(self, code: NodeCode) -> NetworkNode | None:
        found = self.known_nodes.get(code)
        return found.node if found else None

    async def known(self, codes: Collection[NodeCode]) -> frozenset[NodeCode]:
        return frozenset(codes) & self.known_nodes.keys()

    async def children(self, parent: NodeCode | None) -> tuple[NodeSummary, ...]:
        return tuple(each for each in self.known_nodes.values() if each.node.parent == parent)

    async def search(self, text: str, limit: int = 50) -> tuple[NodeSummary, ...]:
        wanted = text.casefold()
        return tuple(
            each
            for each in self.known_nodes.values()
            if wanted in each.node.name.casefold() or wanted in each.node.code.casefold()
        )[:limit]


@dataclass
class FakeCampaigns:
    """Reports by id; ``put`` changes one and tells the watchers."""

    reported: dict[int, Report] = field(default_factory=dict)
    shown: Preview = field(default_factory=samples.preview)
    watchers: list[Callable[[], None]] = field(default_factory=list)
    orders: list[tuple[str, int, str]] = field(default_factory=list)
    asked: int = 0

    def put(self, *reports: Report) -> None:
        self.reported |= {int(report.campaign.id): report for report in reports}
        self.changed()

    def changed(self) -> None:
        for callback in tuple(self.watchers):
            callback()

    async def preview(self, publication: Publication) -> Preview:
        return self.shown

    async def reports(self, outage: OutageId | None) -> tuple[Report, ...]:
        self.asked += 1
        newest = sorted(self.reported.values(), key=lambda report: -report.campaign.id)
        return tuple(each for each in newest if outage in (None, each.campaign.outage))

    async def report(self, id: CampaignId) -> Report | None:
        return self.reported.get(int(id))

    async def lines(
        self,
        id: CampaignId,
        *,
        results: Sequence[TargetResult] = (),
        is_open: bool | None = None,
        text: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[TargetLine, ...]:
        wanted = text.casefold()
        found = [
            line
            for line in samples.lines(self.reported[int(id)])
            if (not results or line.target.result in results)
            and (is_open is None or is_open == (line.target.result is None))
            and wanted in f"{line.target.name} {line.target.number} {line.target.address}".casefold()
        ]
        return tuple(found[offset : offset + limit])

    async def pause(self, id: CampaignId, by: str) -> Campaign:
        return self._order("pause", id, by, CampaignState.paused)

    async def resume(self, id: CampaignId, by: str) -> Campaign:
        return self._order("resume", id, by, CampaignState.running)

    async def stop(self, id: CampaignId, by: str) -> Campaign:
        return self._order("stop", id, by, CampaignState.stopped)

    def _order(self, do: str, id: CampaignId, by: str, state: CampaignState) -> Campaign:
        report = self.reported.get(int(id))
        if report is None:
            raise CampaignRefused("not_found", Text("Такого оповещения нет.", "There is no such campaign."))
        if report.campaign.state.is_over:
            raise CampaignRefused("over", Text("Это оповещение уже закончилось.", "This campaign is over."))
        self.orders.append((do, int(id), by))
        campaign = replace(report.campaign, state=state)
        self.put(replace(report, campaign=campaign))
        return campaign

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        self.watchers.append(callback)
        return lambda: self.watchers.remove(callback)


@dataclass
class FakeDnc:
    listed: dict[str, DncEntry] = field(default_factory=dict)

    async def add_dnc(self, number: str, source: str, at: datetime) -> None:
        self.listed.setdefault(number, DncEntry(number, at, source))

    async def remove_dnc(self, number: str) -> bool:
        return self.listed.pop(number, None) is not None

    async def dnc(self, limit: int = 1000) -> tuple[DncEntry, ...]:
        return tuple(self.listed.values())[:limit]


@dataclass
class FakeTokens:
    kept: dict[str, Token] = field(default_factory=dict)
    asked: int = 0

    async def find(self, token_hash: str) -> Token | None:
        self.asked += 1
        return self.kept.get(token_hash)

    async def touch(self, token_hash: str, at: datetime) -> None:
        self.kept[token_hash] = replace(self.kept[token_hash], last_used_at=at)


class FakeRoom:
    """``room`` is what the web gets; the parts are there to be looked at and changed."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self.outages = FakeOutages(now)
        self.campaigns = FakeCampaigns()
        self.dnc = FakeDnc()
        self.tokens = FakeTokens()
        self.spoken: list[tuple[str, Language]] = []
        self._folder = folder
        self.room = OutageRoom(
            register=self.outages,
            outages=self.outages,
            campaigns=self.campaigns,
            network=self.outages,
            dnc=self.dnc,
            tokens=self.tokens,
            speak=self._speak,
        )

    def fill(self) -> None:
        """Everything that the samples have."""
        outages, reports = samples.board()
        self.outages.keep(*outages)
        self.campaigns.put(*reports)

    async def _speak(self, text: str, language: Language) -> Path:
        self.spoken.append((text, language))
        path = self._folder / "spoken.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(2 * 8000 * 2))
        return path

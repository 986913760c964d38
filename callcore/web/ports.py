"""What the web shell needs of the rest of the house, and its settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from callcore.calls.attempt import CampaignId
from callcore.calls.campaign import Campaign, TargetResult
from callcore.campaigns.views import Preview, Report
from callcore.domain import Interface, Language, Login, NodeCode, Outage, OutageId, TopicCode
from callcore.outages.board import Published
from callcore.outages.publication import Publication
from callcore.screenpop.hub import Hub
from callcore.screenpop.ports import DeskService
from callcore.store.attempts import DncEntry
from callcore.store.campaigns import TargetLine
from callcore.store.network import NetworkNode, NodeSummary
from callcore.store.tokens import Token
from callcore.web.boards import Board
from callcore.web.metrics import Metrics
from callcore.web.pages import Renderer, TopicChoice
from callcore.web.second_factor import SecondFactor


class User(Protocol):
    """A person who may sign in, as the store keeps him."""

    @property
    def login(self) -> Login: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def password_hash(self) -> str: ...
    @property
    def language(self) -> Language: ...
    @property
    def interfaces(self) -> Sequence[Interface]: ...
    @property
    def disabled_at(self) -> datetime | None: ...
    @property
    def must_change_password(self) -> bool: ...


class Users(Protocol):
    """Every method may raise ``StoreError``."""

    async def get(self, login: str) -> User | None: ...

    async def set_language(self, login: str, language: Language) -> None: ...

    async def set_password_hash(self, login: str, password_hash: str) -> None:
        """Also ends all sessions of the person."""


class Session(Protocol):
    """One sign-in. The token itself is only in the browser: ``token_hash`` is its SHA-256 in hex."""

    @property
    def token_hash(self) -> str: ...
    @property
    def login(self) -> Login: ...
    @property
    def csrf(self) -> str: ...
    @property
    def last_seen_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...


class Sessions(Protocol):
    """Every method may raise ``StoreError``."""

    async def create(
        self,
        token_hash: str,
        login: Login,
        csrf: str,
        *,
        at: datetime,
        expires_at: datetime,
        ip: str = "",
        user_agent: str = "",
    ) -> Session: ...

    async def find(self, token_hash: str, now: datetime) -> Session | None:
        """The session, unless it has expired or its user is disabled."""

    async def touch(self, token_hash: str, at: datetime) -> None:
        """Note that the session was used."""

    async def delete(self, token_hash: str) -> None: ...

    async def purge_expired(self, now: datetime) -> int:
        """Remove what has expired; gives how many."""


class ContactLine(Protocol):
    """A dataclass: its fields become the JSON."""

    @property
    def topic(self) -> TopicCode | None: ...


class Contacts(Protocol):
    async def today(self, login: Login, since: datetime, limit: int = 500) -> Sequence[ContactLine]:
        """The operator's own contacts since his midnight, newest first. May raise ``StoreError``."""


class Register(Protocol):
    """Publishing of outages. Both raise ``ConfigFaults`` with everything that is wrong, or ``StoreError``."""

    async def check(self, raw: bytes, name: str) -> tuple[Publication, ...]: ...

    async def publish(self, raw: bytes, name: str, source: str) -> tuple[Published, ...]: ...


class OutageBook(Protocol):
    """The outages as they are kept. Every method may raise ``StoreError``."""

    async def get(self, number: str) -> Outage | None: ...

    async def open(self) -> tuple[Outage, ...]: ...

    async def recent(self, limit: int = 100) -> tuple[Outage, ...]:
        """Open ones first, then ended ones; newest first in each."""


class CampaignDesk(Protocol):
    """The campaigns as people see them. ``pause``, ``resume`` and ``stop`` raise ``CampaignRefused``."""

    async def preview(self, publication: Publication) -> Preview: ...

    async def reports(self, outage: OutageId | None) -> tuple[Report, ...]:
        """Of one outage or of all, newest first."""

    async def report(self, id: CampaignId) -> Report | None: ...

    async def lines(
        self,
        id: CampaignId,
        *,
        results: Sequence[TargetResult] = (),
        is_open: bool | None = None,
        text: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[TargetLine, ...]: ...

    async def pause(self, id: CampaignId, by: str) -> Campaign: ...

    async def resume(self, id: CampaignId, by: str) -> Campaign: ...

    async def stop(self, id: CampaignId, by: str) -> Campaign: ...

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on each change; the result ends that."""


class NetworkTree(Protocol):
    async def node(self, code: NodeCode) -> NetworkNode | None: ...

    async def known(self, codes: Collection[NodeCode]) -> frozenset[NodeCode]: ...

    async def children(self, parent: NodeCode | None) -> tuple[NodeSummary, ...]: ...

    async def search(self, text: str, limit: int = 50) -> tuple[NodeSummary, ...]: ...


class DncList(Protocol):
    async def add_dnc(self, number: str, source: str, at: datetime) -> None: ...

    async def remove_dnc(self, number: str) -> bool: ...

    async def dnc(self, limit: int = 1000) -> tuple[DncEntry, ...]: ...


class TokenBook(Protocol):
    async def find(self, token_hash: str) -> Token | None:
        """The token, unless its user is disabled."""

    async def touch(self, token_hash: str, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class OutageRoom:
    """What the outages' pages and API stand on."""

    register: Register
    outages: OutageBook
    campaigns: CampaignDesk
    network: NetworkTree
    dnc: DncList
    tokens: TokenBook
    speak: Callable[[str, Language], Awaitable[Path]]
    """The file with the spoken text, as a browser plays it (WAV)."""


Probe = Callable[[], Sequence[str]]
"""Reasons why something is not well, as short codes (``ami.main``, ``fastagi``, ``store``); empty is well."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    public_origins: tuple[str, ...] = ()
    """``https://desk.example``: where browsers see the pages; empty accepts the host that was asked."""
    secure_cookies: bool = False
    """Pages come over HTTPS, by a proxy or by ourselves: ``Secure`` cookies, HSTS."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies whose X-Forwarded-For is believed."""
    session_lifetime: timedelta = timedelta(hours=16)
    session_idle: timedelta = timedelta(hours=2)
    """Without any open page and without requests."""
    language: Language = "ru"
    zone: str = "Europe/Moscow"
    country: str = "RU"
    static_dir: Path | None = None
    """Holds ``dist/``; None or missing serves no static files."""
    metrics_token: str = ""
    """Bearer token for ``/metrics``; without one only loopback may read it."""
    max_body_bytes: int = 64 * 1024
    max_message_bytes: int = 64 * 1024
    messages_per_second: int = 50
    """A connection that sends more, over a burst of as many again, is closed."""
    connections_per_login: int = 16
    """The oldest connection is closed as ``replaced`` when one more opens."""
    heartbeat_seconds: float = 20.0
    send_seconds: float = 20.0
    """A connection that takes no bytes for so long is cut off."""


@dataclass(frozen=True, slots=True)
class WebDeps:
    """Everything the web application is made of."""

    settings: WebSettings
    users: Users
    sessions: Sessions
    contacts: Contacts
    hub: Hub
    desks: DeskService
    renderer: Renderer
    topics: Callable[[], tuple[TopicChoice, ...]]
    """The topics an operator may choose, by the newest settings."""
    health: Probe
    """The process does its work: its consumer loop turns."""
    readiness: Probe
    """Calls can be taken: AMI links, FastAGI, store."""
    now: Callable[[], datetime]
    """Aware UTC."""
    monotonic: Callable[[], float]
    """Seconds that never go back."""
    metrics: Metrics
    outages: OutageRoom | None = None
    """None: neither their pages nor their API exist."""
    second_factor: SecondFactor | None = None
    """None: a password is enough for everybody."""
    boards: Sequence[Board] = ()
    """What is the same on every desk."""
    places: Sequence[str] = ()
    """Further pages that this installation has, by their names in ``context.PLACES``."""

"""What the web shell needs of the rest of the house, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from callcore.domain import Interface, Language, Login, TopicCode
from callcore.screenpop.hub import Hub
from callcore.screenpop.ports import DeskService
from callcore.web.metrics import Metrics
from callcore.web.pages import Renderer, TopicChoice


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

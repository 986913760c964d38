"""Sign-in and sessions: who may come in, and who is already in."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import structlog

from callcore.domain import Interface, Language, Login
from callcore.store.errors import StoreError
from callcore.web.metrics import Metrics
from callcore.web.passwords import PasswordChecker, TooBusy, needs_rehash
from callcore.web.ports import Session, Sessions, User, Users, WebSettings
from callcore.web.throttle import ADDRESS_PACE, LOGIN_PACE, Throttle

log = structlog.get_logger("callcore.web")

TOKEN_BYTES = 32
LONGEST_LOGIN = 64
TOUCH_EVERY = timedelta(minutes=1)
FRESH_SECONDS = 15.0
"""A session checked so recently is not asked for again; a disabled person is out after that."""
CACHE_ROOM = 10_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody signed in, by one session; or a program, by a token or over the control socket."""

    token_hash: str
    csrf: str
    expires_at: datetime
    last_seen_at: datetime
    login: Login
    name: str
    role: str
    language: Language
    interfaces: tuple[Interface, ...]
    by: Literal["session", "token", "control"] = "session"


class SignInRefused(Exception):
    """Wrong login or password; nobody is told which."""


class SignInThrottled(Exception):
    """Too many tries; listened to again after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


def digest(token: str) -> str:
    """What is stored instead of the token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class SignIn:
    """Keeps the sessions; the store has the truth, a short memory here survives a store that is away."""

    def __init__(
        self,
        settings: WebSettings,
        users: Users,
        sessions: Sessions,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._users = users
        self._sessions = sessions
        self._now = now
        self._monotonic = monotonic
        self._metrics = metrics
        self._checker = PasswordChecker()
        self._by_login = Throttle(LOGIN_PACE)
        self._by_address = Throttle(ADDRESS_PACE)
        self._cache: OrderedDict[str, tuple[Identity, float]] = OrderedDict()

    async def sign_in(self, login: str, password: str, address: str, user_agent: str) -> tuple[str, Identity]:
        """A new token and who it stands for.

        Raises ``SignInRefused``, ``SignInThrottled`` or ``StoreError``. Living sessions are not touched.
        """
        key = login.strip().casefold()[:LONGEST_LOGIN]
        self._let_in(key, address)
        user = await self._find(login)
        try:
            is_right = await self._checker.verify(user.password_hash if user else None, password)
        except TooBusy:
            self._take_back(key, address)
            self._metrics.sign_in("busy")
            raise SignInThrottled(5.0) from None
        if user is None or not is_right:
            self._metrics.sign_in("wrong")
            log.warning("sign_in_refused", address=address)
            raise SignInRefused
        self._by_login.forgive(key)
        self._by_address.take_back(address)
        await self._renew_hash(user, password)
        token, identity = await self._open(user, address, user_agent)
        self._metrics.sign_in("ok")
        log.info("signed_in", login=user.login, address=address)
        return token, identity

    def _let_in(self, key: str, address: str) -> None:
        """Counts the try before its answer is known: a hundred at once are a hundred."""
        mono = self._monotonic()
        delay = max(self._by_login.delay(key, mono), self._by_address.delay(address, mono))
        if delay > 0:
            self._metrics.sign_in("throttled")
            raise SignInThrottled(delay)
        self._by_login.wrong(key, mono)
        self._by_address.wrong(address, mono)

    def _take_back(self, key: str, address: str) -> None:
        self._by_login.take_back(key)
        self._by_address.take_back(address)

    async def _find(self, login: str) -> User | None:
        login = login.strip()
        if not login or len(login) > LONGEST_LOGIN:
            return None
        user = await self._users.get(Login(login))
        return user if user is not None and user.disabled_at is None else None

    async def _open(self, user: User, address: str, user_agent: str) -> tuple[str, Identity]:
        token, csrf, now = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES), self._now()
        expires_at = now + self._settings.session_lifetime
        await self._sessions.create(
            digest(token),
            user.login,
            csrf,
            at=now,
            expires_at=expires_at,
            ip=address,
            user_agent=user_agent,
        )
        identity = _identity(digest(token), csrf, expires_at, now, user)
        self._remember(identity)
        return token, identity

    async def _renew_hash(self, user: User, password: str) -> None:
        """After the costs were raised; before the session is made, since a new hash ends all others."""
        if not needs_rehash(user.password_hash):
            return
        try:
            await self._users.set_password_hash(user.login, await self._checker.rehash(password))
        except (StoreError, TooBusy) as fault:
            log.warning("password_hash_not_renewed", login=user.login, fault=type(fault).__name__)

    async def identify(self, token: str) -> Identity | None:
        """Who shows this token; None if nobody (any more). Raises ``StoreError`` if it cannot be known."""
        if not token or len(token) > 2 * TOKEN_BYTES:
            return None
        return await self.check(digest(token), FRESH_SECONDS)

    async def check(self, token_hash: str, fresh_seconds: float = 0.0) -> Identity | None:
        """The same by the token's hash; asks the store unless it was asked so recently. Marks it as used."""
        cached = self._cache.get(token_hash)
        if cached is not None and self._monotonic() - cached[1] < fresh_seconds:
            return cached[0] if self._is_alive(cached[0]) else None
        try:
            identity = await self._load(token_hash)
        except Exception as fault:
            # Whatever way the store fails, an operator who is in stays in: the caller comes first.
            if cached is not None and self._is_alive(cached[0]):
                log.warning("session_not_checked", login=cached[0].login, fault=type(fault).__name__)
                return cached[0]
            raise
        if identity is None:
            self._cache.pop(token_hash, None)
            return None
        return await self._touch(identity)

    async def _load(self, token_hash: str) -> Identity | None:
        session = await self._sessions.find(token_hash, self._now())
        if session is None:
            return None
        user = await self._users.get(session.login)
        identity = _from_session(session, user) if user is not None and user.disabled_at is None else None
        if identity is None or not self._is_alive(identity):
            await self._sessions.delete(token_hash)
            return None
        return identity

    def _is_alive(self, identity: Identity) -> bool:
        now = self._now()
        return now < identity.expires_at and now - identity.last_seen_at < self._settings.session_idle

    async def _touch(self, identity: Identity) -> Identity:
        now = self._now()
        if now - identity.last_seen_at >= TOUCH_EVERY:
            try:
                await self._sessions.touch(identity.token_hash, now)
            except StoreError as fault:
                log.warning("session_not_touched", login=identity.login, fault=type(fault).__name__)
            identity = replace(identity, last_seen_at=now)
        self._remember(identity)
        return identity

    def _remember(self, identity: Identity) -> None:
        self._cache.pop(identity.token_hash, None)
        self._cache[identity.token_hash] = (identity, self._monotonic())
        while len(self._cache) > CACHE_ROOM:
            self._cache.popitem(last=False)

    async def sign_out(self, token_hash: str) -> None:
        """End a session. Raises ``StoreError``; then it has ended here, and comes back with the store."""
        self._cache.pop(token_hash, None)
        await self._sessions.delete(token_hash)

    async def set_language(self, identity: Identity, language: Language) -> Identity:
        """Store the person's language. Raises ``StoreError``."""
        await self._users.set_language(identity.login, language)
        for token_hash, (known, at) in list(self._cache.items()):
            if known.login == identity.login:
                self._cache[token_hash] = (replace(known, language=language), at)
        return replace(identity, language=language)

    async def clear_expired(self) -> int:
        """Remove sessions that ended by time; gives how many."""
        return await self._sessions.purge_expired(self._now())

    def close(self) -> None:
        self._checker.close()


def _from_session(session: Session, user: User) -> Identity:
    return _identity(session.token_hash, session.csrf, session.expires_at, session.last_seen_at, user)


def _identity(token_hash: str, csrf: str, expires_at: datetime, seen: datetime, user: User) -> Identity:
    return Identity(
        token_hash=token_hash,
        csrf=csrf,
        expires_at=expires_at,
        last_seen_at=seen,
        login=user.login,
        name=user.name,
        role=user.role,
        language=user.language,
        interfaces=tuple(user.interfaces),
    )

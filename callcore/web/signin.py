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
from callcore.rights import Permission
from callcore.store.errors import StoreError
from callcore.web.metrics import Metrics
from callcore.web.passwords import PasswordChecker, TooBusy, needs_rehash
from callcore.web.ports import Session, Sessions, User, Users, WebSettings
from callcore.web.second_factor import SecondFactor
from callcore.web.throttle import ADDRESS_PACE, LOGIN_PACE, Throttle

log = structlog.get_logger("callcore.web")

TOKEN_BYTES = 32
LONGEST_LOGIN = 64
TOUCH_EVERY = timedelta(minutes=1)
FRESH_SECONDS = 15.0
"""A session checked so recently is not asked for again; a disabled person is out after that."""
CACHE_ROOM = 10_000
TICKET_SECONDS = 300.0
"""How long one may look for his telephone."""
TICKET_ROOM = 1000
LONGEST_CODE = 32


Owed = Literal["", "password", "factor"]


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
    scopes: frozenset[Permission] | None = None
    """What a token may at most; None: all that the role may."""
    owes: Owed = ""
    """What he has to do on his own page before anything else is open to him: choose a password, or enrol the
    second factor that is demanded of his role."""


class SignInRefused(Exception):
    """Wrong login or password; nobody is told which."""


class SecondFactorNeeded(Exception):
    """The password is right; a code is asked for. ``ticket`` stands for the password in the second step."""

    def __init__(self, ticket: str, *, is_wrong: bool = False) -> None:
        super().__init__("a code is needed")
        self.ticket = ticket
        self.is_wrong = is_wrong
        """A code was given, and was not right."""


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
        second_factor: SecondFactor | None = None,
    ) -> None:
        self._second_factor = second_factor
        self._settings = settings
        self._users = users
        self._sessions = sessions
        self._now = now
        self._monotonic = monotonic
        self._metrics = metrics
        self._checker = PasswordChecker()
        self._by_login = Throttle(LOGIN_PACE)
        self._by_address = Throttle(ADDRESS_PACE)
        self._by_code = Throttle(LOGIN_PACE)
        self._cache: OrderedDict[str, tuple[Identity, float]] = OrderedDict()
        self._tickets: OrderedDict[str, tuple[Login, float]] = OrderedDict()

    async def sign_in(
        self, login: str, password: str, address: str, user_agent: str, code: str = ""
    ) -> tuple[str, Identity]:
        """A new token and who it stands for.

        Raises ``SignInRefused``, ``SecondFactorNeeded``, ``SignInThrottled`` or ``StoreError``. Living
        sessions are not touched.
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
        if self._second_factor is not None and await self._second_factor.is_on(user.login):
            if not code:
                raise SecondFactorNeeded(self._ticket(user.login))
            await self._check_code(user.login, code, address)
        return await self._enter(user, address, user_agent)

    async def sign_in_by_code(
        self, ticket: str, code: str, address: str, user_agent: str
    ) -> tuple[str, Identity]:
        """The second step: ``ticket`` came with ``SecondFactorNeeded``. Raises the same."""
        login = self._login_of(ticket)
        user = await self._find(login) if login else None
        if user is None:
            raise SignInRefused
        await self._check_code(user.login, code, address, ticket)
        self._tickets.pop(ticket, None)
        return await self._enter(user, address, user_agent)

    async def is_right_code(self, login: Login, code: str) -> bool:
        """For what is asked again later, on his own page. Raises ``SignInThrottled`` or ``StoreError``."""
        try:
            await self._check_code(login, code, "")
        except SecondFactorNeeded:
            return False
        return True

    async def is_right_password(self, login: Login, password: str) -> bool:
        """The same for his password."""
        key = login.casefold()
        delay = self._by_login.delay(key, self._monotonic())
        if delay > 0:
            raise SignInThrottled(delay)
        self._by_login.wrong(key, self._monotonic())
        user = await self._find(login)
        try:
            is_right = await self._checker.verify(user.password_hash if user else None, password)
        except TooBusy:
            self._by_login.take_back(key)
            raise SignInThrottled(5.0) from None
        if is_right:
            self._by_login.forgive(key)
        return is_right

    async def confirm_factor(self, login: Login, code: str) -> tuple[str, ...] | None:
        """The recovery codes, if that is the code of the secret he was offered. Throttled as sign-in is."""
        mono = self._monotonic()
        delay = self._by_code.delay(login, mono)
        if delay > 0:
            raise SignInThrottled(delay)
        self._by_code.wrong(login, mono)
        factor = self._second_factor
        codes = await factor.confirm(login, code[:LONGEST_CODE]) if factor is not None else None
        if codes is not None:
            self._by_code.forgive(login)
        return codes

    async def hash_of(self, password: str) -> str:
        """For a password that somebody has chosen. Raises ``SignInThrottled`` where too many hash already."""
        try:
            return await self._checker.rehash(password)
        except TooBusy:
            raise SignInThrottled(5.0) from None

    async def reopen(self, login: Login, address: str, user_agent: str) -> str:
        """A session for somebody who has just shown who he is; gives its token."""
        user = await self._find(login)
        if user is None:
            raise SignInRefused
        return (await self._open(user, address, user_agent))[0]

    async def _check_code(self, login: Login, code: str, address: str, ticket: str = "") -> None:
        mono = self._monotonic()
        delay = self._by_code.delay(login, mono)
        if delay > 0:
            self._metrics.sign_in("throttled")
            raise SignInThrottled(delay)
        self._by_code.wrong(login, mono)
        factor = self._second_factor
        if factor is None or not await factor.is_right(login, code[:LONGEST_CODE]):
            self._metrics.sign_in("wrong")
            log.warning("second_factor_refused", login=login, address=address)
            raise SecondFactorNeeded(ticket, is_wrong=True)
        self._by_code.forgive(login)

    def _ticket(self, login: Login) -> str:
        ticket = secrets.token_urlsafe(TOKEN_BYTES)
        self._tickets[ticket] = (login, self._monotonic() + TICKET_SECONDS)
        while len(self._tickets) > TICKET_ROOM:
            self._tickets.popitem(last=False)
        return ticket

    def _login_of(self, ticket: str) -> Login | None:
        login, until = self._tickets.get(ticket, (None, 0.0))
        return login if self._monotonic() < until else None

    async def _enter(self, user: User, address: str, user_agent: str) -> tuple[str, Identity]:
        token, identity = await self._open(user, address, user_agent)
        self._metrics.sign_in("ok")
        log.info("signed_in", login=user.login, address=address)
        return token, identity

    def forget(self, login: str) -> None:
        """Ask the store anew about this person: something of him has changed."""
        for token_hash, (known, _at) in list(self._cache.items()):
            if known.login == login:
                del self._cache[token_hash]

    async def _owes(self, user: User) -> Owed:
        if user.must_change_password:
            return "password"
        if self._second_factor is not None and await self._second_factor.owes(user.login, user.role):
            return "factor"
        return ""

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
        identity = _identity(digest(token), csrf, expires_at, now, user, await self._owes(user))
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
        identity = None
        if user is not None and user.disabled_at is None:
            identity = _from_session(session, user, await self._owes(user))
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


def _from_session(session: Session, user: User, owes: Owed) -> Identity:
    return _identity(session.token_hash, session.csrf, session.expires_at, session.last_seen_at, user, owes)


def _identity(
    token_hash: str, csrf: str, expires_at: datetime, seen: datetime, user: User, owes: Owed
) -> Identity:
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
        owes=owes,
    )

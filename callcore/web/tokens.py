"""Programs that sign in by a token: ``Authorization: Bearer …``; ``callcore user token`` makes them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from callcore.store.errors import StoreError
from callcore.store.tokens import Token
from callcore.web.ports import TokenBook, User, Users
from callcore.web.signin import Identity, SignInThrottled, digest
from callcore.web.throttle import ADDRESS_PACE, Throttle

log = structlog.get_logger("callcore.web")

PREFIX = "cc_"
"""So that a token is known for one wherever it turns up."""
TOUCH_EVERY = timedelta(minutes=1)
KNOWN_ROOM = 1000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}", re.ASCII)
_FOR_EVER = timedelta(days=36_500)


class TokenDoor:
    """Finds whose token it is. The token itself is neither kept nor logged; its hash is looked up, so that
    the time it takes says nothing about how much of it was right."""

    def __init__(
        self,
        tokens: TokenBook,
        users: Users,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._tokens = tokens
        self._users = users
        self._now = now
        self._monotonic = monotonic
        self._by_address = Throttle(ADDRESS_PACE)
        self._known: OrderedDict[str, None] = OrderedDict()

    async def identify(self, token: str, address: str) -> Identity | None:
        """Whose token it is, None for nobody's. Raises ``SignInThrottled`` or ``StoreError``.

        A program whose token was right before is never slowed down by another one at the same address.
        """
        token_hash = digest(token)
        if token_hash not in self._known:
            self._let_in(address)
        found = await self._find(token, token_hash)
        if found is None:
            self._known.pop(token_hash, None)
            log.warning("token_refused", address=address)
            return None
        if token_hash not in self._known:
            self._by_address.take_back(address)
            self._remember(token_hash)
        return found

    def _let_in(self, address: str) -> None:
        """Counts the try before its answer is known: a hundred at once are a hundred."""
        mono = self._monotonic()
        delay = self._by_address.delay(address, mono)
        if delay > 0:
            raise SignInThrottled(delay)
        self._by_address.wrong(address, mono)

    def _remember(self, token_hash: str) -> None:
        self._known[token_hash] = None
        while len(self._known) > KNOWN_ROOM:
            self._known.popitem(last=False)

    async def _find(self, token: str, token_hash: str) -> Identity | None:
        if not _TOKEN.fullmatch(token):
            return None
        known = await self._tokens.find(token_hash)
        user = await self._users.get(known.login) if known is not None else None
        if known is None or user is None or user.disabled_at is not None:
            return None
        await self._touch(known)
        return _identity(known, user, self._now())

    async def _touch(self, token: Token) -> None:
        now = self._now()
        if token.last_used_at is not None and now - token.last_used_at < TOUCH_EVERY:
            return
        try:
            await self._tokens.touch(token.token_hash, now)
        except StoreError as fault:
            log.warning("token_not_touched", login=token.login, fault=type(fault).__name__)


def _identity(token: Token, user: User, now: datetime) -> Identity:
    return Identity(
        token_hash=token.token_hash,
        csrf="",
        expires_at=now + _FOR_EVER,
        last_seen_at=now,
        login=user.login,
        name=user.name,
        role=user.role,
        language=user.language,
        interfaces=(),
        by="token",
        scopes=token.scopes,
    )

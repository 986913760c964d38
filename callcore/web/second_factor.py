"""The second step of a sign-in: who needs it, and whether a code is right."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from callcore.domain import Login
from callcore.store.second_factors import Factor
from callcore.web import totp

log = structlog.get_logger("callcore.web")


class FactorBook(Protocol):
    """``store.second_factors``; every method may raise ``StoreError``."""

    async def get(self, login: str) -> Factor | None: ...
    async def offer(self, login: Login, secret: str, at: datetime) -> bool: ...
    async def confirm(
        self, login: Login, secret: str, counter: int, code_hashes: Collection[str], at: datetime
    ) -> bool: ...
    async def take_counter(self, login: Login, counter: int) -> bool: ...
    async def take_recovery(self, login: Login, code_hash: str, at: datetime) -> bool: ...
    async def renew_codes(self, login: Login, code_hashes: Collection[str], at: datetime) -> None: ...
    async def codes_left(self, login: str) -> int: ...
    async def remove(self, login: Login, by: str, at: datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class Policy:
    is_offered: bool = True
    """False: nobody is asked for one, also who has one."""
    required_roles: frozenset[str] = frozenset()
    issuer: str = "callcore"
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person is shown once, to put it into his telephone."""

    secret: str = field(repr=False)
    address: str = field(repr=False)
    picture: str = field(repr=False)


class SecondFactor:
    def __init__(self, book: FactorBook, policy: Policy, now: Callable[[], datetime]) -> None:
        self._book = book
        self.policy = policy
        self._now = now

    async def is_on(self, login: str) -> bool:
        """Whether his sign-in asks for a code."""
        if not self.policy.is_offered:
            return False
        factor = await self._book.get(login)
        return factor is not None and factor.confirmed_at is not None

    async def owes(self, login: str, role: str) -> bool:
        """Whether his role demands one that he has not."""
        return role in self.policy.required_roles and not await self.is_on(login)

    async def codes_left(self, login: Login) -> int:
        return await self._book.codes_left(login)

    async def is_right(self, login: Login, code: str) -> bool:
        """Whether this is a code of his, of the telephone or a recovery code; it is used up by that."""
        factor = await self._book.get(login)
        if factor is None or factor.confirmed_at is None:
            return False
        hash_ = totp.recovery_hash(login, code)
        if hash_ is not None:
            return await self._book.take_recovery(login, hash_, self._now())
        try:
            secret = totp.opened(factor.secret, self.policy.key, login)
        except totp.SecretUnreadable:
            log.error("second_factor_unreadable", login=login, remedy="set sign_in.key_file as it was")
            return False
        counter = totp.counter_of(secret, code, self._now(), factor.last_counter)
        return counter is not None and await self._book.take_counter(login, counter)

    async def offer(self, login: Login) -> Enrolment | None:
        """A new secret, worth nothing until it is confirmed; None: he has one that works."""
        secret = totp.new_secret()
        if not await self._book.offer(login, totp.sealed(secret, self.policy.key, login), self._now()):
            return None
        return self._shown(login, secret)

    async def offered(self, login: Login) -> Enrolment | None:
        """The one that waits to be confirmed; None for none."""
        factor = await self._book.get(login)
        if factor is None or factor.confirmed_at is not None:
            return None
        try:
            return self._shown(login, totp.opened(factor.secret, self.policy.key, login))
        except totp.SecretUnreadable:
            return None

    def _shown(self, login: Login, secret: str) -> Enrolment:
        address = totp.address_of(secret, login, self.policy.issuer)
        return Enrolment(secret, address, totp.picture_of(address))

    async def confirm(self, login: Login, code: str) -> tuple[str, ...] | None:
        """It works from now on; gives the recovery codes. None: the secret gives another code."""
        factor = await self._book.get(login)
        if factor is None or factor.confirmed_at is not None:
            return None
        try:
            secret = totp.opened(factor.secret, self.policy.key, login)
        except totp.SecretUnreadable:
            return None
        now = self._now()
        counter = totp.counter_of(secret, code, now, factor.last_counter)
        if counter is None:
            return None
        codes = totp.new_recovery_codes()
        done = await self._book.confirm(login, factor.secret, counter, _hashes(login, codes), now)
        return codes if done else None

    async def renew_codes(self, login: Login) -> tuple[str, ...]:
        codes = totp.new_recovery_codes()
        await self._book.renew_codes(login, _hashes(login, codes), self._now())
        return codes

    async def remove(self, login: Login, by: str) -> bool:
        return await self._book.remove(login, by, self._now())


def _hashes(login: Login, codes: Collection[str]) -> tuple[str, ...]:
    return tuple(hash_ for code in codes if (hash_ := totp.recovery_hash(login, code)) is not None)

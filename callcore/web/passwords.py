"""Passwords: hashing off the event loop, verifying in even time, and the least that is asked of a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callcore.domain import Text

T = TypeVar("T")

MIN_LENGTH = 10
MAX_LENGTH = 256
"""Characters. Longer ones would only make hashing an attack on our processor."""

# OWASP's second recommendation for Argon2id: 19 MiB, two passes, one lane. One lane, because the daemon must
# go on popping cards while somebody signs in.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

TOO_SHORT = Text(
    f"Пароль короче {MIN_LENGTH} знаков", f"The password is shorter than {MIN_LENGTH} characters"
)
TOO_LONG = Text(f"Пароль длиннее {MAX_LENGTH} знаков", f"The password is longer than {MAX_LENGTH} characters")
TOO_PLAIN = Text(
    "Пароль слишком простой: в нём меньше пяти разных знаков",
    "The password is too plain: fewer than five different characters",
)
LIKE_LOGIN = Text("Пароль не должен содержать логин", "The password must not contain the login")


def weakness(password: str, login: str = "") -> Text | None:
    """Why a new password is refused; None if it will do."""
    if len(password) < MIN_LENGTH:
        return TOO_SHORT
    if len(password) > MAX_LENGTH:
        return TOO_LONG
    if len(set(password)) < 5:
        return TOO_PLAIN
    if len(login) >= 3 and login.casefold() in password.casefold():
        return LIKE_LOGIN
    return None


def hash_password(password: str) -> str:
    """Argon2id in the PHC format, with a salt of its own. Takes some 20 ms and 19 MiB."""
    return _hasher.hash(password.encode("utf-8", "surrogatepass"))


def verify(password_hash: str, password: str) -> bool:
    """Whether the password is the one; False also for a hash that is not one."""
    try:
        return _hasher.verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _dummy() -> str:
    """What an unknown login is checked against."""
    return hash_password("nobody has this password")


class TooBusy(Exception):
    """More sign-ins at once than we want to hash for."""


class PasswordChecker:
    """Verifies in a few threads, so that the event loop never waits for a hash."""

    def __init__(self, threads: int = 2, waiting: int = 32) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + waiting
        _dummy()

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; ``None``, for a person who does not exist, takes just as long.

        Raises ``TooBusy`` when too many wait already.
        """
        stored, cut = password_hash or _dummy(), password[:MAX_LENGTH]
        is_right = await self._run(partial(verify, stored, cut))
        return is_right and password_hash is not None and len(password) <= MAX_LENGTH

    async def rehash(self, password: str) -> str:
        """A hash with today's costs. Raises ``TooBusy``."""
        return await self._run(partial(hash_password, password))

    async def _run(self, work: Callable[[], T]) -> T:
        if self._room <= 0:
            raise TooBusy
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._room += 1

    def close(self) -> None:
        """Let the threads go; what still waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

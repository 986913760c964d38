"""What a repository needs of the database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store.writer import Writer

T = TypeVar("T")


class Store(Protocol):
    @property
    def writer(self) -> Writer: ...

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]: ...

    async def ask(self, question: Callable[[Connection], T]) -> T: ...

"""What a repository needs of the database."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store.writer import Writer


class Store(Protocol):
    @property
    def writer(self) -> Writer: ...

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]: ...

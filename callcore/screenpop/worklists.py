"""Counts of work lists beside the operator's calls: asked when he comes, and when cases or tasks change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Protocol

import structlog

from callcore.domain import Login
from callcore.screenpop.card import WorkCounts
from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.desks")

TOGETHER_SECONDS = 0.3
"""Changes within it are one question for each desk."""


class WorkSource(Protocol):
    async def counts(self, login: Login) -> WorkCounts:
        """Raises ``StoreError``."""


class WorkLists:
    """``who`` is on shift, ``show`` puts new counts on a desk."""

    def __init__(
        self,
        source: WorkSource | None,
        who: Callable[[], Collection[Login]],
        show: Callable[[Login, WorkCounts], None],
        start: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._source = source
        self._who = who
        self._show = show
        self._start = start
        self._turn = asyncio.Lock()
        self._is_asked = False

    def changed(self) -> None:
        """Somebody's lists changed: everybody's are counted anew, since a queue has many readers."""
        if self._source is not None and not self._is_asked:
            self._is_asked = True
            self._start(self._ask_all())

    def ask(self, login: Login) -> None:
        if self._source is not None:
            self._start(self._ask(self._source, login))

    async def _ask_all(self) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        self._is_asked = False
        if self._source is not None:
            for login in tuple(self._who()):
                await self._ask(self._source, login)

    async def _ask(self, source: WorkSource, login: Login) -> None:
        try:
            async with self._turn:  # an older answer must not come after a newer one
                self._show(login, await source.counts(login))
        except StoreError as error:
            log.warning("work_lists_not_counted", login=login, why=str(error))

"""What is typed at the desks, kept in the database a second later: a killed daemon loses no words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from callcore.domain import CallId, Login
from callcore.screenpop.card import Draft
from callcore.screenpop.newest import RETRY_SECONDS, Newest
from callcore.store.drafts import KeptDraft

PAUSE_SECONDS = 1.0
"""Typing makes three messages a second; one row a second is enough."""
Key = tuple[Login, CallId, int]


class Drafts(Protocol):
    """Every method may raise ``StoreError``."""

    async def keep(self, draft: KeptDraft) -> None: ...

    async def of_login(self, login: Login) -> tuple[KeptDraft, ...]: ...


class DraftBook:
    """Writes beside the desks, the newest word on each topic of each contact."""

    def __init__(
        self, drafts: Drafts, pause_seconds: float = PAUSE_SECONDS, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._drafts = drafts
        self._pause_seconds = pause_seconds
        self._rows: Newest[Key, KeptDraft] = Newest("draft", self._write, retry_seconds)
        self._waiting: dict[Key, KeptDraft] = {}
        self._timer: asyncio.TimerHandle | None = None

    def keep(self, login: Login, call: CallId, n: int, draft: Draft, at: datetime) -> None:
        """A blank one is forgotten."""
        key = (login, call, n)
        self._waiting[key] = KeptDraft(login, call, n, draft.topic, draft.comment, at)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause_seconds, self.flush)

    def flush(self) -> None:
        """Write what waits now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        for key, draft in waiting.items():
            self._rows.put(key, draft)

    async def of_login(self, login: Login) -> Mapping[CallId, Mapping[int, Draft]]:
        """What he typed and never saved, by call and topic. Raises ``StoreError``."""
        found: dict[CallId, dict[int, Draft]] = {}
        for row in await self._drafts.of_login(login):
            found.setdefault(row.call, {})[row.entry] = Draft(row.topic, row.comment)
        return found

    @property
    def is_writing(self) -> bool:
        return bool(self._waiting or self._rows.unwritten)

    async def close(self) -> None:
        """See ``Newest.close``."""
        self.flush()
        await self._rows.close()

    async def _write(self, _key: Key, draft: KeptDraft) -> None:
        await self._drafts.keep(draft)

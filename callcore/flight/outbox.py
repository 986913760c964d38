"""Stories on their way into the database, which may be away: bounded, the oldest give way."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol

import structlog

from callcore.domain import CallId, Login, PbxName
from callcore.flight.entries import Story, Unreadable, What, joined, pack, unpack
from callcore.flight.story import head_of
from callcore.store.errors import StoreError
from callcore.store.stories import StoredStory

log = structlog.get_logger("callcore.flight")

MOST_WAITING = 500
"""Stories that wait for the database; the oldest go first."""
AT_ONCE = 50
"""Stories in one batch: packed in one go, written with one commit."""


class Store(Protocol):
    async def save(self, story: StoredStory) -> None: ...

    async def get(self, call: str) -> StoredStory | None: ...


class Outbox:
    """``left_out`` counts stories that could not be stored, ``written`` those that were."""

    def __init__(self, stories: Store) -> None:
        self._stories = stories
        self._waiting: OrderedDict[CallId, Story] = OrderedDict()
        self.left_out = 0
        self.written = 0

    def put(self, call: CallId, story: Story) -> None:
        self._waiting[call] = story
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
            self.left_out += 1

    def get(self, call: CallId) -> Story | None:
        return self._waiting.get(call)

    def recent(self, limit: int | None) -> list[Story]:
        return sorted(self._waiting.values(), key=lambda story: story.began_at, reverse=True)[:limit]

    async def write(self) -> bool:
        """Writes what waits; False if the database does not take it now."""
        waiting = list(self._waiting.items())
        for first in range(0, len(waiting), AT_ONCE):
            faults = await self._write(dict(waiting[first : first + AT_ONCE]))
            if faults:
                call, fault = faults[0]
                log.warning("story_not_stored", call_id=call, why=str(fault), waiting=len(self._waiting))
                return False
        return True

    async def _write(self, stories: dict[CallId, Story]) -> list[tuple[CallId, StoreError]]:
        """Those that the database did not take now, and why."""
        tries = await asyncio.gather(*map(self._save, await self._packed(stories)))
        faults: list[tuple[CallId, StoreError]] = []
        for (call, story), error in zip(stories.items(), tries, strict=True):
            if isinstance(error, StoreError):
                faults.append((call, error))
                continue
            if error is None:
                self.written += 1
            else:
                log.error("story_refused", call_id=call, exc_info=error)
                self.left_out += 1
            if self._waiting.get(call) is story:
                del self._waiting[call]
        return faults

    async def _packed(self, stories: dict[CallId, Story]) -> list[StoredStory | Exception]:
        whole: list[Story | Exception] = []
        for story in stories.values():
            try:
                whole.append(await self._whole(story))
            except Exception as error:
                whole.append(error)
        return await asyncio.to_thread(lambda: list(map(_stored_or_fault, whole)))

    async def _save(self, packed: StoredStory | Exception) -> Exception | None:
        try:
            if isinstance(packed, Exception):
                raise packed
            await self._stories.save(packed)
        except Exception as error:
            return error
        return None

    async def _whole(self, story: Story) -> Story:
        """With what the daemon wrote of this call before it was restarted."""
        if not any(entry.what is What.adopted for entry in story.entries):
            return story
        before = await self._stories.get(story.call)
        if before is None:
            return story
        try:
            return joined(unpack(before.body), story)
        except Unreadable:
            return story


def _stored_or_fault(story: Story | Exception) -> StoredStory | Exception:
    try:
        return story if isinstance(story, Exception) else stored(story)
    except Exception as error:
        return error


def stored(story: Story) -> StoredStory:
    """As the store keeps it."""
    return StoredStory(
        call=CallId(story.call),
        pbx=PbxName(story.pbx),
        direction=story.direction,
        number=story.number,
        verdict=head_of(story),
        began_at=story.began_at,
        ended_at=story.ended_at,
        logins=tuple(map(Login, story.logins)),
        body=pack(story),
    )

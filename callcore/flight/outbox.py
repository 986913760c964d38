"""Stories on their way into the database, which may be away: bounded, the oldest give way."""

from __future__ import annotations

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
        for call, story in list(self._waiting.items()):
            try:
                await self._stories.save(stored(await self._whole(story)))
            except StoreError as error:
                log.warning("story_not_stored", call_id=call, why=str(error), waiting=len(self._waiting))
                return False
            except Exception:
                log.exception("story_refused", call_id=call)
                self.left_out += 1
            else:
                self.written += 1
            if self._waiting.get(call) is story:
                del self._waiting[call]
        return True

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

"""Stories for whoever asks: of calls that live, from the recorder; of others, from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from callcore.domain import CallId
from callcore.flight.entries import Story, Unreadable, What, joined, unpack
from callcore.flight.mask import Mask
from callcore.flight.recorder import Recorder
from callcore.flight.story import Told, head_of, iso, tell
from callcore.store.stories import StoredStory


class Store(Protocol):
    async def get(self, call: str) -> StoredStory | None: ...

    async def latest(
        self,
        limit: int = 50,
        *,
        number: str | None = None,
        login: str | None = None,
        before: datetime | None = None,
    ) -> tuple[StoredStory, ...]: ...


@dataclass(frozen=True, slots=True)
class Head:
    """A story as one line of a list."""

    call: str
    pbx: str
    direction: str
    number: str
    began_at: datetime
    ended_at: datetime | None
    verdict: Mapping[str, str]
    """``code``, ``tone``, and the sentence in ``ru`` and ``en``."""


class Book:
    """Every method may raise ``StoreError``."""

    def __init__(self, stories: Store, mask: Mask, recorder: Recorder | None = None) -> None:
        """Without a recorder the daemon is down, and the store is all there is."""
        self._stories = stories
        self._mask = mask
        self._recorder = recorder

    async def told(self, call: str) -> Told | None:
        """The story of one call; None: nothing is known of it."""
        fresh = self._recorder.story(CallId(call)) if self._recorder is not None else None
        if fresh is not None and not any(entry.what is What.adopted for entry in fresh.entries):
            return tell(fresh)
        row = await self._stories.get(call)
        try:
            before = unpack(row.body) if row is not None else None
        except Unreadable:
            before = None
        if fresh is None:
            return tell(before) if before is not None else None
        return tell(joined(before, fresh)) if before is not None else tell(fresh)

    async def latest(
        self,
        limit: int = 50,
        *,
        number: str = "",
        login: str | None = None,
        before: datetime | None = None,
    ) -> tuple[Head, ...]:
        """Newest first: all, or those of one number (as typed, or its pseudonym), of one operator, begun
        before a moment."""
        wanted = number if "•" in number else self._mask.number(number)
        is_chosen = bool(wanted) or login is not None or before is not None  # then the newest are not enough
        fresh = [
            _head(story)
            for story in (self._recorder.recent(None if is_chosen else limit) if self._recorder else ())
            if (not wanted or story.number == wanted)
            and (login is None or login in story.logins)
            and (before is None or story.began_at < before)
        ]
        rows = await self._stories.latest(limit, number=wanted or None, login=login, before=before)
        known = {head.call for head in fresh}
        kept = [_stored_head(row) for row in rows if row.call not in known]
        return tuple(sorted([*fresh, *kept], key=lambda head: head.began_at, reverse=True)[:limit])


def head_json(head: Head) -> dict[str, Any]:
    return {
        "call": head.call,
        "pbx": head.pbx,
        "direction": head.direction,
        "number": head.number,
        "began_at": iso(head.began_at),
        "ended_at": iso(head.ended_at) if head.ended_at else None,
        "verdict": dict(head.verdict),
    }


def _head(story: Story) -> Head:
    return Head(
        story.call,
        story.pbx,
        story.direction,
        story.number,
        story.began_at,
        story.ended_at,
        head_of(story),
    )


def _stored_head(row: StoredStory) -> Head:
    return Head(row.call, row.pbx, row.direction, row.number, row.began_at, row.ended_at, row.verdict)

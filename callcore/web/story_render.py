"""Pages of calls' stories: a Told or a list of Heads in, HTML out. No sockets, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from callcore.domain import Text
from callcore.flight.book import Head
from callcore.flight.story import Told
from callcore.flight.words import DIRECTIONS, in_words
from callcore.web.pages import Viewer
from callcore.web.render import STATIC, environment, texts_of
from callcore.web.wording import Wording

if TYPE_CHECKING:
    from callcore.web.story import Wanted


class StoryView(Wording):
    def say(self, text: Text) -> str:
        return self.t.told(text)

    def verdict(self, head: Head) -> str:
        return self.t.told(Text(head.verdict.get("ru", ""), head.verdict.get("en", "")))

    def direction(self, code: str) -> str:
        return self.t.told(in_words(DIRECTIONS, code))

    def to_millisecond(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M:%S.%f")[:-3]


class StoryRenderer:
    def __init__(self, static: Path = STATIC) -> None:
        self._env = environment(static)

    def story(self, viewer: Viewer, told: Told, now: datetime) -> str:
        return self._render("story.html", viewer, now, s=told)

    def calls(
        self,
        viewer: Viewer,
        heads: Sequence[Head],
        wanted: Wanted,
        now: datetime,
        *,
        more: str = "",
        is_wrong: bool = False,
    ) -> str:
        return self._render(
            "story_list.html", viewer, now, heads=heads, wanted=wanted, more=more, is_wrong=is_wrong
        )

    def _render(self, template: str, viewer: Viewer, now: datetime, **values: object) -> str:
        texts = texts_of(viewer.language)
        view = StoryView(viewer, texts, now)
        return self._env.get_template(template).render(v=view, t=texts, **values)

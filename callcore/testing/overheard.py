"""What a daemon in this process has Asterisk play to callers, by its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from callcore.app import Daemon
from callcore.domain import PbxName
from callcore.ivr.agi_answers import Played
from callcore.ivr.agi_session import Session


class Patch(Protocol):
    """Puts something in the place of an attribute, for the test."""

    def setattr(self, target: object, name: str, value: object) -> None: ...


@dataclass
class Overheard:
    """What was played, by its words, in the order in which it began."""

    begun: list[str] = field(default_factory=list)
    played: list[tuple[str, Played]] = field(default_factory=list)
    _words: dict[str, str] = field(default_factory=dict)

    def listen(self, daemon: Daemon, patch: Patch) -> None:
        spoken, stream = daemon.spoken.prompt, Session.stream_file

        async def prompt(pbx: PbxName, text: str, language: str, *, is_personal: bool = False) -> Any:
            made = await spoken(pbx, text, language, is_personal=is_personal)
            if made is not None:
                self._words[made.path] = text
            return made

        async def stream_file(
            session: Session, path: str, *, seconds: float, escape_digits: str = ""
        ) -> Played:
            self.begun.append(self._words[path])
            played = await stream(session, path, seconds=seconds, escape_digits=escape_digits)
            self.played.append((self._words[path], played))
            return played

        patch.setattr(daemon.spoken, "prompt", prompt)
        patch.setattr(Session, "stream_file", stream_file)

    def heard(self, words: str) -> Callable[[], Any]:
        """For ``House.until``: something with these words was played to its end, or till it was cut off."""

        async def is_heard() -> bool:
            return any(words in text for text, _played in self.played)

        return is_heard

    def hears(self, words: str) -> Callable[[], Any]:
        """It has begun."""

        async def is_begun() -> bool:
            return any(words in text for text in self.begun)

        return is_begun

    def paths(self, words: str) -> list[str]:
        """Of the prompts with these words, as Asterisk names them in its log."""
        return [path for path, text in self._words.items() if words in text]

    def place(self, words: str) -> int:
        return next(place for place, text in enumerate(self.begun) if words in text)

"""What the web shell hands to the page renderer, and gets back: no sockets, no database in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callcore.domain import Interface, Language, Login, PauseReason, Text, TopicCode
from callcore.rights import Permission
from callcore.routing.tables import Macro
from callcore.screenpop.card import Desk
from callcore.screenpop.ports import DeskRefused


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """One topic an operator may register, with its table's title as group."""

    code: TopicCode
    title: Text
    group: Text
    trail: tuple[Text, ...] = ()
    """Titles of the topics above it, the highest first."""
    script: Text | None = None
    article: str | None = None
    macros: tuple[Macro, ...] = ()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and how."""

    login: Login
    name: str
    language: Language
    zone: str
    """IANA zone in which times are shown."""
    country: str
    csrf: str
    interfaces: tuple[Interface, ...]
    """Phones the person may take, offered while he is offline."""
    may: frozenset[Permission] = frozenset()
    places: tuple[str, ...] = ("desk", "calls")
    """What the head of every page leads to, in order."""


class Renderer(Protocol):
    def sign_in(
        self, language: Language, *, error: str = "", login: str = "", csrf: str, ticket: str = ""
    ) -> str:
        """The whole sign-in page; ``error`` is a text key: ``wrong``, ``throttled``, ``expired``, ``code``.
        With a ticket it is the second step, which asks for a code."""

    def desk_page(
        self, viewer: Viewer, desk: Desk | None, topics: tuple[TopicChoice, ...], now: datetime
    ) -> str:
        """The whole desk page, with ``<main>`` filled: works before any script has run."""

    def desk_main(
        self,
        viewer: Viewer,
        desk: Desk | None,
        topics: tuple[TopicChoice, ...],
        now: datetime,
        *,
        error: str | DeskRefused = "",
    ) -> str:
        """The inside of ``<main>``, sent on each change; ``error`` is a refused
        command, or its code."""

    def problem(self, language: Language, status: int, why: Text | None = None) -> str:
        """A whole page for 403, 404, 500."""


PAUSES: tuple[PauseReason, ...] = (
    PauseReason.rest,
    PauseReason.lunch,
    PauseReason.training,
    PauseReason.paperwork,
)
"""What an operator may choose; callcore sets the others itself."""

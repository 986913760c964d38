"""What is the same on every desk: made once for each language, and fetched by each desk that lacks it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from jinja2 import Environment, Template

from callcore.domain import Language
from callcore.web.render import environment

Part = Mapping[str, object]
"""A message to a page: ``html`` is the whole of it, or ``rows`` holds lines by their ids, and ``sum`` the
line above them."""


class Board(Protocol):
    @property
    def name(self) -> str:
        """The id of its place on the page."""

    @property
    def version(self) -> int: ...

    async def changed(self, since: int) -> None:
        """Returns once there is something newer than that version."""

    def part(self, since: int, language: Language) -> Part:
        """What a desk lacks that has that version; 0: everything."""


@cache
def _environment() -> Environment:
    return environment()


def template(name: str) -> Template:
    return _environment().get_template(name)

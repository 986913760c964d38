"""What can start a call says so: handlers of routes and orders of the desk, each by one mark.

    @starts_call("number")
    @operation("calls", needs=…)
    async def place_call(ask, body): …

A mark is no lock. It is what ``tests/integration/attack`` finds them by: each must have a line there that
tries it without right, with other people's tokens, and with numbers that nobody may call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

Starts = Literal["number", "people"]
"""A number that the request or the order names is rung; or people whom the house knows are (a campaign)."""
T = TypeVar("T", bound=Callable[..., Any])
_MARK = "starts_call"


def starts_call(what: Starts) -> Callable[[T], T]:
    """Above all other decorators."""

    def mark(handler: T) -> T:
        setattr(handler, _MARK, what)
        return handler

    return mark


def started_by(handler: object) -> Starts | None:
    """What it starts; None: nothing that it says."""
    found: Starts | None = getattr(handler, _MARK, None)
    return found

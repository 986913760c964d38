"""A call that a person wants placed: what he asks for, and why he may not have it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callcore.calls.attempt import Attempt
from callcore.domain import CallId, CustomerId, Login, PbxName, Text
from callcore.outbound.gate import Rule


@dataclass(frozen=True, slots=True)
class Wanted:
    number: str
    """As typed or stored."""
    login: Login
    """Whose phone is rung."""
    customer: CustomerId | None = None
    follow_up: int | None = None
    """The entry of the list of people to call that it is for."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A call that is under way is to be given to a number outside, or somebody is to be asked there."""

    number: str
    """As typed or stored."""
    login: Login
    """Who gives it."""
    pbx: PbxName
    call: CallId | None = None
    customer: CustomerId | None = None


class PlaceRefused(Exception):
    """Nobody is rung. ``code``: ``not_a_number``, ``not_on_shift``, ``busy_with_call``, ``no_trunk``,
    ``pbx_down``, ``no_line``, ``being_called`` (``by``: whose call it is), ``refused_by_gate`` (``rule``,
    ``until`` when it may be asked again); ``why`` says it in this case."""

    def __init__(
        self,
        code: str,
        why: Text | None = None,
        *,
        rule: Rule | None = None,
        until: datetime | None = None,
        by: str = "",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.why = why
        self.rule = rule
        self.until = until
        self.by = by


class Places(Protocol):
    """Who places such calls."""

    async def place(self, wanted: Wanted) -> Attempt:
        """The call under way: his phone is about to ring. Raises PlaceRefused, StoreUnavailable."""

    async def machine(self, attempt: Attempt, call: CallId) -> bool:
        """An answering machine is on the line: end it, with that outcome. False: that call is none in which
        people talk, or it is over."""

    async def hang_up(self, attempt: Attempt) -> None:
        """End it, whether the phone rings, the number, or they talk. Nothing happens if it is over."""

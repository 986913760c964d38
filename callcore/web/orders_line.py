"""Orders to living calls: hold, ask somebody, give away, three-way, park, take, mute, hang up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from callcore.calls.line import Do
from callcore.domain import CallId, Login
from callcore.screenpop.ports import DeskService, LineTo
from callcore.web.bodies import BadBody, Scalar, text_field

LONGEST_NAME: Final = 128
KINDS: Final = ("queue", "colleague", "inside")
"""Fields that say to whom, at most one of them. ``inside``: an internal number."""
AIMED: Final = (Do.consult, Do.blind)
"""Somebody is rung by these."""


async def order(desks: DeskService, login: Login, do: Do, fields: Mapping[str, Scalar]) -> None:
    """Raises ``BadBody`` and ``DeskRefused``."""
    call = _word(fields, "call")
    if not call:
        raise BadBody("call is missing")
    await desks.call_orders.work_line(login, CallId(call), do, _to(fields) if do in AIMED else None)


def _to(fields: Mapping[str, Scalar]) -> LineTo | None:
    """None: nobody is named; whoever is being asked may get the call without being named again."""
    queue, colleague, inside = (_word(fields, kind) for kind in KINDS)
    if sum(map(bool, (queue, colleague, inside))) > 1:
        raise BadBody("more than one to whom it goes")
    if queue:
        return LineTo("queue", queue)
    if colleague:
        return LineTo("colleague", colleague)
    return LineTo("number", inside) if inside else None


def _word(fields: Mapping[str, Scalar], name: str) -> str:
    word = text_field(fields, name, LONGEST_NAME).strip()
    if not word.isprintable():
        raise BadBody(f"{name} is no name")
    return word

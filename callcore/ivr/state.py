"""What a call that leaves the AGI takes along on its channel, for whoever goes on with it: ``overflow``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from callcore.domain import LANGUAGES, Language, TopicCode
from callcore.ivr.visit import Visit
from callcore.ivr.way import Way

CALL, TOPIC, CUSTOMER, ROUTE, WAY, EDITION, LANGUAGE, LEG = (
    f"CALLCORE_{name}" for name in ("CALL", "TOPIC", "CUSTOMER", "ROUTE", "WAY", "EDITION", "LANGUAGE", "LEG")
)
TRANSFERS: Final = {"TRANSFER_CONTEXT": "callcore-transfer"}
"""Asterisk's own: where a telephone's transfer of this caller leads."""
DOWN: Final = "__"
"""Before a variable's name: every later leg of the call has it, too."""


@dataclass(frozen=True, slots=True)
class State:
    """What stands on the channel; None or empty: nothing that makes sense. ``source``: of the way."""

    topic: TopicCode | None
    route: str
    source: str
    edition: int | None
    leg: int | None
    """The next one."""
    language: Language | None


def of(visit: Visit, way: Way, leg: int) -> dict[str, str]:
    """By variable. A way is often called as the place it comes from: then that is not said twice."""
    customer, edition = visit.customer, visit.book.edition
    values = {
        CALL: visit.call_id,
        TOPIC: way.topic,
        CUSTOMER: str(customer.id) if customer else "",
        ROUTE: way.name,
        WAY: way.source if way.source != way.name else "",
        EDITION: "" if edition is None else str(edition),
        LANGUAGE: visit.language,
        LEG: str(leg),
    }
    if visit.reception.has_transfers(visit.pbx):
        values |= TRANSFERS
    return {f"{DOWN}{name}": value for name, value in values.items()}


async def read(visit: Visit) -> State:
    get = visit.session.get_variable
    topic, route, language = await get(TOPIC), await get(ROUTE) or "", await get(LANGUAGE)
    return State(
        TopicCode(topic) if topic else None,
        route,
        await get(WAY) or route,
        _number(await get(EDITION)),
        _number(await get(LEG)),
        next((one for one in LANGUAGES if one == language), None),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else None

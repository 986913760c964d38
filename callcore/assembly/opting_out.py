"""What the page and the API of opt-outs are made with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from callcore.assembly.current import Current
from callcore.assembly.wiring import canonical_in
from callcore.domain import CustomerId, Text
from callcore.floor.people import People
from callcore.store.database import Database
from callcore.web.opt_outs_api import OptOutRoom


def opt_out_room(
    current: Current, database: Database, people: People, now: Callable[[], datetime]
) -> OptOutRoom:
    async def numbers_of(customer: CustomerId) -> tuple[str, ...] | None:
        record = await database.records.get(customer)
        return None if record is None else tuple(one.number for one in record.numbers)

    def classes() -> dict[str, Text | None]:
        titles: dict[str, Text | None] = {}
        for code, each in current.settings.outbound.profiles.items():
            kind = each.message_class or code
            titles[kind] = titles.get(kind) or each.title
        return titles

    return OptOutRoom(
        database.opt_outs, classes, canonical_in(current.settings), numbers_of, lambda: people.names(now())
    )

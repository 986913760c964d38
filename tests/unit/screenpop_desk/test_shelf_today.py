"""From when on "today" counts, also where midnight comes twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from callcore.domain import Login
from callcore.screenpop.shelf import Shelf
from callcore.store.contacts import Figures


class Asked:
    """The contacts; remembers since when they were asked for."""

    since: datetime

    async def figures(self, _login: Login, since: datetime) -> Figures:
        self.since = since
        return Figures(0, 0, 0)

    async def today(self, _login: Login, since: datetime) -> list[object]:
        assert since == self.since
        return []


async def _nobody() -> dict[Login, str]:
    return {}


@pytest.mark.parametrize(
    ("zone", "now", "midnight"),
    [
        ("Europe/Moscow", "2026-03-02T20:59:00", "2026-03-01T21:00:00"),
        ("Europe/Moscow", "2026-03-02T21:00:00", "2026-03-02T21:00:00"),
        # Havana goes from 01:00 back to 00:00 on 1 November 2026, at 05:00 UTC
        ("America/Havana", "2026-11-01T04:30:00", "2026-11-01T04:00:00"),
        ("America/Havana", "2026-11-01T05:30:00", "2026-11-01T04:00:00"),
        ("America/Havana", "2026-11-01T06:30:00", "2026-11-01T04:00:00"),
    ],
)
async def test_since_midnight(zone: str, now: str, midnight: str) -> None:
    asked = Asked()
    nothing: Callable[..., Any] = cast(Any, None)
    shelf = Shelf(
        cast(Any, asked),
        cast(Any, nothing),
        cast(Any, nothing),
        cast(Any, nothing),
        names=_nobody,
        zone=ZoneInfo(zone),
    )
    await shelf.today(Login("anna"), datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert asked.since == datetime.fromisoformat(midnight).replace(tzinfo=UTC)

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcore.store.database import Database
from callcore.testing.blank import blank_database

from .desk_room import Room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    blank_database(tmp_path / "callcore.db")
    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db") as database:
        room = Room(database)
        yield room
        await room.close()

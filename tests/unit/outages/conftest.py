from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcore.store.database import Database
from callcore.testing.blank import blank_database


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    blank_database(tmp_path / "outages.db")
    async with await Database.open(f"sqlite:///{tmp_path}/outages.db") as database:
        yield database

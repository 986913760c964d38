from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcore.store.database import Database


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"sqlite:///{tmp_path}/outages.db", create=True) as database:
        yield database

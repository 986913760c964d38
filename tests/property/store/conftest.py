"""A database for all examples, and the samples of the integration tests made importable."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcore.store.database import Database

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "store"))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def database(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/callcore.db"
    opened = runner.run(Database.open(url, create=True))
    yield opened
    runner.run(opened.close())

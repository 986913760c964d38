"""Chromium, fetched once; a browser for each module that asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from callcore.testing.lab import NotDebian
from callcore.testing.lab.browser import chromium
from callcore.testing.lab.packages import fetch
from callcore.testing.patience import PATIENCE_MS

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session", autouse=True)
def fetched() -> None:
    try:
        fetch(["chromium"])
    except NotDebian as reason:
        pytest.skip(f"no Chromium: {reason}")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(fetched: None) -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser

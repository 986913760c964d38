"""A browser per module, the real application with sample stories per test; console faults fail it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page

from callcore.testing.outage_server import OutageServer
from callcore.web import story

from .story_samples import Room

Open = Callable[..., Awaitable[Page]]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest_asyncio.fixture(loop_scope="module")
async def server(tmp_path: Path, room: Room) -> AsyncIterator[OutageServer]:
    server = OutageServer(tmp_path)
    story.add_to(server.app, room)
    async with server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, server: OutageServer) -> AsyncIterator[Open]:
    """Opens a path as the supervisor."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.append(message.text)

    context = await browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB")
    await server.sign_in(context)

    async def open_page(path: str = "/calls") -> Page:
        page = await context.new_page()
        page.on("console", heard)
        await page.goto(server.url(path))
        return page

    yield open_page
    await context.close()
    assert faults == []

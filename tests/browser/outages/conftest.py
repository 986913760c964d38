"""A browser per module, the real application over a room in memory per test; console faults fail it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, Page

from callcore.testing.outage_server import OutageServer

Open = Callable[..., Awaitable[Page]]
EXPECTED = ("WebSocket connection", "Failed to load resource")
"""What the browser says of a cut line and of a refused form."""


@pytest_asyncio.fixture(loop_scope="module")
async def server(tmp_path: Path) -> AsyncIterator[OutageServer]:
    async with OutageServer(tmp_path) as server:
        server.outages.fill()
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, server: OutageServer) -> AsyncIterator[Open]:
    """Opens a path as the supervisor, and waits until the page is live."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            faults.append(message.text)

    def failed(error: Error) -> None:
        faults.append(str(error))

    context = await browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB")
    await server.sign_in(context)

    async def open_page(path: str = "/outages") -> Page:
        page = await context.new_page()
        page.on("console", heard)
        page.on("pageerror", failed)
        async with page.expect_event("websocket", lambda socket: "/outages/live" in socket.url) as socket:
            await page.goto(server.url(path))
        await (await socket.value).wait_for_event("framereceived")
        return page

    yield open_page
    await context.close()
    assert faults == []

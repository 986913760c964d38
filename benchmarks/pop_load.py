"""The load of the pop benchmark: operators who listen, and calls that reach them."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from benchmarks.pop_call import POP_EVENT, Cast, Message, Story
from benchmarks.pop_house import QUEUES, Broken, House, Person, number_of
from benchmarks.pop_pbx import Pbx

SIGNING_IN = 16
GOODBYE_SECONDS = 3.0
"""Operators who open their desks at a time."""
QUIET_SECONDS = 15.0
"""How long the last calls of a round may take to be over and stored."""

Heard = Callable[["Operator", dict[str, Any], float], None]


@dataclass(slots=True)
class Call:
    """One call on its way; moments are those of the monotonic clock, in seconds."""

    number: str
    """Canonical."""
    login: str
    connected_at: float | None = None
    """Just before AgentConnect was written to the socket."""
    popped_at: list[float] = field(default_factory=list)
    """When a client had parsed a card with this number: once, and it is the right one, if all is well."""
    is_saved: bool = False
    """The operator was told that the contact is stored."""


class Operator:
    """One person's WebSocket: parses each event, says when, acknowledges it."""

    def __init__(self, person: Person, socket: aiohttp.ClientWebSocketResponse, heard: Heard) -> None:
        self.person = person
        self.is_ready = False
        """By the events, as his page would show it."""
        self._socket = socket
        self._heard = heard

    async def listen(self) -> None:
        """Until the connection ends."""
        async for message in self._socket:
            event = json.loads(message.data)
            at = time.monotonic()
            self._heard(self, event, at)
            if "seq" in event:
                await self._socket.send_json({"ack": event["seq"]})


class Floor:
    """Everybody's bare WebSocket beside callcore's; ``trigger`` sends a text the shortest way."""

    def __init__(self) -> None:
        self._sent: dict[int, float] = {}
        self._writer: asyncio.StreamWriter | None = None
        self.taken: list[float] = []
        """Seconds from the trigger's write until the text was parsed, in order of arrival."""

    async def connect(self, port: int) -> None:
        _, self._writer = await asyncio.open_connection("127.0.0.1", port)

    def trigger(self, client: int, payload: str) -> None:
        """``payload``: JSON of an object."""
        assert self._writer is not None
        line = f"{client} {payload}\n".encode()
        self._sent[client] = time.monotonic()
        self._writer.write(line)

    async def listen(self, client: int, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            json.loads(message.data)
            at = time.monotonic()
            self.taken.append(at - self._sent.pop(client))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()


class Load:
    """``async with Load(house, pbx, people, story) as load``: everybody is ready for calls."""

    def __init__(self, house: House, pbx: Pbx, people: Sequence[Person], story: Story) -> None:
        self.calls: dict[str, Call] = {}
        """By number, each of which calls once."""
        self.strays: Counter[str] = Counter()
        """What should not have come, by kind."""
        self.bare_cards = 0
        """Cards that came before the customer base had answered: allowed, and filled in later."""
        self.sample = ""
        """A card as it came, JSON."""
        self._house = house
        self._pbx = pbx
        self._people = people
        self._story = story
        self._by_id: dict[str, Call] = {}
        self._free: deque[Operator] = deque()
        self._operators: list[Operator] = []
        self._floor = Floor()
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []
        self._http = AsyncExitStack()
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _open(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        http = await self._http.enter_async_context(session)
        await self._floor.connect(self._house.floor_port)
        turns = asyncio.Semaphore(SIGNING_IN)
        try:
            async with asyncio.TaskGroup() as group:
                for client, person in enumerate(self._people):
                    group.create_task(self._admit(http, turns, client, person))
        except ExceptionGroup as faults:
            raise Broken(f"an operator was not let in: {faults.exceptions[0]!r}") from faults
        self._free.extend(self._operators)
        await self._until(self._is_everybody_free, "operators are not ready")

    async def _admit(
        self, http: aiohttp.ClientSession, turns: asyncio.Semaphore, client: int, person: Person
    ) -> None:
        async with turns:
            socket = await http.ws_connect(f"{self._house.url}/api/v1/events", headers=person.headers)
            self._sockets.append(socket)
            operator = Operator(person, socket, self._hear)
            self._tasks.append(asyncio.create_task(operator.listen()))
            self._operators.append(operator)
            for do, body in (("open", {"interface": f"PJSIP/{person.phone}"}), ("ready", {})):
                url = f"{self._house.url}/api/v1/desk/{do}"
                async with http.post(url, json=body, headers=person.headers) as answer:
                    if answer.status != 200:
                        raise Broken(f"{do}: {answer.status} {await answer.text()}")
            bare = await http.ws_connect(f"http://127.0.0.1:{self._house.floor_http_port}/{client}")
            self._sockets.append(bare)
            self._tasks.append(asyncio.create_task(self._floor.listen(client, bare)))

    async def _close(self) -> None:
        """Good-byes only as far as they are quick: the servers are killed next, if they are not already."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await asyncio.gather(*(s.close() for s in self._sockets), return_exceptions=True)
        self._floor.close()
        await self._http.aclose()

    # --- one round

    async def calls_at(self, moments: Iterable[float]) -> list[float]:
        """One call for each moment (seconds from now), to its end; gives the pops' seconds, sorted."""
        calls, telling = [], []
        begin = time.monotonic()
        for moment in moments:
            operator = self._take_free()
            serial = len(self.calls) + 1
            number = number_of(serial)
            call = self.calls[number] = Call(number, operator.person.login)
            cast = Cast(serial, number.lstrip("+"), operator.person.phone, QUEUES)
            telling.append((begin + moment, call, self._story.tell(cast)))
            calls.append(call)
        late = time.monotonic() - begin
        async with asyncio.TaskGroup() as group:
            for moment, call, messages in telling:
                group.create_task(self._tell(moment + late, call, messages))
        await self._until(lambda: all(c.is_saved and c.popped_at for c in calls), None)
        await self._until(self._is_everybody_free, None)
        return sorted(c.popped_at[0] - c.connected_at for c in calls if c.popped_at and c.connected_at)

    async def _tell(self, begin: float, call: Call, messages: Sequence[Message]) -> None:
        """Each message is a write of its own, as Asterisk writes them."""
        for message in messages:
            pause = begin + message.after - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            if message.event == POP_EVENT:
                call.connected_at = time.monotonic()
            self._pbx.raw(message.wire)

    async def triggers_at(self, moments: Iterable[float]) -> list[float]:
        """The same on the bare WebSocket, with a text of a card's size; gives seconds, sorted."""
        payload = json.dumps(json.loads(self.sample), ensure_ascii=False, separators=(",", ":"))
        self._floor.taken.clear()
        begin, sent = time.monotonic(), 0
        for moment in moments:
            await asyncio.sleep(max(0.0, begin + moment - time.monotonic()))
            self._floor.trigger(sent % len(self._people), payload)
            sent += 1
        await self._until(lambda: len(self._floor.taken) >= sent, None)
        if len(self._floor.taken) != sent:
            raise Broken(f"the bare WebSocket lost {sent - len(self._floor.taken)} of {sent} messages")
        return sorted(self._floor.taken)

    def _take_free(self) -> Operator:
        """In turns, so that everybody gets calls; each is in one call of a round at most."""
        operator = self._free.popleft()
        self._free.append(operator)
        return operator

    # --- what operators hear

    def _hear(self, operator: Operator, event: dict[str, Any], at: float) -> None:
        match event["type"], event.get("data"):
            case "card", {"call": {"call": id_, "caller_number": number, "customers": customers}}:
                self._card(operator, id_, number, bool(customers), at)
                self.sample = self.sample or json.dumps(event, ensure_ascii=False)
            case "contact.saved", {"call": id_}:
                call = self._by_id.get(id_)
                if call is None or call.login != operator.person.login:
                    self.strays["contacts of nobody's call"] += 1
                else:
                    call.is_saved = True
            case "agent.state", {"state": state}:
                operator.is_ready = state == "ready"
            case "refresh", {"reason": reason} if reason != "new":
                self.strays["interrupted streams"] += 1
            case "bye", _:
                self.strays["ended streams"] += 1
            case _:
                return
        self._news.set()

    def _card(self, operator: Operator, id_: str, number: str, has_customer: bool, at: float) -> None:
        call = self.calls.get(number)
        if call is None or call.login != operator.person.login or call.connected_at is None:
            self.strays["cards at the wrong place"] += 1
            return
        if not has_customer:
            self.bare_cards += 1
        call.popped_at.append(at)
        self._by_id[id_] = call

    def _is_everybody_free(self) -> bool:
        members = self._pbx.members
        return len(members) == len(self._people) and all(
            operator.is_ready and members[f"PJSIP/{operator.person.phone}"].is_free
            for operator in self._operators
        )

    async def _until(self, condition: Callable[[], bool], broken: str | None) -> None:
        """Wait some seconds; then raise ``Broken``, or let the count show what is missing."""
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                while not condition():
                    self._news.clear()
                    await _news_or_a_moment(self._news)
        except TimeoutError:
            if broken is not None:
                raise Broken(f"{broken}\n{self._house.log_tail()}") from None


async def _news_or_a_moment(news: asyncio.Event) -> None:
    """Until there is news, or a tenth of a second: the PBX's members change without any."""
    try:
        async with asyncio.timeout(0.1):
            await news.wait()
    except TimeoutError:
        return

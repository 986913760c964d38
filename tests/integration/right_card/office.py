"""The small language of these stories: people at their phones, people who call, and what is told of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import struct
import time
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcore.calls.effects import Contact
from callcore.screenpop.hub import LEFT
from callcore.store.database import Database
from callcore.testing.lab import (
    Behaviour,
    Caller,
    Phone,
    SoftCall,
    Softphone,
    Until,
)
from callcore.testing.operator import ApiOperator, Event
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.recording.capture import Link, Refused

from .building import CUSTOMERS, OPERATORS, OWN_PHONES, SEATS, OfficeStage
from .wire import Wire

NEAR_SECONDS = 1.5
"""How far callcore's clock readings may be from the wire's own, on a machine that has much to do."""
TALK_SECONDS = 2.0
"""A talk that would be missed if it were not counted: longer than ``NEAR_SECONDS``."""

_numbers = itertools.count(5000)


@dataclass(eq=False)
class Person:
    """Somebody at his desk. ``device``: the phone that he talks over."""

    login: str
    api: ApiOperator
    device: str
    soft: Softphone | None = None

    @property
    def phone(self) -> Softphone:
        assert self.soft is not None, f"{self.login}'s phone does all by itself"
        return self.soft

    def cards(self) -> list[Event]:
        return self.api.heard("card")

    async def answers(self) -> SoftCall:
        call = await self.phone.incoming()
        await call.answer()
        return call

    async def rings(self) -> None:
        """Wait until his desk shows that his phone rings."""
        await self.api.hears("call.ringing")


@dataclass(eq=False)
class Visit:
    """One call from or to outside. ``number``: as the card has to show it; ``name``: the customer's."""

    number: str | None
    name: str | None
    channel: str = ""
    """The one that the contact names: of who began the call."""
    voice: str = ""
    """The one on which the customer is heard."""
    sip: Caller | None = None

    async def hang_up(self) -> None:
        assert self.sip is not None
        await self.sip.answered()
        assert (await self.sip.hang_up()).ended_by == "caller"


class Office:
    """One story. Whoever comes in goes home at its end."""

    def __init__(self, stage: OfficeStage, apis: dict[str, ApiOperator], wire: Wire, hand: Link) -> None:
        self.stage = stage
        self.wire = wire
        self.hand = hand
        self._apis = apis
        self._people: dict[str, Person] = {}
        self._told: list[tuple[Visit, Contact]] = []
        self._cards: dict[str, list[str]] = {}
        self._known: frozenset[str] = frozenset()
        self._claimed: set[str] = set()
        self._stack = AsyncExitStack()

    @property
    def database(self) -> Database:
        assert self.stage.daemon is not None
        return self.stage.daemon.database

    async def open(self) -> None:
        self.wire.begin()
        self._known = frozenset(await self._calls())

    async def close(self) -> None:
        """Everybody goes home, however the story went."""
        with contextlib.suppress(Refused):  # there are none
            await self.act("Hangup", Channel="/.*/")
        await self._stack.aclose()
        await self.wire.quiet()
        for person in self._people.values():
            if await person.api.desk():
                await self._at_rest(person)
                await person.api.order("leave")

    # --- people

    async def sits(self, login: str, behaviour: Behaviour | None = None, *, ready: bool = True) -> Person:
        """On shift and ready. With a behaviour the phone does that by itself, else its owner does."""
        _name, interface, queues = SEATS[login]
        device = interface.replace("Local/", "PJSIP/").partition("@")[0]
        person = Person(login, self._apis[login], device)
        person.api.events.clear()
        self._people[login] = person
        number = device.partition("/")[2]
        if behaviour is None:
            person.soft = await self._stack.enter_async_context(self._soft(number))
        else:
            await self.phone(number, behaviour)
        mark = self.wire.link.mark()
        await person.api.open(interface)
        if ready:
            await person.api.ready()
            for queue in queues:
                named = {"Interface": interface, "Queue": queue, "Paused": "0"}
                await self.wire.link.heard("QueueMemberPause", since=mark, **named)
        return person

    async def phone(self, number: str, behaviour: Behaviour) -> Phone:
        phone = Phone(self.stage.lab.phone_port(number), self.stage.folder / "sip", behaviour)
        return await self._stack.enter_async_context(phone)

    async def soft(self, number: str) -> Softphone:
        """A phone whose owner does all that people do, and sits at no desk."""
        return await self._stack.enter_async_context(self._soft(number))

    def _soft(self, number: str) -> Softphone:
        return Softphone(number, self.stage.lab.phone_port(number), self.stage.lab.sip_port)

    async def customer(self, behaviour: Behaviour) -> Visit:
        """Somebody whom the office may call; ``dialled`` then."""
        phone = Phone(self.stage.carrier_port, self.stage.folder / "sip", behaviour)
        await self._stack.enter_async_context(phone)
        number = f"+7900000{next(_numbers)}"
        return Visit(number, CUSTOMERS[number])

    async def dials(self, person: Person, visit: Visit) -> SoftCall:
        """The person dials the customer as people do: with an 8."""
        assert visit.number is not None
        mark = self.wire.link.mark()
        call = await person.phone.dial("8" + visit.number.removeprefix("+7"))
        visit.channel = await self.wire.channel(person.device, mark)
        visit.voice = await self.wire.channel("PJSIP/carrier", mark)
        return call

    async def places(self, person: Person, visit: Visit) -> None:
        """A program rings the person first, and dials the customer for him when he answers."""
        number = "8" + str(visit.number).removeprefix("+7")
        context = {"Context": "phones", "Exten": number, "Priority": "1", "CallerID": number}
        await self.act("Originate", Channel=person.device, Async="true", **context)

    async def finds(self, visit: Visit, person: Person) -> None:
        """Wait until the customer is rung in the name of the person."""
        visit.channel = await self.wire.channel(f"{person.device}-", self.wire.mark)
        visit.voice = await self.wire.channel("PJSIP/carrier", self.wire.mark)

    async def customer_hangs_up(self, visit: Visit) -> None:
        await self.act("Hangup", Channel=self.name_of(visit), Cause="16")

    # --- callers

    async def call(self, dialled: str, *, number: str = "", steps: Collection[Any] = (Until(),)) -> Visit:
        """A customer calls and waits in whatever he reaches."""
        number = number or f"+7900000{next(_numbers)}"
        sip = self._caller(dialled, number=number.removeprefix("+"), steps=tuple(steps))
        return await self._come(sip, Visit(number, CUSTOMERS[number], sip=sip))

    async def calls_in_one_second(self, *dialled: str) -> list[Visit]:
        numbers = [f"+7900000{next(_numbers)}" for _ in dialled]
        visits = [Visit(number, CUSTOMERS[number]) for number in numbers]
        for visit, to in zip(visits, dialled, strict=True):
            visit.sip = self._caller(to, number=str(visit.number).removeprefix("+"), steps=(Until(),))
        sips = [visit.sip for visit in visits if visit.sip is not None]
        await asyncio.gather(*(self._stack.enter_async_context(sip) for sip in sips))
        for visit in visits:
            await self._find(visit, CallerIDNum=str(visit.number).removeprefix("+"))
        return visits

    async def call_as(self, dialled: str, shown: str | None, **how: str) -> Visit:
        """Somebody who is no customer, or whose number is written oddly; ``shown``: as the card has to."""
        if how:
            sip = self._caller(dialled, steps=(Until(),), **how)
        else:
            folder = self.stage.folder / "sip"
            sip = Caller.anonymous(self.stage.lab.sip_port, folder, dialled=dialled, steps=(Until(),))
        return await self._come(sip, Visit(shown, CUSTOMERS.get(shown or ""), sip=sip))

    def _caller(self, dialled: str, **how: Any) -> Caller:
        return Caller(self.stage.lab.sip_port, self.stage.folder / "sip", dialled=dialled, **how)

    async def _come(self, sip: Caller, visit: Visit) -> Visit:
        await self._stack.enter_async_context(sip)
        await self._find(visit)
        return visit

    async def _find(self, visit: Visit, **wanted: str) -> None:
        def found() -> list[str]:
            rows = self.wire.link.find("Newchannel", self.wire.mark, {"Channel": "PJSIP/trunk-*", **wanted})
            return [str(row["uniqueid"]) for row in rows if row["uniqueid"] not in self._claimed]

        await self.wire.link.until(lambda: bool(found()), "the caller has come")
        visit.channel = visit.voice = found()[0]
        self._claimed.add(visit.channel)

    # --- what happens on the wire

    async def talk(self, visit: Visit, *people: Person, seconds: float = TALK_SECONDS) -> None:
        """Wait until these people hear him, and have talked so long with him."""
        devices = {person.device for person in people}
        await self.wire.hear_now(visit.voice, *devices)
        [*_, (since, _)] = self.wire.together(visit.voice, devices)
        await asyncio.sleep(max(0.0, since + seconds - time.time()))

    def channel_of(self, person: Person) -> str:
        """Name of the person's newest channel."""
        rows = self.wire.link.find("Newchannel", self.wire.mark, {"Channel": f"{person.device}-*"})
        return str(rows[-1]["channel"])

    def name_of(self, visit: Visit) -> str:
        return self.wire.name(visit.voice)

    async def heard(self, event: str, times: int = 1, **wanted: str) -> None:
        await self.wire.link.heard(event, times, self.wire.mark, **wanted)

    async def act(self, name: str, /, **headers: str) -> None:
        """By a program, over AMI."""
        await self.hand.act(name, **headers)

    async def speaks(self, person: Person) -> None:
        """Half a second of sound from his phone; otherwise there is none on any line."""
        channel = self.channel_of(person)
        answer = await self.hand.act("Getvar", Channel=channel, Variable="CHANNEL(rtp,src)")
        host, _, port = str(answer["value"]).rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(25):
                header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 1)
                sender.sendto(header + b"\xff" * 160, (host, int(port)))
                await asyncio.sleep(0.02)

    async def rings_at(self, person: Person) -> None:
        """Wait until his phone rings, whatever his desk shows."""
        await self.heard("Newstate", Channel=f"{person.device}-*", ChannelStateDesc="Ringing")

    async def consulted(self, person: Person) -> None:
        """Wait until somebody talks with him."""
        await self.heard("BridgeEnter", Channel=f"{person.device}-*")

    # --- what is told afterwards

    async def told(
        self,
        visit: Visit,
        *cards: Person,
        by: Person | None = None,
        outcome: str = "answered",
        end_reason: str = "completed",
        direction: str = "inbound",
        queue: str | None = None,
        early: Collection[Person] = (),
    ) -> Contact:
        """The visit's one contact says this, and these people had his card, each once, as they heard him;
        ``early``: before they did, since they were asked about him."""
        contact = await self._contact(visit)
        self._told.append((visit, contact))
        found = (contact.outcome, contact.end_reason, contact.direction, contact.queue, contact.answered_by)
        expected = (outcome, end_reason, direction, queue, by.login if by else None)
        assert found == expected, f"{found}, not {expected}: {contact.operators}"
        assert contact.caller_number == visit.number
        known = [c.name for c in await self.database.customers.find_by_number(visit.number or "-")]
        assert known == ([visit.name] if visit.name else [])
        assert (contact.customer is not None) == (visit.name is not None)
        self._assert_talk(visit, contact)
        for person in cards:
            self._cards.setdefault(person.login, []).append(contact.call)
            await self._assert_card(person, visit, contact, is_early=person in early)
        return contact

    async def _contact(self, visit: Visit) -> Contact:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                of_visit = [c for c in await self._contacts() if c.channel == visit.channel]
                if of_visit:
                    [contact] = of_visit
                    return contact
                await asyncio.sleep(0.05)  # the database does not call us

    def _assert_talk(self, visit: Visit, contact: Contact) -> None:
        spans = self.wire.together(visit.voice, OPERATORS)
        seconds = sum(end - begin for begin, end in spans)
        assert abs(contact.talk_ms / 1000 - seconds) <= NEAR_SECONDS, (contact.talk_ms, spans)
        assert (contact.talk_ms > 0) == bool(spans)

    async def _assert_card(self, person: Person, visit: Visit, contact: Contact, *, is_early: bool) -> None:
        card = await person.api.hears("card", lambda event: event["data"]["call"]["call"] == contact.call)
        view = card["data"]["call"]
        assert view["caller_number"] == visit.number
        if not view["customers_known"]:
            update = await person.api.hears("card.updated", lambda e: _knows(e, contact.call))
            view = update["data"]["call"]
        assert [customer["name"] for customer in view["customers"]] == ([visit.name] if visit.name else [])
        if is_early:
            return
        devices = {person.device, *OWN_PHONES.get(person.login, ())}
        began = self.wire.together(visit.voice, devices)[0][0]
        late = datetime.fromisoformat(card["at"]).timestamp() - began
        assert -0.2 <= late <= NEAR_SECONDS, f"{person.login}'s card came {late:.2f} s after he heard him"

    def rang_anew(self, person: Person, call: str) -> None:
        """A queue may ring him more than once, until somebody takes it: a card for each of his rings."""
        rings = person.api.heard("call.ringing")
        self._cards[person.login] = [call for ring in rings if ring["data"]["call"]["call"] == call]

    async def nothing_else(self) -> None:
        """Everybody has hung up and leaves: there are no other contacts, and nobody had another card."""
        await self.wire.quiet()
        daemon = self.stage.daemon
        assert daemon is not None
        tracker = daemon.floor.tracker
        async with asyncio.timeout(PATIENCE_SECONDS):
            while tracker.calls or tracker.mirror.channels or tracker.legs:  # noqa: ASYNC110 - it does not tell
                await asyncio.sleep(0.02)
        await daemon.records.drain()
        for person in self._people.values():
            await self._at_rest(person)
            await person.api.order("leave")
            await person.api.hears(LEFT)  # whatever was on its way to him has come before
        contacts = await self._contacts()
        assert sorted(c.call for c in contacts) == sorted(c.call for _visit, c in self._told), contacts
        popped = {
            login: [card["data"]["call"]["call"] for card in person.cards()]
            for login, person in self._people.items()
        }
        assert popped == {login: self._cards.get(login, []) for login in self._people}, popped

    async def _at_rest(self, person: Person) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await person.api.desk())["state"] in ("ringing", "talking"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def _contacts(self) -> list[Contact]:
        found = [await self.database.contacts.get(call) for call in await self._calls()]
        return [c for c in found if c is not None and c.call not in self._known]

    async def _calls(self) -> list[Any]:
        async with self.database.read() as connection:
            result = await connection.exec_driver_sql("SELECT call FROM contacts ORDER BY started_at")
            return [row[0] for row in result]


def _knows(event: Event, call: str) -> bool:
    data = event["data"]
    view = data.get("call")
    return isinstance(view, dict) and view["call"] == call and view["customers_known"]

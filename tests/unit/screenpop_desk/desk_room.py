"""A room with real desks: tracker, floor, hub, records and a SQLite file. The PBX is told by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from callcore.assembly import wiring
from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules
from callcore.calls.tracker import Tracker
from callcore.crm.customers import CustomerBase
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    Customer,
    CustomerId,
    Direction,
    EndReason,
    Interface,
    Login,
    Outage,
    Outcome,
    PbxName,
    QueueName,
    Source,
    Text,
    TopicCode,
)
from callcore.floor.floor import Floor
from callcore.floor.lookups import Found
from callcore.floor.people import People
from callcore.floor.records import Records
from callcore.rights import Role
from callcore.screenpop.card import Desk, Entry, PastContact, Tab
from callcore.screenpop.cardfill import CardSource
from callcore.screenpop.cardnews import CardNews
from callcore.screenpop.desks import Desks
from callcore.screenpop.draftbook import DraftBook
from callcore.screenpop.hub import Event, Hub, HubCallbacks, Subscription
from callcore.screenpop.missedbook import MissedBook
from callcore.screenpop.shelf import Shelf
from callcore.store.contacts import ContactLine
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import StoreUnavailable
from callcore.store.missed_pops import MissedPops
from callcore.testing.patience import PATIENCE_SECONDS

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANNA, BORIS = Login("anna"), Login("boris")
PHONE, OTHER_PHONE = Interface("PJSIP/101"), Interface("PJSIP/102")
MAIN, SECOND = PbxName("main"), PbxName("second")
FINANCE = QueueName("finance")
BALANCE, CHARGES = TopicCode("finance.balance"), TopicCode("finance.charges")
NUMBER = "+79161234567"
WRAP_UP = timedelta(seconds=30)

T = TypeVar("T")


class Held:
    """An answer of the database that is on its way for as long as the test wants."""

    def __init__(self) -> None:
        self.is_there = asyncio.Event()
        self._may_go = asyncio.Event()

    async def pass_by(self) -> None:
        self.is_there.set()
        await self._may_go.wait()

    def release(self) -> None:
        self._may_go.set()


class SlowShelf(Shelf):
    """The real shelf; its answers can be held back, and its questions fail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.broken: set[str] = set()
        self._held: defaultdict[str, deque[Held]] = defaultdict(deque)

    def hold(self, what: str) -> Held:
        """The answer to the next question of this kind."""
        held = Held()
        self._held[what].append(held)
        return held

    async def _answered(self, what: str, ask: Callable[[], Any]) -> Any:
        if what in self.broken:
            raise StoreUnavailable("the database is locked")
        held = self._held[what].popleft() if self._held[what] else None
        answer = await ask()
        if held is not None:
            await held.pass_by()
        return answer

    async def save(self, *args: Any, **more: Any) -> int | None:
        found: int | None = await self._answered("save", lambda: Shelf.save(self, *args, **more))
        return found

    async def line(self, call: CallId, login: Login) -> ContactLine | None:
        found: ContactLine | None = await self._answered("line", lambda: Shelf.line(self, call, login))
        return found

    async def written(self, call: CallId, login: Login) -> tuple[Entry, ...]:
        found: tuple[Entry, ...] = await self._answered("written", lambda: Shelf.written(self, call, login))
        return found

    async def customer(self, customer: CustomerId) -> Customer | None:
        found: Customer | None = await self._answered("customer", lambda: Shelf.customer(self, customer))
        return found

    async def history(self, *args: Any) -> tuple[PastContact, ...]:
        found: tuple[PastContact, ...] = await self._answered("history", lambda: Shelf.history(self, *args))
        return found

    async def today(self, login: Login, now: datetime) -> Any:
        return await self._answered("today", lambda: Shelf.today(self, login, now))


@dataclass
class Room:
    """``now`` stands still until the test moves it; timers of the floor find nothing due meanwhile."""

    db: Database
    wrap_up: timedelta = WRAP_UP
    time: datetime = T0
    to_pbx: list[do.Effect] = field(default_factory=list)
    outages: tuple[Outage, ...] = ()
    """At whatever address."""
    source: CardSource | None = None
    """Fills the cards; nobody for most tests."""
    news: CardNews = field(default_factory=CardNews)

    def __post_init__(self) -> None:
        self.seconds = 0.0
        self.hub = Hub("epoch", lambda: self.seconds)
        self.people = People(self.db.users, (MAIN, SECOND))
        self.shelf = SlowShelf(
            self.db.contacts,
            self.db.interactions,
            self.db.customers,
            self.db.shifts,
            names=lambda: self.people.names(self.now()),
            zone=ZoneInfo("Europe/Moscow"),
            timeline=self.db.timeline,
            favourites=self.db.favourites,
        )
        self.drafts = DraftBook(self.db.drafts, pause_seconds=0)
        self.missed = MissedBook(MissedPops(self.db))
        self.desks = Desks(
            self.hub,
            self.shelf,
            take=lambda fact: self.floor.take(fact),
            seat=self.people.seat,
            topics=lambda: frozenset({BALANCE, CHARGES}),
            now=self.now,
            wrap_up=self.wrap_up,
            missed=self.missed,
            source=self.source,
            news=self.news,
            drafts=self.drafts,
        )
        self.hub.callbacks = HubCallbacks(opened=self.desks.desk_opened, closed=self.desks.desk_closed)
        base = CustomerBase(self.db.customers)

        async def lookup(number: str) -> Found:
            return Found(await base.lookup(number), self.outages)

        self.records = Records(
            self.db.calls, self.db.contacts, lookup, lambda fact: self.floor.take(fact), self._logged
        )
        ids = (CallId(f"call{n}") for n in itertools.count(1))
        self.tracker = Tracker(
            mint=lambda _now: next(ids),
            canonical=lambda number: number,
            rules=AgentRules(wrap_up=self.wrap_up),
        )
        carriers = wiring.carriers(self.desks.carry, self._to_pbx, self.records.carry)
        self.floor = Floor(self.tracker, self, carriers)

    async def close(self) -> None:
        self.floor.stop()
        await self.records.drain()
        await self.desks.idle()
        await self.desks.close()

    def now(self) -> datetime:
        return self.time

    def moment(self) -> float:
        return 0.0

    def at(self, moment: float) -> datetime:
        return self.time + timedelta(seconds=moment)

    def later(self, seconds: float) -> None:
        """Time goes on, and what was due until then has happened."""
        self.time += timedelta(seconds=seconds)
        self.floor._strike()

    def unconfirmed(self) -> None:
        """The time of every card that was popped so far is up."""
        self.seconds += self.hub.limits.confirm_seconds
        self.hub.expire()

    async def written(self) -> None:
        """Everything on missed cards, and what was typed, is in the database."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.missed.is_writing or self.drafts.is_writing:  # noqa: ASYNC110 - books have no bell
                await asyncio.sleep(0)

    def _to_pbx(self, effect: do.Effect) -> None:
        self.to_pbx.append(effect)

    async def _logged(self, contact: do.Contact) -> None:
        await self.desks.contact_logged(contact)

    # --- people

    async def hire(self, login: Login, *phones: Interface) -> None:
        await self.db.users.add(
            login,
            login.title(),
            Role.operator,
            "$argon2id$",
            at=T0,
            interfaces=phones or (PHONE, OTHER_PHONE),
            queues=(FINANCE,),
        )

    async def on_shift(self, login: Login = ANNA, phone: Interface = PHONE) -> Subscription:
        """Hired, at his desk with a page open, and ready; gives what the page hears."""
        await self.hire(login)
        page = self.page(login)
        await self.desks.open(login, phone)
        self.desks.ready(login)
        return page

    def page(self, login: Login = ANNA) -> Subscription:
        return self.hub.connect(login, None, None, self.time)

    def desk(self, login: Login = ANNA) -> Desk:
        desk = self.desks.view(login)
        assert desk is not None
        return desk

    def tab(self, call: str = "call1", login: Login = ANNA) -> Tab:
        tab = self.desk(login).tab(CallId(call))
        assert tab is not None
        return tab

    async def know(self, *names: str) -> tuple[CustomerId, ...]:
        """Customers who all have ``NUMBER``; their ids."""
        new = (NewCustomer(contract=f"K-{name}", name=name, numbers=(NUMBER,)) for name in names)
        await self.db.customers.add_many(new)
        ids = {c.name: c.id for c in await self.db.customers.find_by_number(NUMBER)}
        return tuple(ids[name] for name in names)

    # --- the PBX

    def arrives(self, caller: str = "c", number: str | None = NUMBER) -> None:
        """A caller comes into the queue."""
        self.tell(
            f.ChannelCreated(ref(caller), f"PJSIP/trunk-{caller}", caller, number, None, "500100", "in"),
            f.CallEntered(ref(caller), number, None, "500100"),
            f.RouteChosen(ref(caller), BALANCE, "finance", FINANCE, "queue", Text("потому", "because")),
            f.IvrLeft(ref(caller), hung_up=False),
            f.QueueJoined(ref(caller), FINANCE, 1, number, None),
        )

    def rings(self, caller: str = "c", phone: Interface = PHONE) -> None:
        leg = f"{caller}-leg"
        self.tell(
            f.ChannelCreated(ref(leg), f"{phone}-{leg}", leg, None, None, None, "in"),
            f.AgentCalled(ref(caller), FINANCE, phone, ref(leg)),
        )

    def answers(self, caller: str = "c", phone: Interface = PHONE) -> None:
        leg = f"{caller}-leg"
        self.tell(
            f.ChannelAnswered(ref(leg)),
            f.QueueLeft(ref(caller), FINANCE),
            f.AgentConnected(ref(caller), FINANCE, phone, ref(leg), 12, 3),
            f.BridgeEntered(ref(leg), f"bridge-{caller}"),
            f.BridgeEntered(ref(caller), f"bridge-{caller}"),
        )

    def ends(self, caller: str = "c") -> None:
        leg = f"{caller}-leg"
        self.tell(
            f.BridgeLeft(ref(caller), f"bridge-{caller}"),
            f.BridgeLeft(ref(leg), f"bridge-{caller}"),
            f.ChannelHungUp(ref(leg), 16),
            f.ChannelHungUp(ref(caller), 16),
        )

    def talks(self, caller: str = "c", phone: Interface = PHONE, number: str | None = NUMBER) -> None:
        self.arrives(caller, number)
        self.rings(caller, phone)
        self.answers(caller, phone)

    def tell(self, *facts: f.Fact) -> None:
        for fact in facts:
            self.floor.take(fact)

    async def talked(self, page: Subscription, caller: str = "c", call: str = "call1") -> None:
        """A whole talk; its contact is stored and stands in today's list."""
        self.talks(caller)
        await until(page, lambda: self.tab(call).view.customers_known)
        self.time += timedelta(seconds=60)
        self.ends(caller)
        await until(page, lambda: any(row.call == call for row in self.desk().today))


def ref(name: str) -> ChannelRef:
    return ChannelRef(MAIN, ChannelId(name))


async def until(page: Subscription, holds: Callable[[], bool]) -> None:
    """Hear what the page hears until it holds; every change of a desk is heard."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await page.get()


async def heard(page: Subscription, kind: str) -> Event:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (event := await page.get()).type != kind:
            pass
        return event


def some_contact(call: str, ended_at: datetime = T0, **changes: Any) -> do.Contact:
    """Anna talked a minute with ``NUMBER``; it ended then."""
    began = ended_at - timedelta(seconds=60)
    values: dict[str, Any] = {
        "call": CallId(call),
        "pbx": MAIN,
        "channel": f"{call}.1",
        "direction": Direction.inbound,
        "source": Source.live,
        "caller_number": NUMBER,
        "caller_number_raw": NUMBER,
        "caller_name": None,
        "dialed_number": "500100",
        "language": None,
        "customer": None,
        "topic": CHARGES,
        "route": None,
        "route_reason": None,
        "queue": FINANCE,
        "started_at": began,
        "queued_at": began,
        "answered_at": began,
        "ended_at": ended_at,
        "wait_ms": 0,
        "ring_ms": 0,
        "talk_ms": 60_000,
        "operators": (do.Ring(ANNA, PHONE, began, began, EndReason.completed),),
        "answered_by": ANNA,
        "end_reason": EndReason.completed,
        "hangup_cause": 16,
        "outcome": Outcome.answered,
    }
    return do.Contact(**(values | changes))

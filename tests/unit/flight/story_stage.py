"""A recorder on a stage: calls are played to it as facts, effects, frames and screens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.policy import PopMoment, PopPolicy
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
    Outcome,
    PbxName,
    QueueName,
    Source,
)
from callcore.flight.mask import Mask
from callcore.flight.recorder import LINGER, Recorder
from callcore.flight.story import Told, tell
from callcore.numbers import normalise
from callcore.store.errors import StoreUnavailable
from callcore.store.stories import StoredStory

MAIN = PbxName("main")
ANNA, BORIS = Login("anna"), Login("boris")
FINANCE = QueueName("finance")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = b"a key of the tests"

NUMBER = "+79000000123"
SPELLINGS = ("+79000000123", "89000000123", "79000000123", "8 (900) 000-01-23", "9000000123")
NAME = "Иван Петрович Сидоров"
CUSTOMER = "ООО «Ромашка»"
PRIVATE = (*SPELLINGS, NAME, "Сидоров", "Ромашка", "0000123")
"""Nothing of this may ever be read in a story."""


def canonical(raw: str | None) -> str | None:
    number = normalise(raw, "RU")
    return number.canonical if number else None


def make_mask() -> Mask:
    return Mask(KEY, canonical)


@dataclass
class Shelf:
    """Stories in a dictionary; ``is_down`` fails as a store does."""

    rows: dict[str, StoredStory] = field(default_factory=dict)
    is_down: bool = False
    has_saved: asyncio.Event = field(default_factory=asyncio.Event)

    async def save(self, story: StoredStory) -> None:
        if self.is_down:
            raise StoreUnavailable("the database is away")
        self.rows[story.call] = story
        self.has_saved.set()

    async def get(self, call: str) -> StoredStory | None:
        if self.is_down:
            raise StoreUnavailable("the database is away")
        return self.rows.get(call)

    async def latest(
        self,
        limit: int = 50,
        *,
        number: str | None = None,
        login: str | None = None,
        before: datetime | None = None,
    ) -> tuple[StoredStory, ...]:
        rows = [
            row
            for row in self.rows.values()
            if (number is None or row.number == number) and (login is None or login in row.logins)
        ]
        return tuple(sorted(rows, key=lambda row: row.began_at, reverse=True)[:limit])


class Stage:
    """Plays calls; time moves by ``later``."""

    def __init__(self, policy: PopPolicy | None = None) -> None:
        self.at = START
        self.shelf = Shelf()
        self.directions: dict[CallId, Direction] = {}
        self.recorder = Recorder(
            self.shelf,
            make_mask(),
            moment=(policy or PopPolicy()).moment,
            now=lambda: self.at,
            monotonic=lambda: (self.at - START).total_seconds() + 1000.0,
            direction=self.directions.get,
        )

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def take(self, fact: f.Fact, *effects: do.Effect) -> None:
        """One fact and what came of it, as the floor does."""
        self.recorder.took(fact, self.at)
        for effect in effects:
            self.recorder.gave(effect, self.at)

    def hear(self, event: str, **headers: str) -> None:
        frame = {"event": event, **headers}
        raw = "".join(f"{name}: {value}\r\n" for name, value in frame.items()).encode()
        self.recorder.heard(MAIN, frame, raw)

    def told(self, call: str = "c1") -> Told:
        story = self.recorder.story(CallId(call))
        assert story is not None
        return tell(story)

    async def forget(self) -> None:
        """Let the last call of the stage be written."""
        self.later(LINGER.total_seconds() + 1)
        while self.recorder._closing:
            await self.recorder._seal([self.recorder._closing.popleft()[1]])
        await self.recorder.outbox.write()

    # --- scenes

    def comes_in(self, call: str = "c1", channel: str = "1700000000.1", number: str = NUMBER) -> ChannelRef:
        """Somebody calls in, is asked for a topic, and waits in the queue."""
        ref = ChannelRef(MAIN, ChannelId(channel))
        self.hear(
            "Newchannel",
            uniqueid=channel,
            linkedid=channel,
            channel="PJSIP/trunk-0000000a",
            calleridnum=SPELLINGS[1],
            calleridname=NAME,
            connectedlinename="<unknown>",
            exten="74950000002",
        )
        self.take(
            f.ChannelCreated(ref, "PJSIP/trunk-0000000a", channel, SPELLINGS[1], NAME, "74950000002", "in")
        )
        self.recorder.agi(ref, 'GET VARIABLE "CALLERID(name)"', is_ours=True)
        self.recorder.agi(ref, f"200 result=1 ({NAME})", is_ours=False)
        self.take(
            f.CallEntered(ref, number, NAME, "74950000002"),
            do.RememberCall(f"{call}:remember", CallId(call), ref, self.at),
            do.LookUpCustomers(f"{call}:lookup", CallId(call), NUMBER),
        )
        customer = Customer(CustomerId(7), CUSTOMER, "C-7", numbers=(NUMBER,))
        self.later(0.1)
        self.take(f.CustomersFound(CallId(call), (customer,)))
        self.later(4)
        self.take(f.QueueJoined(ref, FINANCE, 1, NUMBER, NAME))
        return ref

    def view(self, call: str = "c1", direction: Direction = Direction.inbound) -> do.CallView:
        customer = Customer(CustomerId(7), CUSTOMER, "C-7", numbers=(NUMBER,))
        return do.CallView(
            CallId(call), NUMBER, NAME, None, None, FINANCE, None, (customer,), True, False, None, None,
            direction=direction,
        )  # fmt: skip

    def rings(self, ref: ChannelRef, login: Login | None, phone: str, call: str = "c1") -> ChannelRef:
        """A member's phone rings; nobody may be on shift with it."""
        leg = ChannelRef(MAIN, ChannelId(f"{ref.id}9"))
        self.later(0.5)
        shown = [do.ShowRinging(f"{call}:ring:{phone}", login, self.view(call))] if login else []
        self.take(f.AgentCalled(ref, FINANCE, Interface(phone), leg), *shown)
        self.hear("AgentCalled", uniqueid=ref.id, destuniqueid=leg.id, interface=phone, calleridnum=NUMBER)
        return leg

    def answers(
        self, ref: ChannelRef, leg: ChannelRef, login: Login, *more: do.Effect, call: str = "c1"
    ) -> None:
        self.later(3)
        target = do.Party("PJSIP/101-0000000b", "101")
        self.take(
            f.AgentConnected(ref, FINANCE, Interface("PJSIP/101"), leg, 3, 3),
            do.HideRinging(f"{call}:hide:{login}", login, CallId(call), EndReason.completed),
            do.TellStep(f"{call}:answered", CallId(call), self.at, do.StepEvent.answered, targets=(target,)),
            *more,
        )

    def ends(self, ref: ChannelRef, call: str = "c1", **contact: Any) -> None:
        self.later(60)
        self.take(
            f.ChannelHungUp(ref, 16),
            do.TellStep(
                f"{call}:ended", CallId(call), self.at, do.StepEvent.ended, reason=EndReason.completed
            ),
            do.LogContact(f"{call}:contact", self.contact(ref, call, **contact)),
        )

    def contact(self, ref: ChannelRef, call: str = "c1", **changes: Any) -> do.Contact:
        values: dict[str, Any] = {
            "call": CallId(call),
            "pbx": MAIN,
            "channel": ref.id,
            "direction": Direction.inbound,
            "source": Source.live,
            "caller_number": NUMBER,
            "caller_number_raw": SPELLINGS[1],
            "caller_name": NAME,
            "dialed_number": "74950000002",
            "language": None,
            "customer": 7,
            "topic": None,
            "route": None,
            "route_reason": None,
            "queue": FINANCE,
            "started_at": START,
            "queued_at": START,
            "answered_at": None,
            "ended_at": self.at,
            "wait_ms": 0,
            "ring_ms": 0,
            "talk_ms": 60_000,
            "operators": (),
            "answered_by": ANNA,
            "end_reason": EndReason.completed,
            "hangup_cause": 16,
            "outcome": Outcome.answered,
        } | changes
        return do.Contact(**values)


def pop(stage: Stage, login: Login = ANNA, call: str = "c1") -> do.PopCard:
    return do.PopCard(f"{call}:pop:{login}", login, stage.view(call))


def codes(told: Told) -> Sequence[str]:
    return [verdict.code for verdict in told.verdicts]


def first(told: Told) -> tuple[str, str]:
    text = told.verdicts[0].text
    return text.ru, text.en


BUTTON = PopPolicy(queues={FINANCE: PopMoment.button})
NEVER = PopPolicy(queues={FINANCE: PopMoment.never})

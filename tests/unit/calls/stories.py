"""A small language for telling what happens on a PBX and at the desks, and for reading what comes of it.

Every method that tells something feeds the tracker facts in the order in which Asterisk sends them, and
returns the effects. Moments are seconds since the story began; deadlines on the way strike by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import Agent, AgentRules
from callcore.calls.mirror import Channel
from callcore.calls.policy import PopPolicy
from callcore.calls.tracker import Tracker
from callcore.domain import (
    AgentState,
    CallId,
    ChannelId,
    ChannelRef,
    Customer,
    CustomerId,
    Direction,
    Interface,
    Login,
    NodeCode,
    Outage,
    OutageId,
    OutageKind,
    OutageState,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PBX = PbxName("main")
FINANCE = QueueName("finance")
EXPERT = QueueName("expert")
ANNA, BORIS, VERA = Login("anna"), Login("boris"), Login("vera")
PHONES = {
    ANNA: Interface("PJSIP/101"),
    BORIS: Interface("PJSIP/102"),
    VERA: Interface("Local/103@agents/n"),
}
NUMBER = "+79161234567"
IVAN = Customer(CustomerId(7), "Иван Петров", "К-100")
MARIA = Customer(CustomerId(8), "Мария Петрова", "К-101")
BLACKOUT = Outage(
    OutageId(1),
    "2026-117",
    1,
    "anna",
    OutageKind.emergency,
    OutageState.confirmed,
    Text("авария", "a fault"),
    START,
    None,
    None,
    (NodeCode("F-12"),),
    START,
    START,
)
RULES = AgentRules()
AT_ANSWER = PopPolicy()

E = TypeVar("E")


def ref(name: str) -> ChannelRef:
    """A channel by the short name that a story gives it."""
    return ChannelRef(PBX, ChannelId(name))


def second(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def canonical(number: str | None) -> str | None:
    return number if number and number.startswith("+") else None


def call_id(nth: int) -> CallId:
    """Id of the nth call that a story begins."""
    return CallId(f"call{nth}")


def make_tracker(rules: AgentRules = RULES, *, first: int = 1, policy: PopPolicy = AT_ANSWER) -> Tracker:
    """``first``: number of its first call; no life of the daemon repeats the ids of another."""
    ids = iter(range(first, 1_000_000))
    return Tracker(mint=lambda _now: call_id(next(ids)), canonical=canonical, rules=rules, policy=policy)


@dataclass
class Story:
    rules: AgentRules = RULES
    policy: PopPolicy = AT_ANSWER
    tracker: Tracker = field(init=False)
    now: datetime = START
    facts: list[tuple[datetime, f.Fact]] = field(default_factory=list)
    lists: list[tuple[do.Effect, ...]] = field(default_factory=list)
    """What each fact and each stroke of the clock gave, but for steps."""
    tellings: list[do.TellStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tracker = make_tracker(self.rules, policy=self.policy)

    # --- telling

    def at(self, seconds: float) -> Self:
        """Time goes on to this second; whatever is due until then happens at its own moment."""
        moment = second(seconds)
        assert moment >= self.now
        while (due := self.tracker.next_deadline()) is not None and due <= moment:
            self.now = max(self.now, due)
            self._note(self.tracker.handle_timeout(self.now))
        self.now = moment
        return self

    def tell(self, *facts: f.Fact) -> list[do.Effect]:
        told: list[do.Effect] = []
        for fact in facts:
            self.facts.append((self.now, fact))
            told += self._note(self.tracker.handle(fact, self.now))
        return told

    def _note(self, effects: list[do.Effect]) -> tuple[do.Effect, ...]:
        """Steps are told apart from what is to be done."""
        self.tellings += [effect for effect in effects if isinstance(effect, do.TellStep)]
        rest = tuple(effect for effect in effects if not isinstance(effect, do.TellStep))
        self.lists.append(rest)
        return rest

    def on_shift(self, *logins: Login, queues: tuple[QueueName, ...] = (FINANCE, EXPERT)) -> Story:
        """They sit at their desks, and are ready."""
        for login in logins:
            self.tell(f.DeskOpened(login), sign_in(login, queues), f.AgentBecameReady(login))
        return self

    def arrives(self, caller: str, number: str | None = NUMBER, name: str = "") -> list[do.Effect]:
        """A call rings on the trunk and enters the IVR."""
        return self.tell(
            created(caller, name or f"PJSIP/trunk-{caller}", number),
            f.ChannelAnswered(ref(caller)),
            entered(caller, number),
        )

    def chooses(self, caller: str, queue: QueueName = FINANCE) -> list[do.Effect]:
        """He chooses a topic, the tables send him to a queue, the IVR hands him over."""
        return self.tell(
            f.LanguageChosen(ref(caller), "ru"),
            routed(caller, queue),
            f.IvrLeft(ref(caller), hung_up=False),
        )

    def waits(self, caller: str, queue: QueueName = FINANCE, number: str | None = NUMBER) -> list[do.Effect]:
        return self.tell(joined(caller, queue, number))

    def comes_to_queue(self, caller: str, queue: QueueName = FINANCE) -> list[do.Effect]:
        """The whole way from the trunk into a queue."""
        return [*self.arrives(caller), *self.chooses(caller, queue), *self.waits(caller, queue)]

    def found(
        self, nth: int, *customers: Customer, failed: bool = False, outages: tuple[Outage, ...] = ()
    ) -> list[do.Effect]:
        return self.tell(f.CustomersFound(call_id(nth), customers, failed, outages))

    def rings(self, caller: str, login: Login, leg: str, queue: QueueName = FINANCE) -> list[do.Effect]:
        phone = PHONES[login]
        return self.tell(
            created(leg, f"{phone}-{leg}", linked=caller),
            f.AgentCalled(ref(caller), queue, phone, ref(leg)),
            f.DialBegan(ref(caller), ref(leg), f"{phone}-{leg}"),
        )

    def answers(self, caller: str, login: Login, leg: str, queue: QueueName = FINANCE) -> list[do.Effect]:
        return self.tell(
            f.ChannelAnswered(ref(leg)),
            f.QueueLeft(ref(caller), queue),
            connected(caller, login, leg, queue),
            f.BridgeEntered(ref(leg), f"bridge-{caller}"),
            f.BridgeEntered(ref(caller), f"bridge-{caller}"),
        )

    def misses(self, caller: str, login: Login, queue: QueueName = FINANCE) -> list[do.Effect]:
        """The queue's own word for a ring that nobody took."""
        return self.tell(f.AgentDidNotAnswer(ref(caller), queue, PHONES[login], 15000))

    def leaves_bridge(self, channel: str, caller: str) -> list[do.Effect]:
        return self.tell(f.BridgeLeft(ref(channel), f"bridge-{caller}"))

    def hangs_up(self, channel: str, cause: int | None = 16) -> list[do.Effect]:
        return self.tell(f.ChannelHungUp(ref(channel), cause))

    def talk_ends(self, caller: str, leg: str) -> list[do.Effect]:
        """The caller hangs up, the operator's leg follows."""
        return [
            *self.leaves_bridge(caller, caller),
            *self.leaves_bridge(leg, caller),
            *self.hangs_up(leg),
            *self.hangs_up(caller),
        ]

    def abandons(self, caller: str, queue: QueueName = FINANCE) -> list[do.Effect]:
        """He hangs up while he waits; whoever's phone rings, its hang-up is told apart."""
        return self.tell(f.QueueAbandoned(ref(caller), queue), f.QueueLeft(ref(caller), queue))

    def reconnects(self, epoch: int = 2, **rows: tuple[object, ...]) -> list[do.Effect]:
        """The link was lost and is back; the Snapshot tells what lives."""
        return self.tell(f.LinkUp(PBX, epoch), snapshot(epoch, **rows))

    # --- reading

    @property
    def effects(self) -> list[do.Effect]:
        return [effect for effects in self.lists for effect in effects]

    def all(self, kind: type[E]) -> list[E]:
        return [effect for effect in (*self.effects, *self.tellings) if isinstance(effect, kind)]

    @property
    def contacts(self) -> list[do.Contact]:
        return [effect.contact for effect in self.all(do.LogContact)]

    @property
    def contact(self) -> do.Contact:
        (contact,) = self.contacts
        return contact

    @property
    def pops(self) -> list[tuple[Login, CallId]]:
        return [(pop.login, pop.view.call) for pop in self.all(do.PopCard)]

    def agent(self, login: Login) -> Agent:
        return self.tracker.agents[login]

    def state(self, login: Login) -> AgentState:
        return self.agent(login).state

    def is_paused_in_queue(self, login: Login) -> bool | None:
        """What the queues were told last of this operator's member."""
        told = [e.paused for e in self.all(do.PauseMember) if e.interface == PHONES[login]]
        return told[-1] if told else None


# --- beginnings of several stories


def talking(rules: AgentRules = RULES) -> Story:
    """Anna talks with the first caller since second 5."""
    story = Story(rules).on_shift(ANNA)
    story.comes_to_queue("c")
    story.found(1)
    story.at(3).rings("c", ANNA, "a")
    story.at(5).answers("c", ANNA, "a")
    return story


def wrapping_up(rules: AgentRules = RULES) -> Story:
    """Anna's talk ended at second 20."""
    story = talking(rules)
    story.at(20).talk_ends("c", "a")
    return story


# --- facts, short


def created(name: str, full: str, number: str | None = None, *, linked: str = "") -> f.ChannelCreated:
    return f.ChannelCreated(ref(name), full, linked or name, number, None, "500100", "from-trunk")


def entered(caller: str, number: str | None = NUMBER) -> f.CallEntered:
    return f.CallEntered(ref(caller), number, None, "500100")


def joined(caller: str, queue: QueueName = FINANCE, number: str | None = NUMBER) -> f.QueueJoined:
    return f.QueueJoined(ref(caller), queue, 1, number, None)


def routed(caller: str, queue: QueueName | None = FINANCE) -> f.RouteChosen:
    topic = TopicCode("finance.balance")
    return f.RouteChosen(ref(caller), topic, "finance", queue, f"{topic}/queue", Text("потому", "because"))


def placed(story: Story, name: str, carrier: str = "PJSIP/carrier") -> list[do.Effect]:
    """callcore rings ``NUMBER``: ``name`` is the half that the script will speak on, then comes the one that
    dials, and the leg to the carrier."""
    local = f"Local/{NUMBER[1:]}@callcore-dial-0000001a"
    halves = ((name, f"{local};1", "callcore-campaign"), (f"{name}2", f"{local};2", "callcore-dial"))
    made = [f.ChannelCreated(ref(half), full, name, None, None, None, where) for half, full, where in halves]
    leg = f.ChannelCreated(ref(f"{name}3"), f"{carrier}-0000001b", name, None, None, None, "from-trunk")
    return story.tell(*made, leg, f.DialBegan(ref(f"{name}2"), ref(f"{name}3"), f"{carrier}-0000001b"))


def wants_operator(caller: str) -> f.CallEntered:
    """Who was rung pressed 0."""
    return f.CallEntered(ref(caller), NUMBER, None, None, Direction.outbound)


def connected(caller: str, login: Login, leg: str | None, queue: QueueName = FINANCE) -> f.AgentConnected:
    return f.AgentConnected(ref(caller), queue, PHONES[login], ref(leg) if leg else None, 12, 3)


def sign_in(
    login: Login,
    queues: tuple[QueueName, ...] = (FINANCE, EXPERT),
    state: AgentState = AgentState.paused,
) -> f.AgentSignedIn:
    return f.AgentSignedIn(login, login.capitalize(), PBX, PHONES[login], queues, state)


def row(
    name: str,
    full: str,
    *,
    bridge: str | None = None,
    seconds: int = 20,
    call: CallId | None = None,
    topic: TopicCode | None = None,
    state: str = "Up",
    number: str | None = NUMBER,
    dialed: str | None = "500100",
    linked: str = "",
) -> f.LiveChannel:
    return f.LiveChannel(
        ref(name), full, state, number, None, dialed, bridge, seconds, call, topic, None, linked
    )


def member(login: Login, queue: QueueName = FINANCE, *, paused: bool = False) -> f.LiveMember:
    return f.LiveMember(queue, PHONES[login], paused, "", in_call=False)


def snapshot(
    epoch: int = 2,
    channels: tuple[object, ...] = (),
    entries: tuple[object, ...] = (),
    members: tuple[object, ...] = (),
    journal: tuple[object, ...] = (),
    *,
    has_journal: bool = False,
) -> f.Snapshot:
    return f.Snapshot(PBX, epoch, channels, entries, members, journal, has_journal)  # type: ignore[arg-type]


def snapshot_of(tracker: Tracker, at: datetime, epoch: int = 1, *, with_ids: bool = True) -> f.Snapshot:
    """What a PBX on which all this goes on would list, as the daemon's store completes it."""
    stored = {
        call.channel: call.id for call in tracker.calls.values() if call.is_ours and call.unlogged is None
    }
    rows = []
    for channel in tracker.mirror.channels.values():
        live = row(
            channel.ref.id,
            channel.name,
            bridge=channel.bridge,
            seconds=int((at - channel.created_at).total_seconds()),
            call=stored.get(channel.ref) if with_ids else None,
            state=_state(channel),
            number=channel.caller_number,
            dialed=channel.dialed_number,
            linked=channel.linked,
        )
        rows.append(replace(live, caller_name=channel.caller_name))
    entries = tuple(
        f.LiveEntry(call.queue, call.channel, int((at - call.queued_at).total_seconds()))
        for call in tracker.calls.values()
        if call.phase.value == "waiting" and call.queue and call.queued_at
    )
    members = tuple(
        f.LiveMember(queue, agent.interface, not agent.is_available, "", in_call=False)
        for agent in tracker.agents.values()
        for queue in agent.queues
    )
    return f.Snapshot(PBX, epoch, tuple(rows), entries, members)


def _state(channel: Channel) -> str:
    """As Status spells it: who is dialled rings, who dials hears the ringing."""
    if channel.is_up or channel.bridge is not None:
        return "Up"
    return "Ringing" if channel.dialled_by is not None else "Ring"

"""The floor's own work: order of facts, its one timer, and that nothing stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules, WrongState
from callcore.calls.tracker import Tracker, UnknownAgent
from callcore.domain import (
    AgentState,
    CallId,
    ChannelId,
    ChannelRef,
    Customer,
    CustomerId,
    Interface,
    Login,
    PauseReason,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)
from callcore.floor import floor as module
from callcore.floor.floor import Floor
from callcore.routing.situation import QueueState
from callcore.testing.patience import PATIENCE_SECONDS

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANNA = Login("anna")
MAIN = PbxName("main")
IVAN, MARIA = (Customer(CustomerId(n), name, f"K-{n}") for n, name in ((7, "Ivan"), (8, "Maria")))
Inbox = asyncio.Queue[tuple[float, f.Fact]]


@dataclass
class Stage:
    """A floor with a real tracker; ``time`` is that of the moment 0, and moves only when the test says so."""

    rules: AgentRules = field(default_factory=AgentRules)
    time: datetime = T0
    done: list[do.Effect] = field(default_factory=list)
    watched: list[f.Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids = (CallId(f"call{n}") for n in range(1, 1000))
        self.tracker = Tracker(mint=lambda _now: next(ids), canonical=lambda n: n, rules=self.rules)
        every = {kind: (self._carry,) for kind in do.Effect.__args__}
        self.floor = Floor(self.tracker, self, every, watch=self.watched.append)

    def now(self) -> datetime:
        return self.time

    def moment(self) -> float:
        return 0.0

    def at(self, moment: float) -> datetime:
        return self.time + timedelta(seconds=moment)

    def _carry(self, effect: do.Effect) -> None:
        self.done.append(effect)

    @property
    def armed(self) -> float | None:
        """In how many seconds the timer strikes."""
        timer = self.floor._timer
        return None if timer is None else timer.when() - asyncio.get_running_loop().time()

    def on_shift(self) -> None:
        self.floor.take(sign_in())
        self.floor.take(f.DeskOpened(ANNA))
        self.floor.take(f.AgentBecameReady(ANNA))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    stage.floor.stop()


def ref(name: str) -> ChannelRef:
    return ChannelRef(MAIN, ChannelId(name))


def sign_in(login: Login = ANNA) -> f.AgentSignedIn:
    return f.AgentSignedIn(login, "Anna", MAIN, Interface("PJSIP/101"), (QueueName("finance"),))


def enters(name: str) -> f.CallEntered:
    return f.CallEntered(ref(name), "+79161234567", None, "500100")


async def as_it_is(fact: f.Fact) -> f.Fact:
    return fact


@contextmanager
def consuming(floor: Floor, inbox: Inbox, enrich: module.Enrich = as_it_is) -> Iterator[None]:
    task = asyncio.create_task(floor.consume(inbox, enrich))
    try:
        yield
    finally:
        task.cancel()


async def beats(floor: Floor, number: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while floor.beat < number:  # noqa: ASYNC110 - a turn of the loop is a turn of the consumer
            await asyncio.sleep(0)


# --- facts


async def test_how_busy_the_queues_are(stage: Stage) -> None:
    """For the tables; nothing is known before the PBX has listed it, and nothing once its link is lost."""
    finance, expert = QueueName("finance"), QueueName("expert")
    phones = [Interface(f"PJSIP/10{n}") for n in (1, 2)]
    assert stage.floor.queues(MAIN) == {}
    stage.floor.take(f.Snapshot(MAIN, 1, (), (), (), queues=(finance, expert)))
    for phone in phones:
        stage.floor.take(f.MemberStatus(MAIN, finance, phone, phone == phones[0], "", in_call=False))
    for _ in range(2):
        stage.time += timedelta(seconds=10)
        stage.floor.take(f.QueueJoined(ref(f"c{stage.time:%S}"), finance, 1, None, None))
    stage.time += timedelta(seconds=30)
    assert stage.floor.queues(MAIN) == {
        finance: QueueState(signed_in=2, ready=1, waiting=2, longest_wait=timedelta(seconds=40)),
        expert: QueueState(),
    }
    assert stage.floor.queues(PbxName("second")) == {}
    stage.floor.take(f.LinkLost(MAIN))
    assert stage.floor.queues(MAIN) == {}


async def test_a_command_that_is_refused_reaches_its_operator(stage: Stage) -> None:
    with pytest.raises(UnknownAgent):
        stage.floor.take(f.AgentBecameReady(ANNA))
    stage.floor.take(sign_in())
    with pytest.raises(WrongState):
        stage.floor.take(sign_in())
    assert stage.watched == [sign_in()], "what was refused did not happen"


async def test_facts_in_order(stage: Stage) -> None:
    """Also those for which the store is asked on the way."""
    inbox: Inbox = asyncio.Queue()
    facts: list[f.Fact] = [f.ChannelAnswered(ref(f"c{n}")) for n in range(module.BATCH * 2 + 5)]
    facts[::7] = [f.Snapshot(MAIN, n, (), (), ()) for n, _ in enumerate(facts[::7])]
    for fact in facts:
        inbox.put_nowait((0.0, fact))

    async def enrich(fact: f.Fact) -> f.Fact:
        assert isinstance(fact, f.Snapshot), "nothing else waits for the store"
        await asyncio.sleep(0)
        return fact

    with consuming(stage.floor, inbox, enrich):
        await beats(stage.floor, 2)
        assert not inbox.empty(), "others get a turn between the batches"
        await beats(stage.floor, 3)
    assert stage.watched == facts


async def test_a_fact_counts_from_its_own_moment(stage: Stage) -> None:
    """One that was read late; but never before what the model has seen meanwhile."""
    inbox: Inbox = asyncio.Queue()
    for moment, name in ((-3.0, "late"), (-5.0, "later still"), (0.0, "now")):
        inbox.put_nowait((moment, enters(name)))
    with consuming(stage.floor, inbox):
        await beats(stage.floor, 1)
    began = [call.started_at for call in stage.tracker.calls.values()]
    assert began == [T0 - timedelta(seconds=3), T0 - timedelta(seconds=3), T0]


async def test_a_fact_that_breaks_the_model_is_one_fact_lost(stage: Stage) -> None:
    inbox: Inbox = asyncio.Queue()
    odd = sign_in()
    for fact in (odd, odd, enters("c")):
        inbox.put_nowait((0.0, fact))
    with consuming(stage.floor, inbox), capture_logs() as logs:
        await beats(stage.floor, 1)
    assert [(e["event"], e["fact"]) for e in logs] == [("fact_not_taken", "AgentSignedIn")]
    assert stage.watched == [odd, enters("c")]


async def test_a_carrier_that_raises() -> None:
    """The next carrier and the next effect have their turn; so has the timer."""
    done: list[str] = []

    def broken(effect: do.Effect) -> None:
        raise ValueError(effect.key)

    def works(effect: do.Effect) -> None:
        done.append(type(effect).__name__)

    stage = Stage()
    floor = Floor(stage.tracker, stage, {do.AddMember: (broken, works), do.ShowAgent: (broken, works)})
    with capture_logs() as logs:
        floor.take(sign_in())
    assert done == ["AddMember", "ShowAgent"]
    assert [e["event"] for e in logs] == ["effect_not_carried_out"] * 2
    floor.stop()


async def test_an_effect_that_nobody_carries_out() -> None:
    stage = Stage()
    Floor(stage.tracker, stage, {}).take(sign_in())
    assert stage.done == []


async def test_who_watches_and_raises_does_not_stop_the_clock() -> None:
    stage = Stage()

    def broken(_fact: f.Fact) -> None:
        raise ValueError("watching")

    stage.on_shift()
    stage.floor._watch = broken
    with pytest.raises(ValueError, match="watching"):
        stage.floor.take(f.DeskClosed(ANNA))
    assert stage.armed is not None
    stage.floor.stop()


# --- time


async def test_nothing_is_due(stage: Stage) -> None:
    stage.on_shift()
    assert stage.armed is None


async def test_an_earlier_deadline_replaces_a_later_one(stage: Stage) -> None:
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    late = stage.armed
    assert late is not None
    assert 29 < late <= 30
    seat = f.AgentSignedIn(Login("boris"), "Boris", MAIN, Interface("PJSIP/102"), (), AgentState.ready, None)
    stage.time -= timedelta(seconds=10)  # his is due 10 s earlier than hers
    stage.floor.take(seat)
    stage.time += timedelta(seconds=10)
    assert stage.floor._armed_for == T0 + timedelta(seconds=20)
    stage.floor.take(enters("c"))
    assert stage.floor._armed_for == T0 + timedelta(seconds=20), "nothing new is due before that"


async def test_what_is_due_happens_at_its_time() -> None:
    stage = Stage(AgentRules(no_desk=timedelta(0)))
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    assert stage.tracker.agents[ANNA].state is AgentState.ready
    async with asyncio.timeout(PATIENCE_SECONDS):
        while stage.floor._timer is not None:  # noqa: ASYNC110 - the loop's own timer
            await asyncio.sleep(0)
    assert stage.tracker.agents[ANNA].pause_reason is PauseReason.no_desk
    shown = stage.done[-1]
    assert isinstance(shown, do.ShowAgent)
    assert shown.pause_reason is PauseReason.no_desk


async def test_the_timer_was_early(stage: Stage) -> None:
    """The loop's clock and the model's need not agree: then it is armed anew for the rest."""
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    stage.time += timedelta(seconds=29.999)
    stage.floor._strike()
    assert stage.tracker.agents[ANNA].state is AgentState.ready
    rest = stage.armed
    assert rest is not None
    assert rest <= 0.001
    stage.time += timedelta(seconds=0.001)
    stage.floor._strike()
    assert stage.tracker.agents[ANNA].state is AgentState.paused
    assert stage.armed is None


async def test_a_far_deadline_is_looked_at_every_minute() -> None:
    """A suspended machine's monotonic clock stood still: nothing may be late by more than this."""
    stage = Stage(AgentRules(no_desk=timedelta(hours=1)))
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    pause = stage.armed
    assert pause is not None
    assert 59 < pause <= 60
    stage.floor.stop()


async def test_a_deadline_that_has_passed(stage: Stage) -> None:
    """The clock was behind: it strikes at once, not with a negative pause."""
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    stage.floor._timer = stage.floor._armed_for = None
    stage.time += timedelta(hours=1)
    stage.floor.take(enters("c"))
    assert stage.armed is not None
    assert stage.armed <= 0


async def test_a_stroke_that_fails_is_not_the_last(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    monkeypatch.setattr(stage.tracker, "handle_timeout", _broken)
    stage.time += timedelta(seconds=1)
    with capture_logs() as logs:
        stage.floor._strike()
    assert [e["event"] for e in logs] == ["timeout_not_handled"]
    assert stage.armed is not None


def _broken(_now: datetime) -> list[do.Effect]:
    raise ValueError("broken")


async def test_after_the_end_nothing_strikes(stage: Stage) -> None:
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    timer = stage.floor._timer
    assert timer is not None
    stage.floor.stop()
    assert timer.cancelled()
    stage.floor.take(f.DeskOpened(ANNA))
    stage.floor.take(f.DeskClosed(ANNA))
    assert stage.armed is None
    stage.floor.stop()


# --- is there something to wait for?


async def test_idle(stage: Stage) -> None:
    assert stage.floor.is_idle
    stage.on_shift()
    assert stage.floor.is_idle, "ready, and nobody calls"
    call = stage.floor.entered(enters("c"))
    assert not stage.floor.is_idle
    stage.floor.take(f.CustomersFound(call, ()))
    stage.floor.take(f.ChannelHungUp(ref("c"), 16))
    assert stage.floor.is_idle


async def test_not_idle_while_his_page_is_waited_for(stage: Stage) -> None:
    """Were the clock set back now, he would stay ready for hours without a page."""
    stage.on_shift()
    stage.floor.take(f.DeskClosed(ANNA))
    assert not stage.floor.is_idle
    stage.time += timedelta(seconds=31)
    stage.floor._strike()
    assert stage.floor.is_idle


# --- for the IVR


async def test_the_ivr_gets_the_call_s_id(stage: Stage) -> None:
    call = stage.floor.entered(enters("c"))
    assert call == "call1"
    assert stage.floor.entered(enters("c")) == "call1"
    stage.floor.report(f.LanguageChosen(ref("c"), "en"))
    why = Text("потому", "because")
    stage.floor.report(f.RouteChosen(ref("c"), TopicCode("a.b"), "a", QueueName("q"), "r", why))
    known = stage.tracker.calls[CallId("call1")]
    assert (known.language, known.topic) == ("en", "a.b")
    stage.floor.report(f.IvrLeft(ref("none"), hung_up=True))


async def test_a_caller_who_hung_up_before_the_ivr_spoke(stage: Stage) -> None:
    stage.floor.take(f.ChannelCreated(ref("c"), "PJSIP/trunk-1", "c", None, None, None, "in"))
    stage.floor.take(f.ChannelHungUp(ref("c"), 16))
    assert stage.floor.entered(enters("c")) == "gone"
    assert stage.floor.customer(CallId("gone")) is None


@pytest.mark.parametrize(("found", "who"), [((), None), ((IVAN,), IVAN), ((IVAN, MARIA), None)])
async def test_only_one_customer_is_the_caller(
    stage: Stage, found: tuple[Customer, ...], who: Customer | None
) -> None:
    call = stage.floor.entered(enters("c"))
    assert stage.floor.customer(call) is None
    stage.floor.take(f.CustomersFound(call, found))
    assert stage.floor.customer(call) == who


async def test_settled_calls_are_taken_once_and_by_their_own_pbx(stage: Stage) -> None:
    second = PbxName("second")
    for n in range(5):
        stage.floor.settled(ref(f"c{n}"))
    stage.floor.settled(ChannelRef(second, ChannelId("c0")))
    assert stage.floor.take_settled(MAIN, 2) == ["c0", "c1"]
    assert stage.floor.take_settled(MAIN, 0) == []
    assert stage.floor.take_settled(MAIN, 100) == ["c2", "c3", "c4"]
    assert stage.floor.take_settled(MAIN, 100) == []
    assert stage.floor.take_settled(second, 100) == ["c0"]
    assert stage.floor.take_settled(PbxName("third"), 100) == []


async def test_settled_calls_that_nobody_takes_are_bounded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED", 3)
    for n in range(5):
        stage.floor.settled(ref(f"c{n}"))
    assert stage.floor.take_settled(MAIN, 100) == ["c2", "c3", "c4"], "the oldest are forgotten"

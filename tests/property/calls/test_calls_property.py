"""The call model against anything at all: arbitrary facts in arbitrary order, repeated, missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories import (
    ANNA,
    AT_ANSWER,
    BLACKOUT,
    BORIS,
    EXPERT,
    FINANCE,
    IVAN,
    MARIA,
    PBX,
    PHONES,
    RULES,
    START,
    call_id,
    make_tracker,
    ref,
    sign_in,
    snapshot_of,
)
from tales import TALES
from tales import told as tale
from traffic_tales import TRAFFIC_TALES, told_traffic

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import WrongState
from callcore.calls.call import Phase
from callcore.calls.line import Do, ToInside, ToPerson, ToQueue
from callcore.calls.policy import PopMoment, PopPolicy
from callcore.calls.tracker import Tracker, UnknownAgent
from callcore.domain import AgentState, CallId, Interface, Login, Outcome, PauseReason, Text, TopicCode

CALLERS = [ref(name) for name in ("c", "d", "e")]
LEG_NAMES = {
    "a": "PJSIP/101-1",
    "a2": "PJSIP/101-2",
    "b": "PJSIP/102-1",
    "t": "PJSIP/trunk-t",
    "l1": "Local/9@x-1;1",
    "l2": "Local/9@x-1;2",
}
LEGS = [ref(name) for name in LEG_NAMES]
callers = st.sampled_from(CALLERS)
legs = st.sampled_from(LEGS)
channels = st.sampled_from(CALLERS + LEGS)
bridges = st.sampled_from(["bridge-c", "bridge-d"])
queues = st.sampled_from([FINANCE, EXPERT])
logins = st.sampled_from([ANNA, BORIS])
phones = st.sampled_from([*PHONES.values(), Interface("PJSIP/999")])
causes = st.sampled_from([0, 16, 17, 19, 20, 21, 26, None])
numbers = st.sampled_from([None, "+79160000001", "anonymous"])
OLD = [CallId("old1"), CallId("old2")]
call_ids = st.integers(1, 5).map(call_id) | st.sampled_from(OLD)
topic = TopicCode("finance.balance")


def name_of(channel: f.ChannelRef) -> str:
    return LEG_NAMES.get(channel.id, f"PJSIP/trunk-{channel.id}")


live_channels = st.builds(
    lambda channel, bridge, seconds, call: f.LiveChannel(
        channel, name_of(channel), "Up", None, None, None, bridge, seconds, call, topic, None
    ),
    channels,
    st.none() | bridges,
    st.integers(0, 100),
    st.none() | call_ids,
)
snapshots = st.builds(
    lambda rows, entries, members: f.Snapshot(PBX, 2, tuple(rows), tuple(entries), tuple(members)),
    st.lists(live_channels, max_size=5, unique_by=lambda row: row.channel),
    st.lists(st.builds(f.LiveEntry, queues, callers, st.integers(0, 100)), max_size=2),
    st.lists(st.builds(f.LiveMember, queues, phones, st.booleans(), st.just(""), st.booleans()), max_size=3),
)
of_the_pbx = st.one_of(
    st.builds(
        lambda channel: f.ChannelCreated(channel, name_of(channel), "l", None, None, None, "x"), channels
    ),
    st.builds(f.ChannelAnswered, channels),
    st.builds(f.ChannelRenamed, channels, st.just("PJSIP/101-9")),
    st.builds(f.BridgeEntered, channels, bridges),
    st.builds(f.BridgeLeft, channels, bridges),
    st.builds(f.ChannelHungUp, channels, causes),
    st.builds(f.QueueJoined, callers, queues, st.just(1), numbers, st.none()),
    st.builds(f.QueueLeft, callers, queues),
    st.builds(f.QueueAbandoned, callers, queues),
    st.builds(f.AgentCalled, callers, queues, phones, st.none() | legs),
    st.builds(f.AgentDidNotAnswer, callers, queues, phones, st.just(1)),
    st.builds(f.AgentConnected, callers, queues, phones, st.none() | legs, st.just(1), st.just(1)),
)
of_the_link = st.one_of(st.just(f.LinkUp(PBX, 2)), st.just(f.LinkLost(PBX)), snapshots)
of_the_ivr = st.one_of(
    st.builds(f.CallEntered, callers, numbers, st.none(), st.none()),
    st.builds(f.LanguageChosen, callers, st.just("en")),
    st.builds(
        f.RouteChosen,
        callers,
        st.just(topic),
        st.just("t"),
        st.none() | queues,
        st.just("r"),
        st.just(Text("п", "w")),
        st.none() | st.just(3),
    ),
    st.builds(f.MessageBegun, callers),
    st.builds(f.WordToCome, callers),
    st.builds(
        f.IvrLeft,
        callers,
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.sampled_from([None, Outcome.voicemail, Outcome.callback_requested, Outcome.self_served]),
        st.none() | st.just("menu"),
    ),
    st.builds(
        f.CustomersFound,
        call_ids,
        st.sampled_from([(), (IVAN,), (IVAN, MARIA)]),
        st.booleans(),
        st.sampled_from([(), (BLACKOUT,)]),
    ),
)
of_transfers = st.one_of(
    st.builds(
        lambda by, target: f.DialBegan(by, target, name_of(target), name_of(by) if by else "", "500", "101"),
        st.none() | channels,
        channels,
    ),
    st.builds(f.DialEnded, channels, st.sampled_from(["ANSWER", "NOANSWER", "CANCEL", ""])),
    st.builds(f.CallerIdChanged, channels, numbers, st.none()),
    st.builds(f.PutOnHold, channels),
    st.builds(f.TakenOffHold, channels),
    st.builds(f.Parked, channels),
    st.builds(f.BlindTransferred, channels, st.none() | channels, st.sampled_from(["102", ""])),
    st.builds(
        f.AttendedTransferred, channels, channels, st.none() | channels, st.none() | channels, st.booleans()
    ),
    st.builds(f.BridgeEntered, channels, bridges, st.booleans()),
    st.builds(f.ChannelRenamed, channels, st.sampled_from(list(LEG_NAMES.values()))),
)
of_people = st.one_of(
    st.builds(f.CardTaken, logins, call_ids),
    st.just(f.PhonesKnown(frozenset({(PBX, PHONES[ANNA]), (PBX, Interface("PJSIP/999"))}))),
    st.builds(sign_in, logins, st.just((FINANCE,)), st.sampled_from([AgentState.ready, AgentState.paused])),
    st.builds(f.AgentSignedOut, logins),
    st.builds(f.AgentBecameReady, logins),
    st.builds(f.AgentPaused, logins, st.sampled_from(list(PauseReason))),
    st.builds(f.WrapUpDone, logins, call_ids),
    st.builds(f.DeskOpened, logins),
    st.builds(f.DeskClosed, logins),
)
targets = st.sampled_from([ToPerson(BORIS, PHONES[BORIS]), ToQueue(EXPERT), ToInside("301"), None])
of_lines = st.one_of(
    st.builds(f.LineOrdered, call_ids, logins, st.sampled_from(list(Do)), targets),
    st.builds(f.LineOrdered, call_ids, logins, st.sampled_from([Do.hold, Do.consult]), targets),
    st.builds(f.LineRefused, call_ids, logins),
    st.builds(f.Consulted, channels, st.sampled_from(["ANSWER", "BUSY", ""])),
    st.builds(f.Returned, channels, st.sampled_from(["BUSY", ""])),
    st.builds(f.HangupAsked, channels),
    st.builds(f.BridgeEntered, channels, st.just("room"), is_room=st.just(True)),
)
pauses = st.sampled_from([0, 0, 0, 1, 10, 4000, 31_000]).map(lambda ms: timedelta(milliseconds=ms))
facts = st.one_of(
    of_the_pbx, of_the_pbx, of_transfers, of_transfers, of_lines, of_the_ivr, of_people, of_the_link
)
Course = list[tuple[timedelta, f.Fact]]
SHIFT: Course = [
    (timedelta(), fact)
    for login in (ANNA, BORIS)
    for fact in (f.DeskOpened(login), sign_in(login), f.AgentBecameReady(login))
]


def course_of(name: str) -> Course:
    """A tale as pauses and facts."""
    moments = (tale(name) if name in TALES else told_traffic(name)).facts
    befores = [START, *(at for at, _fact in moments)]
    return [(at - before, fact) for before, (at, fact) in zip(befores, moments, strict=False)]


TALES_TOLD = {name: course_of(name) for name in (*TALES, *TRAFFIC_TALES)}


@st.composite
def mangled(draw: st.DrawFn) -> Course:
    """A valid tale in which facts are missing, repeated, early, and mixed with others."""
    course = list(TALES_TOLD[draw(st.sampled_from(sorted(TALES)))])
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(course) - 1))
        match draw(st.sampled_from(["drop", "repeat", "swap", "insert", "insert"])):
            case "drop" if len(course) > 1:
                del course[at]
            case "repeat":
                course.insert(draw(st.integers(at, len(course))), (timedelta(), course[at][1]))
            case "swap":
                other = min(at + draw(st.integers(1, 3)), len(course) - 1)
                (wait, fact), (wait_other, fact_other) = course[at], course[other]
                course[at], course[other] = (wait, fact_other), (wait_other, fact)
            case _:
                course.insert(at, (draw(pauses), draw(facts)))
    return course


at_random = st.lists(st.tuples(pauses, facts), max_size=50)
policies = st.sampled_from(
    [
        AT_ANSWER,
        AT_ANSWER,
        PopPolicy(PopMoment.ringing, PopMoment.ringing),
        PopPolicy(PopMoment.button, PopMoment.button, {EXPERT: PopMoment.ringing}),
        PopPolicy(PopMoment.never, PopMoment.never, {FINANCE: PopMoment.answer}),
    ]
)
courses = st.one_of(at_random, at_random.map(lambda course: [*SHIFT, *course]), mangled(), mangled())


KEPT = (
    do.PopCard,
    do.EndCard,
    do.DropCard,
    do.CloseCard,
    do.LogContact,
    do.RememberCall,
    do.LookUpCustomers,
    do.SendOn,
)
"""Effects that would do harm if one key stood for two of them."""


@dataclass
class Run:
    """A tracker, all that came of it, and what must hold at every moment."""

    tracker: Tracker = field(default_factory=lambda: make_tracker(RULES))
    now: datetime = START
    effects: list[do.Effect] = field(default_factory=list)

    def wait(self, pause: timedelta) -> None:
        moment = self.now + pause
        while (due := self.tracker.next_deadline()) is not None and due <= moment:
            self.now = max(self.now, due)
            self.effects += self.tracker.handle_timeout(self.now)
            after = self.tracker.next_deadline()
            assert after is None or after > due, "a deadline that is handled is over"
        self.now = moment
        self.effects += self.tracker.handle_timeout(moment)

    def take(self, fact: f.Fact) -> None:
        if isinstance(fact, f.Snapshot):
            begun = {e.call for e in self.effects if isinstance(e, do.RememberCall)}
            rows = [r if r.call in begun or r.call in OLD else replace(r, call=None) for r in fact.channels]
            fact = replace(fact, channels=tuple(rows))  # nobody carries the id of a call to come
        try:
            self.effects += self.tracker.handle(fact, self.now)
        except (WrongState, UnknownAgent):
            assert isinstance(
                fact,
                f.AgentSignedIn | f.AgentSignedOut | f.AgentBecameReady | f.AgentPaused | f.WrapUpDone,
            )
        self.check()

    def check(self) -> None:
        floor = self.tracker
        for channel, call in floor.by_channel.items():
            assert channel in (floor.calls[call].channel, floor.calls[call].anchor)
            assert floor.calls[call].phase is not Phase.ended
        for leg in floor.legs.values():
            assert leg.call in floor.calls
        living = {call.id for call in floor.calls.values() if call.phase is not Phase.ended}
        assert set(floor.teller._lines) == living, "every call that lives is told, and no other"
        for call in floor.calls.values():
            assert call.phase is not Phase.ended or call.ends_by is not None
            assert len(set(call.cards)) == len(call.cards)
            assert (call.talk_since is not None) == bool(call.talking_with)
        for ref_, channel in floor.mirror.channels.items():
            assert ref_ not in floor.mirror.ended
            if channel.bridge is not None:
                assert ref_ in floor.mirror._bridges[PBX, channel.bridge]
        members = sum(len(m) for m in floor.mirror._bridges.values())
        assert members == sum(c.bridge is not None for c in floor.mirror.channels.values())
        for agent in floor.agents.values():
            is_in_call = agent.state in (AgentState.ringing, AgentState.talking, AgentState.wrap_up)
            assert is_in_call == (agent.call is not None)
            assert (agent.state is AgentState.wrap_up) == (agent.wrap_up_until is not None)
            assert agent.state is AgentState.talking or not agent.also
        assert {call for call, _login in floor.shown_lines} <= living
        for call in floor.calls.values():
            assert call.line is None or call.was_ordered
            assert call.line is None or call.parked is None, "parked is who waits without anybody"

    def all_hang_up(self) -> None:
        for channel in (*CALLERS, *LEGS, *list(self.tracker.by_channel), *list(self.tracker.mirror.channels)):
            self.take(f.ChannelHungUp(channel, 16))


def told(course: Course, policy: PopPolicy = AT_ANSWER) -> Run:
    run = Run(make_tracker(RULES, policy=policy))
    for pause, fact in course:
        run.wait(pause)
        run.take(fact)
    return run


QUICK = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(courses)
def test_nothing_raises_and_every_call_ends_in_one_contact(course: Course) -> None:
    """Whatever is told: when all channels have hung up and time has passed, each call has one contact."""
    run = told(course)
    begun = {e.call for e in run.effects if isinstance(e, do.RememberCall)}
    run.all_hang_up()
    run.wait(timedelta(minutes=2))
    contacts = Counter(e.contact.call for e in run.effects if isinstance(e, do.LogContact))
    assert set(contacts) == begun
    assert all(count == 1 for count in contacts.values())
    for effect in run.effects:
        if isinstance(effect, do.LogContact):
            contact = effect.contact
            assert min(contact.wait_ms, contact.ring_ms, contact.talk_ms) >= 0
            assert all(ring.ended_at is not None and ring.result is not None for ring in contact.operators)


def assert_cards_come_and_go(run: Run) -> None:
    """An operator has a call's card once; once more only if his part was over, or it was taken away."""
    begun = {effect.call for effect in run.effects if isinstance(effect, do.RememberCall)}
    open_cards: set[tuple[CallId, Login]] = set()
    for effect in run.effects:
        match effect:
            case do.PopCard():
                assert effect.view.call in begun, "whose card opens has a contact"
                assert (effect.view.call, effect.login) not in open_cards
                open_cards.add((effect.view.call, effect.login))
            case do.EndCard() | do.DropCard():
                assert (effect.call, effect.login) in open_cards
                open_cards.discard((effect.call, effect.login))
    assert not open_cards


@QUICK
@given(courses, policies)
def test_keys_are_used_once(course: Course, policy: PopPolicy) -> None:
    """Executors drop a repeated key: none stands for two things; a card pops once per call and person."""
    run = told(course, policy)
    run.all_hang_up()
    run.wait(timedelta(minutes=2))
    keys = Counter(e.key for e in run.effects if isinstance(e, KEPT))
    assert all(count == 1 for count in keys.values()), keys.most_common(3)
    assert_cards_come_and_go(run)
    rings = Counter(e.key for e in run.effects if isinstance(e, do.ShowRinging | do.HideRinging))
    assert all(count == 1 for count in rings.values())


@QUICK
@given(courses)
def test_nobody_and_nothing_is_stuck(course: Course) -> None:
    """After the end of all calls an agent is ready or paused, and no memory of the calls is left."""
    run = told(course)
    run.all_hang_up()
    for agent in run.tracker.agents.values():
        assert agent.state in (AgentState.ready, AgentState.paused, AgentState.wrap_up)
    run.wait(timedelta(minutes=2))
    for agent in run.tracker.agents.values():
        assert agent.state in (AgentState.ready, AgentState.paused)
        assert (agent.before_ring, agent.pause_next, agent.also) == (None, None, ())
    run.wait(timedelta(minutes=30))
    floor = run.tracker
    assert (floor.calls, floor.by_channel, floor.legs, floor.finished) == ({}, {}, {}, {})
    assert (floor.mirror.channels, floor.mirror.ended, floor.mirror._bridges) == ({}, {}, {})
    assert floor.next_deadline() is None
    assert len(floor._due) <= 64


@QUICK
@given(courses)
def test_members_are_as_the_agents_are(course: Course) -> None:
    """What the queues were told last fits every agent: only who is ready, and all of them, can be rung."""
    run = told(course)
    run.all_hang_up()
    run.wait(timedelta(minutes=2))
    paused: dict[str, bool] = {}
    for effect in run.effects:
        match effect:
            case do.AddMember() | do.PauseMember():
                paused[effect.interface] = effect.paused
            case do.RemoveMember():
                paused.pop(effect.interface, None)
    assert paused == {a.interface: not a.is_available for a in run.tracker.agents.values()}


@QUICK
@given(courses)
def test_a_snapshot_of_the_truth_changes_nothing(course: Course) -> None:
    """The link flaps, and the PBX lists exactly what we believe: no card, no contact, no call comes of it."""
    run = told(course)
    # What only the IVR or a queue told of would be mended by any Snapshot: that is another story.
    for channel in [*run.tracker.by_channel, *run.tracker.legs]:
        run.take(f.ChannelCreated(channel, name_of(channel), "l", None, None, None, "x"))
    for caller in set(run.tracker.by_channel):
        run.take(f.ChannelHungUp(caller, 16)) if caller not in run.tracker.mirror.channels else None
    # Who signed in at a phone that talked already gets his card with the next one: another story, too.
    known = {*run.tracker.by_channel, *run.tracker.legs}
    for channel in [c for c in run.tracker.mirror.channels if c not in known and run.tracker.login_of(c)]:
        run.take(f.ChannelHungUp(channel, 16))
    run.take(f.LinkUp(PBX, 5))
    before = {c.id: (c.phase, c.talking_with, c.queue) for c in run.tracker.calls.values()}
    effects = run.tracker.handle(snapshot_of(run.tracker, run.now, 5), run.now)
    run.check()
    assert not [e for e in effects if isinstance(e, do.PopCard | do.LogContact | do.RememberCall)]
    assert {c.id: (c.phase, c.talking_with, c.queue) for c in run.tracker.calls.values()} == before

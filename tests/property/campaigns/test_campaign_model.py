"""A whole campaign under a simulated clock: the pure parts together, as the lanes use them.

Whatever the recipients, hours and events: nothing leaves against a rule, no rolling second holds more than
the cap, and every recipient ends exactly once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaign_people import FIXED, HOUSE, MOBILE, MOBILE_2, MOBILE_3, attempt_of, person
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.calls.attempt import AttemptId, AttemptResult, Medium, Outcome, TargetId
from callcore.calls.campaign import NewTarget, Target, TargetChange
from callcore.calls.number_history import NumberHistory, Past
from callcore.campaigns import plan
from callcore.campaigns.plan import Again, Rules
from callcore.campaigns.recipients import resolve
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, Refusal, Rule, decide
from callcore.outbound.pace import Pace

R = AttemptResult
BEGIN = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
"""The night before the clocks change in Europe."""
NUMBERS = (MOBILE, MOBILE_2, MOBILE_3, FIXED, "+442071838750", "112")
ZONES = ("Europe/Moscow", "Asia/Omsk", "Europe/London", "America/New_York", None)
CALL_RESULTS = tuple(set(R) - {R.delivered, R.undelivered, R.sent})
TEXT_RESULTS = (R.delivered, R.undelivered, R.sent, R.failed, R.not_sent, R.unknown)

hours = st.one_of(st.none(), st.tuples(st.times().map(lambda t: t.replace(tzinfo=None)), st.times()))
agains = st.builds(
    Again, times=st.integers(0, 3), after=st.integers(1, 40_000).map(lambda s: timedelta(seconds=s))
)
rules_ = st.builds(
    Rules, busy=agains, no_answer=agains, network=agains, not_sent=agains, has_sms=st.booleans()
)
people_ = st.lists(
    st.tuples(st.lists(st.sampled_from(NUMBERS), max_size=3), st.sampled_from(ZONES)), max_size=6
).map(lambda drawn: [person(n, *numbers, zone=zone) for n, (numbers, zone) in enumerate(drawn, 1)])


@st.composite
def profiles(draw) -> Profile:
    quiet = draw(hours)
    return Profile(
        "drawn",
        quiet[0] if quiet else None,
        quiet[1] if quiet else None,
        draw(st.integers(1, 3)),
        draw(st.integers(0, 3)),
        timedelta(hours=24),
        Destinations(("+7",), draw(st.sampled_from(((), ("+7913",))))),
    )


class World:
    """What a number went through, and the time."""

    def __init__(self, profile: Profile, cap: int, data: st.DataObject) -> None:
        self.now = BEGIN
        self.profile = profile
        self.cap = cap
        self.pace = Pace(cap, 0.0)
        self.data = data
        self.left: list[tuple[float, Medium, str]] = []
        self.dnc: dict[str, datetime] = {}
        self.ledger: dict[tuple[Medium, str], list[datetime]] = {}

    @property
    def seconds(self) -> float:
        return (self.now - BEGIN).total_seconds()

    def history(self, number: str) -> NumberHistory:
        since = self.now - self.profile.window
        past = (
            Past(at, medium)
            for medium in Medium
            for at in self.ledger.get((medium, number), ())
            if at > since
        )
        return NumberHistory(tuple(past), dnc_since=self.dnc.get(number))

    def decide(self, target: Target, medium: Medium, number: str) -> Permit | Refusal:
        ask = Ask(AttemptId("a"), medium, Purpose.notice, number, target.zone, "main", self.profile)
        return decide(ask, self.history(number), self.now)

    def leave(self, target: Target, medium: Medium, number: str) -> None:
        """The rules once more, in other words than the gate's."""
        local = self.now.astimezone(ZoneInfo(target.zone)).time()
        begins, ends = self.profile.quiet_from, self.profile.quiet_until
        if begins is not None and ends is not None:
            is_quiet = begins <= local < ends if begins < ends else not ends <= local < begins
            assert not is_quiet
        assert number not in self.dnc
        assert number.startswith("+7")
        assert not any(number.startswith(prefix) for prefix in self.profile.destinations.deny)
        most = self.profile.most_calls if medium is Medium.voice else self.profile.most_messages
        done = [a for a in self.ledger.get((medium, number), ()) if a > self.now - self.profile.window]
        assert len(done) < most
        self.pace.take(self.seconds)
        self.left.append((self.seconds, medium, number))


def moved_on(target: Target, change: TargetChange) -> Target:
    return replace(target, **{name: getattr(change, name) for name in TargetChange.__slots__})


def begun(id: int, new: NewTarget) -> Target:
    values = {name: getattr(new, name) for name in NewTarget.__slots__}
    return Target(id=TargetId(id), campaign=1, due_at=BEGIN, wait="", **values)  # type: ignore[arg-type]


def served(world: World, target: Target, rules: Rules) -> Target:
    """One turn of a lane."""
    medium, number = target.next_medium, target.number
    answer = world.decide(target, medium, number)
    if isinstance(answer, Refusal):
        order = plan.refused((number, *target.others), medium, answer, rules)
        if isinstance(order, plan.Postponed):
            assert order.until > world.now
            assert answer.rule is not Rule.dnc
            return replace(target, due_at=order.until, wait=order.wait)
        if isinstance(order, plan.Ended):
            return replace(target, result=order.result, reason=order.reason)
        medium, number = Medium.sms, order.number
        answer = world.decide(target, medium, number)
        if isinstance(answer, Refusal):
            if answer.until is None:
                return replace(target, result=plan.TargetResult.skipped, reason=answer.rule)
            return replace(target, due_at=answer.until, wait=answer.rule)
    world.now += timedelta(seconds=world.pace.wait_seconds(world.seconds))
    if not answer.holds_at(world.now):
        return target
    world.leave(target, medium, number)
    result = world.data.draw(st.sampled_from(CALL_RESULTS if medium is Medium.voice else TEXT_RESULTS))
    if result is not R.not_sent:
        world.ledger.setdefault((medium, number), []).append(world.now)
    key = world.data.draw(st.sampled_from((None, "1", "9"))) if result is R.told else None
    if key == "9":
        world.dnc[number] = world.now
    outcome = Outcome(result, world.now, key=key)
    return moved_on(target, plan.after(target, attempt_of(target, medium, number), outcome, rules, world.now))


@settings(max_examples=300, deadline=None)
@given(
    people=people_,
    profile=profiles(),
    rules=rules_,
    cap=st.integers(1, 5),
    has_voice=st.booleans(),
    data=st.data(),
)
def test_nothing_leaves_against_a_rule_and_everybody_ends_once(people, profile, rules, cap, has_voice, data):
    world = World(profile, cap, data)
    house = replace(HOUSE, has_voice=has_voice, has_sms=rules.has_sms)
    targets = [begun(n, new) for n, new in enumerate(resolve(people, house))]
    assert len(targets) == len(people)
    turns = 0
    while waiting := [target for target in targets if target.result is None]:
        turns += 1
        assert turns < 2_000
        due = min(waiting, key=lambda target: (target.due_at, target.id))
        world.now = max(world.now, due.due_at)
        changed = served(world, due, rules)
        assert changed.result is None or changed.reason
        targets = [changed if target.id == due.id else target for target in targets]
        if data.draw(st.integers(0, 9)) == 0:
            world.dnc.setdefault(data.draw(st.sampled_from(NUMBERS)), world.now)
    moments = sorted(at for at, _, _ in world.left)
    for first, beyond in zip(moments, moments[cap:], strict=False):
        assert beyond - first > 1.0
    told = [target.number for target in targets if target.result is plan.TargetResult.told]
    assert len(set(told)) == len(told)


def test_the_model_knows_quiet_hours():
    """A model in which nothing is ever forbidden would prove nothing."""
    profile = Profile("x", time(0), time(23, 59), 1, 1, timedelta(hours=24), Destinations(("+7",)))
    world = World(profile, 1, None)  # type: ignore[arg-type]
    [new] = resolve([person(1, MOBILE)], HOUSE)
    assert isinstance(world.decide(begun(1, new), Medium.voice, MOBILE), Refusal)

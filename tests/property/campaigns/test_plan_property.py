"""Whatever comes, a target ends once, with a reason, after a bounded number of attempts and rings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from campaign_people import FIXED, FIXED_2, MOBILE, MOBILE_2, NOW, attempt_of, outcome, target
from hypothesis import given
from hypothesis import strategies as st

from callcore.calls.attempt import AttemptResult, Medium
from callcore.calls.campaign import Target, TargetChange
from callcore.campaigns.plan import Again, Rules, after

R = AttemptResult
OF_CALLS = (
    R.told,
    R.hung_up_early,
    R.busy,
    R.no_answer,
    R.rejected,
    R.unreachable,
    R.network,
    R.failed,
    R.not_sent,
    R.unknown,
)
OF_MESSAGES = (R.delivered, R.undelivered, R.sent, R.failed, R.not_sent, R.unknown)
RINGS = frozenset((R.told, R.hung_up_early, R.busy, R.no_answer, R.rejected))

agains = st.builds(
    Again, times=st.integers(0, 4), after=st.integers(1, 5000).map(lambda s: timedelta(seconds=s))
)
rules_ = st.builds(
    Rules,
    busy=agains,
    no_answer=agains,
    network=agains,
    not_sent=agains,
    has_sms=st.booleans(),
)
numbers_ = st.lists(st.sampled_from((FIXED, FIXED_2, MOBILE, MOBILE_2)), min_size=1, unique=True)


def moved_on(tried: Target, change: TargetChange) -> Target:
    names = TargetChange.__slots__
    return replace(tried, **{name: getattr(change, name) for name in names})


def bound(rules: Rules, numbers: int) -> int:
    rings = max(rules.busy.times, rules.no_answer.times) + 1
    troubles = max(rules.network.times, rules.not_sent.times) + 1
    messages = max(rules.network.times, rules.not_sent.times) + 2
    return rings + troubles + numbers + messages + 1


@given(rules=rules_, numbers=numbers_, data=st.data())
def test_every_way_ends(rules, numbers, data):
    tried = target(*numbers)
    rang, tries = 0, 0
    now = NOW
    while tried.result is None:
        tries += 1
        assert tries <= bound(rules, len(numbers))
        medium = tried.next_medium
        result = data.draw(st.sampled_from(OF_CALLS if medium is Medium.voice else OF_MESSAGES))
        key = data.draw(st.sampled_from((None, "1", "9"))) if result is R.told else None
        rang += medium is Medium.voice and result in RINGS
        change = after(tried, attempt_of(tried, medium), outcome(result, key), rules, now)
        assert (change.result is None) or change.reason
        assert (change.result is None) == bool(change.wait)
        assert change.due_at >= now
        assert {change.number, *change.others} <= set(numbers)
        assert not (medium is Medium.sms and change.next_medium is Medium.voice)
        assert rules.has_sms or change.next_medium is Medium.voice
        tried, now = moved_on(tried, change), change.due_at
    assert rang == tried.rings <= max(rules.busy.times, rules.no_answer.times) + 1


@given(rules=rules_, numbers=numbers_, results=st.lists(st.sampled_from(R), max_size=30))
def test_no_order_of_results_is_too_odd(rules, numbers, results):
    """Results that the medium cannot have, and such as come after the end."""
    tried = target(*numbers)
    for result in results:
        change = after(tried, attempt_of(tried, tried.next_medium), outcome(result), rules, NOW)
        assert (change.result is None) or change.reason
        tried = moved_on(tried, change)

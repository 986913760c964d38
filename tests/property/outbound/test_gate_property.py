"""Whatever the recipient, the hour and the history: no Permit against a rule, and asking again leads
somewhere."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from callcore.calls.attempt import AttemptId, Medium, NumberHistory
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, Refusal, Rule, decide
from callcore.outbound.quiet import QuietHours

ZONES = [
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Tehran",
    "Pacific/Apia",
    "Asia/Kolkata",
    "UTC",
    "no/where",
]
PREFIXES = ["+", "+7", "+79", "+7900", "+790000", "+3", "1"]
SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)

clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
quiet = st.one_of(st.just((None, None)), st.tuples(clocks, clocks))
moments = st.one_of(
    st.integers(0, 36 * 365 * 86_400).map(lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    st.builds(
        lambda base, minutes: base + timedelta(minutes=minutes),
        st.sampled_from([SPRING, AUTUMN]),
        st.integers(0, 48 * 60),
    ),
)
numbers = st.one_of(
    st.sampled_from(["+79000000001", "+380440000000", "112", "+7900"]), st.text("+0179a", max_size=13)
)
prefixes = st.lists(st.sampled_from(PREFIXES), max_size=3).map(tuple)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Ask, NumberHistory, datetime]:
    now = draw(moments)
    begins, ends = draw(quiet)
    zone = draw(st.sampled_from(ZONES))
    if begins is not None and zone != "no/where" and draw(st.booleans()):
        now = now.replace(second=draw(st.integers(25, 59)))
        soon = (now + timedelta(minutes=1)).astimezone(ZoneInfo(zone))
        begins = time(soon.hour, soon.minute)
    profile = Profile(
        "test",
        begins,
        ends,
        draw(st.integers(0, 3)),
        draw(st.integers(0, 3)),
        draw(st.sampled_from([timedelta(minutes=10), timedelta(hours=24)])),
        Destinations(draw(prefixes), draw(prefixes)),
    )
    ask = Ask(
        AttemptId("a1"),
        draw(st.sampled_from(list(Medium))),
        Purpose.notice,
        draw(numbers),
        zone,
        "main",
        profile,
    )
    past = st.lists(st.integers(-120, 48 * 3600).map(lambda s: now - timedelta(seconds=s)), max_size=5)
    history = NumberHistory(
        tuple(draw(past)),
        tuple(draw(past)),
        draw(st.booleans()),
        draw(st.sampled_from([None, None, None, now])),
    )
    return ask, history, now


def is_quiet(profile: Profile, zone: str, at: datetime) -> bool:
    """By counting minutes, as a person would."""
    if profile.quiet_from is None or profile.quiet_until is None:
        return False
    begins, ends = (clock.hour * 60 + clock.minute for clock in (profile.quiet_from, profile.quiet_until))
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    return (minute - begins) % 1440 < ((ends - begins) % 1440 or 1440)


def longest(number: str, prefixes: tuple[str, ...]) -> int:
    return max((len(p) for p in prefixes if number[: len(p)] == p), default=-1)


def breaks_a_rule(ask: Ask, history: NumberHistory, at: datetime) -> bool:
    profile, number = ask.profile, ask.number
    past = history.calls if ask.medium is Medium.voice else history.messages
    most = profile.most_calls if ask.medium is Medium.voice else profile.most_messages
    return (
        longest(number, profile.destinations.allow) <= longest(number, profile.destinations.deny)
        or not number.lstrip("+").isdigit()
        or history.dnc_since is not None
        or (ask.medium is Medium.voice and history.has_open_call)
        or (ask.zone == "no/where" and profile.quiet_from is not None)
        or (ask.zone != "no/where" and is_quiet(profile, ask.zone, at))
        or sum(1 for moment in past if moment > at - profile.window) >= most
    )


@given(questions())
def test_a_permit_exactly_where_no_rule_forbids(question: tuple[Ask, NumberHistory, datetime]) -> None:
    ask, history, now = question
    answer = decide(ask, history, now)
    if isinstance(answer, Permit):
        assert not breaks_a_rule(ask, history, now)
        assert now < answer.expires_at
        last = answer.expires_at - timedelta(microseconds=1)
        assert not breaks_a_rule(ask, history, last)
    elif len(ask.number) > 6 and ask.number.startswith("+"):
        assert breaks_a_rule(ask, history, now) or len(ask.number) < 8 or ask.number[1] == "0"


@given(questions())
def test_asking_again_at_the_time_given_leads_on(question: tuple[Ask, NumberHistory, datetime]) -> None:
    ask, history, now = question
    for _ in range(12):
        answer = decide(ask, history, now)
        if isinstance(answer, Permit) or answer.until is None:
            return
        assert answer.until > now
        again = decide(ask, history, answer.until)
        if isinstance(again, Refusal) and again.rule is answer.rule:
            assert again.until is not None
            assert again.until > answer.until
            # only the line stays busy for as long as it is
            assert again.rule is Rule.open_call
            return
        now = answer.until
    raise AssertionError("no end")


@given(clocks, clocks, st.sampled_from(ZONES[:-1]), moments)
def test_the_next_change_is_the_first(begins: time, ends: time, zone: str, now: datetime) -> None:
    hours = QuietHours(begins, ends, ZoneInfo(zone))
    at, state = now, hours.at(now)
    change = hours.next_change(now)
    if change is None:
        assert begins == ends or state is hours.at(now + timedelta(hours=30))
        return
    while at < change:
        assert hours.at(at) is state
        at += timedelta(minutes=1)
    assert hours.at(change) is not state

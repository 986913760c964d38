"""Whatever the PBX says, in whatever order: one outcome, and in the end always one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcore.calls.attempt import AttemptId, AttemptResult, Outcome, Plan
from callcore.outbound import placed
from callcore.outbound.placed import PlacedCall
from callcore.outbound.ports import (
    CallAnswered,
    CallDialled,
    CallHungUp,
    CallNews,
    CallNotMade,
    CallTold,
    RouteBack,
    RouteLost,
    Trace,
)

T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ID = AttemptId("a1")
causes = st.one_of(st.none(), st.sampled_from([0, 1, 3, 16, 17, 18, 19, 20, 21, 22, 26, 27, 28, 34, 38, 127]))
statuses = st.sampled_from(["", "ANSWER", "BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL", "CANCEL", "x"])
keys = st.sampled_from([None, "0", "1", "9"])
seconds = st.floats(0, 60)
news = st.one_of(
    st.just(CallAnswered(ID)),
    st.builds(CallDialled, st.just(ID), statuses, causes),
    st.builds(CallTold, st.just(ID), seconds, keys, st.booleans()),
    st.builds(CallHungUp, st.just(ID), causes),
    st.just(CallNotMade(ID)),
    st.just(RouteLost("main")),
    st.just(RouteBack("main")),
)
stamps = st.one_of(st.none(), st.integers(0, 60).map(lambda s: T0 + timedelta(seconds=s)))
traces = st.builds(
    Trace,
    is_alive=st.just(False),
    dialling_at=stamps,
    answered_at=stamps,
    status=st.one_of(st.none(), statuses),
    cause=causes,
    told_seconds=st.one_of(st.none(), seconds),
    told_key=keys,
    told_enough=st.booleans(),
    ended_at=stamps,
)


def play(story: list[CallNews]) -> tuple[PlacedCall | Outcome, datetime]:
    state: PlacedCall | Outcome = PlacedCall(ID, T0)
    now = T0
    for item in story:
        now += timedelta(seconds=0.7)
        if isinstance(state, PlacedCall):
            state = placed.due(state, now)
        if isinstance(state, PlacedCall):
            state = placed.heard(state, item, now)
    return state, now


@given(st.lists(news, max_size=8), traces, st.booleans())
def test_every_call_that_is_over_ends_in_one_outcome(
    story: list[CallNews], trace: Trace, has_restarted: bool
) -> None:
    """The PBX is asked, thrice, of whatever the news left open."""
    state, now = play(story)
    started_at = now if has_restarted else T0 - timedelta(days=1)
    if isinstance(state, PlacedCall):
        now += placed.LAST_WORD
        state = placed.due(state, now)
    if isinstance(state, PlacedCall):
        state = placed.doubt(state)
    for _ in range(3):
        if isinstance(state, PlacedCall):
            now += placed.RELOOK + timedelta(seconds=0.5)
            state = placed.traced(state, trace, started_at, now)
    assert isinstance(state, Outcome)
    if state.result is AttemptResult.not_sent:
        assert not trace.is_known
        assert not has_restarted
        assert not any(isinstance(item, CallAnswered | CallTold | CallHungUp | CallDialled) for item in story)


@given(st.lists(news, max_size=8))
def test_news_alone_never_say_that_it_was_not_sent(story: list[CallNews]) -> None:
    """Nor unknown: that is for the PBX to say."""
    state, _ = play(story)
    if isinstance(state, Outcome):
        assert state.result not in (AttemptResult.not_sent, AttemptResult.unknown)


ENDS = [CallAnswered(ID), CallDialled(ID, "ANSWER", 16), CallTold(ID, 9.0, "1", True), CallHungUp(ID, 16)]
BUSY = [CallDialled(ID, "BUSY", 17), CallHungUp(ID, 17)]


@given(st.permutations(ENDS))
def test_the_order_of_the_news_of_a_told_call_does_not_matter(story: list[CallNews]) -> None:
    state, now = play(story)
    if isinstance(state, PlacedCall):
        state = placed.due(state, now + placed.LAST_WORD)
    assert isinstance(state, Outcome)
    assert (state.result, state.seconds_heard, state.key) == (AttemptResult.told, 9.0, "1")


@given(st.permutations(BUSY))
def test_the_order_of_the_news_of_a_busy_call_does_not_matter(story: list[CallNews]) -> None:
    state, _ = play(story)
    assert isinstance(state, Outcome)
    assert (state.result, state.cause) == (AttemptResult.busy, 17)


@given(st.lists(news, max_size=8), stamps)
def test_what_lives_stays_open(story: list[CallNews], answered_at: datetime | None) -> None:
    state, now = play([item for item in story if not isinstance(item, CallHungUp | CallNotMade)])
    assert isinstance(state, PlacedCall)
    trace = Trace(is_alive=True, dialling_at=T0, answered_at=answered_at)
    state = placed.traced(placed.doubt(state), trace, T0, now)
    assert isinstance(state, PlacedCall)
    assert not state.in_doubt


# --- an operator's phone first, then the number

NOT_RUNG = (AttemptResult.not_sent, AttemptResult.unknown)
asking_traces = st.builds(
    Trace,
    dialling_at=stamps,
    status=st.one_of(st.none(), statuses),
    cause=causes,
    phone_at=stamps,
    phone_status=st.one_of(st.none(), statuses),
    phone_cause=causes,
    gate=st.one_of(st.none(), st.sampled_from(["", "dnc", "open_call"])),
    ended_at=stamps,
)


def play_asking(
    story: list[CallNews], *, is_confirmed: bool = True, plan: Plan = Plan.phone_first
) -> tuple[PlacedCall | Outcome, datetime]:
    state: PlacedCall | Outcome = PlacedCall(ID, T0, plan, is_confirmed=is_confirmed)
    now = T0
    for item in story:
        now += timedelta(seconds=0.7)
        if isinstance(state, PlacedCall):
            state = placed.due(state, now)
        if isinstance(state, PlacedCall):
            state = placed.heard(state, item, now)
    return state, now


@given(
    st.lists(news, max_size=8),
    asking_traces,
    st.booleans(),
    st.booleans(),
    st.sampled_from((Plan.phone_first, Plan.queue_first)),
)
def test_phone_first_ends_in_one_outcome_and_never_rings_a_number_that_was_not_dialled(
    story: list[CallNews], trace: Trace, has_restarted: bool, is_confirmed: bool, plan: Plan
) -> None:
    state, now = play_asking(story, is_confirmed=is_confirmed, plan=plan)
    started_at = now if has_restarted else T0 - timedelta(days=1)
    if isinstance(state, PlacedCall):
        now += placed.LAST_WORD
        state = placed.due(state, now)
    if isinstance(state, PlacedCall):
        state = placed.doubt(state)
    asked = isinstance(state, PlacedCall)
    for _ in range(3):
        if isinstance(state, PlacedCall):
            now += placed.RELOOK + timedelta(seconds=0.5)
            state = placed.traced(state, trace, started_at, now)
    assert isinstance(state, Outcome)
    was_dialled = any(isinstance(item, CallDialled) for item in story)
    if asked:
        was_dialled |= trace.status is not None
    if not was_dialled:
        assert state.result in NOT_RUNG, "only the dialplan's word tells of the number"
    if asked and trace.dialling_at is not None and state.result is AttemptResult.not_sent:
        raise AssertionError("the number was being dialled")
    if state.result is AttemptResult.not_sent and asked and has_restarted and is_confirmed:
        assert trace.gate is not None or trace.phone_status not in (None, "ANSWER")


@given(st.lists(news, max_size=8))
def test_what_is_told_of_the_phone_says_nothing_of_the_number(story: list[CallNews]) -> None:
    state, _ = play_asking([item for item in story if not isinstance(item, CallDialled)])
    if isinstance(state, Outcome):
        assert (state.result, state.detail) == (AttemptResult.not_sent, "not made")
        assert any(isinstance(item, CallNotMade) for item in story)


NUMBER_ENDS = {
    ("ANSWER", 16): AttemptResult.answered,
    ("BUSY", 17): AttemptResult.busy,
    ("NOANSWER", 16): AttemptResult.no_answer,
    ("CHANUNAVAIL", 1): AttemptResult.unreachable,
    ("CHANUNAVAIL", 21): AttemptResult.rejected,
    ("CONGESTION", 34): AttemptResult.network,
    ("CANCEL", 16): AttemptResult.no_answer,
}


@given(st.permutations([0, 1, 2]), st.sampled_from(sorted(NUMBER_ENDS)), causes)
def test_the_order_of_the_news_of_a_phone_first_call_does_not_matter(
    order: list[int], end: tuple[str, int], own_cause: int | None
) -> None:
    """Nor does the cause of our own channel, which tells of the operator's side."""
    story = [CallAnswered(ID), CallDialled(ID, *end), CallHungUp(ID, own_cause)]
    state, _ = play_asking([story[nth] for nth in order])
    assert isinstance(state, Outcome)
    assert (state.result, state.cause) == (NUMBER_ENDS[end], end[1])


@given(st.lists(news, max_size=8), stamps)
def test_phone_first_what_lives_stays_open(story: list[CallNews], dialling_at: datetime | None) -> None:
    state, now = play_asking([item for item in story if not isinstance(item, CallHungUp | CallNotMade)])
    assert isinstance(state, PlacedCall)
    trace = Trace(is_alive=True, dialling_at=dialling_at, phone_at=T0)
    state = placed.traced(placed.doubt(state), trace, T0, now)
    assert isinstance(state, PlacedCall)
    assert not state.in_doubt

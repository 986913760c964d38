"""Feeds that repeat, reorder and contradict themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.domain import NodeCode, Outage, OutageId, OutageKind, OutageState, Text
from callcore.outages.publication import Publication
from callcore.outages.register import Accepted, Refused, Repeated, accept

START = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
LATER = [None, START + timedelta(hours=2), START + timedelta(hours=3)]

publications = st.builds(
    Publication,
    number=st.just("A"),
    revision=st.integers(1, 5),
    kind=st.sampled_from(OutageKind),
    state=st.sampled_from(["open", "open", "open", "restored", "cancelled"]),
    cause=st.sampled_from([Text("а", "a"), Text("б", "b")]),
    starts_at=st.just(START),
    estimated_restoration_at=st.sampled_from(LATER),
    ended_at=st.none(),
    nodes=st.sampled_from([(NodeCode("F"),), (NodeCode("F"), NodeCode("H")), (NodeCode("H"), NodeCode("F"))]),
)


class Feed:
    """The register as the board keeps it."""

    def __init__(self) -> None:
        self.known: Outage | None = None
        self.published: dict[int, dict[str, Any]] = {}
        self.now = START
        self.history: list[Outage] = []

    def take(self, publication: Publication) -> Accepted | Repeated | Refused:
        self.now += timedelta(minutes=1)
        before = self.published.get(publication.revision)
        verdict = accept(self.known, before, publication, "feed", self.now)
        if isinstance(verdict, Accepted):
            self.known = replace(verdict.outage, id=OutageId(1))
            self.published[publication.revision] = publication.content()
            self.history.append(self.known)
        return verdict


@given(st.lists(publications, max_size=20))
def test_revisions_grow_by_one_and_states_only_go_forward(feed: list[Publication]) -> None:
    register = Feed()
    for publication in feed:
        register.take(publication)
    assert [outage.revision for outage in register.history] == list(range(1, len(register.history) + 1))
    order = [OutageState.confirmed, OutageState.estimated, OutageState.changed]
    states = [outage.state for outage in register.history]
    assert all(state in order for state in states[:-1])
    assert [order.index(state) for state in states[:-1]] == sorted(
        order.index(state) for state in states[:-1]
    )
    for outage in register.history:
        assert outage.is_open == (outage.ended_at is None)
        assert outage.published_at == register.history[0].published_at
        assert outage.changed_at >= outage.published_at


@given(st.lists(publications, max_size=20), st.data())
def test_repeats_never_change_anything(feed: list[Publication], data: st.DataObject) -> None:
    register = Feed()
    accepted = [publication for publication in feed if isinstance(register.take(publication), Accepted)]
    last, history = register.known, list(register.history)
    for publication in data.draw(st.lists(st.sampled_from(accepted)) if accepted else st.just([])):
        assert register.take(publication) == Repeated(last)
    assert register.history == history


@given(st.lists(publications, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_the_order_of_retries_does_not_matter(feed: list[Publication], random: Any) -> None:
    """A sender that retries what was refused, in any order, until all is taken, ends at the same."""
    steady = Feed()
    chain = [publication for publication in feed if isinstance(steady.take(publication), Accepted)]
    hasty = Feed()
    left = list(chain)
    while left:
        random.shuffle(left)
        taken = [publication for publication in left if isinstance(hasty.take(publication), Accepted)]
        assert taken, "one of them is always next"
        left = [publication for publication in left if publication not in taken]
    assert [_content(outage) for outage in hasty.history] == [_content(outage) for outage in steady.history]


@given(st.lists(publications, min_size=1, max_size=20))
def test_nothing_leads_out_of_the_end(feed: list[Publication]) -> None:
    register = Feed()
    for publication in feed:
        was_over = register.known is not None and not register.known.is_open
        verdict = register.take(publication)
        assert not (was_over and isinstance(verdict, Accepted))
        if isinstance(verdict, Refused):
            assert verdict.message.ru
            assert verdict.message.en
            assert verdict.remedy.ru
            assert verdict.remedy.en


def _content(outage: Outage) -> Outage:
    """Without the moments at which it was taken."""
    return replace(outage, published_at=START, changed_at=START, ended_at=None if outage.is_open else START)

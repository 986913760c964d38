"""How busy the queues are, by what the PBX tells: in any order, over resyncs, for each PBX by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from stories import (
    ANNA,
    BORIS,
    EXPERT,
    FINANCE,
    PBX,
    PHONES,
    Story,
    joined,
    member,
    ref,
    row,
    second,
    sign_in,
    snapshot,
)

from callcore.calls import facts as f
from callcore.calls.queue_book import QueueBook
from callcore.domain import ChannelRef, Interface, PbxName, QueueName

OTHER = PbxName("second")


def told(queue: QueueName, phone: Interface, *, paused: bool = False, pbx: PbxName = PBX) -> f.MemberStatus:
    return f.MemberStatus(pbx, queue, phone, paused, "lunch" if paused else "", in_call=False)


def state(story: Story, queue: QueueName = FINANCE) -> tuple[int, int, int, datetime | None]:
    """Members, ready ones, waiting callers, since when the first of them."""
    line = dict(story.tracker.queue_book.lines(PBX))[queue]
    return len(line.members), len(line.members - line.paused), len(line.waiting), line.waits_since()


def linked(**rows: tuple[object, ...]) -> Story:
    story = Story()
    story.tell(f.LinkUp(PBX, 1), replace(snapshot(1, **rows), queues=(FINANCE, EXPERT)))
    return story


def test_an_empty_queue_is_known_to_be_empty() -> None:
    assert state(linked()) == (0, 0, 0, None)


def test_members_come_pause_and_go() -> None:
    story = linked()
    story.tell(told(FINANCE, PHONES[ANNA]), told(FINANCE, PHONES[BORIS], paused=True))
    assert state(story) == (2, 1, 0, None)
    story.tell(told(FINANCE, PHONES[ANNA], paused=True))
    assert state(story) == (2, 0, 0, None)
    story.tell(told(FINANCE, PHONES[BORIS]), f.MemberRemoved(PBX, FINANCE, PHONES[ANNA]))
    assert state(story) == (1, 1, 0, None)
    assert state(story, EXPERT) == (0, 0, 0, None)


def test_who_signs_out_is_no_member_any_more() -> None:
    """The PBX needs a moment, and may still tell of his phone meanwhile."""
    story = linked()
    story.tell(sign_in(ANNA, (FINANCE,)), told(FINANCE, PHONES[ANNA]), told(FINANCE, PHONES[BORIS]))
    assert state(story) == (2, 2, 0, None)
    story.tell(f.AgentSignedOut(ANNA))
    assert state(story) == (1, 1, 0, None)
    story.tell(told(FINANCE, PHONES[ANNA], paused=True))
    assert state(story) == (1, 1, 0, None)
    story.tell(f.MemberRemoved(PBX, FINANCE, PHONES[ANNA]), told(FINANCE, PHONES[ANNA]))
    assert state(story) == (2, 2, 0, None)


def test_who_signs_in_again_at_once_is_a_member() -> None:
    story = linked()
    story.tell(sign_in(ANNA, (FINANCE,)), told(FINANCE, PHONES[ANNA]), f.AgentSignedOut(ANNA))
    story.tell(sign_in(ANNA, (FINANCE,)), told(FINANCE, PHONES[ANNA]))
    assert state(story) == (1, 1, 0, None)


def test_the_pbx_has_the_last_word_on_who_signed_out() -> None:
    """After a link loss its list counts: he may not have been taken out."""
    story = linked()
    story.tell(sign_in(ANNA, (FINANCE,)), told(FINANCE, PHONES[ANNA]), f.AgentSignedOut(ANNA))
    story.tell(f.LinkLost(PBX), f.LinkUp(PBX, 2))
    story.tell(replace(snapshot(2, members=(member(ANNA, FINANCE),)), queues=(FINANCE, EXPERT)))
    assert state(story) == (1, 1, 0, None)


def test_callers_wait_in_their_order_whichever_way_they_leave() -> None:
    story = linked()
    for at, caller in enumerate("abc", 1):
        story.at(at).comes_to_queue(caller)
    assert state(story) == (0, 0, 3, second(1))
    story.tell(f.QueueLeft(ref("a"), FINANCE))
    assert state(story) == (0, 0, 2, second(2))
    story.hangs_up("b")
    assert state(story) == (0, 0, 1, second(3))
    story.abandons("c")
    assert state(story) == (0, 0, 0, None)


def test_a_caller_waits_in_one_queue_at_a_time() -> None:
    story = linked()
    story.comes_to_queue("a")
    story.at(5).tell(joined("a", EXPERT))
    assert (state(story), state(story, EXPERT)) == ((0, 0, 0, None), (0, 0, 1, second(5)))


def test_news_of_a_caller_who_is_gone_already() -> None:
    story = linked()
    story.arrives("a")
    story.hangs_up("a")
    story.tell(joined("a"))
    assert state(story) == (0, 0, 0, None)


def test_the_wait_goes_on_over_a_lost_link() -> None:
    """Who waited before waits since then; whoever is not listed is gone."""
    story = linked(entries=(f.LiveEntry(FINANCE, ref("a"), 30),))
    story.at(10).comes_to_queue("b")
    story.tell(told(FINANCE, PHONES[ANNA]), told(FINANCE, PHONES[BORIS]))
    story.at(20).tell(f.LinkLost(PBX))
    assert dict(story.tracker.queue_book.lines(PBX)) == {}
    story.at(40).reconnects(
        channels=(row("b", "PJSIP/trunk-b"),),
        members=(member(ANNA, paused=True),),
        entries=(f.LiveEntry(FINANCE, ref("b"), 30),),
    )
    assert state(story) == (1, 0, 1, second(10))


def test_what_events_tell_since_the_login_beats_the_list() -> None:
    story = linked(members=(member(ANNA),), entries=(f.LiveEntry(FINANCE, ref("a"), 5),))
    story.at(10).tell(
        f.LinkUp(PBX, 2),
        f.QueueLeft(ref("a"), FINANCE),
        f.ChannelHungUp(ref("b"), 16),
        f.MemberRemoved(PBX, FINANCE, PHONES[ANNA]),
        told(FINANCE, PHONES[BORIS], paused=True),
    )
    story.comes_to_queue("c")
    rows = tuple(f.LiveEntry(FINANCE, ref(name), 15) for name in "ab")
    story.tell(snapshot(2, members=(member(ANNA), member(BORIS)), entries=rows))
    assert state(story) == (1, 0, 1, second(10))


def test_each_pbx_has_queues_of_its_own() -> None:
    story = linked(members=(member(ANNA),))
    story.tell(told(FINANCE, PHONES[ANNA], pbx=OTHER))
    assert dict(story.tracker.queue_book.lines(OTHER)) == {}, "its link never came up"
    story.tell(f.LinkUp(OTHER, 1), f.Snapshot(OTHER, 1, (), (), (), queues=(EXPERT,)))
    assert list(dict(story.tracker.queue_book.lines(OTHER))) == [EXPERT]
    story.tell(f.LinkLost(OTHER))
    assert state(story) == (1, 1, 0, None)


def test_a_list_that_comes_late_keeps_the_places() -> None:
    """Who joins between the list and its arrival stands behind whoever is in it."""
    story = Story().on_shift(ANNA, BORIS)
    story.tell(f.LinkLost(PBX), f.LinkUp(PBX, 2))
    story.at(5).tell(joined("late"))
    listed = snapshot(2, entries=(f.LiveEntry(FINANCE, ref("early"), 0),))
    story.at(9).tell(replace(listed, queues=(FINANCE, EXPERT)))
    lines = dict(story.tracker.queue_book.lines(PBX))
    assert list(lines[FINANCE].waiting) == [ref("early"), ref("late")]


# --- any course

QUEUES = st.sampled_from([FINANCE, EXPERT])
CALLERS = st.sampled_from([ref(name) for name in "abcd"])
SEATS = st.sampled_from(sorted(PHONES.values()))
NEWS = st.one_of(
    st.builds(f.QueueJoined, CALLERS, QUEUES, st.just(1), st.none(), st.none()),
    st.builds(f.QueueLeft, CALLERS, QUEUES),
    st.builds(f.QueueAbandoned, CALLERS, QUEUES),
    st.builds(f.ChannelHungUp, CALLERS, st.just(16)),
    st.builds(f.MemberStatus, st.just(PBX), QUEUES, SEATS, st.booleans(), st.just(""), st.booleans()),
    st.builds(f.MemberRemoved, st.just(PBX), QUEUES, SEATS),
)


class Truth:
    """A PBX that lists what it has told."""

    def __init__(self) -> None:
        self.waiting: dict[ChannelRef, tuple[QueueName, datetime]] = {}
        self.members: dict[tuple[QueueName, Interface], bool] = {}

    def take(self, fact: f.Fact, now: datetime) -> None:
        match fact:
            case f.QueueJoined():
                self.waiting.pop(fact.channel, None)
                self.waiting[fact.channel] = fact.queue, now
            case f.QueueLeft() | f.QueueAbandoned() | f.ChannelHungUp():
                self.waiting.pop(fact.channel, None)
            case f.MemberStatus():
                self.members[fact.queue, fact.interface] = fact.paused
            case f.MemberRemoved():
                self.members.pop((fact.queue, fact.interface), None)

    def listed(self, now: datetime) -> f.Snapshot:
        entries = [
            f.LiveEntry(queue, channel, int((now - since).total_seconds()))
            for channel, (queue, since) in self.waiting.items()
        ]
        members = [
            f.LiveMember(queue, phone, paused, "", in_call=False)
            for (queue, phone), paused in self.members.items()
        ]
        return f.Snapshot(PBX, 1, (), tuple(entries), tuple(members), queues=(FINANCE, EXPERT))

    def lines(self) -> dict[QueueName, tuple[set[Interface], set[Interface], list[ChannelRef]]]:
        return {
            queue: (
                {phone for at, phone in self.members if at == queue},
                {phone for (at, phone), paused in self.members.items() if at == queue and paused},
                [channel for channel, (at, _since) in self.waiting.items() if at == queue],
            )
            for queue in (FINANCE, EXPERT)
        }


@given(st.lists(NEWS), st.lists(NEWS), st.lists(NEWS), st.lists(NEWS), st.booleans())
def test_it_is_as_the_pbx_has_it(
    unseen: list[f.Fact], early: list[f.Fact], late: list[f.Fact], after: list[f.Fact], lost: bool
) -> None:
    """Some news nobody heard, some came before the list was made, some after it and yet before it came here;
    then perhaps the link is lost, with news that nobody hears, and all of it again."""
    book, truth = QueueBook(ended=()), Truth()
    now = second(0)
    for _ in range(1 + lost):
        book.take(f.LinkLost(PBX), now)
        for heard, news in ((False, unseen), (True, early), (True, late)):
            if news is early:
                book.take(f.LinkUp(PBX, 1), now)
            if news is late:
                listed = truth.listed(now)
            for fact in news:
                now += timedelta(seconds=1)
                truth.take(fact, now)
                if heard:
                    book.take(fact, now)
        book.take(listed, now)
        for fact in after:
            now += timedelta(seconds=1)
            truth.take(fact, now)
            book.take(fact, now)
        found = dict(book.lines(PBX))
        assert {q: (line.members, line.paused, list(line.waiting)) for q, line in found.items()} == {
            q: (members, paused, list(waiting)) for q, (members, paused, waiting) in truth.lines().items()
        }

"""Every tale cut off at every start: callcore comes to a PBX that is at work."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from stories import PBX, START, Story, make_tracker, snapshot_of
from tales import TALES
from tales import told as tale
from traffic_tales import TRAFFIC_TALES, told_traffic

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.agent import WrongState
from callcore.calls.call import Call
from callcore.calls.tracker import Tracker, UnknownAgent
from callcore.domain import AgentState, ChannelId, ChannelRef, Login, Outcome

Moments = list[tuple[datetime, f.Fact]]
NAMES = [*TALES, *TRAFFIC_TALES]
PEOPLE = (f.AgentSignedIn, f.AgentBecameReady, f.DeskOpened)


def told(name: str) -> Story:
    return tale(name) if name in TALES else told_traffic(name)


def pops(effects: list[do.Effect]) -> set[tuple[Login, ChannelRef]]:
    """Who got whose card, told by the callers' channels: ids differ from life to life."""
    channels = {e.call: e.channel for e in effects if isinstance(e, do.RememberCall)}
    return {(e.login, channels[e.view.call]) for e in effects if isinstance(e, do.PopCard)}


def contacts(effects: list[do.Effect]) -> list[do.Contact]:
    return [e.contact for e in effects if isinstance(e, do.LogContact)]


def replay(tracker: Tracker, moments: Moments) -> list[do.Effect]:
    """Tell the rest of a tale, let the clock strike, wait an hour after the end."""
    effects: list[do.Effect] = []
    for now, fact in [*moments, (moments[-1][0] + timedelta(hours=1), f.LinkLost(PBX))]:
        while (due := tracker.next_deadline()) is not None and due <= now:
            effects += tracker.handle_timeout(due)
        try:
            effects += tracker.handle(fact, now)
        except (WrongState, UnknownAgent):
            assert isinstance(fact, f.AgentSignedIn | f.WrapUpDone | f.AgentBecameReady)
    return effects


def with_the_shift(prefix: Moments, rest: Moments) -> Moments:
    """The same operators are at their desks, whatever else was missed."""
    return [(rest[0][0], fact) for _at, fact in prefix if isinstance(fact, PEOPLE)] + rest


@pytest.mark.parametrize("name", NAMES)
def test_attached_without_a_snapshot(name: str) -> None:
    """Only what comes from now on is known: nobody gets a card that was not his, no call has two contacts."""
    whole = told(name)
    right = pops(whole.effects)
    for start in range(1, len(whole.facts)):
        effects = replay(make_tracker(first=101), with_the_shift(whole.facts[:start], whole.facts[start:]))
        assert pops(effects) <= right, start
        channels = [c.channel for c in contacts(effects)]
        assert len(channels) == len(set(channels)), start


@pytest.mark.parametrize("with_ids", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_attached_with_a_snapshot(name: str, with_ids: bool) -> None:
    """Restarted at any moment: every caller ends in one contact, his operator gets the card again.

    Without the stored ids only calls in a queue, or told of later, are known again.
    """
    whole = told(name)
    right = pops(whole.effects)
    by_channel = {c.channel: c for c in contacts(replay(make_tracker(), whole.facts))}
    for start in range(1, len(whole.facts)):
        before = replayed_until(whole.facts[:start])
        now = whole.facts[start][0]
        alive = {c.channel: c.id for c in before.calls.values() if c.is_ours and c.unlogged is None}
        talking = {
            (ring.login, channel)
            for channel, call in alive.items()
            for ring in before.calls[call].rings
            if ring.login is not None and ring.interface in before.calls[call].talking_with
        }
        tracker = make_tracker(first=101)
        resumed = [
            (now, f.AgentSignedIn(a.login, a.name, a.pbx, a.interface, a.queues, shift_state(a.state)))
            for a in before.agents.values()
        ]
        opened = [(now, f.DeskOpened(a.login)) for a in before.agents.values()]
        login = [(now, f.LinkUp(PBX, 1)), (now, snapshot_of(before, now, with_ids=with_ids))]
        effects = replay(tracker, [*opened, *resumed, *login, *whole.facts[start:]])
        assert pops(effects) <= right, start
        logged = contacts(effects)
        channels = [c.channel for c in logged]
        assert len(channels) == len(set(channels)), start
        if not with_ids:
            continue
        assert {c.id for c in alive} <= set(channels), start
        assert talking <= pops(effects), start
        for contact in logged:
            channel = ChannelRef(PBX, ChannelId(contact.channel))
            if channel in alive and not is_between_talk_and_end(before.calls[alive[channel]]):
                was = by_channel[contact.channel]
                assert (contact.outcome is Outcome.answered) == (was.outcome is Outcome.answered), start


def is_between_talk_and_end(call: Call) -> bool:
    """He has left the bridge and not yet hung up: nothing that lives shows that he was answered."""
    return call.answered_at is not None and not call.talking_with


def shift_state(state: AgentState) -> AgentState:
    """As the store keeps it: who had a call or wrote it up was at work."""
    return AgentState.paused if state is AgentState.paused else AgentState.ready


def replayed_until(moments: Moments) -> Tracker:
    story = Story()
    for now, fact in moments:
        story.at((now - START).total_seconds())
        story.tell(fact)
    return story.tracker

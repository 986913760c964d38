"""The same recordings cut off, repeated and out of order: nothing breaks, and the story stays."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from player import FOLDER, Heard, Player, frames, outline, told

from callcore.calls.effects import StepEvent
from callcore.calls.facts import BridgeLeft, ChannelCreated, ChannelHungUp

WINDOW = timedelta(milliseconds=20)
PLACES = 4
"""Events of different channels change places over no more than this."""
GOING = (ChannelHungUp, BridgeLeft)


def test_begun_at_any_message_it_leaves_nobody_at_rest(recording):
    for start in range(len(recording.facts)):
        player = Player().play(recording.facts[start:]).settle()

        assert not player.tracker.mirror.channels, f"from fact {start}"
        assert not player.tracker.calls, f"from fact {start}"


def test_cut_off_at_any_message_only_the_living_are_left(recording):
    for end in range(0, len(recording.facts), 3):
        heard = recording.facts[:end]
        player = Player().play(heard)

        named = {name for one in heard for name in one.channels}
        gone = {one.channels[0] for one in heard if isinstance(one.fact, ChannelHungUp)}
        assert {str(channel.id) for channel in player.tracker.mirror.channels} <= named - gone, f"until {end}"
        ended = [step.call for step in player.steps if step.event is StepEvent.ended]
        assert len(ended) == len(set(ended)), f"until {end}"


def test_bytes_cut_anywhere_give_the_messages_that_follow():
    raw = (FOLDER / "direct_dial.22.ami").read_bytes()
    whole = frames(raw)

    for start in range(30, len(raw), 7):
        rest = frames(raw[start:])
        assert rest[1:] == whole[len(whole) - len(rest) + 1 :]


def test_with_every_event_repeated_it_tells_the_same(recording):
    once = Player().play(recording.facts).settle().steps
    twice = Player().play([fact for fact in recording.facts for _ in range(2)]).settle().steps

    assert told(twice) == told(once)


@pytest.mark.parametrize("seed", range(6))
def test_out_of_order_it_stays_the_same_story(recording, seed):
    straight = Player().play(recording.facts).settle().steps

    permuted = Player().play(shuffled(recording.facts, random.Random(seed))).settle()

    assert outline(permuted.steps) == outline(straight)
    assert not permuted.tracker.calls
    assert not permuted.tracker.mirror.channels


def shuffled(facts: list[Heard], chance: random.Random) -> list[Heard]:
    """Neighbours of different channels change places, as they do from run to run of one story."""
    order = list(facts)
    for _ in range(PLACES):
        at = 0
        while at + 1 < len(order):
            first, second = order[at], order[at + 1]
            if chance.random() < 0.5 and _may_change_places(first, second):
                order[at], order[at + 1] = second, first
                at += 1
            at += 1
    latest = order[0].at
    timed = []
    for one in order:
        latest = max(latest, one.at)
        timed.append(Heard(latest, one.fact, one.channels))
    return timed


def _may_change_places(first: Heard, second: Heard) -> bool:
    """A channel's own events keep their order; nobody speaks of a channel before it was made; and who leaves
    first makes the others go, so these keep theirs."""
    if abs(second.at - first.at) > WINDOW or first.channels[0] == second.channels[0]:
        return False
    if isinstance(first.fact, GOING) and isinstance(second.fact, GOING):
        return False
    return not (isinstance(first.fact, ChannelCreated) and first.channels[0] in second.channels)

"""The buttons of a living call: what stands in each place, and why it cannot be pressed now."""

from __future__ import annotations

import pytest

from callcore.calls.line import PLAIN, Do, LineState, LineView
from callcore.web.commands import COMMANDS
from callcore.web.i18n import catalogue
from callcore.web.linebar import bar

PLACES = {
    LineState.talks: (Do.hold, Do.consult, Do.three_way, Do.mute, Do.park, Do.hang_up),
    LineState.held: (Do.resume, Do.consult, Do.three_way, Do.mute, Do.park, Do.hang_up),
    LineState.calling: (Do.back, Do.blind, Do.three_way, Do.mute, Do.park, Do.hang_up),
    LineState.consulting: (Do.back, Do.complete, Do.three_way, Do.mute, Do.park, Do.hang_up),
    LineState.failed: (Do.back, Do.consult, Do.three_way, Do.mute, Do.park, Do.hang_up),
    LineState.room: (Do.hold, Do.consult, Do.three_way, Do.mute, Do.park, Do.hang_up),
    LineState.consulted: (Do.hold, Do.consult, Do.three_way, Do.mute, Do.park, Do.hang_up),
    LineState.bare: (Do.mute, Do.hang_up),
}


@pytest.mark.parametrize("state", LineState)
def test_each_place_keeps_its_meaning(state: LineState) -> None:
    assert tuple(button.do for button in bar(LineView(state))) == PLACES[state]
    keys = ["F9", "F8"] if state is LineState.bare else ["F7", "F6", "", "F9", "", "F8"]
    assert [button.key for button in bar(LineView(state))] == keys


@pytest.mark.parametrize("state", LineState)
def test_only_what_may_be_ordered_can_be_pressed(state: LineState) -> None:
    line = LineView(state)
    for button in bar(line):
        assert (button.why_not == "") is (button.do in line.may), button


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("state", LineState)
def test_the_rest_says_why(state: LineState, language: str) -> None:
    for button in bar(LineView(state)):
        assert not button.why_not or f"line.{button.why_not}" in catalogue(language)


def test_mute_is_a_switch() -> None:
    [mute] = [button for button in bar(PLAIN) if button.do is Do.mute]
    [unmute] = [button for button in bar(LineView(is_muted=True)) if button.do is Do.unmute]
    assert (mute.is_on, unmute.is_on) == (False, True)


@pytest.mark.parametrize("state", LineState)
def test_what_orders_something_is_an_order(state: LineState) -> None:
    assert {button.do for button in bar(LineView(state)) if not button.opens} <= COMMANDS.keys()


def test_transfer_asks_whom_first() -> None:
    assert [button.opens for button in bar(PLAIN)] == [False, True, False, False, False, False]
    assert not any(button.opens for button in bar(LineView(LineState.consulting)))

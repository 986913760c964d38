"""Orders to living calls as actions: fixed places, one channel, one function."""

from __future__ import annotations

import pytest

from callcore.ami.line_actions import LINE_CONTEXTS, for_order, mute, redirect
from callcore.ami.protocol import BadAction, encode
from callcore.calls.handset import HangUp, Mute, Place, Redirect, SetVar


def test_a_redirect_goes_to_our_places_alone() -> None:
    for place in Place:
        action = redirect("PJSIP/1-1", place)
        headers = dict(action.headers)
        assert (headers["Context"], headers["Exten"], headers["Priority"]) == (*place.value, "1")
        assert headers["Context"] in LINE_CONTEXTS
    assert all(context.startswith("callcore-") for context in LINE_CONTEXTS)


def test_orders_as_actions() -> None:
    assert for_order(SetVar("PJSIP/1-1", "CALLCORE_HELD", "")).headers[-1] == ("Value", "")
    assert for_order(HangUp("PJSIP/1-1")).name == "Hangup"
    assert for_order(Redirect("PJSIP/1-1", Place.join)).name == "Redirect"
    assert for_order(Mute("PJSIP/1-1", on=False)) == mute("PJSIP/1-1", on=False)
    assert b"Value: \r\n" in encode(for_order(SetVar("PJSIP/1-1", "CALLCORE_HELD", "")), "1")


@pytest.mark.parametrize("channel", ["", " ", "/.*/"])
def test_channels_that_would_be_many(channel: str) -> None:
    for order in (HangUp(channel), Mute(channel, on=True), Redirect(channel, Place.hold)):
        with pytest.raises(BadAction):
            for_order(order)
    with pytest.raises(BadAction):
        redirect("PJSIP/1-1", Place.hold, channel, Place.alone)

"""Work on living calls as AMI actions: the orders of ``callcore.calls.handset``. Pure.

A Redirect goes to a ``Place`` and nowhere else; of dialplan functions only the one that mutes is
set.
"""

from __future__ import annotations

from typing import Final, assert_never

from callcore.ami.actions import channel_name, hangup, setvar
from callcore.ami.protocol import AmiAction
from callcore.calls.handset import HangUp, Mute, Order, Place, Redirect, SetVar

LINE_CONTEXTS: Final = tuple(dict.fromkeys(place.value[0] for place in Place))
"""Of ``dialplans/callcore-line.conf``; where the first is missing, no order can be carried out."""
_MUTES: Final = "MUTEAUDIO(in)"


def for_order(order: Order) -> AmiAction:
    """Raises BadAction for a value that no line of AMI can carry."""
    match order:
        case SetVar(channel, name, value):
            return setvar(channel, name, value)
        case Redirect():
            return redirect(order.channel, order.place, order.extra, order.extra_place)
        case HangUp(channel):
            return hangup(channel)
        case Mute(channel, on):
            return mute(channel, on=on)
        case _:
            assert_never(order)


def redirect(
    channel: str, place: Place, extra: str | None = None, extra_place: Place | None = None
) -> AmiAction:
    """Sends one channel, or two of one talk at once, to places of ours."""
    context, extension = place.value
    headers = [
        ("Channel", channel_name(channel)),
        ("Context", context),
        ("Exten", extension),
        ("Priority", "1"),
    ]
    if extra is not None and extra_place is not None:
        context, extension = extra_place.value
        headers += [
            ("ExtraChannel", channel_name(extra)),
            ("ExtraContext", context),
            ("ExtraExten", extension),
            ("ExtraPriority", "1"),
        ]
    return AmiAction("Redirect", tuple(headers))


def mute(channel: str, *, on: bool) -> AmiAction:
    """What this channel says is heard by nobody, or heard again. Refused where res_mutestream is missing."""
    headers = (
        ("Channel", channel_name(channel)),
        ("Variable", _MUTES),
        ("Value", "on" if on else "off"),
    )
    return AmiAction("Setvar", headers)

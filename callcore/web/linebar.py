"""The buttons of a living call, by how it and its operator stand. Pure.

Each place of the bar keeps its meaning and its key, so that a hand finds it without looking; what cannot be
ordered now stays where it is and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from callcore.calls.line import Do, LineState, LineView

_ASIDE: Final[Mapping[LineState, Do]] = {
    LineState.held: Do.resume,
    LineState.calling: Do.back,
    LineState.consulting: Do.back,
    LineState.failed: Do.back,
}
"""What stands in the place of hold."""
_ONWARD: Final[Mapping[LineState, Do]] = {LineState.calling: Do.blind, LineState.consulting: Do.complete}
"""What stands in the place of transfer; else the panel that asks whom."""


@dataclass(frozen=True, slots=True)
class Button:
    do: Do
    key: str = ""
    why_not: str = ""
    """Code of a text; "" while it may be ordered."""
    opens: bool = False
    """It opens the panel that asks to whom, and orders nothing itself."""
    is_on: bool | None = None
    """Of a switch."""


def bar(line: LineView) -> tuple[Button, ...]:
    """In the order of the places: hold, transfer, three-way, mute, park, hang up. Where the phone has to do
    most of it, only what works."""
    if line.state is LineState.bare:
        return (_mute(line), _button(line, Do.hang_up, "F8"))
    aside = _ASIDE.get(line.state, Do.hold)
    onward = _ONWARD.get(line.state)
    return (
        _button(line, aside, "F7"),
        _button(line, Do.consult, "F6", opens=True) if onward is None else _button(line, onward, "F6"),
        _button(line, Do.three_way),
        _mute(line),
        _button(line, Do.park),
        _button(line, Do.hang_up, "F8"),
    )


def _mute(line: LineView) -> Button:
    return _button(line, Do.unmute if line.is_muted else Do.mute, "F9", is_on=line.is_muted)


def _button(
    line: LineView, do: Do, key: str = "", *, opens: bool = False, is_on: bool | None = None
) -> Button:
    why_not = "" if do in line.may else line.why_not.get(do, f"while_{line.state.value}")
    return Button(do, key, why_not, opens, is_on)

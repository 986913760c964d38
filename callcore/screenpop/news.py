"""What each effect is called on a person's stream of events, and what the event says."""

from __future__ import annotations

from typing import Any, assert_never

from callcore.calls.effects import (
    CloseCard,
    DropCard,
    EndCard,
    HideRinging,
    PopCard,
    ShowAgent,
    ShowDialling,
    ShowLine,
    ShowRinging,
    UpdateCard,
)
from callcore.calls.line import PLAIN, LineView
from callcore.screenpop.changes import DeskEffect

_TYPES: dict[type, str] = {
    ShowRinging: "call.ringing",
    ShowDialling: "call.dialling",
    HideRinging: "call.ringing_ended",
    PopCard: "card",
    UpdateCard: "card.updated",
    EndCard: "call.ended",
    CloseCard: "card.closed",
    DropCard: "card.dropped",
    ShowAgent: "agent.state",
    ShowLine: "call.line",
}


def event_type(effect: DeskEffect) -> str:
    return _TYPES[type(effect)]


def line_data(line: LineView) -> dict[str, Any]:
    return {
        "state": line.state,
        "since": line.since,
        "with": line.with_,
        "is_muted": line.is_muted,
        "failed": line.failed,
        "may": sorted(line.may),
    }


def event_data(effect: DeskEffect) -> dict[str, Any]:
    match effect:
        case ShowRinging():
            return {"call": effect.view, "can_take": effect.can_take}
        case ShowDialling():
            return {"call": effect.view, "stage": effect.stage, "result": effect.result, "why": effect.why}
        case PopCard() | UpdateCard():
            return {"call": effect.view}
        case HideRinging() | DropCard():
            return {"call": effect.call, "reason": effect.reason}
        case EndCard():
            return {"call": effect.call, "talk_ms": effect.talk_ms}
        case CloseCard():
            return {"call": effect.call}
        case ShowLine():
            return {"call": effect.call, "line": line_data(effect.line or PLAIN)}
        case ShowAgent():
            return {
                "state": effect.state,
                "pause_reason": effect.pause_reason,
                "pause_next": effect.pause_next,
                "since": effect.since,
            }
        case _:
            assert_never(effect)

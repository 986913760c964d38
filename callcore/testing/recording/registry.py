"""The list of stories: each a small function with what it needs to be played, and itself in words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callcore.testing.lab import Queue
from callcore.testing.recording.studio import Play, Stage

VERSIONS = (16, 22)

OFFICE = """
[office]
exten => _1XX,1,Dial(PJSIP/${EXTEN},20,tTkK)
 same => n,Hangup()
exten => _2XX,1,Dial(PJSIP/${EXTEN},20,tTkK)
 same => n,Hangup()
exten => 8888,1,Answer()
 same => n,ConfBridge(meeting)
 same => n,Hangup()
exten => _8XXXXXXXXXX,1,Goto(+7${EXTEN:1},1)
exten => _7XXXXXXXXXX,1,Goto(+${EXTEN},1)
exten => _+7XXXXXXXXXX,1,Set(CALLERID(num)=74950000000)
 same => n,Dial(PJSIP/${EXTEN}@carrier,20,tTkK)
 same => n,Hangup()
exten => _**1XX,1,PickupChan(PJSIP/${EXTEN:2})
 same => n,Hangup()
include => parkedcalls
"""
"""What the office's phones may dial, in every story."""


@dataclass(frozen=True)
class Story:
    name: str
    says: str
    """What a person in the office would tell of it."""
    play: Play
    stage: Stage


STORIES: list[Story] = []


def story(
    dialplan: str = "",
    *,
    queues: Sequence[Queue] = (),
    phones: Sequence[str] = ("101", "102", "103"),
    systemname: str = "pbx",
) -> Callable[[Play], Play]:
    """Put a function on the list, under its own name."""
    stage = Stage(OFFICE + dialplan, tuple(queues), tuple(phones), systemname)

    def listed(play: Play) -> Play:
        STORIES.append(Story(play.__name__, inspect.cleandoc(play.__doc__ or ""), play, stage))
        return play

    return listed


def file_name(name: str, version: int) -> str:
    return f"{name}.{version}.ami"

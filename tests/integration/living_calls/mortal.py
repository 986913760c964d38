"""callcore that dies in the middle of handing a call on: ``python mortal.py PLACE run -c FILE``."""

from __future__ import annotations

import sys
from typing import Any

from callcore import cli
from callcore.ami.session import _Protocol
from callcore.assembly.second_line import SecondLine
from callcore.store.handovers import Handovers, HandoverState
from callcore.testing.mortal import Install, Matches, after, after_await, at_commit_of, before


def gives_away(action: Any) -> bool:
    return bool(action.name == "Redirect" and b"callcore-handover" in action.wire)


def ends(state: HandoverState) -> Matches:
    def matches(_id: int, settled: HandoverState, *_rest: object) -> bool:
        return settled is state

    return matches


PLACES: dict[str, Install] = {
    "ordered, nothing kept": before(SecondLine, "_keep"),
    "the card kept, before the hand-over's commit": at_commit_of(Handovers, "ask"),
    "the hand-over kept, before the PBX is asked": after_await(Handovers, "ask"),
    "the PBX asked, before its answer": after(_Protocol, "send", gives_away),
    "taken, before that is kept": at_commit_of(Handovers, "settle", ends(HandoverState.taken)),
    "taken, and that is kept": after_await(Handovers, "settle", ends(HandoverState.taken)),
    "returned, before that is kept": at_commit_of(Handovers, "settle", ends(HandoverState.returned)),
    "returned, and that is kept": after_await(Handovers, "settle", ends(HandoverState.returned)),
}


if __name__ == "__main__":
    PLACES[sys.argv[1]]()
    sys.exit(cli.main(sys.argv[2:]))

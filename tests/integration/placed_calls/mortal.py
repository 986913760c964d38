"""callcore with one place in it where it dies while a person has a number called: see ``testing.mortal``."""

from __future__ import annotations

import sys
from typing import Any

from callcore import cli
from callcore.ami.dialer import AmiDialer
from callcore.ami.session import _Protocol
from callcore.assembly.placing import Placing
from callcore.calls.attempt import AttemptId, AttemptResult, Outcome
from callcore.ivr.agi_session import Session
from callcore.store.attempts import Attempts
from callcore.testing.mortal import Install, after, after_await, at_commit_of, before


def is_originate(action: Any) -> bool:
    return bool(action.name == "Originate")


def names_digits(name: str, _value: str) -> bool:
    return name == "CALLCORE_TO"


def marks(name: str, _value: str) -> bool:
    return name == "CALLCORE_ATTEMPT"


def answered(_id: AttemptId, outcome: Outcome, _change: object) -> bool:
    return outcome.result is AttemptResult.answered


PLACES: dict[str, Install] = {
    "before the intent's commit": at_commit_of(Attempts, "intend"),
    "after the intent's commit, before the Originate": before(AmiDialer, "dial"),
    "after the Originate, before its answer": after(_Protocol, "send", is_originate),
    "phone picked up, before the gate's second word": before(Placing, "confirm"),
    "the gate said yes, before the digits are named": after_await(Placing, "confirm"),
    "digits named, before the script ends well": after_await(Session, "set_variable", names_digits),
    "after the intent's commit, before the channel is marked": before(Session, "set_variable", marks),
    "channel marked, before it is sent on its way": after_await(Session, "set_variable", marks),
    "the script ended well, before Dial": after_await(Session, "finish"),
    "hung up, before the outcome's commit": at_commit_of(Attempts, "settle", answered),
    "after the outcome's commit": after_await(Attempts, "settle", answered),
}


if __name__ == "__main__":
    PLACES[sys.argv[1]]()
    sys.exit(cli.main(sys.argv[2:]))

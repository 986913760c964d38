"""callcore with one place in it where it dies, as by kill -9: ``python mortal.py PLACE run -c FILE``.

Each place lies between two steps that must not be repeated, or must not be lost. The first call or message
that comes there is its last. What was written to sockets and files by then is with the kernel, as in a crash.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from callcore import cli
from callcore.ami.dialer import AmiDialer
from callcore.ami.session import _Protocol
from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, Medium, Outcome
from callcore.calls.campaign import TargetChange
from callcore.ivr.visit import Visit
from callcore.messaging.session import Session
from callcore.messaging.smpp import SmppMessenger
from callcore.outbound.gate import Permit
from callcore.store.attempts import Attempts
from callcore.store.campaigns import Campaigns
from callcore.store.outages import Outages
from callcore.testing.mortal import Install, Matches, after, after_await, at_commit_of, before, die

SAID_FOR_SECONDS = 0.7


def while_speaking() -> None:
    original = Visit.play

    async def doomed(self: Visit, phrases: Any, keys: str = "", counting: Any = ()) -> Any:
        if counting:
            asyncio.get_running_loop().call_later(SAID_FOR_SECONDS, die)
        return await original(self, phrases, keys, counting)

    Visit.play = doomed  # type: ignore[method-assign]


# --- what


def is_call(attempt: Attempt) -> bool:
    return attempt.medium is Medium.voice


def is_message(attempt: Attempt) -> bool:
    return attempt.medium is Medium.sms


def ends(result: AttemptResult) -> Matches:
    def matches(_id: AttemptId, outcome: Outcome, _change: TargetChange) -> bool:
        return outcome.result is result

    return matches


def is_originate(action: Any) -> bool:
    return bool(action.name == "Originate")


def is_submit(message: Any) -> bool:
    return type(message).__name__ == "SubmitSm"


def to_be_texted(permit: Permit, _order: Any) -> bool:
    return permit.ask.medium is Medium.sms


PLACES: dict[str, Install] = {
    # of a publication
    "before the outage's commit": at_commit_of(Outages, "publish_all"),
    "after the outage's commit, before its campaign": before(Campaigns, "create"),
    "before the campaign's commit": at_commit_of(Campaigns, "create"),
    "after the campaign's commit": after_await(Campaigns, "create"),
    # of a call
    "before the intent's commit": at_commit_of(Attempts, "intend", is_call),
    "after the intent's commit, before the Originate": before(AmiDialer, "dial"),
    "after the Originate, before its answer": after(_Protocol, "send", is_originate),
    "while the notice is spoken": while_speaking,
    "after the hangup, before the outcome's commit": at_commit_of(
        Attempts, "settle", ends(AttemptResult.told)
    ),
    "after the outcome's commit": after_await(Attempts, "settle", ends(AttemptResult.told)),
    # of a message
    "before the message's intent's commit": at_commit_of(Attempts, "intend", is_message),
    "after the message's intent's commit, before submit_sm": before(SmppMessenger, "send", to_be_texted),
    "between submit_sm and its answer": after(Session, "_write", is_submit),
    "between the parts": after_await(SmppMessenger, "_submit"),
    "after the answer, before it is stored": at_commit_of(Attempts, "submitted"),
    "after the answer is stored": after_await(Attempts, "submitted"),
    "after the receipt was taken, before the outcome's commit": at_commit_of(
        Attempts, "settle", ends(AttemptResult.delivered)
    ),
    "after the message's outcome's commit": after_await(Attempts, "settle", ends(AttemptResult.delivered)),
}


if __name__ == "__main__":
    PLACES[sys.argv[1]]()
    sys.exit(cli.main(sys.argv[2:]))

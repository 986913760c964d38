"""callcore with one place in it where it dies, as by kill -9: ``python mortal.py PLACE run -c FILE``.

Each place lies between two steps that must not be repeated, or must not be lost. The first call or message
that comes there is its last. What was written to sockets and files by then is with the kernel, as in a crash.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from callcore import cli
from callcore.ami.dialer import AmiDialer
from callcore.ami.session import _Protocol
from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, Medium, Outcome, TargetChange
from callcore.ivr.visit import Visit
from callcore.messaging.session import Session
from callcore.messaging.smpp import SmppMessenger
from callcore.outbound.gate import Permit
from callcore.store.attempts import Attempts
from callcore.store.campaigns import Campaigns
from callcore.store.outages import Outages
from callcore.store.writer import Writer

SAID_FOR_SECONDS = 0.7
Install = Callable[[], None]
Matches = Callable[..., bool]


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def always(*_: Any) -> bool:
    return True


# --- where


def before(owner: type, name: str, matches: Matches = always) -> Install:
    """As soon as this method is called with arguments that match."""

    def install() -> None:
        original = getattr(owner, name)

        def doomed(self: Any, *arguments: Any) -> Any:
            if matches(*arguments):
                die()
            return original(self, *arguments)

        setattr(owner, name, doomed)

    return install


def after(owner: type, name: str, matches: Matches = always) -> Install:
    """When this method has returned."""

    def install() -> None:
        original = getattr(owner, name)

        def doomed(self: Any, *arguments: Any) -> Any:
            result = original(self, *arguments)
            if matches(*arguments):
                die()
            return result

        setattr(owner, name, doomed)

    return install


def after_await(owner: type, name: str, matches: Matches = always) -> Install:
    def install() -> None:
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        async def doomed(self: Any, *arguments: Any) -> Any:
            result = await original(self, *arguments)
            if matches(*arguments):
                die()
            return result

        setattr(owner, name, doomed)

    return install


def at_commit_of(owner: type, name: str, matches: Matches = always) -> Install:
    """Its rows are written, and COMMIT is the next word to the database."""
    is_doomed: ContextVar[bool] = ContextVar("is_doomed", default=False)

    def install() -> None:
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)
        submit = Writer.submit

        async def marked(self: Any, *arguments: Any) -> Any:
            is_doomed.set(is_doomed.get() or matches(*arguments))
            return await original(self, *arguments)

        async def doomed(self: Writer, op: Callable[..., Awaitable[Any]]) -> Any:
            if not is_doomed.get():
                return await submit(self, op)

            async def last(connection: Any) -> None:
                await op(connection)
                event.listen(Engine, "commit", lambda _connection: die())

            return await submit(self, last)

        setattr(owner, name, marked)
        Writer.submit = doomed  # type: ignore[method-assign,assignment]

    return install


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

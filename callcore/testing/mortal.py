"""Places in callcore where it dies, as by kill -9: for programs of tests that run it with one of them.

    PLACES = {"before the intent's commit": at_commit_of(Attempts, "intend"), …}
    if __name__ == "__main__":
        PLACES[sys.argv[1]]()  # python mortal.py PLACE run -c FILE
        sys.exit(cli.main(sys.argv[2:]))

The first that comes to the place is callcore's last. What was written to sockets and files by then is with
the kernel, as in a crash.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from callcore.store.writer import Writer

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

        def doomed(self: Any, *arguments: Any, **named: Any) -> Any:
            if matches(*arguments):
                die()
            return original(self, *arguments, **named)

        setattr(owner, name, doomed)

    return install


def after(owner: type, name: str, matches: Matches = always) -> Install:
    """When this method has returned."""

    def install() -> None:
        original = getattr(owner, name)

        def doomed(self: Any, *arguments: Any, **named: Any) -> Any:
            result = original(self, *arguments, **named)
            if matches(*arguments):
                die()
            return result

        setattr(owner, name, doomed)

    return install


def after_await(owner: type, name: str, matches: Matches = always) -> Install:
    def install() -> None:
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        async def doomed(self: Any, *arguments: Any, **named: Any) -> Any:
            result = await original(self, *arguments, **named)
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

        async def marked(self: Any, *arguments: Any, **named: Any) -> Any:
            is_doomed.set(is_doomed.get() or matches(*arguments))
            return await original(self, *arguments, **named)

        async def doomed(self: Writer, op: Callable[..., Awaitable[Any]]) -> Any:
            if not is_doomed.get():
                return await submit(self, op)

            async def last(connection: Any) -> None:
                await op(connection)
                event.listen(Engine, "commit", lambda _connection: die())

            return await submit(self, last)

        setattr(owner, name, marked)
        Writer.submit = doomed  # type: ignore[method-assign]

    return install

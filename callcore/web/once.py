"""A form that makes something is taken once, though it be sent twice: by a double click, or because the
answer to the first was lost on its way.

Each form that a page shows bears a word of its own, ``once``. The same form with the same contents again gets
the answer of the first, also while that is still under way; one that was not taken may be sent again. What
was answered is kept in memory: after a restart a repeat is a new form.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

FIELD = "once"
MOST = 1000
"""Answers that one place keeps."""
_TAKEN = (204, 303)
Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first was told."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    said: bytes = b""
    """What was asked, where the key does not tell."""


class Again(Exception):
    """It was taken before."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


Book = OrderedDict[bytes, "asyncio.Future[Answer | None]"]
"""Answers by key, those under way too."""


class Attempt:
    """One request; ``end`` must follow ``begin``, whatever happens."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._key = b""
        self._mine: asyncio.Future[Answer | None] | None = None

    async def begin(self, key: bytes) -> None:
        """Returns when it is this one's turn. Raises ``Again``."""
        while (earlier := self._book.get(key)) is not None:
            answer = await asyncio.shield(earlier)
            if answer is not None:
                raise Again(answer)
        self._mine = self._book[key] = asyncio.get_running_loop().create_future()
        self._key = key
        while len(self._book) > MOST:
            self._book.popitem(last=False)

    def end(self, answer: Answer | None) -> None:
        """``answer`` None: it was not taken, the next one is the first."""
        if self._mine is None:
            return
        if answer is None and self._book.get(self._key) is self._mine:
            del self._book[self._key]
        self._mine.set_result(answer)


_ATTEMPT = web.RequestKey("once", Attempt)


def once(handler: Handler) -> Handler:
    """For a page that makes something of a form."""
    book: Book = OrderedDict()

    async def guarded(request: web.Request) -> web.Response:
        attempt = request[_ATTEMPT] = Attempt(book)
        taken: Answer | None = None
        try:
            response = await handler(request)
            if response.status in _TAKEN:
                taken = Answer(response.status, dict(response.headers))
        except Again as again:
            return web.Response(status=again.answer.status, headers=again.answer.headers)
        finally:
            attempt.end(taken)
        return response

    return guarded


async def first(
    request: web.Request, login: str, fields: Mapping[str, str], files: Sequence[tuple[str, bytes]]
) -> None:
    """Called with what the form holds: goes on with the first of its kind, at once."""
    attempt = request.get(_ATTEMPT)
    if attempt is not None and fields.get(FIELD):
        said = [login, *(text for pair in sorted(fields.items()) for text in pair)]
        await attempt.begin(await asyncio.to_thread(digest, said, files))


def digest(said: Sequence[str], files: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """The same for the same contents, and for nothing else."""
    parts = [text.encode("utf-8", "surrogatepass") for text in said]
    for name, body in files:
        parts += [name.encode("utf-8", "surrogatepass"), body]
    all_ = hashlib.sha256()
    for part in parts:
        all_.update(len(part).to_bytes(8, "big") + part)
    return all_.digest()

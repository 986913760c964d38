"""The connection under one call: one task reads, one command at a time is on its way. Knows no steps.

A command that is given up half-way leaves an answer that nobody waits for, so that the connection is closed
then: it never loses count of which answer belongs to which command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from panoramisk.fast_agi import Request

from callcore.ivr.agi import (
    AgiError,
    AgiProtocolError,
    AgiRefused,
    AgiTimeout,
    Answer,
    AnswerReader,
    CallerHungUp,
    HangupNotice,
    decode_line,
    encode,
)
from callcore.ivr.agi_environment import AgiEnvironment

ANSWER_SECONDS: Final = 5.0
"""Time limit of a command that Asterisk does at once."""
SECRET: Final = "200 result=…"
"""In place of an answer that holds a secret key."""
AFTER_HANGUP_SECONDS: Final = 1.0
"""How long an answer may still come after the HANGUP line."""


class Connection(Request):  # type: ignore[misc]
    """One FastAGI connection whose environment has been read.

    ``gone`` is set when the caller hung up, or the connection ended in any other way; from then on every
    command raises the reason.
    """

    def __init__(
        self,
        app: Any,
        environment: AgiEnvironment,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        on_timeout: Callable[[str], None] = lambda verb: None,
        tap: Callable[[str, bool], None] = lambda line, is_ours: None,
    ) -> None:
        """``tap`` sees each line: a command of ours, or what Asterisk says."""
        super().__init__(app, dict(environment.raw), reader, writer)
        self._tap = tap
        self.is_secret = False
        """What Asterisk answers now holds keys that nobody may see: the tap does not."""
        self.environment = environment
        self.gone = asyncio.Event()
        self._on_timeout = on_timeout
        self._lock = asyncio.Lock()
        self._waiting: asyncio.Future[Answer] | None = None
        self._end: AgiError | None = None
        self._late: asyncio.TimerHandle | None = None

    async def send_command(self, command: object) -> None:
        """Closed: free text to Asterisk would outrank every right of the AMI account."""
        raise AgiRefused("free commands are not sent; use the typed steps")

    async def _command(self, verb: str, *arguments: str | int, limit: float = ANSWER_SECONDS) -> Answer:
        line = encode(verb, *arguments)
        async with self._lock:
            if self._end or self.gone.is_set():
                raise self._end or self._hangup()
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(limit):
                    self._tap(line.decode("utf-8", "replace").rstrip(), True)
                    self.writer.write(line)
                    await self.writer.drain()
                    answer = await self._waiting
            except TimeoutError:
                self._on_timeout(verb)
                raise self._close(AgiTimeout(f"{verb}: no answer in {limit:.0f} s")) from None
            except OSError as error:
                raise self._close(self._hangup()) from error
            except asyncio.CancelledError:
                self._close(AgiProtocolError(f"{verb} was cancelled half-way"))
                raise
            finally:
                self._waiting = None
        return self._accepted(verb, answer)

    def _accepted(self, verb: str, answer: Answer) -> Answer:
        if answer.code == 200:
            return answer
        if answer.code == 511:
            raise self._lost()
        raise AgiRefused(f"Asterisk does not take {verb}: {answer.code} {answer.text[:200]}")

    async def read_answers(self) -> None:
        """The one reader of the connection; runs beside the route and ends with the connection."""
        answers = AnswerReader()
        try:
            while (line := await self.reader.readline()).endswith(b"\n"):  # the last one may be cut off
                text = decode_line(line)
                self._tap(SECRET if self.is_secret and text.startswith("200 ") else text, False)
                match answers.feed(text):
                    case None:
                        pass
                    case HangupNotice():
                        self._note_hangup()
                    case Answer() as answer:
                        self._deliver(answer)
        except AgiProtocolError as error:
            self._close(error)
        except ValueError:
            self._close(AgiProtocolError("a line without an end"))
        except OSError:
            pass
        finally:
            self._close(self._hangup())

    def _deliver(self, answer: Answer) -> None:
        if self._waiting is None or self._waiting.done():
            raise AgiProtocolError("an answer that nobody asked for")
        self._waiting.set_result(answer)

    def _on_hangup(self) -> None:
        """For the session: the first sign that the channel is gone."""

    def _lost(self) -> CallerHungUp:
        self._note_hangup()
        return self._hangup()

    def _note_hangup(self) -> None:
        if not self.gone.is_set():
            self.gone.set()
            self._on_hangup()
            loop = asyncio.get_running_loop()
            self._late = loop.call_later(AFTER_HANGUP_SECONDS, self._close, self._hangup())

    def _close(self, error: AgiError) -> AgiError:
        """Nothing more goes over this connection; the first reason stays. Returns the reason that stays."""
        if self._end is None:
            self._end = error
            self.gone.set()
            if self._late is not None:
                self._late.cancel()
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_exception(error)
                self._waiting.exception()  # counts as seen, even if its step was already given up
            if isinstance(error, CallerHungUp):
                self.writer.close()
            else:
                self.writer.transport.abort()
        return self._end

    @staticmethod
    def _hangup() -> CallerHungUp:
        return CallerHungUp("the channel is gone")

    async def close(self, reading: asyncio.Task[None]) -> None:
        """Ends the connection and waits for its reader."""
        self._close(self._hangup())
        done, _ = await asyncio.wait({reading}, timeout=1.0)
        if not done:  # the peer reads nothing, so that what we wrote cannot leave
            self.writer.transport.abort()
            await asyncio.wait({reading})

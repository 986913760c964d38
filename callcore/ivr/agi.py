"""AGI on the wire: the one encoder, and the reader of answers. Pure.

A command is one line of quoted words; its answer is one line (``200 result=…``), or, when Asterisk does not
like the words, a block of several lines (``520-…`` to ``520 …``). A ``HANGUP`` line may come at any moment
between answers, and belongs to none of them.

Errors a route may meet, all of them ``AgiError``::

    CallerHungUp        the channel is gone: nothing more can be said to it
    AgiTimeout          Asterisk did not answer a command in its time; the session is closed
    AgiProtocolError    the peer does not speak AGI, or answers what nobody asked; the session is closed
    AgiRefused          our misuse, found before sending; or Asterisk's 510 / 520 to a command
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LINE_BYTES: Final = 2000
"""Longest command line, newline included. Asterisk reads lines into 2,048 bytes and cuts what is longer in
two; the second half would be another command."""
ANSWER_BYTES: Final = 60_000
"""Longest answer, all its lines together."""
BLOCK_LINES: Final = 300

VERBS: Final = frozenset(
    {
        "ANSWER",
        "CHANNEL STATUS",
        "DATABASE DEL",
        "DATABASE DELTREE",
        "GET VARIABLE",
        "HANGUP",
        "RECORD FILE",
        "SET AUTOHANGUP",
        "SET CONTEXT",
        "SET EXTENSION",
        "SET PRIORITY",
        "SET VARIABLE",
        "STREAM FILE",
        "VERBOSE",
        "WAIT FOR DIGIT",
    }
)
"""All that callcore ever says. EXEC is not among them: it runs any application, a shell included."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RESULT = re.compile(r"200 result=(-?[^\s()]*)(?: \((.*)\))?(?: endpos=(-?\d{1,12}))? *", re.DOTALL)
_VALUE_BEGINS = re.compile(r"200 result=-?[^\s()]* \(")
_CODE = re.compile(r"([1-9]\d\d)(?: (.*))?", re.DOTALL)


class AgiError(Exception):
    """Any trouble with an AGI session."""


class CallerHungUp(AgiError):
    """The channel is gone."""


class AgiTimeout(AgiError):
    """Asterisk did not answer a command in time."""


class AgiProtocolError(AgiError):
    """The peer does not speak AGI."""


class AgiRefused(AgiError):
    """A command that must not be sent, or that Asterisk does not take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``code`` 200, or 510 (unknown), 511 (channel is dead), 520 (usage).

    ``result`` is the word after ``result=`` (``""`` for other codes), ``value`` what stands in brackets,
    ``endpos`` samples played, ``text`` the words of a refusal.
    """

    code: int
    result: str = ""
    value: str | None = None
    endpos: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class HangupNotice:
    """The line ``HANGUP``: the channel is gone, or Asterisk ends this session."""


def encode(verb: str, *arguments: str | int) -> bytes:
    """One command as bytes, newline included.

    Raises AgiRefused for a verb outside ``VERBS``, a control character (a newline would be a second command),
    a character that has no bytes, a line over ``LINE_BYTES``.
    """
    if verb not in VERBS:
        raise AgiRefused(f"{verb!r} is not a command that callcore uses")
    line = " ".join([verb, *(_word(argument) for argument in arguments)])
    try:
        data = line.encode("utf-8", "surrogateescape") + b"\n"
    except UnicodeEncodeError as error:
        raise AgiRefused(f"{verb}: an argument holds half a character") from error
    if len(data) > LINE_BYTES:
        raise AgiRefused(f"{verb}: {len(data)} bytes, Asterisk takes {LINE_BYTES} in a line")
    return data


def _word(argument: str | int) -> str:
    if isinstance(argument, int):
        return str(int(argument))
    if _CONTROL.search(argument):
        raise AgiRefused("a control character in an argument")
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def decode_line(line: bytes) -> str:
    """A line as text; bytes that are not UTF-8 survive as surrogates, and ``encode`` gives them back."""
    return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


class AnswerReader:
    """Puts lines together into answers: ``feed`` each line that comes, in order."""

    def __init__(self) -> None:
        self._block: list[str] = []
        self._bytes = 0

    @property
    def inside(self) -> bool:
        """True in the middle of an answer of several lines."""
        return bool(self._block)

    def feed(self, line: str) -> Answer | HangupNotice | None:
        """The answer that ``line`` completes, or None where more lines are needed.

        ``100 Trying`` gives None as well. Raises AgiProtocolError for anything else that is no answer.
        """
        if self._block:
            return self._continue(line)
        if line == "HANGUP":
            return HangupNotice()
        if line.startswith("520-"):
            self._begin(line)
            return None
        if matched := _RESULT.fullmatch(line):
            return _answer(matched)
        if _VALUE_BEGINS.match(line):  # a value with a newline in it
            self._begin(line)
            return None
        if matched := _CODE.fullmatch(line):
            code = int(matched[1])
            if code == 100:
                return None
            if code != 200:
                return Answer(code, text=matched[2] or "")
        raise AgiProtocolError(f"not an answer: {line[:3]!r} and {len(line)} characters in all")

    def _begin(self, line: str) -> None:
        self._block = [line]
        self._bytes = len(line)

    def _continue(self, line: str) -> Answer | None:
        self._block.append(line)
        self._bytes += len(line) + 1
        if self._bytes > ANSWER_BYTES or len(self._block) > BLOCK_LINES:
            raise AgiProtocolError("an answer without an end")
        if self._block[0].startswith("520-"):
            if not line.startswith("520 "):
                return None
            text, self._block = "\n".join(self._block), []
            return Answer(520, text=text)
        if ")" not in line or (matched := _RESULT.fullmatch("\n".join(self._block))) is None:
            return None
        self._block = []
        return _answer(matched)


def _answer(matched: re.Match[str]) -> Answer:
    endpos = matched[3]
    return Answer(200, matched[1], matched[2], int(endpos) if endpos is not None else None)

"""Bytes of the manager interface to messages and back. Pure: no socket, no clock.

A message is a block of ``Name: value`` lines closed by an empty line. What comes in is framed as bytes first,
since a TCP chunk may end in the middle of a Cyrillic letter; events nobody wants are dropped by name before
they are parsed. What goes out passes the one encoder, which refuses whatever Asterisk could read as something
else than was meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Headers = Mapping[str, str | list[str]]
"""One message: lower-case names; a header that was repeated is a list, an empty one is kept as ``""``."""

GREETING = "Asterisk Call Manager/"
MAX_FRAME_BYTES = 256 * 1024
"""Real messages stay under 30 kB (ListCommands); a peer that never ends one is not an Asterisk."""
MAX_GREETING_BYTES = 512
MAX_LINE_BYTES = 1000
"""Asterisk refuses lines over 1,022 bytes."""
MAX_HEADERS = 120
"""Asterisk silently ignores headers after the 128th."""

_END = b"\r\n\r\n"
_LINE_END = b"\r\n"
_EVENT = b"Event: "
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*\Z")
_VARIABLE_NAME = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]*\Z")
_SHAPES_OF_A_KIND = 8
"""Few kinds have more than two; a peer that varies them without end is not followed."""
_KINDS = 100
_SPLITTING = frozenset(',"\\')
_OURS = frozenset({"action", "actionid"})


class BrokenPeer(Exception):
    """The peer does not speak the manager interface; the connection is of no use."""

    def __init__(self, why: str, before: Sequence[bytes] = ()) -> None:
        super().__init__(why)
        self.before = tuple(before)
        """Raw messages of the same chunk that were whole before that."""


class BadAction(ValueError):
    """An action that must not be sent as it stands: our own mistake or a hostile value."""


class Frames:
    """Cuts the byte stream into the greeting line and raw messages (without the closing empty line)."""

    def __init__(self, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self.greeting: str | None = None
        self._max = max_bytes
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Raw messages that ``data`` completed, the same ones however the stream is cut into chunks.

        Raises BrokenPeer; then the stream is beyond repair.
        """
        if self._rest:
            data = self._rest + data
        if self.greeting is None:
            data, whole = self._take_greeting(data)
            if not whole:
                self._rest = data
                return []
        parts = data.split(_END)
        self._rest = parts.pop()
        if len(data) > self._max:
            self._check_lengths(parts)
        return _without_blank_lines(parts)

    def _check_lengths(self, parts: list[bytes]) -> None:
        """Line ends do not count: the last ones may be half of what ends the message."""
        for at, part in enumerate([*parts, self._rest]):
            if len(part) > self._max and len(part.rstrip(_LINE_END)) > self._max:
                why = f"a message of more than {self._max} bytes that does not end"
                raise BrokenPeer(why, _without_blank_lines(parts[:at]))

    def _take_greeting(self, data: bytes) -> tuple[bytes, bool]:
        line, end, rest = data.partition(b"\r\n")
        expected = GREETING.encode()
        length = len(line.removesuffix(b"\r"))  # may be half of the line end
        if not line.startswith(expected[: len(line)]) or length > MAX_GREETING_BYTES:
            raise BrokenPeer(f"greets with {line[:60]!r} instead of {GREETING!r}")
        if not end:
            return data, False
        if not line.startswith(expected):
            raise BrokenPeer(f"greets with {line[:60]!r} instead of {GREETING!r}")
        self.greeting = decode(line)
        return rest, True


def _without_blank_lines(parts: list[bytes]) -> list[bytes]:
    """Some actions close their answer with one line end too many, which the next message then begins with."""
    return [part.lstrip(_LINE_END) for part in parts]


def event_name(raw: bytes) -> bytes | None:
    """Name of the event, read without parsing (Asterisk writes that header first); None for a response."""
    if not raw.startswith(_EVENT):
        return None
    end = raw.find(b"\r\n", 7)
    return raw[7:] if end < 0 else raw[7:end]


def parse(raw: bytes) -> dict[str, str | list[str]]:
    """Headers of one raw message; a line without a colon is skipped. Never raises."""
    headers: dict[str, str | list[str]] = {}
    for line in _lines(raw):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        if value[:1] == " ":
            value = value[1:]
        key = name.lower()
        if key not in headers:
            headers[key] = value
            continue
        before = headers[key]
        if isinstance(before, list):
            before.append(value)
        else:
            headers[key] = [before, value]
    return headers


class Shapes:
    """Reads messages quicker than ``parse``, and alike: Asterisk writes each kind of event with the same
    headers in the same order, so one pattern of all of them tells whether a message is as usual.

    One for each peer. A message of no known shape is parsed, and its shape is learned unless it is an odd one
    (a header twice, a line that is none, bytes that are no UTF-8).
    """

    def __init__(self) -> None:
        self._known: dict[bytes, list[_Shape]] = {}

    def read(self, raw: bytes, kind: bytes) -> Headers:
        """Headers of one raw message; ``kind`` is its event's name. Never raises."""
        shapes = self._known.get(kind)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return parse(raw)
        for shape in shapes or ():
            found = shape.match(text)
            if found is not None:
                return _Shaped(found, shape.places)
        headers = parse(raw)
        if shapes is None:
            shapes = self._known[kind] = []
        if len(shapes) < _SHAPES_OF_A_KIND and len(self._known) < _KINDS:
            learned = _shape_of(text.split("\r\n"), headers)
            if learned is not None:
                shapes.append(learned)
        return headers


class _Shape(NamedTuple):
    match: Callable[[str], re.Match[str] | None]
    places: dict[str, int]
    """Of each header, the group of the match with its value."""


def _shape_of(lines: list[str], headers: Headers) -> _Shape | None:
    names = [line.partition(": ")[0] for line in lines]
    if [name.lower() for name in names] != [*headers]:
        return None
    pattern = "\r\n".join(f"{re.escape(name)}: ([^\r\0]*)" for name in names)
    return _Shape(re.compile(pattern).fullmatch, {name: at for at, name in enumerate(headers, 1)})


class _Shaped(Mapping[str, str | list[str]]):
    """Headers that are cut out when somebody asks: most of them nobody does."""

    __slots__ = ("_found", "_places")

    def __init__(self, found: re.Match[str], places: dict[str, int]) -> None:
        self._found = found
        self._places = places

    def __getitem__(self, name: str) -> str:
        return self._found[self._places[name]]

    def get(self, name: str, default: Any = None, /) -> Any:
        """Without the KeyError that Mapping's own would raise and catch."""
        place = self._places.get(name)
        return default if place is None else self._found[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _lines(raw: bytes) -> list[str]:
    if b"\0" not in raw:
        try:
            return raw.decode().split("\r\n")
        except UnicodeDecodeError:
            pass
    # Headers of one message may come from different hands: a UTF-8 dialplan beside a cp1251 trunk.
    return [decode(line) for line in raw.split(b"\r\n")]


def decode(raw: bytes) -> str:
    """Text that JSON and SQL accept (no lone surrogate, no NUL) of bytes in UTF-8, cp1251 or neither.

    UTF-8 that Asterisk cut in the middle of a letter keeps its whole letters.
    """
    text = raw.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= letter <= "\udcff" for letter in text)
    if bad:
        good = sum(letter > "\x7f" for letter in text) - bad
        text = raw.decode("utf-8", "replace") if good > bad else _cp1251(raw)
    return text.replace("\0", "\ufffd")


def _cp1251(raw: bytes) -> str:
    try:
        return raw.decode("cp1251")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class AmiAction:
    """One action to be sent. Values are checked by ``encode``, the meaning by the builders in ``actions``."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    """Each becomes a ``Variable: name=value`` line."""

    def __repr__(self) -> str:
        """Without values: they hold secrets, numbers and names."""
        return f"<AmiAction {self.name}>"


def encode(action: AmiAction, action_id: str) -> bytes:
    """The one encoder. Raises BadAction on whatever would not reach Asterisk exactly as it stands here.

    Refused are control characters (a line end in a value starts a second action), lone surrogates, lines over
    1,000 bytes, more than 120 headers, commas, quotes and backslashes in variable values (Asterisk splits at
    the first and eats the others) and names that are not plain words. Action and ActionID are never taken
    from the caller.
    """
    lines = [_line("Action", action.name), _line("ActionID", action_id)]
    for name, value in action.headers:
        if name.lower() in _OURS:
            raise BadAction(f"{action.name}: {name} is not the caller's to set")
        lines.append(_line(name, value))
    for name, value in action.variables:
        check_variable(name, value)
        lines.append(_line("Variable", f"{name}={value}"))
    if len(lines) > MAX_HEADERS:
        raise BadAction(f"{action.name}: {len(lines)} headers, at most {MAX_HEADERS} are allowed")
    return b"\r\n".join(lines) + _END


def check_variable(name: str, value: str) -> None:
    """Raises BadAction unless ``name`` is a plain variable (a function could write files) and
    ``value`` stays one argument in every dialplan that uses it."""
    if not _VARIABLE_NAME.match(name):
        raise BadAction(f"{name[:40]!r} is not the name of a channel variable")
    if not _SPLITTING.isdisjoint(value):
        raise BadAction(
            f"variable {name}: Asterisk would end the value at a comma, and eat quotes and backslashes"
        )


def _line(name: str, value: str) -> bytes:
    if not _HEADER_NAME.match(name):
        raise BadAction(f"{name[:40]!r} is not the name of a header")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in value):
        raise BadAction(f"{name}: control character or lone surrogate in the value")
    line = f"{name}: {value}".encode()
    if len(line) > MAX_LINE_BYTES:
        raise BadAction(f"{name}: {len(line)} bytes, at most {MAX_LINE_BYTES} fit into a line")
    return line

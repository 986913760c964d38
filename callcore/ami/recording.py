"""A recording of manager traffic, as a file holds it, to the events in it. Pure.

Three forms are read: the raw bytes of a session (banner, responses and list rows among them, any line ends,
begun or cut off in the middle of a message), a JSON array of event objects, and JSON Lines of them. Objects
may spell their keys in any case; numbers stay as they were written, null is a header that is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from callcore.ami.protocol import GREETING, BrokenPeer, Frames, Headers, decode, parse
from callcore.domain import Text

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LINE_END = re.compile(rb"(?<!\r)\r*\n")
_AMI_LINE = re.compile(rb"^(event|response|action):", re.IGNORECASE | re.MULTILINE)
_JSON_LINE = re.compile(rb"^[ \t]*\{", re.MULTILINE)
_BETWEEN = re.compile(r"[\s,\[\]]*")
_NEXT_OBJECT = re.compile(r"\n[ \t]*\{")
_STRING_OR_BRACKET = re.compile(r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+(?:"|\Z|(?=\n))|[\[\]{}]')
_EPOCH = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,9}))?", re.ASCII)
_NUMBERS_AS_WRITTEN = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class BadRecording(Exception):
    """The file is none of the three forms; ``message`` says where, and what would be right."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)


_TOO_LONG = Text(
    "сообщение длиннее 256 КиБ: это не запись AMI.",
    "a message is longer than 256 KiB: this is no recording of AMI.",
)


def events(data: bytes) -> Iterator[Headers]:
    """The events of a recording, in its order; whatever else it holds is passed over.

    What was cut off at the beginning or the end of the file is left out. Raises BadRecording for JSON that is
    broken in the middle, when the reading comes to it.
    """
    data = _plain(data)
    messages = _json_objects(decode(data)) if _is_json(data) else _raw_messages(data)
    return (message for message in messages if "event" in message)


def moment(event: Headers) -> datetime | None:
    """When Asterisk sent it: the header ``Timestamp`` of ``timestampevents=yes``, or an ISO time with a zone.

    None if it does not say, or says nonsense.
    """
    value = event.get("timestamp", "")
    text = value if isinstance(value, str) else value[0]
    try:
        if found := _EPOCH.fullmatch(text):
            micros = int((found[2] or "").ljust(6, "0")[:6])
            return datetime.fromtimestamp(int(found[1]), UTC).replace(microsecond=micros)
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def _plain(data: bytes) -> bytes:
    """In UTF-8 where a Windows console had made UTF-16 of it, and without a byte-order mark."""
    if data.startswith(_UTF16):
        data = data.decode("utf-16", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def _is_json(data: bytes) -> bool:
    """JSON begins with a bracket; or, cut off at the beginning, has lines that do."""
    has_ami_lines = _AMI_LINE.search(data) is not None
    return not has_ami_lines and (data.lstrip()[:1] in (b"[", b"{") or _JSON_LINE.search(data) is not None)


# --- raw bytes


def _raw_messages(data: bytes) -> Iterator[Headers]:
    """A last line without an end may be cut in its value, and is left out. A banner is a line like others."""
    whole_lines = data[: data.rfind(b"\n") + 1]
    stream = f"{GREETING}\r\n".encode() + _LINE_END.sub(b"\r\n", whole_lines) + b"\r\n"
    try:
        for raw in Frames().feed(stream):
            yield parse(raw)
    except BrokenPeer as error:
        raise BadRecording(_TOO_LONG) from error


# --- JSON


def _json_objects(text: str) -> Iterator[Headers]:
    """The objects of an array or of one line each; an object may also stretch over several lines."""
    at = _BETWEEN.match(text).end()  # type: ignore[union-attr]  # it matches nothing, too
    if text[at : at + 1] != "{":  # cut off at the beginning
        at = _next_object(text, at)
    while at < len(text):
        value, end = _value(text, at)
        if end is None:
            return
        yield _headers(value)
        at = _BETWEEN.match(text, end).end()  # type: ignore[union-attr]  # as above


def _next_object(text: str, at: int) -> int:
    line = text.find("\n", at)
    found = _NEXT_OBJECT.search(text, line) if line >= 0 else None
    return found.end() - 1 if found else len(text)


def _value(text: str, at: int) -> tuple[dict[str, object], int | None]:
    """The object that begins at ``at`` and where it ends; None: the file ends before it does."""
    try:
        value, end = _NUMBERS_AS_WRITTEN.raw_decode(text, at)
    except RecursionError:
        raise _bad(text, at, Text("слишком много вложенных скобок", "brackets nested too deep")) from None
    except json.JSONDecodeError as fault:
        if _is_cut_off(text, at):
            return {}, None
        raise _bad(text, fault.pos, Text("это не JSON", "this is no JSON")) from None
    if not isinstance(value, dict):
        raise _bad(text, at, Text("здесь не объект события", "this is no event object"))
    return value, end


def _is_cut_off(text: str, at: int) -> bool:
    """Does the object at ``at`` lack its end because the file ends? Then it is the last one."""
    if text[at] != "{" or _NEXT_OBJECT.search(text, at + 1):
        return False
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text, at):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return False
    return True


def _bad(text: str, at: int, why: Text) -> BadRecording:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return BadRecording(
        Text(
            f"строка {line}, знак {column}: {why.ru}. Нужен массив JSON с событиями, по объекту события в "
            "строке или байты сеанса AMI как есть.",
            f"line {line}, column {column}: {why.en}. What is needed is a JSON array of events, one event "
            "object a line, or the bytes of an AMI session as they came.",
        )
    )


def _headers(value: dict[str, object]) -> Headers:
    headers: dict[str, str | list[str]] = {}
    for key, each in value.items():
        texts = _texts(each)
        if texts:
            headers[key.lower()] = texts[0] if len(texts) == 1 else texts
    return headers


def _texts(value: object) -> list[str]:
    """Header values of one JSON value; ``{"NAME": "value"}`` is how some write channel variables."""
    if isinstance(value, dict):
        return [
            f"{_storable(name)}={text}" for name, each in value.items() if (text := _text(each)) is not None
        ]
    if isinstance(value, list):
        return [text for each in value if (text := _text(each)) is not None]
    text = _text(value)
    return [] if text is None else [text]


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "1" if value else "0"
    return _storable(value) if isinstance(value, str) else None


def _storable(text: str) -> str:
    r"""Without lone surrogates, which ``\ud800`` in JSON makes, and without NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")

"""Logging: one JSON object a line, with ``event``, ``level``, ``logger``, ``at`` (UTC) and what is bound.

Whoever logs masks phone numbers by ``numbers.mask``. The last processor here is the net under him: it masks
what still looks like a number and drops what is named like a secret, also in exceptions and in the records of
libraries.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import nullcontext
from functools import lru_cache
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from callcore.numbers import SHORT_LIMIT, mask

DROPPED = "[dropped]"
_HANDLER = "callcore"
_SECRET = re.compile(r"pass(word|wd|phrase)?$|secret|token|cookie|authorization|csrf|api_?key|pin$", re.I)
_NUMBER_KEY = re.compile(r"number|phone|caller(_?id)?$|callee$|ani$|dnis$|msisdn|exten$", re.I)
_COUNT_KEY = re.compile(r"_(ms|ns|us|bytes|at)$|^(seq|since|record)$")
_UUID = r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
_MOMENT = (
    r"(?<![\w.+-])(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-]| \d)"
)
# Seven digits or more as people group them, standing alone; and ten or more in a row wherever they stand.
# Neither is followed by a dot and a digit, as Asterisk's uniqueid 1795321234.17 is. A UUID or a date is kept.
_GROUPED = re.compile(
    rf"(?P<kept>{_UUID}|{_MOMENT})"
    rf"|(?<![\w.])\+?\(?(?!{_UUID}|{_MOMENT})"
    r"\d(?:[ \u00a0\u202f-]?\(?\d\)?){6,14}(?!\w|[.:]\d)"
    r"|(?<![\d.])\+?\d{10,}(?!\d|\.\d)"
    r"|\+\d{7,}"
)
_DIGIT = re.compile(r"\d")
_KEYS = 1000
"""Of which it is remembered what they are: lines have the same few again and again."""
_UNTOUCHED = frozenset(
    ("at", "level", "logger", "call_id", "channel_id", "epoch", "file", "key", "record", "attempt", "outage")
)
"""Names that callcore gave itself; one that is masked could no longer be found."""
_DEEPEST = 6
_LONGEST_COUNT = 10**9
"""A whole number beyond it may be a phone number, unless its key says that it counts something."""


def configure(level: str = "INFO", stream: TextIO | None = None, file: str | None = None) -> None:
    """Route structlog and the standard library through one handler: ``stream`` (stdout) or a file.

    ``level`` is a name of the standard library's. May be called again. A file is reopened after it was moved
    away, so that logrotate needs no signal. Raises OSError if the file cannot be opened.
    """
    handler = _handler(stream, file)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    render: list[Processor] = [
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    foreign: list[Processor] = [*shared, _foreign]
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[without_meta, *render], foreign_pre_chain=foreign)
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if old.get_name() == _HANDLER:
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, *render, _writing_to(handler)],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _handler(stream: TextIO | None, file: str | None) -> logging.StreamHandler[Any]:
    handler: logging.StreamHandler[Any]
    if file is not None:
        handler = WatchedFileHandler(file, encoding="utf-8", errors="backslashreplace")
    else:
        handler = logging.StreamHandler(stream or sys.stdout)
    handler.set_name(_HANDLER)
    return handler


def _writing_to(handler: logging.StreamHandler[Any]) -> Processor:
    """The last processor: our own lines need no record of the standard library, which would cost more than
    all the rest. A line that cannot be written is told on stderr, as the library does."""

    def write(_logger: WrappedLogger, _method: str, line: Any) -> Any:
        with handler.lock or nullcontext():
            try:
                if isinstance(handler, WatchedFileHandler):
                    handler.reopenIfNeeded()
                handler.stream.write(f"{line}{handler.terminator}")
                handler.flush()
            except Exception:
                handler.handleError(logging.makeLogRecord({}))
        raise structlog.DropEvent

    return write


def _foreign(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A library's sentence is a text, not an event's name."""
    event["message"] = event.pop("event", "")
    event["event"] = "library_message"
    return event


def redact(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    """The record without numbers and secrets: new containers, nothing of the caller's is changed."""
    return {
        key: value if key in _UNTOUCHED and isinstance(value, (str, int, Path)) else _clean(key, value, 0)
        for key, value in event.items()
    }


def _clean(key: str, value: object, depth: int) -> object:
    if _is_secret(key):
        return DROPPED
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if _is_count(key, value) else _hide(str(value))
    if depth >= _DEEPEST:
        return DROPPED
    if isinstance(value, Mapping):
        return {_text("", str(k)): _clean(str(k), v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(key, item, depth + 1) for item in value]
    return _text(key, value if isinstance(value, str) else str(value))


@lru_cache(_KEYS)
def _is_secret(key: str) -> bool:
    return _SECRET.search(key) is not None


@lru_cache(_KEYS)
def _is_number(key: str) -> bool:
    return _NUMBER_KEY.search(key) is not None


def _is_count(key: str, value: int) -> bool:
    if _COUNT_KEY.search(key):
        return True
    return not _is_number(key) and abs(value) < _LONGEST_COUNT


def _text(key: str, text: str) -> str:
    if _is_number(key) and "*" not in text:
        return _hide(text)
    if not _DIGIT.search(text):
        return text
    return _GROUPED.sub(lambda found: found[0] if found["kept"] else _hide(found[0]), text)


def _hide(text: str) -> str:
    """Masked as everywhere else; what has no more digits than an extension stays."""
    return mask(text) if sum(map(str.isdigit, text)) > SHORT_LIMIT else text

"""What Asterisk tells of a call before the first AGI command. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from callcore.ivr.agi import AgiProtocolError

ENVIRONMENT_BYTES: Final = 16_384
ENVIRONMENT_LINES: Final = 200

_KEY = re.compile(r"[a-z][a-z0-9_]{0,79}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOBODY: Final = frozenset({"", "unknown", "anonymous", "unavailable", "(null)"})


@dataclass(frozen=True, slots=True)
class AgiEnvironment:
    """The call as the PBX sees it. Every text came from the network: names and numbers are hostile.

    ``route`` and ``pbx`` are the two words of the script's path (``inbound/main``); ``query`` what follows a
    question mark. ``caller_number`` is None for an anonymous caller. ``dialed_number`` is what our dialplan
    hands over as the script's first argument, else Asterisk's own dnid. ``raw`` has every key as it came,
    with surrogates where a text was not UTF-8.
    """

    route: str
    pbx: str
    script: str
    query: Mapping[str, str]
    channel: str
    uniqueid: str
    caller_number: str | None
    caller_name: str | None
    dialed_number: str | None
    redirecting_number: str | None
    context: str
    extension: str
    language: str
    presentation: int | None
    raw: Mapping[str, str]


def parse_environment(lines: Iterable[bytes]) -> AgiEnvironment:
    """The environment from its lines, without the empty one that ends it.

    A line that is no ``key: value`` is passed over. Of a key that comes twice the first counts: a name that
    smuggles in a newline stands behind the lines that Asterisk writes itself.
    Raises AgiProtocolError where script, channel or uniqueid are missing or malformed.
    """
    data: dict[str, bytes] = {}
    for line in lines:
        key, colon, value = line.rstrip(b"\r\n").partition(b":")
        name = key.decode("ascii", "replace")
        if colon and _KEY.fullmatch(name):
            data.setdefault(name, value.removeprefix(b" "))
    raw = {name: value.decode("utf-8", "surrogateescape") for name, value in data.items()}
    script = _text(data.get("agi_network_script", b""))
    route, pbx, query = _script(script)
    channel, uniqueid = _text(data.get("agi_channel", b"")), _text(data.get("agi_uniqueid", b""))
    if not channel or not uniqueid:
        raise AgiProtocolError("no channel in the AGI environment")
    return AgiEnvironment(
        route=route,
        pbx=pbx,
        script=script,
        query=MappingProxyType(query),
        channel=channel,
        uniqueid=uniqueid,
        caller_number=_known(_text(data.get("agi_callerid", b""))),
        caller_name=_known(_text(data.get("agi_calleridname", b""))),
        dialed_number=_known(_text(data.get("agi_arg_1", b""))) or _known(_text(data.get("agi_dnid", b""))),
        redirecting_number=_known(_text(data.get("agi_rdnis", b""))),
        context=_text(data.get("agi_context", b"")),
        extension=_text(data.get("agi_extension", b"")),
        language=_text(data.get("agi_language", b"")),
        presentation=_number(raw.get("agi_callingpres", "")),
        raw=MappingProxyType(raw),
    )


def _script(script: str) -> tuple[str, str, dict[str, str]]:
    try:
        parts = urlsplit("agi://pbx/" + script.lstrip("/"))
        query = dict(parse_qsl(parts.query, max_num_fields=32))
    except ValueError as error:
        raise AgiProtocolError("the script's path cannot be read") from error
    words = parts.path.strip("/").split("/")
    if len(words) != 2 or not all(_NAME.fullmatch(word) for word in words):
        raise AgiProtocolError("the script's path is not ROUTE/PBX")
    return words[0], words[1], query


def _text(value: bytes) -> str:
    """UTF-8, cut off in the middle of a letter perhaps, or what an older trunk sends in its place.

    Without lone surrogates and NULs, which no database takes.
    """
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.start:
            text = value[: error.start].decode("utf-8")
        else:
            text = value.decode("cp1251", "replace")
    return text.replace("\0", "\ufffd")


def _known(value: str) -> str | None:
    value = value.strip()
    return None if value.lower() in _NOBODY else value


def _number(value: str) -> int | None:
    return int(value) if re.fullmatch(r"-?[0-9]{1,9}", value) else None

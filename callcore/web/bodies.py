"""Reading what clients send: small, flat, well-formed, or refused as a ``Problem``."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import parse_qsl

from aiohttp import web

from callcore.web.problems import Problem

MAX_FIELDS = 32
MAX_DIGITS = 18
BODY_SECONDS = 10.0
"""A body that takes longer is not a person's."""

Scalar = str | int | bool | None


class BadBody(ValueError):
    """Not a flat JSON object of texts, whole numbers, true, false and null."""


def flat_object(text: str | bytes) -> dict[str, Scalar]:
    """The JSON object in ``text``; raises ``BadBody`` for anything else, however it is nested or broken.

    Texts are NFC, with ``\\n`` for every line end and without other control characters: NUL and halves of
    surrogate pairs would be refused by the database later.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_float=_refuse, parse_int=_whole, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as fault:
        raise BadBody("not JSON") from fault
    if not isinstance(value, dict) or len(value) > MAX_FIELDS:
        raise BadBody("not a small object")
    return {key: _scalar(item) for key, item in value.items()}


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadBody("a key comes twice")
    return found


def _refuse(_text: str) -> NoReturn:
    raise BadBody("not a whole number")


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise BadBody("too long a number")
    return int(text)


def _scalar(value: object) -> Scalar:
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    raise BadBody("nested")


def clean(text: str) -> str:
    """``text`` in NFC, line ends as ``\\n``, tabs kept, other control characters and surrogates dropped."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", text)


def text_field(fields: Mapping[str, Scalar], name: str, longest: int) -> str:
    """A text field, empty if absent. Raises ``BadBody`` for another type or more than ``longest`` signs."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise BadBody(f"{name} is not a text")
    if len(value) > longest:
        raise BadBody(f"{name} is too long")
    return value


async def read_json(request: web.Request) -> dict[str, Scalar]:
    """The flat JSON object in the body, empty for an empty one. Raises ``Problem`` 400, 413, 415."""
    body = await _read(request)
    if not body and request.content_type == "application/octet-stream":
        return {}
    if request.content_type != "application/json":
        raise Problem("unsupported_media_type")
    try:
        return flat_object(body or b"{}")
    except BadBody as fault:
        raise Problem("bad_request") from fault


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a URL-encoded form, the last of each name. Raises ``Problem`` 400, 413, 415.

    Multipart is not read: no form of ours sends files.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise Problem("unsupported_media_type")
    body = await _read(request)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError as fault:
        raise Problem("bad_request") from fault
    return {name: clean(value) for name, value in pairs}


async def read_raw(request: web.Request, most: int) -> bytes:
    """The body as it is, whatever ``WebSettings.max_body_bytes`` says. Raises ``Problem`` 400, 413."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise Problem("too_large")
    except (TimeoutError, web.RequestPayloadError) as fault:
        raise Problem("bad_request") from fault
    return bytes(body)


async def _read(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except (TimeoutError, web.RequestPayloadError) as fault:  # the latter: bad gzip, bad chunks
        raise Problem("bad_request") from fault

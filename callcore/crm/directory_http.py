"""A directory behind HTTP: a template of an address, and where in the JSON answer each field stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from callcore.crm.directory import MOST_ROWS, DirectoryFailed, Row

ANSWER_BYTES = 1 << 20


class Answered(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...

    @property
    def is_cut(self) -> bool: ...


class Ask(Protocol):
    async def __call__(
        self,
        method: str,
        address: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        most_bytes: int,
    ) -> Answered:
        """Raises OSError."""


@dataclass(frozen=True, slots=True)
class HttpSource:
    """Addresses with ``{number}``, ``{digits}``, ``{text}``, which are escaped; an empty one finds
    nobody. ``rows``: the dotted path to the list (or the one object); ``fields``: ours to their path."""

    name: str
    by_number: str
    search: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    rows: str = ""
    fields: Mapping[str, str] | None = None


class HttpDirectory:
    def __init__(self, source: HttpSource, ask: Ask, seconds: float) -> None:
        self._source = source
        self._ask = ask
        self._seconds = seconds

    @property
    def name(self) -> str:
        return self._source.name

    async def find_by_number(self, number: str) -> Sequence[Row]:
        digits = "".join(filter(str.isdigit, number))
        return await self._fetch(self._source.by_number, {"number": number, "digits": digits})

    async def search(self, text: str) -> Sequence[Row]:
        return await self._fetch(self._source.search, {"text": text})

    async def close(self) -> None:
        return

    async def _fetch(self, template: str, values: Mapping[str, str]) -> Sequence[Row]:
        if not template:
            return ()
        try:
            reply = await self._ask(
                "GET",
                filled(template, values),
                seconds=self._seconds,
                headers={"Accept": "application/json", **self._source.headers},
                most_bytes=ANSWER_BYTES,
            )
        except TimeoutError:
            raise
        except OSError as error:
            raise DirectoryFailed(str(error)[:200] or type(error).__name__) from error
        if reply.status in (204, 404):
            return ()
        if reply.status != 200:
            raise DirectoryFailed(f"HTTP {reply.status}")
        if reply.is_cut:
            raise DirectoryFailed(f"the answer is longer than {ANSWER_BYTES} bytes")
        return rows_of(reply.body, self._source.rows, self._source.fields)


# --- pure


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its values escaped so that none can be more than one part of a path or query."""
    for name, value in values.items():
        escaped = quote(value.encode("utf-8", "replace"), safe="")
        if escaped.strip(".") == "":  # a lone dot or two would climb in the path
            escaped = escaped.replace(".", "%2E")
        template = template.replace("{" + name + "}", escaped)
    return template


def rows_of(body: bytes, path: str, fields: Mapping[str, str] | None) -> Sequence[Row]:
    """The rows in a JSON answer. Raises DirectoryFailed for anything that is not there as described."""
    try:
        answer = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise DirectoryFailed("the answer is no JSON") from None
    found = at(answer, path)
    if found is None:
        return ()
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise DirectoryFailed(f"no list of customers at {path or 'the top'}")
    rows = found[:MOST_ROWS]
    if not all(isinstance(row, dict) for row in rows):
        raise DirectoryFailed("a customer in the answer is no object")
    return [
        row if fields is None else {name: at(row, place) for name, place in fields.items()} for row in rows
    ]


def at(value: Any, path: str) -> Any:
    """What stands at ``a.b.0.c``; None if there is nothing. ``phones.*.number`` gives a list."""
    names = path.split(".") if path else []
    for position, name in enumerate(names):
        if name == "*":
            rest = ".".join(names[position + 1 :])
            return [at(each, rest) for each in value[:100]] if isinstance(value, list) else None
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and len(name) < 4:
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value

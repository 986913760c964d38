"""A person's data as a ZIP that programs and people can read: JSON, one page of HTML, and his files."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from callcore.store.privacy import Dossier
from callcore.web.record.dossier_page import House, as_page

_UNSAFE = re.compile(r"[^\w.() -]+", re.UNICODE)
_HIDDEN = frozenset(("password_hash", "haystack", "places", "digits"))
"""Columns that are made of others, or secrets that are not his to read."""


async def zipped(
    dossier: Dossier,
    bodies: AsyncIterator[tuple[str, bytes]],
    now: datetime,
    house: House,
    people: Mapping[str, str],
) -> bytes:
    """The whole archive; packed beside the event loop, file by file. ``people``: names by login."""
    out = io.BytesIO()
    names = _names(dossier.files)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:

        async def put(name: str, body: str | bytes) -> None:
            await asyncio.to_thread(archive.writestr, name, body)

        await put("data.json", await asyncio.to_thread(as_json, dossier, names, now))
        readable = await asyncio.to_thread(as_page, dossier, tuple(names.values()), now, house, people)
        await put("readable.html", readable)
        async for id_, body in bodies:
            await put(f"files/{names[id_]}", body)
    return out.getvalue()


def as_json(dossier: Dossier, names: Mapping[str, str], now: datetime) -> str:
    document = {
        "customer": dossier.customer,
        "contract": dossier.contract,
        "made_at": now.isoformat(),
        "tables": {name: [_row(row) for row in rows] for name, rows in dossier.tables.items()},
        "files": [{"id": id_, "name": name, "path": f"files/{names[id_]}"} for id_, name in dossier.files],
        "audit": [_row(row) for row in dossier.seen],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if name not in _HIDDEN}


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _names(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names that are safe to unpack anywhere: no folders, none twice."""
    names: dict[str, str] = {}
    for n, (id_, name) in enumerate(files, 1):
        names[id_] = f"{n:03} {_UNSAFE.sub('_', name).strip(' .') or 'file'}"[:120]
    return names

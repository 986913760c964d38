"""A person's data as a ZIP that programs and people can read: JSON, one page of HTML, his files, and what he
said after the tone."""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from callcore.store.privacy import Dossier
from callcore.store.sounds import sound_of
from callcore.web.record.dossier_page import House, Sound, as_page

log = structlog.get_logger("callcore.record")

PIECE: Final = 262_144
"""Bytes of a sound that are read at once."""
SOUNDS: Final = (("voicemails", "voicemail", "made_at"), ("recordings", "talks", "began_at"))
"""Tables whose rows have a sound, where in the archive it lies, and the moment that names it."""
_UNSAFE = re.compile(r"[^\w.() -]+", re.UNICODE)
_HIDDEN = frozenset(("password_hash", "haystack", "places", "digits"))
"""Columns that are made of others, or secrets that are not his to read."""


async def zipped(
    dossier: Dossier,
    bodies: AsyncIterator[tuple[str, bytes]],
    recordings: Path | None,
    now: datetime,
    house: House,
    people: Mapping[str, str],
) -> AsyncGenerator[bytes, None]:
    """The archive, piece by piece as it is packed beside the event loop: never more of it is in memory than
    one attachment. ``recordings``: the folder of what callers said. ``people``: names by login.

    JSON and page come last, so that they name what is there.
    """
    out, names = _Pieces(), _names(dossier.files)
    sounds: dict[Sound, str | None] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        async for id_, body in bodies:
            await asyncio.to_thread(archive.writestr, f"files/{names[id_]}", body)
            yield out.taken()
        for table, folder, made_at in SOUNDS:
            for row in dossier.tables.get(table, ()):
                name = f"{folder}/{row['id']:03} {row[made_at].astimezone(house.zone):%Y-%m-%d %H.%M}.wav"
                sounds[table, row["id"]] = None
                async with aclosing(_packed_sound(archive, name, recordings, row)) as packing:
                    async for _piece in packing:
                        sounds[table, row["id"]] = name
                        yield out.taken()
        page = await asyncio.to_thread(as_page, dossier, tuple(names.values()), now, house, people, sounds)
        await asyncio.to_thread(archive.writestr, "readable.html", page)
        data = await asyncio.to_thread(as_json, dossier, names, sounds, now)
        await asyncio.to_thread(archive.writestr, "data.json", data)
    yield out.taken()


class _Pieces:
    """A file that is only written to, and taken away as it comes."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, piece: Any) -> int:
        self._written.append(bytes(piece))
        return len(self._written[-1])

    def flush(self) -> None:
        """It is taken, not kept."""

    def close(self) -> None:
        """Nothing to do."""

    def taken(self) -> bytes:
        """What has come since the last time."""
        whole = b"".join(self._written)
        self._written.clear()
        return whole


async def _packed_sound(
    archive: zipfile.ZipFile, name: str, recordings: Path | None, row: Mapping[str, Any]
) -> AsyncGenerator[None, None]:
    """One message's sound into the archive, a step for each piece of it; none if it is gone by now."""
    path = None if row["deleted_at"] else await asyncio.to_thread(sound_of, recordings, row["file"])
    if path is None:
        return
    try:
        source = await asyncio.to_thread(path.open, "rb")
    except OSError as error:
        log.error("recording_not_read", file=path.name, why=str(error))
        return
    with source, archive.open(name, "w") as entry:
        yield
        while piece := await asyncio.to_thread(source.read, PIECE):
            await asyncio.to_thread(entry.write, piece)
            yield


def as_json(
    dossier: Dossier, names: Mapping[str, str], sounds: Mapping[Sound, str | None], now: datetime
) -> str:
    """``names``: of attachments by id; ``sounds``: where in the archive, by table and number."""
    document = {
        "customer": dossier.customer,
        "contract": dossier.contract,
        "made_at": now.isoformat(),
        "tables": {name: [_row(row) for row in rows] for name, rows in dossier.tables.items()},
        "files": [{"id": id_, "name": name, "path": f"files/{names[id_]}"} for id_, name in dossier.files],
        "sounds": [{table.removesuffix("s"): id_, "path": path} for (table, id_), path in sounds.items()],
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

"""Texts that a person has spoken: the first of the sources."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import stat
from pathlib import Path
from typing import Final

import structlog

from callcore.domain import Text
from callcore.speech.catalogue import FILE, Catalogue, read_catalogue
from callcore.speech.errors import EngineFailed
from callcore.speech.settings import FORMAT_VERSION

log = structlog.get_logger("callcore.speech")

MOST_BYTES: Final = 67_108_864
"""Three minutes of the best that a studio delivers; each is read as a whole."""

Stamp = tuple[int, int]
"""When a file was written, and its size."""


class Recorded:
    """The recordings of a folder. Catalogue and files are looked at whenever one is wanted: what a studio
    delivers is heard by the next caller. May be used in several threads."""

    name = "recorded"
    is_quick = True
    remedy = Text("запишите заново или уберите файл", "record it anew, or take its file away")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalogue: tuple[Stamp | None, Catalogue] = None, Catalogue()
        self._keys: dict[Path, tuple[Stamp, str | None]] = {}

    def file(self, text: str, language: str) -> Path | None:
        """Where the recording of this text is, or ought to be; None where the catalogue does not name it."""
        name = self._current().name(text, language)
        return None if name is None else self._folder / language / f"{name}.wav"

    def key(self, text: str, language: str) -> str | None:
        path = self.file(text, language)
        stamp = _stamp(path) if path else None
        if path is None or stamp is None:
            return None
        known = self._keys.get(path)
        if known is None or known[0] != stamp:
            try:
                known = self._keys[path] = stamp, _digest(path, stamp)
            except OSError:
                return None
        return known[1]

    async def write(self, text: str, language: str, into: Path) -> None:
        path = self.file(text, language)
        try:
            if path is None:
                raise FileNotFoundError
            await asyncio.to_thread(shutil.copyfile, path, into)
        except OSError as error:
            why = error.strerror or error
            raise EngineFailed(
                Text(f"запись {path} не читается ({why})", f"the recording {path} cannot be read ({why})"),
                Text("дайте callcore право её читать", "give callcore the right to read it"),
            ) from error

    def _current(self) -> Catalogue:
        """Read anew when its file has changed; a faulty one changes nothing and is told once."""
        stamp = _stamp(self._folder / FILE)
        if stamp != self._catalogue[0]:
            document, found = read_catalogue(self._folder)
            if found is None:
                why = [str(fault) for _, fault in document.faults]
                log.error("catalogue_refused", why=why[:5], remedy="callcore speech check")
            self._catalogue = stamp, found or self._catalogue[1]
        return self._catalogue[1]


def _digest(path: Path, stamp: Stamp) -> str | None:
    """None, and told once, of a file that is longer than any announcement. Raises OSError."""
    if stamp[1] > MOST_BYTES:
        log.error("recording_too_large", file=str(path), bytes=stamp[1], most=MOST_BYTES)
        return None
    words = f"recorded\0{FORMAT_VERSION}\0".encode()
    return hashlib.sha256(words + path.read_bytes()).hexdigest()[:40]


def _stamp(path: Path) -> Stamp | None:
    """None for what is no file: a pipe would never end."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_mtime_ns, status.st_size

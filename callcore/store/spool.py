"""Where contacts and interactions wait, durably, while the database cannot take them.

One file of JSON lines, ``{"v": 1, "kind", "key", "data"}``, mode 0600, fsynced before anybody is told that
his record is kept. Its blocks are reserved beforehand, because the usual reason for it is a full disk.
A line without its end is what a crash left of a record that nobody was told about: it is dropped.
A line that cannot be read or written into the database goes to ``….rejected``, it never blocks the others.

Blocking; the writer calls it in a thread, one call at a time. Locked by flock: a second process (``callcore
user add`` beside the daemon) gets ``SpoolInUse`` and works without one.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.store")

RESERVED_BYTES = 1 << 20
"""About 700 contacts fit into the reserved blocks; beyond them the file grows if the disk lets it."""
LIMIT_BYTES = 256 << 20
_VERSION = 1


class SpoolInUse(StoreError):
    """Another process holds the spool."""


class SpoolFull(StoreError):
    """The spool has reached its limit."""


@dataclass(frozen=True, slots=True)
class Record:
    """One write that must not be lost; ``key`` says what would make it a repeat."""

    kind: str
    key: str
    data: dict[str, Any]
    """JSON values only."""


class Spool:
    """The open spool. ``waiting`` counts records not yet taken out."""

    def __init__(self, path: Path, *, reserved: int = RESERVED_BYTES, limit: int = LIMIT_BYTES) -> None:
        """Open or create it, and count what an earlier run left.

        Raises ``SpoolInUse``, or ``OSError`` where the file cannot be opened.
        """
        self._path = path
        self._reserved = reserved
        self._limit = limit
        self._rejected = path.with_name(path.name + ".rejected")
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(self._fd, 0o600)
            _sync_folder(path.parent)
            self._read = 0
            self._end, self.waiting = self._survey()
            self._reserve()
        except BlockingIOError as error:
            os.close(self._fd)
            raise SpoolInUse(f"another process uses {path}") from error
        except BaseException:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Give the file up; if nothing waits in it, it is removed."""
        if self.waiting == 0:
            self._path.unlink(missing_ok=True)
        os.close(self._fd)

    def append(self, records: list[Record]) -> None:
        """Keep records durably, all or none. Raises ``SpoolFull`` or ``OSError`` (nothing kept)."""
        lines = b"".join(_encode(record) for record in records)
        if self._end + len(lines) > self._limit:
            raise SpoolFull(f"{self._path} has reached {self._limit} bytes")
        try:
            _write_at(self._fd, lines, self._end)
            os.fdatasync(self._fd)
        except OSError:
            self._forget_tail(len(lines))
            raise
        self._end += len(lines)
        self.waiting += len(records)

    def peek(self, limit: int) -> tuple[list[Record | bytes], int]:
        """The oldest records, at most ``limit`` (a line that cannot be read as its bytes), and the mark for
        ``done``."""
        records: list[Record | bytes] = []
        at = self._read
        while len(records) < limit and at < self._end:
            line = self._line_at(at)
            at += len(line)
            records.append(_decode(line) or line)
        return records, at

    def done(self, mark: int) -> None:
        """Everything before ``mark`` is in the database; an empty spool starts again at its beginning."""
        taken = os.pread(self._fd, mark - self._read, self._read).count(b"\n")
        self.waiting -= taken
        self._read = mark
        if self._read >= self._end:
            os.ftruncate(self._fd, 0)
            self._read = self._end = self.waiting = 0
            self._reserve()
            os.fdatasync(self._fd)

    def reject(self, record: Record | bytes, why: str) -> None:
        """Put a record aside that the database refuses for good, for a person to look at."""
        log.error("spool_record_rejected", file=str(self._rejected), why=why)
        line = record if isinstance(record, bytes) else _encode(record)
        fd = os.open(self._rejected, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(fd, 0o600)
            os.write(fd, line)
            os.fsync(fd)
        finally:
            os.close(fd)

    def _survey(self) -> tuple[int, int]:
        """End of the last whole line, and the number of lines; the reserved rest is zeros."""
        end = lines = 0
        while line := self._line_at(end):
            end += len(line)
            lines += 1
        return end, lines

    def _line_at(self, at: int) -> bytes:
        """The whole line at ``at`` with its newline; empty if there is none."""
        got = b""
        while chunk := os.pread(self._fd, 65536, at + len(got)):
            stop = chunk.find(b"\n")
            zero = chunk.find(b"\0")
            if stop >= 0 and (zero < 0 or stop < zero):
                return got + chunk[: stop + 1]
            if zero >= 0:
                return b""
            got += chunk
        return b""

    def _reserve(self) -> None:
        size = os.fstat(self._fd).st_size
        if size > self._end:
            os.ftruncate(self._fd, self._end)  # a torn tail must not come back as part of a later line
        try:
            if self._end < self._reserved:
                os.posix_fallocate(self._fd, self._end, self._reserved - self._end)
        except OSError as error:
            log.warning("spool_not_reserved", file=str(self._path), error=error.strerror)

    def _forget_tail(self, length: int) -> None:
        """After a failed append: no half of it may be taken for a record later."""
        try:
            size = os.fstat(self._fd).st_size
            length = min(length, size - self._end)
            if length > 0:
                _write_at(self._fd, bytes(length), self._end)
        except OSError as error:
            log.error("spool_tail_not_cleared", file=str(self._path), error=error.strerror)


def _encode(record: Record) -> bytes:
    value = {"v": _VERSION, "kind": record.kind, "key": record.key, "data": record.data}
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def _decode(line: bytes) -> Record | None:
    try:
        value = json.loads(line)
        if value["v"] != _VERSION or not isinstance(value["data"], dict):
            return None
        return Record(str(value["kind"]), str(value["key"]), value["data"])
    except (ValueError, KeyError, TypeError):
        return None


def _write_at(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        view = view[written:]
        at += written


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

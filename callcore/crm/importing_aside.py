"""A file read in a process of its own, with bounds: calls feel neither its work nor its end.

A large table keeps Python busy for seconds, and a thread that does so holds up the loop of the calls at each
turn. A hostile workbook may need more memory than there is, whatever its header says, and ends the process
that opens it. So ``read_aside`` starts this module as a program, which lowers its own priority, bounds its
memory and sends back what it found in pieces: none is large enough to hold up the loop while it is unpacked.
Small tables are read here and now.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pickle
import resource
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

import structlog

from callcore.crm.importing import Table
from callcore.crm.importing_columns import Place
from callcore.crm.importing_files import XLSX, read_file
from callcore.csvtext import row_fault
from callcore.store.engine import chunks
from callcore.store.records_write import RecordDraft

log = structlog.get_logger("callcore.crm")
SMALL_BYTES = 32 << 10
MOST_MEMORY = 3 << 30
MOST_SECONDS = 300.0
PIECE = 100
"""Contracts in one piece at most."""
PIECE_ROWS = 1_000
"""Rows of the record, of all its parts, with which a piece is closed."""
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some contracts of a file, in its order, with their rows."""

    drafts: tuple[RecordDraft, ...]
    places: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was read; ``table`` is without what the methods give. They unpack as one comes to it, so
    that there is never more than a piece in the daemon."""

    table: Table
    contracts: int
    packed: tuple[bytes, ...] = ()
    packed_nameless: tuple[bytes, ...] = ()

    def pieces(self) -> Iterator[Piece]:
        return (cast(Piece, pickle.loads(one)) for one in self.packed)

    def nameless(self) -> Iterator[list[tuple[str, int]]]:
        """See ``Table``; some at a time, at most ``IN_LIST``."""
        return (cast(list[tuple[str, int]], pickle.loads(one)) for one in self.packed_nameless)


async def read_aside(data: bytes, place: Place) -> Reading:
    """As ``importing_files.read_file``. Never raises: what could not be read in these bounds is a fault."""
    if len(data) <= SMALL_BYTES and not data.startswith(XLSX):
        return await asyncio.to_thread(_read_here, data, place)
    try:
        code, frames, said = await _asked(data, place)
    except (OSError, TimeoutError) as error:
        code, frames, said = -1, [], repr(error).encode()
    if code != 0:
        log.error("import_not_read", code=code, why=said[-300:].decode(errors="replace"))
        return Reading(Table(0, faults=(_BEYOND,)), 0)
    return await asyncio.to_thread(_gathered, frames)


def _read_here(data: bytes, place: Place) -> Reading:
    return _gathered(_frames(read_file(data, place)))


async def _asked(data: bytes, place: Place) -> tuple[int, list[bytes], bytes]:
    """How the other process ended, what it sent and what it complained of."""
    # -P: no module is taken from the folder that somebody happens to stand in.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", f"from {__name__} import main; main()"),
        *(place.country, str(place.zone), str(MOST_MEMORY)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(MOST_SECONDS):
            frames, said, _ = await asyncio.gather(_received(process), _said(process), _send(process, data))
            return await process.wait(), frames, said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


_BEYOND = row_fault(
    0,
    "файл не прочитать: ему мало отведённой памяти или времени; сохраните лист как CSV или разделите файл",
    "the file cannot be read within its bounds of memory and time: save the sheet as CSV, or split the file",
)


async def _send(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError):  # it ended before; its exit says why
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


async def _received(process: asyncio.subprocess.Process) -> list[bytes]:
    assert process.stdout is not None
    frames: list[bytes] = []
    with contextlib.suppress(asyncio.IncompleteReadError):  # the end
        while True:
            (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
            frames.append(await process.stdout.readexactly(length))
    return frames


async def _said(process: asyncio.subprocess.Process) -> bytes:
    assert process.stderr is not None
    return await process.stderr.read()


def _gathered(frames: Sequence[bytes]) -> Reading:
    """The first frame counts contracts, and the frames of faults and of the nameless that follow it; the
    others are the pieces."""
    table, contracts, faulty, bare = pickle.loads(frames[0])
    faults = tuple(fault for frame in frames[1 : 1 + faulty] for fault in pickle.loads(frame))
    begin = 1 + faulty + bare
    nameless = tuple(frames[1 + faulty : begin])
    return Reading(replace(table, faults=faults), contracts, tuple(frames[begin:]), nameless)


# --- in the other process


def main() -> None:
    _restrain(int(sys.argv[3]))
    place = Place(sys.argv[1], ZoneInfo(sys.argv[2]))
    _write(sys.stdout.buffer, read_file(sys.stdin.buffer.read(), place))


def _restrain(memory: int) -> None:
    """Some of it may be forbidden already, which is as well."""
    gc.disable()  # nothing here goes in circles, and it ends soon
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(10)
    with contextlib.suppress(OSError):  # where memory is short, this goes first, never the daemon
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _write(out: BinaryIO, table: Table) -> None:
    for frame in _frames(table):
        out.write(_LENGTH.pack(len(frame)) + frame)
    out.flush()


def _frames(table: Table) -> list[bytes]:
    faults, nameless = list(chunks(table.faults)), list(chunks(table.nameless))
    bare = replace(table, drafts=(), places={}, faults=(), nameless=())
    head = (bare, len(table.drafts), len(faults), len(nameless))
    return [pickle.dumps(each) for each in (head, *faults, *nameless, *_pieces(table))]


def _pieces(table: Table) -> Iterator[Piece]:
    some: list[RecordDraft] = []
    size = 0
    for draft in table.drafts:
        if some and (len(some) == PIECE or size + draft.size > PIECE_ROWS):
            yield _piece(table, some)
            some, size = [], 0
        some.append(draft)
        size += draft.size
    if some:
        yield _piece(table, some)


def _piece(table: Table, drafts: Sequence[RecordDraft]) -> Piece:
    return Piece(tuple(drafts), tuple(table.places[draft.contract] for draft in drafts))

"""Customer bases for the benchmarks of card and search, on both databases: made once, kept in ``.lab``.

``CALLCORE_BENCH_SCALE`` multiplies the default of 100,000 customers and 1,000,000 interactions; beside each
lies one of 10,000 and 100,000, to see how times grow. A kept base belongs to one schema and one way of
filling: when either changes it is made anew, and the old one removed. ``make distclean`` removes all.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from callcore.store import migrate, search_index, searching
from callcore.store.engine import parse_url
from callcore.testing import bulk_customers, bulk_history
from callcore.testing.bulk_load import loading
from callcore.testing.lab.bundles import lab_folder
from callcore.testing.lab.postgres import PostgresLab

KINDS = ("sqlite", "postgresql")
CUSTOMERS = 100_000
FEW_CUSTOMERS = 10_000
INTERACTIONS_EACH = 10
SCALE_SETTING = "CALLCORE_BENCH_SCALE"
_SERVER = {"shared_buffers": "256MB", "max_wal_size": "4GB", "wal_level": "minimal", "max_wal_senders": "0"}


class WrongScale(Exception):
    """What ``CALLCORE_BENCH_SCALE`` says is no number from 0.01 to 100."""


@dataclass(frozen=True, slots=True)
class Base:
    kind: str
    customers: int
    url: str
    """With the password, where there is one."""


def customers_by_scale() -> int:
    """How many the large base has. Raises ``WrongScale``."""
    said = os.environ.get(SCALE_SETTING, "1")
    try:
        scale = float(said)
    except ValueError:
        scale = 0.0
    if not 0.01 <= scale <= 100:
        raise WrongScale(f"{SCALE_SETTING} is a number from 0.01 to 100, not {said!r}")
    return round(CUSTOMERS * scale)


@asynccontextmanager
async def bases(kind: str, sizes: tuple[int, ...], folder: Path | None = None) -> AsyncIterator[list[Base]]:
    """One of each size, there as long as this lasts; nobody else uses them meanwhile. PostgreSQL's server is
    a child of this process."""
    folder = folder or lab_folder() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    made_by = f"record-{_digest()}"
    with _alone(folder / f"{kind}.lock"):
        _forget_others(folder, kind, made_by)
        if kind == "sqlite":
            yield [await _sqlite(folder / kind / made_by, size) for size in sizes]
            return
        async with PostgresLab(folder / kind / made_by, is_durable=False, settings=_SERVER) as server:
            yield [await _postgresql(server, size) for size in sizes]


def _digest() -> str:
    """Of the schema, and of everything that says what stands in the tables."""
    found = hashlib.sha256(migrate.head().encode())
    for module in (bulk_customers, bulk_history, searching):
        assert module.__file__ is not None
        found.update(Path(module.__file__).read_bytes())
    for kind in KINDS:
        found.update(repr(search_index.create_index(kind)).encode())
    return found.hexdigest()[:12]


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_others(folder: Path, kind: str, made_by: str) -> None:
    (folder / kind).mkdir(exist_ok=True)
    for other in (folder / kind).iterdir():
        if other.name != made_by:
            shutil.rmtree(other, ignore_errors=True)


async def _sqlite(folder: Path, size: int) -> Base:
    file, part = folder / f"{size}.db", folder / f"{size}.db.part"
    if await asyncio.to_thread(_is_missing, file):
        await _fill(f"sqlite:///{part}", size)
        part.rename(file)
    return Base("sqlite", size, f"sqlite:///{file}")


def _is_missing(file: Path) -> bool:
    """What an interrupted filling left is removed."""
    file.parent.mkdir(exist_ok=True)
    if file.exists():
        return False
    for rest in file.parent.glob(f"{file.name}*"):
        rest.unlink()
    return True


async def _postgresql(server: PostgresLab, size: int) -> Base:
    name = f"bench{size}"
    if not await server.fetch(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        part = f"{name}part"
        await server.execute(f'DROP DATABASE IF EXISTS "{part}"')
        await server.execute(f'CREATE DATABASE "{part}" TEMPLATE template0')
        await _fill(server.url(part), size)
        await server.execute("VACUUM ANALYZE", part)
        await server.execute(f'ALTER DATABASE "{part}" RENAME TO "{name}"')
    return Base("postgresql", size, server.url(name))


async def _fill(url: str, size: int) -> None:
    begun = time.monotonic()
    await migrate.upgrade(url)
    async with loading(parse_url(url)) as load:
        await bulk_customers.fill_in(load, size)
        await bulk_history.fill_in(load, size, size * INTERACTIONS_EACH)
    seconds = time.monotonic() - begun
    kind = parse_url(url).get_backend_name()
    print(f"a base of {size} customers on {kind}: made in {seconds:.0f} s", file=sys.stderr, flush=True)

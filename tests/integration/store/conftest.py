from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callcore.calls.effects import Contact, Ring
from callcore.domain import (
    CallId,
    Direction,
    EndReason,
    Interface,
    Login,
    Outcome,
    PbxName,
    QueueName,
    Source,
    Text,
    TopicCode,
)
from callcore.store.database import Database, spool_path
from callcore.testing.blank import blank_database
from callcore.testing.lab import packages
from callcore.testing.lab.errors import NotDebian
from callcore.testing.lab.postgres import PostgresLab

from .store_postgres import FreshDatabases
from .store_samples import ANNA, T0

KINDS = ("sqlite", "postgresql")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Every test that takes a database runs on both; one about SQLite's files is marked ``on_files``."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgres_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        packages.fetch(["postgres"])
    except NotDebian as reason:
        pytest.skip(str(reason))
    return tmp_path_factory.mktemp("postgres")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres(postgres_home: Path) -> AsyncIterator[PostgresLab]:
    """One server for all tests of this process."""
    async with PostgresLab(postgres_home / "server", is_durable=False) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fresh_databases(postgres: PostgresLab) -> FreshDatabases:
    databases = FreshDatabases(postgres)
    await databases.prepare()
    return databases


@pytest.fixture
async def postgres_url(fresh_databases: FreshDatabases) -> AsyncIterator[str]:
    """A database of its own, with our tables and no rows."""
    address = await fresh_databases.take()
    yield address
    await fresh_databases.give_back(address)


@pytest.fixture
def url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a database that is not there yet (SQLite) or has no rows yet (PostgreSQL)."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/callcore.db"
    return str(request.getfixturevalue("postgres_url"))  # asked for here, so that SQLite's tests start none


@pytest.fixture
async def empty_postgres_urls(postgres: PostgresLab) -> AsyncIterator[tuple[str, str]]:
    addresses = (await postgres.fresh_database(), await postgres.fresh_database())
    yield addresses
    for address in addresses:
        await postgres.drop(address)


@pytest.fixture
def empties(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[str, str]:
    if kind == "postgresql":
        first, second = request.getfixturevalue("empty_postgres_urls")
        return first, second
    for name in ("callcore.db", "another.db"):
        (tmp_path / name).touch()
    return f"sqlite:///{tmp_path}/callcore.db", f"sqlite:///{tmp_path}/another.db"


@pytest.fixture
def empty(empties: tuple[str, str]) -> str:
    """The address of a database in which nothing is: an empty file, or an empty database of the server."""
    return empties[0]


@pytest.fixture
def another_empty(empties: tuple[str, str]) -> str:
    return empties[1]


@pytest.fixture
def spool(url: str, tmp_path: Path) -> Path:
    return spool_path(url) or tmp_path / "callcore.db.spool"


@pytest.fixture
async def db(url: str, spool: Path, kind: str, tmp_path: Path) -> AsyncIterator[Database]:
    if kind == "sqlite" and not (tmp_path / "callcore.db").exists():
        blank_database(tmp_path / "callcore.db")
    async with await Database.open(url, create=True, spool=spool) as database:
        yield database


@pytest.fixture
def contact() -> Callable[..., Contact]:
    """A contact that Anna answered after Boris did not; any field can be given."""

    def make(call: str = "c1", **changes: Any) -> Contact:
        values: dict[str, Any] = {
            "call": CallId(call),
            "pbx": PbxName("main"),
            "channel": "1700000000.17",
            "direction": Direction.inbound,
            "source": Source.live,
            "caller_number": "+79000000001",
            "caller_number_raw": "89000000001",
            "caller_name": "Пётр «Кот»",
            "dialed_number": "+74950000000",
            "language": "ru",
            "customer": None,
            "topic": TopicCode("finance.recalculation"),
            "route": "finance",
            "route_reason": Text("тема 2\nоткрыто до 20:00", "topic 2\nopen until 20:00"),
            "queue": QueueName("finance"),
            "started_at": T0,
            "queued_at": T0 + timedelta(seconds=20),
            "answered_at": T0 + timedelta(seconds=50, microseconds=7),
            "ended_at": T0 + timedelta(seconds=170),
            "wait_ms": 30_000,
            "ring_ms": 9_000,
            "talk_ms": 120_000,
            "operators": (
                Ring(
                    Login("boris"), Interface("PJSIP/102"), T0, T0 + timedelta(seconds=9), EndReason.no_answer
                ),
                Ring(ANNA, Interface("PJSIP/101"), T0, T0 + timedelta(seconds=50), EndReason.completed),
            ),
            "answered_by": ANNA,
            "end_reason": EndReason.completed,
            "hangup_cause": 16,
            "outcome": Outcome.answered,
        }
        return Contact(**(values | changes))

    return make


@pytest.fixture
def missed(contact: Callable[..., Contact]) -> Callable[..., Contact]:
    """A contact that nobody answered."""

    def make(call: str, **changes: Any) -> Contact:
        values: dict[str, Any] = {
            "answered_at": None,
            "answered_by": None,
            "talk_ms": 0,
            "operators": (),
            "end_reason": EndReason.cancelled,
            "outcome": Outcome.abandoned_queue,
        }
        return contact(call, **(values | changes))

    return make

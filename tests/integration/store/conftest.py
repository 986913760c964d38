from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ClauseElement, event
from sqlalchemy.dialects import postgresql, sqlite

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
    TopicCode,
)
from callcore.store.database import Database, spool_path

from .store_samples import ANNA, T0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/callcore.db"


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """Each statement that a test runs on it must also be one for PostgreSQL."""

    def compiled(_connection: Any, statement: Any, *_: Any) -> None:
        if isinstance(statement, ClauseElement) and not isinstance(statement, sqlite.Insert):
            statement.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]

    async with await Database.open(url, create=True, spool=spool_path(url)) as database:
        for engine in (database._readers, database._writing):
            event.listen(engine.sync_engine, "before_execute", compiled)
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
            "route_reason": "тема 2\nоткрыто до 20:00",
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

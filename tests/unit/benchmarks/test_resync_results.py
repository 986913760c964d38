"""The lists of ``resync`` read as the product reads them, and what the benchmark makes of its rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.resync import line
from benchmarks.resync_lists import call_of, caller_of, channels, journal, queues
from callcore.ami.journal import read_ended_calls
from callcore.ami.protocol import Headers, parse
from callcore.ami.snapshot import SnapshotBuilder
from callcore.domain import PbxName
from callcore.testing.ami import Row, message

MAIN = PbxName("main")


def read(rows: Sequence[Row]) -> list[Headers]:
    return [parse(message(*row).removesuffix(b"\r\n\r\n")) for row in rows]


def test_every_other_call_talks_and_the_others_wait() -> None:
    builder = SnapshotBuilder(MAIN, 1)
    snapshot = builder.build(read(channels(10)), read(queues(10, 12)))
    assert not builder.odd
    talking = [row for row in snapshot.channels if row.bridge]
    waiting = [row.channel.id for row in snapshot.channels if not row.bridge]
    assert (len(talking), len({row.bridge for row in talking})) == (10, 5)
    assert (
        [entry.channel.id for entry in snapshot.entries] == waiting == [caller_of(n) for n in range(1, 10, 2)]
    )
    assert {row.call for row in snapshot.channels} == {call_of(n) for n in range(10)}
    assert len(snapshot.members) == 2 * 12


def test_the_journal_is_readable() -> None:
    found = read_ended_calls(read(journal(5, 1_795_400_000.0)), MAIN)
    assert len(found) == 5
    assert found[-1].started_at.timestamp() == 1_795_400_000 - 60 - 30


def one(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"seconds": 0.2, "stored_seconds": 0.9, "recovered": 200, "faults": {}}
    return values | changes


def test_a_good_run_and_a_bad_one() -> None:
    good = line([one(), one(seconds=0.3), one(seconds=0.1)], [0.01, 0.01, 0.02])
    assert (good["value"], good["floor"], good["ratio"], good["met"]) == (0.2, 0.01, 20.0, True)
    assert not line([one(seconds=2.1)], [0.01])["met"]
    missing = line([one(faults={"calls not adopted": 1})], [0.01])
    assert (missing["met"], missing["lost"]) == (False, 1)

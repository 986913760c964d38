"""Who waits in each queue, as every desk gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from callcore.domain import Language, QueueName
from callcore.web.waiting import QueueNow, WaitingBoard

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FINANCE, EXPERT = QueueName("finance"), QueueName("expert")


@dataclass
class Floor:
    queues: dict[QueueName, QueueNow] = field(
        default_factory=lambda: {FINANCE: QueueNow(0, None), EXPERT: QueueNow(2, NOW)}
    )


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def board(floor: Floor) -> WaitingBoard:
    made = WaitingBoard(lambda: dict(floor.queues))
    made.look()
    return made


def rows(board: WaitingBoard, since: int = 0, language: Language = "ru") -> Mapping[str, str]:
    return board.part(since, language)["rows"]  # type: ignore[return-value]


def test_all_at_first(board: WaitingBoard) -> None:
    found = rows(board)
    assert set(found) == {"waits-finance", "waits-expert"}
    assert "никто не ждёт" in found["waits-finance"]
    assert "ждут 2" in found["waits-expert"]
    assert f'data-since="{NOW.timestamp():.3f}"' in found["waits-expert"]
    assert "2 wait" in rows(board, language="en")["waits-expert"]


def test_then_only_what_changed(board: WaitingBoard, floor: Floor) -> None:
    board.look()
    assert board.version == 1, "nothing new"
    floor.queues[FINANCE] = QueueNow(1, NOW)
    board.look()
    assert list(rows(board, since=1)) == ["waits-finance"]
    assert "ждёт 1" in rows(board, since=1)["waits-finance"]
    assert board.part(1, "ru") is board.part(1, "ru"), "one render for all desks"


def test_a_queue_of_which_nothing_is_known_any_more(board: WaitingBoard, floor: Floor) -> None:
    """The link is down: an old number is not shown as a live one."""
    floor.queues.clear()
    board.look()
    assert all("ждёт" not in row and "ждут" not in row for row in rows(board, since=1).values())

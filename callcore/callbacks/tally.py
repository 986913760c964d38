"""What becomes of wishes to be called back, counted for whoever watches the house. Since the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from callcore.calls.attempt import FOR_PERSON, AttemptId, AttemptResult, FollowUpChange, Outcome

EVERY = timedelta(seconds=15)
"""How often it is counted who waits."""


class Tally:
    def __init__(self) -> None:
        self.made = 0
        """Attempts begun."""
        self.became: Counter[str] = Counter()
        """Attempts that are over: ``reached``; ``again``: the wish is tried once more; ``gave_up``: it is a
        person's now; ``withdrawn``: nobody was rung, or no longer: he was here, or somebody took it on."""
        self._changes: dict[AttemptId, FollowUpChange] = {}
        self._waiting: Mapping[str, tuple[int, datetime]] = {}
        self._counted_at: datetime | None = None

    def changes(self, attempt: AttemptId, change: FollowUpChange) -> None:
        """What its outcome makes of its wish, once that is stored."""
        self._changes[attempt] = change

    def over(self, attempt: AttemptId, outcome: Outcome) -> None:
        self.became[_kind(outcome, self._changes.pop(attempt, None))] += 1

    def is_due(self, now: datetime) -> bool:
        return self._counted_at is None or now - self._counted_at >= EVERY

    def waits(self, waiting: Mapping[str, tuple[int, datetime]], now: datetime) -> None:
        """By queue: how many, and since when the one who waits longest."""
        self._waiting, self._counted_at = waiting, now

    def waiting(self) -> dict[str, float]:
        """How many wait, by queue."""
        return {queue: float(count) for queue, (count, _) in self._waiting.items()}

    def oldest(self, now: datetime) -> dict[str, float]:
        """For how many seconds the one waits who waits longest, by queue."""
        return {queue: (now - since).total_seconds() for queue, (_, since) in self._waiting.items()}


def _kind(outcome: Outcome, change: FollowUpChange | None) -> str:
    is_taken_back = outcome.detail.endswith(": withdrawn") or outcome.detail == "gate: on_the_line"
    if outcome.result is AttemptResult.withdrawn or is_taken_back:
        return "withdrawn"
    if outcome.result is AttemptResult.answered:
        return "reached"
    return "gave_up" if change is not None and change.wait.startswith(FOR_PERSON) else "again"

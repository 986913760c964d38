"""Several owners of placed calls and messages as one: who is asked is said by the attempt's purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from callcore.calls.attempt import Attempt, FollowUpChange, Medium, Outcome, Purpose
from callcore.calls.campaign import TargetChange
from callcore.domain import Text
from callcore.outbound.ledger import Owner


class Owners:
    """An ``Owner``; ``usual`` for every purpose that has none of its own."""

    def __init__(
        self,
        usual: Owner,
        by_purpose: Mapping[Purpose, Owner],
        told: Callable[[Attempt, Outcome], object] = lambda _attempt, _outcome: None,
    ) -> None:
        """``told``: of each outcome, before its owner."""
        self._told = told
        self._usual = usual
        self._by_purpose = by_purpose

    async def change(self, attempt: Attempt, outcome: Outcome) -> TargetChange | FollowUpChange | None:
        return await self._of(attempt).change(attempt, outcome)

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        self._told(attempt, outcome)
        await self._of(attempt).settled(attempt, outcome)

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        """Told to all."""
        for owner in dict.fromkeys((self._usual, *self._by_purpose.values())):
            await owner.route_gone(medium, route, why)

    def _of(self, attempt: Attempt) -> Owner:
        return self._by_purpose.get(attempt.purpose, self._usual)

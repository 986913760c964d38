"""Who presses 9 during a notice: what he wants no more of, as the settings say."""

from __future__ import annotations

from datetime import datetime

from callcore.calls.attempt import Attempt
from callcore.config.outbound import Outbound
from callcore.domain import Login
from callcore.store.database import Database
from callcore.store.opt_outs import NewOptOut

NOBODY = Login("")
"""He said it himself."""


class KeyNine:
    def __init__(self, database: Database, settings: Outbound) -> None:
        self._database = database
        self._is_everything = settings.opt_out_by_key == "everything"
        self._classes = {code: each.message_class or code for code, each in settings.profiles.items()}

    async def __call__(self, attempt: Attempt, at: datetime) -> None:
        """Told again of the same attempt, or of another of that class, nothing changes. Raises StoreError."""
        of = self._classes.get(attempt.profile)
        if self._is_everything or of is None:
            await self._database.attempts.add_dnc(attempt.number, f"key:{attempt.id}", at)
            return
        said = NewOptOut(attempt.number, f"9, {attempt.id}", message_class=of)
        await self._database.opt_outs.add(said, NOBODY, at)

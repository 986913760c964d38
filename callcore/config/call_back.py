"""Settings ``queues.NAME.call_back``: whether callcore calls back by itself those who asked for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from callcore.callbacks.plan import First, Rules
from callcore.strictyaml.fields import Flag, Model, Whole


class CallBack(Model):
    first: First = First.operator
    """On the line first: an operator, in the caller's turn; or the customer, who is put before all others."""
    keep_place: Flag = True
    """Who left the queue by its key gets his turn as if he still stood there."""
    tries: Annotated[Whole, Field(ge=1, le=20)] = 3
    """So often his number is rung; then a person has to."""
    after_seconds: Annotated[Whole, Field(ge=30, le=86_400)] = 900
    """Between two tries."""
    placeholder_minutes: Annotated[Whole, Field(ge=1, le=1440)] = 60
    """So long his place in the queue is held at a stretch; then anew, before all others."""

    @property
    def rules(self) -> Rules:
        return Rules(
            self.first,
            self.keep_place,
            self.tries,
            timedelta(seconds=self.after_seconds),
            timedelta(minutes=self.placeholder_minutes),
        )

"""Settings ``second_line``: calls that operators hold, ask about and hand on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callcore.calls.handset import Seconds
from callcore.strictyaml.fields import Model, Whole


class SecondLine(Model):
    return_after_seconds: Annotated[Whole, Field(ge=5, le=600)] = 30
    """Whom nobody takes for so long comes back to the sender."""
    hold_seconds: Annotated[Whole, Field(ge=10, le=3600)] = 600
    """How long a caller stays on hold or parked."""
    consult_ring_seconds: Annotated[Whole, Field(ge=5, le=600)] = 30
    """How long somebody who is asked may ring, or be looked for in a queue."""

    @property
    def seconds(self) -> Seconds:
        return Seconds(self.hold_seconds, self.consult_ring_seconds, self.return_after_seconds)

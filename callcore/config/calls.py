"""The shape of the settings of calls that operators place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from callcore.strictyaml.fields import Model, Whole

Phones = Annotated[str, StringConstraints(pattern=r"^PJSIP/[A-Za-z0-9_.*?-]{1,100}$")]
"""One phone, or several by ``*`` and ``?``."""


class Calls(Model):
    ring_phone_seconds: Annotated[Whole, Field(ge=5, le=120)] = 20
    """How long his own phone rings before the number is given up."""
    auto_answer: dict[Phones, Literal["call_info", "alert_info", "no"]] = Field(default_factory=dict)
    """Phones that pick up by themselves, and by which header of SIP; the first that fits."""

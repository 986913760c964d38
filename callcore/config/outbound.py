"""The shape of the settings of what callcore places by itself: trunks, SMS, outages.

What the gate decides by is in ``gate.py``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from callcore.calls.attempt import Purpose
from callcore.config.fields import NO_SECRET, Host, Port, Secret, Variable
from callcore.config.gate import NIGHT, Budget, Destinations, Profile, PurposeModel, Rates
from callcore.domain import OutageKind
from callcore.routing.fields import Code
from callcore.strictyaml.fields import Bilingual, FilePath, Line, Model, Whole


class Trunk(Model):
    """How calls leave through one PBX. The dial string stands in that PBX's dialplan (CALLCORE_DIAL_*)."""

    calls_per_second: Annotated[Whole, Field(ge=1, le=50)] = 2
    """New calls in every rolling second."""
    lines: Annotated[Whole, Field(ge=1, le=2000)] = 10
    """Calls of ours at the same time."""
    ring_seconds: Annotated[Whole, Field(ge=5, le=120)] = 30
    caller_number: Line | None = None
    """What the recipient sees; None leaves it to the trunk."""


class Retry(Model):
    times: Annotated[Whole, Field(ge=0, le=20)]
    after_seconds: Annotated[Whole, Field(ge=1, le=86_400)]


class Retries(Model):
    """How often a call is tried again, by the result of the last one."""

    busy: Retry = Retry(times=2, after_seconds=300)
    no_answer: Retry = Retry(times=1, after_seconds=900)
    network: Retry = Retry(times=3, after_seconds=120)


class Outbound(Model):
    """What callcore places by itself. Without ``trunks`` it calls nobody."""

    trunks: dict[Code, Trunk] = Field(default_factory=dict)
    """By name of the PBX."""
    profiles: dict[Code, Profile] = Field(
        default_factory=lambda: {"emergency": Profile(), "planned": Profile(quiet_hours=NIGHT)}
    )
    purposes: dict[Purpose, PurposeModel] = Field(default_factory=dict)
    """Under which profile what is no notice leaves, and which rules it passes by."""
    destinations: Destinations = Destinations()
    budgets: tuple[Budget, ...] = ()
    """What the house spends in a day at most."""
    rates: Rates = Rates()
    retries: Retries = Retries()
    opt_out_by_key: Literal["class", "everything"] = "class"
    """What who presses 9 during a notice wants no more of: messages of its class, or anything."""
    halt_after_failures: Annotated[Whole, Field(ge=2, le=1000)] = 5
    """So many calls in a row that the trunk did not take stop the campaign."""


class Smpp(Model):
    host: Host
    port: Port = 2775
    system_id: Line
    password_file: FilePath | None = None
    password_env: Variable | None = None
    password: Secret = NO_SECRET
    """Filled by ``load``."""
    window: Annotated[Whole, Field(ge=1, le=500)] = 20
    """Messages sent and not yet answered."""
    message_ids: Literal["same", "hex_answers", "hex_receipts"] = "same"
    """How the ids in answers and in receipts are written, where a gateway writes them differently."""


class Sms(Model):
    """``gateway: dry`` writes each message into ``file`` and sends nothing; ``off``: no SMS at all."""

    gateway: Literal["off", "dry", "smpp"] = "dry"
    file: FilePath | None = None
    """Of the dry gateway; None: ``sms.jsonl`` beside the database."""
    smpp: Smpp | None = None
    sender: Line = ""
    messages_per_second: Annotated[Whole, Field(ge=1, le=1000)] = 10
    receipt_hours: Annotated[Whole, Field(ge=1, le=168)] = 24
    """Without a receipt for so long a message counts as sent."""


class OutageTexts(Model):
    """Templates; see ``config/callcore.yaml``. Each has words of its own by default (``outages.words``)."""

    voice: dict[Line, Bilingual] = Field(default_factory=dict)
    sms: dict[Line, Bilingual] = Field(default_factory=dict)
    caller: dict[Line, Bilingual] = Field(default_factory=dict)


class OutageProfiles(Model):
    """Which of ``outbound.profiles`` each kind of outage is told under."""

    planned: Code = "planned"
    emergency: Code = "emergency"


class Outages(Model):
    announce_hours: Annotated[Whole, Field(ge=0, le=720)] = 24
    """Callers hear of planned works that begin within this."""
    profiles: OutageProfiles = OutageProfiles()
    texts: OutageTexts = OutageTexts()

    def profile(self, kind: OutageKind) -> str:
        """Code of the profile that an outage of this kind is told under."""
        return self.profiles.planned if kind is OutageKind.planned else self.profiles.emergency


class Control(Model):
    """The daemon's own socket, for ``callcore outage`` and the like; mode 0600."""

    socket: FilePath | None = None
    """None: ``callcore.sock`` beside the database."""

"""callcore that gives up an AMI link after two silent seconds: ``python impatient.py run -c FILE``."""

from __future__ import annotations

import sys
from dataclasses import replace

from callcore import cli
from callcore.ami.settings import AmiSettings
from callcore.assembly import wiring
from callcore.config import Settings
from callcore.domain import PbxName

_as_usual = wiring.ami_settings


def impatient(settings: Settings, name: PbxName) -> AmiSettings:
    return replace(_as_usual(settings, name), dead_after_seconds=2.0, longest_retry_seconds=1.0)


if __name__ == "__main__":
    wiring.ami_settings = impatient
    sys.exit(cli.main(sys.argv[1:]))

"""What a step of a session gives back, read from Asterisk's answer. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from callcore.ivr.agi import Answer

SAMPLES_PER_SECOND: Final = 8000


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one prompt.

    ``digit``: the key that stopped it, or None. ``endpos``: samples that were sent, at 8,000 a second.
    ``hung_up``: the caller went away meanwhile. ``missing``: Asterisk could not open the file, nothing was
    heard and the caller is still there.
    """

    digit: str | None
    endpos: int
    hung_up: bool = False
    missing: bool = False

    @property
    def heard_seconds(self) -> float:
        return self.endpos / SAMPLES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Taped:
    """What became of one recording, which lasts ``seconds``.

    ``hung_up``: the caller ended it by going away; what he said is in the file. ``failed``: Asterisk could
    not write the file, and the caller is still there.
    """

    seconds: float
    hung_up: bool = False
    failed: bool = False


def key_of(answer: Answer) -> str | None:
    code = decimal(answer.result) or 0
    return chr(code) if 0 < code < 128 else None


def decimal(result: str) -> int | None:
    return int(result) if re.fullmatch(r"[0-9]{1,9}", result) else None

"""What Asterisk has recorded of a caller: how long it is, and whether anybody is to be heard."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path
from typing import Final

SAMPLES_PER_SECOND: Final = 8000
FRAME_SAMPLES: Final = SAMPLES_PER_SECOND // 50
"""20 ms."""
HEADER_BYTES: Final = 44
"""Of Asterisk's WAV. The lengths in it are those of the moment when it was closed, so they are not asked."""
LEAST_SECONDS: Final = 1.0
"""A shorter recording is a receiver put down."""
LOUD_PEAK: Final = 330
"""-40 dBFS: quieter is the noise of a line."""
LEAST_LOUD_SECONDS: Final = 0.3


def message_seconds(file: Path) -> float | None:
    """How long the message in ``file`` is; None: nobody said anything. Raises OSError."""
    with file.open("rb") as sound:
        sound.seek(HEADER_BYTES)
        samples = array("h")
        data = sound.read()
    samples.frombytes(data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    seconds = len(samples) / SAMPLES_PER_SECOND
    if seconds < LEAST_SECONDS or not _is_heard(samples):
        return None
    return seconds


def _is_heard(samples: array[int]) -> bool:
    left = round(LEAST_LOUD_SECONDS * SAMPLES_PER_SECOND / FRAME_SAMPLES)
    for start in range(0, len(samples), FRAME_SAMPLES):
        frame = samples[start : start + FRAME_SAMPLES]
        left -= max(frame) > LOUD_PEAK or min(frame) < -LOUD_PEAK
        if left == 0:
            return True
    return False

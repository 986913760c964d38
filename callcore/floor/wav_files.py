"""The files of recordings, as Asterisk writes them: how long they are, and made good after it was killed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger("callcore.recordings")

HEADER_BYTES: Final = 44
BYTES_PER_MS: Final = 16
"""8 kHz, 16 bit."""


def whole_ms(file: Path) -> int | None:
    """As ``length_ms``, of a file that is written no longer. An Asterisk that was killed has not put its
    length into it: that is made good, else nobody could listen to it."""
    ms = length_ms(file)
    if ms:
        try:
            mend_length(file)
        except OSError as error:
            log.warning("recording_not_mended", file=file.name, why=str(error))
    return ms


def mend_length(file: Path) -> None:
    """The two lengths in the header of a WAV file, by the file's own size, where the second says nothing is
    in it. Raises OSError."""
    with file.open("r+b") as sound:
        header = sound.read(HEADER_BYTES)
        size = file.stat().st_size
        if header[:4] != b"RIFF" or header[36:40] != b"data" or header[40:44] != bytes(4):
            return
        sound.seek(4)
        sound.write((size - 8).to_bytes(4, "little"))
        sound.seek(40)
        sound.write((size - HEADER_BYTES).to_bytes(4, "little"))


def length_ms(file: Path) -> int | None:
    """Of a recording that Asterisk has written; None: it is not there."""
    try:
        return max(0, file.stat().st_size - HEADER_BYTES) // BYTES_PER_MS
    except OSError:
        return None
